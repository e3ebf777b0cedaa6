"""The configuration: what it keeps through JSON, what it refuses, and what it knows of its backbone."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, BertConfig, CanineConfig, DistilBertConfig, MPNetConfig, XLMRobertaConfig

from modeling_phonexl import PhoneXLConfig, PhoneXLModel
from modeling_phonexl.configuration_phonexl import AUTO_MAP, CUSTOM_PIPELINES

# Every field with a value that is not its default.
CHANGED: dict[str, Any] = {
    "unit": "subword",
    "pooling": "first",
    "languages": ["vi", "fra"],
    "use_phonemes": True,
    "use_language_embeddings": False,
    "phoneme_vocab": "segments",
    "phoneme_vocab_size": 77,
    "phoneme_pad_token_id": 3,
    "phoneme_unk_token_id": 4,
    "phoneme_transcription": "roman",
    "phoneme_init": "words",
    "phoneme_init_std": 0.5,
    "phoneme_scale": 0.3,
    "language_init": "normal",
    "head": "crf",
    "classifier_dropout": 0.25,
    "align_weight": 0.1,
    "mlm_weight": 0.2,
    "xmlm_weight": 0.3,
    "mask_ratio": 0.35,
    "code_switch_ratio": 0.4,
    "mask_replace": [0.8, 0.1, 0.1],
    "temperature_init": 2.5,
    "temperature_mode": "raw",
    "align_normalize": "sequence",
    "align_ignore_first": True,
    "align_pad_to": 96,
    "align_mask_duplicates": True,
    "xmlm_boundaries": "source",
    "share_mlm_head": False,
    "tie_mlm_decoder": False,
    "phoneme_prefix_bug": True,
    "max_pieces": 64,
    "static_masks": True,
    "switch_match": "word",
    "sentence_language": "last_word",
    "extra_empty_unit": True,
    "initializer_range": 0.1,
    "id2label": {0: "O", 1: "B-LOC", 2: "I-LOC"},
    "label2id": {"O": 0, "B-LOC": 1, "I-LOC": 2},
}


def test_every_field_survives_saving(bert_config: BertConfig, tmp_path: Path) -> None:
    """A field that JSON loses would change a reloaded model in silence."""
    config = PhoneXLConfig(bert_config, **CHANGED)
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert type(loaded) is PhoneXLConfig
    for name, value in CHANGED.items():
        assert getattr(loaded, name) == value, name
    assert isinstance(loaded.backbone_config, BertConfig)
    assert loaded.hidden_size == 32
    written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    loaded.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8")) == written


def test_a_default_configuration_can_be_printed_copied_and_saved(tmp_path: Path) -> None:
    """`transformers` builds one without arguments to find out what differs from the defaults."""
    config = PhoneXLConfig()
    assert "phonexl" in repr(config)
    assert copy.deepcopy(config).to_dict() == config.to_dict()
    config.save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).backbone_config is None


def test_a_configuration_without_backbone_says_what_is_missing() -> None:
    with pytest.raises(AttributeError, match="backbone_config is not set"):
        _ = PhoneXLConfig().hidden_size
    with pytest.raises(AttributeError, match="backbone_config is not set"):
        PhoneXLModel(PhoneXLConfig())


def test_the_dict_of_the_backbone_is_not_changed(bert_config: BertConfig) -> None:
    fields = bert_config.to_dict()
    before = copy.deepcopy(fields)
    PhoneXLConfig(fields)
    assert fields == before


BAD: list[tuple[str, Any]] = [
    *((name, "nonsense") for name, value in CHANGED.items() if isinstance(value, str)),
    ("mlm_target", "nonsense"),
    ("align_weight", -0.1),
    ("mlm_weight", -1),
    ("xmlm_weight", -1),
    ("phoneme_init_std", -0.1),
    ("phoneme_scale", -0.1),
    ("initializer_range", -0.1),
    ("phoneme_vocab_size", -1),
    ("align_pad_to", 0),
    ("max_pieces", 2),
    ("mask_ratio", 1.5),
    ("code_switch_ratio", -0.1),
    ("classifier_dropout", 2.0),
    ("temperature_init", 0.0),
    ("mask_replace", [0.8, 0.1]),
    ("mask_replace", [0.8, 0.1, 0.2]),
    ("mask_replace", [1.2, -0.1, -0.1]),
    ("languages", ["zh", "vi", "zh"]),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_refused_by_the_name_of_its_field(bert_config: BertConfig, field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        PhoneXLConfig(bert_config, **{field: value})


@pytest.mark.parametrize(
    ("field", "cure"),
    [("uint", "did you mean 'unit'"), ("id2lable", "did you mean 'id2label'"), ("zzz", "expected one of align_ignore")],
)
def test_an_unknown_field_is_refused_with_its_cure(bert_config: BertConfig, field: str, cure: str) -> None:
    """The model would be built with the default, and the typo saved beside it."""
    with pytest.raises(TypeError, match=f"no field '{field}': {cure}"):
        PhoneXLConfig(bert_config, **{field: "word"})
    with pytest.raises(TypeError, match=f"no field '{field}'"):
        PhoneXLConfig.official(bert_config, **{field: "word"})


def test_fields_of_transformers_pass(bert_config: BertConfig) -> None:
    fields: dict[str, Any] = {"num_labels": 3, "output_hidden_states": True, "attn_implementation": "eager"}
    config = PhoneXLConfig(bert_config, dtype="float32", architectures=["PhoneXLModel"], **fields)
    assert (config.num_labels, config.output_hidden_states, config._attn_implementation) == tuple(fields.values())


def test_a_file_of_another_version_may_have_other_fields(bert_config: BertConfig, tmp_path: Path) -> None:
    config = PhoneXLConfig(bert_config, id2label={0: "O", 1: "B"})
    config.later_field, config.id2label = 1, {0: "O", 1: "O"}
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert (loaded.later_field, loaded.id2label) == (1, {0: "O", 1: "O"})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], r"labels=\[\]: expected at least one"),
        (["O", " "], r"labels=\['O', ' '\]: .*none of them empty"),
        (["O", "B-PER", "I-PER", "B-PER"], "label 'B-PER' stands 2 times among the 4 labels: name each once"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_refused(bert_config: BertConfig, labels: list[str], message: str) -> None:
    """Two ids of one name train apart and are scored as one; `label2id` knows only the last."""
    with pytest.raises(ValueError, match=message):
        PhoneXLConfig(bert_config, id2label=dict(enumerate(labels)))


def test_fields_that_contradict_each_other_are_refused(bert_config: BertConfig) -> None:
    with pytest.raises(ValueError, match=r"align_weight.*use_phonemes"):
        PhoneXLConfig(bert_config, use_phonemes=False, align_weight=0.1)
    with pytest.raises(ValueError, match="mlm_target"):
        PhoneXLConfig(bert_config, unit="subword", mlm_target="position")


def test_an_unknown_backbone_type_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="'nope'"):
        PhoneXLConfig({"model_type": "nope", "hidden_size": 8})
    with pytest.raises(ValueError, match="model_type None"):
        PhoneXLConfig({"hidden_size": 8})


def test_one_language_may_be_given_as_a_string(bert_config: BertConfig) -> None:
    """`list("zh")` would be the languages "z" and "h"."""
    assert PhoneXLConfig(bert_config, languages="zh").languages == ["zh"]


def test_official_sets_what_the_released_code_does(bert_config: BertConfig) -> None:
    config, default = PhoneXLConfig.official(bert_config), PhoneXLConfig(bert_config)
    expected = {
        "temperature_mode": "raw",
        "align_normalize": "sequence",
        "align_ignore_first": True,
        "align_pad_to": 128,
        "mlm_target": "position",
        "xmlm_boundaries": "source",
        "sentence_language": "last_word",
        "language_init": "normal",
        "static_masks": True,
        "share_mlm_head": False,
        "tie_mlm_decoder": False,
        "phoneme_prefix_bug": True,
        "switch_match": "word",
        "max_pieces": 128,
        "phoneme_init": "xavier",
    }
    for name, value in expected.items():
        assert getattr(config, name) == value, name
        assert getattr(default, name) != value, name
    assert config.head == "softmax"
    assert config.temperature_init == pytest.approx(2.659, abs=1e-3)
    assert PhoneXLConfig.official(bert_config, align_pad_to=11).align_pad_to == 11


@pytest.mark.parametrize(("overrides", "empty"), [({}, True), ({"extra_empty_unit": False}, False)])
def test_official_attends_an_empty_unit_over_xlmr(
    bert_config: BertConfig, overrides: dict[str, bool], empty: bool
) -> None:
    """The released code's mask counts the second </s> that only XLM-R's tokenizer would write."""
    assert PhoneXLConfig.official(XLMRobertaConfig(hidden_size=32), **overrides).extra_empty_unit is empty
    assert PhoneXLConfig.official(bert_config, **overrides).extra_empty_unit is False


def test_units_that_fit_the_positions_of_the_backbone(bert_config: BertConfig) -> None:
    """XLM-R numbers positions from padding_idx + 1, so two of its 514 rows are no positions."""
    assert PhoneXLConfig(bert_config).max_units == 64
    xlmr = XLMRobertaConfig(hidden_size=32, max_position_embeddings=514, pad_token_id=1)
    assert PhoneXLConfig(xlmr).max_units == 512
    mpnet = MPNetConfig(hidden_size=32, max_position_embeddings=514, pad_token_id=1)
    assert PhoneXLConfig(mpnet).max_units == 512
    assert PhoneXLConfig(DistilBertConfig(dim=32, n_heads=4, max_position_embeddings=40)).max_units == 40
    relative = BertConfig(hidden_size=32, num_attention_heads=4)
    relative.position_embedding_type = "relative_key"
    assert PhoneXLConfig(relative).max_units is None


def test_vocabulary_size_is_that_of_the_backbone_and_can_be_set(bert_config: BertConfig) -> None:
    """Without a setter `resize_token_embeddings` fails after it has resized."""
    config = PhoneXLConfig(bert_config.to_dict())
    config.vocab_size = 1234
    assert config.backbone_config is not None
    assert config.backbone_config.vocab_size == 1234
    assert config.vocab_size == 1234


def test_tying_of_the_decoder_follows_its_own_field(bert_config: BertConfig) -> None:
    """`transformers` ties only where our own configuration says so."""
    assert PhoneXLConfig(bert_config, tie_mlm_decoder=False).tie_word_embeddings is False
    assert PhoneXLConfig(bert_config, tie_word_embeddings=False).tie_word_embeddings is True


def test_the_maps_of_classes_are_always_complete(bert_config: BertConfig) -> None:
    """Saving one class would write that class alone, and AutoModel could not open the folder."""
    config = PhoneXLConfig(bert_config, auto_map={"AutoModel": "mine.Model"})
    assert config.auto_map == {**AUTO_MAP, "AutoModel": "mine.Model"}
    assert config.custom_pipelines == CUSTOM_PIPELINES
    assert all(value.count(".") == 1 for value in AUTO_MAP.values())


def test_labels_keep_their_order(bert_config: BertConfig, tmp_path: Path) -> None:
    labels = ["O", "B-PER", "B-LOC", *(f"X{index}" for index in range(10))]
    config = PhoneXLConfig(bert_config, id2label=dict(enumerate(labels)))
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert [loaded.id2label[index] for index in range(len(labels))] == labels
    assert loaded.num_labels == 13


def test_canine_is_a_configuration_with_a_known_type() -> None:
    """Its refusal is the model's business (`test_modeling.py`)."""
    assert PhoneXLConfig(CanineConfig(hidden_size=32)).hidden_size == 32
