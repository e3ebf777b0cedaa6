"""`phonexl gap`: how unequally an encoder treats languages."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit

RESULT_FILE = "analysis.json"

app = typer.Typer(help="How unequally, and how alike, an encoder treats languages.", no_args_is_help=True)


@app.command()
@honest_exit
def analyze(
    data: Annotated[Path, typer.Option(help="Folder of parallel sentences, devtest.LANG.txt[.gz] as FLORES has.")],
    out: Annotated[Path, typer.Option(help="Folder for analysis.json.")],
    languages: Annotated[str, typer.Option(help="Codes, for example eng,fra,kor.")],
    model: Annotated[str, typer.Option(help="offline, mbert, xlmr, a Hub id or a folder.")] = "offline",
    spelling: Annotated[str, typer.Option(help="What the encoder reads: text, romanized or ipa.")] = "text",
    layers: Annotated[str, typer.Option(help="Hidden states, 0 the input, -1 the last.")] = "0,-1",
    limit: Annotated[int | None, typer.Option(min=5, help="Only the first sentences.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences at once.")] = 32,
) -> None:
    """Compare an encoder's vectors of the same sentences over languages.

    Example: phonexl gap analyze --data flores --languages eng,fra,kor --out gap --limit 100
    """
    from phonexl.cli.tables import print_table
    from phonexl.gap import analysis
    from phonexl.progress import quiet_transformers

    quiet_transformers()
    numbers = _parse_layers(layers)
    texts = analysis.read_parallel(data, [code.strip() for code in languages.split(",")], limit)
    found = analysis.analyze(
        model, texts, spelling=spelling, layers=numbers, batch_size=batch_size,
        report=lambda line: typer.echo(line, err=True),
    )  # fmt: skip
    found.save(out / RESULT_FILE)
    print_table(analysis.summary(found), sys.stdout)
    typer.echo()
    print_table(analysis.by_language(found, f"layer {numbers[-1]}"), sys.stdout)
    typer.echo(f"wrote {out / RESULT_FILE}", err=True)


def _parse_layers(text: str) -> list[int]:
    try:
        return [int(layer) for layer in text.split(",")]
    except ValueError:
        raise ValueError(f"--layers {text!r}: expected whole numbers, for example 0,-1") from None


@app.callback()
def _keep_group() -> None:
    """How unequally, and how alike, an encoder treats languages."""
