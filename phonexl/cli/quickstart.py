"""`phonexl quickstart`: from nothing to two taggers, their scores and a page."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from phonexl.cli.errors import honest_exit
from phonexl.cli.tables import print_table
from phonexl.progress import quiet_transformers


class Pair(StrEnum):
    """Source and target."""

    zh_vi = "zh-vi"
    ja_ko = "ja-ko"
    all = "all"


@honest_exit
def quickstart(
    pair: Annotated[Pair, typer.Option(help="Source and target language.")] = Pair.zh_vi,
    out: Annotated[Path, typer.Option(help="Where models, results and the page go.")] = Path("quickstart"),
) -> None:
    """Train plain and PhoneXL on our own samples and tag raw text in four languages.

    Example: phonexl quickstart --pair ja-ko --out runs/quickstart
    """
    quiet_transformers()
    console = Console(stderr=True)
    from phonexl.quickstart import PAIRS, predict_raw_text, run_quickstart

    pairs = list(PAIRS) if pair is Pair.all else [pair.value]
    table, verdicts, page = run_quickstart(pairs, out, lambda line: console.print(line, highlight=False))
    print_table(table, sys.stdout)
    for verdict in verdicts:
        print(verdict)
    for chosen in pairs:
        print(f"\nRaw text, tagged by {out / chosen / 'phonexl'}:")
        for language, words in predict_raw_text(out / chosen / "phonexl").items():
            print(f"  {language}  " + " ".join(f"{word['word']}/{word['entity']}" for word in words))
    print(f"\nThe page: {page}")
