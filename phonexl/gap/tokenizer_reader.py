"""Words for an encoder with a tokenizer of text, in their script, romanised, or in IPA."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from modeling_phonexl.transcription import Transcriber, UnknownLanguageError, find_language
from phonexl.gap.spelling import check_spelling, spell_words
from phonexl.gap.word_frame import Frame, pad_inputs
from phonexl.gap.word_reader import NO_WORD, EncodedWords
from phonexl.training.model_translation import name_in

logger = logging.getLogger(__name__)


class TokenizerReader:
    """Reads words as the tokenizer of an encoder cuts them; pairs are joined as it joins them.

    Some tokenizers say by themselves where a word begins (WordPiece, Metaspace with a prefix). Others, byte-level BPE
    and those of Gemma, take it from the space before, and would read words that they are given one by one as one long
    word: there a word gets its space, but for the first one, as in running text. A space that stays a piece of its
    own, as Qwen's before a digit, is of no word. Chinese and Japanese words get none in their script, which the text
    of pretraining had none in either; they are cut one by one still, so that no piece is of two.

    A tokenizer that says the language to its model, as those of NLLB and mBART, says that of each sentence; a language
    that it has no name for is read as its own default, with a warning.

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
        self.pad_id = padding_of(tokenizer)
        self.longest = longest_input(tokenizer, config)
        self._tokenizer = tokenizer
        self._needs_spaces = self._cut("a a") != self._cut(["a", "a"])
        self._space = self._cut(" ")
        self._frame = Frame.of(tokenizer)
        self._named: dict[str, tuple[str, Frame]] = {}
        self._types = "token_type_ids" in tokenizer.model_input_names

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """See `WordReader`."""
        pieces = self._pieces(words, language)
        others = None if second is None else self._pieces(second, language)
        joined = self._frame_of(language).join(pieces, others, self.longest if max_length is None else max_length)
        return self._without_spaces(joined) if self._needs_spaces else joined

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
        return self._frame_of(language).join([[piece] for piece in pieces], None, self.longest)

    def name_of(self, language: str) -> str | None:
        """What a model of many languages is told that a sentence is in; None where it is told nothing."""
        default = getattr(self._tokenizer, "src_lang", None)
        if default is None:
            return None
        if language not in self._named:
            try:
                name = name_in(self._tokenizer, language)
            except UnknownLanguageError:
                name = None
            if name is None:
                logger.warning(
                    "the tokenizer of %s has no name for %s, whose sentences are read as %s: leave them out, or take "
                    "another encoder",
                    self._tokenizer.name_or_path, language, default,
                )  # fmt: skip
                name = default
            self._tokenizer.src_lang = name
            self._named[language] = name, Frame.of(self._tokenizer)
            self._tokenizer.src_lang = default
        return self._named[language][0]

    def _frame_of(self, language: str) -> Frame:
        return self._frame if self.name_of(language) is None else self._named[language][1]

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """See `WordReader`."""
        return pad_inputs(batch, self.pad_id, types=self._types)

    def save(self, folder: Path) -> None:
        """See `WordReader`."""
        self._tokenizer.save_pretrained(folder)

    def _pieces(self, words: Sequence[str], language: str) -> list[list[int]]:
        """Ids of each word, at least one."""
        if not words:
            return []
        spelled = spell_words(words, language, self.name)
        if self._needs_spaces and (self.name != "text" or find_language(language).spaced):
            spelled = [spelled[0], *(f" {word}" for word in spelled[1:])]
        encoded = self._tokenizer(spelled, is_split_into_words=True, add_special_tokens=False, verbose=False)
        pieces: list[list[int]] = [[] for _ in words]
        for piece, word in zip(encoded["input_ids"], encoded.word_ids(), strict=True):
            pieces[word].append(piece)
        unknown = self.pad_id if self.unknown_id is None else self.unknown_id
        return [own or [unknown] for own in pieces]

    def _cut(self, text: str | list[str]) -> list[int]:
        """Ids of a text or of words, without specials."""
        split = isinstance(text, list)
        ids: list[int] = self._tokenizer(text, is_split_into_words=split, add_special_tokens=False)["input_ids"]
        return ids

    def _without_spaces(self, encoded: EncodedWords) -> EncodedWords:
        """Spaces that are pieces of their own taken out of the words that they stand before."""
        owners = list(encoded.word_index)
        for place, (word, after) in enumerate(pairwise(encoded.word_index)):
            begins = place == 0 or encoded.word_index[place - 1] != word
            if begins and word == after and [encoded.ids[place]] == self._space:
                owners[place] = NO_WORD
        return replace(encoded, word_index=tuple(owners))


def padding_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """Id of empty places; decoders have none of their own, and any will do, since it is masked."""
    found = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
    return int(next(index for index in found if index is not None))


def longest_input(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> int:
    """Ids that a model takes at most: what its tokenizer says, and no more than there are positions."""
    positions: int | None = getattr(config, "max_position_embeddings", None)
    if positions is None or positions < 1:  # XLNet, which has no limit, says -1
        return int(tokenizer.model_max_length)
    if "roberta" in config.model_type:  # counts positions from behind the row of padding
        positions -= config.pad_token_id + 1
    return min(int(tokenizer.model_max_length), positions)
