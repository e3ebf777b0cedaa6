"""CKA with covariates taken out: 0 in the mean for what is unrelated, its test, its forms against slow ones."""

from typing import Any

import numpy as np
import pytest

from evaluate_metrics.cka.lengths import covariate_columns, orthonormal_basis, take_out
from evaluate_metrics.cka.linear_cka import linear_cka
from evaluate_metrics.cka.null_distribution import p_values
from evaluate_metrics.cka.pairwise import pairwise_cka
from evaluate_metrics.cka.partialling import (
    PartialledPair,
    compress,
    pair_from_features,
    pair_from_grams,
    project,
    without_diagonal,
)


def unrelated(seed: int, n: int, *, facts: bool = True, unequal: bool = False, d: int = 96) -> tuple[Any, Any, Any]:
    """Independent features of two languages whose lengths, digits and punctuation are nearly equal."""
    generator = np.random.default_rng(seed)
    base = generator.lognormal(3, 0.5, n)
    shares = generator.random((n, 2)) * 0.05
    shares[:, 0] = generator.random(n) * 0.05 * (generator.random(n) < 0.5)
    features, lengths, covariates = {}, {}, {}
    for side in "xy":
        lengths[side] = np.maximum(1, np.rint(base * generator.lognormal(0, 0.1, n)))
        features[side] = generator.standard_normal((n, d)) * np.exp(-np.arange(d) / 60)
        if unequal:  # a mean over many pieces spreads less
            features[side] = features[side] / np.sqrt(lengths[side])[:, None]
        covariates[side] = shares * generator.lognormal(0, 0.05, (n, 2))
    return features, lengths, covariates if facts else None


def basis_of(n: int, columns: int, seed: int = 0) -> Any:
    generator = np.random.default_rng(seed)
    return np.linalg.qr(np.column_stack([np.ones(n), generator.standard_normal((n, columns - 1))]))[0]


def related(n: int, seed: int = 0) -> list[Any]:
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((n, 3))
    return [shared @ generator.standard_normal((3, d)) + generator.standard_normal((n, d)) for d in (5, 6)]


def slow(matrices: list[Any], basis: Any, *, debiased: bool) -> float:
    """By dense matrices and least squares."""
    residual = np.eye(len(basis)) - basis @ basis.T
    grams = [residual @ matrix @ matrix.T @ residual for matrix in matrices]
    if debiased:
        weights = [np.linalg.lstsq(residual**2, np.diag(gram), rcond=None)[0] for gram in grams]
        grams = [gram - residual @ np.diag(w) @ residual for gram, w in zip(grams, weights, strict=True)]
        assert max(np.abs(np.diag(gram)).max() for gram in grams) < 1e-8
    product, *squares = ((a * b).sum() for a, b in ((grams[0], grams[1]), (grams[0], grams[0]), (grams[1], grams[1])))
    return float(product / np.sqrt(np.prod(squares)))


def both_forms(matrices: list[Any], basis: Any) -> list[PartialledPair]:
    left = [take_out(matrix, basis, "x") for matrix in matrices]
    grams = [project(matrix @ matrix.T, basis) for matrix in matrices]
    return [pair_from_features(left, basis), pair_from_grams(grams, basis)]


@pytest.mark.parametrize(
    ("n", "facts", "unequal"),
    [(60, False, False), (60, False, True), (100, True, False), (100, True, True), (200, True, False)],
)
def test_unrelated_features_have_none_in_the_mean(n: int, facts: bool, unequal: bool) -> None:
    """Covariates of each side taken out of that side alone left .10 at 100 sentences, and a p of 1 / n every time."""
    values, chances = [], []
    for seed in range(40):
        features, lengths, covariates = unrelated(seed, n, facts=facts, unequal=unequal)
        found = pairwise_cka(features, lengths, covariates=covariates, debiased=True, confidence=None).pair("x", "y")
        values.append(found["cka"])
        chances.append(found["p_value"])
    assert np.mean(values) == pytest.approx(0, abs=3 * np.std(values) / 40**0.5)
    assert np.std(values) < 0.06
    assert np.mean(chances) == pytest.approx(0.5, abs=3 * 12**-0.5 / 40**0.5)
    assert np.mean(np.array(chances) <= 0.1) <= 0.1 + 3 * (0.09 / 40) ** 0.5


@pytest.mark.parametrize("columns", [1, 5, 15])
@pytest.mark.parametrize("debiased", [False, True])
def test_both_forms_equal_dense_matrices(columns: int, debiased: bool) -> None:
    matrices, basis = related(40), basis_of(40, columns)
    expected = slow(matrices, basis, debiased=debiased)
    for found in both_forms(matrices, basis):
        values = found.debiased() if debiased else found.biased()
        assert values[0, 1] == pytest.approx(expected, abs=1e-10)
        assert values[0, 0] == values[1, 1] == pytest.approx(1)


def test_the_constant_alone_gives_the_known_debiased_cka() -> None:
    matrices = related(30)
    for found in both_forms(matrices, basis_of(30, 1)):
        assert found.debiased()[0, 1] == pytest.approx(linear_cka(*matrices, debiased=True), abs=1e-12)
        assert found.biased()[0, 1] == pytest.approx(linear_cka(*matrices), abs=1e-12)
        assert found.expected_biased() == pytest.approx(
            pairwise_cka(dict(zip("xy", matrices, strict=True))).pair("x", "y")["expected_biased"]
        )


@pytest.mark.parametrize("columns", [1, 5])
def test_leave_one_out_equals_deleting_each_sentence(columns: int) -> None:
    matrices, basis = related(40), basis_of(40, columns)
    for debiased, tolerance in ((False, 1e-10), (True, 1e-3)):
        found = both_forms(matrices, basis)[0].leave_one_out(debiased=debiased)[:, 0, 1]
        for sentence in range(40):
            kept = np.arange(40) != sentence
            rest = np.linalg.qr(basis[kept])[0]
            expected = slow([matrix[kept] for matrix in matrices], rest, debiased=debiased)
            assert found[sentence] == pytest.approx(expected, abs=tolerance)


def test_rows_that_are_left_give_the_value_again() -> None:
    matrices, basis = related(40), basis_of(40, 7)
    found = both_forms(matrices, basis)[1]
    grams = [matrix @ matrix.T for matrix in matrices]
    moved = [without_diagonal(gram, weights) for gram, weights in zip(grams, found.weights.T, strict=True)]
    # Neither the covariates nor R D R are in these.
    for stack, expected in (
        (compress(grams, basis), found.biased()),
        (compress([project(gram, basis) for gram in grams], basis), found.biased()),
    ):
        assert stack.shape == (2, 33, 33)
        assert (stack[0] * stack[1]).sum() / np.prod(np.linalg.norm(stack, axis=(1, 2))) == pytest.approx(
            expected[0, 1]
        )
    own = [project(gram, basis) for gram in grams]
    stack = compress([without_diagonal(gram, w) for gram, w in zip(own, found.weights.T, strict=True)], basis)
    assert (stack[0] * stack[1]).sum() / np.prod(np.linalg.norm(stack, axis=(1, 2))) == pytest.approx(
        found.debiased()[0, 1]
    )
    np.testing.assert_allclose(compress(moved, basis), stack, atol=1e-9)


def test_identical_sides_have_one_and_rotation_changes_nothing() -> None:
    features, lengths, covariates = unrelated(3, 120, d=12)
    same = dict.fromkeys("xy", features["x"])
    options: dict[str, Any] = {"debiased": True, "null": None, "confidence": None}
    for facts in (None, dict.fromkeys("xy", covariates["x"])):
        found = pairwise_cka(same, dict.fromkeys("xy", lengths["x"]), covariates=facts, **options)
        assert found.values[0, 1] == pytest.approx(1)
    mixed = {"x": features["x"], "y": features["x"] + features["y"]}
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 12)))[0]
    turned = {"x": 3 * mixed["x"] @ rotation + 5, "y": mixed["y"]}
    found, other = (pairwise_cka(pair, lengths, covariates=covariates, **options).values for pair in (mixed, turned))
    np.testing.assert_allclose(found, other, atol=1e-10)
    assert 0.2 < found[0, 1] < 0.8


def test_with_many_sentences_it_is_the_value_of_each_side_alone() -> None:
    """Tables of 1,012 sentences must not change by taking the other side's length out as well."""
    for n, tolerance in ((300, 0.02), (1012, 0.006)):
        features, lengths, _ = unrelated(4, n)
        mixed = {"x": features["x"], "y": features["x"] + features["y"]}
        bases = {side: orthonormal_basis([covariate_columns(lengths[side], side, n)], [side]) for side in "xy"}
        alone = linear_cka(*(take_out(mixed[side], bases[side], side) for side in "xy"), debiased=True)
        found = pairwise_cka(mixed, lengths, debiased=True, null=None, confidence=None).values[0, 1]
        assert found == pytest.approx(alone, abs=tolerance)


def test_all_pairs_equal_pair_by_pair_and_grams_equal_features() -> None:
    features, lengths, covariates = unrelated(5, 150, d=10)
    features["z"], lengths["z"] = features["x"] + features["y"], lengths["x"] + 1
    covariates["z"] = covariates["y"]
    for debiased in (False, True):
        found = pairwise_cka(features, lengths, covariates=covariates, debiased=debiased)
        light = pairwise_cka(features, lengths, covariates=covariates, debiased=debiased, null=None)
        for name in ("values", "biased", "debiased", "expected_biased", "low", "high"):
            np.testing.assert_allclose(getattr(found, name), getattr(light, name), atol=1e-9, err_msg=name)
            np.testing.assert_allclose(getattr(found, name), getattr(found, name).T, err_msg=name)
        sides = ({side: table[side] for side in "xz"} for table in (features, lengths, covariates))
        alone = pairwise_cka(next(sides), next(sides), covariates=next(sides), debiased=debiased).pair("x", "z")
        for name in ("cka", "p_value", "standard_error", "expected_biased"):
            assert found.pair("x", "z")[name] == pytest.approx(alone[name])


def test_a_sentence_that_its_length_determines_is_left_out() -> None:
    """One sentence of a length far from all others holds rounding alone once length is out."""
    x, y = related(60)
    lengths = np.r_[1e6, np.random.default_rng(1).integers(5, 9, 59)]
    found = pairwise_cka({"x": x, "y": y}, {"x": lengths, "y": lengths}, debiased=True).pair("x", "y")
    wild = [matrix.copy() for matrix in (x, y)]
    for matrix in wild:
        matrix[0] += 1000
    other = pairwise_cka(dict(zip("xy", wild, strict=True)), {"x": lengths, "y": lengths}, debiased=True).pair("x", "y")
    assert found["cka"] == pytest.approx(other["cka"], abs=1e-6)
    assert found["standard_error"] == pytest.approx(other["standard_error"], abs=1e-6)


def test_too_few_sentences_are_named_with_both_sides() -> None:
    features, lengths, covariates = unrelated(6, 60)
    message = "language 'x' and language 'y': 60 rows, .* take 39 columns; .* needs 98 rows"
    with pytest.raises(ValueError, match=message):
        pairwise_cka(features, lengths, covariates=covariates)


def test_a_value_that_is_undefined_has_no_p() -> None:
    """A comparison with NaN is false, which made a p of 0."""
    assert np.isnan(p_values(np.array([np.nan, 0.1, 0.2])))
