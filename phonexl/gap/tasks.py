"""The tasks that encoders are fine-tuned on: their labels, and which sentences are trained on, chosen by and scored.

Not here: how an encoder reads the words (`encoded_examples.py`), what scores are (`task_scores.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataset_scripts.readers import DataError, load_split
from dataset_scripts.schema import NER_TAGS, UPOS_TAGS, XNLI_LABELS, Sentence
from modeling_phonexl.transcription import Transcriber, find_language
from phonexl.training.data import draw, hash_sentences
from phonexl.training.sentence_pairs import load_xnli, xnli_warnings


@dataclass(frozen=True, slots=True)
class GapTask:
    """What is learned.

    Attributes:
        name: As users type it and as the paper calls it.
        kind: What data files call it: "udpos", "panx" or "xnli".
        labels: In the order of their ids; declared, never collected from a file.
        metric: Score by which the paper chooses, and which its tables have.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    metric: str

    @property
    def of_pairs(self) -> bool:
        """Whether a pair of sentences has a label, and not each word."""
        return self.kind == "xnli"


TASKS = {
    task.name: task
    for task in (
        GapTask("pos", "udpos", UPOS_TAGS, "xtreme_f1"),
        GapTask("ner", "panx", NER_TAGS, "xtreme_f1"),
        GapTask("xnli", "xnli", XNLI_LABELS, "accuracy"),
    )
}


def find_task(name: str) -> GapTask:
    """A task by its name.

    Raises:
        ValueError: For an unknown one.
    """
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; known: {', '.join(TASKS)}")
    return TASKS[name]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences, and what the first says of the second.

    Attributes:
        id: Split and number of the row.
        lang: ISO 639-3 code.
        premise: Words.
        hypothesis: Words.
        label: One of `XNLI_LABELS`.
    """

    id: str
    lang: str
    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    label: str


Examples = Sequence[Sentence | Pair]


@dataclass
class TaskData:
    """What one model is trained on, chosen by, and scored on.

    Attributes:
        source: ISO 639-3 code of the training data.
        train: In that language.
        scored: By language and split ("validation", "test"), the validation split of the source among them.
        warnings: What the reader of the scores must know.
    """

    source: str
    train: Examples
    scored: dict[tuple[str, str], Examples]
    warnings: list[str] = field(default_factory=list)

    @property
    def validation(self) -> Examples:
        """What is chosen by."""
        return self.scored[self.source, "validation"]

    def describe(self) -> dict[str, Any]:
        """Number and hash of the sentences of each part."""
        parts = {"train": self.train} | {f"{lang}.{split}": rows for (lang, split), rows in self.scored.items()}
        return {name: {"sentences": len(rows), "sha256": _hash(rows)} for name, rows in parts.items()}


def load_task(
    task: GapTask, folder: Path, source: str, languages: Sequence[str], limit_train: int | None = None
) -> TaskData:
    """Read what a model of one task is trained and scored on.

    Args:
        task: Which.
        folder: `{train,dev,test}-LANG.tsv[.gz]`, for XNLI without train, or a folder made by `phonexl data build`.
        source: Language of the training data, a code of two or three letters.
        languages: Those that are scored.
        limit_train: Train on that many sentences or pairs, the same for every seed.

    Raises:
        DataError: If a file is missing or malformed.
        UnknownLanguageError: For a language that is not known.
    """
    source, *codes = (find_language(code).iso639_3 for code in (source, *languages))
    read = _read_pairs if task.of_pairs else _read_tagged
    data = read(task, folder, source, list(dict.fromkeys([source, *codes])))
    data.train = draw(data.train, limit_train)
    data.scored = {key: rows for key, rows in data.scored.items() if key[0] in codes or key == (source, "validation")}
    return data


def sentences_of(examples: Examples) -> list[Sentence]:
    """The tagged sentences among examples: all or none."""
    return [example for example in examples if isinstance(example, Sentence)]


def _pairs_of(examples: Examples) -> list[Pair]:
    return [example for example in examples if isinstance(example, Pair)]


def _read_tagged(task: GapTask, folder: Path, source: str, languages: Sequence[str]) -> TaskData:
    scored: dict[tuple[str, str], Examples] = {}
    for language in languages:
        for split in ("validation", "test"):
            scored[language, split] = load_split(folder, task.kind, language, split)
    return TaskData(source, load_split(folder, task.kind, source, "train"), scored)


def _read_pairs(task: GapTask, folder: Path, source: str, languages: Sequence[str]) -> TaskData:
    scored: dict[tuple[str, str], Examples] = {}
    for language in languages:
        for split in ("validation", "test"):
            scored[language, split] = _load_pairs(folder, language, split)
    return TaskData(source, _load_pairs(folder, source, "train"), scored, xnli_warnings(folder, source))


def _load_pairs(folder: Path, language: str, split: str) -> list[Pair]:
    """The pairs of a split, cut by the language's segmenter."""
    read = Transcriber(language)
    pairs = []
    for pair in load_xnli(folder, language, split):
        texts = pair.premise, pair.hypothesis
        premise, hypothesis = (tuple(text[start:end] for start, end in read.segment(text)) for text in texts)
        if not premise or not hypothesis:
            raise DataError(folder / pair.id, None, " ".join(texts), "two sentences with words", "Correct the row.")
        pairs.append(Pair(pair.id, language, premise, hypothesis, pair.label))
    return pairs


def _hash(rows: Examples) -> str:
    if sentences := sentences_of(rows):
        return hash_sentences(sentences)
    digest = hashlib.sha256()
    for row in _pairs_of(rows):
        digest.update(json.dumps([row.premise, row.hypothesis, row.label], ensure_ascii=False).encode())
    return digest.hexdigest()
