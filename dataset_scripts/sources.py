"""Finds the files of a table in a folder of sources, whichever of the known layouts it has.

Reads no content but the first line that tells the PhoneXL release's files.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, overload

from dataset_scripts.corpus import Corpus, Table
from dataset_scripts.readers import DataError, read_lines
from dataset_scripts.schema import SPLITS

_NAMES = {"train": ("train",), "validation": ("dev", "validation"), "test": ("test",)}
_SUFFIXES = {"xnli": (".tsv", ".tsv.gz"), "text": (".txt", ".txt.gz")}
_TAGGED_SUFFIXES = (".tsv", ".tsv.gz", ".conllu", ".conllu.gz")
ORIGINS = ("sino_xenic", "loanwords")
_PAIR_KINDS = ("dictionary", "cognates")
_PAIR_SUFFIXES = (".txt", ".txt.gz", ".tsv", ".tsv.gz")
_PAGES = re.compile(r"\.|readme|licen[cs]e|notice|copying|changelog|files\b|requirements", re.IGNORECASE)


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


def find_pairs(folder: Path, table: Table) -> list[Path]:
    """The files that a dictionary is read from: two of MUSE, or those by sound that there are.

    Raises:
        DataError: If one of MUSE, or all by sound, are missing.
    """
    found = _find_pairs(folder, table)
    if not found:
        names = [f"en-{code}.txt" for code in table.languages] if table.kind == "dictionary" else _by_sound(table)
        raise DataError(folder, None, None, f"files {', '.join(names)}", _what_is_there(folder))
    return found


def _find_pairs(folder: Path, table: Table) -> list[Path]:
    if table.kind == "cognates":
        return [path for name in _by_sound(table) if (path := folder / name).is_file()]
    stems = [folder / f"en-{code}" for code in table.languages]
    found = [next((path for end in _PAIR_SUFFIXES if (path := Path(f"{stem}{end}")).is_file()), None) for stem in stems]
    return [path for path in found if path] if all(found) else []


def _by_sound(table: Table) -> list[str]:
    """Files of pairs with a score that lie in this package, by how they were found."""
    return [f"{origin}/scores/{table.files}.tsv.gz" for origin in ORIGINS]


def _what_is_there(folder: Path) -> str:
    """What an error says of the folder that lacks a file."""
    if not folder.is_dir():
        return "There is no such folder."
    there = sorted(entry.name for entry in folder.iterdir())
    listing = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
    return f"It holds {listing or 'nothing'}. Name the folder that has the file."


def choose_folder(folder: Path | None, name: str, corpus: Corpus) -> Path:
    """The folder of a data set's files: the one named, else the one of its collection inside it, or the shipped one.

    Raises:
        ValueError: If none is named, and none is shipped.
    """
    if folder is None:
        if not corpus.shipped:
            fetch = f"download({corpus.collection!r}, FOLDER) of dataset_scripts.download fetches them"
            raise ValueError(f"{name} is built from files: name their folder as the source; {fetch}")
        return (Path(__file__).parent / corpus.shipped).resolve()
    inside = folder / corpus.collection
    has_files = any(splits_in(folder, table) for table in corpus.tables)
    return inside if inside.is_dir() and not has_files else folder


def splits_in(folder: Path, table: Table) -> list[str]:
    """The splits of a table that have a file."""
    if table.kind in _PAIR_KINDS:
        return list(table.splits) if _find_pairs(folder, table) else []
    return [split for split in table.splits if find_source(folder, table, split, missing_ok=True)]


def example_file(table: Table) -> str:
    """The name of a file that a table would be read from."""
    named = {"dictionary": f"en-{table.language}.txt", "cognates": f"scores/{table.files}.tsv.gz"}
    return named.get(table.kind) or candidates(table, table.splits[0])[0]


def nothing_found(name: str, folder: Path, tables: Iterable[Table]) -> DataError:
    """What to say of a folder without a file of these tables of a data set."""
    looked_for = ", ".join(dict.fromkeys(map(example_file, tables)))
    cure = "Name the folder that holds them." if folder.is_dir() else "There is no such folder."
    return DataError(folder, None, None, f"files of {name}, for example {looked_for}", cure)


def files_of(folder: Path, table: Table, splits: Sequence[str] = SPLITS) -> list[Path]:
    """The files that a table, or some splits of it, are read from."""
    if table.kind in _PAIR_KINDS:
        return find_pairs(folder, table)
    return [find_source(folder, table, split) for split in splits_in(folder, table) if split in splits]


def lacking(folder: Path, tables: Sequence[Table]) -> list[str]:
    """Of each split that has no file, while the table has others, the first name that is looked for."""
    return [
        candidates(table, split)[0]
        for table in tables
        for split in table.splits
        if split not in splits_in(folder, table)
    ]


def unread(folder: Path, corpus: Corpus) -> list[str]:
    """Files in the formats of a data set that no table is read from, in the folder and in those named by a language.

    Pages for people are left out, and dictionaries (`zh-vi.tsv`, `en-zh.txt`), which lie beside the data for training.
    """
    read = {name for table in corpus.tables for split in table.splits for name in candidates(table, split)}
    codes = {"en", *(code for table in corpus.tables for code in table.languages)}
    places = [path for code in ("", *sorted(codes)) if (path := folder / code).is_dir()]
    return [
        path.relative_to(folder).as_posix()
        for place in places
        for path in sorted(place.iterdir())
        if path.is_file()
        and path.name.endswith((*_TAGGED_SUFFIXES, *_PAIR_SUFFIXES))
        and path.relative_to(folder).as_posix() not in read
        and not _PAGES.match(path.name)
        and not codes.issuperset(path.name.partition(".")[0].split("-"))
    ]


def is_released(path: Path) -> bool:
    """Whether a file has the four columns of the PhoneXL release: token, tag, IPA, romanised."""
    return _has_four_columns(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _has_four_columns(path: Path, _modified: int) -> bool:
    """Looked up, because a build asks several times, and reading unpacks a megabyte."""
    return next((line.count("\t") == 3 for _, line in read_lines(path) if line), False)
