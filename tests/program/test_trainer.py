"""One optimizer step is one optimizer step, however it is cut; and what the Trainer logs, groups and keeps."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from numpy.random import Generator
from safetensors.torch import load_file
from torch import Tensor
from transformers import TrainerCallback

import phonexl.training.task as task_module
from dataset_scripts.readers import load_split
from modeling_phonexl import PhoneXLForTokenClassification
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.collator import SecondSentence
from phonexl.training.dataset import Row
from phonexl.training.evaluation import score, tag_sentences
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe
from phonexl.training.run import load_data, train
from phonexl.training.trainer import EpochLengthSampler, PhoneXLTrainer

pytestmark = pytest.mark.usefixtures("one_thread")

# SGD without clipping shows the gradient itself; AdamW would blow up its last bits.
PLAIN_STEP = {
    "optim": "sgd",
    "learning_rate": 0.1,
    "lr_scheduler_type": "constant",
    "max_grad_norm": 0.0,
    "align_weight": 1.0,
    "mlm_weight": 1.0,
    "xmlm_weight": 1.0,
}
EVERY_STEP = {"eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1}
TERMS = ("task", "align", "mlm", "xmlm")
Train = Callable[..., PhoneXLTrainer]


@pytest.fixture
def run(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, still_backbone: Path) -> Train:
    """Train a fresh tagger without dropout; keywords are the keys of a recipe."""

    def go(callbacks: tuple[TrainerCallback, ...] = (), **settings: Any) -> PhoneXLTrainer:
        recipe = make_recipe(backbone=str(still_backbone), **settings)
        trainer = make_trainer(recipe, data, tmp_path / "checkpoints", callbacks)
        trainer.train()
        return trainer

    return go


def make_trainer(
    recipe: Recipe, data: Path, checkpoints: Path, callbacks: tuple[TrainerCallback, ...] = ()
) -> PhoneXLTrainer:
    job = Job(recipe, load_data(recipe, data), checkpoints, 1, callbacks=callbacks)
    return job.make_trainer(*job.build(PhoneXLForTokenClassification))


def logs_of(trainer: PhoneXLTrainer) -> list[dict[str, float]]:
    return [entry for entry in trainer.state.log_history if "loss" in entry]


def assert_same_weights(one: dict[str, Tensor], other: dict[str, Tensor], tolerance: float = 1e-6) -> None:
    assert set(one) == set(other)
    for name, weight in one.items():
        assert torch.allclose(weight, other[name], rtol=0, atol=tolerance), name


@pytest.mark.medium
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"unit": "subword", "train_sampling_strategy": "group_by_length"},
        {"head": "crf", "train_sampling_strategy": "group_by_length"},
        {"official": True},
    ],
    ids=["word", "subword", "crf", "official"],
)
def test_a_step_is_the_same_for_1_x_8_8_x_1_and_4_x_2(run: Train, settings: dict[str, Any]) -> None:
    """Each term has its own denominator; a mean of micro-batch means would favour the words of short sentences."""
    steps = [
        run(
            per_device_train_batch_size=size,
            gradient_accumulation_steps=count,
            max_steps=1,
            **PLAIN_STEP,
            **settings,
        )
        for size, count in ((8, 1), (1, 8), (4, 2))
    ]
    whole = steps[0]
    assert {f"{term}_loss" for term in TERMS} <= set(logs_of(whole)[0])
    for cut in steps[1:]:
        for name in ("loss", "grad_norm", *(f"{term}_loss" for term in TERMS)):
            assert logs_of(cut)[0][name] == pytest.approx(logs_of(whole)[0][name], rel=2e-6), name
        assert_same_weights(cut.model.state_dict(), whole.model.state_dict())


def test_the_loss_is_the_weighted_sum_of_its_terms(run: Train) -> None:
    weights = {"align_weight": 0.5, "mlm_weight": 0.25, "xmlm_weight": 0.125}
    for entry in logs_of(run(**weights)):
        parts = entry["task_loss"] + sum(
            weight * entry[f"{name.removesuffix('_weight')}_loss"] for name, weight in weights.items()
        )
        assert entry["loss"] == pytest.approx(parts, abs=1e-5)


@pytest.mark.medium
def test_a_last_step_with_fewer_batches_is_no_smaller(run: Train) -> None:
    """10 sentences in steps of 8: the second step has one micro-batch of two, not two."""
    settings = PLAIN_STEP | {"learning_rate": 0.01, "limit_train": 10}
    cut = run(per_device_train_batch_size=4, gradient_accumulation_steps=2, **settings)
    whole = run(per_device_train_batch_size=8, **settings)
    names = ("loss", "spelling_norm", "sound_norm", "language_norm", *(f"{term}_loss" for term in TERMS))
    assert len(logs_of(cut)) == len(logs_of(whole)) == 2
    for name in names:
        assert logs_of(cut)[1][name] == pytest.approx(logs_of(whole)[1][name], abs=2e-5), name
    assert_same_weights(cut.model.state_dict(), whole.model.state_dict())


@pytest.mark.medium
def test_a_log_is_the_mean_over_its_steps(run: Train) -> None:
    """Six steps, logged one by one, and four and two: no step is counted twice or not at all."""
    fine = logs_of(run(num_train_epochs=2))
    coarse = logs_of(run(num_train_epochs=2, logging_steps=4))
    assert (len(fine), len(coarse)) == (6, 1)
    for name in ("task_loss", "align_loss", "mlm_loss", "xmlm_loss", "spelling_norm", "sound_norm", "language_norm"):
        assert coarse[0][name] == pytest.approx(sum(entry[name] for entry in fine[:4]) / 4, abs=1e-5), name
    assert 0 < fine[-1]["switch_rate"] < fine[-1]["switch_coverage"] < 1
    assert 0 < fine[-1]["mask_rate"] < 1


class _SeeEpochs(TrainerCallback):
    """Notes what the collator believes at each step."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **kwargs: Any) -> None:
        self.epochs.append(train_dataloader.collate_fn.epoch)


@pytest.mark.medium
def test_the_collator_draws_for_the_epoch_that_is_trained(run: Train) -> None:
    """Else the dynamic masks are static."""
    seen = _SeeEpochs()
    run((seen,), num_train_epochs=3)
    assert seen.epochs == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {**NO_OBJECTIVES, "mlm_weight": 0.1},
        {**NO_OBJECTIVES, "task_switch_ratio": 0.5},
        {**NO_OBJECTIVES, "particle_merge_ratio": 0.5},
    ],
)
def test_workers_are_refused_where_something_is_counted(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    """Their counts end with them: rates would be missing, and a dictionary that switches nothing not be warned of."""
    recipe = make_recipe(**settings, dataloader_num_workers=1)
    with pytest.raises(ValueError, match="tiny: what is masked, .* set dataloader_num_workers=0$"):
        make_trainer(recipe, data, tmp_path)


def draw_second(row: Row, generator: Generator) -> SecondSentence:
    return SecondSentence(row.sentence, torch.full((len(row.tokens), 1), generator.random()))


@pytest.mark.medium
@pytest.mark.enable_socket  # workers hand tensors over by Unix sockets
def test_the_draws_of_workers_are_those_without(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anew in every epoch: a worker starts when the collator has been told its epoch."""
    drawn: dict[int, list[Tensor]] = {0: [], 1: []}

    def drop_second(self: PhoneXLTrainer, iterator: Iterator[Any], count: int, device: torch.device) -> Any:
        batches, totals = get_batch_samples(self, iterator, count, device)
        for batch in batches:
            drawn[self.args.dataloader_num_workers].append(batch["second_targets"])
        kept = [{name: batch[name] for name in batch if not name.startswith("second_")} for batch in batches]
        return kept, totals  # the common tagger knows no second sentences

    get_batch_samples = PhoneXLTrainer.get_batch_samples
    monkeypatch.setattr(PhoneXLTrainer, "get_batch_samples", drop_second)
    for workers in drawn:
        recipe = make_recipe(**NO_OBJECTIVES, dataloader_num_workers=workers, num_train_epochs=2)
        job = Job(recipe, load_data(recipe, data), tmp_path / str(workers), 1)
        job.make_trainer(*job.build(PhoneXLForTokenClassification), second_view=draw_second).train()
    alone, beside = drawn.values()
    assert len(alone) == 6
    assert len({float(value) for batch in alone for value in batch[:, 1, 0]}) == 2 * 24
    assert all(torch.equal(one, other) for one, other in zip(alone, beside, strict=True))


def test_norms_are_those_of_the_embeddings(run: Train) -> None:
    """The log is how one sees the sound drown the spelling."""
    trainer = run(max_steps=1, per_device_train_batch_size=24, language_init="normal", learning_rate=0.0)
    (entry,) = logs_of(trainer)
    rows = [trainer.train_dataset[index] for index in range(24)]
    spelling, sound = (
        [torch.stack([table.weight[i] for i in ids]).mean(0).norm() for row in rows for ids in with_ends(row)]
        for table, with_ends in (
            (trainer.model.get_input_embeddings(), lambda row: [[2], *row.sentence.pieces, [3]]),
            (trainer.model.phonexl.phoneme_embeddings, lambda row: [[2], *row.sentence.phoneme_pieces, [3]]),
        )
    )
    assert entry["spelling_norm"] == pytest.approx(torch.stack(spelling).mean().item(), rel=1e-5)
    assert entry["sound_norm"] == pytest.approx(torch.stack(sound).mean().item(), rel=1e-5)
    zh = trainer.model.phonexl.language_embeddings.weight[0]
    assert entry["language_norm"] == pytest.approx(zh.norm().item(), rel=1e-5)


def test_every_part_has_its_learning_rate(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path) -> None:
    rates = {"head_learning_rate": 2e-3, "phoneme_learning_rate": 3e-3, "temperature_learning_rate": 4e-3}
    recipe = make_recipe(learning_rate=1e-3, weight_decay=0.1, head="crf", **rates)
    trainer = make_trainer(recipe, data, tmp_path)
    names = {id(parameter): name for name, parameter in trainer.model.named_parameters()}
    found = {
        names.pop(id(parameter)): (group["lr"], group["weight_decay"])
        for group in trainer.create_optimizer().param_groups
        for parameter in group["params"]
    }
    assert names == {}, "every parameter is in one group"
    assert found["classifier.weight"] == (2e-3, 0.1)
    assert found["classifier.bias"] == (2e-3, 0.0)
    assert found["crf.transitions"][0] == found["mlm_head.transform.dense.weight"][0] == 2e-3
    assert found["phonexl.phoneme_embeddings.weight"] == (3e-3, 0.1)
    assert found["logit_scale"][0] == 4e-3
    assert found["phonexl.language_embeddings.weight"] == (1e-3, 0.1)
    assert found["phonexl.backbone.encoder.layer.0.attention.self.query.weight"] == (1e-3, 0.1)
    assert found["phonexl.backbone.embeddings.LayerNorm.weight"] == (1e-3, 0.0)


def test_a_part_without_a_rate_learns_as_the_encoder(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    """None is "as the encoder", but 0 is 0."""
    recipe = make_recipe(learning_rate=1e-3, phoneme_learning_rate=0.0)
    trainer = make_trainer(recipe, data, tmp_path)
    phonemes = trainer.model.phonexl.phoneme_embeddings.weight
    for group in trainer.create_optimizer().param_groups:
        frozen = any(parameter is phonemes for parameter in group["params"])
        assert group["lr"] == (0.0 if frozen else 1e-3)


class _KeepWeights(TrainerCallback):
    """Copies the weights at each evaluation."""

    def __init__(self) -> None:
        self.weights: list[dict[str, Tensor]] = []

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.weights.append({name: weight.clone() for name, weight in model.state_dict().items()})


@pytest.mark.medium
def test_the_best_source_dev_checkpoint_is_kept(run: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the last: the released code scores the last by mistake."""
    scores = iter([0.1, 0.9, 0.3])
    monkeypatch.setattr(task_module, "xtreme_f1", lambda predicted, gold: next(scores))
    kept = _KeepWeights()
    best = {"load_best_model_at_end": True, "metric_for_best_model": "xtreme_f1"}
    trainer = run((kept,), **EVERY_STEP, **best)
    assert trainer.state.best_metric == 0.9
    assert_same_weights(trainer.model.state_dict(), kept.weights[1], tolerance=0)
    assert not torch.equal(kept.weights[1]["classifier.weight"], kept.weights[2]["classifier.weight"])


@pytest.mark.medium
@pytest.mark.parametrize("sign", [1, -1], ids=["greater", "smaller"])
@pytest.mark.parametrize(
    ("patience", "scores", "stop"),
    [
        (2, [0.5, 0.9, 0.9, 0.8], 4),  # as good is not better
        (2, [0.5, 0.4, 0.6, 0.5, 0.5], 5),  # better than all before it: counted anew
        (2, [0.9, 0.1, 0.2], 3),  # better than the last is not enough
        (1, [0.5, 0.4], 2),
        (6, [0.9, *[0.1] * 5], 6),  # five without gain; the run is over
        (None, [0.9, *[0.1] * 5], 6),
    ],
)
def test_training_ends_where_dev_has_not_gained_for_so_many_evaluations(
    run: Train, monkeypatch: pytest.MonkeyPatch, patience: int | None, scores: list[float], stop: int, sign: int
) -> None:
    """At that step and no other, with its weights; nothing is evaluated after it."""
    left = iter(scores)
    monkeypatch.setattr(task_module, "xtreme_f1", lambda predicted, gold: sign * next(left))
    kept = _KeepWeights()
    trainer = run(
        (kept,),
        **EVERY_STEP,
        num_train_epochs=2,
        early_stopping_patience=patience,
        metric_for_best_model="xtreme_f1",
        greater_is_better=sign > 0,
    )
    assert trainer.state.global_step == stop
    assert list(left) == []
    assert trainer.state.best_metric == sign * max(scores)
    assert_same_weights(trainer.model.state_dict(), kept.weights[-1], tolerance=0)


class _BendTransitions(TrainerCallback):
    """Gives a CRF transitions that matter."""

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if model.crf is not None:
            torch.nn.init.normal_(model.crf.transitions, std=2.0)


@pytest.mark.medium
@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_dev_scores_are_those_of_evaluation(run: Train, data: Path, head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On source sentences alone, decoded as at the end: a CRF that has learnt something does not take the argmax."""
    monkeypatch.setattr("phonexl.training.evaluation.gains_from_bf16", lambda device: False)
    trainer = run((_BendTransitions(),), eval_strategy="epoch", head=head, per_device_eval_batch_size=3)
    dev = load_split(data, "udpos", "zh", "validation")
    assert [row.tokens for row in trainer.eval_dataset] == [sentence.tokens for sentence in dev]
    expected = score(tag_sentences(trainer.model, trainer.collator.processor, dev), dev)
    (entry,) = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    assert entry["eval_xtreme_f1"] == expected["xtreme_f1"]
    assert entry["eval_accuracy"] == expected["accuracy"]
    widths = [batch["labels"].size(1) for batch in trainer.get_eval_dataloader()]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    lengths = [index % 17 for index in range(1000)]

    def order(seed: int, epoch: int) -> list[int]:
        sampler = EpochLengthSampler(16, lengths, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    first = order(1, 0)
    torch.rand(3)  # the global generator has nothing to do with it
    assert order(1, 0) == first
    assert sorted(first) == list(range(1000))
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
    sampler = EpochLengthSampler(16, lengths, 1)
    assert list(sampler) == list(sampler) == first
    steps = [[lengths[index] for index in first[start : start + 16]] for start in range(0, 1000, 16)]
    assert sum(max(step) - min(step) for step in steps) / len(steps) < 3


TWO_PROCESSES = """
import sys
from pathlib import Path

import torch
from transformers import TrainerCallback

from phonexl.training.recipe import Recipe
from phonexl.training.run import train

torch.set_num_threads(1)
recipe, data, out = Recipe.load(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])


class Stop(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        assert args.world_size == 2
        if state.global_step == self.step:
            raise InterruptedError


train(recipe, data, out / "whole", callbacks=[Stop(0)])
try:
    train(recipe, data, out / "resumed", callbacks=[Stop(5)])
    raise SystemExit("not stopped")
except InterruptedError:
    train(recipe, data, out / "resumed", resume=True)
"""


@pytest.mark.medium
def test_two_processes_train_the_same_model_as_one(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, still_backbone: Path
) -> None:
    """Weights, logs and dev score; also of a run that is resumed in the middle of its second epoch."""
    settings = PLAIN_STEP | {"num_train_epochs": 2, "train_sampling_strategy": "group_by_length"}
    settings |= {"save_strategy": "steps", "save_steps": 1, "learning_rate": 0.05}
    settings |= {"eval_strategy": "epoch", "limit_eval": 7, "metric_for_best_model": "xtreme_f1"}
    recipe = make_recipe(backbone=str(still_backbone), **settings)
    file, script = tmp_path / "two.yaml", tmp_path / "two.py"
    halved = recipe.override({"per_device_train_batch_size": 4}).values()
    file.write_text(yaml.safe_dump({key: value for key, value in halved.items() if value is not None}))
    script.write_text(TWO_PROCESSES, encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    child = subprocess.run(
        [*launch, str(script), str(file), str(data), str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert child.returncode == 0, child.stderr[-4000:]
    (single,) = train(recipe, data, tmp_path / "single")
    double = json.loads((tmp_path / "whole" / "result.json").read_text(encoding="utf-8"))
    one, two, resumed = (load_file(tmp_path / name / "model.safetensors") for name in ("single", "whole", "resumed"))
    assert_same_weights(one, two)
    assert double["training"]["best_dev_score"] == single.training["best_dev_score"]
    assert double["scores"] == single.scores
    log, expected = double["training"]["last_log"], single.training["last_log"]
    for name in ("loss", "grad_norm", *(f"{term}_loss" for term in TERMS)):
        assert log[name] == pytest.approx(expected[name], abs=1e-5), name
    assert double["training"]["steps"] == 6
    assert_same_weights(two, resumed)
