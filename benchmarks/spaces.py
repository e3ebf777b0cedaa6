"""Counts the pieces of Chinese and Japanese words, and times plain's step, with and without the spaces of a tokenizer.

XLM-R's tokenizer puts a mark of a word's start (`▁`) before every word; `drop_spaces` leaves it out.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from measurement import measure_in_turns, report, use_one_core
from methods import make_stages, make_system, step_rounds

from dataset_scripts.readers import load_split
from modeling_phonexl import PhoneXLProcessor
from phonexl.backbone import resolve_backbone
from phonexl.results import Table
from phonexl.training.data import Data, hash_sentences, load_data
from phonexl.training.recipe import Recipe

RECIPES = ("udpos-zh-vi-offline", "udpos-ja-ko-offline", "panx-zh-vi-offline", "panx-ja-ko-offline")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_MOST_WORDS = 120
_BATCH = {"per_device_train_batch_size": 16, "gradient_accumulation_steps": 1}


def count_pieces(folder: Path, task: str, language: str) -> dict[str, Any]:
    """Of the words of all train sentences: the share that begins with a lone mark, and pieces without it over with."""
    sentences = load_split(folder, task, language, "train")
    words = [word for sentence in sentences for word in sentence.tokens]
    processor = PhoneXLProcessor.from_backbone(resolve_backbone("offline"), use_phonemes=False)
    mark = processor.tokenizer.convert_tokens_to_ids("▁")
    with_marks = processor.encode(words, language).pieces
    processor = PhoneXLProcessor(processor.tokenizer, use_phonemes=False, drop_spaces=True)
    without = processor.encode(words, language).pieces
    return {
        "sha256": hash_sentences(sentences),
        "words": len(words),
        "lone_marks": round(sum(len(pieces) > 1 and pieces[0] == mark for pieces in with_marks) / len(words), 3),
        "pieces": round(sum(map(len, without)) / sum(map(len, with_marks)), 3),
    }


def time_steps(recipe: Recipe, data: Data, rounds: int) -> dict[str, float]:
    """Seconds of plain's step with marks and without, and their ratio; of sentences that neither has to cut in two."""
    data = replace(data, train=[sentence for sentence in data.train if len(sentence.tokens) <= _MOST_WORDS])
    with tempfile.TemporaryDirectory() as out:
        systems = {
            name: make_system(make_stages("plain", changed, data, Path(out) / name)["train"], rounds)
            for name, changed in (("marks", recipe), ("none", recipe.override({"drop_spaces": True})))
        }
        timed = {
            name: sum(values[1:]) / rounds for name, values in measure_in_turns(step_rounds(systems, rounds)).items()
        }
    seconds = {f"{name}_seconds": round(value, 3) for name, value in timed.items()}
    return seconds | {"ratio": round(timed["none"] / timed["marks"], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with udpos and panx")
    parser.add_argument("--recipes", default=",".join(RECIPES), help="comma-separated (default: the four cells)")
    parser.add_argument("--sentences", type=int, default=160, help="training sentences that are timed (default: 160)")
    parser.add_argument("--rounds", type=int, default=10, help="timed steps, from short to long rows (default: 10)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    found: dict[str, dict[str, Any]] = {}
    for name in arguments.recipes.split(","):
        changes = {"unit": "subword", "limit_train": arguments.sentences, "limit_eval": 1, "eval_splits": ["test"]}
        recipe = Recipe.load(name).override({**changes, **_BATCH})
        folder = arguments.data / recipe.task
        steps = time_steps(recipe, load_data(recipe, folder), arguments.rounds)
        found[name] = {**count_pieces(folder, recipe.task, recipe.source), **steps}
    rows = [
        [name, *(str(figures[key]) for key in ("lone_marks", "pieces", "ratio"))] for name, figures in found.items()
    ]
    header = ["recipe", "words with a lone mark", "pieces without over with", "step without over with"]
    report(Table(header, rows), {"sentences": arguments.sentences, "cells": found}, arguments.out)


if __name__ == "__main__":
    main()
