"""Checks a built data set: its files against its card, every row against the format, and against the source files."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from dataset_scripts.build import Options, raw_rows_of
from dataset_scripts.built import BuiltFolder, Row, columns_of, read_rows
from dataset_scripts.catalogue import find_corpus
from dataset_scripts.corpus import Table
from dataset_scripts.readers import DataError
from dataset_scripts.rows import KINDS

_MOST_FAULTS = 20  # of one split: the others would say the same


def validate(folder: Path, source: Path | None = None) -> Iterator[str]:
    """Say what is wrong with a built data set, one line for each fault; at most 20 of a split.

    - Every file that the card lists is there, no other, and its rows, columns and bytes are those that the card gives.
    - Every row has one sound per word, none empty, in NFD, and its segments make up its IPA; ids occur once; `in_train`
      is true exactly for sentences of the train split.
    - With a source: the words, labels and their order are those of the source files, in every split.

    Args:
        folder: What `build` made.
        source: What it was made from, as for `build`.

    Raises:
        DataError: If the folder has no card of ours, or the source is faulty.
        ValueError: If the card names a data set that is not in the catalogue.
    """
    built = BuiltFolder.open(folder)
    about = built.card.get("phonexl")
    keys = ("build", "recipe", "publishable", "repair_orphans")
    if not isinstance(about, dict) or not about.keys() >= set(keys):
        cure = "Name a folder that data build made."
        expected = f"front matter with phonexl: and below it {', '.join(keys)}"
        raise DataError(folder / "README.md", None, None, expected, cure)
    name, corpus = find_corpus(about["build"])
    known = {table.label: table for table in corpus.tables}
    yield from _check_files(built)
    options = Options(about["recipe"], about["publishable"], about["repair_orphans"])
    train: dict[str, set[int]] = {}
    for (label, split), num_rows in built.tables().items():
        if label not in known:
            yield f"{folder / label}: {name} has no table {label!r}"
            continue
        try:
            shards = built.shards(label, split)
        except DataError as error:
            yield str(error)
            continue
        if split == "train":
            train[label] = {hash(tuple(row.get("tokens", ()))) for path in shards for row in read_rows(path)}
        faults = _check_split(known[label], shards, num_rows, None if split == "train" else train.get(label))
        for count, fault in enumerate(faults, 1):
            yield fault
            if count == _MOST_FAULTS:
                yield f"{shards[0].parent} {split}: more faults, not listed"
                break
        if source is not None:
            raw = raw_rows_of(name, source, known[label], split, options)
            yield from _compare(known[label], shards, raw)


def _check_files(built: BuiltFolder) -> Iterator[str]:
    """Files that the card does not list, and sizes that it gives wrongly."""
    listed = set()
    for label, split in built.tables():
        try:
            listed.update(built.shards(label, split))
        except DataError:
            continue  # told with its split
    for path in sorted(built.path.rglob("*.parquet")):
        if path not in listed:
            yield f"{path}: not listed in README.md"
    infos = built.card["dataset_info"]
    for info in infos if isinstance(infos, list) else [infos]:
        config = info.get("config_name") or next(iter(built.configs))
        places = [pattern.removesuffix("-*").rpartition("/") for pattern, _ in built.configs[config].values()]
        try:
            size = sum(path.stat().st_size for label, _, split in places for path in built.shards(label, split))
        except DataError:
            continue
        if size != info["download_size"]:
            yield f"{built.path}: {config} has {size} bytes, README.md says {info['download_size']}"


def _check_split(table: Table, shards: Sequence[Path], num_rows: int, train: set[int] | None) -> Iterator[str]:
    """Faults of the rows of a split."""
    columns = KINDS[table.kind].columns()
    ids: set[str] = set()
    count = 0
    for path in shards:
        found = columns_of(path)
        if found != columns:
            yield f"{path}: columns {found}, expected {columns}"
            continue
        for number, row in enumerate(read_rows(path)):
            count += 1
            where = f"{path} row {number}"
            for fault in _faults(row):
                yield f"{where}: {fault}"
            if "id" in row and row["id"] in ids:
                yield f"{where}: id {row['id']!r} occurs twice"
            ids.add(row.get("id", ""))
            if train is not None and "in_train" in row and row["in_train"] != (hash(tuple(row["tokens"])) in train):
                yield f"{where}: in_train is {row['in_train']}"
    if count != num_rows:
        yield f"{shards[0].parent} {shards[0].name.split('-')[0]}: {count} rows, README.md says {num_rows}"


def _faults(row: Row) -> Iterator[str]:
    """What is wrong with the sound of a row."""
    for column in row:
        if not column.endswith("phonemes"):
            continue
        prefix = column.removesuffix("phonemes")
        phonemes, ipa, romanized = row[column], row[f"{prefix}ipa"], row[f"{prefix}romanized"]
        if f"{prefix}tokens" not in row:  # a dictionary: one word
            words, phonemes, ipa, romanized = [row[prefix.removesuffix("_")]], [phonemes], [ipa], [romanized]
        else:
            words = row[f"{prefix}tokens"]
            lists = [words, phonemes, ipa, romanized, row[f"{prefix}transcribed"], row.get("tags") or words]
            lengths = set(map(len, lists))
            if len(lengths) > 1 or not words:
                yield f"lists of {prefix or 'the tokens'} differ in length or are empty: {sorted(lengths)}"
                continue
        for word, segments, sound, letters in zip(words, phonemes, ipa, romanized, strict=True):
            if not word or not sound or not letters and word.strip():
                yield f"an empty word or sound: {word!r} {sound!r} {letters!r}"
            elif "".join(segments) != sound or not all(segments):
                yield f"the segments of {word!r} are not its IPA {sound!r}: {segments}"
            elif not unicodedata.is_normalized("NFD", sound):
                yield f"the IPA of {word!r} is not in NFD: {sound!r}"


def _compare(table: Table, shards: Sequence[Path], raw: Iterator[Row]) -> Iterator[str]:
    """Where a split and its source part; the first difference only, since all rows behind it may be displaced."""
    where = f"{shards[0].parent} {shards[0].name.split('-')[0]}"
    built = (row for path in shards for row in read_rows(path))
    for number, (row, source) in enumerate(itertools.zip_longest(built, raw)):
        if row is None or source is None:
            longer = "the source" if row is None else "the data set"
            yield f"{where} row {number}: only {longer} has it"
            return
        for column, value in KINDS[table.kind].keep(table, source).items():
            if row[column] != value:
                yield f"{where} row {number}: {column} is {row[column]!r}, in the source {value!r}"
                return
