"""Fills the tables of README.md and docs/ from the files in results/: no figure is typed.

A table stands between `<!-- MARKER -->` and `<!-- end -->`; the markers known here are `results: PAIR` (the runs of
results/udpos-2000) and `compare: FOLDER METRIC [SPLIT]` (a folder of runs). Tests hold the pages to what this writes.

    python benchmarks/render_pages.py
"""

import re
import sys
from pathlib import Path

from phonexl.comparison import compare
from phonexl.results import find_results, make_table

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/results.md")
_BLOCK = re.compile(r"<!-- (results|compare): (.*?) -->\n(.*?)<!-- end -->", re.DOTALL)


def render(page: str) -> str:
    """A page with its tables made anew.

    Raises:
        ValueError: If a marker names a folder without results, or of several tasks.
    """
    return _BLOCK.sub(lambda found: f"<!-- {found[1]}: {found[2]} -->\n{_table(found[1], found[2])}<!-- end -->", page)


def _table(kind: str, argument: str) -> str:
    if kind == "results":
        runs = [run for run in find_results([ROOT / "results" / "udpos-2000"]) if f"-{argument}-" in f"{run.name}-"]
        return make_table(runs, ("accuracy", "xtreme_f1")).markdown()
    folder, metric, *split = argument.split()
    return compare(find_results([ROOT / folder]), metric, *split).markdown()


def main() -> None:
    """Rewrite the pages."""
    for name in PAGES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        made = render(text)
        if made != text:
            path.write_text(made, encoding="utf-8")
            print(f"{name}: rendered", file=sys.stderr)


if __name__ == "__main__":
    main()
