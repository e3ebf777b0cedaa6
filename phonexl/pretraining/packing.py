"""Several sentences in one row, none of which sees another; beside it, for comparison, one in each row.

A row is attended to under a block-diagonal mask, which scaled dot-product attention takes on any device; a kernel
for rows of many lengths would do without the empty blocks, but exists for some GPUs only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.pretraining.dataset import HiddenSentence

ROW_LENGTH = 256  # places: attention to a row costs a sixth of its other work at width 256, and few stay empty


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Lay sentences into rows: the longest first, each into the first row that has room.

    Args:
        lengths: Of the sentences, none above `capacity`.
        capacity: Places of a row.

    Returns:
        Numbers of the sentences of each row.

    >>> pack([5, 4, 3, 2], 7)
    [[0, 3], [1, 2]]
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        row = next((row for row, left in enumerate(room) if left >= lengths[number]), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(capacity)
        rows[row].append(number)
        room[row] -= lengths[number]
    return rows


class PackingCollator:
    """Makes batches.

    Args:
        pad_id: What empty places hold.
        packed: Whether a row takes several sentences.
    """

    def __init__(self, pad_id: int, *, packed: bool = True) -> None:
        self._pad_id = pad_id
        self._packed = packed

    def __call__(self, sentences: Sequence[HiddenSentence]) -> dict[str, Any]:
        """Lay sentences into rows.

        Returns:
            `input_ids`, `labels`, `position_ids` (from 0 in every sentence) and `sequence_ids` (0: empty, 1, 2, ...:
            sentence of the row), each of shape (rows, places), and `counts`, see `count_work`.
        """
        lengths = [len(sentence.ids) for sentence in sentences]
        capacity = max(ROW_LENGTH, *lengths) if self._packed else max(lengths)
        rows = pack(lengths, capacity) if self._packed else [[number] for number in range(len(sentences))]
        shape = len(rows), max(sum(lengths[number] for number in row) for row in rows)
        fill = {"input_ids": self._pad_id, "labels": IGNORED, "position_ids": 0, "sequence_ids": 0}
        batch = {name: np.full(shape, value, np.int64) for name, value in fill.items()}
        for row, numbers in enumerate(rows):
            start = 0
            for place, number in enumerate(numbers, 1):
                end = start + lengths[number]
                batch["input_ids"][row, start:end] = sentences[number].ids
                batch["labels"][row, start:end] = sentences[number].labels
                batch["position_ids"][row, start:end] = np.arange(lengths[number])
                batch["sequence_ids"][row, start:end] = place
                start = end
        return {**{name: torch.from_numpy(rows) for name, rows in batch.items()}, "counts": count_work(sentences)}


def count_work(sentences: Sequence[HiddenSentence]) -> dict[str, int]:
    """What the arithmetic of a batch depends on, however it is laid out.

    Returns:
        `sentences`; `symbols`; `squares`, the sum of the squared lengths; `predicted` symbols; `hidden` words.
    """
    lengths = [len(sentence.ids) for sentence in sentences]
    return {
        "sentences": len(sentences),
        "symbols": sum(lengths),
        "squares": sum(length * length for length in lengths),
        "predicted": sum(int((sentence.labels != IGNORED).sum()) for sentence in sentences),
        "hidden": sum(sentence.num_hidden for sentence in sentences),
    }


def block_mask(sequence_ids: Tensor) -> Tensor:
    """Who sees whom: places of one sentence each other; shape (rows, 1, places, places), True where seen.

    Empty places see each other, for a place that sees nothing has no mean.
    """
    return (sequence_ids[:, :, None] == sequence_ids[:, None, :])[:, None]


def training_flops(body: Mapping[str, int], vocab_size: int, counts: Mapping[str, int]) -> int:
    """Operations of forward and backward that the model needs, a multiplication and an addition being two.

    Counted are the matrix products, as `torch.utils.flop_counter` counts them; a backward is two forwards. Empty
    places, and blocks of the mask in which nobody sees anybody, are no work of the model.

    Args:
        body: `layers`, `width` and `inner` width of the encoder.
        vocab_size: Rows of the decoder, which only predicted symbols meet.
        counts: From `count_work`.
    """
    width, inner = body["width"], body["inner"]
    products = 2 * width * (4 * width + 3 * inner) * counts["symbols"]
    attention = 4 * width * counts["squares"]
    head = 2 * width * (width + vocab_size) * counts["predicted"]
    return 3 * (body["layers"] * (products + attention) + head)
