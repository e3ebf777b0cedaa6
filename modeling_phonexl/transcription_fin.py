"""Finnish: Epitran with its spelling and notation mended, the second half of diphthongs, numbers, letter names.

No boundary gemination (sade ja): no spelling shows it. Compounds are not cut: nk is ŋk at their joints too.
"""

import re

from .transcription_epitran import epitran
from .transcription_words import Numbers, Reading, WordReader, replace_foreign, segment

__all__ = ["INVENTORY", "segment", "transcribe"]

_CONSONANTS = "p b t d k ɡ f ʋ s ʃ ʒ h m n ŋ l r j".split()
_VOWELS = "ɑ e i o u y æ ø".split()
INVENTORY = (
    *_CONSONANTS,
    *_VOWELS,
    *(f"{sound}ː" for sound in (*_CONSONANTS, *_VOWELS)),
    *"i̯ u̯ y̯ o̯ ø̯ e̯".split(),
)
_SEGMENT = re.compile("|".join(sorted(INVENTORY, key=len, reverse=True)))

# Letters that Finnish lacks, and å, which is a long o to Finns but ɑ to Epitran.
_LETTERS = {"å": "oo", "õ": "ö", "ø": "ö", "œ": "ö", "ő": "ö", "ü": "y", "ű": "y", "æ": "ä", "ß": "ss", "đ": "d"}
_LETTERS |= {"ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "ng", "ć": "ts", "č": "tš", "ś": "š", "ŝ": "š", "ź": "ž"}
_NOT_FINNISH = re.compile("[^a-zäöšž']")
_HAS_VOWEL = re.compile("[aeiouyäö]")
_NAMES = dict(
    zip(
        "bcdfghjklmnpqrstvwxzšž",
        "bee see dee äf gee hoo jii koo äl äm än pee kuu är äs tee vee vee äks tset šee žee".split(),
        strict=True,
    )
)

# In front of Epitran. The apostrophe parts letters that it reads together: s'h in compounds (š starts loans only), and
# s'r, which is xr in its rules. It passes ʒ and ŋ through; it reads ž as ts.
_SPELLING = re.compile(
    "(?<=.)s(?=h.)|s(?=r)|ž|ng(?![aeiouyäö])|sch|ch(?=[aeiouyäö])|(?<=c)h|c(?=[eiyäö])|qu(?=[aeio])|q|zz"
)
_RESPELLED = {
    "s": "s'",
    "ž": "ʒ",
    "ng": "ŋ",
    "sch": "š",
    "ch": "š",
    "h": "",
    "c": "s",
    "qu": "kv",
    "q": "k",
    "zz": "ts",
}

# Behind it: its colon for length, dental marks, and allophones that nobody tells apart.
_NOTATION = str.maketrans({":": "ː", "g": "ɡ", "ç": "h", "x": "h", "ɦ": "h", "ɱ": "m", "w": "ʋ", "\u032a": None})
_GN = re.compile("ŋ(?=n)")
_DOUBLED = re.compile(rf"([{''.join(_CONSONANTS)}])\1")
_DIPHTHONG = re.compile("(?:[ɑeouyæø]i|[ɑeio]u|[æeiø]y|uo|yø|ie)(?!ː)")
_VOWEL = re.compile("[ɑeiouyæø]")
# After the first syllable u and y close a diphthong in open syllables only, and -ien is a genitive.
_HIATUS = re.compile("(?:[ɑeoæø][uy](?:s(?![ɑeiouyæø])|tː)|i[uy](?!.[ɑeiouyæø])|ie(?:n$|lm))")


def _fold(word: str) -> str:
    folded = replace_foreign(word.lower(), _NOT_FINNISH, _LETTERS)
    if word.isupper() and not _HAS_VOWEL.search(folded):  # NHL; but the n of EU:n is a sound
        return "'".join(_NAMES.get(letter, letter) for letter in folded)
    return folded


def _respell(match: re.Match[str]) -> str:
    return _RESPELLED[match[0]]


def _read_word(word: str) -> Reading:
    ipa = epitran("fin-Latn")(_SPELLING.sub(_respell, word)).translate(_NOTATION)
    ipa = _DOUBLED.sub(r"\1ː", _GN.sub("ɡ", ipa))
    first = _VOWEL.search(ipa)

    def join(match: re.Match[str]) -> str:
        is_first = first is not None and match.start() == first.start()
        return match[0] if not is_first and _HIATUS.match(ipa, match.start()) else match[0] + "\u032f"

    segments = _SEGMENT.findall(_DIPHTHONG.sub(join, ipa))
    return Reading(segments) if segments else Reading(tuple(word), "passed")


_ONES = "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen".split()
_GROUPS = ((10**9, "miljardi", "miljardia"), (10**6, "miljoona", "miljoonaa"), (1000, "tuhat", "tuhatta"))


def _cardinal(number: int) -> str:
    """Words of a whole number below 10**12: kaksi tuhatta kaksikymmentäyksi."""
    words = []
    for size, one, many in _GROUPS:
        count, number = divmod(number, size)
        if count:
            words.append(one if count == 1 else f"{_below_1000(count)} {many}")
    return " ".join([*words, _below_1000(number)] if number or not words else words)


def _below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    word = "sata" if hundreds == 1 else _ONES[hundreds] + "sataa" if hundreds else ""
    if rest == 0 and word:
        return word
    tens, ones = divmod(rest, 10)
    if rest <= 10:
        return word + _ONES[rest]
    if tens == 1:
        return word + _ONES[ones] + "toista"
    return word + _ONES[tens] + "kymmentä" + (_ONES[ones] if ones else "")


_READER = WordReader("LATIN", _fold, _read_word, Numbers(_cardinal, "pilkku", ","))
transcribe = _READER.transcribe
