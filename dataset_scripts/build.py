"""Builds a data-set repository: Parquet per table and split, with sound, and its card; the same bytes every time.

Rows come from `rows.py`, Parquet from `shards.py`, the card from `card.py`; pushing the folder to the Hub is the
program's business.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import filelock

from dataset_scripts.card import BuiltSplit, Making, write_card
from dataset_scripts.catalogue import find_corpus
from dataset_scripts.corpus import Corpus, Omission, Table
from dataset_scripts.provenance import code_digest, digest, tool_versions
from dataset_scripts.readers import DataError, orphan_tags, sentence_block
from dataset_scripts.rows import KINDS, ReaderOf, Row
from dataset_scripts.shards import (
    ROWS_PER_GROUP,
    ROWS_PER_SHARD,
    Shard,
    ShardFacts,
    no_collector,
    write_raw,
    write_shards,
    write_whole,
)
from dataset_scripts.sources import (
    choose_folder,
    example_file,
    files_of,
    is_released,
    lacking,
    nothing_found,
    splits_in,
    unread,
)
from modeling_phonexl.transcription import Transcriber

logger = logging.getLogger(__name__)

_MARK = "\n- phonexl\n"  # the tag in a card's front matter by which a folder is known as ours
_DICTIONARIES = "??-??.tsv"  # of the samples, for code switching


@dataclass(frozen=True, slots=True)
class Options:
    """What changes the content of a build.

    Attributes:
        recipe: Recipe of transcription; files of the PhoneXL release keep their own.
        publishable: Leave out sentences whose licence forbids a derived work; else they stay, and the card says so.
        repair_orphans: Let an `I-` tag that continues nothing begin its entity.
        rows_per_shard: Rows of a Parquet file.
    """

    recipe: str = "default"
    publishable: bool = False
    repair_orphans: bool = False
    rows_per_shard: int = ROWS_PER_SHARD


@dataclass(slots=True)
class _Plan:
    """A build: where from, what, and what the card has to say beside counts."""

    name: str
    corpus: Corpus
    config: str | None
    folder: Path
    tables: tuple[Table, ...]
    options: Options
    making: Making
    left_out: dict[tuple[str, str], Omission] = field(default_factory=dict)


def build(
    name: str,
    out: Path,
    *,
    source: Path | None = None,
    config: str | None = None,
    options: Options | None = None,
    num_proc: int = 1,
    transcriber: ReaderOf | None = None,
    report: Callable[[str, int, int], None] | None = None,
) -> None:
    """Build a data set into a new folder: `TABLE/SPLIT-00000-of-00001.parquet`, and README.md with all configurations.

    The folder appears whole or not at all. Work goes on in `.OUT.building` beside it; after a kill or Ctrl-C the next
    call with the same files and options goes on there and ends in the same bytes. Two builds from the same files are
    equal, as long as the version of pyarrow, which Parquet files name, is the same.

    Args:
        name: A key of `catalogue.CORPORA`.
        out: The folder to make; one that an earlier build made is replaced, any other refused.
        source: Folder of the files, or one that holds the folder of the collection; the samples and the dictionaries
            by sound have their own.
        config: Only what this configuration reads; default: every table that has files.
        options: What else changes the content.
        num_proc: Processes that transcribe.
        transcriber: Makes the reader of a language from its code.
        report: Called with "TABLE SPLIT", rows done and rows in all.

    Raises:
        ValueError: For an unknown name or configuration, or a missing source.
        DataError: If the source holds no files, faulty ones, `out` holds something else, or another build is at work
            there.
        MissingToolError: If the reading tool of a language is not installed.
    """
    name, corpus = find_corpus(name)
    plan = _make_plan(name, corpus, choose_folder(source, name, corpus), config, options or Options())
    out = Path(os.path.abspath(out))
    _refuse_foreign(out)
    _tell_unread(plan)
    if transcriber is None:
        _try_readers(plan)
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = out.parent / f".{out.name}.building"
    lock = filelock.FileLock(out.parent / f".{out.name}.lock", timeout=0)
    try:
        with lock:
            try:
                _build(plan, staging, out, num_proc, transcriber, report or (lambda *_: None))
            finally:
                Path(lock.lock_file).unlink(missing_ok=True)
    except filelock.Timeout:
        cure = "Wait for it, or name another folder."
        raise DataError(out, None, None, "no other build of this folder at work", cure) from None


def _make_plan(name: str, corpus: Corpus, folder: Path, config: str | None, options: Options) -> _Plan:
    """What there is to build: tables that have files."""
    wanted = corpus.tables_of(config)
    tables = tuple(table for table in wanted if splits_in(folder, table))
    if not tables:
        raise nothing_found(name, folder, wanted)
    if config in corpus.views and len(tables) < len(wanted):
        lacking = ", ".join(example_file(table) for table in wanted if table not in tables)
        raise DataError(folder, None, None, f"both sides of {config}: {lacking}", "Name the folder that holds both.")
    files = {path for table in tables for path in files_of(folder, table)}
    digests = {path.relative_to(folder).as_posix(): digest(path) for path in sorted(files)}
    languages = [language for table in tables for language in table.languages]
    tools = tool_versions(languages, options.recipe)
    notes, unpublishable, sources, left_out = [], [], [], {}
    for omission in corpus.omissions:
        place = omission.table, omission.split
        table = next((table for table in tables if table.label == omission.table), None)
        if table is None or omission.split not in splits_in(folder, table):
            continue
        number, source = omission.stop - omission.first, f"{omission.source.name} ({omission.source.licence})"
        if not _is_known(omission, table, folder):
            notes.append(f"{' '.join(place)} is not the known file: sentences of {source} were not looked for.")
        elif options.publishable:
            left_out[place] = omission
            notes.append(f"{' '.join(place)} lacks the {number} sentences of {source}.")
        else:
            notes.append(f"{' '.join(place)} holds {number} sentences of {source}: do not publish this data set.")
            unpublishable.append(source)
            sources.append((table.language, omission.source))
    if any(_is_given(path) for path in files):
        notes.append("IPA and romanisation are those of the PhoneXL release, which states no licence.")
        unpublishable.append("files of the PhoneXL release (no licence stated)")
    making = Making(name, config, asdict(options), tools, digests, notes, unpublishable, sources)
    return _Plan(name, corpus, config, folder, tables, options, making, left_out)


def _tell_unread(plan: _Plan) -> None:
    """Warn of files that were perhaps meant for a split that is not there; nothing else would tell of a wrong name."""
    wanted = lacking(plan.folder, plan.tables)
    if wanted and (files := unread(plan.folder, plan.corpus)):
        shown, missing = (", ".join(names[:20]) + ", …" * (len(names) > 20) for names in (files, wanted))
        logger.warning(
            "%s: not read: %s; there is no %s: rename a file that is meant for it", plan.folder, shown, missing
        )


def _is_known(omission: Omission, table: Table, folder: Path) -> bool:
    """Whether a split is the file whose sentences are known by their place."""
    rows = KINDS[table.kind].read(table, folder, omission.split)
    text = "\n".join(sentence_block(row["tokens"], row["tags"]) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest() == omission.content


def _is_given(path: Path) -> bool:
    """Whether a source file brings its own IPA."""
    return ".tsv" in path.suffixes and is_released(path)


def _try_readers(plan: _Plan) -> None:
    """Let a missing tool be told before anything is read."""
    for table in plan.tables:
        if not all(map(_is_given, files_of(plan.folder, table))):
            for language in table.languages:
                Transcriber(language, plan.options.recipe)(["1"])


@no_collector()
def _build(
    plan: _Plan,
    staging: Path,
    out: Path,
    num_proc: int,
    transcriber: ReaderOf | None,
    report: Callable[[str, int, int], None],
) -> None:
    _prepare(staging, out, _describe(plan))
    try:
        raw = {
            (table.label, split): write_raw(
                _raw_rows(plan, table, split), staging / "raw" / table.label / split, plan.options.rows_per_shard
            )
            for table in plan.tables
            for split in splits_in(plan.folder, table)
        }
    except (DataError, ValueError):
        shutil.rmtree(staging)
        raise
    tables = {table.label: table for table in plan.tables}
    shards = [
        Shard(
            tables[label],
            staging / "raw" / label / split / f"{number:05}.raw",
            staging / "shards" / label / f"{split}-{number:05}.part",
            plan.options.recipe,
            _provenance(plan, tables[label], split),
        )
        for (label, split), counts in raw.items()
        for number in range(counts.shards)
    ]
    done = dict.fromkeys(raw, 0)

    def tell(shard: Shard, facts: ShardFacts) -> None:
        key = shard.table.label, shard.raw.parent.name
        done[key] += facts.rows
        report(" ".join(key), done[key], raw[key].rows)

    facts = dict(zip(shards, write_shards(shards, num_proc, transcriber, tell), strict=True))
    built = []
    for (label, split), counts in raw.items():
        own = [shard for shard in shards if (shard.table.label, shard.raw.parent.name) == (label, split)]
        built.append(BuiltSplit(tables[label], split, counts, [(shard.made, facts[shard]) for shard in own]))
        logger.info("%s %s: %d rows", label, split, counts.rows)
    _assemble(plan, built, staging, out)
    shutil.rmtree(staging)


def _describe(plan: _Plan) -> str:
    """Everything that the bytes depend on: a former build that was cut off is taken up only if this is the same."""
    import pyarrow

    facts: dict[str, Any] = {
        "name": plan.name,
        "config": plan.config,
        "tables": [asdict(table) for table in plan.tables],
        "options": asdict(plan.options),
        "sources": dict(plan.making.digests),
        "tools": {**plan.making.tools, "pyarrow": pyarrow.__version__},
        "code": code_digest(),
        "rows_per_group": ROWS_PER_GROUP,
    }
    return json.dumps(facts, sort_keys=True)


def _provenance(plan: _Plan, table: Table, split: str) -> str:
    """What a Parquet file says of how it was made; of the sources, those that its rows depend on."""
    names = {p.relative_to(plan.folder).as_posix() for p in files_of(plan.folder, table, splits=("train", split))}
    sources = {name: digest for name, digest in plan.making.digests.items() if name in names}
    return json.dumps({"recipe": plan.options.recipe, "tools": plan.making.tools, "sources": sources}, sort_keys=True)


def _prepare(staging: Path, out: Path, description: str) -> None:
    """The working folder: one that an equal build left goes on, any other starts anew."""
    old = staging / ".old"
    if old.is_dir() and not out.exists():
        old.rename(out)  # a build was killed between its two renames
    plan = staging / "plan.state"
    if not (plan.is_file() and plan.read_text("utf-8") == description):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        write_whole(plan, description)
    for leftover in staging.rglob("*.tmp"):
        leftover.unlink(missing_ok=True)


def _raw_rows(plan: _Plan, table: Table, split: str) -> Iterator[Row]:
    """The raw rows of a split, with what the options change."""
    rows = KINDS[table.kind].read(table, plan.folder, split)
    omission = plan.left_out.get((table.label, split))
    for index, row in enumerate(rows):
        if omission and omission.first <= index < omission.stop:
            continue
        if plan.options.repair_orphans and "tags" in row:
            marks = zip(row["tags"], orphan_tags(row["tags"]), strict=True)
            row = {**row, "tags": [f"B-{tag[2:]}" if orphan else tag for tag, orphan in marks]}
        yield row


def raw_rows_of(name: str, source: Path | None, table: Table, split: str, options: Options) -> Iterator[Row]:
    """The raw rows that a build would finish, to compare a built table with its source.

    Raises:
        DataError: As `build`.
    """
    name, corpus = find_corpus(name)
    return _raw_rows(_make_plan(name, corpus, choose_folder(source, name, corpus), table.label, options), table, split)


# ---- the finished folder ----


def _assemble(plan: _Plan, built: Sequence[BuiltSplit], staging: Path, out: Path) -> None:
    """Put card and shards into a folder, and the folder into its place.

    The card comes first: it lists the sizes of all splits, so that a folder that lacks a file is refused by
    `load_dataset`, which would take one without a card for whole.
    """
    made = staging / ".new"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    write_card(made, plan.corpus, built, plan.making)
    for split in built:
        (made / split.table.label).mkdir(exist_ok=True)
        for number, (part, _) in enumerate(split.shards):
            target = made / split.table.label / f"{split.split}-{number:05}-of-{len(split.shards):05}.parquet"
            try:
                os.link(part, target)
            except OSError:  # a file system without hard links
                shutil.copyfile(part, target)
    if plan.name == "phonexl-samples":
        for dictionary in sorted(plan.folder.glob(_DICTIONARIES)):
            shutil.copyfile(dictionary, made / dictionary.name)
    if not out.exists():
        made.rename(out)
        return
    old = staging / ".old"
    out.rename(old)
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        raise


def _refuse_foreign(out: Path) -> None:
    """Let only nothing, an empty folder, or a folder that `build` made be replaced."""
    if not out.exists():
        return
    cure = "Name another folder, or remove this one."
    if not out.is_dir():
        raise DataError(out, None, None, "a folder to make, not a file", cure)
    card = out / "README.md"
    ours = card.is_file() and _MARK in card.read_text(encoding="utf-8", errors="replace")
    known = {card, *out.glob(_DICTIONARIES)}
    foreign = [p for p in sorted(out.rglob("*")) if p.is_file() and p not in known and p.suffix != ".parquet"]
    if any(out.iterdir()) and (not ours or foreign):
        found = ", ".join(str(path.relative_to(out)) for path in foreign[:5]) or "README.md of another origin, or none"
        raise DataError(out, None, found, "a new folder, or one that this command made", cure)
