"""Batches: a row's draws are its own, extra passes exist where the model wants them, labels stand on masked pieces."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import AutoConfig, PretrainedConfig, PreTrainedTokenizerFast

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.schema import UPOS_TAGS, Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.dataset import Row, TaggingDataset

TASK_PASS = {"input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids", "labels"}
MLM_PASS = {"mlm_input_ids", "mlm_targets"}
XMLM_PASS = {f"xmlm_{name}" for name in (TASK_PASS - {"labels"} | {"targets"})}
DICTIONARY = BilingualDictionary([("书", "sách"), ("喜欢", "thích"), ("。", "."), ("北京", "bắckinh")])


@pytest.fixture(scope="module")
def backbone_config(backbone: Path) -> PretrainedConfig:
    return AutoConfig.from_pretrained(backbone)


@pytest.fixture(scope="module")
def sentencepiece() -> PhoneXLProcessor:
    """A tokenizer as XLM-R's: words begin with "▁", alone where no longer piece fits, and padding is not 0."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(piece, -2.0) for piece in ("▁", "我", "看", "书", "▁书")] + [("<mask>", 0.0)]
    model = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    model.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    names = {f"{name}_token": f"<{name}>" for name in ("unk", "pad", "mask")}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=model, cls_token="<s>", sep_token="</s>", **names)
    return PhoneXLProcessor(tokenizer)


@pytest.fixture(scope="module")
def dataset(processor: PhoneXLProcessor, sentences: list[Sentence]) -> TaggingDataset:
    return TaggingDataset(sentences, processor, UPOS_TAGS, draws=True)


def make_collator(processor: PhoneXLProcessor, backbone_config: PretrainedConfig, **fields: Any) -> PhoneXLCollator:
    config = PhoneXLConfig(backbone_config, **{"code_switch_ratio": 0.5, "mask_ratio": 0.3, **fields})
    switcher = CodeSwitcher(DICTIONARY, processor, "vi", config.code_switch_ratio, config.switch_match)
    return PhoneXLCollator(processor, config, 1, switcher if config.xmlm_weight else None)


def read_rows(tokens: Sequence[str], processor: PhoneXLProcessor) -> list[Row]:
    tags = ("NOUN",) * len(tokens)
    return [*iter(TaggingDataset([Sentence("1", "zh", tuple(tokens), tags)], processor, UPOS_TAGS, draws=True))]


def without_padding(batch: dict[str, Tensor], row: int) -> dict[str, list[int]]:
    """Everything of one row, each tensor cut where its own units end."""
    owners = {
        "word_ids": ("input_ids", "word_ids", "mlm_input_ids", "mlm_targets"),
        "phoneme_word_ids": ("phoneme_ids", "phoneme_word_ids"),
        "xmlm_word_ids": ("xmlm_input_ids", "xmlm_word_ids", "xmlm_targets"),
        "xmlm_phoneme_word_ids": ("xmlm_phoneme_ids", "xmlm_phoneme_word_ids"),
    }
    kept = {
        name: batch[name][row][batch[owner][row] >= 0].tolist() for owner, names in owners.items() for name in names
    }
    for prefix in ("", "xmlm_"):
        num_units = int(batch[f"{prefix}word_ids"][row].max()) + 1
        kept[f"{prefix}language_ids"] = batch[f"{prefix}language_ids"][row, :num_units].tolist()
    return kept


def units_with_targets(batch: dict[str, Tensor], prefix: str, words: str) -> list[set[int]]:
    labelled = batch[f"{prefix}targets"] != -100
    return [set(units[flags].tolist()) for units, flags in zip(batch[words], labelled, strict=True)]


@given(st.lists(st.integers(0, 23), min_size=1, max_size=8, unique=True))
def test_a_rows_draws_do_not_depend_on_its_batch(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, dataset: TaggingDataset, chosen: list[int]
) -> None:
    """Else accumulation, two processes and a resumed run would each see other data."""
    collator = make_collator(processor, backbone_config)
    batch = collator([dataset[index] for index in chosen])
    for row, index in enumerate(chosen):
        assert without_padding(batch, row) == without_padding(collator([dataset[index]]), 0)


@pytest.mark.parametrize("static", [False, True])
def test_draws_change_with_the_epoch_unless_masks_are_static(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, dataset: TaggingDataset, static: bool
) -> None:
    collator = make_collator(processor, backbone_config, static_masks=static)
    rows = [dataset[index] for index in range(8)]
    first = collator(rows)
    collator.epoch = 1
    second = collator(rows)
    collator.epoch = 0
    again = collator(rows)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(first["input_ids"], second["input_ids"])
    for prefix in ("mlm_", "xmlm_"):
        assert (first[f"{prefix}targets"].tolist() == second[f"{prefix}targets"].tolist()) is static


@pytest.mark.parametrize(
    ("weights", "passes"),
    [
        ((0.1, 0.1), TASK_PASS | MLM_PASS | XMLM_PASS),
        ((0.1, 0), TASK_PASS | MLM_PASS),
        ((0, 0.1), TASK_PASS | XMLM_PASS),
        ((0, 0), TASK_PASS),
    ],
)
def test_only_the_passes_with_a_weight_exist(
    processor: PhoneXLProcessor,
    backbone_config: PretrainedConfig,
    dataset: TaggingDataset,
    weights: tuple[float, float],
    passes: set[str],
) -> None:
    collator = make_collator(processor, backbone_config, mlm_weight=weights[0], xmlm_weight=weights[1])
    assert set(collator([dataset[0], dataset[1]])) == passes


def test_evaluation_rows_get_no_extra_passes(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, sentences: list[Sentence]
) -> None:
    """Masked passes in evaluation cost three times the work and make dev losses random."""
    collator = make_collator(processor, backbone_config)
    rows = [*iter(TaggingDataset(sentences[:4], processor, UPOS_TAGS))]
    assert set(collator(rows)) == TASK_PASS
    assert (collator.num_words, collator.num_masked) == (0, 0)


def test_masked_pieces_are_restored_by_their_labels(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, dataset: TaggingDataset
) -> None:
    collator = make_collator(processor, backbone_config)
    rows = [dataset[index] for index in range(24)]
    batch = collator(rows)
    labels, mask = batch["mlm_targets"], processor.tokenizer.mask_token_id
    assert torch.equal(batch["mlm_input_ids"].where(labels == -100, labels), batch["input_ids"])
    assert torch.equal(batch["mlm_input_ids"] == mask, labels != -100)
    masked = units_with_targets(batch, "mlm_", "word_ids")
    assert all(masked)
    for row, units in enumerate(masked):
        assert 0 not in units
        assert int(batch["word_ids"][row].max()) not in units
        whole = torch.isin(batch["word_ids"][row], torch.tensor(sorted(units)))
        assert torch.equal(whole, labels[row] != -100)
    assert collator.num_words == sum(len(row.tokens) for row in rows)
    assert collator.num_masked == sum(map(len, masked))


def test_xmlm_targets_stand_on_the_switched_pieces_of_the_same_masked_words(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, dataset: TaggingDataset
) -> None:
    """With ratio 1 and one translation each, what a sentence must become is known."""
    collator = make_collator(processor, backbone_config, code_switch_ratio=1.0)
    rows = [dataset[index] for index in range(24)]
    batch = collator(rows)
    words = [[DICTIONARY.targets(token) or (token,) for token in row.tokens] for row in rows]
    expected = processor([[word[0] for word in row] for row in words], "zh", is_split_into_words=True)["input_ids"]
    labels = batch["xmlm_targets"]
    assert torch.equal(batch["xmlm_input_ids"].where(labels == -100, labels), expected)
    assert torch.equal(batch["xmlm_input_ids"] == processor.tokenizer.mask_token_id, labels != -100)
    assert units_with_targets(batch, "xmlm_", "xmlm_word_ids") == units_with_targets(batch, "mlm_", "word_ids")


def test_a_joined_span_is_masked_if_one_of_its_characters_is(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig
) -> None:
    rows = read_rows("我看北京书", processor)
    collator = make_collator(processor, backbone_config, code_switch_ratio=1.0, mask_ratio=0.0)
    collator.switcher.match = "longest"
    seen = set()
    for epoch in range(40):
        collator.epoch = epoch
        batch = collator(rows)
        (source,), (switched,) = (
            units_with_targets(batch, prefix, words)
            for prefix, words in (("mlm_", "word_ids"), ("xmlm_", "xmlm_word_ids"))
        )
        seen.add((*source, *switched))
    # Units from 1: 我 看 北 京 书 become 我 看 bắckinh sách.
    assert seen == {(1, 1), (2, 2), (3, 3), (4, 3), (5, 4)}


def test_random_pieces_stay_within_the_vocabulary(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, dataset: TaggingDataset
) -> None:
    collator = make_collator(processor, backbone_config, mask_ratio=1.0, mask_replace=(0.0, 1.0, 0.0))
    batch = collator([dataset[index] for index in range(24)])
    changed = batch["mlm_input_ids"][batch["mlm_targets"] != -100]
    assert changed.max() < backbone_config.vocab_size
    assert len(set(changed.tolist())) > backbone_config.vocab_size / 2


def test_sentencepiece_marks_are_not_predicted(
    sentencepiece: PhoneXLProcessor, backbone_config: PretrainedConfig
) -> None:
    """The mark is looked up in the tokenizer, whatever its id."""
    collator = make_collator(sentencepiece, backbone_config, mask_ratio=1.0, code_switch_ratio=0.0)
    batch = collator(read_rows(["我", "书", "看书"], sentencepiece))
    mark, me, read, book, marked_book = sentencepiece.tokenizer.convert_tokens_to_ids(["▁", "我", "看", "书", "▁书"])
    assert batch["input_ids"].tolist() == [[0, mark, me, marked_book, mark, read, book, 2]]
    for prefix in ("mlm_", "xmlm_"):
        assert batch[f"{prefix}input_ids"].tolist() == [[0, *[sentencepiece.tokenizer.mask_token_id] * 6, 2]]
        assert batch[f"{prefix}targets"].tolist() == [[-100, -100, me, marked_book, -100, read, book, -100]]


@pytest.mark.parametrize(("source", "target"), [("书看看看", "书"), ("书", "书看看看")])
def test_source_boundaries_pool_the_switched_text_as_the_released_code_does(
    sentencepiece: PhoneXLProcessor, backbone_config: PretrainedConfig, source: str, target: str
) -> None:
    """What is missing is padding, what is too much belongs to no word; labels stay on the switched pieces."""
    fields = {"mask_ratio": 1.0, "code_switch_ratio": 1.0, "xmlm_boundaries": "source", "switch_match": "word"}
    collator = make_collator(sentencepiece, backbone_config, **fields)
    collator.switcher.dictionary = BilingualDictionary([(source, target)])
    batch = collator(read_rows(["书书", source, "书书"], sentencepiece))
    own, tokenizer = sentencepiece.pieces, sentencepiece.tokenizer
    pieces = [*own("书书"), *own(target), *own("书书")]
    units = batch["word_ids"][0].tolist()
    missing, excess = max(0, len(units) - len(pieces) - 2), max(0, len(pieces) + 2 - len(units))
    ids = [0, *[tokenizer.mask_token_id] * len(pieces), 2]
    assert batch["xmlm_input_ids"][0].tolist() == ids + [tokenizer.pad_token_id] * missing
    assert batch["xmlm_targets"][0].tolist() == [-100, *pieces, -100] + [-100] * missing
    assert batch["xmlm_word_ids"][0].tolist() == units + [-1] * excess
    zh, vi = (sentencepiece.encode([word], code).phoneme_pieces[0] for word, code in (("书书", "zh"), (target, "vi")))
    sounds, sound_units = [0, *zh, *vi, *zh, 2], batch["phoneme_word_ids"][0].tolist()
    missing, excess = max(0, len(sound_units) - len(sounds)), max(0, len(sounds) - len(sound_units))
    assert batch["xmlm_phoneme_ids"][0].tolist() == sounds + [sentencepiece.phonemes.pad_id] * missing
    assert batch["xmlm_phoneme_word_ids"][0].tolist() == sound_units + [-1] * excess


@pytest.mark.parametrize(("last", "language"), [("书", "vi"), ("看", "zh")])
def test_the_last_word_lends_its_language_as_in_the_released_code(
    processor: PhoneXLProcessor, backbone_config: PretrainedConfig, last: str, language: str
) -> None:
    fields = {"code_switch_ratio": 1.0, "sentence_language": "last_word"}
    batch = make_collator(processor, backbone_config, **fields)(read_rows(["我", "喜欢", last], processor))
    zh, vi, lent = (processor.language_id(code) for code in ("zh", "vi", language))
    assert batch["language_ids"].tolist() == [[lent] * 5]
    assert batch["xmlm_language_ids"].tolist() == [[lent, zh, vi, lent, lent]]
    batch = make_collator(processor, backbone_config, code_switch_ratio=1.0)(read_rows(["我", "喜欢", last], processor))
    assert batch["language_ids"].tolist() == [[zh] * 5]
    assert batch["xmlm_language_ids"].tolist() == [[zh, zh, vi, lent, zh]]


# ---- code switching of the tagged sentence (CoSDA-ML) ----


def switching(
    processor: PhoneXLProcessor, config: PretrainedConfig, ratio: float, match: str = "word"
) -> PhoneXLCollator:
    """A collator of plain's batches, with tagged sentences switched."""
    collator = make_collator(processor, config, align_weight=0, mlm_weight=0, xmlm_weight=0)
    collator.task_switcher = CodeSwitcher(DICTIONARY, processor, "vi", ratio, match)
    return collator


def test_ratio_zero_is_plain(processor, backbone_config, dataset):
    rows = [dataset[index] for index in range(3)]
    plain = make_collator(processor, backbone_config, align_weight=0, mlm_weight=0, xmlm_weight=0)(rows)
    switched = switching(processor, backbone_config, 0.0)(rows)
    assert plain.keys() == switched.keys()
    assert all(torch.equal(plain[name], switched[name]) for name in plain)


def test_a_switched_word_keeps_its_tag_and_has_the_targets_spelling_sound_and_language(processor, backbone_config):
    [row] = read_rows(["我", "喜欢", "书"], processor)
    row.sentence.labels[:] = [5, 6, 7]
    batch = switching(processor, backbone_config, 1.0)([row])
    assert batch["labels"][0].tolist()[1:4] == [5, 6, 7]
    expected = processor.encode(["我"], "zh"), processor.encode(["thích"], "vi"), processor.encode(["sách"], "vi")
    pieces = [piece for part in expected for word in part.pieces for piece in word]
    assert batch["input_ids"][0].tolist()[1:-1] == pieces
    sounds = [sound for part in expected for word in part.phoneme_pieces for sound in word]
    assert [i for i in batch["phoneme_ids"][0].tolist() if i in sounds][: len(sounds)] == sounds
    assert batch["language_ids"][0].tolist()[1:4] == [part.language_ids[0] for part in expected]


def test_several_characters_become_one_word_with_the_first_ones_tag(processor, backbone_config):
    [row] = read_rows(["北", "京", "好"], processor)
    row.sentence.labels[:] = [5, 6, 7]
    batch = switching(processor, backbone_config, 1.0, "longest")([row])
    assert [label for label in batch["labels"][0].tolist() if label != -100] == [5, 7]


def test_evaluated_sentences_are_never_switched(processor, backbone_config):
    sentence = Sentence("1", "zh", ("我", "喜欢", "书"), ("PRON", "VERB", "NOUN"))
    rows = [*iter(TaggingDataset([sentence], processor, UPOS_TAGS))]
    collator = switching(processor, backbone_config, 1.0)
    assert torch.equal(collator(rows)["input_ids"], processor.pad([rows[0].sentence])["input_ids"])
    assert collator.task_switcher.counts.tokens == 0


def test_draws_are_those_of_the_epoch_and_leave_the_masks_alone(processor, backbone_config, dataset):
    rows = [dataset[index] for index in range(3)]
    collator = switching(processor, backbone_config, 0.5)
    first, again = collator(rows)["input_ids"], collator(rows)["input_ids"]
    assert torch.equal(first, again)
    seen = set()
    for collator.epoch in range(12):
        seen.add(str(collator(rows)["input_ids"].tolist()))
    assert len(seen) > 1
    phonexl = make_collator(processor, backbone_config)
    masks = phonexl(rows)["mlm_targets"]
    phonexl.task_switcher = CodeSwitcher(DICTIONARY, processor, "vi", 0.5, "word")
    assert torch.equal(phonexl(rows)["mlm_targets"], masks)


def test_the_rate_is_that_of_ratio_and_coverage(processor, backbone_config):
    [row] = read_rows(["书", "天"] * 10, processor)
    collator = switching(processor, backbone_config, 0.3)
    for epoch in range(200):
        collator.epoch = epoch
        collator([row])
    counts = collator.task_switcher.counts
    assert counts.covered / counts.tokens == 0.5
    # 2,000 covered words: three standard errors of a share of 0.3 are 0.031.
    assert abs(counts.switched / counts.covered - 0.3) < 0.031
