"""How many steps fit into some minutes: a few are timed on this machine, and thrown away.

The steps are the same for all representations that are to be compared, or they would not see the same sentences.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from phonexl.pretraining.arm import Arm, Settings, learn_representation
from phonexl.pretraining.corpus import Corpus, Report
from phonexl.pretraining.trainer import MARKS
from phonexl.results import describe_hardware

TIMED_STEPS, WARM_UP = 50, 10


class _Clock(TrainerCallback):
    """Notes when steps end."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Note the time; nothing but steps is due in a timed run."""
        self.times.append(time.monotonic())
        control.should_evaluate = control.should_save = False


def derive_steps(
    corpus: Corpus,
    representations: Sequence[str],
    settings: Settings,
    minutes: float,
    report: Report = lambda line: None,
) -> Settings:
    """Settings with as many steps as train all representations within some minutes, timing included.

    The run learns each vocabulary and encodes each corpus once more than is done here: that time is left for it.

    Raises:
        ValueError: If not even one step fits.
    """
    start = time.monotonic()
    a_step = an_evaluation = preparation = 0.0
    for name in representations:
        timed = replace(settings, steps=TIMED_STEPS)
        clock = _Clock()
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            arm = Arm.of(corpus, learn_representation(corpus, name, timed))
            trainer = arm.make_trainer(timed, Path(folder), callbacks=[clock])
            preparation += time.monotonic() - begun
            trainer.train()
            began = time.monotonic()
            trainer.evaluate()
        seconds = (clock.times[-1] - clock.times[WARM_UP - 1]) / (TIMED_STEPS - WARM_UP)
        evaluation = time.monotonic() - began
        report(f"{name}: {seconds:.3f} s a step, {evaluation:.1f} s an evaluation")
        a_step += seconds
        an_evaluation += evaluation
    left = minutes * 60 - (time.monotonic() - start) - preparation - MARKS * an_evaluation
    steps = int(left / a_step)
    facts = describe_hardware()
    machine = ", ".join(str(value) if key == "device" else f"{value} {key}" for key, value in facts.items())
    if steps < 1:
        least = (minutes * 60 - left + a_step) / 60
        raise ValueError(f"--budget-minutes {minutes:g}: one step needs {least:.2f} on {machine}, timing included")
    report(f"{machine}: {steps} steps, {steps * settings.batch_size} sentences in {minutes:g} minutes, timing included")
    return replace(settings, steps=steps)
