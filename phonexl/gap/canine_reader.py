"""Words for CANINE (Clark et al. 2022): characters, whose ids are their code points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import CanineConfig

from modeling_phonexl.transcription import find_language
from phonexl.gap.spelling import check_spelling, spell_words
from phonexl.gap.word_frame import Frame, Words, pad_inputs
from phonexl.gap.word_reader import EncodedWords

_PAD, _CLS, _SEP = 0, 0xE000, 0xE001
_SPECIALS = {_PAD, *range(_CLS, 0xE005)}  # they mean something to CANINE, whoever wrote them
_REPLACEMENT = 0xFFFD
_LONGEST = 2048  # of pretraining; the config has 16,384 positions


class CanineReader:
    """Reads the characters of words; a space stands between two, but not in a language that is written without.

    What CANINE says of a character depends on how much padding follows, if it is too little: its last molecule (four
    characters) is dropped and the next ones are read in its place, and the last characters see two places on, where a
    block of local attention that holds nothing but padding looks at as much of it as there is. `padded_length` is
    enough for the states of a sentence to be the same whatever it is padded beside.

    Args:
        config: Of the model.
        spelling: "text", "romanized" or "ipa".

    Raises:
        ValueError: For another spelling.
    """

    unknown_id: int | None = None
    pad_id: int = _PAD

    def __init__(self, config: CanineConfig, spelling: str = "text") -> None:
        check_spelling(spelling)
        self.name = "character" if spelling == "text" else spelling
        self._spelling = spelling
        self._config = config
        self._frame = Frame((_CLS,), (_SEP,), (_SEP,))
        self.longest = self._longest()

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """See `WordReader`."""
        spaced = self._spelling != "text" or find_language(language).spaced
        ids = self._code_points(words, language)
        others = None if second is None else self._code_points(second, language)
        longest = self.longest if max_length is None else max_length
        return self._frame.join(ids, others, longest, ord(" ") if spaced else None)

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """See `WordReader`."""
        length = max(self.padded_length(len(words.ids)) for words in batch)
        return pad_inputs(batch, _PAD, types=True, length=length)

    def padded_length(self, length: int) -> int:
        """Places that an input needs for its states not to depend on how many there are.

        Args:
            length: Its ids.
        """
        config = self._config
        rate, stride = config.downsampling_rate, config.local_transformer_stride
        needed = -(-length // rate) * rate + 2 * rate
        block = -(-length // stride) * stride  # where the first block without a character begins
        ahead = config.upsampling_kernel_size // 2  # places that the last convolution sees on
        return max(needed, block + stride) if block - length < ahead else needed

    def save(self, folder: Path) -> None:
        """Nothing: the config of the model says all."""

    def _code_points(self, words: Sequence[str], language: str) -> Words:
        spelled = spell_words(words, language, self._spelling)
        return [[_REPLACEMENT if ord(char) in _SPECIALS else ord(char) for char in word] for word in spelled]

    def _longest(self) -> int:
        """Ids at most, so that they fit with their padding.

        Positions are looked up in a table of `num_hash_buckets` rows: a model with fewer hashes has fewer of them.
        """
        places = min(self._config.max_position_embeddings, self._config.num_hash_buckets)
        lengths = range(1, _LONGEST + 2)
        return next(n for n in lengths if n > _LONGEST or self.padded_length(n) > places) - 1


def spread_molecules(states: Tensor, rate: int) -> Tensor:
    """The states of CANINE's middle layers for each character that a molecule stands for, as its last layer sees them.

    Args:
        states: Shape (batch, length // rate, dimensions): [CLS] first, then all molecules but the last.
        rate: Characters of a molecule, `downsampling_rate`.

    Returns:
        Shape (batch, length - rate, dimensions).
    """
    return torch.repeat_interleave(states[:, 1:], rate, dim=1)
