"""Writes a JSON file whole or not at all, and reads one. Imports nothing heavy: every command may use it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phonexl.whole_files import whole_file


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all: a reader never sees half of it. Missing folders are made."""
    with whole_file(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_any_json(path: Path) -> Any:
    """Read a JSON of whatever kind.

    Raises:
        ValueError: If the file is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: expected JSON, but {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ValueError: If the file is no JSON object.
    """
    content = read_any_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(content).__name__}")
    return content
