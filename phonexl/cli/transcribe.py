"""`phonexl transcribe`: sentences in, one token a line out, as a stream."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from modeling_phonexl.transcription import Transcriber, Transcription
from phonexl.cli.errors import honest_exit
from phonexl.cli.streams import in_one_field, read_stdin, report_lines
from phonexl.page import Section, make_line, render_page


class Format(StrEnum):
    """Output formats."""

    tsv = "tsv"
    jsonl = "jsonl"
    html = "html"


@honest_exit
def transcribe(
    language: Annotated[str, typer.Option(help="zh, vi, ja or ko (ISO 639-3 works too).")],
    recipe: Annotated[str, typer.Option(help="Transcription recipe.")] = "default",
    format: Annotated[Format, typer.Option(help="tsv: token, ipa, romanized, transcribed (0 or 1).")] = Format.tsv,
    pretokenized: Annotated[bool, typer.Option(help="Tokens are separated by white space.")] = False,
) -> None:
    """Transcribe text from standard input, one sentence a line.

    Example: echo '他昨天去北京。' | phonexl transcribe --language zh
    """
    transcriber = Transcriber(language, recipe)
    sentences = _read(transcriber, pretokenized)
    if format is Format.html:
        lines = [make_line(transcriber.language, tokens, records) for tokens, records in sentences]
        sys.stdout.write(render_page("Transcription", [Section("", lines=lines)]))
        return
    for tokens, records in sentences:
        if format is Format.jsonl:
            rows = [_as_dict(token, record) for token, record in zip(tokens, records, strict=True)]
            sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        else:
            for token, record in zip(tokens, records, strict=True):
                fields = (in_one_field(token), record.ipa, in_one_field(record.romanized), str(int(record.transcribed)))
                sys.stdout.write("\t".join(fields) + "\n")
            sys.stdout.write("\n")


def _read(transcriber: Transcriber, pretokenized: bool) -> Iterator[tuple[list[str], list[Transcription]]]:
    """Tokens and their transcriptions, sentence by sentence."""
    for text in report_lines(read_stdin()):
        tokens = text.split() if pretokenized else [text[start:end] for start, end in transcriber.segment(text)]
        yield tokens, transcriber(tokens)


def _as_dict(token: str, record: Transcription) -> dict[str, object]:
    return {
        "token": token,
        "ipa": record.ipa,
        "segments": list(record.segments),
        "romanized": record.romanized,
        "transcribed": record.transcribed,
        "reason": record.reason,
    }
