"""How well two sets of vectors can be told apart, as a divergence: with its interval, a learning curve and the bound.

Not here: `evaluate` (the shell, `h_divergence.py`), the classifier (`domain_classifier.py`), the bound's arithmetic
(`bound.py`).
"""

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bound import complexity_term, rows_needed
from .domain_classifier import Floats, assign_folds, cross_validate

Matrix = Sequence[Sequence[float]] | NDArray[Any]
COMPONENTS = (1, 2, 5, 10, 20, 50, 100)


def h_divergence(
    x: Matrix,
    y: Matrix,
    *,
    groups_x: Sequence[object] | None = None,
    groups_y: Sequence[object] | None = None,
    num_folds: int = 5,
    penalty: float = 1.0,
    delta: float = 0.05,
    confidence: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, object]:
    """Proxy A-distance of two sets of vectors, as plain numbers, lists and dicts.

    Args:
        x: Vectors of one language, shape (rows, dimensions).
        y: Vectors of the other, shape (its rows, dimensions).
        groups_x: The sentence of each row; rows of one sentence, in both languages, share a fold. Unset, row i of x and
            row i of y are one sentence if there are as many rows, else every row is a sentence of its own.
        groups_y: The same for y; given with `groups_x` or not at all.
        num_folds: Folds of the cross-validation.
        penalty: Of the classifier, against the mean squared error of standardised features.
        delta: Probability with which the bound may fail.
        confidence: Level of the interval.
        num_resamples: Draws of sentences, with replacement, for the interval.
        seed: Of folds and draws.

    Returns:
        `error`, the mean over both sets of the share of rows taken for the other set, out of fold;
        `proxy_a_distance` = 2 (1 - 2 error), which chance can make negative, and `h_divergence`, the same held to
        [0, 2]; `interval` of `proxy_a_distance` over sentences, given the classifiers; `learning_curve`, the proxy
        A-distance by the number of top principal components that the classifier sees (as text); `energy_distance` of
        the raw vectors; `grouped` ("given", "rows" or "no"), `num_groups`, `n_x`, `n_y`, `dimension`; `bound`: of
        Theorem 4.1 `complexity_term`, `half_divergence`, their sum `value`, `vacuous` (the sum is 1 or more, and
        a gap of risks never is), and `samples_needed`, the rows at which the term falls to 1, 0.5 and 0.1.

    Raises:
        ValueError: If a set is empty or has rows of unlike width, a number is not finite (the set and the row are
            named), widths differ, groups do not fit, there are fewer groups than folds, or an option is out of range.

    Source: Ben-David et al. (2006), section 5; Theorem 4.1 of the linguistic gap paper.

    >>> rows = np.random.default_rng(0).standard_normal((60, 2))
    >>> found = h_divergence(rows, rows + [4, 0])
    >>> round(found["h_divergence"], 1), found["bound"]["vacuous"]
    (1.9, True)
    """
    first, second = _read(x, "x"), _read(y, "y")
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x has {first.shape[1]} dimensions, y has {second.shape[1]}; expected as many")
    _check_options(num_folds, penalty, delta, confidence, num_resamples)
    groups, grouped = _group(first, second, groups_x, groups_y)
    num_groups = len(set(groups))
    if num_groups < num_folds:
        raise ValueError(f"found {num_groups} sentences for {num_folds} folds; give more sentences, or fewer folds")
    features = np.vstack([first, second])
    sides = np.concatenate([np.full(len(first), -1.0), np.full(len(second), 1.0)])
    folds = assign_folds(groups, num_folds, seed)
    _check_folds(sides, folds)
    curve = [count for count in COMPONENTS if count < features.shape[1]]
    found = cross_validate(features, sides, folds, curve, penalty)
    error = _error(found.is_wrong, sides)
    dimension, n = features.shape[1] + 1, min(len(first), len(second))
    term = complexity_term(dimension, n, delta)
    distance = _distance(error)
    return {
        "h_divergence": _clip(distance),
        "proxy_a_distance": distance,
        "error": error,
        "interval": _interval(found.is_wrong, sides, groups, confidence, num_resamples, seed),
        "learning_curve": {
            str(count): _distance(_error(wrong, sides)) for count, wrong in found.is_wrong_by_components.items()
        },
        "energy_distance": energy_distance(first, second, groups),
        "grouped": grouped,
        "num_groups": num_groups,
        "n_x": len(first),
        "n_y": len(second),
        "dimension": features.shape[1],
        "bound": {
            "complexity_term": term,
            "half_divergence": _clip(distance) / 2,
            "value": _clip(distance) / 2 + term,
            "vacuous": _clip(distance) / 2 + term >= 1,
            "samples_needed": {str(value): rows_needed(dimension, value, delta) for value in (1.0, 0.5, 0.1)},
            "delta": delta,
        },
    }


def energy_distance(x: Floats, y: Floats, groups: Sequence[object] | None = None) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'| over pairs of rows of different sentences; 0 in the mean for equal laws.

    Pairs of one sentence are left out everywhere: translations are nearer to each other than chance, and count in the
    first term alone.

    Args:
        x: Shape (rows, dimensions).
        y: Shape (its rows, dimensions).
        groups: The sentence of each row of x, then of y; unset, every row is one of its own.

    Returns:
        The distance; NaN if all rows of a set are of one sentence.

    Source: Székely and Rizzo (2013), Energy statistics, in its unbiased form: it can be negative.

    >>> energy_distance(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]))
    2.0
    """
    middle = (x.mean(axis=0) + y.mean(axis=0)) / 2  # far from the origin, differences of squares would cancel
    x, y = x - middle, y - middle
    names = list(range(len(x) + len(y))) if groups is None else groups
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    owners = np.array([places[name] for name in names])
    of_x, of_y = owners[: len(x)], owners[len(x) :]
    across = _mean_distance(x, y, of_x, of_y)
    return 2 * across - _mean_distance(x, x, of_x, of_x) - _mean_distance(y, y, of_y, of_y)


def _mean_distance(x: Floats, y: Floats, of_x: NDArray[np.int64], of_y: NDArray[np.int64]) -> float:
    """Over the pairs of different sentences."""
    squares = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * x @ y.T
    differs = of_x[:, None] != of_y
    count = int(differs.sum())
    return (
        float(np.sqrt(np.maximum(squares, 0.0), where=differs, out=np.zeros_like(squares)).sum()) / count
        if count
        else math.nan
    )


def _error(is_wrong: NDArray[np.bool_], sides: Floats) -> float:
    """Mean of the error on both sides, so that a large set cannot win by its size."""
    return float(is_wrong[sides < 0].mean() + is_wrong[sides > 0].mean()) / 2


def _distance(error: float) -> float:
    return 2 * (1 - 2 * error)


def _clip(distance: float) -> float:
    return min(2.0, max(0.0, distance))


def _interval(
    is_wrong: NDArray[np.bool_],
    sides: Floats,
    groups: Sequence[object],
    confidence: float,
    num_resamples: int,
    seed: int,
) -> list[float]:
    """Percentiles of the proxy A-distance over draws of whole sentences."""
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    owners = np.array([names[name] for name in groups])
    counts = np.zeros((len(names), 4))  # rows and errors of x, rows and errors of y
    for column, side in ((0, -1.0), (2, 1.0)):
        np.add.at(counts[:, column], owners[sides == side], 1.0)
        np.add.at(counts[:, column + 1], owners[(sides == side) & is_wrong], 1.0)
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=num_resamples)
    sums = draws @ counts
    sums = sums[(sums[:, 0] > 0) & (sums[:, 2] > 0)]
    distances = 2 * (1 - sums[:, 1] / sums[:, 0] - sums[:, 3] / sums[:, 2])
    return [float(end) for end in np.quantile(distances, [(1 - confidence) / 2, (1 + confidence) / 2])]


def _read(rows: Matrix, name: str) -> Floats:
    torch = sys.modules.get("torch")  # not imported for the question: the metric does not need it
    if torch is not None and isinstance(rows, torch.Tensor):
        rows = rows.detach().to("cpu", torch.float64).numpy()
    if len(rows) < 2:
        raise ValueError(f"{name} has {len(rows)} rows; expected two or more vectors")
    shapes = [np.shape(row) for row in rows]
    for place, shape in enumerate(shapes):
        if len(shape) != 1:
            raise ValueError(f"{name}: row {place} has the shape {shape}; expected a vector, one list of numbers a row")
    widths = [shape[0] for shape in shapes]
    for place, width in enumerate(widths):
        if width != widths[0]:
            raise ValueError(f"{name}: row {place} has {width} dimensions, row 0 has {widths[0]}; expected as many")
    if widths[0] == 0:
        raise ValueError(f"{name}: rows have no dimension; expected vectors")
    matrix = np.asarray(rows, dtype=np.float64)
    broken = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(broken):
        raise ValueError(f"{name}: row {broken[0]} holds a number that is not finite (NaN or inf)")
    return matrix


def _group(
    x: Floats, y: Floats, groups_x: Sequence[object] | None, groups_y: Sequence[object] | None
) -> tuple[list[object], str]:
    """A name per row of both sets, and where it comes from."""
    if (groups_x is None) != (groups_y is None):
        raise ValueError("groups are given for one set only; expected groups_x and groups_y, or neither")
    if groups_x is not None and groups_y is not None:
        for name, rows, groups in (("x", x, groups_x), ("y", y, groups_y)):
            if len(rows) != len(groups):
                raise ValueError(f"groups_{name} names {len(groups)} rows, {name} has {len(rows)}; expected as many")
        # An item of an array as a plain value: two elements of a tensor are never one name.
        return [name.item() if hasattr(name, "item") else name for name in [*groups_x, *groups_y]], "given"
    if len(x) == len(y):
        return [*range(len(x)), *range(len(y))], "rows"
    return [*range(len(x) + len(y))], "no"


def _check_folds(sides: Floats, folds: NDArray[np.int64]) -> None:
    for fold in range(int(folds.max()) + 1):
        if len(np.unique(sides[folds != fold])) < 2:
            raise ValueError(f"without fold {fold} one set has no row left; give more sentences, or fewer folds")


def _check_options(num_folds: int, penalty: float, delta: float, confidence: float, num_resamples: int) -> None:
    if num_folds < 2:
        raise ValueError(f"num_folds is {num_folds!r}; expected 2 or more")
    if not (math.isfinite(penalty) and penalty > 0):
        raise ValueError(f"penalty is {penalty!r}; expected a number above 0")
    for name, value in (("delta", delta), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value!r}; expected a share between 0 and 1")
    if num_resamples < 1:
        raise ValueError(f"num_resamples is {num_resamples!r}; expected 1 or more")
