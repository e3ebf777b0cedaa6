"""Rows of segments that training never met: taken from the nearest that it met, tones from tones."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.transcription import TONE_LETTERS
from phonexl.methods import find_method
from phonexl.training.data import load_data
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe
from phonexl.training.run import train
from phonexl.training.unseen_segments import fill_unseen_segments

pytest.importorskip("panphon")
TONES = set(TONE_LETTERS)


def test_unseen_rows_are_those_of_the_nearest_seen_segment(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    recipe = make_recipe(phoneme_vocab="segments")
    job = Job(recipe, load_data(recipe, data), tmp_path, 1)
    tagger, processor = job.build(PhoneXLForTokenClassification)
    trainer = job.make_trainer(tagger, processor)
    rows = [trainer.train_dataset[index] for index in range(len(trainer.train_dataset))]
    table = tagger.phonexl.phoneme_embeddings
    assert table is not None
    before = table.weight.detach().clone()
    filled = fill_unseen_segments(tagger, processor, rows)
    met = {sound for row in rows for word in row.sentence.phoneme_pieces for sound in word}
    row_of = {symbol: processor.phonemes.encode([symbol])[0] for symbol in processor.phonemes.symbols}
    assert filled
    for symbol, index in row_of.items():
        source = filled.get(symbol)
        assert torch.equal(table.weight[index], before[index if source is None else row_of[source]])
        assert (index in met) <= (source is None)
        assert source is None or row_of[source] in met
    assert filled["d"] in {"t", "n", "l"}  # Chinese has no voiced stop
    assert all(bool(TONES & set(symbol)) == bool(TONES & set(source)) for symbol, source in filled.items())


@pytest.mark.medium
def test_a_recipe_asks_for_it_and_the_result_says_what_was_filled(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    (result,) = train(make_recipe(phoneme_vocab="segments", fill_unseen=True, max_steps=1), data, tmp_path / "run")
    assert result.training["filled_segments"]


@pytest.mark.parametrize("settings", [{}, {"phoneme_vocab": "segments", "use_phonemes": False, "align_weight": 0}])
def test_a_tagger_without_a_table_of_segments_is_refused_before_it_is_trained(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    """After the last step it would be refused too, with the whole training lost."""
    recipe = make_recipe(fill_unseen=True, max_steps=1, **settings)
    with pytest.raises(ValueError, match="fill_unseen needs a table of segments: set phoneme_vocab=segments and use_p"):
        train(recipe, data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_every_stage_of_every_method_fills_them(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path) -> None:
    """Translate-train builds its Trainer itself; asked for, it may not be passed over in silence."""
    method = find_method("translate-train")
    settings = {**method.overrides(), "use_phonemes": True, "phoneme_vocab": "segments"}
    settings |= {"fill_unseen": True, "translate-train.layer": 1}
    (result,) = train(make_recipe(**settings, max_steps=1), data, tmp_path / "run", method=method)
    assert result.training["filled_segments"]
