"""Scores of predicted tags, on lists of tag strings: the F1 of XTREME, strict span F1, accuracy, F1 per tag, confusion.

Not here: `evaluate` (the shell beside this file). The F1 of XTREME equals seqeval 1.2.2 but does not need it.
"""

import logging
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Sentences = Sequence[Sequence[str]]


def tagging_scores(predictions: Sentences, references: Sentences) -> dict[str, object]:
    """All scores of this module, as plain floats, lists and dicts.

    Args:
        predictions: One tag per token, one list per sentence.
        references: The gold tags, in the same shape.

    Returns:
        `xtreme_f1`, `accuracy`, `macro_f1`, `per_tag_f1`, `confusion` (`labels` and `matrix`, see `confusion`); and,
        only where all tags are IOB2, `strict_f1` and `strict_f1_per_type`.

    Raises:
        ValueError: If there is no token, a sentence is a bare string, a tag is no string or empty, or the numbers of
            sentences or of a sentence's tokens differ.

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
    if all(map(_is_iob2, tags)):
        scores["strict_f1"], scores["strict_f1_per_type"] = strict_span_f1(predictions, references)
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
    tags, predicted, gold = _encode(predictions, references)
    lengths = np.array([len(sentence) for sentence in references])
    ends, begins, kinds = _find_chunks(tags, predicted, lengths)
    gold_ends, gold_begins, gold_kinds = _find_chunks(tags, gold, lengths)
    # The end alone identifies a chunk of one side: at most one ends at each place.
    correct = ends & gold_ends & (begins == gold_begins) & (kinds == gold_kinds)
    if not ends.any() and not gold_ends.any():
        logger.warning("neither predictions nor references hold a chunk: F1 is set to 0; check the tags (%s)", tags)
    return _f1(int(correct.sum()), int(ends.sum()), int(gold_ends.sum()))


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
    tags, _, _ = _encode(predictions, references)
    for tag in tags:
        if not _is_iob2(tag):
            raise ValueError(
                f"tag {tag!r} is not IOB2: expected 'O', 'B-TYPE' or 'I-TYPE'; use xtreme_f1 for other tags"
            )
    predicted, gold = _find_spans(predictions), _find_spans(references)
    per_type = {}
    for kind in sorted({kind for kind, *_ in gold}):
        predicted_kind, gold_kind = ({span for span in spans if span[0] == kind} for spans in (predicted, gold))
        per_type[kind] = _f1(len(predicted_kind & gold_kind), len(predicted_kind), len(gold_kind))
    return _f1(len(predicted & gold), len(predicted), len(gold)), per_type


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
    tags, predicted, gold = _encode(predictions, references)
    counts = np.bincount(gold * len(tags) + predicted, minlength=len(tags) ** 2)
    return tags, counts.reshape(len(tags), len(tags))


def _encode(predictions: Sentences, references: Sentences) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """The sorted tags, and the index of each predicted and gold tag, shape (tokens,)."""
    _check_shapes(predictions, references)
    distinct = set(chain.from_iterable(chain(predictions, references)))
    for tag in distinct:
        if not isinstance(tag, str) or not tag:
            raise ValueError(
                f"found the tag {tag!r}; expected tags that are strings and not empty (names, not label ids)"
            )
    if not distinct:
        raise ValueError("no token to score: every sentence is empty")
    tags = sorted(distinct)
    index = {tag: position for position, tag in enumerate(tags)}
    predicted, gold = (
        np.fromiter(map(index.__getitem__, chain.from_iterable(side)), np.int64) for side in (predictions, references)
    )
    return tags, predicted, gold


def _check_shapes(predictions: Sentences, references: Sentences) -> None:
    if len(predictions) != len(references):
        raise ValueError(
            f"predictions hold {len(predictions)} sentences, references {len(references)}; expected as many"
        )
    if len(references) == 0:
        raise ValueError("no sentence to score: predictions and references are empty")
    for number, (predicted, gold) in enumerate(zip(predictions, references, strict=True)):
        if isinstance(predicted, str) or isinstance(gold, str):
            raise ValueError(f"sentence {number} is a string; expected a list of tags: wrap it as [[...]]")
        if len(predicted) != len(gold):
            raise ValueError(
                f"sentence {number}: {len(predicted)} predicted tags, {len(gold)} reference tags; expected as many"
            )


def _find_chunks(
    tags: list[str], indices: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Seqeval's chunks of one side, by the place after their last token.

    Args:
        tags: The distinct tags.
        indices: Index into `tags` of each token, shape (tokens,).
        lengths: Tokens of each sentence, shape (sentences,).

    Returns:
        Three arrays of shape (tokens + sentences + 1,): whether a chunk ends before this place, its begin, its type.
    """
    # seqeval joins the sentences, with an O (of type _) after each and another at the end.
    outside = len(tags)
    letters = np.array([*(tag[0] for tag in tags), "O"])
    names = [*(tag[1:].split("-", maxsplit=1)[-1] or "_" for tag in tags), "_"]
    kinds = np.unique(names, return_inverse=True)[1]
    current = np.full(len(indices) + len(lengths) + 1, outside)
    current[np.arange(len(indices)) + np.repeat(np.arange(len(lengths)), lengths)] = indices
    previous = np.concatenate([[outside], current[:-1]])

    def is_among(choice: str, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.isin(letters, list(choice))[places]

    differs = kinds[previous] != kinds[current]
    ends = is_among("ES", previous) | (is_among("BI", previous) & is_among("BSO", current))
    ends |= ~is_among("O.", previous) & differs
    starts = is_among("BS", current) | (is_among("ESO", previous) & is_among("EI", current))
    starts |= ~is_among("O.", current) & differs
    # A chunk that ends without having started, as an X after O does (both are of type _), has the begin of the chunk
    # before it, or 0: seqeval's way, so that a sentence's score may hang on the one before.
    latest = np.maximum.accumulate(np.where(starts, np.arange(len(current)), 0))
    begins = np.concatenate([[0], latest[:-1]])
    return ends, begins, kinds[previous]


def _is_iob2(tag: str) -> bool:
    return tag == "O" or (tag.startswith(("B-", "I-")) and len(tag) > 2)


def _find_spans(sentences: Sentences) -> set[tuple[str, int, int, int]]:
    """Strict IOB2 spans as (type, sentence, begin, end)."""
    spans = set()
    for number, sentence in enumerate(sentences):
        kind = ""
        begin = 0
        for place, tag in enumerate([*sentence, "O"]):
            if kind and tag != f"I-{kind}":
                spans.add((kind, number, begin, place))
                kind = ""
            if tag.startswith("B-"):
                kind, begin = tag[2:], place
    return spans


def _f1(num_correct: int, num_predicted: int, num_gold: int) -> float:
    if num_correct == 0:
        return 0.0
    # In seqeval's order of operations: the last bit is the same.
    precision, recall = num_correct / num_predicted, num_correct / num_gold
    return 2 * precision * recall / (precision + recall)


def _accuracy(matrix: NDArray[np.int64]) -> float:
    return int(matrix.trace()) / int(matrix.sum())


def _per_tag_f1(tags: list[str], matrix: NDArray[np.int64]) -> dict[str, float]:
    correct, num_predicted, num_gold = matrix.diagonal().tolist(), matrix.sum(0).tolist(), matrix.sum(1).tolist()
    counts = zip(tags, correct, num_predicted, num_gold, strict=True)
    return {tag: _f1(right, predicted, gold) for tag, right, predicted, gold in counts if gold}


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
