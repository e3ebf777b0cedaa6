"""Whether a backbone's name means anything: a folder, or a model of the Hub.

What short names such as "offline" stand for is the program's business (`phonexl.backbone`).
"""

from pathlib import Path

from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

_SHORT_NAMES = (
    'for "offline", "mbert" and other short names of the program phonexl pass resolve_backbone("offline") of '
    "phonexl.backbone"
)


def check_backbone_name(name_or_path: str, known: str = _SHORT_NAMES) -> None:
    """Look a name up once, if it is neither a folder nor in the cache; loading would try for half a minute.

    Args:
        name_or_path: A repository of the Hub or a folder.
        known: What else may be written, for the message.

    Raises:
        ValueError: If it is no model of the Hub, or the Hub cannot be reached.
    """
    if Path(name_or_path).is_dir():
        return
    try:
        if not isinstance(try_to_load_from_cache(name_or_path, "config.json"), str):
            HfApi().model_info(name_or_path, timeout=10)
    except GatedRepoError:
        return  # loading says where to ask for access
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ValueError(
            f"{name_or_path!r} is neither a local folder nor a model of the Hub that you may read; {known}"
        ) from error
    except HfHubHTTPError:
        return  # trouble of the Hub, in which loading tries again
    except Exception as error:  # the HTTP client's, which is another one in other versions of huggingface_hub
        raise ValueError(
            f"{name_or_path!r} is neither a local folder nor a model that was downloaded before, and the Hub cannot be "
            f"asked for it ({error}): without a network only local ones work; {known}"
        ) from error
