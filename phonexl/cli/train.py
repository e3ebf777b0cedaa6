"""`phonexl train`: a recipe, data, and out come taggers with their results."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from phonexl.cli.errors import honest_exit
from phonexl.cli.tables import print_table
from phonexl.methods import METHODS
from phonexl.progress import TrainingProgress, quiet_transformers
from phonexl.results import make_table
from phonexl.training.recipe import Recipe, RecipeError, parse_settings


@honest_exit
def train(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped recipe.")],
    data: Annotated[Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")],
    out: Annotated[Path, typer.Option(help="Where models and results go.")],
    method: Annotated[str, typer.Option(help="phonexl, or plain: the same without sound.")] = "phonexl",
    seeds: Annotated[str | None, typer.Option(help="For example 1,2,3; one run each.")] = None,
    limit_train: Annotated[int | None, typer.Option(min=1, help="Train on that many sentences.")] = None,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted run.")] = False,
    set: Annotated[list[str] | None, typer.Option(help="key=value, any key of a recipe; may be repeated.")] = None,
) -> None:
    """Train on the source language, score on source and target.

    Example: phonexl train udpos-zh-vi-offline --data udpos --out runs/zh-vi --seeds 1 --limit-train 2000
    """
    quiet_transformers()
    settings = parse_settings(set or [])
    if method not in METHODS:
        raise RecipeError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
    if limit_train is not None:
        settings["limit_train"] = limit_train
    chosen = Recipe.load(recipe).override({**METHODS[method], **settings})
    if seeds is not None:
        chosen = chosen.with_seeds(_parse_seeds(seeds))
    Console(stderr=True).print(f"{chosen.name}: {len(chosen.seeds)} seeds, backbone {chosen.backbone}", highlight=False)
    from phonexl.training.run import train as run  # seconds of imports that a mistyped option need not wait for

    print_table(
        make_table(run(chosen, data, out, resume=resume, callbacks=[TrainingProgress(chosen.name)])), sys.stdout
    )


def _parse_seeds(text: str) -> list[int]:
    try:
        return [int(seed) for seed in text.split(",")]
    except ValueError:
        raise RecipeError(f"--seeds {text!r}: expected whole numbers, for example 1,2,3") from None
