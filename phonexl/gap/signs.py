"""How much of a sentence is digits and punctuation, which many scripts write alike.

Not here: taking it out of a comparison (`evaluate_metrics/cka/lengths.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PUNCTUATION = ("P", "S")  # general categories of Unicode: punctuation, and symbols such as % and $


def sign_shares(sentences: Sequence[str]) -> NDArray[np.float64]:
    """Shares of each sentence's characters that are digits, and that are punctuation or symbols; shape (n, 2).

    Of the text as it is written, whatever an encoder is given of it: 7 and seven are the same fact.

    >>> sign_shares(["In 1999, so.", "so"]).round(2).tolist()
    [[0.33, 0.17], [0.0, 0.0]]
    """
    counts = [
        (
            sum(char.isdigit() for char in sentence),
            sum(unicodedata.category(char).startswith(_PUNCTUATION) for char in sentence),
            max(1, len(sentence)),
        )
        for sentence in sentences
    ]
    digits, punctuation, lengths = np.array(counts, np.float64).T
    return np.stack([digits / lengths, punctuation / lengths], axis=1)
