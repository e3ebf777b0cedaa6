"""Urdu: letters to segments, with the short vowels that no letter writes; numbers, other scripts, romanization.

The whole word is looked up among Hindi words in Urdu spelling; else it is an Arabic pattern, a known word with an
ending, or read by what those words teach. Holds no tables (`transcription_urd_table`) and no model
(`transcription_urd_bridge`).
"""

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from . import transcription_hin as hin
from .transcription import Transcription, passed, record
from .transcription_urd_bridge import Readings, fits, load_bridge
from .transcription_urd_table import (
    ARABIC_ENDINGS,
    ARABIC_PATTERNS,
    ASPIRATED,
    CLEAR_LETTERS,
    CONSONANTS,
    ENDINGS,
    EXCEPTIONS,
    LENGTHENED,
    MARKED,
    NUMERALS,
    OTHER_LETTERS,
    ROMAN,
    SUKUN,
    TASHDID,
    VOWEL_LETTERS,
    ZER,
)
from .transcription_words import CACHE_SIZE, Numbers, Reading, WordReader, segment, split_ipa

__all__ = ["INVENTORY", "segment", "transcribe"]


class Letter(NamedTuple):
    """A letter, with ھ if it has one.

    Attributes:
        kind: Letter of the bridge, or O for ع.
        ipa: Its own sound; empty for a vowel letter.
        allowed: Pattern of the readings that its marks allow; empty for any.
    """

    kind: str
    ipa: str = ""
    allowed: str = ""


_VOWELS = {"aa": "ɑː", "ii": "iː", "uu": "uː", "ee": "eː", "ai": "ɛː", "oo": "oː", "au": "ɔː"}
_VOWELS |= {"a": "ə", "i": "ɪ", "u": "ʊ", "": ""}
_NASAL = {ipa: ipa[0] + "\u0303" + ipa[1:] for ipa in _VOWELS.values() if ipa}
_SOUNDS = [ipa for _, ipa in [*CONSONANTS.values(), *ASPIRATED.values()]]
INVENTORY: tuple[str, ...] = tuple(sorted({*hin.INVENTORY, *_SOUNDS, *_NASAL, *_NASAL.values()}))

_OTHER = str.maketrans(OTHER_LETTERS)
_MARKS = "".join([*MARKED, SUKUN, TASHDID])
_LETTERS = {char: Letter(kind) for char, kind in VOWEL_LETTERS.items()}
_LETTERS |= {char: Letter(*letter) for char, letter in CONSONANTS.items()}
# What one character says: no letter that others change, no mark.
_PLAIN = re.compile(f"[{''.join(_LETTERS)}ھ]+").fullmatch
_NOT_ALONE = re.compile(f"[ھآ{_MARKS}]").search
_HAS_VARIANTS = re.compile("O|^H|H$").search
_NOT_URDU = re.compile(f"[^{''.join(CONSONANTS)}{''.join(VOWEL_LETTERS)}ھ{_MARKS}]")
# Spellings, in this order: small alef, tanwin, hamza over ی, the silent و of خو-.
_SPELLINGS = tuple(
    (re.compile(old), new)
    for old, new in (
        ("[یو]\u0670|\u0670", "ا"),
        ("\u064b?ا\u064b|\u064bا|\u064b", "\u064eن"),
        ("ی\u0654", "ئ"),
        ("^خوا(?!تین)", "خا"),
        ("^خو(?=[شدر])", "خ\u064f"),
    )
)
_VOWEL_KINDS = "AWYE"
_READING = re.compile("([vj]?)(2?)(.*)")
_ROMAN = re.compile("|".join(sorted(ROMAN, key=len, reverse=True)))
_YEAR_SIGN = re.compile(r"(?<=\d)ء(?!\w)")  # 1979ء: of the common era; has no sound of its own
_GLIDES = {"v": "ʋ", "j": "j"}
_PLACE_OF_N = {"k": "ŋ", "ɡ": "ŋ", "b": "m"}


def _parse(word: str) -> list[Letter]:
    """Letters of a word, with what their marks allow."""
    if not _NOT_ALONE(word):
        return [_LETTERS[char] for char in word]
    letters: list[Letter] = []
    marks: list[str] = []
    for place, char in enumerate(word):
        if char in _MARKS:
            if marks:
                marks[-1] += char
            continue
        if char == "ھ" and place and word[place - 1] in ASPIRATED:
            letters[-1] = Letter(*ASPIRATED[word[place - 1]])
            continue
        if char in VOWEL_LETTERS:
            kind = VOWEL_LETTERS[char]
            letters.append(Letter("A" if letters and kind == "M" else kind))
        else:
            letters.append(Letter(*CONSONANTS.get(char, ("ह", "ɦ"))))  # ھ alone
        marks.append("")
    return _with_marks(letters, marks) if any(marks) else letters


def _with_marks(letters: list[Letter], marks: list[str]) -> list[Letter]:
    """Letters with the readings that their marks allow, if the reading has them: see `Letter.allowed`."""
    allowed = [""] * len(letters)
    for place, letter in enumerate(letters):
        vowel = next((mark for mark in marks[place] if mark in MARKED), "")
        long = "2" if TASHDID in marks[place] else "2?"
        following = letters[place + 1].kind if place + 1 < len(letters) and not marks[place + 1] else ""
        consonant = "[vj]" if letter.kind in "WY" else ""
        if vowel and following in LENGTHENED[vowel]:
            allowed[place] = consonant + long
            allowed[place + 1] = LENGTHENED[vowel][following]
        elif vowel:
            allowed[place] = consonant + long + MARKED[vowel]
        elif SUKUN in marks[place] and not consonant:
            allowed[place] = long
        elif TASHDID in marks[place]:
            allowed[place] = f"{consonant}2.?"
    return [letter._replace(allowed=pattern) for letter, pattern in zip(letters, allowed, strict=True)]


def _variant(letters: list[Letter], final_ha: str, ain: str) -> list[Letter]:
    """A spelling as Hindi words have it.

    Args:
        letters: Of the Urdu word.
        final_ha: Of ہ at the end after a consonant: "A" for ɑː, "ह" for ɦ.
        ain: Of ع: "A" for a vowel where it can be one, "" for none, "O" as it is.
    """
    if not _varies(letters):
        return letters
    spelled: list[Letter] = []
    last = len(letters) - 1
    for place, letter in enumerate(letters):
        before = letters[place - 1].kind if place else ""
        after = letters[place + 1].kind if place < last else ""
        kind = letter.kind
        if kind == "O":
            kind = _ain(before, after, ain)
        elif kind == "A" and before == "O" and place == 1 and ain != "O":
            kind = "M"
        elif letter.ipa == "ɦ" and place == last and before and before not in "AWEM":
            kind = final_ha
        elif kind == "H":
            kind = "" if place == last else "H" if place else "A"
        if kind:
            spelled.append(letter if kind == letter.kind else letter._replace(kind=kind, ipa=""))
    return spelled


def _varies(letters: list[Letter]) -> bool:
    """Whether Hindi words have another spelling than the Urdu word."""
    return letters[-1].ipa == "ɦ" or _HAS_VARIANTS(_kinds(letters)) is not None


def _variants(letters: list[Letter]) -> list[list[Letter]]:
    """Spellings that Hindi words can have, without repeats, the likeliest first."""
    if not _varies(letters):
        return [letters]
    has_ain = any(letter.kind == "O" for letter in letters)
    final_has = ("A", "ह") if letters[-1].ipa == "ɦ" else ("A",)
    return [_variant(letters, final_ha, ain) for final_ha in final_has for ain in (("A", "") if has_ain else ("A",))]


def _ain(before: str, after: str, ain: str) -> str:
    """What ع is between two letters."""
    if ain == "O":
        return "O"
    if not before:
        return "" if after == "A" else "A"
    if not ain or before in "AWYEM":
        return ""
    return "H" if after and after in "AWYE" else "A"


def _kinds(letters: list[Letter]) -> str:
    return "".join([letter.kind for letter in letters])


def _look_up(letters: list[Letter]) -> tuple[int, Readings] | None:
    return load_bridge().look_up(_kinds(letters), [letter.allowed for letter in letters])


def _compile(pattern: str) -> tuple[str, Readings]:
    """A pattern of `transcription_urd_table` as letters, C for a consonant, and readings."""
    parts = [part.partition("/") for part in pattern.split()]
    return "".join(letter for letter, _, _ in parts), tuple(reading for _, _, reading in parts)


_C = "[" + "".join(sorted({kind for kind, _ in [*CONSONANTS.values(), *ASPIRATED.values()]})) + "OW]"
_outline = functools.partial(re.compile(f"{_C}|C").sub, "C")  # consonants alike
_PATTERNS: dict[str, list[tuple[bool, str, re.Pattern[str], Readings]]] = defaultdict(list)  # by their outline
for _words, _pattern in ARABIC_PATTERNS:
    for _ending in ARABIC_ENDINGS:
        _slots, _found = _compile(f"{_pattern} {_ending}")
        _PATTERNS[_outline(_slots)].append((_words == "clear", _slots, re.compile(_slots.replace("C", _C)), _found))
_CLEAR = re.compile(f"[{CLEAR_LETTERS}]")
_ENDINGS = dict(map(_compile, ENDINGS))
_ENDING_LENGTHS = sorted({len(ending) for ending in _ENDINGS}, reverse=True)


def _by_pattern(word: str, letters: list[Letter]) -> Readings | None:
    """Readings of a word that has the form of an Arabic noun; its ع are consonants."""
    kinds = _kinds(letters)
    for needs_clear, slots, pattern, readings in _PATTERNS.get(_outline(kinds), ()):
        if pattern.fullmatch(kinds) and (not needs_clear or _CLEAR.search(word)):
            places = zip(letters, slots, readings, strict=True)
            found = tuple("v" + r if letter.kind == "W" and slot == "C" else r for letter, slot, r in places)
            if all(fits(letter.allowed, r) for letter, r in zip(letters, found, strict=True)):
                return found
    return None


def _by_ending(letters: list[Letter]) -> Readings | None:
    """Readings of a known word with an ending."""
    kinds = _kinds(letters)
    for length in _ENDING_LENGTHS:
        ending = kinds[-length:]
        readings = _ENDINGS.get(ending)
        stem = letters[:-length]
        if readings is None or len(stem) < 2:
            continue
        if readings[0].startswith("j"):  # ɪj, after ی or a consonant of the stem: شہریوں, صلاحیت
            found = _look_up(letters[: len(stem) + 1]) or _look_up(stem)
            known = found[1][: len(stem)] if found else ()
            if known and stem[-1].ipa and known[-1] in ("", "2"):
                return (*known[:-1], known[-1] + "i", *readings)
        elif len(stem) > 2 and (stem[-1].ipa or ending[0] not in _VOWEL_KINDS) and (found := _look_up(stem)):
            return found[1] + readings
    return None


def _choose(word: str) -> tuple[list[Letter], Readings, str]:
    """Letters of a word, the reading of each, and the reason."""
    letters = _parse(word)
    known = [(found, spelled) for spelled in _variants(letters) if (found := _look_up(spelled))]
    if known:
        (_, readings), spelled = max(known, key=lambda entry: entry[0][0])
        return spelled, readings, "lexicon"
    spelled = _variant(letters, "A", "O")
    if by_pattern := _by_pattern(word, spelled):
        return spelled, by_pattern, "read"
    spelled = _variant(letters, "A", "A")
    if by_ending := _by_ending(spelled):
        return spelled, by_ending, "read"
    return spelled, load_bridge().guess(_kinds(spelled), [letter.allowed for letter in spelled]), "read"


def _segments(letters: list[Letter], readings: Readings) -> list[str]:
    """IPA of letters with their readings."""
    segments: list[str] = []
    for letter, reading in zip(letters, readings, strict=True):
        if reading == "~" or letter.kind == "G":
            if segments and segments[-1] in _NASAL:
                segments[-1] = _NASAL[segments[-1]]
            else:
                segments.append("n")
            continue
        sounds, place_of_n = _sounds(letter.ipa, reading)
        if place_of_n and segments and segments[-1] == "n":
            segments[-1] = place_of_n
        segments += sounds
    return segments


@functools.cache
def _sounds(ipa: str, reading: str) -> tuple[tuple[str, ...], str]:
    """IPA of a letter with a reading; and of the n before it, which takes the place of the stop, if it changes."""
    glide, long, vowel = _READING.findall(reading)[0]
    sound = _GLIDES.get(glide, ipa)
    parts = (sound.rstrip("ʰʱ") if long else "", sound, _VOWELS[vowel])
    return tuple(filter(None, parts)), _PLACE_OF_N.get(sound[:1], "")


def _fold(word: str) -> str:
    """NFC, letters of Urdu only; the word itself where it has none."""
    if _PLAIN(word) and not word.startswith("خو"):
        return word
    letters = unicodedata.normalize("NFC", word).translate(_OTHER)
    for old, new in _SPELLINGS:
        letters = old.sub(new, letters)
    letters = _NOT_URDU.sub("", letters).lstrip(_MARKS)
    return letters or word


def _read(word: str) -> Reading:
    """Read a folded word, or one in Devanagari: number words and Latin letters come so."""
    if "\u0900" <= word[0] <= "\u097f":
        return hin.read_word(word)
    if len(word) > 1 and word.endswith(ZER):  # izafat
        first = _read(word[:-1])
        return Reading([*first.segments, "eː"], first.reason, f"{first.romanized}e")
    if word in EXCEPTIONS:
        segments, reason = list(split_ipa(EXCEPTIONS[word])), "lexicon"
    elif _NOT_URDU.search(word):
        segments, reason = [], "passed"
    else:
        letters, readings, reason = _choose(word)
        segments = _segments(letters, readings)
    if not segments:
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed", word)
    return Reading(segments, reason, _romanize(segments))


def _romanize(segments: Sequence[str]) -> str:
    """Latin letters of segments."""
    return "".join(map(_romanize_one, segments))


@functools.cache
def _romanize_one(sound: str) -> str:
    """Latin letters of a segment; a nasal vowel is followed by n."""
    nasal = "n" if "\u0303" in sound else ""
    return _ROMAN.sub(lambda found: ROMAN[found.group()], sound.replace("\u0303", "")) + nasal


def _cardinal(number: int) -> str:
    """Number words in Devanagari: Urdu shares nearly all of them with Hindi."""
    return " ".join(NUMERALS.get(word, word) for word in hin.cardinal(number).split())


def _foreign(word: str) -> str:
    """Latin letters in Devanagari, and what is written in it; empty for other scripts."""
    return word if "\u0900" <= word[0] <= "\u097f" else hin.from_latin(word)


_READER = WordReader("ARABIC", _fold, _read, Numbers(_cardinal, "दशमलव", "."), _foreign)


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_token(token: str) -> Transcription:
    """The record of a token. Plain letters are one word, which need not be cut: the reader gives the same."""
    if not _PLAIN(token):
        return _READER.read_token(_YEAR_SIGN.sub("", hin.ungroup(token)))
    word = _READER.read_word(_fold(token))
    return passed(token) if word.reason == "passed" else record(word.segments, word.romanized or "", word.reason)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence, each by itself: as many records as tokens, none empty, whatever the text.

    Raises:
        MissingToolError: If a table of the bridge is not beside the code, whatever the tokens.

    >>> [(t.ipa, t.romanized) for t in transcribe(["کتاب", "۔"])]
    [('kɪt̪ɑːb', 'kitab'), ('۔', '۔')]
    """
    load_bridge()
    return [_read_token(token) for token in tokens]
