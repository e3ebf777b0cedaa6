"""Words that two languages borrowed, found by sound: laws between segments, a score against chance, mutual pairs.

Holds no reading of text and no language's spelling; words, counts and files are in `make_loanwords.py`.
"""

from __future__ import annotations

import itertools
import math
import os.path
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling_phonexl.articulation import feature_array

Sounds = tuple[str, ...]
Array = NDArray[np.float32]
Floats = NDArray[np.float64]

LONGEST = 16  # segments of a word at most
ROUNDS = 5
_CONFIDENT = 0.5  # least score of a pair that teaches laws
_STEEPNESS = 8.0  # how fast likelihood falls with articulatory distance, before anything is learnt
_GAP = 0.08  # share of segments without partner, before anything is learnt
_CRUDE_COUNT, _CONTEXT_COUNT = 1.0, 5.0  # how many aligned segments outweigh the crude laws, the segment alone
_VOWELS = "aeiouyɯɤəɛɔʌɨɪʊæø"
_SHARE_BORROWED = 0.2  # of the source words, how many have a partner in the target's list at all
_KEPT = 8  # best targets of each source word that are looked at


@dataclass(frozen=True, slots=True)
class Laws:
    """How segments of two languages answer each other in borrowed words.

    Attributes:
        rows: Row of a source segment with its neighbour (see `in_context`), and of it alone: (segment, "").
        targets: Segments of the target language.
        scores: Natural logarithm of how much likelier a target segment is as the answer to a source segment than in an
            unrelated word, shape (rows + 1, targets + 1); the last row and column are "no segment".
    """

    rows: Mapping[tuple[str, str], int]
    targets: tuple[str, ...]
    scores: Array

    def places(self, source: Sounds) -> list[int]:
        """Rows of the segments of a word; one that was not seen beside its neighbour has the row without.

        Raises:
            ValueError: If a segment is unknown.
        """
        try:
            return [self.rows.get(pair, self.rows[pair[0], ""]) for pair in in_context(source)]
        except KeyError as error:
            raise ValueError(
                f"no law for the segment {error.args[0][0]!r} of {' '.join(source)}; learn with it"
            ) from None


@dataclass(frozen=True, slots=True)
class Match:
    """Two words that sound as if borrowed from one.

    Attributes:
        source: Its sounds.
        target: Its sounds.
        ratio: Logarithm of how much likelier their sounds are as one borrowed word than as unrelated words.
        score: The lesser of two probabilities, 0 to 1: that the target is the source's partner among all targets and
            chance, and that the source is the target's.
    """

    source: Sounds
    target: Sounds
    ratio: float
    score: float


class SoundLexicon:
    """The words of a language by sound: how often each sounds and how it is spelled.

    Args:
        words: Word -> occurrences.
        readings: Word -> sounds; words without, of fewer than `shortest` and more than `LONGEST` are left out.
        shortest: Segments of a word at least.
    """

    def __init__(self, words: Mapping[str, float], readings: Mapping[str, Sounds], shortest: int = 3) -> None:
        self.counts: dict[Sounds, float] = defaultdict(float)
        self._spellings: dict[Sounds, Counter[str]] = defaultdict(Counter)
        for word, count in sorted(words.items()):
            sounds = readings.get(word, ())
            if shortest <= len(sounds) <= LONGEST:
                self.counts[sounds] += count
                self._spellings[sounds][word] += count  # type: ignore[assignment]
        self.keys = sorted(self.counts)

    def spellings(self, sounds: Sounds) -> list[str]:
        """The spellings of a word, the most frequent first."""
        found = self._spellings[sounds]
        return sorted(found, key=lambda word: (-found[word], word))

    def prior(self) -> Floats:
        """Weight of each of `keys` before sound is looked at, sum 1: it grows with the logarithm of the count."""
        weights = np.array([1 + math.log1p(self.counts[key]) for key in self.keys])
        return np.asarray(weights / weights.sum(), np.float64)

    def frequencies(self) -> dict[str, float]:
        """Share of each segment, sum 1, sorted by segment."""
        found = Counter(segment for key in self.keys for segment in key)
        return {segment: found[segment] / found.total() for segment in sorted(found)}


def simplify(segments: Iterable[str]) -> Sounds:
    """Segments as they are compared: without length and tone, palatalisation as a segment of its own.

    >>> simplify(("pʲ", "ɯː", "t͡ɕ", "˧˥"))
    ('p', 'j', 'ɯ', 't͡ɕ')
    """
    found: list[str] = []
    for segment in segments:
        plain = segment.replace("ː", "").replace("\u031a", "")
        if plain and not "˥" <= plain[0] <= "˩":
            found += [plain.replace("ʲ", ""), "j"] if "ʲ" in plain else [plain]
    return tuple(found)


def in_context(source: Sounds) -> list[tuple[str, str]]:
    """Each segment with the neighbour that decides how it is borrowed: of a vowel the one before, else the one after.

    Japanese ɯ after s is a vowel put in, and so may be Korean ɯ; after ɾ it is nothing, and ɾ is l.

    >>> in_context(("b", "a", "s", "ɯ"))
    [('b', 'a'), ('a', 'b'), ('s', 'ɯ'), ('ɯ', 's')]
    """
    padded = ("#", *source, "#")
    return [(padded[i], padded[i - 1] if padded[i][0] in _VOWELS else padded[i + 1]) for i in range(1, len(padded) - 1)]


# ---- laws ----


def crude_laws(source: SoundLexicon, target: SoundLexicon) -> Laws:
    """Laws from articulation alone: the closer two segments, the likelier they stand for each other."""
    pairs = {pair for word in source.keys for pair in in_context(word)}
    pairs |= {(segment, "") for segment, _ in pairs}
    rows = {pair: row for row, pair in enumerate(sorted(pairs))}
    targets = target.frequencies()
    one, other = feature_array([segment for segment, _ in rows]), feature_array(list(targets))
    distance = np.abs(one[:, None] - other[None]).mean(-1)  # (rows, targets)
    answers = np.array([*targets.values()]) * np.exp(-_STEEPNESS * distance)
    answers *= (1 - _GAP) / answers.sum(1, keepdims=True)
    answers = np.concatenate([answers, np.full((len(rows), 1), _GAP)], 1)
    inserted = _GAP * np.array([*targets.values()])
    return _make_laws(rows, targets, answers, inserted)


def _make_laws(
    rows: Mapping[tuple[str, str], int], targets: Mapping[str, float], answers: Floats, inserted: Floats
) -> Laws:
    """Laws from probabilities.

    Args:
        rows: As in `Laws`.
        targets: Segments and their shares in the target's words.
        answers: Probability of each answer to a source segment, the last one none, shape (rows, targets + 1).
        inserted: Probability that a step of an alignment puts a target segment in, shape (targets,).
    """
    scores = np.full((len(rows) + 1, len(targets) + 1), -np.inf)
    share = np.array([*targets.values()])
    scores[:-1] = np.log((1 - inserted.sum()) * answers)
    scores[:-1, :-1] -= np.log(share)
    scores[-1, :-1] = np.log(inserted / share)
    return Laws(rows, tuple(targets), scores.astype(np.float32))


def align(laws: Laws, source: Sounds, target: Sounds) -> tuple[float, list[tuple[int, int]]]:
    """The best alignment of two words: its score, and the pairs of places in `laws.scores`.

    Raises:
        ValueError: If a segment is unknown to the laws.
    """
    rows, columns = laws.places(source), [laws.targets.index(segment) for segment in target]
    none = (len(laws.rows), len(laws.targets))
    best: dict[tuple[int, int], tuple[float, list[tuple[int, int]]]] = {(0, 0): (0.0, [])}
    for i, j in itertools.product(range(len(rows) + 1), range(len(columns) + 1)):
        options = []
        for back_i, back_j in ((1, 1), (1, 0), (0, 1)):
            if i >= back_i and j >= back_j:
                step = (rows[i - 1] if back_i else none[0], columns[j - 1] if back_j else none[1])
                score, path = best[i - back_i, j - back_j]
                options.append((score + float(laws.scores[step]), [*path, step]))
        if options:
            best[i, j] = max(options, key=lambda option: option[0])
    return best[len(rows), len(columns)]


def learn_laws(source: SoundLexicon, target: SoundLexicon, rounds: int = ROUNDS) -> Laws:
    """Laws from the words themselves: pair words by crude laws, align the sure pairs, count, and again.

    No known pair is used. Each round is a step of hard expectation-maximisation; a segment beside a neighbour falls
    back on the segment, and that on the crude laws.
    """
    laws = crude = crude_laws(source, target)
    for _ in range(rounds):
        counts = np.zeros(crude.scores.shape)
        for match in match_words(source, target, laws):
            if match.score >= _CONFIDENT:
                for step in align(laws, match.source, match.target)[1]:
                    counts[step] += 1
        laws = _count_laws(crude, target, counts)
    return laws


def _count_laws(crude: Laws, target: SoundLexicon, counts: Floats) -> Laws:
    """Laws from counts of aligned places, smoothed."""
    targets = target.frequencies()
    alone = np.array([crude.rows[segment, ""] for segment, _ in crude.rows])  # row without neighbour of each row
    share = np.array([*targets.values(), 1.0])
    prior = np.exp(crude.scores.astype(np.float64)) * share  # the common factor of the steps goes with normalising
    prior[:-1] /= prior[:-1].sum(1, keepdims=True)
    without = _CRUDE_COUNT * prior[:-1]
    np.add.at(without, alone, counts[:-1])
    without = (without / without.sum(1, keepdims=True))[alone]
    answers = _CONTEXT_COUNT * without + counts[:-1]
    inserted = (prior[-1, :-1] + counts[-1, :-1]) / (1 + counts.sum())
    return _make_laws(crude.rows, targets, answers / answers.sum(1, keepdims=True), inserted)


# ---- pairs ----


def score_targets(laws: Laws, sources: Sequence[Sounds], targets: Sequence[Sounds]) -> Iterator[Array]:
    """For each source word, in the order given, the score of its best alignment with every target word.

    One table of the dynamic programme per source word, for all targets at once; rows of a beginning that a word shares
    with the one before are kept, so sorted words are fastest.

    Yields:
        Shape (targets,).

    Raises:
        ValueError: If a segment is unknown to the laws.
    """
    lengths = np.array([len(word) for word in targets], np.int64)
    order = np.argsort(-lengths, kind="stable")  # the longest first: at each place the words that go on are a stretch
    places = {segment: place for place, segment in enumerate(laws.targets)}
    ids = [
        np.array([places[targets[index][place]] for index in order[: (lengths > place).sum()]], np.int64)
        for place in range(max(lengths, default=0))
    ]
    inserted = [laws.scores[-1][column] for column in ids]
    first = [np.zeros(len(targets), np.float32)]
    for place, score in enumerate(inserted):
        first.append(first[place][: len(score)] + score)
    rows = [first]
    paired: dict[int, list[Array]] = {}
    before: list[int] = []
    ends = [*map(len, first), 0]  # how many words have at least so many segments
    result = np.empty(len(targets), np.float32)
    for word in sources:
        current = laws.places(word)
        shared = len(os.path.commonprefix([current, before]))
        del rows[shared + 1 :]
        for row in current[shared:]:
            if row not in paired:
                paired[row] = [laws.scores[row][column] for column in ids]
            rows.append(_next_row(rows[-1], paired[row], laws.scores[row, -1], inserted))
        before = current
        for length, scores in enumerate(rows[-1]):
            result[order[ends[length + 1] : ends[length]]] = scores[ends[length + 1] :]
        yield result.copy()


def _next_row(last: list[Array], paired: list[Array], dropped: np.float32, inserted: list[Array]) -> list[Array]:
    """The row of the dynamic programme after one more source segment: by place, scores of the words that reach it."""
    row = [last[0] + dropped]
    for place, score in enumerate(inserted):
        best = np.maximum(last[place + 1] + dropped, last[place][: len(score)] + paired[place])
        row.append(np.maximum(best, row[place][: len(score)] + score, out=best))
    return row


def match_words(source: SoundLexicon, target: SoundLexicon, laws: Laws) -> list[Match]:
    """The best targets of each source word, with a score that weighs them against all others and against chance.

    Returns:
        Matches by source, the likeliest target first; the same target may stand with several sources.
    """
    weight_source, weight_target = source.prior(), target.prior()
    found: list[tuple[int, int, float, float]] = []
    by_target = np.zeros(len(target.keys))
    for i, ratios in enumerate(score_targets(laws, source.keys, target.keys)):
        odds = np.exp(np.minimum(ratios.astype(np.float64), 80))
        by_target += odds * weight_source[i]
        weighed = odds * weight_target
        total = weighed.sum() + (1 - _SHARE_BORROWED) / _SHARE_BORROWED
        best = np.argsort(-weighed, kind="stable")[:_KEPT] if len(weighed) <= _KEPT else _largest(weighed)
        found += [(i, int(j), float(ratios[j]), float(weighed[j] / total)) for j in best]
    totals = by_target + (1 - _SHARE_BORROWED) / _SHARE_BORROWED
    matches = []
    for i, j, ratio, forward in found:
        backward = math.exp(min(ratio, 80)) * weight_source[i] / totals[j]
        matches.append(Match(source.keys[i], target.keys[j], ratio, float(min(forward, backward))))
    return matches


def _largest(values: Floats) -> NDArray[np.int64]:
    """Places of the `_KEPT` largest values, in falling order."""
    best = np.argpartition(-values, _KEPT)[:_KEPT]
    return np.asarray(best[np.lexsort((best, -values[best]))], np.int64)
