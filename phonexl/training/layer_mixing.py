"""X-Mixup's layer: a translation takes in what its words attend to in the source, as much as the attention is sure.

Yang et al., ICLR 2022; losses, data and schedule are in `phonexl/methods/x_mixup.py`.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modeling_phonexl.views import View
from phonexl.training.staged_encoder import StagedEncoder, Stream


class EntropyGate(nn.Module):
    """σ(w H + b): how much of its context a translation takes in."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, entropy: Tensor) -> Tensor:
        """Gate of each pair, shape (batch,), from the entropy of its attention in float32, same shape."""
        return torch.sigmoid(self.weight * entropy + self.bias)


@dataclass(frozen=True)
class MixedPair:
    """Both sides after the last layer.

    Attributes:
        source: The source, which nothing was mixed into.
        translation: The translation.
        entropy: H of each pair, in nats, shape (batch,).
        ratio: λ of each pair, shape (batch,).
    """

    source: Stream
    translation: Stream
    entropy: Tensor
    ratio: Tensor


def mix_pairs(
    encoder: StagedEncoder,
    gate: EntropyGate,
    source: View,
    translation: View,
    *,
    layer: int,
    limit: float,
    normalize: bool,
) -> MixedPair:
    """Run both sides through an encoder, mixing the source into the translation between the halves of one layer.

    Args:
        encoder: Reads both sides with the same weights.
        gate: Decides on the ratio.
        source: Goes on as if it were alone.
        translation: Is mixed, λ c + (1 - λ) h with c what it attends to in the source, and normalised again: λ = 0
            does not give the plain encoder.
        layer: Where, from 0.
        limit: λ0, which the gate is multiplied by.
        normalize: Divide H by its maximum before the gate.
    """
    ours, theirs = (encoder.run(encoder.embed(view), 0, layer) for view in (source, translation))
    ours, theirs = encoder.attend(ours, layer), encoder.attend(theirs, layer)
    attention = encoder.layers[layer].attention
    context, scores = attend_across(attention.self, theirs.hidden, ours)
    entropy = attention_entropy(scores, ours.present, theirs.present)
    entropy = entropy + attention_entropy(scores.transpose(-1, -2), theirs.present, ours.present)
    most = ours.present.sum(1).float().log() + theirs.present.sum(1).float().log()
    ratio = limit * gate(entropy / most if normalize else entropy)
    share, output = ratio[:, None, None], attention.output
    mixed = share * output.dropout(output.dense(context)) + (1 - share) * theirs.hidden
    theirs = replace(theirs, hidden=output.LayerNorm(mixed))
    ours, theirs = (encoder.run(encoder.feed_forward(side, layer), layer + 1) for side in (ours, theirs))
    return MixedPair(ours, theirs, entropy, ratio)


def attend_across(attention: Any, query: Tensor, other: Stream) -> tuple[Tensor, Tensor]:
    """Attend from one side to the other with a layer's own projections.

    Args:
        attention: The self-attention module of the layer.
        query: Vectors that attend, shape (batch, queries, hidden).
        other: Side that they attend to, of `keys` positions.

    Returns:
        What each query takes in, shape (batch, queries, hidden), and the scaled scores in float32 before the softmax,
        shape (batch, heads, queries, keys).
    """

    def split(vectors: Tensor) -> Tensor:
        batch, length, _ = vectors.shape
        return vectors.view(batch, length, attention.num_attention_heads, -1).transpose(1, 2)

    queries, keys = split(attention.query(query)), split(attention.key(other.hidden))
    scores = (queries @ keys.transpose(-1, -2)).float() / math.sqrt(queries.size(-1))
    weights = scores.masked_fill(~other.present[:, None, None], -math.inf).softmax(-1)
    context = weights.to(keys.dtype) @ split(attention.value(other.hidden))
    return context.transpose(1, 2).reshape(query.shape), scores


def attention_entropy(scores: Tensor, keys: Tensor, queries: Tensor) -> Tensor:
    """Mean entropy of the attention of a pair, in nats; padding counts neither as key nor as query.

    The authors multiply the scores of padding by 0, which leaves it a share of the attention.

    Args:
        scores: Before the softmax, shape (batch, heads, queries, keys).
        keys: True where a key is present, shape (batch, keys).
        queries: True where a query is present, shape (batch, queries).

    Returns:
        Mean over heads and present queries, shape (batch,).
    """
    logs = scores.masked_fill(~keys[:, None, None], -math.inf).log_softmax(-1)
    entropy = -(logs.exp() * logs.masked_fill(~keys[:, None, None], 0.0)).sum(-1)  # (B, H, queries)
    present = queries[:, None].float()
    return (entropy * present).sum((1, 2)) / (present.sum((1, 2)) * entropy.size(1))


def mse_term(source: Stream, translation: Stream) -> tuple[Tensor, Tensor]:
    """Summed squared distance, as a mean over features, between the mean vectors of both sides; the number of pairs.

    The means are over the positions that a sentence has; the authors' are over the padded length.
    """
    ours, theirs = (
        (side.hidden.float() * side.present.unsqueeze(-1)).sum(1) / side.present.sum(1, keepdim=True)
        for side in (source, translation)
    )
    total = F.mse_loss(ours, theirs, reduction="none").mean(1).sum()
    return total, total.new_tensor(len(ours))
