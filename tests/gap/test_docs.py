"""The page on gaps: its figures are those of the files in results/."""

import re
from pathlib import Path

from phonexl.gap.analysis import Analysis, set_summary
from phonexl.gap.floor_table import floor_table
from phonexl.gap.symbols import SymbolCoverage
from phonexl.pretraining.comparison import compare
from phonexl.results import find_results

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gap.md").read_text(encoding="utf-8")


def test_the_table_is_rendered_from_the_analysis():
    found = re.search(r"<!-- gap sets: text -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    analysis = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json")
    assert found.group(1) == set_summary(analysis).markdown()


def test_the_table_of_symbols_is_rendered_from_its_file():
    found = re.search(r"<!-- gap symbols: plbert-kokoro -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    coverage = SymbolCoverage.load(ROOT / "results" / "gap" / "symbols" / "plbert-kokoro.json")
    assert found.group(1) == coverage.table().markdown()
    assert "a quarter of what is heard is lost" in PAGE
    assert 0.24 < coverage.rates["vie"]["unknown"] / coverage.rates["vie"]["segments"] < 0.27


def test_the_floors_are_rendered_from_the_runs_and_all_are_exceeded():
    found = re.search(r"<!-- gap floors -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    table = floor_table(find_results([ROOT / "results" / "gap" / "fine-tuned"]))
    assert found.group(1) == table.markdown()
    assert {row[-1] for row in table.rows} == {"above"}


def test_the_pretrained_encoders_are_rendered_from_their_runs_and_know_little_but_frequencies():
    found = re.search(r"<!-- pretraining -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    table = compare(find_results([ROOT / "results" / "pretraining"]))
    assert found.group(1) == table.markdown()
    for row in table.rows:
        by_frequency, bits = (
            float(row[table.columns.index(name)]) for name in ("bits a word by frequency", "bits a word")
        )
        assert 0.96 < bits / by_frequency < 1


def test_what_the_page_says_of_the_last_layer_holds():
    analysis = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json")
    figures = analysis.features["layer -1"]
    different = figures["sinkhorn"]["different_sentences"]
    assert figures["sinkhorn"]["divergence"]["mean"] < different["null"]["mean"]
    assert different["divergence"]["interval"][0] > different["null"]["high"]
    assert figures["h_divergence"]["proxy_a_distance"]["mean"] > 1.99
    assert figures["retrieval"]["csls"] > 0.9


def test_every_result_the_page_names_is_there():
    for name in re.findall(r"results/[\w/-]+", PAGE):
        assert list((ROOT / name).rglob("*.json")), name
