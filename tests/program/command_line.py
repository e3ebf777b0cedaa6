"""The command line as the tests use it: in this process, or as the installed command.

The tests are in `test_cli*.py`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import phonexl.progress
from phonexl.cli import app

PHONEXL = Path(sys.executable).parent / "phonexl"
# One thread: two that share a core wait for each other. Buffered: as a user's pipe is.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": ""}
TINY = ("max_steps=2", "eval_strategy=no", "save_strategy=no", "vocab=full")


def invoke(*arguments: object, text: str | bytes = "") -> Result:
    """Run a command in this process; its exit code and streams are those of the installed one."""
    with pytest.MonkeyPatch.context() as patch:
        # It silences transformers for the whole process, which here is that of all tests.
        patch.setattr(phonexl.progress, "quiet_transformers", lambda: None)
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)


def succeed(*arguments: object, text: str | bytes = "") -> str:
    """What the command writes to stdout; it must end well."""
    result = invoke(*arguments, text=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def refuse(code: int, message: str, *arguments: object, text: str | bytes = "") -> None:
    """The command must end with this code, nothing on stdout, and a last line on stderr that matches."""
    result = invoke(*arguments, text=text)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    *_, last = result.stderr.rstrip("\n").split("\n")
    assert last.startswith("phonexl: ")
    assert re.search(message, last), last


def run_child(prelude: str, arguments: Sequence[object], **options: Any) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own, after some lines of Python."""
    program = f"import sys\n{prelude}\nfrom phonexl.cli import main\nsys.argv[0] = 'phonexl'\nmain()"
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], env=ENVIRONMENT, **streams)


def settings_of(backbone: Path, *more: str) -> list[str]:
    """Options that let any recipe train two steps of a tiny backbone."""
    return [part for setting in (f"backbone={backbone}", *TINY, *more) for part in ("--set", setting)]


def example_of(command: str) -> str:
    """The example in a command's help."""
    found = re.search(r"Example: (.*?) ╭", " ".join(succeed(*command.split(), "--help").split()))
    assert found, command
    return found.group(1)
