"""Kana to sound: katakana in, IPA segments and Hepburn out, kana by kana.

Readings of kanji, numbers and Latin letters come from elsewhere; a "|" marks a border over which no long vowel forms.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from .transcription import script
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
_PLAIN = str.maketrans(AINU | {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)})
_VOICELESS = frozenset("かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ")


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
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN)
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
