"""`phonexl evaluate`: scores of a saved tagger or classifier of sentence pairs."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from dataset_scripts.readers import DataError
from dataset_scripts.schema import PAIR_TASKS, TASKS
from modeling_phonexl.transcription import find_language
from phonexl.cli.errors import honest_exit
from phonexl.cli.options import DataFolder, Revision
from phonexl.json_file import write_json

_LABELS = {**TASKS, **PAIR_TASKS}


@honest_exit
def evaluate(
    model: Annotated[str, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger or classifier.")],
    data: DataFolder,
    language: Annotated[str, typer.Option(help="Language of the data.")],
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    revision: Revision = None,
    out: Annotated[Path | None, typer.Option(help="Write the JSON there instead of standard output.")] = None,
) -> None:
    """Score a tagger on one language and split: F1 of XTREME, accuracy, macro-F1, per tag, confusion.

    A classifier of sentence pairs has accuracy and macro-F1.

    Example: phonexl evaluate runs/zh-vi --data udpos --language vi
    """
    code = find_language(language).code
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_classifier
    from phonexl.training.evaluation import label_names
    from phonexl.training.task import find_task

    quiet_transformers()
    classifier, processor = load_classifier(model, revision)
    name = _task_of_model(model, set(label_names(classifier.config)))
    task = find_task(name)
    examples = _read(model, name, data, code, split)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        job = bar.add_task(f"{code} {split}", total=len(examples))
        predicted = task.predict(
            classifier, processor, examples, progress=lambda done: bar.advance(job, done), bf16=_was_bf16(model)
        )
    scores = {code: {split: task.score(predicted, examples)}}
    content: dict[str, Any] = {"model": model, "revision": revision, "data": str(data), "scores": scores}
    if warnings := task.warnings(data, code):
        content["warnings"] = warnings
    if out is None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    else:
        write_json(out, content)


def _was_bf16(model: str) -> bool | None:
    """Whether the run beside the model computed in bfloat16; None where there is no such run."""
    from phonexl.results import RESULT_FILE, Result

    result = Path(model) / RESULT_FILE
    return Result.load(result).hardware.get("precision") == "bf16" if result.is_file() else None


def _task_of_model(model: str, labels: set[str]) -> str:
    """The task that a model's labels belong to."""
    task = next((name for name, known in _LABELS.items() if set(known) == labels), None)
    if task is None:
        raise ValueError(f"{model}: its {len(labels)} labels are those of no task known here ({', '.join(_LABELS)})")
    return task


def _read(model: str, task: str, data: Path, language: str, split: str) -> list[Any]:
    """The examples; data of another task are the wrong model's."""
    from phonexl.training.task import find_task

    try:
        return find_task(task).load(data, language, split)
    except DataError:
        other = _task_of_data(data, language, split, (name for name in _LABELS if name != task))
        if other is None:
            raise
        raise ValueError(
            f"{model} has the label set of {task} ({len(_LABELS[task])} labels); {data} holds {other} "
            f"({len(_LABELS[other])}): evaluate a model of {other}, or name data of {task}"
        ) from None


def _task_of_data(data: Path, language: str, split: str, tasks: Iterable[str]) -> str | None:
    """The first of the tasks as which the data can be read."""
    from phonexl.training.task import find_task

    for task in tasks:
        try:
            find_task(task).load(data, language, split)
        except DataError:
            continue
        return task
    return None
