"""Sinkhorn distance: against exact transport and POT, at small regularisation, on numpy and torch, and its errors."""

import json
import logging
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_metrics.sinkhorn_distance.entropic_transport import entropic_transport
from evaluate_metrics.sinkhorn_distance.point_sets import pairwise_cost, softmax
from evaluate_metrics.sinkhorn_distance.set_distance import optimal_transport, sinkhorn_distance

ROOT = Path(__file__).parents[2]
CARD = (ROOT / "evaluate_metrics" / "sinkhorn_distance" / "README.md").read_text(encoding="utf-8")
GOLDENS = json.loads((ROOT / "tests" / "goldens" / "gap.json").read_text(encoding="utf-8"))["sinkhorn"]
EYE = [[1.0, 0.0], [0.0, 1.0]]


def golden_sets() -> tuple[Any, Any]:
    generator = np.random.default_rng(7)
    x = softmax(generator.standard_normal((60, 3)) * 2)
    return x, softmax(generator.standard_normal((50, 3)) * 2 + [0.5, 0, -0.5])


def clouds(seed: int, count: int = 60, other: int = 40, width: int = 3, scale: float = 1.0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    x, y = generator.standard_normal((count, width)), generator.standard_normal((other, width)) + 0.5
    return x * scale, y * scale


# --- against published and exact values ---


@pytest.mark.parametrize("row", GOLDENS, ids=lambda row: f"{row['metric']}-{row['reg']}")
def test_goldens_of_pot_are_reproduced(row: dict[str, Any]) -> None:
    x, y = golden_sets()
    options: dict[str, Any] = {"cost": row["metric"], "reg": row["reg"], "exact": True}
    found = sinkhorn_distance(x, y, **options)
    assert found["converged"]
    assert found["ot_value"] == pytest.approx(row["emd2"], abs=1e-12)
    for key in ("sinkhorn_distance", "sinkhorn_divergence"):
        assert found[key] == pytest.approx(row[key], abs=5e-7)
        assert sinkhorn_distance(x, y, **options, tolerance=1e-10)[key] == pytest.approx(row[key], abs=1e-10)


def test_card_states_the_goldens() -> None:
    rows = [row for row in GOLDENS if row["metric"] == "sqeuclidean"]
    for key in ("sinkhorn_distance", "sinkhorn_divergence"):
        assert f"| `{key}` | {' | '.join(f'{row[key]:.4f}' for row in rows)} |" in CARD


@pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean"])
def test_distance_falls_to_optimal_transport_with_the_regularisation(cost: str) -> None:
    x, y = golden_sets()
    found = [sinkhorn_distance(x, y, cost=cost, reg=reg, exact=True) for reg in (1, 0.1, 0.05, 0.01, 0.001)]
    gaps = [result["sinkhorn_distance"] - result["ot_value"] for result in found]
    assert all(result["converged"] for result in found)
    assert all(after < before for before, after in zip(gaps, gaps[1:], strict=False)), gaps
    assert 0 <= gaps[-1] < 2e-3


@pytest.mark.parametrize("reg", [2.0, 0.5, 0.2])
def test_agrees_with_pot_where_that_converges(reg: float) -> None:
    x, y = clouds(3)
    cost = ot.dist(x, y)
    plan, log = ot.bregman.sinkhorn_log([], [], cost, reg, numItermax=20000, stopThr=1e-11, log=True)
    assert log["err"][-1] < 1e-10
    found = sinkhorn_distance(x, y, space="logits", reg=reg, tolerance=1e-10)
    assert found["sinkhorn_distance"] == pytest.approx(float((plan * cost).sum()), rel=1e-8)


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 4)),
    scale=st.floats(-3, 3),
    share=st.floats(-9, 1),
    is_round=st.booleans(),
    max_iter=st.sampled_from([1, 3, 30, 300]),
)
def test_no_value_lies_below_optimal_transport_converged_or_not(
    seed: int, sizes: tuple[int, int, int], scale: float, share: float, is_round: bool, max_iter: int
) -> None:
    x, y = clouds(seed, *sizes, scale=10**scale)
    if is_round:  # ties, equal points, costs of 0
        x, y = np.round(x), np.round(y)
    reg = 10**share * max(float(pairwise_cost(x, y, "sqeuclidean").max()), 1e-6)
    with silenced():
        found = sinkhorn_distance(x, y, space="logits", reg=reg, max_iter=max_iter, exact=True)
    assert math.isfinite(found["sinkhorn_distance"])
    slack = 1e-12 * float(pairwise_cost(x, y, "sqeuclidean").max())
    assert found["sinkhorn_distance"] >= found["ot_value"] - slack
    assert found["converged"] == (found["marginal_error"] <= 1e-6) == (found["warning"] is None)
    if found["converged"]:  # Weed 2018, and entropy at most log(n m): the plan costs at most reg log(n m) more
        bound = reg * math.log(max(len(x) * len(y), 2))
        assert found["sinkhorn_distance"] <= found["ot_value"] + bound + 1e-5 * (bound + found["ot_value"])


@pytest.mark.parametrize("reg", [10.0, 1.0, 0.1, 0.01, 1e-5])
def test_huge_costs_of_raw_logits_give_no_plausible_wrong_number(reg: float) -> None:
    """At reg 1, POT's plain iteration gives 4e-5 here, its stabilised one NaN; optimal transport costs 326."""
    x, y = clouds(0, scale=14)
    assert pairwise_cost(x, y, "sqeuclidean").max() > 2000
    with silenced():
        found = sinkhorn_distance(x, y, space="logits", reg=reg, exact=True, max_iter=2000)
    assert found["ot_value"] <= found["sinkhorn_distance"] * (1 + 1e-12)
    assert found["sinkhorn_distance"] < found["ot_value"] + reg * math.log(2400) + 0.05 * found["ot_value"]


def test_pot_s_silent_error_is_not_repeated() -> None:
    """Unconverged, POT's value lies below the optimum, which no plan with these marginals can reach."""
    x, y = clouds(1, 200, 200)
    x, y = softmax(2 * x), softmax(2 * y)
    cost = ot.dist(x, y)
    silent = float(ot.bregman.sinkhorn2([], [], cost, 1e-4, method="sinkhorn_log", numItermax=20, warn=False))
    with silenced():
        found = sinkhorn_distance(x, y, reg=1e-4, max_iter=20, exact=True)
    assert silent < 0.9 * found["ot_value"] < found["sinkhorn_distance"]
    assert not found["converged"]


# --- properties of a distance ---


@given(seed=st.integers(0, 10**6), count=st.integers(1, 12), reg=st.sampled_from([1.0, 0.05, 0.001]))
@settings(max_examples=40)
def test_divergence_of_a_set_with_itself_is_zero(seed: int, count: int, reg: float) -> None:
    x = softmax(3 * np.random.default_rng(seed).standard_normal((count, 4)))
    with silenced():
        found = sinkhorn_distance(x, x.copy(), reg=reg)
    assert found["sinkhorn_divergence"] == 0
    assert found["sinkhorn_distance"] >= 0


def test_distance_of_a_set_with_itself_is_not_zero_and_that_of_a_shuffled_one_is_the_same() -> None:
    x, _ = golden_sets()
    found, shuffled = (sinkhorn_distance(x, other, tolerance=1e-9) for other in (x, x[::-1]))
    assert found["sinkhorn_distance"] > 0.01
    assert shuffled["sinkhorn_distance"] == pytest.approx(found["sinkhorn_distance"], abs=1e-8)
    assert shuffled["sinkhorn_divergence"] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("options", [{}, {"reg": 0.005}, {"cost": "euclidean"}, {"space": "logits", "reg": "median"}])
def test_both_orders_give_the_same(options: dict[str, Any]) -> None:
    x, y = golden_sets()
    one, other = (sinkhorn_distance(*sets, tolerance=1e-9, **options) for sets in ((x, y), (y, x)))
    for key in ("sinkhorn_distance", "sinkhorn_divergence", "reg"):
        assert one[key] == pytest.approx(other[key], abs=1e-8)


def test_sets_of_different_sizes_and_of_one_point() -> None:
    found = sinkhorn_distance([[1.0, 0.0]], [*EYE, [0.5, 0.5]], exact=True)
    assert found["sinkhorn_distance"] == pytest.approx((0 + 2 + 0.5) / 3)
    assert found["ot_value"] == pytest.approx((0 + 2 + 0.5) / 3)
    one = sinkhorn_distance([[1.0, 0.0]], [[0.0, 1.0]])
    assert (one["sinkhorn_distance"], one["sinkhorn_divergence"]) == (2.0, 2.0)


def test_collapsed_outputs_are_at_distance_zero() -> None:
    found = sinkhorn_distance([[0.0, 1.0]] * 3, [[0.0, 1.0]] * 5, exact=True)
    assert (found["sinkhorn_distance"], found["sinkhorn_divergence"], found["ot_value"]) == (0, 0, 0)
    assert found["converged"]


def test_a_shift_of_both_sets_far_from_the_origin_changes_nothing() -> None:
    x, y = clouds(5)
    here, there = (sinkhorn_distance(x + s, y + s, space="logits", reg=0.5) for s in (0.0, 1e6))
    assert there["sinkhorn_distance"] == pytest.approx(here["sinkhorn_distance"], rel=1e-8)


def test_costs_are_those_of_pot() -> None:
    x, y = clouds(2)
    for cost in ("sqeuclidean", "euclidean"):
        np.testing.assert_allclose(pairwise_cost(x, y, cost), ot.dist(x, y, metric=cost), atol=1e-12)
    x, _ = clouds(2, 203, 7, width=37)
    own = pairwise_cost(x, x, "euclidean")
    assert (own == own.T).all()
    assert (np.diag(own) == 0).all()


# --- not converged ---


def test_unconverged_is_said_in_the_result_and_the_log(caplog: pytest.LogCaptureFixture) -> None:
    x, y = golden_sets()
    with caplog.at_level(logging.WARNING):
        found = sinkhorn_distance(x, y, reg=0.001, max_iter=20)
    assert found["converged"] is False
    assert found["marginal_error"] > 1e-6
    assert found["warning"] == caplog.messages[0]
    for part in ("did not converge", "20 iterations", "reg 0.001", "max_iter", "exact=True"):
        assert part in found["warning"]


def test_each_of_the_three_plans_must_converge() -> None:
    """A set's plan with itself takes far fewer iterations than the one between sets; alone it proves nothing."""
    x, y = golden_sets()
    with silenced():
        between = sinkhorn_distance(x, y, reg=0.001, max_iter=200)
    assert entropic_transport(pairwise_cost(x, x, "sqeuclidean"), 0.001, symmetric=True, max_iter=200)[2] < 1e-6
    assert not between["converged"]
    assert between["n_iter"] == 200


def test_strict_refuses_what_did_not_converge() -> None:
    x, y = golden_sets()
    with pytest.raises(RuntimeError, match="did not converge"):
        sinkhorn_distance(x, y, reg=0.001, max_iter=20, strict=True)
    assert sinkhorn_distance(x, y, strict=True)["converged"]


def test_an_unsolved_exact_problem_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ot, "emd2", lambda *_, **__: (0.0, {"warning": "numItermax reached"}))
    with pytest.raises(RuntimeError, match="numItermax reached"):
        optimal_transport(np.zeros((2, 2)))


# --- logits, torch, evaluate ---


def test_logits_are_compared_as_probabilities_or_as_they_are() -> None:
    x, y = clouds(4)
    found = sinkhorn_distance(x, y, from_logits=True)
    assert found == sinkhorn_distance(softmax(x), softmax(y))
    assert found["space"] == "probabilities"
    raw = sinkhorn_distance(x, y, space="logits", reg="median")
    assert raw["space"] == "logits"
    assert raw["reg"] == pytest.approx(0.05 * np.median(ot.dist(x, y)))
    assert raw["sinkhorn_distance"] > found["sinkhorn_distance"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("options", [{}, {"reg": 0.001}, {"cost": "euclidean", "reg": "median", "exact": True}])
def test_torch_gives_what_numpy_does(dtype: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    x, y = (side.astype(dtype) for side in golden_sets())
    with silenced():
        expected = sinkhorn_distance(x, y, **options)
        for left, right in ((torch.tensor(x, requires_grad=True), torch.tensor(y)), (torch.tensor(x), y)):
            found = sinkhorn_distance(left, right, **options)
            assert found.keys() == expected.keys()
            for key, value in expected.items():
                assert type(found[key]) is type(value)
                if isinstance(value, float) and key != "marginal_error":
                    assert found[key] == pytest.approx(value, abs=1e-9), key
    assert sinkhorn_distance(torch.tensor(x), torch.tensor(x))["sinkhorn_divergence"] == 0


@pytest.mark.gpu
def test_a_gpu_gives_what_numpy_does() -> None:
    torch = pytest.importorskip("torch")
    x, y = golden_sets()
    found = sinkhorn_distance(torch.tensor(x, device="cuda"), torch.tensor(y, device="cuda"), exact=True)
    expected = sinkhorn_distance(x, y, exact=True)
    for key in ("sinkhorn_distance", "sinkhorn_divergence", "ot_value"):
        assert found[key] == pytest.approx(expected[key], abs=1e-9)


def test_metric_takes_sets_of_any_size_and_batches() -> None:
    import evaluate

    metric = evaluate.load(str(ROOT / "evaluate_metrics" / "sinkhorn_distance"))
    x, y = golden_sets()
    expected = sinkhorn_distance(x, y)
    assert metric.compute(x=x, y=y) == expected
    assert metric.compute(x=x.tolist(), y=y.tolist()) == expected
    for place in range(0, 50, 10):
        metric.add_batch(x=x[place : place + 10], y=y[place : place + 10])
    assert metric.compute(reg=0.1) == sinkhorn_distance(x[:50], y, reg=0.1)
    with pytest.raises(ValueError, match="y is missing"):
        metric.compute(x=x)


def test_the_space_is_told_from_the_rows() -> None:
    """Logits must not need an option; one broken row among distributions must not turn them into logits."""
    points = np.random.default_rng(0).standard_normal((6, 3))
    told = sinkhorn_distance(points, points + 1)
    assert told == sinkhorn_distance(points, points + 1, space="logits")
    assert sinkhorn_distance(EYE, EYE)["space"] == "probabilities"
    with pytest.raises(ValueError, match="x, row 0: "):
        sinkhorn_distance(points, points + 1, space="probabilities")


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_probabilities_of_half_precision_are_distributions(kind: str) -> None:
    torch = pytest.importorskip("torch")
    logits = torch.tensor(np.random.default_rng(1).standard_normal((2000, 7)) * 3)
    rows = logits.to(getattr(torch, kind)).softmax(dim=1)
    assert float(abs(rows.double().sum(1) - 1).max()) > (1e-3 if kind == "bfloat16" else 1e-4)
    assert sinkhorn_distance(rows[:20], rows)["space"] == "probabilities"


# --- wrong input ---


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (EYE, [[0.5, 0.5], [math.nan, 1.0]], {}, r"y, row 1: found \[nan, 1.0\]; expected finite"),
        ([[math.inf, 0.0]], EYE, {"space": "logits"}, r"x, row 0: found \[inf, 0.0\]"),
        ([], EYE, {}, "x is empty"),
        (EYE, np.zeros((0, 2)), {}, "y is empty"),
        (EYE, [1.0, 0.0], {}, r"y has the shape \(2,\)"),
        (3.0, EYE, {}, "x is empty|x has the shape"),
        ([[], []], EYE, {}, r"x has the shape \(2, 0\)"),
        (EYE, [[1.0, 0.0, 0.0]], {}, "rows of x have 2 numbers, rows of y 3"),
        ([[1.0, 0.0], [1.0]], EYE, {}, "x: row 1 has 1 numbers, row 0 has 2"),
        (EYE, [[1.0, 0.0], ["a", 0.0]], {}, "y: row 1 is no list of numbers"),
        (EYE, [[[1.0], [0.0, 2.0]]], {}, "y: row 0 is no list of numbers"),
        (EYE, [[1.0, 0.0], [0.7, 0.7]], {}, "y, row 1: sums to 1.4, expected 1; pass from_logits=True"),
        ([[1.5, -0.5]], EYE, {}, "x, row 0: -0.5 is no probability; pass from_logits=True"),
        (EYE, EYE, {"space": "logit"}, "space is 'logit'; expected 'probabilities' or 'logits'"),
        (EYE, EYE, {"cost": "cosine"}, "cost is 'cosine'"),
        (EYE, EYE, {"space": "logits", "from_logits": True}, "leave it out"),
        (EYE, EYE, {"reg": 0}, "reg is 0; expected a number above 0, or 'median'"),
        (EYE, EYE, {"reg": math.nan}, "reg is nan"),
        (EYE, EYE, {"reg": "mean"}, "reg is 'mean'"),
        (EYE, EYE, {"reg": True}, "reg is True"),
        (EYE, EYE[::-1], {"reg": 1e-11}, "reg is 1e-11 for costs up to 2: float64 resolves"),
        ([EYE[0]] * 3, [EYE[0], EYE[1], EYE[0]], {"reg": "median"}, "half of the costs between x and y are 0"),
        ([[1e200, 0.0]], [[-1e200, 0.0]], {"space": "logits"}, "their costs overflow"),
        (EYE, EYE, {"max_iter": 0}, "max_iter is 0"),
        (EYE, EYE, {"tolerance": 0}, "tolerance is 0"),
    ],
)
def test_wrong_input_is_refused_with_its_place(x: Any, y: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sinkhorn_distance(x, y, **options)


def test_wrong_tensors_are_refused_with_their_place() -> None:
    torch = pytest.importorskip("torch")
    good, bad = torch.tensor(EYE), torch.tensor([[0.5, 0.5], [0.2, 0.2]])
    with pytest.raises(ValueError, match="y, row 1: sums to 0.4"):
        sinkhorn_distance(good, bad)
    with pytest.raises(ValueError, match="x, row 0: found"):
        sinkhorn_distance(bad / 0 * torch.nan, good)
    with pytest.raises(ValueError, match="x lies on meta, y on cpu"):
        sinkhorn_distance(good.to("meta"), good)


class silenced:
    """No log output of runs that are meant not to converge; any Python warning is an error still."""

    def __enter__(self) -> None:
        logging.disable(logging.WARNING)
        self.caught = warnings.catch_warnings()
        self.caught.__enter__()
        warnings.simplefilter("error")

    def __exit__(self, *details: Any) -> None:
        self.caught.__exit__(*details)
        logging.disable(logging.NOTSET)
