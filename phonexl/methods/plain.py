"""The backbone fine-tuned on the source and nothing else: what every other system is compared with."""

from phonexl.training.method import Method

NO_OBJECTIVES: dict[str, object] = {
    "use_phonemes": False,
    "use_language_embeddings": False,
    "align_weight": 0,
    "mlm_weight": 0,
    "xmlm_weight": 0,
}

METHOD = Method(
    name="plain",
    reference="Nguyen et al., PhoneXL: Table 3, mBERT and XLM-R",
    needs="none",
    recipe=NO_OBJECTIVES,
    # XTREME's scripts for mBERT (google-research/xtreme, 838c13b), from which the papers start; tags on first pieces.
    original={
        "unit": "subword",
        "pooling": "first",
        "learning_rate": 2e-5,
        "head_learning_rate": None,
        "warmup_steps": 0,
        "num_train_epochs": 10,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 4,
    },
    may_switch=False,
)
