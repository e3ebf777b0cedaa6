"""`phonexl compare`: several methods on one recipe, one table."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.results import METRIC_HELP, Metric
from phonexl.cli.tables import print_table
from phonexl.cli.train import lay_over, parse_seeds
from phonexl.methods import method_names, parse_method

_METHODS_HELP = f"Comma-separated; of {', '.join(method_names())}, also with -original behind them."


@honest_exit
def compare(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped recipe.")],
    data: Annotated[Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")],
    out: Annotated[Path, typer.Option(help="Every method gets a folder below; a second call goes on.")],
    methods: Annotated[str, typer.Option(help=_METHODS_HELP)] = "plain,phonexl,cosda-ml,sino-xenic",
    seeds: Annotated[str | None, typer.Option(help="For example 1,2,3; one run each.")] = None,
    limit_train: Annotated[int | None, typer.Option(min=1, help="Train on that many sentences.")] = None,
    metric: Annotated[Metric | None, typer.Option(help=METRIC_HELP)] = None,
    set: Annotated[list[str] | None, typer.Option(help="key=value for all methods; may be repeated.")] = None,
) -> None:
    """Train several methods on the same data and seeds, and print what each gains over plain.

    Finished runs below --out are kept, an interrupted one is resumed.

    Most methods read sub-words, and are measured against plain that does too: --set unit=subword.

    Example: phonexl compare udpos-zh-vi-offline --set unit=subword --methods plain,phonexl,xtune --data udpos
    --out runs/compare
    """
    names = methods.split(",")
    for name in names:
        parse_method(name)
    if len(dict.fromkeys(names)) < len(names):
        raise ValueError(f"--methods {methods!r}: expected each method once")
    from phonexl.comparison import compare as make_comparison
    from phonexl.comparison import why_no_gain
    from phonexl.progress import TrainingProgress, quiet_transformers
    from phonexl.training.recipe import Recipe, parse_settings
    from phonexl.training.run import train

    settings = parse_settings(set or [])
    if limit_train is not None:
        settings["limit_train"] = limit_train
    base = Recipe.load(recipe)
    if seeds is not None:
        base = base.with_seeds(parse_seeds(seeds))
    # A bad setting of the last method is known before the first is trained.
    runs = [(name, *lay_over(base, name, settings)) for name in names]
    quiet_transformers()
    results = []
    for name, method, run in runs:
        typer.echo(f"{run.name}: seeds {', '.join(map(str, run.seeds))}", err=True)
        with TrainingProgress(run.name) as progress:
            results += train(run, data, out / name, method=method, resume=True, callbacks=[progress])
    print_table(make_comparison(results, metric and metric.value), sys.stdout)
    for line in why_no_gain(results):
        typer.echo(line, err=True)
