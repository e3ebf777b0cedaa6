"""`phonexl predict`: raw text in, tags out, as a stream."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from modeling_phonexl.transcription import Transcriber, find_language, guess_language
from phonexl.cli.errors import honest_exit
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
    format: Annotated[Format, typer.Option(help="json: one object a line; tsv: token, tag, score.")] = Format.json,
) -> None:
    """Tag raw text from standard input, one sentence a line.

    Example: echo 'Tôi học ở Hà Nội.' | phonexl predict runs/zh-vi
    """
    code = None if language is None else find_language(language).code
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_tagger, make_pipeline

    quiet_transformers()
    tagger = make_pipeline(*load_tagger(model))
    lines = []
    for text in report_lines(read_stdin()):
        spoken = code or guess_language(text)
        words = tagger(text, language=spoken) if text.strip() else []
        if format is Format.html:
            tokens = [word["word"] for word in words]
            lines.append(make_line(spoken, tokens, Transcriber(spoken)(tokens), [word["entity"] for word in words]))
        elif format is Format.tsv:
            rows = (f"{in_one_field(word['word'])}\t{word['entity']}\t{word['score']:.4f}\n" for word in words)
            sys.stdout.write("".join(rows) + "\n")
        else:
            entries = [
                {"word": w["word"], "start": w["start"], "end": w["end"], "tag": w["entity"], "score": w["score"]}
                for w in words
            ]
            row = {"text": text, "language": spoken, "words": entries}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    if format is Format.html:
        sys.stdout.write(render_page("Predictions", [Section("", lines=lines)]))
