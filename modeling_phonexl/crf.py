"""A linear-chain conditional random field over the words of a sentence: likelihood and best path.

Specials and padding are never part of the chain; the caller masks them.
"""

import torch
from torch import Tensor, nn

from .sentence_encoder import IGNORED


class LinearChainCrf(nn.Module):
    """Scores tag sequences by emissions, transitions, and scores of the first and last tag.

    Source: Lafferty et al. (2001); the "generic CRF layer" of the PhoneXL paper, section 4.2, which the released
    code does not have.

    Args:
        num_labels: C, the number of tags.
    """

    def __init__(self, num_labels: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(num_labels))
        self.transitions = nn.Parameter(torch.zeros(num_labels, num_labels))  # from row to column
        self.end = nn.Parameter(torch.zeros(num_labels))

    def log_likelihood(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Log probability of the given tags, computed in float32.

        Args:
            emissions: Scores of the tags, shape (batch, words, C).
            labels: Gold tags, shape (batch, words); anything where `mask` is False.
            mask: True for the words of the chain, a prefix of each row, shape (batch, words).

        Returns:
            One log probability per sentence, shape (batch,); 0 for a sentence without words.
        """
        emissions = emissions.float()
        gold = self._score(emissions, labels.masked_fill(~mask, 0), mask)
        return (gold - self._partition(emissions, mask)).masked_fill(~mask.any(1), 0.0)

    def decode(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Find the best tag sequence (Viterbi).

        Args:
            emissions: Scores of the tags, shape (batch, words, C).
            mask: True for the words of the chain, a prefix of each row, shape (batch, words).

        Returns:
            Tag ids, shape (batch, words), -100 outside the chain.
        """
        emissions = emissions.float()
        batch, words, num_labels = emissions.shape
        stay = torch.arange(num_labels, device=emissions.device).expand(batch, -1)
        score, pointers = self.start + emissions[:, 0], []
        for word in range(1, words):
            best, source = (score.unsqueeze(2) + self.transitions).max(1)  # (B, C) over the tag before
            inside = mask[:, word].unsqueeze(1)
            score = torch.where(inside, best + emissions[:, word], score)
            pointers.append(torch.where(inside, source, stay))
        tag = (score + self.end).argmax(1)
        path = [tag]
        for pointer in reversed(pointers):
            tag = pointer.gather(1, tag.unsqueeze(1)).squeeze(1)
            path.append(tag)
        return torch.stack(path[::-1], dim=1).masked_fill(~mask, IGNORED)

    def _score(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Score of the gold path, shape (batch,)."""
        real = mask.float()
        emitted = (emissions.gather(2, labels.unsqueeze(2)).squeeze(2) * real).sum(1)
        moved = (self.transitions[labels[:, :-1], labels[:, 1:]] * real[:, 1:]).sum(1)
        last = labels.gather(1, (mask.sum(1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
        return emitted + moved + self.start[labels[:, 0]] + self.end[last]

    def _partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log of the summed exponential scores of all paths, shape (batch,)."""
        score = self.start + emissions[:, 0]
        for word in range(1, emissions.size(1)):
            longer = (score.unsqueeze(2) + self.transitions).logsumexp(1) + emissions[:, word]
            score = torch.where(mask[:, word].unsqueeze(1), longer, score)
        return (score + self.end).logsumexp(1)
