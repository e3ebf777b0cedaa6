"""The versions of a batch that one training step reads, their stacking into one forward, and masks over units.

How words are chosen for masking and switching is the collator's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass
class View:
    """One version of a batch: as it is, masked, or switched and masked.

    Attributes:
        input_ids: Word pieces, shape (batch, pieces).
        word_ids: Unit of each piece, -1 for padding, shape (batch, pieces).
        language_ids: Row of the language table per unit, -1 for none, shape (batch, units).
        phoneme_ids: Phoneme pieces, shape (batch, phonemes); None without phonemes.
        phoneme_word_ids: Unit of each phoneme, -1 for padding, same shape.
        sentence_ids: Of sentence pairs, 0 or 1 for the words of the first or second sentence, -1 for specials and
            padding, shape (batch, units); None where rows are single sentences.
    """

    input_ids: Tensor
    word_ids: Tensor
    language_ids: Tensor
    phoneme_ids: Tensor | None
    phoneme_word_ids: Tensor | None
    sentence_ids: Tensor | None = None

    @classmethod
    def make(
        cls,
        input_ids: Tensor | None,
        word_ids: Tensor | None,
        language_ids: Tensor | None,
        phoneme_ids: Tensor | None,
        phoneme_word_ids: Tensor | None,
        sentence_ids: Tensor | None = None,
    ) -> "View":
        """Complete what a caller may leave out; one language id per sentence is spread over its units.

        Raises:
            ValueError: If `input_ids` or `word_ids` is missing.
        """
        if input_ids is None or word_ids is None:
            missing = "input_ids" if input_ids is None else "word_ids"
            raise ValueError(
                f"{missing} is missing: PhoneXL reads words; prepare the batch with PhoneXLProcessor; for text use "
                'pipeline("token-classification", NAME, trust_remote_code=True), for pairs "text-classification"'
            )
        if language_ids is None or language_ids.dim() == 1:
            units = int(word_ids.max()) + 1
            ids = word_ids.new_full((len(word_ids),), -1) if language_ids is None else language_ids
            language_ids = ids.unsqueeze(1).expand(-1, units)
        return cls(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids, sentence_ids)

    @property
    def word_mask(self) -> Tensor:
        """True for the words, shape (batch, units)."""
        if self.sentence_ids is not None:
            return self.sentence_ids >= 0
        return word_mask_of(unit_mask_of(self.word_ids, self.language_ids.size(1)))


def stack_views(views: Sequence[View]) -> View:
    """Put several views of a batch under each other, padded to one width: one forward instead of three."""

    def stack(tensors: Sequence[Tensor | None], value: int) -> Tensor | None:
        present = [tensor for tensor in tensors if tensor is not None]
        if not present:
            return None
        width = max(tensor.size(1) for tensor in present)
        return torch.cat([F.pad(tensor, (0, width - tensor.size(1)), value=value) for tensor in present])

    def column(name: str, value: int) -> Tensor | None:
        return stack([getattr(view, name) for view in views], value)

    return View.make(
        *(column(name, value) for name, value in (("input_ids", 0), ("word_ids", -1), ("language_ids", -1))),
        *(column(name, value) for name, value in (("phoneme_ids", 0), ("phoneme_word_ids", -1), ("sentence_ids", -1))),
    )


def widen_units(views: list[View], width: int) -> None:
    """Pad the units of every view to `width`; padding takes the sentence's language, as in the released code."""
    for view in views:
        missing = width - view.language_ids.size(1)
        if missing > 0:
            last = view.language_ids[:, -1:].expand(-1, missing)
            view.language_ids = torch.cat([view.language_ids, last], dim=1)


def unit_mask_of(word_ids: Tensor, num_units: int) -> Tensor:
    """True where a row has a unit, specials included, shape (batch, num_units)."""
    return torch.arange(num_units, device=word_ids.device) <= word_ids.amax(1, keepdim=True)


def word_mask_of(unit_mask: Tensor) -> Tensor:
    """The units of single sentences that are words: neither the first nor the last of a row."""
    words = unit_mask & F.pad(unit_mask, (0, 1))[:, 1:]
    words[:, 0] = False
    return words
