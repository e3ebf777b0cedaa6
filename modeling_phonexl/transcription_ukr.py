"""Ukrainian: from letters to segments by rules, numbers, and romanization by the national system of 2010.

Holds no stress: it changes no phoneme of the standard language, only the quality of unstressed vowels.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

from .transcription import Transcription
from .transcription_ukr_table import (
    CAPITAL_WORDS,
    CONSONANTS,
    LATIN_FOLDED,
    LATIN_LETTERS,
    LATIN_NAMES,
    LETTER_NAMES,
    NUMERALS,
    OTHER_LETTERS,
    ROMAN_INITIAL,
    ROMAN_LETTERS,
    VOICED,
    VOWELS,
)
from .transcription_words import Numbers, Reading, WordReader, segment, without_marks

__all__ = ["INVENTORY", "segment", "transcribe"]

_IOTATED = {"я": "а", "ю": "у", "є": "е", "ї": "і"}
_C = "бвгґджзклмнпрстфхцчшЖЗ"
_PREFIX = "(?:ві|пі|на|пере|обі)"

_New = str | Callable[[re.Match[str]], str]
_Rule = tuple[re.Pattern[str], _New]


def _compile(*rules: tuple[str, _New]) -> list[_Rule]:
    return [(re.compile(pattern), new) for pattern, new in rules]


# Letters to phonemes, still in Cyrillic: ь after every soft consonant, й for every j, Ж for d͡ʒ and З for d͡z.
_D_AND_SIBILANT = _compile(
    (f"^({_PREFIX})дз", r"\1Зз"),
    (f"^({_PREFIX})дж", r"\1Жж"),
    ("дж", "Ж"),
    ("дз", "З"),
)
_LETTERS = _compile(
    (f"(?<![{_C}])ь", ""),
    (f"(?<![{_C}])[яюєї]", lambda found: "й" + _IOTATED[found.group()]),
    ("[яюєї]", lambda found: "ь" + _IOTATED[found.group()]),
    (f"(?<=[{_C}])і", "ьі"),
)
# Consonants that meet: silent ones, then place.
_MEETINGS = _compile(
    ("тьсьа$", "цьцьа"),
    ("шсьа$", "сьсьа"),
    ("чсьа$", "цьсьа"),
    ("жсьа$", "зьсьа"),
    ("[шч]цьі", "цьцьі"),
    ("жцьі", "зьцьі"),
    ("стськ", "ськ"),
    ("стд", "зд"),
    ("стс(?=о)", "сс"),
    ("нтс(?=ьк|т)", "нс"),
    # шістнадцять, кісткою, хвастливий keep their т.
    ("(?<!шьі)(?<!кьі)(?<!хва)ст(?=[нл])", "с"),
    ("(?<=[зж])д(?=н)", ""),
    ("^з(?=[шч])", "ш"),
    ("^з(?=[кптсцхф])", "с"),
    ("з(?=[шжч])", "ж"),
    ("с(?=[шч])", "ш"),
    ("с(?=ж)", "ж"),
    ("т(?=[чш])", "ч"),
    ("тс", "ц"),
    ("т(?=ц)", "ц"),
    ("д(?=[чш])", "Ж"),
    ("д(?=[сц])", "З"),
)
# Most words have none of these: one search saves them all.
_MEETING = re.compile("|".join(pattern.pattern for pattern, _ in _MEETINGS))
_VOICELESS = re.compile(f"[{''.join(VOICED)}](?=ь?[бдґгзжЖЗ])")
_BEFORE_SOFT_OTHER = re.compile("[сзцЗтднл](?=[бпвмфґкхшч]ьі)|[сзцЗ](?=[бпвмф]ь)|л(?=ль)")
_BEFORE_SOFT = re.compile("[сзцЗтдн]+(?=[сзцЗтднл]ь)")
_BEFORE_SOFT_R = re.compile("[тдзс](?=рь)")
# One в that is not soft: (before о у), (before other vowels and й), (after a vowel), (before voiceless), elsewhere.
_V_SOUND = re.compile("(?<!в)в(?![вь])(?:(?=([оу]))|(?=([аеиій]))|(?<=([аеиіоу]в))|(?=([птксшчцхф]))|())")
_V_SOUNDS = ("w", "в", "ў", "ʍ", "w")
_FINAL_GLIDE = re.compile("(?<=[аеиіоу])й(?![аеиіоу])")
_UNIT = re.compile(rf"([{_C}])ь?(?:\1ь?)?|[аеиіоуйјўwʍ]")

_OTHER = str.maketrans(OTHER_LETTERS)
_LATIN_FOLDED = str.maketrans(LATIN_FOLDED)
_ROMAN = str.maketrans(ROMAN_LETTERS)
_NOT_UKRAINIAN = re.compile("[^абвгґдеєжзиіїйклмнопрстуфхцчшщьюя']")
_CAPITALS = re.compile("[АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ]{2,5}")
_V = "АЕЄИІЇОУЮЯ"
# Not a syllable that begins with one consonant: США, ЄС, ООН; НАТО and МИР are words.
_SPELLED = re.compile(f"[^{_V}]+|[^{_V}]{{2}}[{_V}]|[{_V}][^{_V}]|[{_V}]{{2}}[^{_V}]?")
_CONSONANTS_ALONE = re.compile("[бвгґджзйклмнпрстфхцчшщ]{2,}")
_LATIN = re.compile("|".join(sorted(LATIN_LETTERS, key=len, reverse=True)))


def _consonants() -> dict[str, str]:
    """IPA of one consonant, soft or hard, and of two like ones: the last one says whether both are soft."""
    units: dict[str, str] = {}
    for letter, hard in CONSONANTS.items():
        soft = "lʲ" if letter == "л" else hard + "ʲ"
        units |= {letter: hard, letter + "ь": soft, letter * 2: hard + "ː"}
        units |= {f"{letter}{letter}ь": soft + "ː", f"{letter}ь{letter}": soft + "ː", f"{letter}ь" * 2: soft + "ː"}
    return units


_IPA = _consonants() | VOWELS | {"й": "j", "ј": "i\u032f", "ў": "u\u032f", "w": "w", "ʍ": "ʍ"}
INVENTORY: tuple[str, ...] = tuple(sorted(set(_IPA.values())))


def _apply(rules: list[_Rule], word: str) -> str:
    for pattern, new in rules:
        word = pattern.sub(new, word)
    return word


def _phonemes(word: str) -> str:
    """Phonemes in Cyrillic letters, as in `_LETTERS`."""
    word = word.replace("щ", "шч")
    if "дз" in word or "дж" in word:
        word = _apply(_D_AND_SIBILANT, word)
    word = _apply(_LETTERS, word).replace("'", "")
    if _MEETING.search(word):
        word = _apply(_MEETINGS, word)
    word = _VOICELESS.sub(lambda found: VOICED[found.group()], word)
    # Of several dental consonants before a soft one all are soft; before рь only the last.
    word = _BEFORE_SOFT_OTHER.sub(r"\g<0>ь", word)
    word = _BEFORE_SOFT.sub(lambda found: "".join(letter + "ь" for letter in found.group()), word)
    return _BEFORE_SOFT_R.sub(r"\g<0>ь", word)


def _segments(phonemes: str) -> list[str]:
    """IPA of phonemes in Cyrillic letters; в and й depend on their neighbours."""
    if "й" in phonemes:
        phonemes = _FINAL_GLIDE.sub("ј", phonemes)
    if "в" in phonemes:
        phonemes = _V_SOUND.sub(lambda found: _V_SOUNDS[(found.lastindex or 0) - 1], phonemes)
    return [_IPA[unit.group()] for unit in _UNIT.finditer(phonemes)]


def _fold(word: str) -> str:
    """Lower case in Ukrainian letters; an abbreviation that is spelled keeps its capitals."""
    if _CAPITALS.fullmatch(word) and _SPELLED.fullmatch(word) and word.lower() not in CAPITAL_WORDS:
        return word
    lower = unicodedata.normalize("NFC", word.lower().replace("\u0301", "")).translate(_OTHER)
    if _NOT_UKRAINIAN.search(lower):
        lower = "".join(char if char in "їй" else without_marks(char).translate(_OTHER) for char in lower)
        lower = _NOT_UKRAINIAN.sub("", lower)
    return lower if lower.strip("'ь") else word


def _read(word: str) -> Reading:
    """Read a folded word; letters without a sound of their own stand as they are."""
    if _CAPITALS.fullmatch(word) or _CONSONANTS_ALONE.fullmatch(word):
        letters = word.lower()
        segments = [s for letter in letters for s in _segments(_phonemes(LETTER_NAMES[letter]))]
    else:
        letters = word
        segments = _segments(_phonemes(word))
    if not segments:
        return Reading(tuple(unicodedata.normalize("NFD", word)), "passed", word)
    return Reading(segments, "read", _romanize(letters))


def _romanize(word: str) -> str:
    """The national system of 2010; зг is zgh, to keep it apart from ж."""
    word = word.replace("зг", "зgh")
    return ROMAN_INITIAL.get(word[0], ROMAN_LETTERS[word[0]]) + word[1:].translate(_ROMAN)


def _from_latin(word: str) -> str:
    """Latin letters as Ukrainian ones, by sound; consonants alone by their English names; empty for other scripts."""
    plain = without_marks(word.translate(_LATIN_FOLDED))
    if plain and all(letter in LATIN_NAMES for letter in plain):
        return "'".join(LATIN_NAMES[letter] for letter in plain)
    return "".join(LATIN_LETTERS[found.group()] for found in _LATIN.finditer(plain))


_READER = WordReader("CYRILLIC", _fold, _read, Numbers(NUMERALS.cardinal, "кома", ","), _from_latin)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence, each by itself: as many records as tokens, none empty, whatever the text.

    >>> [(t.ipa, t.romanized) for t in transcribe(["п'ять", "."])]
    [('pjatʲ', 'piat'), ('.', '.')]
    """
    return _READER.transcribe(tokens)
