"""Scores of a task, and of what they must exceed.

The metrics themselves are in `evaluate_metrics/tagging_f1`; taggers that read no context in `floors.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evaluate_metrics.tagging_f1.tagging_scores import (
    accuracy,
    confusion,
    macro_f1,
    per_tag_f1,
    tagging_scores,
    xtreme_f1,
)
from phonexl.gap.floors import UnigramTagger
from phonexl.gap.tasks import Examples, GapTask, Pair, sentences_of
from phonexl.training.evaluation import score as score_tags

_FLOOR_SCORES = ("accuracy", "xtreme_f1", "strict_f1")


def gold_labels(examples: Examples) -> list[list[str]]:
    """The tags of each sentence; of a pair its one label."""
    return [[example.label] if isinstance(example, Pair) else list(example.tags) for example in examples]


def most_frequent_label(examples: Examples) -> str:
    """The first met of equally frequent ones."""
    return Counter(label for row in gold_labels(examples) for label in row).most_common(1)[0][0]


def dev_scores(task: GapTask, predicted: Sequence[Sequence[str]], examples: Examples) -> dict[str, float]:
    """What an epoch is chosen by, cheap to compute: accuracy and, of tags, `xtreme_f1`."""
    gold = gold_labels(examples)
    scores = {"accuracy": accuracy(predicted, gold)}
    return scores if task.of_pairs else {**scores, "xtreme_f1": xtreme_f1(predicted, gold)}


def score_task(task: GapTask, predicted: Sequence[Sequence[str]], examples: Examples) -> dict[str, Any]:
    """All scores of one split.

    Args:
        task: Which.
        predicted: One label per word, or one per pair.
        examples: With their labels.

    Returns:
        Of tags, what `phonexl.training.evaluation.score` gives. Of pairs `accuracy`, `macro_f1`, `per_tag_f1`,
        `confusion`, `majority`, `num_sentences`, and `answers`: the share of each label among the predictions, since a
        classifier that always answers alike has no gap at all.
    """
    if not task.of_pairs:
        return score_tags(predicted, sentences_of(examples))
    gold = gold_labels(examples)
    labels, matrix = confusion(predicted, gold)
    counts, answers = (Counter(label for (label,) in rows) for rows in (gold, predicted))
    return {
        "accuracy": accuracy(predicted, gold),
        "macro_f1": macro_f1(predicted, gold),
        "per_tag_f1": per_tag_f1(predicted, gold),
        "confusion": {"labels": labels, "matrix": matrix.tolist()},
        "majority": max(counts.values()) / len(gold),
        "answers": {label: answers[label] / len(gold) for label in task.labels},
        "num_sentences": len(gold),
    }


def floor_scores(task: GapTask, train: Examples, examples: Examples) -> dict[str, float]:
    """Scores of the most frequent tag of each word, or of the most frequent label of pairs, learned from `train`.

    Returns:
        `accuracy`; of tags `xtreme_f1`, of entities `strict_f1` too, and `oov_rate`, the share of words not in `train`.
    """
    gold = gold_labels(examples)
    if task.of_pairs:
        return {"accuracy": accuracy([[most_frequent_label(train)]] * len(gold), gold)}
    tagger, sentences = UnigramTagger.learn(sentences_of(train)), sentences_of(examples)
    scores = tagging_scores([tagger.tag(sentence) for sentence in sentences], gold)
    floor = {name: float(str(scores[name])) for name in _FLOOR_SCORES if name in scores}
    return floor | {"oov_rate": tagger.unknown_share(sentences)}
