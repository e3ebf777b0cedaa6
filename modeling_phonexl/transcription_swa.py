"""Swahili: Epitran with its spelling and notation mended, numbers, letter names.

Syllabic m and n are not told apart from others, and stress, always on the syllable before the last, is not written.
"""

import re

from .transcription_epitran import epitran
from .transcription_words import Numbers, Reading, WordReader, replace_foreign, segment

__all__ = ["INVENTORY", "segment", "transcribe"]

_VOWELS = "ɑ ɛ i ɔ u".split()
INVENTORY = (
    *"ɓ ɗ ʄ ɠ b d d͡ʒ ɡ p t t͡ʃ k f v θ ð s z ʃ ʒ x ɣ h m n ɲ ŋ l ɾ j w".split(),
    *_VOWELS,
    *(f"{vowel}ː" for vowel in _VOWELS),
)
_SEGMENT = re.compile("|".join(sorted(INVENTORY, key=len, reverse=True)))

_LETTERS = {"ß": "ss", "ø": "o", "œ": "e", "æ": "e", "đ": "d", "ð": "dh", "þ": "th", "ł": "l", "ı": "i", "ŋ": "ng'"}
_LETTERS |= {"š": "sh", "ş": "sh", "č": "ch", "ç": "s", "ñ": "ny"}
_NOT_SWAHILI = re.compile("[^a-z']")
_HAS_VOWEL = re.compile("[aeiou]")
_NAMES = dict(
    zip(
        "bcdfghjklmnpqrstvwxyz",
        "bi si di efu ji echi jei kei eli emu eni pi kyu ari esi ti vi dabliyu eksi wai zedi".split(),
        strict=True,
    )
)

# In front of Epitran: letters of loans and names that it lacks.
_SPELLING = re.compile("c(?=[eiy])|ck?(?!h)|qu?|x|ph")
_RESPELLED = {"c": "s", "ck": "k", "q": "k", "qu": "kw", "x": "ks", "ph": "f"}

# Behind it: its vowels, which are open; the affricate after n; n before k and g; a vowel written twice is long.
_NOTATION = str.maketrans({"a": "ɑ", "e": "ɛ", "o": "ɔ", "ɟ": "d͡ʒ"})
_VELAR = re.compile("n(?=[kɡ])")
_DOUBLED = re.compile(rf"([{''.join(_VOWELS)}])\1")


def _fold(word: str) -> str:
    folded = replace_foreign(word.lower(), _NOT_SWAHILI, _LETTERS)
    if word.isupper() and not _HAS_VOWEL.search(folded):
        return "-".join(_NAMES.get(letter, letter) for letter in folded)
    return folded


def _respell(match: re.Match[str]) -> str:
    if match[0] == "c" and match.string[match.end() : match.end() + 1] not in ("e", "i", "y"):
        return "k"
    return _RESPELLED[match[0]]


def _read_word(word: str) -> Reading:
    ipa = epitran("swa-Latn")(_SPELLING.sub(_respell, word)).translate(_NOTATION)
    segments = _SEGMENT.findall(_DOUBLED.sub(r"\1ː", _VELAR.sub("ŋ", ipa)))
    return Reading(segments) if segments else Reading(tuple(word), "passed")


_ONES = "sifuri moja mbili tatu nne tano sita saba nane tisa".split()
_TENS = "- kumi ishirini thelathini arobaini hamsini sitini sabini themanini tisini".split()
_GROUPS = ((10**9, "bilioni"), (10**6, "milioni"), (1000, "elfu"), (100, "mia"))


def _cardinal(number: int) -> str:
    """Words of a whole number below 10**12: elfu mbili mia moja na tatu."""
    parts = []
    for size, name in _GROUPS:
        count, number = divmod(number, size)
        if count:
            parts.append(f"{name} {_cardinal(count)}")
    tens, ones = divmod(number, 10)
    last = [_TENS[tens]] if tens else []
    if ones or not (tens or parts):
        last.append(_ONES[ones])
    return " na ".join([" ".join(parts), *last] if parts else last)


_READER = WordReader("LATIN", _fold, _read_word, Numbers(_cardinal, "nukta", "."))
transcribe = _READER.transcribe
