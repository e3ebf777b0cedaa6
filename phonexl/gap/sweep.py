"""The grid of the gap paper's Table 5 for one task, encoder and language: every point is trained, the best is written.

Trials are kept in a database beside the result, so a sweep that was stopped goes on.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from modeling_phonexl.transcription import MissingToolError
from phonexl.gap.fine_tuning import Encoder, make_trainer
from phonexl.gap.fine_tuning_recipe import FineTuning
from phonexl.gap.fine_tuning_trainer import FineTuningTrainer
from phonexl.gap.tasks import TaskData, find_task
from phonexl.results import Table, check_same_recipe, describe_versions
from phonexl.training.recipe import RecipeError, number, parse_settings

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

Report = Callable[[str], None]
Grid = Mapping[str, Sequence[Any]]
STORAGE, BEST_FILE = "trials.sqlite", "best.json"
_TAGGING: Grid = {"learning_rate": (3e-5, 5e-5, 1e-4, 3e-4), "weight_decay": (0.01,)}
# "Scheduling on, off" of the paper is the cosine, or a constant rate.
GRIDS: Mapping[str, Grid] = {
    "pos": _TAGGING,
    "ner": _TAGGING,
    "xnli": {
        "learning_rate": (5e-6, 7e-6, 1e-5, 3e-5, 5e-5),
        "weight_decay": (0.0, 0.1, 0.01, 0.001),
        "lr_scheduler_type": ("cosine", "constant"),
    },
}


def sweep(
    recipe: FineTuning,
    data: TaskData,
    encoder: Encoder,
    grid: Grid,
    out: Path,
    seed: int,
    *,
    report: Report = lambda line: None,
    callbacks: Sequence[TrainerCallback] = (),
) -> dict[str, Any]:
    """Train every point of a grid, and choose by the validation split; the test split is not looked at.

    Args:
        recipe: What the points have in common.
        data: Of the recipe.
        encoder: Of the recipe.
        grid: Values by setting.
        out: Folder for the trials; one that has some of this sweep is continued.
        seed: Of every point.
        report: Called with lines of progress.
        callbacks: Passed to the Trainer.

    Returns:
        `task`, `language`, `model`, `spelling`; `metric`, `score` and `settings` of the best point, the first trained
        of equals; `trials`, the scores and settings of all points; `sweep`, what they have in common; `versions`.

    Raises:
        ValueError: If a setting of the grid is unknown or cannot be searched, or `out` holds a sweep of other settings,
            data or weights.
        MissingToolError: If optuna is not installed.
    """
    _check_grid(recipe, grid, out, seed)
    points = {key: list(values) for key, values in grid.items()}
    described = {**recipe.values(), "grid": points, "seed": seed, "data": data.describe()}
    described["encoder_digest"] = encoder.digest
    count = math.prod(len(values) for values in points.values())
    trainer = None
    with _open_study(recipe.name, points, out, described) as study:
        while left := count - len(_scored(study)):
            report(f"{recipe.name}: {left} of {count} settings to train")
            _queue_again(study)
            if trainer is None:
                trainer = make_trainer(recipe, data, encoder, out, seed, callbacks)
            _search(trainer, study, points, left, report)
        trials = _scored(study)
    best = max(trials, key=lambda trial: float(trial.value or 0))
    return {
        **{"task": recipe.task, "language": data.source, "model": recipe.model, "spelling": recipe.spelling},
        **{"metric": find_task(recipe.task).metric, "score": best.value, "settings": best.params},
        "trials": [{"score": trial.value, "settings": trial.params} for trial in trials],
        **{"sweep": described, "versions": describe_versions()},
    }


def parse_grid(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Values by setting of `key=[value, ...]` texts.

    Raises:
        RecipeError: If a text has no list.

    >>> parse_grid(["learning_rate=[1e-5, 3e-5]"])
    {'learning_rate': [1e-05, 3e-05]}
    """
    grid: dict[str, list[Any]] = {}
    for key, values in parse_settings(texts, "--grid").items():
        if not isinstance(values, list) or not values:
            raise RecipeError(f"--grid {key}={values}: expected a list, for example {key}=[1e-5, 3e-5]")
        grid[key] = [number(value) for value in values]
    return grid


def sweep_table(found: Mapping[str, Any]) -> Table:
    """The points of a sweep, the best first."""
    trials = sorted(found["trials"], key=lambda trial: -trial["score"])
    keys = list(found["settings"])
    rows = [[*(str(trial["settings"][key]) for key in keys), f"{trial['score'] * 100:.2f}"] for trial in trials]
    return Table([*keys, f"validation {found['metric']}"], rows)


def _check_grid(recipe: FineTuning, grid: Grid, out: Path, seed: int) -> None:
    """Refuse what the Trainer's search would not train as `gap run` does.

    It sets attributes of arguments that are there already: what is none of them it leaves out, a value becomes one of
    the type that the attribute has, and what follows from the value does not follow.

    Raises:
        RecipeError: Naming the setting.
    """
    before = vars(recipe.arguments(out, seed))
    for key, values in grid.items():
        cure = f"sweep once for each value, with --set {key}=VALUE"
        for value in values:
            wanted = vars(recipe.with_settings({key: value}, "--grid").arguments(out, seed))
            if key not in before:
                raise RecipeError(f"--grid {key}: only arguments of the HF Trainer can be searched; {cure}")
            searched = {**before, key: value, "distributed_state": wanted["distributed_state"]}
            # An attribute without a value takes the type of the point before.
            if not _keeps(value, values if before[key] is None else [before[key]]) or searched != wanted:
                raise RecipeError(f"--grid {key}: the search would not train with {value!r} as it stands; {cure}")


def _keeps(value: Any, others: Sequence[Any]) -> bool:
    """Whether a value stays what it is in the types of others."""
    try:
        return all(type(other)(value) == value for other in others if other is not None)
    except (TypeError, ValueError):
        return False


@contextlib.contextmanager
def _open_study(name: str, grid: Grid, out: Path, described: Mapping[str, Any]) -> Iterator[Study]:
    """A new study, or the one that is there; its file is closed in the end.

    Raises:
        ValueError: If the one that is there is of other settings.
        MissingToolError: If optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingToolError("optuna", "phonexl gap sweep", extra="sweep") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    out.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{out / STORAGE}")
    try:
        study = optuna.create_study(
            storage=storage,
            sampler=optuna.samplers.GridSampler(grid, seed=0),
            # The default one stops a trial that is below the median, and a point of the grid would have no score.
            pruner=optuna.pruners.NopPruner(),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
        before = study.user_attrs.get("described", described)
        # A sweep made before it was noted has no digest.
        check_same_recipe(out, {"encoder_digest": described["encoder_digest"], **before}, described)
        study.set_user_attr("described", described)
        yield study
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _scored(study: Study) -> list[FrozenTrial]:
    """One trial of each point that was trained to its end."""
    from optuna.trial import TrialState

    found = {trial.system_attrs["grid_id"]: trial for trial in study.get_trials(states=[TrialState.COMPLETE])}
    return list(found.values())


def _queue_again(study: Study) -> None:
    """Queue the points at which a sweep was stopped: the sampler takes them for done."""
    from optuna.trial import TrialState, create_trial

    done = {
        trial.system_attrs["grid_id"] for trial in study.get_trials(states=[TrialState.COMPLETE, TrialState.WAITING])
    }
    for trial in study.get_trials(states=[TrialState.FAIL, TrialState.RUNNING]):
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
        grid_id = trial.system_attrs.get("grid_id")
        if grid_id is not None and grid_id not in done:
            done.add(grid_id)
            study.add_trial(create_trial(state=TrialState.WAITING, system_attrs=dict(trial.system_attrs)))


def _search(trainer: FineTuningTrainer, study: Study, grid: Grid, left: int, report: Report) -> None:
    """Train points that are left; the sampler may stop before it has had all of them."""

    def choose(trial: Trial) -> dict[str, Any]:
        point = {key: trial.suggest_categorical(key, values) for key, values in grid.items()}
        report(", ".join(f"{key} {value}" for key, value in point.items()))
        return point

    trainer.hyperparameter_search(
        choose,
        # A run is scored by its best epoch, so a point is too.
        compute_objective=lambda metrics: float(trainer.best.score or 0),
        n_trials=left,
        direction="maximize",
        backend="optuna",
        storage=study._storage,
        sampler=study.sampler,
        pruner=study.pruner,
        study_name=study.study_name,
        load_if_exists=True,
    )
