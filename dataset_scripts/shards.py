"""Rows to Parquet shards: raw rows are checked and laid down first, then each shard is finished by itself.

A shard is one unit of work: small enough for memory, whole or absent on the disk, and the same bytes whoever writes it
and whenever, so that a build that was cut off goes on where it stopped. What is laid down meanwhile has suffixes that
`load_dataset` does not read, lest half of a data set load as a whole one.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from dataset_scripts.corpus import Table
from dataset_scripts.readers import orphan_tags
from dataset_scripts.rows import KINDS, ReaderOf, Row
from modeling_phonexl.transcription import UNREAD, Transcriber

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
ROWS_PER_SHARD = 20_000
ROWS_PER_GROUP = 10_000  # both fixed: the bytes depend on them
_LEVEL = 6  # of zstd: 9 takes a fourth more time than 6, for one percent
_BATCH = 500  # rows that are in hand at once: more would leave the processor's cache between two steps
# Text that repeats less is smaller without a dictionary (words of Korean); looked for in that many values.
_MOST_DISTINCT, _SAMPLE = 1 / 3, 1 << 15


@dataclass(frozen=True, slots=True)
class RawSplit:
    """What the raw rows of a split are.

    Attributes:
        shards: Number of files that they lie in.
        rows: Number of rows.
        in_train: Rows whose tokens occur in the train split.
        repeated: Rows whose content an earlier row of the split has.
        orphans: `I-` tags that continue nothing.
    """

    shards: int
    rows: int
    in_train: int
    repeated: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A unit of work.

    Attributes:
        table: What the rows are of.
        raw: File with the raw rows: a JSON list of some in each line.
        made: Parquet file to make.
        recipe: Recipe of transcription.
        provenance: What the file says of how it was made, under the metadata key "phonexl".
    """

    table: Table
    raw: Path
    made: Path
    recipe: str
    provenance: str


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """Counts of a finished shard.

    Attributes:
        rows: Number of rows.
        num_bytes: Size in memory, as Arrow.
        reasons: Words by how they were read (`modeling_phonexl.transcription.REASONS`).
        read: Those that count as transcribed.
    """

    rows: int
    num_bytes: int
    reasons: Mapping[str, int]
    read: int


def write_raw(rows: Iterable[Row], folder: Path, rows_per_shard: int) -> RawSplit:
    """Lay down the raw rows of a split, `00000.raw` and so on; done when `counts.state` is there.

    Errors of the source come out here, before anything is transcribed.

    Returns:
        Counts; those of an earlier call that came to its end.
    """
    counts = folder / "counts.state"
    if counts.is_file():
        return RawSplit(**json.loads(counts.read_text("utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    total = in_train = orphans = shards = 0
    iterator = iter(rows)
    for first in iterator:
        part = itertools.chain([first], itertools.islice(iterator, rows_per_shard - 1))
        with (folder / f"{shards:05}.raw").open("w", encoding="utf-8", newline="\n") as stream:
            while batch := list(itertools.islice(part, _BATCH)):
                stream.write(_ENCODER.encode(batch) + "\n")
                total += len(batch)
                for row in batch:
                    seen.add(hash(tuple(row.get("tokens", ())) or str(row | {"id": None})))
                    in_train += row.get("in_train", False)
                    if "tags" in row and row["tags"][0].startswith(("O", "B-", "I-")):
                        orphans += sum(orphan_tags(row["tags"]))
        shards += 1
    split = RawSplit(shards, total, in_train, total - len(seen), orphans)
    write_whole(counts, json.dumps(asdict(split)))
    return split


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Pause the cyclic collector: rows have no cycles, and looking for some took a seventh of the time of a build."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there with all its text, or not at all."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def write_shard(shard: Shard, reader_of: ReaderOf | None = None) -> ShardFacts:
    """Finish the rows of a shard and write its Parquet, then beside it its facts, which say that it is whole.

    Args:
        shard: What to do.
        reader_of: Makes the reader of a language; `Transcriber` of the shard's recipe by default.

    Raises:
        MissingToolError: If the reading tool of a language is not installed.
    """
    done = shard.made.with_suffix(".state")
    if done.is_file():
        return ShardFacts(**json.loads(done.read_text("utf-8")))
    reasons: Counter[str] = Counter()
    rows = num_bytes = 0
    shard.made.parent.mkdir(parents=True, exist_ok=True)
    beside = shard.made.with_name(f"{shard.made.name}.{os.getpid()}.tmp")
    try:
        with contextlib.ExitStack() as stack:
            writer: pyarrow.parquet.ParquetWriter | None = None
            for table in _groups(shard, reader_of, reasons):
                writer = writer or stack.enter_context(_open_parquet(beside, table))
                writer.write_table(table, row_group_size=ROWS_PER_GROUP)
                rows += table.num_rows
                num_bytes += table.nbytes
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(shard.made)
    finally:
        beside.unlink(missing_ok=True)
    read = sum(count for reason, count in reasons.items() if reason not in UNREAD)
    facts = ShardFacts(rows, num_bytes, dict(sorted(reasons.items())), read)
    write_whole(done, json.dumps(asdict(facts)))
    return facts


def _groups(shard: Shard, reader_of: ReaderOf | None, reasons: Counter[str]) -> Iterator[pyarrow.Table]:
    """The finished rows of a shard, a row group at a time; counts how words were read."""
    make = cache(reader_of or (lambda language: Transcriber(language, shard.recipe)))
    kind = KINDS[shard.table.kind]
    schema = kind.columns().arrow_schema
    schema = schema.with_metadata({**(schema.metadata or {}), b"phonexl": shard.provenance.encode()})
    with shard.raw.open(encoding="utf-8", newline="\n") as stream:
        while lines := list(itertools.islice(stream, max(1, ROWS_PER_GROUP // _BATCH))):
            tables = []
            for line in lines:
                finished = [kind.finish(shard.table, raw, make) for raw in json.loads(line)]
                reasons.update(itertools.chain.from_iterable(read_by for _, read_by in finished))
                tables.append(_to_arrow([row for row, _ in finished], schema))
            yield pyarrow.concat_tables(tables).combine_chunks()


def _open_parquet(path: Path, first: pyarrow.Table) -> pyarrow.parquet.ParquetWriter:
    """A writer for tables like the first: small rather than quick to search, since readers take whole splits."""
    repeated = [leaf for field, column in zip(first.schema, first.columns, strict=True)
                for leaf in _repeated_leaves(field.name, column)]  # fmt: skip
    return pyarrow.parquet.ParquetWriter(
        path,
        first.schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=repeated,
        write_statistics=False,
    )


def _repeated_leaves(path: str, column: pyarrow.ChunkedArray) -> list[str]:
    """The name that Parquet gives a column, if a dictionary of its values makes it smaller."""
    while pyarrow.types.is_list(column.type):
        path, column = f"{path}.list.element", pyarrow.compute.list_flatten(column)
    sample = column.slice(0, _SAMPLE)
    return [path] if pyarrow.compute.count_distinct(sample).as_py() <= _MOST_DISTINCT * len(sample) else []


def _to_arrow(rows: Sequence[Row], schema: pyarrow.Schema) -> pyarrow.Table:
    """Rows as a table, column by column: nested lists made flat first are faster than `Table.from_pylist`."""
    columns = [_array([row[field.name] for row in rows], field.type) for field in schema]
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _array(values: Sequence[Any], kind: pyarrow.DataType) -> pyarrow.Array:
    if not pyarrow.types.is_list(kind):
        return pyarrow.array(values, kind)
    offsets = pyarrow.array([0, *itertools.accumulate(map(len, values))], pyarrow.int32())
    flat = list(itertools.chain.from_iterable(values))
    return pyarrow.ListArray.from_arrays(offsets, _array(flat, kind.value_type), type=kind)


def write_shards(
    shards: Sequence[Shard], num_proc: int, reader_of: ReaderOf | None, report: Callable[[Shard, ShardFacts], None]
) -> list[ShardFacts]:
    """Finish shards, in several processes if asked, and give their facts in the order of the shards.

    Args:
        shards: What to do.
        num_proc: Number of processes; with one, all happens in this one.
        reader_of: As in `write_shard`; with several processes it must be picklable.
        report: Called after each shard.

    Raises:
        MissingToolError: As `write_shard`.
    """
    facts: dict[int, ShardFacts] = {}
    if num_proc == 1:
        for index, shard in enumerate(shards):
            facts[index] = write_shard(shard, reader_of)
            report(shard, facts[index])
        return list(facts.values())
    # Spawned: a forked child would share the locks of whatever threads the caller has.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_proc, context, initializer=_leave_with_parent) as pool:
        try:
            futures = {pool.submit(write_shard, shard, reader_of): index for index, shard in enumerate(shards)}
            for future in as_completed(futures):
                index = futures[future]
                facts[index] = future.result()
                report(shards[index], facts[index])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise
    return [facts[index] for index in range(len(shards))]


def _leave_with_parent() -> None:
    """End this process when its parent ends, even by SIGKILL; Ctrl-C is the parent's business."""
    gc.disable()  # as `no_collector`
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait_for_it() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()
