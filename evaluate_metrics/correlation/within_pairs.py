"""Permutations that keep each pair of languages apart, and the correlations that they give.

Not here: the coefficients of given points (`rank_correlation.py`), checks of the input (`clustered_correlation.py`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rank_correlation import Floats, centred_ranks

Indices = NDArray[np.int64]

_CHUNK = 1 << 19  # numbers held at a time: as many as a cache holds


@dataclass(frozen=True)
class Permuted:
    """What the permutations say of the points.

    Attributes:
        partial: Rank correlation given the pair; None where x or y does not vary inside any pair.
        p_value: Its two-sided p-value by the permutations; None with it.
        spearman: Pooled Spearman's rho of each permutation, shape (permutations,).
        kendall: Pooled Kendall's tau-b of each, same shape.
        exact: Whether these are all permutations there are, the given order among them.
    """

    partial: float | None
    p_value: float | None
    spearman: Floats
    kendall: Floats
    exact: bool


def permute_within_pairs(
    x: Floats, y: Floats, blocks: Sequence[Indices], *, together: bool, num_resamples: int, seed: int
) -> Permuted:
    """Correlations under the hypothesis that inside a pair, x and y are unrelated.

    The pairs' places stay, so that what is left of a pooled coefficient is what the pairs alone explain.

    Args:
        x: Shape (points,).
        y: Same shape.
        blocks: The points of each pair, in the order of their seeds.
        together: Permute all pairs alike. Right where they hold the same seeds, since the points of a seed share a
            model (that of English) and so are not independent.
        num_resamples: All permutations are tried if there are at most so many, else so many are drawn.
        seed: Seed of the drawing.

    Returns:
        See `Permuted`. Drawing counts (hits + 1) / (permutations + 1).
    """
    ranks_x, ranks_y = centred_ranks(x), centred_ranks(y)
    inside_x, inside_y = ranks_x.copy(), ranks_y.copy()
    for block in blocks:
        inside_x[block] -= ranks_x[block].mean()
        inside_y[block] -= ranks_y[block].mean()
    halves_y = ranks_y.astype(np.float32)  # exact: ranks are multiples of 1/2
    signs_x, signs_y = _signs(ranks_x[None])[0], _signs(ranks_y[None])[0]
    sums, concordances = [], []
    rows = max(1, _CHUNK // len(signs_x))
    exact = count_orders(blocks, together=together) <= num_resamples
    every = _all_orders(blocks, together, rows) if exact else _drawn_orders(blocks, together, rows, num_resamples, seed)
    for orders in every:
        sums.append(inside_y[orders] @ inside_x)
        concordances.append(_signs(halves_y[orders]) @ signs_x.astype(np.float32))
    sum_inside, concordance = np.concatenate(sums), np.concatenate(concordances).astype(np.float64)
    # Permuting inside pairs moves only the part of rho that is inside them.
    observed, scale = float(inside_x @ inside_y), math.sqrt(float(inside_x @ inside_x) * float(inside_y @ inside_y))
    between = float(ranks_x @ ranks_y) - observed
    partial = p_value = None
    if scale > 0:
        partial = max(-1.0, min(1.0, observed / scale))
        hits = int((np.abs(sum_inside) >= abs(observed) - 1e-9 * scale).sum())
        p_value = hits / len(sum_inside) if exact else (hits + 1) / (len(sum_inside) + 1)
    return Permuted(
        partial,
        p_value,
        (between + sum_inside) / math.sqrt(float(ranks_x @ ranks_x) * float(ranks_y @ ranks_y)),
        concordance / math.sqrt(float(signs_x @ signs_x) * float(signs_y @ signs_y)),
        exact,
    )


def count_orders(blocks: Sequence[Indices], *, together: bool) -> int:
    """How many permutations there are.

    >>> blocks = [np.array([0, 1, 2]), np.array([3, 4, 5])]
    >>> count_orders(blocks, together=True), count_orders(blocks, together=False)
    (6, 36)
    """
    return math.factorial(len(blocks[0])) if together else math.prod(math.factorial(len(block)) for block in blocks)


def _signs(ranks: NDArray[Any]) -> NDArray[Any]:
    """Which of each two points is higher, shape (rows, points * points), of ranks of shape (rows, points)."""
    return np.asarray(np.sign(ranks[:, :, None] - ranks[:, None, :]).reshape(len(ranks), -1))


def _all_orders(blocks: Sequence[Indices], together: bool, rows: int) -> Iterator[Indices]:
    """Every permutation, in chunks of shape (rows, points): where each point takes its y from."""
    sizes = [len(blocks[0])] if together else [len(block) for block in blocks]
    choices = [np.array(list(permutations(range(size))), dtype=np.int64) for size in sizes]
    whole = [np.concatenate(parts) for parts in product(*choices)]
    for begin in range(0, len(whole), rows):
        chunk = np.array(whole[begin : begin + rows])
        yield _place(blocks, [chunk] * len(blocks) if together else np.split(chunk, np.cumsum(sizes)[:-1], axis=1))


def _drawn_orders(
    blocks: Sequence[Indices], together: bool, rows: int, num_resamples: int, seed: int
) -> Iterator[Indices]:
    generator = np.random.default_rng(seed)

    def draw(size: int, count: int) -> Indices:
        return generator.permuted(np.tile(np.arange(size), (count, 1)), axis=1)

    for begin in range(0, num_resamples, rows):
        count = min(rows, num_resamples - begin)
        if together:
            yield _place(blocks, [draw(len(blocks[0]), count)] * len(blocks))
        else:
            yield _place(blocks, [draw(len(block), count) for block in blocks])


def _place(blocks: Sequence[Indices], parts: Sequence[Indices]) -> Indices:
    """Orders inside each block, shape (rows, block), as orders of all points, shape (rows, points)."""
    orders = np.empty((len(parts[0]), sum(map(len, blocks))), dtype=np.int64)
    for block, part in zip(blocks, parts, strict=True):
        orders[:, block] = block[part]
    return orders
