"""A linear classifier that tells two sets apart, cross-validated with whole sentences in each fold.

Not here: what its error means (`divergence.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Predictions:
    """Out-of-fold answers of the classifier.

    Attributes:
        is_wrong: Whether each row was taken for the other set, shape (rows of x and y).
        is_wrong_by_components: The same of classifiers that see the top principal components alone, by their number.
    """

    is_wrong: NDArray[np.bool_]
    is_wrong_by_components: dict[int, NDArray[np.bool_]]


def cross_validate(
    features: Floats, sides: Floats, folds: Indices, components: Sequence[int], penalty: float
) -> Predictions:
    """Predict the set of every row by a classifier that has not seen its fold.

    Args:
        features: Rows of both sets, shape (rows, dimensions).
        sides: -1 for the rows of x, 1 for those of y, shape (rows,).
        folds: Fold of each row, from 0, shape (rows,).
        components: Numbers of principal components to classify by as well.
        penalty: Weight of the squared weights against the mean squared error; features are standardised.

    Returns:
        See `Predictions`. Mean, spread and principal components are those of the training folds.
    """
    is_wrong = np.zeros(len(sides), dtype=bool)
    by_components = {count: np.zeros(len(sides), dtype=bool) for count in components}
    for fold in range(int(folds.max()) + 1):
        is_test = folds == fold
        train, test = _standardise(features[~is_test], features[is_test])
        targets = sides[~is_test]
        is_wrong[is_test] = _classify(train, targets, test, penalty) != sides[is_test]
        if components:
            axes = _principal_axes(train, max(components))
            seen, unseen = train @ axes, test @ axes
            for count, wrong in by_components.items():
                wrong[is_test] = _classify(seen[:, :count], targets, unseen[:, :count], penalty) != sides[is_test]
    return Predictions(is_wrong, by_components)


def assign_folds(groups: Sequence[object], num_folds: int, seed: int) -> Indices:
    """Fold of each row: the rows of one group share it, and folds differ by one group at most.

    Args:
        groups: A name per row.
        num_folds: Folds; no more than there are groups.
        seed: Of the draw.
    """
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    fold_of_group = np.random.default_rng(seed).permutation(len(names)) % num_folds
    return np.asarray([fold_of_group[names[name]] for name in groups], dtype=np.int64)


def _standardise(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread <= 1e-12 * np.abs(train).max(axis=0)] = 1.0
    return (train - mean) / spread, (test - mean) / spread


def _classify(train: Floats, targets: Floats, test: Floats, penalty: float) -> Floats:
    """-1 or 1 per test row, by ridge regression on the sides; both sides weigh alike, however many rows they have."""
    shares = np.where(targets > 0, 0.5 / (targets > 0).sum(), 0.5 / (targets < 0).sum())
    centre = shares @ train
    rows = (train - centre) * np.sqrt(shares)[:, None]
    answers = targets * np.sqrt(shares)
    if rows.shape[1] <= len(rows):
        weights = np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ answers)
    else:
        weights = rows.T @ np.linalg.solve(rows @ rows.T + penalty * np.eye(len(rows)), answers)
    return np.where((test - centre) @ weights > 0, 1.0, -1.0)


def _principal_axes(rows: Floats, count: int) -> Floats:
    """Shape (dimensions, count), by falling variance."""
    _, axes = np.linalg.eigh(rows.T @ rows)
    return np.asarray(axes[:, ::-1][:, :count])
