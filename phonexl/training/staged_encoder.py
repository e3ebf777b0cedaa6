"""A tagger's encoder run a few layers at a time, so that two sentences can meet in the middle of it.

Which layers they meet in is the methods' business; the weights stay those of the encoder.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers.masking_utils import create_bidirectional_mask

from modeling_phonexl.modeling_phonexl import PhoneXLModel
from modeling_phonexl.views import View

SUPPORTED = ("bert", "camembert", "roberta", "xlm-roberta")


@dataclass(frozen=True)
class Stream:
    """A batch on its way through the encoder.

    Attributes:
        hidden: What the last layer gave, shape (batch, positions, hidden).
        present: True where a position holds a piece (or a unit), shape (batch, positions).
        mask: The same as the attention of this encoder wants it; None where nothing is padding.
    """

    hidden: Tensor
    present: Tensor
    mask: Any


class StagedEncoder:
    """Layers of a BERT-like encoder, to be run apart, joined or by halves.

    Run through all layers, a view gives what `PhoneXLModel` gives for it.

    Args:
        phonexl: Encoder with its embeddings of sound and language.

    Raises:
        ValueError: If its backbone is not built like BERT.
    """

    def __init__(self, phonexl: PhoneXLModel) -> None:
        backbone: Any = phonexl.backbone
        if backbone.config.model_type not in SUPPORTED:
            raise ValueError(
                f"a {backbone.config.model_type} encoder cannot be run layer by layer; expected one of "
                f"{', '.join(SUPPORTED)}: choose another backbone"
            )
        self._phonexl = phonexl
        self._backbone = backbone
        self.layers = backbone.encoder.layer

    def embed(self, view: View) -> Stream:
        """What the first layer reads of a view; positions are counted from its own first.

        Raises:
            ValueError: If phonemes are missing, or a sentence exceeds the backbone's positions.
        """
        embedded = self._phonexl.embed(view)
        hidden = self._backbone.embeddings(inputs_embeds=embedded.inputs)
        return Stream(hidden, embedded.mask, self._mask(hidden, embedded.mask))

    def run(self, stream: Stream, start: int, end: int | None = None) -> Stream:
        """Layers `start` to before `end`, to the last by default."""
        hidden = stream.hidden
        for layer in self.layers[start:end]:
            hidden = layer(hidden, stream.mask)
        return replace(stream, hidden=hidden)

    def run_joined(self, first: Stream, second: Stream, start: int, end: int) -> tuple[Stream, Stream]:
        """Layers `start` to before `end`, in which both streams attend to each other as to themselves."""
        hidden = torch.cat([first.hidden, second.hidden], dim=1)  # (B, L1 + L2, D)
        present = torch.cat([first.present, second.present], dim=1)
        joined = self.run(Stream(hidden, present, self._mask(hidden, present)), start, end).hidden
        border = first.hidden.size(1)
        return replace(first, hidden=joined[:, :border]), replace(second, hidden=joined[:, border:])

    def attend(self, stream: Stream, layer: int) -> Stream:
        """First half of a layer: self-attention, residual and normalisation."""
        return replace(stream, hidden=self.layers[layer].attention(stream.hidden, stream.mask)[0])

    def feed_forward(self, stream: Stream, layer: int) -> Stream:
        """Second half of a layer."""
        return replace(stream, hidden=self.layers[layer].feed_forward_chunk(stream.hidden))

    def _mask(self, hidden: Tensor, present: Tensor) -> Any:
        return create_bidirectional_mask(
            config=self._backbone.config, inputs_embeds=hidden, attention_mask=present.long()
        )
