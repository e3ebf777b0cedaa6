"""Pooling of pieces to units, against a loop over words."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from modeling_phonexl.pooling import only_first, pool_embeddings, pool_words

# Rows of piece counts: words of one to four pieces; 0 is a unit without pieces.
COUNTS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=4)


def units_of(rows: list[list[int]]) -> Tensor:
    """Unit of each piece from the piece counts of each row, -1 for padding."""
    flat = [[unit for unit, count in enumerate(row) for _ in range(count)] for row in rows]
    width = max(1, *map(len, flat))
    return torch.tensor([units + [-1] * (width - len(units)) for units in flat])


def loop(vectors: Tensor, word_ids: Tensor, num_units: int, choose: Callable[[Tensor], Tensor]) -> Tensor:
    """What the functions mean, word by word."""
    pooled = vectors.new_zeros(len(vectors), num_units, vectors.size(2))
    for row in range(len(vectors)):
        for unit in range(num_units):
            pieces = vectors[row, word_ids[row] == unit]
            if len(pieces):
                pooled[row, unit] = choose(pieces)
    return pooled


def mean(pieces: Tensor) -> Tensor:
    return pieces.mean(0)


def first(pieces: Tensor) -> Tensor:
    return pieces[0]


@settings(max_examples=60)
@given(rows=COUNTS, spare=st.integers(0, 2), seed=st.integers(0, 2**31))
def test_pooled_vectors_equal_a_loop_over_words(rows: list[list[int]], spare: int, seed: int) -> None:
    """An offset wrong by one would give a word the sound of its neighbour."""
    word_ids, num_units = units_of(rows), max(map(len, rows)) + spare
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(20, 3, generator=generator)
    ids = torch.randint(20, word_ids.shape, generator=generator)
    vectors = table[ids]
    torch.testing.assert_close(
        pool_embeddings(table, ids, word_ids, num_units), loop(vectors, word_ids, num_units, mean)
    )
    torch.testing.assert_close(pool_words(vectors, word_ids, num_units), loop(vectors, word_ids, num_units, mean))
    firsts, expected = only_first(word_ids), loop(vectors, word_ids, num_units, first)
    assert torch.equal(pool_embeddings(table, ids, firsts, num_units), expected)
    assert torch.equal(pool_words(vectors, firsts, num_units), expected)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.bfloat16, 2e-2)])
def test_both_precisions_give_the_mean_in_their_own_type(dtype: torch.dtype, tolerance: float) -> None:
    word_ids = units_of([[1, 3, 2, 1], [1, 1, 0, 1]])
    table = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
    ids = torch.arange(word_ids.numel()).view_as(word_ids)
    expected = loop(table[ids], word_ids, 4, mean)
    for pooled in (
        pool_embeddings(table.to(dtype), ids, word_ids, 4),
        pool_words(table[ids].to(dtype), word_ids, 4),
    ):
        assert pooled.dtype == dtype
        assert (pooled.float() - expected).abs().max() <= tolerance


def test_gradients_equal_those_of_the_loop() -> None:
    word_ids = units_of([[1, 3, 2, 1], [1, 1, 0, 1]])
    ids = torch.randint(6, word_ids.shape, generator=torch.Generator().manual_seed(1))
    weights = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(2))
    gradients = []
    for pool in (
        lambda table: pool_embeddings(table, ids, word_ids, 4),
        lambda table: pool_words(table[ids], word_ids, 4),
        lambda table: loop(table[ids], word_ids, 4, mean),
    ):
        table = torch.randn(6, 3, generator=torch.Generator().manual_seed(3)).requires_grad_()
        (pool(table) * weights).sum().backward()
        gradients.append(table.grad)
    torch.testing.assert_close(gradients[0], gradients[2])
    torch.testing.assert_close(gradients[1], gradients[2])


def test_what_stands_in_padding_is_never_read() -> None:
    """Padding ids of another tokenizer, or NaN of a fully masked row, must not reach a word."""
    word_ids = torch.tensor([[0, 1, -1]])
    table = torch.tensor([[1.0], [2.0], [float("nan")]])
    ids = torch.tensor([[0, 1, 2]])
    assert pool_embeddings(table, ids, word_ids, 3).tolist() == [[[1.0], [2.0], [0.0]]]


def test_a_unit_without_pieces_is_zero_and_has_no_gradient() -> None:
    table = torch.ones(2, 2, requires_grad=True)
    pooled = pool_embeddings(table, torch.tensor([[0, 1]]), torch.tensor([[-1, -1]]), 2)
    assert torch.equal(pooled, torch.zeros(1, 2, 2))
    pooled.sum().backward()
    assert table.grad is not None
    assert torch.equal(table.grad, torch.zeros(2, 2))
