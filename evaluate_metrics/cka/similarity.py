"""Other similarities of two representations, which tell apart what CKA merges, and the RBF kernel for CKA.

Not here: linear CKA (`linear_cka.py`).
"""

import numpy as np

from .arrays import Array, Features, centre, namespace, read_matrices, read_matrix, to_numpy


def participation_ratio(x: Features) -> float:
    """Effective number of dimensions: (sum of variances along principal axes)^2 / sum of their squares.

    Args:
        x: Features, shape (sentences, dimensions).

    Returns:
        From 1 (a line) to min(sentences - 1, dimensions).

    Raises:
        ValueError: As in `read_matrix` and `centre`.

    >>> participation_ratio([[1, 0], [-1, 0], [0, 1], [0, -1]])
    2.0
    """
    matrix = centre(read_matrix(x, "x"), "x")
    products = matrix.T @ matrix if matrix.shape[0] > matrix.shape[1] else matrix @ matrix.T
    return float(products.diagonal().sum() ** 2 / (products**2).sum())


def top_dimension_share(matrix: Array) -> float:
    """Share of the variance that the largest single dimension of a centred matrix has; few outliers rule linear CKA."""
    variances = (matrix**2).sum(0)
    return float(variances.max() / variances.sum())


def procrustes_similarity(x: Features, y: Features) -> float:
    """How well the best rotation and scale lays one representation on the other.

    Args:
        x: Features, shape (sentences, dimensions).
        y: Features of the same sentences; may have other dimensions.

    Returns:
        Nuclear norm of X'Y over both Frobenius norms, 0 to 1; 1 where they differ by rotation, shift and scale. The
        residual of the fit is 1 minus its square, as a share of the sum of squares.

    Raises:
        ValueError: As in `read_matrices` and `centre`.

    Source: Schoenemann (1966); as a similarity, Ding et al. (2021).

    >>> round(procrustes_similarity([[0, 0], [1, 0], [0, 1]], [[5, 5], [5, 7], [3, 5]]), 12)  # turned, shifted, doubled
    1.0
    """
    left, right = (centre(matrix, language) for language, matrix in read_matrices({"x": x, "y": y}).items())
    xp = namespace(left)
    if len(left) < min(left.shape[1], right.shape[1]):
        # Fewer sentences than dimensions: the singular values are those of two (n, n) triangles.
        left, right = (xp.linalg.qr(matrix.T)[1].T for matrix in (left, right))
    norms = float((left**2).sum()) * float((right**2).sum())
    nuclear = float(xp.linalg.svd(left.T @ right, full_matrices=False)[1].sum())
    return float(nuclear / norms**0.5)


def mutual_knn(x: Features, y: Features, k: int = 10) -> dict[str, float]:
    """Share of common neighbours: how far local structure agrees, which CKA, ruled by large distances, hardly sees.

    Args:
        x: Features, shape (sentences, dimensions).
        y: Features of the same sentences.
        k: Neighbours of each sentence, by Euclidean distance; the earlier sentence first where two are equally far.

    Returns:
        `overlap`, 0 to 1, and `expected`, k / (n - 1): what unrelated representations give.

    Raises:
        ValueError: As in `read_matrices` and `centre`, or if k is not below the number of sentences.

    Source: Huh et al. (2024), who use the cosine.

    >>> mutual_knn([[0.0], [1.0], [5.0], [6.5]], [[0.0], [2.0], [9.0], [10.0]], k=1)["overlap"]
    1.0
    """
    matrices = {language: centre(matrix, language) for language, matrix in read_matrices({"x": x, "y": y}).items()}
    n = len(matrices["x"])
    if not 0 < k < n:
        raise ValueError(f"k is {k!r}; expected 1 to {n - 1}, below the number of sentences ({n})")
    near = []
    for matrix in matrices.values():
        xp, distances = namespace(matrix), squared_distances(matrix)
        rows = xp.arange(n)
        distances[rows, rows] = np.inf
        order = np.argsort(distances, 1, "stable") if xp is np else xp.argsort(distances, dim=1, stable=True)
        chosen = distances > np.inf  # all false
        chosen[rows[:, None], order[:, :k]] = True
        near.append(chosen)
    return {"overlap": float((near[0] & near[1]).sum()) / (n * k), "expected": k / (n - 1)}


def squared_distances(matrix: Array) -> Array:
    """Squared Euclidean distances of all pairs of rows, shape (n, n), none below 0."""
    squares = (matrix * matrix).sum(1)
    distances = squares[:, None] + squares[None, :] - 2 * matrix @ matrix.T
    return distances.clip(0)


def rbf_gram(matrix: Array) -> Array:
    """Gram matrix of the kernel exp(-distance^2 / (2 s^2)), s the median distance, centred in rows and columns.

    Args:
        matrix: Features that are not all the same, shape (n, dimensions).

    Returns:
        Shape (n, n). Rotation, shift and scale of the features do not change it.

    Source: Kornblith et al. (2019), section 5, with their bandwidth as a share of the median distance set to 1.
    """
    distances = squared_distances(matrix)
    below = to_numpy(distances)[np.tril_indices(len(matrix), -1)]
    # Where more than half of the pairs are duplicates, the median of the others.
    scale = float(np.median(below)) or float(np.median(below[below > 0]))
    gram = namespace(matrix).exp(-distances / (2 * scale))
    rows = gram.mean(0)
    return gram - rows[:, None] - rows[None, :] + rows.mean()
