"""What is hidden, and in which order sentences are seen: functions of seed, epoch and sentence alone.

So every representation hides the same words of the same sentences, and a resumed run repeats its batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch.utils.data import Dataset

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.pretraining.representations import NO_WORD, EncodedSentence
from phonexl.training.masking import draw_generator, draw_masked_words

HIDDEN_RATIO = 0.6  # of the words: of each some symbols are hidden, from one to all of them
EVALUATED_RATIO = 0.15  # of the words of held-out sentences, all symbols of each; as BERT (Devlin et al. 2019, 3.1)
_SYMBOLS = 1  # key of the draws of symbols, whose number differs between representations
_ORDER = 2**32 - 1  # key of the order of an epoch; no corpus has a sentence of this number


@dataclass(frozen=True, slots=True)
class HiddenSentence:
    """A sentence as the encoder sees it.

    Attributes:
        ids: Shape (length,).
        labels: The id that stood there, where a symbol was hidden; -100 elsewhere; shape (length,).
        num_hidden: Words with a hidden symbol.
    """

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    num_hidden: int


def hide_symbols(sentence: EncodedSentence, generator: Generator, symbols: Generator, mask_id: int) -> HiddenSentence:
    """Hide words of a sentence in part: what is left of a word is how an encoder learns to spell it.

    Of a word of n symbols, any number from one to n is hidden, each as likely, as if it were guessed symbol by symbol
    in an order drawn by lot (Hoogeboom et al. 2022, "Autoregressive Diffusion Models").

    Args:
        sentence: What is hidden in.
        generator: Draws words and the share of each that is hidden; the same draws in every representation.
        symbols: Draws which symbols of a word.
        mask_id: The mask.
    """
    num_words = sentence.num_words
    hidden = sorted(draw_masked_words(generator, num_words, HIDDEN_RATIO))
    shares = generator.random(num_words)
    # The last place is for what belongs to no word.
    sizes = np.bincount(sentence.word_index[sentence.word_index != NO_WORD], minlength=num_words)
    counts = np.zeros(num_words + 1, np.int64)
    counts[hidden] = 1 + np.floor(shares[hidden] * sizes[hidden])
    chosen = _rank_in_word(sentence, symbols) < counts[sentence.word_index]
    return _hide(sentence, chosen, mask_id, len(hidden))


def hide_for_evaluation(sentence: EncodedSentence, index: int, mask_id: int) -> HiddenSentence:
    """Hide whole words, the same ones at every evaluation and in every run."""
    hidden = sorted(draw_masked_words(draw_generator(0, 0, index), sentence.num_words, EVALUATED_RATIO))
    return _hide(sentence, np.isin(sentence.word_index, hidden), mask_id, len(hidden))


def _rank_in_word(sentence: EncodedSentence, generator: Generator) -> NDArray[np.int64]:
    """Places of the symbols in an order drawn by lot, counted from 0 in each word; shape (length,)."""
    words = sentence.word_index
    order = np.lexsort((generator.random(len(words)), words))
    _, starts = np.unique(words[order], return_index=True)
    ranks = np.empty(len(words), np.int64)
    ranks[order] = np.arange(len(words)) - np.repeat(starts, np.diff(np.append(starts, len(words))))
    return ranks


def _hide(sentence: EncodedSentence, chosen: NDArray[np.bool_], mask_id: int, num_hidden: int) -> HiddenSentence:
    ids = np.where(chosen, np.int32(mask_id), sentence.ids)
    return HiddenSentence(ids, np.where(chosen, sentence.ids, np.int32(IGNORED)), num_hidden)


class HiddenSentences(Dataset[HiddenSentence]):
    """A whole run's sentences one after the other; place n is a pure function of n.

    Args:
        sentences: All that there are; an epoch is a random order of them.
        mask_id: The mask.
        seed: Of the run.
        total: Sentences of the run, over all epochs.
    """

    def __init__(self, sentences: Sequence[EncodedSentence], mask_id: int, seed: int, total: int) -> None:
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
        return hide_symbols(sentence, generator, symbols, self._mask_id)

    def locate(self, place: int) -> tuple[int, int]:
        """Epoch and number of the sentence at a place of the run."""
        epoch, rest = divmod(place, len(self._sentences))
        if self._order is None or self._order[0] != epoch:
            generator = draw_generator(self._seed, epoch, _ORDER)
            self._order = epoch, generator.permutation(len(self._sentences))
        return epoch, int(self._order[1][rest])
