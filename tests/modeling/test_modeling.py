"""The encoder and its heads: what a batch may not change, how terms are counted, and what a call refuses."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import BertConfig, PreTrainedTokenizerFast, pipeline

from modeling_phonexl import PhoneXLConfig, PhoneXLForMaskedLM, PhoneXLForTokenClassification, PhoneXLModel

TASK = ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids")
TERMS = ("task", "align", "mlm", "xmlm")
UNITS = [("word", "mean"), ("word", "first"), ("subword", "mean"), ("subword", "first")]
WEIGHTS = {"align_weight": 0.5, "mlm_weight": 0.25, "xmlm_weight": 0.125}


def rows(batch: dict[str, Tensor], chosen: list[int]) -> dict[str, Tensor]:
    """Some sentences of a batch, cut to their own widths."""
    part = {name: value[chosen] for name, value in batch.items()}
    for units, names in (
        ("word_ids", ("input_ids", "mlm_input_ids", "mlm_targets")),
        ("phoneme_word_ids", ("phoneme_ids",)),
        ("xmlm_word_ids", ("xmlm_input_ids", "xmlm_targets")),
        ("xmlm_phoneme_word_ids", ("xmlm_phoneme_ids",)),
    ):
        width = int((part[units] >= 0).sum(1).max())
        for name in (*names, units):
            part[name] = part[name][:, :width]
    for units, names in (("word_ids", ("language_ids", "labels")), ("xmlm_word_ids", ("xmlm_language_ids",))):
        for name in names:
            part[name] = part[name][:, : int(part[units].max()) + 1]
    return part


def padded(batch: dict[str, Tensor], spare: int) -> dict[str, Tensor]:
    """The batch, every tensor wider by `spare` columns of padding."""

    def fill(name: str) -> int:
        if name.endswith(("labels", "targets")):
            return -100
        return 7 if name.endswith(("input_ids", "phoneme_ids")) else -1

    return {name: F.pad(value, (0, spare), value=fill(name)) for name, value in batch.items()}


def losses(tagger: Any, batch: dict[str, Tensor], counts: dict[str, Tensor] | None = None) -> Tensor:
    output = tagger(**batch, num_items_in_batch=counts)
    return torch.stack([output[f"{name}_loss"] for name in TERMS])


@torch.no_grad()
@pytest.mark.parametrize(("unit", "pooling"), UNITS)
def test_padding_changes_nothing(make_tagger: Any, make_batch: Any, unit: str, pooling: str) -> None:
    tagger, batch = make_tagger(unit=unit, pooling=pooling), make_batch((5, 1, 3))
    wide = padded(batch, 4)
    torch.testing.assert_close(losses(tagger, wide), losses(tagger, batch), atol=2e-5, rtol=0)
    logits, widened = (tagger(**{name: b[name] for name in TASK}) for b in (batch, wide))
    width = logits.logits.size(1)
    assert torch.equal(widened.unit_mask[:, :width], logits.unit_mask)
    assert not widened.unit_mask[:, width:].any()
    difference = (widened.logits[:, :width] - logits.logits)[logits.unit_mask]
    assert difference.abs().max() <= 1e-5


@torch.no_grad()
@pytest.mark.parametrize(("unit", "pooling"), UNITS)
def test_a_sentence_is_tagged_alike_alone_and_in_any_batch(
    make_tagger: Any, make_batch: Any, unit: str, pooling: str
) -> None:
    tagger, batch = make_tagger(unit=unit, pooling=pooling), make_batch((5, 1, 3))
    whole = tagger(**{name: batch[name] for name in TASK}).logits
    for order in ([2, 0, 1], [1], [2]):
        part = rows(batch, order)
        output = tagger(**{name: part[name] for name in TASK})
        difference = (output.logits - whole[order, : output.logits.size(1)])[output.unit_mask]
        assert difference.abs().max() <= 1e-5, order


@torch.no_grad()
@pytest.mark.parametrize("unit", ["word", "subword"])
def test_stacking_the_passes_gives_the_losses_of_single_passes(make_tagger: Any, make_batch: Any, unit: str) -> None:
    """Masked and switched rows are wider than those of the task; one forward must read them as three would."""
    tagger, batch = make_tagger(unit=unit, **WEIGHTS), make_batch((5, 1, 3))
    together = losses(tagger, batch)
    task = tagger(**{name: batch[name] for name in (*TASK, "labels")})
    torch.testing.assert_close(together[:2], torch.stack([task.task_loss, task.align_loss]), atol=1e-5, rtol=0)
    masked_lm = PhoneXLForMaskedLM(tagger.config).eval()
    masked_lm.load_state_dict(
        {name: value for name, value in tagger.state_dict().items() if name in masked_lm.state_dict()}
    )
    views = {"mlm": dict(batch), "xmlm": {name: batch[f"xmlm_{name}"] for name in TASK}}
    views["mlm"]["input_ids"] = batch["mlm_input_ids"]
    for index, name in ((2, "mlm"), (3, "xmlm")):
        alone = masked_lm(**{key: views[name][key] for key in TASK}, labels=batch[f"{name}_targets"])
        torch.testing.assert_close(together[index], alone.loss, atol=1e-5, rtol=0)


@pytest.mark.parametrize("off", [{"align"}, {"mlm"}, {"xmlm"}, {"mlm", "xmlm"}, {"align", "mlm", "xmlm"}])
@pytest.mark.parametrize("share", [True, False])
def test_a_term_of_weight_zero_is_gone(make_tagger: Any, make_batch: Any, off: set[str], share: bool) -> None:
    """With its parameters, so that nothing untrained is saved; the rest weighs what it weighed."""
    weights = {name: 0.0 if name.removesuffix("_weight") in off else value for name, value in WEIGHTS.items()}
    tagger, batch = make_tagger(share_mlm_head=share, **weights), make_batch()
    output = tagger(**batch)
    expected = output.task_loss + sum(weights[f"{n}_weight"] * output[f"{n}_loss"] for n in TERMS[1:] if n not in off)
    torch.testing.assert_close(output.loss, expected)
    assert {name for name in TERMS if output.get(f"{name}_loss") is None} == off
    names = {name.split(".")[0] for name, _ in tagger.named_parameters()}
    assert ("logit_scale" in names) == ("align" not in off)
    assert ("mlm_head" in names) == ("mlm" not in off or (share and "xmlm" not in off))
    assert ("xmlm_head" in names) == (not share and "xmlm" not in off)
    assert set(tagger.count_terms(batch)) == set(TERMS) - off


def test_without_labels_there_is_no_loss_and_one_pass(tagger: Any, make_batch: Any) -> None:
    batch = make_batch()
    del batch["labels"]
    output = tagger(**batch)
    assert set(output) == {"logits", "unit_mask"}


@pytest.mark.parametrize("fields", [{}, {"unit": "subword"}, {"align_ignore_first": True}, {"head": "crf"}])
def test_counts_are_those_that_forward_divides_by(make_tagger: Any, make_batch: Any, fields: dict[str, Any]) -> None:
    tagger, batch = make_tagger(**fields), make_batch((5, 1, 3))
    counts = tagger.count_terms(batch)
    torch.testing.assert_close(losses(tagger, batch, counts), losses(tagger, batch))
    doubled = {name: 2 * count for name, count in counts.items()}
    torch.testing.assert_close(losses(tagger, batch, doubled), losses(tagger, batch) / 2)


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_two_micro_batches_with_summed_counts_equal_one_batch(make_tagger: Any, make_batch: Any, head: str) -> None:
    """Terms have different denominators; the mean of two means would weigh short sentences more."""
    tagger, batch = make_tagger(head=head, **WEIGHTS), make_batch((5, 1, 3, 4))
    whole = tagger(**batch).loss
    whole.backward()
    expected = {
        name: parameter.grad.clone() for name, parameter in tagger.named_parameters() if parameter.grad is not None
    }
    tagger.zero_grad()
    parts = [rows(batch, [1]), rows(batch, [3, 0, 2])]
    counts = [tagger.count_terms(part) for part in parts]
    summed = {name: counts[0][name] + counts[1][name] for name in counts[0]}
    total = torch.zeros(())
    for part in parts:
        loss = tagger(**part, num_items_in_batch=summed).loss
        loss.backward()
        total += loss.detach()
    torch.testing.assert_close(total, whole.detach(), atol=1e-5, rtol=0)
    for name, gradient in expected.items():
        torch.testing.assert_close(tagger.get_parameter(name).grad, gradient, atol=2e-5, rtol=1e-4, msg=name)


def test_every_parameter_is_trained_by_the_full_loss(make_tagger: Any, make_batch: Any) -> None:
    """One without a gradient would stop a distributed run, and would be saved as noise."""
    tagger = make_tagger(head="crf", share_mlm_head=False, **WEIGHTS)
    tagger(**make_batch()).loss.backward()
    assert [name for name, parameter in tagger.named_parameters() if parameter.grad is None] == []


def test_norms_of_the_parts_are_measured_in_training_only(make_tagger: Any, make_batch: Any) -> None:
    tagger, batch = make_tagger(), make_batch((2,))
    assert tagger(**batch).spelling_norm is None
    output = tagger.train()(**batch)
    table, units = tagger.get_input_embeddings().weight, batch["word_ids"][0]
    means = torch.stack([table[batch["input_ids"][0, units == unit]].mean(0) for unit in range(4)])
    torch.testing.assert_close(output.spelling_norm, means.norm(dim=1).mean().detach())
    assert output.sound_norm > 0
    assert output.language_norm > 0


# What the parts add


@torch.no_grad()
@pytest.mark.parametrize("unit", ["word", "subword"])
def test_an_unknown_language_adds_nothing(make_tagger: Any, make_batch: Any, unit: str) -> None:
    tagger, batch = make_tagger(unit=unit), make_batch((4, 2))
    given = {name: batch[name] for name in TASK}
    given["language_ids"] = torch.full_like(batch["language_ids"], -1)
    unknown = tagger(**given).logits
    assert torch.equal(tagger(**{**given, "language_ids": None}).logits, unknown)
    assert not torch.allclose(tagger(**{**given, "language_ids": torch.tensor([1, 1])}).logits, unknown)
    tagger.phonexl.language_embeddings.weight.zero_()
    assert torch.equal(tagger(**{**given, "language_ids": torch.tensor([1, 1])}).logits, unknown)


@torch.no_grad()
@pytest.mark.parametrize("unit", ["word", "subword"])
def test_one_language_per_sentence_is_spread_over_its_units(make_tagger: Any, make_batch: Any, unit: str) -> None:
    tagger, batch = make_tagger(unit=unit), make_batch((4, 2))
    given = {name: batch[name] for name in TASK}
    spread = torch.tensor([[2], [0]]).expand_as(batch["language_ids"])
    one = tagger(**{**given, "language_ids": torch.tensor([2, 0])}).logits
    assert torch.equal(one, tagger(**{**given, "language_ids": spread}).logits)


def choose(vectors: Tensor, pooling: str) -> Tensor:
    return vectors.mean(0) if pooling == "mean" else vectors[0]


@torch.no_grad()
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_the_encoder_reads_the_sum_of_spelling_sound_and_language(
    make_tagger: Any, make_batch: Any, pooling: str
) -> None:
    """Equation of section 4.1; the backbone itself adds position and segment. Sounds are always averaged."""
    model, batch = make_tagger(pooling=pooling).phonexl, make_batch((3,))
    units, sounds = batch["word_ids"][0], batch["phoneme_word_ids"][0]
    spelling = model.get_input_embeddings().weight[batch["input_ids"][0]]
    sound = model.phoneme_embeddings.weight[batch["phoneme_ids"][0]]
    inputs = [choose(spelling[units == unit], pooling) + sound[sounds == unit].mean(0) for unit in range(5)]
    for unit, language in enumerate(batch["language_ids"][0].tolist()):
        if language >= 0:
            inputs[unit] = inputs[unit] + model.language_embeddings.weight[language]
    expected = model.backbone(inputs_embeds=torch.stack(inputs)[None]).last_hidden_state
    output = model(**{name: batch[name] for name in TASK})
    torch.testing.assert_close(output.last_hidden_state, expected, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_subword_units_pool_the_encoders_output(make_tagger: Any, make_batch: Any, pooling: str) -> None:
    """Every piece carries the pooled sound of its word; a word is the mean of its output states or the first."""
    model, batch = make_tagger(unit="subword", pooling=pooling).phonexl, make_batch((3,))
    output = model(**{name: batch[name] for name in TASK})
    units, sounds = batch["word_ids"][0], batch["phoneme_word_ids"][0]
    sound = model.phoneme_embeddings.weight[batch["phoneme_ids"][0]]
    pooled = torch.stack([sound[sounds == unit].mean(0) for unit in range(5)])
    languages = model.embed_languages(batch["language_ids"])[0]
    inputs = model.get_input_embeddings().weight[batch["input_ids"][0]] + pooled[units] + languages[units]
    pieces = model.backbone(inputs_embeds=inputs[None]).last_hidden_state
    torch.testing.assert_close(output.piece_hidden_state, pieces, atol=1e-5, rtol=0)
    expected = torch.stack([choose(pieces[0, units == unit], pooling) for unit in range(5)])
    torch.testing.assert_close(output.last_hidden_state[0], expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_parts_can_be_left_out(make_tagger: Any, make_batch: Any) -> None:
    tagger = make_tagger(use_phonemes=False, use_language_embeddings=False, align_weight=0, phoneme_vocab_size=0)
    batch = make_batch((3,))
    logits = tagger(input_ids=batch["input_ids"], word_ids=batch["word_ids"]).logits
    assert torch.equal(tagger(**{name: batch[name] for name in TASK}).logits, logits)
    assert not [name for name, _ in tagger.named_parameters() if "phoneme" in name or "language" in name]


@torch.no_grad()
def test_masked_lm_scores_every_piece_from_its_words_vector(make_config: Any, make_batch: Any) -> None:
    torch.manual_seed(0)
    model, batch = PhoneXLForMaskedLM(make_config()).eval(), make_batch((3, 2))
    given = {name: batch[name] for name in TASK}
    every = model(**given).logits
    assert every.shape == (*batch["input_ids"].shape, model.config.vocab_size)
    labels = torch.full_like(batch["input_ids"], -100)
    labels[0, 1], labels[1, 2] = 6, 9
    scored = model(**given, labels=labels)
    torch.testing.assert_close(scored.logits, every[[0, 1], [1, 2]])
    torch.testing.assert_close(scored.loss, F.cross_entropy(every[[0, 1], [1, 2]], torch.tensor([6, 9])))
    assert model(**given, labels=torch.full_like(labels, -100)).loss.item() == 0


# Precision, memory, attention


@torch.no_grad()
@pytest.mark.parametrize("unit", ["word", "subword"])
def test_bfloat16_agrees_with_float32(make_tagger: Any, make_batch: Any, unit: str) -> None:
    batch = make_batch((5, 3))
    exact, half = make_tagger(unit=unit)(**batch), make_tagger(unit=unit).bfloat16()(**batch)
    assert half.logits.dtype == torch.bfloat16
    assert half.loss.dtype == torch.float32
    assert half.loss.item() == pytest.approx(exact.loss.item(), rel=0.05)


def test_alignment_and_chain_stay_in_float32_under_autocast(make_tagger: Any, make_batch: Any) -> None:
    tagger, batch = make_tagger(head="crf"), make_batch((5, 3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = tagger(**batch)
    assert output.align_loss.dtype == output.task_loss.dtype == torch.float32
    assert output.align_loss.item() == pytest.approx(tagger(**batch).align_loss.item(), abs=1e-5)
    output.loss.backward()


# 5.23 has a new name for it, which 5.17 does not know.
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning")
def test_gradient_checkpointing_reaches_the_backbone(make_tagger: Any, make_batch: Any) -> None:
    tagger, batch = make_tagger(classifier_dropout=0.0), make_batch((5, 3))
    for module in tagger.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    tagger.train()
    tagger(**batch).loss.backward()
    expected = {
        name: parameter.grad.clone() for name, parameter in tagger.named_parameters() if parameter.grad is not None
    }
    tagger.zero_grad()
    tagger.gradient_checkpointing_enable({"use_reentrant": False})
    assert any(getattr(module, "gradient_checkpointing", False) for module in tagger.phonexl.backbone.modules())
    tagger(**batch).loss.backward()
    for name, gradient in expected.items():
        torch.testing.assert_close(tagger.get_parameter(name).grad, gradient, msg=name)


@torch.no_grad()
def test_attention_implementation_reaches_the_backbone(make_config: Any, make_batch: Any) -> None:
    """Methods that need attention weights ask for "eager"; sdpa gives none."""
    batch = make_batch((3, 2))
    model = PhoneXLModel._from_config(make_config(), attn_implementation="eager").eval()
    given = {name: batch[name] for name in TASK}
    output = model(**given, output_attentions=True, output_hidden_states=True)
    assert [attention.shape for attention in output.attentions] == [(2, 4, 5, 5)] * 2
    assert len(output.hidden_states) == 3
    model.set_attn_implementation("sdpa")
    assert model.backbone.config._attn_implementation == "sdpa"
    torch.testing.assert_close(model(**given).last_hidden_state, output.last_hidden_state, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("model_class", [PhoneXLModel, PhoneXLForTokenClassification, PhoneXLForMaskedLM])
def test_what_the_configuration_asks_for_is_given_unless_the_call_says_no(
    make_config: Any, make_batch: Any, tmp_path: Path, model_class: Any
) -> None:
    """Also after loading: hidden states and attentions of the backbone, whose own configuration says no."""
    batch = {name: value for name, value in make_batch((3, 2)).items() if name in TASK}
    model_class(make_config()).save_pretrained(tmp_path)
    asked = {"output_hidden_states": True, "output_attentions": True}
    model = model_class.from_pretrained(tmp_path, **asked)
    output = model(**batch)
    assert [len(output.hidden_states), len(output.attentions)] == [3, 2]
    silent = model(**batch, **dict.fromkeys(asked, False))
    assert (silent.hidden_states, silent.attentions) == (None, None)
    plain = model_class.from_pretrained(tmp_path)(**batch)
    assert (plain.hidden_states, plain.attentions) == (None, None)


@torch.no_grad()
def test_a_tuple_has_the_loss_first_and_the_logits_next(make_config: Any, make_batch: Any) -> None:
    """As of stock models, by argument or by configuration."""
    batch = make_batch((3, 2))
    masked = {**{name: batch[name] for name in TASK}, "labels": batch["mlm_targets"]}
    for model_class, given in ((PhoneXLForTokenClassification, batch), (PhoneXLForMaskedLM, masked)):
        model = model_class(make_config()).eval()
        output = model(**given)
        model.config.return_dict = False
        for found in (model(**given), model(**given, return_dict=False)):
            assert isinstance(found, tuple)
            assert torch.equal(found[0], output.loss)
            assert torch.equal(found[1], output.logits)
        assert torch.equal(model(**given, return_dict=True).loss, output.loss)


@torch.no_grad()
def test_resizing_the_vocabulary_keeps_decoder_and_table_one(make_tagger: Any, make_batch: Any) -> None:
    """A decoder of the old size would score pieces that do not exist."""
    tagger, batch = make_tagger(), make_batch((3,))
    before = tagger(**{name: batch[name] for name in TASK}).logits
    size = tagger.config.vocab_size + 7
    tagger.resize_token_embeddings(size, mean_resizing=False)
    assert tagger.get_input_embeddings().weight.shape == (size, 32)
    assert tagger.config.vocab_size == tagger.config.backbone_config.vocab_size == size
    assert torch.equal(tagger(**{name: batch[name] for name in TASK}).logits, before)
    assert tagger.mlm_head.decoder.weight is tagger.get_input_embeddings().weight
    assert tagger.mlm_head.decoder.bias.shape == (size,)
    tagger(**batch)


# What is refused


def test_words_are_required(tagger: Any, make_batch: Any) -> None:
    batch = make_batch((2,))
    with pytest.raises(ValueError, match="word_ids is missing.*PhoneXLProcessor"):
        tagger(input_ids=batch["input_ids"])
    with pytest.raises(ValueError, match="phoneme_ids and phoneme_word_ids are missing"):
        tagger(input_ids=batch["input_ids"], word_ids=batch["word_ids"])
    del batch["xmlm_input_ids"]
    with pytest.raises(ValueError, match="input_ids is missing"):
        tagger(**batch)


@pytest.mark.parametrize(
    ("task", "model_class"),
    [
        ("token-classification", PhoneXLForTokenClassification),
        ("fill-mask", PhoneXLForMaskedLM),
        ("feature-extraction", PhoneXLModel),
    ],
)
def test_a_bare_tokenizer_is_told_what_to_use_instead(
    make_config: Any, tokenizer: PreTrainedTokenizerFast, task: str, model_class: Any
) -> None:
    """By the stock pipelines, too, which pass `attention_mask` and `token_type_ids`."""
    model = model_class(make_config())
    cure = r'word_ids is missing: .*pipeline\("token-classification", NAME, trust_remote_code=True\)'
    with pytest.raises(ValueError, match=cure):
        model(**tokenizer("Hà Nội", return_token_type_ids=True))
    with pytest.raises(ValueError, match=cure):
        pipeline(task, model=model, tokenizer=tokenizer)("Hà [MASK]")


@torch.no_grad()
def test_the_mask_of_a_tokenizer_is_not_looked_at(tagger: Any, make_batch: Any) -> None:
    batch = {name: value for name, value in make_batch((3, 2)).items() if name in TASK}
    empty = torch.zeros_like(batch["input_ids"])
    assert torch.equal(tagger(**batch, attention_mask=empty, token_type_ids=empty).logits, tagger(**batch).logits)


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_labels_of_pieces_are_refused(make_tagger: Any, make_batch: Any, head: str) -> None:
    batch = make_batch((5, 2))
    batch["labels"] = batch["input_ids"]
    message = r"labels of shape \(2, \d+\) for units of shape \(2, 7\): .*DataCollatorWithPadding"
    with pytest.raises(ValueError, match=message):
        make_tagger(head=head)(**batch)


@pytest.mark.parametrize(("unit", "name"), [("word", "70 units"), ("subword", "pieces")])
def test_a_sentence_beyond_the_positions_is_refused(make_tagger: Any, make_batch: Any, unit: str, name: str) -> None:
    """An index error of an embedding table would not say what to do."""
    batch = make_batch((68,))
    with pytest.raises(ValueError, match=rf"{name} exceeds the backbone's 64 positions: cut it with .*windows"):
        make_tagger(unit=unit)(**{key: batch[key] for key in TASK})


@torch.no_grad()
def test_a_sentence_of_all_positions_is_read(make_tagger: Any, make_batch: Any) -> None:
    batch = make_batch((62,))
    assert make_tagger()(**{key: batch[key] for key in TASK}).logits.size(1) == 64


def test_phonemes_need_the_size_of_their_table(bert_config: BertConfig) -> None:
    with pytest.raises(ValueError, match="phoneme_vocab_size is not set"):
        PhoneXLForTokenClassification(PhoneXLConfig(bert_config))
