"""What a training run says while it runs: a bar and a line per log on standard error, nothing on standard output."""

import sys
import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import (
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging as transformers_logging

_SCORES = ("eval_accuracy", "eval_xtreme_f1", "eval_bits_per_word")
_MEASURED = 3  # steps by which the whole is estimated; the first, which warms up, does not count


def quiet_transformers() -> None:
    """Keep "Loading weights" bars, load reports and logs of the library from a user's screen."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def remove_printers(trainer: Trainer) -> None:
    """Take the stock Trainer's own callbacks away: they write logs to standard output, where results belong."""
    for printer in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printer)


class TrainingProgress(TrainerCallback):
    """Progress of one training after another, each named; a context that gives the terminal back when one is cut off.

    Args:
        name: The system.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._console = Console(file=sys.stderr, markup=False, highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._first_step = 0
        self._start = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._stop()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Say how many steps there are; on a terminal, draw a bar."""
        if not state.is_world_process_zero:
            return
        done = f", {state.global_step} of them done" if state.global_step else ""
        self._console.print(f"{self._name}, seed {args.seed}: {state.max_steps} steps{done}")
        self._first_step = state.global_step
        if self._console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self._console)
            self._bar.add_task(self._name, total=state.max_steps, completed=state.global_step)
            self._bar.start()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Move the bar; where there is none, say once how long it will take."""
        if not state.is_world_process_zero:
            return
        if self._bar is not None:
            self._bar.update(self._bar.tasks[0].id, completed=state.global_step)
            return
        measured = state.global_step - self._first_step - 1
        if measured == 0:
            self._start = time.monotonic()
        elif measured == _MEASURED:
            left = (time.monotonic() - self._start) / _MEASURED * (state.max_steps - state.global_step)
            self._console.print(f"  about {format_duration(left)} to go at the pace of the first steps")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show losses and dev scores."""
        logs = logs or {}
        terms = [name for name in logs if name.endswith("_loss") and not name.startswith(("eval_", "train_"))]
        names = ["loss", *sorted(terms, key=lambda name: (name != "task_loss", name)), *_SCORES]
        shown = [f"{name} {logs[name]:.3f}" for name in names if name in logs]
        if shown and state.is_world_process_zero:
            self._console.print(f"  step {state.global_step}: {', '.join(shown)}")

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take the bar away."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def format_duration(seconds: float) -> str:
    """A rough duration in words.

    >>> format_duration(34), format_duration(200), format_duration(9000)
    ('30 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
