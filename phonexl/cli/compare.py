"""`phonexl compare`: several methods on one recipe, one table."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import (
    DataFolder,
    LimitTrain,
    ScoredBy,
    Seeds,
    TrainingRecipe,
    parse_seeds,
    split_commas,
    typed_settings,
)
from phonexl.cli.tables import print_table
from phonexl.methods import lay_over, load_recipe, method_names, parse_method

_METHODS_HELP = f"Comma-separated; of {', '.join(method_names())}, also with -original behind them."


@honest_exit
def compare(
    recipe: TrainingRecipe,
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Every method gets a folder below; a second call goes on.")],
    methods: Annotated[str, typer.Option(help=_METHODS_HELP)] = "plain,phonexl,cosda-ml,sino-xenic",
    seeds: Seeds = None,
    limit_train: LimitTrain = None,
    metric: ScoredBy = None,
    set: Annotated[list[str] | None, typer.Option(help="key=value for all methods; may be repeated.")] = None,
) -> None:
    """Train several methods on the same data and seeds, and print what each gains over plain.

    Finished runs below --out are kept, an interrupted one is resumed.

    Most methods read sub-words, and are measured against plain that does too: --set unit=subword.

    Example: phonexl compare udpos-zh-vi-offline --set unit=subword --methods plain,phonexl,xtune --data udpos
    --out runs/compare
    """
    names = split_commas(methods)
    for name in names:
        parse_method(name)
    if len(dict.fromkeys(names)) < len(names):
        raise ValueError(f"--methods {methods!r}: expected each method once")
    from phonexl.comparison import compare as make_comparison
    from phonexl.comparison import why_no_gain
    from phonexl.progress import TrainingProgress, quiet_transformers
    from phonexl.training.data import load_data
    from phonexl.training.rehearsal import is_finished, rehearse
    from phonexl.training.run import add_words, check_data, check_places, train

    settings = typed_settings(set, limit_train)
    base = load_recipe(recipe)
    if seeds is not None:
        base = base.with_seeds(parse_seeds(seeds))
    # What would stop the last method is known before the first is trained.
    runs = [(name, *lay_over(base, name, settings)) for name in names]
    for name, _, run in runs:
        check_places(run, out / name, resume=True)
    quiet_transformers()
    sentences = load_data(base.override(settings), data)
    for name, method, run in runs:
        check_data(run, out / name, add_words(sentences, run, method))
    later = [(method, run) for name, method, run in runs if not is_finished(run, out / name)][1:]
    for method, run in later:  # the first would fail before its first step as well
        rehearse(method, run, sentences)
    results = []
    for name, method, run in runs:
        typer.echo(f"{run.name}: seeds {', '.join(map(str, run.seeds))}", err=True)
        with TrainingProgress(run.name) as progress:
            results += train(run, data, out / name, method=method, resume=True, callbacks=[progress])
    print_table(make_comparison(results, metric and metric.value), sys.stdout)
    for line in why_no_gain(results):
        typer.echo(line, err=True)
