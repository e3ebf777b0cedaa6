"""`phonexl push`: a tagger, a data set or a metric to the Hugging Face Hub, as one commit."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import DATA, honest_exit

Repo = Annotated[str, typer.Argument(help="USER/NAME on the Hub; made if it does not exist.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List what would go, and ask no one.")]
Private = Annotated[bool, typer.Option("--private/--public", help="Who may see a new repository.")]
Revision = Annotated[str | None, typer.Option(help="Branch to push to; it must exist. Left out: main.")]

app = typer.Typer(help="To the Hugging Face Hub, each as one commit, private by default.", no_args_is_help=True)


@app.command()
@honest_exit
def model(
    path: Annotated[Path, typer.Argument(help="Folder of a tagger that phonexl train saved.")],
    repo: Repo,
    dry_run: DryRun = False,
    private: Private = True,
    revision: Revision = None,
    results: Annotated[
        list[Path] | None, typer.Option(help="Results of other seeds, for mean and std; may be repeated.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Data set of the run, if its result names none: cjkv-udpos, ...")
    ] = None,
) -> None:
    """Push weights, processor, code, card and evaluation results of a tagger; pickles are refused.

    Example: phonexl push model runs/zh-vi/seed-1 user/zh-vi-tagger --results runs/zh-vi --dry-run
    """
    from phonexl.hub_model import push_model

    address = push_model(
        path,
        repo,
        results=results or (),
        dataset=dataset,
        private=private,
        dry_run=dry_run,
        revision=revision,
    )
    typer.echo(address)


@app.command()
@honest_exit
def dataset(
    path: Annotated[Path, typer.Argument(help="Folder that phonexl data build made.")],
    repo: Repo,
    dry_run: DryRun = False,
    private: Private = True,
    revision: Revision = None,
) -> None:
    """Check a built data set, and push it with its card; `phonexl data push` is the same command.

    Example: phonexl push dataset samples user/phonexl-samples --dry-run
    """
    from dataset_scripts.validate import validate
    from phonexl.hub_dataset import push_dataset

    faults = list(validate(path))
    for fault in faults:
        typer.echo(fault)
    if faults:
        typer.echo(f"{path}: {len(faults)} faults, nothing was sent", err=True)
        raise typer.Exit(DATA)
    if not sys.stderr.isatty():
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

        disable_progress_bars()
    typer.echo(push_dataset(path, repo, private=private, dry_run=dry_run, revision=revision))


@app.command()
@honest_exit
def metric(
    path: Annotated[Path, typer.Argument(help="Folder of a metric, as in evaluate_metrics.")],
    repo: Repo,
    dry_run: DryRun = False,
    private: Private = True,
    revision: Revision = None,
) -> None:
    """Push a metric as a Space, from where evaluate.load takes it.

    Example: phonexl push metric evaluate_metrics/tagging_f1 user/tagging_f1 --dry-run
    """
    from phonexl.hub_model import push_metric

    typer.echo(push_metric(path, repo, private=private, dry_run=dry_run, revision=revision))
