"""Times a training step of PhoneXL with all terms against plain, and counts its work against the released code's.

The step is that of the offline backbone; the count is that of mBERT's size, whose weights it does not need.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, cast

import torch
from flops import forward_flops, released_flops
from measurement import measure_in_turns, report, use_one_core
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig

from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence, tag_names
from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from phonexl.backbone import resolve_backbone
from phonexl.methods import find_method
from phonexl.results import Table
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.data import Data, hash_sentences
from phonexl.training.dataset import Row, TaggingDataset, batches
from phonexl.training.dictionaries import make_switcher
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe
from phonexl.training.trainer import EpochLengthSampler, PhoneXLTrainer

SEED = 1
UNITS = ("word", "subword")
MOST_STEP_RATIO, LEAST_SAVING = 3.3, 6
MBERT_VOCAB = 119_547  # its other sizes are BertConfig's defaults
RELEASED_LABELS = 18  # O and the 17 tags
TIMED = {"eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False, "use_cpu": True}


class OnePiecePerCharacter(PhoneXLProcessor):
    """Cuts words into characters: no tokenizer makes more pieces, so the count of masked pieces is an upper bound.

    mBERT's own is not needed for more than that: the encoder reads one vector per word.
    """

    def pieces(self, token: str, spaced: bool = False) -> list[int]:
        """As many times the same piece as the token has characters."""
        return [0] * len(token)


@dataclass
class System:
    """A method at the start of its training, with what a real run has: optimizer, precision, batches of like length."""

    trainer: PhoneXLTrainer
    model: PhoneXLForTokenClassification
    optimizer: torch.optim.Optimizer
    batches: list[list[Row]]


def make_systems(recipe: Recipe, sentences: list[Sentence], folder: Path, out: Path) -> dict[str, System]:
    """Plain and PhoneXL; `out` is where the Trainer would save."""
    systems = {}
    for method in ("plain", "phonexl"):
        changed = recipe.override({**find_method(method).recipe, **TIMED})
        job = Job(changed, Data(sentences, [], {}, folder), out, SEED)
        trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification))
        model = cast(PhoneXLForTokenClassification, trainer.model)
        rows = length_batches(trainer.train_dataset, trainer.args.train_batch_size)
        systems[method] = System(trainer, model.train(), trainer.create_optimizer(), rows)
    return systems


def length_batches(dataset: TaggingDataset, size: int) -> list[list[Row]]:
    """One epoch of training batches of like length."""
    order = EpochLengthSampler(size, dataset.lengths, SEED)
    return list(batches([dataset[index] for index in order], size))


def train_step(system: System, batch: dict[str, Tensor]) -> None:
    """Forward, backward, clipping and optimizer, as the Trainer does them for one batch."""
    arguments = system.trainer.args
    with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
        loss = system.model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(system.model.parameters(), arguments.max_grad_norm)
    system.optimizer.step()
    system.optimizer.zero_grad()


def step_rounds(systems: Mapping[str, System], steps: int) -> Iterator[dict[str, Callable[[], object]]]:
    """Tasks of each round: collation and step of both methods on the same rows; the first round is a warm-up."""
    for number in range(steps + 1):
        tasks: dict[str, Callable[[], object]] = {}
        for method, system in systems.items():
            count = len(system.batches)  # spread over the epoch: neighbours are of one length
            rows = system.batches[number * max(1, count // (steps + 1)) % count]
            tasks[f"{method} collation"] = partial(system.trainer.collator, rows)
            tasks[f"{method} step"] = partial(train_step, system, system.trainer.collator(rows))
        yield tasks


def time_steps(systems: Mapping[str, System], steps: int) -> dict[str, Any]:
    """Medians of step and collation of both methods, and the medians of their ratios batch by batch."""
    seconds = {name: values[1:] for name, values in measure_in_turns(step_rounds(systems, steps)).items()}
    for method in systems:
        pairs = zip(seconds[f"{method} step"], seconds[f"{method} collation"], strict=True)
        seconds[f"{method} step and collation"] = [step + collation for step, collation in pairs]
    figures: dict[str, Any] = {}
    for part in ("step", "collation", "step and collation"):
        plain, phonexl = seconds[f"plain {part}"], seconds[f"phonexl {part}"]
        ratios = [more / less for more, less in zip(phonexl, plain, strict=True)]
        figures[part] = {
            "plain_milliseconds": round(statistics.median(plain) * 1e3, 1),
            "phonexl_milliseconds": round(statistics.median(phonexl) * 1e3, 1),
            "ratio": round(statistics.median(ratios), 2),
            "ratio_of_sums": round(sum(phonexl) / sum(plain), 2),
            "ratios": [round(ratio, 2) for ratio in ratios],
        }
    return figures


@torch.no_grad()
def check_formula(model: PhoneXLForTokenClassification, batch: dict[str, Tensor]) -> dict[str, int]:
    """Operations of one forward as torch counts them, beside our formula's."""
    model.set_attn_implementation("eager")  # torch does not count the fused attention of a processor
    with FlopCounterMode(display=False) as counter:
        model(**batch)
    model.set_attn_implementation("sdpa")
    return {"torch": counter.get_total_flops(), "formula": sum(forward_flops(model.config, batch).values())}


def count_work(recipe: Recipe, sentences: list[Sentence], folder: Path) -> dict[str, Any]:
    """GFLOP per sentence of one epoch's forward passes at mBERT's size, ours and the released code's."""
    labels = tag_names(recipe.task)
    # The sound costs look-ups, no products: without it the sentences need not be transcribed.
    processor = OnePiecePerCharacter.from_backbone(resolve_backbone("offline", "cjkv"), use_phonemes=False)
    fields = {**processor.config_fields(), **recipe.config, "use_phonemes": True}
    config = PhoneXLConfig(BertConfig(vocab_size=MBERT_VOCAB), id2label=dict(enumerate(labels)), **fields)
    switcher = make_switcher(recipe, config, processor, folder)
    collator = PhoneXLCollator(processor, config, SEED, switcher)
    dataset = TaggingDataset(sentences, processor, labels, draws=True)
    ours = dict.fromkeys(("encoder", "vocabulary", "rest"), 0)
    units = 0
    for rows in length_batches(dataset, recipe.training["per_device_train_batch_size"]):
        batch = collator(rows)
        units += batch["language_ids"].numel()
        for part, operations in forward_flops(config, batch).items():
            ours[part] += operations
    released = released_flops(config.encoder_config, RELEASED_LABELS)
    return {
        "mean_units_with_padding": round(units / len(dataset), 2),
        "phonexl": {part: round(operations / len(sentences) / 1e9, 3) for part, operations in ours.items()},
        "released": {part: round(operations / 1e9, 3) for part, operations in released.items()},
        "saving": round(sum(released.values()) * len(sentences) / sum(ours.values()), 2),
    }


def make_table(units: Mapping[str, Mapping[str, Any]], work: Mapping[str, Any]) -> Table:
    """The figures as a page of text."""
    rows = [
        [f"{unit}: {part}, ms", str(f["plain_milliseconds"]), str(f["phonexl_milliseconds"]), str(f["ratio"])]
        for unit, figures in units.items()
        for part, f in figures["timed"].items()
    ]
    ours, released = (f"{sum(work[name].values()):.1f}" for name in ("phonexl", "released"))
    rows.append(["mBERT size: GFLOP per sentence (base: released code)", released, ours, f"1/{work['saving']}"])
    return Table(["", "base: plain", "PhoneXL", "ratio"], rows)


def measure(recipe: Recipe, sentences: list[Sentence], folder: Path, steps: int) -> dict[str, Any]:
    """Step times and the check of the formula for one recipe, which names the unit."""
    with tempfile.TemporaryDirectory() as out:
        systems = make_systems(recipe, sentences, folder, Path(out))
        timed = time_steps(systems, steps)
        phonexl = systems["phonexl"]
        arguments = phonexl.trainer.args
        return {
            "batch": arguments.train_batch_size,
            "precision": "bf16" if arguments.bf16 else "fp32",
            "timed": timed,
            "formula_check": check_formula(phonexl.model, phonexl.trainer.collator(phonexl.batches[-1])),
        }


def main() -> None:
    samples = Path(str(resources.files("dataset_scripts") / "samples"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=samples, help="token files of UDPOS (default: our samples)")
    parser.add_argument("--pair", default="ja-ko", help="source and target (default: ja-ko)")
    parser.add_argument("--steps", type=int, default=12, help="timed batches (default: 12)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    offline = Recipe.load(f"udpos-{arguments.pair}-offline")
    sentences = load_split(arguments.data, offline.task, offline.source, "train")
    units = {
        unit: measure(offline.override({"unit": unit}), sentences, arguments.data, arguments.steps) for unit in UNITS
    }
    work = count_work(Recipe.load(f"udpos-{arguments.pair}"), sentences, arguments.data)
    figures = {
        "data": {"language": offline.source, "sentences": len(sentences), "sha256": hash_sentences(sentences)},
        "most_step_ratio": MOST_STEP_RATIO,
        "least_saving": LEAST_SAVING,
        "offline": units,
        "mbert_size": work,
    }
    report(make_table(units, work), figures, arguments.out)


if __name__ == "__main__":
    main()
