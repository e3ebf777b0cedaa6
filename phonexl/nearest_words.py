"""Words of a language that sound nearest to a given sound: edit distance of segments, weighted by articulation.

Learns nothing and knows no meaning: words that were borrowed with regular changes are paired in `dataset_scripts`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset_scripts.dictionary import BilingualDictionary
from modeling_phonexl.articulation import FEATURES, feature_array
from modeling_phonexl.transcription import Transcriber

Sounds = tuple[str, ...]
Floats = NDArray[np.float64]

COUNTERPARTS = {"zh": "vi", "vi": "zh", "ja": "ko", "ko": "ja"}  # the pairs of the shipped dictionaries by sound

# Manner outweighs place, and place voice and phonation: panphon's data/feature_weights.csv (Mortensen et al. 2016). The
# pitch of a tone, at three points, and its glottal stop weigh half as much as voice: tones seldom answer each other.
_MANNER = {"syl": 1.0, "son": 1.0, "cons": 1.0, "cont": 0.5}
_PLACE = dict.fromkeys("delrel lat nas ant cor lab hi lo back round tense velaric".split(), 0.25)
_PHONATION = dict.fromkeys("strid voi sg cg distr long".split(), 0.125)
_TONE = dict.fromkeys("tone_start tone_middle tone_end tone_glottal".split(), 0.0625)
_WEIGHTS = _MANNER | _PLACE | _PHONATION | _TONE
_WEIGHT_ROW = np.array([_WEIGHTS.get(name, 0.0) for name in FEATURES])
_SYL, _SON, _CONS, _IS_TONE = (FEATURES.index(name) for name in ("syl", "son", "cons", "tone"))
# What it costs that the other word lacks a segment; glides come and go between languages more easily than others.
_GAP, _GLIDE_GAP, _TONE_GAP = 0.75, 0.25, 0.125


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A sound that was found, with the words that have it.

    Attributes:
        words: Their spellings.
        segments: The sound, as compared.
        distance: From 0, the same sound, to 1, nothing alike.
        rank: 1 for the nearest; sounds of equal distance share a rank.
        alignment: Pairs of segments (asked, found) in order; "" stands against a segment that the other word lacks.
    """

    words: tuple[str, ...]
    segments: Sounds
    distance: float
    rank: int
    alignment: tuple[tuple[str, str], ...]


class SoundIndex:
    """Words of one language, to be searched by sound.

    The distance of two sounds is 2D / (A + B + D), where D is the least cost of edits that make one of the other, A and
    B what it costs to delete each. It is 0 for the same sound, 1 where nothing answers anything, and a metric: the
    biotope transform of D (Deza and Deza 2009, Encyclopedia of Distances, chapter 4), which with one cost for all gaps
    is the normalized Levenshtein metric of Yujian and Bo (2007). A palatalised consonant is consonant and glide here.

    Args:
        words: Spellings.
        sounds: Segments of each word in normal form, tones among them; none empty.

    Raises:
        ValueError: If the two differ in number, or a word has no sound.
        MissingToolError: If panphon is not installed.

    >>> index = SoundIndex(["카메라", "가마"], [("kʰ", "a", "m", "e", "ɾ", "a"), ("k", "a", "m", "a")])
    >>> [(found.words, round(found.distance, 3)) for found in index.nearest(("k", "a", "m", "e", "ɾ", "a"), 2)]
    [(('카메라',), 0.027), (('가마',), 0.333)]
    """

    def __init__(self, words: Sequence[str], sounds: Sequence[Sounds]) -> None:
        if len(words) != len(sounds):
            raise ValueError(f"expected one sound for each word, found {len(sounds)} sounds for {len(words)} words")
        for word, sound in zip(words, sounds, strict=True):
            if not sound:
                raise ValueError(f"word {word!r}: expected its segments, found none; leave out words without sound")
        spellings: dict[Sounds, list[str]] = {}
        for word, sound in zip(words, sounds, strict=True):
            spellings.setdefault(_compared(sound), []).append(word)
        # The longest first: at each place in the sounds, those that go on are a stretch from the start.
        self.sounds = tuple(sorted(spellings, key=lambda sound: (-len(sound), sound)))
        self.spellings = tuple(tuple(spellings[sound]) for sound in self.sounds)
        self._inventory = tuple(sorted({segment for sound in self.sounds for segment in sound}))
        place_of = {segment: place for place, segment in enumerate(self._inventory)}
        self._columns = [  # by place: segments of the sounds that reach it
            np.array([place_of[segment] for segment in column if segment is not None], np.int64)
            for column in itertools.zip_longest(*self.sounds)
        ]
        self._gaps = _gap_costs(self._inventory)
        self._totals = np.zeros(len(self.sounds))
        for column in self._columns:
            self._totals[: len(column)] += self._gaps[column]

    def distances(self, segments: Sounds) -> Floats:
        """Distance of a sound to each of `sounds`, shape (sounds,).

        Raises:
            ValueError: If there are no segments.
        """
        asked = _checked(segments)
        costs, dropped = _substitution_costs(asked, self._inventory), _gap_costs(asked)
        inserted = [self._gaps[column] for column in self._columns]
        # One table of the dynamic programme for all sounds at once; a row has, by place, those that reach it.
        row = [np.zeros(len(self.sounds))]
        for place, gap in enumerate(inserted):
            row.append(row[place][: len(gap)] + gap)
        for index, gap in enumerate(dropped):
            last, row = row, [row[0] + gap]
            for place, column in enumerate(self._columns):
                best = np.minimum(last[place + 1] + gap, last[place][: len(column)] + costs[index, column])
                row.append(np.minimum(best, row[place][: len(column)] + inserted[place]))
        edits = np.empty(len(self.sounds))
        for ends in row:  # the last place that a sound reaches is its end, and overwrites those before
            edits[: len(ends)] = ends
        return np.asarray(2 * edits / (dropped.sum() + self._totals + edits), np.float64)

    def nearest(self, segments: Sounds, count: int, also: Iterable[str] = ()) -> list[Neighbour]:
        """The nearest sounds with their words, nearest first; of equally near ones the longer first.

        Args:
            segments: What they should sound like.
            count: How many, if there are so many.
            also: Words whose sounds to add, however far they are; those that the index lacks are left out.

        Raises:
            ValueError: If there are no segments.
        """
        asked, distances, wanted = _checked(segments), self.distances(segments), set(also)
        order = np.argsort(distances, kind="stable")
        found = [*order[:count], *(index for index in order[count:] if not wanted.isdisjoint(self.spellings[index]))]
        return [
            Neighbour(
                words=self.spellings[index],
                segments=self.sounds[index],
                distance=float(distances[index]),
                rank=1 + int(np.searchsorted(distances[order], distances[index])),
                alignment=align_sounds(asked, self.sounds[index]),
            )
            for index in found
        ]


def align_sounds(one: Sounds, other: Sounds) -> tuple[tuple[str, str], ...]:
    """The cheapest alignment: pairs of segments in order, "" against one that the other side lacks.

    >>> align_sounds(("k", "ɯ", "a"), ("ɡ", "a", "ŋ"))
    (('k', 'ɡ'), ('ɯ', ''), ('a', 'a'), ('', 'ŋ'))
    """
    one, other = _compared(one), _compared(other)
    costs = _substitution_costs(one, other)
    dropped, inserted = _gap_costs(one), _gap_costs(other)
    best = np.full((len(one) + 1, len(other) + 1), np.inf)
    best[0, 0] = 0
    steps: dict[tuple[int, int], tuple[int, int]] = {}
    for i, j in itertools.product(range(len(one) + 1), range(len(other) + 1)):
        options = []
        if i and j:
            options.append((best[i - 1, j - 1] + costs[i - 1, j - 1], (1, 1)))
        if i:
            options.append((best[i - 1, j] + dropped[i - 1], (1, 0)))
        if j:
            options.append((best[i, j - 1] + inserted[j - 1], (0, 1)))
        if options:
            best[i, j], steps[i, j] = min(options, key=lambda option: option[0])
    pairs = []
    i, j = len(one), len(other)
    while i or j:
        back_i, back_j = steps[i, j]
        pairs.append((one[i - 1] if back_i else "", other[j - 1] if back_j else ""))
        i, j = i - back_i, j - back_j
    return tuple(reversed(pairs))


@functools.cache
def shipped_words(language: str) -> SoundIndex:
    """The words of a language in the shipped dictionaries by sound, read on the first call.

    Args:
        language: zh, vi, ja or ko.

    Raises:
        ValueError: If it is another.
        MissingToolError: If the language's reading tool, or panphon, is not installed.
    """
    words = list(_dictionary(language))
    read = Transcriber(language)
    records = [read([word])[0] for word in words]  # each by itself: neighbours in a list are no context
    spoken = [(word, record.segments) for word, record in zip(words, records, strict=True) if record.transcribed]
    return SoundIndex([word for word, _ in spoken], [segments for _, segments in spoken])


def listed_counterparts(word: str, language: str) -> tuple[str, ...]:
    """What the shipped dictionaries by sound give for a word in the other language of its pair.

    Raises:
        ValueError: If the language is not zh, vi, ja or ko.

    >>> listed_counterparts("カメラ", "ja"), listed_counterparts("카메라", "ko")
    (('카메라',), ('カメラ',))
    """
    return _dictionary(language).targets(word)


@functools.cache
def _dictionary(language: str) -> BilingualDictionary:
    """From a language to its counterpart; the files have one direction."""
    if language not in COUNTERPARTS:
        raise ValueError(f"no dictionary by sound of language {language!r}; shipped: {', '.join(COUNTERPARTS)}")
    other = COUNTERPARTS[language]
    if language in ("zh", "ja"):
        return BilingualDictionary.by_sound(language, other)
    return BilingualDictionary((target, source) for source, target in _dictionary(other).pairs())


def _checked(segments: Sounds) -> Sounds:
    if not segments:
        raise ValueError("expected the segments of a word, found none; ask for words that have a sound")
    return _compared(segments)


def _compared(segments: Sounds) -> Sounds:
    """Palatalisation as a segment of its own, which it is in languages without palatalised consonants."""
    return tuple(
        part for segment in segments for part in ((segment.replace("ʲ", ""), "j") if "ʲ" in segment[1:] else (segment,))
    )


def _gap_costs(segments: Sounds) -> Floats:
    """What it costs to leave each segment out, shape (segments,)."""
    features = feature_array(segments)
    is_glide = (features[:, _SYL] < 0) & (features[:, _CONS] < 0) & (features[:, _SON] > 0)
    return np.where(features[:, _IS_TONE] > 0, _TONE_GAP, np.where(is_glide, _GLIDE_GAP, _GAP))


def _substitution_costs(one: Sounds, other: Sounds) -> Floats:
    """What it costs to put a segment in place of another, shape (one, other).

    Of segments of which nothing is known, one stands for itself alone. Tones and segments share no features, so that
    leaving both out is always cheaper.
    """
    rows, columns = feature_array(one), feature_array(other)
    weighted = (rows * _WEIGHT_ROW)[:, None] - (columns * _WEIGHT_ROW)[None]
    costs = np.abs(weighted).sum(-1, dtype=np.float64) / 2  # features go from -1 to 1
    is_known = np.logical_and.outer(rows.any(-1), columns.any(-1))
    costs = np.where(is_known, costs, np.add.outer(_gap_costs(one), _gap_costs(other)))
    return np.where(np.equal.outer(np.array(one, str), np.array(other, str)), 0.0, costs)
