"""What a method of the comparison is: what it changes in any recipe, and how it trains one seed.

The methods themselves are in `phonexl/methods`, one file each.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from dataset_scripts.schema import TASKS
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from phonexl.training.collator import SecondView
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.setting_types import wrong_type

NEEDS = ("none", "Dict", "MT")  # nothing, a dictionary, translations


@dataclass
class Trained:
    """What a method gives back for one seed.

    Attributes:
        tagger: What tests are tagged, or their pairs classified, by.
        processor: Its processor.
        second_views: By language: the second sentence that its test sentences are read with (translate-test); a
            language without one is read alone. The saved tagger reads all alone, and is scored so too.
        facts: What belongs into the result: translators and their coverage, gates, weights that were used.
        warnings: What the reader of the scores must know.
    """

    tagger: PhoneXLClassifier
    processor: PhoneXLProcessor
    second_views: Mapping[str, SecondView] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def train_one_stage(job: Job) -> Trained:
    """Train the model of the recipe's task with the objectives of its configuration."""
    tagger, processor = job.build(job.task.model)
    trainer = job.run(job.make_trainer(tagger, processor))
    return Trained(trainer.tagger, processor)


@dataclass(frozen=True)
class Method:
    """A system of the comparison.

    Attributes:
        name: As in `--method`.
        reference: Who proposed it, with its equations or sections.
        needs: Of `NEEDS`: what it assumes beside labelled source sentences.
        recipe: What it changes in any recipe: the fair setting, on plain's learning rate, batch and epochs.
        original: What its authors set besides; None where there is nothing to lay over a recipe.
        no_original: Why there is nothing, and what to use.
        settings: A frozen dataclass of its own settings, which a recipe sets as `NAME.FIELD`.
        tags_only: Whether it is about words with tags, and has no form for pairs of sentences.
        may_switch: Whether it is still itself where words of its tagged sentences are switched (`task_switch_ratio`).
        train: Trains one seed.

    Raises:
        ValueError: For other needs.
    """

    name: str
    reference: str
    needs: str
    recipe: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    original: Mapping[str, Any] | None = None
    no_original: str = "its authors published no setting for tagging"
    settings: type[Any] | None = None
    tags_only: bool = False
    may_switch: bool = True
    train: Callable[[Job], Trained] = train_one_stage

    def __post_init__(self) -> None:
        if self.needs not in NEEDS:
            raise ValueError(f"{self.name}: needs {self.needs!r}; expected one of {', '.join(NEEDS)}")

    def overrides(self, original: bool = False) -> dict[str, Any]:
        """Values to lay over a recipe.

        Raises:
            RecipeError: If `original` is asked for and there is none.
        """
        if original and self.original is None:
            raise RecipeError(f"{self.name}: {self.no_original}; use --method {self.name}")
        return {"method": self.name, **self.recipe, **((self.original or {}) if original else {})}

    def settings_of(self, recipe: Recipe) -> Any:
        """The method's own settings under a recipe that it is to train; None for a method without.

        Raises:
            RecipeError: For a setting that the method does not have, a value that it refuses, a task that it is not
                defined for, or switched words that would make it another method.
        """
        if self.tags_only and recipe.task not in TASKS:
            raise RecipeError(f"{recipe.name}: {self.name} is about words with tags and has no form for {recipe.task}")
        if recipe.task_switch_ratio and not self.may_switch:
            raise RecipeError(
                f"{recipe.name}: {self.name} with task_switch_ratio={recipe.task_switch_ratio} is not {self.name}: to "
                "switch tagged words is cosda-ml; set task_switch_ratio=0, or train that alone with --method cosda-ml"
            )
        return self.read_settings(recipe)

    def read_settings(self, recipe: Recipe) -> Any:
        """The method's own settings as a recipe has them, whichever method is to train it; None for a method without.

        Raises:
            RecipeError: For a setting that the method does not have, or a value that it refuses.
        """
        given = recipe.method_settings.get(self.name, {})
        known = [] if self.settings is None else [f.name for f in fields(self.settings)]
        for key in given:
            if key not in known:
                listed = ", ".join(f"{self.name}.{name}" for name in known) or "none"
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {self.name}.{near[0]}?" if near else ""
                raise RecipeError(f"{recipe.name}: unknown key {self.name}.{key}; {self.name} has {listed}{hint}")
        if self.settings is None:
            return None
        if fault := wrong_type(self.settings, given):
            raise RecipeError(f"{recipe.name}: {self.name}.{fault}")
        try:
            return self.settings(**given)
        except ValueError as error:
            raise RecipeError(f"{recipe.name}: {self.name}: {error}") from error


PHONEXL = Method(
    name="phonexl",
    reference="Nguyen et al., PhoneXL: Eq. 3-8",
    needs="Dict",
    no_original=(
        "its authors' setting is a recipe: udpos-zh-vi, udpos-ja-ko, panx-zh-vi and panx-ja-ko hold the paper's Table "
        "5, with -official behind them (udpos-zh-vi-official) they do as the released code"
    ),
)
