"""CKA of all pairs of languages together with what each value rests on: its null, its interval, effective dimensions.

Not here: the arithmetic of each (`linear_cka.py`, `null_distribution.py`, `jackknife.py`, `lengths.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, Features, centre, like, namespace, read_matrices
from .heat_maps import mean_over_pairs
from .jackknife import half_widths, jackknife_errors, leave_one_out, row_products_from_features, row_products_from_grams
from .lengths import (
    Covariates,
    Lengths,
    covariate_columns,
    length_bins,
    nothing_left,
    orthonormal_basis,
    read_lengths,
    take_out,
)
from .linear_cka import FloatArray, choose_values, gram_matrices, moments, moments_from_grams
from .null_distribution import bin_null, p_values, shift_null
from .partialling import PartialledPair, compress, pair_from_features, pair_from_grams, project, without_diagonal
from .similarity import rbf_gram, top_dimension_share

KERNELS = ("linear", "rbf")
NULLS = ("shifts", "length-bins", None)


@dataclass(frozen=True)
class PairwiseCKA:
    """Values of all pairs of L languages, as numpy arrays of shape (L, L) unless said otherwise.

    Attributes:
        languages: Their names, in the order of rows and columns.
        n: Sentences.
        values: Biased or debiased CKA, as asked for; the null and the interval belong to these.
        biased: Biased CKA.
        debiased: Debiased CKA; NaN where it is undefined.
        expected_biased: Mean of biased CKA over all ways to pair the sentences.
        participation_ratios: Effective dimensions, shape (L,).
        top_dimension_shares: Share of variance of the largest single dimension, shape (L,).
        p_values: Share of the null that reaches the value; with `null_mean`, `null_std` and `z`, None without a null.
        null_mean: Mean of the null without the value itself.
        null_std: Its standard deviation.
        z: (values - null_mean) / null_std. The null is skewed: not to be read off a normal table.
        standard_errors: By the jackknife over sentences; with `low` and `high`, None without a confidence or below five
            sentences.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    languages: tuple[str, ...]
    n: int
    values: FloatArray
    biased: FloatArray
    debiased: FloatArray
    expected_biased: FloatArray
    participation_ratios: FloatArray
    top_dimension_shares: FloatArray
    p_values: FloatArray | None = None
    null_mean: FloatArray | None = None
    null_std: FloatArray | None = None
    z: FloatArray | None = None
    standard_errors: FloatArray | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None

    def mean(self, confidence: float = 0.95) -> dict[str, Any]:
        """Mean CKA over pairs, with its interval over languages: see `mean_over_pairs`."""
        return mean_over_pairs(self.values, confidence)

    def pair(self, language: str, other: str) -> dict[str, Any]:
        """All figures of one pair as plain numbers, None where there is none."""
        places = self.languages.index(language), self.languages.index(other)
        ends = [_plain(self.low, places), _plain(self.high, places)]
        return {
            "cka": _plain(self.values, places),
            "cka_biased": _plain(self.biased, places),
            "cka_debiased": _plain(self.debiased, places),
            "expected_biased": _plain(self.expected_biased, places),
            "p_value": _plain(self.p_values, places),
            "null_mean": _plain(self.null_mean, places),
            "null_std": _plain(self.null_std, places),
            "z": _plain(self.z, places),
            "standard_error": _plain(self.standard_errors, places),
            "interval": None if None in ends else ends,
            "participation_ratio_x": _plain(self.participation_ratios, places[:1]),
            "participation_ratio_y": _plain(self.participation_ratios, places[1:]),
            "top_dimension_share_x": _plain(self.top_dimension_shares, places[:1]),
            "top_dimension_share_y": _plain(self.top_dimension_shares, places[1:]),
            "n": self.n,
        }


def pairwise_cka(
    features: Mapping[str, Features],
    lengths: Mapping[str, Lengths] | None = None,
    *,
    covariates: Mapping[str, Covariates] | None = None,
    debiased: bool = False,
    kernel: str = "linear",
    null: str | None = "shifts",
    num_permutations: int = 999,
    confidence: float | None = 0.95,
    seed: int = 0,
) -> PairwiseCKA:
    """CKA of all pairs of languages, each self-term once, with null and intervals.

    Args:
        features: Of each language, shape (sentences, its dimensions), the same sentences in the same order. Numpy
            arrays or nested lists; or torch tensors, which are computed with where they lie. Always in float64.
        lengths: Length of each sentence in each language. Those of both languages of a pair are partialled out of the
            features of both, which makes debiased CKA of unrelated features 0 in the mean; with the null "length-bins"
            those of the first of a pair only say which sentences of the second may be swapped.
        covariates: Further facts of each sentence, shape (sentences, facts) of each language, that are partialled out
            together with the lengths.
        debiased: Whether value, null and interval are of debiased CKA.
        kernel: "linear", or "rbf" with the median distance as bandwidth.
        null: "shifts" for all n cyclic shifts of a random order, an exact test; "length-bins" for shuffles among
            sentences of like length; None for none.
        num_permutations: Shuffles of "length-bins".
        confidence: Level of the jackknife interval; None for none.
        seed: Seed of the random order and of the shuffles.

    Returns:
        The matrices; `pair` and `mean` of the result read them.

    Raises:
        ValueError: If the features do not match, are constant or not finite, lengths or covariates do not fit, too few
            sentences are there for them (see `least_sentences`), or an option is unknown. Messages name language
            and row. A `NothingLeftError` among them where features are a function of what is taken out.

    The null needs all Gram matrices: about 16 L n^2 bytes at its peak. Without it linear CKA and its jackknife never
    hold one for n above the sum of dimensions.

    >>> rows = np.random.default_rng(0).standard_normal((200, 4))
    >>> found = pairwise_cka({"eng": rows, "fra": rows[:, :2], "hin": np.abs(rows)}, debiased=True)
    >>> found.values.round(2)[0, :2].tolist(), bool(abs(found.values[0, 2]) < 0.02)
    ([1.0, 0.65], True)
    >>> found.p_values.round(3)[0, :2].tolist(), bool(found.p_values[0, 2] > 0.05)
    ([0.005, 0.005], True)
    """
    _check_options(kernel, null, num_permutations, lengths)
    if covariates is not None and (lengths is None or null == "length-bins" or covariates.keys() != features.keys()):
        raise ValueError("covariates go out together with lengths: give both, of every language; not with length bins")
    read = read_matrices(features)
    languages, n = tuple(read), len(next(iter(read.values())))
    if confidence is not None:
        half_widths(np.zeros(()), n, confidence)  # an unknown level is an error also where there are too few sentences
    order = np.random.default_rng(seed).permutation(n)
    known = _read_all_lengths(lengths, languages, n)
    asked = _Asked(languages, debiased, kernel, null, num_permutations, confidence if n >= 5 else None, seed)
    matrices = []
    for language, matrix in read.items():
        matrix = centre(matrix, language)
        matrices.append(matrix[like(order, matrix)])
    if not known or null == "length-bins":
        return _compare_all(matrices, {language: values[order] for language, values in known.items()}, asked)
    columns = []
    for language, values in known.items():
        others = None if covariates is None else covariates[language]
        columns.append([column[order] for column in covariate_columns(values, language, n, others)])
    return _compare_pairs(matrices, columns, asked)


@dataclass(frozen=True)
class _Asked:
    """What is wanted of the languages."""

    languages: tuple[str, ...]
    debiased: bool
    kernel: str
    null: str | None
    num_permutations: int
    confidence: float | None  # None too where there are too few sentences for an interval
    seed: int

    def needs_grams(self, matrices: Sequence[Array]) -> bool:
        narrow = len(matrices[0]) >= sum(matrix.shape[1] for matrix in matrices)
        return self.kernel == "rbf" or self.null is not None or (self.confidence is not None and not narrow)


def _compare_all(matrices: Sequence[Array], lengths: Mapping[str, NDArray[np.float64]], asked: _Asked) -> PairwiseCKA:
    """All languages at once, nothing taken out."""
    stack: Array = _gram_stack(matrices, asked.kernel) if asked.needs_grams(matrices) else None
    found = moments(matrices) if stack is None else moments_from_grams(stack)
    values = choose_values(found, asked.languages, asked.debiased)
    parts: dict[str, FloatArray] = {}
    if asked.null == "shifts":
        parts |= _null_figures(values, shift_null(stack, debiased=asked.debiased))
    elif asked.null == "length-bins":
        drawn = np.ones((asked.num_permutations + 1, *values.shape))
        for place, other in zip(*np.triu_indices(len(values), 1), strict=True):
            bins, grams = length_bins(lengths[asked.languages[place]]), (stack[place], stack[other])
            drawn[:, place, other] = bin_null(
                *grams, bins, debiased=asked.debiased, num_permutations=asked.num_permutations, seed=asked.seed
            )
        parts |= _null_figures(values, drawn)
    if asked.confidence is not None:
        products = row_products_from_features(matrices) if stack is None else row_products_from_grams(stack)
        without = leave_one_out(*products, debiased=asked.debiased)
        parts |= _interval_figures(values, without, asked.confidence, -1.0 if asked.debiased else 0.0)
    return PairwiseCKA(
        asked.languages,
        len(matrices[0]),
        values,
        found.biased(),
        found.debiased(),
        found.expected_biased(),
        found.participation_ratios(),
        np.array([top_dimension_share(matrix) for matrix in matrices]),
        **parts,
    )


def _compare_pairs(
    matrices: Sequence[Array], columns: Sequence[Sequence[NDArray[np.float64]]], asked: _Asked
) -> PairwiseCKA:
    """Pair by pair, the covariates of both languages taken out of both."""
    shape = (len(matrices), len(matrices))
    with_grams = asked.needs_grams(matrices[:2])
    # Each language's own covariates are in the basis of every pair: without them first, little is left to take out.
    bases = [orthonormal_basis([some], [language]) for some, language in zip(columns, asked.languages, strict=True)]
    own = [take_out(*parts) for parts in zip(matrices, bases, asked.languages, strict=True)]
    stack: Array = gram_matrices(own) if with_grams and asked.kernel == "linear" else None
    names = ["values", "biased", "debiased", "expected_biased"]
    names += ["p_values", "null_mean", "null_std", "z"] if asked.null is not None else []
    names += ["standard_errors", "low", "high"] if asked.confidence is not None else []
    parts = {name: np.ones(shape) for name in names}
    for place in range(len(matrices)):
        for other in range(place, len(matrices)):
            places, pair = [place, other], [asked.languages[place], asked.languages[other]]
            basis = bases[place] if place == other else orthonormal_basis([columns[i] for i in places], pair)
            grams: list[Array] | None = None
            if stack is not None:
                grams = [stack[i] if place == other else project(stack[i], basis) for i in places]
                for i, gram in zip(places, grams, strict=True):
                    if float(gram.trace()) <= 1e-13 * float(stack[i].trace()):
                        raise nothing_left(asked.languages[i])
                found = pair_from_grams(grams, basis)
            else:
                left = [take_out(own[i], basis, language) for i, language in zip(places, pair, strict=True)]
                if with_grams:
                    grams = [project(rbf_gram(matrix), basis) for matrix in left]
                found = pair_from_features(left, basis) if grams is None else pair_from_grams(grams, basis)
            for name, figure in _figures_of_pair(found, grams, basis, pair, asked).items():
                parts[name][place, other] = parts[name][other, place] = figure
    return PairwiseCKA(
        asked.languages,
        len(matrices[0]),
        participation_ratios=np.diag(parts["expected_biased"]) * np.array([len(b) - b.shape[1] for b in bases]),
        top_dimension_shares=np.array([top_dimension_share(matrix) for matrix in own]),
        **parts,
    )


def _figures_of_pair(
    found: PartialledPair, grams: Sequence[Array] | None, basis: FloatArray, pair: Sequence[str], asked: _Asked
) -> dict[str, float]:
    """The figures of one pair by the names of `PairwiseCKA`."""
    biased, debiased = found.biased(), found.debiased()
    for place, language in enumerate(pair):
        if asked.debiased and np.isnan(debiased[place, place]):
            raise ValueError(
                f"language {language!r}: debiased CKA is undefined (0/0) once sentence length is taken out"
            )
    values = debiased if asked.debiased else biased
    parts: dict[str, FloatArray] = {}
    if asked.null is not None and grams is not None:
        moved = [without_diagonal(*both) for both in zip(grams, found.weights.T, strict=True)]
        parts |= _null_figures(values, shift_null(compress(moved if asked.debiased else grams, basis)))
    if asked.confidence is not None:
        without = found.leave_one_out(debiased=asked.debiased)
        parts |= _interval_figures(values, without, asked.confidence, -1.0 if asked.debiased else 0.0)
    parts |= {"values": values, "biased": biased, "debiased": debiased}
    return {name: float(figure[0, 1]) for name, figure in parts.items()} | {"expected_biased": found.expected_biased()}


def _check_options(kernel: str, null: str | None, num_permutations: int, lengths: object) -> None:
    for name, value, known in (("kernel", kernel, KERNELS), ("null", null, NULLS)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, known))}")
    if num_permutations < 1:
        raise ValueError(f"num_permutations is {num_permutations!r}; expected 1 or more")
    if null == "length-bins" and lengths is None:
        raise ValueError('null is "length-bins", which needs the lengths of the sentences; none are given')


def _read_all_lengths(
    lengths: Mapping[str, Lengths] | None, languages: Sequence[str], n: int
) -> dict[str, NDArray[np.float64]]:
    if lengths is None:
        return {}
    missing = [language for language in languages if language not in lengths]
    if missing or len(lengths) != len(languages):
        raise ValueError(f"lengths are given of {sorted(lengths)}; expected those of {sorted(languages)}")
    return {language: read_lengths(lengths[language], language, n) for language in languages}


def _gram_stack(matrices: Sequence[Array], kernel: str) -> Array:
    if kernel == "linear":
        return gram_matrices(matrices)
    return namespace(matrices[0]).stack([rbf_gram(matrix) for matrix in matrices])


def _null_figures(values: FloatArray, drawn: FloatArray) -> dict[str, FloatArray]:
    mean, std = drawn[1:].mean(axis=0), drawn[1:].std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(std > 1e-12, (values - mean) / std, np.nan)
    # Of the two orders of a pair, the one in which the second language moves stands for both.
    figures = {"p_values": p_values(drawn), "null_mean": mean, "null_std": std, "z": z}
    return {name: np.triu(figure) + np.triu(figure, 1).T for name, figure in figures.items()}


def _interval_figures(
    values: FloatArray, without: FloatArray, confidence: float, least: float
) -> dict[str, FloatArray]:
    errors = jackknife_errors(without)
    half = half_widths(errors, len(without) - 1, confidence)
    return {
        "standard_errors": errors,
        "low": np.clip(values - half, least, 1.0),
        "high": np.clip(values + half, least, 1.0),
    }


def _plain(figures: FloatArray | None, places: tuple[int, ...]) -> float | None:
    if figures is None or not np.isfinite(figures[places]):
        return None
    return float(figures[places])
