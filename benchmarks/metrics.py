"""Times `cka` and `tagging_f1` against the packages that people use for the same numbers, once they agree.

Not here: whether the numbers are right (the tests). A package that is not installed is left out, which a line says.
"""

import argparse
import importlib
import importlib.metadata
import itertools
import os
import resource
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measurement import report

from dataset_scripts.readers import read_tsv
from evaluate_metrics.cka.linear_cka import moments
from evaluate_metrics.cka.pairwise import pairwise_cka
from evaluate_metrics.cka.streaming import StreamingCKA
from evaluate_metrics.tagging_f1.tagging_scores import xtreme_f1
from phonexl.results import Table

LANGUAGES, SENTENCES, DIMENSIONS = 10, 1012, 768
THREADS = 2
STREAM_DIMENSIONS, STREAM_BATCH = 256, 10_000
REDRAWN, SEED = 0.2, 0
TOLERANCE = 1e-8
TARGETS = {
    "all pairs with null and intervals, seconds": 2.0,
    "speedup over pytorch-cka": 1.5,
    "speedup over ckatorch": 10.0,
    "speedup of tagging_f1 over seqeval": 5.0,
}

Task = Callable[[], Any]


def make_features(count: int, sentences: int, dimensions: int) -> dict[str, Any]:
    """Features of languages that share eight directions, float64, shape (sentences, dimensions) each."""
    generator = np.random.default_rng(SEED)
    meaning = generator.standard_normal((sentences, 8))
    return {
        f"language {number}": meaning @ generator.standard_normal((8, dimensions))
        + generator.standard_normal((sentences, dimensions))
        for number in range(count)
    }


def values_only(matrices: list[Any]) -> Any:
    """Biased and debiased CKA of all pairs."""
    found = moments([matrix - matrix.mean(0) for matrix in matrices])
    return found.biased(), found.debiased()


def cka_tasks(features: Mapping[str, Any]) -> tuple[dict[str, Task], list[str]]:
    """What is timed, by name, and a line for each package that is not installed."""
    arrays = list(features.values())
    tensors = [torch.from_numpy(array) for array in arrays]
    tasks: dict[str, Task] = {
        "values, numpy": lambda: values_only(arrays),
        "values, torch": lambda: values_only(tensors),
        "values + exact null + jackknife, numpy": lambda: pairwise_cka(features, debiased=True),
        "values + exact null + jackknife, torch": lambda: pairwise_cka(
            dict(zip(features, tensors, strict=True)), debiased=True
        ),
    }
    missing = []
    try:
        hsic = importlib.import_module("cka.hsic").hsic
    except ImportError as error:
        missing.append(f"pytorch-cka is left out ({error}); pip install pytorch-cka==1.1.3")
    else:
        tasks["values, pytorch-cka"] = lambda: stacked_hsic(hsic, tensors)
    try:
        cka_base = importlib.import_module("ckatorch.core").cka_base
    except ImportError as error:
        missing.append(f"ckatorch is left out ({error}); pip install ckatorch==1.0.3")
    else:
        tasks["values, ckatorch"] = lambda: pair_by_pair(cka_base, tensors)
    return tasks, missing


def stacked_hsic(hsic: Callable[..., Any], tensors: list[torch.Tensor]) -> Any:
    """Debiased CKA of all pairs by pytorch-cka, as its documentation says: one stack of Gram matrices."""
    stack = torch.stack(tensors)
    grams = stack @ stack.transpose(1, 2)
    products, left, right = hsic(grams, grams)
    return (products / torch.sqrt(left[:, None] * right[None])).numpy()


def pair_by_pair(cka_base: Callable[..., Any], tensors: list[torch.Tensor]) -> Any:
    """Biased CKA of all pairs by ckatorch, which knows one pair at a time."""
    values = np.eye(len(tensors))
    for place, other in itertools.combinations(range(len(tensors)), 2):
        values[place, other] = values[other, place] = float(cka_base(tensors[place], tensors[other]))
    return values


def check_agreement(tasks: Mapping[str, Task]) -> None:
    """Refuse to time what does not agree.

    Raises:
        ArithmeticError: If a package's values differ from ours by more than `TOLERANCE`.
    """
    biased, debiased = tasks["values, numpy"]()
    for name, expected in (("values, pytorch-cka", debiased), ("values, ckatorch", biased)):
        if name in tasks and (difference := np.abs(tasks[name]() - expected).max()) > TOLERANCE:
            raise ArithmeticError(f"{name} differs by {difference:.1e}; at most {TOLERANCE:.0e} expected")


def measure(tasks: Mapping[str, Task], rounds: int) -> dict[str, dict[str, float]]:
    """Wall and processor seconds of each task, medians and least; tasks in turns, every other round in reverse."""
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    processor: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds):
        for name in reversed(list(tasks)) if number % 2 else tasks:
            if number and "ckatorch" in name:  # slow, and far behind: once is enough
                continue
            tasks[name]()  # the threads of the library used before still spin, and pages are fresh
            start, used = time.perf_counter(), time.process_time()
            tasks[name]()
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - used)
    return {
        name: {
            "wall_seconds": round(statistics.median(wall[name]), 4),
            "least_wall_seconds": round(min(wall[name]), 4),
            "processor_seconds": round(statistics.median(processor[name]), 4),
        }
        for name in tasks
    }


def compare_cka(rounds: int, shape: tuple[int, int, int]) -> dict[str, Any]:
    """Figures of all pairs of languages; `shape` is languages, sentences, dimensions."""
    tasks, missing = cka_tasks(make_features(*shape))
    for line in missing:
        print(line)
    check_agreement(tasks)
    figures = measure(tasks, rounds)
    # Of the least times: another program's minute falls on one task or the other, never on all rounds.
    ours = figures["values, torch"]["least_wall_seconds"]
    speedups = {
        f"speedup over {package}": round(figures[f"values, {package}"]["least_wall_seconds"] / ours, 2)
        for package in ("pytorch-cka", "ckatorch")
        if f"values, {package}" in figures
    }
    whole = min(figures[f"values + exact null + jackknife, {kind}"]["wall_seconds"] for kind in ("numpy", "torch"))
    return {
        "languages, sentences, dimensions": list(shape),
        "times": figures,
        "all pairs with null and intervals, seconds": whole,
        **speedups,
        "left_out": missing,
    }


def resident_megabytes() -> float:
    """Memory that this process holds now."""
    pages = Path("/proc/self/statm")
    if pages.is_file():
        return round(int(pages.read_text().split()[1]) * resource.getpagesize() / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, 1)


def stream_rows(rows: int, batch: int) -> dict[str, Any]:
    """Streams random rows of two languages; the memory held at a tenth of them and at the end."""
    generator, stream, start, held = np.random.default_rng(SEED), StreamingCKA(), time.perf_counter(), {}
    for done in range(0, rows, batch):
        x = generator.standard_normal((min(batch, rows - done), STREAM_DIMENSIONS))
        stream.update({"x": x, "y": x + generator.standard_normal(x.shape)})
        if not held and done + batch >= rows / 10:
            held["10 %"] = resident_megabytes()
    held["100 %"] = resident_megabytes()
    print(f"streamed {rows} rows: {held['10 %']} MB held at 10 %, {held['100 %']} MB at 100 %")
    return {
        "rows": rows,
        "dimensions": [STREAM_DIMENSIONS, STREAM_DIMENSIONS],
        "batch": batch,
        "resident_megabytes": held,
        "seconds": round(time.perf_counter() - start, 1),
        "debiased": round(float(stream.moments().debiased()[0, 1]), 6),
    }


def compare_tagging(data: Path, rounds: int) -> dict[str, Any]:
    """xtreme_f1 against seqeval: gold tags of UDPOS test-ko, predictions with a share of them redrawn.

    Raises:
        ArithmeticError: If the two differ at all.
    """
    references = [list(sentence.tags) for sentence in read_tsv(data / "test-ko.tsv.gz", "udpos", "ko")]
    generator = np.random.default_rng(SEED)
    names = sorted({tag for tags in references for tag in tags})
    predictions = [
        [names[generator.integers(len(names))] if generator.random() < REDRAWN else tag for tag in tags]
        for tags in references
    ]
    seqeval = importlib.import_module("seqeval.metrics").f1_score

    def score_by_seqeval() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one for each tag: it takes them for NER
            return float(seqeval(references, predictions))

    tasks: dict[str, Task] = {
        "xtreme_f1": lambda: xtreme_f1(predictions, references),
        "seqeval": score_by_seqeval,
    }
    if tasks["xtreme_f1"]() != tasks["seqeval"]():
        raise ArithmeticError(f"xtreme_f1 gives {tasks['xtreme_f1']()}, seqeval {tasks['seqeval']()}")
    figures = measure(tasks, rounds)
    return {
        "sentences": len(references),
        "tokens": sum(map(len, references)),
        "f1": tasks["xtreme_f1"](),
        "times": figures,
        "speedup of tagging_f1 over seqeval": round(
            figures["seqeval"]["least_wall_seconds"] / figures["xtreme_f1"]["least_wall_seconds"], 2
        ),
    }


def find_version(package: str) -> str | None:
    """Version of a package; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each median (default: 9)")
    parser.add_argument(
        "--shape",
        type=int,
        nargs=3,
        default=(LANGUAGES, SENTENCES, DIMENSIONS),
        metavar=("LANGUAGES", "SENTENCES", "DIMENSIONS"),
        help="of the features for CKA (default: 10 1012 768)",
    )
    parser.add_argument("--stream-rows", type=int, default=0, help="stream as many rows too, such as 1000000")
    parser.add_argument("--data", type=Path, help="folder with UDPOS test-ko.tsv.gz, for tagging_f1")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(THREADS)
    figures: dict[str, Any] = {"cka": compare_cka(arguments.rounds, tuple(arguments.shape))}
    if arguments.stream_rows:
        figures["streaming"] = stream_rows(arguments.stream_rows, min(STREAM_BATCH, arguments.stream_rows // 10))
    if arguments.data:
        figures["tagging_f1"] = compare_tagging(arguments.data, arguments.rounds)
    times = {name: times for part in figures.values() for name, times in part.get("times", {}).items()}
    table = Table(
        ["task", "wall seconds", "least", "processor"], [[name, *map(str, t.values())] for name, t in times.items()]
    )
    reached = {name: part[name] for part in figures.values() for name in TARGETS if name in part}
    for name, value in reached.items():
        print(f"{name}: {value} (target: {TARGETS[name]})")
    peers = [part for part in ("pytorch-cka", "ckatorch", "seqeval") if find_version(part)]
    settings = {
        "peers": {part: find_version(part) for part in peers},
        "clock": f"wall time with {THREADS} threads, processor time beside it; speedups are ratios of the least times",
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "all"),
        "load_average": list(os.getloadavg()),
        "rounds": arguments.rounds,
        "targets": TARGETS,
    }
    report(table, {**settings, **figures}, arguments.out)


if __name__ == "__main__":
    main()
