"""What the Trainer is told: facts that `TrainingArguments` does not have, and values that a run would stumble over.

Which of them a recipe may set is the recipe's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainingArguments

from phonexl.training.setting_types import wrong_type

_LEARNING_RATES = ("learning_rate", "head_learning_rate", "phoneme_learning_rate", "temperature_learning_rate")
_AT_LEAST = {
    **dict.fromkeys((*_LEARNING_RATES, "weight_decay", "warmup_steps", "max_grad_norm", "label_smoothing_factor"), 0),
    **dict.fromkeys(("eval_delay", "dataloader_num_workers"), 0),
    **dict.fromkeys(("per_device_train_batch_size", "per_device_eval_batch_size"), 1),
    **dict.fromkeys(("gradient_accumulation_steps", "save_total_limit", "early_stopping_patience"), 1),
}
_ABOVE_ZERO = ("num_train_epochs", "logging_steps", "eval_steps", "save_steps")


@dataclass
class PhoneXLTrainingArguments(TrainingArguments):
    """Arguments of `PhoneXLTrainer`: those of the HF Trainer and three learning rates, an early stop, and a probe.

    Attributes:
        head_learning_rate: Of classifier, CRF and MLM heads, which start from nothing; None: as the encoder.
        phoneme_learning_rate: Of the phoneme table; None: as the encoder.
        temperature_learning_rate: Of the alignment temperature; None: as the encoder.
        early_stopping_patience: Number of evaluations in a row without a better `metric_for_best_model` at which
            training ends; None: never. What is kept is `load_best_model_at_end`'s business.
        log_gradient_cosines: Log, with every loss, the cosine between the encoder's gradient of the task term and that
            of each other term, on the step's first micro-batch; such a step costs one backward more per term.
    """

    head_learning_rate: float | None = field(default=None)
    phoneme_learning_rate: float | None = field(default=None)
    temperature_learning_rate: float | None = field(default=None)
    early_stopping_patience: int | None = field(default=None)
    log_gradient_cosines: bool = field(default=False)


def wrong_argument(arguments: type[TrainingArguments], values: Mapping[str, Any]) -> str | None:
    """What is wrong with the first value that is not of its argument's type or range; None if all fit.

    Args:
        arguments: The class that they are for.
        values: By name of an argument; `bf16` may be "auto".

    >>> wrong_argument(TrainingArguments, {"bf16": "auto", "num_train_epochs": 0})
    'num_train_epochs is 0; expected a number > 0'
    """
    typed = {key: value for key, value in values.items() if (key, value) != ("bf16", "auto")}
    if fault := wrong_type(arguments, typed):
        return fault
    for name, value in values.items():
        if value is None:
            continue
        if name in _ABOVE_ZERO and value <= 0:
            return f"{name} is {value}; expected a number > 0"
        if name in _AT_LEAST and value < _AT_LEAST[name]:
            return f"{name} is {value}; expected a number >= {_AT_LEAST[name]}"
    return None


def idle_argument(values: Mapping[str, Any], unit: str) -> str | None:
    """The first value that `PhoneXLTrainer` could not do what it says with, and why; None if there is none.

    Args:
        values: By name of an argument.
        unit: As in `PhoneXLConfig`.

    >>> idle_argument({"neftune_noise_alpha": 5.0}, "word")
    'neftune_noise_alpha is 5.0, and unit=word reads pieces past their noise: leave it out, or set unit=subword'
    """
    if value := values.get("label_smoothing_factor"):
        return f"label_smoothing_factor is {value}, and no term of the loss smooths its labels: leave it out"
    if values.get("neftune_noise_alpha") and unit == "word":
        value = values["neftune_noise_alpha"]
        reason = "unit=word reads pieces past their noise"
        return f"neftune_noise_alpha is {value}, and {reason}: leave it out, or set unit=subword"
    if values.get("dataloader_persistent_workers"):
        return "dataloader_persistent_workers is true, and such workers draw every epoch as the first: leave it out"
    return None
