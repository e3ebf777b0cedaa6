"""Sentence vectors of a PhoneXL model: of words given with their sounds, at every layer and before the encoder.

Encoders of text are read in `representations.py`; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PretrainedConfig

from modeling_phonexl import (
    PhoneXLForSequenceClassification,
    PhoneXLForTokenClassification,
    PhoneXLModel,
    PhoneXLProcessor,
)
from modeling_phonexl.modeling_phonexl import PhoneXLPreTrainedModel
from modeling_phonexl.pooling import pool_words
from modeling_phonexl.processing_phonexl import EncodedSentence
from modeling_phonexl.views import View
from phonexl.gap.representations import SentenceVectors, mean_of, position_table, state_of

_HEADS: dict[str, type[PhoneXLPreTrainedModel]] = {
    head.__name__: head for head in (PhoneXLForTokenClassification, PhoneXLForSequenceClassification)
}


def is_phonexl(place: str) -> bool:
    """Whether a checkpoint is of PhoneXL.

    Args:
        place: A Hub id or a folder.
    """
    return bool(PretrainedConfig.get_config_dict(place)[0].get("model_type") == "phonexl")


def load_phonexl(place: str) -> tuple[PhoneXLPreTrainedModel, PhoneXLProcessor]:
    """Model, with its head if it was saved with one, and processor.

    Args:
        place: A Hub id or a folder.
    """
    names = PretrainedConfig.get_config_dict(place)[0].get("architectures") or [""]
    model: PhoneXLPreTrainedModel = _HEADS.get(names[0], PhoneXLModel).from_pretrained(place)
    return model, PhoneXLProcessor.from_pretrained(place)


def name_of_input(place: str) -> str:
    """What a PhoneXL model reads, for a result: "words", "words with ipa" or "words with roman"."""
    facts, _ = PretrainedConfig.get_config_dict(place)
    return f"words with {facts['phoneme_transcription']}" if facts.get("use_phonemes", True) else "words"


@torch.inference_mode()
def embed_words(
    model: PhoneXLPreTrainedModel,
    processor: PhoneXLProcessor,
    sentences: Sequence[str],
    language: str,
    layers: Sequence[int],
    batch_size: int = 32,
) -> SentenceVectors:
    """Mean-pooled vectors of sentences, over their words, specials left out.

    Args:
        model: A PhoneXL model; it is put into evaluation mode.
        processor: Its processor, which cuts sentences into words and reads them.
        sentences: Running text.
        language: Its code; one that the model's table of languages lacks adds nothing.
        layers: Indices into the backbone's `hidden_states`: 0 is its input after LayerNorm, -1 its last layer.
        batch_size: Sentences at once; they are sorted by length first.

    Returns:
        `words` is the mean of the pooled spellings, `sound` that of the pooled sounds, before the encoder; their sum is
        what it reads but for position and language. Lengths are in words.

    Raises:
        ValueError: If the model has no such layer, or a sentence has no word.
        MissingToolError: If the reading tool of the language is not installed.
    """
    model.eval()
    rows = [processor.encode(processor.words(text, language), language) for text in sentences]
    empty = next((index for index, row in enumerate(rows) if not row.pieces), None)
    if empty is not None:
        raise ValueError(f"sentence {empty} has no word: {sentences[empty]!r}")
    windows = [processor.windows(row) for row in rows]
    rows = [row.cut(parts[0].start, parts[0].end) for row, parts in zip(rows, windows, strict=True)]
    lengths = np.array([len(row.pieces) for row in rows])
    order = np.argsort(lengths, kind="stable")
    found: dict[Any, list[Tensor]] = {}
    for start in range(0, len(order), batch_size):
        batch = processor.pad([rows[index] for index in order[start : start + batch_size]]).to(model.device)
        for key, vectors in _embed_batch(model, batch, layers).items():
            found.setdefault(key, []).append(vectors)
    back = np.argsort(order, kind="stable")
    pooled = {key: torch.cat(parts).float().cpu().numpy()[back] for key, parts in found.items()}
    return SentenceVectors(
        {layer: pooled[layer] for layer in layers},
        pooled["words"],
        pooled.get("positions"),
        lengths,
        _unknown_rate(processor, rows),
        sum(len(parts) > 1 for parts in windows),
        pooled.get("probabilities"),
        pooled.get("sound"),
    )


def _embed_batch(model: PhoneXLPreTrainedModel, batch: Any, layers: Sequence[int]) -> dict[Any, Tensor]:
    """Vectors of a padded batch by layer and part; see `embed_words`."""
    encoder: Any = model.base_model
    view = View.make(*(batch.get(name) for name in ("input_ids", "word_ids", "language_ids")),
                     *(batch.get(name) for name in ("phoneme_ids", "phoneme_word_ids")))  # fmt: skip
    words = view.word_mask
    output = encoder(**batch, output_hidden_states=True)
    hidden = output.hidden_states
    found: dict[Any, Tensor] = {}
    for layer in layers:
        found[layer] = mean_of(encoder.to_units(state_of(hidden, layer), view), words)
    found["words"] = mean_of(output.spelling, words)
    if output.sound is not None:
        found["sound"] = mean_of(output.sound, words)
    table = position_table(encoder.backbone)
    if table is not None:
        places = torch.arange(hidden[0].size(1), device=words.device) + table.offset
        positions = table.weight[places].expand(len(words), -1, -1)
        if encoder.config.unit == "subword":
            positions = pool_words(positions, view.word_ids, words.size(1))
        found["positions"] = mean_of(positions[:, : words.size(1)], words)
    if model is not encoder:
        head: Any = model
        probabilities = head.classifier(head.classified(output.last_hidden_state)).float().softmax(-1)
        found["probabilities"] = probabilities if probabilities.dim() == 2 else mean_of(probabilities, words)
    return found


def _unknown_rate(processor: PhoneXLProcessor, rows: Sequence[EncodedSentence]) -> float:
    """Share of the word pieces that are the unknown one."""
    pieces = [piece for row in rows for word in row.pieces for piece in word]
    return pieces.count(processor.tokenizer.unk_token_id) / len(pieces)
