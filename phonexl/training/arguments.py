"""Training facts that `TrainingArguments` does not have: learning rates of the new parameters, and a probe."""

from dataclasses import dataclass, field

from transformers import TrainingArguments


@dataclass
class PhoneXLTrainingArguments(TrainingArguments):
    """Arguments of `PhoneXLTrainer`: those of the HF Trainer and three learning rates, and a probe.

    Attributes:
        head_learning_rate: Of classifier, CRF and MLM heads, which start from nothing; None: as the encoder.
        phoneme_learning_rate: Of the phoneme table; None: as the encoder.
        temperature_learning_rate: Of the alignment temperature; None: as the encoder.
        log_gradient_cosines: Log, with every loss, the cosine between the encoder's gradient of the task term and that
            of each other term, on the step's first micro-batch; such a step costs one backward more per term.
    """

    head_learning_rate: float | None = field(default=None)
    phoneme_learning_rate: float | None = field(default=None)
    temperature_learning_rate: float | None = field(default=None)
    log_gradient_cosines: bool = field(default=False)
