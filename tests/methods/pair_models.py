"""Tiny taggers of both families of encoders, batches of random sentences for them, and what watches whole runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import BertConfig, DistilBertConfig, TrainerCallback, XLMRobertaConfig

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.views import View

FAMILIES = ["bert", "xlm-roberta"]
NUM_LABELS = 5
DEPTH = 6
_SHAPE = {"vocab_size": 99, "hidden_size": 32, "max_position_embeddings": 80}
_LAYERS = {"num_hidden_layers": DEPTH, "num_attention_heads": 4, "intermediate_size": 48, "initializer_range": 0.2}
_STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

TaggerT = TypeVar("TaggerT", bound=PhoneXLForTokenClassification)


def make_config(family: str, **fields: Any) -> PhoneXLConfig:
    """A tagger's configuration: pieces, no sound; weights so large that what one side does is seen on the other."""
    if family == "distilbert":
        backbone: Any = DistilBertConfig(vocab_size=99, dim=32, n_layers=2, n_heads=4, hidden_dim=48)
    else:
        family_class = {"bert": BertConfig, "xlm-roberta": XLMRobertaConfig}[family]
        backbone = family_class(**_SHAPE, **_LAYERS, **_STILL)
    plain = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0, "use_language_embeddings": False}
    tags = {"id2label": {index: f"T{index}" for index in range(NUM_LABELS)}}
    given = {"unit": "subword", "use_phonemes": False, "initializer_range": 0.5, **plain, **tags, **fields}
    return PhoneXLConfig(backbone.to_dict(), **given)


def make_tagger(tagger_class: type[TaggerT], family: str, **fields: Any) -> TaggerT:
    """A tagger in evaluation mode, without dropout, its normalisations not the identity."""
    torch.manual_seed(0)
    tagger = tagger_class(make_config(family, **fields)).eval()
    with torch.no_grad():
        for name, parameter in tagger.named_parameters():
            if "LayerNorm" in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return tagger


def as_plain(tagger: PhoneXLForTokenClassification) -> PhoneXLForTokenClassification:
    """The plain tagger with the same weights."""
    plain = PhoneXLForTokenClassification(tagger.config).eval()
    missing = plain.load_state_dict(tagger.state_dict(), strict=False).missing_keys
    assert missing == []
    return plain


def make_batch(lengths: Sequence[int], seed: int = 0, pad: int = 0) -> dict[str, Tensor]:
    """Sentences of so many words of one to three pieces, with tags; `pad` more positions and units than needed."""
    generator = torch.Generator().manual_seed(seed)
    rows: dict[str, list[list[int]]] = {name: [] for name in ("input_ids", "word_ids", "language_ids", "labels")}
    for length in lengths:
        counts = torch.randint(1, 4, (length,), generator=generator).tolist()
        units = [0, *(unit for unit, count in enumerate(counts, 1) for _ in range(count)), length + 1]
        rows["input_ids"].append(torch.randint(5, 99, (len(units),), generator=generator).tolist())
        rows["word_ids"].append(units)
        rows["language_ids"].append([0] * (length + 2))
        rows["labels"].append([-100, *torch.randint(NUM_LABELS, (length,), generator=generator).tolist(), -100])
    fill = {"input_ids": 1, "labels": -100}
    return {name: _pad(values, fill.get(name, -1), pad) for name, values in rows.items()}


def as_second(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same as second sentences."""
    return {f"second_{name}": value for name, value in batch.items() if name != "labels"}


def view_of(batch: dict[str, Tensor]) -> View:
    """A batch without its tags."""
    return View.make(batch["input_ids"], batch["word_ids"], batch["language_ids"], None, None)


def unpadded(batch: dict[str, Tensor]) -> Tensor:
    """True where a position holds a piece."""
    return batch["word_ids"] >= 0


def random_targets(batch: dict[str, Tensor], seed: int = 0) -> Tensor:
    """Logits of a teacher for the units of a batch."""
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(*batch["language_ids"].shape, NUM_LABELS, generator=generator)


def read_alone(tagger: PhoneXLForTokenClassification, batch: dict[str, Tensor]) -> Tensor:
    """What the plain encoder gives, shape (batch, pieces, hidden)."""
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    with torch.no_grad():
        return tagger.phonexl(**inputs).piece_hidden_state


def distance(one: Tensor, other: Tensor, batch: dict[str, Tensor]) -> float:
    """The largest difference at a position that is no padding."""
    width = batch["word_ids"].size(1)
    return float((one[:, :width] - other[:, :width])[unpadded(batch)].abs().max())


class Watch(TrainerCallback):
    """Notes what was trained, with which terms and kinds of sources; raises at a step of a stage."""

    def __init__(self, stage: str = "", step: int = 0) -> None:
        self.stop = (stage, step)
        self.trained: list[tuple[str, int]] = []
        self.gold: list[bool] = []
        self.terms: dict[tuple[str, int], dict[str, float]] = {}

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if hasattr(model, "gold"):
            self.gold.append(model.gold)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trained.append((Path(args.output_dir).name, state.global_step))
        if self.trained[-1] == self.stop:
            raise InterruptedError

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if "loss" in logs:
            terms = {name: value for name, value in logs.items() if name.endswith("_loss")}
            self.terms[Path(args.output_dir).name, state.global_step] = terms


def _pad(rows: list[list[int]], value: int, more: int) -> Tensor:
    width = max(map(len, rows)) + more
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])
