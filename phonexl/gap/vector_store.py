"""Sentence vectors kept in files, so that a run that was stopped, or one more language, computes only what is new.

Files of another encoder or of another origin are refused, not replaced.

Not here: what the vectors are (`representations.py`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from transformers import AutoConfig

from phonexl.gap.representations import SentenceVectors
from phonexl.json_file import read_json
from phonexl.results import RESULT_FILE
from phonexl.whole_files import whole_file

logger = logging.getLogger(__name__)

ANALYSIS_FILE = "analysis.json"
_IGNORE, _IGNORED = ".gitignore", "*\n"
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
        if path.suffix in _WEIGHTS_AND_FACTS and path.name not in (RESULT_FILE, ANALYSIS_FILE):
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


def check_analysis(path: Path, model: str, digest: str, spelling: str) -> None:
    """Refuse to let an analysis take the place of a file that is none, or is of another encoder.

    Args:
        path: Where it will be written.
        model: Name of the encoder; of an older analysis that has no digest it decides.
        digest: Of `digest_model`.
        spelling: What the encoder reads.

    Raises:
        FileExistsError: Naming the file and what it is of.
    """
    if not path.exists():
        return
    try:
        before = read_json(path)
    except (ValueError, OSError):  # no JSON, no text, a folder
        before = {}
    if not {"model", "spelling", "features"} <= before.keys():
        raise FileExistsError(f"{path} is no analysis of ours: move it away, or choose another --out")
    known = before.get("model_digest")
    if before["spelling"] != spelling or (known != digest if known else before["model"] != model):
        other = " with other weights" if (before["model"], before["spelling"]) == (model, spelling) else ""
        found = f"the analysis of {before['model']} ({before['spelling']}){other}"
        raise FileExistsError(f"{path} is {found}: move it away, or choose another --out")


def check_vectors(paths: Iterable[Path]) -> None:
    """Refuse to let vectors take the place of files that we did not write; vectors of another encoder are ours.

    Raises:
        FileExistsError: Naming the first such file.
    """
    for path in paths:
        if path.exists() and not _is_ours(path):
            raise FileExistsError(f"{path} holds no vectors of ours: move it away, or choose another --out")


def _is_ours(path: Path) -> bool:
    try:
        with safe_open(path, framework="numpy") as file:
            return "key" in (file.metadata() or {})
    except (SafetensorError, OSError):  # damaged, or foreign: the folder tells
        ignore = path.parent / _IGNORE
        return ignore.is_file() and ignore.read_bytes() == _IGNORED.encode()


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
    """Write a file whole or not at all, into a folder that git leaves alone unless it has a `.gitignore` of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.parent / _IGNORE
    if not ignore.exists():
        ignore.write_text(_IGNORED, encoding="utf-8")
    arrays: dict[str, NDArray[Any]] = {f"layer {layer}": rows for layer, rows in vectors.layers.items()}
    arrays["lengths"] = vectors.lengths
    optional = {name: getattr(vectors, name) for name in ("words", "positions", "probabilities", "sound")}
    arrays |= {name: rows for name, rows in optional.items() if rows is not None}
    facts = {"key": key, "unknown_rate": repr(float(vectors.unknown_rate)), "truncated": str(vectors.truncated)}
    with whole_file(path) as part:
        save_file({name: np.ascontiguousarray(rows) for name, rows in arrays.items()}, part, metadata=facts)
