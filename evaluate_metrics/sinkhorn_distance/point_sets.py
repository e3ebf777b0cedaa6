"""Two sets of vectors as a caller gives them: checked, in float64, and the costs between their points.

Not here: transport (`entropic_transport.py`).
"""

import sys
from typing import Any

import numpy as np

from .entropic_transport import Array, is_tensor, namespace

SUM_TOLERANCE = 4e-3
"""How far a row of probabilities may be from 1: a softmax in bfloat16 is off by up to 2^-8."""


def read_sets(x: Any, y: Any, *, space: str | None, from_logits: bool) -> tuple[Array, Array, str]:
    """Both sets as float64 arrays of one kind, equal sets as one and the same array, and the space they lie in.

    Args:
        x: Vectors, one a row, shape (n, d): nested lists, numpy or torch.
        y: Vectors, shape (m, d).
        space: "probabilities" (each row must be a distribution) or "logits" (any finite numbers); None is "logits"
            where no row of either set is a distribution, else "probabilities".
        from_logits: Whether the rows are logits of which the softmax is to be taken.

    Returns:
        Shapes (n, d) and (m, d), tensors on one device if either is a tensor, else numpy; and the space.

    Raises:
        ValueError: If a set is empty or no matrix, a number is not finite, a row is no distribution, the widths differ,
            or tensors lie on two devices. It names the set and the row.
    """
    if is_tensor(x) and is_tensor(y) and x.device != y.device:
        raise ValueError(f"x lies on {x.device}, y on {y.device}; move them to one device")
    left, right = read_set(x, "x"), read_set(y, "y")
    if left.shape[1] != right.shape[1]:
        raise ValueError(
            f"rows of x have {left.shape[1]} numbers, rows of y {right.shape[1]}; expected the same classes"
        )
    for one, other in ((left, right), (right, left)):
        if is_tensor(one) and not is_tensor(other):
            moved = sys.modules["torch"].as_tensor(other, device=one.device)
            left, right = (left, moved) if one is left else (moved, right)
    if from_logits:
        left, right, space = softmax(left), softmax(right), "probabilities"
    elif space is None:
        is_any = bool(are_distributions(left).any()) or bool(are_distributions(right).any())
        space = "probabilities" if is_any else "logits"
    if space == "probabilities":
        check_distributions(left, "x")
        check_distributions(right, "y")
    is_same = left.shape == right.shape and bool((left == right).all())
    return left, left if is_same else right, space


def are_distributions(matrix: Array) -> Array:
    """Whether each row is not negative and sums to 1, shape (rows,).

    >>> are_distributions(np.array([[0.2, 0.8], [-0.2, 1.2], [1.0, 1.0]])).tolist()
    [True, False, False]
    """
    return (matrix >= 0).all(axis=1) & (abs(matrix.sum(axis=1) - 1) <= SUM_TOLERANCE)


def read_set(values: Any, name: str) -> Array:
    """One set as a float64 matrix of finite numbers; errors call it by `name`."""
    if is_tensor(values):
        matrix = values.detach().to(sys.modules["torch"].float64)
    else:
        try:
            matrix = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {_odd_row(values)}") from error
    if matrix.ndim == 0 or len(matrix) == 0:
        raise ValueError(f"{name} is empty; expected one row of numbers per sample, one row or more")
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(f"{name} has the shape {tuple(matrix.shape)}; expected one row of numbers per sample")
    bad = ~namespace(matrix).isfinite(matrix)
    if bool(bad.any()):
        row = int(_first(bad.any(axis=1)))
        raise ValueError(f"{name}, row {row}: found {matrix[row].tolist()}; expected finite numbers")
    return matrix


def check_distributions(matrix: Array, name: str) -> None:
    """Refuse rows that are no probability distributions."""
    cure = "pass from_logits=True to take the softmax of logits, or space='logits' to compare vectors as they are"
    negative = (matrix < 0).any(axis=1)
    if bool(negative.any()):
        row = _first(negative)
        raise ValueError(f"{name}, row {row}: {float(matrix[row].min()):g} is no probability; {cure}")
    sums = matrix.sum(axis=1)
    off = abs(sums - 1) > SUM_TOLERANCE
    if bool(off.any()):
        row = _first(off)
        raise ValueError(f"{name}, row {row}: sums to {float(sums[row]):g}, expected 1; {cure}")


def softmax(logits: Array) -> Array:
    """Probabilities of each row.

    >>> softmax(np.array([[0.0, np.log(3.0)]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    module = namespace(logits)
    powers = module.exp(logits - module.amax(logits, axis=1)[:, None])
    return powers / powers.sum(axis=1)[:, None]


def pairwise_cost(x: Array, y: Array, cost: str) -> Array:
    """Cost of moving each point of x to each of y.

    Args:
        x: Shape (n, d).
        y: Shape (m, d); the same array as x if it is the same set.
        cost: "sqeuclidean" or "euclidean".

    Returns:
        Shape (n, m), not negative; exactly symmetric with a zero diagonal if y is x.

    >>> pairwise_cost(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), "sqeuclidean").tolist()
    [[2.0]]
    """
    # |a|^2 + |b|^2 - 2 a.b loses digits far from the origin; distances do not feel a shift.
    centre = (x.mean(axis=0) + y.mean(axis=0)) / 2
    left, right = x - centre, y - centre
    with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses costs that are not finite
        squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)
        squares -= 2 * (left @ right.T)
    if x is y:
        squares = (squares + squares.T) / 2
        places = namespace(x).arange(len(x))
        squares[places, places] = 0
    squares = squares.clip(min=0)
    return squares if cost == "sqeuclidean" else squares**0.5


def _first(rows: Array) -> int:
    return rows.tolist().index(True)  # type: ignore[no-any-return]


def _odd_row(values: Any) -> str:
    """What is wrong with nested lists that are no matrix."""
    width = None
    for number, row in enumerate(values if isinstance(values, (list, tuple)) else []):
        try:
            numbers = np.asarray(row, dtype=np.float64)
        except (TypeError, ValueError):
            return f"row {number} is no list of numbers"
        if numbers.ndim != 1:
            return f"row {number} has the shape {numbers.shape}; expected a list of numbers"
        width = len(numbers) if width is None else width
        if len(numbers) != width:
            return f"row {number} has {len(numbers)} numbers, row 0 has {width}"
    return "expected one row of numbers per sample"
