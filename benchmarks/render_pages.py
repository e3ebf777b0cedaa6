"""Fills the tables of README.md and docs/ from the files in results/: no figure is typed.

A table stands between `<!-- MARKER -->` and `<!-- end -->`; the markers known here are `results: PAIR` (the runs of
results/udpos-2000), `compare: FOLDER METRIC [SPLIT]` (a folder of runs), `tags: LANGUAGE FOLDER...`, `gap floors`,
`gap sets: NAME`, `gap symbols: NAME`, `gap correlations` and `pretraining`. Tests hold the pages to what this writes.

    python benchmarks/render_pages.py
"""

import re
import sys
from pathlib import Path

import phonexl.pretraining.comparison
from phonexl.comparison import compare
from phonexl.gap.analysis import Analysis, set_summary
from phonexl.gap.floor_table import floor_table
from phonexl.gap.report import read_inputs
from phonexl.gap.scores import collect_systems
from phonexl.gap.symbols import SymbolCoverage
from phonexl.gap.tables import correlation_table
from phonexl.results import Table, find_results, make_table
from phonexl.tag_recall import tag_recall

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
PAGES = ("README.md", "docs/results.md", "docs/gap.md")
_KINDS = ("results", "compare", "tags", "gap floors", "gap sets", "gap symbols", "gap correlations", "pretraining")
_BLOCK = re.compile(rf"<!-- (({'|'.join(_KINDS)})(?:: (.*?))?) -->\n(.*?)<!-- end -->", re.DOTALL)


def render(page: str) -> str:
    """A page with its tables made anew.

    Raises:
        ValueError: If a marker names a folder without results, or of several tasks.
    """
    return _BLOCK.sub(lambda found: f"<!-- {found[1]} -->\n{_table(found[2], found[3]).markdown()}<!-- end -->", page)


def _table(kind: str, argument: str) -> Table:
    if kind == "results":
        runs = [run for run in find_results([RESULTS / "udpos-2000"]) if f"-{argument}-" in f"{run.name}-"]
        return make_table(runs, ("accuracy", "xtreme_f1"))
    if kind == "compare":
        folder, metric, *split = argument.split()
        return compare(find_results([ROOT / folder]), metric, *split)
    if kind == "tags":
        language, *folders = argument.split()
        return tag_recall(find_results([ROOT / folder for folder in folders]), language)
    if kind == "gap floors":
        return floor_table(find_results([RESULTS / "gap" / "fine-tuned"]))
    if kind == "gap sets":
        return set_summary(Analysis.load(RESULTS / "gap" / f"offline-{argument}" / "analysis.json"))
    if kind == "gap symbols":
        return SymbolCoverage.load(RESULTS / "gap" / "symbols" / f"{argument}.json").table()
    if kind == "gap correlations":
        inputs = read_inputs([RESULTS / "gap" / "classifiers", RESULTS / "gap" / "fine-tuned"])
        return correlation_table(collect_systems(inputs.results, "test"), list(inputs.analyses.values()))
    return phonexl.pretraining.comparison.compare(find_results([RESULTS / "pretraining"]))


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
