"""Rows of segments that training never met: taken from the nearest that it met, tones from tones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.articulation import has_features
from modeling_phonexl.transcription import TONE_LETTERS
from phonexl.methods import find_method
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.data import load_data
from phonexl.training.dataset import Row
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe, RecipeError
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
    rows = job.task.dataset(job.data.train, processor, job.task.labels, draws=True)
    table = tagger.phonexl.phoneme_embeddings
    assert table is not None
    start = table.weight.detach().clone()
    met = {sound for row in rows for word in row.sentence.phoneme_pieces for sound in word}
    with torch.no_grad():
        table.weight[sorted(met)] += 1.0
    before = table.weight.detach().clone()
    filled = fill_unseen_segments(tagger, processor, start)
    row_of = {symbol: processor.phonemes.encode([symbol])[0] for symbol in processor.phonemes.symbols}
    assert filled
    for symbol, index in row_of.items():
        source = filled.get(symbol)
        assert torch.equal(table.weight[index], before[index if source is None else row_of[source]])
        assert (index in met) <= (source is None)
        assert source is None or row_of[source] in met
    assert filled["d"] in {"t", "n", "l"}  # Chinese has no voiced stop
    assert all(bool(TONES & set(symbol)) == bool(TONES & set(source)) for symbol, source in filled.items())


@dataclass
class HearingCollator(PhoneXLCollator):
    """Notes every sound of the batches that are trained on."""

    heard: set[int] = field(default_factory=set)

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        batch = super().__call__(rows)
        for name, ids in batch.items():
            if name.endswith("phoneme_ids"):
                self.heard |= set(ids.flatten().tolist())
        return batch


@pytest.mark.parametrize("settings", [{}, {**NO_OBJECTIVES, "use_phonemes": True, "task_switch_ratio": 0.9}])
def test_what_a_switched_word_taught_is_kept(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    """Tones of the target come with words of the dictionary alone: their rows are the best that training has to say."""
    recipe = make_recipe(phoneme_vocab="segments", fill_unseen=True, **settings)
    job = Job(recipe, load_data(recipe, data), tmp_path, 1)
    trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification), make_collator=HearingCollator)
    job.run(trainer)
    assert isinstance(trainer.collator, HearingCollator)
    heard, phonemes = trainer.collator.heard, trainer.collator.processor.phonemes
    rows = [trainer.train_dataset[index] for index in range(len(trainer.train_dataset))]
    tagged = {sound for row in rows for word in row.sentence.phoneme_pieces for sound in word}
    row_of = {symbol: phonemes.encode([symbol])[0] for symbol in phonemes.symbols}
    assert any(TONES & set(symbol) for symbol, index in row_of.items() if index in heard - tagged)
    filled = job.stages["train"]["filled_segments"]
    assert filled.keys() == {symbol for symbol, index in row_of.items() if index not in heard and has_features(symbol)}
    assert {row_of[source] for source in filled.values()} <= heard


@pytest.mark.medium
@pytest.mark.usefixtures("one_thread")
def test_a_resumed_run_knows_what_was_met_before_it_stopped(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    class Stop(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 3:
                raise InterruptedError

    recipe = make_recipe(phoneme_vocab="segments", fill_unseen=True, save_strategy="steps", save_steps=2)
    (whole,) = train(recipe, data, tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", callbacks=[Stop()])
    (resumed,) = train(recipe, data, tmp_path / "stopped", resume=True)
    assert resumed.training["resumed_at_step"] == 2
    assert resumed.training["filled_segments"] == whole.training["filled_segments"]


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


def test_what_would_hide_the_unseen_is_refused(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path) -> None:
    """Weight decay moves every row; a first stage on the target's sentences meets what the second one does not."""
    settings = {"phoneme_vocab": "segments", "fill_unseen": True}
    with pytest.raises(RecipeError, match="weight_decay moves all: set weight_decay=0, or fill_unseen=false$"):
        make_recipe(**settings, weight_decay=0.01)
    make_recipe(**settings, weight_decay=0.0)
    method = find_method("objectives-first")
    with pytest.raises(RecipeError, match="objectives-first reads the target too, .*: set fill_unseen=false$"):
        train(make_recipe(**method.overrides(), **settings), data, tmp_path / "run", method=method)
