"""CKA in one pass and from minibatches, against all sentences at once."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_metrics.cka.linear_cka import linear_cka, moments
from evaluate_metrics.cka.streaming import StreamingCKA, minibatch_cka


def related(n: int, dx: int, dy: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    shared = generator.standard_normal((n, 3))
    x, y = (shared @ generator.standard_normal((3, d)) + generator.standard_normal((n, d)) for d in (dx, dy))
    return x, y


@given(cuts=st.lists(st.integers(2, 58), max_size=4), offset=st.sampled_from([0.0, -50.0, 1e4]))
@settings(max_examples=25)
def test_streaming_equals_all_at_once(cuts: list[int], offset: float) -> None:
    x, y = related(60, 7, 4)
    x, y = x + offset, y + np.arange(60)[:, None] * 0.1  # batches with means of their own
    edges = [0, *(cut for cut in sorted({*cuts}) if cut % 2 == 0), 60]
    streams = [StreamingCKA(), StreamingCKA()]
    for number, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
        streams[number % 2].update({"x": x[start:stop], "y": y[start:stop]})
    streams[0].merge(streams[1])
    found, expected = streams[0].moments(), moments([x - x.mean(0), y - y.mean(0)])
    assert found.n == 60
    np.testing.assert_allclose(found.biased(), expected.biased(), atol=1e-10)
    np.testing.assert_allclose(found.debiased(), expected.debiased(), atol=1e-10)
    np.testing.assert_allclose(found.participation_ratios(), expected.participation_ratios(), rtol=1e-9)


def test_merging_empty_streams_changes_nothing_and_copies() -> None:
    x, y = related(20, 3, 3)
    full, empty = StreamingCKA(), StreamingCKA()
    full.update({"x": x, "y": y})
    expected = full.moments().biased()
    full.merge(StreamingCKA())
    empty.merge(full)
    empty.update({"x": y, "y": x})
    np.testing.assert_array_equal(full.moments().biased(), expected)
    assert (full.moments().n, empty.moments().n) == (20, 40)


def test_streaming_takes_tensors() -> None:
    x, y = related(20, 3, 5)
    stream = StreamingCKA()
    for part in (slice(12), slice(12, None)):
        stream.update({"x": torch.tensor(x[part]), "y": torch.tensor(y[part])})
    assert stream.moments().debiased()[0, 1] == pytest.approx(linear_cka(x, y, debiased=True), abs=1e-10)


def test_streaming_holds_no_rows() -> None:
    """Memory stays that of the sums, whatever has passed."""
    generator, stream, sizes = np.random.default_rng(3), StreamingCKA(), []
    for _ in range(6):
        stream.update({"x": generator.standard_normal((500, 8)), "y": generator.standard_normal((500, 4))})
        sizes.append(sum(part.nbytes for part in [stream._origin, *stream._sums]))
    assert len({*sizes}) == 1
    assert sizes[0] < 8 * 20 * 20
    assert {type(value) for value in vars(stream).values()} <= {tuple, list, int, np.ndarray}


def test_minibatch_cka_equals_full_in_expectation_only() -> None:
    x, y = related(600, 10, 8)
    full, generator, values = linear_cka(x, y, debiased=True), np.random.default_rng(4), []
    for _ in range(60):
        order = generator.permutation(600).reshape(12, 50)
        values.append(minibatch_cka({"x": x[rows], "y": y[rows]} for rows in order)[0, 1])
    error = np.std(values, ddof=1) / 60**0.5
    assert abs(np.mean(values) - full) < 3 * error
    assert np.std(values) > 1e-4


def test_wrong_streams_are_named() -> None:
    stream = StreamingCKA()
    with pytest.raises(ValueError, match="the stream holds 0 sentences"):
        stream.moments()
    x, y = related(10, 3, 4)
    stream.update({"x": x, "y": y})
    with pytest.raises(ValueError, match=r"dimensions \{'x': 3, 'y': 3\}; expected \{'x': 3, 'y': 4\}"):
        stream.update({"x": x, "y": x})
    other = StreamingCKA()
    other.update({"x": x, "z": y})
    with pytest.raises(ValueError, match="the streams hold"):
        stream.merge(other)
    constant = StreamingCKA()
    constant.update({"x": x, "y": np.full((10, 2), 0.1)})
    with pytest.raises(ValueError, match="language 'y': all 10 rows are the same"):
        constant.moments()
    with pytest.raises(ValueError, match="batch 0 has 3 sentences; minibatch CKA needs 4"):
        minibatch_cka([{"x": x[:3], "y": y[:3]}])
    with pytest.raises(ValueError, match="no batch"):
        minibatch_cka([])
