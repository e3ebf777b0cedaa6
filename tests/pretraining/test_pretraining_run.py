"""Runs: what they leave can be loaded, what was stopped ends as if it had not been, what is hidden can be learnt."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer, TrainerCallback

from phonexl.json_file import read_json
from phonexl.pretraining import budget
from phonexl.pretraining.arm import Arm, Settings, learn_representation
from phonexl.pretraining.budget import derive_steps
from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.dataset import HiddenSentences
from phonexl.pretraining.encoder import Body, build_encoder, count_parameters
from phonexl.pretraining.representations import REPRESENTATIONS, Representation
from phonexl.pretraining.run import CHECKPOINTS, pretrain
from phonexl.pretraining.trainer import kept_steps, marks_of
from phonexl.results import RECIPE_FILE, Result, find_results

pytestmark = pytest.mark.medium


class _Watch(TrainerCallback):
    """Notes the steps that were trained and their losses; raises at a step."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop = stop
        self.losses: dict[int, float] = {}
        self.trained: list[int] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trained.append(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if "loss" in logs:
            self.losses[state.global_step] = logs["loss"]
        if self.stop is not None and state.global_step > self.stop:
            raise InterruptedError


def same_weights(one: Path, other: Path) -> bool:
    weights, others = (load_file(folder / "model.safetensors") for folder in (one, other))
    return weights.keys() == others.keys() and all(torch.equal(weights[name], others[name]) for name in weights)


@pytest.fixture(scope="module")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Result]]:
    """A finished run of all representations, of eight steps."""
    out = tmp_path_factory.mktemp("run")
    torch.set_num_threads(1)
    settings = Settings(Body(1, 64), steps=8, batch_size=8, vocab_size=120, bf16=False)
    return out, pretrain(corpus, REPRESENTATIONS, settings, out)


def test_every_encoder_loads_with_its_tokenizer(run: tuple[Path, list[Result]], corpus: Corpus) -> None:
    """As `phonexl gap analyze` loads it: the last hidden state must be that of what was trained."""
    out, results = run
    for name in REPRESENTATIONS:
        folder = out / name / "step-8"
        model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
        representation = Representation.load(folder)
        assert representation.name == name
        assert tokenizer.model_max_length == model.config.max_position_embeddings == 128
        weights = load_file(folder / "model.safetensors")
        assert torch.equal(weights["model.layers.0.mlp.Wo.weight"], model.layers[0].mlp.Wo.weight)
        spelled = [representation.spell_words(sentence) for sentence in corpus.held_out[:3]]
        batch = tokenizer(spelled, padding=True, return_tensors="pt")
        hidden = model(**batch).last_hidden_state
        assert hidden.shape == (*batch["input_ids"].shape, 64)
        assert hidden.isfinite().all()
    assert [result.recipe["representation"] for result in results] == list(REPRESENTATIONS)


def test_encoders_are_kept_at_parts_of_the_run_and_differ(run: tuple[Path, list[Result]]) -> None:
    out = run[0] / "phoneme"
    steps = [f"step-{step}" for step in (0, 1, 2, 4, 8)]
    assert sorted(path.name for path in out.iterdir()) == ["result.json", *steps]
    assert not same_weights(out / "step-4", out / "step-8")


def test_the_encoder_is_kept_untrained_too(run: tuple[Path, list[Result]]) -> None:
    """Symbols that languages share make vectors alike without any training: a trained encoder is read beside it."""
    folder = run[0] / "phoneme" / "step-0"
    tokenizer = Representation.load(folder).tokenizer
    build_encoder(Body(1, 64), len(tokenizer), 128, tokenizer.pad_token_id, 1).save_pretrained(folder / "again")
    assert same_weights(folder, folder / "again")


def test_a_result_says_what_was_seen_and_what_it_cost(run: tuple[Path, list[Result]], corpus: Corpus) -> None:
    """Equal sentences and equal work are read from these; a figure without its data cannot be judged."""
    out, results = run
    by_name = {result.recipe["representation"]: result for result in results}
    assert {result.name for result in find_results([out])} == {f"pretrain-{name}" for name in REPRESENTATIONS}
    for result in results:
        training = result.training
        assert training["sentences"] == 64
        assert training["epochs"] == pytest.approx(64 / len(corpus.train))
        assert [point["step"] for point in training["curve"]] == list(range(1, 9))
        work = [point["flops"] for point in training["curve"]]
        assert all(a < b for a, b in zip(work, work[1:], strict=False))
        assert training["flops"] == work[-1]
        assert set(result.scores) == {"kor", "tur", "swa"}
        mean = sum(split["held_out"]["bits_per_word"] for split in result.scores.values()) / 3
        assert training["curve"][-1]["bits_per_word"] == pytest.approx(mean)
        assert result.data["kor"]["dropped"] == {}
        assert len(result.data["kor"]["sha256"]) == 64
        assert {"torch", "transformers"} <= set(result.versions)
        assert {"device", "precision"} <= set(result.hardware)
    flops = {name: result.training["flops"] for name, result in by_name.items()}
    assert flops["subword"] < flops["character"] < flops["phoneme"] * 1.2
    # Relabelled sentences are as long; only the decoder is larger.
    assert flops["phoneme"] < flops["private-phoneme"] < flops["phoneme"] * 1.1
    bodies = {result.training["parameters"]["body"] for result in results}
    assert len(bodies) == 1


def test_bodies_start_alike_whatever_the_vocabulary() -> None:
    """A luckier draw of the body would be taken for a better representation."""
    small, large = (build_encoder(Body(2, 64), size, 32, 0, 5) for size in (50, 900))
    others = dict(large.named_parameters())
    for name, parameter in small.named_parameters():
        if parameter.shape == others[name].shape:
            assert torch.equal(parameter, others[name]), name
        else:
            assert "tok_embeddings" in name or "decoder" in name
    again, another = build_encoder(Body(2, 64), 50, 32, 0, 5), build_encoder(Body(2, 64), 50, 32, 0, 6)
    name = "model.layers.1.mlp.Wo.weight"
    assert torch.equal(small.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(small.state_dict()[name], another.state_dict()[name])
    assert count_parameters(large)["body"] == count_parameters(small)["body"]
    assert sum(count_parameters(large).values()) == large.num_parameters()


def test_a_stopped_run_repeats_its_batches_bit_for_bit(corpus: Corpus, settings: Settings, tmp_path: Path) -> None:
    settings = replace(settings, steps=24)  # more than an epoch; saved after 1, 3, 4, 6, ... of them
    whole, rest = _Watch(), _Watch()
    (expected,) = pretrain(corpus, ["phoneme"], settings, tmp_path / "whole", callbacks=[whole])
    with pytest.raises(InterruptedError):
        pretrain(corpus, ["phoneme"], settings, tmp_path / "stopped", callbacks=[_Watch(5)])
    # Killed while a later checkpoint was written: it has no trainer state yet.
    checkpoints = tmp_path / "stopped" / "phoneme" / CHECKPOINTS
    (last,) = checkpoints.glob("checkpoint-*")
    shutil.copytree(last, checkpoints / "checkpoint-23")
    os.remove(checkpoints / "checkpoint-23" / "trainer_state.json")
    (found,) = pretrain(corpus, ["phoneme"], settings, tmp_path / "stopped", resume=True, callbacks=[rest])
    done = int(last.name.rpartition("-")[2])
    assert done == 4
    assert rest.trained == list(range(done + 1, 25))
    assert rest.losses == {step: whole.losses[step] for step in rest.trained}
    assert found.training["curve"] == expected.training["curve"]
    assert found.scores == expected.scores
    for name in ("step-3", "step-12", "step-24"):
        assert same_weights(tmp_path / "stopped" / "phoneme" / name, tmp_path / "whole" / "phoneme" / name)
    assert f"continued from step {done}" in found.warnings[-1]


def test_a_run_killed_before_its_result_was_written_trains_no_more(
    corpus: Corpus, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Result, path: Path) -> None:
        raise InterruptedError

    with monkeypatch.context() as context:
        context.setattr(Result, "save", killed)
        with pytest.raises(InterruptedError):
            pretrain(corpus, ["character"], settings, tmp_path)
    watch = _Watch()
    (result,) = pretrain(corpus, ["character"], settings, tmp_path, resume=True, callbacks=[watch])
    assert watch.trained == []
    assert result.training["curve"][-1]["step"] == 6


def test_finished_representations_are_left_alone(corpus: Corpus, settings: Settings, tmp_path: Path) -> None:
    pretrain(corpus, ["character"], settings, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "character").rglob("*")}
    watch = _Watch()
    results = pretrain(corpus, ["character", "phoneme"], settings, tmp_path, resume=True, callbacks=[watch])
    assert watch.trained == [1, 2, 3, 4, 5, 6]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "character").rglob("*")} == before
    assert results[0] == Result.load(tmp_path / "character" / "result.json")


def test_work_of_others_is_not_overwritten_nor_mixed(corpus: Corpus, settings: Settings, tmp_path: Path) -> None:
    pretrain(corpus, ["character"], settings, tmp_path)
    with pytest.raises(FileExistsError, match=r"character holds a run already: continue it with --resume"):
        pretrain(corpus, ["character"], settings, tmp_path)
    with pytest.raises(ValueError, match=r"holds a run with steps=6, and this one has steps=7"):
        pretrain(corpus, ["phoneme"], replace(settings, steps=7), tmp_path)
    other = replace(corpus, facts={**corpus.facts, "kor": {**corpus.facts["kor"], "sha256": "0"}})
    with pytest.raises(ValueError, match=r"holds a run with corpus="):
        pretrain(other, ["phoneme"], settings, tmp_path)
    assert read_json(tmp_path / RECIPE_FILE)["steps"] == 6


@pytest.mark.parametrize("resume", [False, True])
def test_a_foreign_folder_of_a_representations_name_is_left_alone(
    corpus: Corpus, settings: Settings, tmp_path: Path, resume: bool
) -> None:
    mine = tmp_path / "character" / "step-6" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match="character holds step-6 and no run: move it away"):
        pretrain(corpus, ["character"], settings, tmp_path, resume=resume)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_twenty_sentences_can_be_learnt_by_heart(corpus: Corpus, settings: Settings, tmp_path: Path) -> None:
    """An encoder that cannot do this reads something else than it is asked for."""
    settings = replace(settings, body=Body(2, 64), steps=200, batch_size=20, learning_rate=5e-3)
    few = replace(corpus, train=corpus.train[:20])
    arm = Arm.of(few, learn_representation(few, "phoneme", settings))
    watch = _Watch()
    trainer = arm.make_trainer(settings, tmp_path, callbacks=[watch])
    trainer.train()
    _, counts = np.unique(np.concatenate([s.ids[s.word_index >= 0] for s in arm.train]), return_counts=True)
    shares = counts / counts.sum()
    by_frequency = float(-(shares * np.log(shares)).sum())  # nats a symbol
    assert watch.losses[4] > by_frequency
    assert watch.losses[200] < by_frequency * 2 / 3  # with most words hidden, some sentences cannot be told apart


def test_an_evaluation_knows_the_work_of_all_steps_before_it(
    corpus: Corpus, settings: Settings, tmp_path: Path
) -> None:
    """The Trainer adds it up when it logs, which need not be when it evaluates."""
    arm = Arm.of(corpus, learn_representation(corpus, "phoneme", settings))
    trainer = arm.make_trainer(settings, tmp_path)
    trainer.state.total_flos, trainer.current_flos = 10.0, 5.0
    assert trainer.evaluate()["flops"] == 15


def test_batches_of_the_trainer_are_the_run_in_order(corpus: Corpus, settings: Settings, tmp_path: Path) -> None:
    arm = Arm.of(corpus, learn_representation(corpus, "phoneme", settings))
    trainer = arm.make_trainer(settings, tmp_path)
    batches = list(trainer.get_train_dataloader())
    expected = HiddenSentences(arm.train, arm.representation.mask_id, settings.seed, 48)
    assert len(batches) == settings.steps
    for number, batch in enumerate(batches):
        rows = [expected[place] for place in range(number * 8, number * 8 + 8)]
        assert batch["input_ids"].sum() == sum(int(row.ids.sum()) for row in rows)
        assert batch["counts"]["hidden"] == sum(row.num_hidden for row in rows)


@pytest.mark.parametrize(("steps", "kept"), [(1, []), (2, [1]), (16, [2, 4, 8]), (100, [12, 25, 50])])
def test_marks_are_parts_of_the_run(steps: int, kept: list[int]) -> None:
    assert marks_of(steps)[-1] == steps
    assert kept_steps(steps) == kept
    assert set(kept) <= set(marks_of(steps))


def test_a_budget_of_minutes_becomes_steps(corpus: Corpus, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that says what a step takes, so that the answer is known."""
    clock = [0.0]
    monkeypatch.setattr("phonexl.pretraining.budget.time.monotonic", lambda: clock[0])

    def train(self: Any) -> None:
        for _ in range(50):
            clock[0] += 0.5
            for callback in self.callback_handler.callbacks:
                if hasattr(callback, "times"):
                    callback.on_step_end(self.args, self.state, self.control)

    monkeypatch.setattr("phonexl.pretraining.trainer.PretrainingTrainer.train", train, raising=False)

    def evaluate(self: Any) -> None:
        clock[0] += 0.25

    monkeypatch.setattr("phonexl.pretraining.trainer.PretrainingTrainer.evaluate", evaluate)
    lines: list[str] = []
    found = derive_steps(corpus, ["character", "phoneme"], settings, 2, lines.append)
    assert found == replace(settings, steps=61)  # (120 - 2 x 25.25 - 2 x 16 x 0.25) s over 2 x 0.5
    assert lines[0] == "character: 0.500 s a step, 0.2 s an evaluation"
    assert lines[-1].endswith("61 steps, 488 sentences in 2 minutes, timing included")
    clock[0] = 0
    with pytest.raises(ValueError, match=r"--budget-minutes 0.5: one step needs 0.99 on .*, timing included"):
        derive_steps(corpus, ["character", "phoneme"], settings, 0.5)
    learn = budget.learn_representation

    def learn_slowly(*arguments: Any) -> Any:
        clock[0] += 5
        return learn(*arguments)

    monkeypatch.setattr(budget, "learn_representation", learn_slowly)
    clock[0] = 0
    found = derive_steps(corpus, ["character", "phoneme"], settings, 2)
    assert found.steps == 61 - 2 * 5 * 2  # learnt here, and once more in the run
