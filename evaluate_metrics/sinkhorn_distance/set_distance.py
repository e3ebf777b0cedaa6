"""What the metric says of two sets of vectors: Sinkhorn distance and divergence, and whether the iteration converged.

Not here: `evaluate` (the shell, `sinkhorn_distance.py`), the iteration itself (`entropic_transport.py`).
"""

import logging
import math
from typing import Any

import numpy as np

from .entropic_transport import Array, entropic_transport, is_tensor
from .point_sets import pairwise_cost, read_sets

logger = logging.getLogger(__name__)

SPACES = ("probabilities", "logits")
COSTS = ("sqeuclidean", "euclidean")
OF_MEDIAN = 0.05
"""Regularisation of `reg="median"`, as a share of the median cost."""
SMALLEST_SHARE = 1e-10
"""Smallest regularisation as a share of the largest cost: below, float64 cannot hold potential / regularisation."""


def sinkhorn_distance(
    x: Any,
    y: Any,
    *,
    space: str | None = None,
    from_logits: bool = False,
    cost: str = "sqeuclidean",
    reg: float | str = 0.05,
    max_iter: int = 5000,
    tolerance: float = 1e-6,
    exact: bool = False,
    strict: bool = False,
) -> dict[str, Any]:
    """Sinkhorn distance and divergence of two sets with uniform weights, as plain numbers.

    The distance is <P, C> of the entropic plan P, without the entropy; P is rounded to its marginals, so it is never
    below the optimal transport cost. It is above 0 for a set with itself. The divergence takes half of each set's
    distance to itself off, so it is 0 there; it can be slightly negative, as the distance is taken without the entropy.

    Args:
        x: One row per sample, shape (n, d): nested lists, numpy or torch (computed on the tensor's device).
        y: Shape (m, d), m need not be n.
        space: "probabilities": rows are distributions, and checked. "logits": any vectors, compared as they are. Unset,
            it is "logits" where no row of either set is a distribution, else "probabilities".
        from_logits: The rows are logits; take their softmax and compare the probabilities.
        cost: "sqeuclidean" (0 to 2 on probabilities) or "euclidean".
        reg: Weight of the entropy in the unit of the cost, or "median": 0.05 x the median of the costs between x and y.
        max_iter: Most iterations of each of the three plans.
        tolerance: Marginal error at which a plan counts as converged.
        exact: Also solve optimal transport exactly, by POT on the CPU: `ot_value`.
        strict: Raise instead of warning where a plan does not converge.

    Returns:
        `sinkhorn_distance`, `sinkhorn_divergence`, `ot_value` (None unless `exact`); `space`, `cost`, `reg` as used;
        `n_iter` and `marginal_error`, the largest of the three plans'; `converged`; `warning`, None or a sentence.

    Raises:
        ValueError: If a set or an option is wrong; see `read_sets`.
        RuntimeError: With `strict`, if a plan did not converge; if POT does not reach the optimum of `exact`.

    Source: Cuturi (2013); divergence: Genevay et al. (2018), with <P, C> in place of the regularised value.

    >>> found = sinkhorn_distance([[1, 0], [1, 0]], [[0, 1]], exact=True)
    >>> found["sinkhorn_distance"], found["sinkhorn_divergence"], found["ot_value"], found["converged"]
    (2.0, 2.0, 2.0, True)
    """
    _check_options(space, from_logits, cost, max_iter, tolerance)
    left, right, space = read_sets(x, y, space=space, from_logits=from_logits)
    between = pairwise_cost(left, right, cost)
    weight = _regularisation(reg, between)
    options: dict[str, Any] = {"max_iter": max_iter, "tolerance": tolerance}
    cross = entropic_transport(between, weight, symmetric=left is right, **options)
    if left is right:
        own = [cross, cross]
    else:
        own = [
            entropic_transport(pairwise_cost(side, side, cost), weight, symmetric=True, **options)
            for side in (left, right)
        ]
    transports = [cross, *own]
    error = max(transport.marginal_error for transport in transports)
    n_iter = max(transport.n_iter for transport in transports)
    return {
        "sinkhorn_distance": cross.value,
        "sinkhorn_divergence": cross.value - own[0].value / 2 - own[1].value / 2,
        "ot_value": optimal_transport(between) if exact else None,
        "space": space,
        "cost": cost,
        "reg": weight,
        "n_iter": n_iter,
        "marginal_error": error,
        "converged": error <= tolerance,
        "warning": None if error <= tolerance else _unconverged(error, n_iter, weight, tolerance, strict),
    }


def optimal_transport(cost: Array) -> float:
    """Cost of the optimal plan between uniform weights, by POT's network simplex.

    Args:
        cost: Shape (n, m); a tensor is copied to the CPU.

    Raises:
        RuntimeError: If the simplex stops before the optimum.

    >>> optimal_transport(np.array([[0.0, 3.0], [1.0, 0.0]]))
    0.0
    """
    import ot  # imports torch where it is installed: seconds that only this needs

    matrix = cost.cpu().numpy() if is_tensor(cost) else cost
    most = 10_000_000
    value, log = ot.emd2([], [], matrix, numItermax=most, log=True)
    if log["warning"] is not None:
        raise RuntimeError(f"POT did not solve optimal transport of {matrix.shape} costs: {log['warning']}")
    return float(value)


def _regularisation(reg: Any, cost: Array) -> float:
    """The weight of the entropy in the unit of the cost."""
    largest = float(cost.max())
    if not largest < 1e300:  # NaN too; costs inside a set are at most four times those between the sets
        raise ValueError("x and y lie so far apart that their costs overflow; scale the vectors down")
    if reg == "median":
        weight = OF_MEDIAN * float(np.median(cost.cpu().numpy() if is_tensor(cost) else cost))
        if weight == 0:
            raise ValueError("reg='median': half of the costs between x and y are 0; pass a number, such as reg=0.05")
    elif isinstance(reg, (int, float, np.number)) and not isinstance(reg, bool) and 0 < float(reg) < math.inf:
        weight = float(reg)
    else:
        raise ValueError(f"reg is {reg!r}; expected a number above 0, or 'median'")
    if weight < SMALLEST_SHARE * largest:
        raise ValueError(
            f"reg is {weight:g} for costs up to {largest:g}: float64 resolves {SMALLEST_SHARE:g} of the largest cost; "
            "take a larger reg, or exact=True for optimal transport"
        )
    return weight


def _unconverged(error: float, n_iter: int, reg: float, tolerance: float, strict: bool) -> str:
    """The warning, logged; with `strict` it is raised."""
    message = (
        f"Sinkhorn did not converge: marginal error {error:.2g} after {n_iter} iterations at reg {reg:g}, expected "
        f"{tolerance:g}; the distance is of a rounded plan, not of this reg. Raise reg or max_iter, or take exact=True"
    )
    if strict:
        raise RuntimeError(message)
    logger.warning("%s", message)
    return message


def _check_options(space: str | None, from_logits: bool, cost: str, max_iter: int, tolerance: float) -> None:
    for name, value, known in (("space", space or SPACES[0], SPACES), ("cost", cost, COSTS)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected {known[0]!r} or {known[1]!r}")
    if from_logits and space == "logits":
        raise ValueError("from_logits=True compares probabilities; with space='logits' leave it out")
    if max_iter < 1:
        raise ValueError(f"max_iter is {max_iter!r}; expected 1 or more")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is {tolerance!r}; expected a marginal error between 0 and 1, such as 1e-6")
