"""A saved tagger or classifier of pairs with its processor, and a tagger's pipeline, loaded with our own classes.

A stranger without this package loads the same folder with `AutoModelForTokenClassification` and remote code.
"""

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub.errors import RevisionNotFoundError
from safetensors import SafetensorError
from transformers import AutoConfig
from transformers.utils.hub import cached_file

from modeling_phonexl import (
    PhoneXLForSequenceClassification,
    PhoneXLForTokenClassification,
    PhoneXLProcessor,
    PhoneXLTokenClassificationPipeline,
)
from modeling_phonexl.backbone_name import check_backbone_name
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier


def load_tagger(
    name_or_path: str, revision: str | None = None
) -> tuple[PhoneXLForTokenClassification, PhoneXLProcessor]:
    """Load a tagger and its processor; see `load_classifier`."""
    tagger, processor = load_classifier(name_or_path, revision, (PhoneXLForTokenClassification,))
    assert isinstance(tagger, PhoneXLForTokenClassification)
    return tagger, processor


def load_classifier(
    name_or_path: str,
    revision: str | None = None,
    kinds: Sequence[type[PhoneXLClassifier]] = (PhoneXLForTokenClassification, PhoneXLForSequenceClassification),
) -> tuple[PhoneXLClassifier, PhoneXLProcessor]:
    """Load a model and its processor.

    Args:
        name_or_path: A folder, or a repository of the Hub.
        revision: Branch, tag or commit of a repository; None: main.
        kinds: Classes that it may have.

    Raises:
        ValueError: If there is no such folder, repository or revision, or it holds a model of another kind, or not all
            of one, or a processor of other input than the model's.
    """
    is_folder = Path(name_or_path).is_dir()
    if is_folder and revision is not None:
        raise ValueError(f'{name_or_path} is a folder, which has no revisions: leave out "{revision}"')
    tags_alone = PhoneXLForSequenceClassification not in kinds
    wanted = "a PhoneXL tagger" if tags_alone else "a PhoneXL tagger or classifier"
    expected = f"{name_or_path}: expected a folder or repository with {wanted}"
    if not is_folder:
        check_backbone_name(name_or_path, known=f"expected {wanted}")
    try:
        if not is_folder:
            # All of it from one commit, after which the cache names a folder: a branch may move between two files.
            revision = Path(str(cached_file(name_or_path, "config.json", revision=revision))).parent.name
        config = AutoConfig.from_pretrained(name_or_path, revision=revision)
    except (OSError, ValueError) as error:
        if isinstance(error.__cause__, RevisionNotFoundError):
            cure = "name one that its page on the Hub lists, or none, which is main"
            raise ValueError(f'{name_or_path} has no branch, tag or commit "{revision}": {cure}') from error
        raise ValueError(f"{expected}; {_first_line(error)}") from error
    if config.model_type != "phonexl":
        raise ValueError(
            f"{expected}, found a model of type {config.model_type!r}: "
            f"train a tagger from it with --set backbone={name_or_path}"
        )
    names = config.architectures or ["no class"]
    kind = next((kind for kind in kinds if kind.__name__ in names), None)
    if kind is None:
        raise ValueError(f"{expected}, found {', '.join(names)}, which has no {'tags' if tags_alone else 'labels'}")
    try:
        model = kind.from_pretrained(name_or_path, revision=revision or "main").eval()
        processor = PhoneXLProcessor.from_pretrained(name_or_path, revision=revision)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{expected}; it is not whole: {_first_line(error)}") from error
    try:
        processor.check_config(model.config)
    except ValueError as error:
        raise ValueError(f"{name_or_path}: {error}") from error
    return model, processor


def make_pipeline(
    model: PhoneXLForTokenClassification, processor: PhoneXLProcessor
) -> PhoneXLTokenClassificationPipeline:
    """The pipeline from raw text to tags."""
    return PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
