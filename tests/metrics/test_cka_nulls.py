"""What a CKA rests on: nulls against full enumeration, jackknife against deletion, length, maps of languages."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_metrics.cka.heat_maps import mean_over_pairs, node_permutation_test
from evaluate_metrics.cka.jackknife import (
    jackknife_errors,
    leave_one_out,
    row_products_from_features,
    row_products_from_grams,
)
from evaluate_metrics.cka.lengths import length_bins, partial_out_lengths
from evaluate_metrics.cka.linear_cka import gram_matrices, linear_cka, moments, moments_from_grams
from evaluate_metrics.cka.null_distribution import bin_null, p_values, permutation_moments, shift_null
from evaluate_metrics.cka.pairwise import pairwise_cka
from evaluate_metrics.cka.similarity import rbf_gram


def pair(n: int, dx: int, dy: int, seed: int = 0, strength: float = 1.0) -> tuple[Any, Any]:
    """Centred features that share three directions."""
    generator = np.random.default_rng(seed)
    shared = strength * generator.standard_normal((n, 3))
    x, y = (shared @ generator.standard_normal((3, d)) + generator.standard_normal((n, d)) for d in (dx, dy))
    return x - x.mean(0), y - y.mean(0)


# --- the permutation null ---


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("n", [4, 5, 11, 12])
@pytest.mark.parametrize("kernel", [gram_matrices, lambda matrices: np.stack([rbf_gram(m) for m in matrices])])
def test_shift_null_equals_direct_permutation(debiased: bool, n: int, kernel: Any) -> None:
    x, y = pair(n, 4, 6)
    stack = kernel([x, y, x**2 - (x**2).mean(0)])
    found = shift_null(stack, debiased=debiased)
    assert found.shape == (n, 3, 3)
    for shift in range(n):
        for left in range(3):
            for right in range(3):
                moved = np.roll(stack[right], (-shift, -shift), axis=(0, 1))
                both = moments_from_grams(np.stack([stack[left], moved]))
                expected = both.debiased() if debiased else both.biased()
                assert found[shift, left, right] == pytest.approx(expected[0, 1], abs=1e-12)


@pytest.mark.parametrize("n", [6, 7])
@pytest.mark.parametrize(("dx", "dy"), [(2, 3), (9, 1)])
def test_closed_form_moments_equal_all_permutations(n: int, dx: int, dy: int) -> None:
    x, y = pair(n, dx, dy, seed=n)
    grams = gram_matrices([x, y])
    found = moments_from_grams(grams)
    orders = np.array(list(permutations(range(n))))
    moved = grams[1][orders[:, :, None], orders[:, None]].reshape(len(orders), -1)
    products = moved @ grams[0].reshape(-1)
    on_diagonal = np.diag(grams[1])[orders] @ np.diag(grams[0])
    biased = products / np.sqrt(found.grams[0, 0] * found.grams[1, 1])
    mean, std = permutation_moments(found)
    assert mean[0, 1] == pytest.approx(biased.mean(), abs=1e-13)
    assert std[0, 1] == pytest.approx(biased.std(), abs=1e-13)
    traces = found.traces[0] * found.traces[1]
    squares = np.diag(found.u_products())
    debiased = products - on_diagonal - 2 / (n - 2) * on_diagonal + traces / ((n - 1) * (n - 2))
    debiased = debiased / np.sqrt(squares.prod())
    mean, std = permutation_moments(found, debiased=True)
    assert debiased.mean() == pytest.approx(mean[0, 1], abs=1e-12) == 0.0
    assert std[0, 1] == pytest.approx(debiased.std(), abs=1e-12)
    assert std[0, 1] == pytest.approx((2 / (n * (n - 3))) ** 0.5)


def test_moments_of_orthogonal_sentences_have_no_spread() -> None:
    """With n - 1 equal dimensions every pairing gives the same value: the closed form must not divide 0 by 0."""
    corners = np.eye(8) - 1 / 8
    mean, std = permutation_moments(moments([corners, pair(8, 3, 3)[0]]))
    assert np.isfinite(mean).all()
    assert std[0, 1] == pytest.approx(0, abs=1e-7)
    with pytest.raises(ValueError, match="need 4 sentences or more; found 3"):
        permutation_moments(moments(pair(3, 2, 2)))


def test_shift_test_is_exact_where_nothing_is_paired() -> None:
    """Among independent data, p is at most .1 in a tenth of the cases, also for skewed data."""
    generator, small = np.random.default_rng(1), 0
    for seed in range(400):
        x, y = generator.exponential(size=(30, 2)) ** 2, generator.exponential(size=(30, 3)) ** 2
        small += pairwise_cka({"x": x, "y": y}, confidence=None, seed=seed).pair("x", "y")["p_value"] <= 0.1
    assert 0.05 < small / 400 < 0.145


def test_shift_test_finds_what_is_paired() -> None:
    x, y = pair(200, 6, 8, strength=0.5)
    found = pairwise_cka({"x": x, "y": y}).pair("x", "y")
    assert found["p_value"] == pytest.approx(1 / 200)
    assert found["z"] > 5
    assert found["null_mean"] == pytest.approx(found["expected_biased"], rel=0.1)
    _, std = permutation_moments(moments([x, y]))
    assert found["null_std"] == pytest.approx(std[0, 1], rel=0.2)


def test_figures_of_the_null_leave_the_value_itself_out() -> None:
    x, y = pair(9, 3, 4, strength=4.0)
    order = np.random.default_rng(5).permutation(9)
    drawn = shift_null(gram_matrices([x[order], y[order]]))[:, 0, 1]
    found = pairwise_cka({"x": x, "y": y}, seed=5).pair("x", "y")
    assert (found["null_mean"], found["null_std"]) == pytest.approx((drawn[1:].mean(), drawn[1:].std()))
    assert found["z"] == pytest.approx((drawn[0] - drawn[1:].mean()) / drawn[1:].std())
    assert found["p_value"] == np.mean(drawn >= drawn[0])


def test_order_of_the_sentences_gives_no_p_value_of_its_own() -> None:
    """Sentences of one text follow each other: without the random relabelling, near shifts would all be high."""
    walk = np.random.default_rng(2).standard_normal((100, 3)).cumsum(0)
    y = walk + np.random.default_rng(3).standard_normal((100, 3))
    found = [pairwise_cka({"x": walk, "y": y}, seed=seed).pair("x", "y") for seed in (0, 1)]
    assert found[0]["p_value"] == found[1]["p_value"] == 0.01
    assert found[0]["null_mean"] != found[1]["null_mean"]
    assert found[0]["cka"] == pytest.approx(found[1]["cka"])


# --- the jackknife ---


@given(n=st.integers(6, 14), dx=st.integers(1, 18), dy=st.integers(2, 18), debiased=st.booleans())
@settings(max_examples=25)
def test_leave_one_out_equals_deleting_each_sentence(n: int, dx: int, dy: int, debiased: bool) -> None:
    x, y = pair(n, dx, dy)
    expected = [linear_cka(np.delete(x, row, 0), np.delete(y, row, 0), debiased=debiased) for row in range(n)]
    for products in (row_products_from_features([x, y]), row_products_from_grams(gram_matrices([x, y]))):
        assert leave_one_out(*products, debiased=debiased)[:, 0, 1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "dims", "noise"), [(60, (20, 15), 1.0), (100, (20, 15), 3.0), (200, (50, 40), 2.0)])
def test_interval_holds_the_true_value_as_often_as_it_says(n: int, dims: tuple[int, int], noise: float) -> None:
    """Gaussian features with known covariances: their CKA is known."""
    generator, held = np.random.default_rng(1), 0
    maps = [generator.standard_normal((3, d)) for d in dims]
    maps[1][0] = 0
    selves = [m.T @ m + noise**2 * np.eye(m.shape[1]) for m in maps]
    true = (np.linalg.norm(maps[0].T @ maps[1]) ** 2) / (np.linalg.norm(selves[0]) * np.linalg.norm(selves[1]))
    for _ in range(200):
        meaning = generator.standard_normal((n, 3))
        x, y = (meaning @ m + noise * generator.standard_normal((n, m.shape[1])) for m in maps)
        low, high = pairwise_cka({"x": x, "y": y}, debiased=True, null=None).pair("x", "y")["interval"]
        held += low <= true <= high
    assert 0.88 <= held / 200 <= 0.99


def test_naive_bootstrap_undoes_debiasing_and_the_jackknife_does_not() -> None:
    """Copies of a sentence stand off the diagonal, where debiasing does not look for them."""
    generator = np.random.default_rng(4)
    x, y = generator.standard_normal((150, 120)), generator.standard_normal((150, 120))
    draws = [generator.integers(150, size=150) for _ in range(30)]
    naive = np.mean([linear_cka(x[rows], y[rows], debiased=True) for rows in draws])
    distinct = np.mean([linear_cka(x[np.unique(rows)], y[np.unique(rows)], debiased=True) for rows in draws])
    found = pairwise_cka({"x": x, "y": y}, debiased=True).pair("x", "y")
    assert naive > 0.3
    assert abs(distinct) < 0.05
    assert abs(found["cka"]) < 0.05
    assert found["interval"][0] < 0 < found["interval"][1] < 0.1


def test_interval_ends_stay_in_range_and_widen_with_confidence() -> None:
    x, y = pair(12, 3, 4, strength=3.0)
    narrow, wide = (pairwise_cka({"x": x, "y": y}, confidence=level).pair("x", "y") for level in (0.5, 0.999))
    assert wide["interval"][0] < narrow["interval"][0] < narrow["cka"] < narrow["interval"][1] <= wide["interval"][1]
    assert 0 <= wide["interval"][0] <= wide["interval"][1] <= 1
    assert wide["standard_error"] == narrow["standard_error"]


def test_large_n_takes_the_same_interval_from_features() -> None:
    x, y = pair(300, 4, 5)
    without = pairwise_cka({"x": x, "y": y}, null=None).pair("x", "y")  # feature form
    with_grams = pairwise_cka({"x": x, "y": y}).pair("x", "y")
    assert without["interval"] == pytest.approx(with_grams["interval"])


# --- sentence length ---


def pooled_positions(seed: int, n: int = 1012, dimensions: int = 128) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mean-pooled random position embeddings of two languages whose lengths correlate: no word at all."""
    generator = np.random.default_rng(seed)
    lengths = np.exp(generator.normal(np.log(60), 0.4, n))
    features, counts = {}, {}
    for language in "xy":
        noisy = lengths * np.exp(generator.normal(0, 0.13, n))
        counts[language] = np.clip(noisy.round(), 3, 400).astype(int)
        table = generator.standard_normal((400, dimensions)).cumsum(axis=0)
        features[language] = table[counts[language] - 1] / counts[language][:, None]
    return features, counts


def test_position_features_are_alike_by_length_alone() -> None:
    features, lengths = pooled_positions(5)
    assert np.corrcoef(lengths["x"], lengths["y"])[0, 1] == pytest.approx(0.89, abs=0.03)
    raw = pairwise_cka(features, debiased=True, null=None).values[0, 1]
    partial = pairwise_cka(features, lengths, debiased=True, null=None).values[0, 1]
    assert raw > 0.65
    assert abs(partial) < 0.05


def test_partialling_length_keeps_what_is_not_length() -> None:
    features, lengths = pooled_positions(6)
    meaning = np.random.default_rng(7).standard_normal((1012, 128))
    mixed = {language: 10 * matrix / np.linalg.norm(matrix) + meaning / 36 for language, matrix in features.items()}
    partial = pairwise_cka(mixed, lengths, debiased=True, null=None).values[0, 1]
    assert partial > 0.9


def test_residuals_are_free_of_every_function_of_length_taken_out() -> None:
    x, _ = pair(60, 4, 4)
    lengths = np.random.default_rng(9).integers(2, 40, size=60).astype(float)
    left = partial_out_lengths(x + lengths[:, None], lengths)
    for function in (np.ones(60), lengths, np.log(lengths), 1 / lengths):
        assert np.abs(function @ left).max() < 1e-9
    np.testing.assert_allclose(partial_out_lengths(left, lengths), left, atol=1e-12)
    np.testing.assert_allclose(partial_out_lengths(x, np.full(60, 7.0)), x, atol=1e-12)  # nothing to take out


def test_residuals_are_free_of_other_facts_as_well() -> None:
    x, _ = pair(60, 4, 4)
    generator = np.random.default_rng(9)
    lengths = generator.integers(2, 40, size=60).astype(float)
    facts = np.stack([generator.integers(0, 4, size=60) / lengths, 1 / lengths, np.zeros(60)], axis=1)
    left = partial_out_lengths(x + lengths[:, None], lengths, covariates=facts)
    for function in (np.ones(60), np.log(lengths), facts[:, 0], facts[:, 0] ** 2):
        assert np.abs(function @ left).max() < 1e-9
    nothing = partial_out_lengths(x, lengths, covariates=np.zeros((60, 2)))
    np.testing.assert_allclose(nothing, partial_out_lengths(x, lengths), atol=1e-12)


def test_a_fact_that_both_share_is_no_likeness_once_it_is_taken_out() -> None:
    """Sentences with digits are alike in every language that writes digits alike, whatever else they say."""
    generator = np.random.default_rng(4)
    digits = np.maximum(0, generator.standard_normal(400))[:, None]
    x, y = (digits @ generator.standard_normal((1, 5)) * 5 + generator.standard_normal((400, 5)) for _ in range(2))
    lengths = dict.fromkeys("xy", generator.integers(5, 90, size=400))
    alike, rest = (
        pairwise_cka({"x": x, "y": y}, lengths, covariates=facts, debiased=True).pair("x", "y")
        for facts in (None, {"x": digits, "y": digits})
    )
    assert alike["cka"] > 0.5
    assert rest["cka"] < 0.05


@pytest.mark.parametrize(
    ("lengths", "facts", "message"),
    [
        (None, np.zeros((30, 1)), "covariates go out together with lengths"),
        (
            np.arange(5, 35),
            np.zeros(30),
            r"'x': expected covariates of the shape \(30, facts\); found \(30,\)",
        ),
        (np.arange(5, 35), np.full((30, 1), np.nan), "language 'x', row 0: a covariate is not finite"),
    ],
)
def test_facts_that_do_not_fit_are_named(lengths: Any, facts: Any, message: str) -> None:
    x, y = pair(30, 3, 3)
    known = None if lengths is None else {"x": lengths, "y": lengths}
    with pytest.raises(ValueError, match=message):
        pairwise_cka({"x": x, "y": y}, known, covariates={"x": facts, "y": facts})


@pytest.mark.parametrize("debiased", [False, True])
def test_bin_null_equals_shuffles_by_hand(debiased: bool) -> None:
    x, y = pair(40, 5, 6)
    grams = gram_matrices([x, y])
    bins = length_bins(np.arange(40, 0, -1))
    assert sorted(np.concatenate(bins)) == list(range(40))
    found = bin_null(*grams, bins, debiased=debiased, num_permutations=5, seed=1)
    assert found[0] == pytest.approx(linear_cka(x, y, debiased=debiased))
    generator = np.random.default_rng(1)
    for number in range(1, 6):
        order = np.arange(40)
        for rows in bins:
            order[rows] = generator.permutation(rows)
        assert {*order[bins[0]]} == {*bins[0]}
        assert found[number] == pytest.approx(linear_cka(x, y[order], debiased=debiased), abs=1e-12)


def test_length_bins_explain_positions_and_not_meaning() -> None:
    features, lengths = pooled_positions(10, n=400, dimensions=32)
    options: dict[str, Any] = {"debiased": True, "null": "length-bins", "num_permutations": 99, "confidence": None}
    positions = pairwise_cka(features, lengths, **options).pair("x", "y")
    assert positions["null_mean"] > 0.9 * positions["cka"] > 0.5
    meaning = dict(zip("xy", pair(400, 8, 9), strict=True))
    assert pairwise_cka(meaning, lengths, **options).pair("x", "y")["p_value"] == 0.01
    assert abs(pairwise_cka(meaning, lengths, **options).pair("x", "y")["null_mean"]) < 0.05


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (
            {"x": [3.0] * 30, "y": [3.0] * 29},
            r"language 'y': expected 30 lengths, one per row; found the shape \(29,\)",
        ),
        ({"x": [3.0] * 30, "y": [*[3.0] * 29, 0.0]}, r"language 'y', row 29: the length is 0.0; expected one above 0"),
        ({"x": [3.0] * 30, "y": [np.nan, *[3.0] * 29]}, "language 'y', row 0: the length is nan"),
        ({"x": [3.0] * 30}, r"lengths are given of \['x'\]; expected those of \['x', 'y'\]"),
    ],
)
def test_wrong_lengths_are_named(lengths: dict[str, Any], message: str) -> None:
    x, y = pair(30, 3, 3)
    for null in ("shifts", "length-bins"):
        with pytest.raises(ValueError, match=message):
            pairwise_cka({"x": x, "y": y}, lengths, null=null)


def test_too_few_sentences_or_nothing_but_length_is_named() -> None:
    x, y = pair(19, 3, 3)
    lengths = {"x": np.arange(1, 20), "y": np.arange(1, 20)}
    few = "language 'x': 19 rows, of which sentence length and the other covariates take 7 columns; .* needs 34 rows"
    with pytest.raises(ValueError, match=few):
        pairwise_cka({"x": x, "y": y}, lengths)
    with pytest.raises(ValueError, match="length bins need 20 sentences or more; found 19"):
        pairwise_cka({"x": x, "y": y}, lengths, null="length-bins")
    x, counts = pair(40, 3, 3)[0], np.arange(1, 41)
    with pytest.raises(ValueError, match="language 'y': nothing is left once sentence length is partialled out"):
        pairwise_cka({"x": x, "y": np.log(counts)[:, None]}, {"x": counts, "y": counts})


# --- maps of languages ---


def random_map(count: int, seed: int) -> Any:
    values = np.random.default_rng(seed).random((count, count))
    return values + values.T


def test_mean_over_pairs_equals_the_jackknife_by_hand() -> None:
    values = random_map(7, 0)
    upper = [np.delete(np.delete(values, place, 0), place, 1) for place in range(7)]
    without = [matrix[np.triu_indices(6, 1)].mean() for matrix in upper]
    found = mean_over_pairs(values)
    assert found["mean"] == pytest.approx(values[np.triu_indices(7, 1)].mean())
    assert found["leave_one_out"] == pytest.approx(without)
    assert found["standard_error"] == pytest.approx((6 * np.var(without)) ** 0.5)
    assert found["interval"] == pytest.approx(
        [found["mean"] + sign * 2.446912 * found["standard_error"] for sign in (-1, 1)]
    )
    assert mean_over_pairs(values[:2, :2])["interval"] is None


def test_interval_over_languages_is_wider_than_one_over_pairs() -> None:
    """Each language has its own level, so its nine pairs move together; pairs as 45 observations hide it."""
    generator, held, naive = np.random.default_rng(1), 0, 0
    for _ in range(200):
        levels = generator.standard_normal(10)
        found = mean_over_pairs(levels[:, None] + levels[None])
        held += found["interval"][0] <= 0 <= found["interval"][1]
        pairs = (levels[:, None] + levels[None])[np.triu_indices(10, 1)]
        naive += abs(pairs.mean()) <= 2.015 * pairs.std(ddof=1) / 45**0.5
    assert 0.9 <= held / 200 <= 0.99
    assert naive / 200 < 0.8


def test_node_permutation_test_equals_all_relabellings() -> None:
    left, right = random_map(5, 2), random_map(5, 3)
    pairs = np.triu_indices(5, 1)
    expected = [np.corrcoef(left[pairs], right[np.ix_(order, order)][pairs])[0, 1] for order in permutations(range(5))]
    found = node_permutation_test(left, right)
    assert found["correlation"] == pytest.approx(expected[0])
    assert found["p_value"] == np.mean(np.abs(expected) >= abs(expected[0]) - 1e-12)
    assert (found["exact"], found["num_permutations"]) == (True, 120)


def test_node_permutation_test_keeps_its_level_where_pairs_share_languages() -> None:
    generator, small = np.random.default_rng(4), 0
    for seed in range(200):
        levels = generator.standard_normal((2, 9))
        maps = levels[:, :, None] + levels[:, None]
        small += node_permutation_test(*maps, num_permutations=199, seed=seed)["p_value"] <= 0.1
    assert 0.05 < small / 200 < 0.16
    same = random_map(9, 5)
    assert node_permutation_test(same, 2 * same + 1, num_permutations=199)["p_value"] == 1 / 200


def test_wrong_maps_are_named() -> None:
    good = random_map(4, 6)
    with pytest.raises(ValueError, match=r"the second map has the shape \(4, 3\)"):
        node_permutation_test(good, good[:, :3])
    with pytest.raises(ValueError, match="found 4 and 3"):
        node_permutation_test(good, good[:3, :3])
    with pytest.raises(ValueError, match="the first map is the same for all pairs"):
        node_permutation_test(np.ones((4, 4)), good)
    with pytest.raises(ValueError, match="the map is not symmetric"):
        mean_over_pairs(np.triu(good))
    with pytest.raises(ValueError, match="confidence is 2"):
        mean_over_pairs(good, confidence=2)


def test_errors_and_p_values_by_hand() -> None:
    assert jackknife_errors(np.array([1.0, 2.0, 3.0])) == pytest.approx((2 / 3 * 2) ** 0.5)
    assert p_values(np.array([0.5, 0.5, 0.7, 0.1])) == 0.75
