"""Words whose ids are known become one input: specials around them, marks between them, whole words cut, padded.

Not here: how an encoder finds the ids of a word (its reader).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from phonexl.gap.word_reader import NO_WORD, EncodedWords

Words = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around and between words: ids of an encoder's specials, none of them part of a word.

    Attributes:
        start: Before the first sentence.
        between: Between the sentences of a pair.
        end: Behind the last sentence.
    """

    start: tuple[int, ...]
    between: tuple[int, ...]
    end: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Frame:
        """As a fast tokenizer joins a pair: BERT has one [SEP] between sentences, RoBERTa two.

        One that was made for single sentences joins pairs without any specials: there the end stands between, too,
        and where there is none, as with many decoders, the token that ends a text (none if there is no such token).
        """
        start, end = _specials(tokenizer, None)
        before, *between, after = _specials(tokenizer, [["a"]])
        found = between[0] if (before, after) == (start, end) else end
        if not found and tokenizer.eos_token_id is not None:
            found = (tokenizer.eos_token_id,)
        return cls(start, found, end)

    def join(self, first: Words, second: Words | None, longest: int, mark: int | None = None) -> EncodedWords:
        """Join the ids of words to one input.

        Args:
            first: Ids of each word of a sentence, at least one each.
            second: The same of the second sentence of a pair.
            longest: Ids at most.
            mark: Id that stands between two words of a sentence; None where nothing does.

        Raises:
            ValueError: If a sentence has no word, not one word of each fits, or nothing would stand between a pair.
        """
        sentences = [first] if second is None else [first, second]
        if not all(sentences):
            raise ValueError("a sentence without words has no place in an encoder's input: leave it out")
        if second is not None and not self.between:
            raise ValueError("nothing stands between the sentences of a pair: give the tokenizer an eos_token")
        specials = len(self.start) + len(self.end) + (0 if second is None else len(self.between))
        kept = _cut(sentences, longest - specials, 0 if mark is None else 1)
        ids, word_index, sentence_index = list(self.start), [NO_WORD] * len(self.start), [0] * len(self.start)

        def add(added: Sequence[int], word: int, sentence: int) -> None:
            ids.extend(added)
            word_index.extend([word] * len(added))
            sentence_index.extend([sentence] * len(added))

        for index, (words, count) in enumerate(zip(sentences, kept, strict=True)):
            if index == 1:
                add(self.between, NO_WORD, 0)
            for number, word in enumerate(words[:count]):
                if mark is not None and number > 0:
                    add([mark], NO_WORD, index)
                add(word, number + index * len(first), index)
        add(self.end, NO_WORD, len(sentences) - 1)
        return EncodedWords(tuple(ids), tuple(word_index), tuple(sentence_index), sum(map(len, sentences)))


def _specials(tokenizer: PreTrainedTokenizerBase, second: list[list[str]] | None) -> list[tuple[int, ...]]:
    """Ids before, between and behind one or two sentences."""
    encoded = tokenizer([["a"]], second, is_split_into_words=True)
    found: list[list[int]] = [[]]
    for index, sentence in zip(encoded["input_ids"][0], encoded.sequence_ids(0), strict=True):
        if sentence is None:
            found[-1].append(index)
        elif len(found) == sentence + 1:
            found.append([])
    return [tuple(ids) for ids in found]


def _cut(sentences: Sequence[Words], room: int, mark: int) -> list[int]:
    """How many words of each sentence are kept; they are taken away one by one, from the sentence with more ids."""
    kept = [len(words) for words in sentences]
    sizes = [sum(len(word) + mark for word in words) - mark for words in sentences]
    while sum(sizes) > room:
        longer = max(range(len(sentences)), key=lambda index: (kept[index] > 1, sizes[index]))
        if kept[longer] == 1:
            raise ValueError(f"not one word fits: the first ones have {sum(sizes)} ids, and there is room for {room}")
        kept[longer] -= 1
        sizes[longer] -= len(sentences[longer][kept[longer]]) + mark
    return kept


def pad_inputs(
    batch: Sequence[EncodedWords], pad_id: int, *, types: bool, length: int | None = None
) -> dict[str, Tensor]:
    """Inputs of a model, padded on the right; "attention_mask" is 1 on every id.

    Args:
        batch: Any number of sentences.
        pad_id: Of empty places.
        types: Whether the model tells the sentences of a pair apart by "token_type_ids".
        length: Of the tensors; None: of the longest sentence.
    """
    if length is None:
        length = max(len(words.ids) for words in batch)
    inputs = {
        "input_ids": [[*words.ids, *[pad_id] * (length - len(words.ids))] for words in batch],
        "attention_mask": [[1] * len(words.ids) + [0] * (length - len(words.ids)) for words in batch],
    }
    if types:
        inputs["token_type_ids"] = [[*words.sentence_index, *[0] * (length - len(words.ids))] for words in batch]
    return {name: torch.tensor(rows) for name, rows in inputs.items()}
