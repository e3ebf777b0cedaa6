"""Versions of a sentence: what they keep, what they may lose, and whose tags they have."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.schema import UPOS_TAGS, Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from phonexl.training.augmentation import (
    NOISE,
    CodeSwitching,
    SubwordSampling,
    UniformNoise,
    piece_limit,
    translate_copies,
)
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.dataset import Row, TaggingDataset
from phonexl.training.subword_sampling import SubwordSampler
from phonexl.training.translation import DictionaryTranslator, Translation

DICTIONARY = BilingualDictionary([("北京", "bắc kinh"), ("看", "xem"), ("书", "sách")])
SENTENCE = Sentence("1", "zh", ("我", "看", "北京", "书"), ("PRON", "VERB", "PROPN", "NOUN"))


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def make_config(processor: PhoneXLProcessor, **fields: Any) -> PhoneXLConfig:
    backbone = BertConfig(vocab_size=9, hidden_size=8, num_attention_heads=2, max_position_embeddings=32)
    return PhoneXLConfig(backbone, **processor.config_fields() | fields)


@pytest.fixture
def row(processor: PhoneXLProcessor) -> Row:
    (made,) = iter(TaggingDataset([SENTENCE], processor, UPOS_TAGS, draws=True))
    return made


def test_sampling_changes_pieces_alone(processor: PhoneXLProcessor) -> None:
    sentence = Sentence("1", "vi", ("tiếngtrung", "thích", "thầy"), ("NOUN", "VERB", "NOUN"))
    (row,) = iter(TaggingDataset([sentence], processor, UPOS_TAGS, draws=True))
    augment = SubwordSampling(processor, SubwordSampler(processor.tokenizer, 1.0), None)
    version = augment(row, draw())
    assert version.row.sentence.pieces != row.sentence.pieces
    assert replace(version.row.sentence, pieces=row.sentence.pieces) == row.sentence
    assert (list(version.origins), version.noise) == ([0, 1, 2], None)
    assert augment.describe() == {"kind": "sub-word sampling (MaxMatch-dropout)", "ratio": 1.0, "changed": 2 / 3}


def test_words_that_are_read_apart_are_cut_apart(processor: PhoneXLProcessor) -> None:
    """A new cut of a word written together never reaches over the border of two syllables."""
    apart = PhoneXLProcessor(processor.tokenizer, split_syllables=True)
    sentence = Sentence("1", "vi", ("họcsinh", "đọc", "báo"), ("NOUN", "VERB", "NOUN"))
    (row,) = iter(TaggingDataset([sentence], apart, UPOS_TAGS, draws=True))
    augment = SubwordSampling(apart, SubwordSampler(apart.tokenizer, 1.0), None)
    for seed in range(20):
        pieces = apart.tokenizer.convert_ids_to_tokens(augment(row, draw(seed)).row.sentence.pieces[0])
        assert "".join(f" {piece}" for piece in pieces).replace(" ##", "") == " học sinh"


def test_noise_is_small_uniform_and_of_the_positions_that_are_read(processor: PhoneXLProcessor, row: Row) -> None:
    pieces = sum(map(len, row.sentence.pieces)) + 2
    for unit, positions in (("subword", pieces), ("word", len(row.tokens) + 2)):
        noise = UniformNoise(processor, make_config(processor, unit=unit))(row, draw()).noise
        assert noise is not None
        assert noise.shape == (positions, 8)
    assert noise.dtype == torch.float32
    long = replace(row, sentence=replace(row.sentence, language_ids=[0] * 2000, labels=None, pieces=[[5]] * 2000))
    many = UniformNoise(processor, make_config(processor, unit="word"))(long, draw()).noise
    assert many is not None
    assert many.abs().max() <= NOISE
    assert many.mean().item() == pytest.approx(0, abs=NOISE / 50)
    assert many.std().item() == pytest.approx(NOISE / 3**0.5, rel=0.02)


def test_switched_words_keep_their_tags(processor: PhoneXLProcessor, row: Row) -> None:
    augment = CodeSwitching(CodeSwitcher(DICTIONARY, processor, "vi", 1.0, "word"), None)
    version = augment(row, draw())
    assert version.row.sentence.labels == row.sentence.labels
    assert version.row.sentence.pieces[1] == processor.encode(["xem"], "vi").pieces[0]
    assert version.row.sentence.pieces[0] == row.sentence.pieces[0]
    assert augment.describe() == {"kind": "code switching", "ratio": 1.0, "coverage": 0.75, "changed": 0.75}


class _Fixed:
    """Translates everything into the same words, and says how they are aligned."""

    def translate_all(self, sentences: Sequence[Sequence[str]]) -> list[Translation]:
        return [self.translate(tokens) for tokens in sentences]

    def translate(self, tokens: Sequence[str]) -> Translation:
        return Translation(("tôi", "xem"), ("vi",) * 2, ((0, 0), (1, 1)), 1.0)

    def describe(self) -> dict[str, Any]:
        return {"kind": "fixed"}


def test_words_translated_one_by_one_keep_their_tags() -> None:
    (copy,) = translate_copies(DictionaryTranslator(DICTIONARY, "zh", "vi"), [SENTENCE], "vi")
    assert (copy.lang, copy.tokens, copy.tags) == ("vi", ("我", "xem", "bắckinh", "sách"), SENTENCE.tags)
    assert copy.id != SENTENCE.id


def test_joined_characters_have_the_first_ones_tag() -> None:
    sentence = Sentence("1", "zh", ("北", "京", "书"), ("PROPN", "X", "NOUN"))
    (copy,) = translate_copies(DictionaryTranslator(DICTIONARY, "zh", "vi", "longest"), [sentence], "vi")
    assert (copy.tokens, copy.tags) == (("bắckinh", "sách"), ("PROPN", "NOUN"))


def test_a_free_translation_has_no_tags(processor: PhoneXLProcessor) -> None:
    """The authors' loader gives its words an unknown label, which the loss ignores."""
    copies = translate_copies(_Fixed(), [SENTENCE], "vi")
    (row,) = iter(TaggingDataset(copies, processor, UPOS_TAGS, draws=True))
    assert (row.tokens, row.sentence.labels) == (("tôi", "xem"), [-100, -100])


def test_sentences_of_the_target_are_left_alone(row: Row) -> None:
    """Few-shot training mixes them with those of the source."""
    target = Sentence("2", "vi", ("sách",), ("NOUN",))
    copies = translate_copies(_Fixed(), [target, SENTENCE, target], "vi")
    assert [copy.tokens for copy in copies] == [("sách",), ("tôi", "xem"), ("sách",)]
    assert copies[0] == copies[2] == target


def test_rows_of_the_target_are_not_switched(processor: PhoneXLProcessor, row: Row) -> None:
    target = replace(row, lang="vi")
    assert CodeSwitching(CodeSwitcher(DICTIONARY, processor, "vi", 1.0, "word"), None)(target, draw()).row == target


def test_a_version_that_grows_too_long_is_cut_behind_a_word(processor: PhoneXLProcessor, row: Row) -> None:
    limit = piece_limit(make_config(processor, unit="subword"))
    assert limit == 30
    sampling = SubwordSampling(processor, SubwordSampler(processor.tokenizer, 1.0), 3)
    version = sampling(row, draw())
    assert list(version.origins) == list(range(len(version.row.sentence.pieces)))
    assert sum(map(len, version.row.sentence.pieces)) <= 3 < sum(map(len, row.sentence.pieces))
    assert len(version.row.sentence.labels or ()) == len(version.origins)
    exact = sum(map(len, row.sentence.pieces))
    for limit, words in ((exact, 4), (exact - 1, 3)):
        switching = CodeSwitching(CodeSwitcher(DICTIONARY, processor, "vi", 0.0, "word"), limit)
        assert len(switching(row, draw()).row.sentence.pieces) == words
    assert piece_limit(make_config(processor, unit="word")) is None
