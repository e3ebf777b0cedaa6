"""`phonexl evaluate`: scores of a saved tagger."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dataset_scripts.readers import load_split
from dataset_scripts.schema import TASKS
from phonexl.cli.errors import honest_exit
from phonexl.progress import quiet_transformers


@honest_exit
def evaluate(
    model: Annotated[str, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger.")],
    data: Annotated[Path, typer.Option(help="Folder of {train,dev,test}-LANG.tsv[.gz], or one made by `data build`.")],
    language: Annotated[str, typer.Option(help="Language of the data.")],
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    out: Annotated[Path | None, typer.Option(help="Write the JSON there instead of standard output.")] = None,
) -> None:
    """Score a tagger on one language and split: F1 of XTREME, accuracy, macro-F1, per tag, confusion.

    Example: phonexl evaluate runs/zh-vi --data udpos --language vi
    """
    quiet_transformers()
    from phonexl.evaluation import score, tag_sentences
    from phonexl.tagger import load_tagger

    tagger, processor = load_tagger(model)
    labels = set(tagger.config.id2label.values())
    task = next((name for name, tags in TASKS.items() if set(tags) == labels), None)
    if task is None:
        raise ValueError(f"{model}: its {len(labels)} tags are those of no task known here ({', '.join(TASKS)})")
    sentences = load_split(data, task, language, split)
    scores = {language: {split: score(tag_sentences(tagger, processor, sentences), sentences)}}
    text = json.dumps({"model": model, "data": str(data), "scores": scores}, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        sys.stdout.write(text)
    else:
        part = out.with_name(f".{out.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(out)
