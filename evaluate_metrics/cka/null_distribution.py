"""What CKA gives where nothing pairs the sentences: an exact test by shifts, closed forms, shuffles in bins.

Not here: intervals around a value that is not null (`jackknife.py`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, like, namespace, to_numpy
from .linear_cka import FloatArray, Moments, diagonals_of, moments_from_grams, u_products


def shift_null(stack: Array, *, debiased: bool = False) -> FloatArray:
    """CKA of all pairs of languages for each of the n cyclic shifts of one against the other.

    The shifts are a group, so the test that ranks the value at shift 0 among them is exact once the order of the
    sentences is random: relabel them at random first, all languages alike.

    Args:
        stack: Centred Gram matrices of L languages, shape (L, n, n).
        debiased: Whether to shift the U-centred matrices.

    Returns:
        Values [s, a, b] of K_a[i, j] against K_b[i + s, j + s], shape (n, L, L); s = 0 is the value itself.

    A shift only moves entries along the wrapped diagonals of a matrix, so the n values are circular correlations of
    those diagonals, summed over half of them: O(n^2 log n) for all shifts, where one by one they take O(n^3).
    """
    xp, n = namespace(stack), stack.shape[1]
    offsets = np.arange(1, n // 2 + 1)
    # By symmetry, offset n - d repeats offset d; n / 2 is its own repetition.
    weights = np.where(2 * offsets == n, 1.0, 2.0) ** 0.5
    rows = np.arange(n)[:, None]
    places, weights = like(rows * n + (rows + offsets) % n, stack), like(weights, stack)
    spectra = xp.stack([xp.fft.rfft(gram.reshape(-1)[places] * weights, None, 0) for gram in stack], 1)
    products = spectra.conj() @ spectra.swapaxes(1, 2)  # (frequencies, L, L)
    off_diagonal = to_numpy(xp.fft.irfft(products, n, 0))
    diagonals = to_numpy(diagonals_of(stack))
    spectrum = np.fft.rfft(diagonals, None, 0)
    on_diagonal = np.fft.irfft(spectrum.conj()[:, :, None] * spectrum[:, None], n, 0)
    if debiased:
        traces = diagonals.sum(axis=0)
        found = u_products(off_diagonal, on_diagonal, np.outer(traces, traces), n)
    else:
        found = off_diagonal + on_diagonal
    return _divide(found, np.diagonal(found[0]))


def bin_null(
    gram: Array,
    other: Array,
    bins: Sequence[NDArray[np.int64]],
    *,
    debiased: bool = False,
    num_permutations: int = 999,
    seed: int = 0,
) -> FloatArray:
    """CKA of one pair where the sentences of the other language are shuffled inside bins only.

    Args:
        gram: Centred Gram matrix of one language, shape (n, n).
        other: Of the other language; its sentences are shuffled.
        bins: Rows of each bin; together all rows. See `length_bins`.
        debiased: Whether to give debiased values.
        num_permutations: Shuffles.
        seed: Seed of the shuffles.

    Returns:
        Values, shape (num_permutations + 1,); the first is the value itself.
    """
    n, generator, fixed = len(gram), np.random.default_rng(seed), gram.reshape(-1)
    diagonals = [to_numpy(matrix.diagonal()) for matrix in (gram, other)]
    traces, products = float(diagonals[0].sum() * diagonals[1].sum()), np.empty(num_permutations + 1)
    for number in range(num_permutations + 1):
        order = np.arange(n)
        if number:
            for rows in bins:
                order[rows] = generator.permutation(rows)
        places = like(order, other)
        found = float(fixed @ other[places][:, places].reshape(-1))
        if debiased:
            on_diagonal = float(diagonals[0] @ diagonals[1][order])
            found = u_products(found - on_diagonal, on_diagonal, traces, n)
        products[number] = found
    moments = moments_from_grams(namespace(gram).stack([gram, other]))
    squares = np.diag(moments.u_products() if debiased else moments.grams)
    return np.asarray(products / np.sqrt(squares.prod()))


def p_values(values: FloatArray) -> FloatArray:
    """Share of null values, along the first axis, that are at least the one at place 0, itself counted.

    Args:
        values: From `shift_null` or `bin_null`. The least p is 1 / len(values); NaN where the value is undefined.
    """
    return np.where(np.isnan(values[0]), np.nan, (values >= values[0] - 1e-12).mean(axis=0))


def permutation_moments(moments: Moments, *, debiased: bool = False) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of CKA over all n! ways to pair the sentences, in closed form.

    Args:
        moments: Of L languages with n >= 4 sentences.
        debiased: Whether of debiased CKA: there the mean is 0 and the variance 2 / (n (n - 3)), whatever the features.

    Returns:
        Both of shape (L, L).

    Raises:
        ValueError: If there are fewer than four sentences.

    The tail is skewed: no normal p-value follows from the two. Source: Kazi-Aoual et al. (1995) for biased CKA, the RV
    coefficient. For debiased CKA, the second moment of Mantel (1967) where rows and diagonal are 0.
    """
    n, shape = moments.n, moments.grams.shape
    if n < 4:
        raise ValueError(f"moments of the permutation distribution need 4 sentences or more; found {n}")
    if debiased:
        return np.zeros(shape), np.full(shape, (2 / (n * (n - 3))) ** 0.5)
    ratios = moments.participation_ratios()
    free = np.maximum(n - 1 - ratios, 0.0)
    fourth = n * (n + 1) * np.diag(moments.diagonals) / np.diag(moments.grams) - (n - 1) * (ratios + 2)
    # tau times free: where all centred sentences are orthogonal, free is 0 and so is the variance.
    scaled_tau = (n - 1) / (n - 3) * fourth
    spread = np.outer(free, free) + (n - 3) / (2 * n * (n - 1)) * np.outer(scaled_tau, scaled_tau)
    variance = 2 / ((n + 1) * (n - 1) ** 2 * (n - 2)) * spread
    return moments.expected_biased(), np.sqrt(np.maximum(variance, 0.0))


def _divide(products: FloatArray, squares: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(products / np.sqrt(np.outer(squares, squares)))
