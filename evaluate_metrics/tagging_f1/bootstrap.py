"""Bootstrap over sentences, from each sentence's counts, without scoring anew: intervals, and two systems compared.

Not here: the scores themselves (`tagging_scores.py`).
"""

import numpy as np
from numpy.typing import NDArray

from .chunks import Sentences, encode, find_spans, is_iob2, match_chunks

Counts = NDArray[np.int64]


def bootstrap_intervals(
    predictions: Sentences,
    references: Sentences,
    *,
    confidence: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, list[float]]:
    """Percentile intervals of the scores that add up over sentences.

    Args:
        predictions: One tag per token, one list per sentence.
        references: The gold tags, in the same shape.
        confidence: Level of the intervals.
        num_resamples: Corpora of as many sentences, drawn with replacement.
        seed: Seed of the drawing.

    Returns:
        [low, high] of "xtreme_f1", "accuracy" and, where all tags are IOB2, "strict_f1".

    Raises:
        ValueError: As in `tagging_scores`, or if fewer than two sentences hold tokens or an option is out of range.

    >>> bootstrap_intervals([["DET"], ["NOUN"], ["VERB"]], [["DET"], ["NOUN"], ["VERB"]])["accuracy"]
    [1.0, 1.0]
    """
    counts = sentence_counts(predictions, references)
    resampled = _resample(list(counts.values()), confidence, num_resamples, seed)
    return {name: _interval(_scores(sums), confidence) for name, sums in zip(counts, resampled, strict=True)}


def paired_bootstrap(
    predictions: Sentences,
    other_predictions: Sentences,
    references: Sentences,
    *,
    confidence: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, dict[str, float | list[float]]]:
    """Two systems on the same sentences: each resample draws sentences for both alike.

    Args:
        predictions: Tags of one system, one list per sentence.
        other_predictions: Tags of the other, in the same shape.
        references: The gold tags, in the same shape.
        confidence: Level of the intervals.
        num_resamples: Corpora of as many sentences, drawn with replacement.
        seed: Seed of the drawing.

    Returns:
        For "xtreme_f1", "accuracy" and, where all tags are IOB2, "strict_f1": `score` and `other_score`, their
        `difference` (score - other_score), its percentile `interval`, and `p_value`, two-sided: twice the share of
        resamples in which the difference is 0 or of the other sign, (hits + 1) / (resamples + 1).

    Raises:
        ValueError: As in `bootstrap_intervals`.

    Source: Koehn (2004), Statistical significance tests for machine translation evaluation.

    >>> gold = [["DET", "NOUN"], ["VERB"], ["DET", "NOUN"]]
    >>> found = paired_bootstrap(gold, [["DET", "VERB"], ["VERB"], ["DET", "VERB"]], gold)["accuracy"]
    >>> found["score"], found["other_score"], found["difference"]
    (1.0, 0.6, 0.4)
    """
    ours, theirs = sentence_counts(predictions, references), sentence_counts(other_predictions, references)
    names = [name for name in ours if name in theirs]
    tables = [side[name] for name in names for side in (ours, theirs)]
    resampled = _resample(tables, confidence, num_resamples, seed)
    found: dict[str, dict[str, float | list[float]]] = {}
    for place, name in enumerate(names):
        score, other_score = (float(_scores(side[name].sum(axis=0))) for side in (ours, theirs))
        differences = _scores(resampled[2 * place]) - _scores(resampled[2 * place + 1])
        fewer = int(min((differences <= 0).sum(), (differences >= 0).sum()))
        found[name] = {
            "score": score,
            "other_score": other_score,
            "difference": score - other_score,
            "interval": _interval(differences, confidence),
            "p_value": min(1.0, 2 * (fewer + 1) / (num_resamples + 1)),
        }
    return found


def sentence_counts(predictions: Sentences, references: Sentences) -> dict[str, Counts]:
    """Counts of each sentence that has tokens; summed over sentences, those of the corpus.

    Where a sentence begins with X, its chunks are those that it has after the sentence before it (see `find_chunks`).

    Args:
        predictions: One tag per token, one list per sentence.
        references: The gold tags, in the same shape.

    Returns:
        For "xtreme_f1" (chunks), "accuracy" (tokens) and, where all tags are IOB2, "strict_f1" (spans): how many are
        correct, predicted, and gold, shape (sentences, 3). Of tp, fp, fn these are tp, tp + fp, tp + fn.

    Raises:
        ValueError: As in `tagging_scores`.

    >>> sentence_counts([["DET", "NOUN"], ["VERB"]], [["DET", "VERB"], ["VERB"]])["xtreme_f1"].tolist()
    [[1, 2, 2], [1, 1, 1]]
    """
    tags, *masks = match_chunks(predictions, references)
    lengths = np.array([len(sentence) for sentence in references])
    # Place p of a mask is after token p - 1; each sentence has one place more, its separator.
    owners = np.repeat(np.arange(len(lengths)), lengths + 1)
    chunks = [np.bincount(owners[mask[1:]], minlength=len(lengths)) for mask in masks]
    _, predicted, gold = encode(predictions, references)
    right = np.bincount(np.repeat(np.arange(len(lengths)), lengths)[predicted == gold], minlength=len(lengths))
    counts = {"xtreme_f1": np.stack(chunks, axis=1), "accuracy": np.stack([right, lengths, lengths], axis=1)}
    if all(map(is_iob2, tags)):
        spans, gold_spans = find_spans(predictions), find_spans(references)
        owned = ([number for _, number, _, _ in found] for found in (spans & gold_spans, spans, gold_spans))
        strict = [np.bincount(np.array(numbers, dtype=np.int64), minlength=len(lengths)) for numbers in owned]
        counts["strict_f1"] = np.stack(strict, axis=1)
    return {name: table[lengths > 0] for name, table in counts.items()}


def _resample(tables: list[Counts], confidence: float, num_resamples: int, seed: int) -> list[NDArray[np.float64]]:
    """Sums over each drawn corpus, one array of shape (resamples, 3) per table; all tables are drawn alike."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; expected a share between 0 and 1, such as 0.95")
    if num_resamples < 1:
        raise ValueError(f"num_resamples is {num_resamples!r}; expected 1 or more")
    count = len(tables[0])
    if count < 2:
        raise ValueError(
            f"an interval over sentences needs two that hold tokens; found {count}: leave confidence unset"
        )
    generator = np.random.default_rng(seed)
    joined = np.concatenate(tables, axis=1).astype(np.float64)
    sums = np.empty((num_resamples, joined.shape[1]))
    for number in range(num_resamples):
        sums[number] = np.bincount(generator.integers(count, size=count), minlength=count) @ joined
    return np.split(sums, len(tables), axis=1)


def _scores(sums: NDArray[np.float64] | Counts) -> NDArray[np.float64]:
    """F1 of (correct, predicted, gold), shape (..., 3); of tokens, where predicted is gold, it is accuracy."""
    return np.asarray(2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1))


def _interval(values: NDArray[np.float64], confidence: float) -> list[float]:
    return [float(end) for end in np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])]
