"""Runs that were stopped: they end where an uninterrupted one does, and nothing finished is done or undone again."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import TrainerCallback

import phonexl.training.task as task_module
from dataset_scripts.schema import Sentence
from phonexl.methods import find_method
from phonexl.results import Result, find_results
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.medium]

# Two epochs of three steps; the evaluations between must not move the random state either.
STEPS = {"num_train_epochs": 2, "save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 2}


class _StopAt(TrainerCallback):
    """Raises at a step; notes the steps that were trained and their logged losses."""

    def __init__(self, step: int | None = None) -> None:
        self.step = step
        self.trained: list[int] = []
        self.losses: dict[int, tuple[float, ...]] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trained.append(state.global_step)
        if state.global_step == self.step:
            raise InterruptedError

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if "loss" in logs:
            names = ("loss", "task_loss", "align_loss", "mlm_loss", "xmlm_loss", "sound_norm")
            self.losses[state.global_step] = tuple(logs[name] for name in names)


def assert_same_run(one: Path, other: Path) -> None:
    """Bit-equal weights and equal scores."""
    weights, others = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        assert torch.equal(weight, others[name]), name
    results = [Result.load(folder / "result.json") for folder in (one, other)]
    assert results[0].scores == results[1].scores
    assert results[0].training["best_dev_score"] == results[1].training["best_dev_score"]


@pytest.mark.parametrize(
    "settings",
    [
        {"train_sampling_strategy": "group_by_length", "stop": 5},
        {"train_sampling_strategy": "random", "stop": 4},
        {"load_best_model_at_end": True, "metric_for_best_model": "xtreme_f1", "gradient_accumulation_steps": 2,
         "per_device_train_batch_size": 4, "stop": 3},
    ],
    ids=["grouped", "random", "accumulated"],
)  # fmt: skip
def test_a_run_stopped_in_an_epoch_ends_as_if_it_had_not_been(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    settings = dict(settings)
    stop = settings.pop("stop")
    recipe = make_recipe(**STEPS, **settings)
    whole, rest = _StopAt(), _StopAt()
    train(recipe, data, tmp_path / "whole", callbacks=[whole])
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", callbacks=[_StopAt(stop)])
    (result,) = train(recipe, data, tmp_path / "stopped", resume=True, callbacks=[rest])
    facts, stopped_at = result.training, rest.trained[0] - 1
    assert facts.get("resumed_at_step", 0) == stopped_at
    assert facts["seconds_per_step"] == pytest.approx(facts["seconds"] / (6 - stopped_at), abs=0.06)
    # The step at which it stops is not saved any more.
    assert rest.trained == list(range((stop - 1) // 2 * 2 + 1, 7))
    assert rest.losses == {step: whole.losses[step] for step in rest.trained}
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


@pytest.mark.parametrize("stop", [3, 5, 8])
def test_a_resumed_run_ends_early_where_an_uninterrupted_one_does(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """Evaluations before the stop count; one that is cut off at its last step, before that is on disk, ends there."""
    recipe = make_recipe(
        **{**STEPS, "num_train_epochs": 5}, early_stopping_patience=3, metric_for_best_model="xtreme_f1"
    )

    class Cut(_StopAt):
        """At the end of training if that is the step, and else after the step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if stop != 8:
                super().on_step_end(args, state, control, **kwargs)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            raise InterruptedError

    def score_dev(first: int) -> None:
        scores = iter([0.5, 0.4, 0.45, 0.4, 0.3][first - 1 :])
        monkeypatch.setattr(task_module, "xtreme_f1", lambda predicted, gold: next(scores))

    score_dev(1)
    (result,) = train(recipe, data, tmp_path / "whole")
    assert result.training["steps"] == 8
    score_dev(1)
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", callbacks=[Cut(stop)])
    score_dev((stop - 1) // 2 + 1)
    rest = _StopAt()
    train(recipe, data, tmp_path / "stopped", resume=True, callbacks=[rest])
    assert rest.trained == list(range((stop - 1) // 2 * 2 + 1, 9))
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


KILLED = """
import os, signal, sys
from pathlib import Path

import torch
from transformers import TrainerCallback

from phonexl.training.recipe import Recipe
from phonexl.training.run import train

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 5:
            os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
train(Recipe.load(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), callbacks=[Kill()])
"""


def test_a_killed_run_ends_as_if_it_had_not_been(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    """Killed between two checkpoints, and while a third was written: that one has no trainer state yet."""
    recipe, file, out = make_recipe(**STEPS), tmp_path / "tiny.yaml", tmp_path / "killed"
    file.write_text(yaml.safe_dump({key: value for key, value in recipe.values().items() if value is not None}))
    child = subprocess.run([sys.executable, "-c", KILLED, str(file), str(data), str(out)], timeout=300)
    assert child.returncode == -signal.SIGKILL
    torn = out / "checkpoints" / "checkpoint-5"
    shutil.copytree(out / "checkpoints" / "checkpoint-4", torn)
    os.remove(torn / "trainer_state.json")
    rest = _StopAt()
    train(recipe, data, out, resume=True, callbacks=[rest])
    assert rest.trained == [5, 6]
    train(recipe, data, tmp_path / "whole")
    assert_same_run(tmp_path / "whole", out)


def test_finished_seeds_are_left_alone(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path) -> None:
    recipe = make_recipe(seeds=[3, 4, 5], save_strategy="steps", save_steps=1)
    with pytest.raises(InterruptedError):
        train(recipe.with_seeds([3]), data, tmp_path / "seed-3", callbacks=[_StopAt(3)])
    with pytest.raises(InterruptedError):
        train(recipe.with_seeds([4]), data, tmp_path / "seed-4", callbacks=[_StopAt(2)])
    train(recipe.with_seeds([3]), data, tmp_path / "seed-3", resume=True)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "seed-3").rglob("*")}
    steps = _StopAt()
    results = train(recipe, data, tmp_path, resume=True, callbacks=[steps])
    assert [result.seed for result in results] == [3, 4, 5]
    assert steps.trained == [2, 3, 1, 2, 3]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "seed-3").rglob("*")} == before
    assert results[0] == Result.load(tmp_path / "seed-3" / "result.json")


@pytest.mark.parametrize("stop", [2, None])
def test_a_seed_that_was_run_alone_is_one_of_several(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, stop: int | None
) -> None:
    """Trained again below its own folder, it would be two seeds of the table."""
    recipe, steps = make_recipe(seeds=[1, 2], save_strategy="steps", save_steps=1, max_steps=3), _StopAt()
    if stop is None:
        train(recipe.with_seeds([1]), data, tmp_path)
    else:
        with pytest.raises(InterruptedError):
            train(recipe.with_seeds([1]), data, tmp_path, callbacks=[_StopAt(stop)])
    with pytest.raises(FileExistsError):
        train(recipe, data, tmp_path)
    with pytest.raises(InterruptedError):  # the list of seeds of the second call must not be mistaken for the seed
        train(recipe, data, tmp_path, resume=True, callbacks=[_StopAt(2 if stop is None else 3)])
    train(recipe, data, tmp_path, resume=True, callbacks=[steps])
    assert steps.trained[-3 if stop else -1 :] == ([1, 2, 3] if stop else [3])
    assert sorted(path.parent.name for path in tmp_path.rglob("result.json")) == sorted([tmp_path.name, "seed-2"])
    assert [result.seed for result in find_results([tmp_path])] == [1, 2]


def test_a_seed_that_was_run_among_others_is_taken_alone_and_no_seed_for_another(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    """A single seed lies in the folder itself: there a second one would get the first one's scores."""
    recipe, steps = make_recipe(seeds=[1, 2], max_steps=1), _StopAt()
    train(recipe, data, tmp_path)
    (again,) = train(recipe.with_seeds([2]), data, tmp_path, resume=True, callbacks=[steps])
    assert (again.seed, steps.trained) == (2, [])
    for seed in (3, 4):
        (result,) = train(recipe.with_seeds([seed]), data, tmp_path, resume=True)
        assert result.seed == seed
    assert sorted(result.seed for result in find_results([tmp_path])) == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="holds a run with max_steps=1, and this one has max_steps=2"):
        train(recipe.with_seeds([5]).override({"max_steps": 2}), data, tmp_path, resume=True)


@pytest.mark.parametrize("left", ["result.json", "checkpoints"])
@pytest.mark.parametrize("seeds", [[1], [1, 2]])
def test_an_existing_run_is_refused(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, left: str, seeds: list[int]
) -> None:
    """Hours of work must not be overwritten by a repeated command."""
    place = tmp_path if len(seeds) == 1 else tmp_path / "seed-2"
    (place / left).mkdir(parents=True)
    with pytest.raises(FileExistsError, match=r"holds a run already.*--resume.*--out"):
        train(make_recipe(seeds=seeds), data, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json", "checkpoints/checkpoint-7"])
@pytest.mark.parametrize("seeds", [[1], [1, 2]])
def test_a_model_of_another_origin_is_not_overwritten(
    make_recipe: Callable[..., Recipe], tmp_path: Path, file: str, seeds: list[int]
) -> None:
    """Told before data are read; with --resume a foreign checkpoint would be trained on, and removed."""
    place = tmp_path if len(seeds) == 1 else tmp_path / "seed-2"
    (place / file).parent.mkdir(parents=True, exist_ok=True)
    (place / file).write_text("theirs", encoding="utf-8")
    message = rf"{place} holds a model that is no run of this program \({file}\) and would be .* another --out"
    with pytest.raises(FileExistsError, match=message):
        train(make_recipe(seeds=seeds), tmp_path / "nowhere", tmp_path, resume=True)
    with pytest.raises(FileExistsError, match="another --out"):
        train(make_recipe(seeds=seeds), tmp_path / "nowhere", tmp_path)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()] == ["theirs"]


def test_files_that_are_of_no_model_may_lie_there(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    """The log of the call that is just running is often one."""
    (tmp_path / "log.txt").write_text("mine", encoding="utf-8")
    train(make_recipe(max_steps=1), data, tmp_path)
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("seeds", [[1], [1, 2]])
def test_where_nothing_can_be_written_is_told_before_data_are_read(
    make_recipe: Callable[..., Recipe], tmp_path: Path, seeds: list[int]
) -> None:
    (tmp_path / "seed-2").write_text("a file", encoding="utf-8")
    out = tmp_path / "seed-2" / "out" if len(seeds) == 1 else tmp_path
    with pytest.raises(NotADirectoryError, match=r"seed-2 is no folder; choose another --out"):
        train(make_recipe(seeds=seeds), tmp_path / "nowhere", out)
    assert [path.name for path in tmp_path.iterdir()] == ["seed-2"]


def test_resuming_nothing_starts_anew(make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path) -> None:
    steps = _StopAt()
    train(make_recipe(max_steps=2), data, tmp_path / "new", resume=True, callbacks=[steps])
    assert steps.trained == [1, 2]
    assert not (tmp_path / "new" / "checkpoints").exists()


@pytest.mark.parametrize("stop", [3, None])
def test_a_run_of_other_settings_is_not_resumed(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, stop: int | None
) -> None:
    """A finished seed would be reported under settings that it never saw, a stopped one be half of each."""
    recipe = make_recipe(**STEPS)
    if stop is None:
        train(recipe, data, tmp_path / "run")
    else:
        with pytest.raises(InterruptedError):
            train(recipe, data, tmp_path / "run", callbacks=[_StopAt(stop)])
    other = recipe.override({"learning_rate": 0.5})
    with pytest.raises(ValueError, match=r"run holds a run with learning_rate=.*, and this one has learning_rate=0\.5"):
        train(other, data, tmp_path / "run", resume=True)
    others = replace(recipe, method="plain", task="panx")  # what tells most is named first, also without --resume
    with pytest.raises(ValueError, match="with method='phonexl', and this one has method='plain': .* another --out"):
        train(others, tmp_path / "nowhere", tmp_path / "run", method=find_method("plain"))


@pytest.mark.parametrize("part", ["train-zh", "test-vi"])
@pytest.mark.parametrize("stop", [3, None])
def test_a_run_of_other_sentences_is_not_resumed(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, stop: int | None, part: str
) -> None:
    """A finished seed and one of other sentences would be one mean of two systems, a stopped one half of each."""
    recipe, folder, out = make_recipe(**STEPS), tmp_path / "data", tmp_path / "run"
    shutil.copytree(data, folder)
    with pytest.raises(InterruptedError) if stop else contextlib.nullcontext():
        train(recipe, folder, out, callbacks=[_StopAt(stop)])
    text = (folder / f"{part}.tsv").read_text(encoding="utf-8")
    (folder / f"{part}.tsv").write_text(text.partition("\n\n")[2], encoding="utf-8", newline="\n")
    name = {"train-zh": "train", "test-vi": r"vi\.test"}[part]
    message = rf"run holds a run of other data, whose sentences of {name} were \d+ \(sha256 \w+\), .* another --out"
    steps = _StopAt()
    for seeds in ([1], [1, 2], [2]):
        with pytest.raises(ValueError, match=message):
            train(recipe.with_seeds(seeds), folder, out, resume=True, callbacks=[steps])
    assert steps.trained == []
    (folder / f"{part}.tsv").write_text(text, encoding="utf-8", newline="\n")
    train(recipe.with_seeds([1, 2]), folder, out, resume=True, callbacks=[steps])
    assert steps.trained[-6:] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("stop", [3, None])
def test_a_run_of_another_dictionary_is_not_resumed(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, stop: int | None
) -> None:
    """One that the run does not read may change."""
    recipe, folder, out = make_recipe(**STEPS), tmp_path / "data", tmp_path / "run"
    plain = recipe.override({**find_method("plain").overrides(), "max_steps": 1})
    shutil.copytree(data, folder)
    with pytest.raises(InterruptedError) if stop else contextlib.nullcontext():
        train(recipe, folder, out, callbacks=[_StopAt(stop)])
    (scored,) = train(plain, folder, tmp_path / "plain", method=find_method("plain"))
    pairs = (folder / "zh-vi.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "zh-vi.tsv").write_text("".join(pairs[1:]), encoding="utf-8", newline="\n")
    steps = _StopAt()
    message = rf"run holds a run of other data, whose entries of dictionary were {len(pairs)} .* its own dictionary, or"
    for seeds in ([1], [1, 2], [2]):
        with pytest.raises(ValueError, match=message):
            train(recipe.with_seeds(seeds), folder, out, resume=True, callbacks=[steps])
    assert steps.trained == []
    assert train(plain, folder, tmp_path / "plain", method=find_method("plain"), resume=True) == [scored]


def test_a_run_of_other_translations_is_not_resumed_and_one_of_more_is(
    make_recipe: Callable[..., Recipe], data: Path, sentences: list[Sentence], tmp_path: Path
) -> None:
    """Whoever adds what another method lacked must not lose what is trained."""
    file, method = tmp_path / "zh-vi.jsonl", find_method("translate-train")
    lines = [json.dumps({"tokens": s.tokens, "translation": ["a"], "alignment": [[0, 0]]}) + "\n" for s in sentences]
    file.write_text("".join(lines), encoding="utf-8")
    recipe = make_recipe(**{**method.overrides(), "translate-train.layer": 1}, translator=str(file), max_steps=1)
    run = partial(train, recipe, data, tmp_path / "run", method=method, resume=True)
    before = run()
    assert before[0].data["translations"]["entries"] == len(lines)
    file.write_text("".join([*lines, lines[0]]), encoding="utf-8")
    assert run() == before
    for other in (lines[1:], [lines[0].replace('"a"', '"b"'), *lines[1:]]):
        file.write_text("".join(other), encoding="utf-8")
        with pytest.raises(ValueError, match=r"whose entries of translations were .* its own translations, or"):
            run()


def test_a_stopped_run_from_before_its_data_were_noted_is_resumed(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    recipe, steps = make_recipe(**STEPS), _StopAt()
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path, callbacks=[_StopAt(3)])
    (tmp_path / "checkpoints" / "data_hashes.json").unlink()
    train(recipe, data, tmp_path, resume=True, callbacks=[steps])
    assert steps.trained == [3, 4, 5, 6]
