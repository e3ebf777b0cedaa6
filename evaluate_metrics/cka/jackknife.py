"""Intervals of CKA from all n values that leave one sentence out, in closed form, without computing CKA n times.

Not here: intervals of means over languages (`heat_maps.py`), whether a value is null (`null_distribution.py`).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from .arrays import Array, namespace, to_numpy
from .linear_cka import FloatArray, diagonals_of


def row_products_from_grams(stack: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What `leave_one_out` needs, from centred Gram matrices of any kernel.

    Args:
        stack: Centred Gram matrices K of L languages, shape (L, n, n).

    Returns:
        `rows`: sum over j of K_a[i, j] K_b[i, j], shape (n, L, L). `diagonals`: K_a[i, i], shape (n, L). `spread`:
        entry i of K_a times the diagonal of K_b, shape (n, L, L).
    """
    xp, by_row = namespace(stack), stack.swapaxes(0, 1)  # (n, L, n)
    diagonals = diagonals_of(stack)
    spread = xp.stack([gram @ diagonals for gram in stack], 1)
    return to_numpy(by_row @ by_row.swapaxes(1, 2)), to_numpy(diagonals), to_numpy(spread)


def row_products_from_features(matrices: Sequence[Array]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The same for linear kernels from L centred matrices of shape (n, dimensions), without any (n, n) matrix."""
    n, count = len(matrices[0]), len(matrices)
    squares = namespace(matrices[0]).stack([(matrix * matrix).sum(1) for matrix in matrices], 1)
    rows, spread = np.empty((n, count, count)), np.empty((n, count, count))
    for place, matrix in enumerate(matrices):
        spread[:, place] = to_numpy(matrix @ (matrix.T @ squares))
        for other in range(place, count):
            found = ((matrix @ (matrix.T @ matrices[other])) * matrices[other]).sum(1)
            rows[:, place, other] = rows[:, other, place] = to_numpy(found)
    return rows, to_numpy(squares), spread


def leave_one_out(rows: FloatArray, diagonals: FloatArray, spread: FloatArray, *, debiased: bool = False) -> FloatArray:
    """CKA of all pairs of languages without each sentence, centred anew: O(n) from row products, exact.

    Args:
        rows: Row products, shape (n, L, L); with `diagonals` and `spread` from `row_products_from_grams`.
        diagonals: Shape (n, L).
        spread: Shape (n, L, L).
        debiased: Whether to give debiased values, which needs five sentences.

    Returns:
        Values without sentence i, shape (n, L, L).

    With a matrix K whose rows sum to r: leaving i out takes 2 rows_i from the sum of products, 2 r_i from the sum of K,
    and K[j, i] from each other r_j. Biased CKA takes K with its diagonal (r = 0), debiased CKA without (r = -diagonal).
    """
    left = len(rows) - 1
    both = diagonals[:, :, None] * diagonals[:, None]
    total = rows.sum(axis=0)
    if debiased:
        rows, total = rows - both, (rows - both).sum(axis=0)
        # Products of r = -diagonal with the matrices without diagonal; [a, b] holds K_a times r_b.
        crossed = both - spread
        sums = -diagonals.sum(axis=0) + 2 * diagonals
        middle = both.sum(axis=0) - both - crossed - crossed.swapaxes(1, 2) + rows
        found = total - 2 * rows - 2 / (left - 2) * middle
        found += sums[:, :, None] * sums[:, None] / ((left - 1) * (left - 2))
    else:
        found = total - 2 * rows + both - 2 / left * (rows - both) + both / left**2
    squares = np.diagonal(found, axis1=1, axis2=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(found / np.sqrt(squares[:, :, None] * squares[:, None]))


def jackknife_errors(values: FloatArray) -> FloatArray:
    """Standard errors from the values without each sentence, along the first axis.

    Source: Tukey (1958). It fails for values that do not change smoothly with one sentence, such as a median; CKA is
    smooth unless a representation is constant.
    """
    count = len(values)
    return np.asarray(np.sqrt((count - 1) / count * ((values - values.mean(axis=0)) ** 2).sum(axis=0)))


def half_widths(errors: FloatArray, degrees: int, confidence: float) -> FloatArray:
    """What to take from a value and add to it for its interval: Student's t times the standard error.

    Raises:
        ValueError: If the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; expected a share between 0 and 1, such as 0.95")
    return np.asarray(float(stdtrit(degrees, (1 + confidence) / 2)) * errors)
