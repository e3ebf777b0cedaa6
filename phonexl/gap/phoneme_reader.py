"""Words for a pretrained phoneme encoder: XPhoneBERT (Nguyen et al. 2023) and its kin, and `plbert-kokoro`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from modeling_phonexl.phoneme_text import WORD_MARK, PhonemeRespeller, UnknownRate
from modeling_phonexl.transcription import Transcriber, Transcription
from phonexl import plbert
from phonexl.gap.plbert_respelling import PlbertRespeller, join_diphthongs
from phonexl.gap.tokenizer_reader import longest_input
from phonexl.gap.word_frame import Frame, Words, pad_inputs
from phonexl.gap.word_reader import EncodedWords

_TELLING = "ʃ"  # of IPA and, in this form, of no orthography that a tokenizer of text has learnt


class PhonemeReader:
    """Reads the sounds of words in the symbols of the encoder, words apart by a mark that belongs to none.

    Segments are respelled first, since every reading tool has conventions of its own; what has no symbol then is the
    unknown one. A pair is start, a, end, b, end; the sentences differ by type where the model has types, which
    pretraining has not seen.

    Args:
        tokenizer: Of the encoder: its vocabulary and specials.
        config: Of the encoder.
    """

    name = "phoneme"

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> None:
        self.unknown_id: int | None = tokenizer.unk_token_id
        self.pad_id: int = tokenizer.pad_token_id
        self.longest = longest_input(tokenizer, config)
        self._tokenizer = tokenizer
        self._ids = tokenizer.get_vocab()
        self._is_plbert = reads_plbert(config)
        self._respell = PlbertRespeller() if self._is_plbert else PhonemeRespeller(self._ids)
        self._mark = self._ids[plbert.WORD_MARK if self._is_plbert else WORD_MARK]
        end = (tokenizer.sep_token_id,)
        self._frame = Frame((tokenizer.cls_token_id,), end, end)
        self._types = getattr(config, "type_vocab_size", 0) > 1

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        """See `WordReader`."""
        ids = self._symbol_ids(words, language)
        others = None if second is None else self._symbol_ids(second, language)
        return self._frame.join(ids, others, self.longest if max_length is None else max_length, self._mark)

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """See `WordReader`."""
        return pad_inputs(batch, self.pad_id, types=self._types)

    def save(self, folder: Path) -> None:
        """See `WordReader`."""
        self._tokenizer.save_pretrained(folder)

    def unknown_rate(self, sentences: Iterable[Sequence[str]], language: str) -> UnknownRate:
        """How many of the segments of a language the encoder knows, as they are or respelled.

        Raises:
            MissingToolError: If the reading tool of the language is not installed.
        """
        return self._respell.unknown_rate(self._read(words, language) for words in sentences)

    def _read(self, words: Sequence[str], language: str) -> list[Transcription]:
        records = Transcriber(language)(words)
        if self._is_plbert and language == "eng":
            return [replace(record, segments=tuple(join_diphthongs(record.segments))) for record in records]
        return records

    def _symbol_ids(self, words: Sequence[str], language: str) -> Words:
        unknown = (self._tokenizer.unk_token,)
        return [
            [self._ids[symbol] for segment in record.segments for symbol in self._respell(segment) or unknown]
            for record in self._read(words, language)
        ]


def reads_plbert(config: PretrainedConfig) -> bool:
    """Whether an encoder is `plbert-kokoro`, or was fine-tuned from it."""
    return getattr(config, "reads", None) == plbert.NAME


def is_phoneme_vocabulary(symbols: Collection[str]) -> bool:
    """Whether phonemes stand in it, one a symbol, and a mark between words of its own.

    A vocabulary of text may have the mark too, but then pieces begin with it.
    """
    if WORD_MARK not in symbols or _TELLING not in symbols:
        return False
    return not any(symbol.startswith(WORD_MARK) and symbol != WORD_MARK for symbol in symbols)
