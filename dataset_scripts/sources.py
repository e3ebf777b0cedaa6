"""Finds the files of a table in a folder of sources, whichever of the known layouts it has.

Reads no content but the first line that tells the PhoneXL release's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, overload

from dataset_scripts.corpus import Corpus, Table
from dataset_scripts.readers import DataError, read_lines
from dataset_scripts.schema import SPLITS

_NAMES = {"train": ("train",), "validation": ("dev", "validation"), "test": ("test",)}
_SUFFIXES = {"xnli": (".tsv", ".tsv.gz"), "text": (".txt", ".txt.gz")}
_TAGGED_SUFFIXES = (".tsv", ".tsv.gz", ".conllu", ".conllu.gz")
_DICTIONARY_SUFFIXES = (".txt", ".txt.gz", ".tsv", ".tsv.gz")


def candidates(table: Table, split: str) -> list[str]:
    """Names that the file of a table's split may have, `TASK_SPLIT_LANG.tsv` of the PhoneXL release last."""
    suffixes = _SUFFIXES.get(table.kind, _TAGGED_SUFFIXES)
    names = [f"{table.files.format(split=name)}{suffix}" for name in _NAMES[split] for suffix in suffixes]
    if table.kind not in _SUFFIXES and "spaced" not in table.files:
        names += [f"{table.kind}_{_NAMES[split][0]}_{table.language}.tsv{end}" for end in ("", ".gz")]
    return names


@overload
def find_source(folder: Path, table: Table, split: str, missing_ok: Literal[False] = False) -> Path: ...
@overload
def find_source(folder: Path, table: Table, split: str, missing_ok: bool) -> Path | None: ...
def find_source(folder: Path, table: Table, split: str, missing_ok: bool = False) -> Path | None:
    """The one file of a table's split.

    Args:
        folder: Holds the files.
        table: What they are for.
        split: A key of `schema.SPLITS`.
        missing_ok: Whether None is an answer.

    Raises:
        DataError: If it is missing, or there are two.
    """
    found = [folder / name for name in candidates(table, split) if (folder / name).is_file()]
    if len(found) > 1:
        listing = ", ".join(path.name for path in found)
        raise DataError(folder, None, listing, f"one file for {table.label} {split}", "Keep one of them.")
    if not found and not missing_ok:
        raise DataError(folder, None, None, f"a file {candidates(table, split)[0]}", _what_is_there(folder))
    return found[0] if found else None


def find_dictionary(folder: Path, stem: str) -> Path:
    """The MUSE file of that name, plain before gzip.

    Raises:
        DataError: If it is missing.
    """
    if path := _dictionary_file(folder, stem):
        return path
    raise DataError(folder, None, None, f"a file {stem}.txt[.gz]", _what_is_there(folder))


def _dictionary_file(folder: Path, stem: str) -> Path | None:
    return next((path for suffix in _DICTIONARY_SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()), None)


def _what_is_there(folder: Path) -> str:
    """What an error says of the folder that lacks a file."""
    if not folder.is_dir():
        return "There is no such folder."
    there = sorted(entry.name for entry in folder.iterdir())
    listing = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
    return f"It holds {listing or 'nothing'}. Name the folder that has the file."


def choose_folder(folder: Path, corpus: Corpus) -> Path:
    """The folder of a data set's files: the one named, or the one of its collection inside it."""
    inside = folder / corpus.collection
    return inside if inside.is_dir() else folder


def splits_in(folder: Path, table: Table) -> list[str]:
    """The splits of a table that have a file; those of a dictionary if both its languages have."""
    if table.kind == "dictionary":
        complete = all(_dictionary_file(folder, f"en-{code}") for code in table.languages)
        return list(table.splits) if complete else []
    return [split for split in table.splits if find_source(folder, table, split, missing_ok=True)]


def files_of(folder: Path, table: Table, splits: Sequence[str] = SPLITS) -> list[Path]:
    """The files that a table, or some splits of it, are read from."""
    if table.kind == "dictionary":
        return [find_dictionary(folder, f"en-{code}") for code in table.languages]
    return [find_source(folder, table, split) for split in splits_in(folder, table) if split in splits]


def is_released(path: Path) -> bool:
    """Whether a file has the four columns of the PhoneXL release: token, tag, IPA, romanised."""
    return next((line.count("\t") == 3 for _, line in read_lines(path) if line), False)
