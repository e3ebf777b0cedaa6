"""Tags as numbers, and the chunks and spans that they make, of whole corpora and of each sentence.

Not here: scores (`tagging_scores.py`), resampling (`bootstrap.py`).
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Sentences = Sequence[Sequence[str]]


def encode(predictions: Sentences, references: Sentences) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
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


def match_chunks(
    predictions: Sentences, references: Sentences
) -> tuple[list[str], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Where chunks end that are correct, predicted, and gold.

    Returns:
        The sorted tags, and three arrays as the first of `find_chunks`.
    """
    tags, predicted, gold = encode(predictions, references)
    lengths = np.array([len(sentence) for sentence in references])
    ends, begins, kinds = find_chunks(tags, predicted, lengths)
    gold_ends, gold_begins, gold_kinds = find_chunks(tags, gold, lengths)
    # The end alone identifies a chunk of one side: at most one ends at each place.
    correct = ends & gold_ends & (begins == gold_begins) & (kinds == gold_kinds)
    return tags, correct, ends, gold_ends


def find_chunks(
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


def is_iob2(tag: str) -> bool:
    """Whether a tag is `O`, `B-TYPE` or `I-TYPE`."""
    return tag == "O" or (tag.startswith(("B-", "I-")) and len(tag) > 2)


def find_spans(sentences: Sentences) -> set[tuple[str, int, int, int]]:
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


def f1(num_correct: int, num_predicted: int, num_gold: int) -> float:
    """F1 of counts; 0 where nothing is correct."""
    if num_correct == 0:
        return 0.0
    # In seqeval's order of operations: the last bit is the same.
    precision, recall = num_correct / num_predicted, num_correct / num_gold
    return 2 * precision * recall / (precision + recall)
