"""The data sets as builders of `datasets`, for those who want rows in Python without a folder of Parquet.

    CjkvPanx(config_name="zh-vi", source="panx", cache_dir=folder).download_and_prepare(num_proc=2)

Rows in the cache are taken for as long as files, tools and code are the same. `build.py` makes repositories; both give
the same rows.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import datasets

from dataset_scripts.build import Options, raw_rows_of
from dataset_scripts.catalogue import CORPORA
from dataset_scripts.corpus import Table
from dataset_scripts.provenance import code_digest, digest, tool_versions
from dataset_scripts.rows import KINDS, Row
from dataset_scripts.sources import choose_folder, files_of, nothing_found, splits_in
from modeling_phonexl.transcription import Transcriber

_RANGES = 16  # parts of a split, which several processes share


@dataclass
class SourceConfig(datasets.BuilderConfig):
    """A configuration, and what it is built from.

    Attributes:
        source: Folder of the source files, or one that holds the folder of the collection.
        recipe: Recipe of transcription.
    """

    source: str | Path = ""
    recipe: str = "default"


class AlignedBuilder(datasets.GeneratorBasedBuilder):
    """Rows of spelling and sound; each data set is a class below, with its name in the catalogue."""

    CORPUS: ClassVar[str]
    BUILDER_CONFIG_CLASS = SourceConfig
    VERSION = datasets.Version("1.0.0")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        state = _state(self.CORPUS, options.get("source", ""), options.get("recipe", "default"))
        super().__init__(*arguments, **{"hash": state, **options})

    def _info(self) -> datasets.DatasetInfo:
        corpus = CORPORA[self.CORPUS]
        kind = KINDS[corpus.tables_of(self.config.name)[0].kind]
        return datasets.DatasetInfo(description=corpus.summary, features=kind.columns())

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        corpus = CORPORA[self.CORPUS]
        folder = choose_folder(self._source(), self.CORPUS, corpus)
        tables = {table.label: table for table in corpus.tables_of(self.config.name)}
        label = self.config.name
        places = corpus.views.get(label) or {split: (label, split) for split in tables[label].splits}
        found = [
            datasets.SplitGenerator(
                name=datasets.NamedSplit(split),
                gen_kwargs={
                    "ranges": _ranges(sum(1 for _ in self._raw_rows(tables[table], part))),
                    "place": (tables[table], part),
                },
            )
            for split, (table, part) in places.items()
            if part in splits_in(folder, tables[table])
        ]
        if not found:  # load_dataset would give a data set without splits
            raise nothing_found(self.CORPUS, folder, tables.values())
        return found

    def _generate_examples(
        self, ranges: Sequence[tuple[int, int]], place: tuple[Table, str]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        table, split = place
        reader_of = cache(lambda language: Transcriber(language, self.config.recipe))
        for start, stop in ranges:
            for number, raw in enumerate(itertools.islice(self._raw_rows(table, split), start, stop), start):
                row, _ = KINDS[table.kind].finish(table, raw, reader_of)
                yield number, row

    def _raw_rows(self, table: Table, split: str) -> Iterator[Row]:
        return raw_rows_of(self.CORPUS, self._source(), table, split, Options(self.config.recipe))

    def _source(self) -> Path | None:
        return Path(self.config.source) if self.config.source else None


def _state(name: str, source: str | Path, recipe: str) -> str:
    """What rows depend on beside their configuration, by which `datasets` finds them in its cache."""
    corpus = CORPORA[name]
    files: set[Path] = set()
    if source or corpus.shipped:
        folder = choose_folder(Path(source) if source else None, name, corpus)
        files = {path for table in corpus.tables if splits_in(folder, table) for path in files_of(folder, table)}
    tools = tool_versions((language for table in corpus.tables for language in table.languages), recipe)
    facts = [code_digest(), tools, [(path.name, digest(path)) for path in sorted(files)]]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _ranges(num_rows: int) -> list[tuple[int, int]]:
    """The rows of a split in parts of like size: a list is what `num_proc` divides."""
    size = max(1, -(-num_rows // _RANGES))
    return [(start, min(start + size, num_rows)) for start in range(0, num_rows, size)]


def _configs(name: str) -> list[SourceConfig]:
    return [SourceConfig(name=config) for config in CORPORA[name].configs]


class PhoneXLSamples(AlignedBuilder):
    """150 sentences of our own in each of zh, vi, ja, ko."""

    CORPUS = "phonexl-samples"
    BUILDER_CONFIGS = _configs(CORPUS)


class CjkvUdpos(AlignedBuilder):
    """Parts of speech in zh, vi, ja, ko."""

    CORPUS = "cjkv-udpos"
    BUILDER_CONFIGS = _configs(CORPUS)


class CjkvPanx(AlignedBuilder):
    """Named entities in zh, vi, ja, ko."""

    CORPUS = "cjkv-panx"
    BUILDER_CONFIGS = _configs(CORPUS)


class CjkvDictionaries(AlignedBuilder):
    """Word pairs by way of English."""

    CORPUS = "cjkv-dictionaries"
    BUILDER_CONFIGS = _configs(CORPUS)


class CjkvSoundDictionaries(AlignedBuilder):
    """Word pairs by sound."""

    CORPUS = "cjkv-sound-dictionaries"
    BUILDER_CONFIGS = _configs(CORPUS)


class LinguisticGapNer(AlignedBuilder):
    """Named entities in the ten languages of the gap study."""

    CORPUS = "linguistic-gap-ner"
    BUILDER_CONFIGS = _configs(CORPUS)


class LinguisticGapPos(AlignedBuilder):
    """Parts of speech in the ten languages of the gap study."""

    CORPUS = "linguistic-gap-pos"
    BUILDER_CONFIGS = _configs(CORPUS)


class LinguisticGapXnli(AlignedBuilder):
    """Pairs of sentences in nine languages."""

    CORPUS = "linguistic-gap-xnli"
    BUILDER_CONFIGS = _configs(CORPUS)


class FloresIpa(AlignedBuilder):
    """Parallel sentences in fifteen languages."""

    CORPUS = "flores-ipa"
    BUILDER_CONFIGS = _configs(CORPUS)
