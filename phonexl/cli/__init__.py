"""The command line: `phonexl NOUN VERB`. Commands parse, call a function elsewhere, and print.

Results go to stdout or to files, progress to stderr; exit codes are those of `errors.py`. A command imports torch and
transformers when it runs, not before: they take seconds, which `--help` and `transcribe` need not wait for.
"""

import io
import sys

import typer

from phonexl.cli.compare import compare
from phonexl.cli.data import app as data_app
from phonexl.cli.demo import demo
from phonexl.cli.evaluate import evaluate
from phonexl.cli.export import export
from phonexl.cli.gap import app as gap_app
from phonexl.cli.predict import predict
from phonexl.cli.pretrain import pretrain
from phonexl.cli.push import app as push_app
from phonexl.cli.quickstart import quickstart
from phonexl.cli.results import app as results_app
from phonexl.cli.train import train
from phonexl.cli.transcribe import transcribe

app = typer.Typer(
    help="Cross-lingual taggers with phonemic input: transcribe, train on a source language, tag a target language.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)
for command in (quickstart, transcribe, train, compare, pretrain, evaluate, predict, export, demo):
    app.command()(command)
app.add_typer(data_app, name="data")
app.add_typer(gap_app, name="gap")
app.add_typer(push_app, name="push")
app.add_typer(results_app, name="results")


def main() -> None:
    """Entry point of the `phonexl` command; writes UTF-8 with LF, whatever the locale: IPA fits into nothing else."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=stream.errors, newline="\n")
    app()
