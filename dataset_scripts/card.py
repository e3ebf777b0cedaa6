"""README.md of a built data set: front matter by which `load_dataset` checks the files, and the facts for readers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from dataset_scripts.corpus import Corpus, Table
from dataset_scripts.rows import KINDS
from dataset_scripts.shards import RawSplit, ShardFacts
from hub_cards.render import DatasetFacts, Source, SplitFacts, render_dataset_card

_TASKS = {"xnli": "text-classification", "text": "other", "dictionary": "translation", "cognates": "translation"}
_COLUMNS = {
    "tagged": "Each token has its spelling (`tokens`), its sound (`ipa`, and `phonemes`, the same as a list of "
    "segments; a tone is one segment of tone letters), its romanisation (`romanized`) and its tag (`tags`). A token "
    "that could not be read, or has no sound (`#` in PAN-X marks a boundary), stands in `ipa` as it is and has "
    "`transcribed: false`. `in_train` marks sentences whose tokens also occur as a sentence of the train split of "
    "the same language: report scores with and without them.",
    "xnli": "Premise and hypothesis stand as they are and cut into words (`premise_tokens`), with the sound of each "
    "word (`premise_ipa`, and `premise_phonemes`, the same as a list of segments), its romanisation and whether it "
    "was read.",
    "text": "Each sentence stands as it is (`text`) and cut into words (`tokens`), with the sound of each word "
    "(`ipa`, and `phonemes`, the same as a list of segments), its romanisation (`romanized`) and whether it was "
    "read (`transcribed`).",
    "dictionary": "Each row is a pair of words with the sound of both (`source_ipa`, `source_phonemes`, "
    "`target_ipa`, ...), the English words that both translate (`via`), and the probability of coming from the "
    "source to the target over English words drawn alike (`score`), the best target of a word first.",
    "cognates": "Each row is a pair of words with the sound of both (`source_ipa`, `source_phonemes`, `target_ipa`, "
    "...), how it was found (`origin`), and how sure that is, 0 to 1 (`score`), the best target of a word first.",
}


@dataclass(frozen=True, slots=True)
class BuiltSplit:
    """A split on the disk.

    Attributes:
        table: What it holds.
        split: A key of `schema.SPLITS`.
        raw: Counts of its rows.
        shards: Its Parquet files, with their counts.
    """

    table: Table
    split: str
    raw: RawSplit
    shards: Sequence[tuple[Path, ShardFacts]]


@dataclass(frozen=True, slots=True)
class Making:
    """How a data set was made.

    Attributes:
        name: Its name in the catalogue.
        config: The configuration that was asked for, or None for all.
        options: Fields of `build.Options`.
        tools: Versions by package.
        digests: SHA-256 by source file.
        notes: What the card says of sentences that were left out or kept.
        unpublishable: What in it may not be published.
        extra_sources: Sources beside the usual ones, with their languages.
    """

    name: str
    config: str | None
    options: Mapping[str, Any]
    tools: Mapping[str, str]
    digests: Mapping[str, str]
    notes: Sequence[str] = ()
    unpublishable: Sequence[str] = ()
    extra_sources: Sequence[tuple[str, Source]] = ()


def write_card(folder: Path, corpus: Corpus, built: Sequence[BuiltSplit], making: Making) -> None:
    """Write README.md into a folder, and let it reach the disk."""
    languages = list(dict.fromkeys(code for item in built for code in item.table.languages))
    sources = [*((code, source) for code in languages for source in corpus.sources[code]), *making.extra_sources]
    infos = _infos(corpus, making.config, built)
    kinds = list(dict.fromkeys(item.table.kind for item in built))
    card_data = DatasetCardData(
        language=languages,
        license=list(dict.fromkeys(hub_id for _, source in sources for hub_id in source.licence_ids)),
        pretty_name=corpus.title,
        size_categories=[_size_category(sum(item.raw.rows for item in built))],
        tags=["phonexl", "ipa", "phonemes"],
        task_categories=list(dict.fromkeys(_TASKS.get(kind, "token-classification") for kind in kinds)),
        configs=[_data_files(corpus, label, info) for label, info in infos.items()],
        phonexl={"build": making.name, **making.options, "unpublishable": list(making.unpublishable)},
    )
    DatasetInfosDict(infos).to_dataset_card_data(card_data)
    facts = DatasetFacts(
        title=corpus.title,
        summary=corpus.summary,
        columns=_COLUMNS[kinds[0] if kinds[0] in _COLUMNS else "tagged"],
        command=_command(making),
        config=next(iter(infos)),
        recipe=making.options["recipe"],
        tools=making.tools,
        digests=making.digests,
        splits=tuple(map(_count, built)),
        sources=tuple(sources),
        defects=(*(text for code, text in corpus.defects.items() if code in ("", *languages)), *making.notes),
    )
    with (folder / "README.md").open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(render_dataset_card(card_data, facts))
        stream.flush()
        os.fsync(stream.fileno())


def _infos(corpus: Corpus, config: str | None, built: Sequence[BuiltSplit]) -> dict[str, datasets.DatasetInfo]:
    """Sizes and columns of every configuration whose splits are there."""
    splits = {(item.table.label, item.split): item for item in built}
    views: dict[str, dict[str, tuple[str, str]]] = {}
    for label in dict.fromkeys(item.table.label for item in built):
        views[label] = {split: (own, split) for own, split in splits if own == label}
    for label, parts in corpus.views.items():
        there = {split: place for split, place in parts.items() if place in splits}
        if {label for label, _ in there.values()} == {label for label, _ in parts.values()}:
            views[label] = there
    chosen = {config: views[config]} if config is not None else views
    return {
        label: _info(label, {split: splits[place] for split, place in parts.items()}) for label, parts in chosen.items()
    }


def _info(label: str, parts: Mapping[str, BuiltSplit]) -> datasets.DatasetInfo:
    sizes = datasets.SplitDict()
    for split, item in parts.items():
        sizes.add(datasets.SplitInfo(split, sum(facts.num_bytes for _, facts in item.shards), item.raw.rows))
    stored = {path: path.stat().st_size for item in parts.values() for path, _ in item.shards}
    size = sum(info.num_bytes for info in sizes.values())
    columns = KINDS[next(iter(parts.values())).table.kind].columns()
    return datasets.DatasetInfo(
        features=columns, splits=sizes, download_size=sum(stored.values()), dataset_size=size, config_name=label
    )


def _data_files(corpus: Corpus, label: str, info: datasets.DatasetInfo) -> dict[str, object]:
    """A configuration as the front matter lists it."""
    places = corpus.views.get(label) or {split: (label, split) for split in info.splits}
    files = [{"split": split, "path": f"{places[split][0]}/{places[split][1]}-*"} for split in info.splits]
    return {"config_name": label, "data_files": files}


def _command(making: Making) -> str:
    """The command that builds the same."""
    recipe = making.options["recipe"]
    parts = ["phonexl data build", making.name]
    parts += [f"--config {making.config}"] if making.config else []
    parts += [f"--recipe {recipe}"] if recipe != "default" else []
    parts += [f"--{key.replace('_', '-')}" for key in ("publishable", "repair_orphans") if making.options[key]]
    return " ".join(parts)


def _count(item: BuiltSplit) -> SplitFacts:
    """What the tables of the card say of a split."""
    reasons: Counter[str] = Counter()
    for _, facts in item.shards:
        reasons.update(facts.reasons)
    read = sum(facts.read for _, facts in item.shards)
    raw = item.raw
    return SplitFacts(
        item.table.label, item.split, raw.rows, raw.in_train, reasons, read, repeated=raw.repeated, orphans=raw.orphans
    )


def _size_category(num_rows: int) -> str:
    """The Hub's name for the number of rows."""
    for bound, name in ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")):
        if num_rows < bound:
            return name
    return "1M<n<10M"
