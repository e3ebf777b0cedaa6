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
    original=NO_OBJECTIVES,
)
