"""`phonexl train`: a recipe, data, and out come taggers with their results."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.tables import print_table
from phonexl.methods import method_names, parse_method

if TYPE_CHECKING:
    from phonexl.training.method import Method
    from phonexl.training.recipe import Recipe

_METHOD_HELP = f"One of {', '.join(method_names())}; with -original behind it, in its authors' own setting."


@honest_exit
def train(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped recipe.")],
    data: Annotated[Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")],
    out: Annotated[Path, typer.Option(help="Where models and results go.")],
    method: Annotated[str, typer.Option(help=_METHOD_HELP)] = "phonexl",
    seeds: Annotated[str | None, typer.Option(help="For example 1,2,3; one run each.")] = None,
    limit_train: Annotated[int | None, typer.Option(min=1, help="Train on that many sentences.")] = None,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted run.")] = False,
    set: Annotated[list[str] | None, typer.Option(help="key=value, any key of a recipe; may be repeated.")] = None,
) -> None:
    """Train on the source language, score on source and target.

    Example: phonexl train udpos-zh-vi-offline --data udpos --out runs/zh-vi --seeds 1 --limit-train 2000
    """
    wanted = None if seeds is None else parse_seeds(seeds)
    parse_method(method)
    from phonexl.training.recipe import Recipe, parse_settings

    settings = parse_settings(set or [])
    if limit_train is not None:
        settings["limit_train"] = limit_train
    found, chosen = lay_over(Recipe.load(recipe), method, settings)
    if wanted is not None:
        chosen = chosen.with_seeds(wanted)
    typer.echo(f"{chosen.name}: seeds {', '.join(map(str, chosen.seeds))}; backbone {chosen.backbone}", err=True)
    from accelerate import PartialState

    from phonexl.progress import TrainingProgress, quiet_transformers
    from phonexl.results import make_table
    from phonexl.training.run import train as run

    quiet_transformers()
    with TrainingProgress(chosen.name) as progress:
        results = run(chosen, data, out, method=found, resume=resume, callbacks=[progress])
    if PartialState().is_main_process:  # the others of a launch have no scores
        print_table(make_table(results), sys.stdout)


def lay_over(recipe: "Recipe", text: str, settings: dict[str, object]) -> "tuple[Method, Recipe]":
    """A method, as `--method` names it, and a recipe as it is trained by it.

    Raises:
        RecipeError: For an unknown key, or a value that the method refuses.
        ValueError: For an unknown method.
    """
    method, original = parse_method(text)
    chosen = recipe.override({**method.overrides(original), **settings})
    if text != "phonexl":
        # Results are grouped by name: two methods of one recipe are not two seeds of one system.
        chosen = replace(chosen, name=f"{chosen.name}-{text}")
    method.settings_of(chosen)
    return method, chosen


def parse_seeds(text: str) -> list[int]:
    """Seeds of a comma-separated text.

    Raises:
        ValueError: For anything but whole numbers, each once.
    """
    try:
        seeds = [int(seed) for seed in text.split(",")]
    except ValueError:
        raise ValueError(f"--seeds {text!r}: expected whole numbers, for example 1,2,3") from None
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"--seeds {text!r}: expected each seed once, for example 1,2,3")
    return seeds
