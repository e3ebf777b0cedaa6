"""Options that several commands have, and what turns their texts into values.

An option of one command stands in its file. Imports no torch: `phonexl transcribe` must not wait for it.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Split(StrEnum):
    """Splits that a run scores."""

    validation = "validation"
    test = "test"


class Metric(StrEnum):
    """Scores that systems are compared by."""

    accuracy = "accuracy"
    xtreme_f1 = "xtreme_f1"


TrainingRecipe = Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped recipe.")]
DataFolder = Annotated[
    Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")
]
Revision = Annotated[str | None, typer.Option(help="Branch, tag or commit of a Hub repository; left out: main.")]
Languages = Annotated[str, typer.Option(help="Codes, for example eng,fra,kor.")]
Spelling = Annotated[str, typer.Option(help="What the encoder reads: text, romanized or ipa.")]
Seeds = Annotated[str | None, typer.Option(help="For example 1,2,3; one run each.")]
LimitTrain = Annotated[int | None, typer.Option(min=1, help="Train on that many sentences.")]
Settings = Annotated[list[str] | None, typer.Option(help="key=value, any key of a recipe; may be repeated.")]
ScoredBy = Annotated[
    Metric | None, typer.Option(help="Which score; left out, xtreme_f1, but accuracy of sentence pairs.")
]


def split_commas(text: str) -> list[str]:
    """Parts of a comma-separated text, without the white space around them."""
    return [part.strip() for part in text.split(",")]


def parse_numbers(text: str, option: str, example: str) -> list[int]:
    """Whole numbers of a comma-separated text.

    Args:
        text: What was typed.
        option: Behind what.
        example: What could have been.

    Raises:
        ValueError: For anything else.
    """
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise ValueError(f"{option} {text!r}: expected whole numbers, for example {example}") from None


def parse_seeds(text: str) -> list[int]:
    """Seeds of a comma-separated text.

    Raises:
        ValueError: For anything but whole numbers, each once.
    """
    seeds = parse_numbers(text, "--seeds", "1,2,3")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"--seeds {text!r}: expected each seed once, for example 1,2,3")
    return seeds


def typed_settings(settings: list[str] | None, limit_train: int | None) -> dict[str, Any]:
    """What was typed to go over a recipe: `--set`, and `--limit-train`, which goes over it too.

    Raises:
        RecipeError: For a text without "=", or a value that is not YAML.
    """
    from phonexl.training.recipe import parse_settings

    typed = parse_settings(settings or [])
    return typed if limit_train is None else {**typed, "limit_train": limit_train}
