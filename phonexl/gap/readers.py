"""Which reader an encoder has."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, CanineConfig

from phonexl.backbone import resolve_backbone
from phonexl.gap.canine_reader import CanineReader
from phonexl.gap.phoneme_reader import PhonemeReader, is_phoneme_vocabulary, reads_plbert
from phonexl.gap.pretrained_reader import PretrainedReader
from phonexl.gap.spelling import check_spelling
from phonexl.gap.tokenizer_reader import TokenizerReader
from phonexl.gap.word_reader import WordReader
from phonexl.pretraining.representations import REPRESENTATION_FILE, Representation


def open_reader(place: str, spelling: str = "text") -> WordReader:
    """The reader of an encoder.

    Args:
        place: "offline", "plbert-kokoro", "mbert", "xlmr", a Hub id or a folder.
        spelling: "text", "romanized" or "ipa"; an encoder that reads one thing alone, such as phonemes or the
            representation of `phonexl pretrain`, is asked for "text".

    Raises:
        ValueError: For another spelling, one that the encoder does not read, or a tokenizer that does not tell words.
        OSError: If there is no such checkpoint.
        MissingToolError: If a backbone that is converted here is not installed.
    """
    check_spelling(spelling)
    found = resolve_backbone(place)
    config = AutoConfig.from_pretrained(found)
    if isinstance(config, CanineConfig):
        return CanineReader(config, spelling)
    fixed: WordReader | None = None
    if (Path(found) / REPRESENTATION_FILE).is_file():
        fixed = PretrainedReader(Representation.load(Path(found)), config)
    else:
        tokenizer = AutoTokenizer.from_pretrained(found)
        if reads_plbert(config) or is_phoneme_vocabulary(tokenizer.get_vocab()):
            fixed = PhonemeReader(tokenizer, config)
    if fixed is None:
        return TokenizerReader(tokenizer, config, spelling)
    if spelling != "text":
        raise ValueError(f"{place} was pretrained on {fixed.name} and reads nothing else: leave out --spelling")
    return fixed
