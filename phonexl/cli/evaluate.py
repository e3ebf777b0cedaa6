"""`phonexl evaluate`: scores of a saved tagger."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from dataset_scripts.readers import DataError, load_split
from dataset_scripts.schema import TASKS, Sentence
from modeling_phonexl.transcription import find_language
from phonexl.cli.errors import honest_exit
from phonexl.json_file import write_json


@honest_exit
def evaluate(
    model: Annotated[str, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger.")],
    data: Annotated[Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")],
    language: Annotated[str, typer.Option(help="Language of the data.")],
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit of a Hub repository; left out: main.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the JSON there instead of standard output.")] = None,
) -> None:
    """Score a tagger on one language and split: F1 of XTREME, accuracy, macro-F1, per tag, confusion.

    Example: phonexl evaluate runs/zh-vi --data udpos --language vi
    """
    code = find_language(language).code
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_tagger
    from phonexl.training.evaluation import score, tag_sentences

    quiet_transformers()
    tagger, processor = load_tagger(model, revision)
    sentences = _read(model, set(tagger.config.id2label.values()), data, code, split)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        job = bar.add_task(f"{code} {split}", total=len(sentences))
        tags = tag_sentences(
            tagger, processor, sentences, progress=lambda done: bar.advance(job, done), bf16=_was_bf16(model)
        )
    scores = {code: {split: score(tags, sentences)}}
    content = {"model": model, "revision": revision, "data": str(data), "scores": scores}
    if out is None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    else:
        write_json(out, content)


def _was_bf16(model: str) -> bool | None:
    """Whether the run beside the model computed in bfloat16; None where there is no such run."""
    from phonexl.results import RESULT_FILE, Result

    result = Path(model) / RESULT_FILE
    return Result.load(result).hardware.get("precision") == "bf16" if result.is_file() else None


def _read(model: str, labels: set[str], data: Path, language: str, split: str) -> list[Sentence]:
    """The sentences, as of the task that the model's labels belong to; data of another task are the wrong model's."""
    task = next((name for name, tags in TASKS.items() if set(tags) == labels), None)
    if task is None:
        raise ValueError(f"{model}: its {len(labels)} tags are those of no task known here ({', '.join(TASKS)})")
    try:
        return load_split(data, task, language, split)
    except DataError:
        other = _task_of(data, language, split, (name for name in TASKS if name != task))
        if other is None:
            raise
        raise ValueError(
            f"{model} has the label set of {task} ({len(labels)} tags); {data} holds {other} ({len(TASKS[other])} "
            f"tags): evaluate a model of {other}, or name data of {task}"
        ) from None


def _task_of(data: Path, language: str, split: str, tasks: Iterable[str]) -> str | None:
    """The first of the tasks as which the data can be read."""
    for task in tasks:
        try:
            load_split(data, task, language, split)
        except DataError:
            continue
        return task
    return None
