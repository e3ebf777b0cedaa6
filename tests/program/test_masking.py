"""Masking: how much, what stands there instead, and that the draws belong to the sentence alone."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.training.masking import draw_generator, draw_masked_words, mask_words

MASK, VOCABULARY, MARK = 4, 1000, 7
WORDS = st.lists(st.lists(st.integers(10, VOCABULARY - 1), min_size=1, max_size=4), min_size=1, max_size=20)


def within_four_sigma(count: int, total: int, share: float) -> bool:
    return abs(count - total * share) <= 4 * math.sqrt(total * share * (1 - share))


@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.4])
def test_words_are_masked_at_the_ratio(ratio: float) -> None:
    """Long sentences, because in short ones the word that is always masked raises the rate."""
    counts = [len(draw_masked_words(draw_generator(1, 0, index), 200, ratio)) for index in range(100)]
    assert within_four_sigma(sum(counts), 200 * 100, ratio)


def test_every_word_is_equally_likely() -> None:
    """At least one word, and not always the first: it would never learn the others."""
    chosen = [draw_masked_words(draw_generator(1, 0, index), 4, 0.0) for index in range(2000)]
    assert all(len(words) == 1 for words in chosen)
    counts = Counter(word for words in chosen for word in words)
    assert set(counts) == {0, 1, 2, 3}
    assert all(within_four_sigma(count, 2000, 0.25) for count in counts.values())


@given(st.integers(1, 50), st.floats(0, 1), st.integers(0, 2**31), st.integers(0, 100), st.integers(0, 10**6))
def test_same_key_same_draws(num_words: int, ratio: float, seed: int, epoch: int, index: int) -> None:
    """A resumed run, or another batch, must mask the same words."""
    first, second = (draw_masked_words(draw_generator(seed, epoch, index), num_words, ratio) for _ in range(2))
    assert first == second
    assert first
    assert first <= set(range(num_words))


@pytest.mark.parametrize("other", [(2, 0, 0), (1, 1, 0), (1, 0, 1)])
def test_seed_epoch_and_sentence_all_change_the_draws(other: tuple[int, int, int]) -> None:
    one, another = draw_generator(1, 0, 0).random(8), draw_generator(*other).random(8)
    assert not np.allclose(one, another)


def test_words_meet_their_three_fates_in_the_shares_asked_for() -> None:
    pieces = [[10 + word, 500 + word] for word in range(400)]
    shares, fates, randoms = (0.8, 0.1, 0.1), Counter[str](), []
    for index in range(10):
        inputs, _ = mask_words(draw_generator(3, 0, index), pieces, set(range(400)), MASK, VOCABULARY, shares, None)
        for original, found in zip(pieces, inputs, strict=True):
            fate = "mask" if found == [MASK, MASK] else "same" if found == original else "random"
            fates[fate] += 1
            randoms += found if fate == "random" else []
    assert all(within_four_sigma(fates[f], 4000, s) for f, s in zip(("mask", "random", "same"), shares, strict=True))
    assert sum(one != other for one, other in zip(randoms[::2], randoms[1::2], strict=True)) > len(randoms) * 0.49
    assert 0 <= min(randoms) < VOCABULARY / 20 < VOCABULARY * 19 / 20 < max(randoms) < VOCABULARY


@given(WORDS, st.sampled_from([(1.0, 0.0, 0.0), (0.8, 0.1, 0.1), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]), st.data())
def test_labels_restore_the_input(pieces: list[list[int]], replace: tuple[float, ...], data: st.DataObject) -> None:
    """Whole words: every piece of a masked word is predicted and shares its fate, no piece of another is touched."""
    masked = data.draw(st.sets(st.integers(0, len(pieces) - 1)))
    inputs, labels = mask_words(draw_generator(1, 0, 0), pieces, masked, MASK, VOCABULARY, replace, None)
    for word, original in enumerate(pieces):
        assert labels[word] == (original if word in masked else [IGNORED] * len(original))
        assert len(inputs[word]) == len(original)
        if word not in masked or replace[2] == 1.0:
            assert inputs[word] == original
        elif replace[0] == 1.0:
            assert inputs[word] == [MASK] * len(original)


def test_a_lone_start_mark_is_masked_but_never_predicted() -> None:
    """Which SentencePiece word starts with "▁" says nothing; it would be 30 % of the targets of word-split zh."""
    pieces = [[MARK, 20, 21], [22, MARK], [MARK], [23]]
    everything = (draw_generator(1, 0, 0), pieces, {0, 1, 2, 3}, MASK, VOCABULARY, (1.0, 0.0, 0.0))
    inputs, labels = mask_words(*everything, MARK)
    assert inputs == [[MASK] * 3, [MASK] * 2, [MASK], [MASK]]
    assert labels == [[IGNORED, 20, 21], [22, IGNORED], [MARK], [23]]
    assert mask_words(*everything, None)[1] == pieces
