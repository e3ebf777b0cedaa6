"""`phonexl train`: a recipe, data, and out come taggers with their results."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import DataFolder, LimitTrain, Seeds, Settings, TrainingRecipe, parse_seeds, typed_settings
from phonexl.cli.tables import print_table
from phonexl.methods import lay_over, load_recipe, method_names, parse_method

_METHOD_HELP = (
    f"One of {', '.join(method_names())}; with -original behind it, in its authors' own setting. "
    "Left out, the recipe's."
)


@honest_exit
def train(
    recipe: TrainingRecipe,
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Where models and results go.")],
    method: Annotated[str | None, typer.Option(help=_METHOD_HELP)] = None,
    seeds: Seeds = None,
    limit_train: LimitTrain = None,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted run.")] = False,
    set: Settings = None,
) -> None:
    """Train on the source language, score on source and target.

    Example: phonexl train udpos-zh-vi-offline --data udpos --out runs/zh-vi --seeds 1 --limit-train 2000
    """
    wanted = None if seeds is None else parse_seeds(seeds)
    if method is not None:
        parse_method(method)
    settings = typed_settings(set, limit_train)
    found, chosen = lay_over(load_recipe(recipe), method, settings)
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
