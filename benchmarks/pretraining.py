"""Times a training step of `phonexl pretrain`, packed against padded: symbols a second, and how much of the peak.

The peak is what a product of two square matrices reaches on the same machine, in the same precision, in turns with the
steps. Only the model's own arithmetic counts: not empty places, nor blocks of the mask that nobody sees.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from measurement import report, use_one_core
from transformers import ModernBertForMaskedLM

from phonexl.pretraining.arm import MAX_LENGTH, Arm, Settings, learn_representation, make_arguments
from phonexl.pretraining.corpus import Corpus, CorpusSettings, load_corpus, read_corpus
from phonexl.pretraining.dataset import HiddenSentence, HiddenSentences
from phonexl.pretraining.encoder import Body, body_facts, build_encoder, guess, sum_of_nats
from phonexl.pretraining.packing import PackingCollator, training_flops
from phonexl.pretraining.representations import REPRESENTATIONS
from phonexl.progress import quiet_transformers
from phonexl.results import Table

SLICES = 8  # of a batch sorted by length, each padded to its own longest sentence
LAYOUTS = ("packed", "padded", "sorted")
MATRIX = {"cpu": 2048, "cuda": 8192}

Batch = dict[str, Any]


def lay_out(sentences: Sequence[HiddenSentence], layout: str, pad_id: int) -> list[Batch]:
    """The batches of one optimizer step: one, or `SLICES` of like length whose gradients are summed."""
    if layout == "packed":
        return [PackingCollator(pad_id)(sentences)]
    collate = PackingCollator(pad_id, packed=False)
    if layout == "padded":
        return [collate(sentences)]
    ordered = sorted(sentences, key=lambda sentence: len(sentence.ids))
    size = -(-len(ordered) // SLICES)
    return [collate(ordered[start : start + size]) for start in range(0, len(ordered), size)]


class Step:
    """Forward, backward, clipping and optimizer, as the Trainer does them."""

    def __init__(self, model: ModernBertForMaskedLM, device: str, bf16: bool) -> None:
        self.model = model.to(device).train()
        self.device = device
        self.bf16 = bf16
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, betas=(0.9, 0.98), weight_decay=0.01)

    def __call__(self, batches: Sequence[Batch]) -> None:
        """Train on the batches of one step."""
        predicted = sum(batch["counts"]["predicted"] for batch in batches)
        for batch in batches:
            inputs = {key: value.to(self.device) for key, value in batch.items() if key != "counts"}
            with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
                loss = sum_of_nats(*guess(self.model, inputs)) / predicted
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()


def seconds_of(task: Callable[[], object], device: str) -> float:
    """Time of a call: of the processor's thread, so that other programs do not count, or of the GPU's clock."""
    if device == "cpu":
        start = time.process_time()
        task()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.monotonic()
    task()
    torch.cuda.synchronize()
    return time.monotonic() - start


def measure(arm: Arm, settings: Settings, rounds: int, device: str, bf16: bool) -> dict[str, Any]:
    """Figures of each layout on the same sentences, and the peak beside them; the first round warms up."""
    tokenizer = arm.representation.tokenizer
    pad_id = tokenizer.pad_token_id
    model = build_encoder(settings.body, len(tokenizer), MAX_LENGTH, pad_id, settings.seed)
    step = Step(model, device, bf16)
    total = (rounds + 1) * settings.batch_size
    run = HiddenSentences(arm.train, arm.representation.mask_id, settings.seed, total)
    matrix = torch.randn(MATRIX[device], MATRIX[device], device=device, dtype=torch.bfloat16 if bf16 else torch.float32)
    seconds: dict[str, list[float]] = {name: [] for name in (*LAYOUTS, "peak", "collation")}
    work: list[int] = []
    symbols: list[int] = []
    places: dict[str, list[int]] = {layout: [] for layout in LAYOUTS}
    for number in range(rounds + 1):
        rows = [run[place] for place in range(number * settings.batch_size, (number + 1) * settings.batch_size)]
        seconds["collation"].append(seconds_of(partial(lay_out, rows, "packed", pad_id), "cpu"))
        laid = {layout: lay_out(rows, layout, pad_id) for layout in LAYOUTS}
        for layout in LAYOUTS if number % 2 else reversed(LAYOUTS):
            seconds[layout].append(seconds_of(partial(step, laid[layout]), device))
            places[layout].append(sum(batch["input_ids"].numel() for batch in laid[layout]))
        seconds["peak"].append(seconds_of(partial(torch.mm, matrix, matrix), device))
        counts = laid["packed"][0]["counts"]
        work.append(training_flops(body_facts(model.config), len(tokenizer), counts))
        symbols.append(counts["symbols"])
    peak = 2 * MATRIX[device] ** 3 / statistics.median(seconds["peak"][1:])
    figures: dict[str, Any] = {
        "vocabulary": len(tokenizer),
        "symbols_per_sentence": round(sum(symbols) / total, 1),
        "peak_gflops": round(peak / 1e9, 1),
        "collation_milliseconds": round(statistics.median(seconds["collation"][1:]) * 1e3, 1),
    }
    for layout in LAYOUTS:
        spent = sum(seconds[layout][1:])
        figures[layout] = {
            "symbols_per_second": round(sum(symbols[1:]) / spent),
            "seconds_per_step": round(spent / rounds, 4),
            "filled": round(sum(symbols) / sum(places[layout]), 3),
            "flops_utilisation": round(sum(work[1:]) / spent / peak, 3),
            "slower_than_packed": round(spent / sum(seconds["packed"][1:]), 2),
        }
    return figures


def make_table(figures: dict[str, dict[str, Any]]) -> Table:
    """One row for each representation and layout."""
    columns = ["representation", "layout", "symbols/s", "filled", "of the peak", "time / packed"]
    rows = [
        [name, layout, f"{row['symbols_per_second']:,}", f"{row['filled']:.0%}", f"{row['flops_utilisation']:.0%}",
         f"{row['slower_than_packed']:.2f}"]
        for name, found in figures.items() for layout in LAYOUTS for row in [found[layout]]
    ]  # fmt: skip
    return Table(columns, rows)


def open_corpus(data: Path, languages: Sequence[str], limit: int) -> Corpus:
    """A prepared corpus, or one read from raw text."""
    if data.is_file():
        return load_corpus(data)
    return read_corpus(data, None, CorpusSettings.of(languages, MAX_LENGTH, limit))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of raw text, or a prepared corpus")
    parser.add_argument("--languages", default="eng,kor", help="of raw text (default: eng,kor)")
    parser.add_argument("--limit", type=int, default=600, help="sentences of each language (default: 600)")
    parser.add_argument("--representations", default="subword,phoneme", help=f"of {', '.join(REPRESENTATIONS)}")
    parser.add_argument("--body", default="4x256", help="LAYERSxWIDTH (default: 4x256)")
    parser.add_argument("--batch-size", type=int, default=64, help="sentences of a step (default: 64)")
    parser.add_argument("--rounds", type=int, default=5, help="timed steps (default: 5)")
    parser.add_argument("--cpu", action="store_true", help="one thread of the processor, also where there is a GPU")
    parser.add_argument("--fp32", action="store_true", help="not in bfloat16, also where the hardware has it")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() and not arguments.cpu else "cpu"
    if device == "cpu":
        use_one_core()
    quiet_transformers()
    settings = Settings(Body.parse(arguments.body), steps=1, batch_size=arguments.batch_size)
    bf16 = bool(make_arguments(settings, Path()).bf16) and not arguments.fp32
    corpus = open_corpus(arguments.data, arguments.languages.split(","), arguments.limit)
    figures = {}
    for name in arguments.representations.split(","):
        arm = Arm.of(corpus, learn_representation(corpus, name, settings))
        figures[name] = measure(arm, settings, arguments.rounds, device, bf16)
    content = {
        "clock": "processor time of one thread" if device == "cpu" else "wall time, the GPU's work awaited",
        "body": arguments.body,
        "batch_size": arguments.batch_size,
        "precision": "bf16" if bf16 else "fp32",
        "languages": list(corpus.settings.languages),
        "slices_of_sorted": SLICES,
        "representations": figures,
    }
    report(make_table(figures), content, arguments.out)


if __name__ == "__main__":
    main()
