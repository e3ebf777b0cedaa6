"""A saved tagger with its processor and its pipeline, loaded with our own classes.

A stranger without this package loads the same folder with `AutoModelForTokenClassification` and remote code.
"""

from pathlib import Path

from huggingface_hub.errors import RevisionNotFoundError
from safetensors import SafetensorError
from transformers import AutoConfig
from transformers.utils.hub import cached_file

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, PhoneXLTokenClassificationPipeline


def load_tagger(
    name_or_path: str, revision: str | None = None
) -> tuple[PhoneXLForTokenClassification, PhoneXLProcessor]:
    """Load model and processor.

    Args:
        name_or_path: A folder, or a repository of the Hub.
        revision: Branch, tag or commit of a repository; None: main.

    Raises:
        ValueError: If there is no such folder, repository or revision, or it holds a model of another kind, or not all
            of one.
    """
    is_folder = Path(name_or_path).is_dir()
    if is_folder and revision is not None:
        raise ValueError(f'{name_or_path} is a folder, which has no revisions: leave out "{revision}"')
    expected = f"{name_or_path}: expected a folder or repository with a PhoneXL tagger"
    try:
        if not is_folder:
            # All of it from one commit, after which the cache names a folder: a branch may move between two files.
            revision = Path(str(cached_file(name_or_path, "config.json", revision=revision))).parent.name
        config = AutoConfig.from_pretrained(name_or_path, revision=revision)
    except (OSError, ValueError) as error:
        if isinstance(error.__cause__, RevisionNotFoundError):
            cure = "name one that its page on the Hub lists, or none, which is main"
            raise ValueError(f'{name_or_path} has no branch, tag or commit "{revision}": {cure}') from error
        where = "" if is_folder else "no such folder, and as a repository: "
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
        model = PhoneXLForTokenClassification.from_pretrained(name_or_path, revision=revision).eval()
        return model, PhoneXLProcessor.from_pretrained(name_or_path, revision=revision)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{expected}; it is not whole: {_first_line(error)}") from error


def make_pipeline(
    model: PhoneXLForTokenClassification, processor: PhoneXLProcessor
) -> PhoneXLTokenClassificationPipeline:
    """The pipeline from raw text to tags."""
    return PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
