"""The benchmark of the pipeline: that both sides read the same unread text, and that the figures are what they say."""

import gzip
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
SAMPLES = Path(__file__).resolve().parents[2] / "dataset_scripts" / "samples"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    return importlib.import_module("pipeline")


class Pipe:
    """Keeps the texts that it is given, and takes so many seconds for each on a clock of its own; cold, ten times."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.batches: list[list[str]] = []
        self.prepared: list[str] = []

    def __call__(self, texts: str | list[str], batch_size: int = 1) -> None:
        alone = isinstance(texts, str)
        cold = not any(len(batch) == 1 for batch in self.batches) if alone else not self.batches
        self.batches.append([str(texts)] if alone else list(texts))
        assert batch_size == (1 if alone else 32)
        self.clock[0] += self.seconds * len(self.batches[-1]) * (10 if cold else 1)

    def preprocess(self, text: str) -> Iterator[object]:
        self.prepared.append(text)
        self.clock[0] += self.seconds / 4
        yield text


@pytest.fixture
def pipes(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    clock = [0.0]
    monkeypatch.setattr("time.process_time", lambda: clock[0])
    return {"phonexl": Pipe(clock, 0.05), "stock": Pipe(clock, 0.04)}


@pytest.mark.parametrize(
    ("language", "tokens", "text"),
    [
        ("zh", "我 去 北京 。", "我去北京。"),
        ("ja", "東京 へ 行く", "東京へ行く"),
        ("ko", "나는 간다 .", "나는 간다."),
        ("vi", "Hà_Nội , thủ_đô .", "Hà Nội, thủ đô."),
    ],
)
def test_raw_text_is_as_people_write_it(script: ModuleType, language: str, tokens: str, text: str) -> None:
    assert script.raw_text([token.replace("_", " ") for token in tokens.split()], language) == text


def test_texts_are_the_test_sentences_once_each(script: ModuleType, tmp_path: Path) -> None:
    """A sentence that comes twice would be remembered; and Vietnamese without spaces is no raw text."""
    assert len(set(script.read_texts(SAMPLES, "ko"))) == 30
    (tmp_path / "test-vi.tsv").write_text("thủđô\tNOUN\n", encoding="utf-8")
    assert script.read_texts(tmp_path, "vi") == ["thủđô"]
    twice = "thủ đô\tNOUN\n.\tPUNCT\n\nthủ đô\tNOUN\n.\tPUNCT\n"
    (tmp_path / "spaced-test-vi.tsv.gz").write_bytes(gzip.compress(twice.encode()))
    assert script.read_texts(tmp_path, "vi") == ["thủ đô."]


def test_both_pipelines_read_the_same_and_nothing_twice(
    script: ModuleType, pipes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "LANGUAGES", ("ko",))
    monkeypatch.setattr(script, "read_texts", lambda *_: [str(number) for number in range(400)])
    figures = script.measure(pipes, SAMPLES, rounds=2, alone=11)["ko"]
    ours, stock = pipes["phonexl"], pipes["stock"]
    assert ours.batches == stock.batches
    read = [text for batch in ours.batches for text in batch] + ours.prepared
    assert sorted(read, key=int) == [str(number) for number in range(6 * 32 + 11)]
    assert figures["texts"] == 64
    assert figures["phonexl_per_second"] == pytest.approx(20)
    assert figures["stock_per_second"] == pytest.approx(25)
    assert (figures["ratio"], figures["ratios"], figures["preparation_share"]) == (0.8, [0.8, 0.8], 0.25)
    assert figures["latency"] == {"phonexl": {"p50": 50, "p99": 50}, "stock": {"p50": 40, "p99": 40}}
    assert script.make_table({"ko": figures}).rows == [
        ["ko", "20.0", "25.0", "0.80", "25%", "50.0 / 50.0", "40.0 / 40.0"]
    ]


def test_too_few_texts_are_refused(script: ModuleType, pipes: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"samples: expected 395 test sentences in 'zh', found 30: pass fewer --rounds"
    ):
        script.measure(pipes, SAMPLES, rounds=5, alone=11)
