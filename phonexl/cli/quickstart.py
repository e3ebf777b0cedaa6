"""`phonexl quickstart`: from nothing to two taggers, their scores and a page."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.tables import print_table


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

    Run again into the same folder, it replaces its earlier models and page.

    Example: phonexl quickstart --pair ja-ko --out runs/quickstart
    """
    from phonexl.progress import quiet_transformers
    from phonexl.quickstart import PAIRS, run_quickstart

    quiet_transformers()
    report = run_quickstart(PAIRS if pair is Pair.all else (pair.value,), out, lambda line: typer.echo(line, err=True))
    print_table(report.table, sys.stdout)
    for verdict in report.verdicts:
        print(verdict)
    for folder, raw_text in report.raw_text.items():
        print(f"\nRaw text, tagged by {folder}:")
        for language, words in raw_text.items():
            print(f"  {language}  " + " ".join(f"{word['word']}/{word['entity']}" for word in words))
    print(f"\nThe page: {report.page}")
