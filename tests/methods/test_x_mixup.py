"""X-Mixup: what defines its layer, its terms and its scheduled sources, and whole runs, stopped ones too."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_models import DEPTH, FAMILIES, Watch, as_plain, as_second, make_batch, make_tagger, random_targets, view_of
from safetensors.torch import load_file
from torch import Tensor
from transformers import TrainerCallback

import phonexl.methods.x_mixup as module
from dataset_scripts.schema import UPOS_TAGS
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.hub_model import push_model
from phonexl.methods import find_method
from phonexl.methods.x_mixup import (
    METHOD,
    BackTranslatingCollator,
    TaughtTranslation,
    XMixupSettings,
    XMixupTagger,
    soft_term,
)
from phonexl.results import Result
from phonexl.training.data import load_data
from phonexl.training.dataset import TaggingDataset
from phonexl.training.evaluation import score, tag_sentences
from phonexl.training.job import Job
from phonexl.training.layer_mixing import MixedPair
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import METHOD_WEIGHTS, train
from phonexl.training.translated_view import TranslatedView, training_rows

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
LENGTHS, OTHERS = (4, 7, 1), (6, 2, 5)


def make_mixer(family: str, **options: Any) -> XMixupTagger:
    tagger = make_tagger(XMixupTagger, family)
    tagger.set_up(XMixupSettings(**{"layer": 2, **options}))
    return tagger


def mix(tagger: XMixupTagger, source: dict[str, Tensor], translation: dict[str, Tensor]) -> MixedPair:
    with torch.no_grad():
        return tagger.mix(view_of(source), view_of(translation))


def train_batch(source: dict[str, Tensor], translation: dict[str, Tensor], seed: int = 0) -> dict[str, Tensor]:
    """As the collator makes it, with a back-translation."""
    back = make_batch([int(n) + 1 for n in source["word_ids"].amax(1)], seed + 7)
    back["labels"] = torch.full_like(back["labels"], -100)
    targets = {"second_targets": random_targets(translation, seed)}
    return {**source, **as_second(translation), **targets, **{f"back_{name}": value for name, value in back.items()}}


# ---- the loss ----


@pytest.mark.parametrize("family", FAMILIES)
def test_alone_it_is_the_plain_tagger(family: str) -> None:
    """Dev of the source is scored alone; α must not shrink its loss."""
    tagger, batch = make_mixer(family), make_batch(LENGTHS)
    expected, found = as_plain(tagger)(**batch), tagger(**batch)
    assert torch.equal(found.loss, expected.loss)
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(tagger(batch["input_ids"], batch["word_ids"]).logits, expected.logits)


@pytest.mark.parametrize("family", FAMILIES)
def test_with_the_gold_tags_alone_it_has_plain_s_loss(family: str) -> None:
    tagger = make_mixer(family, source_weight=1.0, mse_weight=0.0)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    expected = as_plain(tagger)(**source)
    found = tagger(**train_batch(source, translation))
    assert found.loss.item() == pytest.approx(expected.loss.item(), abs=1e-6)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-5, rtol=0)
    assert torch.equal(found.unit_mask, expected.unit_mask)


@pytest.mark.parametrize("family", FAMILIES)
def test_at_prediction_the_sentence_is_the_translation(family: str) -> None:
    """In training it is the second sentence that is mixed into; at prediction the one that is tagged."""
    tagger = make_mixer(family)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    inputs = {name: value for name, value in translation.items() if name != "labels"}
    with torch.no_grad():
        found = tagger(**inputs, **as_second(source)).logits
        expected = tagger.score(mix(tagger, source, translation).translation, view_of(translation))
        alone = tagger(**inputs).logits
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, alone, atol=1e-2)


def test_a_gold_source_has_all_three_terms_and_one_translated_back_two() -> None:
    tagger = make_mixer("bert", source_weight=0.7, mse_weight=0.3)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    batch = train_batch(source, translation)
    gold = tagger(**batch)
    expected = 0.7 * gold.task_loss + 0.3 * gold.soft_loss + 0.3 * gold.mse_loss
    torch.testing.assert_close(gold.loss, expected)
    assert tagger.count_terms(batch) == {"task": sum(LENGTHS), "soft": sum(OTHERS), "mse": 3}
    tagger.gold = False
    back = tagger(**batch)
    assert back.task_loss.item() == 0
    torch.testing.assert_close(back.loss, back.soft_loss + 0.3 * back.mse_loss)
    assert tagger.count_terms(batch) == {"task": 0, "soft": sum(OTHERS), "mse": 3}
    replaced = {name.removeprefix("back_"): value for name, value in batch.items() if name.startswith("back_")}
    same = tagger(**{**batch, **replaced})
    assert torch.equal(same.soft_loss, back.soft_loss)
    assert torch.equal(same.mse_loss, back.mse_loss)
    assert not torch.allclose(back.soft_loss, gold.soft_loss)


@pytest.mark.parametrize("gold", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_teacher_s_tags_reach_encoder_and_gate_and_not_the_teacher(family: str, gold: bool) -> None:
    tagger = make_mixer(family)
    tagger.gold = gold
    batch = train_batch(make_batch(LENGTHS), make_batch(OTHERS, 1))
    batch["second_targets"].requires_grad_()
    tagger(**batch).soft_loss.backward()
    assert batch["second_targets"].grad is None
    assert tagger.gate.weight.grad.abs() > 0
    layers = tagger.phonexl.backbone.encoder.layer
    for index in (0, 2, DEPTH - 1):
        gradient = layers[index].attention.self.value.weight.grad
        assert gradient.isfinite().all()
        assert gradient.abs().max() > 0


def test_soft_tags_are_compared_by_cross_entropy() -> None:
    logits, targets = (2 * torch.randn(7, 5, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    total, count = soft_term(logits, targets)
    expected = -(targets.double().softmax(-1) * logits.double().log_softmax(-1)).sum()
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert count.item() == 7


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=2, max_size=5), st.booleans())
def test_micro_batches_add_up_to_the_batch(lengths: list[tuple[int, int]], gold: bool) -> None:
    tagger = make_mixer("bert")
    tagger.gold = gold
    first, second = (make_batch(side, seed) for seed, side in enumerate(zip(*lengths, strict=True)))
    whole = train_batch(first, second)
    counts = tagger.count_terms(whole)
    with torch.no_grad():
        expected = tagger(**whole)
        parts = [{name: value[slice_] for name, value in whole.items()} for slice_ in (slice(1), slice(1, None))]
        results = [tagger(**part, num_items_in_batch=counts) for part in parts]
    for name in ("task_loss", "soft_loss", "mse_loss", "loss"):
        assert sum(result[name].item() for result in results) == pytest.approx(expected[name].item(), abs=1e-5)


def test_under_autocast_the_gate_is_computed_in_float32() -> None:
    tagger = make_mixer("bert")
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    expected = mix(tagger, source, translation)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = mix(tagger, source, translation)
        loss = tagger(**train_batch(source, translation)).loss
    assert {mixed.entropy.dtype, mixed.ratio.dtype, loss.dtype} == {torch.float32}
    torch.testing.assert_close(mixed.entropy, expected.entropy, atol=0.1, rtol=0)


# ---- settings and schedule ----


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"layer": -1}, "layer -1; expected a number >= 0"),
        ({"source_weight": 1.1}, "source_weight 1.1; expected a value from 0 to 1"),
        ({"mix_limit": -0.1}, "mix_limit -0.1"),
        ({"mse_weight": -1}, "mse_weight -1; expected a number >= 0"),
        ({"schedule": 0}, "schedule 0; expected a number of steps > 0"),
    ],
)
def test_a_bad_setting_is_refused(make_recipe: MakeRecipe, option: dict[str, float], message: str) -> None:
    ((name, value),) = option.items()
    with pytest.raises(RecipeError, match=f"x-mixup: {message}"):
        METHOD.settings_of(make_recipe(**{f"x-mixup.{name}": value}))


def test_the_layer_is_at_the_height_of_theirs_or_the_one_that_is_set() -> None:
    with pytest.raises(ValueError, match="layer 6; this backbone has layers 0 to 5"):
        make_mixer("bert", layer=6)
    assert make_mixer("bert", layer=5).mixing_layer == 5
    tagger = make_mixer("bert", layer=None)
    layers = tagger.phonexl.backbone.encoder.layer
    for depth, expected in ((24, 3), (12, 2), (6, 1), (2, 0)):
        tagger.phonexl.backbone.encoder.layer = torch.nn.ModuleList([layers[0]] * depth)
        assert tagger.mixing_layer == expected


def test_gold_sources_become_rarer() -> None:
    """k / (k + exp(step / k)): half of them where step = k ln k."""
    theirs = XMixupSettings()
    chances = [theirs.gold_probability(step) for step in range(0, 20_000, 500)]
    assert chances[0] == pytest.approx(1000 / 1001)
    assert chances == sorted(chances, reverse=True)
    assert len(set(chances)) == len(chances)
    assert theirs.gold_probability(round(1000 * math.log(1000))) == pytest.approx(0.5, abs=1e-3)
    assert XMixupSettings(schedule=0.5).gold_probability(10**6) == pytest.approx(0, abs=1e-100)
    draws = [theirs.draws_gold(seed, 6908) for seed in range(2000)]
    assert abs(sum(draws) / 2000 - 0.5) < 0.034  # three standard errors
    assert draws[:50] == [theirs.draws_gold(seed, 6908) for seed in range(50)]


def test_the_gate_is_kept_and_fresh_weights_are_plain_s(tmp_path: Path) -> None:
    tagger = make_mixer("bert")
    assert (tagger.gate.weight.item(), tagger.gate.bias.item()) == (1.0, 0.0)
    with torch.no_grad():
        tagger.gate.weight.fill_(0.25)
    tagger.save_pretrained(tmp_path)
    assert XMixupTagger.from_pretrained(tmp_path).gate.weight.item() == 0.25
    as_plain(tagger).save_pretrained(tmp_path / "plain")
    assert XMixupTagger.from_pretrained(tmp_path / "plain").gate.weight.item() == 1.0
    torch.manual_seed(3)
    ours = XMixupTagger(tagger.config).state_dict()
    torch.manual_seed(3)
    for name, value in PhoneXLForTokenClassification(tagger.config).state_dict().items():
        assert torch.equal(ours[name], value), name


def test_batches_hold_translations_and_those_back_without_tags(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    recipe = make_recipe(**METHOD.overrides())
    job = Job(recipe, load_data(recipe, data), tmp_path, 1, METHOD.settings_of(recipe))
    tagger, processor = job.build(XMixupTagger)
    rows = training_rows(job, processor)
    translations = TranslatedView(job, processor, rows, back=True)
    targets = [torch.randn(len(translations.encode(row).pieces), 17) for row in rows]
    view = TaughtTranslation(translations, targets)
    collator = BackTranslatingCollator(processor, tagger.config, 1, second_view=view, translations=translations)
    batch = collator(rows[:4])
    for name, sentences in (
        ("second", map(translations.encode, rows[:4])),
        ("back", map(translations.encode_back, rows)),
    ):
        expected = processor.pad([*sentences][:4])
        assert all(torch.equal(batch[f"{name}_{key}"], value) for key, value in expected.items())
    assert batch["back_labels"].shape == batch["back_language_ids"].shape
    assert (batch["back_labels"] == -100).all()
    assert torch.equal(batch["second_targets"][2, 1 : 1 + len(targets[2])], targets[2])
    again = collator(rows[:4])
    assert all(torch.equal(value, again[name]) for name, value in batch.items())
    evaluated = TaggingDataset(job.data.dev[:2], processor, UPOS_TAGS)
    assert not [name for name in collator([evaluated[0], evaluated[1]]) if name.startswith(("second_", "back_"))]


# ---- whole runs ----


# Of seed 1, the steps 0 to 3 of this schedule have both kinds of sources.
MIXED = {"x-mixup.schedule": 0.5}


def make_run(make_recipe: MakeRecipe, steps: int = 2, **options: Any) -> Recipe:
    return make_recipe(**METHOD.overrides(), max_steps=steps, **options)


@pytest.mark.medium
def test_a_teacher_and_a_student_are_trained_and_say_what_they_did(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[tuple[str, bool]] = []
    original = XMixupTagger.forward

    def forward(self: XMixupTagger, *args: Any, **kwargs: Any) -> Any:
        beside.append(("train" if self.training else "test", kwargs.get("second_input_ids") is not None))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(XMixupTagger, "forward", forward)
    watch = Watch()
    recipe = make_run(make_recipe, eval_strategy="steps", eval_steps=2)
    (result,) = train(recipe, data, tmp_path / "run", method=METHOD, callbacks=[watch])
    assert watch.trained == [("teacher", 1), ("teacher", 2), ("student", 1), ("student", 2)]
    assert watch.terms["teacher", 1].keys() == {"task_loss"}
    assert watch.terms["student", 2].keys() == {"task_loss", "soft_loss", "mse_loss"}
    assert all(value > 0 for value in watch.terms["student", 2].values())
    # Dev alone; then the source's test alone and the target's beside its translation, and alone.
    assert beside == [("train", True)] * 2 + [("test", False)] * 2 + [("test", True), ("test", False)]
    facts = result.training
    assert facts["needs"] == "dict-as-MT"
    assert facts["translators"]["train"].keys() == {"zh-vi", "vi-zh"}
    assert facts["translators"]["test"].keys() == {"vi-zh"}
    assert facts["gold_steps"] == 2
    assert facts["mixing_layer"] == 0
    assert 0 < facts["mean_mix_ratio"] < 0.5
    assert facts["mean_entropy"] > 1
    own = load_file(tmp_path / "run" / METHOD_WEIGHTS)
    assert own.keys() == {"gate.weight", "gate.bias"}
    assert own["gate.weight"].item() == facts["gate_weight"] != 1
    assert facts["stages"].keys() == {"teacher", "student"}
    saved = PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")
    assert type(saved) is PhoneXLForTokenClassification
    sentences = load_data(recipe, data).tests["vi", "test"]
    predicted = tag_sentences(saved, PhoneXLProcessor.from_pretrained(tmp_path / "run"), sentences, bf16=False)
    assert result.scores["vi"]["test"]["read_alone"] == score(predicted, sentences)
    assert "read_alone" not in result.scores["zh"]["test"]
    # The gate is for the method's class, and stays at home.
    pushed = [line.split("\t")[2] for line in push_model(tmp_path / "run", "user/x", dry_run=True).split("\n")]
    assert "model.safetensors" in pushed
    assert METHOD_WEIGHTS not in pushed


@pytest.mark.medium
def test_a_run_stopped_at_the_student_ends_as_if_it_had_not_been(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    """Sources are drawn by the step: what was gold in one run must be so in the other, and be counted so."""
    recipe = make_run(make_recipe, 4, save_strategy="steps", save_steps=3, **MIXED)
    whole, rest = Watch(), Watch()
    (expected,) = train(recipe, data, tmp_path / "whole", method=METHOD, callbacks=[whole])
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", method=METHOD, callbacks=[Watch("student", 4)])
    (resumed,) = train(recipe, data, tmp_path / "stopped", method=METHOD, resume=True, callbacks=[rest])
    assert rest.trained == [("student", 4)]
    assert set(whole.gold) == {True, False}
    assert rest.gold == whole.gold[3:]
    assert rest.terms["student", 4] == whole.terms["student", 4]
    assert resumed.training["gold_steps"] == sum(whole.gold)
    assert [whole.terms["student", step]["task_loss"] > 0 for step in range(1, 5)] == whole.gold
    for name in ("model.safetensors", "method.safetensors"):
        weights, others = (load_file(tmp_path / run / name) for run in ("whole", "stopped"))
        assert all(torch.equal(weight, others[key]) for key, weight in weights.items())
    assert Result.load(tmp_path / "stopped" / "result.json").scores == expected.scores
    assert resumed.training["stages"].keys() == expected.training["stages"].keys()


@pytest.mark.medium
def test_the_teacher_is_plain_and_not_trained_with_its_student(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teachers: list[Any] = []
    optimized: list[int] = []

    class Watched(module.Teacher):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            teachers.append((self, {name: value.clone() for name, value in self.tagger.state_dict().items()}))

    class Optimized(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, optimizer: Any = None, **kwargs: Any) -> None:
            optimized.extend(id(value) for group in optimizer.param_groups for value in group["params"])

    monkeypatch.setattr(module, "Teacher", Watched)
    train(make_run(make_recipe), data, tmp_path / "run", method=METHOD, callbacks=[Optimized()])
    ((teacher, before),) = teachers
    assert all(torch.equal(value, before[name]) for name, value in teacher.tagger.state_dict().items())
    assert not {id(parameter) for parameter in teacher.tagger.parameters()} & set(optimized)
    plain = find_method("plain")
    train(make_recipe(**plain.overrides(), max_steps=2, unit="subword"), data, tmp_path / "plain", method=plain)
    weights = load_file(tmp_path / "plain" / "model.safetensors")
    assert all(torch.equal(value, before[name]) for name, value in weights.items())


def test_the_authors_setting_lies_over_a_recipe() -> None:
    recipe = Recipe.load("udpos-zh-vi").override(METHOD.overrides(original=True))
    assert (recipe.training["num_train_epochs"], recipe.training["learning_rate"]) == (4, 5e-6)
    assert METHOD.settings_of(recipe) == XMixupSettings(None, 0.8, 1.0, 0.5, 1000.0, False)
