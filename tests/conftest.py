"""Fixtures of all tests: where the shared data lie, and what no test may touch."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_EVALUATE_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # see phonexl/__init__.py
settings.register_profile("phonexl", deadline=None)  # a busy machine is no defect; time is measured in benchmarks/
settings.load_profile("phonexl")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; licences forbid shipping it: its tests skip where it is absent."""
    folder = Path(os.environ.get("PHONEXL_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data in {folder} (set PHONEXL_SHARED)")
    return folder
