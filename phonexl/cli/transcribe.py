"""`phonexl transcribe`: sentences in, one token a line out, as a stream."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dataset_scripts.readers import DataError
from modeling_phonexl.transcription import LANGUAGES, RECIPES, Transcriber, Transcription
from phonexl.cli.errors import honest_exit
from phonexl.cli.streams import decode_lines, in_one_field, read_stdin, report_lines
from phonexl.json_file import write_json
from phonexl.page import Section, make_line, render_page

_EXAMPLES = 20
_VARIANTS = " | "


class Format(StrEnum):
    """Output formats."""

    tsv = "tsv"
    jsonl = "jsonl"
    html = "html"


@honest_exit
def transcribe(
    language: Annotated[str, typer.Option(help=f"{', '.join(row.code for row in LANGUAGES)}; ISO 639-1 or 639-3.")],
    recipe: Annotated[str, typer.Option(help=f"One of {', '.join(RECIPES)}.")] = "default",
    format: Annotated[Format, typer.Option(help="tsv: token, ipa, romanized, transcribed (0 or 1).")] = Format.tsv,
    pretokenized: Annotated[bool, typer.Option(help="Tokens are separated by white space.")] = False,
    coverage: Annotated[
        Path | None, typer.Option(help="Write there, as JSON, how many tokens were read, and how.")
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="Right IPA, in the tsv format: html marks what differs.")] = None,
) -> None:
    """Transcribe text from standard input, one sentence a line.

    Example: echo '他昨天去北京。' | phonexl transcribe --language zh
    """
    if gold is not None and format is not Format.html:
        raise ValueError(f"--gold marks errors in a page: add --format html (found --format {format})")
    transcriber = Transcriber(language, recipe)
    counts = Coverage()
    sentences = _read(transcriber, pretokenized, counts)
    if format is Format.html:
        _write_page(transcriber.language, sentences, None if gold is None else _read_gold(gold))
    else:
        for tokens, records in sentences:
            sys.stdout.write(_as_json(tokens, records) if format is Format.jsonl else _as_tsv(tokens, records))
    if coverage is not None:
        counts.save(coverage)


class Coverage:
    """Tokens by the reason of their record, and the most frequent ones that were not read."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()

    def count(self, tokens: list[str], records: list[Transcription]) -> None:
        """Add a sentence."""
        self.reasons.update(record.reason for record in records)
        self.passed.update(t for t, record in zip(tokens, records, strict=True) if record.reason == "passed")

    def save(self, path: Path) -> None:
        """Write the counts as JSON."""
        content = {
            "tokens": self.reasons.total(),
            "reasons": dict(self.reasons.most_common()),
            "passed": dict(self.passed.most_common(_EXAMPLES)),
        }
        write_json(path, content)


def _read(
    transcriber: Transcriber, pretokenized: bool, coverage: Coverage
) -> Iterator[tuple[list[str], list[Transcription]]]:
    """Tokens and their transcriptions, sentence by sentence."""
    for text in report_lines(read_stdin()):
        tokens = text.split() if pretokenized else [text[start:end] for start, end in transcriber.segment(text)]
        records = transcriber(tokens)
        coverage.count(tokens, records)
        yield tokens, records


def _as_tsv(tokens: list[str], records: list[Transcription]) -> str:
    rows = [
        f"{in_one_field(token)}\t{record.ipa}\t{in_one_field(record.romanized)}\t{int(record.transcribed)}\n"
        for token, record in zip(tokens, records, strict=True)
    ]
    return "".join(rows) + "\n"


def _as_json(tokens: list[str], records: list[Transcription]) -> str:
    rows = [
        {
            "token": token,
            "ipa": record.ipa,
            "segments": list(record.segments),
            "romanized": record.romanized,
            "transcribed": record.transcribed,
            "reason": record.reason,
        }
        for token, record in zip(tokens, records, strict=True)
    ]
    return json.dumps(rows, ensure_ascii=False) + "\n"


def _write_page(
    language: str,
    sentences: Iterator[tuple[list[str], list[Transcription]]],
    gold: Iterator[tuple[int, list[tuple[str, str]]]] | None,
) -> None:
    """The page; with gold, its first line says how many words differ."""
    lines, words, wrong = [], 0, 0
    for tokens, records in sentences:
        expected = []
        if gold is not None:
            if (found := next(gold, None)) is None:
                raise ValueError(f"--gold ends before {' '.join(tokens)!r}: give the same sentences in the same order")
            expected = _expected(tokens, records, *found)
        lines.append(make_line(language, tokens, records, expected=expected))
        words += len(tokens)
        wrong += len([sound for sound, record in zip(expected, records, strict=False) if sound and sound != record.ipa])
    rest = next((number for number, sentence in gold or () if sentence), None)
    if rest is not None:
        raise ValueError(f"--gold goes on in line {rest}, where standard input ends: give the same sentences")
    said = f"{wrong} of {words} tokens differ from the gold standard; what was expected stands below them."
    sys.stdout.write(render_page("Transcription", [Section("", [said] if gold is not None else [], lines=lines)]))


def _read_gold(path: Path) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Number of the first line, and (token, ipa) pairs, of each sentence of a gold file.

    Raises:
        DataError: For a line that is not UTF-8, or without two fields.
    """
    sentence: list[tuple[str, str]] = []
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(decode_lines(file, str(path)), 1):
            fields = line.split("\t")
            if fields == [""]:
                yield number - len(sentence), sentence
                sentence = []
            elif len(fields) < 2:
                raise DataError(path, number, line, "token<TAB>ipa", "The other columns may be left out.")
            else:
                sentence.append((fields[0], fields[1]))
    if sentence:
        yield number + 1 - len(sentence), sentence


def _expected(tokens: list[str], records: list[Transcription], number: int, gold: list[tuple[str, str]]) -> list[str]:
    """The right IPA of each token, of several variants the one that was hit, else the first.

    Raises:
        ValueError: If the gold sentence has other tokens.
    """
    shown = [in_one_field(token) for token in tokens]
    if shown != [token for token, _ in gold]:
        raise ValueError(
            f"--gold: the sentence from line {number} has the tokens {' '.join(token for token, _ in gold)!r}, "
            f"standard input has {' '.join(shown)!r}: give the same sentences in the same order, maybe --pretokenized"
        )
    variants = [ipa.split(_VARIANTS) for _, ipa in gold]
    return [r.ipa if r.ipa in found else found[0] for found, r in zip(variants, records, strict=True)]
