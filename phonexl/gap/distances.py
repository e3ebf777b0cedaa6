"""How far apart languages lie as sets of vectors: Sinkhorn divergence, and how well a classifier tells them apart.

Nobody tells these measures which sentence is whose translation; what is told is in `measures.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluate_metrics.cka.heat_maps import mean_over_pairs
from evaluate_metrics.h_divergence.divergence import h_divergence
from evaluate_metrics.sinkhorn_distance.entropic_transport import entropic_transport
from evaluate_metrics.sinkhorn_distance.point_sets import pairwise_cost

Rows = NDArray[np.float64]
SAMPLE = 500
"""Sentences compared at most: one transport of n costs n^2, and all ten languages' together stay below a minute."""
REGULARISATION = 0.05
TOLERANCE = 1e-4  # marginal error; the plan is rounded, so the cost is off by no more than this share
NULL_DRAWS = 20  # at least, over all pairs


def draw_sentences(count: int, most: int, seed: int = 0) -> NDArray[np.int64]:
    """Numbers of the sentences that are compared, ascending; all of them if there are few enough."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def scale_rows(rows: Mapping[str, ArrayLike]) -> tuple[dict[str, Rows], float]:
    """Vectors in the unit in which two sentences of one language lie 1 apart, squared and on average over languages.

    Without it a layer with long vectors would count as one with large gaps.

    Returns:
        The vectors, and what their squares were divided by.

    Raises:
        ValueError: If all sentences of every language have one vector.
    """
    matrices = {language: np.asarray(values, np.float64) for language, values in rows.items()}
    unit = float(np.mean([2 * values.var(axis=0, ddof=1).sum() for values in matrices.values()]))
    if unit == 0:
        raise ValueError("every language has the same vector for all its sentences: there is nothing to compare")
    return {language: values / unit**0.5 for language, values in matrices.items()}, unit


def sinkhorn_between(rows: Mapping[str, Rows], *, seed: int = 0) -> dict[str, Any]:
    """Sinkhorn distance and divergence of all pairs of languages, squared Euclidean cost.

    In many dimensions transport finds the translations by itself, and two samples of one language lie far apart: so the
    divergence is also taken between sets that share no sentence, and for these what chance gives is known.

    Args:
        rows: Of each language, shape (sentences, d): the same sentences; probabilities, or vectors of `scale_rows`.
        seed: Of halves and null.

    Returns:
        `distance`, the mean over pairs as the paper has it, above 0 for a set with itself; `divergence`, with half of
        each set's distance to itself taken off: its mean over pairs with the jackknife over languages; both as
        matrices. `different_sentences`: the divergence of one half of the sentences in one language from the other half
        in the other, its mean and matrix, and `null`, `largest_p_value` of `null_figures` by exchanging sentences of
        the two sets. `sentences`, `cost`, `reg`; the largest `marginal_error`, and whether all plans `converged`.

    Source: `evaluate_metrics.sinkhorn_distance`, at one regularisation for all pairs so that they compare.
    """
    solver = _Solver()
    count = len(next(iter(rows.values())))
    distances, divergences = solver.all_pairs(rows, rows)
    order = np.random.default_rng(seed).permutation(count)
    first, second = order[: count // 2], order[count // 2 : count // 2 * 2]
    _, apart = solver.all_pairs(
        {language: values[first] for language, values in rows.items()},
        {language: values[second] for language, values in rows.items()},
    )
    drawn = [
        solver.diverge(*exchange_rows(rows[x][first], rows[y][second], generator))
        for x, y, generator in _null_pairs(rows, seed)
    ]
    return {
        "sentences": count,
        "cost": "sqeuclidean",
        "reg": REGULARISATION,
        "marginal_error": solver.marginal_error,
        "converged": solver.marginal_error <= TOLERANCE,
        "distance": float(distances[np.triu_indices(len(rows), 1)].mean()),
        "divergence": mean_over_pairs(divergences),
        "different_sentences": {
            "sentences": len(first),
            "divergence": mean_over_pairs(apart),
            **null_figures(apart, drawn),
            "divergence_matrix": apart.tolist(),
        },
        "divergence_matrix": divergences.tolist(),
        "distance_matrix": distances.tolist(),
    }


class _Solver:
    """Transports between sets, each set's to itself once, and the largest marginal error of them all."""

    def __init__(self) -> None:
        self.marginal_error = 0.0

    def transport(self, x: Rows, y: Rows) -> float:
        cost = pairwise_cost(x, y, "sqeuclidean")
        found = entropic_transport(cost, REGULARISATION, symmetric=x is y, tolerance=TOLERANCE)
        self.marginal_error = max(self.marginal_error, found.marginal_error)
        return found.value

    def diverge(self, x: Rows, y: Rows) -> float:
        return self.transport(x, y) - self.transport(x, x) / 2 - self.transport(y, y) / 2

    def all_pairs(self, firsts: Mapping[str, Rows], seconds: Mapping[str, Rows]) -> tuple[Rows, Rows]:
        """Distances and divergences of the first set of a language from the second of a later one, both symmetric."""
        own = [self.transport(values, values) for values in firsts.values()]
        same = all(firsts[language] is seconds[language] for language in firsts)
        other = own if same else [self.transport(values, values) for values in seconds.values()]
        distances, divergences = np.diag(own), np.zeros((len(own), len(own)))
        for (i, x), (j, y) in combinations(enumerate(firsts), 2):
            distances[i, j] = distances[j, i] = self.transport(firsts[x], seconds[y])
            divergences[i, j] = divergences[j, i] = distances[i, j] - own[i] / 2 - other[j] / 2
        return distances, divergences


def h_divergence_between(rows: Mapping[str, Rows], *, seed: int = 0) -> dict[str, Any]:
    """Proxy A-distance of all pairs: 0 where a linear classifier cannot tell two languages apart, 2 where it can.

    Args:
        rows: Of each language, shape (sentences, d): the same sentences; vectors of `scale_rows`.
        seed: Of folds and null.

    Returns:
        `proxy_a_distance`: mean over pairs with the jackknife over languages; `null` and `largest_p_value` of
        `null_figures` by exchanging translations; `learning_curve`, the mean over pairs by the number of principal
        components that the classifier sees; `energy_distance`, which does not saturate, with the same interval;
        `bound`, the metric's of the pair where it is largest; both as matrices; `sentences`.

    Source: `evaluate_metrics.h_divergence`; folds hold both members of a translation.
    """
    distances, energies = np.zeros((2, len(rows), len(rows)))
    curves: dict[str, list[float]] = {}
    bound: Any = None
    for (i, x), (j, y) in combinations(enumerate(rows), 2):
        found: dict[str, Any] = h_divergence(rows[x], rows[y], seed=seed, num_resamples=1)
        distances[i, j] = distances[j, i] = found["proxy_a_distance"]
        energies[i, j] = energies[j, i] = found["energy_distance"]
        for count, value in found["learning_curve"].items():
            curves.setdefault(count, []).append(value)
        if bound is None or found["bound"]["value"] > bound["value"]:
            bound = found["bound"]

    drawn = []
    for x, y, generator in _null_pairs(rows, seed):
        swapped: dict[str, Any] = h_divergence(*swap_sentences(rows[x], rows[y], generator), seed=seed, num_resamples=1)
        drawn.append(swapped["proxy_a_distance"])
    return {
        "sentences": len(next(iter(rows.values()))),
        "proxy_a_distance": mean_over_pairs(distances),
        **null_figures(distances, drawn),
        "learning_curve": {count: float(np.mean(values)) for count, values in curves.items()},
        "energy_distance": mean_over_pairs(energies),
        "bound": bound,
        "proxy_a_distance_matrix": distances.tolist(),
        "energy_distance_matrix": energies.tolist(),
    }


def swap_sentences(x: Rows, y: Rows, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Two sets that differ by chance alone: each sentence and its translation change sides or not."""
    swapped = (generator.random(len(x)) < 0.5)[:, None]
    return np.where(swapped, y, x), np.where(swapped, x, y)


def exchange_rows(x: Rows, y: Rows, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Two sets of the same sizes, drawn from the rows of both; for sets that share no sentence."""
    mixed = generator.permutation(np.concatenate([x, y]))
    return mixed[: len(x)], mixed[len(x) :]


def null_figures(matrix: Rows, drawn: Sequence[float]) -> dict[str, Any]:
    """What chance gives, pooled over pairs: one or few draws a pair are all that is cheap.

    Args:
        matrix: Values of all pairs, symmetric.
        drawn: Values after exchanges, some of each pair.

    Returns:
        `null`: `mean`, `high` (the 97.5th percentile) and the number of `draws`; `largest_p_value` over pairs, the
        share of draws that reach a pair's value, itself counted.
    """
    null = np.array(drawn)
    values = matrix[np.triu_indices(len(matrix), 1)]
    p_values = ((null >= values[:, None] - 1e-12).sum(axis=1) + 1) / (len(null) + 1)
    high = float(np.quantile(null, 0.975))
    return {
        "null": {"mean": float(null.mean()), "high": high, "draws": len(null)},
        "largest_p_value": float(p_values.max()),
    }


def _null_pairs(languages: Collection[str], seed: int) -> Iterator[tuple[str, str, np.random.Generator]]:
    """Every pair as often as makes `NULL_DRAWS` in all, with the generator of the exchanges."""
    generator = np.random.default_rng(seed)
    pairs = list(combinations(languages, 2))
    for x, y in pairs:
        for _ in range(-(-NULL_DRAWS // len(pairs))):
            yield x, y, generator
