"""A fine-tuning as flat values: the YAML recipe of a task, what was set on the command line, and what a sweep found.

Running one is `fine_tuning.py`'s business.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from modeling_phonexl.transcription import find_language
from phonexl.backbone import short_name
from phonexl.gap.tasks import find_task
from phonexl.json_file import read_json
from phonexl.training.arguments import wrong_argument
from phonexl.training.precision import gains_from_bf16
from phonexl.training.recipe import RecipeError, read_values
from phonexl.training.setting_types import wrong_type

RECIPES = resources.files("phonexl.gap") / "recipes"
# The best epoch is kept in memory, a run that was stopped starts anew: checkpoints of a small run cost more than it.
_OWNED_BY_RUN = {
    "output_dir", "seed", "data_seed", "resume_from_checkpoint", "remove_unused_columns", "do_train", "save_strategy",
    "save_steps", "load_best_model_at_end", "metric_for_best_model", "greater_is_better", "train_sampling_strategy",
    "hub_token", "push_to_hub", "push_to_hub_token",
}  # fmt: skip
_OWN = ("limit_train", "max_length", "head_learning_rate")


@dataclass(frozen=True)
class FineTuning:
    """One encoder on one task in one language; seeds differ in nothing else.

    Attributes:
        task: "pos", "ner" or "xnli".
        source: ISO 639-3 code of the training data.
        model: "offline", "mbert", "xlmr", a Hub id or a folder.
        spelling: What it reads.
        languages: Codes of what is scored in place of the source, if this is zero-shot transfer.
        limit_train: Train on that many sentences or pairs.
        max_length: Ids of a sentence or pair at most; None: what the model takes.
        head_learning_rate: Of the classifier, which starts from nothing; None: as the encoder.
        training: Fields of `TrainingArguments`.

    Raises:
        ValueError: For an unknown task.
    """

    task: str
    source: str
    model: str
    spelling: str = "text"
    languages: tuple[str, ...] = ()
    limit_train: int | None = None
    max_length: int | None = None
    head_learning_rate: float | None = None
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        find_task(self.task)

    @property
    def name(self) -> str:
        """What tables call the system; without task and language, as `gap report` shows it, the encoder."""
        parts = [self.task, self.source, short_name(self.model)]
        parts += [] if self.spelling == "text" else [self.spelling]
        return "-".join([*parts, "zero-shot"] if self.languages else parts)

    @property
    def scored(self) -> tuple[str, ...]:
        """Languages that are scored."""
        return self.languages or (self.source,)

    def with_settings(self, settings: Mapping[str, Any], origin: str) -> FineTuning:
        """A copy with some values changed.

        Args:
            settings: By the name that the recipe file gives them.
            origin: Where they are from, for the message.

        Raises:
            RecipeError: For an unknown key, or a value of another type or range than the key's.
        """
        known = {*_OWN, *_training_keys()}
        for key in settings:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                raise RecipeError(f"{origin}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        own = {key: value for key, value in settings.items() if key in _OWN}
        training = {key: value for key, value in settings.items() if key not in _OWN}
        if fault := wrong_type(FineTuning, own) or wrong_argument(TrainingArguments, training):
            raise RecipeError(f"{origin}: {fault}")
        for key in ("limit_train", "max_length"):
            if own.get(key) is not None and own[key] < 1:
                raise RecipeError(f"{origin}: {key} is {own[key]}; expected a whole number >= 1, or null for all")
        return replace(self, **own, training={**self.training, **training})

    def values(self) -> dict[str, Any]:
        """All of it, flat."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "training"}
        return {**own, "languages": list(self.languages), **self.training}

    def arguments(self, folder: Path, seed: int) -> TrainingArguments:
        """Arguments of the HF Trainer; `bf16: auto` uses it where the hardware is faster in it.

        Args:
            folder: Nothing is written there but what a setting asks for.
            seed: Key of fresh weights, order and dropout.
        """
        values = dict(self.training)
        if values.get("bf16") == "auto":
            values["bf16"] = gains_from_bf16()
        # Without use_cpu, bf16 is refused on a CPU.
        defaults = {"use_cpu": not torch.cuda.is_available(), "report_to": "none"}
        return TrainingArguments(
            **{**defaults, **values},
            output_dir=str(folder), seed=seed, data_seed=seed, save_strategy="no", remove_unused_columns=False,
        )  # fmt: skip


def load_recipe(name_or_path: str) -> dict[str, Any]:
    """The settings of a recipe file or, by name, of one that is shipped.

    Raises:
        RecipeError: If there is none, or it is no YAML.
    """
    return read_values(name_or_path, RECIPES)


def load_settings(paths: Iterable[Path], like: FineTuning) -> dict[str, dict[str, Any]]:
    """By language, the settings that `phonexl gap sweep` found.

    Args:
        paths: JSON files of sweeps, one for a language.
        like: A fine-tuning of the task, encoder and spelling that they must be of.

    Raises:
        ValueError: If a file is none, of another task, encoder or spelling, or of a language that another is of.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        best = read_json(path)
        if not {"language", "settings"} <= best.keys():
            raise ValueError(f"{path}: expected what `phonexl gap sweep` writes, with language and settings")
        for key in ("task", "model", "spelling"):
            if best.get(key) != getattr(like, key):
                raise ValueError(f"{path}: of {key} {best.get(key)!r}, and this run is of {getattr(like, key)!r}")
        if best["language"] in found:
            raise ValueError(f"{path}: a second file for {best['language']}; name one for each language")
        found[best["language"]] = best["settings"]
    return found


def plan(
    base: FineTuning,
    languages: Sequence[str],
    train_language: str | None,
    found: Mapping[str, Mapping[str, Any]],
    typed: Mapping[str, Any],
) -> list[FineTuning]:
    """One fine-tuning for each language on its own data; or a single one, scored in its own language and all of them.

    Args:
        base: What they have in common.
        languages: Codes.
        train_language: Of the training data, for zero-shot transfer.
        found: Of some training languages their settings, as from `load_settings`.
        typed: Settings that go over all.

    Raises:
        RecipeError: For an unknown setting, or settings of a language that is not trained on.
        UnknownLanguageError: For an unknown language.
    """
    codes = [find_language(code).iso639_3 for code in languages]
    recipes = [replace(base, source=code) for code in dict.fromkeys(codes)]
    if train_language is not None:
        source = find_language(train_language).iso639_3
        # Gaps are to the language of the training data, so it is scored too.
        recipes = [replace(base, source=source, languages=tuple(dict.fromkeys((source, *codes))))]
    trained = [recipe.source for recipe in recipes]
    for language in found.keys() - trained:
        raise RecipeError(f"--set-file: settings of {language}, and trained on is {', '.join(trained)}: leave them out")
    return [
        recipe.with_settings(found.get(recipe.source, {}), "the sweep's settings").with_settings(typed, "--set")
        for recipe in recipes
    ]


def _training_keys() -> set[str]:
    return {f.name for f in fields(TrainingArguments)} - _OWNED_BY_RUN
