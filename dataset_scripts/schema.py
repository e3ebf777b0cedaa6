"""The shape of our data: tasks, their labels, a sentence, a pair of them, and the columns of a built data set.

Reads and writes nothing: `readers.py` makes sentences of files, `build.py` makes files of sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from datasets import Features

UPOS_TAGS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip
NER_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
# Declared, never collected from a train file: train-zh of UDPOS lacks INTJ and SCONJ, which test-vi has.
TASKS = {"udpos": UPOS_TAGS, "panx": NER_TAGS}
XNLI_LABELS = ("entailment", "neutral", "contradiction")
PAIR_TASKS = {"xnli": XNLI_LABELS}
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A tagged sentence.

    Attributes:
        id: Unique in its file: the treebank's `sent_id`, or file name and number ("test-vi-1" is the first).
        lang: Language code as in the file name.
        tokens: Words, or characters in PAN-X zh and ja; never empty, possibly invisible (U+200B).
        tags: One of the task's tags per token.
        in_train: Whether the same tokens occur as a sentence of the train split of the same language.
    """

    id: str
    lang: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    in_train: bool = False

    @property
    def content(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Tokens and tags: what two files of the same sentences share."""
        return self.tokens, self.tags


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A premise and a hypothesis, as running text.

    Attributes:
        id: Unique in its file: file name and number ("test-vie-1" is the first).
        lang: Language code as in the file name.
        premise: The first sentence.
        hypothesis: The second one.
        label: One of the task's labels.
        genre: Where the premise is from.
    """

    id: str
    lang: str
    premise: str
    hypothesis: str
    label: str
    genre: str

    @property
    def content(self) -> tuple[str, str, str]:
        """Both sentences and the label: what two files of the same pairs share."""
        return self.premise, self.hypothesis, self.label


def tag_names(task: str) -> tuple[str, ...]:
    """The tags of a task, in the order of their ids.

    Raises:
        ValueError: For a task that is not in `TASKS`.

    >>> tag_names("panx")[1]
    'B-PER'
    """
    if task not in TASKS:
        raise ValueError(f"unknown task {task!r}; known: {', '.join(TASKS)}")
    return TASKS[task]


def sound_columns(prefix: str = "") -> dict[str, Any]:
    """Columns of words and how they sound: lists with one item per token, `phonemes` with one list of segments."""
    from datasets import List, Value

    text = Value("string")
    return {
        f"{prefix}tokens": List(text),
        f"{prefix}ipa": List(text),
        f"{prefix}phonemes": List(List(text)),
        f"{prefix}romanized": List(text),
        f"{prefix}transcribed": List(Value("bool")),
    }


def features(task: str) -> Features:
    """The columns of a tagged data set; see `sound_columns`.

    Raises:
        ValueError: For a task that is not in `TASKS`.
    """
    # Here, because the import takes a second that readers and tag sets need not wait for.
    from datasets import ClassLabel, Features, List, Value

    columns = {
        "id": Value("string"),
        "lang": Value("string"),
        **sound_columns(),
        "tags": List(ClassLabel(names=list(tag_names(task)))),
        "in_train": Value("bool"),
    }
    return cast("Features", Features(columns))
