"""From pieces to units: the mean over the pieces of each word, of embeddings and of hidden states.

Unit 0 is [CLS], 1..n are the words, n+1 is [SEP]; -1 marks padding. Pieces stand in the order of their units.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pool_embeddings(weight: Tensor, ids: Tensor, word_ids: Tensor, num_units: int) -> Tensor:
    """Average the rows of an embedding table over each unit.

    One `embedding_bag` over the flattened pieces, 20 to 40 times faster than a loop over words
    (`benchmarks/pooling.py`), and without the (batch, pieces, hidden) tensor in between.

    Args:
        weight: Embedding table, shape (vocabulary, hidden).
        ids: Piece ids, shape (batch, pieces); anything where `word_ids` is -1.
        word_ids: Unit of each piece, non-decreasing along a row but for padding, shape (batch, pieces).
        num_units: Width of the result; every unit index is below it.

    Returns:
        Unit vectors, shape (batch, num_units, hidden); zero where a row has no such unit.

    Source: PhoneXL paper, footnote 3.

    >>> table = torch.tensor([[1.0], [3.0], [5.0]])
    >>> pool_embeddings(table, torch.tensor([[0, 1, 2]]), torch.tensor([[0, 0, 1]]), 3).tolist()
    [[[2.0], [5.0], [0.0]]]
    """
    batch = ids.size(0)
    real = word_ids >= 0
    rows = torch.arange(batch, device=ids.device).unsqueeze(1)
    bags = (rows * num_units + word_ids)[real]  # unit of each real piece, counted over the whole batch
    counts = torch.bincount(bags, minlength=batch * num_units)
    offsets = counts.cumsum(0) - counts
    pooled = F.embedding_bag(ids[real], weight, offsets, mode="mean")
    return pooled.view(batch, num_units, -1)


def pool_words(hidden: Tensor, word_ids: Tensor, num_units: int) -> Tensor:
    """Average vectors of pieces over each unit.

    Args:
        hidden: Vectors of the pieces, shape (batch, pieces, hidden).
        word_ids: Unit of each piece, -1 for padding, shape (batch, pieces).
        num_units: Width of the result; every unit index is below it.

    Returns:
        Unit vectors, shape (batch, num_units, hidden); zero where a row has no such unit.

    Source: PhoneXL paper, footnote 3. The released code loops over words; results agree to 1e-6.

    >>> pool_words(torch.tensor([[[1.0], [3.0], [5.0]]]), torch.tensor([[0, 0, 1]]), 2).tolist()
    [[[2.0], [5.0]]]
    """
    batch, _, width = hidden.shape
    rows = torch.arange(batch, device=word_ids.device).unsqueeze(1)
    spare = batch * num_units  # one unit beyond the last takes the padding: shapes stay free of the data
    bags = (rows * num_units + word_ids).masked_fill(word_ids < 0, spare).flatten()
    sums = hidden.new_zeros(spare + 1, width).index_add(0, bags, hidden.flatten(0, 1))
    counts = hidden.new_zeros(spare + 1).index_add(0, bags, hidden.new_ones(len(bags)))
    return (sums / counts.clamp(min=1).unsqueeze(1))[:-1].view(batch, num_units, width)


def only_first(word_ids: Tensor) -> Tensor:
    """Keep each unit's first piece: pooled by the result, a unit is its first piece.

    Args:
        word_ids: Unit of each piece, -1 for padding, shape (batch, pieces).

    Returns:
        The same with -1 for all later pieces.

    >>> only_first(torch.tensor([[0, 1, 1, 2, -1]])).tolist()
    [[0, 1, -1, 2, -1]]
    """
    before = F.pad(word_ids, (1, 0), value=-1)[:, :-1]
    return word_ids.masked_fill(word_ids == before, -1)
