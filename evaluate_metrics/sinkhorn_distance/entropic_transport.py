"""Sinkhorn's iteration for uniform weights, made stable at small regularisation, and the rounding of its plan.

One code for numpy arrays and torch tensors. Not here: the cost, and what is said of a result (`set_distance.py`).
"""

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A numpy array, or a torch tensor of any device; float64."""

BLOCK = 10
"""Iterations between two looks at the marginals: each look costs as much as one, and on a GPU waits for the device."""
RELAXATION = 1.8
ABSORB_ABOVE = 50.0
"""Largest |log| of a scaling before it is folded into the potentials: two of them stay far inside float64 (e^709)."""


class Transport(NamedTuple):
    """What `entropic_transport` gives: the cost of the rounded plan, and how well the plan was solved before that."""

    value: float
    n_iter: int
    marginal_error: float


def entropic_transport(
    cost: Array, reg: float, *, symmetric: bool = False, max_iter: int = 5000, tolerance: float = 1e-6
) -> Transport:
    """Cost of the entropic plan between uniform weights, without the entropy.

    The plan minimises <P, C> + reg sum P (log P - 1) among those with row sums 1/n and column sums 1/m. It is rounded
    to these sums, so the value is never below the optimal transport cost, converged or not.

    Args:
        cost: C, not negative, shape (n, m), float64; numpy or torch.
        reg: Weight of the entropy, in the unit of the cost.
        symmetric: Whether C is symmetric, as between a set and itself: one potential, far fewer iterations.
        max_iter: Most iterations, over all regularisations on the way.
        tolerance: `marginal_error` at which to stop.

    Returns:
        `value`; `n_iter`; `marginal_error`, the sum of |row sums - 1/n| and |column sums - 1/m| before rounding.

    Source: Cuturi (2013). Absorbed potentials and falling regularisation: Schmitzer (2019), algorithms 2 and 3.
    Over-relaxation: Thibault et al. (2021). Symmetric update: Feydy et al. (2019), section 3.1.

    >>> transport = entropic_transport(np.array([[0.0, 1.0], [1.0, 0.0]]), reg=0.1)
    >>> round(transport.value, 5), transport.marginal_error < 1e-6
    (5e-05, True)
    """
    plan, n_iter = entropic_plan(cost, reg, symmetric=symmetric, max_iter=max_iter, tolerance=tolerance)
    error = _marginal_error(plan.sum(axis=1), plan.sum(axis=0))
    return Transport(float((round_to_marginals(plan) * cost).sum()), n_iter, error)


def entropic_plan(cost: Array, reg: float, *, symmetric: bool, max_iter: int, tolerance: float) -> tuple[Array, int]:
    """The plan of `entropic_transport` (same arguments) before rounding, shape (n, m), and its iterations.

    The regularisation starts at the largest cost, where a few iterations do, and is halved down to `reg`; each begins
    at the potentials of the one before. On the way a marginal error of 0.01 is enough.
    """
    rows = cost[:, 0] * 0
    potentials = (rows, rows if symmetric else cost[0] * 0)
    n_iter = 0
    with np.errstate(all="ignore"):  # an overflow is seen in the marginals and answered there
        for step in _falling(float(cost.max()), reg):
            goal, most = (tolerance, max_iter) if step == reg else (0.01, min(max_iter, n_iter + 100))
            potentials, used = _scale(cost, potentials, step, goal, most - n_iter, symmetric)
            n_iter += used
        return _kernel(cost, potentials, reg), n_iter


def round_to_marginals(plan: Array) -> Array:
    """The nearest plan, up to a factor of 2 in total variation, whose row sums are 1/n and column sums 1/m.

    Args:
        plan: Not negative, shape (n, m).

    Returns:
        Same shape. Rows, then columns that are too heavy are scaled down; what is missing is added as a product.

    Source: Altschuler et al. (2017), algorithm 2.

    >>> round_to_marginals(np.array([[0.5, 0.5], [0.0, 0.0]])).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    num_rows, num_columns = plan.shape
    # A sum of almost 0 divides to infinity, which is clipped to 1: no harm, there is nothing to scale.
    with np.errstate(divide="ignore", over="ignore"):
        plan = plan * (1 / num_rows / plan.sum(axis=1)).clip(max=1)[:, None]
        plan = plan * (1 / num_columns / plan.sum(axis=0)).clip(max=1)
    missing_rows = (1 / num_rows - plan.sum(axis=1)).clip(min=0)
    missing_columns = (1 / num_columns - plan.sum(axis=0)).clip(min=0)
    missing = float(missing_columns.sum())
    return plan + missing_rows[:, None] * (missing_columns / missing) if missing > 0 else plan


def namespace(array: Array) -> Any:
    """The `torch` module for a tensor, else `numpy`: the functions used here have one name and meaning in both."""
    return sys.modules["torch"] if is_tensor(array) else np


def is_tensor(array: object) -> bool:
    """Whether it is a torch tensor; torch is not imported for the question.

    >>> is_tensor(np.zeros(3))
    False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def _falling(largest: float, reg: float) -> Iterator[float]:
    """Regularisations from the largest cost by halves, `reg` last."""
    step = largest
    while step > reg:
        yield step
        step /= 2
    yield reg


def _kernel(cost: Array, potentials: tuple[Array, Array], reg: float) -> Array:
    rows, columns = potentials
    exponents = rows[:, None] + columns
    exponents -= cost
    exponents /= reg
    return namespace(cost).exp(exponents)


def _scale(
    cost: Array, potentials: tuple[Array, Array], reg: float, goal: float, most: int, symmetric: bool
) -> tuple[tuple[Array, Array], int]:
    """Sinkhorn's iteration at one regularisation: the potentials reached, and after how many iterations."""
    log = namespace(cost).log
    kernel = _kernel(cost, potentials, reg)
    ones = tuple(array * 0 + 1 for array in potentials)
    left, right = ones
    error, relaxation, used = np.inf, 1.0, 0
    while used < most:
        length = min(BLOCK, most - used)
        left, right = _iterate(kernel, left, right, length, relaxation, symmetric)
        used += length
        before, error = error, _marginal_error(left * (kernel @ right), right * (left @ kernel))
        if not np.isfinite(error):
            potentials = _log_step(cost, potentials, reg, symmetric)
            kernel, (left, right), relaxation = _kernel(cost, potentials, reg), ones, 1.0
            continue
        if error <= goal:
            break
        relaxation = RELAXATION if error < before else 1.0
        if max(float(abs(log(side)).max()) for side in (left, right)) > ABSORB_ABOVE:
            potentials = _absorbed(potentials, left, right, reg)
            kernel, (left, right) = _kernel(cost, potentials, reg), ones
    return _absorbed(potentials, left, right, reg), used


def _iterate(
    kernel: Array, left: Array, right: Array, length: int, relaxation: float, symmetric: bool
) -> tuple[Array, Array]:
    row_weight, column_weight = (1 / size for size in kernel.shape)
    for position in range(length):
        if symmetric:
            left = right = (left * row_weight / (kernel @ left)) ** 0.5
        elif position < 3 or relaxation == 1:  # plain steps first in each block: over-relaxation alone may cycle
            left = row_weight / (kernel @ right)
            right = column_weight / (left @ kernel)
        else:
            left = left ** (1 - relaxation) * (row_weight / (kernel @ right)) ** relaxation
            right = right ** (1 - relaxation) * (column_weight / (left @ kernel)) ** relaxation
    return left, right


def _absorbed(potentials: tuple[Array, Array], left: Array, right: Array, reg: float) -> tuple[Array, Array]:
    log = namespace(left).log
    rows, columns = potentials
    return rows + reg * log(left), columns + reg * log(right)


def _log_step(cost: Array, potentials: tuple[Array, Array], reg: float, symmetric: bool) -> tuple[Array, Array]:
    """One iteration on the potentials: slow, and right where a division of scalings is not."""
    rows, columns = potentials
    new_rows = -reg * _log_sum_exp((columns - cost) / reg, axis=1) - reg * np.log(cost.shape[0])
    if symmetric:
        return ((rows + new_rows) / 2,) * 2
    return new_rows, -reg * _log_sum_exp((new_rows[:, None] - cost) / reg, axis=0) - reg * np.log(cost.shape[1])


def _log_sum_exp(exponents: Array, axis: int) -> Array:
    module = namespace(exponents)
    largest = module.amax(exponents, axis=axis)
    shifted = exponents - (largest[:, None] if axis else largest)
    return largest + module.log(module.exp(shifted).sum(axis=axis))


def _marginal_error(rows: Array, columns: Array) -> float:
    """Distance of row and column sums from uniform weights, in total; NaN or infinite after an overflow."""
    return float(abs(rows - 1 / len(rows)).sum() + abs(columns - 1 / len(columns)).sum())
