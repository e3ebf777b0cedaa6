"""Translate-train: what is trained on beside the source, and what the result says of it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from dataset_scripts.readers import to_tsv
from dataset_scripts.schema import Sentence
from phonexl.methods import find_method
from phonexl.methods.translate_train import METHOD
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import load_data, train
from phonexl.training.trainer import PhoneXLTrainer

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
ALIGNER = {"translate-train.layer": 1, "translate-train.threshold": 0.0}


@pytest.fixture
def recipe_of(make_recipe: MakeRecipe) -> MakeRecipe:
    """A recipe of this method for the tiny data, whose encoder has two layers."""

    def make(**settings: Any) -> Recipe:
        return make_recipe(**METHOD.overrides(), **ALIGNER).override(settings)

    return make


@pytest.fixture
def trained_on(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Sentence]]:
    """The sentences that each Trainer was made with."""
    seen: list[Sequence[Sentence]] = []
    make_trainer = Job.make_trainer

    def keep(self: Job, *arguments: Any, sentences: Any = None, **named: Any) -> PhoneXLTrainer:
        seen.append(sentences)
        return make_trainer(self, *arguments, sentences=sentences, **named)

    monkeypatch.setattr(Job, "make_trainer", keep)
    return seen


def translate_file(path: Path, sentences: Sequence[Sentence], **fields: Callable[[Sentence], Any]) -> Path:
    """A file in which each sentence becomes invented words, one for each of its own."""
    lines = []
    for sentence in sentences:
        entry = {"tokens": sentence.tokens, "translation": [f"th{index}" for index, _ in enumerate(sentence.tokens)]}
        lines.append(json.dumps({**entry, **{key: make(sentence) for key, make in fields.items()}}) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_projected_translations_are_trained_on_beside_the_source(
    recipe_of: MakeRecipe,
    data: Path,
    sentences: list[Sentence],
    tmp_path: Path,
    trained_on: list[Sequence[Sentence]],
) -> None:
    """Each word that the file aligns has its source's tag; the first of each sentence is aligned with nothing."""
    pairs = {"alignment": lambda s: [[index, index] for index in range(1, len(s.tokens))]}
    translations = translate_file(tmp_path / "zh-vi.jsonl", sentences, **pairs)
    (result,) = train(recipe_of(translator=str(translations)), data, tmp_path / "run", method=METHOD)
    [seen] = trained_on
    assert [sentence.tokens for sentence in seen[:24]] == [sentence.tokens for sentence in sentences]
    for source, copy in zip(sentences, seen[24:], strict=True):
        assert copy.lang == "vi"
        assert copy.tokens[1] == "th1"
        assert copy.tags == ("", *source.tags[1:])
    words = sum(len(sentence.tokens) for sentence in sentences)
    facts = result.training
    assert facts["steps"] == 6  # plain has 3
    assert facts["projected"] == 24
    assert facts["left_out"] == {"unaligned": 0, "scattered": 0, "merged": 0, "untagged": 0}
    assert facts["tagged_words"] == pytest.approx(1 - 24 / words)
    assert facts["translator"]["kind"] == "cached"
    assert facts["aligned_by_encoder"] == 0
    assert result.warnings == []
    assert set(result.scores) == {"zh", "vi"}


def test_without_an_alignment_the_backbone_aligns(
    recipe_of: MakeRecipe,
    data: Path,
    sentences: list[Sentence],
    tmp_path: Path,
    trained_on: list[Sequence[Sentence]],
) -> None:
    """A sentence "translated" into itself is aligned word for word, so that copies have the tags of the originals."""
    same = {"translation": lambda sentence: sentence.tokens}
    translations = translate_file(tmp_path / "zh-vi.jsonl", sentences, **same)
    (result,) = train(recipe_of(translator=str(translations)), data, tmp_path / "run", method=METHOD)
    [seen] = trained_on
    assert [copy.tags for copy in seen[24:]] == [sentence.tags for sentence in sentences]
    assert result.training["aligned_by_encoder"] == 24
    assert result.training["tagged_words"] == 1.0


def test_the_dictionarys_own_alignment_serves(recipe_of: MakeRecipe, data: Path, tmp_path: Path) -> None:
    (result,) = train(recipe_of(), data, tmp_path, method=METHOD)
    facts = result.training
    assert (facts["projected"], facts["aligned_by_encoder"], facts["tagged_words"]) == (24, 0, 1.0)
    assert 0 < facts["translator"]["coverage"] < 1


def test_sentences_of_files_with_other_codes_are_translated(
    recipe_of: MakeRecipe, data_of_longer_codes: Path, tmp_path: Path
) -> None:
    recipe = recipe_of(source_data="zho", target_data="vie", max_steps=1)
    (result,) = train(recipe, data_of_longer_codes, tmp_path, method=METHOD)
    assert (result.training["projected"], result.warnings) == (24, [])


def test_a_pair_of_which_nothing_is_aligned_is_left_out_and_told(
    recipe_of: MakeRecipe, data: Path, sentences: list[Sentence], tmp_path: Path, trained_on: list[Sequence[Sentence]]
) -> None:
    """It would be trained on without a label."""
    translations = translate_file(tmp_path / "zh-vi.jsonl", sentences, alignment=lambda sentence: [])
    (result,) = train(recipe_of(translator=str(translations)), data, tmp_path / "run", method=METHOD)
    assert [len(seen) for seen in trained_on] == [24]
    assert result.training["left_out"]["untagged"] == 24
    assert result.warnings == ["no translation carried a tag: training was plain"]
    (plain,) = train(recipe_of(method="plain"), data, tmp_path / "plain", method=find_method("plain"))
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("run", "plain"))
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())
    assert plain.scores == result.scores


def test_few_shot_sentences_of_the_target_are_not_translated(
    recipe_of: MakeRecipe,
    draw_sentences: Callable[[str, int, int], list[Sentence]],
    data: Path,
    tmp_path: Path,
    trained_on: list[Sequence[Sentence]],
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    target = draw_sentences("vi", 3, 9)
    (folder / "train-vi.tsv").write_text(to_tsv(target), encoding="utf-8", newline="\n")
    train(recipe_of(few_shot=3, max_steps=1), folder, tmp_path / "run", method=METHOD)
    assert [sentence.lang for sentence in trained_on[0]] == ["zh"] * 24 + ["vi"] * 3 + ["vi"] * 24


def test_entities_of_characters_go_over_by_words_or_the_sentence_is_left_out(
    make_recipe: MakeRecipe, tmp_path: Path, trained_on: list[Sequence[Sentence]]
) -> None:
    """PAN-X: 北京 is two tokens, of which the encoder could align one; an orphan I- begins its entity."""
    folder = tmp_path / "data"
    folder.mkdir()
    whole = Sentence("1", "zh", tuple("我在北京"), ("O", "O", "I-LOC", "I-LOC"))
    lost = Sentence("2", "zh", tuple("小明看书"), ("B-PER", "I-PER", "O", "O"))
    for name in ("train-zh", "dev-zh", "test-zh"):
        (folder / f"{name}.tsv").write_text(to_tsv([whole, lost]), encoding="utf-8", newline="\n")
    target = Sentence("1", "vi", ("tôi",), ("O",))
    (folder / "test-vi.tsv").write_text(to_tsv([target]), encoding="utf-8", newline="\n")
    lines = [
        # Words of the source and of the target side by side: 我 在 北京, as the encoder sees them the same.
        {"tokens": whole.tokens, "translation": ["我", "在", "北京"]},
        {"tokens": lost.tokens, "translation": ["x"], "alignment": [[0, 0]]},
    ]
    path = tmp_path / "zh-vi.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    recipe = make_recipe(**METHOD.overrides(), **ALIGNER).override(
        {"task": "panx", "token_unit": "character", "translator": str(path), "max_steps": 1}
    )
    (result,) = train(recipe, folder, tmp_path / "run", method=METHOD)
    [copy] = trained_on[0][2:]
    assert (copy.tokens, copy.tags) == (("我", "在", "北京"), ("O", "O", "B-LOC"))
    assert result.training["left_out"] == {"unaligned": 1, "scattered": 0, "merged": 0, "untagged": 0}


def test_the_source_batch_is_plains(recipe_of: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """The copies come behind it, and change neither its rows nor their loss."""
    recipe = recipe_of()
    losses = []
    for name in ("plain", "translate-train"):
        job = Job(recipe.override({"method": name}), load_data(recipe, data), tmp_path / name, 1)
        job.settings = find_method(name).settings_of(recipe)
        trainers: list[PhoneXLTrainer] = []
        job.run = lambda trainer, kept=trainers: (kept.append(trainer), trainer)[1]  # type: ignore[method-assign]
        find_method(name).train(job)
        [trainer] = trainers
        batch = trainer.collator([trainer.train_dataset[index] for index in range(8)])
        losses.append((trainer.tagger.cpu().eval()(**batch).loss.item(), len(trainer.train_dataset)))
        assert not any(key.startswith("second_") for key in batch)
    assert losses[0][0] == pytest.approx(losses[1][0], abs=1e-6)
    assert (losses[0][1], losses[1][1]) == (24, 48)


@pytest.mark.medium
def test_a_finished_stage_is_not_trained_again(
    recipe_of: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between training and the tests; the facts are told all the same."""
    recipe = recipe_of()
    (whole,) = train(recipe, data, tmp_path / "whole", method=METHOD)
    with monkeypatch.context() as patch:
        patch.setattr("phonexl.training.task.score", lambda *arguments: (_ for _ in ()).throw(InterruptedError))
        with pytest.raises(InterruptedError):
            train(recipe, data, tmp_path / "stopped", method=METHOD)
    monkeypatch.setattr(PhoneXLTrainer, "train", lambda *arguments, **named: pytest.fail("trained again"))
    (result,) = train(recipe, data, tmp_path / "stopped", method=METHOD, resume=True)
    assert result.scores == whole.scores
    assert result.training["projected"] == whole.training["projected"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"translate-train.layer": -1}, "translate-train: layer -1; expected a number >= 0"),
        ({"translate-train.threshold": 2}, "translate-train: threshold 2; expected a cosine"),
        ({"translate-train.filters": 1}, "translate-train has translate-train.layer, translate-train.threshold"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    recipe_of: MakeRecipe, data: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        train(recipe_of(**settings), data, tmp_path, method=METHOD)


def test_a_layer_that_the_backbone_lacks_is_named(recipe_of: MakeRecipe, data: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="translate-train.layer 6: this backbone has hidden states 0 to 2; set another"
    ):
        train(recipe_of(**{"translate-train.layer": 6}), data, tmp_path, method=METHOD)


def test_what_it_assumes_and_changes_is_told() -> None:
    assert METHOD.needs == "MT"
    with pytest.raises(RecipeError, match="published no setting"):
        METHOD.overrides(original=True)
