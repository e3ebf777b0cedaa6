"""The swap test for two systems: is the difference of their mean RPD more than the languages' chance?

Not here: the gaps themselves (`performance_gap.py`).
"""

import numpy as np
from numpy.typing import ArrayLike

from .percentage_difference import Floats, relative_percentage_differences

MOST_LANGUAGES = 20
"""Up to here all swaps are tried: 2^19 sums, 4 MB."""


def swap_test(
    scores: ArrayLike, other_scores: ArrayLike, *, num_resamples: int = 9999, seed: int = 0
) -> tuple[float, bool, int]:
    """Two-sided p-value of the difference in mean RPD, if it does not matter which system is which.

    In each language the two systems' scores may be swapped, 2^L ways in all. The p-value is the share of the ways in
    which the difference is as large as the one found. It asks about these languages; L = 10 has 1,024 ways.

    Args:
        scores: Positive scores, shape (languages,).
        other_scores: Those of the other system for the same languages, same shape.
        num_resamples: Random swaps beyond 20 languages; the p-value is then (hits + 1) / (swaps + 1).
        seed: Seed of these.

    Returns:
        The p-value, whether all swaps were tried, and how many were.

    Source: Fisher's randomisation test; for scores of systems, Noreen (1989).

    >>> swap_test([90.0, 80.0, 70.0], [90.0, 89.0, 88.0])
    (0.5, True, 8)
    """
    weights = swap_weights(scores, other_scores)
    observed = abs(weights.sum())
    # Sums that are equal on paper differ in the last bits.
    threshold = observed - 1e-9 * np.abs(weights).sum()
    count = len(weights)
    if count <= MOST_LANGUAGES:
        # A way and its opposite have the same size: the last language keeps its sign.
        sums = weights[-1:]
        for weight in weights[:-1]:
            sums = np.concatenate([sums + weight, sums - weight])
        return float((np.abs(sums) >= threshold).mean()), True, 2**count
    generator = np.random.default_rng(seed)
    hits = 0
    for begin in range(0, num_resamples, 1000):
        signs = generator.choice([-1.0, 1.0], size=(min(1000, num_resamples - begin), count))
        hits += int((np.abs(signs @ weights) >= threshold).sum())
    return (hits + 1) / (num_resamples + 1), False, num_resamples


def swap_weights(scores: ArrayLike, other_scores: ArrayLike) -> Floats:
    """What each language's sign adds to the difference in mean RPD: the difference after swaps is `signs @ weights`.

    That it is a plain sum makes all 2^L swaps cheap. For a pair i, j let P be RPD(a_i, a_j) - RPD(b_i, b_j) and Q be
    RPD(a_i, b_j) - RPD(b_i, a_j). Swapping both turns P into -P, swapping one of them gives Q or -Q: with signs s, the
    pair adds P (s_i + s_j) / 2 + Q (s_i - s_j) / 2, and Q is antisymmetric.

    Args:
        scores: Positive scores a, shape (languages,).
        other_scores: Positive scores b, same shape.

    Returns:
        Shape (languages,); sign +1 means not swapped.
    """
    ours, theirs = (np.asarray(side, dtype=np.float64) for side in (scores, other_scores))
    kept = relative_percentage_differences(ours) - relative_percentage_differences(theirs)
    crossed = relative_percentage_differences(ours, theirs)
    crossed = crossed - crossed.T  # RPD is symmetric: RPD(b_i, a_j) is RPD(a_j, b_i)
    return np.asarray((kept + crossed).sum(axis=1) / (len(ours) * (len(ours) - 1)))
