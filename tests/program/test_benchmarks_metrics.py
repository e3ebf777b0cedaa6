"""The benchmark of the metrics on tiny inputs: that it measures what it says, never how fast it is."""

import gzip
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    return importlib.import_module("metrics")


def run(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks/metrics.py", *arguments])
    benchmark.main()


def test_run_leaves_its_figures_and_says_what_is_left_out(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["개가\tNOUN", "짖는다\tVERB", ".\tPUNCT", "", "새\tNOUN", "난다\tVERB", ""] * 30
    with gzip.open(tmp_path / "test-ko.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    out = tmp_path / "metrics.json"
    monkeypatch.setitem(sys.modules, "ckatorch.core", None)  # as if it were not installed
    options = ["--rounds", "1", "--shape", "3", "20", "4", "--stream-rows", "400", "--data", str(tmp_path)]
    run(benchmark, monkeypatch, *options, "--out", str(out))
    figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out
    assert "ckatorch is left out" in printed
    assert "MB held at 10 %" in printed
    assert figures["cka"]["languages, sentences, dimensions"] == [3, 20, 4]
    assert set(figures["cka"]["times"]) >= {"values, numpy", "values + exact null + jackknife, torch"}
    assert figures["streaming"]["debiased"] == pytest.approx(0.5, abs=0.05)
    assert set(figures["streaming"]["resident_megabytes"]) == {"10 %", "100 %"}
    assert (figures["tagging_f1"]["sentences"], figures["tagging_f1"]["tokens"]) == (60, 150)
    assert 0.3 < figures["tagging_f1"]["f1"] < 1
    assert "wall time with 2 threads" in figures["clock"]


def test_peers_are_called_as_their_numbers_are_compared(benchmark: ModuleType) -> None:
    """Stand-ins with the peers' interfaces and the plain formulas."""

    def hsic(left: Any, right: Any) -> Any:
        n = left.shape[1]

        def one(k: Any, other: Any) -> Any:
            k, other = k - torch.diag(k.diagonal()), other - torch.diag(other.diagonal())
            sums = k.sum() * other.sum() / ((n - 1) * (n - 2))
            return (k * other).sum() + sums - 2 / (n - 2) * (k.sum(0) @ other.sum(0))

        cross = torch.stack([torch.stack([one(k, other) for other in right]) for k in left])
        return cross, *(torch.stack([one(k, k) for k in side]) for side in (left, right))

    def cka_base(x: Any, y: Any) -> Any:
        x, y = x - x.mean(0), y - y.mean(0)
        return (x.T @ y).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm())

    features = benchmark.make_features(3, 15, 4)
    tensors = [torch.from_numpy(matrix) for matrix in features.values()]
    tasks = {
        "values, numpy": lambda: benchmark.values_only(list(features.values())),
        "values, pytorch-cka": lambda: benchmark.stacked_hsic(hsic, tensors),
        "values, ckatorch": lambda: benchmark.pair_by_pair(cka_base, tensors),
    }
    benchmark.check_agreement(tasks)
    wrong: Callable[[], Any] = lambda: np.eye(3)  # noqa: E731
    with pytest.raises(ArithmeticError, match="values, ckatorch differs by"):
        benchmark.check_agreement(tasks | {"values, ckatorch": wrong})
