"""Times raw text to tags: our pipeline, segmentation and transcription included, beside the stock one; one core.

Both start from the offline backbone, have untrained heads and read the same text. How well they tag is not measured.
"""

import argparse
import random
import statistics
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from measurement import measure_in_turns, report, use_one_core
from transformers import AutoModelForTokenClassification, AutoTokenizer, TokenClassificationPipeline

from dataset_scripts.readers import load_split, read_tsv
from dataset_scripts.schema import tag_names
from modeling_phonexl.transcription import find_language
from phonexl.backbone import resolve_backbone
from phonexl.progress import quiet_transformers
from phonexl.results import Table
from phonexl.tagger import make_pipeline
from phonexl.training.job import build_model
from phonexl.training.recipe import Recipe

LANGUAGES = ("zh", "vi", "ja", "ko")
BATCH = 32
LEAST_RATIO = 0.8  # of the stock pipeline's throughput
TASK = "udpos"
SEED = 1  # of the order of the texts

Pipelines = Mapping[str, TokenClassificationPipeline]
Rounds = Iterator[dict[str, Callable[[], object]]]


def raw_text(tokens: Sequence[str], language: str) -> str:
    """A sentence as it was before it was cut into tokens: spaces between words of languages that write them.

    >>> raw_text(["나는", "간다", "."], "ko"), raw_text(["去", "北京"], "zh")
    ('나는 간다.', '去北京')
    """
    if not find_language(language).spaced:
        return "".join(tokens)
    closing = [all(unicodedata.category(char)[0] == "P" for char in token) for token in tokens]
    return "".join(token if closes else f" {token}" for token, closes in zip(tokens, closing, strict=True)).strip()


def read_texts(folder: Path, language: str) -> list[str]:
    """Test sentences as raw text in random order, of all sources; none twice, for repeated ones are remembered."""
    spaced = folder / f"spaced-test-{language}.tsv.gz"  # XTREME's Vietnamese files lack the spaces inside words
    sentences = read_tsv(spaced, TASK, language) if spaced.is_file() else load_split(folder, TASK, language, "test")
    texts = list(dict.fromkeys(raw_text(sentence.tokens, language) for sentence in sentences))
    random.Random(SEED).shuffle(texts)
    return texts


def make_pipelines() -> Pipelines:
    """Ours, as the offline recipes make it, and the stock one on the plain backbone."""
    recipe = Recipe.load(f"{TASK}-zh-vi-offline")
    backbone = resolve_backbone(recipe.backbone, recipe.vocab)
    model, processor = build_model(recipe)
    stock = AutoModelForTokenClassification.from_pretrained(backbone, num_labels=len(tag_names(TASK)))
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    tokenizer.model_max_length = processor.tokenizer.model_max_length
    return {
        "phonexl": make_pipeline(model.eval(), processor),
        "stock": TokenClassificationPipeline(model=stock.eval(), tokenizer=tokenizer),  # type: ignore[no-untyped-call]
    }


def batch_rounds(pipelines: Pipelines, batches: Sequence[Sequence[str]]) -> Rounds:
    """Tasks of each round: the same unread texts through both pipelines."""
    for texts in batches:
        yield {name: partial(pipe, list(texts), batch_size=BATCH) for name, pipe in pipelines.items()}


def preparation_rounds(pipe: Any, batches: Sequence[Sequence[str]]) -> Rounds:
    """Tasks of each round: what our pipeline does before the model, on texts of which none was read before."""

    def prepare(texts: Sequence[str]) -> object:
        return [list(pipe.preprocess(text)) for text in texts]

    for texts in batches:
        yield {"preparation": partial(prepare, texts)}


def measure_language(pipelines: Pipelines, texts: Sequence[str]) -> dict[str, Any]:
    """Texts per second of both pipelines, and the ratio, on every other batch; preparation on those between.

    The first batch of either kind is a warm-up.

    Args:
        pipelines: Ours and the stock one.
        texts: An even number of batches.
    """
    parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    timed = {name: values[1:] for name, values in measure_in_turns(batch_rounds(pipelines, parts[::2])).items()}
    before = measure_in_turns(preparation_rounds(pipelines["phonexl"], parts[1::2]))["preparation"][1:]
    ours, stock = timed["phonexl"], timed["stock"]
    return {
        "texts": len(ours) * BATCH,
        "characters": round(statistics.mean(map(len, texts)), 1),
        "phonexl_per_second": round(len(ours) * BATCH / sum(ours), 1),
        "stock_per_second": round(len(stock) * BATCH / sum(stock), 1),
        "ratio": round(sum(stock) / sum(ours), 2),
        "ratios": [round(theirs / own, 2) for theirs, own in zip(stock, ours, strict=True)],
        "preparation_share": round(sum(before) / sum(ours), 2),
    }


def measure_latency(pipelines: Pipelines, texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Milliseconds of one text alone, half of all texts and 99 of 100 below; the first tenth warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in pipelines}
    for text in texts:
        for name, pipe in pipelines.items():
            start = time.process_time()
            pipe(text)
            seconds[name].append(time.process_time() - start)
    figures = {}
    for name, values in seconds.items():
        cuts = statistics.quantiles(values[len(values) // 10 :], n=100, method="inclusive")
        figures[name] = {"p50": round(cuts[49] * 1e3, 1), "p99": round(cuts[98] * 1e3, 1)}
    return figures


def make_table(figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per language: texts per second, the ratio, and the latency of one text."""
    rows = []
    for code, row in figures.items():
        latency = [f"{row['latency'][name]['p50']} / {row['latency'][name]['p99']}" for name in ("phonexl", "stock")]
        speed = [f"{row['phonexl_per_second']}", f"{row['stock_per_second']}", f"{row['ratio']:.2f}"]
        rows.append([code, *speed, f"{row['preparation_share']:.0%}", *latency])
    columns = ["language", "texts/s", "stock", "ratio", "before the model", "ms p50 / p99", "stock"]
    return Table(columns, rows)


def measure(pipelines: Pipelines, folder: Path, rounds: int, alone: int) -> dict[str, dict[str, Any]]:
    """Throughput and latency of each language, on different texts.

    Raises:
        ValueError: If a language has too few texts.
    """
    figures = {}
    batched = 2 * (rounds + 1) * BATCH
    for code in LANGUAGES:
        texts = read_texts(folder, code)
        if len(texts) < batched + alone:
            raise ValueError(
                f"{folder}: expected {batched + alone} test sentences in {code!r}, found {len(texts)}: "
                "pass fewer --rounds or --latency-texts"
            )
        figures[code] = measure_language(pipelines, texts[:batched])
        figures[code]["latency"] = measure_latency(pipelines, texts[batched : batched + alone])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="token files of UDPOS")
    parser.add_argument("--rounds", type=int, default=5, help="timed batches of each language (default: 5)")
    parser.add_argument("--latency-texts", type=int, default=110, help="of each language (default: 110)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    quiet_transformers()
    figures = measure(make_pipelines(), arguments.data, arguments.rounds, arguments.latency_texts)
    content = {"batch": BATCH, "least_ratio": LEAST_RATIO, "languages": figures}
    report(make_table(figures), content, arguments.out)


if __name__ == "__main__":
    main()
