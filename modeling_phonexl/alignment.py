"""The alignment loss between the spelling and the sound of words (PhoneXL paper, Eq. 4-6).

Holds the loss only; its temperature is a parameter of the tagger.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def alignment_loss(
    spelling: Tensor,
    sound: Tensor,
    word_mask: Tensor,
    temperature: Tensor,
    *,
    normalize: str = "hidden",
    ignore_first: bool = False,
    pad_to: int | None = None,
    mask_duplicates: bool = False,
) -> tuple[Tensor, Tensor]:
    """Contrast each word's spelling with the sounds of its sentence, and each sound with the spellings, as CLIP does.

    Args:
        spelling: Pooled word-piece embeddings `w_t`, shape (batch, words, hidden).
        sound: Pooled phonemic embeddings `w_PE`, shape (batch, words, hidden).
        word_mask: True for the words of a sentence, shape (batch, words).
        temperature: τ, a scalar that multiplies the cosine.
        normalize: "hidden" makes every vector a unit vector; "sequence" every feature over the words (released code).
        ignore_first: The first word is no target, though still a candidate (released code).
        pad_to: Columns of logit 0 up to this many words stay in the softmax (released code); None leaves padding out.
        mask_duplicates: Other words with the same spelling and sound are no candidates.

    Returns:
        The sum over words of `(CE(sim) + CE(simᵀ)) / 2`, and the number of words that were targets, both scalars in
        float32. A sentence of one word has no negatives: its term is 0.

    Example:
        >>> eye = torch.eye(3)[None]
        >>> total, count = alignment_loss(eye, eye, torch.ones(1, 3, dtype=torch.bool), torch.tensor(0.0))
        >>> round((total / count).item(), 4)  # temperature 0: every candidate is as likely, ln 3
        1.0986
    """
    axis = 2 if normalize == "hidden" else 1
    mask = word_mask.unsqueeze(-1)
    spelling = F.normalize(spelling.float() * mask, dim=axis)
    sound = F.normalize(sound.float() * mask, dim=axis)
    similarity = sound @ spelling.transpose(1, 2) * temperature.float()  # (B, W, W), sounds in rows
    words = word_mask.size(1)
    if pad_to is None:
        candidates = word_mask.unsqueeze(1) & word_mask.unsqueeze(2)
        if mask_duplicates:
            candidates = candidates & ~_duplicates(spelling, sound)
        # A padded row has no candidate at all; its own column keeps the softmax finite, and it is no target.
        candidates = candidates | torch.eye(words, dtype=torch.bool, device=candidates.device)
        similarity = similarity.masked_fill(~candidates, float("-inf"))
    else:
        similarity = F.pad(similarity, (0, max(0, pad_to - words), 0, max(0, pad_to - words)))
    targets = word_mask.clone()
    if ignore_first:
        targets[:, 0] = False
    forward = -similarity.log_softmax(2).diagonal(dim1=1, dim2=2)[:, :words]
    backward = -similarity.log_softmax(1).diagonal(dim1=1, dim2=2)[:, :words]
    total = ((forward + backward) / 2).masked_fill(~targets, 0.0).sum()
    return total, targets.sum().float()


def _duplicates(spelling: Tensor, sound: Tensor) -> Tensor:
    """True where two different words of a sentence have equal spelling and sound, shape (batch, words, words)."""
    both = torch.cat([spelling, sound], dim=2)
    # Exact differences: the matrix form of the distance leaves rounding where vectors are equal.
    equal = torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist") == 0
    return equal & ~torch.eye(equal.size(1), dtype=torch.bool, device=equal.device)
