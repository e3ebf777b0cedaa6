"""The body that all compared encoders share, and how it guesses hidden symbols.

Only the table of symbols, and the decoder that is tied to it, differ between representations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import ModernBertConfig, ModernBertForMaskedLM, PretrainedConfig, set_seed

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.pretraining.packing import block_mask

ARCHITECTURE = "modernbert"  # of transformers
_HEAD_WIDTH = 64
_SEES_ALL = "full_attention"  # the one kind of layer that there is
_ROTATION = {"rope_type": "default", "rope_theta": 10_000.0}  # sentences are short: as the local layers of ModernBERT
_OF_VOCABULARY = ("model.embeddings.tok_embeddings.weight", "decoder.weight", "decoder.bias")


@dataclass(frozen=True, slots=True)
class Body:
    """Size of the encoder without its table of symbols: heads of 64.

    Attributes:
        layers: Of the transformer.
        width: Of its vectors.
    """

    layers: int
    width: int

    @classmethod
    def parse(cls, text: str) -> Body:
        """Read "LAYERSxWIDTH".

        Raises:
            ValueError: If it is none, or the width is no multiple of 64.

        >>> Body.parse("4x256")
        Body(layers=4, width=256)
        """
        found = re.fullmatch(r"(\d+)x(\d+)", text)
        if not found or int(found[1]) < 1 or int(found[2]) < 1 or int(found[2]) % _HEAD_WIDTH:
            raise ValueError(f"body {text!r}: expected LAYERSxWIDTH, the width a multiple of 64, for example 4x256")
        return cls(int(found[1]), int(found[2]))

    @property
    def inner(self) -> int:
        """Width inside the feed-forward part: its three products cost what two of four times the width would."""
        return 8 * self.width // 3

    def __str__(self) -> str:
        return f"{self.layers}x{self.width}"


def build_encoder(body: Body, vocab_size: int, max_length: int, pad_id: int, seed: int) -> ModernBertForMaskedLM:
    """An untrained ModernBERT (Warner et al. 2024), whose body has the same weights for every vocabulary.

    Positions turn queries and keys, so that neighbours are neighbours from the first step on, which with a table of
    positions would have to be learnt. All layers see whole sentences. Nothing is dropped out: too little is seen for
    anything to be learnt by heart.

    Args:
        body: Its size.
        vocab_size: Rows of the table of symbols.
        max_length: Positions.
        pad_id: Of empty places.
        seed: Key of the weights; the global random state starts from it too.
    """

    def make(size: int) -> ModernBertForMaskedLM:
        set_seed(seed)
        config = ModernBertConfig(
            vocab_size=size, hidden_size=body.width, num_hidden_layers=body.layers, intermediate_size=body.inner,
            num_attention_heads=body.width // _HEAD_WIDTH, max_position_embeddings=max_length, pad_token_id=pad_id,
            bos_token_id=None, eos_token_id=None, cls_token_id=None, sep_token_id=None,
            layer_types=[_SEES_ALL] * body.layers,
            rope_parameters={"full_attention": dict(_ROTATION), "sliding_attention": dict(_ROTATION)},
        )  # fmt: skip
        return ModernBertForMaskedLM(config)

    # Weights are drawn one after the other: a larger table would give the body others.
    common = {name: value for name, value in make(pad_id + 1).state_dict().items() if name not in _OF_VOCABULARY}
    model = make(vocab_size)
    model.load_state_dict(common, strict=False)
    return model


def count_parameters(model: ModernBertForMaskedLM) -> dict[str, int]:
    """Weights of the encoder's "body", of its "symbols" table, and of the "head" that guesses symbols."""
    symbols = model.model.embeddings.tok_embeddings.weight.numel()
    body = sum(parameter.numel() for parameter in model.model.parameters()) - symbols
    total = sum(parameter.numel() for parameter in model.parameters())  # the tied decoder counts once
    return {"body": body, "symbols": symbols, "head": total - body - symbols}


def guess(model: ModernBertForMaskedLM, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Scores of the vocabulary where a symbol was hidden, shape (hidden symbols, vocabulary), and what was there.

    Only these places meet the vocabulary: scores for all would be the largest tensor of the step.
    """
    output = model.model(
        input_ids=batch["input_ids"],
        position_ids=batch["position_ids"],
        attention_mask={_SEES_ALL: block_mask(batch["sequence_ids"])},
    )
    labels = batch["labels"]
    places = labels != IGNORED
    return model.decoder(model.head(output.last_hidden_state[places])), labels[places]


def sum_of_nats(scores: Tensor, targets: Tensor) -> Tensor:
    """Negative log likelihood of the targets, summed, in float32."""
    return torch.nn.functional.cross_entropy(scores.float(), targets, reduction="sum")


def body_facts(config: PretrainedConfig) -> dict[str, int]:
    """Sizes that the arithmetic depends on; see `packing.training_flops`."""
    return {
        "layers": config.num_hidden_layers,
        "width": config.hidden_size,
        "inner": config.intermediate_size,
    }
