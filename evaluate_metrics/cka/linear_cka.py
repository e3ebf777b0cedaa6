"""Biased and debiased CKA of all pairs of languages, each self-term once, in the cheaper of two exact forms.

Not here: what a value means (`null_distribution.py`, `jackknife.py`), data that do not fit (`streaming.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, Features, centre, namespace, new_empty, read_matrices, to_numpy

FloatArray = NDArray[np.float64]

# Rows of a Gram matrix that are multiplied at once: large enough for BLAS, small enough that little is computed twice.
BLOCK_ROWS = 192


@dataclass(frozen=True)
class Moments:
    """All that the CKA values of L languages are made of; K is a language's Gram matrix, centred in rows and columns.

    Attributes:
        grams: Sum of K_a * K_b over all entries, shape (L, L). For linear kernels it is the squared Frobenius norm of
            X_a' X_b.
        diagonals: Sum of K_a * K_b over the diagonal, shape (L, L).
        traces: Trace of each K, shape (L,).
        n: Sentences.
    """

    grams: FloatArray
    diagonals: FloatArray
    traces: FloatArray
    n: int

    def biased(self) -> FloatArray:
        """CKA as published, from 0 to 1, shape (L, L).

        Source: Kornblith et al. (2019), equation 3. It is the RV coefficient of the two.
        """
        return cosines(self.grams)

    def debiased(self) -> FloatArray:
        """CKA from the unbiased HSIC, from -1 to 1, shape (L, L); NaN below four sentences, or where it is 0/0.

        Source: Nguyen et al. (2021), equation 3, after Song et al. (2012). It is a ratio of unbiased estimates:
        consistent, not itself unbiased.
        """
        return cosines(self.u_products())

    def u_products(self) -> FloatArray:
        """Inner products of the U-centred Gram matrices, shape (L, L): n (n - 3) times the unbiased HSIC."""
        if self.n < 4:
            return np.full(self.grams.shape, np.nan)
        off_diagonal = self.grams - self.diagonals
        return np.asarray(u_products(off_diagonal, self.diagonals, np.outer(self.traces, self.traces), self.n))

    def participation_ratios(self) -> FloatArray:
        """Effective dimensions of each language, tr(K)^2 / tr(K^2), from 1 to n - 1, shape (L,)."""
        return np.asarray(self.traces**2 / np.diag(self.grams))

    def expected_biased(self) -> FloatArray:
        """Mean of biased CKA over all n! ways to pair the sentences, shape (L, L): what no relation at all gives."""
        ratios = self.participation_ratios()
        return np.asarray(np.sqrt(np.outer(ratios, ratios)) / (self.n - 1))


def u_products(off_diagonal: Array, diagonals: Array, traces: Array, n: int) -> Array:
    """Inner product of two U-centred matrices, from their centred Gram matrices K and L.

    Args:
        off_diagonal: Sum of K * L off the diagonal, any shape.
        diagonals: Sum of K * L on the diagonal.
        traces: Product of the traces of K and L.
        n: Sentences, 4 or more.

    Returns:
        n (n - 3) HSIC1. The rows of K sum to 0, so without their diagonal they sum to -K_ii, which reduces the three
        terms of Song et al. (2012), equation 5, to these.
    """
    return off_diagonal - 2 / (n - 2) * diagonals + traces / ((n - 1) * (n - 2))


def cosines(products: FloatArray) -> FloatArray:
    """Inner products divided by both norms, shape (L, L); NaN where a norm is 0."""
    squares = np.diag(products).copy()
    squares[squares <= 1e-12 * np.abs(products).max()] = np.nan
    found = np.asarray(products / np.sqrt(np.outer(squares, squares)))
    return np.clip(found, -1.0, 1.0)


def linear_cka(x: Features, y: Features, *, debiased: bool = False) -> float:
    """Linear CKA of two representations of the same sentences.

    Args:
        x: Features, shape (sentences, dimensions): numpy array, torch tensor or nested lists.
        y: Features of the same sentences, shape (sentences, other dimensions).
        debiased: Whether to use the unbiased HSIC, which needs four sentences.

    Returns:
        The value: 0 to 1, or -1 to 1 if debiased. Rotation, shift and scale (of all of x, or y) do not change it.

    Raises:
        ValueError: As in `read_matrices` and `centre`, or if debiased CKA is undefined.

    Source: Kornblith et al. (2019), equation 3; Nguyen et al. (2021), equation 3.

    >>> linear_cka([[0, 0], [1, 0], [0, 1], [2, 1]], [[0, 0], [0, 2], [-2, 0], [-2, 4]])  # turned and doubled
    1.0
    """
    matrices = read_matrices({"x": x, "y": y})
    found = moments([centre(matrix, language) for language, matrix in matrices.items()])
    return float(choose_values(found, ["x", "y"], debiased)[0, 1])


def choose_values(found: Moments, languages: Sequence[str], debiased: bool) -> FloatArray:
    """The biased or debiased values of all pairs, shape (L, L).

    Raises:
        ValueError: If a debiased value is undefined.
    """
    if not debiased:
        return found.biased()
    if found.n < 4:
        raise ValueError(f"debiased CKA needs 4 sentences or more; language {languages[0]!r} has {found.n}")
    values = found.debiased()
    for place, language in enumerate(languages):
        if np.isnan(values[place, place]):
            raise ValueError(
                f"language {language!r}: all rows are equally similar to each other; debiased CKA is undefined (0/0)"
            )
    return values


def moments(matrices: Sequence[Array]) -> Moments:
    """Moments of linear kernels, by whichever form costs less; neither keeps a matrix of all sentence pairs.

    The Gram form takes n^2 D operations for L matrices with D columns together, the feature form n D^2.

    Args:
        matrices: L centred matrices, each of shape (n, its dimensions).
    """
    if len(matrices[0]) < sum(matrix.shape[1] for matrix in matrices):
        return moments_from_gram_blocks(matrices)
    return moments_from_features(matrices)


def moments_from_features(matrices: Sequence[Array]) -> Moments:
    """The feature form: squared Frobenius norms of X_a' X_b, for many sentences. Arguments as in `moments`."""
    count = len(matrices)
    grams = np.empty((count, count))
    for place, matrix in enumerate(matrices):
        for other in range(place, count):
            cross = (matrix.T @ matrices[other]).reshape(-1)
            grams[place, other] = grams[other, place] = float(cross @ cross)
    squares = np.stack([to_numpy((matrix * matrix).sum(1)) for matrix in matrices], axis=1)  # (n, L)
    return Moments(grams, squares.T @ squares, squares.sum(axis=0), len(squares))


def moments_from_gram_blocks(matrices: Sequence[Array]) -> Moments:
    """The Gram form, block by block of the lower triangle, in O(L n) memory. Arguments as in `moments`."""
    xp, count, n = namespace(matrices[0]), len(matrices), len(matrices[0])
    grams: Any = 0.0
    diagonals = new_empty(matrices[0], (n, count))
    memory = new_empty(matrices[0], (count * min(BLOCK_ROWS, n) * n,))  # once: fresh pages cost as much as the sums
    for start in range(0, n, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n)
        block = memory[: count * (stop - start) * stop].reshape(count, stop - start, stop)
        for place, matrix in enumerate(matrices):
            xp.matmul(matrix[start:stop], matrix[:stop].T, out=block[place])
        diagonals[start:stop] = diagonals_of(block[:, :, start:])
        block[:, :, :start] *= 2**0.5  # these entries stand for those above the diagonal too
        rows = block.reshape(count, -1)
        grams = grams + rows @ rows.T
    diagonals = to_numpy(diagonals)
    return Moments(to_numpy(grams), diagonals.T @ diagonals, diagonals.sum(axis=0), n)


def moments_from_grams(stack: Array) -> Moments:
    """Moments of any kernels. Args: stack: L centred Gram matrices, shape (L, n, n)."""
    rows = stack.reshape(len(stack), -1)
    diagonals = to_numpy(diagonals_of(stack))
    return Moments(to_numpy(rows @ rows.T), diagonals.T @ diagonals, diagonals.sum(axis=0), stack.shape[1])


def diagonals_of(stack: Array) -> Array:
    """The diagonals of L Gram matrices, shape (n, L)."""
    return namespace(stack).stack([gram.diagonal() for gram in stack], 1)


def gram_matrices(matrices: Sequence[Array]) -> Array:
    """Gram matrices of L centred matrices, shape (L, n, n); half is computed, half mirrored."""
    n = len(matrices[0])
    stack = new_empty(matrices[0], (len(matrices), n, n))
    for gram, matrix in zip(stack, matrices, strict=True):
        for start in range(0, n, BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, n)
            gram[start:stop, :stop] = matrix[start:stop] @ matrix[:stop].T
            gram[:start, start:stop] = gram[start:stop, :start].T
    return stack
