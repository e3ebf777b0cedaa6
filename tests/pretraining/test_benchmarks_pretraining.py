"""The benchmark: the same sentences in every layout, and a JSON that says what was measured on what."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from phonexl.pretraining.corpus import Corpus, save_corpus
from phonexl.pretraining.dataset import HiddenSentence
from phonexl.pretraining.encoder import Body, build_encoder, guess, sum_of_nats

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which finds its neighbours as it does when a shell starts it."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    return importlib.import_module("pretraining")


def test_every_layout_has_the_same_loss(script: ModuleType) -> None:
    """A speed-up over another task would be none."""
    generator = np.random.default_rng(0)
    sentences = []
    for length in generator.integers(4, 60, 21):
        ids = generator.integers(5, 40, length).astype(np.int32)
        sentences.append(HiddenSentence(ids, np.where(np.arange(length) % 3 == 1, ids, -100).astype(np.int32), 1))
    model = build_encoder(Body(2, 64), 40, 64, 0, 1).eval()
    sums, filled = [], []
    for layout in script.LAYOUTS:
        batches = script.lay_out(sentences, layout, 0)
        with torch.no_grad():
            sums.append(sum(float(sum_of_nats(*guess(model, batch))) for batch in batches))
        assert sum(batch["counts"]["sentences"] for batch in batches) == 21
        filled.append(sum(batch["input_ids"].numel() for batch in batches))
    assert sums == pytest.approx([sums[0]] * 3, rel=1e-5)
    packed, padded, ordered = filled
    assert max(packed, ordered) < padded  # few sentences leave much of the last row empty


def test_figures_name_machine_precision_and_peak(
    script: ModuleType, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_corpus(corpus, tmp_path / "corpus.jsonl.gz")
    out = tmp_path / "figures.json"
    arguments = ["--data", str(tmp_path / "corpus.jsonl.gz"), "--representations", "phoneme", "--body", "1x64"]
    more = ["--rounds", "1", "--batch-size", "16", "--cpu", "--fp32", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["pretraining.py", *arguments, *more])
    monkeypatch.setattr(script, "MATRIX", {"cpu": 64})
    monkeypatch.setattr(script, "MAX_LENGTH", 128)
    monkeypatch.setattr(script, "use_one_core", lambda: None)
    script.main()
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["precision"] == "fp32"
    assert {"versions", "hardware", "command"} <= set(figures)
    found = figures["representations"]["phoneme"]
    assert found["peak_gflops"] > 0
    assert found["packed"]["slower_than_packed"] == 1
    assert 1 >= found["packed"]["filled"] > found["padded"]["filled"] > 0
