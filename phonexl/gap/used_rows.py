"""Trains only those rows of a table of symbols that the training data use.

A table of 250,000 pieces is most of a small multilingual encoder, and a data set of one language uses a few thousand of
them. Rows without a gradient would only decay; without decay it is the same model, for less work of the optimizer.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel


class UsedRows(nn.Module):
    """Stands for an embedding of which some rows are trained.

    Args:
        table: The embedding; its row of padding is not trained, as in the embedding itself.
        used: Ids of the rows to train.
    """

    place: Tensor  # row of each id, -1 for one that is not trained

    def __init__(self, table: nn.Embedding, used: Collection[int]) -> None:
        super().__init__()
        chosen = sorted(set(used) - {table.padding_idx})
        self.table = table.requires_grad_(False)
        self.rows = nn.Parameter(table.weight[chosen].detach().clone())
        place = torch.full((table.num_embeddings,), -1)
        place[chosen] = torch.arange(len(chosen))
        self.register_buffer("place", place.to(table.weight.device), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of ids, shape (*ids.shape, dimensions)."""
        place = self.place[ids]
        trained = functional.embedding(place.clamp(min=0), self.rows)
        return torch.where((place >= 0).unsqueeze(-1), trained, self.table(ids))

    def whole(self) -> nn.Embedding:
        """The embedding with the trained rows in their places."""
        with torch.no_grad():
            self.table.weight[self.place >= 0] = self.rows.to(self.table.weight.dtype)
        return self.table.requires_grad_(True)


def train_used_rows(model: PreTrainedModel, used: Collection[int]) -> None:
    """Put `UsedRows` in the place of the input embedding, if the model has a plain one.

    A subclass, such as Gemma's, which scales what it looks up, is left to be trained whole; so is the table of an
    encoder-decoder, whose decoder also reads a start that is not among the ids.
    """
    table = _input_table(model)
    if type(table) is nn.Embedding and not model.config.is_encoder_decoder:
        model.set_input_embeddings(UsedRows(table, used))


def restore_table(model: PreTrainedModel) -> None:
    """Undo `train_used_rows`, what was trained kept."""
    table = _input_table(model)
    if isinstance(table, UsedRows):
        model.set_input_embeddings(table.whole())


def _input_table(model: PreTrainedModel) -> nn.Module | None:
    """None of an encoder that has no such table (CANINE hashes characters)."""
    try:
        found: nn.Module | None = model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None
    return found
