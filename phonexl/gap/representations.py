"""Sentence vectors of an encoder: which part of the model is read.

Measures nothing; that is `measures.py` beside it and the metrics in `evaluate_metrics`. What the encoder is given is
its reader's (`word_reader.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoModelForTextEncoding,
    AutoModelForTokenClassification,
    CanineModel,
    PreTrainedModel,
)

from phonexl.gap.canine_reader import spread_molecules
from phonexl.gap.word_reader import NO_WORD, EncodedWords, WordReader

_HEADS = {
    "ForSequenceClassification": AutoModelForSequenceClassification,
    "ForTokenClassification": AutoModelForTokenClassification,
    "EncoderModel": AutoModelForTextEncoding,  # T5's half, which AutoModel would take for the whole
}
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """Vectors of the same sentences, one row each.

    Attributes:
        layers: Of each layer asked for, mean over the pieces of a sentence, specials, marks between words and padding
            left out; shape (n, d).
        words: Mean of the word embeddings alone, before positions and LayerNorm; shape (n, d), None for a model without
            a table of them (CANINE hashes characters).
        positions: Mean of the position embeddings alone; shape (n, d), None for a model without a table of them.
        lengths: Pieces of each sentence, shape (n,).
        unknown_rate: Share of the pieces that are the unknown one, 0 to 1.
        truncated: Sentences that were cut at the longest input of the model.
        probabilities: What a classifier on top of the encoder answers, shape (n, classes), each row a distribution: of
            a classifier of tokens the mean over the pieces; None without a classifier.
        sound: Mean of the phonemic embeddings alone, which a PhoneXL encoder adds to the words, shape (n, d); None for
            other encoders.
    """

    layers: dict[int, Floats]
    words: Floats | None
    positions: Floats | None
    lengths: NDArray[np.int64]
    unknown_rate: float
    truncated: int
    probabilities: Floats | None = None
    sound: Floats | None = None


def class_names(place: str) -> list[str]:
    """Names of a classifier's classes in the order of their ids; of no use for a bare encoder.

    Args:
        place: A Hub id or a folder.
    """
    config = AutoConfig.from_pretrained(place)
    return [str(config.id2label[index]) for index in sorted(config.id2label)]


def load_encoder(place: str) -> PreTrainedModel:
    """An encoder, with its classifier if the checkpoint is of one that was fine-tuned; of an encoder-decoder its half.

    Args:
        place: A Hub id or a folder.
    """
    names = AutoConfig.from_pretrained(place).architectures or [""]
    kind = next((made for end, made in _HEADS.items() if names[0].endswith(end)), AutoModel)
    model: PreTrainedModel = kind.from_pretrained(place)
    if kind is AutoModel and model.config.is_encoder_decoder:
        model = model.get_encoder()
    return model


@torch.inference_mode()
def embed_sentences(
    model: PreTrainedModel,
    reader: WordReader,
    sentences: Sequence[EncodedWords],
    layers: Sequence[int],
    batch_size: int = 32,
) -> SentenceVectors:
    """Mean-pooled vectors of sentences at some layers of an encoder.

    Args:
        model: The encoder; it is put into evaluation mode.
        reader: That read the sentences.
        sentences: As it read them.
        layers: Indices into `hidden_states`: 0 is the input after LayerNorm, -1 the last layer.
        batch_size: Sentences at once; they are sorted by length first.

    Raises:
        ValueError: If the model has no such layer.
    """
    model.eval()
    pads = model.config.get_text_config().pad_token_id is not None
    if not pads and type(model).__name__.endswith("ForSequenceClassification"):
        batch_size = 1  # decoders answer at the last piece that is no padding, and refuse more where none is known
    found: dict[Any, list[Tensor]] = {}
    order = np.argsort([len(sentence.ids) for sentence in sentences], kind="stable")
    for rows in _batches(order, batch_size):
        batch = [sentences[row] for row in rows]
        inputs = {name: tensor.to(model.device) for name, tensor in reader.pad(batch).items()}
        keep = torch.zeros_like(inputs["input_ids"], dtype=torch.bool)
        for row, sentence in enumerate(batch):
            inside = [index != NO_WORD for index in sentence.word_index]
            keep[row, : len(inside)] = torch.tensor(inside, device=keep.device)
        for key, vectors in _embed_batch(model, inputs, keep, layers).items():
            found.setdefault(key, []).append(vectors)
    back = np.argsort(order, kind="stable")
    pooled = {key: torch.cat(parts).float().cpu().numpy()[back] for key, parts in found.items()}
    counts = np.array([sum(index != NO_WORD for index in sentence.word_index) for sentence in sentences])
    return SentenceVectors(
        {layer: pooled[layer] for layer in layers},
        pooled.get("words"),
        pooled.get("positions"),
        counts,
        sum(sentence.ids.count(reader.unknown_id) for sentence in sentences) / counts.sum(),
        sum(max(sentence.word_index) + 1 < sentence.num_words for sentence in sentences),
        pooled.get("probabilities"),
    )


def _embed_batch(
    model: PreTrainedModel, inputs: dict[str, Tensor], keep: Tensor, layers: Sequence[int]
) -> dict[Any, Tensor]:
    """Vectors of a batch by layer, "words", "positions", "probabilities"; the last three where there are any."""
    output = model(**inputs, output_hidden_states=True)
    hidden = output.get("hidden_states", output.get("encoder_hidden_states"))  # the latter of an encoder-decoder
    found: dict[Any, Tensor] = {}
    for layer in layers:
        states = state_of(hidden, layer)
        if states.size(1) < keep.size(1):
            states = spread_molecules(states, model.config.downsampling_rate)
        found[layer] = mean_of(states, keep[:, : states.size(1)])
    table = _word_table(model)
    if table is not None:
        found["words"] = mean_of(table(inputs["input_ids"]), keep)
    positions = position_table(model)
    if positions is not None:
        places = torch.arange(keep.size(1), device=keep.device) + positions.offset
        found["positions"] = mean_of(positions.weight[places].expand(*keep.shape, -1), keep)
    logits = output.get("logits")
    if logits is not None:
        probabilities = logits.float().softmax(-1)
        found["probabilities"] = probabilities if logits.dim() == 2 else mean_of(probabilities, keep)
    return found


def _word_table(model: PreTrainedModel) -> torch.nn.Module | None:
    try:
        return model.get_input_embeddings()
    except NotImplementedError:  # what transformers says of CANINE
        return None


@dataclass(frozen=True, slots=True)
class _Positions:
    """A table of positions; `offset` is the row of the first piece (RoBERTa keeps rows for padding)."""

    weight: Tensor
    offset: int


def position_table(model: PreTrainedModel) -> _Positions | None:
    """The learned positions of the BERT and RoBERTa families and of CANINE; None for rotary and relative ones."""
    base: Any = model.base_model
    table: Any
    if isinstance(base, CanineModel):
        table = base.char_embeddings.char_position_embeddings
    else:
        table = getattr(getattr(base, "embeddings", None), "position_embeddings", None)
    if not isinstance(table, torch.nn.Embedding):
        return None
    return _Positions(table.weight, 0 if table.padding_idx is None else table.padding_idx + 1)


def state_of(hidden: Sequence[Tensor], layer: int) -> Tensor:
    """The hidden state of a layer: 0 the input, -1 the last.

    Raises:
        ValueError: If there is no such layer.
    """
    if not -len(hidden) <= layer < len(hidden):
        raise ValueError(f"no layer {layer}: this encoder has hidden states 0 to {len(hidden) - 1}, or -1")
    return hidden[layer]


def mean_of(vectors: Tensor, keep: Tensor) -> Tensor:
    """Mean over the pieces, or words, of each row that are kept.

    Args:
        vectors: Shape (rows, pieces, dimensions).
        keep: Shape (rows, pieces).

    Returns:
        Shape (rows, dimensions).
    """
    weights = keep.unsqueeze(-1).to(vectors.dtype)
    return (vectors * weights).sum(1) / weights.sum(1)


def _batches(order: NDArray[np.int64], size: int) -> Iterator[list[int]]:
    for start in range(0, len(order), size):
        yield order[start : start + size].tolist()
