"""What a model repository holds: the files of this folder travel to the Hub as they are, flat.

Lazy, so that `modeling_phonexl.transcription` loads without torch; asking for a model class registers all of them.
"""

import importlib
from typing import Any

_HOMES = {
    "PhoneXLConfig": "configuration_phonexl",
    "PhoneXLModel": "modeling_phonexl",
    "PhoneXLForTokenClassification": "modeling_phonexl",
    "PhoneXLForSequenceClassification": "modeling_phonexl",
    "PhoneXLForMaskedLM": "modeling_phonexl",
    "PhoneXLProcessor": "processing_phonexl",
    "PhoneXLTokenClassificationPipeline": "pipeline_phonexl",
    "PhoneXLTextClassificationPipeline": "pipeline_sentences",
    "SoundDictionary": "sound_dictionary",
    "Transcriber": "transcription",
    "Transcription": "transcription",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOMES[name] not in ("transcription", "sound_dictionary"):
        importlib.import_module(f"{__name__}.registration")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
