"""The head of masked language modelling, and which vectors it reads.

Only masked pieces meet the vocabulary: logits for every position would be the largest tensor of the step.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from .configuration_phonexl import PhoneXLConfig
from .outputs import PhoneXLModelOutput, present
from .sentence_encoder import IGNORED


class _PredictionTransform(nn.Module):
    """Dense layer, activation and LayerNorm before the decoder, as in BERT's head."""

    def __init__(self, hidden_size: int, layer_norm_eps: float) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.LayerNorm = nn.LayerNorm(hidden_size, eps=layer_norm_eps)

    def forward(self, hidden: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(F.gelu(self.dense(hidden)))
        return normed


class MlmHead(nn.Module):
    """BERT's head for masked language modelling, over a chosen set of vectors.

    Args:
        config: Configuration; the decoder has `vocab_size` rows.
    """

    def __init__(self, config: PhoneXLConfig) -> None:
        super().__init__()
        encoder = config.encoder_config
        eps = getattr(encoder, "layer_norm_eps", getattr(encoder, "norm_eps", 1e-12))  # the second is ModernBERT's
        self.transform = _PredictionTransform(config.hidden_size, eps)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, hidden: Tensor) -> Tensor:
        """Score the vocabulary: shape (rows, hidden) to (rows, vocabulary)."""
        scores: Tensor = self.decoder(self.transform(hidden))
        return scores


def masked_rows(
    config: PhoneXLConfig, outputs: PhoneXLModelOutput, word_ids: Tensor, first_row: int, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Vectors that predict the labelled pieces, shape (masked pieces, hidden), and these pieces' ids."""
    row, piece = (labels != IGNORED).nonzero(as_tuple=True)
    targets = labels[row, piece]
    row = row + first_row
    if outputs.piece_hidden_state is not None:
        return outputs.piece_hidden_state[row, piece], targets
    unit = piece if config.mlm_target == "position" else word_ids[row, piece]
    return present(outputs.last_hidden_state)[row, unit], targets


def piece_vectors(outputs: PhoneXLModelOutput, word_ids: Tensor) -> Tensor:
    """The vector that predicts each piece, shape (batch, pieces, hidden)."""
    if outputs.piece_hidden_state is not None:
        return outputs.piece_hidden_state
    hidden = present(outputs.last_hidden_state)
    return hidden.gather(1, word_ids.clamp(min=0).unsqueeze(-1).expand(-1, -1, hidden.size(2)))
