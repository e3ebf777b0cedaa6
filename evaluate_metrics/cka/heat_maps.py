"""Maps of similarities between languages: the interval of their mean, and whether two maps agree.

Not here: the values in them (`pairwise.py`). Pairs share languages: 45 of them are not 45 observations.
"""

from itertools import permutations
from math import factorial
from typing import Any

import numpy as np

from .jackknife import half_widths, jackknife_errors
from .linear_cka import FloatArray


def mean_over_pairs(matrix: FloatArray, confidence: float = 0.95) -> dict[str, Any]:
    """Mean over the pairs of languages, and its interval by the jackknife over languages.

    Args:
        matrix: Symmetric, shape (L, L), its diagonal unused; the difference of two maps is one too.
        confidence: Level of the interval.

    Returns:
        `mean`; `standard_error` and `interval` with Student's t at L - 1, None for two languages; `leave_one_out`, the
        mean without each language.

    Raises:
        ValueError: If the matrix is not such a map, or the confidence not between 0 and 1.

    Source: Arvesen (1969), jackknifing U-statistics.
    """
    values = _read_map(matrix, "the map")
    count = len(values)
    mean, sums = float(values.sum() / (count * (count - 1))), values.sum(axis=1)
    if count < 3:
        return {"mean": mean, "standard_error": None, "interval": None, "leave_one_out": None}
    without = (values.sum() - 2 * sums) / ((count - 1) * (count - 2))
    error = jackknife_errors(without)
    half = float(half_widths(error, count - 1, confidence))
    return {
        "mean": mean,
        "standard_error": float(error),
        "interval": [mean - half, mean + half],
        "leave_one_out": [float(value) for value in without],
    }


def node_permutation_test(
    first: FloatArray, second: FloatArray, *, num_permutations: int = 9999, seed: int = 0
) -> dict[str, Any]:
    """Whether two maps of the same languages rank their pairs alike: Mantel's test.

    Args:
        first: Symmetric, shape (L, L), its diagonal unused; three languages or more.
        second: A map of the same languages in the same order.
        num_permutations: Random relabellings of the languages; where L! is not larger, all are tried.
        seed: Seed of the relabellings.

    Returns:
        `correlation` (Pearson, over pairs); `p_value`, two-sided, the identity counted; `exact`; `num_permutations`.

    Raises:
        ValueError: If the maps are not such, differ in size, or one is constant.

    Relabelling languages keeps the dependence between pairs that share one, which a test over pairs ignores.
    Source: Mantel (1967); Hubert and Schultz (1976).
    """
    left, right = _read_map(first, "the first map"), _read_map(second, "the second map")
    count = len(left)
    if len(right) != count or count < 3:
        raise ValueError(f"expected two maps of the same three languages or more; found {count} and {len(right)}")
    pairs = np.triu_indices(count, 1)
    for values, name in ((left, "first"), (right, "second")):
        if np.ptp(values[pairs]) == 0:
            raise ValueError(f"the {name} map is the same for all pairs; it correlates with nothing")
    exact = factorial(count) <= num_permutations + 1
    orders = np.array(
        list(permutations(range(count)))
        if exact
        else [range(count), *_random_orders(count, num_permutations, np.random.default_rng(seed))]
    )
    centred, others = left[pairs] - left[pairs].mean(), right[orders[:, pairs[0]], orders[:, pairs[1]]]
    spread = np.linalg.norm(centred) * np.linalg.norm(right[pairs] - right[pairs].mean())
    found = (others - right[pairs].mean()) @ centred / spread
    return {
        "correlation": float(found[0]),
        "p_value": float((np.abs(found) >= abs(found[0]) - 1e-12).mean()),
        "exact": exact,
        "num_permutations": len(orders),
    }


def _random_orders(count: int, number: int, generator: np.random.Generator) -> FloatArray:
    return generator.permuted(np.tile(np.arange(count), (number, 1)), axis=1)


def _read_map(matrix: FloatArray, name: str) -> FloatArray:
    """A copy with a diagonal of 0."""
    values = np.array(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        raise ValueError(f"{name} has the shape {values.shape}; expected (languages, languages), two or more")
    np.fill_diagonal(values, 0.0)
    if not np.isfinite(values).all() or np.abs(values - values.T).max() > 1e-9:
        raise ValueError(f"{name} is not symmetric, or holds values that are not finite")
    return values
