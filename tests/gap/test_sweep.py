"""The grid: every point is trained once, also if the sweep was stopped, and the best is what `gap run` takes."""

import gc
import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from task_files import write_tagged
from transformers import TrainerCallback
from typer.testing import CliRunner, Result

from phonexl.cli import app
from phonexl.gap.fine_tuning import Encoder
from phonexl.gap.fine_tuning_recipe import FineTuning, load_settings, plan
from phonexl.gap.sweep import GRIDS, parse_grid, sweep, sweep_table
from phonexl.gap.tasks import TASKS, TaskData, load_task
from phonexl.results import Result as RunResult
from phonexl.training.recipe import RecipeError

GRID = {"learning_rate": [1e-9, 0.02, 1e-5], "weight_decay": [0.0]}
SMALL = {
    "num_train_epochs": 2, "per_device_train_batch_size": 8, "eval_strategy": "epoch", "bf16": False,
    "lr_scheduler_type": "cosine",
}  # fmt: skip


@pytest.fixture
def optuna() -> None:
    pytest.importorskip("optuna")


@pytest.fixture(scope="module", autouse=True)
def one_thread_and_little_to_collect():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # the Trainer collects garbage at each turn, and would look at all that is imported
    yield
    gc.unfreeze()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pos")
    write_tagged(folder, "eng")
    return folder


@pytest.fixture(scope="module")
def data(folder: Path) -> TaskData:
    return load_task(TASKS["pos"], folder, "eng", [])


@pytest.fixture
def recipe(checkpoint: Path) -> FineTuning:
    return FineTuning("pos", "eng", str(checkpoint)).with_settings(SMALL, "test")


class Steps(TrainerCallback):
    """Counts trainings; stops the one with a number."""

    def __init__(self, stop_at: int = -1) -> None:
        self.count = 0
        self.rates: list[float] = []
        self._stop_at = stop_at

    def on_train_begin(self, args, state, control, **kwargs):
        self.count += 1
        self.rates.append(args.learning_rate)

    def on_step_end(self, args, state, control, **kwargs):
        if self.count == self._stop_at and state.global_step == 3:
            raise KeyboardInterrupt


def search(recipe: FineTuning, data: TaskData, out: Path, steps: Steps, grid=GRID, seed: int = 1):
    return sweep(recipe, data, Encoder.open(recipe.model, "text"), grid, out, seed, callbacks=[steps])


@pytest.mark.medium
@pytest.mark.usefixtures("optuna")
def test_every_point_is_trained_once_and_the_best_is_found(recipe, data, tmp_path):
    steps = Steps()
    found = search(recipe, data, tmp_path, steps)
    assert sorted(steps.rates) == sorted(GRID["learning_rate"])
    assert found["settings"] == {"learning_rate": 0.02, "weight_decay": 0.0}
    assert found["score"] == max(trial["score"] for trial in found["trials"]) > 0.9
    assert {trial["settings"]["learning_rate"] for trial in found["trials"]} == set(GRID["learning_rate"])
    assert sweep_table(found).rows[0][0] == "0.02"
    assert (found["task"], found["language"], found["metric"]) == ("pos", "eng", "xtreme_f1")
    again = Steps()
    assert search(recipe, data, tmp_path, again) == found
    assert again.count == 0
    with pytest.raises(ValueError, match="holds a run with seed=1, and this one has seed=2"):
        search(recipe, data, tmp_path, again, seed=2)


@pytest.mark.medium
@pytest.mark.usefixtures("optuna")
def test_a_sweep_that_is_stopped_trains_only_what_is_left(recipe, data, tmp_path):
    """The sampler takes a point at which it was stopped for done: it would be lost, or another trained twice."""
    trained = []
    for stop in (2, 1):  # in its second training, and in the first one after that
        steps = Steps(stop)
        with pytest.raises(KeyboardInterrupt):
            search(recipe, data, tmp_path, steps)
        trained += steps.rates[:-1]
    last = Steps()
    found = search(recipe, data, tmp_path, last)
    assert sorted([*trained, *last.rates]) == sorted(GRID["learning_rate"])
    assert {trial["settings"]["learning_rate"] for trial in found["trials"]} == set(GRID["learning_rate"])
    assert len(found["trials"]) == 3
    assert found["settings"]["learning_rate"] == 0.02


@pytest.mark.usefixtures("optuna")
def test_a_sweep_of_other_weights_is_not_continued(recipe, data, tmp_path, monkeypatch):
    """A folder keeps its name when another encoder is put there."""

    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("phonexl.gap.sweep.make_trainer", stop)
    encoder = Encoder.open(recipe.model, "text")
    for found in (encoder, encoder):
        with pytest.raises(KeyboardInterrupt):
            sweep(recipe, data, found, GRID, tmp_path, 1)
    with pytest.raises(ValueError, match="holds a run with encoder_digest=.*, and this one has encoder_digest='other'"):
        sweep(recipe, data, replace(encoder, digest="other"), GRID, tmp_path, 1)
    optuna = pytest.importorskip("optuna")
    study = optuna.load_study(study_name=recipe.name, storage=f"sqlite:///{tmp_path / 'trials.sqlite'}")
    described = study.user_attrs["described"]
    study.set_user_attr("described", {key: described[key] for key in described if key != "encoder_digest"})
    with pytest.raises(KeyboardInterrupt):  # as sweeps were described before
        sweep(recipe, data, encoder, GRID, tmp_path, 1)
    study._storage.remove_session()
    study._storage._backend.engine.dispose()


@pytest.mark.medium
@pytest.mark.usefixtures("optuna")
def test_a_point_is_worth_its_best_epoch(recipe, data, tmp_path):
    class Spoil(TrainerCallback):
        def on_epoch_end(self, args, state, control, **kwargs):
            if state.epoch > 4.5:
                with torch.no_grad():
                    kwargs["model"].classifier.weight.zero_()

    encoder = Encoder.open(recipe.model, "text")
    longer = recipe.with_settings({"num_train_epochs": 5}, "test")
    found = sweep(longer, data, encoder, {"learning_rate": [0.02]}, tmp_path, 1, callbacks=[Spoil()])
    assert found["score"] > 0.5


@pytest.mark.medium
@pytest.mark.usefixtures("optuna")
def test_what_it_writes_is_taken_by_a_run(folder, checkpoint, tmp_path):
    options = ["--task", "pos", "--data", folder, "--model", checkpoint, "--out", tmp_path]
    options += [f"--set={key}={value}" for key, value in SMALL.items()]
    done = run_command("sweep", *options, "--language", "en", "--grid", "learning_rate=[1e-9, 0.02]")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[2].startswith("| 0.02 | ")
    best = tmp_path / f"pos-eng-{checkpoint.name}" / "best.json"
    assert json.loads(best.read_text("utf-8"))["settings"] == {"learning_rate": 0.02}
    options[-len(SMALL) - 1] = tmp_path / "runs"
    done = run_command("run", *options, "--languages", "eng", "--set-file", best, "--no-save-model")
    assert done.exit_code == 0, done.output
    (result,) = (tmp_path / "runs").rglob("result.json")
    assert RunResult.load(result).recipe["learning_rate"] == 0.02


def test_the_example_runs(folder, checkpoint, tmp_path, monkeypatch):
    example = re.search(r"Example: phonexl gap sweep ([^│╭]*)", run_command("sweep", "--help").stdout)
    assert example
    trial = {"score": 0.5, "settings": {"learning_rate": 0.1}}
    best = {"metric": "xtreme_f1", "settings": trial["settings"], "trials": [trial]}
    monkeypatch.setattr("phonexl.gap.sweep.sweep", lambda *args, **kwargs: best)
    monkeypatch.setattr("phonexl.gap.fine_tuning.resolve_backbone", lambda name: str(checkpoint))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "udpos10").mkdir()
    for file in folder.glob("*-eng.tsv"):
        shutil.copy(file, tmp_path / "udpos10" / file.name.replace("eng", "kor"))
    done = run_command("sweep", *example.group(1).split())
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[2] == "| 0.1 | 50.00 |"
    assert json.loads((tmp_path / "sweeps" / "pos-kor-offline" / "best.json").read_text("utf-8")) == best


def test_settings_are_of_their_language_and_what_is_typed_goes_over_them(recipe, tmp_path):
    best = {"task": "pos", "model": recipe.model, "spelling": "text", "language": "kor"}
    (tmp_path / "kor.json").write_text(json.dumps({**best, "settings": {"learning_rate": 0.5, "weight_decay": 0.1}}))
    found = load_settings([tmp_path / "kor.json"], recipe)
    eng, kor = plan(recipe, ["eng", "ko"], None, found, {"weight_decay": 0.2})
    assert "learning_rate" not in eng.training
    assert (kor.source, kor.training["learning_rate"], kor.training["weight_decay"]) == ("kor", 0.5, 0.2)
    with pytest.raises(RecipeError, match="--set-file: settings of kor, and trained on is eng, fra: leave them out"):
        plan(recipe, ["eng", "fra"], None, found, {})
    with pytest.raises(RecipeError, match="settings of kor, and trained on is eng:"):
        plan(recipe, ["kor"], "eng", found, {})
    with pytest.raises(ValueError, match="a second file for kor"):
        load_settings([tmp_path / "kor.json"] * 2, recipe)
    (tmp_path / "ner.json").write_text(json.dumps({**best, "task": "ner", "settings": {}}))
    with pytest.raises(ValueError, match="of task 'ner', and this run is of 'pos'"):
        load_settings([tmp_path / "ner.json"], recipe)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match=r"other\.json: expected what `phonexl gap sweep` writes"):
        load_settings([tmp_path / "other.json"], recipe)


def test_the_grids_are_those_of_the_paper():
    assert {name: [len(values) for values in grid.values()] for name, grid in GRIDS.items()} == {
        "pos": [4, 1], "ner": [4, 1], "xnli": [5, 4, 2],
    }  # fmt: skip


@pytest.mark.usefixtures("optuna")
def test_a_bad_grid_is_one_line(folder, checkpoint, tmp_path, recipe, data):
    with pytest.raises(RecipeError, match="expected a list"):
        parse_grid(["learning_rate=0.1"])
    with pytest.raises(RecipeError, match="--grid 'speed': expected key=value"):
        parse_grid(["speed"])
    options = ["--task", "pos", "--data", folder, "--model", checkpoint, "--out", tmp_path / "out", "--language", "eng"]
    done = run_command("sweep", *options, "--grid", "speed=[1]")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--grid: unknown key 'speed'" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"head_learning_rate": [1e-9, 0.1]}, "only arguments of the HF Trainer can be searched"),
        ({"limit_train": [20, 60]}, r"once for each value, with --set limit_train=VALUE"),
        ({"max_length": [8, 64]}, "max_length: only arguments"),
        ({"warmup_steps": [10, 0.1]}, r"warmup_steps: the search would not train with 0\.1 as it stands"),
        ({"neftune_noise_alpha": [5, 0.5]}, r"would not train with 0\.5"),  # it has no type before the first point
        ({"bf16": [True]}, "would not train with True"),  # what is computed in follows from it
        ({"learning_rate": ["fast"]}, "--grid: learning_rate is 'fast'; expected a finite number"),
        ({"per_device_train_batch_size": [8.5]}, "per_device_train_batch_size is 8.5; expected a whole number"),
    ],
)
def test_what_the_search_would_leave_out_is_refused(grid, message, recipe, data, tmp_path):
    """All points would be trained alike, and one of them be called the best."""
    with pytest.raises(RecipeError, match=message):
        search(recipe, data, tmp_path / "out", Steps(), grid)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("optuna")
def test_the_grids_of_the_paper_can_be_searched(recipe, data, tmp_path, monkeypatch):
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("phonexl.gap.sweep.make_trainer", stop)
    for name, grid in {**GRIDS, "whole": {"per_device_train_batch_size": [8, 4], "warmup_steps": [3]}}.items():
        with pytest.raises(KeyboardInterrupt):
            search(recipe, data, tmp_path / name, Steps(), grid)


def test_without_optuna_the_cure_is_named(folder, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    options = ["--task", "pos", "--data", folder, "--model", checkpoint, "--out", tmp_path / "out", "--language", "eng"]
    done = run_command("sweep", *options)
    assert (done.exit_code, done.stdout) == (4, ""), done.output
    assert "pip install '.[sweep]'" in done.stderr
    assert not (tmp_path / "out").exists()


def run_command(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["gap", *map(str, arguments)])
