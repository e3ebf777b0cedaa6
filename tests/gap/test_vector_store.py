"""Kept vectors: the same as computed, and never those of another model, spelling or text."""

import importlib.metadata
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from phonexl.gap.representations import SentenceVectors
from phonexl.gap.vector_store import (
    check_vectors,
    digest_model,
    digest_transcription,
    key_of,
    load_vectors,
    save_vectors,
)


@pytest.fixture
def vectors() -> SentenceVectors:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((4, 7, 3)).astype(np.float32)
    return SentenceVectors({0: rows[0], -1: rows[1]}, rows[2], None, np.arange(1, 8), 1 / 3, 2, rows[3])


def test_an_encoder_without_a_table_of_words_has_none_in_the_file(vectors, tmp_path):
    save_vectors(tmp_path / "eng.safetensors", "k", replace(vectors, words=None))
    found = load_vectors(tmp_path / "eng.safetensors", "k")
    assert found is not None
    assert found.words is None


def test_vectors_come_back_as_they_were(vectors, tmp_path):
    save_vectors(tmp_path / "v" / "eng.safetensors", "k", vectors)
    found = load_vectors(tmp_path / "v" / "eng.safetensors", "k")
    assert found is not None
    assert list(found.layers) == [-1, 0] or list(found.layers) == [0, -1]
    for layer in (0, -1):
        np.testing.assert_array_equal(found.layers[layer], vectors.layers[layer])
    np.testing.assert_array_equal(found.words, vectors.words)
    np.testing.assert_array_equal(found.lengths, vectors.lengths)
    np.testing.assert_array_equal(found.probabilities, vectors.probabilities)
    assert found.positions is None
    assert (found.unknown_rate, found.truncated) == (vectors.unknown_rate, 2)
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == [".gitignore", "eng.safetensors"]


def test_a_foreign_gitignore_stays(vectors, tmp_path):
    (tmp_path / ".gitignore").write_text("mine", "utf-8")
    save_vectors(tmp_path / "eng.safetensors", "k", vectors)
    assert (tmp_path / ".gitignore").read_text("utf-8") == "mine"
    check_vectors([tmp_path / "eng.safetensors", tmp_path / "fra.safetensors"])


def test_what_was_made_otherwise_or_is_damaged_is_computed_anew(vectors, tmp_path, caplog):
    path = tmp_path / "eng.safetensors"
    assert load_vectors(path, "k") is None
    save_vectors(path, "k", vectors)
    assert load_vectors(path, "other") is None
    assert not caplog.records
    path.write_bytes(path.read_bytes()[:-5])
    assert load_vectors(path, "k") is None
    assert "eng.safetensors is damaged" in caplog.text
    check_vectors([path])  # in a folder of ours a damaged file is ours


@pytest.mark.parametrize(
    "change",
    [{"model": "n"}, {"spelling": "ipa"}, {"layers": (0,)}, {"sentences": ["a", "bc"]}, {"versions": {"t": "2"}}],
)
def test_the_key_depends_on_everything_that_vectors_depend_on(change):
    base = {"model": "m", "spelling": "text", "layers": (0, -1), "sentences": ["ab", "c"], "versions": {"t": "1"}}
    assert key_of(**base) == key_of(**base)
    assert key_of(**{**base, **change}) != key_of(**base)


def test_a_digest_is_of_the_checkpoint_and_nothing_beside_it(checkpoint: Path, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(checkpoint, folder)
    for name in ("result.json", "analysis.json"):
        (folder / name).write_text("{}", "utf-8")
    assert digest_model(str(folder)) == digest_model(str(checkpoint))
    config = folder / "config.json"
    config.write_text(config.read_text("utf-8") + " ", "utf-8")
    assert digest_model(str(folder)) != digest_model(str(checkpoint))


def test_another_package_makes_another_reading(monkeypatch):
    """With a lexicon of stress, Russian is spelled otherwise: vectors from before must not come back."""
    before = digest_transcription()
    assert digest_transcription() == before
    packages = [*importlib.metadata.distributions()]
    lexicon = SimpleNamespace(name="lexicon", version="1")
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: [*packages, lexicon])
    assert digest_transcription() != before
