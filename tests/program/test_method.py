"""Methods: found by name, laid over recipes, with checked settings of their own; few shots; second sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.random import Generator

from modeling_phonexl import PhoneXLForTokenClassification
from phonexl.methods import check_recipe, find_method, lay_over, load_recipe, method_names, parse_method
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.collator import SecondSentence
from phonexl.training.data import hash_sentences, load_data
from phonexl.training.dataset import Row
from phonexl.training.job import Job
from phonexl.training.method import Method, Trained
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import train

MakeRecipe = Callable[..., Recipe]


@dataclass(frozen=True)
class Weights:
    """Settings of a method of this test."""

    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"weight {self.weight}; expected a number >= 0")


@pytest.mark.parametrize("name", method_names())
def test_every_method_says_what_it_is_and_lies_over_every_recipe(name: str) -> None:
    method = find_method(name)
    assert method.name == name
    assert method.reference
    for cell in ("panx-zh-vi", "udpos-ja-ko", "udpos-zh-vi-offline"):
        for original in {False, method.original is not None}:
            recipe = Recipe.load(cell).override(method.overrides(original))
            assert recipe.method == name
            method.settings_of(recipe)


def test_a_method_that_needs_something_else_is_refused() -> None:
    """The table of the comparison says what each assumes, in three words that its reader knows."""
    with pytest.raises(ValueError, match="mine: needs 'dict'; expected one of none, Dict, MT"):
        Method("mine", "here", "dict")


def test_an_unknown_method_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="unknown method 'cosda'; known: .*did you mean 'cosda-ml'"):
        find_method("cosda")
    method, original = parse_method("cosda-ml-original")
    assert (method.name, original) == ("cosda-ml", True)
    with pytest.raises(RecipeError, match="sino-xenic: its authors published no setting"):
        find_method("sino-xenic").overrides(original=True)


def test_the_original_setting_of_phonexl_is_a_recipe() -> None:
    """Its authors published one: saying that they did not would send a reader away from it."""
    with pytest.raises(
        RecipeError, match="phonexl: its authors' setting is a recipe: .*; use --method phonexl$"
    ) as said:
        find_method("phonexl").overrides(original=True)
    named = re.findall("(?:udpos|panx)-[a-z-]+", str(said.value))
    assert len(named) == 5
    for name in named:
        Recipe.load(name)


def test_settings_of_a_method_are_written_with_its_name(make_recipe: MakeRecipe) -> None:
    method = Method("mine", "here", "none", settings=Weights)
    recipe = make_recipe(**{"mine.weight": 2.0, "other.anything": 1})
    assert recipe.values()["mine.weight"] == 2.0
    assert Recipe.override(recipe, {}) == recipe
    assert method.settings_of(recipe) == Weights(2.0)
    assert method.settings_of(make_recipe()) == Weights()
    with pytest.raises(RecipeError, match=r"unknown key mine.wait; mine has mine.weight"):
        method.settings_of(make_recipe(**{"mine.wait": 2.0}))
    with pytest.raises(RecipeError, match=r"mine: weight -1; expected a number >= 0"):
        method.settings_of(make_recipe(**{"mine.weight": -1}))
    with pytest.raises(RecipeError, match="plain has none"):
        find_method("plain").settings_of(make_recipe(**{"plain.weight": 1}))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("xtun.copies", "ss", "tiny: unknown key 'xtun.copies': no method is called 'xtun'; did you mean xtune"),
        ("foo.bar", 1, "unknown key 'foo.bar': no method is called 'foo'; known: cosda-ml, filter"),
        (".copies", "ss", "unknown key '.copies': no method is called ''"),
        ("xtune.copis", "ss", "unknown key xtune.copis; xtune has xtune.views, .*did you mean xtune.copies"),
        ("xtune.copies", "sss", "xtune: copies is 'sss'; expected one of ss"),
        ("filter.local_layers", "abc", "tiny: filter.local_layers is 'abc'; expected a whole number$"),
        ("filter.fusion_layers", 1.0, "filter.fusion_layers is 1.0; expected a whole number$"),
        ("filter.kl_weight", float("nan"), "filter.kl_weight is nan; expected a finite number$"),
        ("filter.temperature", float("inf"), "filter.temperature is inf; expected a finite number$"),
        ("objectives-first.epochs", "abc", "objectives-first.epochs is 'abc'; expected a finite number$"),
        ("objectives-first.sentences", 2.5, "objectives-first.sentences is 2.5; expected a whole number or null$"),
        ("objectives-first.keep", 1, "objectives-first.keep is 1; expected true or false$"),
        ("romanised-contrast.layer", 1.5, "romanised-contrast.layer is 1.5; expected a whole number$"),
        ("x-mixup.layer", 0.5, "x-mixup.layer is 0.5; expected a whole number or null$"),
        ("x-mixup.schedule", True, "x-mixup.schedule is true; expected a finite number$"),
    ],
)
def test_settings_of_every_method_are_checked_whichever_runs(
    make_recipe: MakeRecipe, key: str, value: object, message: str
) -> None:
    """A mistyped one would be passed over, and the run would be another than was asked for."""
    with pytest.raises(RecipeError, match=message):
        check_recipe(make_recipe(method="plain", **{key: value}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unit": "words"}, "unit='words': expected one of 'word', 'subword'$"),
        ({"code_switch_ratio": 2}, "code_switch_ratio=2: expected a number from 0 to 1$"),
        ({"use_phonemes": False, "align_weight": 0.1}, "needs use_phonemes=True; set align_weight=0$"),
    ],
)
def test_a_model_that_cannot_be_is_refused_before_data_is_read(
    make_recipe: MakeRecipe, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        check_recipe(make_recipe(**settings))


def test_settings_of_other_methods_may_stand_in_a_recipe(make_recipe: MakeRecipe) -> None:
    """A comparison gives all of them to each."""
    settings = {"xtune.copies": "ss", "filter.kl_weight": 2, "x-mixup.layer": None, "xtune.ratio": 1}
    for name in ("plain", "xtune"):
        check_recipe(make_recipe(method=name, **settings))
    assert find_method("filter").settings_of(make_recipe(**settings)).kl_weight == 2


@pytest.mark.parametrize("name", [name for name in method_names() if find_method(name).tags_only])
def test_who_has_no_form_for_pairs_names_all_who_have(make_recipe: MakeRecipe, name: str) -> None:
    others = "cosda-ml, objectives-first, phonexl, plain, sino-xenic, sino-xenic-channel$"
    with pytest.raises(RecipeError, match=f"{name} is about words with tags and has no form for xnli; .*: {others}"):
        check_recipe(make_recipe(method=name, task="xnli"))
    check_recipe(make_recipe(method="sino-xenic-channel", task="xnli"))


def test_a_recipe_is_trained_by_its_own_method(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the recipe is of method phonexl, and plain is to train it"):
        train(make_recipe(), data, tmp_path, method=find_method("plain"))


def test_a_recipe_that_names_a_method_is_that_method_with_the_recipes_own_values(tmp_path: Path) -> None:
    """What the file says goes over what the method sets, and that over what the file extends; `--set` over all."""
    (tmp_path / "mine.yaml").write_text("extends: udpos-zh-vi-offline\nmethod: cosda-ml\ntask_switch_ratio: 0.4\n")
    (tmp_path / "child.yaml").write_text("extends: mine.yaml\nmask_ratio: 0.3\n")
    parent = Recipe.load("udpos-zh-vi-offline")
    for name in ("mine", "child"):
        recipe = load_recipe(str(tmp_path / f"{name}.yaml"))
        for text in (None, "cosda-ml"):
            method, chosen = lay_over(recipe, text, {"limit_train": 7})
            assert (method.name, chosen.name, chosen.limit_train) == ("cosda-ml", name, 7)
            laid = {**parent.values(), **method.overrides(), "task_switch_ratio": 0.4, "limit_train": 7}
            assert chosen.values() == laid | ({"mask_ratio": 0.3} if name == "child" else {})
        assert lay_over(recipe, None, {"task_switch_ratio": 0.2})[1].task_switch_ratio == 0.2
        with pytest.raises(RecipeError, match=f"{name}: the recipe is of method cosda-ml, and xtune is asked for"):
            lay_over(recipe, "xtune", {})
    (tmp_path / "mine.yaml").write_text("extends: udpos-zh-vi-offline\nmethod: plain-original\n")
    assert lay_over(load_recipe(str(tmp_path / "mine.yaml")), None, {})[1].values() == {
        **parent.values(), **find_method("plain").overrides(original=True)
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text("extends: udpos-zh-vi-offline\nmethod: xtun\n")
    with pytest.raises(ValueError, match="unknown method 'xtun'; known: .*did you mean 'xtune'"):
        load_recipe(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize("name", ["plain", "filter", "x-mixup"])
def test_a_method_that_switches_no_word_is_not_given_another_ones_switch(
    make_recipe: MakeRecipe, tmp_path: Path, name: str
) -> None:
    """Under the name of plain, CoSDA-ML would be what every gain is measured against."""
    message = f"tiny-{name}: {name} with task_switch_ratio=0.4 is not {name}: .* cosda-ml; set task_switch_ratio=0"
    with pytest.raises(RecipeError, match=message):
        lay_over(make_recipe(), name, {"task_switch_ratio": 0.4})
    method = find_method(name)
    recipe = make_recipe(**method.overrides(), task_switch_ratio=0.4)
    with pytest.raises(RecipeError, match=f"is not {name}"):
        train(recipe, tmp_path / "nowhere", tmp_path / "run", method=method)
    lay_over(make_recipe(), name, {"task_switch_ratio": 0})
    assert lay_over(make_recipe(), "cosda-ml", {"task_switch_ratio": 0.4})[1].task_switch_ratio == 0.4


def test_who_switches_words_needs_a_dictionary(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    method, recipe = Method("mine", "here", "none"), make_recipe(**NO_OBJECTIVES, method="mine", max_steps=1)
    for ratio, needs in ((0, "none"), (0.5, "Dict")):
        run = recipe.override({"task_switch_ratio": ratio})
        (result,) = train(run, data, tmp_path / needs, method=method)
        assert result.training["needs"] == needs


def test_few_shots_are_target_sentences_of_the_train_file(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, draw_sentences: Callable[..., Any]
) -> None:
    from dataset_scripts.readers import to_tsv

    folder = tmp_path / "data"
    folder.mkdir()
    for file in data.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "train-vi.tsv").write_text(to_tsv(draw_sentences("vi", 12, 6)), encoding="utf-8", newline="\n")
    none, five = (load_data(make_recipe(few_shot=k), folder).train for k in (0, 5))
    assert [s.lang for s in five] == ["zh"] * len(none) + ["vi"] * 5
    (result,) = train(make_recipe(few_shot=5, max_steps=1), folder, tmp_path / "run")
    assert result.data["train"]["sentences"] == len(none) + 5
    assert result.data["few_shot"] == {"sentences": 5, "sha256": hash_sentences(five[-5:])}
    assert load_data(make_recipe(few_shot=50), folder).describe()["few_shot"]["sentences"] == 12
    assert "few_shot" not in load_data(make_recipe(), folder).describe()
    assert "few-shot: 5 labelled sentences of vi were trained on" in result.warnings
    (result,) = train(make_recipe(few_shot=1000, max_steps=1), folder, tmp_path / "all")
    assert result.data["few_shot"]["sentences"] == 12
    assert "few-shot: 12 labelled sentences of vi were trained on" in result.warnings
    with pytest.raises(RecipeError, match="few_shot -1"):
        make_recipe(few_shot=-1)


def mirror(row: Row, generator: Generator) -> SecondSentence:
    """A row beside itself, with a target for each word that tells its place, and one draw."""
    places = torch.arange(1.0, len(row.tokens) + 1)
    return SecondSentence(row.sentence, torch.stack([places, torch.full_like(places, generator.random())], dim=1))


def make_job(recipe: Recipe, data: Path, folder: Path, **fields: Any) -> Job:
    return Job(recipe, load_data(recipe, data), folder, 1, **fields)


def test_second_sentences_stand_beside_training_rows_alone(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    job = make_job(make_recipe(eval_strategy="epoch"), data, tmp_path)
    trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification), second_view=mirror)
    rows = [trainer.train_dataset[index] for index in range(3)]
    batch = trainer.collator(rows)
    assert torch.equal(batch["second_input_ids"], batch["input_ids"])
    assert torch.equal(batch["second_word_ids"], batch["word_ids"])
    for target, row in zip(batch["second_targets"], rows, strict=True):
        words = len(row.tokens)
        assert target[:, 0].tolist() == [0.0, *range(1, words + 1), *[0.0] * (len(target) - words - 1)]
    draws = batch["second_targets"][:, 1, 1]
    assert len(set(draws.tolist())) == 3
    assert torch.equal(trainer.collator(rows)["second_targets"], batch["second_targets"])
    trainer.collator.epoch = 1
    assert not torch.equal(trainer.collator(rows)["second_targets"], batch["second_targets"])
    held_out = trainer.collator([trainer.eval_dataset[0]])
    assert not any(name.startswith("second_") for name in held_out)


class Interrupted(Exception):
    """Stands for Ctrl-C."""


def two_stages(stop: bool, trained: list[str]) -> Method:
    """A method that trains twice from the same weights."""

    def run(job: Job) -> Trained:
        for stage in ("first", "second"):
            tagger, processor = job.build(PhoneXLForTokenClassification)
            trainer = job.make_trainer(tagger, processor, stage=stage, training={"max_steps": 2})
            before = trainer.state.global_step
            job.run(trainer)
            if trainer.state.global_step > before:
                trained.append(stage)
            if stop:
                raise Interrupted
        return Trained(tagger, processor, facts={"own": 1})

    return Method("two", "here", "none", train=run)


@pytest.mark.medium
def test_a_finished_stage_is_not_trained_again(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    recipe, trained = make_recipe(method="two"), []
    with pytest.raises(Interrupted):
        train(recipe, data, tmp_path / "cut", method=two_stages(True, trained))
    (cut,) = train(recipe, data, tmp_path / "cut", method=two_stages(False, trained), resume=True)
    assert trained == ["first", "second"]
    (whole,) = train(recipe, data, tmp_path / "whole", method=two_stages(False, trained))
    assert cut.scores == whole.scores
    assert (cut.training["steps"], cut.training["own"]) == (4, 1)
    assert list(cut.training["stages"]) == ["first", "second"]


@pytest.mark.medium
def test_cosines_of_gradients_are_logged_and_change_nothing(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    weights = []
    for asked in (False, True):
        recipe = make_recipe(log_gradient_cosines=asked, logging_steps=1, max_steps=2)
        job = make_job(recipe, data, tmp_path / str(asked))
        trainer = job.run(job.make_trainer(*job.build(PhoneXLForTokenClassification)))
        weights.append({name: value.clone() for name, value in trainer.tagger.state_dict().items()})
        logs = [entry for entry in trainer.state.log_history if "loss" in entry]
        for term in ("align", "mlm", "xmlm"):
            assert all((f"{term}_cosine" in entry) is asked for entry in logs)
            assert all(-1 <= entry.get(f"{term}_cosine", 0) <= 1 for entry in logs)
            if asked:
                values = [entry[f"{term}_cosine"] for entry in logs]
                assert job.stages["train"]["gradient_cosines"][term] == {
                    "mean": pytest.approx(sum(values) / 2), "lowest": min(values), "highest": max(values), "logs": 2,
                }  # fmt: skip
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_the_cosine_of_a_term_is_that_of_its_gradients(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, still_backbone: Path
) -> None:
    job = make_job(make_recipe(backbone=str(still_backbone), classifier_dropout=0.0), data, tmp_path)
    tagger, processor = job.build(PhoneXLForTokenClassification)
    trainer = job.make_trainer(tagger, processor)
    batch = trainer.collator([trainer.train_dataset[index] for index in range(4)])
    found = trainer._compare_gradients(batch, tagger.count_terms(batch))
    gradients = {}
    for term in ("task", "align", "mlm", "xmlm"):
        tagger.zero_grad()
        tagger(**batch)[f"{term}_loss"].backward()
        pairs = [(p, p.grad) for p in tagger.phonexl.backbone.parameters()]
        gradients[term] = torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for p, g in pairs])
    task = gradients.pop("task")
    assert found == {
        f"{term}_cosine": pytest.approx(float(torch.nn.functional.cosine_similarity(task, other, dim=0)), abs=1e-5)
        for term, other in gradients.items()
    }
    assert abs(found["mlm_cosine"]) > 1e-4
    batch["mlm_targets"] = torch.full_like(batch["mlm_targets"], -100)  # nothing masked: no gradient, and no angle
    assert trainer._compare_gradients(batch, tagger.count_terms(batch)).keys() == found.keys() - {"mlm_cosine"}
