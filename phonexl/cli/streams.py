"""Standard input line by line, with progress on standard error when a person watches."""

import sys
import time
from collections.abc import Iterable, Iterator

from dataset_scripts.readers import DataError


def read_stdin() -> Iterator[str]:
    """Lines of standard input, cut at LF only, without it.

    Raises:
        DataError: For a line that is not UTF-8.
    """
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise DataError("standard input", number, repr(line[:40]), "UTF-8 text", "Convert it to UTF-8.") from None


def report_lines(lines: Iterable[str]) -> Iterator[str]:
    """Pass lines on; once a second, say on a terminal's stderr how many there were."""
    if not sys.stderr.isatty():
        yield from lines
        return
    start = last = time.monotonic()
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007  (read after the loop)
        yield line
        now = time.monotonic()
        if now - last >= 1:
            last = now
            print(f"\r{count:,} sentences, {count / (now - start):,.0f} a second", end="", file=sys.stderr)
    if last > start:
        print(f"\r{count:,} sentences, {count / (time.monotonic() - start):,.0f} a second", file=sys.stderr)
