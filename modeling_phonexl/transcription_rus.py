"""Russian: stress from the sentence, then sounds by rules; numbers, abbreviations and romanization.

Holds neither the stress model nor the rules of sound: `transcription_rus_stress` and `transcription_rus_sounds` do.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence

from .transcription import Transcription
from .transcription_rus_numbers import RUSSIAN
from .transcription_rus_sounds import INVENTORY, read_sounds
from .transcription_rus_stress import STRESS, homographs, stress_in_context, stress_word
from .transcription_rus_table import (
    CAPITAL_WORDS,
    ENCLITICS,
    LATIN_FOLDED,
    LATIN_LETTERS,
    LATIN_NAMES,
    LETTER_NAMES,
    OTHER_LETTERS,
    PROCLITICS,
    ROMAN_LETTERS,
)
from .transcription_words import CACHE_SIZE, Numbers, Reading, WordReader, cut_runs, segment, without_marks

__all__ = ["INVENTORY", "segment", "transcribe"]

_NO_STRESS = "\u0300"  # stands after a vowel of a word that has no stress
_LONGEST_CONTEXT = 200  # tokens whose homographs are read together
_LONGEST_RUN = 100  # characters of a word that the stress of another one can depend on
_OTHER = str.maketrans(OTHER_LETTERS)
_LATIN_FOLDED = str.maketrans(LATIN_FOLDED)
_NOT_RUSSIAN = re.compile(f"[^а-яё'{STRESS}{_NO_STRESS}]")
_MISPLACED = re.compile(f"(?<![аеёиоуыэюя])[{STRESS}{_NO_STRESS}]")
_VOWEL = re.compile("[аеёиоуыэюя]")
_LAST_VOWEL = re.compile("[аеёиоуыэюя](?=[^аеёиоуыэюя]*$)")
_MARKS = re.compile(f"[{STRESS}{_NO_STRESS}]")
_CAPITALS = re.compile("[А-ЯЁ]{2,5}")
_V = "АЕЁИОУЫЭЮЯ"
# Not a syllable that begins with one consonant: США, ЕС, ООН; НАТО and МИД are words.
_SPELLED = re.compile(f"[^{_V}]+|[^{_V}]{{2}}[{_V}]|[{_V}][^{_V}]|[{_V}]{{2}}[^{_V}]?")
_CONSONANTS = re.compile("[бвгджзйклмнпрстфхцчшщ]{2,}")
_LATIN = re.compile("|".join(sorted(LATIN_LETTERS, key=len, reverse=True)))
# Particles behind a hyphen lean on their word: кто-то, какой-нибудь.
_PARTICLE = re.compile(f"(?<=[а-яё{STRESS}]-)(?:то$|ка$|та(?=ки$)|ли(?=бо$)|ни(?=будь$))", re.IGNORECASE)


def _fold(word: str) -> str:
    """Small Russian letters, with typed stress; an abbreviation that is spelled keeps its capitals."""
    if _CAPITALS.fullmatch(word) and _SPELLED.fullmatch(word) and word.lower() not in CAPITAL_WORDS:
        return word
    lower = unicodedata.normalize("NFC", word.lower())
    if _NOT_RUSSIAN.search(lower):
        lower = "".join(map(_russian, lower))
    lower = _MISPLACED.sub("", lower).strip("'").replace("'", "ъ")
    return lower if _MARKS.sub("", lower).strip("ьъ") else word


@functools.lru_cache(maxsize=1 << 12)
def _russian(char: str) -> str:
    """Russian letters for one character of another Cyrillic alphabet, its stress kept; empty for other marks."""
    if not _NOT_RUSSIAN.search(char):
        return char
    if char == "ї":
        return "йи"
    plain = "".join(
        part
        for part in unicodedata.normalize("NFD", char)
        if part in (STRESS, _NO_STRESS) or not unicodedata.combining(part)
    )
    return _NOT_RUSSIAN.sub("", plain.translate(_OTHER))


def _read(word: str) -> Reading:
    """Read a folded word; letters without a sound of their own stand as they are."""
    plain = _MARKS.sub("", word)
    if _CAPITALS.fullmatch(plain) or _CONSONANTS.fullmatch(plain):
        *first, last = (LETTER_NAMES[letter] for letter in plain.lower())
        segments = read_sounds("=".join([*first, ""]).replace(STRESS, "") + last)  # = keeps names apart
    else:
        segments = read_sounds(_stressed(word), is_proclitic=word in PROCLITICS)
    if not segments:
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed", word)
    return Reading(segments, "read", "".join(ROMAN_LETTERS.get(letter, "") for letter in plain.lower()))


def _stressed(word: str) -> str:
    """The word with its stress mark: as typed, on ё, on the only vowel, or where the model puts it."""
    if STRESS in word or _NO_STRESS in word or word in PROCLITICS or word in ENCLITICS:
        return word.replace(_NO_STRESS, "")
    vowels = [found.end() for found in _VOWEL.finditer(word)]
    if "ё" in word:
        place = word.rindex("ё") + 1
    elif len(vowels) == 1:
        place = vowels[0]
    else:
        return stress_word(word) if vowels else word
    return word[:place] + STRESS + word[place:]


def _from_latin(word: str) -> str:
    """Latin letters as Russian ones, by sound; consonants alone by their English names; empty for other scripts."""
    plain = without_marks(word.translate(_LATIN_FOLDED))
    if plain and all(letter in LATIN_NAMES for letter in plain):
        names = "".join(LATIN_NAMES[letter] for letter in plain)
        return _LAST_VOWEL.sub(rf"\g<0>{STRESS}", names)
    return "".join(LATIN_LETTERS[found.group()] for found in _LATIN.finditer(plain))


_READER = WordReader("CYRILLIC", _fold, _read, Numbers(RUSSIAN.cardinal, f"запята{STRESS}я", ","), _from_latin)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence in context: as many records as tokens, none empty, whatever the text.

    Raises:
        MissingToolError: If a word has more than one vowel, neither ё nor a typed stress mark (U+0301), and
            silero-stress is not installed.

    >>> [(t.ipa, t.romanized) for t in transcribe(["Ёж", "в", "лесу́", "."])]
    [('jɵʂ', 'yozh'), ('v', 'v'), ('lʲɪsu', 'lesu'), ('.', '.')]
    """
    read: list[Transcription] = []
    for start in range(0, len(tokens), _LONGEST_CONTEXT):
        part = tokens[start : start + _LONGEST_CONTEXT]
        if any(map(_has_homograph, part)):
            part = _in_context(part)
        read += [_READER.read_token(_without_stress(token) if "-" in token else token) for token in part]
    return read


def _without_stress(token: str) -> str:
    """The token in NFC, particles behind a hyphen marked as unstressed."""
    return _PARTICLE.sub(rf"\g<0>{_NO_STRESS}", unicodedata.normalize("NFC", token))


@functools.lru_cache(maxsize=CACHE_SIZE)
def _has_homograph(token: str) -> bool:
    return any(_is_homograph(kind, run) for kind, run in cut_runs(token, "CYRILLIC"))


def _is_homograph(kind: str, run: str) -> bool:
    return kind == "own" and run.lower() in homographs()


def _in_context(tokens: Sequence[str]) -> list[str]:
    """The tokens of a sentence, homographs in it with their stress marks."""
    cut = [cut_runs(token, "CYRILLIC") for token in tokens]
    text = ""
    spans = []
    for runs in cut:
        for kind, run in runs:
            if _is_homograph(kind, run):
                spans.append((len(text), len(text) + len(run)))
            text += _MARKS.sub("", run).replace("+", " ")[:_LONGEST_RUN]
        text += " "
    words = iter(stress_in_context(text, spans))
    marked = []
    for token, runs in zip(tokens, cut, strict=True):
        if _has_homograph(token):
            token = "".join((next(words) or run) if _is_homograph(kind, run) else run for kind, run in runs)
        marked.append(token)
    return marked
