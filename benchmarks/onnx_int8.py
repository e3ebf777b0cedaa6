"""Exports a trained tagger and times int8 beside torch and float32 ONNX, one core; what int8 costs in F1 on real text.

Texts per second are from ids to tags, in batches of like length, as an evaluation runs them, and from raw text to tags.
Training the tagger is not its business.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measurement import measure_in_turns, report, use_one_core
from pipeline import read_texts

from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence
from evaluate_metrics.tagging_f1.tagging_scores import accuracy, xtreme_f1
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.onnx_tagger import INT8_FILE, MODEL_FILE, OnnxTagger
from modeling_phonexl.sentence_encoder import EncodedSentence
from phonexl.onnx_export import export_onnx
from phonexl.progress import quiet_transformers
from phonexl.results import Table
from phonexl.tagger import load_tagger, make_pipeline
from phonexl.training.evaluation import tag_sentences

BATCH = 32  # sentences of a round
# Of raw text in one run of the model. With more, windows of unlike length are padded to the longest, and attention over
# padding, which stays in 32 bits, is most of an int8 run: 211 pieces in a batch of Japanese whose mean is 61.
RUN = 8
LEAST_RATIO = 1.5  # of torch's throughput
TASK = "udpos"
SYSTEMS = ("torch", "onnx", "int8")

Rounds = Iterator[dict[str, Callable[[], object]]]


class Systems:
    """One tagger three times.

    Args:
        model: In torch, float32.
        processor: Its processor.
        folder: Its export with both graphs.
    """

    def __init__(self, model: PhoneXLForTokenClassification, processor: PhoneXLProcessor, folder: Path) -> None:
        self.model = model
        self.processor = processor
        self.pipeline = make_pipeline(model, processor)
        self.onnx = {name: OnnxTagger(folder, int8=name == "int8", num_threads=1) for name in SYSTEMS[1:]}

    def tag(self, name: str, sentences: Sequence[Sentence]) -> list[list[str]]:
        """Tags of sentences of one language that are lists of words."""
        if name == "torch":
            return tag_sentences(self.model, self.processor, sentences, BATCH, bf16=False)
        return self.onnx[name].tag_words([row.tokens for row in sentences], sentences[0].lang, batch_size=BATCH)

    def tag_ids(self, name: str, sentences: Sequence[EncodedSentence]) -> object:
        """Tag ids of one batch that is looked up already."""
        if name == "torch":
            with torch.no_grad():
                outputs = self.model(**self.processor.pad(sentences))
                return self.model.decode(outputs.logits, outputs.unit_mask)
        tagger = self.onnx[name]
        return tagger.decode(tagger.emissions(sentences), np.array([len(row.pieces) for row in sentences]))

    def tag_texts(self, name: str, texts: Sequence[str], language: str) -> object:
        """Tagged words of one batch of raw text."""
        if name == "torch":
            return self.pipeline(list(texts), language=language, batch_size=RUN)
        return self.onnx[name](texts, language, batch_size=RUN)


def score(systems: Systems, sentences: Sequence[Sentence]) -> dict[str, dict[str, float]]:
    """F1 and accuracy of each system in percent, and the share of tags that are those of torch."""
    gold = [list(row.tags) for row in sentences]
    tags = {name: systems.tag(name, sentences) for name in SYSTEMS}
    return {
        name: {
            "xtreme_f1": round(100 * xtreme_f1(rows, gold), 2),
            "accuracy": round(100 * accuracy(rows, gold), 2),
            "same_as_torch": round(100 * accuracy(rows, tags["torch"]), 2),
        }
        for name, rows in tags.items()
    }


def ids_rounds(systems: Systems, batches: Sequence[Sequence[EncodedSentence]]) -> Rounds:
    """Tasks of each round: one batch of ids through each system."""
    for batch in batches:
        yield {name: partial(systems.tag_ids, name, batch) for name in SYSTEMS}


def text_rounds(systems: Systems, batches: Sequence[Sequence[str]], language: str) -> Rounds:
    """Tasks of each round: one batch of raw text through each system; none of it looked up before."""
    for texts in batches:
        yield {name: partial(systems.tag_texts, name, texts, language) for name in SYSTEMS}


def measure_language(systems: Systems, texts: Sequence[str], language: str, rounds: int) -> dict[str, Any]:
    """Texts per second of each system, from ids and from raw text; the first batch of either is a warm-up.

    Raises:
        ValueError: If there are too few texts.
    """
    parts = [texts[start : start + BATCH] for start in range(0, 2 * (rounds + 1) * BATCH, BATCH)]
    if len(parts[-1]) < BATCH:
        raise ValueError(f"expected {2 * (rounds + 1) * BATCH} texts, found {len(texts)}: pass fewer --rounds")
    encoder = systems.onnx["onnx"].encoder
    sentences = [encoder.encode(encoder.words(text, language), language) for part in parts[::2] for text in part]
    sentences.sort(key=lambda sentence: sum(map(len, sentence.pieces)))
    ids = [sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH)]
    random.Random(0).shuffle(ids)  # else the warm-up would be the shortest
    timed = {"ids": measure_in_turns(ids_rounds(systems, ids))}
    for text in (text for part in parts[1::2] for text in part):
        # The reading tools remember words: without this, who comes first would pay for all three.
        systems.processor.transcribe(systems.processor.words(text, language), language)
    timed["text"] = measure_in_turns(text_rounds(systems, parts[1::2], language))
    figures: dict[str, Any] = {"texts": rounds * BATCH}
    for kind, seconds in timed.items():
        total = {name: sum(values[1:]) for name, values in seconds.items()}
        figures[f"{kind}_per_second"] = {name: round(rounds * BATCH / value, 1) for name, value in total.items()}
        figures[f"{kind}_ratio"] = {name: round(total["torch"] / total[name], 2) for name in SYSTEMS[1:]}
    return figures


def make_table(figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per language and system."""
    rows = []
    for code, row in figures.items():
        for name in SYSTEMS:
            scores = row["scores"][name]
            speed = [
                f"{row[f'{kind}_per_second'][name]} ({row[f'{kind}_ratio'].get(name, 1):.2f}x)"
                for kind in ("ids", "text")
            ]
            rows.append([code, name, *speed, f"{scores['xtreme_f1']:.2f}", f"{scores['same_as_torch']:.2f} %"])
    return Table(["language", "system", "texts/s from ids", "from raw text", "F1", "tags as torch"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a trained tagger of UDPOS")
    parser.add_argument("--data", type=Path, required=True, help="token files of UDPOS")
    parser.add_argument("--languages", nargs="+", default=["zh", "vi"], help="to score and time (default: zh vi)")
    parser.add_argument("--sentences", type=int, default=400, help="to score, of each language (default: 400)")
    parser.add_argument("--rounds", type=int, default=4, help="timed batches of each language (default: 4)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    quiet_transformers()
    model, processor = load_tagger(arguments.model)
    figures = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "tagger"
        export_onnx(model, processor, folder, int8=True)
        megabytes = {name: round((folder / name).stat().st_size / 1e6, 1) for name in (MODEL_FILE, INT8_FILE)}
        systems = Systems(model, processor, folder)
        for code in arguments.languages:
            sentences = load_split(arguments.data, TASK, code, "test")
            sample = random.Random(0).sample(sentences, min(arguments.sentences, len(sentences)))
            figures[code] = measure_language(systems, read_texts(arguments.data, code), code, arguments.rounds)
            figures[code]["scores"] = score(systems, sample)
            figures[code]["scored_sentences"] = len(sample)
    content = {
        "batch": BATCH,
        "batch_of_raw_text": RUN,
        "least_ratio": LEAST_RATIO,
        "onnxruntime": version("onnxruntime"),
        "megabytes": megabytes,
    }
    report(make_table(figures), {**content, "languages": figures}, arguments.out)


if __name__ == "__main__":
    main()
