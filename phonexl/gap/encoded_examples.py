"""Examples of a task as an encoder reads them: ids with labels, batches of them, and predictions back as labels.

A word is answered for by its first id, as in XTREME; the other ids have no label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from dataset_scripts.schema import Sentence
from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.gap.tasks import Examples, GapTask, Pair, sentences_of
from phonexl.gap.word_reader import NO_WORD, EncodedWords, WordReader


@dataclass(frozen=True, slots=True)
class Row:
    """One input of the encoder.

    Attributes:
        example: Position of the sentence or pair that it is of.
        encoded: Its ids.
        words: Numbers of the words in the sentence whose first ids are here, in order; none for a pair.
        labels: One per id, `IGNORED` where none is due; of a pair a single one.
    """

    example: int
    encoded: EncodedWords
    words: tuple[int, ...]
    labels: tuple[int, ...]


class EncodedExamples(Dataset[Row]):
    """Examples of a task, encoded, in order of length: so neighbours need little padding.

    A sentence longer than the encoder takes goes on in further rows: every word is trained on and scored. A pair is
    cut, since it has one label.

    Args:
        examples: Sentences or pairs.
        task: Their task.
        reader: What the encoder reads.
        max_length: Ids at most; None: what the model takes.

    Attributes:
        lengths: Ids of each row.
        reading: Shares and counts of what the encoder is not given: `unknown_rate` of the ids, `truncated_words` and
            `unread_words` (without any id); and `ids_per_word`.

    Raises:
        ValueError: If no word fits, or the words of a pair do not.
        MissingToolError: If the reading tool of the language is not installed.
    """

    def __init__(self, examples: Examples, task: GapTask, reader: WordReader, max_length: int | None = None) -> None:
        self._examples = examples
        self._labels = task.labels
        self._ids = {label: index for index, label in enumerate(task.labels)}
        self._reader = reader
        self._max_length = max_length
        encode = self._encode_pair if task.of_pairs else self._encode_sentence
        rows = [row for place, example in enumerate(examples) for row in encode(place, example)]
        if not rows:
            raise ValueError(f"no word of {len(examples)} sentences fits into {max_length or 'the encoder'}")
        self._rows = sorted(rows, key=lambda row: len(row.encoded.ids))
        self.lengths = [len(row.encoded.ids) for row in self._rows]
        self.reading = self._describe()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def decode(self, predictions: Any, labels: Any, default: str) -> list[list[str]]:
        """Predicted labels of each example: one per word, or a single one.

        Args:
            predictions: Ids of labels, an array of shape (rows, length), of pairs (rows,); in the order of the rows.
            labels: What the collator gave, an array of the same shape.
            default: Answer for a word without an id.
        """
        if predictions.ndim == 1:
            found = [[default] for _ in self._examples]
            for row, prediction in zip(self._rows, predictions, strict=True):
                found[row.example] = [self._labels[prediction]]
            return found
        found = [[default] * len(sentence.tokens) for sentence in sentences_of(self._examples)]
        for row, ids, gold in zip(self._rows, predictions, labels, strict=True):
            for word, label in zip(row.words, ids[gold != IGNORED], strict=True):
                found[row.example][word] = self._labels[label]
        return found

    def used_ids(self) -> set[int]:
        """The ids that occur."""
        return {index for row in self._rows for index in row.encoded.ids}

    def _encode_sentence(self, place: int, sentence: Any) -> Iterator[Row]:
        start = 0
        while start < len(sentence.tokens):
            try:
                encoded = self._reader.encode(sentence.tokens[start:], sentence.lang, max_length=self._max_length)
            except ValueError:  # the word is longer than the encoder's input
                start += 1
                continue
            labels, words = [], []
            before = NO_WORD
            for word in encoded.word_index:
                is_first = word > before  # later ids of a word, and marks between words, have no label
                before = max(word, before)
                labels.append(self._ids[sentence.tags[start + word]] if is_first else IGNORED)
                if is_first:
                    words.append(start + word)
            yield Row(place, encoded, tuple(words), tuple(labels))
            start += before + 1

    def _encode_pair(self, place: int, pair: Any) -> Iterator[Row]:
        encoded = self._reader.encode(pair.premise, pair.lang, second=pair.hypothesis, max_length=self._max_length)
        yield Row(place, encoded, (), (self._ids[pair.label],))

    def _describe(self) -> dict[str, float]:
        unknown = sum(
            index == self._reader.unknown_id and word != NO_WORD  # some decoders end a text with the unknown piece
            for row in self._rows
            for index, word in zip(row.encoded.ids, row.encoded.word_index, strict=True)
        )
        num_ids, num_words = sum(self.lengths), sum(map(_num_words, self._examples))
        facts = {"unknown_rate": unknown / num_ids, "ids_per_word": num_ids / num_words}
        with_ids = sum(len(set(row.encoded.word_index) - {NO_WORD}) for row in self._rows)
        paired = all(isinstance(example, Pair) for example in self._examples)
        return facts | {"truncated_words" if paired else "unread_words": num_words - with_ids}


def _num_words(example: Sentence | Pair) -> int:
    if isinstance(example, Pair):
        return len(example.premise) + len(example.hypothesis)
    return len(example.tokens)


@dataclass(frozen=True, slots=True)
class Collator:
    """Makes batches of rows; `labels` has the shape of the ids, of pairs (batch,)."""

    reader: WordReader

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Pad rows."""
        batch = self.reader.pad([row.encoded for row in rows])
        if not rows[0].words:
            return {**batch, "labels": torch.tensor([row.labels[0] for row in rows])}
        labels = torch.full_like(batch["attention_mask"], IGNORED)
        for row, mask, target in zip(rows, batch["attention_mask"], labels, strict=True):
            target[mask.bool()] = torch.tensor(row.labels)  # whichever side is padded
        return {**batch, "labels": labels}
