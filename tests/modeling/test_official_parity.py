"""Numbers of the authors' released modules (see the fixture's README) against ours, stage by stage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor
from transformers import XLMRobertaConfig

from modeling_phonexl import PhoneXLConfig, PhoneXLForTokenClassification
from modeling_phonexl.alignment import alignment_loss
from modeling_phonexl.mlm_head import piece_vectors
from modeling_phonexl.processing_phonexl import pad_rows
from modeling_phonexl.views import View, stack_views

WEIGHTS = {"align_weight": 0.1, "mlm_weight": 0.01, "xmlm_weight": 0.001}


def ours(name: str) -> str:
    """Our name of one of the authors' weights."""
    for theirs, mine in (
        ("bert.embeddings.ipa_embeddings", "phonexl.phoneme_embeddings"),
        ("bert.embeddings.lang_emb", "phonexl.language_embeddings"),
        ("bert.", "phonexl.backbone."),
        ("cls.predictions.", "mlm_head."),
        ("xcls.predictions.", "xmlm_head."),
    ):
        if name.startswith(theirs):
            return mine + name.removeprefix(theirs)
    return name


def ragged(words: list[dict[str, Any]], ids: str) -> tuple[list[int], list[int]]:
    """Pieces and units of one sentence with [CLS] = 2 and [SEP] = 3."""
    flat, units = [2], [0]
    for unit, word in enumerate(words, 1):
        flat += word[ids]
        units += [unit] * len(word[ids])
    return [*flat, 3], [*units, len(words) + 1]


def padded(sentences: list[dict[str, Any]], ids: str) -> tuple[Tensor, Tensor]:
    rows = [ragged(sentence["words"], ids) for sentence in sentences]
    return pad_rows([row[0] for row in rows], 0), pad_rows([row[1] for row in rows], -1)


def masked(sentences: list[dict[str, Any]], ids: str) -> tuple[Tensor, Tensor]:
    """Input with the pieces of masked words replaced by [MASK] = 4, and their labels."""
    inputs, units = padded(sentences, ids)
    labels = torch.full_like(inputs, -100)
    for row, sentence in enumerate(sentences):
        for unit, word in enumerate(sentence["words"], 1):
            if word["masked"]:
                labels[row, units[row] == unit] = inputs[row, units[row] == unit]
    return inputs.masked_fill(labels != -100, 4), labels


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "fixtures" / "official_forward"


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "outputs.safetensors")


@pytest.fixture(scope="module")
def losses(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "losses.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def sentences(folder: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((folder / "sentences.json").read_text())["sentences"]
    return loaded


@pytest.fixture(scope="module")
def batch(sentences: list[dict[str, Any]]) -> dict[str, Tensor]:
    """The eight sentences as our model reads them, own word boundaries throughout."""
    input_ids, word_ids = padded(sentences, "piece_ids")
    phoneme_ids, phoneme_word_ids = padded(sentences, "phoneme_ids")
    mlm_input_ids, mlm_targets = masked(sentences, "piece_ids")
    xmlm_input_ids, xmlm_targets = masked(sentences, "x_piece_ids")
    rows = [[s["lang_id"], *(w["x_lang_id"] for w in s["words"]), s["lang_id"]] for s in sentences]
    return {
        "input_ids": input_ids,
        "word_ids": word_ids,
        "phoneme_ids": phoneme_ids,
        "phoneme_word_ids": phoneme_word_ids,
        "language_ids": torch.tensor([s["lang_id"] for s in sentences]),
        "labels": pad_rows([[-100, *(w["label_id"] for w in s["words"]), -100] for s in sentences], -100),
        "mlm_input_ids": mlm_input_ids,
        "mlm_targets": mlm_targets,
        "xmlm_input_ids": xmlm_input_ids,
        "xmlm_word_ids": padded(sentences, "x_piece_ids")[1],
        "xmlm_phoneme_ids": padded(sentences, "x_phoneme_ids")[0],
        "xmlm_phoneme_word_ids": padded(sentences, "x_phoneme_ids")[1],
        "xmlm_language_ids": pad_rows(rows, -1),
        "xmlm_targets": xmlm_targets,
    }


@pytest.fixture(scope="module")
def build(folder: Path) -> Callable[..., PhoneXLForTokenClassification]:
    """Makes our model with the authors' weights."""

    def make(**fields: Any) -> PhoneXLForTokenClassification:
        backbone = {"model_type": "bert", **json.loads((folder / "backbone_config.json").read_text())}
        config = PhoneXLConfig.official(
            backbone, languages=["zh", "vi"], phoneme_vocab_size=303, num_labels=18, **{**WEIGHTS, **fields}
        )
        model = PhoneXLForTokenClassification(config).eval()
        weights = {ours(name): value for name, value in load_file(folder / "weights.safetensors").items()}
        unused = [name for name in weights if name in ("mlm_head.bias", "xmlm_head.bias") or "pooler" in name]
        missing, unexpected = model.load_state_dict({k: v for k, v in weights.items() if k not in unused}, strict=False)
        assert [name for name in missing if "position_ids" not in name] == []
        assert unexpected == []
        return model

    return make


def close(ours: Tensor, theirs: Tensor, mask: Tensor, tolerance: float) -> None:
    worst = ((ours - theirs).abs() * mask.unsqueeze(-1)).max().item()
    assert worst <= tolerance, worst


@torch.no_grad()
def test_every_stage_of_the_task_pass_agrees(build: Any, batch: Any, expected: Any) -> None:
    model = build()
    caught: dict[str, Tensor] = {}
    embeddings = model.phonexl.backbone.embeddings
    embeddings.LayerNorm.register_forward_hook(lambda _, inputs, output: caught.update(sum=inputs[0], embedding=output))
    names = ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids")
    output = model.phonexl(**{name: batch[name] for name in names})
    logits = model(**{name: batch[name] for name in names}).logits
    mask = output.unit_mask
    close(output.spelling, expected["oe_pooled"], mask, 1e-6)
    close(output.sound, expected["pe_pooled"], mask, 1e-6)
    close(caught["sum"], expected["sum_before_layernorm"], mask, 1e-5)
    close(caught["embedding"], expected["embedding_output"], mask, 1e-5)
    close(output.last_hidden_state, expected["last_hidden_state"], mask, 1e-5)
    close(logits, expected["logits"], mask, 1e-5)


def test_task_loss_and_its_gradients_agree(build: Any, batch: Any, losses: Any, folder: Path) -> None:
    model = build()
    task = ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids", "labels")
    loss = model(**{name: batch[name] for name in task}).task_loss
    assert loss.item() == pytest.approx(losses["task_loss"], abs=1e-5)
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    theirs = {ours(name): value for name, value in load_file(folder / "task_grads.safetensors").items()}
    assert theirs.keys() <= gradients.keys()
    for name, value in theirs.items():
        assert (gradients[name] - value).abs().max() <= 1e-5, name


@torch.no_grad()
def test_mlm_and_xmlm_logits_agree_where_pieces_meet_their_own_word(build: Any, batch: Any, expected: Any) -> None:
    model = build(mlm_target="word", xmlm_boundaries="own")
    for kind, head in (("mlm", model.mlm_head), ("xmlm", model.xmlm_head)):
        prefix = "xmlm_" if kind == "xmlm" else ""
        output = model.phonexl(
            batch[f"{kind}_input_ids"],
            batch[f"{prefix}word_ids"],
            batch[f"{prefix}phoneme_ids"],
            batch[f"{prefix}phoneme_word_ids"],
            batch[f"{prefix}language_ids"],
        )
        close(output.last_hidden_state, expected[f"{kind}.last_hidden_state"], output.unit_mask, 1e-5)
        labels = batch[f"{kind}_targets"]
        logits = head(piece_vectors(output, batch[f"{prefix}word_ids"])[labels != -100])
        assert torch.equal(labels[labels != -100], expected[f"{kind}.word_label_ids"])
        assert (logits - expected[f"{kind}.word_logits"]).abs().max() <= 2e-5


def test_losses_agree_with_the_word_rule(build: Any, batch: Any, losses: Any) -> None:
    output = build(mlm_target="word", xmlm_boundaries="own", align_pad_to=96)(**batch)
    assert output.align_loss.item() == pytest.approx(losses["align_loss_official"], abs=1e-5)
    assert output.mlm_loss.item() == pytest.approx(losses["mlm_loss_word"], abs=1e-5)
    assert output.xmlm_loss.item() == pytest.approx(losses["xmlm_loss_word"], abs=1e-5)
    terms = {"task": 1.0, "align": 0.1, "mlm": 0.01, "xmlm": 0.001}
    total = sum(weight * output[f"{name}_loss"] for name, weight in terms.items())
    assert output.loss.item() == pytest.approx(total.item(), abs=1e-6)


@pytest.mark.parametrize("length", ["11", "32", "96", "128"])
def test_released_alignment_grows_with_its_padding(expected: Any, losses: Any, batch: Any, length: str) -> None:
    words = batch["labels"][:, 1:] != -100
    total, count = alignment_loss(
        expected["oe_words"][:, : words.size(1)],
        expected["pe_words"][:, : words.size(1)],
        words,
        torch.tensor(losses["logit_scale"]),
        normalize="sequence",
        ignore_first=True,
        pad_to=int(length),
    )
    assert (total / count).item() == pytest.approx(losses["align_loss_official_by_padded_length"][length], abs=1e-5)


@pytest.mark.parametrize(("mode", "key"), [("raw", "align_loss_paper_tau_raw"), ("exp", "align_loss_paper_tau_exp")])
def test_paper_alignment_agrees(expected: Any, losses: Any, batch: Any, mode: str, key: str) -> None:
    words = batch["labels"][:, 1:] != -100
    scale = torch.tensor(losses["logit_scale"])
    spelling, sound = (expected[f"{kind}_words"][:, : words.size(1)] for kind in ("oe", "pe"))
    total, count = alignment_loss(spelling, sound, words, scale if mode == "raw" else scale.exp())
    assert (total / count).item() == pytest.approx(losses[key], abs=1e-5)


def with_source_boundaries(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The switched pieces and sounds as the released code pools them: by the unswitched sentence's boundaries."""
    result = dict(batch)
    for ids, units, labels in (("input_ids", "word_ids", "labels"), ("phoneme_ids", "phoneme_word_ids", None)):
        width = max(batch[f"xmlm_{ids}"].size(1), batch[units].size(1))
        result[f"xmlm_{ids}"] = F.pad(batch[f"xmlm_{ids}"], (0, width - batch[f"xmlm_{ids}"].size(1)))
        result[f"xmlm_{units}"] = F.pad(batch[units], (0, width - batch[units].size(1)), value=-1)
        if labels:
            missing = width - batch["xmlm_targets"].size(1)
            result["xmlm_targets"] = F.pad(batch["xmlm_targets"], (0, missing), value=-100)
    languages = batch["xmlm_language_ids"]
    result["xmlm_language_ids"] = torch.where(languages < 0, languages[:, :1], languages)  # padding: the sentence's
    return result


@torch.no_grad()
def test_released_mlm_scores_piece_i_against_unit_i(build: Any, batch: Any, losses: Any) -> None:
    output = build(align_pad_to=96)(**with_source_boundaries(batch))
    assert output.mlm_loss.item() == pytest.approx(losses["mlm_loss_official"], abs=2e-5)
    assert output.xmlm_loss.item() == pytest.approx(losses["xmlm_loss_official"], abs=2e-5)
    assert output.loss.item() == pytest.approx(losses["total_loss_official"], abs=2e-5)


@torch.no_grad()
def test_stock_xlmr_reproduces_the_released_roberta_with_its_empty_unit(folder: Path) -> None:
    data = load_file(folder / "xlmr_inputs_outputs.safetensors")
    backbone = XLMRobertaConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=70,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        pad_token_id=1,
    )
    weights = {
        name.replace("roberta.", "bert.", 1): v for name, v in load_file(folder / "xlmr_weights.safetensors").items()
    }
    weights = {ours(name): value for name, value in weights.items()}
    size = weights["phonexl.phoneme_embeddings.weight"].size(0)
    rows = weights["phonexl.language_embeddings.weight"].size(0)
    config = PhoneXLConfig.official(
        backbone,
        languages=["zh", "vi"][:rows],
        phoneme_vocab_size=size,
        extra_empty_unit=True,
        num_labels=5,
        **dict.fromkeys(WEIGHTS, 0),
    )
    model = PhoneXLForTokenClassification(config).eval()
    loaded = model.load_state_dict(weights, strict=False)
    assert not [name for name in loaded.missing_keys if name.startswith("phonexl.") and "_ids" not in name]

    def units(words: Tensor, ids: Tensor) -> Tensor:
        """Our unit numbers from their word numbers, which are -1 for specials and padding."""
        result = torch.full_like(words, -1)
        for row in range(len(words)):
            inside = (words[row] >= 0).nonzero().squeeze(1)
            result[row, inside] = words[row, inside] + 1
            result[row, 0] = 0
            result[row, inside.max() + 1] = words[row].max() + 2
        return result

    output = model.phonexl(
        data["ids"],
        units(data["im"], data["ids"]),
        data["ipa"],
        units(data["pm"], data["ipa"]),
        torch.zeros(len(data["ids"]), dtype=torch.long),
    )
    width = output.last_hidden_state.size(1)
    close(output.last_hidden_state, data["h"][:, :width], output.unit_mask, 1e-5)


@torch.no_grad()
def test_stacked_passes_equal_single_passes(build: Any, batch: Any) -> None:
    """A row of a stack must not see the padding that a wider view brings."""
    model = build(mlm_target="word", xmlm_boundaries="own")
    task = View.make(*(batch[n] for n in ("input_ids", "word_ids", "language_ids", "phoneme_ids", "phoneme_word_ids")))
    names = ("input_ids", "word_ids", "language_ids", "phoneme_ids", "phoneme_word_ids")
    switched = View.make(*(batch[f"xmlm_{name}"] for name in names))
    stacked = stack_views([task, switched])
    both = model.phonexl(**vars(stacked))
    alone = model.phonexl(**vars(switched))
    width = alone.last_hidden_state.size(1)
    close(both.last_hidden_state[8:, :width], alone.last_hidden_state, alone.unit_mask, 1e-5)
