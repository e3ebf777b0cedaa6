"""Encoders fine-tuned on a task, language by language and seed by seed: classifiers as anyone can load them, results.

Not here: how one is trained (`fine_tuning_trainer.py`), which settings are the best (`sweep.py`).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from phonexl.backbone import resolve_backbone
from phonexl.gap.encoded_examples import EncodedExamples
from phonexl.gap.fine_tuning_recipe import FineTuning
from phonexl.gap.fine_tuning_trainer import FineTuningTrainer, is_untrained
from phonexl.gap.readers import open_reader
from phonexl.gap.task_scores import floor_scores, score_task
from phonexl.gap.tasks import TaskData, find_task, load_task
from phonexl.gap.used_rows import restore_table
from phonexl.gap.vector_store import digest_model
from phonexl.gap.word_reader import WordReader
from phonexl.results import (
    RESULT_FILE,
    Result,
    check_same_recipe,
    describe_command,
    describe_hardware,
    describe_versions,
)
from phonexl.whole_files import check_writable, claimed, whole_folder

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Encoder:
    """What is fine-tuned.

    Attributes:
        place: What `from_pretrained` takes.
        reader: What it reads.
        digest: What tells it from another of its name; see `digest_model`.
    """

    place: str
    reader: WordReader
    digest: str

    @classmethod
    def open(cls, model: str, spelling: str) -> Encoder:
        """Find an encoder and how it reads.

        Raises:
            ValueError: If there is none, or it does not read that.
            MissingToolError: If the offline backbone's package is not installed.
        """
        place = resolve_backbone(model)
        return cls(place, open_reader(place, spelling), digest_model(place))


def run(
    recipes: Sequence[FineTuning],
    folder: Path,
    out: Path,
    seeds: Sequence[int],
    *,
    resume: bool = False,
    save_model: bool = True,
    report: Report = lambda line: None,
    callbacks: Sequence[TrainerCallback] = (),
) -> list[Result]:
    """Fine-tune and score one encoder for each recipe and seed.

    Args:
        recipes: Of one encoder and spelling.
        folder: The data; see `load_task`.
        out: Each run gets a folder `NAME/seed-N` here, which appears with all that is in it when it is finished.
        seeds: Of each recipe.
        resume: Take the results of finished runs; one that was stopped starts anew.
        save_model: Keep the classifiers, and not only their results.
        report: Called with lines of progress.
        callbacks: Passed to the Trainer.

    Returns:
        The results, recipe by recipe.

    Raises:
        DataError: If data are missing or malformed; all are read before the first is trained on.
        FileExistsError: If a run is there, and `resume` is not set, or files that are of no run; if another call is
            training it.
        OSError: If `out` cannot be written.
        MissingToolError: If the reading tool of a language is not installed.
        ValueError: If the run that is there was made with other settings, data or weights, or the encoder cannot be
            fine-tuned.
    """
    for recipe in recipes:
        for seed in seeds:
            _check_place(recipe, out / recipe.name / f"seed-{seed}", resume)
    encoder = Encoder.open(recipes[0].model, recipes[0].spelling)
    data = [load_task(find_task(r.task), folder, r.source, r.scored, r.limit_train) for r in recipes]
    for recipe, task_data in zip(recipes, data, strict=True):  # what cannot be is told before anything is trained
        for seed in seeds:
            _check_same_inputs(out / recipe.name / f"seed-{seed}", task_data, encoder)
        for rows in (task_data.train, *task_data.scored.values()):
            EncodedExamples(rows[:1], find_task(recipe.task), encoder.reader, recipe.max_length)
    results = []
    for recipe, task_data in zip(recipes, data, strict=True):
        for seed in seeds:
            place = out / recipe.name / f"seed-{seed}"
            with claimed(place):
                if (place / RESULT_FILE).exists():
                    report(f"{recipe.name}, seed {seed} is finished: {place}")
                    results.append(Result.load(place / RESULT_FILE))
                    continue
                report(f"{recipe.name}: {len(task_data.train)} sentences of {recipe.source} to train on")
                results.append(fine_tune(recipe, task_data, encoder, place, seed, save_model, callbacks))
    return results


def fine_tune(
    recipe: FineTuning,
    data: TaskData,
    encoder: Encoder,
    out: Path,
    seed: int,
    save_model: bool = True,
    callbacks: Sequence[TrainerCallback] = (),
) -> Result:
    """Fine-tune one encoder, score it, and write `out`; see `run`."""
    with tempfile.TemporaryDirectory() as scratch:
        trainer = make_trainer(recipe, data, encoder, Path(scratch), seed, callbacks)
        start = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - start
        scores = _score(recipe, data, encoder, trainer)
    result = Result(
        name=recipe.name,
        command=describe_command(),
        recipe=recipe.values(),
        seed=seed,
        data=data.describe(),
        scores=scores,
        training={
            "reads": encoder.reader.name,
            "encoder_digest": encoder.digest,
            **_training_facts(trainer, seconds),
        },
        versions=describe_versions(),
        hardware={**describe_hardware(), "precision": "bf16" if trainer.args.bf16 else "fp32"},
        warnings=_warnings(recipe, data, encoder, scores),
    )
    with whole_folder(out) as part:
        if save_model:
            restore_table(trainer.classifier)
            trainer.classifier.save_pretrained(part)
            encoder.reader.save(part)
        result.save(part / RESULT_FILE)
    return result


def make_trainer(
    recipe: FineTuning,
    data: TaskData,
    encoder: Encoder,
    folder: Path,
    seed: int,
    callbacks: Sequence[TrainerCallback] = (),
) -> FineTuningTrainer:
    """The Trainer of a recipe, before its first step.

    Raises:
        ValueError: If a sentence cannot be read, or the encoder cannot be fine-tuned.
    """
    task = find_task(recipe.task)
    examples = data.train, data.validation
    train, validation = (EncodedExamples(rows, task, encoder.reader, recipe.max_length) for rows in examples)
    arguments = recipe.arguments(folder, seed)
    return FineTuningTrainer(
        encoder.place,
        task,
        encoder.reader,
        arguments,
        train,
        validation,
        examples,
        recipe.head_learning_rate,
        callbacks,
    )


def _check_place(recipe: FineTuning, place: Path, resume: bool) -> None:
    if not (place / RESULT_FILE).exists():
        check_writable(place.parent)
        _check_empty(place)
        return
    if not resume:
        raise FileExistsError(f"{place} holds a run already: take it with --resume, or choose another --out")
    check_same_recipe(place, Result.load(place / RESULT_FILE).recipe, recipe.values())


def _check_empty(place: Path) -> None:
    """Refuse a place with anything in it: a finished run is put there as a whole folder."""
    there = sorted(place.iterdir()) if place.is_dir() and not place.is_symlink() else [place]
    if there and os.path.lexists(there[0]):
        raise FileExistsError(f"{there[0]} is of no run of this command: move it away, or choose another --out")


def _check_same_inputs(place: Path, data: TaskData, encoder: Encoder) -> None:
    """Refuse to take the scores of other sentences, or of other weights in a folder of this name."""
    if not (place / RESULT_FILE).exists():
        return
    before = Result.load(place / RESULT_FILE)
    weights = before.training.get("encoder_digest", encoder.digest)  # results made before it was noted have none
    now = {"encoder_digest": encoder.digest, **data.describe()}
    check_same_recipe(place, {"encoder_digest": weights, **before.data}, now)


def _score(recipe: FineTuning, data: TaskData, encoder: Encoder, trainer: FineTuningTrainer) -> dict[str, Any]:
    """By language and split the scores, their floor, and what of the words was read."""
    task = find_task(recipe.task)
    scores: dict[str, Any] = {}
    for (language, split), examples in data.scored.items():
        rows = EncodedExamples(examples, task, encoder.reader, recipe.max_length)
        found = score_task(task, trainer.label(rows), examples)
        found |= {"floor": floor_scores(task, data.train, examples), "reading": rows.reading}
        scores.setdefault(language, {})[split] = found
    return scores


def _training_facts(trainer: FineTuningTrainer, seconds: float) -> dict[str, Any]:
    steps = trainer.state.global_step
    return {
        "steps": steps,
        "seconds": round(seconds, 1),
        "seconds_per_step": round(seconds / max(1, steps), 4),
        "best_dev_score": trainer.best.score,
        "best_epoch": trainer.best.epoch,
        "curve": [{"epoch": epoch, "score": score} for epoch, score in trainer.best.curve],
        "reading": trainer.train_dataset.reading,
    }


def _warnings(recipe: FineTuning, data: TaskData, encoder: Encoder, scores: dict[str, Any]) -> list[str]:
    warnings = list(data.warnings)
    if is_untrained(encoder.place):
        warnings.append("the encoder started from random weights: its folder has a configuration alone")
    if recipe.model == "offline":
        warnings.append("backbone: 4-bit round trip of multilingual-e5-small")
    metric = find_task(recipe.task).metric
    for language, splits in scores.items():
        for split, found in splits.items():
            if found[metric] <= found["floor"][metric]:
                warnings.append(f"{language} {split}: {metric} is not above its floor, which reads no context")
    return warnings
