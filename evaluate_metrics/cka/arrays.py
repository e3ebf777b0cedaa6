"""Feature matrices of numpy or torch: checked, then centred in float64 on the device where they lie.

Not here: any similarity. Torch is never imported here: a tensor can only come from a torch that is already loaded.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # numpy.ndarray or torch.Tensor, float64
Features: TypeAlias = (
    Any  # what users hand in: numpy array, torch tensor, or nested lists, shape (sentences, dimensions)
)

# Rounding leaves this much of a constant column, relative to its size.
ROUNDING = 1e-13


def is_tensor(array: object) -> bool:
    """Whether this is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def namespace(array: Array) -> Any:
    """The module, `numpy` or `torch`, whose functions take this array."""
    return sys.modules["torch"] if is_tensor(array) else np


def to_numpy(array: Array) -> Any:
    """The array as numpy, on the CPU."""
    return array.cpu().numpy() if is_tensor(array) else np.asarray(array)


def like(values: Any, array: Array) -> Array:
    """Numpy values as an array of the kind and on the device of another."""
    return sys.modules["torch"].as_tensor(values, device=array.device) if is_tensor(array) else values


def new_empty(array: Array, shape: tuple[int, ...]) -> Array:
    """An array of this shape without values, of the kind, device and type of another."""
    return array.new_empty(shape) if is_tensor(array) else np.empty(shape, dtype=array.dtype)


def read_matrices(features: Mapping[str, Features]) -> dict[str, Array]:
    """The feature matrices of languages, checked and in float64.

    Args:
        features: Of each language, one row per sentence, the same sentences in the same order.

    Returns:
        A float64 matrix of shape (sentences, dimensions) per language: tensors where any is one, all on its device.

    Raises:
        ValueError: If fewer than two languages are given, a matrix is not one, rows do not match, there are fewer than
            two, a number is not finite, or tensors lie on several devices.
    """
    if len(features) < 2:
        raise ValueError(f"CKA compares two languages or more; found {len(features)}")
    devices = {str(matrix.device): language for language, matrix in features.items() if is_tensor(matrix)}
    if len(devices) > 1:
        found = ", ".join(f"{language!r} on {device}" for device, language in devices.items())
        raise ValueError(f"the tensors lie on several devices ({found}); move them to one")
    matrices = {language: read_matrix(matrix, language) for language, matrix in features.items()}
    first, *others = matrices
    for language in others:
        if len(matrices[language]) != len(matrices[first]):
            raise ValueError(
                f"language {language!r} has {len(matrices[language])} rows, {first!r} has {len(matrices[first])}: "
                "row i must be the same sentence in all"
            )
    tensors = [matrix for matrix in matrices.values() if is_tensor(matrix)]
    if tensors:
        return {language: like(matrix, tensors[0]) for language, matrix in matrices.items()}
    return matrices


def read_matrix(features: Features, language: str) -> Array:
    """One language's matrix as float64; errors name the language, the row and the column."""
    if is_tensor(features):
        matrix = features.detach().to(sys.modules["torch"].float64)
    else:
        try:
            matrix = np.asarray(features, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"language {language!r}: {_odd_row(features)}") from error
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise ValueError(
            f"language {language!r}: expected one row of numbers per sentence; found the shape {tuple(matrix.shape)}"
        )
    if len(matrix) < 2:
        raise ValueError(f"language {language!r} has {len(matrix)} rows; CKA needs 2 sentences or more, debiased CKA 4")
    bad = ~namespace(matrix).isfinite(matrix)
    if bool(bad.any()):
        row, column = (int(place) for place in np.argwhere(to_numpy(bad))[0])
        raise ValueError(
            f"language {language!r}, row {row}: found {float(matrix[row, column])} in column {column}; "
            "expected finite numbers"
        )
    return matrix


def centre(matrix: Array, language: str) -> Array:
    """The matrix without the mean of each column, in units of a power of two, so that no square of it overflows.

    Raises:
        ValueError: If all rows are the same.
    """
    largest = float(abs(matrix).max())
    if largest > 0:
        matrix = matrix / 2.0 ** (math.frexp(largest)[1] - 1)  # exact: no figure but the scale changes
    centred = matrix - matrix.mean(0)
    if float(abs(centred).max()) <= ROUNDING * float(abs(matrix).max()):
        raise ValueError(f"language {language!r}: all {len(matrix)} rows are the same; CKA is undefined (0/0)")
    return centred


def _odd_row(features: Sequence[Any]) -> str:
    """What is wrong with nested lists that are no matrix."""
    for number, row in enumerate(features):
        try:
            values = np.asarray(row, dtype=np.float64)
        except (TypeError, ValueError):
            return f"row {number} is no list of numbers"
        if values.ndim == 1 and number and len(values) != len(features[0]):
            return f"row {number} has {len(values)} numbers, row 0 has {len(features[0])}"
    return "expected one row of numbers per sentence"
