"""`phonexl results`: tables of finished runs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import ScoredBy, Split
from phonexl.cli.tables import print_table

app = typer.Typer(help="Tables of finished runs.", no_args_is_help=True)


class Format(StrEnum):
    """Output formats."""

    table = "table"
    markdown = "markdown"


@app.command()
@honest_exit
def table(
    folders: Annotated[list[Path], typer.Argument(help="Folders with result JSONs, or single files.")],
    split: Annotated[Split, typer.Option(help="Which scores.")] = Split.test,
    format: Annotated[Format, typer.Option(help="markdown is what a pipe gets anyway.")] = Format.table,
) -> None:
    """Mean ± sample standard deviation over the seeds of each system, x 100.

    Example: phonexl results table runs
    """
    from phonexl.results import find_results, make_table

    found = find_results(folders)
    if not found:
        raise ValueError(f"no result JSON in {', '.join(map(str, folders))}; `phonexl train` writes them")
    made = make_table(found, split=split)
    if format is Format.markdown:
        sys.stdout.write(made.markdown())
    else:
        print_table(made, sys.stdout)


@app.command()
@honest_exit
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders with result JSONs of one task and pair of languages.")],
    split: Annotated[Split, typer.Option(help="Which scores.")] = Split.test,
    metric: ScoredBy = None,
) -> None:
    """What each system assumes, and what it gains over plain, with paired 95 % intervals.

    Example: phonexl results compare runs/compare
    """
    from phonexl.comparison import compare as make_comparison
    from phonexl.comparison import why_no_gain
    from phonexl.results import find_results

    results = find_results(folders)
    print_table(make_comparison(results, metric and metric.value, split.value), sys.stdout)
    for line in why_no_gain(results, split.value):
        typer.echo(line, err=True)


@app.command()
@honest_exit
def tags(
    folders: Annotated[list[Path], typer.Argument(help="Folders with result JSONs, or single files, of taggers.")],
    language: Annotated[str | None, typer.Option(help="Which scores; left out, the target language's.")] = None,
    split: Annotated[Split, typer.Option(help="Which scores.")] = Split.test,
) -> None:
    """Which tags each system finds: recall by tag, x 100, mean ± sample standard deviation over seeds.

    Example: phonexl results tags runs/compare
    """
    from phonexl.results import find_results
    from phonexl.tag_recall import tag_recall

    print_table(tag_recall(find_results(folders), language, split.value), sys.stdout)


@app.command()
@honest_exit
def curve(
    folders: Annotated[list[Path], typer.Argument(help="Folders with result JSONs of one task and pair of languages.")],
    split: Annotated[Split, typer.Option(help="Which scores.")] = Split.test,
    metric: ScoredBy = None,
) -> None:
    """What labels of the target are worth: the target's score by few_shot, a row for each system.

    Example: phonexl results curve runs/few-shot
    """
    from phonexl.label_curve import label_curve
    from phonexl.results import find_results

    print_table(label_curve(find_results(folders), metric and metric.value, split.value), sys.stdout)
