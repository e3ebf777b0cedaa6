"""Hindi: aksharas to segments, schwa deletion, nasals, numbers, Latin letters, and romanization, all by rules.

Holds no tables: they are in `transcription_hin_table.py`. Holds no stress, which tells no two words of Hindi apart.
"""

import re
import unicodedata
from collections.abc import Sequence

from .transcription import Transcription
from .transcription_hin_table import (
    CONSONANTS,
    LATIN_CONSONANTS,
    LATIN_FOLDED,
    LATIN_NAMES,
    LATIN_VOWELS,
    NUKTA,
    OTHER_LETTERS,
    ROMAN,
    SCALES,
    SIGNS,
    UNITS,
    UNWRITTEN,
    VOWELS,
)
from .transcription_words import Numbers, Reading, WordReader, segment, without_marks

__all__ = ["INVENTORY", "cardinal", "from_latin", "read_word", "segment", "transcribe", "ungroup"]

# A phoneme is one character: its Devanagari letter, one of UNWRITTEN, ə for a vowel that no sign writes, and ~ for the
# nasality of the vowel before it.
_C = "".join(CONSONANTS)
_V = "".join(VOWELS)
_SIGN = "".join(SIGNS)
_STOPS = "कखगघचछजझटठडढतथदधपफबभ"

_WITH_NUKTA = re.compile(f"[{''.join(NUKTA)}]\u093c")
_OTHER = str.maketrans(OTHER_LETTERS)
_NOT_HINDI = re.compile(f"[^{_C}{_V}{_SIGN}्ंँ]|ə")
_VOWEL_OF_SIGN = str.maketrans(SIGNS | {"्": ""})
_INHERENT = re.compile(f"(?<=[{_C}])(?![{_SIGN}्])")

# Signs of nasals, in this order. ँ before a voiced stop is a consonant. ं before a voiceless one is a nasal vowel where
# the sign of the vowel leaves no room for ँ (खींच, सेंक), but not in -ेंट of English words; so before a nasal (होंने).
_MOON_AS_CONSONANT = re.compile("ँ(?=[गघजझडढदधबभ])")
_NASAL_VOWEL = re.compile("(?<=[ईएऐओऔ])ं(?=[कखचछटठतथपफनम])(?!टə?(?:$|र|ई))|[ंँ]$")
_ANUSVARA = re.compile(f"ं(?:(?=([कखगघ\u0959\u095aह]))|(?=([पफबभमव]))|(?=([टठडढ]))|(?=[{_C}]))")
_ANUSVARA_SOUNDS = ("n", "N", "M", "r")
_NASALITY = re.compile("[ंँ]+")
_NASALITY_ALONE = re.compile(f"(?<![{_V}])~")

_AI = re.compile("ऐ(?=य[^ए])")  # two vowels: रैयत
_AU = re.compile("औ(?=व)")  # चौवन
_FINAL_SCHWA = re.compile(f"(?<=[{_V}~])([{_C}{''.join(UNWRITTEN)}]+)ə$")
# Where a schwa stays that could go: before ण, in -करण, in the plural of nouns in -त (औरतें).
_KEPT = re.compile("ə(?=ण[^अइईउ])|(?<=[आई]क)ə(?=रəण)|ə(?=त[एओ]~$)")
# Doubled syllables keep the second one whole: सनसनी, लड़खड़ाना.
_DOUBLED = re.compile(f"ə([{_C}])ə([{_C}])ə(?=\\1[{_V}])")
# Read from the end: the schwa of V C _ C V goes, also where a nasal sign and a stop stand for the first consonant;
# after -ंत- (अंतराल) and the prefix सं- (संगठन) it stays.
_MEDIAL = re.compile(f"([{_V}][{_C}])ə(?=(?:[{_C}]|[{_STOPS.replace('त', '')}][nNMr](?!əस$))~?[{_V}])")
_UNIT = re.compile(f"[{_V}]~?|.")

_IPA = CONSONANTS | UNWRITTEN | VOWELS | {v + "~": ipa[0] + "\u0303" + ipa[1:] for v, ipa in VOWELS.items()}
INVENTORY: tuple[str, ...] = tuple(sorted(set(_IPA.values())))
_ROMAN = str.maketrans(ROMAN)

# 1,00,000: Indian groups have two digits above the thousands.
_INDIAN_GROUPS = re.compile(r"(?<![\d,])\d{1,2}(?:,\d\d)+,\d{3}(?![\d,])")
_LATIN = re.compile("|".join(sorted(LATIN_CONSONANTS | LATIN_VOWELS, key=len, reverse=True)))
_LATIN_FOLDED = str.maketrans(LATIN_FOLDED)
_SIGN_OF_VOWEL = {vowel: sign for sign, vowel in SIGNS.items()} | {"अ": "", "आउ": "ाउ"}


def phonemes(word: str) -> str:
    """Phonemes of a word as characters (see `_C`); empty where it has no letter of Hindi or of its kin."""
    word = _WITH_NUKTA.sub(lambda found: NUKTA[found.group()[0]], unicodedata.normalize("NFC", word))
    word = _NOT_HINDI.sub("", word.translate(_OTHER)).replace("ज्ञ", "ग्य")
    word = word.replace("च्च", "Zच").replace("च्छ", "Zछ")
    word = _INHERENT.sub("ə", word).translate(_VOWEL_OF_SIGN)
    if "ं" in word or "ँ" in word:
        word = _nasals(word)
    word = _AU.sub("अउ", _AI.sub("अइ", word))
    return _without_schwas(word)


def _nasals(word: str) -> str:
    """Signs of nasals as consonants of the place of the next one, or as ~."""
    word = _MOON_AS_CONSONANT.sub("ं", word)
    word = _NASAL_VOWEL.sub("~", word)
    word = _ANUSVARA.sub(lambda found: _ANUSVARA_SOUNDS[found.lastindex or 0], word)
    return _NASALITY_ALONE.sub("n", _NASALITY.sub("~", word))


def _without_schwas(word: str) -> str:
    """Delete the schwas that are not spoken; they are found from the end of the word to its beginning."""
    if word.endswith("ə"):
        word = _FINAL_SCHWA.sub(r"\1", word)
    if "ə" in word:
        word = _KEPT.sub("अ", word)
        word = _DOUBLED.sub(r"ə\1\2ə", word)
        word = _MEDIAL.sub(r"\1", word[::-1])[::-1]
    return word


def read_word(word: str) -> Reading:
    """Read a word in Devanagari; letters without a sound of their own stand as they are."""
    spoken = phonemes(word)
    if not spoken:
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed", word)
    return Reading([_IPA[unit] for unit in _UNIT.findall(spoken)], "read", spoken.translate(_ROMAN))


def cardinal(number: int) -> str:
    """Words of a number from 0 to 10**12 - 1, by hundreds, thousands, lakhs, crores and so on.

    >>> cardinal(125_000)
    'एक लाख पच्चीस हज़ार'
    """
    words: list[str] = []
    for value, name in SCALES:
        count, number = divmod(number, value)
        if count:
            words += [UNITS[count], name]
    return " ".join([*words, UNITS[number]] if number or not words else words)


def from_latin(word: str) -> str:
    """Latin letters as Devanagari ones, by sound; consonants alone by their English names; empty for other scripts."""
    plain = without_marks(word.translate(_LATIN_FOLDED))
    if plain and all(letter in LATIN_NAMES for letter in plain):
        return "".join(LATIN_NAMES[letter] for letter in plain)
    if len(plain) > 3 and plain[-1] == "e" and plain[-2] in LATIN_NAMES:
        plain = plain[:-1]  # mute, as in Google Chrome
    written = ""
    for letters in _LATIN.findall(plain):
        after_consonant = written.endswith("्")
        if consonant := LATIN_CONSONANTS.get(letters):
            written += consonant + "्"
        else:
            vowel = LATIN_VOWELS[letters]
            written = written[:-1] + _SIGN_OF_VOWEL[vowel] if after_consonant else written + vowel
    return written + "ा" if plain.endswith("a") and written.endswith(tuple(CONSONANTS)) else written


def ungroup(token: str) -> str:
    """Leave out the commas of Indian groups of digits.

    >>> ungroup("1,25,000")
    '125000'
    """
    return _INDIAN_GROUPS.sub(lambda found: found.group().replace(",", ""), token) if "," in token else token


_READER = WordReader("DEVANAGARI", str, read_word, Numbers(cardinal, "दशमलव", "."), from_latin)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence, each by itself: as many records as tokens, none empty, whatever the text.

    >>> [(t.ipa, t.romanized) for t in transcribe(["समझना", "।"])]
    [('səməd͡ʒʱnɑː', 'samajhna'), ('।', '।')]
    """
    return _READER.transcribe([ungroup(token) for token in tokens])
