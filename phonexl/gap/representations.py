"""Sentence vectors of an encoder: what a text is spelled in, and which part of the model is read.

Measures nothing; that is `measures.py` beside it and the metrics in `evaluate_metrics`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from modeling_phonexl.transcription import Transcriber

SPELLINGS = ("text", "romanized", "ipa")
_HEADS = {
    "ForSequenceClassification": AutoModelForSequenceClassification,
    "ForTokenClassification": AutoModelForTokenClassification,
}
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
        probabilities: What a classifier on top of the encoder answers, shape (n, classes), each row a distribution: of
            a classifier of tokens the mean over the pieces; None without a classifier.
    """

    layers: dict[int, Floats]
    words: Floats
    positions: Floats | None
    lengths: NDArray[np.int64]
    unknown_rate: float
    truncated: int
    probabilities: Floats | None = None


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
    check_spelling(spelling)
    if spelling == "text":
        return list(sentences)
    read = Transcriber(language)
    cut = ([sentence[start:end] for start, end in read.segment(sentence)] for sentence in sentences)
    return [" ".join(spell_words(words, language, spelling)) for words in cut]


def spell_words(words: Sequence[str], language: str, spelling: str) -> list[str]:
    """Write the words of one sentence in their script, romanised, or in IPA, read in context.

    Args:
        words: None of them empty.
        language: Its code.
        spelling: One of `SPELLINGS`.

    Returns:
        As many, none empty.

    Raises:
        ValueError: For another spelling.
        MissingToolError: If the reading tool of the language is not installed.
    """
    check_spelling(spelling)
    if spelling == "text":
        return list(words)
    records = Transcriber(language)(words)
    if spelling == "ipa":
        return [record.ipa for record in records]
    return [record.romanized or word for word, record in zip(words, records, strict=True)]


def check_spelling(spelling: str) -> None:
    """Refuse an unknown spelling.

    Raises:
        ValueError: If it is none of `SPELLINGS`.
    """
    if spelling not in SPELLINGS:
        raise ValueError(f"unknown spelling {spelling!r}; known: {', '.join(SPELLINGS)}")


def class_names(place: str) -> list[str]:
    """Names of a classifier's classes in the order of their ids; of no use for a bare encoder.

    Args:
        place: A Hub id or a folder.

    Raises:
        ValueError: If it is a PhoneXL tagger, which reads words with their sound and no running text.
    """
    facts, _ = PretrainedConfig.get_config_dict(place)
    if facts.get("model_type") == "phonexl":
        raise ValueError(f"{place} is a PhoneXL model, which reads words with sound; analyze takes encoders of text")
    config = AutoConfig.from_pretrained(place)
    return [str(config.id2label[index]) for index in sorted(config.id2label)]


def load_encoder(place: str) -> PreTrainedModel:
    """An encoder, with its classifier if the checkpoint is of one that was fine-tuned.

    Args:
        place: A Hub id or a folder.
    """
    names = AutoConfig.from_pretrained(place).architectures or [""]
    kind = next((made for end, made in _HEADS.items() if names[0].endswith(end)), AutoModel)
    model: PreTrainedModel = kind.from_pretrained(place)
    return model


@torch.inference_mode()
def embed_sentences(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[str],
    layers: Sequence[int],
    batch_size: int = 32,
    marks: Collection[int] = (),
) -> SentenceVectors:
    """Mean-pooled vectors of sentences at some layers of an encoder.

    Args:
        model: The encoder; it is put into evaluation mode.
        tokenizer: Its tokenizer.
        sentences: Texts.
        layers: Indices into `hidden_states`: 0 is the input after LayerNorm, -1 the last layer.
        batch_size: Sentences at once; they are sorted by length first.
        marks: Ids that stand between words, which no mean counts, as specials.

    Raises:
        ValueError: If the model has no such layer, or a sentence has no piece.
    """
    model.eval()
    longest = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", 1 << 30) - 2)
    encoded = tokenizer(
        list(sentences), truncation=True, max_length=longest, return_special_tokens_mask=True, verbose=False
    )
    for ids, mask in zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True):
        mask[:] = [int(special or index in marks) for special, index in zip(mask, ids, strict=True)]
    counts = np.array([mask.count(0) for mask in encoded["special_tokens_mask"]])
    if not counts.all():
        raise ValueError(f"sentence {int(np.argmin(counts))} has no piece: {sentences[int(np.argmin(counts))]!r}")
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in encoded["input_ids"])
    found: dict[Any, list[Tensor]] = {}
    order = np.argsort([len(ids) for ids in encoded["input_ids"]], kind="stable")
    for rows in _batches(order, batch_size):
        batch = tokenizer.pad(
            {key: [values[row] for row in rows] for key, values in encoded.items()}, return_tensors="pt"
        ).to(model.device)
        for key, vectors in _embed_batch(model, batch, layers).items():
            found.setdefault(key, []).append(vectors)
    back = np.argsort(order, kind="stable")
    pooled = {key: torch.cat(parts).float().cpu().numpy()[back] for key, parts in found.items()}
    return SentenceVectors(
        {layer: pooled[layer] for layer in layers},
        pooled["words"],
        pooled.get("positions"),
        counts,
        unknown / counts.sum(),
        sum(len(ids) == longest for ids in encoded["input_ids"]),
        pooled.get("probabilities"),
    )


def _embed_batch(model: PreTrainedModel, batch: Any, layers: Sequence[int]) -> dict[Any, Tensor]:
    """Vectors of a padded batch by layer, "words", "positions", "probabilities"; the last two where there are any."""
    keep = (batch.pop("special_tokens_mask") == 0) & (batch["attention_mask"] == 1)
    output = model(**batch, output_hidden_states=True)
    hidden = output.hidden_states
    found: dict[Any, Tensor] = {}
    for layer in layers:
        if not -len(hidden) <= layer < len(hidden):
            raise ValueError(f"no layer {layer}: this encoder has hidden states 0 to {len(hidden) - 1}, or -1")
        found[layer] = _mean(hidden[layer], keep)
    found["words"] = _mean(model.get_input_embeddings()(batch["input_ids"]), keep)
    table = _position_table(model)
    if table is not None:
        places = torch.arange(keep.size(1), device=keep.device) + table.offset
        found["positions"] = _mean(table.weight[places].expand(*keep.shape, -1), keep)
    logits = output.get("logits")
    if logits is not None:
        probabilities = logits.float().softmax(-1)
        found["probabilities"] = probabilities if logits.dim() == 2 else _mean(probabilities, keep)
    return found


@dataclass(frozen=True, slots=True)
class _Positions:
    """A table of positions; `offset` is the row of the first piece (RoBERTa keeps rows for padding)."""

    weight: Tensor
    offset: int


def _position_table(model: PreTrainedModel) -> _Positions | None:
    """The learned positions of the BERT and RoBERTa families; None for rotary and relative ones."""
    embeddings = getattr(model.base_model, "embeddings", None)
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
