"""Scores of predicted tags, on lists of tag strings: the F1 of XTREME, strict span F1, accuracy, F1 per tag, confusion.

Not here: `evaluate` (the shell beside this file). The F1 of XTREME equals seqeval 1.2.2 but does not need it.
"""

import logging
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .bootstrap import bootstrap_intervals
from .chunks import Sentences, encode, f1, find_spans, is_iob2, match_chunks

logger = logging.getLogger(__name__)


def tagging_scores(
    predictions: Sentences,
    references: Sentences,
    *,
    confidence: float | None = None,
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, object]:
    """All scores of this module, as plain floats, lists and dicts.

    Args:
        predictions: One tag per token, one list per sentence.
        references: The gold tags, in the same shape.
        confidence: Level of bootstrap intervals over sentences, such as 0.95; unset, there are none.
        num_resamples: Resamples of the intervals.
        seed: Their seed.

    Returns:
        `xtreme_f1`, `accuracy`, `macro_f1`, `per_tag_f1`, `confusion` (`labels` and `matrix`, see `confusion`); and,
        only where all tags are IOB2, `strict_f1` and `strict_f1_per_type`. With `confidence`: `xtreme_f1_interval`,
        `accuracy_interval` and, beside `strict_f1`, `strict_f1_interval` (see `bootstrap_intervals`).

    Raises:
        ValueError: If there is no token, a sentence is a bare string, a tag is no string or empty, the numbers of
            sentences or of a sentence's tokens differ, or intervals are asked of fewer than two sentences with tokens.

    >>> scores = tagging_scores([["B-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "B-LOC"]])
    >>> scores["xtreme_f1"], scores["strict_f1"], scores["strict_f1_per_type"]
    (0.5, 0.5, {'LOC': 1.0, 'PER': 0.0})
    """
    tags, matrix = confusion(predictions, references)
    per_tag = _per_tag_f1(tags, matrix)
    scores: dict[str, object] = {
        "xtreme_f1": xtreme_f1(predictions, references),
        "accuracy": _accuracy(matrix),
        "macro_f1": _mean(per_tag.values()),
        "per_tag_f1": per_tag,
        "confusion": {"labels": tags, "matrix": matrix.tolist()},
    }
    if all(map(is_iob2, tags)):
        scores["strict_f1"], scores["strict_f1_per_type"] = strict_span_f1(predictions, references)
    if confidence is not None:
        intervals = bootstrap_intervals(
            predictions, references, confidence=confidence, num_resamples=num_resamples, seed=seed
        )
        scores |= {f"{name}_interval": interval for name, interval in intervals.items()}
    return scores


def xtreme_f1(predictions: Sentences, references: Sentences) -> float:
    """Micro F1 over chunks of the tag strings, read as XTREME and the PhoneXL paper do: for NER and for UPOS alike.

    A tag's first character is its prefix, the rest its type (`_` if there is none): of `NOUN`, N and `OUN`. Neighbours
    of one type are one chunk. So a wrong tag inside a run costs the whole run, CCONJ and SCONJ are one type, S (SCONJ,
    SYM) begins a chunk at each token, and X is lost at the end of a sentence. In NER, an orphan I- begins a chunk.

    Args:
        predictions: One tag per token, one list per sentence.
        references: The gold tags, in the same shape.

    Returns:
        Between 0 and 1; 0 with a logged warning if neither side has a chunk.

    Raises:
        ValueError: As in `tagging_scores`.

    Source: `seqeval.metrics.f1_score` 1.2.2, default mode, equal to the last bit.

    >>> round(xtreme_f1([["NOUN", "NOUN", "ADJ", "VERB"]], [["NOUN", "NOUN", "NOUN", "VERB"]]), 3)
    0.4
    """
    tags, correct, ends, gold_ends = match_chunks(predictions, references)
    if not ends.any() and not gold_ends.any():
        logger.warning("neither predictions nor references hold a chunk: F1 is set to 0; check the tags (%s)", tags)
    return f1(int(correct.sum()), int(ends.sum()), int(gold_ends.sum()))


def strict_span_f1(predictions: Sentences, references: Sentences) -> tuple[float, dict[str, float]]:
    """F1 over IOB2 spans of equal type, begin and end. A span begins at B-; an I- that continues none belongs to none.

    Args:
        predictions: One IOB2 tag per token, one list per sentence.
        references: The gold tags, in the same shape.

    Returns:
        Micro F1, and F1 per type that has a gold span, in alphabetical order.

    Raises:
        ValueError: As in `tagging_scores`, and if a tag is not `O`, `B-TYPE` or `I-TYPE`.

    >>> strict_span_f1([["I-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "B-LOC"]])
    (0.6666666666666666, {'LOC': 1.0, 'PER': 0.0})
    """
    tags, _, _ = encode(predictions, references)
    for tag in tags:
        if not is_iob2(tag):
            raise ValueError(
                f"tag {tag!r} is not IOB2: expected 'O', 'B-TYPE' or 'I-TYPE'; use xtreme_f1 for other tags"
            )
    predicted, gold = find_spans(predictions), find_spans(references)
    per_type = {}
    for kind in sorted({kind for kind, *_ in gold}):
        predicted_kind, gold_kind = ({span for span in spans if span[0] == kind} for spans in (predicted, gold))
        per_type[kind] = f1(len(predicted_kind & gold_kind), len(predicted_kind), len(gold_kind))
    return f1(len(predicted & gold), len(predicted), len(gold)), per_type


def accuracy(predictions: Sentences, references: Sentences) -> float:
    """Share of tokens with the gold tag; micro F1 over tokens is the same number.

    >>> accuracy([["DET", "NOUN"], ["VERB"]], [["DET", "VERB"], ["VERB"]])
    0.6666666666666666
    """
    return _accuracy(confusion(predictions, references)[1])


def macro_f1(predictions: Sentences, references: Sentences) -> float:
    """Unweighted mean of `per_tag_f1`: over the tags that the references hold, `O` among them.

    >>> macro_f1([["DET", "NOUN"]], [["DET", "VERB"]])
    0.5
    """
    return _mean(per_tag_f1(predictions, references).values())


def per_tag_f1(predictions: Sentences, references: Sentences) -> dict[str, float]:
    """Token F1 of each tag that the references hold, in alphabetical order; a tag only predicted is not listed.

    >>> per_tag_f1([["DET", "NOUN"]], [["DET", "VERB"]])
    {'DET': 1.0, 'VERB': 0.0}
    """
    return _per_tag_f1(*confusion(predictions, references))


def confusion(predictions: Sentences, references: Sentences) -> tuple[list[str], NDArray[np.int64]]:
    """Counts of (gold, predicted) tags.

    Returns:
        The tags in alphabetical order, and the counts, shape (tags, tags): gold in rows, predicted in columns.

    >>> tags, matrix = confusion([["DET", "NOUN"]], [["DET", "VERB"]])
    >>> tags, matrix.tolist()
    (['DET', 'NOUN', 'VERB'], [[1, 0, 0], [0, 0, 0], [0, 1, 0]])
    """
    tags, predicted, gold = encode(predictions, references)
    counts = np.bincount(gold * len(tags) + predicted, minlength=len(tags) ** 2)
    return tags, counts.reshape(len(tags), len(tags))


def _accuracy(matrix: NDArray[np.int64]) -> float:
    return int(matrix.trace()) / int(matrix.sum())


def _per_tag_f1(tags: list[str], matrix: NDArray[np.int64]) -> dict[str, float]:
    correct, num_predicted, num_gold = matrix.diagonal().tolist(), matrix.sum(0).tolist(), matrix.sum(1).tolist()
    counts = zip(tags, correct, num_predicted, num_gold, strict=True)
    return {tag: f1(right, predicted, gold) for tag, right, predicted, gold in counts if gold}


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
