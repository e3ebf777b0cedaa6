"""Finding a sentence's translation by its vector: what CKA, which is blind to rotation, cannot show."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
NEIGHBOURS = 10  # of CSLS, as Conneau et al. 2018 take


def precision_at_1(x: ArrayLike, y: ArrayLike, *, csls: bool = False) -> float:
    """Share of rows of `x` whose nearest row of `y` by cosine is the one of the same number, 0 to 1; chance is 1 / n.

    Args:
        x: Vectors of sentences, shape (n, d).
        y: Vectors of their translations, shape (n, d).
        csls: Subtract from each cosine the mean cosine of both vectors to their ten nearest neighbours in the other set
            (Conneau et al. 2018, section 2.3), so that no row is everybody's neighbour.

    Raises:
        ValueError: If the shapes differ.

    >>> precision_at_1([[1, 0], [0, 1]], [[2, 1], [1, 3]])
    1.0
    """
    rows, others = _unit(np.asarray(x, np.float64)), _unit(np.asarray(y, np.float64))
    if rows.shape != others.shape:
        raise ValueError(f"x has shape {rows.shape} and y {others.shape}; expected the same sentences and dimensions")
    cosines: Floats = rows @ others.T
    if csls:
        k = min(NEIGHBOURS, len(cosines))
        near_rows = np.partition(cosines, -k, axis=1)[:, -k:].mean(1)
        near_others = np.partition(cosines, -k, axis=0)[-k:].mean(0)
        cosines = 2 * cosines - near_rows[:, None] - near_others
    return float((cosines.argmax(1) == np.arange(len(cosines))).mean())


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1, lengths)
