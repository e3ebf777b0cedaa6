"""Measures how right tags are that go over to a translation, on parallel sentences that are tagged on both sides.

The last 1,000 sentences of UDPOS test zh, ja and ko are those of PUD, line by line; they lie beside the checkout.
"""

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measurement import use_one_core
from transformers import AutoModel

from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLProcessor
from phonexl.backbone import resolve_backbone
from phonexl.json_file import write_json
from phonexl.results import Table, describe_versions
from phonexl.training.label_projection import project_tags
from phonexl.training.translation import Alignment
from phonexl.training.word_alignment import Floats, WordAligner, mutual_best

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "udpos"
PAIRS = (("zh", "ja"), ("ja", "ko"))
THRESHOLDS = (-1, 0.4, 0.5, 0.6)  # -1: none
NUM_PARALLEL = 1000
LAYER = 6


def score_projection(
    first: Sequence[Sentence], second: Sequence[Sentence], alignments: Sequence[Alignment]
) -> dict[str, Any]:
    """Of the words of the second sentences: how many have a tag, and how many of those the right one, in percent.

    `by_tag` is the share of right ones among the words that were given a tag.
    """
    given, right = Counter[str](), Counter[str]()
    for source, target, alignment in zip(first, second, alignments, strict=True):
        tags = project_tags(source.tags, alignment, len(target.tokens)).tags or ()
        given.update(tag for tag in tags if tag)
        right.update(tag for tag, gold in zip(tags, target.tags, strict=True) if tag and tag == gold)
    total = sum(len(sentence.tokens) for sentence in second)
    return {
        "accuracy": round(100 * right.total() / given.total(), 1),
        "coverage": round(100 * given.total() / total, 1),
        "by_tag": {tag: round(100 * right[tag] / count, 1) for tag, count in sorted(given.items())},
    }


def same_place(num_source: int, num_target: int) -> Alignment:
    """Every target word with the source word at the same share of the way from first to last."""
    last = max(1, num_target - 1)
    return tuple((round(target * (num_source - 1) / last), target) for target in range(num_target))


def measure(data: Path) -> dict[str, dict[str, Any]]:
    """By pair of languages and by threshold, or "same place", what `score_projection` gives."""
    backbone = resolve_backbone("offline", "cjkv")
    encoder = AutoModel.from_pretrained(backbone, add_pooling_layer=False)
    tokenizer = PhoneXLProcessor.from_backbone(backbone).tokenizer  # which knows how much the encoder reads
    aligner = WordAligner(encoder, tokenizer, LAYER)
    sentences = {
        language: load_split(data, "udpos", language, "test")[-NUM_PARALLEL:]
        for language in dict.fromkeys(language for pair in PAIRS for language in pair)
    }
    vectors = {
        language: centred(aligner.embed([sentence.tokens for sentence in those], language))
        for language, those in sentences.items()
    }
    figures: dict[str, dict[str, Any]] = {}
    for source, target in PAIRS:
        first, second = sentences[source], sentences[target]
        lengths = [(len(a.tokens), len(b.tokens)) for a, b in zip(first, second, strict=True)]
        ways = {"same place": [same_place(*both) for both in lengths]}
        for threshold in THRESHOLDS:
            both = zip(vectors[source], vectors[target], strict=True)
            ways[str(threshold)] = [mutual_best(ours, theirs, threshold) for ours, theirs in both]
        figures[f"{source}-{target}"] = {way: score_projection(first, second, found) for way, found in ways.items()}
    return figures


def centred(vectors: Sequence[Floats]) -> list[Floats]:
    """Less the mean of all, as `WordAligner.align` has them."""
    mean = np.concatenate(vectors).mean(0)
    return [rows - mean for rows in vectors]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the UDPOS files")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    figures = measure(arguments.data)
    rows = [
        [pair, way, str(found["accuracy"]), str(found["coverage"])]
        for pair, ways in figures.items()
        for way, found in ways.items()
    ]
    print(Table(["pair", "threshold", "accuracy of tagged, %", "coverage, %"], rows).markdown(), end="")
    if arguments.out:
        facts = {"command": shlex.join(["python", *sys.argv]), "versions": describe_versions(), "layer": LAYER}
        write_json(arguments.out, {**facts, "sentences": NUM_PARALLEL, "figures": figures})


if __name__ == "__main__":
    main()
