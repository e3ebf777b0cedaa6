"""Which words are masked, and what stands in their place (PhoneXL paper, section 4.3, Eq. 7).

Draws come from a generator that the caller keys by seed, epoch and sentence, so that batch order changes nothing.
"""

from collections.abc import Sequence
from enum import IntEnum, unique

import numpy as np
from numpy.random import Generator

from modeling_phonexl.sentence_encoder import IGNORED


@unique
class Draw(IntEnum):
    """What a sentence is drawn for, as a key; masks have none.

    They must differ: with one key, which words are switched would follow from which are masked. To numpy, 0 is no key.
    """

    TASK_SWITCH = 1
    SECOND_VIEW = 2
    MERGE = 3
    COPY = 4
    GOLD = 100  # x-mixup's schedule, which is drawn by step


def draw_generator(seed: int, epoch: int, index: int, *purpose: int) -> Generator:
    """The generator of one sentence in one epoch: the same draws in any batch, process or resumed run.

    Args:
        seed: Of the run.
        epoch: From 0.
        index: Of the sentence.
        purpose: Further keys, in training of `Draw`, so that one kind of draw does not change another.
    """
    return np.random.default_rng([seed, epoch, index, *purpose])


def draw_masked_words(generator: Generator, num_words: int, ratio: float) -> set[int]:
    """Choose each word with probability `ratio`, and at least one."""
    chosen = set(np.flatnonzero(generator.random(num_words) < ratio).tolist())
    return chosen or {int(generator.integers(num_words))}


def mask_words(
    generator: Generator,
    pieces: Sequence[Sequence[int]],
    masked: set[int],
    mask_id: int,
    vocab_size: int,
    replace: Sequence[float],
    unpredicted: int | None,
) -> tuple[list[list[int]], list[list[int]]]:
    """Mask whole words: all pieces of a masked word share one fate.

    Args:
        generator: Source of the draws.
        pieces: Word pieces of each word.
        masked: Indices of the words to mask.
        mask_id: The mask token.
        vocab_size: Random pieces are drawn below this id.
        replace: Shares of masked words that become the mask token, random pieces, or stay as they are.
        unpredicted: A piece that is masked with its word but never predicted (SentencePiece's lone "▁", which is
            30 % of the pieces of word-split Chinese); None for none.

    Returns:
        The pieces of each word after masking, and the labels of these pieces: the original piece, -100 elsewhere.
    """
    inputs, labels = [], []
    for word, original in enumerate(pieces):
        if word not in masked:
            inputs.append(list(original))
            labels.append([IGNORED] * len(original))
            continue
        fate = generator.random()
        if fate < replace[0]:
            inputs.append([mask_id] * len(original))
        elif fate < replace[0] + replace[1]:
            inputs.append(generator.integers(vocab_size, size=len(original)).tolist())
        else:
            inputs.append(list(original))
        lone = len(original) == 1
        labels.append([piece if lone or piece != unpredicted else IGNORED for piece in original])
    return inputs, labels
