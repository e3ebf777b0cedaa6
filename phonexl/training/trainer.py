"""The HF Trainer with the terms of PhoneXL: own denominators, per-term logs, learning rates by part.

What a batch holds is decided in `collator.py`; what a run is, in `run.py`.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Sampler
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler

from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.training.arguments import PhoneXLTrainingArguments
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.dataset import RowDataset
from phonexl.training.task import Metric


class PhoneXLTrainer(Trainer):
    """Trains a PhoneXL tagger or classifier of sentence pairs.

    Every loss term is divided by its own count over the whole optimizer step: over accumulated micro-batches and over
    processes. So 1 x 8, 8 x 1 and two processes give the same gradients.

    Args:
        model: What is trained.
        args: Training arguments.
        collator: Makes the batches; its epoch is kept up to date.
        train_dataset: Source sentences.
        eval_dataset: Source dev sentences; the target is never looked at.
        labels: Names of the labels in the order of their ids.
        metrics: Scores of dev by name, of predicted and gold labels in rows.
        callbacks: More callbacks.
    """

    args: PhoneXLTrainingArguments
    train_dataset: RowDataset
    # Read by transformers >= 5.22; older ones go by `model_accepts_loss_kwargs`, set below.
    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: PhoneXLClassifier,
        args: PhoneXLTrainingArguments,
        collator: PhoneXLCollator,
        train_dataset: RowDataset,
        eval_dataset: RowDataset | None,
        labels: Sequence[str],
        metrics: Mapping[str, Metric],
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        self.collator = collator
        self._labels = list(labels)
        self._metrics = metrics
        self._sums: dict[str, Tensor] = {}
        self._num_steps = 0
        self._measured_step = -1
        self._cosines: dict[str, float] = {}
        own: list[TrainerCallback] = [_EpochCallback(collator)]
        if args.early_stopping_patience is not None:
            own.append(_EarlyStop(args.early_stopping_patience))
        super().__init__(
            model=model,
            args=args,
            data_collator=collator,
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            processing_class=collator.processor,
            compute_metrics=self._score,
            callbacks=[*own, *callbacks],
        )
        self.model_accepts_loss_kwargs = True

    def get_batch_samples(
        self, epoch_iterator: Iterator[dict[str, Tensor]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Tensor]], Any]:
        """The micro-batches of one optimizer step, and the count of every term over all of them and all processes."""
        batches = []
        for _, batch in zip(range(num_batches), epoch_iterator, strict=False):
            batches.append(batch)
        if not batches:
            return [], None
        self._num_steps += 1
        counts = [self.tagger.count_terms(batch) for batch in batches]
        totals = {name: torch.stack([count[name] for count in counts]).sum().to(device) for name in counts[0]}
        if self.args.world_size > 1:
            totals = {name: self.accelerator.gather(total).sum() for name, total in totals.items()}
        return batches, totals

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The weighted sum of the terms; their parts are kept for the next log."""
        outputs = model(**inputs, num_items_in_batch=num_items_in_batch)
        loss = outputs.loss
        if model.training and num_items_in_batch is not None:
            for name in num_items_in_batch:
                self._add(f"{name}_loss", outputs.get(f"{name}_loss"))
            share = 1 / (self.current_gradient_accumulation_steps * self.accelerator.num_processes)
            for name in outputs:
                if name.endswith(("_norm", "_bound")):
                    self._add(name, outputs[name] * share)
            loss = loss * self.accelerator.num_processes  # DDP averages gradients over processes
        return (loss, outputs) if return_outputs else loss

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """One micro-batch; before it, where asked for, the gradients of its terms are compared."""
        due = (self.state.global_step + 1) % self.state.logging_steps == 0
        if self.args.log_gradient_cosines and due and self._measured_step != self.state.global_step:
            self._measured_step = self.state.global_step
            self._cosines = self._compare_gradients(inputs, num_items_in_batch)
        loss: Tensor = super().training_step(model, inputs, num_items_in_batch)
        return loss

    def _compare_gradients(self, inputs: dict[str, Any], counts: dict[str, Tensor]) -> dict[str, float]:
        """Cosine between the encoder's gradient of the task term and that of each other term, of this process.

        A term without a gradient, such as one of rows that the batch has none of, has no cosine.
        """
        tagger = self.tagger
        tagger.train()
        parameters = [p for p in tagger.phonexl.backbone.parameters() if p.requires_grad]
        gradients: dict[str, Tensor] = {}
        devices = [tagger.device] if tagger.device.type == "cuda" else []
        with torch.random.fork_rng(devices), self.compute_loss_context_manager():  # the step's own draws stay the same
            outputs = tagger(**self._prepare_inputs(inputs), num_items_in_batch=counts)
            for name in counts:
                term = outputs[f"{name}_loss"]
                found = torch.autograd.grad(
                    term, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
                )
                gradients[name] = torch.cat([gradient.flatten() for gradient in found]).float()
        task = gradients.pop("task")
        return {
            f"{name}_cosine": float(F.cosine_similarity(task, other, dim=0))
            for name, other in gradients.items()
            if task.any() and other.any()
        }

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Loss, decoded and gold labels, shape (batch, units) or (batch,): the CRF has no use for an argmax."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        if prediction_loss_only:
            return loss.detach(), None, None
        return loss.detach(), self.tagger.decode(outputs.logits, outputs.unit_mask), inputs["labels"]

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW with one group per part and decay: encoder, heads, phoneme table, temperature."""
        if self.optimizer is None:
            tagger = self.tagger
            decayed = set(self.get_decay_parameter_names(tagger))
            rates = {
                "encoder": self.args.learning_rate,
                "head": self.args.head_learning_rate,
                "phoneme": self.args.phoneme_learning_rate,
                "temperature": self.args.temperature_learning_rate,
            }
            groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
            for name, parameter in tagger.named_parameters():
                if parameter.requires_grad:
                    groups.setdefault((_part_of(name), name in decayed), []).append(parameter)
            optimizer_class, options = self.get_optimizer_cls_and_kwargs(self.args, tagger)
            rate = self.args.learning_rate
            self.optimizer = optimizer_class(
                [
                    {
                        "params": parameters,
                        "lr": rate if rates[part] is None else rates[part],
                        "weight_decay": self.args.weight_decay if decays else 0.0,
                    }
                    for (part, decays), parameters in groups.items()
                ],
                **options,
            )
        optimizer: torch.optim.Optimizer = self.optimizer
        return optimizer

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the mean of every term since the last log, the norms of the embedding parts, rates and cosines."""
        if "loss" in logs and self._num_steps > 0:
            for name, total in sorted(self._sums.items()):
                logs[name] = float(self.accelerator.reduce(total, "sum")) / self._num_steps
            self._sums.clear()
            self._num_steps = 0
            logs |= self._rates() | self._cosines
        super().log(logs, start_time)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        step = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return EpochLengthSampler(step, self.train_dataset.lengths, self.args.data_seed or self.args.seed)

    def _get_eval_sampler(self, eval_dataset: Any) -> Sampler[int]:
        return _ShortestFirstSampler(eval_dataset.lengths)

    def init_hf_repo(self, *args: Any, **kwargs: Any) -> None:
        """Make the repository, private unless `hub_private_repo` says otherwise; the arguments grew over versions."""
        if self.args.hub_private_repo is None:
            self.args.hub_private_repo = True
        super().init_hf_repo(*args, **kwargs)

    def push_to_hub(self, *args: Any, revision: str | None = None, **kwargs: Any) -> str:  # type: ignore[override]
        """Push tagger, processor, code and card as one commit; the stock method adds a pickle.

        Returns:
            Address of the commit; empty in all processes but the first.
        """
        from phonexl.hub_model import push_model

        self.init_hf_repo()
        if not self.is_world_process_zero():
            return ""
        repo = str(self.hub_model_id)
        with tempfile.TemporaryDirectory() as folder:
            self.tagger.save_pretrained(folder)
            self.collator.processor.save_pretrained(folder)
            branch = revision or self.args.hub_revision
            return push_model(Path(folder), repo, private=False, revision=branch)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        """Leave a checkpoint at home: it holds pickles."""

    @property
    def tagger(self) -> PhoneXLClassifier:
        """The model as it is, without what distributes it."""
        model: PhoneXLClassifier = self.accelerator.unwrap_model(self.model)
        return model

    def _add(self, name: str, value: Tensor | None) -> None:
        if value is not None:
            self._sums[name] = self._sums.get(name, torch.zeros((), device=value.device)) + value.detach().float()

    def _rates(self) -> dict[str, float]:
        rates = {}
        if self.collator.num_words:
            rates["mask_rate"] = self.collator.num_masked / self.collator.num_words
        counts = self.collator.switcher.counts if self.collator.switcher else None
        if counts is not None and counts.tokens:
            rates["switch_rate"] = counts.switched / counts.tokens
            rates["switch_coverage"] = counts.covered / counts.tokens
        return rates

    def _score(self, prediction: EvalPrediction) -> dict[str, float]:
        """Dev scores by which the best checkpoint is chosen."""
        tags, references = [], []
        rows = (np.reshape(ids, (len(ids), -1)) for ids in (prediction.predictions, prediction.label_ids))
        for predicted, gold in zip(*rows, strict=True):
            scored = np.flatnonzero(gold != IGNORED)
            tags.append([self._labels[label] for label in predicted[scored]])
            references.append([self._labels[label] for label in gold[scored]])
        return {name: metric(tags, references) for name, metric in self._metrics.items()}


class EpochLengthSampler(LengthGroupedSampler):
    """Batches of like length in an order that is a function of seed and epoch, so that a resumed run repeats it.

    Args:
        step: Sentences of one optimizer step over all processes.
        lengths: Length of each row.
        seed: Key of the order.
    """

    def __init__(self, step: int, lengths: list[int], seed: int) -> None:
        super().__init__(step, lengths=lengths)
        self._seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called by accelerate before each epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        # 2**20 epochs fit between two seeds.
        self.generator = torch.Generator().manual_seed(self._seed * 2**20 + self._epoch)
        return iter(super().__iter__())


class _ShortestFirstSampler(Sampler[int]):
    """Evaluation by length: little padding, and nothing drawn."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._order = sorted(range(len(lengths)), key=lengths.__getitem__)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        return iter(self._order)


class _EpochCallback(TrainerCallback):
    """Tells collator and sampler which epoch it is."""

    def __init__(self, collator: PhoneXLCollator) -> None:
        self._collator = collator

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._collator.epoch = int(state.epoch or 0)
        # Accelerate does it too, but with several processes it does not reach the sampler of a resumed epoch.
        kwargs["train_dataloader"].set_epoch(self._collator.epoch)


class _EarlyStop(TrainerCallback):
    """Ends training at the evaluation that is the `patience`-th in a row without a better dev score.

    Counted in the log, which every checkpoint holds: the counter of transformers' own callback is 0 again in a resumed
    run.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        name = f"eval_{str(args.metric_for_best_model).removeprefix('eval_')}"
        scores = [entry[name] for entry in state.log_history if name in entry]
        best = max(scores) if args.greater_is_better else min(scores)
        if len(scores) - 1 - scores.index(best) >= self._patience:
            control.should_training_stop = True
            control.should_save = False  # it is not the best, and a run resumed from it would train on


def _part_of(name: str) -> str:
    """Which learning rate a parameter has."""
    if name.startswith("phonexl.phoneme_embeddings"):
        return "phoneme"
    if name == "logit_scale":
        return "temperature"
    # Language rows learn at the encoder's rate: at the head's they drown the words of the target.
    return "encoder" if name.startswith("phonexl.") else "head"
