"""CoSDA-ML: words of the tagged sentence become translations and keep their tags.

Qin et al., IJCAI 2020, section 3. A sentence is switched with probability alpha, each of its words that the dictionary
has with probability beta; alpha is 1 here. Cost: that of plain.
"""

from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.method import Method

METHOD = Method(
    name="cosda-ml",
    reference="Qin et al., IJCAI 2020: CoSDA-ML, section 3",
    needs="Dict",
    recipe={**NO_OBJECTIVES, "task_switch_ratio": 0.9},
    # Their slot filling on mBERT, the nearest to tagging.
    original={
        "learning_rate": 1e-5,
        "head_learning_rate": 1e-3,
        "num_train_epochs": 10,
        "per_device_train_batch_size": 32,
        "gradient_accumulation_steps": 1,
        "unit": "subword",
        "pooling": "first",
    },
)
