"""Retrieval: the same as looking at every pair, and what it must be blind to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonexl.gap.retrieval import precision_at_1


def slow(x, y, csls):
    """Every cosine by itself, neighbours by sorting."""

    def cosine(a, b):
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    table = [[cosine(a, b) for b in y] for a in x]
    k = min(10, len(x))
    if csls:
        near_x = [np.mean(sorted(row)[-k:]) for row in table]
        near_y = [np.mean(sorted(row[j] for row in table)[-k:]) for j in range(len(y))]
        table = [[2 * table[i][j] - near_x[i] - near_y[j] for j in range(len(y))] for i in range(len(x))]
    return np.mean([int(np.argmax(row)) == i for i, row in enumerate(table)])


@settings(max_examples=40)
@given(st.integers(2, 25), st.integers(2, 6), st.integers(0, 1000), st.booleans())
def test_it_is_the_share_of_nearest_rows(n, d, seed, csls):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n, d))
    y = x + generator.standard_normal((n, d))
    assert precision_at_1(x, y, csls=csls) == pytest.approx(slow(x, y, csls))


def test_length_of_vectors_and_common_rotation_change_nothing():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((2, 40, 8))
    rotation = np.linalg.qr(generator.standard_normal((8, 8)))[0]
    base = precision_at_1(x, y, csls=True)
    scales = generator.uniform(0.1, 10, (40, 1))
    assert precision_at_1(x * scales, y, csls=True) == base
    assert precision_at_1(x @ rotation, y @ rotation, csls=True) == base


def test_csls_helps_where_one_row_is_everybodys_neighbour():
    generator = np.random.default_rng(1)
    x = generator.standard_normal((60, 20))
    y = x + 0.9 * generator.standard_normal((60, 20))
    y[0] = 3 * x.mean(0) + x.sum(0)
    assert precision_at_1(x, y, csls=True) > precision_at_1(x, y)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"x has shape \(2, 2\) and y \(3, 2\)"):
        precision_at_1(np.ones((2, 2)), np.ones((3, 2)))
