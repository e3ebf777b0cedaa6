"""Sentence vectors of an encoder: what a text is spelled in, and which part of the model is read.

Measures nothing; that is `similarity.py` beside it and the metrics in `evaluate_metrics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from modeling_phonexl.transcription import Transcriber

SPELLINGS = ("text", "romanized", "ipa")
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """Vectors of the same sentences, one row each.

    Attributes:
        layers: Of each layer asked for, mean over the pieces of a sentence, specials and padding left out; shape (n,
            d).
        words: Mean of the word embeddings alone, before positions and LayerNorm; shape (n, d).
        positions: Mean of the position embeddings alone; shape (n, d), None for a model without a table of them.
        lengths: Pieces of each sentence, shape (n,).
        unknown_rate: Share of the pieces that are the unknown one, 0 to 1.
        truncated: Sentences that were cut at the longest input of the model.
    """

    layers: dict[int, Floats]
    words: Floats
    positions: Floats | None
    lengths: NDArray[np.int64]
    unknown_rate: float
    truncated: int


def spell(sentences: Sequence[str], language: str, spelling: str) -> list[str]:
    """Write sentences in their script, romanised, or in IPA, words apart by spaces.

    Args:
        sentences: Running text.
        language: Its code.
        spelling: One of `SPELLINGS`.

    Raises:
        ValueError: For another spelling.
        MissingToolError: If the reading tool of the language is not installed.
    """
    if spelling not in SPELLINGS:
        raise ValueError(f"unknown spelling {spelling!r}; known: {', '.join(SPELLINGS)}")
    if spelling == "text":
        return list(sentences)
    read = Transcriber(language)
    spelled = []
    for sentence in sentences:
        records = read([sentence[start:end] for start, end in read.segment(sentence)])
        spelled.append(" ".join(r.ipa if spelling == "ipa" else r.romanized for r in records))
    return spelled


@torch.inference_mode()
def embed_sentences(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[str],
    layers: Sequence[int],
    batch_size: int = 32,
) -> SentenceVectors:
    """Mean-pooled vectors of sentences at some layers of an encoder.

    Args:
        model: The encoder; it is put into evaluation mode.
        tokenizer: Its tokenizer.
        sentences: Texts.
        layers: Indices into `hidden_states`: 0 is the input after LayerNorm, -1 the last layer.
        batch_size: Sentences at once; they are sorted by length first.

    Raises:
        ValueError: If the model has no such layer, or a sentence has no piece.
    """
    model.eval()
    longest = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", 1 << 30) - 2)
    encoded = tokenizer(
        list(sentences), truncation=True, max_length=longest, return_special_tokens_mask=True, verbose=False
    )
    counts = np.array([mask.count(0) for mask in encoded["special_tokens_mask"]])
    if not counts.all():
        raise ValueError(f"sentence {int(np.argmin(counts))} has no piece: {sentences[int(np.argmin(counts))]!r}")
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in encoded["input_ids"])
    table = model.get_input_embeddings()
    position_table = _position_table(model)
    found: dict[Any, list[Tensor]] = {layer: [] for layer in layers} | {"words": [], "positions": []}
    order = np.argsort([len(ids) for ids in encoded["input_ids"]], kind="stable")
    for rows in _batches(order, batch_size):
        batch = tokenizer.pad(
            {key: [values[row] for row in rows] for key, values in encoded.items()}, return_tensors="pt"
        ).to(model.device)
        keep = (batch.pop("special_tokens_mask") == 0) & (batch["attention_mask"] == 1)
        hidden = model(**batch, output_hidden_states=True).hidden_states
        for layer in layers:
            if not -len(hidden) <= layer < len(hidden):
                raise ValueError(f"no layer {layer}: this encoder has hidden states 0 to {len(hidden) - 1}, or -1")
            found[layer].append(_mean(hidden[layer], keep))
        found["words"].append(_mean(table(batch["input_ids"]), keep))
        if position_table is not None:
            places = torch.arange(keep.size(1), device=keep.device) + position_table.offset
            found["positions"].append(_mean(position_table.weight[places].expand(*keep.shape, -1), keep))
    back = np.argsort(order, kind="stable")
    pooled = {key: torch.cat(parts).float().cpu().numpy()[back] for key, parts in found.items() if parts}
    return SentenceVectors(
        {layer: pooled[layer] for layer in layers},
        pooled["words"],
        pooled.get("positions"),
        counts,
        unknown / counts.sum(),
        sum(len(ids) == longest for ids in encoded["input_ids"]),
    )


@dataclass(frozen=True, slots=True)
class _Positions:
    """A table of positions; `offset` is the row of the first piece (RoBERTa keeps rows for padding)."""

    weight: Tensor
    offset: int


def _position_table(model: PreTrainedModel) -> _Positions | None:
    """The learned positions of the BERT and RoBERTa families; None for rotary and relative ones."""
    embeddings = getattr(model, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if not isinstance(table, torch.nn.Embedding):
        return None
    return _Positions(table.weight, 0 if table.padding_idx is None else table.padding_idx + 1)


def _mean(vectors: Tensor, keep: Tensor) -> Tensor:
    """Mean over the pieces that are kept; shape (rows, dimensions)."""
    weights = keep.unsqueeze(-1).to(vectors.dtype)
    return (vectors * weights).sum(1) / weights.sum(1)


def _batches(order: NDArray[np.int64], size: int) -> Iterator[list[int]]:
    for start in range(0, len(order), size):
        yield order[start : start + size].tolist()
