"""CKA of features that do not fit into memory: exact sums in one pass, and the minibatch estimate.

Not here: nulls and intervals over sentences, which need all of them (the closed form of the null does not).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from .arrays import Array, Features, namespace, read_matrices, to_numpy
from .linear_cka import FloatArray, Moments, cosines, moments


class StreamingCKA:
    """Sums of batches from which the CKA of all sentences follows exactly, in O(D^2) memory for D dimensions together.

    >>> stream = StreamingCKA()
    >>> for start in range(0, 100, 10):
    ...     rows = np.arange(start, start + 10.0)
    ...     stream.update({"x": np.stack([rows, rows**2], axis=1), "y": np.stack([rows, -rows], axis=1)})
    >>> found = stream.moments()
    >>> found.n, round(float(found.biased()[0, 1]), 4), round(float(found.debiased()[0, 1]), 4)
    (100, 0.9363, 0.937)
    """

    def __init__(self) -> None:
        self.languages: tuple[str, ...] = ()
        self._widths: list[int] = []
        self._n = 0
        self._origin: Array = None  # mean of the first batch: sums around it lose no digits to a large mean
        self._sums: list[Array] = []

    def update(self, features: Mapping[str, Features]) -> None:
        """Add a batch.

        Args:
            features: Rows of each language, the same sentences in all; two or more.

        Raises:
            ValueError: As in `read_matrices`, or if languages or dimensions differ from the first batch.
        """
        matrices = read_matrices(features)
        widths = [matrix.shape[1] for matrix in matrices.values()]
        if self._n and (tuple(matrices), widths) != (self.languages, self._widths):
            expected = dict(zip(self.languages, self._widths, strict=True))
            raise ValueError(
                f"the batch has the dimensions {dict(zip(matrices, widths, strict=True))}; "
                f"expected {expected}, as in the first batch"
            )
        xp = namespace(next(iter(matrices.values())))
        joined = xp.concatenate(list(matrices.values()), 1)
        if not self._n:
            self.languages, self._widths, self._origin = tuple(matrices), widths, joined.mean(0)
        joined = joined - self._origin
        parts = xp.split(joined, widths, 1) if xp is not np else np.split(joined, np.cumsum(widths)[:-1], 1)
        squares = xp.stack([(part * part).sum(1) for part in parts], 1)  # (rows, L)
        new = [joined.sum(0), joined.T @ joined, joined.T @ squares, squares.T @ squares]
        self._sums = [old + more for old, more in zip(self._sums, new, strict=True)] if self._n else new
        self._n += len(joined)

    def merge(self, other: "StreamingCKA") -> None:
        """Add the sentences of another stream, such as that of another process.

        Raises:
            ValueError: If languages or dimensions differ.
        """
        if not other._n:
            return
        if not self._n:
            self.__dict__ |= {**other.__dict__, "_sums": list(other._sums), "_widths": list(other._widths)}
            return
        if (other.languages, other._widths) != (self.languages, self._widths):
            raise ValueError(
                f"the streams hold {other.languages} of {other._widths} dimensions, "
                f"and {self.languages} of {self._widths}"
            )
        moved = _move(other._sums, other._n, self._origin - other._origin, self._widths)
        self._sums = [ours + theirs for ours, theirs in zip(self._sums, moved, strict=True)]
        self._n += other._n

    def moments(self) -> Moments:
        """The moments of all sentences so far: `biased()`, `debiased()`, `participation_ratios()`.

        Raises:
            ValueError: If there are none, or a language is constant.
        """
        if self._n < 2:
            raise ValueError(f"the stream holds {self._n} sentences; CKA needs 2 or more")
        _, products, _, fourth = _move(self._sums, self._n, self._sums[0] / self._n, self._widths)
        products, edges = to_numpy(products), np.cumsum([0, *self._widths])
        starts = edges[:-1]
        grams = np.add.reduceat(np.add.reduceat(products**2, starts, axis=0), starts, axis=1)
        traces = np.add.reduceat(np.diag(products), starts)
        origin = to_numpy(self._origin)
        for language, trace, start, stop in zip(self.languages, traces, starts, edges[1:], strict=True):
            if trace <= self._n * 1e-26 * max(float((origin[start:stop] ** 2).sum()), 1e-300):
                raise ValueError(f"language {language!r}: all {self._n} rows are the same; CKA is undefined (0/0)")
        return Moments(grams, to_numpy(fourth), traces, self._n)


def minibatch_cka(batches: Iterable[Mapping[str, Features]]) -> FloatArray:
    """CKA from the mean of the unbiased HSIC over batches, shape (L, L).

    Equal to debiased CKA of all sentences only in expectation over random batches: see `StreamingCKA` for the exact
    value in one pass. It needs no D^2 memory, and its batches must be drawn at random.

    Args:
        batches: Features of each language, four sentences or more in each batch, all batches of one size.

    Raises:
        ValueError: As in `read_matrices`, or if there is no batch or one of fewer than four sentences.

    Source: Nguyen et al. (2021), equations 2 and 3.
    """
    total, count = np.zeros(()), 0
    for batch in batches:
        matrices = read_matrices(batch).values()
        found = moments([matrix - matrix.mean(0) for matrix in matrices])
        if found.n < 4:
            raise ValueError(f"batch {count} has {found.n} sentences; minibatch CKA needs 4 or more in each")
        total, count = total + found.u_products() / (found.n * (found.n - 3)), count + 1
    if not count:
        raise ValueError("no batch to compare")
    return cosines(total)


def _move(sums: list[Array], n: int, shift: Array, widths: list[int]) -> list[Array]:
    """Sums of z, zz', z|z|^2 and |z|^2|z|^2 over rows, after `shift` is taken from every row z.

    |z - m|^2 = |z|^2 - 2 z.m + |m|^2 for each language's part of z and m.
    """
    first, products, third, fourth = sums
    xp = namespace(first)
    owner = np.repeat(np.arange(len(widths)), widths)
    spread = xp.zeros_like(third)  # (D, L): the shift of each language in its own column
    spread[np.arange(len(owner)), owner] = shift
    squares = (spread**2).sum(0)  # |m|^2, shape (L,)
    totals = xp.stack(
        [products[rows, rows].sum() for rows in (np.flatnonzero(owner == place) for place in range(len(widths)))]
    )
    # z |z - m|^2 and |z - m|^2, summed over rows
    weighted = third - 2 * products @ spread + first[:, None] * squares[None, :]
    distances = totals - 2 * first @ spread + n * squares
    moved_fourth = fourth - 2 * (spread.T @ third + third.T @ spread) + 4 * spread.T @ products @ spread
    inner = totals - 2 * first @ spread
    moved_fourth = moved_fourth + squares[:, None] * inner[None, :] + inner[:, None] * squares[None, :]
    moved_fourth = moved_fourth + n * squares[:, None] * squares[None, :]
    return [
        first - n * shift,
        products
        - shift[:, None] * first[None, :]
        - first[:, None] * shift[None, :]
        + n * shift[:, None] * shift[None, :],
        weighted - shift[:, None] * distances[None, :],
        moved_fourth,
    ]
