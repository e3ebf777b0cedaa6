"""A saved tagger with its processor and its pipeline, loaded with our own classes.

A stranger without this package loads the same folder with `AutoModelForTokenClassification` and remote code.
"""

from transformers import AutoConfig

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, PhoneXLTokenClassificationPipeline


def load_tagger(name_or_path: str) -> tuple[PhoneXLForTokenClassification, PhoneXLProcessor]:
    """Load model and processor.

    Raises:
        ValueError: If there is no such folder or repository, or it holds a model of another kind.
    """
    try:
        config = AutoConfig.from_pretrained(name_or_path)
    except OSError as error:
        first = str(error).split("\n")[0]
        raise ValueError(f"{name_or_path}: expected a folder or repository with a PhoneXL tagger; {first}") from error
    if config.model_type != "phonexl":
        raise ValueError(
            f"{name_or_path} holds a model of type {config.model_type!r}, expected 'phonexl': "
            "train one from it with --set backbone=" + name_or_path
        )
    model = PhoneXLForTokenClassification.from_pretrained(name_or_path).eval()
    return model, PhoneXLProcessor.from_pretrained(name_or_path)


def make_pipeline(
    model: PhoneXLForTokenClassification, processor: PhoneXLProcessor
) -> PhoneXLTokenClassificationPipeline:
    """The pipeline from raw text to tags."""
    return PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)
