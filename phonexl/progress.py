"""What a training run says while it runs: a bar and a line per log on standard error, nothing on standard output.

The stock Trainer prints its logs to standard output, where results belong.
"""

import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.utils import logging as transformers_logging

_SHOWN = ("loss", "task_loss", "align_loss", "mlm_loss", "xmlm_loss", "eval_accuracy", "eval_xtreme_f1")


def quiet_transformers() -> None:
    """Keep "Loading weights" bars, load reports and logs of the library from a user's screen."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


class TrainingProgress(TrainerCallback):
    """A bar over the steps of one training, named after the system."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._console = Console(file=sys.stderr, stderr=True)
        self._bar: Progress | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if not state.is_world_process_zero:
            return
        self._console.print(f"{self._name}: {state.max_steps} steps")
        if self._console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self._console)
            self._bar.add_task(self._name, total=state.max_steps, completed=state.global_step)
            self._bar.start()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.tasks[0].id, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        shown = [f"{name} {logs[name]:.3f}" for name in _SHOWN if logs and name in logs]
        if shown and state.is_world_process_zero:
            self._console.print(f"  step {state.global_step}: {', '.join(shown)}", highlight=False)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
