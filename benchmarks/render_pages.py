"""Fills the tables of README.md and docs/ from the files in results/: no figure is typed.

A table stands between `<!-- KIND: ARGUMENT -->` and `<!-- end -->`; `TABLES` has the kinds, and folders are those
of the repository. Tests hold the pages to what this writes.

    python benchmarks/render_pages.py
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import phonexl.pretraining.comparison
from phonexl.comparison import compare
from phonexl.gap.analysis import Analysis
from phonexl.gap.analysis_tables import set_summary, summary
from phonexl.gap.floor_table import floor_table
from phonexl.gap.report import read_inputs
from phonexl.gap.scores import collect_systems
from phonexl.gap.symbols import SymbolCoverage
from phonexl.gap.tables import alike_table, comparison_table, correlation_table, difference_table
from phonexl.label_curve import label_curve
from phonexl.results import Result, Table, find_results, make_table
from phonexl.tag_recall import tag_recall

ROOT = Path(__file__).resolve().parents[1]
GAP = "results/gap"
PAGES = ("README.md", "docs/results.md", "docs/gap.md", "docs/metrics.md")


def _results(pair: str) -> Table:
    runs = [run for run in _find("results/udpos-2000") if f"-{pair}-" in f"{run.name}-"]
    return make_table(runs, ("accuracy", "xtreme_f1"))


def _compare(arguments: str) -> Table:
    """Folder, metric and, for others than test, split; without time per step, which these runs took beside others."""
    folder, metric, *split = arguments.split()
    table = compare(_find(folder), metric, *split)
    kept = [place for place, column in enumerate(table.columns) if column != "step over plain"]
    return Table([table.columns[place] for place in kept], [[row[place] for place in kept] for row in table.rows])


def _tags(arguments: str) -> Table:
    """Language and folders of runs."""
    language, *folders = arguments.split()
    return tag_recall(_find(*folders), language)


def _curve(arguments: str) -> Table:
    """Metric and folders of runs with and without labels of the target."""
    metric, *folders = arguments.split()
    return label_curve(_find(*folders), metric)


def _correlations(_: str) -> Table:
    inputs = read_inputs([ROOT / GAP / "classifiers", ROOT / GAP / "fine-tuned"])
    return correlation_table(collect_systems(inputs.results, "test"), list(inputs.analyses.values()))


def _differences(folders: str) -> Table:
    """Folders of analyses, the first of which the others are compared with."""
    return difference_table(read_inputs([ROOT / folder for folder in folders.split()]).analyses)


def _offline(name: str) -> Analysis:
    """What the offline backbone makes of FLORES, reading it in some spelling."""
    return Analysis.load(ROOT / GAP / f"offline-{name}" / "analysis.json")


def _alike(folder: str) -> Table:
    return alike_table(read_inputs([ROOT / folder]).analyses)


def _unequal(name: str) -> Table:
    """Mean RPD of the systems of a folder against the first."""
    table = comparison_table(collect_systems(_find(f"{GAP}/{name}"), "test"))
    return Table(table.columns, [row for row in table.rows if "(paper)" not in row[1]])


TABLES: dict[str, Callable[[str], Table]] = {
    "results": _results,
    "compare": _compare,
    "tags": _tags,
    "curve": _curve,
    "gap floors": lambda name: floor_table(_find(f"{GAP}/{name}")),
    "gap unequal": _unequal,
    "gap": lambda name: summary(_offline(name or "text")),
    "gap sets": lambda name: set_summary(_offline(name)),
    "gap symbols": lambda name: SymbolCoverage.load(ROOT / GAP / "symbols" / f"{name}.json").table(),
    "gap correlations": _correlations,
    "gap alike": _alike,
    "gap differences": _differences,
    "pretraining": lambda folder: phonexl.pretraining.comparison.compare(_find(folder)),
}
_BLOCK = re.compile(rf"<!-- (({'|'.join(TABLES)})(?:: (.*?))?) -->\n(.*?)<!-- end -->", re.DOTALL)


def _find(*folders: str) -> list[Result]:
    return find_results([ROOT / folder for folder in folders])


def render(page: str) -> str:
    """A page with its tables made anew.

    Raises:
        ValueError: If a marker names a folder without results, or of several tasks.
    """
    return _BLOCK.sub(
        lambda found: f"<!-- {found[1]} -->\n{TABLES[found[2]](found[3] or '').markdown()}<!-- end -->", page
    )


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
