"""Times a training step of every method's stages beside plain's, in turns and on batches of like length, one core.

What a whole run costs follows from the steps of its stages. Nothing is trained to its end: a second stage is timed on
the weights that the first would start from, which are as fast.
"""

import argparse
import gc
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, cast

from measurement import measure_in_turns, report, use_one_core
from training import SEED, TIMED, System, train_step

from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from phonexl.methods import find_method, method_names
from phonexl.results import Table
from phonexl.training.data import Data, hash_sentences, load_data
from phonexl.training.dataset import batches
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe
from phonexl.training.trainer import PhoneXLTrainer

BASE = "plain"


@dataclass
class UntrainedJob(Job):
    """A job whose stages are made and not run.

    Attributes:
        trainers: The Trainer of each stage, by name, in order.
    """

    trainers: dict[str, PhoneXLTrainer] = field(default_factory=dict)

    def run(self, trainer: PhoneXLTrainer) -> PhoneXLTrainer:
        """Keep the Trainer, and give it back untrained."""
        stage = self.stage_of(trainer)
        self.trainers[stage] = trainer
        self.stages[stage] = {"steps": count_steps(trainer)}
        return trainer


def make_stages(name: str, recipe: Recipe, data: Data, out: Path) -> dict[str, PhoneXLTrainer]:
    """The Trainers of a method's stages, in order."""
    method = find_method(name)
    changed = recipe.override({**method.overrides(), **TIMED, "unit": recipe.config["unit"]})
    job = UntrainedJob(changed, data, out / name, SEED, method.settings_of(changed))
    job.checkpoints.mkdir(parents=True)
    method.train(job)
    return job.trainers


def make_system(trainer: PhoneXLTrainer, rounds: int) -> System:
    """A stage with as many batches as there are rounds, from the shortest rows to the longest."""
    dataset = trainer.train_dataset
    order = sorted(range(len(dataset)), key=dataset.lengths.__getitem__)
    every = list(batches([dataset[index] for index in order], trainer.args.train_batch_size))
    chosen = [every[round((len(every) - 1) * number / max(1, rounds - 1))] for number in range(rounds)]
    model = cast(PhoneXLForTokenClassification, trainer.tagger)
    return System(trainer, model.train(), trainer.create_optimizer(), chosen)


def count_steps(trainer: PhoneXLTrainer) -> int:
    """Optimizer steps of a stage."""
    per_step = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps
    return math.ceil(len(trainer.train_dataset) / per_step * trainer.args.num_train_epochs)


def step_rounds(systems: Mapping[str, System], rounds: int) -> Iterator[dict[str, Callable[[], object]]]:
    """Collation and step of each stage; the first round is a warm-up."""
    for number in (rounds // 2, *range(rounds)):
        yield {name: partial(_collate_and_step, system, number) for name, system in systems.items()}


def _collate_and_step(system: System, number: int) -> None:
    train_step(system, system.trainer.collator(system.batches[number]))


def measure(name: str, recipe: Recipe, data: Data, rounds: int) -> dict[str, Any]:
    """Seconds of plain's step and of each stage's, their ratios, and that of the whole runs."""
    with tempfile.TemporaryDirectory() as out:
        base = make_stages(BASE, recipe, data, Path(out))["train"]
        stages = {} if name == BASE else make_stages(name, recipe, data, Path(out))
        systems = {BASE: make_system(base, rounds), **{k: make_system(v, rounds) for k, v in stages.items()}}
        timed = {
            key: sum(values[1:]) / rounds for key, values in measure_in_turns(step_rounds(systems, rounds)).items()
        }
    steps = {key: count_steps(trainer) for key, trainer in stages.items()}
    whole = sum(steps[key] * timed[key] for key in stages) / (count_steps(base) * timed[BASE])
    return {
        "plain_seconds": round(timed[BASE], 3),
        "stages": {
            key: {"seconds": round(timed[key], 3), "ratio": round(timed[key] / timed[BASE], 2), "steps": steps[key]}
            for key in stages
        },
        "plain_steps": count_steps(base),
        "whole": round(whole, 2),
    }


def make_table(figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row for each method."""
    rows = []
    for name, found in figures.items():
        stages = found["stages"]
        ratios = ", ".join((f"{k} {v['ratio']}" if len(stages) > 1 else str(v["ratio"])) for k, v in stages.items())
        steps = " + ".join(str(stage["steps"]) for stage in stages.values())
        rows.append([f"`{name}`", ratios, steps, str(found["plain_steps"]), str(found["whole"])])
    return Table(["method", "step over plain's", "steps", "plain's", "a run over plain's"], rows)


def main() -> None:
    samples = Path(str(resources.files("dataset_scripts") / "samples"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=samples, help="token files (default: our samples)")
    parser.add_argument("--recipe", default="udpos-zh-vi-offline", help="recipe (default: udpos-zh-vi-offline)")
    parser.add_argument("--unit", choices=("word", "subword"), default="subword", help="what the encoder reads")
    parser.add_argument("--methods", help="comma-separated (default: all)")
    parser.add_argument("--sentences", type=int, default=400, help="training sentences (default: 400)")
    parser.add_argument("--rounds", type=int, default=5, help="timed steps of each stage (default: 5)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    recipe = Recipe.load(arguments.recipe).override({"unit": arguments.unit, "limit_train": arguments.sentences})
    recipe = recipe.override({"limit_eval": 1, "eval_splits": ["test"]})
    data = load_data(recipe, arguments.data)
    names = arguments.methods.split(",") if arguments.methods else method_names()
    found = {}
    for name in names:
        if name != BASE:
            found[name] = measure(name, recipe, data, arguments.rounds)
            gc.collect()  # a Trainer and its model hold each other
    figures = {
        "data": {"language": recipe.source, "sentences": len(data.train), "sha256": hash_sentences(data.train)},
        "unit": arguments.unit,
        "methods": found,
    }
    report(make_table(found), figures, arguments.out)


if __name__ == "__main__":
    main()
