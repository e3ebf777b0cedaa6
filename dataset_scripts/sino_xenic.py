"""Words of Han characters read as Vietnamese and Korean read them: candidates, choice by target text, pairs of words.

How readings of characters come about is in `sound_laws.py`; files and tools are in `make_sino_xenic.py`.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dataset_scripts.readers import DataError, read_lines
from dataset_scripts.sound_laws import parse_vietnamese

PAIRS = (("zh", "vi"), ("ja", "ko"), ("zh", "ko"), ("ja", "vi"), ("zh", "ja"), ("vi", "ko"))
Reader = Literal["vi", "ko"]
Readings = Mapping[str, Mapping[str, float]]  # character, traditional -> syllable -> weight, sum 1

_MOST_CANDIDATES = 64
_ROUNDS = 4
_PRIOR_WORDS = 4.0  # how many attested words outweigh the prior of a character's readings
# Weight of "the text has this string, but by chance", beside the weight of a candidate; while learning it is high, so
# that syllables that stand in many words (thể, công) teach nothing.
_CHANCE_LEARNING, _CHANCE = 0.5, 0.05
_UNSEEN = 0.3  # occurrences of a word that a dictionary knows and the text lacks
_LEAST_WEIGHT = 0.05  # of each syllable of a reading that is chosen
# Article 11 and 12 of the Korean spelling rules: what ㄹ and ㄴ become at the beginning of a word.
_PALATAL = "ㅑㅕㅖㅛㅠㅣ"
_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_NO_CODA, _N_CODA, _L_CODA = 0, 4, 8
# What may follow a noun in a Korean word: particles, the copula, and the verbs and suffixes made of nouns.
_PARTICLE = (
    "은|는|이|가|을|를|의|에|에서|에게|에는|에도|에서는|로|으로|로서|으로서|로써|으로써|로는|으로는|로의|으로의|와|과|와의|과의|도|만|"
    "만이|만을|부터|까지|보다|처럼|나|이나|라는|이라는|라고|이라고|마다|밖에|뿐|조차|마저|란|이란|라|이라|든지|이든|께서|에서의|에의|에만|"
    "에서도|이며|며|이고|고|인|일|임|이다|다|였다|이었다|이자|입니다|이었던|였던|이었으며|였으며|이지만|지만|이므로|인데|이었고|였고"
)
_VERB = "하|되|했|됐|됨|한|할|함|해|된|될|시키|시킨|시켜|당하|당한|당했|적인|적이"
_AFTER_NOUN = re.compile(rf"(?:들|적|상|님|별)?(?:{_PARTICLE})?|(?:{_VERB}).*")


@dataclass(frozen=True, slots=True)
class Tables:
    """Readings of characters in traditional form; of Vietnamese and Korean with weights, which sum to 1.

    Attributes:
        vietnamese: Character -> syllable -> weight.
        korean: The same, without the changes at the beginning of a word.
        on: Character -> Japanese on readings in Unihan's capitals; has every character of the others.
    """

    vietnamese: dict[str, dict[str, float]]
    korean: dict[str, dict[str, float]]
    on: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """How a word is read: the target's spelling, the syllables, and how sure that is.

    Attributes:
        target: As the target's text spells it.
        syllables: One per character.
        score: Probability of the reading among the attested ones and chance, 0 to 1.
        count: Occurrences of the target in the text.
    """

    target: str
    syllables: tuple[str, ...]
    score: float
    count: float


@dataclass(slots=True)
class HanWord:
    """A word in traditional characters, how languages write it, and how often their text has it.

    Attributes:
        forms: Language (zh, ja) -> spellings.
        counts: Language (zh, ja) -> occurrences.
        choices: Language (vi, ko) -> reading.
    """

    forms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)


class TargetText:
    """The words of a language's text by sound: how often each occurs and how it is spelled.

    Args:
        language: Whose spelling it is.
        words: Words and their counts; of Vietnamese with spaces between syllables.
    """

    def __init__(self, language: Reader, words: Mapping[str, float]) -> None:
        self.language = language
        self._counts: dict[str, float] = defaultdict(float)
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for word, count in words.items():
            key = self.key(word.split() if language == "vi" else word)
            self._counts[key] += count
            spellings[key][word] += count  # type: ignore[assignment]
        self._spellings = {key: min(found, key=lambda word: (-found[word], word)) for key, found in spellings.items()}

    def key(self, syllables: Sequence[str]) -> str:
        """What two spellings of one sound share; Korean at the beginning of a word."""
        if self.language == "vi":
            return " ".join(map(vietnamese_key, syllables))
        return apply_initial_law(syllables)

    def count(self, key: str) -> float:
        """Occurrences, 0 if there are none."""
        return self._counts.get(key, 0.0)

    def spelling(self, key: str) -> str:
        """The most frequent spelling.

        Raises:
            KeyError: If the text has no such word.
        """
        return self._spellings[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys that occur."""
        return iter(self._counts)


@functools.lru_cache(maxsize=1 << 15)
def vietnamese_key(syllable: str) -> str:
    """A spelling-independent name of a syllable, in lower case: of kỹ and kĩ, hòa and hoà.

    >>> vietnamese_key("Kỹ") == vietnamese_key("kĩ"), vietnamese_key("hòa") == vietnamese_key("hoà")
    (True, True)
    """
    cut = parse_vietnamese(syllable.lower())
    return f"{cut.onset}{cut.rime}{cut.tone}"


def apply_initial_law(syllables: Sequence[str]) -> str:
    """Write Sino-Korean syllables as one word: ㄹ and ㄴ at its beginning, 렬 률 after a vowel or ㄴ, 불 before ㄷ ㅈ.

    Source: Korean spelling rules (Hangeul orthography), articles 10 to 12 and 52.

    >>> apply_initial_law(["녀", "자"]), apply_initial_law(["비", "률"]), apply_initial_law(["불", "동", "산"])
    ('여자', '비율', '부동산')
    """
    written: list[str] = []
    for place, syllable in enumerate(syllables):
        onset, vowel, coda = _jamo(syllable)
        if place == 0:
            onset = _initial(onset, vowel)
        elif syllable in "렬률" and _jamo(written[-1])[2] in (_NO_CODA, _N_CODA):
            onset = "ㅇ"
        written.append(_compose(onset, vowel, coda))
        if place and written[-2] == "불" and onset in "ㄷㅈ" and syllables[place - 1] == "불":
            written[-2] = "부"
    return "".join(written)


def initial_form(syllable: str) -> str:
    """A Sino-Korean syllable as it is at the beginning of a word.

    >>> initial_form("률"), initial_form("로"), initial_form("산")
    ('율', '노', '산')
    """
    onset, vowel, coda = _jamo(syllable)
    return _compose(_initial(onset, vowel), vowel, coda)


def _initial(onset: str, vowel: str) -> str:
    if onset in "ㄹㄴ" and vowel in _PALATAL:
        return "ㅇ"
    return "ㄴ" if onset == "ㄹ" else onset


def _jamo(syllable: str) -> tuple[str, str, int]:
    index = ord(syllable) - ord("가")
    return _ONSETS[index // 588], _VOWELS[index // 28 % 21], index % 28


def _compose(onset: str, vowel: str, coda: int) -> str:
    return chr(ord("가") + (_ONSETS.index(onset) * 21 + _VOWELS.index(vowel)) * 28 + coda)


def count_korean_nouns(eojeols: Mapping[str, float], longest: int = 6) -> dict[str, float]:
    """Beginnings of Korean words that may be nouns: the rest is nothing, a particle, or the ending of a derived verb.

    Args:
        eojeols: Words between spaces and their counts; what is not all Hangul is left out.
        longest: Syllables of a noun at most; at least two.

    >>> count_korean_nouns({"행동으로": 2, "행동": 1})["행동"]
    3.0
    """
    nouns: dict[str, float] = defaultdict(float)
    for word, count in eojeols.items():
        if not re.fullmatch("[가-힣]+", word):
            continue
        for length in range(2, min(longest, len(word)) + 1):
            if _AFTER_NOUN.fullmatch(word, length):
                nouns[word[:length]] += count
    return dict(nouns)


def candidates(word: str, readings: Readings) -> list[tuple[float, tuple[str, ...]]]:
    """The likeliest readings of a word, best first, as (weight, syllables); none if a character has no reading.

    >>> candidates("行動", {"行": {"hành": 0.7, "hàng": 0.3}, "動": {"động": 1.0}})
    [(0.7, ('hành', 'động')), (0.3, ('hàng', 'động'))]
    """
    best: list[tuple[float, tuple[str, ...]]] = [(1.0, ())]
    for char in word:
        longer = [
            (weight * more, (*syllables, syllable))
            for weight, syllables in best
            for syllable, more in readings.get(char, {}).items()
        ]
        best = sorted(longer, key=lambda item: (-item[0], item[1]))[:_MOST_CANDIDATES]
    return best


def choose(word: str, readings: Readings, text: TargetText) -> Choice | None:
    """The reading that characters and text agree on, or None where the text has no candidate.

    A candidate weighs its weight among all candidates times the logarithm of its count; chance weighs `_CHANCE`.
    """
    found = []
    for weight, syllables in candidates(word, readings):
        count = text.count(text.key(syllables))
        rare = any(readings[char][syllable] < _LEAST_WEIGHT for char, syllable in zip(word, syllables, strict=True))
        if count and not rare:
            found.append((weight * (1 + math.log(count)), syllables, count))
    if not found:
        return None
    weight, syllables, count = max(found)
    total = _CHANCE + sum(other for other, _, _ in found)
    return Choice(text.spelling(text.key(syllables)), syllables, weight / total, count)


def refine(readings: Readings, words: Iterable[str], text: TargetText) -> dict[str, dict[str, float]]:
    """Weigh the readings of characters by the words that the target's text has: expectation-maximisation.

    Args:
        readings: The prior.
        words: Han words; each counts once, so that frequent ones do not drown the rest.
        text: The target language's words.

    Returns:
        Weights of the same characters and syllables.
    """
    known = [word for word in words if any(text.count(text.key(s)) for _, s in candidates(word, readings))]
    weights = {char: dict(row) for char, row in readings.items()}
    for _ in range(_ROUNDS):
        expected: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for word in known:
            found = [(w, s) for w, s in candidates(word, weights) if text.count(text.key(s))]
            total = _CHANCE_LEARNING + sum(weight for weight, _ in found)
            for weight, syllables in found:
                for char, syllable in zip(word, syllables, strict=True):
                    expected[char][syllable] += weight / total
        for char, row in expected.items():
            mass = sum(row.values()) + _PRIOR_WORDS
            weights[char] = {s: (row.get(s, 0.0) + _PRIOR_WORDS * p) / mass for s, p in readings[char].items()}
    return weights


def read_tables(path: Path) -> Tables:
    """Read `character TAB vi TAB ko TAB ja`: lists of `syllable:weight`, in thousandths, and of on readings.

    Raises:
        DataError: For a line of another form.
    """
    tables = Tables({}, {}, {})
    for number, line in read_lines(path):
        fields = line.split("\t")
        if len(fields) != 4:
            raise DataError(path, number, line, '"character<TAB>vi<TAB>ko<TAB>ja"', "Make the table again.")
        char, vietnamese, korean, on = fields
        for table, cell in ((tables.vietnamese, vietnamese), (tables.korean, korean)):
            if items := [item.split(":") for item in cell.split()]:
                table[char] = {syllable: int(weight) / 1000 for syllable, weight in items}
        tables.on[char] = tuple(on.split())
    return tables


def write_tables(tables: Tables) -> str:
    """The text that `read_tables` reads, by code point; weights under one thousandth are left out."""
    return "".join(
        f"{char}\t{_cell(tables.vietnamese.get(char, {}))}\t{_cell(tables.korean.get(char, {}))}\t{' '.join(on)}\n"
        for char, on in sorted(tables.on.items())
    )


def _cell(row: Mapping[str, float]) -> str:
    items = sorted((-round(weight * 1000), syllable) for syllable, weight in row.items())
    return " ".join(f"{syllable}:{-weight}" for weight, syllable in items if weight)


def pair_words(words: Mapping[str, HanWord], source: str, target: str) -> list[tuple[str, str, float]]:
    """The pairs of two languages as (source, target, score), by source, best target first, no identical ones.

    The score of a read target is that of its reading times the share of this word among the words that are read so
    (homophones); zh-ja, which reads nothing, has score 1.

    Args:
        words: Traditional form -> word.
        source: zh, ja or vi.
        target: vi, ja or ko.
    """
    shares = {language: _shares(words, language, source) for language in ("vi", "ko")}
    scores: dict[tuple[str, str], float] = {}
    for form, word in words.items():
        sources, first = _sides(word, source, shares, form)
        targets, second = _sides(word, target, shares, form)
        for pair in itertools.product(sources, targets):
            if pair[0] != pair[1]:
                scores[pair] = max(scores.get(pair, 0.0), first * second)
    return sorted(((s, t, score) for (s, t), score in scores.items()), key=lambda row: (row[0], -row[2], row[1]))


def _sides(
    word: HanWord, language: str, shares: Mapping[str, Mapping[str, float]], form: str
) -> tuple[tuple[str, ...], float]:
    """Spellings of a word in a language and their score."""
    if language in ("zh", "ja"):
        return word.forms.get(language, ()), 1.0
    choice = word.choices.get(language)
    return ((choice.target,), choice.score * shares[language][form]) if choice else ((), 0.0)


def _shares(words: Mapping[str, HanWord], language: str, source: str) -> dict[str, float]:
    """Share of each word's occurrences in the source's text among the words with the same reading."""
    read = {form: word.choices[language].target for form, word in words.items() if language in word.choices}
    weights = {form: _UNSEEN + words[form].counts.get(source, sum(words[form].counts.values())) for form in read}
    totals: dict[str, float] = defaultdict(float)
    for form, target in read.items():
        totals[target] += weights[form]
    return {form: weights[form] / totals[target] for form, target in read.items()}


def is_read_by_sound(word: str, reading: str, on_readings: Mapping[str, Sequence[str]]) -> bool:
    """Whether a Japanese word is read by Chinese sounds (on), so that its cognates are worth reading.

    Args:
        word: Kanji.
        reading: Of the word, in capitals as Unihan writes on readings, Q for ッ.
        on_readings: Character -> on readings.

    >>> on = {"学": ["GAKU"], "校": ["KOU"], "相": ["SOU"], "手": ["SHU"]}
    >>> is_read_by_sound("学校", "GAQKOU", on), is_read_by_sound("相手", "AITE", on)
    (True, False)
    """
    pattern = ""
    for place, char in enumerate(word):
        forms = on_readings.get(char, ())
        pattern += f"(?:{'|'.join(sorted(_on_variants(forms, place > 0, place < len(word) - 1)))})"
    return re.fullmatch(pattern, reading) is not None and "(?:)" not in pattern


_VOICED = (("SH", "J"), ("CH", "J"), ("TS", "Z"), ("K", "G"), ("S", "Z"), ("T", "D"), ("H", "B"), ("F", "B"))


def _on_variants(forms: Sequence[str], inside: bool, followed: bool) -> set[str]:
    """On readings as they sound inside a word: voiced, with p for h, after n, and shortened before a consonant."""
    variants = set(forms)
    if inside:
        for form in forms:
            variants |= {loud + form[len(plain) :] for plain, loud in _VOICED if form.startswith(plain)}
            variants |= {"P" + form[1:]} if form[0] in "HF" else set()
            variants |= {"N" + form, "M" + form} if form[0] in "AEIOU" else set()
    if followed:
        variants |= {re.sub("(TSU|CHI|KU|KI)$", "Q", form) for form in tuple(variants)}
    return variants
