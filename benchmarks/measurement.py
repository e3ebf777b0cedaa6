"""How the benchmarks measure, and the JSON they leave: one thread, tasks in turns, medians.

What is measured stands in the script of each benchmark.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from phonexl.results import Table, describe_hardware, describe_versions

TURN_SECONDS = 0.02


def use_one_core() -> None:
    """Compute on one thread of the processor, also where there is a GPU; call it before anything else uses torch."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(1)


def measure_in_turns(rounds: Iterable[Mapping[str, Callable[[], object]]]) -> dict[str, list[float]]:
    """Time tasks side by side, so that a slow minute of the machine falls on all of them.

    Args:
        rounds: Of each round, the tasks by name; every other round runs them in reverse. A task that is shorter than
            `TURN_SECONDS` is repeated that long, with what it reads in the cache.

    Returns:
        Seconds of processor time per call of each task, one for each round. Not wall time: while another program has
        the core, the clock stands.
    """
    seconds: dict[str, list[float]] = {}
    for number, tasks in enumerate(rounds):
        names = list(tasks)
        for name in reversed(names) if number % 2 else names:
            seconds.setdefault(name, []).append(_seconds_per_call(tasks[name]))
    return seconds


def _seconds_per_call(task: Callable[[], object]) -> float:
    start, calls, elapsed = time.process_time(), 0, 0.0
    while elapsed < TURN_SECONDS:
        task()
        calls += 1
        elapsed = time.process_time() - start
    return elapsed / calls


def report(table: Table, figures: Mapping[str, Any], out: Path | None) -> None:
    """Print a table and, with `out`, keep the figures together with command, versions and hardware."""
    print(table.markdown(), end="")
    if out is None:
        return
    content = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": describe_versions(),
        "hardware": describe_hardware(),
        "clock": "processor time of one thread",
        **figures,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
