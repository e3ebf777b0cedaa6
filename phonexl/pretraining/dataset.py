"""Which words are hidden, and in which order sentences are seen: functions of seed, epoch and sentence alone.

So every representation hides the same words of the same sentences, and a resumed run repeats its batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phonexl.pretraining.representations import NO_WORD, EncodedSentence
from phonexl.training.masking import IGNORED, draw_generator, draw_masked_words

MASK_RATIO = 0.15  # of the words, as BERT hides pieces (Devlin et al. 2019, section 3.1)
MASKED, REPLACED = 0.8, 0.1  # of the hidden words; the rest stay as they are, but are predicted too
_SYMBOLS = 1  # key of the draws of random symbols, whose number differs between representations
_ORDER = 2**32 - 1  # key of the order of an epoch; no corpus has a sentence of this number


@dataclass(frozen=True, slots=True)
class HiddenSentence:
    """A sentence as the encoder sees it.

    Attributes:
        ids: Shape (length,).
        labels: The id that stood there, where a word was hidden; -100 elsewhere; shape (length,).
        num_hidden: Hidden words.
    """

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    num_hidden: int


def own_symbols(sentences: Sequence[EncodedSentence]) -> dict[str, NDArray[np.int32]]:
    """Ids that the words of each language are made of, in order: what a random symbol is drawn from.

    From the language's own, so that a private vocabulary draws the same symbol as a shared one.
    """
    found: dict[str, list[NDArray[np.int32]]] = {}
    for sentence in sentences:
        found.setdefault(sentence.language, []).append(sentence.ids[sentence.word_index != NO_WORD])
    return {language: np.unique(np.concatenate(ids)) for language, ids in found.items()}


def hide_words(sentence: EncodedSentence, generator: Generator, symbols: Generator, mask_id: int,
               own: NDArray[np.int32]) -> HiddenSentence:  # fmt: skip
    """Hide words of a sentence; all symbols of a word share one fate.

    Args:
        sentence: What is hidden in.
        generator: Draws words and fates; the same draws in every representation.
        symbols: Draws random symbols.
        mask_id: The mask.
        own: Ids that random symbols are drawn from.
    """
    num_words = sentence.num_words
    hidden = sorted(draw_masked_words(generator, num_words, MASK_RATIO))
    draws = generator.random(num_words)
    # 0: seen, 1: mask, 2: random symbols, 3: predicted but seen. The last place is for what belongs to no word.
    fates = np.zeros(num_words + 1, np.int8)
    fates[hidden] = np.select([draws[hidden] < MASKED, draws[hidden] < MASKED + REPLACED], [1, 2], 3)
    fate = fates[sentence.word_index]
    ids = np.where(fate == 1, np.int32(mask_id), sentence.ids)
    if (random := fate == 2).any():
        ids[random] = own[symbols.integers(len(own), size=int(random.sum()))]
    return HiddenSentence(ids, np.where(fate > 0, sentence.ids, np.int32(IGNORED)), len(hidden))


def hide_for_evaluation(sentence: EncodedSentence, index: int, mask_id: int) -> HiddenSentence:
    """Hide words behind the mask alone, the same ones at every evaluation and in every run."""
    hidden = sorted(draw_masked_words(draw_generator(0, 0, index), sentence.num_words, MASK_RATIO))
    chosen = np.isin(sentence.word_index, hidden)
    ids = np.where(chosen, np.int32(mask_id), sentence.ids)
    return HiddenSentence(ids, np.where(chosen, sentence.ids, np.int32(IGNORED)), len(hidden))


class HiddenSentences(Dataset[HiddenSentence]):
    """A whole run's sentences one after the other; place n is a pure function of n.

    Args:
        sentences: All that there are; an epoch is a random order of them.
        mask_id: The mask.
        seed: Of the run.
        total: Sentences of the run, over all epochs.
    """

    def __init__(self, sentences: Sequence[EncodedSentence], mask_id: int, seed: int, total: int) -> None:
        self.own = own_symbols(sentences)
        self._sentences = sentences
        self._mask_id = mask_id
        self._seed = seed
        self._total = total
        self._order: tuple[int, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, place: int) -> HiddenSentence:
        epoch, index = self.locate(place)
        sentence = self._sentences[index]
        generator = draw_generator(self._seed, epoch, index)
        symbols = draw_generator(self._seed, epoch, index, _SYMBOLS)
        return hide_words(sentence, generator, symbols, self._mask_id, self.own[sentence.language])

    def locate(self, place: int) -> tuple[int, int]:
        """Epoch and number of the sentence at a place of the run."""
        epoch, rest = divmod(place, len(self._sentences))
        if self._order is None or self._order[0] != epoch:
            generator = draw_generator(self._seed, epoch, _ORDER)
            self._order = epoch, generator.permutation(len(self._sentences))
        return epoch, int(self._order[1][rest])
