"""Learns how Sino-Vietnamese readings follow from the readings that a character has in other languages.

Reads Unihan's file of readings; words and dictionaries are in `sino_xenic.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from dataset_scripts.readers import DataError, read_lines

FIELDS = ("kCantonese", "kHangul", "kJapaneseOn", "kMandarin", "kTang", "kVietnamese")
_TONE_MARKS = "\u0300\u0301\u0303\u0304\u0306\u0309\u030c\u0323"
_VOWELS = "aeiouyæɑɛəǔ"
_VI_ONSET = re.compile(r"ngh|ng|nh|gh|gi(?=[aăâeêoôơuư])|kh|ph|th|tr|ch|qu|[bcdđghklmnpqrstvx]|")
_VI_SAME_ONSET = {"k": "c", "qu": "c", "gh": "g", "ngh": "ng"}
_STEPS, _PENALTY, _FOLDS = 40, 0.1, 5
_LEAST_FEATURE = 3  # characters that have it
_UNSEEN = 0.2
_TRIM = 0.02  # a listed reading less likely than that by the laws of the other characters is taken for Nom

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Syllable:
    """A syllable of Vietnamese spelling in the parts that the laws predict one by one."""

    onset: str
    rime: str
    tone: str


def read_unihan(path: Path) -> dict[str, dict[str, str]]:
    """Read the fields in `FIELDS` of Unihan_Readings.txt: character -> field -> value as it stands.

    Raises:
        DataError: If no line holds such a field, or one has no value.
    """
    readings: dict[str, dict[str, str]] = defaultdict(dict)
    for number, line in read_lines(path):
        if line.startswith("U+"):
            code, field, *value = line.split("\t")
            if not value:
                raise DataError(path, number, line, '"U+XXXX<TAB>field<TAB>value"', "Fetch the file again.")
            if field in FIELDS:
                readings[chr(int(code[2:], 16))][field] = value[0]
    if not readings:
        raise DataError(path, None, None, "Unihan_Readings.txt of the Unicode Character Database")
    return dict(readings)


def parse_vietnamese(syllable: str) -> Syllable:
    """Cut a Vietnamese syllable; spellings of one sound (c k qu, ng ngh, i y, the glide o u) are one part.

    >>> parse_vietnamese("quốc"), parse_vietnamese("kỹ") == parse_vietnamese("kĩ")
    (Syllable(onset='c', rime='uôc', tone='́'), True)
    """
    letters, tone = split_tone(syllable)
    match = _VI_ONSET.match(letters)
    onset = match.group() if match else ""
    rime = letters[len(onset) :]
    if onset == "qu":
        rime = "u" + rime
    rime = re.sub(r"^o(?=[aăe])", "u", rime)
    rime = re.sub(r"^y$|^y(?=ê)", "i", rime)
    return Syllable(_VI_SAME_ONSET.get(onset, onset), rime, tone)


def split_tone(syllable: str) -> tuple[str, str]:
    """Letters (NFC) and tone mark of romanised text.

    >>> split_tone("hành") == ("hanh", chr(0x300))
    True
    """
    decomposed = unicodedata.normalize("NFD", syllable)
    # the breve and circumflex of Vietnamese vowels are no tones; the breve of Unihan's pinyin does not occur
    tone = "".join(char for char in decomposed if char in _TONE_MARKS and char != "\u0306")
    letters = "".join(char for char in decomposed if char not in tone)
    return unicodedata.normalize("NFC", letters), tone


def features(readings: Mapping[str, str]) -> dict[str, float]:
    """What is known of a character: parts of its readings and some pairs of parts; a field's readings share weight 1.

    Args:
        readings: Values of `FIELDS`; kVietnamese is not looked at.
    """
    found: Counter[str] = Counter()
    parts: dict[str, list[dict[str, str]]] = {}
    for field, cut in _CUTTERS.items():
        cuts = [cut(text) for text in readings.get(field, "").split()]
        parts[field] = cuts[:1] if field in ("kMandarin", "kCantonese") else cuts
        for cut_parts in parts[field]:
            names = [f"{field} {name} {value}" for name, value in cut_parts.items()]
            names += [f"{field} {' '.join(cut_parts.values())}"]
            for name in names:
                found[name] += 1 / len(parts[field])  # type: ignore[assignment]
    for one, other, name in _PAIRS:
        for first in parts[one][:1]:
            for second in parts[other][:1]:
                found[f"{one} {other} {name} {first[name.split('/')[0]]} {second[name.split('/')[-1]]}"] += 1
    found["bias"] += 1
    return dict(found)


def _cut_hangul(text: str) -> dict[str, str]:
    """Onset, vowel and coda of kHangul's `항:0N`."""
    index = ord(text[0]) - ord("가")
    vowel, coda = str(index // 28 % 21), str(index % 28)
    return {"onset": str(index // 588), "vowel": vowel, "coda": coda, "rime": f"{vowel}-{coda}"}


def _cut_roman(text: str) -> dict[str, str]:
    """Onset, rime and tone of Mandarin, Cantonese and Tang; of Tang, a star marks a common word."""
    digits = "".join(char for char in text if char.isdigit())
    letters, tone = split_tone(text.strip("*").removesuffix(digits))
    onset = re.match(rf"[^{_VOWELS}ü]*", letters)
    cut = onset.end() if onset else 0
    rime = letters[cut:]
    return {"onset": letters[:cut], "rime": rime, "coda": rime[-1:], "tone": tone + digits}


def _cut_on(text: str) -> dict[str, str]:
    """Onset and rime of a Japanese on reading in Unihan's capitals."""
    match = re.match("[^AEIOU]*", text)
    cut = match.end() if match else 0
    return {"onset": text[:cut], "rime": text[cut:]}


_CUTTERS = {
    "kHangul": _cut_hangul,
    "kCantonese": _cut_roman,
    "kMandarin": _cut_roman,
    "kTang": _cut_roman,
    "kJapaneseOn": _cut_on,
}
_PAIRS = (
    ("kHangul", "kCantonese", "onset"),
    ("kHangul", "kCantonese", "onset/tone"),
    ("kHangul", "kMandarin", "onset"),
    ("kCantonese", "kMandarin", "onset"),
    ("kHangul", "kCantonese", "rime"),
    ("kHangul", "kMandarin", "rime"),
    ("kCantonese", "kMandarin", "rime"),
    ("kCantonese", "kMandarin", "tone"),
    ("kMandarin", "kCantonese", "onset/tone"),
    ("kJapaneseOn", "kHangul", "onset"),
    ("kJapaneseOn", "kMandarin", "onset/tone"),
)


class SoundLaws:
    """Probability of each Vietnamese syllable as the reading of a character, from its readings elsewhere.

    Three multinomial logistic regressions, for onset, rime and tone, whose product is spread over the syllables that
    Vietnamese has.

    Args:
        examples: Features of characters and a Vietnamese reading of each.
        syllables: Every syllable that may come out.
    """

    def __init__(self, examples: Sequence[tuple[Features, str]], syllables: Iterable[str]) -> None:
        counts = Counter(name for known, _ in examples for name in known)
        self._columns = {name: i for i, name in enumerate(sorted(n for n, c in counts.items() if c >= _LEAST_FEATURE))}
        inputs = self._matrix([known for known, _ in examples])
        parsed = [parse_vietnamese(reading) for _, reading in examples]
        possible = {syllable: parse_vietnamese(syllable) for syllable in sorted(set(syllables))}
        self._models = []
        for part in ("onset", "rime", "tone"):
            labels = [getattr(syllable, part) for syllable in parsed]
            classes = sorted(set(labels))
            weights = _fit(inputs, np.array([classes.index(label) for label in labels]), len(classes))
            self._models.append((part, {label: i for i, label in enumerate(classes)}, weights))
        self.syllables = [
            text for text, cut in possible.items() if all(getattr(cut, part) in c for part, c, _ in self._models)
        ]
        self._places = [
            np.array([classes[getattr(possible[text], part)] for text in self.syllables])
            for part, classes, _ in self._models
        ]
        seen = Counter(parsed)
        self._prior = np.log([seen[possible[text]] + _UNSEEN for text in self.syllables])

    def probabilities(self, characters: Sequence[Features]) -> NDArray[np.float64]:
        """Probabilities of `syllables`, shape (characters, syllables); every row sums to 1."""
        inputs = self._matrix(characters)
        total = np.zeros((len(characters), len(self.syllables)))
        total += self._prior
        for (_, _, weights), places in zip(self._models, self._places, strict=True):
            total += np.log(_softmax(inputs @ weights) + 1e-12)[:, places]
        return _softmax(total)

    def score(self, examples: Sequence[tuple[Features, str]]) -> list[float]:
        """Probability of the reading of each example; 0 where no syllable is spelled so."""
        places = {parse_vietnamese(text): place for place, text in enumerate(self.syllables)}
        table = self.probabilities([known for known, _ in examples])
        found = [places.get(parse_vietnamese(reading)) for _, reading in examples]
        return [0.0 if place is None else float(row[place]) for row, place in zip(table, found, strict=True)]

    def _matrix(self, characters: Sequence[Features]) -> sparse.csr_matrix:
        """Features as rows, shape (characters, features); unknown ones are left out."""
        cells = [
            (row, self._columns[name], value)
            for row, known in enumerate(characters)
            for name, value in known.items()
            if name in self._columns
        ]
        rows, columns, values = zip(*cells, strict=True)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(characters), len(self._columns)))


def learn_laws(examples: Sequence[tuple[Features, str]], syllables: Sequence[str]) -> SoundLaws:
    """Learn from listed readings, many of them Nom: those that the laws of the others find unlikely are left out.

    Args:
        examples: Features of each character and its listed reading.
        syllables: Every syllable that may come out.
    """
    kept: list[tuple[Features, str]] = []
    for fold in range(_FOLDS):
        laws = SoundLaws([example for i, example in enumerate(examples) if i % _FOLDS != fold], syllables)
        judged = examples[fold::_FOLDS]
        kept += [example for example, found in zip(judged, laws.score(judged), strict=True) if found >= _TRIM]
    return SoundLaws(kept, syllables)


def _fit(inputs: sparse.csr_matrix, labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float64]:
    """Weights of a multinomial logistic regression with an L2 penalty, shape (features, classes)."""
    target = np.eye(num_classes)[labels]
    rows = np.arange(len(labels))
    shape = (inputs.shape[1], num_classes)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        guess = _softmax(inputs @ weights)
        slope = inputs.T @ (guess - target) + _PENALTY * weights
        return float(-np.log(guess[rows, labels] + 1e-12).sum() + _PENALTY / 2 * (flat @ flat)), slope.ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    weights: NDArray[np.float64] = found.x.reshape(shape)
    return weights


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    total: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return total
