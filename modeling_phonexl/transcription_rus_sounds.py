"""Russian letters with stress to segments: silent letters, softness, voice, length, and reduction of vowels.

Holds no stress: a word comes with U+0301 after its stressed vowel. Standard of Moscow, as dictionaries write it.
"""

import re
from dataclasses import dataclass

from .transcription_rus_table import (
    ALWAYS_HARD,
    ALWAYS_SOFT,
    CONSONANTS,
    HARD_G,
    HARD_LOANS,
    TO_VOICED,
    TO_VOICELESS,
)

_STRESSED = re.compile("(.)\u0301")
_C = "бвгджзйклмнпрстфхцчшщђҗ"
_PAIRED = "бвгдзклмнпрстфх"

# Vowels are small letters, stressed ones capitals; = is a prefix's border between like consonants: both are heard.
_PREFIX = "(?:не|на|по|за|пере|про|при|вы|до|у|о)?"
_RULES = (
    (f"^({_PREFIX}(?:рас|бес|ис|вос))(?=с)", r"\1="),
    (f"^({_PREFIX}(?:раз|без|из|воз))(?=з)", r"\1="),
    (f"^({_PREFIX}(?:от|под|над|пред))(?=[тд])", r"\1="),
    (f"^({_PREFIX}об)(?=б)", r"\1="),
    (r"^([вс])(?=\1)", r"\1="),
    # Irregular: сегодня, что, чтобы, конечно, скучно, мягкий, бог, здравствуй, чувство, солнце, сердце, шестьсот.
    ("(?<=^с[еЕ])г(?=[оО]дн)", "в"),
    ("^ч(?=тО$|т[оО]б)|(?<=^ни)ч(?=тО$)", "ш"),
    ("(?<=[нН][еЕ])ч(?=но$)(?<=кон.ч)|(?<=нар[оО])ч(?=но$)|(?<=ск[уУ])ч(?=н)|(?<=[яЯ][иИ])ч(?=ниц)", "ш"),
    ("(?<=м[яЯ])г(?=[кч])|(?<=л[еЁЕ])г(?=[кч])|(?<=^бО)г$", "х"),
    ("(?<=здр[аА])в(?=ств)|(?<=ч[уУ])в(?=ств)|(?<=л)в(?=ств)", ""),
    ("(?<=сО)л(?=нц)|(?<=[еЕ]р)д(?=[цч])", ""),
    ("шестьд", "шезьд"),
    ("шестьс", "шес=с"),
    ("(?<=пя)тьс(?=[оО]т)", "цс"),
    # Silent т and д.
    ("(?<=н)[тд](?=ск)|(?<=[зс])т(?=ск)|(?<=с)т(?=н)", ""),
    ("(?<!б[еЕ]з)(?<=з)д(?=н)|(?<=з)д(?=ц)|(?<=[аАиИеЕ]с)т(?=л[иИ]в)", ""),
    # Consonants that melt into one.
    ("(?:[сзж]|ст|зд)ч|[сз]щ", "щ"),
    ("[зс]ш", "ш=ш"),
    (f"^({_PREFIX}(?:ра|во|бе|и|ни))зж", r"\1ж=ж"),
    ("сж", "ж=ж"),
    ("зж|жж", "җ"),
    ("ть?ся$", "ца"),
    ("ть?сЯ$", "цА"),
    (f"^({_PREFIX}(?:о|по|на|пре))[тд]с", r"\1цс"),
    ("[тд]с", "ц"),
    ("[тд]ч", "ч=ч"),
    ("[тд]щ", "чщ"),
    ("[тд]ц", "ц"),
    ("(?<!^по)(?<!^на)(?<!^пре)дж", "ђ"),
    # Letters to sounds: ь after every soft consonant, й for every j.
    (f"(?<![{_C}])([яюеёЯЮЕЁ])", r"й\1"),
    ("ь([иоИО])", r"ьй\1"),
    (f"(?<=[{_PAIRED}])(?=[яюеёиЯЮЕЁИ])", "ь"),
    ("(?<=[жшцђ])и", "ы"),
    ("(?<=[жшцђ])И", "Ы"),
)
_APPLIED = [(re.compile(pattern), new) for pattern, new in _RULES]
_LOAN = re.compile("|".join(HARD_LOANS), re.IGNORECASE)
_ADJECTIVE_G = re.compile("(?<=[оеОЕ])г(?=[оО](?:ся)?$)")
_PLAIN = str.maketrans({"я": "а", "ю": "у", "Я": "А", "Ю": "У", "ъ": None, "'": None})
# After the stress я is ə in an ending, else ɪ as е is there.
_STEM_YA = re.compile("я(?!(?:м|ми|х|т|тся|я)?$)")
_TO_THE_STRESS = re.compile(".*[АОУЫИЕЁЭЮЯ]")
_UNIT = re.compile(f"(=?)(?:([{_C}])(ь?)|([аоуыиеёэАОУЫИЕЁЭ]))")
_SOFTENS = {"с": "тдсзнл", "з": "тдсзнл", "т": "тднсз", "д": "тднсз", "н": "тдсзнчщџҗ"}
_STRESSED_VOWELS = {"а": "a", "о": "o", "у": "u", "ы": "ɨ", "и": "i", "е": "ɛ", "э": "ɛ", "ё": "o"}
_STRESSED_AFTER_SOFT = {"о": "ɵ", "ё": "ɵ", "е": "e", "э": "e"}
_BETWEEN_SOFT = {"а": "æ", "у": "ʉ"}

INVENTORY: tuple[str, ...] = tuple(
    sorted(
        set("a æ ɐ ə o ɵ u ʉ ʊ ɨ i ɪ ɛ e".split())
        | {CONSONANTS[letter] for letter in ALWAYS_SOFT}
        | {CONSONANTS[letter] + "ː" for letter in "чџй"}
        | {CONSONANTS[letter] + long for letter in ALWAYS_HARD for long in ("", "ː")}
        | {CONSONANTS[letter] + soft + long for letter in _PAIRED + "ғ" for soft in ("", "ʲ") for long in ("", "ː")}
        - {"ɫʲ", "ɫʲː"}
        | {"lʲ", "lʲː"}
    )
)


@dataclass(slots=True)
class _Unit:
    """A consonant or a vowel, in the letters of the tables."""

    letter: str
    is_vowel: bool
    is_soft: bool = False
    is_stressed: bool = False
    after_border: bool = False
    is_long: bool = False


def read_sounds(word: str, *, is_proclitic: bool = False) -> list[str]:
    """Segments of a word.

    Args:
        word: Small letters, U+0301 after each stressed vowel; without one, no vowel is stressed.
        is_proclitic: Whether the word leans on the next one, which carries the stress and the voice.

    Returns:
        Segments of `INVENTORY`; none if the word has nothing but signs without sound.
    """
    units = _units(_spell(_STRESSED.sub(lambda found: found[1].upper(), word)))
    _assimilate(units, is_proclitic)
    units = _merge(units)
    return _sounds(units, is_proclitic)


def _spell(word: str) -> str:
    """Sounds in Cyrillic letters, with what the rules need to know of the spelling."""
    if word.lower() not in HARD_G:
        word = _ADJECTIVE_G.sub("в", word)
    word = _LOAN.sub(lambda found: "Э" if found.group().isupper() else "э", word)
    if stressed := _TO_THE_STRESS.match(word):
        word = stressed.group() + _STEM_YA.sub("е", word[stressed.end() :])
    for pattern, new in _APPLIED:
        word = pattern.sub(new, word)
    return word.translate(_PLAIN)


def _units(spelled: str) -> list[_Unit]:
    units = []
    for border, consonant, soft, vowel in _UNIT.findall(spelled):
        if vowel:
            units.append(_Unit(vowel.lower(), is_vowel=True, is_stressed=vowel.isupper()))
        else:
            is_soft = consonant in ALWAYS_SOFT or bool(soft) and consonant not in ALWAYS_HARD
            units.append(_Unit(consonant, is_vowel=False, is_soft=is_soft, after_border=bool(border)))
    return units


def _assimilate(units: list[_Unit], is_proclitic: bool) -> None:
    """Voice and softness of consonants before others, from the last one back; no voice at the end of a word."""
    after: _Unit | None = None
    for unit in reversed(units):
        if not unit.is_vowel and after is None:
            if not is_proclitic:
                unit.letter = TO_VOICELESS.get(unit.letter, unit.letter)
        elif after is not None and not unit.is_vowel and not after.is_vowel:
            if after.letter in TO_VOICED:
                unit.letter = TO_VOICELESS.get(unit.letter, unit.letter)
            elif after.letter in TO_VOICELESS and after.letter != "в":
                unit.letter = TO_VOICED.get(unit.letter, unit.letter)
            if after.is_soft and (after.letter == unit.letter or after.letter in _SOFTENS.get(unit.letter, "")):
                unit.is_soft = True
        after = unit


def _merge(units: list[_Unit]) -> list[_Unit]:
    """Two like consonants become one, long where it is heard: at a border, нн, and right after the stress."""
    merged: list[_Unit] = []
    for index, unit in enumerate(units):
        last = merged[-1] if merged else None
        if last is None or unit.is_vowel or last.letter != unit.letter or last.is_long:
            merged.append(unit)
            continue
        after = units[index + 1] if index + 1 < len(units) else None
        before = merged[-2] if len(merged) > 1 else None
        last.is_soft = unit.is_soft
        if unit.after_border:
            is_obstruent = after is not None and after.letter in {*TO_VOICED, *TO_VOICELESS} - {"в"}
            last.is_long = not is_obstruent
        elif before is not None and after is not None and before.is_vowel and after.is_vowel:
            last.is_long = unit.letter == "н" or before.is_stressed
    return merged


def _sounds(units: list[_Unit], is_proclitic: bool) -> list[str]:
    """IPA of the units; an unstressed vowel depends on how far before or after the stress it stands."""
    segments = []
    distance = 1 if is_proclitic else 0  # syllables to the next stress, 0 after the last one
    distances = [0] * len(units)
    for index in range(len(units) - 1, -1, -1):
        if units[index].is_vowel:
            distances[index] = distance
            distance = 1 if units[index].is_stressed else distance + 1 if distance else 0
    for index, unit in enumerate(units):
        before = units[index - 1] if index else None
        after = units[index + 1] if index + 1 < len(units) else None
        if not unit.is_vowel:
            soft = unit.is_soft and unit.letter not in ALWAYS_SOFT
            ipa = "lʲ" if soft and unit.letter == "л" else CONSONANTS[unit.letter] + ("ʲ" if soft else "")
            segments.append(ipa + ("ː" if unit.is_long and ipa[-1] != "ː" else ""))
        elif unit.is_stressed or unit.letter == "ё":
            segments.append(_stressed_vowel(unit.letter, before, after))
        else:
            segments.append(_weak_vowel(unit.letter, distances[index], before, after, units))
    return segments


def _stressed_vowel(letter: str, before: _Unit | None, after: _Unit | None) -> str:
    if before is None or not before.is_soft:
        return _STRESSED_VOWELS[letter]
    if after is not None and after.is_soft and letter in _BETWEEN_SOFT:
        return _BETWEEN_SOFT[letter]
    return _STRESSED_AFTER_SOFT.get(letter, _STRESSED_VOWELS[letter])


def _weak_vowel(letter: str, distance: int, before: _Unit | None, after: _Unit | None, units: list[_Unit]) -> str:
    """An unstressed vowel, `distance` syllables before the stress, 0 after it."""
    is_after_soft = before is not None and before.is_soft
    if letter == "у":
        return "ʉ" if is_after_soft and after is not None and after.is_soft else "ʊ"
    if letter == "ы":
        return "ɨ"
    if letter == "и":
        return "ɪ"
    if letter == "е" or letter == "э":
        if is_after_soft:
            return "e" if after is None and not distance else "ɪ"
        if before is None or before.is_vowel:
            return "ɪ"
        return "ə" if after is None and not distance and letter == "е" else "ɨ"
    if is_after_soft and letter == "а":
        return "ɪ" if distance else "ə"
    in_hiatus = any(near is not None and near.is_vowel and near.letter in "ао" for near in (before, after))
    is_strong = distance == 1 or distance and (before is None or in_hiatus)
    return "ɐ" if is_strong and not is_after_soft else "ə"
