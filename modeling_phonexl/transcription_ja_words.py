"""Words of running Japanese text, each with its reading in katakana: Sudachi, its readings mended by rule.

Memoised by word. How words are shared out between tokens, and what they sound like, is in `transcription_ja.py`.
"""

import functools
import os
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from .transcription import import_tool, script
from .transcription_ja_foreign import Number, count, read_latin, read_number, read_year
from .transcription_ja_kana import is_readable, katakana
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
    def part_of_speech(self) -> Sequence[str]: ...


class _Tokenizer(Protocol):
    def tokenize(self, text: str, mode: object) -> Sequence[_Morpheme]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A word of a text; the words' surfaces join to the text. Equal only to itself, so that looking it up is cheap.

    Attributes:
        surface: As it stands in the text.
        dictionary_kana: Sudachi's reading.
        normalized: Sudachi's usual spelling of the word.
        pos: Sudachi's part of speech, in six parts.
        kana: The reading, "" where there is none.
        reason: One of `transcription.REASONS`.
        number: What the word counts, if it is a number.
    """

    surface: str
    dictionary_kana: str
    normalized: str
    pos: tuple[str, ...]
    kana: str = ""
    reason: str = "read"
    number: Number | None = None


_ANOTHER = Word("", "", "", ("",) * 6)  # stands before a word whose reading does not depend on what stands there
_BY_NEIGHBOUR = ("家", "会社")
_NAMELESS = "キゴウ"  # "sign": Sudachi's reading of what has no name
_known: dict[tuple[str, int], Word] = {}


def read_words(text: str) -> list[Word]:
    """Words of running text with their readings in context.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.
    """
    words: list[Word] = []
    before: Word | None = None
    for _, found in morphemes(text, "A"):
        for morpheme in found:
            surface = morpheme.surface()
            key = surface, morpheme.word_id()
            word = _known.get(key) or _learn(key, morpheme)
            if before is None:
                word = _read_word(word, None) if surface in PARTICLES else word
            elif not surface:  # the second word of one character, as in ㍿ 株式 会社
                word = replace(before, kana=before.kana + katakana(word.dictionary_kana))
                words.pop()
            elif before.number or surface in _BY_NEIGHBOUR:
                follows_month = len(words) > 1 and words[-2].surface == "月"
                words[-1], word = _read_after(before, word, follows_month)
            words.append(word)
            before = word
    return words


def _learn(key: tuple[str, int], morpheme: _Morpheme) -> Word:
    """Keep how a word is read where its neighbours do not matter."""
    surface, reading = morpheme.surface(), morpheme.reading_form()
    word = Word(surface, reading, morpheme.normalized_form(), tuple(morpheme.part_of_speech()))
    if len(_known) >= CACHE_SIZE:
        _known.clear()
    _known[key] = word = _read_word(word, _ANOTHER)
    return word


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_after(before: Word, word: Word, follows_month: bool) -> tuple[Word, Word]:
    """A word and the one before it, in the forms that they ask of each other: numbers and counters, names and 家."""
    word = _read_word(word, before)
    if before.number is None:
        return before, word
    if word.surface == "日" and before.number.value == 1 and follows_month:
        return replace(before, kana="ツイ"), replace(word, kana="タチ")
    number = read_year(before.surface) if word.surface in YEARS else None
    spoken, kana = count(number or before.number, word.surface, word.kana)
    return replace(before, kana=spoken), replace(word, kana=kana)


def _read_word(word: Word, before: Word | None) -> Word:
    """Reading of a word: by its own letters for kana, numbers and Latin, else Sudachi's with the overrides."""
    scripts = {script(char) for char in unicodedata.normalize("NFKC", word.surface)}
    if scripts <= {"digit", "han", "other"} and word.pos[1] == "数詞" and (number := read_number(word.surface)):
        return replace(word, kana=number.kana, reason="number", number=number)
    if "kana" in scripts and scripts <= {"kana", "other"}:
        return replace(word, kana=_own_kana(word, before))
    if "latin" in scripts and scripts <= {"latin", "other"}:
        return replace(word, kana=_latin(word, before), reason="latin")
    if word.pos[0] in ("補助記号", "空白") and "han" not in scripts:
        return replace(word, kana="")
    given = word.dictionary_kana
    kana = katakana(given) if all(script(char) in ("kana", "other") for char in given) else ""
    if not kana or given == _NAMELESS:
        return _read_letters(word)
    return _override(replace(word, kana=kana, reason="read"), before)


def _own_kana(word: Word, before: Word | None) -> str:
    """Kana stand for themselves, but the particles は and へ are ワ and エ."""
    kana = katakana(word.surface)
    if word.pos[0] == "助詞" and before and word.surface in PARTICLES:
        return PARTICLES[word.surface]
    return kana[:-1] + "ワ" if word.surface in ENDS_IN_PARTICLE else kana


def _latin(word: Word, before: Word | None) -> str:
    """Sudachi's reading of a Latin word; after a number a unit; single letters and unknown words by rule."""
    plain = unicodedata.normalize("NFKC", word.surface)
    if before and before.number and plain.lower() in UNITS and (len(plain) > 1 or plain.islower()):
        return UNITS[plain.lower()]
    given = word.dictionary_kana
    return given if len(plain) > 1 and is_readable(given) else read_latin(plain)


def _override(word: Word, before: Word | None) -> Word:
    """Readings that Sudachi gets wrong more often than right (measured on UD Japanese-GSD dev)."""
    kana = READ_AS.get((word.surface, word.kana), word.kana)
    if before and word.surface == "家" and (before.pos[1] == "固有名詞" or _is_katakana(before.surface)):
        kana = "ケ"
    if before and word.surface == "会社" and before.pos[1] in ("普通名詞", "固有名詞"):
        kana = "ガイシャ"
    return word if kana == word.kana else replace(word, kana=kana, reason="lexicon")


def _is_katakana(surface: str) -> bool:
    return len(surface) > 1 and katakana(surface) == surface


def _read_letters(word: Word) -> Word:
    """A word that no dictionary has, read letter by letter: each kanji in its most frequent reading."""
    kana = ""
    for run in re.findall(r"[A-Za-z]+|[0-9]+|.", unicodedata.normalize("NFKC", word.surface), re.DOTALL):
        kind = script(run[0])
        number = read_number(run) if kind == "digit" else None
        if kind == "latin":
            kana += read_latin(run)
        else:
            kana += number.kana if number else common_reading(run) if kind == "han" else katakana(run)
    return replace(word, kana=kana, reason="split")


_local = threading.local()


def _tokenizer() -> tuple[_Tokenizer, dict[str, object]]:
    """Sudachi for this thread of this process: its tokenizers are not known to bear sharing or a fork."""
    if getattr(_local, "pid", None) != os.getpid():
        sudachi = cast(Any, import_tool("sudachipy", "sudachipy", "transcription of Japanese"))
        import_tool("sudachidict_core", "sudachidict-core", "transcription of Japanese")
        _local.modes = {"A": sudachi.SplitMode.A, "C": sudachi.SplitMode.C}
        _local.tokenizer = sudachi.Dictionary(dict="core").tokenizer()
        _local.pid = os.getpid()
    return cast(_Tokenizer, _local.tokenizer), _local.modes


def morphemes(text: str, mode: str) -> Iterator[tuple[int, Sequence[_Morpheme]]]:
    """Sudachi's morphemes of any length of text, piece by piece, each piece with its offset.

    Args:
        text: Any text.
        mode: "A" for the shortest units, "C" for the longest.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.
    """
    tokenizer, modes = _tokenizer()
    start = 0
    while start < len(text):
        piece = text[start : start + _CHUNK]
        if start + _CHUNK < len(text):
            ends = [match.end() for match in re.finditer(r"[。！？!?\s]", piece)]
            piece = piece[: ends[-1]] if ends else piece
        yield start, tokenizer.tokenize(piece, modes[mode])
        start += len(piece)
