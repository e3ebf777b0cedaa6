"""`phonexl data`: data sets as Parquet with a card."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import DATA, honest_exit
from phonexl.cli.push import dataset

app = typer.Typer(help="Aligned data sets: build, check, count and push them.", no_args_is_help=True)


@app.command()
@honest_exit
def build(
    name: Annotated[str, typer.Argument(help="phonexl-samples, cjkv-udpos, cjkv-panx, cjkv-dictionaries, ...")],
    out: Annotated[Path, typer.Option(help="Folder to make; replaced only if it holds a build of ours.")],
    config: Annotated[str | None, typer.Option(help="One configuration alone, for example zh or zh-vi.")] = None,
    source: Annotated[Path | None, typer.Option(help="Folder of the source files; left out, fetched.")] = None,
    recipe: Annotated[
        str, typer.Option(help="Recipe of transcription: default, released, epitran, espeak.")
    ] = "default",
    publishable: Annotated[
        bool, typer.Option(help="Leave out what may not be published (UD_Japanese-Modern).")
    ] = False,
    repair_orphans: Annotated[bool, typer.Option(help="Let I- tags that continue nothing begin their entity.")] = False,
    num_proc: Annotated[int, typer.Option(min=1, help="Processes that transcribe.")] = 1,
) -> None:
    """Transcribe source files and write Parquet, splits and a card; an interrupted build goes on where it stopped.

    Example: phonexl data build phonexl-samples --out samples
    """
    from dataset_scripts.build import Options
    from dataset_scripts.build import build as make
    from dataset_scripts.catalogue import find_corpus
    from dataset_scripts.remotes import REMOTES

    _, corpus = find_corpus(name)
    corpus.tables_of(config)  # an unknown one is told before anything is fetched
    if source is None and corpus.collection in REMOTES:
        source = _fetch(corpus.collection)
    options = Options(recipe, publishable, repair_orphans)
    try:
        make(name, out, source=source, config=config, options=options, num_proc=num_proc, report=_show_progress)
    except KeyboardInterrupt:
        typer.echo("the same command goes on where this one stopped", err=True)
        raise
    typer.echo(f"wrote {out}", err=True)


def _fetch(collection: str) -> Path:
    """The folder of a collection's public files in the user's cache, fetched where they are not there yet."""
    from urllib.parse import urlsplit

    from huggingface_hub.constants import HF_ASSETS_CACHE

    from dataset_scripts.download import download
    from dataset_scripts.remotes import REMOTES

    folder = Path(HF_ASSETS_CACHE) / "phonexl" / "sources" / collection
    remotes = REMOTES[collection]
    hosts = ", ".join(sorted({str(urlsplit(url).hostname) for remote in remotes for url in remote.urls}))
    lacking = sum(not (folder / remote.file).exists() for remote in remotes)
    typer.echo(f"no --source: fetching {lacking} of {len(remotes)} public files from {hosts} into {folder}", err=True)
    download(collection, folder)
    return folder


def _show_progress(part: str, done: int, total: int) -> None:
    """A line after each shard, where a person watches."""
    if sys.stderr.isatty():
        typer.echo(f"{part}: {done:,} of {total:,} rows", err=True)


@app.command()
@honest_exit
def validate(
    folder: Annotated[Path, typer.Argument(help="A folder that data build made, or one of that form.")],
    source: Annotated[Path | None, typer.Option(help="Source files, to compare every token and label with.")] = None,
) -> None:
    """Check a built data set row by row; exit code 3 and a line for each fault if something is wrong.

    Example: phonexl data validate samples
    """
    from dataset_scripts.validate import validate as check

    faults = 0
    for fault in check(folder, source):
        faults += 1
        typer.echo(fault)
    if faults:
        typer.echo(f"{folder}: {faults} faults", err=True)
        raise typer.Exit(DATA)
    typer.echo(f"{folder}: no fault", err=True)


@app.command()
@honest_exit
def stats(
    folder: Annotated[Path, typer.Argument(help="A folder that data build made.")],
    corpus: Annotated[Path | None, typer.Option(help="A built data set whose words a dictionary should cover.")] = None,
) -> None:
    """Count what a data set holds, beside the counts that the papers give.

    Example: phonexl data stats samples
    """
    from dataset_scripts import stats as counts
    from phonexl.cli.tables import print_table
    from phonexl.results import Table

    found = list(counts.count(folder))
    columns = "table split rows words types average longest labels repeated in-train orphans invisible transcribed"
    rows = [
        [
            item.table,
            item.split,
            *(f"{value:,}" for value in (item.rows, item.words, item.types)),
            f"{item.average:.2f}",
        ]
        + [f"{v:,}" for v in (item.longest, item.labels, item.repeated, item.in_train, item.orphans, item.invisible)]
        + [f"{item.transcribed:.2%}"]
        for item in found
    ]
    print_table(Table(columns.split(), rows), sys.stdout)
    if papers := list(counts.compare(folder, found)):
        rows = [[p.where, f"{p.value:,}", *_beside(p.value, p.precision, ours)] for p, ours in papers]
        print_table(Table(["in the paper", "printed", "ours", ""], rows), sys.stdout)
        if remark := counts.explanation(folder):
            typer.echo(remark)
    if corpus is not None:
        cells = counts.coverage(folder, corpus)
        rows = [[label, table, f"{word:.1%}", f"{longest:.1%}"] for label, table, word, longest in cells]
        print_table(Table(["dictionary", "train of", "by word", "by longest match"], rows), sys.stdout)


def _beside(printed: float, precision: float, ours: float | None) -> list[str]:
    """Our count, and whether it is the one that a paper prints."""
    if ours is None:
        return ["", "not built"]
    return [f"{ours:,.2f}".removesuffix(".00"), "as printed" if abs(ours - printed) <= precision else "differs"]


app.command("push")(dataset)
