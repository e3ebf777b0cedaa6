"""Runs the fast tests with the oldest and the newest dependencies that `pyproject.toml` admits, on every Python.

Each cell gets a virtual environment of its own, made and removed here. What is tested stands in the tests.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
# transformers 5.17 takes huggingface_hub 1.x alone, and datasets 5.2 asks for 1.31; from 2.0 on the hub's client has
# another HTTP library, so that 5.23 is run on both sides of it. What is not pinned is the newest.
CELLS: Mapping[str, Mapping[str, str]] = {
    "oldest": {"transformers": "5.17.0", "huggingface-hub": "1.31.0"},
    "middle": {"transformers": "5.23.0", "huggingface-hub": "1.33.0"},
    "newest": {},
}
SHOWN = ("transformers", "huggingface-hub", "torch")
INTERRUPTED = 130
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_VERSIONS = "import importlib.metadata as m, sys; print(*(m.version(name) for name in sys.argv[1:]), sep='\\n')"


@dataclass(frozen=True)
class Interpreter:
    """A Python to make environments of.

    Attributes:
        path: The program.
        version: Its version, all three parts.
    """

    path: str
    version: str


def find_python(name: str) -> Interpreter | None:
    """An interpreter by its path, or by a version such as 3.12; None if there is none, or it is of another version."""
    places = [name] if os.sep in name else [f"python{name}", "python3", "python"]
    if os.sep not in name:
        # pyenv's programs of this name answer only where its version is chosen.
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        places += [str(path) for path in sorted(pyenv.glob(f"{name}.*/bin/python"), reverse=True)]
    for place in places:
        with contextlib.suppress(OSError):
            shown = subprocess.run([place, "--version"], capture_output=True, text=True, check=False)
            found = re.fullmatch(r"Python ((\d+\.\d+)\.\S+)", shown.stdout.strip())
            if found and (os.sep in name or found.group(2) == name):
                return Interpreter(place, found.group(1))
    return None


def run_cell(python: Interpreter, cell: str, tests: Sequence[str], place: Path) -> bool:
    """Install a cell and run the tests in it; prints one line that says what came out.

    Args:
        python: Interpreter of its environment.
        cell: A key of `CELLS`.
        tests: Files or folders, relative to the repository; none for all.
        place: Folder for the environment; what a step that fails says goes to stderr.

    Returns:
        Whether every test passed.
    """
    begin = time.monotonic()
    place.mkdir(parents=True, exist_ok=True)
    pins = place / "pins.txt"
    pins.write_text("".join(f"{name}=={version}\n" for name, version in pins_of(cell).items()), encoding="utf-8")
    binary = str(place / "venv" / "bin" / "python")
    project = ["--constraint", str(pins), "--editable", f"{ROOT}[offline,onnx,dev]"]
    versions, outcome = "-", ""
    for step, command in {
        "no environment": [python.path, "-m", "venv", str(place / "venv")],
        "not installed": [binary, "-m", "pip", "install", "--quiet", *project],
        "versions unknown": [binary, "-c", _VERSIONS, *SHOWN],
        "failed": [binary, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow and not gpu", *tests],
    }.items():
        status, text = _run(command, place / "log.txt")
        if status:
            sys.stderr.write(text)
            outcome = f"{step}: "
            break
        if step == "versions unknown":
            versions = "  ".join(map(" ".join, zip(SHOWN, text.split(), strict=True)))
    # The last line of pytest has the numbers of tests: "1 failed, 20 passed in 3.10s".
    outcome += next((line.strip("= ") for line in reversed(text.split("\n")) if line), f"exit status {status}")
    minutes = (time.monotonic() - begin) / 60
    print(f"{python.version}  {cell}  {versions}  {outcome}  ({minutes:.1f} min)", flush=True)
    return status == 0


def _run(command: Sequence[str], log: Path) -> tuple[int, str]:
    """Exit status of a step, and all that it said."""
    with log.open("w", encoding="utf-8") as stream:
        status = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **_ENVIRONMENT},
            check=False,
        ).returncode
    return status, log.read_text(encoding="utf-8", errors="replace")


def pins_of(cell: str) -> dict[str, str]:
    """Exact versions of a cell, and torch as the constraints have it: other versions of it are another matrix."""
    torch = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    return {**CELLS[cell], **({"torch": torch.group(1)} if torch else {})}


@contextlib.contextmanager
def _ends_on_termination() -> Iterator[None]:
    """Let a kill clean up as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", help="files or folders of tests (default: all)")
    parser.add_argument(
        "--cell", action="append", choices=CELLS, dest="cells", help="may be repeated (default: all three)"
    )
    parser.add_argument(
        "--python",
        action="append",
        dest="pythons",
        help=f"version, or path of an interpreter; may be repeated (default: those of {', '.join(PYTHONS)} that exist)",
    )
    return parser.parse_args(arguments)


def main() -> int:
    """Exit status: 0 all passed, 1 some failed, 2 no such interpreter, 130 interrupted."""
    arguments = parse_arguments()
    found = {name: find_python(name) for name in arguments.pythons or PYTHONS}
    for name in (name for name, python in found.items() if python is None):
        print(f"Python {name}: not found, so not run; give its path with --python", file=sys.stderr)
    if arguments.pythons and None in found.values() or not any(found.values()):
        return 2
    passed = []
    try:
        with _ends_on_termination():
            for python in filter(None, found.values()):
                for cell in arguments.cells or CELLS:
                    with tempfile.TemporaryDirectory(prefix="phonexl-matrix-") as place:
                        passed.append(run_cell(python, cell, arguments.tests, Path(place)))
    except KeyboardInterrupt:
        print("interrupted; the environments are removed", file=sys.stderr)
        return INTERRUPTED
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
