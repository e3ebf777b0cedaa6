"""`phonexl data`: data sets as Parquet with a card."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from phonexl.cli.errors import honest_exit

app = typer.Typer(help="Aligned data sets: build them from token files.", no_args_is_help=True)


@app.command()
@honest_exit
def build(
    name: Annotated[str, typer.Argument(help="samples, cjkv-udpos or cjkv-panx.")],
    out: Annotated[Path, typer.Option(help="Folder to make; replaced only if it holds a build of ours.")],
    config: Annotated[str | None, typer.Option(help="One configuration alone, for example zh.")] = None,
    source: Annotated[Path | None, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz] files.")] = None,
) -> None:
    """Transcribe token files and write Parquet, splits and a card.

    Example: phonexl data build samples --out samples
    """
    from dataset_scripts.build import build as make

    console = Console(stderr=True)
    make(name, out, source=source, config=config)
    console.print(f"wrote {out}", highlight=False)


@app.callback()
def _keep_group() -> None:
    """Aligned data sets: build them from token files."""
