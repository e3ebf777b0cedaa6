"""What the sound of a data set was made with: recipe, versions of the tools, digests of the source files."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from modeling_phonexl.transcription import find_language

_RECIPE_TOOLS = {
    "released": ("dragonmapper", "pykakasi", "korean_romanizer"),
    "epitran": ("epitran", "panphon"),
    "espeak": ("espeakng-loader",),
}


def tool_versions(languages: Iterable[str], recipe: str) -> dict[str, str]:
    """Versions of this package and of the installed tools that read the languages."""
    default = [tool for language in languages for tool in find_language(language).tools]
    found = {"phonexl": importlib.metadata.version("phonexl")}
    for name in sorted(set(_RECIPE_TOOLS.get(recipe, default))):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def code_digest() -> str:
    """SHA-256 of the code and tables that read and finish rows, so that shards of an older version are not taken up."""
    import modeling_phonexl

    folders = Path(__file__).parent, Path(str(modeling_phonexl.__file__)).parent
    files = sorted(path for folder in folders for path in folder.glob("*") if path.suffix in (".py", ".gz"))
    return hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()
