"""The matrix of versions: what a cell reports and leaves behind; and, slowly, its two corners for real."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
import versions
from packaging.requirements import Requirement

SCRIPT = Path(versions.__file__)
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
# Stands for Python: makes an "environment" whose program is itself, and answers for pip and pytest.
STAND_IN = """#!{python}
import json, os, pathlib, shutil, sys, time
pathlib.Path(os.environ["CALLS"]).open("a").write(json.dumps(sys.argv[1:]) + "\\n")
match sys.argv[1:]:
    case ["--version"]:
        print("Python {version}.77")
    case ["-m", "venv", place]:
        (pathlib.Path(place) / "bin").mkdir(parents=True)
        shutil.copy(__file__, pathlib.Path(place) / "bin" / "python")
    case ["-m", "pip", *_, "--constraint", pins, "--editable", _]:
        pathlib.Path(os.environ["CALLS"]).open("a").write(json.dumps(pathlib.Path(pins).read_text().split()) + "\\n")
        sys.exit(int(os.environ.get("PIP", "0")))
    case ["-c", _, *names]:
        print(*(f"1.{{i}}" for i, _ in enumerate(names)), sep="\\n")
    case ["-m", "pytest", *_]:
        time.sleep(float(os.environ.get("SLEEP", "0")))
        print("....\\n3 failed, 4 passed in 1.00s" if os.environ.get("PYTEST") else "....\\n4 passed in 1.00s")
        sys.exit(int(os.environ.get("PYTEST", "0")))
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    program = tmp_path / "python"
    program.write_text(STAND_IN.format(python=sys.executable, version=HERE), encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "temporary").mkdir()
    return program


def start(tmp_path: Path, arguments: Sequence[str], **env: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "CALLS": str(tmp_path / "calls"), "TMPDIR": str(tmp_path / "temporary"), **env}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, str(SCRIPT), *arguments]
    # What a shell starts in the background has Ctrl-C ignored, and so have its children.
    return subprocess.Popen(command, env=environment, text=True, preexec_fn=_hear_interrupts, **streams)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(tmp_path: Path, *arguments: str, **env: str) -> tuple[int, list[str], str]:
    process = start(tmp_path, arguments, **env)
    out, err = process.communicate()
    assert list((tmp_path / "temporary").iterdir()) == []
    return process.returncode, out.rstrip("\n").split("\n"), err


def test_each_cell_is_installed_with_its_pins_and_is_one_line(tmp_path: Path, stand_in: Path) -> None:
    status, lines, _ = run(tmp_path, "--python", str(stand_in), "tests/hub")
    assert status == 0
    shown = "transformers 1.0  huggingface-hub 1.1  torch 1.2  4 passed in 1.00s"
    assert [line.rpartition("  (")[0] for line in lines] == [f"{HERE}.77  {cell}  {shown}" for cell in versions.CELLS]
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text(encoding="utf-8").rstrip("\n").split("\n")]
    pins = [call for call in calls if call[0].count("==")]
    assert [pin[:-1] for pin in pins] == [
        ["transformers==5.17.0", "huggingface-hub==1.31.0"],
        ["transformers==5.23.0", "huggingface-hub==1.33.0"],
        [],
    ]
    assert all(pin[-1].startswith("torch==") for pin in pins)
    tested = [call for call in calls if "pytest" in call]
    assert [call[-3:] for call in tested] == [["-m", "not slow and not gpu", "tests/hub"]] * 3


@pytest.mark.parametrize(
    ("env", "said"), [({"PYTEST": "1"}, "failed: 3 failed, 4 passed"), ({"PIP": "1"}, "-  not installed: ")]
)
def test_a_cell_that_fails_is_named_and_the_status_says_so(
    tmp_path: Path, stand_in: Path, env: dict[str, str], said: str
) -> None:
    status, (line,), _ = run(tmp_path, "--python", str(stand_in), "--cell", "oldest", **env)
    assert status == 1
    assert said in line


@pytest.mark.parametrize("name", ["3.99", "/nowhere/python", str(SCRIPT)])
def test_an_interpreter_that_does_not_exist_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "temporary").mkdir()
    status, lines, err = run(tmp_path, "--python", name)
    assert (status, lines) == (2, [""])
    assert err == f"Python {name}: not found, so not run; give its path with --python\n"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_matrix_leaves_nothing(tmp_path: Path, stand_in: Path, sent: signal.Signals) -> None:
    """An environment has gigabytes."""
    process = start(tmp_path, ["--python", str(stand_in), "--cell", "newest"], SLEEP="60")
    calls = tmp_path / "calls"
    while not calls.exists() or "pytest" not in calls.read_text(encoding="utf-8"):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(sent)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (versions.INTERRUPTED, "")
    assert err == "interrupted; the environments are removed\n"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_oldest_cell_is_what_the_project_admits() -> None:
    """A bound that no test runs at is a promise."""
    project = tomllib.loads((versions.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {requirement.name: requirement.specifier for requirement in map(Requirement, project["dependencies"])}
    for name, version in versions.CELLS["oldest"].items():
        (least,) = [bound.version for bound in bounds[name] if bound.operator == ">="]
        assert version.startswith(least), name
    listed = {line.rpartition(" :: ")[2] for line in project["classifiers"] if "Python :: 3." in line}
    assert listed == set(versions.PYTHONS)


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize(("cell", "python"), [("oldest", versions.PYTHONS[0]), ("newest", versions.PYTHONS[-1])])
def test_the_fast_tests_pass_in_a_corner_of_the_matrix(cell: str, python: str) -> None:
    """Needs a package index, gigabytes of disk, and up to an hour."""
    if versions.find_python(python) is None:
        pytest.skip(f"no Python {python} here")
    done = subprocess.run([sys.executable, str(SCRIPT), "--cell", cell, "--python", python], check=False)
    assert done.returncode == 0
