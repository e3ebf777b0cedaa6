"""FILTER: what defines its encoder, its two phases, and whole runs of them, stopped ones too."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_models import (
    DEPTH,
    FAMILIES,
    Watch,
    as_plain,
    as_second,
    distance,
    make_batch,
    make_tagger,
    random_targets,
    read_alone,
    view_of,
)
from safetensors.torch import load_file
from transformers import TrainerCallback

import phonexl.methods.filter as module
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.methods import find_method
from phonexl.methods.filter import METHOD, FilterSettings, FilterTagger, PairDrawer, _teach, kl_term
from phonexl.results import Result
from phonexl.training.data import load_data
from phonexl.training.dataset import Row
from phonexl.training.job import Job
from phonexl.training.masking import draw_generator
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import train
from phonexl.training.teacher import Teacher
from phonexl.training.translated_view import TranslatedView, training_rows

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
LENGTHS, OTHERS = (4, 7, 1), (6, 2, 5)


def make_filter(family: str, **options: Any) -> FilterTagger:
    tagger = make_tagger(FilterTagger, family)
    tagger.set_up(FilterSettings(**options))
    return tagger


def read(tagger: FilterTagger, first: dict[str, Any], second: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """What both sides are after the last layer."""
    with torch.no_grad():
        ours, theirs = tagger.read_pairs(view_of(first), view_of(second), both=True)
    assert theirs is not None
    return ours.hidden, theirs.hidden


# ---- what defines the encoder ----


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("local", [0, 1, DEPTH])
def test_without_fusion_both_sides_are_plain(family: str, local: int) -> None:
    tagger = make_filter(family, local_layers=local, fusion_layers=0)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    for side, batch in zip(read(tagger, first, second), (first, second), strict=True):
        assert distance(side, read_alone(tagger, batch), batch) == 0


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("local", "fusion"), [(1, 1), (0, DEPTH), (2, 3)])
def test_a_sentence_beside_itself_is_plain(family: str, local: int, fusion: int) -> None:
    """Doubled keys leave the averages of attention as they were: hence a test without translation is read alone."""
    tagger = make_filter(family, local_layers=local, fusion_layers=fusion)
    first, other = make_batch(LENGTHS), make_batch(OTHERS, 1)
    alone = read_alone(tagger, first)
    for side in read(tagger, first, first):
        assert distance(side, alone, first) < 1e-5
    assert distance(read(tagger, first, other)[0], alone, first) > 1e-2


@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_the_two_sides_does_not_matter(family: str) -> None:
    tagger = make_filter(family)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    (ours, theirs), (theirs_first, ours_second) = read(tagger, first, second), read(tagger, second, first)
    assert distance(ours, ours_second, first) < 1e-5
    assert distance(theirs, theirs_first, second) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_of_one_side_is_invisible_to_the_other(family: str) -> None:
    tagger = make_filter(family)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    wide_first, wide_second = make_batch(LENGTHS, pad=4), make_batch(OTHERS, 1, pad=3)
    ours, theirs = read(tagger, first, second)
    for one, other in ((wide_first, second), (first, wide_second), (wide_first, wide_second)):
        padded = read(tagger, one, other)
        assert distance(padded[0], ours, first) < 1e-5
        assert distance(padded[1], theirs, second) < 1e-5


# ---- the loss ----


@pytest.mark.parametrize("family", FAMILIES)
def test_without_second_sentences_it_is_the_plain_tagger(family: str) -> None:
    tagger, batch = make_filter(family), make_batch(LENGTHS)
    expected, found = as_plain(tagger)(**batch), tagger(**batch)
    assert torch.equal(found.loss, expected.loss)
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.unit_mask, expected.unit_mask)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_fusion_and_teacher_it_has_plain_s_loss(family: str) -> None:
    tagger = make_filter(family, fusion_layers=0, kl_weight=0)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    expected = as_plain(tagger)(**first)
    phase_1 = tagger(**first, **as_second(second))
    phase_2 = tagger(**first, **as_second(second), second_targets=random_targets(second))
    assert phase_1.loss.item() == pytest.approx(expected.loss.item(), abs=1e-6)
    assert phase_2.loss.item() == pytest.approx(expected.loss.item(), abs=1e-6)
    assert torch.equal(phase_1.unit_mask, expected.unit_mask)
    torch.testing.assert_close(phase_1.logits, expected.logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_phase_1_ends_the_second_side_with_the_fusion(family: str) -> None:
    """Its upper layers would get no gradient, and a third of the step is their work."""
    tagger = make_filter(family, local_layers=1, fusion_layers=2)
    calls = [0] * DEPTH

    def count(index: int) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            calls[index] += 1

        return hook

    for index, layer in enumerate(tagger.phonexl.backbone.encoder.layer):
        layer.register_forward_hook(count(index))
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    tagger(**first, **as_second(second))
    assert calls == [2, 1, 1, 1, 1, 1]
    tagger(**first, **as_second(second), second_targets=random_targets(second))
    assert calls == [4, 2, 2, 3, 3, 3]


def test_the_teacher_has_nothing_to_learn_from_itself() -> None:
    tagger = make_filter("bert", temperature=2.0)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1)
    with torch.no_grad():
        own = tagger(**{name: value for name, value in second.items() if name != "labels"}, **as_second(first)).logits
        same = tagger(**first, **as_second(second), second_targets=own)
        other = tagger(**first, **as_second(second), second_targets=random_targets(second))
    assert abs(same.kl_loss.item()) < 1e-6
    assert other.kl_loss.item() > 0.1


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_the_kl_term_is_that_of_the_formula(temperature: float) -> None:
    """T² KL(softmax(z*/T) || softmax(z/T)), in float64 and by hand."""
    logits, targets = np.random.default_rng(0).normal(size=(2, 7, 5))

    def softmax(values: np.ndarray) -> np.ndarray:
        powers = np.exp(values / temperature)
        return powers / powers.sum(1, keepdims=True)

    teacher, student = softmax(targets), softmax(logits)
    expected = temperature**2 * (teacher * np.log(teacher / student)).sum()
    leaf = torch.tensor(targets, requires_grad=True)
    total, count = kl_term(torch.tensor(logits, requires_grad=True), leaf, temperature)
    assert total.item() == pytest.approx(expected, rel=1e-5)
    assert int(count) == 7
    total.backward()
    assert leaf.grad is None


def test_the_term_is_over_the_words_of_the_translation_and_weighed() -> None:
    tagger = make_filter("bert", kl_weight=0.25)
    first, second = make_batch(LENGTHS), make_batch(OTHERS, 1, pad=2)
    targets = random_targets(second)
    result = tagger(**first, **as_second(second), second_targets=targets)
    with torch.no_grad():
        logits = tagger(**{**second, "labels": None}, **as_second(first)).logits
    rows = [(logits[row, 1 : 1 + n], targets[row, 1 : 1 + n]) for row, n in enumerate(OTHERS)]
    totals = [float(kl_term(*pair, 1.0)[0]) for pair in rows]
    assert result.kl_loss.item() == pytest.approx(sum(totals) / sum(OTHERS), rel=1e-4)
    assert result.loss.item() == pytest.approx(result.task_loss.item() + 0.25 * result.kl_loss.item(), rel=1e-6)
    targets[:, 0], targets[1, 1 + OTHERS[1] :] = 99.0, -99.0
    padded = tagger(**first, **as_second(second), second_targets=targets)
    assert torch.equal(padded.kl_loss, result.kl_loss)


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=2, max_size=5), st.integers(0, 9))
def test_micro_batches_add_up_to_the_batch(lengths: list[tuple[int, int]], seed: int) -> None:
    """Accumulation and several processes divide by the counts of all of them."""
    tagger = make_filter("bert")
    first, second = (make_batch(side, seed + shift) for shift, side in enumerate(zip(*lengths, strict=True)))
    whole = {**first, **as_second(second), "second_targets": random_targets(second, seed)}
    counts = tagger.count_terms(whole)
    assert counts.keys() == {"task", "kl"}
    with torch.no_grad():
        expected = tagger(**whole)
        parts = [{name: value[slice_] for name, value in whole.items()} for slice_ in (slice(1), slice(1, None))]
        results = [tagger(**part, num_items_in_batch=counts) for part in parts]
    for name in ("task_loss", "kl_loss", "loss"):
        assert float(sum(result[name] for result in results)) == pytest.approx(float(expected[name]), abs=1e-5)
    split = [tagger.count_terms(part) for part in parts]
    assert all(float(sum(count[name] for count in split)) == float(counts[name]) for name in counts)


def test_bfloat16_leaves_the_divergence_of_equal_sides_at_zero() -> None:
    logits = random_targets(make_batch(LENGTHS))[0].bfloat16()
    total, _ = kl_term(logits, logits.clone(), 1.0)
    assert total.dtype == torch.float32
    assert abs(total.item()) < 1e-6


# ---- settings ----


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"local_layers": -1}, "local_layers -1; expected a number >= 0"),
        ({"fusion_layers": -2}, "fusion_layers -2"),
        ({"kl_weight": -0.5}, "kl_weight -0.5"),
        ({"temperature": 0}, "temperature 0; expected a number > 0"),
        ({"self_pair_ratio": 1.5}, "self_pair_ratio 1.5; expected a value from 0 to 1"),
    ],
)
def test_a_bad_setting_is_refused(make_recipe: MakeRecipe, option: dict[str, float], message: str) -> None:
    ((name, value),) = option.items()
    with pytest.raises(RecipeError, match=f"filter: {message}"):
        METHOD.settings_of(make_recipe(**{f"filter.{name}": value}))


def test_more_layers_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="local_layers 4 and fusion_layers 3 are more than the 6 layers"):
        make_filter("bert", local_layers=4, fusion_layers=3)
    make_filter("bert", local_layers=4, fusion_layers=2)


# ---- pairs ----


def make_job(make_recipe: MakeRecipe, data: Path, out: Path, **options: Any) -> Job:
    recipe = make_recipe(**METHOD.overrides(), **options)
    return Job(recipe, load_data(recipe, data), out, 1, METHOD.settings_of(recipe))


def test_half_of_the_pairs_are_a_sentence_and_itself_anew_in_every_epoch(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    job = make_job(make_recipe, data, tmp_path)
    processor = PhoneXLProcessor.from_backbone(job.recipe.backbone, use_phonemes=False, unit="subword")
    rows = training_rows(job, processor)
    translations = TranslatedView(job, processor, rows)
    own = [torch.tensor([float(row.index)]) for row in rows]
    translated = [-target for target in own]
    drawer = PairDrawer(translations, 0.5, own, translated)

    def draw(row: Row, epoch: int) -> bool:
        pair = drawer(row, draw_generator(1, epoch, row.index))
        itself = pair.sentence.pieces == row.sentence.pieces
        expected = row.sentence if itself else translations.encode(row)
        assert pair.sentence.pieces == expected.pieces
        assert pair.sentence.labels is None
        assert pair.targets is (own if itself else translated)[row.index]
        return itself

    changed = [row for row in rows if translations.encode(row).pieces != row.sentence.pieces]
    draws = [[draw(row, epoch) for row in changed] for epoch in range(60)]
    # Three standard errors of a share of 0.5.
    assert abs(np.mean(draws) - 0.5) < 1.5 / math.sqrt(np.size(draws))
    assert draws[0] != draws[1]
    assert draws[0] == [draw(row, 0) for row in changed]
    assert PairDrawer(translations, 0.5)(rows[0], draw_generator(1, 0, 0)).targets is None


def test_the_teacher_s_logits_are_those_of_each_pair(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """z* of a translation beside its sentence, and of a sentence beside itself, in the order of the rows."""
    job = make_job(make_recipe, data, tmp_path, initializer_range=0.5)
    tagger, processor = job.build(FilterTagger)
    rows = training_rows(job, processor)
    translations, teacher = TranslatedView(job, processor, rows), Teacher(tagger, processor)
    taught = _teach(job, teacher, rows, PairDrawer(translations, 0.5))
    assert taught.own_targets is not None
    assert taught.translated_targets is not None
    for row in rows[:6]:
        own, translated = replace(row.sentence, labels=None), translations.encode(row)
        pairs = ((taught.own_targets, own), (taught.translated_targets, translated))
        for targets, sentence in pairs:
            expected = teacher.logits([sentence], [own])[0]
            torch.testing.assert_close(targets[row.index], expected, atol=1e-5, rtol=0)
    assert len(taught.own_targets) == len(taught.translated_targets) == len(rows)


# ---- whole runs ----


def make_run(make_recipe: MakeRecipe, **options: Any) -> Recipe:
    """Two steps a stage."""
    return make_recipe(**METHOD.overrides(), max_steps=2, **options)


@pytest.mark.medium
def test_two_phases_are_trained_and_the_test_is_read_beside_its_translation(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[tuple[str, bool]] = []
    original = FilterTagger.forward

    def forward(self: FilterTagger, *args: Any, **kwargs: Any) -> Any:
        state = "train" if self.training else "test"
        beside.append((state, kwargs.get("second_input_ids") is not None))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(FilterTagger, "forward", forward)
    watch = Watch()
    recipe = make_run(make_recipe, eval_strategy="steps", eval_steps=2)
    (result,) = train(recipe, data, tmp_path / "run", method=METHOD, callbacks=[watch])
    assert watch.trained == [("phase-1", 1), ("phase-1", 2), ("phase-2", 1), ("phase-2", 2)]
    assert watch.terms["phase-1", 2].keys() == {"task_loss"}
    assert watch.terms["phase-2", 2].keys() == {"task_loss", "kl_loss"}
    tested = [pair for pair in beside if pair[0] == "test"]
    # By phase one pass over dev, alone; the teacher's two; then the source's test alone, and the target's in pairs and
    # alone.
    assert tested == [("test", paired) for paired in (False, True, True, False, False, True, False)]
    assert all(paired for state, paired in beside if state == "train")
    assert result.training["needs"] == "dict-as-MT"
    translators = result.training["translators"]
    assert translators["train"].keys() == {"zh-vi"}
    assert translators["test"].keys() == {"vi-zh"}
    assert 0 < translators["train"]["zh-vi"]["coverage"] < 1
    assert 0 < translators["test"]["vi-zh"]["coverage"] < 1
    assert result.training["stages"].keys() == {"phase-1", "phase-2"}
    assert result.training["steps"] == 4
    assert result.warnings == []
    alone = result.scores["vi"]["test"]["read_alone"]
    assert alone.keys() == result.scores["vi"]["test"].keys() - {"read_alone"}
    assert type(PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")) is PhoneXLForTokenClassification
    assert not (tmp_path / "run" / "method.safetensors").exists()


@pytest.mark.medium
def test_a_run_stopped_in_phase_2_ends_as_if_it_had_not_been(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    recipe = make_run(make_recipe, save_strategy="steps", save_steps=1)
    (whole,) = train(recipe, data, tmp_path / "whole", method=METHOD)
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", method=METHOD, callbacks=[Watch("phase-2", 2)])
    checkpoints = tmp_path / "stopped" / "checkpoints"
    logits = {path.name: path.stat().st_mtime_ns for path in checkpoints.glob("*-logits.safetensors")}
    assert logits.keys() == {"own-logits.safetensors", "translated-logits.safetensors"}
    rest = Watch()
    (resumed,) = train(recipe, data, tmp_path / "stopped", method=METHOD, resume=True, callbacks=[rest])
    assert rest.trained == [("phase-2", 2)]
    assert_same(tmp_path / "whole", tmp_path / "stopped")
    assert resumed.training["translators"] == whole.training["translators"]
    assert resumed.training["stages"].keys() == whole.training["stages"].keys()


def assert_same(one: Path, other: Path) -> None:
    """Bit-equal weights and equal scores."""
    weights, others = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())
    assert Result.load(one / "result.json").scores == Result.load(other / "result.json").scores


@pytest.mark.medium
def test_phase_2_starts_anew_and_leaves_its_teacher_alone(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both phases start from plain's weights of the seed; the teacher is what phase 1 ended with, to the bit."""
    starts: list[dict[str, torch.Tensor]] = []
    teachers: list[Any] = []

    class Begin(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            starts.append({name: value.clone() for name, value in model.state_dict().items()})

    class Keep(TrainerCallback):
        def on_train_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            starts.append({name: value.clone() for name, value in model.state_dict().items()})

    class Watched(module.Teacher):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            teachers.append(self)

    monkeypatch.setattr(module, "Teacher", Watched)
    train(make_run(make_recipe), data, tmp_path / "run", method=METHOD, callbacks=[Begin(), Keep()])
    plain = find_method("plain")
    recipe = make_recipe(**plain.overrides(), max_steps=1, unit="subword")
    train(recipe, data, tmp_path / "plain", method=plain, callbacks=[Begin()])
    first, first_end, second, _, expected = starts
    (teacher,) = teachers
    assert all(torch.equal(value, second[name]) and torch.equal(value, expected[name]) for name, value in first.items())
    assert not torch.equal(first["classifier.weight"], first_end["classifier.weight"])
    assert all(torch.equal(value, first_end[name]) for name, value in teacher.tagger.state_dict().items())
    assert not any(parameter.requires_grad for parameter in teacher.tagger.parameters())


def test_the_authors_setting_lies_over_a_recipe() -> None:
    recipe = Recipe.load("udpos-zh-vi").override(METHOD.overrides(original=True))
    assert recipe.training["num_train_epochs"] == 20
    assert recipe.config["pooling"] == "first"
    assert METHOD.settings_of(recipe) == FilterSettings(1, 1, 1.0, 1.0, 0.5)
