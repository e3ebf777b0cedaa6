"""The analysis on a tiny encoder: what it must find, what it must refuse, and the command."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset_scripts.readers import DataError
from evaluate_metrics.cka.linear_cka import linear_cka
from phonexl.gap.analysis import Analysis, analyze, by_language, read_parallel, summary
from phonexl.gap.representations import embed_sentences

WORDS = "the cat sat on a mat and saw two fat rats run by it".split()


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    generator = np.random.default_rng(0)
    english = [" ".join(generator.choice(WORDS, size)) for size in generator.integers(2, 9, 30)]
    return {
        "eng": english,
        "fra": [sentence[::-1] for sentence in english],  # the same letters: the same words, other positions
        "kor": ["".join("가나다라마바사"[ord(c) % 7] for c in sentence) for sentence in english],
    }


@pytest.fixture(scope="module")
def found(checkpoint: Path, texts: dict[str, list[str]]) -> Analysis:
    return analyze(str(checkpoint), texts, layers=(0, -1))


def test_equal_words_are_found_without_positions_only(found):
    """fra has the letters of eng: its word vectors are equal, its positions too, and no layer is."""
    words = found.features["words only"]["cka"]
    assert words["debiased_matrix"][0][1] == pytest.approx(1, abs=1e-6)
    assert words["debiased_matrix"][0][2] < 0.99
    positions = found.features["positions only"]["cka"]
    assert positions["debiased"]["mean"] == pytest.approx(1, abs=1e-6)  # all three have equal lengths
    assert found.features["layer -1"]["cka"]["debiased_matrix"][0][1] < 1


def test_figures_are_those_of_the_metric(found, checkpoint, texts, bert, tokenizer):
    vectors = [embed_sentences(bert, tokenizer, texts[lang], (-1,)).layers[-1] for lang in texts]
    pairs = [(0, 1), (0, 2), (1, 2)]
    cka = found.features["layer -1"]["cka"]
    for debiased, key in ((False, "biased"), (True, "debiased")):
        expected = np.mean([linear_cka(vectors[i], vectors[j], debiased=debiased) for i, j in pairs])
        value = cka[key] if key == "biased" else cka[key]["mean"]
        assert value == pytest.approx(expected, abs=1e-5)


def test_tables_hold_every_kind_and_language(found):
    assert [row[0] for row in summary(found).rows] == ["layer 0", "layer -1", "words only", "positions only"]
    rows = by_language(found, "layer -1").rows
    assert [row[0] for row in rows] == ["eng", "fra", "kor"]
    assert all(row[2] == "0.00%" for row in rows)
    with pytest.raises(ValueError, match="no features 'layer 5'; there are: layer 0"):
        by_language(found, "layer 5")


def test_parallel_files_are_found_and_checked(tmp_path):
    folder = tmp_path / "flores"
    folder.mkdir()
    (folder / "devtest.vie.txt.gz").write_bytes(gzip.compress("Xin chào.\nTạm biệt.\n".encode()))
    (folder / "kor.txt").write_text("안녕.\n잘 가.\n", "utf-8")
    assert read_parallel(tmp_path, ["vi", "kor"]) == {"vie": ["Xin chào.", "Tạm biệt."], "kor": ["안녕.", "잘 가."]}
    assert read_parallel(tmp_path, ["vi"], 1) == {"vie": ["Xin chào."]}
    (folder / "eng.txt").write_text("Hello.\n", "utf-8")
    with pytest.raises(DataError, match="eng.txt: expected 2 lines as vie has, not 1"):
        read_parallel(tmp_path, ["vi", "eng"])
    with pytest.raises(DataError, match=r"a file devtest.fra.txt\[.gz\]"):
        read_parallel(tmp_path, ["fra"])


def test_too_little_is_refused(checkpoint, texts):
    with pytest.raises(ValueError, match="1 languages with 30 sentences; at least two with five"):
        analyze(str(checkpoint), {"eng": texts["eng"]})


def test_the_command_writes_what_it_prints(checkpoint, texts, tmp_path):
    for language, lines in texts.items():
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    command = [Path(sys.executable).parent / "phonexl", "gap", "analyze", "--data", tmp_path, "--out", tmp_path / "out"]
    command += [
        "--languages",
        "eng,ko",
        "--model",
        checkpoint,
        "--spelling",
        "romanized",
        "--layers=-1",
        "--limit",
        "20",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    saved = json.loads((tmp_path / "out/analysis.json").read_text("utf-8"))
    assert (saved["languages"], saved["sentences"], saved["spelling"]) == (["eng", "kor"], 20, "romanized")
    assert f"| layer -1 | {saved['features']['layer -1']['cka']['biased']:.3f} |" in done.stdout
    refused = subprocess.run([*map(str, command), "--layers", "x"], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("phonexl: --layers 'x': expected whole numbers")
