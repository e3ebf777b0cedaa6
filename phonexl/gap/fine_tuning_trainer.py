"""The HF Trainer for classifiers on an encoder: the best epoch kept in memory, only symbols in use trained.

What is trained on what, and what is written, is decided in `fine_tuning.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    EvalPrediction,
    PretrainedConfig,
    PreTrainedModel,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from phonexl.gap.encoded_examples import Collator, EncodedExamples
from phonexl.gap.task_scores import dev_scores, most_frequent_label
from phonexl.gap.tasks import Examples, GapTask
from phonexl.gap.used_rows import train_used_rows
from phonexl.gap.word_reader import WordReader
from phonexl.progress import remove_printers
from phonexl.training.trainer import EpochLengthSampler

_WEIGHTS = ("model.safetensors*", "pytorch_model*.bin*")


def is_untrained(place: str) -> bool:
    """Whether it is a folder with a configuration alone, which stands for random weights."""
    folder = Path(place)
    return folder.is_dir() and not any(path for pattern in _WEIGHTS for path in folder.glob(pattern))


def build_classifier(place: str, task: GapTask) -> PreTrainedModel:
    """An encoder with a fresh head, drawn from the global random state; the encoder too if `is_untrained`.

    Args:
        place: A Hub id or a folder.
        task: Words or pairs are classified.

    Raises:
        ValueError: If its architecture has no such classifier, or one that reads padding or needs a decoder that is
            not there, or it is a PhoneXL tagger.
    """
    facts, _ = PretrainedConfig.get_config_dict(place)
    if facts.get("model_type") == "phonexl":
        raise ValueError(f"{place} is a PhoneXL model, which reads words with sound: train it with phonexl train")
    kind: Any = AutoModelForSequenceClassification if task.of_pairs else AutoModelForTokenClassification
    names = dict(enumerate(task.labels))
    labels = {"num_labels": len(names), "id2label": names, "label2id": {name: index for index, name in names.items()}}
    config = AutoConfig.from_pretrained(place, **labels)
    if type(config) not in kind._model_mapping:
        what = "pairs" if task.of_pairs else "tokens"
        raise ValueError(f"{place}: transformers has no classifier of {what} for {config.model_type!r}")
    if task.of_pairs and config.model_type in ("t5", "mt5", "umt5") and not config.is_encoder_decoder:
        raise ValueError(
            f"{place} is half of {config.model_type!r}, which classifies pairs by its decoder: name the whole"
        )
    if task.of_pairs and getattr(config, "summary_type", None) == "last":
        raise ValueError(
            f"{place}: {config.model_type!r} classifies pairs by the last place, here padding: name another"
        )
    if is_untrained(place):
        fresh: PreTrainedModel = kind.from_config(config)
        return fresh
    # A head of another size is that of another task.
    built = kind.from_pretrained(place, config=config, dtype=torch.float32, ignore_mismatched_sizes=True)
    assert isinstance(built, PreTrainedModel)
    return built


class FineTuningTrainer(Trainer):
    """Trains a classifier; its validation split is scored after each epoch, and the best weights are kept.

    Args:
        place: A Hub id or a folder.
        task: What is learned.
        reader: What the encoder reads.
        args: Training arguments.
        train: Rows to train on.
        validation: Rows to choose by.
        examples: What they were made of: train, validation.
        head_learning_rate: Of the classifier; None: as the encoder.
        callbacks: More callbacks.

    Attributes:
        best: Of the last training.
    """

    train_dataset: EncodedExamples

    def __init__(
        self,
        place: str,
        task: GapTask,
        reader: WordReader,
        args: TrainingArguments,
        train: EncodedExamples,
        validation: EncodedExamples,
        examples: tuple[Examples, Examples],
        head_learning_rate: float | None = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        self.best = BestWeights(f"eval_{task.metric}")
        self._head_learning_rate = head_learning_rate
        self._default = most_frequent_label(examples[0])
        used = train.used_ids()

        def build() -> PreTrainedModel:
            model = build_classifier(place, task)
            if model.config.pad_token_id is None:  # decoders classify a pair by the last piece that is not padding
                model.config.pad_token_id = reader.pad_id
            train_used_rows(model, used)
            return model

        def score(prediction: EvalPrediction) -> dict[str, float]:
            found = validation.decode(prediction.predictions, prediction.label_ids, self._default)
            return dev_scores(task, found, examples[1])

        super().__init__(
            args=args,
            data_collator=Collator(reader),
            train_dataset=train,
            eval_dataset=validation,
            model_init=build,
            compute_metrics=score,
            preprocess_logits_for_metrics=_most_probable,
            callbacks=[self.best, *callbacks],
        )
        remove_printers(self)

    @property
    def classifier(self) -> PreTrainedModel:
        """The model."""
        assert isinstance(self.model, PreTrainedModel)
        return self.model

    def label(self, rows: EncodedExamples) -> list[list[str]]:
        """Predicted labels of each example: one per word, or a single one."""
        self.compute_metrics = None  # it is of the validation rows
        output = self.predict(rows)
        return rows.decode(output.predictions, output.label_ids, self._default)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """The optimizer of the HF Trainer, with a group of its own for the classifier if it has another rate."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        if self._head_learning_rate is not None:
            encoder = {id(weight) for weight in self.classifier.base_model.parameters()}
            for group in list(optimizer.param_groups):
                head = [weight for weight in group["params"] if id(weight) not in encoder]
                group["params"] = [weight for weight in group["params"] if id(weight) in encoder]
                optimizer.add_param_group({**group, "params": head, "lr": self._head_learning_rate})
        return optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        step = self.args.train_batch_size * self.args.gradient_accumulation_steps
        return EpochLengthSampler(step, self.train_dataset.lengths, self.args.seed)


class BestWeights(TrainerCallback):
    """Keeps the trained weights of the best evaluation, the first of equals, and puts them back at the end.

    Args:
        metric: Which score of an evaluation.

    Attributes:
        curve: Epoch and score of each evaluation.
        score: The best one; None before the first.
        epoch: When it was.
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._reset()

    def _reset(self) -> None:
        self.curve: list[tuple[float, float]] = []
        self.score: float | None = None
        self.epoch: float | None = None
        self._weights: dict[str, Tensor] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Forget the training before: a sweep has many."""
        self._reset()

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Copy the weights if they are the best."""
        score, epoch = float(kwargs["metrics"][self._metric]), round(float(state.epoch or 0), 2)
        self.curve.append((epoch, score))
        if self.score is None or score > self.score:
            self.score, self.epoch = score, epoch
            self._weights = {name: weight.detach().cpu().clone() for name, weight in _trained(kwargs["model"])}

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put them back."""
        with torch.no_grad():
            for name, weight in _trained(kwargs["model"]):
                if name in self._weights:
                    weight.copy_(self._weights[name])
        self._weights = {}


def _trained(model: torch.nn.Module) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]


def _most_probable(logits: Any, labels: Tensor) -> Tensor:
    """Labels in place of scores, which take as much memory as there are labels."""
    scores: Tensor = logits[0] if isinstance(logits, tuple) else logits
    return scores.argmax(-1)
