"""The second term of the gap paper's Theorem 4.1: what the bound costs before any divergence is measured.

Not here: the divergence itself (`divergence.py`).
"""

import math


def complexity_term(dimension: int, n: int, delta: float = 0.05) -> float:
    """2 sqrt((d ln(2n) + ln(2 / delta)) / n); a difference of risks is at most 1.

    Args:
        dimension: Pseudo-dimension d of the hypotheses; of linear ones, the width of the features plus 1.
        n: Rows of each set, drawn independently.
        delta: Probability with which the bound may fail.

    Source: Theorem 4.1 of the linguistic gap paper, after Ben-David et al. (2010).

    >>> round(complexity_term(769, 1012), 2), round(complexity_term(1, 1012), 2)
    (4.81, 0.21)
    """
    return 2 * math.sqrt((dimension * math.log(2 * n) + math.log(2 / delta)) / n)


def rows_needed(dimension: int, value: float, delta: float = 0.05) -> int:
    """The least n at which `complexity_term` is at most a value, from where it only falls.

    >>> rows_needed(769, 1.0)
    34267
    """
    low, high = 2, 4
    while complexity_term(dimension, high, delta) > value:
        low, high = high, 2 * high
    while low + 1 < high:
        middle = (low + high) // 2
        if complexity_term(dimension, middle, delta) > value:
            low = middle
        else:
            high = middle
    return high
