"""Objectives first: what the first stage reads, what it hands on, and a run that is stopped between the two."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from dataset_scripts.readers import DataError, to_tsv
from dataset_scripts.schema import Sentence
from phonexl.methods import find_method
from phonexl.methods.objectives_first import METHOD
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import train
from phonexl.training.trainer import PhoneXLTrainer

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def both(data: Path, draw_sentences: Callable[[str, int, int], list[Sentence]], tmp_path: Path) -> Path:
    """The tiny data, with training sentences of the target; the first is one of its test sentences."""
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    sentences = [draw_sentences("vi", 8, 5)[0], *draw_sentences("vi", 30, 11)]
    (folder / "train-vi.tsv").write_text(to_tsv(sentences), encoding="utf-8")
    return folder


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> list[PhoneXLTrainer]:
    """Every Trainer that is made."""
    made: list[PhoneXLTrainer] = []
    make_trainer = Job.make_trainer

    def keep(self: Job, *arguments: Any, **named: Any) -> PhoneXLTrainer:
        made.append(make_trainer(self, *arguments, **named))
        return made[-1]

    monkeypatch.setattr(Job, "make_trainer", keep)
    return made


def tokens_of(trainer: PhoneXLTrainer, language: str) -> list[Sequence[str]]:
    return [row.tokens for row in trainer.train_dataset if row.lang == language]


def test_both_languages_without_a_label_and_then_the_source_alone(
    make_recipe: MakeRecipe, both: Path, sentences: list[Sentence], tmp_path: Path, trainers: list[PhoneXLTrainer]
) -> None:
    (result,) = train(make_recipe(**METHOD.overrides()), both, tmp_path / "run", method=METHOD)
    first, second = trainers
    assert (len(tokens_of(first, "zh")), len(tokens_of(first, "vi"))) == (22, 24)  # two of zh are in its test
    assert all(set(row.sentence.labels or ()) == {-100} for row in first.train_dataset)
    assert {row.lang for row in second.train_dataset} == {"zh"}
    assert all(first.tagger.loss_weights.values())
    assert second.tagger.loss_weights == {"task": 1.0, "align": 0, "mlm": 0, "xmlm": 0}
    facts = result.training
    assert facts["unlabelled"]["sentences"] == 46
    assert set(facts["stages"]) == {"objectives", "train"}


def test_no_test_sentence_is_read(
    make_recipe: MakeRecipe,
    both: Path,
    draw_sentences: Callable[[str, int, int], list[Sentence]],
    tmp_path: Path,
    trainers: list[PhoneXLTrainer],
) -> None:
    recipe = make_recipe(**METHOD.overrides(), **{"objectives-first.sentences": 31})  # all that there are
    train(recipe, both, tmp_path / "run", method=METHOD)
    tested = {sentence.tokens for sentence in draw_sentences("vi", 8, 5)}
    others = [sentence.tokens for sentence in draw_sentences("vi", 30, 11) if sentence.tokens not in tested]
    assert sorted(map(tuple, tokens_of(trainers[0], "vi"))) == sorted(others)


def test_the_second_stage_starts_where_the_first_ended(
    make_recipe: MakeRecipe, both: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its encoder, sounds and languages, and a classifier of its own."""
    starts: list[dict[str, torch.Tensor]] = []
    run = Job.run

    def keep(self: Job, trainer: PhoneXLTrainer) -> PhoneXLTrainer:
        starts.append({name: value.clone() for name, value in trainer.tagger.state_dict().items()})
        done = run(self, trainer)
        starts.append({name: value.clone() for name, value in trainer.tagger.state_dict().items()})
        return done

    monkeypatch.setattr(Job, "run", keep)
    train(make_recipe(**METHOD.overrides()), both, tmp_path / "run", method=METHOD)
    before, after, second, _ = starts
    carried = [name for name in second if name.startswith("phonexl.")]
    assert all(torch.equal(second[name], after[name]) for name in carried)
    moved = {name for name in carried if not torch.equal(before[name], after[name])}
    for part in ("encoder", "phoneme_embeddings", "language_embeddings"):
        assert any(part in name for name in moved), part
    assert not torch.equal(second["classifier.weight"], after["classifier.weight"])
    assert not any("mlm_head" in name or name == "logit_scale" for name in second)


def test_kept_objectives_go_on_with_their_heads(
    make_recipe: MakeRecipe, both: Path, tmp_path: Path, trainers: list[PhoneXLTrainer]
) -> None:
    recipe = make_recipe(**METHOD.overrides(), **{"objectives-first.keep": True})
    train(recipe, both, tmp_path / "run", method=METHOD)
    first, second = trainers
    assert second.tagger.loss_weights == first.tagger.loss_weights
    assert second.tagger.mlm_head is not None


def test_a_chain_of_tags_has_a_first_stage_without_tags(make_recipe: MakeRecipe, both: Path, tmp_path: Path) -> None:
    (result,) = train(make_recipe(**METHOD.overrides(), head="crf"), both, tmp_path / "run", method=METHOD)
    log = result.training["stages"]["objectives"]["last_log"]
    assert (log["task_loss"], log["mlm_loss"] > 0) == (0, True)


def test_text_in_place_of_the_data(
    make_recipe: MakeRecipe, data: Path, sentences: list[Sentence], tmp_path: Path, trainers: list[PhoneXLTrainer]
) -> None:
    text = tmp_path / "raw"
    text.mkdir()
    (text / "zho.txt").write_text("".join(f"{''.join(s.tokens)}\n" for s in sentences), encoding="utf-8")
    with gzip.open(text / "vie.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write("".join(f"hành động số {number}\n" for number in range(9)))
    recipe = make_recipe(**METHOD.overrides(), **{"objectives-first.text": str(text), "objectives-first.sentences": 5})
    train(recipe, data, tmp_path / "run", method=METHOD)
    assert (len(tokens_of(trainers[0], "zh")), len(tokens_of(trainers[0], "vi"))) == (5, 5)
    assert all("số" in row for row in tokens_of(trainers[0], "vi"))


def test_missing_text_is_named(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    recipe = make_recipe(**METHOD.overrides(), **{"objectives-first.text": str(tmp_path)})
    with pytest.raises(DataError, match=r"zho\.txt"):
        train(recipe, data, tmp_path / "run", method=METHOD)


def test_without_an_objective_there_is_nothing_to_do(make_recipe: MakeRecipe, both: Path, tmp_path: Path) -> None:
    nothing = make_recipe(**METHOD.overrides(), align_weight=0, mlm_weight=0, xmlm_weight=0)
    with pytest.raises(RecipeError, match="no objective has a weight"):
        train(nothing, both, tmp_path / "run", method=METHOD)


@pytest.mark.parametrize(("key", "value"), [("sentences", 0), ("epochs", 0)])
def test_settings_are_checked(make_recipe: MakeRecipe, key: str, value: int) -> None:
    recipe = make_recipe(**METHOD.overrides(), **{f"objectives-first.{key}": value})
    with pytest.raises(RecipeError, match=f"objectives-first: {key} 0"):
        METHOD.settings_of(recipe)


def test_a_run_stopped_between_the_stages_ends_as_one_that_was_not(
    make_recipe: MakeRecipe, both: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(**METHOD.overrides())
    train(recipe, both, tmp_path / "whole", method=METHOD)
    run, stages = Job.run, []

    def stop(self: Job, trainer: PhoneXLTrainer) -> PhoneXLTrainer:
        stages.append(trainer)
        if len(stages) == 2:
            raise KeyboardInterrupt
        return run(self, trainer)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "run", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, both, tmp_path / "stopped", method=METHOD)
    train(recipe, both, tmp_path / "stopped", method=METHOD, resume=True)
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "stopped"))
    assert weights.keys() == others.keys()
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())


def test_it_is_found_by_name() -> None:
    assert find_method("objectives-first") is METHOD
