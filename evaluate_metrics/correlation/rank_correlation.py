"""Rank correlation of two lists of numbers: Spearman's rho and Kendall's tau-b, each with its p-value.

Not here: points that come in pairs of languages (`within_pairs.py`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr
from scipy.stats import kendalltau, rankdata

Floats = NDArray[np.float64]


def spearman(x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Spearman's rho, with the mean rank for ties, and its two-sided p-value from `spearman_p_value`.

    Args:
        x: At least three numbers, not all equal, shape (points,).
        y: The same number of them.

    >>> rho, p_value = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(rho, 3), round(p_value, 3)
    (0.8, 0.104)
    """
    ranks_x, ranks_y = centred_ranks(x), centred_ranks(y)
    rho = float(ranks_x @ ranks_y / math.sqrt(float(ranks_x @ ranks_x) * float(ranks_y @ ranks_y)))
    rho = max(-1.0, min(1.0, rho))
    return rho, spearman_p_value(rho, len(ranks_x))


def spearman_p_value(rho: float, num_points: int) -> float:
    """Two-sided p-value of rho for independent points: Student's t with points - 2 degrees of freedom.

    Args:
        rho: From -1 to 1.
        num_points: At least 3.

    Source: the approximation of `scipy.stats.spearmanr`; Table 3 of the linguistic gap paper prints its values at 30.

    >>> f"{spearman_p_value(-0.782, 30):.1e}"
    '3.3e-07'
    """
    if abs(rho) >= 1:
        return 0.0
    freedom = num_points - 2
    return float(2 * stdtr(freedom, -abs(rho) * math.sqrt(freedom / (1 - rho * rho))))


def kendall(x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Kendall's tau-b and its two-sided p-value: exact without ties up to 33 points, normal otherwise (scipy's choice).

    >>> tau, p_value = kendall([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(tau, 3), round(p_value, 3)
    (0.6, 0.233)
    """
    found = kendalltau(x, y)
    return float(found.statistic), float(found.pvalue)


def centred_ranks(values: ArrayLike) -> Floats:
    """Ranks with the mean for ties, minus their mean, shape (points,).

    >>> centred_ranks([7, 7, 9]).tolist()
    [-0.5, -0.5, 1.0]
    """
    ranks = rankdata(values)
    return np.asarray(ranks - ranks.mean(), dtype=np.float64)
