"""What every encoder of the study is given: ids of words, the word that each belongs to, and a padded batch of them.

An encoder that reads otherwise gets a reader of its own, in a file of its own; fine-tuning and analysis know none of
them by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

NO_WORD = -1


@dataclass(frozen=True, slots=True)
class EncodedWords:
    """A sentence, or a pair of sentences, as an encoder reads it, specials included.

    Attributes:
        ids: Shape (length,).
        word_index: Number of the word that an id belongs to, counted on from the first sentence of a pair into the
            second; `NO_WORD` for specials and for marks between words; shape (length,).
        sentence_index: 0, or 1 for the second sentence of a pair, the specials behind it among them; shape (length,).
        num_words: Words that were given; those of which no id is left were cut off.
    """

    ids: tuple[int, ...]
    word_index: tuple[int, ...]
    sentence_index: tuple[int, ...]
    num_words: int


class WordReader(Protocol):
    """How an encoder reads words.

    Attributes:
        name: What it reads, as a result calls it: "subword", "character", "phoneme", "romanized", ...
        unknown_id: Id of a symbol that the vocabulary lacks; None if there can be none.
        pad_id: Id of empty places.
    """

    name: str
    unknown_id: int | None
    pad_id: int

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """Ids of words in context.

        Args:
            words: None of them empty.
            language: ISO 639-3 code.
            second: The second sentence of a pair.
            max_length: Ids at most; None: what the model takes. Whole words are cut, of a pair from the longer
                sentence first.

        Raises:
            ValueError: If there is no word, or not one fits.
            MissingToolError: If the reading tool of the language is not installed.
        """

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """Inputs of the model, each of shape (batch, length); "attention_mask" is 1 on every id."""

    def save(self, folder: Path) -> None:
        """Write beside a fine-tuned encoder what `open_reader` needs to read for it again."""
