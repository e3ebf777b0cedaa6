"""Methods, by name: every file here but this one holds one, as `METHOD`. Adding a file adds a method.

What a method may use is in `phonexl/training`; importing this package imports none of them.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phonexl.training.method import Method
    from phonexl.training.recipe import Recipe

ORIGINAL = "-original"


def method_names() -> list[str]:
    """Names as in `--method`, in alphabetical order."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def find_method(name: str) -> "Method":
    """The method of a name.

    Raises:
        ValueError: If there is none.
    """
    if name not in method_names():
        near = difflib.get_close_matches(name, method_names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown method {name!r}; known: {', '.join(method_names())}{hint}")
    method: Method = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").METHOD
    return method


def parse_method(text: str) -> "tuple[Method, bool]":
    """A method and whether its authors' own setting is meant: "xtune" or "xtune-original".

    Raises:
        ValueError: If there is no such method.
    """
    original = text.endswith(ORIGINAL)
    return find_method(text.removesuffix(ORIGINAL)), original


def load_recipe(name_or_path: str) -> "Recipe":
    """A recipe with what its own method sets, if it names one: under its own values, over those that it extends.

    Raises:
        RecipeError, ValueError: See `Recipe.load`; also for an unknown method.
    """
    from phonexl.training.recipe import Recipe

    def method_values(text: str) -> dict[str, Any]:
        method, original = parse_method(text)
        return method.overrides(original)

    return Recipe.load(name_or_path, method_values)


def lay_over(recipe: "Recipe", text: str | None, settings: Mapping[str, Any]) -> "tuple[Method, Recipe]":
    """A method, as `--method` names it, and a recipe as it is trained by it.

    Args:
        recipe: As `load_recipe` gives it.
        text: The method; None: the recipe's own.
        settings: Go over what the method sets.

    Raises:
        RecipeError: For an unknown key, or a value that the method refuses; settings of other methods are checked too;
            or where the recipe is of another method. Of phonexl it is if it names none, and any may be laid over that.
        ValueError: For an unknown method.
    """
    from phonexl.training.recipe import RecipeError

    method, original = parse_method(recipe.method if text is None else text)
    if text in (None, recipe.method):
        chosen = recipe.override(settings)
    elif recipe.method == "phonexl":
        chosen = recipe.override({**method.overrides(original), **settings})
        # Results are grouped by name: two methods of one recipe are not two seeds of one system.
        chosen = replace(chosen, name=f"{chosen.name}-{text}")
    else:
        raise RecipeError(
            f"{recipe.name}: the recipe is of method {recipe.method}, and {text} is asked for: take its line "
            f"`method:` out, or ask for {recipe.method} alone"
        )
    check_recipe(chosen)
    method.settings_of(chosen)
    return method, chosen


def check_recipe(recipe: "Recipe") -> None:
    """Refuse a task that the recipe's method has no form for, a model that cannot be, and settings that no method has.

    Settings of other methods than the recipe's own may stand in it: `compare` gives all of them to each.

    Raises:
        RecipeError: Naming the methods that have a form for the task; or for fields of the model that do not fit
            together, the name of no method, a setting that a method does not have, or a value that it refuses.
    """
    from dataset_scripts.schema import TASKS
    from modeling_phonexl.configuration_phonexl import PhoneXLConfig
    from phonexl.training.recipe import RecipeError

    known = method_names()
    if recipe.task not in TASKS and find_method(recipe.method).tags_only:
        others = ", ".join(name for name in known if not find_method(name).tags_only)
        raise RecipeError(
            f"{recipe.name}: {recipe.method} is about words with tags and has no form for {recipe.task}; "
            f"those that have: {others}"
        )
    try:
        (PhoneXLConfig.official if recipe.official else PhoneXLConfig)(None, **recipe.config)
    except ValueError as error:
        raise RecipeError(f"{recipe.name}: {error}") from error
    for name, settings in recipe.method_settings.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
            written = f"{name}.{next(iter(settings))}"
            raise RecipeError(f"{recipe.name}: unknown key {written!r}: no method is called {name!r}{hint}")
        find_method(name).read_settings(recipe)
