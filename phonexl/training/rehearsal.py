"""A method's way to its first step on a few sentences: what would fail there is known before others are trained.

Nothing is trained, and nothing stays on the disk.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from phonexl.results import RESULT_FILE
from phonexl.training.data import Data
from phonexl.training.job import Job
from phonexl.training.method import Method
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import places_of
from phonexl.training.trainer import PhoneXLTrainer

_EACH_END = 4  # sentences from the start and the end of a part: with few_shot, those of the target stand last


class _Reached(Exception):
    """The first stage is made."""


@dataclass
class _RehearsedJob(Job):
    """A job that ends where its first stage would be trained."""

    def run(self, trainer: PhoneXLTrainer) -> NoReturn:
        raise _Reached


def rehearse(method: Method, recipe: Recipe, data: Data) -> None:
    """Build a method's model, dictionaries, translator and first Trainer, as a run does before its first step.

    Args:
        method: How the recipe is to be trained.
        recipe: The run, with the method laid over it.
        data: The recipe's sentences; a few of each part are read.

    Raises:
        RecipeError, ValueError: If values, backbone and method do not fit together.
        DataError: If a dictionary or translations are missing or malformed.
        MissingToolError: If a package is not installed.
    """
    tests = {key: _few(sentences) for key, sentences in data.tests.items()}
    sample = Data(_few(data.train), _few(data.dev), tests, data.folder)
    with tempfile.TemporaryDirectory() as folder:
        job = _RehearsedJob(recipe, sample, Path(folder), recipe.seeds[0], method.settings_of(recipe))
        try:
            method.train(job)
        except _Reached:
            return
        except ValueError as error:
            if type(error) is ValueError and recipe.name not in str(error):  # of several methods, say which
                raise RecipeError(f"{recipe.name}: {error}") from error
            raise


def is_finished(recipe: Recipe, out: Path) -> bool:
    """Whether the results of all seeds of a recipe are there already, where `run.train` would put them."""
    return all((place / RESULT_FILE).exists() for place in places_of(recipe.seeds, out).values())


def _few(sentences: list[Any]) -> list[Any]:
    return sentences if len(sentences) <= 2 * _EACH_END else [*sentences[:_EACH_END], *sentences[-_EACH_END:]]
