"""What a task is to the rest of training: its labels, its model, its data, and how it is predicted and scored.

Methods are another matter (`method.py`): they say how a model is trained, whatever the task.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset_scripts.readers import load_split
from dataset_scripts.schema import PAIR_TASKS, tag_names
from evaluate_metrics.tagging_f1.tagging_scores import accuracy, xtreme_f1
from modeling_phonexl import PhoneXLForSequenceClassification, PhoneXLForTokenClassification
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from phonexl.training.dataset import PairDataset, RowDataset, TaggingDataset
from phonexl.training.evaluation import score, tag_sentences
from phonexl.training.sentence_pairs import classify_pairs, load_xnli, score_pairs, words_of_pairs, xnli_warnings

Metric = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], float]


@dataclass(frozen=True)
class Task:
    """A task; below, an example is a `Sentence` or a `SentencePair`.

    Attributes:
        labels: Names of the labels in the order of their ids.
        model: Class of the model.
        metrics: Scores of dev by name, of predicted and gold labels in rows; a pair is a row of one.
        load: The examples of a folder, language (as in file names) and split.
        warnings: What a reader of scores must know of the data in a folder, of a language.
        dataset: Rows of examples; arguments as of `TaggingDataset`.
        predict: Model, processor, examples, batch size and `bf16` to predictions, one per example.
        score: Predictions and examples to the scores of a split.
        words: Language and words of every sentence of the examples.
    """

    labels: tuple[str, ...]
    model: type[PhoneXLClassifier]
    metrics: Mapping[str, Metric]
    load: Callable[[Path, str, str], list[Any]]
    warnings: Callable[[Path, str], list[str]]
    dataset: Callable[..., RowDataset]
    predict: Callable[..., list[Any]]
    score: Callable[[Sequence[Any], Sequence[Any]], dict[str, Any]]
    words: Callable[[Sequence[Any]], Iterable[tuple[str, Sequence[str]]]]


def find_task(name: str) -> Task:
    """The task of a recipe.

    Raises:
        ValueError: If there is none of this name.
    """
    if name in PAIR_TASKS:
        return Task(
            labels=PAIR_TASKS[name],
            model=PhoneXLForSequenceClassification,
            metrics={"accuracy": accuracy},
            load=load_xnli,
            warnings=xnli_warnings,
            dataset=PairDataset,
            predict=classify_pairs,
            score=score_pairs,
            words=words_of_pairs,
        )
    return Task(
        labels=tag_names(name),
        model=PhoneXLForTokenClassification,
        metrics={"accuracy": accuracy, "xtreme_f1": xtreme_f1},
        load=lambda folder, language, split: load_split(folder, name, language, split),
        warnings=lambda folder, language: [],
        dataset=TaggingDataset,
        predict=tag_sentences,
        score=score,
        words=lambda sentences: ((sentence.lang, sentence.tokens) for sentence in sentences),
    )
