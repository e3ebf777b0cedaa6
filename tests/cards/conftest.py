"""A folder of a model beside the result of a real run."""

import json
from pathlib import Path

import pytest
from card_facts import RUNS

from phonexl.results import RESULT_FILE, Result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the facts of a real run are read from, beside made configurations."""
    config = {"id2label": {"0": "NOUN"}, "languages": ["zh", "vi", "ja", "ko"], "use_phonemes": True}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "processor_config.json").write_text(json.dumps({"recipe": "default"}), encoding="utf-8")
    Result.load(RUNS / "seed-1.json").save(tmp_path / RESULT_FILE)
    return tmp_path
