"""Methods on mDeBERTa, an encoder built unlike BERT: those that read its states train on it, others say why not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dataset_scripts.readers import to_tsv
from dataset_scripts.schema import Sentence
from phonexl.methods import find_method, method_names
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

pytestmark = pytest.mark.usefixtures("one_thread")

LAYER_BY_LAYER = ("filter", "x-mixup")  # they run the encoder's layers themselves
SHORT = {"max_steps": 1, "limit_train": 8, "limit_eval": 2, "translate-train.layer": 1, "romanised-contrast.layer": 1}


@pytest.mark.parametrize("name", [name for name in method_names() if name not in LAYER_BY_LAYER])
def test_a_method_trains_mdeberta(
    name: str,
    make_recipe: Callable[..., Recipe],
    save_deberta: Callable[[], Path],
    data: Path,
    draw_sentences: Callable[[str, int, int], list[Sentence]],
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    (folder / "train-vi.tsv").write_text(to_tsv(draw_sentences("vi", 8, 6)), encoding="utf-8", newline="\n")
    method = find_method(name)
    recipe = make_recipe(**method.overrides(), **SHORT, backbone=str(save_deberta()))
    (result,) = train(recipe, folder, tmp_path / "run", method=method)
    assert 0 <= result.scores["vi"]["test"]["accuracy"] <= 1


@pytest.mark.parametrize("name", LAYER_BY_LAYER)
def test_a_method_that_runs_layers_itself_refuses_it_before_training(
    name: str, make_recipe: Callable[..., Recipe], save_deberta: Callable[[], Path], data: Path, tmp_path: Path
) -> None:
    method = find_method(name)
    with pytest.raises(ValueError, match="a deberta-v2 encoder cannot be run layer by layer; expected one of bert"):
        train(make_recipe(**method.overrides(), backbone=str(save_deberta())), data, tmp_path / "run", method=method)
    assert not (tmp_path / "run").exists()
