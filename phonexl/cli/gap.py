"""`phonexl gap`: how unequally an encoder treats languages."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.gap_run import run, sweep
from phonexl.cli.options import Languages, Spelling, Split, parse_numbers, split_commas
from phonexl.cli.streams import say

app = typer.Typer(help="How unequally, and how alike, an encoder treats languages.", no_args_is_help=True)
app.command()(run)
app.command()(sweep)


@app.command()
@honest_exit
def analyze(
    data: Annotated[Path, typer.Option(help="Folder of parallel sentences, devtest.LANG.txt[.gz] as FLORES has.")],
    out: Annotated[Path, typer.Option(help="Folder for analysis.json, and for vectors, which a second run uses.")],
    languages: Languages,
    model: Annotated[str, typer.Option(help="offline, plbert-kokoro, mbert, xlmr, a Hub id or a folder.")] = "offline",
    spelling: Spelling = "text",
    layers: Annotated[str, typer.Option(help="Hidden states, 0 the input, -1 the last.")] = "0,-1",
    limit: Annotated[int | None, typer.Option(min=100, help="Only the first sentences.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences at once.")] = 32,
) -> None:
    """Compare an encoder's vectors of the same sentences over languages.

    Example: phonexl gap analyze --data flores --languages eng,fra,kor --out gap/offline --limit 100
    """
    from phonexl.cli.tables import print_table
    from phonexl.gap import analysis, analysis_tables
    from phonexl.gap.parallel_text import read_parallel
    from phonexl.gap.vector_store import ANALYSIS_FILE
    from phonexl.progress import quiet_transformers
    from phonexl.whole_files import check_writable

    check_writable(out)
    quiet_transformers()
    numbers = parse_numbers(layers, "--layers", "0,-1")
    texts = read_parallel(data, split_commas(languages), limit)
    found = analysis.analyze(
        model, texts, spelling=spelling, layers=numbers, batch_size=batch_size,
        vectors_folder=out / "vectors", analysis_file=out / ANALYSIS_FILE, report=say,
    )  # fmt: skip
    found.save(out / ANALYSIS_FILE)
    tables = (analysis_tables.summary(found), analysis_tables.set_summary(found))
    for table in (*tables, analysis_tables.by_language(found, f"layer {numbers[-1]}")):
        print_table(table, sys.stdout)
        typer.echo()
    for line in analysis_tables.marks_of([found]):
        typer.echo(line)
    for line in (*analysis_tables.warnings_of(found), f"wrote {out / ANALYSIS_FILE}"):
        say(line)


@app.command()
@honest_exit
def symbols(
    data: Annotated[Path, typer.Option(help="Folder of sentences, devtest.LANG.txt[.gz] as FLORES has.")],
    out: Annotated[Path, typer.Option(help="JSON to write.")],
    languages: Languages,
    model: Annotated[str, typer.Option(help="plbert-kokoro, a Hub id or a folder.")] = "plbert-kokoro",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first sentences.")] = None,
) -> None:
    """Count the sounds of each language for which a phoneme encoder has no symbol.

    Example: phonexl gap symbols --data flores --languages eng,hin,swa --out gap/plbert-kokoro.json
    """
    from phonexl.cli.tables import print_table
    from phonexl.gap.parallel_text import read_parallel
    from phonexl.gap.symbols import check_file, count_symbols

    check_file(out)
    texts = read_parallel(data, split_commas(languages), limit)
    found = count_symbols(model, texts, say)
    found.save(out)
    print_table(found.table(), sys.stdout)
    typer.echo(f"wrote {out}", err=True)


@app.command()
@honest_exit
def report(
    results: Annotated[list[Path], typer.Argument(help="Folders with result JSONs, or single files.")],
    out: Annotated[Path, typer.Option(help="Folder for report.html, tables.md and the figures.")],
    split: Annotated[Split, typer.Option(help="Which scores of runs.")] = Split.test,
    reference: Annotated[
        str | None, typer.Option(help="Analysis or system that the others are compared with; as the tables name it.")
    ] = None,
) -> None:
    """Make figures, tables and one HTML page of analyses and of fine-tuned runs, beside what the gap paper prints.

    Without --reference the first analysis and the first system of a task are what the others are compared with.

    Example: phonexl gap report gap --out report
    """
    from phonexl.gap import report as reports

    reports.check_place(out)
    sections = reports.make_report(reports.read_inputs(results), split, reference)
    for path in reports.write_report(sections, out):
        typer.echo(path)
