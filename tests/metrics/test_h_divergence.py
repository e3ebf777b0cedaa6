"""The divergence of two sets of vectors: folds by sentence, known laws, the bound's published figures, wrong input."""

import math
from typing import Any

import evaluate
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_metrics.h_divergence.bound import complexity_term, rows_needed
from evaluate_metrics.h_divergence.divergence import energy_distance, h_divergence
from evaluate_metrics.h_divergence.domain_classifier import assign_folds, cross_validate

METRIC = "evaluate_metrics/h_divergence"


def normal(seed: int, rows: int, width: int) -> Any:
    return np.random.default_rng(seed).standard_normal((rows, width))


def found(*arguments: Any, **options: Any) -> Any:
    return h_divergence(*arguments, **options)


def test_identical_sets_are_told_apart_by_chance_alone() -> None:
    rows = normal(0, 400, 8)
    same = found(rows, rows)
    assert same["grouped"] == "rows"
    assert same["error"] == pytest.approx(0.5, abs=1e-9)
    assert same["h_divergence"] == pytest.approx(0.0, abs=1e-9)


def test_folds_that_part_translations_give_nonsense() -> None:
    """The twin of a test row is then in training under the other label: identical sets look less than alike."""
    rows = normal(1, 200, 150)
    parted = found(rows, rows, groups_x=[f"x{i}" for i in range(200)], groups_y=[f"y{i}" for i in range(200)])
    assert parted["error"] > 0.75
    assert parted["proxy_a_distance"] < -1
    assert parted["h_divergence"] == 0.0


def test_sets_apart_are_told_apart() -> None:
    rows = normal(2, 100, 5)
    apart = found(rows, rows + np.array([9.0, 0, 0, 0, 0]))
    assert apart["h_divergence"] == 2.0
    assert apart["interval"] == [2.0, 2.0]


@pytest.mark.medium
@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_a_shift_of_known_size_gives_the_error_of_bayes(shift: float) -> None:
    """Two normal laws a distance s apart: the best error is the normal tail at s / 2."""
    x, y = normal(3, 6000, 3), normal(4, 6000, 3) + np.array([shift, 0, 0])
    bayes = 0.5 * math.erfc(shift / 2 / math.sqrt(2))
    result = found(x, y, num_folds=3)
    assert result["error"] == pytest.approx(bayes, abs=0.012)
    low, high = result["interval"]
    assert low < result["proxy_a_distance"] < high
    error = 4 * math.sqrt(bayes * (1 - bayes) / 12_000)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_a_large_set_does_not_win_by_its_size() -> None:
    """A classifier that always answers "the large one" would err on a tenth of the rows."""
    result = found(normal(5, 1800, 4), normal(6, 200, 4))
    assert result["grouped"] == "no"
    assert result["error"] == pytest.approx(0.5, abs=0.06)


def test_the_learning_curve_rises_to_what_separates() -> None:
    """The shift lies in the direction of least variance, which the first components do not see."""
    scale = np.array([8.0, 4.0, 4.0, 0.5])
    x, y = normal(7, 500, 4) * scale, normal(8, 500, 4) * scale + np.array([0, 0, 0, 3.0])
    curve = found(x, y)["learning_curve"]
    assert list(curve) == ["1", "2"]
    assert max(curve.values()) < 1.9
    assert found(x, y)["h_divergence"] > 1.9


def test_nothing_of_a_test_fold_reaches_its_classifier() -> None:
    """Scaling the rows of one fold by 1e6 would move mean and spread of all others."""
    features, sides = normal(9, 60, 3), np.repeat([-1.0, 1.0], 30)
    folds = assign_folds([*range(30), *range(30)], 5, 0)  # as many rows of both sides in each
    is_test = folds == 2
    features[is_test] *= 1e6
    train = (features[~is_test] - features[~is_test].mean(axis=0)) / features[~is_test].std(axis=0)
    test = (features[is_test] - features[~is_test].mean(axis=0)) / features[~is_test].std(axis=0)
    weights = np.linalg.solve(train.T @ train / 48 + np.eye(3), train.T @ sides[~is_test] / 48)
    expected = np.where(test @ weights > 0, 1.0, -1.0) != sides[is_test]
    assert cross_validate(features, sides, folds, [], 1.0).is_wrong[is_test].tolist() == expected.tolist()


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from("abcdefghij"), min_size=12, max_size=30).filter(lambda names: len(set(names)) > 3),
    st.integers(2, 3),
)
def test_a_sentence_stays_in_one_fold_and_folds_are_even(names: list[str], num_folds: int) -> None:
    folds = assign_folds(names, num_folds, 1)
    held = {name: {int(fold) for fold, other in zip(folds, names, strict=True) if other == name} for name in names}
    assert all(len(places) == 1 for places in held.values())
    sizes = np.bincount([min(places) for places in held.values()], minlength=num_folds)
    assert np.ptp(sizes) <= 1


def test_more_dimensions_than_rows_are_classified_in_the_same_way() -> None:
    """The dual form must give the primal one's answers."""
    features, sides = normal(10, 40, 35), np.repeat([-1.0, 1.0], 20)
    folds = assign_folds([*range(20), *range(20)], 4, 0)
    wide = np.hstack([features, np.zeros((40, 30))])  # 30 constant columns add nothing, but turn the form
    assert cross_validate(features, sides, folds, [], 1.0).is_wrong.tolist() == (
        cross_validate(wide, sides, folds, [], 1.0).is_wrong.tolist()
    )


def test_energy_distance_leaves_translations_out() -> None:
    """Twins count in the cross term alone, and would pull identical sets below 0."""
    rows = normal(17, 200, 20)
    assert found(rows, rows)["energy_distance"] == pytest.approx(0.0, abs=1e-9)
    twins = [found(rows, rows + 0.1 * normal(18 + seed, 200, 20))["energy_distance"] for seed in range(20)]
    assert abs(np.mean(twins)) < 0.005


def test_energy_distance_does_not_depend_on_the_origin() -> None:
    x, y = normal(11, 50, 3), normal(12, 40, 3) + 0.5
    assert energy_distance(x + 1e8, y + 1e8) == pytest.approx(energy_distance(x, y), abs=1e-5)


def test_energy_distance_is_its_definition_and_unbiased() -> None:
    x, y = normal(11, 7, 3), normal(12, 5, 3) + 0.5
    across = np.mean([np.linalg.norm(a - b) for a in x for b in y])
    inside = [
        np.mean([np.linalg.norm(rows[i] - rows[j]) for i in range(len(rows)) for j in range(len(rows)) if i != j])
        for rows in (x, y)
    ]
    assert energy_distance(x, y) == pytest.approx(2 * across - sum(inside))
    draws = [energy_distance(normal(2 * seed, 20, 3), normal(2 * seed + 1, 20, 3)) for seed in range(200)]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / math.sqrt(200)


@pytest.mark.parametrize(("dimension", "expected"), [(769, 4.81), (1, 0.21), (3, 0.32), (10, 0.56), (1537, 6.80)])
def test_the_complexity_term_has_the_published_size(dimension: int, expected: float) -> None:
    """At n = 1,012, the sentences of FLORES."""
    assert complexity_term(dimension, 1012) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(("value", "rows"), [(1.0, 34_267), (0.5, 155_690), (0.1, 4_956_729)])
def test_rows_needed_is_the_first_at_which_the_term_is_small(value: float, rows: int) -> None:
    assert rows_needed(769, value) == rows
    assert complexity_term(769, rows) <= value < complexity_term(769, rows - 1)


@pytest.mark.medium
def test_the_bound_says_when_it_is_vacuous() -> None:
    few, many = normal(13, 50, 2), normal(14, 4000, 2)
    bound = found(few, few)["bound"]
    assert bound["vacuous"]
    assert bound["samples_needed"] == {str(value): rows_needed(3, value) for value in (1.0, 0.5, 0.1)}
    bound = found(many, many, num_folds=2)["bound"]
    assert not bound["vacuous"]
    assert bound["value"] == pytest.approx(bound["complexity_term"] + bound["half_divergence"])


def test_sets_of_unlike_size_pass_through_evaluate() -> None:
    metric = evaluate.load(METRIC)
    x, y = normal(15, 30, 2).tolist(), (normal(16, 25, 2) + 1).tolist()
    assert metric.compute(x=x, y=y) == found(x, y)
    with pytest.raises(ValueError, match="y is missing"):
        metric.compute(x=x)


def test_tensors_give_what_arrays_give() -> None:
    """Two elements of a tensor are never equal as names: every row became a sentence of its own, without an error."""
    torch = pytest.importorskip("torch")
    x, y, sentences = normal(17, 30, 2), normal(18, 30, 2) + 1, np.repeat(np.arange(10), 3)
    expected = found(x, y, groups_x=sentences, groups_y=sentences)
    assert expected["num_groups"] == 10
    names = torch.tensor(sentences)
    assert found(torch.tensor(x, requires_grad=True), torch.tensor(y), groups_x=names, groups_y=names) == expected
    assert found(x, y, groups_x=list(names), groups_y=sentences.tolist()) == expected
    halves = [torch.tensor(side).bfloat16() for side in (x, y)]
    assert found(*halves) == found(*(half.float().numpy() for half in halves))


def test_the_unit_of_a_feature_changes_nothing() -> None:
    rows = normal(19, 60, 3)
    x, y = rows, rows + np.array([3.0, 0, 0])
    units = np.array([1e-15, 1.0, 1e6])
    assert found(x * units, y * units)["error"] == found(x, y)["error"] < 0.2


ROWS = [[0.0, 1.0]] * 6


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([], ROWS, {}, "x has 0 rows; expected two or more"),
        (ROWS, [[1.0, 2.0]], {}, "y has 1 rows; expected two or more"),
        (ROWS, [[1.0]] * 6, {}, "x has 2 dimensions, y has 1"),
        ([*ROWS, [1.0]], ROWS, {}, "x: row 6 has 1 dimensions, row 0 has 2"),
        ([[]] * 6, ROWS, {}, "x: rows have no dimension"),
        ([1.0] * 6, ROWS, {}, r"x: row 0 has the shape \(\); expected a vector"),
        (ROWS, np.zeros((6, 2, 3)), {}, r"y: row 0 has the shape \(2, 3\); expected a vector"),
        (ROWS, [*ROWS, [math.nan, 0.0]], {}, "y: row 6 holds a number that is not finite"),
        (ROWS, [[math.inf, 0.0], *ROWS], {}, "y: row 0 holds a number that is not finite"),
        (ROWS, ROWS, {"groups_x": list("abcdef")}, "groups are given for one set only"),
        (ROWS, ROWS, {"groups_x": list("abc"), "groups_y": list("abcdef")}, "groups_x names 3 rows, x has 6"),
        (ROWS, ROWS, {"groups_x": ["a"] * 6, "groups_y": ["a"] * 6}, "found 1 sentences for 5 folds"),
        (ROWS, ROWS, {"groups_x": ["a"] * 6, "groups_y": list("bcdefg")}, "one set has no row left"),
        (ROWS, ROWS, {"num_folds": 1}, "num_folds is 1"),
        (ROWS, ROWS, {"penalty": 0}, "penalty is 0"),
        (ROWS, ROWS, {"delta": 1.0}, "delta is 1.0"),
        (ROWS, ROWS, {"confidence": 95}, "confidence is 95"),
        (ROWS, ROWS, {"num_resamples": 0}, "num_resamples is 0"),
    ],
)
def test_wrong_input_is_named(x: Any, y: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        h_divergence(x, y, **options)


def test_constant_features_are_chance() -> None:
    """Nothing varies, so nothing can be told: no division by zero."""
    assert found(ROWS, ROWS)["error"] == 0.5
