"""The HF Trainer for encoders that are to be compared: evaluated and kept at marks of the run, work counted.

What is trained on what is decided in `run.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.data import Sampler, SequentialSampler
from transformers import (
    ModernBertForMaskedLM,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from phonexl.pretraining.dataset import HiddenSentence, HiddenSentences
from phonexl.pretraining.encoder import body_facts, guess, sum_of_nats
from phonexl.pretraining.packing import PackingCollator, training_flops
from phonexl.progress import remove_printers

MARKS = 16  # evaluations of a run, evenly over its steps
KEPT = (2, 4, 8)  # marks at which the encoder is kept: an eighth, a quarter, a half of the run
BITS = "eval_bits_per_word"

HeldOut = Mapping[str, Sequence[HiddenSentence]]


class PretrainingTrainer(Trainer):
    """Trains an encoder to guess hidden words.

    The loss is the mean over hidden symbols. Every evaluation logs bits per hidden word, each language's and their
    mean, together with the work done so far: so one run can be read at equal sentences and at equal work.

    Args:
        model: The encoder with its head.
        args: Training arguments.
        collator: Makes the batches.
        sentences: The run's sentences in order.
        held_out: Sentences with hidden words, by language.
        keep: Called with the step where the encoder is to be kept.
        callbacks: More callbacks.
    """

    train_dataset: HiddenSentences

    def __init__(
        self,
        model: ModernBertForMaskedLM,
        args: TrainingArguments,
        collator: PackingCollator,
        sentences: HiddenSentences,
        held_out: HeldOut,
        keep: Callable[[int], None],
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        size = args.train_batch_size
        self._held_out = {
            language: [collator(rows[start : start + size]) for start in range(0, len(rows), size)]
            for language, rows in held_out.items()
        }
        super().__init__(
            model=model,
            args=args,
            data_collator=collator,
            train_dataset=sentences,
            callbacks=[_Marks(keep), *callbacks],
        )
        self.model_accepts_loss_kwargs = False  # the loss is a mean already
        remove_printers(self)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Mean negative log likelihood of the hidden symbols, in nats."""
        scores, targets = guess(self.encoder, inputs)
        loss = sum_of_nats(scores, targets) / len(targets)
        return (loss, scores) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Bits per hidden word of the held-out sentences, of each language and their mean, and the work so far."""
        self.encoder.eval()
        bits = {language: self._bits_per_word(batches) for language, batches in self._held_out.items()}
        self.encoder.train()
        self.store_flos()
        metrics = {f"{BITS}_{language}": value for language, value in bits.items()}
        metrics |= {BITS: sum(bits.values()) / len(bits), "flops": self.state.total_flos}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    @torch.no_grad()
    def _bits_per_word(self, batches: Sequence[dict[str, Any]]) -> float:
        nats = torch.zeros((), device=self.args.device)
        for batch in batches:
            with self.accelerator.autocast():
                nats += sum_of_nats(*guess(self.encoder, self._prepare_inputs(batch)))
        hidden: int = sum(batch["counts"]["hidden"] for batch in batches)
        return float(nats) / math.log(2) / hidden

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Work of a training step on a batch, without what empty places cost."""
        config = self.encoder.config
        return training_flops(body_facts(config), config.vocab_size, inputs["counts"])

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        return SequentialSampler(self.train_dataset)  # the data set is the order

    @property
    def encoder(self) -> ModernBertForMaskedLM:
        """The model as it is, without what distributes it."""
        model: ModernBertForMaskedLM = self.accelerator.unwrap_model(self.model)
        return model


class _Marks(TrainerCallback):
    """Evaluates and saves at marks of the run; keeps the encoder at some."""

    def __init__(self, keep: Callable[[int], None]) -> None:
        self._keep = keep

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Ask for what is due at this step."""
        if state.global_step in marks_of(state.max_steps):
            control.should_evaluate = control.should_save = True
        if state.global_step in kept_steps(state.max_steps):
            self._keep(state.global_step)


def marks_of(steps: int) -> list[int]:
    """Steps of a run at which it is evaluated; the last one among them.

    >>> marks_of(100)[:3], marks_of(2)
    ([6, 12, 18], [1, 2])
    """
    return sorted({max(1, steps * mark // MARKS) for mark in range(1, MARKS + 1)})


def kept_steps(steps: int) -> list[int]:
    """Steps before the last at which the encoder is kept.

    >>> kept_steps(100)
    [12, 25, 50]
    """
    return sorted({max(1, steps * mark // MARKS) for mark in KEPT} - {steps})
