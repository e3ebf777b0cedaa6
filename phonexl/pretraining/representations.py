"""What an encoder reads in place of words: subwords, characters, phonemes, Latin letters, or private symbols.

Text becomes ids here, with the word that each belongs to; which words are hidden is decided in `dataset.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from modeling_phonexl.phoneme_text import WORD_MARK
from modeling_phonexl.transcription import Transcriber
from phonexl.json_file import read_json, write_json
from phonexl.pretraining.vocabularies import MASK, UNKNOWN, make_symbol_tokenizer, train_subword_tokenizer

REPRESENTATIONS = ("subword", "character", "phoneme", "romanized", "private-character", "private-phoneme")
REPRESENTATION_FILE = "representation.json"
LEAST_COUNT = 2  # symbols that are rarer in the training text become the unknown one, which so is trained
NO_WORD = -1
_SPACE, _UNDERLINE = "␣", "_"  # white space inside a word (Vietnamese has it), and a literal ▁
_PRIVATE = "private-"


class Word(NamedTuple):
    """A word as it is written, sounds, and stands in Latin letters; none of them empty."""

    text: str
    segments: tuple[str, ...]
    romanized: str


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """The words of a sentence, cut once for all representations."""

    language: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class EncodedSentence:
    """Ids of a sentence from [CLS] to [SEP].

    Attributes:
        language: Code.
        ids: Shape (length,).
        word_index: Number of the word that an id belongs to, `NO_WORD` for [CLS], [SEP] and marks between words; shape
            (length,).
    """

    language: str
    ids: NDArray[np.int32]
    word_index: NDArray[np.int32]

    @property
    def num_words(self) -> int:
        """Words of the sentence."""
        return int(self.word_index.max()) + 1


def read_words(sentence: str, read: Transcriber) -> tuple[Word, ...]:
    """Cut a sentence into words and read them in context.

    Raises:
        MissingToolError: If the reading tool of the language is not installed.
    """
    return read_cut_words([sentence[start:end] for start, end in read.segment(sentence)], read)


def read_cut_words(texts: Sequence[str], read: Transcriber) -> tuple[Word, ...]:
    """Read words in context that are cut already.

    Raises:
        MissingToolError: If the reading tool of the language is not installed.
    """
    return tuple(
        Word(text, record.segments, record.romanized or text) for text, record in zip(texts, read(texts), strict=True)
    )


def symbols_of(word: Word, representation: str) -> list[str]:
    """The symbols of a word, at least one; a subword vocabulary cuts the only one further.

    >>> word = Word("Hà Nội", ("h", "a", "˨˩", "n", "o", "j", "˨ˀ˩"), "Hà Nội")
    >>> symbols_of(word, "character"), symbols_of(word, "subword")
    (['H', 'à', '␣', 'N', 'ộ', 'i'], ['Hà␣Nội'])
    """
    if representation.endswith("phoneme"):
        return [_plain(segment) for segment in word.segments]
    if representation == "subword":
        return [_plain(word.text)]
    return list(_plain(word.romanized if representation == "romanized" else word.text))


def relabel(symbol: str, language: str) -> str:
    """The symbol that stands for another one in one language alone, the mark between words among them.

    A bijection in each language, with nothing in common between two. An encoder sees which symbols are the same, never
    their names: so all that it can know of one language stays, and what languages share is gone.
    """
    return f"{language}:{symbol}"


class Representation:
    """One representation with its vocabulary.

    Between two words stands a mark, as in XPhoneBERT's input; a subword vocabulary has it in the first piece of a word
    instead, as SentencePiece does.

    Args:
        name: One of `REPRESENTATIONS`.
        tokenizer: Reads what `spell_words` writes.

    Raises:
        ValueError: For another name.
    """

    def __init__(self, name: str, tokenizer: PreTrainedTokenizerFast) -> None:
        check_name(name)
        self.name = name
        self.tokenizer = tokenizer
        self._ids: Mapping[str, int] = tokenizer.get_vocab()
        self._pieces: dict[str, tuple[int, ...]] = {}

    @classmethod
    def learn(cls, name: str, sentences: Sequence[ReadSentence], vocab_size: int) -> Representation:
        """Make the vocabulary from training text.

        Args:
            name: One of `REPRESENTATIONS`.
            sentences: All that is trained on.
            vocab_size: Of subwords; the others take every symbol that occurs `LEAST_COUNT` times in all languages
                together. A private vocabulary holds the same symbols, so that the same places are unknown.

        Raises:
            ValueError: For another name.
        """
        check_name(name)
        if name == "subword":
            words = (symbols_of(word, name)[0] for sentence in sentences for word in sentence.words)
            return cls(name, train_subword_tokenizer(words, vocab_size))
        counts = count_symbols(sentences, name)
        total: Counter[str] = sum(counts.values(), Counter())
        if name.startswith(_PRIVATE):
            known = {relabel(s, language) for language, own in counts.items() for s in own if total[s] >= LEAST_COUNT}
            known |= {relabel(WORD_MARK, language) for language in counts}
        else:
            known = {WORD_MARK, *(symbol for symbol, count in total.items() if count >= LEAST_COUNT)}
        return cls(name, make_symbol_tokenizer(sorted(known)))

    @property
    def is_private(self) -> bool:
        """Whether each language has symbols of its own."""
        return self.name.startswith(_PRIVATE)

    @property
    def mask_id(self) -> int:
        """Of the mask."""
        return self._ids[MASK]

    def mark(self, language: str) -> str | None:
        """The symbol between two words; None where the first piece of a word has it."""
        if self.name == "subword":
            return None
        return relabel(WORD_MARK, language) if self.is_private else WORD_MARK

    def mark_id(self, language: str) -> int | None:
        """Id of what stands between two words; the unknown one for a language that training did not see."""
        mark = self.mark(language)
        return None if mark is None else self._id(mark)

    def spell_words(self, sentence: ReadSentence) -> str:
        """A sentence that was read, as the tokenizer reads it."""
        mark = self.mark(sentence.language)
        between = " " if mark is None else f" {mark} "
        return between.join(" ".join(self._symbols(word, sentence.language)) for word in sentence.words)

    def encode(self, sentence: ReadSentence) -> EncodedSentence:
        """Ids, and the word of each; the same ids as the tokenizer gives for `spell_words`."""
        mark = self.mark_id(sentence.language)
        start, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        ids, word_index = [start], [NO_WORD]
        for number, word in enumerate(sentence.words):
            if mark is not None and number > 0:
                ids.append(mark)
                word_index.append(NO_WORD)
            own = self.encode_word(word, sentence.language)
            ids += own
            word_index += [number] * len(own)
        ids.append(end)
        word_index.append(NO_WORD)
        return EncodedSentence(sentence.language, np.array(ids, np.int32), np.array(word_index, np.int32))

    def encode_word(self, word: Word, language: str) -> list[int]:
        """Ids of one word, at least one, without a mark."""
        return [i for symbol in self._symbols(word, language) for i in self._ids_of(symbol)]

    def save(self, folder: Path) -> None:
        """Write the tokenizer and the name."""
        self.tokenizer.save_pretrained(folder)
        write_json(folder / REPRESENTATION_FILE, {"representation": self.name})

    @classmethod
    def load(cls, folder: Path) -> Representation:
        """Read what `save` wrote.

        Raises:
            ValueError: If the folder holds no encoder of `phonexl pretrain`.
        """
        path = folder / REPRESENTATION_FILE
        if not path.is_file():
            raise ValueError(f"{folder}: expected {REPRESENTATION_FILE}, as phonexl pretrain leaves it by an encoder")
        tokenizer = cast(PreTrainedTokenizerFast, AutoTokenizer.from_pretrained(folder))
        return cls(str(read_json(path).get("representation")), tokenizer)

    def _symbols(self, word: Word, language: str) -> list[str]:
        found = symbols_of(word, self.name)
        return [relabel(symbol, language) for symbol in found] if self.is_private else found

    def _id(self, symbol: str) -> int:
        return self._ids.get(symbol, self._ids[UNKNOWN])

    def _ids_of(self, symbol: str) -> tuple[int, ...]:
        if self.name != "subword":
            return (self._id(symbol),)
        if symbol not in self._pieces:
            encoding = self.tokenizer.backend_tokenizer.encode(symbol, add_special_tokens=False)
            self._pieces[symbol] = tuple(encoding.ids)
        return self._pieces[symbol]


def count_symbols(sentences: Iterable[ReadSentence], representation: str) -> dict[str, Counter[str]]:
    """How often each symbol occurs in each language, marks between words left out."""
    counts: dict[str, Counter[str]] = {}
    for sentence in sentences:
        own = counts.setdefault(sentence.language, Counter())
        for word in sentence.words:
            own.update(symbols_of(word, representation))
    return counts


def check_name(name: str) -> None:
    """Refuse what is no representation.

    Raises:
        ValueError: Naming those that there are.
    """
    if name not in REPRESENTATIONS:
        raise ValueError(f"unknown representation {name!r}; known: {', '.join(REPRESENTATIONS)}")


def _plain(text: str) -> str:
    """Text without white space and without the mark between words, each of which means something to the tokenizer."""
    return "".join(_SPACE if char.isspace() else char for char in text).replace(WORD_MARK, _UNDERLINE)
