"""The iteration behind the Sinkhorn distance: its shortcuts change the speed alone, its rounded plans are feasible."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluate_metrics.sinkhorn_distance import entropic_transport as iteration
from evaluate_metrics.sinkhorn_distance.entropic_transport import entropic_transport, round_to_marginals
from evaluate_metrics.sinkhorn_distance.point_sets import pairwise_cost, softmax
from evaluate_metrics.sinkhorn_distance.set_distance import sinkhorn_distance

GOLDENS = json.loads((Path(__file__).parents[1] / "goldens" / "gap.json").read_text(encoding="utf-8"))["sinkhorn"]


def golden_sets() -> tuple[Any, Any]:
    generator = np.random.default_rng(7)
    x = softmax(generator.standard_normal((60, 3)) * 2)
    return x, softmax(generator.standard_normal((50, 3)) * 2 + [0.5, 0, -0.5])


def test_symmetric_iteration_reaches_the_same_plan_in_fewer_steps() -> None:
    x, _ = golden_sets()
    cost = pairwise_cost(x, x, "sqeuclidean")
    plain, symmetric = (entropic_transport(cost, 0.01, symmetric=way, tolerance=1e-9) for way in (False, True))
    assert symmetric.value == pytest.approx(plain.value, abs=1e-8)
    assert symmetric.n_iter < plain.n_iter


def test_over_relaxation_changes_the_speed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = golden_sets()
    fast = sinkhorn_distance(x, y, reg=0.01, tolerance=1e-9)
    monkeypatch.setattr(iteration, "RELAXATION", 1.0)
    plain = sinkhorn_distance(x, y, reg=0.01, tolerance=1e-9)
    assert fast["sinkhorn_distance"] == pytest.approx(plain["sinkhorn_distance"], abs=1e-9)
    assert fast["n_iter"] < 0.7 * plain["n_iter"]


def test_overflow_of_a_scaling_is_answered_in_the_log_domain() -> None:
    """From potentials that are far off, the first division is by 0."""
    x, y = golden_sets()
    cost = pairwise_cost(x, y, "sqeuclidean")
    off = (np.full(60, -200.0), np.full(50, -200.0))
    with np.errstate(all="ignore"):
        potentials, used = iteration._scale(cost, off, 0.05, 1e-9, 5000, symmetric=False)
    assert used < 5000
    plan = np.exp((potentials[0][:, None] + potentials[1] - cost) / 0.05)
    assert (plan * cost).sum() == pytest.approx(GOLDENS[2]["sinkhorn_distance"], abs=1e-7)


def test_a_step_in_the_log_domain_is_an_iteration_on_scalings() -> None:
    x, y = golden_sets()
    for cost, is_symmetric in ((pairwise_cost(x, y, "sqeuclidean"), False), (pairwise_cost(x, x, "euclidean"), True)):
        start = tuple(np.zeros(size) for size in cost.shape)
        kernel, (left, right) = np.exp(-cost / 0.5), (np.ones(size) for size in cost.shape)
        left, right = iteration._iterate(kernel, left, right, 1, 1.0, is_symmetric)
        rows, columns = iteration._log_step(cost, start, 0.5, is_symmetric)
        np.testing.assert_allclose(rows, 0.5 * np.log(left), atol=1e-13)
        np.testing.assert_allclose(columns, 0.5 * np.log(right), atol=1e-13)


def test_scalings_are_absorbed_before_they_leave_float64() -> None:
    """Begun without a larger regularisation, most of the kernel underflows; without absorption the error stays 0.5."""
    x, y = golden_sets()
    cost = pairwise_cost(x, y, "sqeuclidean")
    with np.errstate(all="ignore"):
        potentials, _ = iteration._scale(cost, (np.zeros(60), np.zeros(50)), 6e-4, 1e-7, 4000, symmetric=False)
    plan = np.exp((potentials[0][:, None] + potentials[1] - cost) / 6e-4)
    assert abs(plan.sum(axis=1) - 1 / 60).sum() + abs(plan.sum(axis=0) - 1 / 50).sum() < 1e-3


def test_rounded_plans_have_the_marginals() -> None:
    generator = np.random.default_rng(0)
    for plan in (generator.random((5, 3)), np.zeros((4, 2)), np.eye(3) / 3, generator.random((2, 6)) * 1e-300):
        rounded = round_to_marginals(plan)
        assert (rounded >= 0).all()
        np.testing.assert_allclose(rounded.sum(axis=1), 1 / plan.shape[0], atol=1e-15)
        np.testing.assert_allclose(rounded.sum(axis=0), 1 / plan.shape[1], atol=1e-15)
