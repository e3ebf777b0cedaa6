"""Encoders of other people: built from a configuration, or loaded with their weights and their MLM head.

Which name means which checkpoint is the program's business (`phonexl.backbone`).
"""

import inspect
import logging
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel

from .mlm_head import MlmHead

logger = logging.getLogger(__name__)

# Our head's modules: their names in BERT, RoBERTa, DistilBERT, ModernBERT and ELECTRA, and in who follows them.
_HEAD_NAMES = {
    "transform.dense": (
        "cls.predictions.transform.dense",
        "lm_head.dense",
        "vocab_transform",
        "head.dense",
        "generator_predictions.dense",
    ),
    "transform.LayerNorm": (
        "cls.predictions.transform.LayerNorm",
        "cls.predictions.transform.layer_norm",
        "lm_head.layer_norm",
        "vocab_layer_norm",
        "head.norm",
        "generator_predictions.LayerNorm",
    ),
    "decoder": ("cls.predictions.decoder", "lm_head.decoder", "vocab_projector", "decoder", "generator_lm_head"),
}


def build_backbone(config: PretrainedConfig) -> PreTrainedModel:
    """An encoder with fresh weights, without the pooling layer where it can be left out.

    Its weights have the type of the model around it, not that in which its configuration was once saved.
    """
    model: PreTrainedModel = AutoModel.from_config(config, dtype=torch.get_default_dtype(), **_pooling_options(config))
    return model


def load_backbone(name_or_path: str, dtype: torch.dtype) -> PreTrainedModel:
    """The encoder of a checkpoint, without the pooling layer where it can be left out."""
    options = _pooling_options(AutoConfig.from_pretrained(name_or_path))
    model: PreTrainedModel = AutoModel.from_pretrained(name_or_path, dtype=dtype, **options)
    return model


def _pooling_options(config: PretrainedConfig) -> dict[str, bool]:
    """BERT and XLM-R can be built without the pooling layer; other classes do not know the argument."""
    model_class: Any = AutoModel._model_mapping[type(config)]
    parameters = inspect.signature(model_class).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in parameters else {}


def copy_mlm_head(name_or_path: str, heads: Sequence[MlmHead]) -> None:
    """Copy a checkpoint's own MLM head, if it was saved with one; warns where it is of another build than ours.

    A module without a bias gives a bias of zeros.
    """
    saved = " ".join(AutoConfig.from_pretrained(name_or_path).architectures or [])
    if "MaskedLM" not in saved and "PreTraining" not in saved:
        return
    source = AutoModelForMaskedLM.from_pretrained(name_or_path).state_dict()
    for head in heads:
        target = head.state_dict()
        found = {ours: next((n for n in names if f"{n}.weight" in source), None) for ours, names in _HEAD_NAMES.items()}
        if any(
            name is None or source[f"{name}.weight"].shape != target[f"{ours}.weight"].shape
            for ours, name in found.items()
        ):
            logger.warning("%s: its MLM head is built unlike BERT's, so the MLM terms start from a fresh one", saved)
            return
        for ours, name in found.items():
            target[f"{ours}.weight"].copy_(source[f"{name}.weight"])
            bias = source.get(f"{name}.bias")
            target[f"{ours}.bias"].copy_(torch.zeros_like(target[f"{ours}.bias"]) if bias is None else bias)
