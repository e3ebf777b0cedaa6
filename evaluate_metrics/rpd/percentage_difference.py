"""Equation 1, the relative percentage difference (RPD) of two scores; its mean over pairs, and the jackknife of that.

Not here: checks of the input, and the results in words (`performance_gap.py`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


def relative_percentage_differences(scores: ArrayLike, other_scores: ArrayLike | None = None) -> Floats:
    """RPD of each pair of scores: 100 |a - b| / ((a + b) / 2).

    Args:
        scores: Positive scores in any unit, shape (languages,).
        other_scores: The second member of each pair, shape (others,); the same scores if left out.

    Returns:
        Percentages from 0 to 200, shape (languages, others); of one list, symmetric with a zero diagonal.

    Source: equation 1 of the linguistic gap paper, after Miller (2011).

    >>> relative_percentage_differences([80.8, 62.93]).round(2).tolist()
    [[0.0, 24.87], [24.87, 0.0]]
    """
    rows = np.asarray(scores, dtype=np.float64)[:, None]
    columns = rows.T if other_scores is None else np.asarray(other_scores, dtype=np.float64)
    return np.asarray(200 * np.abs(rows - columns) / (rows + columns))


def mean_rpd(scores: ArrayLike) -> float:
    """Mean RPD over the unordered pairs of at least two scores; the diagonal takes no part.

    >>> mean_rpd([1.0, 3.0])
    100.0
    """
    differences = relative_percentage_differences(scores)
    return float(differences.sum() / (len(differences) * (len(differences) - 1)))


def leave_one_out(pairs: Floats) -> Floats:
    """Mean over the pairs without each language.

    Args:
        pairs: A value per pair, symmetric with a zero diagonal, shape (languages, languages), at least three.

    Returns:
        Shape (languages,).
    """
    count = len(pairs)
    return np.asarray((pairs.sum() - 2 * pairs.sum(axis=1)) / ((count - 1) * (count - 2)))


def jackknife(value: float, without: Floats, confidence: float) -> tuple[float, list[float]]:
    """Standard error and interval over languages, read as a sample of the languages one could have taken.

    Args:
        value: The mean over all languages.
        without: The mean without each language, shape (languages,).
        confidence: Level of the interval.

    Returns:
        The jackknife's standard error e, and value - t e and value + t e with Student's t of languages - 1 degrees of
        freedom.

    Source: Arvesen (1969), the jackknife of a mean over pairs (a U-statistic).

    >>> error, interval = jackknife(2.0, np.array([1.0, 2.0, 3.0]), 0.95)
    >>> round(error, 3), [round(end, 2) for end in interval]
    (1.155, [-2.97, 6.97])
    """
    count = len(without)
    error = math.sqrt((count - 1) / count * float(np.square(without - without.mean()).sum()))
    reach = float(stdtrit(count - 1, (1 + confidence) / 2)) * error
    return error, [value - reach, value + reach]
