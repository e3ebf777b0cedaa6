"""What the metric says of points that carry a pair of languages and a seed, as plain numbers.

Not here: `evaluate` (the shell, `correlation.py`), the coefficients (`rank_correlation.py`), the permutations
(`within_pairs.py`).
"""

import logging
import math
from collections.abc import Hashable, Sequence
from numbers import Real

import numpy as np

from .rank_correlation import Floats, kendall, spearman
from .within_pairs import Indices, permute_within_pairs

logger = logging.getLogger(__name__)


def clustered_correlation(
    x: Sequence[float],
    y: Sequence[float],
    pairs: Sequence[str],
    seeds: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    num_resamples: int = 9999,
    seed: int = 0,
) -> dict[str, object]:
    """Rank correlation of x and y over points, each of a pair of languages and a seed; pooled and inside the pairs.

    Args:
        x: One number per point, such as a CKA.
        y: One number per point, such as a gap in performance.
        pairs: The pair of languages of each point, such as "eng-swa".
        seeds: The seed of each point; a pair holds each seed once.
        confidence: Level of the range that the pairs alone explain.
        num_resamples: Permutations: all of them if there are at most so many, else so many drawn.
        seed: Seed of the drawing (not one of the points').

    Returns:
        `num_points`, `num_pairs`. Pooled, as the paper's Table 3 prints: `spearman`, `spearman_p_value`, `kendall`
        (tau-b), `kendall_p_value`; these p-values take the points for independent. `within_pairs[pair]`: the same five
        of its points, None below three points or where x or y is constant. `partial_spearman`, the rank correlation
        given the pair, and `partial_p_value` by permuting inside pairs (None where nothing varies there); `permuted`:
        "seeds" if all pairs hold the same seeds and are permuted alike, else "points"; `exact`, `num_permutations`.
        `clusters_alone`: for "spearman" and "kendall" the `mean` and `range` of the pooled coefficient if nothing
        relates x and y inside pairs, and `explains`, whether the pooled one lies in it. `warning`: a sentence if one
        does and there are several pairs (it is logged too), else None.

    Raises:
        ValueError: If lengths differ, a number is not finite, x or y is constant, a pair holds a seed twice, there are
            fewer than three points, or an option is out of range.

    >>> x, y = [1, 2, 3, 11, 12, 13], [2, 3, 1, 12, 13, 11]
    >>> found = clustered_correlation(x, y, ["eng-swa"] * 3 + ["eng-urd"] * 3, [0, 1, 2] * 2)
    >>> round(found["spearman"], 2), round(found["spearman_p_value"], 2), found["partial_spearman"]
    (0.66, 0.16, -0.5)
    """
    names = [str(pair) for pair in pairs]
    numbers_x, numbers_y = _check_points(x, y, names, seeds)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; expected a share between 0 and 1, such as 0.95")
    if num_resamples < 1:
        raise ValueError(f"num_resamples is {num_resamples!r}; expected 1 or more")
    blocks, together = _arrange(names, seeds)
    permuted = permute_within_pairs(
        numbers_x, numbers_y, list(blocks.values()), together=together, num_resamples=num_resamples, seed=seed
    )
    pooled = _coefficients(numbers_x, numbers_y)
    clusters = {
        name: _cluster_range(float(pooled[name] or 0.0), values, confidence)
        for name, values in (("spearman", permuted.spearman), ("kendall", permuted.kendall))
    }
    return {
        **pooled,
        "num_pairs": len(blocks),
        "within_pairs": {name: _coefficients(numbers_x[block], numbers_y[block]) for name, block in blocks.items()},
        "partial_spearman": permuted.partial,
        "partial_p_value": permuted.p_value,
        "permuted": "seeds" if together else "points",
        "exact": permuted.exact,
        "num_permutations": len(permuted.spearman),
        "clusters_alone": clusters,
        "warning": _warning(pooled, clusters) if len(blocks) > 1 else None,
    }


def _coefficients(x: Floats, y: Floats) -> dict[str, float | int | None]:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        keys = ("spearman", "spearman_p_value", "kendall", "kendall_p_value")
        return {"num_points": len(x), **dict.fromkeys(keys)}
    rho, rho_p = spearman(x, y)
    tau, tau_p = kendall(x, y)
    return {
        "num_points": len(x),
        "spearman": rho,
        "spearman_p_value": rho_p,
        "kendall": tau,
        "kendall_p_value": tau_p,
    }


def _cluster_range(pooled: float, permuted: Floats, confidence: float) -> dict[str, object]:
    low, high = (float(end) for end in np.quantile(permuted, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return {
        "mean": float(permuted.mean()),
        "range": [low, high],
        "explains": low - 1e-12 <= pooled <= high + 1e-12,
    }


def _warning(pooled: dict[str, float | int | None], clusters: dict[str, dict[str, object]]) -> str | None:
    inside = [f"{name} {pooled[name]:.3f}" for name, cluster in clusters.items() if cluster["explains"]]
    if not inside:
        return None
    warning = (
        f"pooled {' and '.join(inside)}: inside the range that the pairs alone give, so it shows no relation between "
        "x and y beyond the pairs; read within_pairs and partial_spearman"
    )
    logger.warning("%s", warning)
    return warning


def _arrange(names: list[str], seeds: Sequence[Hashable]) -> tuple[dict[str, Indices], bool]:
    """The points of each pair in a common order of seeds, and whether all pairs hold the same seeds."""
    order = {value: position for position, value in enumerate(dict.fromkeys(seeds))}
    blocks = {
        name: np.array(
            sorted(
                (place for place, other in enumerate(names) if other == name), key=lambda place: order[seeds[place]]
            ),
            dtype=np.int64,
        )
        for name in dict.fromkeys(names)
    }
    held = {frozenset(seeds[place] for place in block) for block in blocks.values()}
    return blocks, len(held) == 1


def _check_points(
    x: Sequence[object], y: Sequence[object], names: list[str], seeds: Sequence[Hashable]
) -> tuple[Floats, Floats]:
    counts = {"x": len(x), "y": len(y), "pairs": len(names), "seeds": len(seeds)}
    if len({*counts.values()}) > 1:
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        raise ValueError(f"found {told}; expected one of each for every point")
    if len(x) < 3:
        raise ValueError(f"found {len(x)} points; a correlation needs three")
    places: dict[tuple[str, Hashable], int] = {}
    for place, point in enumerate(zip(names, seeds, strict=True)):
        if point in places:
            raise ValueError(
                f"points {places[point]} and {place} are both pair {point[0]!r}, seed {point[1]!r}; give each once"
            )
        places[point] = place
    for what, numbers in (("x", x), ("y", y)):
        for name, value, number in zip(names, seeds, numbers, strict=True):
            if not isinstance(number, Real) or not math.isfinite(number):
                raise ValueError(f"{what} of pair {name!r}, seed {value!r} is {number!r}; expected a finite number")
        if len({*numbers}) == 1:
            raise ValueError(f"{what} is {numbers[0]!r} for all {len(x)} points; a constant has no rank correlation")
    return np.array(list(x), dtype=np.float64), np.array(list(y), dtype=np.float64)
