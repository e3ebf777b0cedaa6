"""Words for an encoder with a tokenizer of text, in their script, romanised, or in IPA."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from modeling_phonexl.transcription import Transcriber
from phonexl.gap.spelling import check_spelling, spell_words
from phonexl.gap.word_frame import Frame, pad_inputs
from phonexl.gap.word_reader import EncodedWords


class TokenizerReader:
    """Reads words as the tokenizer of an encoder cuts them; pairs are joined as it joins them.

    A word that the tokenizer drops, of invisible characters for example, is read as the unknown piece.

    Args:
        tokenizer: A fast one, which knows the word of each piece.
        config: Of its model.
        spelling: "text", "romanized" or "ipa".

    Raises:
        ValueError: For another spelling, or a tokenizer in Python.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig, spelling: str = "text") -> None:
        check_spelling(spelling)
        if not tokenizer.is_fast:
            raise ValueError(
                f"{tokenizer.name_or_path}: {type(tokenizer).__name__} does not tell which piece is of which word: "
                "a fast tokenizer (tokenizer.json) is needed"
            )
        self.name = spelling
        self.unknown_id: int | None = tokenizer.unk_token_id
        self.longest = longest_input(tokenizer, config)
        self._tokenizer = tokenizer
        self._frame = Frame.of(tokenizer)
        self._types = "token_type_ids" in tokenizer.model_input_names

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """See `WordReader`."""
        pieces = self._pieces(words, language)
        others = None if second is None else self._pieces(second, language)
        return self._frame.join(pieces, others, self.longest if max_length is None else max_length)

    def encode_text(self, text: str, language: str) -> EncodedWords:
        """Running text as the tokenizer cuts it; what it drops is not read.

        Pieces stand for words: text without spaces may be one word to the tokenizer, and must be cut somewhere.

        Raises:
            ValueError: If nothing is left of it.
            MissingToolError: If the reading tool of the language is not installed.
        """
        if self.name != "text":
            cut = Transcriber(language).segment(text)
            text = " ".join(spell_words([text[start:end] for start, end in cut], language, self.name))
        pieces = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return self._frame.join([[piece] for piece in pieces], None, self.longest)

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """See `WordReader`."""
        return pad_inputs(batch, self._tokenizer.pad_token_id, types=self._types)

    def save(self, folder: Path) -> None:
        """See `WordReader`."""
        self._tokenizer.save_pretrained(folder)

    def _pieces(self, words: Sequence[str], language: str) -> list[list[int]]:
        """Ids of each word, at least one."""
        if not words:
            return []
        spelled = spell_words(words, language, self.name)
        encoded = self._tokenizer(spelled, is_split_into_words=True, add_special_tokens=False, verbose=False)
        pieces: list[list[int]] = [[] for _ in words]
        for piece, word in zip(encoded["input_ids"], encoded.word_ids(), strict=True):
            pieces[word].append(piece)
        return [own or [self._tokenizer.unk_token_id] for own in pieces]


def longest_input(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> int:
    """Ids that a model takes at most: what its tokenizer says, and no more than there are positions."""
    positions: int | None = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return int(tokenizer.model_max_length)
    if "roberta" in config.model_type:  # counts positions from behind the row of padding
        positions -= config.pad_token_id + 1
    return min(int(tokenizer.model_max_length), positions)
