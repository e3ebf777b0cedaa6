"""Words of more pieces than the encoder has positions: cut in silence, by both kinds of tokenizer."""

import logging
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.onnx_tagger import FileTokenizer

LONG = "aⁿ" + "ab" * 300


@pytest.fixture
def processor() -> PhoneXLProcessor:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "##a", "##b", "##ⁿ"]
    vocabulary = {piece: row for row, piece in enumerate(pieces)}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=10_000))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PhoneXLProcessor(PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=512, **names))


@pytest.mark.parametrize("unit", ["word", "subword"])
@pytest.mark.parametrize("language", ["vi", "zh", "ko"])
def test_a_word_of_more_pieces_than_positions_is_no_matter_for_a_warning(
    processor: PhoneXLProcessor, caplog: pytest.LogCaptureFixture, unit: str, language: str
) -> None:
    """transformers says that indexing errors will follow; none do, since the word is cut."""
    processor.unit = unit
    logger = transformers_logging.get_logger("transformers")
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING, logger="transformers"):
            batch = processor([[LONG, "a"]], language, is_split_into_words=True)
    finally:
        logger.removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records] == []
    assert len(processor.pieces(LONG)) > 512
    assert batch["input_ids"].shape[1] == (len(processor.pieces(LONG)) + 3 if unit == "word" else 510 + 3)


def test_the_tokenizer_without_transformers_gives_the_same_pieces(processor: PhoneXLProcessor, tmp_path: Path) -> None:
    processor.tokenizer.save_pretrained(tmp_path)
    assert FileTokenizer(tmp_path).encode(LONG, add_special_tokens=False) == processor.pieces(LONG)
