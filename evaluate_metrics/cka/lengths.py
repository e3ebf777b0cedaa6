"""Sentence length taken out of a comparison: partialled out of the features, or held fixed in bins.

Not here: CKA. Why it matters: translations are about equally long, and pooled embeddings carry length.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, like

Lengths: TypeAlias = Sequence[float] | NDArray[np.float64]

# A bin of fewer sentences leaves too few ways to shuffle, more bins than this leave no length to hold fixed.
LEAST_BIN, MOST_BINS = 10, 20
LEAST_SENTENCES, RANK_DEGREE = 20, 4


def read_lengths(lengths: Lengths, language: str, count: int) -> NDArray[np.float64]:
    """The lengths of a language's sentences.

    Raises:
        ValueError: If there are not `count` of them, or one is not finite and above 0.
    """
    values = np.asarray(lengths, dtype=np.float64)
    if values.shape != (count,):
        raise ValueError(
            f"language {language!r}: expected {count} lengths, one per row; found the shape {values.shape}"
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        raise ValueError(f"language {language!r}, row {bad[0]}: the length is {values[bad[0]]}; expected one above 0")
    return values


def partial_out_lengths(matrix: Array, lengths: Lengths, language: str = "x") -> Array:
    """What is left of each column after its regression on smooth functions of length.

    Args:
        matrix: Features, shape (sentences, dimensions).
        lengths: Of each sentence, in the units that were pooled (characters, subwords, ...).
        language: Its name, for errors.

    Returns:
        Residuals of the same shape, centred.

    Raises:
        ValueError: If the lengths are wrong, there are too few sentences, or nothing is left.

    The functions are 1, length, log length, 1 / length, and polynomials of degree 1 to 4 in the rank of the length.
    Without the polynomials, mean-pooled random positions keep a CKA of .25 where lengths correlate by .9; with, .01.
    These p = 8 columns bias debiased CKA by about (p - 1) d / n^2 for n sentences of d dimensions of equal variance.
    """
    values = read_lengths(lengths, language, len(matrix))
    if len(matrix) < LEAST_SENTENCES:
        raise ValueError(
            f"language {language!r} has {len(matrix)} rows; to partial length out takes {LEAST_SENTENCES} or more"
        )
    basis = like(_length_basis(values), matrix)
    centred = matrix - matrix.mean(0)
    residuals = centred - basis @ (basis.T @ centred)
    residuals = residuals - basis @ (basis.T @ residuals)  # twice: the rounding of the first pass
    if float((residuals**2).sum()) <= 1e-20 * float((centred**2).sum()):
        raise ValueError(f"language {language!r}: nothing is left once sentence length is partialled out")
    return residuals


def _length_basis(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal functions of length, shape (sentences, 8 or fewer); fewer where few lengths are distinct."""
    scaled = lengths / lengths.mean()
    _, places, counts = np.unique(lengths, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[places] / len(lengths) * 2 - 1  # equal lengths share their middle rank
    smooth = np.stack([np.ones_like(scaled), scaled, np.log(scaled), 1 / scaled], axis=1)
    columns = np.concatenate([smooth, np.polynomial.legendre.legvander(ranks, RANK_DEGREE)[:, 1:]], axis=1)
    norms = np.linalg.norm(columns, axis=0)
    basis, sizes, _ = np.linalg.svd(columns / np.where(norms > 0, norms, 1.0), full_matrices=False)
    return np.asarray(basis[:, sizes > 1e-10 * sizes[0]])


def length_bins(lengths: Lengths) -> list[NDArray[np.int64]]:
    """Rows in bins of like length, up to 20 of about equal size.

    Args:
        lengths: Of each sentence on the side that stays as it is. In bins of the mean of both sides, the two would
            run against each other.

    Raises:
        ValueError: If there are fewer than 20 sentences.
    """
    count = min(MOST_BINS, len(lengths) // LEAST_BIN)
    if count < 2:
        raise ValueError(f"length bins need {2 * LEAST_BIN} sentences or more; found {len(lengths)}")
    order = np.argsort(np.asarray(lengths), kind="stable")
    return [rows.astype(np.int64) for rows in np.array_split(order, count)]
