"""Fixtures of tests against a Hub: the loopback server or, on demand, the real one; clients in their own processes."""

import os
import re
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_hub import TOKEN, LoopbackHub

Client = Callable[..., str]
_NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, where nothing listens
_NAMESPACE = "PHONEXL_HUB_NAMESPACE"
_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "OMP_NUM_THREADS": "1",
}


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
def run_client(hub: LoopbackHub, tmp_path: Path) -> Client:
    """Run Python code as a client of the Hub, in a new process, and return what it prints.

    Clients read the environment while they are imported; hence the process. All of a test share one cache, which starts
    empty. Arguments after the code are its `sys.argv[1:]`; keywords are set in its environment, None unsets.
    """
    settings = {
        **_QUIET,
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(tmp_path / "hf_home"),
        "HF_HUB_DISABLE_XET": "1",  # the server knows only LFS
        # Whatever asks for another host fails at once.
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
        "NO_PROXY": "127.0.0.1",
    }
    # Settings of the same kind from outside, whatever their case.
    theirs = re.compile("(HF|HUGGING_FACE)_.*|.*_PROXY", re.IGNORECASE)
    inherited = {name: value for name, value in os.environ.items() if not theirs.fullmatch(name)}

    return _client({**inherited, **settings}, tmp_path)


def _client(environment: dict[str, str], folder: Path) -> Client:
    def run(code: str, *arguments: object, **env: str | None) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            env={name: value for name, value in {**environment, **env}.items() if value is not None},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


# The real Hub


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"real_hub: writes to the real Hub; needs HF_TOKEN and {_NAMESPACE}, else skipped"
    )


@pytest.fixture
def real_client(tmp_path: Path) -> Client:
    """As `run_client`, for the Hub that the user's environment names; only such a process may leave this machine."""
    if missing := " and ".join(name for name in ("HF_TOKEN", _NAMESPACE) if not os.environ.get(name)):
        pytest.skip(f"set {missing} to write to the real Hub, {_NAMESPACE} being your name there or an organisation's")
    online = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    return _client({**online, **_QUIET, "HF_HOME": str(tmp_path / "hf_home")}, tmp_path)


@pytest.fixture
def real_repository(real_client: Client) -> Iterator[str]:
    """A name that nobody has on the real Hub; whatever a test makes there is removed with it."""
    repo = f"{os.environ[_NAMESPACE]}/phonexl_test_{uuid.uuid4().hex}"
    yield repo
    remove = "import sys; from huggingface_hub import HfApi; HfApi().delete_repo(sys.argv[1], missing_ok=True)"
    real_client(remove, repo)
