"""Tables on a terminal, and as Markdown where the output is read by a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from phonexl.results import Table


def print_table(table: Table, file: TextIO) -> None:
    """Draw a table for a person; write Markdown into a file or pipe."""
    if not file.isatty():
        file.write(table.markdown())
        return
    drawn = RichTable(*table.columns)
    for row in table.rows:
        drawn.add_row(*row)
    Console(file=file).print(drawn)
