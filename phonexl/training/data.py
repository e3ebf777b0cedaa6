"""The sentences that a recipe trains and scores on, limited as it says, and their hashes.

Reading files is the business of `dataset_scripts.readers`.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import DatasetCard

from dataset_scripts.catalogue import CORPORA, find_origin
from dataset_scripts.readers import find_files, to_tsv
from dataset_scripts.remotes import REMOTES
from dataset_scripts.schema import SPLITS, TASKS, Sentence, SentencePair
from phonexl.training.recipe import Recipe
from phonexl.training.task import find_task

ItemT = TypeVar("ItemT")


@dataclass
class Data:
    """The sentences of a run, or its pairs of them, limited as the recipe says, and where they come from."""

    train: list[Any]
    dev: list[Any]
    tests: dict[tuple[str, str], list[Any]]  # by language and split
    folder: Path
    few_shot: list[Any] = field(default_factory=list)  # labelled target sentences, the last of train
    drawn_from: dict[str, dict[str, Any]] = field(default_factory=dict)  # by name of a test part, see `describe`
    words: dict[str, list[Any]] = field(default_factory=dict)  # entries of dictionary and translations that a run reads

    def describe(self) -> dict[str, Any]:
        """Number and hash of the sentences of each part; of `few_shot`, which train holds too, where there are any.

        Of each test part also the number of sentences that it was drawn from (`of`) and, where these are all of a
        public file of UDPOS or PAN-X, its name (`file`). Of dictionary and translations number and hash of the entries.
        """
        tests = {f"{lang}.{split}": sentences for (lang, split), sentences in self.tests.items()}
        few_shot = {"few_shot": self.few_shot} if self.few_shot else {}
        parts = {"train": self.train, "dev": self.dev, **tests, **few_shot}
        sentences = {
            name: {"sentences": len(s), "sha256": hash_sentences(s), **self.drawn_from.get(name, {})}
            for name, s in parts.items()
        }
        return sentences | {name: describe_entries(entries) for name, entries in self.words.items()}


def hash_sentences(sentences: Sequence[Sentence | SentencePair]) -> str:
    """SHA-256 over their content: the same for a text file and its Parquet."""
    digest = hashlib.sha256()
    for sentence in sentences:
        digest.update(json.dumps(sentence.content, ensure_ascii=False).encode())
    return digest.hexdigest()


def describe_entries(entries: Sequence[Any]) -> dict[str, Any]:
    """Number and SHA-256 of the entries of a dictionary, or of the lines of a file of translations."""
    return {"entries": len(entries), "sha256": hashlib.sha256(json.dumps(entries).encode()).hexdigest()}


def name_dataset(folder: Path, recipe: Recipe) -> dict[str, str]:
    """Name and configuration of the data set in a folder: one that `phonexl data build` made, or its own token files.

    Empty for token files of which one is changed, or of no data set of ours.
    """
    places = dict.fromkeys((recipe.source_data or recipe.source, recipe.target_data or recipe.target))
    card = folder / "README.md"
    if card.is_file() and card.read_text(encoding="utf-8").startswith("---\n"):
        name = DatasetCard.load(card).data.to_dict().get("phonexl", {}).get("build")
    else:  # no card, or a page for people, such as that of the samples
        files = [file for place in places for split in SPLITS for file in find_files(folder, place, split)]
        origins = {find_origin(file) for file in files}
        name = origins.pop() if len(origins) == 1 else None
    return {"name": name, "config": "-".join(places)} if name in CORPORA else {}


def load_data(recipe: Recipe, folder: Path) -> Data:
    """Read what a recipe needs; with `few_shot`, labelled target sentences follow those of the source.

    Sentences have the recipe's codes of their languages, whatever the code in the file names.

    Raises:
        DataError: If a file is missing or malformed.
    """
    task = find_task(recipe.task)
    place = {recipe.source: recipe.source_data or recipe.source, recipe.target: recipe.target_data or recipe.target}

    def load(language: str, split: str) -> list[Any]:
        return [replace(item, lang=language) for item in task.load(folder, place[language], split)]

    def limited(items: list[Any], limit: int | None) -> list[Any]:
        return list(draw(items, limit, recipe.limit_seed))

    train = limited(load(recipe.source, "train"), recipe.limit_train)
    few_shot = limited(load(recipe.target, "train"), recipe.few_shot) if recipe.few_shot else []
    dev = limited(load(recipe.source, "validation"), recipe.limit_eval)
    tests = {}
    drawn_from = {}
    for language in (recipe.source, recipe.target):
        for split in recipe.eval_splits:
            whole = load(language, split)
            tests[language, split] = limited(whole, recipe.limit_eval)
            drawn_from[f"{language}.{split}"] = {"of": len(whole), **_name_file(recipe.task, whole)}
    return Data([*train, *few_shot], dev, tests, folder, list(few_shot), drawn_from)


def _name_file(task: str, sentences: list[Any]) -> dict[str, str]:
    """The public file that has these sentences, all of them and no other; nothing for pairs, whose files are cut."""
    if task not in TASKS:
        return {}
    content = hashlib.sha256(to_tsv(sentences).encode()).hexdigest()
    return next(({"file": f"{task}/{remote.file}"} for remote in REMOTES[task] if remote.sha256 == content), {})


def draw(items: Sequence[ItemT], limit: int | None, seed: int = 0) -> Sequence[ItemT]:
    """At most `limit` of them, the same for a seed, at random and in order: files join treebanks one after another."""
    if limit is None or limit >= len(items):
        return items
    return [items[index] for index in sorted(random.Random(seed).sample(range(len(items)), limit))]
