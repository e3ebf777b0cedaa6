"""CKA of a pair of languages with the covariates of both taken out of both, unbiased for as few rows as are left.

Not here: the covariates (`lengths.py`), all pairs together (`pairwise.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Array, like, namespace, to_numpy
from .jackknife import row_products_from_features
from .lengths import NOTHING
from .linear_cka import FloatArray, cosines


@dataclass(frozen=True)
class PartialledPair:
    """What the CKA values of two languages are made of, R being what takes the covariates of both out.

    With K = R X X' R, a language's U-centred matrix is U = R (X X' - D) R, the diagonal matrix D such that U has a
    diagonal of 0.

    Attributes:
        rows: Sum over j of K_a[i, j] K_b[i, j], shape (n, 2, 2).
        diagonals: K_a[i, i], shape (n, 2).
        u_rows: Sum over j of U_a[i, j] U_b[i, j], shape (n, 2, 2).
        weights: The diagonals D, shape (n, 2).
        left: R[i, i], the share of sentence i that its covariates do not determine, shape (n,).
        degrees: Rows less columns taken out, the trace of R.
    """

    rows: FloatArray
    diagonals: FloatArray
    u_rows: FloatArray
    weights: FloatArray
    left: FloatArray
    degrees: int

    def biased(self) -> FloatArray:
        """Biased CKA of what is left, shape (2, 2)."""
        return cosines(self.rows.sum(axis=0))

    def debiased(self) -> FloatArray:
        """Cosines of the U-centred matrices, shape (2, 2); NaN where a matrix is 0.

        Their products are 0 in the mean for features that are independent given the covariates, however many columns
        are taken out and however much the spread of features differs between sentences: the mean of X X' is then
        diagonal but for terms in the covariates, and U is 0 for every such matrix. With no covariate but the constant
        this is the unbiased HSIC of Song et al. (2012).
        """
        return cosines(self.u_rows.sum(axis=0))

    def expected_biased(self) -> float:
        """Mean of biased CKA over all rotations of the rows that are left: what no relation at all gives."""
        traces = self.diagonals.sum(axis=0)
        squares = np.diagonal(self.rows.sum(axis=0))
        return float(np.prod(traces / np.sqrt(squares)) / self.degrees)

    def leave_one_out(self, *, debiased: bool) -> FloatArray:
        """CKA without each sentence, covariates taken out anew, shape (n, 2, 2).

        Exact for biased CKA, as a residual without sentence i is known from all residuals. For debiased CKA the
        diagonal is not set to 0 anew, which is of the order of the square of a sentence's leverage.
        """
        rows = self.u_rows if debiased else self.rows
        diagonals = np.zeros_like(self.diagonals) if debiased else self.diagonals
        share = np.where(self.left > NOTHING, self.left, np.inf)[:, None]
        scaled = diagonals / share
        found = rows.sum(axis=0) - 2 * rows / share[:, :, None] + scaled[:, :, None] * scaled[:, None]
        squares = np.diagonal(found, axis1=1, axis2=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(found / np.sqrt(squares[:, :, None] * squares[:, None]))


def pair_from_features(matrices: Sequence[Array], basis: FloatArray) -> PartialledPair:
    """Of linear kernels, in O(n d^2) without any (n, n) matrix.

    Args:
        matrices: Two matrices from which the basis is taken out, each of shape (n, its dimensions).
        basis: Orthonormal columns that span the covariates of both languages and the constant, shape (n, p).
    """
    rows, diagonals, _ = row_products_from_features(matrices)
    return _pair(rows, diagonals, basis, [_Product(matrix, is_gram=False) for matrix in matrices])


def pair_from_grams(grams: Sequence[Array], basis: FloatArray) -> PartialledPair:
    """Of any kernels, in O(n^2 p).

    Args:
        grams: Two Gram matrices from which the basis is taken out, each of shape (n, n): see `project`.
        basis: As in `pair_from_features`.
    """
    rows = np.empty((len(basis), 2, 2))
    for place, other in ((0, 0), (0, 1), (1, 1)):
        rows[:, place, other] = rows[:, other, place] = to_numpy((grams[place] * grams[other]).sum(1))
    diagonals = np.stack([to_numpy(gram.diagonal()) for gram in grams], axis=1)
    return _pair(rows, diagonals, basis, [_Product(gram, is_gram=True) for gram in grams])


def project(gram: Array, basis: FloatArray) -> Array:
    """R K R for a symmetric K, R = I - QQ'. Args: gram: shape (n, n). basis: Q, orthonormal, shape (n, p)."""
    return _reflect(gram, like(basis, gram), like(np.eye(basis.shape[1]), gram))


def compress(grams: Sequence[Array], basis: FloatArray) -> Array:
    """C' K C of symmetric matrices K, for an orthonormal basis C of all that is orthogonal to the covariates.

    Args:
        grams: Matrices of shape (n, n).
        basis: Q, orthonormal, shape (n, p).

    Returns:
        Shape (len(grams), n - p, n - p). Residuals are not exchangeable, as p relations hold between them. These rows
        are, where the features are normal: rotating them changes nothing.

    C is what a block reflection that lays Q on the first p axes makes of the other axes, so that row i stays near
    sentence p + i, and no (n, n) basis is ever formed. Source: Schreiber and Parlett (1988).
    """
    count = basis.shape[1]
    left, sizes, right = np.linalg.svd(basis[:count])
    vectors = basis.copy()
    vectors[:count] += left @ right
    middle = right.T / (1 + sizes) @ right
    places = [like(part, grams[0]) for part in (vectors, middle)]
    return namespace(grams[0]).stack([_reflect(gram, *places)[count:, count:] for gram in grams])


def without_diagonal(gram: Array, weights: FloatArray) -> Array:
    """A copy less a diagonal matrix. Args: gram: shape (n, n). weights: the diagonal, shape (n,)."""
    found, places = gram + 0.0, np.arange(len(gram))
    found[places, places] -= like(weights, gram)
    return found


class _Product:
    """A Gram matrix that multiplies columns, formed or as its features."""

    def __init__(self, matrix: Array, *, is_gram: bool) -> None:
        self.matrix, self.is_gram = matrix, is_gram

    def __call__(self, columns: FloatArray) -> FloatArray:
        right = like(columns, self.matrix)
        found = self.matrix @ (right if self.is_gram else self.matrix.T @ right)
        return np.asarray(to_numpy(found))


def _pair(rows: FloatArray, diagonals: FloatArray, basis: FloatArray, products: Sequence[_Product]) -> PartialledPair:
    """The U-centred rows are corrections of rank p to those of the Gram matrices."""
    squared = _SquaredResidualMaker(basis)
    weights = np.stack([squared.solve(diagonal) for diagonal in diagonals.T], axis=1)
    spread = [weight[:, None] * basis for weight in weights.T]
    residual = [columns - basis @ (basis.T @ columns) for columns in spread]
    u_rows = rows.copy()
    for place in range(2):
        for other in range(2):
            # [i, i] of K_a D_b R, of K_b D_a R and of R D_a R D_b R
            u_rows[:, place, other] += squared(weights[:, place] * weights[:, other])
            u_rows[:, place, other] -= (residual[place] * residual[other]).sum(axis=1)
            crossed = diagonals[:, place] * weights[:, other] - (products[place](spread[other]) * basis).sum(axis=1)
            u_rows[:, place, other] -= crossed
            u_rows[:, other, place] -= crossed
    return PartialledPair(rows, diagonals, u_rows, weights, squared.left, len(basis) - basis.shape[1])


class _SquaredResidualMaker:
    """The matrix of R[i, j]^2, R = I - QQ', by its products with vectors in O(n p^2)."""

    def __init__(self, basis: FloatArray) -> None:
        self.basis = basis
        self.leverages = (basis**2).sum(axis=1)
        self.left = np.clip(1 - self.leverages, 0.0, 1.0)

    def __call__(self, vector: FloatArray) -> FloatArray:
        inner = self.basis.T @ (vector[:, None] * self.basis)
        return np.asarray((1 - 2 * self.leverages) * vector + ((self.basis @ inner) * self.basis).sum(axis=1))

    def solve(self, wanted: FloatArray, tolerance: float = 1e-12) -> FloatArray:
        """The diagonal D for which R D R has the wanted diagonal, by conjugate gradients.

        The matrix is positive semidefinite, and the diagonal of R K R is in its range for every K: where the covariates
        determine sentences, any solution gives the same R D R.
        """
        scale = np.where(self.left > NOTHING, self.left, 1.0) ** 2
        found, rest = np.zeros_like(wanted), wanted.copy()
        conditioned = rest / scale
        direction, size = conditioned.copy(), float(rest @ conditioned)
        least = tolerance**2 * size
        for _ in range(len(wanted)):
            if size <= least:
                break
            product = self(direction)
            curvature = float(direction @ product)
            if curvature <= 0:  # rounding, in a direction that R D R does not see
                break
            found += size / curvature * direction
            rest -= size / curvature * product
            conditioned = rest / scale
            size, before = float(rest @ conditioned), size
            direction = conditioned + size / before * direction
        return found


def _reflect(gram: Array, vectors: Array, middle: Array) -> Array:
    """H K H for a symmetric K and H = I - W G W', in O(n^2 p)."""
    xp: Any = namespace(gram)
    product = gram @ vectors
    half = (product - vectors @ (middle @ (vectors.T @ product)) / 2) @ middle
    return gram - xp.concatenate([vectors, half], 1) @ xp.concatenate([half, vectors], 1).T
