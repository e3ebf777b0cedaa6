"""French: a lexicon where one is installed, own rules of spelling, elision, numbers, letter names.

The lexicon is gruut-lang-fr (extra "lexicons"). No liaison: each token is read by itself.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import logging
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from .transcription import Transcription
from .transcription_fra_rules import SOUNDS, read_letters
from .transcription_fra_table import ABBREVIATIONS, ELIDED, IRREGULAR, LETTER_NAMES, LETTERS, cardinal, ordinal
from .transcription_words import Numbers, Reading, WordReader, segment, split_ipa, without_marks

__all__ = ["INVENTORY", "segment", "transcribe"]

logger = logging.getLogger(__name__)

INVENTORY: tuple[str, ...] = tuple(dict.fromkeys(SOUNDS.values()))
_NOT_FRENCH = re.compile("[^a-zàâäéèêëîïôöùûüÿçœæ']")
_VOWEL = re.compile("[aeiouyàâäéèêëîïôöùûüÿœæ]")
_ORDINAL = re.compile(r"(\d{1,12})(er|re|ère|e|es|è|ème|èmes|ième|ièmes|nd|nde)", re.IGNORECASE)


@functools.cache
def _lexicon() -> dict[str, tuple[str, ...]]:
    """First pronunciations of the lexicon, by word, if all their sounds are French; empty where it is not installed."""
    found = importlib.util.find_spec("gruut_lang_fr")
    if found is None or found.origin is None:
        logger.info("gruut-lang-fr is not installed: French is read by rules alone (extra 'lexicons')")
        return {}
    path = Path(found.origin).with_name("lexicon.db")
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT word, phonemes FROM word_phonemes WHERE word NOT LIKE '%-%' ORDER BY pron_order DESC, id DESC"
        ).fetchall()
    known = set(INVENTORY)
    split = {word: split_ipa(phonemes) for word, phonemes in rows}
    return {word: segments for word, segments in split.items() if segments and known.issuperset(segments)}


def _fold(word: str) -> str:
    """Lower case in the letters of French."""
    lower = word.lower()
    if _NOT_FRENCH.search(lower):
        letters = "".join(LETTERS.get(letter, letter) for letter in lower)
        lower = _NOT_FRENCH.sub(lambda found: without_marks(found[0]), letters)
        lower = _NOT_FRENCH.sub("", lower)
    return lower if lower.strip("'") else word


def _by_name(letters: str) -> str:
    return "".join(LETTER_NAMES.get(without_marks(letter), "") for letter in letters)


def _read_part(word: str) -> tuple[list[str], bool]:
    """Segments of a word without apostrophes, and whether a list has it."""
    word = ABBREVIATIONS.get(word, word)
    if listed := IRREGULAR.get(word):
        return [SOUNDS[sound] for sound in listed], True
    if len(word) == 1 or not _VOWEL.search(word):
        return [SOUNDS[sound] for sound in _by_name(word)], False
    if known := _lexicon().get(word):
        return list(known), True
    return [SOUNDS[sound] for sound in read_letters(word) or _by_name(word)], False


def _read_word(word: str) -> Reading:
    if word in IRREGULAR:
        return Reading([SOUNDS[sound] for sound in IRREGULAR[word]], "lexicon")
    *elided, last = [part for part in word.split("'") if part] or [""]
    if word.endswith("'") and last in ELIDED:  # a token of its own, as treebanks cut l' homme
        elided, last = [*elided, last], ""
    readings = [([SOUNDS[ELIDED[part]]], True) if part in ELIDED else _read_part(part) for part in elided]
    if last:
        readings.append(_read_part(last))
    segments = [sound for part, _ in readings for sound in part]
    if not segments or any(_NOT_FRENCH.search(letter) for letter in word):
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed")
    return Reading(segments, "lexicon" if readings[-1][1] else "read")


_READER = WordReader("LATIN", _fold, _read_word, Numbers(cardinal, "virgule", ","))


@functools.lru_cache(maxsize=1 << 14)
def _read_ordinal(token: str) -> Transcription | None:
    """The record of 1er or 19e; None of other tokens."""
    found = _ORDINAL.fullmatch(unicodedata.normalize("NFC", token))
    if not found:
        return None
    read = _READER.read_token(ordinal(int(found[1]), found[2].lower()))
    return dataclasses.replace(read, romanized=unicodedata.normalize("NFC", token), reason="number")


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence, each by itself: as many records as tokens, none empty, whatever the text.

    >>> [t.ipa for t in transcribe(["l’homme", "1er", "."])]
    ['lɔm', 'pʁəmje', '.']
    """
    return [(token[:1].isdigit() and _read_ordinal(token)) or _READER.read_token(token) for token in tokens]
