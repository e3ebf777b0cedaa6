"""Turkish: Epitran behind Turkish case folding, soft g and circumflexes, allophones of k g l, numbers, letter names.

Vowels that are long in Arabic words without a sign of it (cazibe) are short here: only a list of words could tell.
"""

import re

from .transcription_epitran import epitran
from .transcription_words import Numbers, Reading, WordReader, replace_foreign, segment

__all__ = ["INVENTORY", "segment", "transcribe"]

_VOWELS = "a e i ɯ o œ u y".split()
INVENTORY = (
    *"p b t d c ɟ k ɡ t͡ʃ d͡ʒ f v s z ʃ ʒ h m n l ɫ ɾ j".split(),
    *_VOWELS,
    *(f"{vowel}ː" for vowel in _VOWELS),
)
_SEGMENT = re.compile("|".join(sorted(INVENTORY, key=len, reverse=True)))

_LETTERS = {"ß": "ss", "ø": "ö", "œ": "ö", "õ": "ö", "ő": "ö", "ű": "ü", "æ": "e", "ä": "e", "ə": "e", "đ": "d"}
_LETTERS |= {"ð": "d", "þ": "t", "ł": "l", "ŋ": "n", "š": "ş", "ś": "ş", "č": "ç", "ž": "j", "ż": "j", "ñ": "ny"}
_LETTERS |= {"q": "k", "w": "v", "x": "ks", "'": ""}
_NOT_TURKISH = re.compile("[^a-pr-vyzçğıöşüâîû]")
_HAS_VOWEL = re.compile("[aeıioöuüâîû]")
_CASE = str.maketrans("Iİ", "ıi")

_NAMES = {letter: letter + "e" for letter in "bcçdfghjklmnprsştvyz"} | {"ğ": "yumuşakge"}

# In front of Epitran: u is long in Arabic words in -ūl, -ūn, -ūr before -iyet.
_LONG_U = re.compile("u(?=[lmnr]iyet)")

# Behind it: ğ is j between e and a front vowel, lengthens at the end of a syllable, and is not heard elsewhere.
_SOFT_G = re.compile(r"(?<=e)ɰ(?=[eiyœ])|([aeiɯoœuy])ɰ(?:\1|(?![aeiɯoœuyâîû]))|ɰ")
# k and g are palatal beside front vowels and circumflexes, l is dark after back vowels.
_ALLOPHONE = re.compile(
    "[kɡ](?=[eiyœâîû])|^[kɡ](?=[lɾ][eiyœ])|(?<=[eiyœ])[kɡ](?![aɯou])|(?<=[eiyœ][ːɾlns])[kɡ](?![aɯou])"
    "|(?<=[aɯou])l(?![eiyœâîû])|(?<=[aɯou]ː)l(?![eiyœâîû])"
)
_BESIDE = {"k": "c", "ɡ": "ɟ", "l": "ɫ"}
_CIRCUMFLEX = re.compile("([âîû])([^aeiɯoœuyâîûː]+$)?")
_PLAIN = {"â": "a", "î": "i", "û": "u"}


def _fold(word: str) -> str:
    folded = replace_foreign(word.translate(_CASE).lower(), _NOT_TURKISH, _LETTERS)
    if (word.isupper() or len(word) == 1) and not _HAS_VOWEL.search(folded):
        return "".join(_NAMES.get(letter, letter) for letter in folded)
    return folded


def _soft_g(match: re.Match[str]) -> str:
    return match[1] + "ː" if match[1] else "j" if match.string[match.start() - 1 : match.start()] == "e" else ""


def _allophone(match: re.Match[str]) -> str:
    return _BESIDE[match[0]]


def _circumflex(match: re.Match[str]) -> str:
    """Long, but short in a closed last syllable: bekâr."""
    return _PLAIN[match[1]] + (match[2] or "ː")


def _read_word(word: str) -> Reading:
    ipa = epitran("tur-Latn")(_LONG_U.sub("û", word))
    ipa = _CIRCUMFLEX.sub(_circumflex, _ALLOPHONE.sub(_allophone, _SOFT_G.sub(_soft_g, ipa)))
    segments = _SEGMENT.findall(ipa)
    return Reading(segments) if segments else Reading(tuple(word), "passed")


_ONES = "sıfır bir iki üç dört beş altı yedi sekiz dokuz".split()
_TENS = "- on yirmi otuz kırk elli altmış yetmiş seksen doksan".split()
_GROUPS = ((10**9, "milyar"), (10**6, "milyon"), (1000, "bin"), (100, "yüz"))


def _cardinal(number: int) -> str:
    """Words of a whole number below 10**12: iki bin yüz üç."""
    words = []
    for size, name in _GROUPS:
        count, number = divmod(number, size)
        if count > 1 or count and size > 1000:  # one hundred and one thousand go without "bir"
            words.append(_cardinal(count))
        if count:
            words.append(name)
    tens, ones = divmod(number, 10)
    if tens:
        words.append(_TENS[tens])
    if ones or not words:
        words.append(_ONES[ones])
    return " ".join(words)


_READER = WordReader("LATIN", _fold, _read_word, Numbers(_cardinal, "virgül", ","))
transcribe = _READER.transcribe
