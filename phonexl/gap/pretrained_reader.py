"""Words for an encoder that `phonexl pretrain` made, in the representation that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from transformers import PretrainedConfig

from modeling_phonexl.transcription import Transcriber
from phonexl.gap.word_frame import Frame, Words, pad_inputs
from phonexl.gap.word_reader import EncodedWords
from phonexl.pretraining.representations import Representation, read_cut_words


class PretrainedReader:
    """Reads words as pretraining did; a pair is [CLS] a [SEP] b [SEP], which pretraining has not seen.

    Args:
        representation: With its vocabulary.
        config: Of its model.
    """

    def __init__(self, representation: Representation, config: PretrainedConfig) -> None:
        tokenizer = representation.tokenizer
        self.name = representation.name
        self.unknown_id: int | None = tokenizer.unk_token_id
        self.pad_id: int = tokenizer.pad_token_id
        self.longest: int = config.max_position_embeddings
        self._representation = representation
        separator = (tokenizer.sep_token_id,)
        self._frame = Frame((tokenizer.cls_token_id,), separator, separator)

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """See `WordReader`."""
        ids = self._ids(words, language)
        others = None if second is None else self._ids(second, language)
        longest = self.longest if max_length is None else max_length
        return self._frame.join(ids, others, longest, self._representation.mark_id(language))

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """See `WordReader`."""
        return pad_inputs(batch, self.pad_id, types=False)

    def save(self, folder: Path) -> None:
        """See `WordReader`."""
        self._representation.save(folder)

    def _ids(self, words: Sequence[str], language: str) -> Words:
        read = read_cut_words(words, Transcriber(language))
        return [self._representation.encode_word(word, language) for word in read]
