"""Pushing metrics as Spaces, and loading them by `evaluate` where our packages cannot be imported."""

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import RepoCard
from loopback_hub import LoopbackHub
from packaging.requirements import Requirement
from typer.testing import CliRunner

import evaluate_metrics
from dataset_scripts.readers import DataError
from phonexl.cli.push import app
from phonexl.hub_model import push_metric

pytestmark = [pytest.mark.hub, pytest.mark.medium]
Client = Callable[..., str]
ROOM = Path(evaluate_metrics.__file__).parent
METRICS = sorted(path.name for path in ROOM.iterdir() if (path / "app.py").exists())
PUSH = """
import json, sys
from pathlib import Path
from phonexl.hub_model import push_metric
room, *names = sys.argv[1:]
print(json.dumps({name: push_metric(Path(room) / name, f"user/{name}", private=False) for name in names}))
assert "torch" not in sys.modules
"""
STRANGER = """
import importlib.util, json, pathlib, sys
sys.path[:] = [entry for entry in sys.path if not (pathlib.Path(entry or ".") / "modeling_phonexl").exists()]
sys.meta_path[:] = [finder for finder in sys.meta_path if finder.find_spec("modeling_phonexl", None) is None]
assert [room for room in ("evaluate_metrics", "phonexl") if importlib.util.find_spec(room)] == []
import evaluate
sha, names = sys.argv[1], sys.argv[2:]
modules = {name: evaluate.load(f"user/{name}").name for name in names}
tags = [["DET", "NOUN", "VERB", "VERB", "PUNCT"]], [["DET", "NOUN", "NOUN", "VERB", "PUNCT"]]
pinned = evaluate.load("user/tagging_f1", revision=sha)
scores = pinned.compute(predictions=tags[0], references=tags[1])
rows = [[1.0, 2.0], [2.0, 1.0], [4.0, 3.0], [0.0, 1.0]]
same = evaluate.load("user/cka").compute(x=rows, y=rows)
print(json.dumps([modules, scores["xtreme_f1"], scores["accuracy"], same["cka"]]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A metric that the test may change."""
    return Path(shutil.copytree(ROOM / "tagging_f1", tmp_path / "tagging_f1"))


def test_every_metric_is_pushed_and_loaded_from_the_hub(hub: LoopbackHub, run_client: Client) -> None:
    addresses = json.loads(run_client(PUSH, ROOM, *METRICS))
    assert addresses.keys() == set(METRICS)
    for name in METRICS:
        repository = hub.repository("spaces", f"user/{name}")
        assert addresses[name].endswith(repository.head.sha)
        code = {path.name: path.read_bytes() for path in (ROOM / name).glob("*.py")}
        assert {path: file.data for path, file in repository.head.tree.items() if path.endswith(".py")} == code
        card = RepoCard(repository.head.tree["README.md"].data.decode())
        assert {"evaluate", "metric", "phonexl"} <= set(card.data["tags"])
        assert f'evaluate.load("user/{name}"' in card.text
        assert 'evaluate.load("evaluate_metrics/' not in card.text
    sha = hub.repository("spaces", "user/tagging_f1").head.sha
    # `evaluate` asks nothing of the Hub in offline mode, which the tests set.
    said = run_client(STRANGER, sha, *METRICS, HF_EVALUATE_OFFLINE=None)
    modules, f1, accuracy, same = json.loads(said.rstrip("\n").split("\n")[-1])
    assert modules.keys() == set(METRICS)
    assert (f1, accuracy) == (0.5, 0.8)
    assert same == pytest.approx(1.0)


@pytest.mark.usefixtures("socket_disabled")
def test_a_dry_run_lists_code_card_and_requirements(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").touch()
    lines = push_metric(folder, "user/tagging_f1", dry_run=True).split("\n")
    names = {path.name for path in folder.iterdir()} - {"__pycache__"}
    assert {line.split("\t")[2] for line in lines} == names
    shown = CliRunner().invoke(app, ["metric", str(folder), "user/tagging_f1", "--dry-run"])
    assert (shown.exit_code, shown.stdout.split("\n")[:-1]) == (0, lines)


def test_the_space_is_called_like_the_metric(folder: Path) -> None:
    """`evaluate.load("user/f1")` looks for `f1.py`."""
    with pytest.raises(ValueError, match='repository "user/f1": evaluate looks for a file of that name.*tagging_f1'):
        push_metric(folder, "user/f1", dry_run=True)


@pytest.mark.parametrize("name", ["tagging_f1.py", "app.py", "requirements.txt", "README.md"])
def test_a_metric_that_lacks_a_part_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name}: expected this file of a metric"):
        push_metric(folder, "user/tagging_f1", dry_run=True)


@pytest.mark.parametrize("name", ["notes.txt", ".env", "sub/x.py"])
def test_other_files_are_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(DataError, match=f'found "{name}"'):
        push_metric(folder, "user/tagging_f1", dry_run=True)


def test_a_card_that_makes_no_space_is_refused(folder: Path) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("sdk: gradio\n", ""), encoding="utf-8")
    with pytest.raises(DataError, match="front matter without sdk"):
        push_metric(folder, "user/tagging_f1", dry_run=True)


def test_every_space_names_the_gradio_that_the_pages_are_tested_with() -> None:
    """The Hub installs exactly that one, and gradio holds back the packages below it."""
    demo = ROOM.parent / "phonexl" / "demo"
    spaces = [*(ROOM / name for name in METRICS), demo]
    (version,) = {RepoCard.load(space / "README.md").data["sdk_version"] for space in spaces}
    project = tomllib.loads((ROOM.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (extra,) = project["project"]["optional-dependencies"]["demo"]
    assert version in Requirement(extra).specifier
