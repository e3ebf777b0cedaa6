"""Sentence vectors kept in files, so that a run that was stopped, or one more language, computes only what is new.

Not here: what the vectors are (`representations.py`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from transformers import AutoConfig

from phonexl.gap.representations import SentenceVectors
from phonexl.results import RESULT_FILE
from phonexl.whole_files import whole_file

logger = logging.getLogger(__name__)

_WEIGHTS_AND_FACTS = {".json", ".safetensors", ".bin", ".txt", ".model"}


def digest_model(place: str) -> str:
    """What tells a checkpoint from another: the hash of its files, of a repository its commit.

    Args:
        place: A Hub id or a folder.

    Raises:
        OSError: If there is no such checkpoint.
    """
    folder = Path(place)
    if not folder.is_dir():
        commit = getattr(AutoConfig.from_pretrained(place), "_commit_hash", None)
        return f"{place}@{commit}"
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _WEIGHTS_AND_FACTS and path.name != RESULT_FILE:
            with path.open("rb") as file:
                digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def digest_transcription() -> str:
    """What tells one way of reading texts aloud from another: our code and tables, and every installed package.

    A lexicon that is installed later changes romanisation and IPA, so vectors from before it must not be taken.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(str(resources.files("modeling_phonexl"))).iterdir()):
        if path.suffix in (".py", ".gz"):
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    packages = sorted({(package.name, package.version) for package in importlib.metadata.distributions()})
    return hashlib.sha256(digest.digest() + json.dumps(packages).encode()).hexdigest()


def key_of(model: str, spelling: str, layers: Sequence[int], sentences: Sequence[str], versions: object) -> str:
    """A digest of everything that sentence vectors depend on; `model` is its digest."""
    whole = json.dumps([model, spelling, list(layers), list(sentences), versions], ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()


def load_vectors(path: Path, key: str) -> SentenceVectors | None:
    """The vectors of a file; None where there is none, or one that was made otherwise or is damaged."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata()
            if facts["key"] != key:
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the handle is no mapping)
    except (SafetensorError, KeyError, TypeError) as error:
        logger.warning("%s is damaged (%s); its vectors are computed anew", path, error)
        return None
    layers = {int(name.removeprefix("layer ")): rows for name, rows in arrays.items() if name.startswith("layer ")}
    rest = {name: rows for name, rows in arrays.items() if not name.startswith("layer ")}
    counts = {"unknown_rate": float(facts["unknown_rate"]), "truncated": int(facts["truncated"])}
    return SentenceVectors(layers, **{"words": None, "positions": None, **rest, **counts})


def save_vectors(path: Path, key: str, vectors: SentenceVectors) -> None:
    """Write a file whole or not at all, into a folder that git leaves alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    arrays: dict[str, NDArray[Any]] = {f"layer {layer}": rows for layer, rows in vectors.layers.items()}
    arrays["lengths"] = vectors.lengths
    optional = {name: getattr(vectors, name) for name in ("words", "positions", "probabilities", "sound")}
    arrays |= {name: rows for name, rows in optional.items() if rows is not None}
    facts = {"key": key, "unknown_rate": repr(float(vectors.unknown_rate)), "truncated": str(vectors.truncated)}
    with whole_file(path) as part:
        save_file({name: np.ascontiguousarray(rows) for name, rows in arrays.items()}, part, metadata=facts)
