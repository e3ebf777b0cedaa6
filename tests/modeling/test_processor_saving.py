"""What saving a processor keeps, and what a folder or a model of another processor is told by."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoProcessor,
    PreTrainedTokenizerFast,
)

from modeling_phonexl import PhoneXLProcessor

SENTENCES = ("我住在北京。", "Tôi sống ở Hà Nội.", "私は東京に住む。", "나는 서울에 산다.")


def test_saving_keeps_every_field(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "languages": ["ko", "vi"],
        "phoneme_vocab_kind": "segments",
        "phoneme_transcription": "roman",
        "unit": "subword",
        "token_unit": "character",
        "split_syllables": True,
        "drop_spaces": True,
        "phoneme_prefix_bug": True,
        "max_pieces": 40,
    }
    processor = PhoneXLProcessor(tokenizer, **fields)
    processor.save_pretrained(tmp_path)
    loaded = AutoProcessor.from_pretrained(tmp_path)
    assert type(loaded) is PhoneXLProcessor
    for name, value in fields.items():
        assert getattr(loaded, name) == value, name
    assert loaded.recipe == processor.recipe
    assert loaded.phoneme_vocab == processor.phoneme_vocab
    assert loaded.config_fields() == processor.config_fields()
    assert loaded.tokenizer.model_max_length == 64
    assert PhoneXLProcessor(tokenizer, use_phonemes=False).config_fields()["use_phonemes"] is False


@pytest.mark.parametrize("fields", [{}, {"phoneme_prefix_bug": True}, {"phoneme_vocab_kind": "tokenizer"}])
@torch.no_grad()
def test_tokens_added_later_move_no_phoneme(
    tokenizer: PreTrainedTokenizerFast, make_tagger: Any, tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Every sound would be that of another, or none; Korean has the last ones, beyond the table."""
    processor = PhoneXLProcessor(copy.deepcopy(tokenizer), **fields)
    tagger = make_tagger(**processor.config_fields())
    before = [processor(text) for text in SENTENCES]
    processor.tokenizer.add_tokens(["<ent>", "</ent>"])
    tagger.resize_token_embeddings(len(processor.tokenizer))
    for part in (tagger, processor):
        part.save_pretrained(tmp_path)
    loaded, again = AutoProcessor.from_pretrained(tmp_path), type(tagger).from_pretrained(tmp_path)
    assert loaded.config_fields() == processor.config_fields()
    loaded.check_config(again.config)
    for text, batch in zip(SENTENCES, before, strict=True):
        assert loaded(text)["phoneme_ids"].equal(batch["phoneme_ids"])
        assert again(**loaded(text)).logits.equal(tagger(**batch).logits)
    # The id of such a token is that of the first added symbol, or beyond the table.
    for coder in (processor, loaded):
        assert coder.phoneme_pieces(("<ent>",)) == [coder.phonemes.unk_id]
        assert coder.pieces("<ent>") == [len(tokenizer)]


def test_a_processor_saved_without_the_number_of_word_pieces_has_those_of_its_tokenizer(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    PhoneXLProcessor(tokenizer).save_pretrained(tmp_path)
    path = tmp_path / "processor_config.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    assert fields.pop("num_word_pieces") == len(tokenizer)
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert PhoneXLProcessor.from_pretrained(tmp_path).num_word_pieces == len(tokenizer)


def test_a_folder_without_the_processors_file_is_refused(tagger: Any, tokenizer: Any, tmp_path: Path) -> None:
    """Model and tokenizer alone: words of a romanised model would be read in IPA, and nobody would know."""
    tagger.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for kind in (PhoneXLProcessor, AutoProcessor):
        with pytest.raises(OSError, match=r"no processor_config.json which says .*: save the processor there too, by"):
            kind.from_pretrained(tmp_path)
    PhoneXLProcessor(tokenizer).save_pretrained(tmp_path)
    assert type(AutoProcessor.from_pretrained(tmp_path)) is PhoneXLProcessor


OTHERS: list[dict[str, Any]] = [
    {"languages": ["vi", "zh", "ja", "ko"]},
    {"use_phonemes": False},
    {"phoneme_vocab_kind": "tokenizer"},
    {"phoneme_vocab": ["ɤ"]},
    {"phoneme_transcription": "roman"},
    {"unit": "subword"},
    {"phoneme_prefix_bug": True},
    {"max_pieces": 40},
]


@pytest.mark.parametrize("fields", OTHERS)
def test_a_model_and_the_processor_of_another_are_told_apart(
    tokenizer: PreTrainedTokenizerFast, make_config: Any, fields: dict[str, Any]
) -> None:
    other, config = PhoneXLProcessor(tokenizer, **fields), make_config()
    differing = {name for name, value in other.config_fields().items() if value != getattr(config, name)}
    with pytest.raises(ValueError, match=f"^the model has ({'|'.join(differing)})=.*, and the processor .*: load both"):
        other.check_config(config)
    other.check_config(make_config(**other.config_fields(), align_weight=0))


def test_fields_of_an_input_that_a_model_lacks_tell_no_difference(
    tokenizer: PreTrainedTokenizerFast, make_config: Any
) -> None:
    silent = make_config(use_phonemes=False, use_language_embeddings=False, align_weight=0)
    for fields in OTHERS[:5]:
        PhoneXLProcessor(tokenizer, **fields).check_config(silent)
    with pytest.raises(ValueError, match="unit='word', and the processor 'subword'"):
        PhoneXLProcessor(tokenizer, unit="subword").check_config(silent)


def test_the_saved_list_of_phonemes_counts_not_the_one_of_this_version(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """A later version with another inventory must not renumber the sounds of an old model."""
    old = PhoneXLProcessor(tokenizer, phoneme_vocab=["ɤ", "ɯ"])
    old.save_pretrained(tmp_path)
    loaded = PhoneXLProcessor.from_pretrained(tmp_path)
    assert loaded.phoneme_vocab == ["ɤ", "ɯ"]
    assert loaded.phoneme_pieces(("ɯ",)) == [len(tokenizer) + 1]
    batches = [p(list(SENTENCES)) for p in (old, loaded)]
    for name in batches[0]:
        assert torch.equal(batches[0][name], batches[1][name]), name
