"""The round trip of a tagger over the real Hub, on demand; and that the demand is what it takes.

HF_TOKEN=hf_... PHONEXL_HUB_NAMESPACE=you python -m pytest -m real_hub
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_hub import TOKEN, LoopbackHub
from round_trip import STRANGER, check_stranger
from saved_tagger import save_untrained_tagger

Client = Callable[..., str]
PUSH = """
import json, sys
from pathlib import Path
from huggingface_hub import HfApi
from phonexl.hub_model import push_model
folder, repo = sys.argv[1:]
address = push_model(Path(folder), repo)
print(json.dumps([address, HfApi().model_info(repo).private]))
"""


@pytest.mark.real_hub
def test_a_stranger_gets_the_model_that_was_pushed_to_the_real_hub(
    real_repository: str, real_client: Client, tmp_path: Path
) -> None:
    folder = save_untrained_tagger(tmp_path)
    address, is_private = json.loads(real_client(PUSH, folder, real_repository).rstrip("\n").split("\n")[-1])
    assert is_private
    sha = address.rpartition("/")[2]
    check_stranger(real_client(STRANGER, real_repository, sha, folder, tmp_path / "again"), sha, folder)


def run_on_demand(tmp_path: Path, **env: str) -> str:
    """What pytest says of the test above in this environment."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PHONEXL_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-m", "real_hub", __file__],
        env={**theirs, "HF_HOME": str(tmp_path), **env},
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.hub
def test_the_real_round_trip_needs_a_demand_and_leaves_nothing_behind(hub: LoopbackHub, tmp_path: Path) -> None:
    """The loopback Hub stands for the real one."""
    said = run_on_demand(tmp_path, HF_TOKEN=TOKEN, HF_ENDPOINT=hub.url)
    assert "set PHONEXL_HUB_NAMESPACE to write to the real Hub" in said
    assert "1 skipped" in said
    assert hub.log == []
    wanted = {"HF_TOKEN": TOKEN, "PHONEXL_HUB_NAMESPACE": "user", "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1"}
    assert "1 passed" in run_on_demand(tmp_path, **wanted)
    (created,) = hub.requests("POST", "/api/repos/create")
    assert created.status == 200
    assert [item.status for item in hub.requests("DELETE", "/api/repos/delete")] == [200]
    assert hub.state.repositories == {}
