"""A saved tagger with its processor and its pipeline, loaded with our own classes.

A stranger without this package loads the same folder with `AutoModelForTokenClassification` and remote code.
"""

from pathlib import Path

from safetensors import SafetensorError
from transformers import AutoConfig

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, PhoneXLTokenClassificationPipeline


def load_tagger(name_or_path: str) -> tuple[PhoneXLForTokenClassification, PhoneXLProcessor]:
    """Load model and processor.

    Raises:
        ValueError: If there is no such folder or repository, or it holds a model of another kind, or not all of one.
    """
    expected = f"{name_or_path}: expected a folder or repository with a PhoneXL tagger"
    try:
        config = AutoConfig.from_pretrained(name_or_path)
    except (OSError, ValueError) as error:
        where = "" if Path(name_or_path).is_dir() else "no such folder, and as a repository: "
        raise ValueError(f"{expected}; {where}{_first_line(error)}") from error
    if config.model_type != "phonexl":
        raise ValueError(
            f"{expected}, found a model of type {config.model_type!r}: "
            f"train a tagger from it with --set backbone={name_or_path}"
        )
    kind = PhoneXLForTokenClassification.__name__
    if kind not in (config.architectures or []):
        raise ValueError(f"{expected}, found {', '.join(config.architectures or ['no class'])}, which has no tags")
    try:
        model = PhoneXLForTokenClassification.from_pretrained(name_or_path).eval()
        return model, PhoneXLProcessor.from_pretrained(name_or_path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{expected}; it is not whole: {_first_line(error)}") from error


def make_pipeline(
    model: PhoneXLForTokenClassification, processor: PhoneXLProcessor
) -> PhoneXLTokenClassificationPipeline:
    """The pipeline from raw text to tags."""
    return PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
