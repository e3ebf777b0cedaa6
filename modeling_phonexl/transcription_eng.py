"""English: misaki's lexicon where it is installed, its regular endings, letters and sounds learned from it elsewhere.

The lexicon (extra "lexicons") does not install on Python 3.13: there, and wherever it is missing, the learned letters
read every word, nearly as well. Readings are General American; words are read out of context, but for
clitics that are tokens of their own (do n't, it 's).
"""

import dataclasses
import functools
import importlib.util
import json
import logging
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from .transcription import MissingToolError, Transcription, record
from .transcription_eng_letters import letter_model
from .transcription_eng_sounds import INVENTORY, plain_sounds, segments, weak_vowels
from .transcription_eng_table import (
    ABBREVIATIONS,
    CLITICS,
    CONTRACTIONS,
    LETTER_NAMES,
    LETTERS,
    WEAK_WORDS,
    cardinal,
    ordinal,
    plural,
)
from .transcription_words import Numbers, Reading, WordReader, segment, without_marks

__all__ = ["INVENTORY", "segment", "transcribe"]

logger = logging.getLogger(__name__)

_FILES = ("us_silver.json", "us_gold.json")  # the second is the better one
_NOT_ENGLISH = re.compile("[^a-z']")
_VOWEL = re.compile("[aeiouy]")
_VOICELESS = "ptkfθ"
_SIBILANT = "szʃʒʧʤ"
_CLITIC = re.compile(r"['’](?:s|d|m|ll|re|ve)|n['’]t", re.ASCII | re.IGNORECASE)
_NUMBER_WORD = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(st|nd|rd|th|['’]?s)", re.IGNORECASE)


@functools.cache
def lexicon() -> dict[str, str]:
    """Pronunciations of misaki's lexicon by spelling, in its own notation; "" for capitals that are said by letters.

    Raises:
        MissingToolError: If misaki is not installed.
    """
    found = importlib.util.find_spec("misaki")
    if found is None or found.origin is None:
        raise MissingToolError("misaki", "the lexicon of English", extra="lexicons")
    listed: dict[str, str] = {}
    for name in _FILES:  # of the package only these: importing it would load spaCy
        for word, sounds in json.loads(Path(found.origin).with_name("data").joinpath(name).read_bytes()).items():
            if isinstance(sounds, dict):
                sounds = (
                    "" if len(word) > 1 and word.isupper() and sounds.get("NOUN", "") is None else sounds["DEFAULT"]
                )
            listed[word] = sounds
    return listed


@functools.cache
def _lexicon() -> dict[str, str]:
    try:
        return lexicon()
    except MissingToolError:
        logger.info("misaki is not installed: English is read by its letters alone (extra 'lexicons')")
        return {}


def _listed(word: str) -> str:
    """Sounds of a word as the lexicon has it, in the given case, in lower case, or as a name; "" where it has none."""
    known = _lexicon()
    lower = word.lower()
    sounds = WEAK_WORDS.get(lower) or known.get(word) or known.get(lower) or known.get(lower.capitalize())
    if sounds:
        return weak_vowels(lower, plain_sounds(sounds))
    return "" if known else letter_model().exceptions.get(lower, "")


def _with_s(sounds: str) -> str:
    return sounds + ("ɪz" if sounds[-1] in _SIBILANT else "s" if sounds[-1] in _VOICELESS else "z")


def _with_d(sounds: str) -> str:
    return sounds + ("ɪd" if sounds[-1] in "td" else "t" if sounds[-1] in _VOICELESS + "sʃʧ" else "d")


def _stems(word: str, ending: str) -> list[str]:
    """What a word with a regular ending may be made of: lik-ed from like, stopp-ed from stop, cri-ed from cry."""
    bare = word[: -len(ending)]
    stems = [bare + ending[0] if ending[0] == "e" else bare + "e", bare]
    if len(bare) > 3 and bare[-1] == bare[-2]:
        stems.append(bare[:-1])
    if bare.endswith("i") and ending != "ing":
        stems.append(bare[:-1] + "y")
    return stems


def _inflected(word: str) -> str:
    """Sounds of a word that the lexicon has without -s, -ed or -ing; "" of others."""
    lower = word.lower()
    if len(word) < 4 or lower.endswith("ss"):
        return ""
    if lower.endswith("s") and (stem := _listed(word[:-1])):
        return _with_s(stem)
    if lower.endswith("es"):
        for candidate in _stems(word, "es")[1:]:
            if (stem := _listed(candidate)) and (stem[-1] in _SIBILANT or candidate[-1] in "yo"):
                return _with_s(stem)
    for ending in ("ed", "ing"):
        if lower.endswith(ending) and len(word) > len(ending) + 2:
            for candidate in _stems(word, ending):
                if stem := _listed(candidate):
                    return _with_d(stem) if ending == "ed" else stem + "ɪŋ"
    return ""


def _by_letters(word: str) -> str:
    """Sounds of a word by its letters; of one letter, or without a vowel, by their names."""
    letters = "".join(letter for letter in word.lower() if letter in LETTER_NAMES)
    if len(letters) > 1 and _VOWEL.search(letters) and (sounds := letter_model().read(letters)):
        return sounds
    return "".join(LETTER_NAMES[letter] for letter in letters)


def _sounds(word: str) -> tuple[str, bool]:
    """Sounds of a folded word, and whether the lexicon has it."""
    if listed := _listed(word) or _inflected(word) or CONTRACTIONS.get(word.lower(), ""):
        return listed, True
    stem, apostrophe, clitic = word.rpartition("'")
    if apostrophe and stem and clitic in ("s", "d", *CLITICS):
        sounds, is_listed = _sounds(stem)
        if clitic == "s":
            return _with_s(sounds), is_listed
        if clitic == "d":
            return _with_d(sounds), is_listed
        return sounds + CLITICS[clitic][sounds[-1] not in "iIAOWYuəɹ"], is_listed
    if apostrophe:
        return "".join(_sounds(part)[0] for part in word.split("'") if part), False
    return _by_letters(word), False


def _is_spelled(word: str) -> bool:
    """Whether capitals are said letter by letter: USA, but not NASA."""
    known = _lexicon()
    if not word.isascii() or not word.isalpha() or not word.isupper() or not 1 < len(word) <= 5:
        return False
    if word in known:
        return not known[word]
    return word.lower() not in known if known else len(word) < 4


def _fold(word: str) -> str:
    """Letters a to z in the given case, which tells Polish from polish; an abbreviation as the names of its letters."""
    word = word.strip("'")
    if _is_spelled(word):
        return word
    lower = word.lower()
    if _NOT_ENGLISH.search(lower):
        lower = re.sub("é(?=e?$)", "ay", lower) if without_marks(lower) not in _lexicon() else lower
        lower = without_marks("".join(LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", lower)))
        folded = _NOT_ENGLISH.sub("", lower)
        return (folded.capitalize() if word[0].isupper() else folded) if folded.strip("'") else word
    is_shouted = word.isupper() and len(word) > 1 and word not in _lexicon()
    return ABBREVIATIONS.get(lower, word.capitalize() if is_shouted else word)


def _read_word(word: str) -> Reading:
    if _is_spelled(word):
        return Reading(segments("".join(LETTER_NAMES[letter] for letter in word.lower())))
    sounds, is_listed = _sounds(word) if any(letter in LETTER_NAMES for letter in word.lower()) else ("", False)
    if not sounds:
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed")
    return Reading(segments(sounds), "lexicon" if is_listed else "read")


_READER = WordReader("LATIN", _fold, _read_word, Numbers(cardinal, "point", "."))


@functools.lru_cache(maxsize=1 << 14)
def _read_number_word(token: str) -> Transcription | None:
    """The record of 21st or 1990s; None of other tokens."""
    found = _NUMBER_WORD.fullmatch(token)
    if not found:
        return None
    number = int(found[1].replace(",", ""))
    words = plural(cardinal(number)) if found[2][-1] in "sS" and found[2].lower() != "st" else ordinal(number)
    read = _READER.read_token(words)
    return dataclasses.replace(read, romanized=unicodedata.normalize("NFC", token), reason="number")


def _read_clitic(token: str, before: str) -> Transcription:
    """The record of a clitic that is a token, by the IPA of the word that it was cut from."""
    clitic = token.lower().replace("’", "'").removeprefix("'")
    if clitic in ("s", "d"):
        sounds = (_with_s if clitic == "s" else _with_d)(before)[len(before) :]
    else:
        sounds = CLITICS[clitic][before[-1] not in "iɪʊuəɹɚæ"]
    return record(segments(sounds), token, "lexicon")


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence: as many records as tokens, none empty, whatever the text.

    A token is read by itself, but a clitic by the sound before it, and ca as of can before n't.

    >>> [t.ipa for t in transcribe(["change", "2nd", "."])]
    ['t͡ʃeɪnd͡ʒ', 'sɛkənd', '.']
    >>> [t.ipa for t in transcribe(["it", "'s"])], [t.ipa for t in transcribe(["he", "'s"])]
    (['ɪt', 's'], ['hi', 'z'])
    """
    records: list[Transcription] = []
    for place, token in enumerate(tokens):
        if _CLITIC.fullmatch(token):
            if token[0] in "nN" and place and tokens[place - 1].lower() == "ca":
                records[-1] = record(("k", "æ"), tokens[place - 1], "lexicon")
            # Where no word stands before it, as after a voiced consonant: a syllable that can be said alone.
            before = records[-1].ipa if records and records[-1].transcribed else "n"
            records.append(_read_clitic(token, before))
        else:
            records.append((token[:1].isdigit() and _read_number_word(token)) or _READER.read_token(token))
    return records
