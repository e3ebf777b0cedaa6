"""`phonexl predict`: raw text in, tags out, as a stream."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from modeling_phonexl.transcription import Transcriber, find_language, guess_language
from phonexl.cli.errors import honest_exit
from phonexl.cli.options import Revision
from phonexl.cli.streams import in_one_field, read_stdin, report_lines
from phonexl.page import Section, make_line, render_page


class Format(StrEnum):
    """Output formats."""

    json = "json"
    tsv = "tsv"
    html = "html"


@honest_exit
def predict(
    model: Annotated[str, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger.")],
    language: Annotated[
        str | None, typer.Option(help="Language of all lines; left out, each line's script tells.")
    ] = None,
    format: Annotated[
        Format,
        typer.Option(help="json: one object a line; tsv: token, tag, score; html: a page of spelling, sound and tags."),
    ] = Format.json,
    revision: Revision = None,
    ipa: Annotated[bool, typer.Option("--ipa", help="Add the sound of each token; html always shows it.")] = False,
) -> None:
    """Tag raw text from standard input, one sentence a line.

    Example: echo 'Tôi học ở Hà Nội.' | phonexl predict runs/zh-vi
    """
    code = None if language is None else find_language(language).code
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_tagger, make_pipeline

    quiet_transformers()
    tagger = make_pipeline(*load_tagger(model, revision))
    lines = []
    for text in report_lines(read_stdin()):
        spoken = code or guess_language(text)
        words = tagger(text, language=spoken, return_ipa=ipa) if text.strip() else []
        if format is Format.html:
            tokens = [word["word"] for word in words]
            records = Transcriber(spoken, tagger.processor.recipe)(tokens)
            lines.append(make_line(spoken, tokens, records, [word["entity"] for word in words]))
        elif format is Format.tsv:
            sys.stdout.write("".join(map(_tsv_row, words)) + "\n")
        else:
            row = {"text": text, "language": spoken, "words": [_json_entry(word) for word in words]}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    if format is Format.html:
        sys.stdout.write(render_page("Predictions", [Section("", lines=lines)]))


def _tsv_row(word: dict[str, Any]) -> str:
    fields = [
        in_one_field(word["word"]),
        word["entity"],
        f"{word['score']:.4f}",
        *([word["ipa"]] if "ipa" in word else []),
    ]
    return "\t".join(fields) + "\n"


def _json_entry(word: dict[str, Any]) -> dict[str, Any]:
    entry = {"word": word["word"], "start": word["start"], "end": word["end"], "tag": word["entity"]}
    return {**entry, "score": word["score"], **({"ipa": word["ipa"]} if "ipa" in word else {})}
