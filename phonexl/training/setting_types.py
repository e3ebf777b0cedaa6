"""Whether the values of settings are of the types that their dataclass declares, and what a message calls these.

Ranges and combinations are the business of the dataclass itself.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin, get_type_hints

_NAMES = {int: "a whole number", float: "a finite number", bool: "true or false", str: "text", NoneType: "null"}


def wrong_type(settings: type[Any] | Callable[..., Any], values: Mapping[str, Any]) -> str | None:
    """What is wrong with the first value that is not of its field's type; None if all are.

    Args:
        settings: A dataclass, or a function whose parameters stand for its fields.
        values: By name of a field. A whole number is a number, but true is none, and nan and infinity are none either.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Stage:
    ...     epochs: float = 1.0
    ...     sentences: int | None = None
    >>> wrong_type(Stage, {"epochs": 2, "sentences": 2.5})
    'sentences is 2.5; expected a whole number or null'
    """
    declared = get_type_hints(settings)
    for name, value in values.items():
        if not _fits(value, declared[name]):
            shown = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)  # as YAML has it
            return f"{name} is {shown}; expected {_describe(declared[name])}"
    return None


def _fits(value: Any, declared: Any) -> bool:
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, UnionType):
        return any(_fits(value, argument) for argument in _members(arguments))
    if _is_enumeration(declared):
        return value in [member.value for member in declared]
    if origin is Literal:
        return value in arguments
    if origin is tuple:  # of any length
        return isinstance(value, tuple) and all(_fits(part, arguments[0]) for part in value)
    if origin is Sequence:
        return isinstance(value, (list, tuple)) and all(_fits(part, arguments[0]) for part in value)
    if declared is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and -math.inf < value < math.inf
    if declared is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return declared is Any or isinstance(value, origin or declared)


def _is_enumeration(declared: Any) -> TypeGuard[type[Enum]]:
    return isinstance(declared, type) and issubclass(declared, Enum)


def _members(arguments: Sequence[Any]) -> list[Any]:
    """Of a union; text beside an enumeration is one of its values, as `TrainingArguments` declares them."""
    named = any(_is_enumeration(argument) for argument in arguments)
    return [argument for argument in arguments if not (named and argument is str)]


def _describe(declared: Any) -> str:
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, UnionType):
        return " or ".join(map(_describe, _members(arguments)))
    if _is_enumeration(declared):
        return f"one of {', '.join(str(member.value) for member in declared)}"
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (tuple, Sequence):
        return f"a list of which each is {_describe(arguments[0])}"
    return _NAMES.get(declared, getattr(declared, "__name__", str(declared)))
