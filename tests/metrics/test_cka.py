"""CKA values: goldens, invariances, and one number by every way to compute it."""

import importlib
import json
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_metrics.cka.arrays import centre
from evaluate_metrics.cka.linear_cka import (
    BLOCK_ROWS,
    gram_matrices,
    linear_cka,
    moments,
    moments_from_features,
    moments_from_gram_blocks,
    moments_from_grams,
)
from evaluate_metrics.cka.pairwise import pairwise_cka
from evaluate_metrics.cka.similarity import (
    mutual_knn,
    participation_ratio,
    procrustes_similarity,
    rbf_gram,
    top_dimension_share,
)

GOLDENS = json.loads((Path(__file__).parents[1] / "goldens" / "gap.json").read_text(encoding="utf-8"))
FOLDER = str(Path(__file__).parents[2] / "evaluate_metrics" / "cka")


def golden_pair(case: dict[str, Any]) -> tuple[Any, Any]:
    generator = np.random.default_rng(case["seed"])
    shared = generator.standard_normal((case["n"], 3))
    x = shared @ generator.standard_normal((3, case["dx"])) + generator.standard_normal((case["n"], case["dx"]))
    y = shared @ generator.standard_normal((3, case["dy"])) + generator.standard_normal((case["n"], case["dy"]))
    return x + case["offset"], y - case["offset"]


def related(n: int, dx: int, dy: int, seed: int = 0) -> tuple[Any, Any]:
    return golden_pair({"seed": seed, "n": n, "dx": dx, "dy": dy, "offset": 0.0})


def slow_biased(x: Any, y: Any) -> float:
    """By the centring matrix, as the paper defines it."""
    n = len(x)
    centring = np.eye(n) - 1 / n
    left, right = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
    return float(np.trace(left @ right) / np.sqrt(np.trace(left @ left) * np.trace(right @ right)))


def slow_debiased(x: Any, y: Any) -> float:
    """By the three terms of Song et al. (2012), equation 5."""
    left, right = x @ x.T, y @ y.T
    n, ones = len(x), np.ones(len(x))
    np.fill_diagonal(left, 0)
    np.fill_diagonal(right, 0)

    def hsic(k: Any, other: Any) -> float:
        sums = (ones @ k @ ones) * (ones @ other @ ones) / ((n - 1) * (n - 2))
        found = np.trace(k @ other) + sums - 2 / (n - 2) * (ones @ k @ other @ ones)
        return float(found / (n * (n - 3)))

    return hsic(left, right) / np.sqrt(hsic(left, left) * hsic(right, right))


# --- values ---


@pytest.mark.parametrize("case", GOLDENS["cka"], ids=lambda case: f"seed{case['seed']}")
def test_values_equal_the_goldens(case: dict[str, Any]) -> None:
    x, y = golden_pair(case)
    assert (x[0, 0], y[-1, -1]) == pytest.approx((case["x00"], case["y_last"])), "the recipe gives other data"
    found = pairwise_cka({"x": x, "y": y}).pair("x", "y")
    assert found["cka"] == found["cka_biased"] == pytest.approx(case["cka_biased"], abs=1e-12)
    assert found["cka_debiased"] == pytest.approx(case["cka_debiased"], abs=1e-12)
    assert found["expected_biased"] == pytest.approx(case["permutation_mean_biased"], abs=1e-12)
    assert found["participation_ratio_x"] == pytest.approx(case["participation_ratio_x"])
    assert found["participation_ratio_y"] == pytest.approx(case["participation_ratio_y"])
    products = moments([x - x.mean(0), y - y.mean(0)]).u_products()
    assert products[0, 1] / (case["n"] * (case["n"] - 3)) == pytest.approx(case["hsic1"])


def test_independent_data_have_high_biased_and_no_debiased_cka() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((1012, 768)), generator.standard_normal((1012, 768))
    found = moments([x - x.mean(0), y - y.mean(0)])
    golden = GOLDENS["cka_independent"]
    assert found.biased()[0, 1] == pytest.approx(golden["cka_biased"], abs=1e-12)
    assert found.debiased()[0, 1] == pytest.approx(golden["cka_debiased"], abs=1e-12)
    assert found.biased()[0, 1] == pytest.approx(0.431, abs=5e-4)
    assert abs(found.debiased()[0, 1]) < 1e-3
    assert found.expected_biased()[0, 1] == pytest.approx(0.431, abs=5e-4)


@given(n=st.integers(4, 30), dx=st.integers(1, 40), dy=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_all_forms_equal_the_definition(n: int, dx: int, dy: int, seed: int) -> None:
    x, y = related(n, dx, dy, seed)
    matrices = [x - x.mean(0), y - y.mean(0)]
    forms = [moments_from_features(matrices), moments_from_gram_blocks(matrices)]
    forms.append(moments_from_grams(gram_matrices(matrices)))
    for found in forms:
        assert found.biased()[0, 1] == pytest.approx(slow_biased(x, y), abs=1e-10)
        assert found.debiased()[0, 1] == pytest.approx(slow_debiased(x, y), abs=1e-8 if n == 4 else 1e-10)


@pytest.mark.parametrize("n", [BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 7])
def test_forms_agree_over_several_blocks(n: int) -> None:
    """The lower triangle is summed block by block: its edges must count once."""
    x, y = related(n, 20, 5)
    matrices = [x - x.mean(0), y - y.mean(0), (x - x.mean(0)) ** 3]
    matrices[2] -= matrices[2].mean(0)
    expected = moments_from_features(matrices)
    for found in (moments_from_gram_blocks(matrices), moments_from_grams(gram_matrices(matrices))):
        for name in ("grams", "diagonals", "traces"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-10)


@pytest.mark.parametrize("debiased", [False, True])
def test_rotation_shift_and_scale_do_not_change_it_other_maps_do(debiased: bool) -> None:
    generator = np.random.default_rng(1)
    x, y = related(60, 6, 9)
    value = linear_cka(x, y, debiased=debiased)
    rotation = np.linalg.qr(generator.standard_normal((6, 6)))[0]
    assert linear_cka(3.5 * x @ rotation + 7, y, debiased=debiased) == pytest.approx(value, abs=1e-10)
    assert linear_cka(y, x, debiased=debiased) == pytest.approx(value, abs=1e-12)
    assert abs(linear_cka(x @ np.diag([9, 1, 1, 1, 1, 1]), y, debiased=debiased) - value) > 0.02
    order = generator.permutation(60)
    assert linear_cka(x[order], y[order], debiased=debiased) == pytest.approx(value, abs=1e-12)
    assert linear_cka(x, x @ rotation, debiased=debiased) == pytest.approx(1.0)


def test_a_large_mean_does_not_change_it() -> None:
    """Without centring, data with mean 100 give 0.9999998 whatever they hold."""
    generator = np.random.default_rng(2)
    x, y = generator.standard_normal((200, 10)), generator.standard_normal((200, 12))
    assert linear_cka(x + 1e6, y + 1e6) == pytest.approx(linear_cka(x, y), abs=1e-8)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_very_small_and_very_large_features_have_all_figures(scale: float, kernel: str) -> None:
    """Squares of 1e200 overflow: every figure was None, and p_value 0.0, below the least p there is."""
    x, y = related(60, 5, 7)
    expected = pairwise_cka({"x": x, "y": y}, kernel=kernel).pair("x", "y")
    found = pairwise_cka({"x": scale * x, "y": y}, kernel=kernel).pair("x", "y")
    assert found.pop("interval") == pytest.approx(expected.pop("interval"))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("options", [{}, {"debiased": True}, {"kernel": "rbf"}, {"kernel": "rbf", "debiased": True}])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_tensors_give_what_arrays_give(options: dict[str, Any], dtype: torch.dtype) -> None:
    x, y = (np.asarray(matrix, dtype=np.float32).astype(np.float64) for matrix in related(50, 6, 70))
    lengths = {"x": np.arange(1, 51), "y": np.arange(2, 52)}
    for extra in ({}, {"lengths": lengths}, {"lengths": lengths, "null": "length-bins", "num_permutations": 9}):
        expected = pairwise_cka({"x": x, "y": y}, **options, **extra).pair("x", "y")
        tensors = {"x": torch.tensor(x, dtype=dtype, requires_grad=True), "y": torch.tensor(y, dtype=dtype)}
        found = pairwise_cka(tensors, **options, **extra).pair("x", "y")
        # Of lengths 1 to 50 and 2 to 51 the first sentences are all but determined: their rounding is felt.
        assert found.pop("interval") == pytest.approx(expected.pop("interval"), abs=1e-6 if extra else 1e-9)
        assert found == pytest.approx(expected, abs=1e-7)
    assert mutual_knn(torch.tensor(x), torch.tensor(y), k=3) == mutual_knn(x, y, k=3)
    assert procrustes_similarity(torch.tensor(x), torch.tensor(y)) == pytest.approx(procrustes_similarity(x, y))


@pytest.mark.gpu
def test_tensors_stay_on_their_device() -> None:
    x, y = related(50, 6, 70)
    tensors = {"x": torch.tensor(x, device="cuda"), "y": torch.tensor(y, device="cuda")}
    expected = pairwise_cka({"x": x, "y": y}, debiased=True).pair("x", "y")
    found = pairwise_cka(tensors, debiased=True).pair("x", "y")
    assert found.pop("interval") == pytest.approx(expected.pop("interval"), abs=1e-9)
    assert found == pytest.approx(expected, abs=1e-9)


def test_all_pairs_equal_pair_by_pair() -> None:
    x, y = related(80, 12, 30)
    features = {"eng": x, "fra": y, "hin": x[:, :5] ** 2, "kor": y @ y.T}
    found = pairwise_cka(features, debiased=True, seed=3)
    assert found.languages == ("eng", "fra", "hin", "kor")
    for name in ("values", "p_values", "low", "high", "standard_errors", "null_mean", "z"):
        np.testing.assert_allclose(getattr(found, name), getattr(found, name).T, err_msg=name)
    for left, right in (("eng", "kor"), ("fra", "hin")):
        alone = pairwise_cka({"x": features[left], "y": features[right]}, debiased=True, seed=3).pair("x", "y")
        both = found.pair(left, right)
        assert both.pop("interval") == pytest.approx(alone.pop("interval"))
        assert both == pytest.approx(alone)


# --- other similarities ---


@pytest.mark.parametrize(("n", "dx", "dy"), [(60, 5, 9), (12, 40, 30)])
def test_procrustes_equals_the_best_rotation(n: int, dx: int, dy: int) -> None:
    x, y = related(n, dx, dy)
    left, right = x - x.mean(0), y - y.mean(0)
    expected = np.linalg.svd(left.T @ right, compute_uv=False).sum() / (np.linalg.norm(left) * np.linalg.norm(right))
    assert procrustes_similarity(x, y) == pytest.approx(expected)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((dx, dx)))[0]
    assert procrustes_similarity(x, -2 * x @ rotation + 3) == pytest.approx(1.0)


def test_mutual_knn_counts_common_neighbours() -> None:
    x, y = related(40, 5, 6)
    near = []
    for matrix in (x, y):
        distances = ((matrix[:, None] - matrix[None]) ** 2).sum(2)
        near.append([{*[j for j in np.argsort(row) if j != i][:4]} for i, row in enumerate(distances)])
    expected = np.mean([len(left & right) / 4 for left, right in zip(*near, strict=True)])
    assert mutual_knn(x, y, k=4) == pytest.approx({"overlap": expected, "expected": 4 / 39})
    assert mutual_knn(x, x * 7 + 1, k=4)["overlap"] == 1.0
    with pytest.raises(ValueError, match="k is 40; expected 1 to 39"):
        mutual_knn(x, y, k=40)


def test_knn_sees_what_cka_merges() -> None:
    """One direction of great variance, shared, makes CKA 1; the neighbours inside it are chance."""
    generator = np.random.default_rng(5)
    group = np.repeat([-1000.0, 1000.0], 100)[:, None] * np.eye(10)[:1]
    x, y = (group + generator.standard_normal((200, 10)) for _ in range(2))
    assert linear_cka(x, y) > 0.99
    assert mutual_knn(x, y, k=5)["overlap"] < 0.15
    assert top_dimension_share(x - x.mean(0)) > 0.99


def test_participation_ratio_counts_dimensions() -> None:
    generator = np.random.default_rng(6)
    wide = generator.standard_normal((5000, 6))
    assert participation_ratio(wide) == pytest.approx(6, rel=0.01)
    assert participation_ratio(wide[:, :1] @ np.ones((1, 6))) == pytest.approx(1)
    few = wide[:4] - wide[:4].mean(0)
    assert participation_ratio(few) == pytest.approx(
        np.trace(few.T @ few) ** 2 / np.trace((few.T @ few) @ (few.T @ few))
    )


def test_rbf_uses_the_median_distance_and_ignores_scale() -> None:
    x, y = related(30, 4, 5)
    squares = ((x[:, None] - x[None]) ** 2).sum(2)
    kernel = np.exp(-squares / (2 * np.median(squares[np.tril_indices(30, -1)])))
    centring = np.eye(30) - 1 / 30
    np.testing.assert_allclose(rbf_gram(x), centring @ kernel @ centring, atol=1e-12)
    np.testing.assert_allclose(rbf_gram(100 * x + 5), rbf_gram(x), atol=1e-10)
    copies = np.repeat(x[:2], [28, 2], axis=0)  # the median distance is 0
    kernel = np.exp(-0.5 * (copies[:, None, 0] != copies[None, :, 0]))  # then that of the pairs that differ
    np.testing.assert_allclose(rbf_gram(copies), centring @ kernel @ centring, atol=1e-12)
    left, right = pairwise_cka({"x": x, "y": y}, kernel="rbf").pair("x", "y"), rbf_gram(y)
    expected = (rbf_gram(x) * right).sum() / (np.linalg.norm(rbf_gram(x)) * np.linalg.norm(right))
    assert left["cka"] == pytest.approx(expected)


# --- wrong input ---

GOOD = np.random.default_rng(7).standard_normal((12, 3))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(np.arange(36).reshape(12, 3) == 16, np.nan, GOOD), "language 'y', row 5: found nan in column 1"),
        (np.where(np.arange(36).reshape(12, 3) == 0, np.inf, GOOD), "language 'y', row 0: found inf in column 0"),
        (GOOD[:7], "language 'y' has 7 rows, 'x' has 12: row i must be the same sentence"),
        (np.full((12, 3), 0.1), "language 'y': all 12 rows are the same; CKA is undefined"),
        (GOOD[:, 0], r"language 'y': expected one row of numbers per sentence; found the shape \(12,\)"),
        (GOOD[:, :0], "language 'y': expected one row of numbers per sentence"),
        (GOOD[:1], "language 'y' has 1 rows; CKA needs 2 sentences or more, debiased CKA 4"),
        ([[1.0, 2.0], [3.0], [4.0, 5.0]], "language 'y': row 1 has 1 numbers, row 0 has 2"),
        ([[1.0], ["a"]], "language 'y': row 1 is no list of numbers"),
    ],
)
def test_wrong_features_are_named(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pairwise_cka({"x": GOOD, "y": y})
    with pytest.raises(ValueError, match=message):
        linear_cka(GOOD, y)


def test_debiased_needs_four_sentences_and_some_structure() -> None:
    three = {"x": GOOD[:3], "y": GOOD[:3] ** 2}
    found = pairwise_cka(three).pair("x", "y")
    assert (found["cka_debiased"], found["interval"], found["standard_error"]) == (None, None, None)
    assert 0 <= found["cka"] <= 1
    with pytest.raises(ValueError, match="debiased CKA needs 4 sentences or more; language 'x' has 3"):
        pairwise_cka(three, debiased=True)
    corners = {"x": GOOD, "y": np.eye(12)}
    assert pairwise_cka(corners).pair("x", "y")["cka_debiased"] is None
    with pytest.raises(ValueError, match="language 'y': all rows are equally similar"):
        pairwise_cka(corners, debiased=True)


def test_constant_columns_are_no_constant_features() -> None:
    assert linear_cka(np.column_stack([GOOD, np.full(12, 3.7)]), GOOD) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="all 5 rows are the same"):
        centre(np.full((5, 2), 1e8 + 0.1), "x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "poly"}, "kernel is 'poly'; expected one of 'linear', 'rbf'"),
        ({"null": "bootstrap"}, "null is 'bootstrap'; expected one of 'shifts', 'length-bins', None"),
        ({"null": "length-bins"}, "needs the lengths of the sentences"),
        ({"confidence": 95}, "confidence is 95; expected a share"),
        ({"num_permutations": 0}, "num_permutations is 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pairwise_cka({"x": GOOD, "y": GOOD}, **options)
    with pytest.raises(ValueError, match="two languages or more; found 1"):
        pairwise_cka({"x": GOOD})


# --- the shell ---


def test_metric_gives_what_the_core_gives() -> None:
    metric = evaluate.load(FOLDER)
    x, y = related(80, 5, 6)
    lengths = {"x": np.arange(1, 81), "y": np.arange(3, 83)}
    expected = pairwise_cka({"x": x, "y": y}, lengths, debiased=True, seed=2, confidence=0.9).pair("x", "y")
    options = {"lengths_x": lengths["x"], "lengths_y": lengths["y"], "debiased": True, "seed": 2, "confidence": 0.9}
    assert metric.compute(x=x, y=y, **options) == expected
    assert metric.compute(x=torch.tensor(x), y=y, **options)["cka"] == pytest.approx(expected["cka"])
    metric.add_batch(x=x.tolist(), y=y.tolist())
    assert metric.compute(**options) == expected
    assert json.loads(json.dumps(expected, allow_nan=False)) == expected
    assert metric.compute(x=x, y=y, null=None, confidence=None)["p_value"] is None
    facts = {side: np.sqrt(values)[:, None] % 1 for side, values in lengths.items()}
    found = metric.compute(x=x, y=y, covariates_x=facts["x"], covariates_y=facts["y"], **options)
    expected = pairwise_cka({"x": x, "y": y}, lengths, covariates=facts, debiased=True, seed=2, confidence=0.9)
    assert found == expected.pair("x", "y")
    with pytest.raises(ValueError, match="only one of covariates_x and covariates_y"):
        metric.compute(x=x, y=y, covariates_y=facts["y"], **options)
    with pytest.raises(ValueError, match="only one of lengths_x and lengths_y"):
        metric.compute(x=x, y=y, lengths_x=lengths["x"])
    with pytest.raises(ValueError, match="y is missing"):
        metric.compute(x=x)
    with pytest.raises(TypeError, match="unexpected keyword"):
        metric.compute(x=x, y=y, predictions=[1])


def test_core_does_not_load_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = importlib.import_module("evaluate_metrics.cka.arrays")
    monkeypatch.delitem(arrays.sys.modules, "torch")
    assert not arrays.is_tensor(GOOD)
    assert arrays.namespace(GOOD) is np
