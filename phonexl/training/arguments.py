"""Training facts that `TrainingArguments` does not have: learning rates of the new parameters."""

from dataclasses import dataclass, field

from transformers import TrainingArguments


@dataclass
class PhoneXLTrainingArguments(TrainingArguments):
    """Arguments of `PhoneXLTrainer`: those of the HF Trainer and four learning rates.

    Attributes:
        head_learning_rate: Of classifier, CRF and MLM heads, which start from nothing; None: as the encoder.
        phoneme_learning_rate: Of the phoneme table; None: as the encoder.
        temperature_learning_rate: Of the alignment temperature; None: as the encoder.
    """

    head_learning_rate: float | None = field(default=None)
    phoneme_learning_rate: float | None = field(default=None)
    temperature_learning_rate: float | None = field(default=None)
