"""Scores by the number of labelled target sentences: a row per system, whatever its training data hash to."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from phonexl.cli import app
from phonexl.label_curve import label_curve
from phonexl.results import Result
from phonexl.training.data import draw


def make_result(method: str, seed: int, labels: int, score: float, sentences: str = "1", **recipe: Any) -> Result:
    values = {"task": "udpos", "source": "ja", "target": "ko", "method": method, "few_shot": labels, **recipe}
    data: dict[str, Any] = {"ko.test": {"sha256": sentences}, "train": {"sha256": f"{labels}"}}
    if labels:
        data["few_shot"] = {"sentences": labels, "sha256": ""}
    scores = {"ko": {"test": {"accuracy": score, "xtreme_f1": score / 2}}}
    return Result(f"udpos-{method}", "phonexl", values, seed, data, scores)


RUNS = [
    make_result("plain", 1, 10, 0.6),
    make_result("plain", 1, 0, 0.5),
    make_result("plain", 2, 0, 0.7),
    make_result("sino-xenic", 1, 1, 0.65),
    make_result("sino-xenic", 1, 10, 0.8),
]


def test_each_system_is_one_row_and_each_number_of_labels_one_column() -> None:
    table = label_curve(RUNS, "accuracy")
    assert table.columns == ["system", "seeds", *(f"ko accuracy, {n}" for n in ("0 labels", "1 label", "10 labels"))]
    assert table.rows == [
        ["udpos-plain", "1 to 2", "60.00 ± 14.14", "", "60.00"],
        ["udpos-sino-xenic", "1", "", "65.00", "80.00"],
    ]
    assert label_curve(RUNS).rows[1][2:] == ["", "32.50", "40.00"]  # xtreme_f1


def test_systems_of_one_name_are_told_apart_by_what_else_they_differ_in() -> None:
    merged = make_result("sino-xenic", 1, 0, 0.9, particle_merge_ratio=0.5)
    rows = label_curve([*RUNS, merged], "accuracy").rows
    assert [row[0] for row in rows] == [
        "udpos-plain",
        "udpos-sino-xenic (particle_merge_ratio=0.0)",
        "udpos-sino-xenic (particle_merge_ratio=0.5)",
    ]


def test_a_file_with_fewer_labels_counts_for_what_it_has() -> None:
    short = make_result("plain", 1, 50, 0.6)
    short.data["few_shot"]["sentences"] = 7
    assert label_curve([short]).columns[2] == "ko xtreme f1, 7 labels"


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="udpos-plain, seed 3: scored on other ko test sentences than udpos-plain"):
        label_curve([*RUNS, make_result("plain", 3, 0, 0.5, sentences="2")])
    with pytest.raises(ValueError, match="udpos-plain, seed 1: no scores of ko validation"):
        label_curve(RUNS, split="validation")
    with pytest.raises(ValueError, match="several tasks or pairs"):
        label_curve([*RUNS, make_result("plain", 1, 0, 0.5, target="vi")])
    with pytest.raises(ValueError, match="no result"):
        label_curve([])


def test_the_command_prints_the_table(tmp_path: Path) -> None:
    for number, run in enumerate(RUNS):
        run.save(tmp_path / f"{number}.json")
    done = CliRunner().invoke(app, ["results", "curve", str(tmp_path), "--metric", "accuracy"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "| udpos-sino-xenic | 1 |  | 65.00 | 80.00 |" in done.stdout


@pytest.mark.parametrize("size", [600, 1400, 5000])
def test_the_sentences_of_fewer_labels_are_among_those_of_more(size: int) -> None:
    """Else a curve would fall where it met worse sentences."""
    numbers = [n for n in (1, 5, 10, 20, 50, 100, 200) if n <= size / 12]
    drawn = [set(draw(range(size), number, seed=0)) for number in numbers]
    assert all(fewer < more for fewer, more in zip(drawn, drawn[1:], strict=False))
