"""Kana to sound: katakana in, IPA segments and Hepburn out, kana by kana.

Readings of kanji, numbers and Latin letters come from elsewhere; a "|" marks a border over which no long vowel forms.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from .transcription import record
from .transcription import script as find_script
from .transcription_ja_table import AINU, BEFORE_SMALL_VOWEL, BEFORE_SMALL_Y, ROMAN_VOWELS, ROWS, VOWELS

LONG, DOUBLE, NASAL, BORDER = "ーッン|"
_SOUND = {
    kana: (onset, vowel, roman)
    for row, onset, roman in ROWS
    for kana, vowel in zip(row, VOWELS.values(), strict=True)
    if kana != "."
}
READABLE = frozenset(_SOUND) | frozenset(LONG + DOUBLE + NASAL)
SMALL_KANA = "ァィゥェォャュョヮ"
_SMALL = frozenset(SMALL_KANA)
# A long vowel is spelled with the same vowel again, with イ after e, with ウ after o.
_LENGTHENS = {("a", "a"), ("i", "i"), ("ɯ", "ɯ"), ("e", "e"), ("o", "o"), ("e", "i"), ("o", "ɯ")}
TO_KATAKANA = str.maketrans(AINU | {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)})
_MARKS = re.compile("[ゝゞヽヾ\u309a]")
_VOICELESS = frozenset("かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ")

# A kana with a consonant of its own sounds the same whatever stands before it; up to the next one is a piece.
_ONSETS = "".join(kana for kana, (onset, _, _) in _SOUND.items() if onset and kana not in _SMALL)
# ッ and ン take only the consonant of the next piece, the same in a row: fewer pieces to remember.
_SAME_ROW = {kana: next(char for char in row if char != ".") for row, _, _ in ROWS for kana in row if kana in _ONSETS}
_PIECE = re.compile(rf"[{_ONSETS}][^{_ONSETS}]*|^[^{_ONSETS}]+")
_LAST_PIECE = re.compile(rf"[{_ONSETS}]?[^{_ONSETS}]*$")
_NEXT_ONSET = re.compile(rf"[^{_ONSETS}]*[{_ONSETS}]?[{SMALL_KANA}]?")
_FREE_START = re.compile(rf"[{_ONSETS}]|\|[アイウエオ{_ONSETS}]")

script = functools.lru_cache(maxsize=1 << 14)(find_script)


@dataclass(frozen=True, slots=True)
class Sound:
    """What one kana adds: consonants and vowel, or, with `long`, only the length of the vowel before it."""

    segments: tuple[str, ...]
    romanized: str
    long: bool = False


def expand_marks(text: str) -> str:
    """Write ゝゞヽヾ as the kana they repeat, and a k with U+309A (a nasal g, which does not contrast with g) voiced.

    The length stays, so that offsets into the text stay too.

    >>> expand_marks("すゞき"), expand_marks("か\u309a")
    ('すずき', 'が\u309a')
    """
    if not _MARKS.search(text):
        return text
    out: list[str] = []
    for char in text:
        before = out[-1] if out else ""
        if char == "\u309a" and before and before in "かきくけこカキクケコ":
            out[-1] = chr(ord(before) + 1)
        if char in "ゞヾ" and before in _VOICELESS:
            char = chr(ord(before) + 1)  # the voiced kana follows the plain one in Unicode
        elif char in "ゝゞヽヾ" and script(before or " ") == "kana":
            char = before
        out.append(char)
    return "".join(out)


@functools.lru_cache(maxsize=1 << 14)
def katakana(text: str) -> str:
    """Write kana as full-width katakana; what is no kana is left out.

    >>> katakana("すずき"), katakana("ｶﾞｯｺｳ。")
    ('スズキ', 'ガッコウ')
    """
    if READABLE.issuperset(text):
        return text
    plain = unicodedata.normalize("NFKC", text).translate(TO_KATAKANA)
    return "".join(char for char in plain if char in READABLE)


def is_readable(kana: str) -> bool:
    """Whether every character is a katakana that has a sound, as in a reading that a dictionary gives."""
    return bool(kana) and READABLE.issuperset(kana)


def morae(kana: str) -> list[str]:
    """Cut katakana into morae: a kana with the small kana that belongs to it.

    >>> morae("キョウト")
    ['キョ', 'ウ', 'ト']
    """
    return re.findall(rf".[{SMALL_KANA}]?", kana)


def sounds(kana: str) -> list[Sound]:
    """Give each character of a katakana string its sound, in the context of the whole string.

    Args:
        kana: Characters of `READABLE` and "|"; any other character is its own sound.

    Returns:
        One sound per character; only "|" and a long mark without a vowel before it are empty.

    Source: the standard kana chart; assimilation of ン and ッ after the Handbook of the IPA (1999), Japanese.
    """
    out: list[Sound] = []
    vowel, closed = "", True  # the vowel that a long mark repeats; whether a vowel kana may not lengthen it
    for index, char in enumerate(kana):
        after = kana[index + 1 : index + 2]
        before = kana[index - 1] if index and char in _SMALL else ""
        sound = _sound(before, char, after if after in _SMALL else "", vowel, closed)
        out.append(sound)
        if char == BORDER:
            closed = True
        elif char in DOUBLE + NASAL:
            vowel, closed = "", True
        elif sound.segments:
            vowel = sound.segments[-1] if sound.segments[-1] in ROMAN_VOWELS else ""
            closed = sound.long or not vowel
    return _assimilate(kana, out)


@functools.lru_cache(maxsize=1 << 14)
def _sound(before: str, char: str, after: str, vowel: str, closed: bool) -> Sound:
    """Sound of one kana; `before` a small kana and `after` if it is one; ッ and ン are left for `_assimilate`."""
    if char == LONG:
        return Sound((vowel,), ROMAN_VOWELS[vowel], long=True) if vowel else Sound((), "")
    if char not in _SOUND:
        return Sound((), "") if char in READABLE or char == BORDER else Sound((char,), char)
    onset, own, roman = _SOUND[char]
    if _is_glide(before, char):
        return Sound((own,), ROMAN_VOWELS[own])
    if _is_glide(char, after):
        segments, roman = _glide_onset(char, after)
        return Sound(segments, roman)
    if not onset and not closed and (vowel, own) in _LENGTHENS:
        return Sound((vowel,), ROMAN_VOWELS[own], long=True)
    return Sound((onset, own) if onset else (own,), roman + ROMAN_VOWELS[own])


def _is_glide(char: str, small: str) -> bool:
    """Whether a small kana replaces the vowel of the kana before it (キャ, ファ; not カァ)."""
    if not char or not small:
        return False
    with_y = char in BEFORE_SMALL_Y and (small in SMALL_KANA[5:8] or small == "ェ" and char not in "テデフヴ")
    return with_y or char in BEFORE_SMALL_VOWEL and small in BEFORE_SMALL_VOWEL[char][0]


def _glide_onset(char: str, small: str) -> tuple[tuple[str, ...], str]:
    """Consonants of a kana before its small kana, and their spelling."""
    if char in BEFORE_SMALL_VOWEL and small in BEFORE_SMALL_VOWEL[char][0]:
        return BEFORE_SMALL_VOWEL[char][1:]
    onset, roman = BEFORE_SMALL_Y[char]
    return (onset,), roman


def _assimilate(kana: str, found: list[Sound]) -> list[Sound]:
    """Fill in ッ and ン, which take their place from the sound that follows."""
    next_segment, next_roman = "", ""
    for index in range(len(kana) - 1, -1, -1):
        if kana[index] == DOUBLE:
            found[index] = Sound(
                (_doubled(next_segment),), "t" if next_roman.startswith("ch") else next_roman[:1] or "'"
            )
        elif kana[index] == NASAL:
            found[index] = Sound((_nasal(next_segment),), "n'" if next_roman[:1] and next_roman[0] in "aiueoy" else "n")
        if found[index].segments:
            next_segment, next_roman = found[index].segments[0], found[index].romanized
    return found


def _doubled(segment: str) -> str:
    """ッ is the first half of a long consonant, a glottal stop where none follows."""
    if not segment or segment in ROMAN_VOWELS or segment in ("j", "w", "ɴ", "ʔ"):
        return "ʔ"
    return segment[0] if "\u0361" in segment else segment.removesuffix("ʲ")


def _nasal(segment: str) -> str:
    """ン has the place of the consonant that follows, none before vowels, glides, fricatives and at the end."""
    places = {"p": "m", "b": "m", "m": "m", "k": "ŋ", "ɡ": "ŋ", "ɲ": "ɲ", "t͡ɕ": "ɲ", "d͡ʑ": "ɲ"}
    return places.get(segment.removesuffix("ʲ"), "n" if segment[:1] and segment[0] in "tdnɾz" else "ɴ")


def spell(part: Sequence[Sound]) -> tuple[list[str], str]:
    """Join the sounds of one token: its segments, vowel and length in one, and its romanisation.

    A length whose vowel stands in the token before is written as that vowel, so no token is empty.
    """
    segments: list[str] = []
    for sound in part:
        if sound.long and segments and segments[-1] == sound.segments[0]:
            segments[-1] += "ː"
        else:
            segments.extend(sound.segments)
    return segments, "".join(sound.romanized for sound in part)


def read_kana(kana: str) -> tuple[tuple[str, ...], str]:
    """Segments (NFD) and romanisation of a whole token: `spell(sounds(kana))`, from pieces that are remembered.

    >>> read_kana("トウキョウ")
    (('t', 'oː', 'kʲ', 'oː'), 'toukyou')
    """
    segments: list[str] = []
    romanized = after = ""
    for piece in reversed(_PIECE.findall(kana)):
        found, roman = read_part("", piece, after if DOUBLE in piece or NASAL in piece else "")
        segments[:0] = found
        romanized = roman + romanized
        after = piece[:2] if piece[1:2] in _SMALL else _SAME_ROW.get(piece[0], "")
    return tuple(segments), romanized


def contexts(parts: Sequence[str]) -> list[tuple[str, str, str]]:
    """Each part of a word's kana between as much of the kana before and after it as its sound depends on.

    >>> contexts(["ガッ", "コウ"])
    [('', 'ガッ', 'コ'), ('', 'コウ', '')]
    """
    kana, end = "".join(parts), 0
    found: list[tuple[str, str, str]] = []
    for part in parts:
        start, end = end, end + len(part)
        before = after = ""
        if start and not _FREE_START.match(part) and (piece := _LAST_PIECE.search(kana, 0, start)):
            before = piece[0]
        needs_next = DOUBLE in part or NASAL in part or kana[end : end + 1] in _SMALL
        if needs_next and (onset := _NEXT_ONSET.match(kana, end)):
            after = onset[0]
        found.append((before, part, after))
    return found


@functools.lru_cache(maxsize=1 << 15)
def read_part(before: str, part: str, after: str) -> tuple[tuple[str, ...], str]:
    """Segments (NFD) and romanisation of a part of a word in its context."""
    found = sounds(before + part + after)[len(before) : len(before) + len(part)]
    whole = record(*spell(found))
    return whole.segments, whole.romanized
