"""Words of running Japanese text, each with its reading in katakana: Sudachi, its readings mended by rule.

Memoised by word. How words are shared out between tokens, and what they sound like, is in `transcription_ja.py`.
"""

import functools
import os
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

from .transcription import Transcription, import_tool
from .transcription_ja_foreign import Number, count, read_latin, read_number, read_year
from .transcription_ja_kana import is_readable, katakana, script
from .transcription_ja_share import common_reading
from .transcription_ja_table import ENDS_IN_PARTICLE, READ_AS, UNITS, YEARS

CACHE_SIZE = 1 << 16  # word types; running text of a million words has about as many
PARTICLES = {"は": "ワ", "へ": "エ", "を": "ヲ"}
_CHUNK = 1_000  # characters; Sudachi refuses more than 49,149 bytes, and some characters stand for many


class _Morpheme(Protocol):
    """What is used of Sudachi's morphemes."""

    def begin(self) -> int: ...
    def end(self) -> int: ...
    def surface(self) -> str: ...
    def word_id(self) -> int: ...
    def reading_form(self) -> str: ...
    def normalized_form(self) -> str: ...
    def part_of_speech_id(self) -> int: ...
    def part_of_speech(self) -> Sequence[str]: ...


class _Tokenizer(Protocol):
    def tokenize(self, text: str) -> Sequence[_Morpheme]: ...


@dataclass(slots=True, eq=False)
class Word:
    """A word of a text; the words' surfaces join to the text. Equal only to itself, so that looking it up is cheap.

    Shared by all sentences: nothing but the two records is ever set anew.

    Attributes:
        surface: As it stands in the text.
        dictionary_kana: Sudachi's reading.
        normalized: Sudachi's usual spelling of the word.
        pos: Sudachi's part of speech, in six parts.
        kana: The reading, "" where there is none.
        reason: One of `transcription.REASONS`.
        number: What the word counts, if it is a number.
        has_ties: Whether it changes the word after it, or is changed by the one before.
        record: Of a token that is this word, once there was one.
        shares: Records of its characters where each is a token, once they were.
    """

    surface: str
    dictionary_kana: str
    normalized: str
    pos: tuple[str, ...]
    kana: str = ""
    reason: str = "read"
    number: Number | None = None
    has_ties: bool = False
    record: Transcription | None = field(default=None, init=False)
    shares: tuple[Transcription, ...] = field(default=(), init=False)


_ANOTHER = Word("", "", "", ("",) * 6)  # stands before a word whose reading does not depend on what stands there
_BY_NEIGHBOUR = ("家", "会社")
_FIELDS = {"pos", "reading_form", "normalized_form"}  # what is used of an entry; Sudachi need not unpack the rest
_NAMELESS = "キゴウ"  # "sign": Sudachi's reading of what has no name
_NUMERIC, _KANA, _LATIN = map(frozenset, (("digit", "han", "other"), ("kana", "other"), ("latin", "other")))
_known: dict[tuple[str, int], Word] = {}
_parts_of_speech: dict[int, tuple[str, ...]] = {}


def read_words(text: str) -> list[Word]:
    """Words of running text with their readings in context.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.
    """
    words: list[Word] = []
    for _, found in morphemes(text, "A"):
        words += [
            _known.get(key := (morpheme.surface(), morpheme.word_id())) or _learn(key, morpheme) for morpheme in found
        ]
    if words and words[0].surface in PARTICLES:
        words[0] = _read_word(words[0], None)
    return _in_context(words) if True in [word.has_ties for word in words] else words


def _learn(key: tuple[str, int], morpheme: _Morpheme) -> Word:
    """Keep how a word is read where its neighbours do not matter."""
    part_of_speech = morpheme.part_of_speech_id()
    pos = _parts_of_speech.get(part_of_speech)
    if pos is None:
        pos = _parts_of_speech[part_of_speech] = tuple(morpheme.part_of_speech())
    surface, given = key[0], morpheme.reading_form()
    kana, reason, number = _read(surface, given, pos, _ANOTHER)
    has_ties = number is not None or not surface or surface in _BY_NEIGHBOUR
    if len(_known) >= CACHE_SIZE:
        _known.clear()
    _known[key] = word = Word(surface, given, morpheme.normalized_form(), pos, kana, reason, number, has_ties)
    return word


def _in_context(alone: Sequence[Word]) -> list[Word]:
    """Words in the forms that they ask of each other."""
    words: list[Word] = []
    before: Word | None = None
    for word in alone:
        if before is None:
            pass
        elif not word.surface:  # the second word of one character, as in ㍿ 株式 会社
            word = replace(before, kana=before.kana + katakana(word.dictionary_kana))
            words.pop()
        elif before.number or word.surface in _BY_NEIGHBOUR:
            follows_month = len(words) > 1 and words[-2].surface == "月"
            words[-1], word = _read_after(before, word, follows_month)
        words.append(word)
        before = word
    return words


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_after(before: Word, word: Word, follows_month: bool) -> tuple[Word, Word]:
    """A word and the one before it, in the forms that they ask of each other: numbers and counters, names and 家."""
    word = _read_word(word, before)
    if before.number is None:
        return before, word
    if word.surface == "日" and before.number.value == 1 and follows_month:
        return _change(before, "ツイ"), _change(word, "タチ")
    number = read_year(before.surface) if word.surface in YEARS else None
    spoken, kana = count(number or before.number, word.surface, word.kana)
    return _change(before, spoken), _change(word, kana)


def _read_word(word: Word, before: Word | None) -> Word:
    """The word as it is read behind another one."""
    kana, reason, _ = _read(word.surface, word.dictionary_kana, word.pos, before)
    return _change(word, kana, reason)


def _change(word: Word, kana: str, reason: str = "") -> Word:
    """The word with other kana, the same one where they are its own, for then its records hold."""
    reason = reason or word.reason
    return word if (word.kana, word.reason) == (kana, reason) else replace(word, kana=kana, reason=reason)


def _read(surface: str, given: str, pos: tuple[str, ...], before: Word | None) -> tuple[str, str, Number | None]:
    """Kana, reason and number of a word: by its own letters for kana, numbers and Latin, else Sudachi's, corrected."""
    plain = unicodedata.normalize("NFKC", surface)
    scripts = set(map(script, plain))
    if pos[1] == "数詞" and scripts <= _NUMERIC and (number := read_number(surface)):
        return number.kana, "number", number
    if "kana" in scripts and scripts <= _KANA:
        return _own_kana(surface, pos, before), "read", None
    if "latin" in scripts and scripts <= _LATIN:
        return _latin(plain, given, before), "latin", None
    if pos[0] in ("補助記号", "空白") and "han" not in scripts:
        return "", "read", None
    kana = ""
    if is_readable(given) or all(script(char) in ("kana", "other") for char in given):
        kana = katakana(given)
    if not kana or given == _NAMELESS:
        return _read_letters(plain), "split", None
    better = _override(surface, kana, before)
    return better, "read" if better == kana else "lexicon", None


def _own_kana(surface: str, pos: tuple[str, ...], before: Word | None) -> str:
    """Kana stand for themselves, but the particles は and へ are ワ and エ."""
    if pos[0] == "助詞" and before and surface in PARTICLES:
        return PARTICLES[surface]
    kana = katakana(surface)
    return kana[:-1] + "ワ" if surface in ENDS_IN_PARTICLE else kana


def _latin(plain: str, given: str, before: Word | None) -> str:
    """Sudachi's reading of a Latin word; after a number a unit; single letters and unknown words by rule."""
    if before and before.number and plain.lower() in UNITS and (len(plain) > 1 or plain.islower()):
        return UNITS[plain.lower()]
    return given if len(plain) > 1 and is_readable(given) else read_latin(plain)


def _override(surface: str, kana: str, before: Word | None) -> str:
    """Readings that Sudachi gets wrong more often than right (measured on UD Japanese-GSD dev)."""
    if before and surface == "家" and (before.pos[1] == "固有名詞" or _is_katakana(before.surface)):
        return "ケ"
    if before and surface == "会社" and before.pos[1] in ("普通名詞", "固有名詞"):
        return "ガイシャ"
    return READ_AS.get((surface, kana), kana)


def _is_katakana(surface: str) -> bool:
    return len(surface) > 1 and katakana(surface) == surface


def _read_letters(plain: str) -> str:
    """A word that no dictionary has, read letter by letter: each kanji in its most frequent reading."""
    kana = ""
    for run in re.findall(r"[A-Za-z]+|[0-9]+|.", plain, re.DOTALL):
        kind = script(run[0])
        number = read_number(run) if kind == "digit" else None
        if kind == "latin":
            kana += read_latin(run)
        else:
            kana += number.kana if number else common_reading(run) if kind == "han" else katakana(run)
    return kana


_local = threading.local()


def _tokenizer(mode: str) -> _Tokenizer:
    """Sudachi for this thread of this process: its tokenizers are not known to bear sharing or a fork."""
    if getattr(_local, "pid", None) != os.getpid():
        sudachi = cast(Any, import_tool("sudachipy", "sudachipy", "transcription of Japanese"))
        import_tool("sudachidict_core", "sudachidict-core", "transcription of Japanese")
        dictionary = sudachi.Dictionary(dict="core")
        modes = {"A": sudachi.SplitMode.A, "C": sudachi.SplitMode.C}
        _local.tokenizers = {name: dictionary.tokenizer(split, fields=_FIELDS) for name, split in modes.items()}
        _local.pid = os.getpid()
    return cast(_Tokenizer, _local.tokenizers[mode])


def morphemes(text: str, mode: str) -> Iterator[tuple[int, Sequence[_Morpheme]]]:
    """Sudachi's morphemes of any length of text, piece by piece, each piece with its offset.

    Args:
        text: Any text.
        mode: "A" for the shortest units, "C" for the longest.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.
    """
    tokenizer = _tokenizer(mode)
    start = 0
    while start < len(text):
        piece = text[start : start + _CHUNK]
        if start + _CHUNK < len(text):
            ends = [match.end() for match in re.finditer(r"[。！？!?\s]", piece)]
            piece = piece[: ends[-1]] if ends else piece
        yield start, tokenizer.tokenize(piece)
        start += len(piece)
