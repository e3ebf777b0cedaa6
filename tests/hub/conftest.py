"""Fixtures of tests against a Hub: the loopback server, and clients of it in processes of their own."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_hub import TOKEN, LoopbackHub

_NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, where nothing listens


@pytest.fixture(scope="session")
def _server() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def hub(_server: LoopbackHub) -> Iterator[LoopbackHub]:
    """An empty Hub; the test fails if the server itself does."""
    _server.reset()
    yield _server
    assert _server.crashes == []


@pytest.fixture
def run_client(hub: LoopbackHub, tmp_path: Path) -> Callable[..., str]:
    """Run Python code as a client of the Hub, in a new process, and return what it prints.

    Clients read the environment while they are imported; hence the process. All of a test share one cache, which starts
    empty. Arguments after the code are its `sys.argv[1:]`; keywords are set in its environment, None unsets.
    """
    settings = {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(tmp_path / "hf_home"),
        "HF_HUB_DISABLE_XET": "1",  # the server knows only LFS
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        # Whatever asks for another host fails at once.
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
        "NO_PROXY": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    # Settings of the same kind from outside, whatever their case.
    theirs = re.compile("(HF|HUGGING_FACE)_.*|.*_PROXY", re.IGNORECASE)
    inherited = {name: value for name, value in os.environ.items() if not theirs.fullmatch(name)}

    def run(code: str, *arguments: object, **env: str | None) -> str:
        environment = {**inherited, **settings, **env}
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            env={name: value for name, value in environment.items() if value is not None},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
