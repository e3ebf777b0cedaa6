"""Builds a data-set repository: Parquet per language and split, transcribed, and its card; the same bytes every time.

Reads token files through `readers.py`; pushing the folder to the Hub is the program's business.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from dataset_scripts.cjkv import CORPORA, LANGUAGES, OMISSIONS
from dataset_scripts.readers import DataError, find_files, find_parquet, load_split, to_tsv
from dataset_scripts.schema import SPLITS, Sentence, features
from hub_cards.render import DatasetFacts, SplitFacts, render_dataset_card
from modeling_phonexl.transcription import Transcriber, Transcription

logger = logging.getLogger(__name__)

_ROWS_PER_GROUP = 1000  # fixed: the Parquet bytes depend on it
_MARK = "\n- phonexl\n"  # the tag in a card's front matter by which a folder is known as ours

Transcribe = Callable[[Sequence[str]], list[Transcription]]


@dataclass(frozen=True, slots=True)
class _Config:
    """A configuration: its name in the repository, and what it holds."""

    label: str
    language: str
    task: str


@dataclass(frozen=True, slots=True)
class _Written:
    """A configuration on disk, and what the card says of it."""

    config: _Config
    info: datasets.DatasetInfo
    splits: list[SplitFacts]
    notes: list[str]


def build(
    name: str,
    out: Path,
    *,
    source: Path | None = None,
    config: str | None = None,
    transcriber: Callable[[str], Transcribe] = Transcriber,
) -> None:
    """Build a data set into a new folder: `CONFIG/SPLIT-00000-of-00001.parquet`, and README.md with all configurations.

    The folder appears whole or not at all. Two builds from the same files give the same bytes, as long as the version
    of pyarrow, which Parquet files name, is the same.

    Args:
        name: A key of `CORPORA`.
        out: The folder to make; one that an earlier build made is replaced, any other refused.
        source: Folder of token files (see `readers.find_files`); "samples" has its own.
        config: Only this configuration ("zh", or "zh-udpos" in samples); default: every one that has files.
        transcriber: Makes the reader of a language from its code.

    Raises:
        ValueError: For an unknown name or configuration, or a missing source.
        DataError: If the source holds no files, faulty ones, or `out` holds something else.
        MissingToolError: If the reading tool of a language is not installed.
    """
    if name not in CORPORA:
        raise ValueError(f"unknown data set {name!r}; known: {', '.join(CORPORA)}")
    folder = source or (Path(__file__).parent / "samples" if name == "samples" else None)
    if folder is None:
        raise ValueError(f"{name} is built from token files: name their folder as the source")
    configs = _choose_configs(name, folder, config)
    out = Path(os.path.abspath(out))
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, because only a rename within one file system is atomic.
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as staging:
        made = Path(staging) / "new"
        written = [_write_config(name, item, folder, made, transcriber(item.language)) for item in configs]
        if name == "samples":
            for dictionary in sorted(folder.glob("??-??.tsv")):  # for code switching
                shutil.copyfile(dictionary, made / dictionary.name)
        _write_card(name, made, written)
        _publish(made, out, Path(staging) / "old")


def _choose_configs(name: str, folder: Path, wanted: str | None) -> list[_Config]:
    """The configuration asked for, or all that have a file."""
    tasks = CORPORA[name].tasks
    known = [
        _Config(language if len(tasks) == 1 else f"{language}-{task}", language, task)
        for language in LANGUAGES
        for task in tasks
    ]
    configs = [config for config in known if wanted in (None, config.label)]
    if not configs:
        labels = ", ".join(config.label for config in known)
        raise ValueError(f"{name} has no configuration {wanted!r}; known: {labels}")
    found = [config for config in configs if _splits_in(folder, config)]
    if not found:
        languages = ", ".join(dict.fromkeys(config.language for config in configs))
        cure = "Name the folder that holds the token files."
        raise DataError(folder, None, None, f"files {{train,dev,test}}-LANG.tsv[.gz] of {languages}", cure)
    return found


def _splits_in(folder: Path, config: _Config) -> list[str]:
    """The splits that the folder has of a configuration's language."""
    language, task = config.language, config.task
    return [s for s in SPLITS if find_files(folder, language, s) or find_parquet(folder, task, language, s)]


def _write_config(name: str, config: _Config, folder: Path, made: Path, transcribe: Transcribe) -> _Written:
    """Write the Parquet files of a configuration; gives what the card says of them."""
    (made / config.label).mkdir(parents=True)
    sizes = datasets.SplitDict()
    splits, notes = [], []
    download_size = 0
    for split in _splits_in(folder, config):
        sentences = load_split(folder, config.task, config.language, split)
        sentences, note = _leave_out(name, config, split, sentences)
        table, facts = _transcribed(config, split, sentences, transcribe)
        path = made / config.label / f"{split}-00000-of-00001.parquet"
        with _no_progress_bars():
            table.to_parquet(path, batch_size=_ROWS_PER_GROUP)
        sizes.add(datasets.SplitInfo(split, table.data.nbytes, len(table)))
        download_size += path.stat().st_size
        splits.append(facts)
        notes += note
        logger.info("%s %s: %d sentences, %d tokens", config.label, split, facts.sentences, facts.tokens)
    size = sum(info.num_bytes for info in sizes.values())
    info = datasets.DatasetInfo(
        features=features(config.task), splits=sizes, download_size=download_size, dataset_size=size
    )
    return _Written(config, info, splits, notes)


def _leave_out(name: str, config: _Config, split: str, sentences: list[Sentence]) -> tuple[list[Sentence], list[str]]:
    """The sentences whose licence allows a derived work, and a note for the card if some are missing."""
    omission = OMISSIONS.get((name, config.language, split))
    if omission is None:
        return sentences, []
    if hashlib.sha256(to_tsv(sentences).encode()).hexdigest() != omission.content:
        note = f"{config.label} {split} is not XTREME's file: sentences of {omission.name} were not looked for."
        logger.warning("%s Do not publish this data set if it has any.", note)
        return sentences, [note]
    note = f"{config.label} {split} lacks the {omission.stop - omission.first} sentences of {omission.name}."
    return sentences[: omission.first] + sentences[omission.stop :], [note]


def _transcribed(
    config: _Config, split: str, sentences: Sequence[Sentence], transcribe: Transcribe
) -> tuple[datasets.Dataset, SplitFacts]:
    """The rows as a table in memory, made in groups, so that Python objects of only one group exist at a time."""
    reasons: Counter[str] = Counter()
    read = 0
    tables = []
    for start in range(0, len(sentences), _ROWS_PER_GROUP):
        rows = []
        for sentence in sentences[start : start + _ROWS_PER_GROUP]:
            records = transcribe(sentence.tokens)
            reasons.update(record.reason for record in records)
            read += sum(record.transcribed for record in records)
            rows.append(to_row(sentence, records))
        tables.append(datasets.Dataset.from_list(rows, features=features(config.task)))
    in_train = sum(sentence.in_train for sentence in sentences)
    facts = SplitFacts(config.label, split, len(sentences), in_train, reasons, read)
    return datasets.concatenate_datasets(tables), facts


def to_row(sentence: Sentence, records: Sequence[Transcription]) -> dict[str, object]:
    """One row of a built data set: a pure function of a sentence and its transcription.

    Raises:
        ValueError: If there are not as many records as tokens.
    """
    if len(records) != len(sentence.tokens):
        raise ValueError(
            f"sentence {sentence.id!r} has {len(sentence.tokens)} tokens, but {len(records)} transcriptions"
        )
    return {
        "id": sentence.id,
        "lang": sentence.lang,
        "tokens": list(sentence.tokens),
        "ipa": [record.ipa for record in records],
        "phonemes": [list(record.segments) for record in records],
        "romanized": [record.romanized for record in records],
        "transcribed": [record.transcribed for record in records],
        "tags": list(sentence.tags),
        "in_train": sentence.in_train,
    }


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Silence the bars of `datasets`, which know no quiet mode per call."""
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def _write_card(name: str, made: Path, written: Sequence[_Written]) -> None:
    """README.md, last and to the disk: without it the folder would load in silence as one mixture of languages."""
    corpus = CORPORA[name]
    languages = list(dict.fromkeys(item.config.language for item in written))
    splits = [facts for item in written for facts in item.splits]
    card_data = DatasetCardData(
        language=languages,
        license=list(corpus.licences),
        pretty_name=corpus.title,
        size_categories=[_size_category(sum(facts.sentences for facts in splits))],
        tags=["phonexl", "ipa", "phonemes"],
        task_categories=["token-classification"],
        configs=[_data_files(item) for item in written],
    )
    DatasetInfosDict({item.config.label: item.info for item in written}).to_dataset_card_data(card_data)
    sources = dict.fromkeys(source for language in languages for source in corpus.sources[language])
    defects = [text for language, text in corpus.defects.items() if language in ("", *languages)]
    facts = DatasetFacts(
        title=corpus.title,
        summary=corpus.summary,
        command=f"phonexl data build {name}",
        splits=tuple(splits),
        sources=tuple(sources),
        defects=(*defects, *(note for item in written for note in item.notes)),
    )
    with (made / "README.md").open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(render_dataset_card(card_data, facts))
        stream.flush()
        os.fsync(stream.fileno())


def _data_files(item: _Written) -> dict[str, object]:
    """A configuration as the front matter lists it."""
    label = item.config.label
    files = [{"split": split, "path": f"{label}/{split}-*"} for split in item.info.splits]
    return {"config_name": label, "data_files": files}


def _size_category(num_sentences: int) -> str:
    """The Hub's name for the number of rows."""
    for bound, name in ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")):
        if num_sentences < bound:
            return name
    return "1M<n<10M"


def _refuse_foreign(out: Path) -> None:
    """Let only nothing, an empty folder, or a folder that `build` made be replaced."""
    if not out.exists():
        return
    cure = "Name another folder, or remove this one."
    if not out.is_dir():
        raise DataError(out, None, None, "a folder to make, not a file", cure)
    card = out / "README.md"
    ours = card.is_file() and _MARK in card.read_text(encoding="utf-8", errors="replace")
    foreign = [p for p in sorted(out.rglob("*")) if p.is_file() and p != card and p.suffix != ".parquet"]
    if any(out.iterdir()) and (not ours or foreign):
        found = ", ".join(str(path.relative_to(out)) for path in foreign[:5]) or "README.md of another origin, or none"
        raise DataError(out, None, found, "a new folder, or one that this command made", cure)


def _publish(made: Path, out: Path, old: Path) -> None:
    """Put the finished folder in its place; if that fails, the former one goes back."""
    if not out.exists():
        made.rename(out)
        return
    out.rename(old)
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        raise
