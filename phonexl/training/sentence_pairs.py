"""Sentence pairs in training: which of XNLI's pairs are for what, their classes by a model, and what these are worth.

Reading files is the business of `dataset_scripts.sentence_pairs`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from dataset_scripts.readers import DataError
from dataset_scripts.schema import SentencePair
from dataset_scripts.sentence_pairs import has_pairs, load_pairs
from evaluate_metrics.tagging_f1.bootstrap import sentence_counts
from evaluate_metrics.tagging_f1.tagging_scores import tagging_scores
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from modeling_phonexl.transcription import Transcriber
from phonexl.training.dataset import PairDataset, batches
from phonexl.training.evaluation import label_names
from phonexl.training.precision import gains_from_bf16

ROWS = 3  # of XNLI have the same premise, one for each label
HELD_OUT = 10  # where the test file has to serve as train, every tenth of its premises is for validation


def load_xnli(folder: Path, language: str, split: str) -> list[SentencePair]:
    """The pairs of one split, by the files of the same names where there is a train file.

    Without one, the labelled test file is trained on but for every tenth premise with all its hypotheses, which are
    "validation", and the dev file is "test". All languages hold out the same rows, since row n is the same pair in
    each, and no premise that is scored is trained on.

    Raises:
        DataError: If a file is missing or malformed, or a premise begins within another's rows.
    """
    if has_pairs(folder, language, "train"):
        return load_pairs(folder, language, split)
    if split == "test":
        return load_pairs(folder, language, "validation")
    labelled, held_out = _part(folder, language)
    if split == "validation":
        return held_out
    scored = {pair.premise for pair in [*held_out, *load_pairs(folder, language, "validation")]}
    return [pair for pair in labelled if pair.premise not in scored]


def xnli_warnings(folder: Path, language: str) -> list[str]:
    """What a reader of scores must know of the splits in a folder."""
    if has_pairs(folder, language, "train"):
        return []
    warnings = [
        "no train file: trained on nine of ten premises of XNLI's test file, validated on the others; "
        '"test" is its dev file'
    ]
    left_out = len(_part(folder, language)[0]) - len(load_xnli(folder, language, "train"))
    if left_out:
        warnings.append(f"{left_out} pairs of {language} are not trained on, since a scored pair has their premise")
    return warnings


def _part(folder: Path, language: str) -> tuple[list[SentencePair], list[SentencePair]]:
    """The pairs of the test file that are trained on, and those that are held out."""
    parts: tuple[list[SentencePair], list[SentencePair]] = ([], [])
    premise = ""
    for row, pair in enumerate(load_pairs(folder, language, "test")):
        number, of_premise = divmod(row, ROWS)
        premise = premise if of_premise else pair.premise
        if pair.premise != premise:
            cure = "Three rows, one for each label, have one premise: splits are cut between premises."
            place = folder / f"test-{language}.tsv", row + 2
            raise DataError(*place, pair.premise, "the premise of the row before", cure)
        parts[number % HELD_OUT == HELD_OUT - 1].append(pair)
    return parts


def words_of_pairs(pairs: Sequence[SentencePair]) -> Iterator[tuple[str, Sequence[str]]]:
    """Language and words of each premise and each hypothesis."""
    for pair in pairs:
        for text in (pair.premise, pair.hypothesis):
            yield pair.lang, [text[start:end] for start, end in Transcriber(pair.lang).segment(text)]


@torch.no_grad()
def classify_pairs(
    model: PhoneXLClassifier,
    processor: PhoneXLProcessor,
    pairs: Sequence[SentencePair],
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
    bf16: bool | None = None,
) -> list[str]:
    """The class of each pair.

    Args:
        model: A `PhoneXLForSequenceClassification`.
        processor: Its processor.
        pairs: Sentences and language; their labels are not looked at.
        batch_size: Pairs per forward, taken in order of length.
        progress: Called after each batch with its number of pairs.
        bf16: Compute in bfloat16, as the model was trained; None: where the hardware is faster in it.

    Raises:
        ValueError: If a pair has a label that the model does not have.
    """
    labels = label_names(model.config)
    dataset = PairDataset(pairs, processor, labels)
    found = [""] * len(dataset)
    was_training = model.training
    model.eval()
    order = sorted((dataset[index] for index in range(len(dataset))), key=lambda row: len(row.tokens))
    if bf16 is None:
        bf16 = gains_from_bf16(model.device.type)
    for rows in batches(order, batch_size):
        inputs = processor.pad([row.sentence for row in rows]).to(model.device)
        with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
            outputs = model(**inputs)
        for row, index in zip(rows, model.decode(outputs.logits, outputs.unit_mask).tolist(), strict=True):
            found[row.index] = labels[index]
        if progress is not None:
            progress(len(rows))
    model.train(was_training)
    return found


def score_pairs(predicted: Sequence[str], pairs: Sequence[SentencePair]) -> dict[str, Any]:
    """All scores of one split.

    Returns:
        `accuracy`, `macro_f1`, `per_class_f1`, `confusion`; `majority`, the accuracy of always answering the most
        frequent class; `num_sentences`, the number of pairs; `sentence_counts` of the accuracy, as `evaluation.score`
        has them.
    """
    tags, gold = [[label] for label in predicted], [[pair.label] for pair in pairs]
    found = tagging_scores(tags, gold)
    counts = Counter(pair.label for pair in pairs)
    return {
        "accuracy": found["accuracy"],
        "macro_f1": found["macro_f1"],
        "per_class_f1": found["per_tag_f1"],
        "confusion": found["confusion"],
        "majority": max(counts.values()) / len(pairs),
        "num_sentences": len(pairs),
        "sentence_counts": {"accuracy": " ".join(map(str, sentence_counts(tags, gold)["accuracy"].flatten()))},
    }
