"""Contrastive losses between two spellings: bounds, symmetries, and which pairs are no negatives of each other."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from phonexl.training.contrast import sentence_contrast, shared_forms, word_contrast, word_forms


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def only_self(count: int) -> Tensor:
    return torch.eye(count, dtype=torch.bool)


def test_unlike_rows_with_equal_views_cost_nothing_and_equal_rows_the_bound() -> None:
    """In high dimensions rows drawn at random are unlike; `log(2B − 1)` is what no learning can make worse."""
    rows = torch.eye(16)
    losses, bounds = sentence_contrast(rows, rows, only_self(16), 0.05)
    assert losses.max() < 1e-6
    assert word_contrast(rows, rows, only_self(16), 0.05).max() < 1e-6
    equal = draw(1, 8).expand(16, 8)
    losses, bounds = sentence_contrast(equal, equal, only_self(16), 0.1)
    torch.testing.assert_close(losses, torch.full((32,), math.log(31)))
    torch.testing.assert_close(bounds, losses)
    torch.testing.assert_close(word_contrast(equal, equal, only_self(16), 0.1), torch.full((16,), math.log(16)))


def test_one_sentence_alone_costs_nothing() -> None:
    """Its negatives are its batch; accumulation adds none."""
    losses, bounds = sentence_contrast(draw(1, 8), draw(1, 8, seed=1), only_self(1), 0.1)
    assert losses.tolist() == [0.0, 0.0]
    assert bounds.tolist() == [0.0, 0.0]
    assert word_contrast(draw(1, 8), draw(1, 8, seed=1), only_self(1), 0.1).tolist() == [0.0]


@given(st.permutations(range(6)))
def test_swapping_views_or_permuting_rows_changes_nothing(order: list[int]) -> None:
    first, second = draw(6, 8), draw(6, 8, seed=1)
    shared = only_self(6)
    shared[0, 3] = shared[3, 0] = True
    moved = shared[order][:, order]
    sentences = sentence_contrast(first, second, shared, 0.1)[0]
    words = word_contrast(first, second, shared, 0.1)
    for a, b, mask in ((second, first, shared), (first[order], second[order], moved)):
        torch.testing.assert_close(sentence_contrast(a, b, mask, 0.1)[0].sum(), sentences.sum())
        torch.testing.assert_close(word_contrast(a, b, mask, 0.1).sum(), words.sum())


def test_masking_equal_forms_lowers_the_losses() -> None:
    """Two pairs of one spelling push each other away: a loss with a floor."""
    first, second = draw(8, 16), draw(8, 16)
    first[1], second[1] = first[0], second[0]
    shared = only_self(8)
    floors = [
        sentence_contrast(first, second, shared, 0.05)[0].mean(),
        word_contrast(first, second, shared, 0.05).mean(),
    ]
    shared[0, 1] = shared[1, 0] = True
    masked = [
        sentence_contrast(first, second, shared, 0.05)[0].mean(),
        word_contrast(first, second, shared, 0.05).mean(),
    ]
    # Rows 0 and 1 have two equal partners each and, as sentences, each other twice.
    assert [float(floor) for floor in floors] == pytest.approx([2 / 8 * math.log(3), 2 / 8 * math.log(2)], abs=1e-3)
    assert max(masked) < 1e-3


def test_the_sentence_loss_is_transliCos_with_cosines() -> None:
    """Row by row in float64, from the formula: twice its half of a mean."""
    first, second = draw(5, 8), draw(5, 8, seed=1)
    rows = [vector.double() for pair in zip(first, second, strict=True) for vector in pair]  # interleaved
    total = 0.0
    for index, row in enumerate(rows):
        scores = {k: float(F.cosine_similarity(row, other, dim=0)) / 0.1 for k, other in enumerate(rows) if k != index}
        total -= math.log(math.exp(scores[index ^ 1]) / sum(map(math.exp, scores.values())))
    losses, _ = sentence_contrast(first, second, only_self(5), 0.1)
    assert float(losses.mean()) == pytest.approx(total / len(rows), abs=1e-5)
    words = word_contrast(first, second, only_self(5), 0.1)
    cosines = F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).T / 0.1
    own = torch.arange(5)
    expected = (F.cross_entropy(cosines, own) + F.cross_entropy(cosines.T, own)) / 2
    torch.testing.assert_close(words.mean(), expected)


def test_losses_are_float32_whatever_comes_in() -> None:
    first, second = draw(4, 8).bfloat16(), draw(4, 8, seed=1).bfloat16()
    assert sentence_contrast(first, second, only_self(4), 0.1)[0].dtype == torch.float32
    assert word_contrast(first, second, only_self(4), 0.1).dtype == torch.float32


WORDS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["a", "b", "xy"])), min_size=1, max_size=6)


@given(WORDS)
def test_pairs_share_a_form_exactly_if_some_spelling_is_the_same(pairs: list[tuple[str, str]]) -> None:
    sides = [[[ord(char) for char in pair[side]] for pair in pairs] for side in (0, 1)]
    first, second = (torch.tensor([[*word, *[-1] * (2 - len(word))] for word in side]) for side in sides)
    expected = [[bool({*one} & {*other}) for other in pairs] for one in pairs]
    assert shared_forms(first[:, :1], second).tolist() == expected


def test_forms_are_those_of_whole_words() -> None:
    """With one piece less, 学习 and 学 would be the same."""
    ids = torch.tensor([[2, 7, 8, 7, 3, 0], [2, 7, 3, 0, 0, 0]])
    units = torch.tensor([[0, 1, 1, 2, 3, -1], [0, 1, 2, -1, -1, -1]])
    words = torch.tensor([[False, True, True, False], [False, True, False, False]])
    assert word_forms(ids, units, words).tolist() == [[7, 8], [7, -1], [7, -1]]
    assert word_forms(ids, units, words[:, :2]).tolist() == [[7, 8], [7, -1]]
