"""Standard input line by line, progress on standard error when a person watches, and fields of output lines."""

import sys
import time
from collections.abc import Iterable, Iterator

import typer

from dataset_scripts.readers import DataError


def read_stdin() -> Iterator[str]:
    """Lines of standard input: see `decode_lines`."""
    return decode_lines(sys.stdin.buffer, "standard input")


def decode_lines(lines: Iterable[bytes], name: str) -> Iterator[str]:
    """Lines that end at LF, without it, the CR of a Windows line end and a byte order mark.

    Raises:
        DataError: For a line that is not UTF-8; it calls the lines by `name`.
    """
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            found = line.decode("utf-8", "backslashreplace").rstrip("\n")
            raise DataError(name, number, found, "UTF-8", "Convert it, for example with iconv.") from None
        yield text.removesuffix("\n").removesuffix("\r")


def in_one_field(token: str) -> str:
    r"""A token for a line of tab-separated fields: white space inside it becomes one space.

    >>> in_one_field("Hà\tNội")
    'Hà Nội'
    """
    return " ".join(token.split())


def report_lines(lines: Iterable[str]) -> Iterator[str]:
    """Pass lines on; once a second, say how many there were, if stderr is a terminal and stdout goes elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from lines
        return
    start = last = time.monotonic()
    count = 0
    for count, line in enumerate(lines, 1):
        yield line
        now = time.monotonic()
        if now - last >= 1:
            last = now
            print(f"\r{count:,} sentences, {count / (now - start):,.0f} a second", end="", file=sys.stderr)
    if last > start:
        print(f"\r{count:,} sentences, {count / (time.monotonic() - start):,.0f} a second", file=sys.stderr)


def say(line: str) -> None:
    """Write a line to standard error."""
    typer.echo(line, err=True)
