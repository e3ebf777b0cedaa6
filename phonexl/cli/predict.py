"""`phonexl predict`: raw text in, tags out, as a stream."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from modeling_phonexl.transcription import Transcriber, find_language, guess_language
from phonexl.cli.errors import honest_exit
from phonexl.cli.streams import read_stdin, report_lines
from phonexl.page import Line, Word, render_page
from phonexl.progress import quiet_transformers


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
    quiet_transformers()
    code = None if language is None else find_language(language).code
    from phonexl.tagger import load_tagger, make_pipeline

    tagger = make_pipeline(*load_tagger(model))
    lines = []
    for text in report_lines(read_stdin()):
        spoken = code or guess_language(text)
        words = tagger(text, language=spoken) if text.strip() else []
        if format is Format.html:
            lines.append(_line(words, spoken))
        elif format is Format.tsv:
            sys.stdout.write("".join(f"{w['word']}\t{w['entity']}\t{w['score']:.4f}\n" for w in words) + "\n")
        else:
            rows = [
                {"word": w["word"], "start": w["start"], "end": w["end"], "tag": w["entity"], "score": w["score"]}
                for w in words
            ]
            sys.stdout.write(json.dumps({"text": text, "language": spoken, "words": rows}, ensure_ascii=False) + "\n")
    if format is Format.html:
        sys.stdout.write(render_page("Predictions", [("", lines)]))


def _line(words: list[dict[str, Any]], language: str) -> Line:
    """A tagged sentence with its sound."""
    records = Transcriber(language)([word["word"] for word in words])
    shown = [Word(w["word"], r.ipa, r.romanized, w["entity"]) for w, r in zip(words, records, strict=True)]
    return Line(shown, language)
