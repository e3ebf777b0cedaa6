"""Articulatory features of IPA segments, as arrays: panphon's table, mended where it loses what we write, and tones.

No distances and no transcription. Reads panphon's data file, not the package, which would load pandas for seconds.
"""

import csv
import functools
import importlib.util
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .transcription import TONE_LETTERS, MissingToolError

SEGMENT_FEATURES = (
    "syl son cons cont delrel lat nas strid voi sg cg ant cor distr lab hi lo back round velaric tense long "
    "hitone hireg"
).split()
TONE_FEATURES = ["tone_start", "tone_middle", "tone_end", "tone_glottal", "tone"]
FEATURES = (*SEGMENT_FEATURES, *TONE_FEATURES)

_TENSE, _GLOTTAL = "\u0348", "ˀ"
# Symbols that panphon drops without a word, in its own spelling; each of these is in its table.
_RESPELLED = {"ʱ": "\u0324", "ɝ": "ɜ˞", "ɚ": "ə˞", "ᵻ": "ɪ", "g": "ɡ"}
_VALUES = {"+": 1.0, "-": -1.0, "0": 0.0}


def feature_array(segments: Sequence[str]) -> NDArray[np.float32]:
    """Features of segments.

    Args:
        segments: Segments of the normal form, tones among them.

    Returns:
        Shape (segments, features), columns as in `FEATURES`: +1, -1 or 0 for panphon's 24, the pitch of a tone at its
        start, middle and end from -1 (lowest) to 1, and 1 in "tone_glottal" and "tone" where they hold. A segment of
        two vowels or consonants that panphon knows only apart is their mean. A row of zeros is a segment without known
        features: see `has_features`.

    Raises:
        MissingToolError: If panphon is not installed.

    Source: panphon (Mortensen et al. 2016); the tense consonants of Korean, which it merges with the lax ones, get +cg.

    >>> feature_array(["k", "˧˥"])[1, -5:].tolist()
    [0.0, 0.5, 1.0, 0.0, 1.0]
    """
    return np.array([_features(segment) for segment in segments], np.float32).reshape(-1, len(FEATURES))


def has_features(segment: str) -> bool:
    """Whether anything is known of a segment.

    >>> [has_features(segment) for segment in ("t͡ɕ͈", "˥˩", "京")]
    [True, True, False]
    """
    return any(_features(segment))


@functools.lru_cache(maxsize=1 << 14)
def _features(segment: str) -> tuple[float, ...]:
    text = unicodedata.normalize("NFD", segment)
    if text and text[0] in TONE_LETTERS:
        return (0.0,) * len(SEGMENT_FEATURES) + _contour(text)
    return (*_articulation(text), *(0.0,) * len(TONE_FEATURES))


def _contour(tone: str) -> tuple[float, ...]:
    """Start, middle, end, glottalised, present."""
    levels = [1 - TONE_LETTERS.index(char) / 2 for char in tone if char in TONE_LETTERS]
    middle = (levels[(len(levels) - 1) // 2] + levels[len(levels) // 2]) / 2
    return levels[0], middle, levels[-1], float(_GLOTTAL in tone), 1.0


def _articulation(text: str) -> tuple[float, ...]:
    """Panphon's features of one segment, or zeros."""
    for ours, theirs in _RESPELLED.items():
        text = text.replace(ours, theirs)
    plain = text.replace(_TENSE, "")
    found = _table().get(plain)
    if found is None:
        parts = _split_known(plain)
        if not parts:
            return (0.0,) * len(SEGMENT_FEATURES)
        found = tuple(float(value) for value in np.mean(parts, axis=0))
    if plain != text:
        place = SEGMENT_FEATURES.index("cg")
        found = (*found[:place], 1.0, *found[place + 1 :])
    return found


def _split_known(text: str) -> list[tuple[float, ...]]:
    """The longest known parts of a segment, in order; none if something is left over."""
    parts = []
    rest = text
    while rest:
        size = next((size for size in range(len(rest), 0, -1) if rest[:size] in _table()), 0)
        if not size:
            return []
        parts.append(_table()[rest[:size]])
        rest = rest[size:].lstrip("\u0361\u035c")
    return parts


@functools.cache
def _table() -> Mapping[str, tuple[float, ...]]:
    spec = importlib.util.find_spec("panphon")
    if spec is None or not spec.submodule_search_locations:
        raise MissingToolError("panphon", "articulatory features")
    path = Path(spec.submodule_search_locations[0]) / "data" / "ipa_all.csv"
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    if names[1:] != SEGMENT_FEATURES:
        raise ValueError(f"{path}: expected the columns {', '.join(SEGMENT_FEATURES)}; found {', '.join(names[1:])}")
    return {unicodedata.normalize("NFD", row[0]): tuple(_VALUES[value] for value in row[1:]) for row in rows}
