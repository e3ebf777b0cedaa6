"""Checkpoints: encoders of other people, tables a checkpoint lacks, tied decoders, and types of weights."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertForMaskedLM,
    BertModel,
    CanineConfig,
    CanineModel,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraModel,
    ModernBertConfig,
    ModernBertForMaskedLM,
    ModernBertModel,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

from modeling_phonexl import (
    PhoneXLForMaskedLM,
    PhoneXLForTokenClassification,
    PhoneXLModel,
    PhoneXLProcessor,
    backbones,
)

LABELS = ["O", "B-LOC", "I-LOC"]
TASK = ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids")
# mDeBERTa v3: attention is relative, and there is no table of positions.
RELATIVE: dict[str, Any] = {
    "relative_attention": True,
    "position_buckets": 16,
    "pos_att_type": ["p2c", "c2p"],
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "position_biased_input": False,
    "type_vocab_size": 0,
}
TABLE = "phonexl.backbone.embeddings.word_embeddings.weight"


def small(config_class: Any, **fields: Any) -> Any:
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    return config_class(**{**sizes, "max_position_embeddings": 64, "pad_token_id": 0, **fields})


@pytest.fixture(scope="module")
def save_backbone(
    tokenizer: Any, bert_config: Any, tmp_path_factory: Any
) -> Callable[..., tuple[PreTrainedModel, str]]:
    """Saves an encoder of another family with the tiny tokenizer; gives it and its folder."""
    bert_config = copy.deepcopy(bert_config)  # saving writes the type of the weights into it
    size = bert_config.vocab_size
    specials = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    makers: dict[str, Callable[[], Any]] = {
        "bert": lambda: BertModel(bert_config),
        "bert-mlm": lambda: BertForMaskedLM(bert_config),
        "xlm-roberta-mlm": lambda: XLMRobertaForMaskedLM(small(XLMRobertaConfig, vocab_size=size)),
        "distilbert-mlm": lambda: DistilBertForMaskedLM(
            DistilBertConfig(vocab_size=size, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64)
        ),
        "modernbert": lambda: ModernBertModel(small(ModernBertConfig, vocab_size=size, **specials)),
        "modernbert-mlm": lambda: ModernBertForMaskedLM(small(ModernBertConfig, vocab_size=size, **specials)),
        "deberta-v2-mlm": lambda: DebertaV2ForMaskedLM(small(DebertaV2Config, vocab_size=size, **RELATIVE)),
    }

    def save(name: str, dtype: torch.dtype = torch.float32) -> tuple[PreTrainedModel, str]:
        torch.manual_seed(7)
        model, folder = makers[name]().to(dtype), str(tmp_path_factory.mktemp(name))
        for parameter in model.parameters():
            parameter.data.normal_(std=0.1)  # fresh biases are 0, which would hide one that is not copied
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return model, folder

    return save


def stored(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def without(folder: Path, *parts: str) -> None:
    """Remove from a checkpoint what an older or smaller model would not have."""
    kept = {name: value for name, value in stored(folder).items() if not any(part in name for part in parts)}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


# Encoders of other people


@pytest.mark.parametrize(
    "name", ["bert", "bert-mlm", "xlm-roberta-mlm", "distilbert-mlm", "modernbert", "deberta-v2-mlm"]
)
def test_the_weights_of_an_encoder_are_kept(save_backbone: Any, make_batch: Any, name: str) -> None:
    source, folder = save_backbone(name)
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS)
    encoder = getattr(source, source.base_model_prefix, source)
    ours, theirs = tagger.phonexl.backbone.state_dict(), encoder.state_dict()
    assert set(ours) == {name for name in theirs if not name.startswith("pooler.")}
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert tagger.config.id2label == dict(enumerate(LABELS))
    batch = make_batch((4, 2))
    batch["labels"] = batch["labels"].clamp(max=2)
    tagger(**batch).loss.backward()


HEADS: dict[str, Callable[[Any], Callable[[Tensor], Tensor]]] = {
    "bert-mlm": lambda source: source.cls,
    "xlm-roberta-mlm": lambda source: source.lm_head,
    "distilbert-mlm": lambda source: (
        lambda hidden: source.vocab_projector(
            source.vocab_layer_norm(source.activation(source.vocab_transform(hidden)))
        )
    ),
    "deberta-v2-mlm": lambda source: source.cls,
    "modernbert-mlm": lambda source: lambda hidden: source.decoder(source.head(hidden)),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("share", [True, False])
@torch.no_grad()
def test_the_language_modelling_head_is_kept(save_backbone: Any, name: str, share: bool) -> None:
    """A fresh head on a trained encoder would cost the terms β and γ their meaning for thousands of steps."""
    source, folder = save_backbone(name)
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, share_mlm_head=share)
    hidden = torch.randn(3, 32)
    for head in (tagger.mlm_head, tagger.xmlm_head):
        if head is None:
            assert share
            continue
        torch.testing.assert_close(head(hidden), HEADS[name](source)(hidden))
        assert head.decoder.weight is tagger.get_input_embeddings().weight


def test_a_head_of_another_build_is_not_taken_in_silence(
    save_backbone: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The MLM terms would start from chance, and nobody would know."""
    monkeypatch.setitem(backbones._HEAD_NAMES, "transform.dense", ("lm_head.dense",))
    _, folder = save_backbone("bert-mlm")
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS)
    assert "built unlike BERT's" in caplog.text
    assert torch.equal(tagger.mlm_head.transform.dense.bias, torch.zeros(32))


def test_an_encoder_saved_without_head_gets_a_fresh_one(save_backbone: Any) -> None:
    """`AutoModelForMaskedLM` would invent one and warn."""
    source, folder = save_backbone("bert")
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, tie_mlm_decoder=False)
    assert not torch.equal(tagger.mlm_head.decoder.weight, source.embeddings.word_embeddings.weight)
    assert torch.equal(tagger.mlm_head.transform.dense.bias, torch.zeros(32))


def test_an_encoder_with_narrow_embeddings_is_refused(tmp_path: Path, processor: PhoneXLProcessor) -> None:
    """ELECTRA's `inputs_embeds` are narrower than its states; the sum with sound would fail deep inside."""
    size = len(processor.tokenizer)
    ElectraModel(small(ElectraConfig, vocab_size=size, embedding_size=16)).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="electra encoder embeds words in 16 dimensions and computes in 32"):
        PhoneXLForTokenClassification.from_backbone(str(tmp_path), labels=LABELS, processor=processor)


def test_canine_is_refused(tmp_path: Path, processor: PhoneXLProcessor) -> None:
    """It has hash embeddings and no table to pool from."""
    CanineModel(small(CanineConfig, num_hash_buckets=64, num_hidden_layers=1)).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="canine encoder has no table of input embeddings"):
        PhoneXLForTokenClassification.from_backbone(str(tmp_path), labels=LABELS, processor=processor)


def test_fields_reach_processor_and_configuration(save_backbone: Any) -> None:
    _, folder = save_backbone("bert")
    fields = {"languages": ["zh", "vi"], "phoneme_vocab": "segments", "unit": "subword", "phoneme_transcription": "ipa"}
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, head="crf", **fields)
    assert {name: getattr(tagger.config, name) for name in fields} == fields
    processor = PhoneXLProcessor.from_backbone(folder, **fields)
    assert tagger.config.phoneme_vocab_size == processor.phonemes.size
    assert len(tagger.phonexl.phoneme_embeddings.weight) == processor.phonemes.size
    assert tagger.crf is not None


def test_languages_by_their_other_codes_have_rows(save_backbone: Any) -> None:
    """Their words would get the zero vector, in training as well."""
    _, folder = save_backbone("bert")
    fields = {"labels": LABELS, "languages": ["zho", "vie"], "language_init": "normal"}
    tagger = PhoneXLForTokenClassification.from_backbone(folder, **fields)
    processor = PhoneXLProcessor.from_backbone(folder, languages=["zho", "vie"])
    assert tagger.config.languages == processor.languages == ["zh", "vi"]
    rows = processor(["北京", "Hà Nội"])["language_ids"]
    assert rows[:, 0].tolist() == [0, 1]
    assert tagger.phonexl.embed_languages(rows).any(-1)[:, 0].all()


def test_unknown_fields_and_labels_of_one_name_are_refused(save_backbone: Any) -> None:
    _, folder = save_backbone("bert")
    with pytest.raises(TypeError, match="no field 'uint': did you mean 'unit'"):
        PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, uint="subword")
    with pytest.raises(TypeError, match="uint"):
        PhoneXLProcessor.from_backbone(folder, uint="subword")
    with pytest.raises(ValueError, match="label 'O' stands 2 times"):
        PhoneXLForTokenClassification.from_backbone(folder, labels=["O", "O"])
    with pytest.raises(ValueError, match="labels='OB': expected a list of names"):
        PhoneXLForTokenClassification.from_backbone(folder, labels="OB")
    with pytest.raises(ValueError, match="expected at least one"):
        PhoneXLForTokenClassification.from_backbone(folder, labels=[])


def test_word_pieces_can_start_the_phoneme_table(save_backbone: Any) -> None:
    source, folder = save_backbone("bert")
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, phoneme_init="words")
    pieces, sounds = source.embeddings.word_embeddings.weight, tagger.phonexl.phoneme_embeddings.weight
    assert len(sounds) > len(pieces)
    assert torch.equal(sounds[: len(pieces)], pieces)
    assert 0.002 < sounds[len(pieces) :].std() < 0.006
    assert sounds.data_ptr() != tagger.get_input_embeddings().weight.data_ptr()


# Tables at the start


def table_checks(model: Any) -> dict[str, bool]:
    """What each kind of start must look like."""
    sounds, languages = model.phoneme_embeddings.weight, model.language_embeddings.weight
    bound = (6 / (sounds.size(0) + 32)) ** 0.5
    return {
        "normal": bool(0.0035 < sounds.std() < 0.0045),
        "xavier": bool(0.9 * bound < sounds.abs().max() <= bound)
        and bool((sounds.std() * 3**0.5 / bound - 1).abs() < 0.1),
        "zeros": not sounds.any(),
        "language zeros": not languages.any(),
        "language normal": bool(0.015 < languages.std() < 0.025),
    }


@pytest.mark.parametrize("phonemes", ["normal", "xavier", "zeros"])
@pytest.mark.parametrize("languages", ["zeros", "normal"])
def test_tables_start_as_configured_new_and_where_a_checkpoint_lacks_them(
    make_config: Any, tmp_path: Path, phonemes: str, languages: str
) -> None:
    """`from_pretrained` builds on the meta device: what `_init_weights` leaves out is uninitialised memory."""
    torch.manual_seed(0)
    config = make_config(phoneme_init=phonemes, language_init=languages, head="crf", temperature_init=3.0)
    tagger = PhoneXLForTokenClassification(config)
    expected = {name: name in (phonemes, f"language {languages}") for name in table_checks(tagger.phonexl)}
    assert table_checks(tagger.phonexl) == expected
    with torch.no_grad():
        for parameter in tagger.parameters():
            parameter.fill_(9.0)
    tagger.save_pretrained(tmp_path)
    without(tmp_path, "phoneme_embeddings", "language_embeddings", "logit_scale", "crf.", "classifier", "transform")
    loaded = PhoneXLForTokenClassification.from_pretrained(tmp_path)
    assert table_checks(loaded.phonexl) == expected
    assert loaded.logit_scale.item() == pytest.approx(1.0986, abs=1e-4)  # ln 3
    assert not any(parameter.any() for parameter in loaded.crf.parameters())
    assert 0.015 < loaded.classifier.weight.std() < 0.025
    assert not loaded.classifier.bias.any()
    assert torch.equal(loaded.mlm_head.transform.LayerNorm.weight, torch.ones(32))
    assert torch.equal(loaded.get_input_embeddings().weight, tagger.get_input_embeddings().weight)


# Saving and loading


@torch.no_grad()
@pytest.mark.parametrize("fields", [{}, {"head": "crf", "share_mlm_head": False}, {"unit": "subword"}])
def test_a_saved_tagger_is_the_same_tagger(
    make_tagger: Any, make_batch: Any, tmp_path: Path, fields: dict[str, Any]
) -> None:
    tagger, batch = make_tagger(**fields), make_batch()
    for parameter in tagger.parameters():
        parameter.add_(0.01)  # no value that a fresh model could have
    tagger.save_pretrained(tmp_path)
    loaded, info = PhoneXLForTokenClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info.values()), info
    assert not loaded.training
    assert loaded.config.to_dict() == {**tagger.config.to_dict(), "_name_or_path": str(tmp_path)}
    assert torch.equal(loaded(**batch).loss, tagger(**batch).loss)


@torch.no_grad()
def test_a_tagger_opens_as_encoder_and_as_language_model(make_tagger: Any, make_batch: Any, tmp_path: Path) -> None:
    tagger, batch = make_tagger(), make_batch()
    given = {name: batch[name] for name in TASK}
    tagger.save_pretrained(tmp_path)
    encoder, info = AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert type(encoder) is PhoneXLModel
    assert not info["missing_keys"]
    assert torch.equal(encoder(**given).last_hidden_state, tagger.phonexl(**given).last_hidden_state)
    masked, info = AutoModelForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert type(masked) is PhoneXLForMaskedLM
    assert not info["missing_keys"]
    given["input_ids"] = batch["mlm_input_ids"]
    loss = masked(**given, labels=batch["mlm_targets"]).loss
    torch.testing.assert_close(loss, tagger(**batch).mlm_loss, atol=1e-5, rtol=0)


@pytest.mark.parametrize("share", [True, False])
def test_a_tied_decoder_is_saved_once_and_tied_again(make_tagger: Any, tmp_path: Path, share: bool) -> None:
    tagger = make_tagger(share_mlm_head=share)
    heads = ["mlm_head"] if share else ["mlm_head", "xmlm_head"]
    tagger.save_pretrained(tmp_path)
    assert [name for name in stored(tmp_path) if "decoder.weight" in name] == []
    loaded = PhoneXLForTokenClassification.from_pretrained(tmp_path)
    for model in (tagger, loaded):
        for head in heads:
            assert model.get_submodule(head).decoder.weight is model.get_input_embeddings().weight
    assert torch.equal(stored(tmp_path)[TABLE], loaded.get_input_embeddings().weight)


def test_the_decoder_of_the_language_model_is_tied_too(make_config: Any, tmp_path: Path) -> None:
    model = PhoneXLForMaskedLM(make_config())
    assert model.get_output_embeddings() is model.mlm_head.decoder
    model.save_pretrained(tmp_path)
    assert "mlm_head.decoder.weight" not in stored(tmp_path)
    loaded = PhoneXLForMaskedLM.from_pretrained(tmp_path)
    assert loaded.mlm_head.decoder.weight is loaded.get_input_embeddings().weight


def test_an_untied_decoder_is_saved_for_itself(make_tagger: Any, tmp_path: Path) -> None:
    tagger = make_tagger(tie_mlm_decoder=False)
    tagger.save_pretrained(tmp_path)
    loaded = PhoneXLForTokenClassification.from_pretrained(tmp_path)
    assert torch.equal(loaded.mlm_head.decoder.weight, tagger.mlm_head.decoder.weight)
    assert not torch.equal(loaded.mlm_head.decoder.weight, loaded.get_input_embeddings().weight)


# Types of weights


@torch.no_grad()
def test_bfloat16_weights_are_saved_and_loaded_as_they_are(save_backbone: Any, make_batch: Any, tmp_path: Path) -> None:
    _, folder = save_backbone("bert-mlm")
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS, dtype=torch.bfloat16).eval()
    batch = {name: make_batch()[name] for name in TASK}
    assert {parameter.dtype for parameter in tagger.parameters()} == {torch.bfloat16}
    tagger.save_pretrained(tmp_path)
    assert {value.dtype for value in stored(tmp_path).values()} == {torch.bfloat16}
    loaded = PhoneXLForTokenClassification.from_pretrained(tmp_path)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.bfloat16}
    assert torch.equal(loaded(**batch).logits, tagger(**batch).logits)
    wide = PhoneXLForTokenClassification.from_pretrained(tmp_path, dtype=torch.float32)
    assert {parameter.dtype for parameter in wide.parameters()} == {torch.float32}
    wide(**batch)


@torch.no_grad()
def test_an_encoder_saved_in_bfloat16_makes_a_float32_tagger(
    save_backbone: Any, make_batch: Any, tmp_path: Path
) -> None:
    """Its configuration says bfloat16; a backbone built by it under our float32 heads would fail at the first sum."""
    source, folder = save_backbone("bert", torch.bfloat16)
    tagger = PhoneXLForTokenClassification.from_backbone(folder, labels=LABELS).eval()
    batch = {name: make_batch()[name] for name in TASK}
    assert torch.equal(tagger.get_input_embeddings().weight, source.embeddings.word_embeddings.weight.float())
    tagger.save_pretrained(tmp_path)
    for model in (
        tagger,
        PhoneXLForTokenClassification.from_pretrained(tmp_path),
        PhoneXLForTokenClassification(copy.deepcopy(tagger.config)),
    ):
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        model(**batch)


def test_a_backbone_built_from_a_bfloat16_configuration_has_the_type_of_the_model(
    bert_config: Any, make_config: Any
) -> None:
    backbone = copy.deepcopy(bert_config)
    backbone.dtype = torch.bfloat16
    model = PhoneXLForTokenClassification(make_config(backbone_config=backbone))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
