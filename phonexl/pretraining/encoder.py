"""The body that all compared encoders share, and how it guesses hidden symbols.

Only the table of symbols, and the decoder that is tied to it, differ between representations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, PretrainedConfig, set_seed

from phonexl.pretraining.packing import block_mask
from phonexl.training.masking import IGNORED

_HEAD_WIDTH = 64
_TABLES = ("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight")
_BIASES = ("cls.predictions.bias", "cls.predictions.decoder.bias")  # one tensor, of the size of the vocabulary


@dataclass(frozen=True, slots=True)
class Body:
    """Size of the encoder without its table of symbols: heads of 64, an inner width of four times the width.

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
        """Width inside the feed-forward part."""
        return 4 * self.width

    def __str__(self) -> str:
        return f"{self.layers}x{self.width}"


def build_encoder(body: Body, vocab_size: int, max_length: int, pad_id: int, seed: int) -> BertForMaskedLM:
    """An untrained BERT, whose body has the same weights for every vocabulary.

    Attention weights are not dropped out: attention that drops them is several times slower on a CPU.

    Args:
        body: Its size.
        vocab_size: Rows of the table of symbols.
        max_length: Positions.
        pad_id: Of empty places.
        seed: Key of the weights; the global random state starts from it too.
    """

    def make(size: int) -> BertForMaskedLM:
        set_seed(seed)
        config = BertConfig(
            vocab_size=size, hidden_size=body.width, num_hidden_layers=body.layers, intermediate_size=body.inner,
            num_attention_heads=body.width // _HEAD_WIDTH, max_position_embeddings=max_length, pad_token_id=pad_id,
            attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        return BertForMaskedLM(config)

    # Weights are drawn one after the other: a larger table would give the body others.
    common = {name: value for name, value in make(pad_id + 1).state_dict().items() if name not in _TABLES + _BIASES}
    model = make(vocab_size)
    model.load_state_dict(common, strict=False)
    return model


def count_parameters(model: BertForMaskedLM) -> dict[str, int]:
    """Weights of the encoder's "body", of its "symbols" table, and of the "head" that guesses symbols."""
    symbols = model.bert.embeddings.word_embeddings.weight.numel()
    body = sum(parameter.numel() for parameter in model.bert.parameters()) - symbols
    total = sum(parameter.numel() for parameter in model.parameters())  # the tied decoder counts once
    return {"body": body, "symbols": symbols, "head": total - body - symbols}


def guess(model: BertForMaskedLM, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Scores of the vocabulary where a symbol was hidden, shape (hidden symbols, vocabulary), and what was there.

    Only these places meet the vocabulary: scores for all would be the largest tensor of the step.
    """
    output = model.bert(
        input_ids=batch["input_ids"],
        position_ids=batch["position_ids"],
        attention_mask=block_mask(batch["sequence_ids"]),
    )
    labels = batch["labels"]
    places = labels != IGNORED
    return model.cls(output.last_hidden_state[places]), labels[places]


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
