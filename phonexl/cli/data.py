"""`phonexl data`: data sets as Parquet with a card."""

from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit

# Where the files of a data set come from when no folder is named.
_COLLECTIONS = {"cjkv-udpos": "udpos", "cjkv-panx": "panx"}

app = typer.Typer(help="Aligned data sets: build them from token files.", no_args_is_help=True)


@app.command()
@honest_exit
def build(
    name: Annotated[str, typer.Argument(help="samples, cjkv-udpos or cjkv-panx.")],
    out: Annotated[Path, typer.Option(help="Folder to make; replaced only if it holds a build of ours.")],
    config: Annotated[str | None, typer.Option(help="One configuration alone, for example zh.")] = None,
    source: Annotated[
        Path | None, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz] files; left out, fetched.")
    ] = None,
) -> None:
    """Transcribe token files and write Parquet, splits and a card.

    Example: phonexl data build samples --out samples
    """
    from dataset_scripts.build import build as make
    from dataset_scripts.download import download

    if source is None and name in _COLLECTIONS:
        from huggingface_hub.constants import HF_ASSETS_CACHE

        source = Path(HF_ASSETS_CACHE) / "phonexl" / "sources" / _COLLECTIONS[name]
        typer.echo(f"no --source: fetching the public files into {source}", err=True)
        download(_COLLECTIONS[name], source)
    make(name, out, source=source, config=config)
    typer.echo(f"wrote {out}", err=True)


@app.callback()
def _keep_group() -> None:
    """Aligned data sets: build them from token files."""
