"""Contrastive losses between two spellings of the same sentences and of the same words.

A pair is drawn together, and pushed from all others of its batch but those that share a spelling with it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def sentence_contrast(first: Tensor, second: Tensor, shared: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Each of the 2B rows must find its other spelling among all rows but itself.

        −log( exp(cos(z, z⁺)/T) / Σ_{k ≠ self} exp(cos(z, z_k)/T) )

    Args:
        first: Vectors of the sentences, shape (batch, hidden).
        second: Vectors of their other spelling, same shape.
        shared: Pairs that are no negatives of each other, shape (batch, batch); see `shared_forms`.
        temperature: T. With cosines and T = 1 the loss can hardly fall.

    Returns:
        The loss of each row, shape (2 batch,), and what it were if all vectors were equal: log(2B − 1) where nothing
        is shared.

    Source: TCM of TransliCo (arXiv 2401.06620), which takes half of its mean and raw dot products with T = 1.
    """
    batch = len(first)
    rows = F.normalize(torch.cat([first, second]).float(), dim=-1)
    positive = torch.eye(2 * batch, device=rows.device, dtype=torch.bool).roll(batch, 1)
    candidates = ~shared.repeat(2, 2) | positive
    scores = (rows @ rows.T / temperature).masked_fill(~candidates, float("-inf"))
    return scores.logsumexp(1) - scores[positive], candidates.sum(1).log()


def word_contrast(first: Tensor, second: Tensor, shared: Tensor, temperature: float) -> Tensor:
    """Each word must find its other spelling among those of all words, and the reverse: the mean of both (InfoNCE).

    Args:
        first: Vectors of the words, shape (words, hidden).
        second: Vectors of their other spelling, same shape.
        shared: Pairs that are no negatives of each other, shape (words, words); see `shared_forms`.
        temperature: What cosines are divided by.

    Returns:
        The loss of each word, shape (words,).
    """
    ours, theirs = (F.normalize(side.float(), dim=-1) for side in (first, second))
    own = torch.eye(len(ours), device=ours.device, dtype=torch.bool)
    scores = (ours @ theirs.T / temperature).masked_fill(shared & ~own, float("-inf"))
    return (scores.logsumexp(1) + scores.logsumexp(0)) / 2 - scores.diagonal()


def shared_forms(first: Tensor, second: Tensor) -> Tensor:
    """Which pairs have a spelling in common, be it in the first, in the second, or across.

    Args:
        first: Piece ids of each, padded by -1, shape (n, pieces).
        second: Of their other spelling, with a width of its own.

    Returns:
        True where two pairs share one, the diagonal included, shape (n, n).

    >>> shared_forms(torch.tensor([[1, 2], [3, -1], [4, -1]]), torch.tensor([[5], [6], [5]])).int().tolist()
    [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    """
    width = max(first.size(1), second.size(1))
    padded = [F.pad(side, (0, width - side.size(1)), value=-1) for side in (first, second)]
    forms = torch.cat(padded).unique(dim=0, return_inverse=True)[1].chunk(2)
    shared = torch.zeros(len(first), len(first), dtype=torch.bool, device=first.device)
    for one in forms:
        for other in forms:
            shared |= one.unsqueeze(1) == other
    return shared


def word_forms(input_ids: Tensor, word_ids: Tensor, words: Tensor) -> Tensor:
    """Piece ids of words, one row each.

    Args:
        input_ids: Shape (batch, pieces).
        word_ids: Unit of each piece, -1 for padding, same shape.
        words: True at the units wanted, shape (batch, units); further units are not looked at.

    Returns:
        Shape (words, pieces of the longest unit), padded by -1.

    >>> ids, units = torch.tensor([[7, 8, 9, 5]]), torch.tensor([[0, 1, 1, 2]])
    >>> word_forms(ids, units, torch.tensor([[False, True, True]])).tolist()
    [[8, 9], [5, -1]]
    """
    place = torch.arange(word_ids.size(1), device=word_ids.device).expand_as(word_ids)
    begins = word_ids != F.pad(word_ids, (1, 0), value=-1)[:, :-1]
    place = place - place.where(begins, 0).cummax(1).values
    real = (word_ids >= 0) & (word_ids < words.size(1))
    forms = input_ids.new_full((*words.shape, int(place[real].max()) + 1), -1)
    forms[real.nonzero()[:, 0], word_ids[real], place[real]] = input_ids[real]
    return forms[words]
