"""What the metric says of the scores of languages: gaps, their spread, and the comparison of two systems.

Not here: `evaluate` (the shell, `rpd.py`), the formula (`percentage_difference.py`), the swap test (`swap_test.py`).
"""

import logging
import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from .percentage_difference import Floats, jackknife, leave_one_out, mean_rpd, relative_percentage_differences
from .swap_test import swap_test

logger = logging.getLogger(__name__)


def performance_gap(
    scores: Sequence[float],
    languages: Sequence[str],
    *,
    scale: float | None = None,
    reference: str | None = None,
    other_scores: Sequence[float] | None = None,
    confidence: float = 0.95,
    num_resamples: int = 9999,
    seed: int = 0,
) -> dict[str, object]:
    """All that this module says of the scores of one system, as plain floats, lists and dicts.

    Args:
        scores: One score per language, positive, higher is better.
        languages: A name for each score, all different.
        scale: The score of a perfect system: 100 if the scores are percentages, 1 if fractions. Unset, it is 100 where
            all scores are above 1 (and none above 100), 1 where none is, else unknown: a warning is logged, and
            `mean_rpd_of_errors`, `paper_std` and `scale` are None.
        reference: The language to which gaps are also given, as Table 2 of the paper does for English.
        other_scores: The scores of another system for the same languages, to compare with.
        confidence: Level of the intervals.
        num_resamples: Random swaps of the comparison; unused up to 20 languages, where all swaps are tried.
        seed: Seed of the random swaps.

    Returns:
        `mean_rpd`, `median_rpd`, `max_rpd`, `max_rpd_pair` over the unordered pairs, in percent; `mean_rpd_of_errors`
        (of scale - score; None with a logged warning where a score is perfect); `mean_absolute_gap` and `std` (ddof 1)
        in the unit of the scores; `paper_std`, that of scores / scale; `scale`; `standard_error` and `interval` of
        `mean_rpd` (see `jackknife`), `leave_one_out` (mean RPD without each language), all three None below three
        languages; `rpd[a][b]` of all pairs, in both orders. With `reference`: `reference`, `rpd_to_reference`,
        `absolute_gap_to_reference`, `mean_rpd_to_reference`. With `other_scores`: `comparison` (see `compare`).

    Raises:
        ValueError: If there are fewer than two languages, a language stands twice or is unknown (reference), a score
            is no number, not finite, not positive or above the scale, lengths differ, or an option is out of range.

    Source: equation 1 of the linguistic gap paper; its Table 1 means over the pairs of ten languages.

    >>> gap = performance_gap([87.13, 91.27, 84.11], ["eng", "fra", "kor"], reference="eng")
    >>> round(gap["mean_rpd"], 2), gap["max_rpd_pair"], round(gap["rpd_to_reference"]["kor"], 2)
    (5.44, ['fra', 'kor'], 3.53)
    """
    names = [str(language) for language in languages]
    checked = _check_scores(scores, names, "scores")
    other = None if other_scores is None else _check_scores(other_scores, names, "other_scores")
    _check_options(confidence, num_resamples)
    scale = _check_scale(scale, [checked] if other is None else [checked, other], names)
    result = _summary(checked, names, scale, confidence)
    if reference is not None:
        result |= _gaps_to_reference(checked, names, reference)
    if other is not None:
        result["comparison"] = compare(
            checked, other, names, confidence=confidence, num_resamples=num_resamples, seed=seed
        )
    return result


def compare(
    scores: Floats, other_scores: Floats, languages: Sequence[str], *, confidence: float, num_resamples: int, seed: int
) -> dict[str, object]:
    """Whether one system's scores are less unequal than another's.

    Args:
        scores: Positive scores, shape (languages,).
        other_scores: Those of the other system for the same languages, same shape.
        languages: The names.
        confidence: Level of the interval.
        num_resamples: Random swaps where not all are tried.
        seed: Seed of the random swaps.

    Returns:
        `other_mean_rpd`; `difference`, ours minus the other mean RPD (below 0: ours is the smaller gap); `p_value`,
        `exact` and `num_swaps` of `swap_test`; `standard_error`, `interval`, `leave_one_out` of the difference, None
        below three languages; `num_smaller`, the pairs of languages where our RPD is the smaller one, of `num_pairs`.
    """
    ours, theirs = relative_percentage_differences(scores), relative_percentage_differences(other_scores)
    count = len(scores)
    difference = mean_rpd(scores) - mean_rpd(other_scores)
    p_value, exact, num_swaps = swap_test(scores, other_scores, num_resamples=num_resamples, seed=seed)
    upper = np.triu_indices(count, k=1)
    return {
        "other_mean_rpd": mean_rpd(other_scores),
        "difference": difference,
        "p_value": p_value,
        "exact": exact,
        "num_swaps": num_swaps,
        **_spread_over_languages(difference, ours - theirs, languages, confidence),
        "num_smaller": int((ours < theirs)[upper].sum()),
        "num_pairs": len(upper[0]),
    }


def _summary(scores: Floats, names: list[str], scale: float | None, confidence: float) -> dict[str, object]:
    pairs = relative_percentage_differences(scores)
    rows, columns = np.triu_indices(len(scores), k=1)
    of_pairs = pairs[rows, columns]
    largest = int(of_pairs.argmax())
    mean = mean_rpd(scores)
    return {
        "mean_rpd": mean,
        "median_rpd": float(np.median(of_pairs)),
        "max_rpd": float(of_pairs[largest]),
        "max_rpd_pair": [names[rows[largest]], names[columns[largest]]],
        "mean_rpd_of_errors": _mean_rpd_of_errors(scores, names, scale),
        "mean_absolute_gap": float(np.abs(scores[rows] - scores[columns]).mean()),
        "std": float(scores.std(ddof=1)),
        "paper_std": None if scale is None else float((scores / scale).std(ddof=1)),
        "scale": scale,
        **_spread_over_languages(mean, pairs, names, confidence),
        "rpd": {
            name: {other: float(pairs[i, j]) for j, other in enumerate(names) if j != i} for i, name in enumerate(names)
        },
    }


def _spread_over_languages(value: float, pairs: Floats, names: Sequence[str], confidence: float) -> dict[str, object]:
    if len(names) < 3:
        return {"standard_error": None, "interval": None, "leave_one_out": None}
    without = leave_one_out(pairs)
    error, interval = jackknife(value, without, confidence)
    left_out = dict(zip(names, without.tolist(), strict=True))
    return {"standard_error": error, "interval": interval, "leave_one_out": left_out}


def _mean_rpd_of_errors(scores: Floats, names: list[str], scale: float | None) -> float | None:
    if scale is None:
        return None
    errors = scale - scores
    if (errors == 0).any():
        perfect = names[int((errors == 0).argmax())]
        logger.warning("the score of %r is perfect (%s): the RPD of errors is not defined and left out", perfect, scale)
        return None
    return mean_rpd(errors)


def _gaps_to_reference(scores: Floats, names: list[str], reference: str) -> dict[str, object]:
    if reference not in names:
        raise ValueError(f"reference {reference!r} is not among the languages: {', '.join(names)}")
    place = names.index(reference)
    relative = relative_percentage_differences(scores)[place]
    absolute = np.abs(scores - scores[place])
    others = [position for position in range(len(names)) if position != place]
    return {
        "reference": reference,
        "rpd_to_reference": {names[position]: float(relative[position]) for position in others},
        "absolute_gap_to_reference": {names[position]: float(absolute[position]) for position in others},
        "mean_rpd_to_reference": float(relative[others].mean()),
    }


def _check_scores(scores: Sequence[object], names: list[str], what: str) -> Floats:
    if len(scores) != len(names):
        raise ValueError(f"{what} hold {len(scores)} numbers for {len(names)} languages; expected one for each")
    if len(names) < 2:
        raise ValueError(f"a gap needs two languages; found {names}")
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValueError(
                f"language {name!r} stands twice (places {names.index(name)} and {position}); give it once"
            )
    for name, score in zip(names, scores, strict=True):
        if not isinstance(score, Real) or not math.isfinite(score):
            raise ValueError(f"{what}: {name!r} has {score!r}; expected a finite number")
        if score <= 0:
            raise ValueError(f"{what}: {name!r} has {score!r}; a relative difference needs scores above 0")
    return np.array(list(scores), dtype=np.float64)


def _check_scale(scale: float | None, systems: list[Floats], names: list[str]) -> float | None:
    """The scale given, or told from the scores: only fractions can all be at most 1, only percentages all above."""
    if scale is None:
        largest, smallest = max(side.max() for side in systems), min(side.min() for side in systems)
        if smallest <= 1 < largest or largest > 100:
            logger.warning(
                "scores from %g to %g: neither all fractions nor all percentages, so what needs the score of a perfect "
                "system is left out; pass scale= to have it",
                smallest,
                largest,
            )
            return None
        return 100.0 if largest > 1 else 1.0
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"scale is {scale!r}; expected the score of a perfect system, 100 or 1")
    for side in systems:
        if (side > scale).any():
            place = int((side > scale).argmax())
            raise ValueError(
                f"{names[place]!r} has {side[place]:g}, above the scale {scale:g}; pass the score of a perfect system"
            )
    return float(scale)


def _check_options(confidence: float, num_resamples: int) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; expected a share between 0 and 1, such as 0.95")
    if num_resamples < 1:
        raise ValueError(f"num_resamples is {num_resamples!r}; expected 1 or more")
