"""Methods, by name: every file here but this one holds one, as `METHOD`. Adding a file adds a method.

What a method may use is in `phonexl/training`; importing this package imports none of them.
"""

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonexl.training.method import Method

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
