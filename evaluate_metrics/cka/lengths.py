"""Sentence length taken out of a comparison: partialled out of the features, or held fixed in bins.

Other facts that translations share, how much of a sentence is digits for one, go out with it.
Not here: CKA. Why it matters: translations are about equally long, and pooled embeddings carry length.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, like

Lengths: TypeAlias = Sequence[float] | NDArray[np.float64]
Covariates: TypeAlias = Sequence[Sequence[float]] | NDArray[np.float64]  # (sentences, facts)

# A bin of fewer sentences leaves too few ways to shuffle, more bins than this leave no length to hold fixed.
LEAST_BIN, MOST_BINS = 10, 20
RANK_DEGREE = 4
# Rows to have beyond two for each column that is taken out.
SPARE_ROWS = 20
# Share of a sentence that must be left for it to count; what is below the lesser one is rounding.
LEAST_LEFT, NOTHING = 0.001, 1e-8


class NothingLeftError(ValueError):
    """Features of a language are a function of what is taken out."""


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


def read_covariates(covariates: Covariates, language: str, count: int) -> NDArray[np.float64]:
    """Further facts of a language's sentences, shape (sentences, facts).

    Raises:
        ValueError: If there are not `count` rows, or a value is not finite.
    """
    values = np.asarray(covariates, dtype=np.float64)
    if values.ndim != 2 or len(values) != count:
        raise ValueError(
            f"language {language!r}: expected covariates of the shape ({count}, facts); found {values.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise ValueError(f"language {language!r}, row {bad[0]}: a covariate is not finite")
    return values


def partial_out_lengths(
    matrix: Array, lengths: Lengths, language: str = "x", covariates: Covariates | None = None
) -> Array:
    """What is left of each column after its regression on smooth functions of length.

    Args:
        matrix: Features, shape (sentences, dimensions).
        lengths: Of each sentence, in the units that were pooled (characters, subwords, ...).
        language: Its name, for errors.
        covariates: Further facts to take out together with length, shape (sentences, facts).

    Returns:
        Residuals of the same shape, centred. The CKA of two such matrices is biased upwards where their lengths
        correlate, by some (p - 1) d / n^2 for p columns and d dimensions of equal variance: `pairwise_cka` takes the
        columns of both languages out of both.

    Raises:
        ValueError: If lengths or covariates are wrong, or there are too few sentences.
        NothingLeftError: If nothing is left.
    """
    columns = covariate_columns(lengths, language, len(matrix), covariates)
    return take_out(matrix, orthonormal_basis([columns], [language]), language)


def covariate_columns(
    lengths: Lengths, language: str, count: int, covariates: Covariates | None = None
) -> list[NDArray[np.float64]]:
    """The functions that are taken out: of lengths, and of each further fact.

    Args:
        lengths: Of each sentence.
        language: Its name, for errors.
        count: Sentences.
        covariates: Further facts, shape (sentences, facts).

    Returns:
        Columns of `count` values: 1, length, log length, 1 / length, and polynomials of degree 1 to 4 in the rank of
        the length; of each further fact its value, its square, and such polynomials. Without the polynomials,
        mean-pooled random positions keep a CKA of .25 where lengths correlate by .9; with, .01.

    Raises:
        ValueError: If lengths or covariates are wrong.
    """
    columns = _functions_of_length(read_lengths(lengths, language, count))
    if covariates is not None:
        columns += [column for fact in read_covariates(covariates, language, count).T for column in _powers(fact)]
    return columns


def orthonormal_basis(
    columns: Sequence[Sequence[NDArray[np.float64]]], languages: Sequence[str]
) -> NDArray[np.float64]:
    """A basis of what the columns of some languages span together.

    Args:
        columns: Of each language, the constant among them.
        languages: Their names, for errors.

    Returns:
        Shape (sentences, as many columns or fewer): few distinct values give few. A sentence that its covariates
        determine to 99.9 % is one column more, which leaves it out: what is left of it would be rounding.

    Raises:
        ValueError: If there are fewer sentences than twice the basis and `SPARE_ROWS`: what is left would be noise.
    """
    basis = _orthonormal([column for some in columns for column in some])
    count, least = len(basis), least_sentences(basis.shape[1])
    if count < least:
        names = " and ".join(f"language {language!r}" for language in languages)
        raise ValueError(
            f"{names}: {count} rows, of which sentence length and the other covariates take {basis.shape[1]} columns; "
            f"to take them out needs {least} rows or more"
        )
    while True:
        left = 1 - (basis**2).sum(axis=1)
        places = np.flatnonzero((left > NOTHING) & (left < LEAST_LEFT))
        if not len(places):
            return basis
        basis = _orthonormal([*basis.T, *np.eye(count)[places]])


def least_sentences(columns: int) -> int:
    """The fewest sentences from which that many columns can be taken out."""
    return 2 * columns + SPARE_ROWS


def take_out(matrix: Array, basis: NDArray[np.float64], language: str) -> Array:
    """The matrix without what lies in the span of an orthonormal basis that holds the constant.

    Raises:
        NothingLeftError: If nothing is left.
    """
    columns = like(basis, matrix)
    centred = matrix - matrix.mean(0)
    residuals = centred - columns @ (columns.T @ centred)
    residuals = residuals - columns @ (columns.T @ residuals)  # twice: the rounding of the first pass
    if float((residuals**2).sum()) <= 1e-20 * float((centred**2).sum()):
        raise nothing_left(language)
    return residuals


def nothing_left(language: str) -> NothingLeftError:
    """The error for features that are a function of what is taken out."""
    return NothingLeftError(f"language {language!r}: nothing is left once sentence length is partialled out")


def _functions_of_length(lengths: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    scaled = lengths / lengths.mean()
    return [np.ones_like(scaled), scaled, np.log(scaled), 1 / scaled, *_rank_polynomials(lengths)]


def _powers(fact: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    centred = fact - fact.mean()
    return [centred, centred**2, *_rank_polynomials(fact)]


def _rank_polynomials(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[places] / len(values) * 2 - 1  # equal values share their middle rank
    return list(np.polynomial.legendre.legvander(ranks, RANK_DEGREE)[:, 1:].T)


def _orthonormal(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """A basis of what some columns span, shape (sentences, as many or fewer): few distinct values give few."""
    stacked = np.stack(columns, axis=1)
    norms = np.linalg.norm(stacked, axis=0)
    basis, sizes, _ = np.linalg.svd(stacked / np.where(norms > 0, norms, 1.0), full_matrices=False)
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
