"""A saved folder in the hands of someone without this package: which files it holds, and that they suffice.

Each start of a fresh interpreter costs seconds, so the three of them report everything at once.
"""

import ast
import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers.dynamic_module_utils import get_relative_import_files, get_relative_imports

import modeling_phonexl
from modeling_phonexl.transcription import LANGUAGES, RECIPES

pytestmark = pytest.mark.medium

ROOM = Path(modeling_phonexl.__file__).parent
ENTRIES = (
    "configuration_phonexl.py",
    "modeling_phonexl.py",
    "processing_phonexl.py",
    "pipeline_phonexl.py",
    "pipeline_sentences.py",
)
ALLOWED = {"torch", "transformers", "numpy", "safetensors", "huggingface_hub"}  # the last is what the others load by
TEXTS = {
    "zh": "我住在北京。",
    "vi": "Tôi sống ở Hà Nội.",
    "ja": "私は東京に住む。",
    "ko": "나는 서울에 산다.",
}
AUTO_MAP = {
    "AutoConfig": "configuration_phonexl.PhoneXLConfig",
    "AutoModel": "modeling_phonexl.PhoneXLModel",
    "AutoModelForTokenClassification": "modeling_phonexl.PhoneXLForTokenClassification",
    "AutoModelForSequenceClassification": "modeling_phonexl.PhoneXLForSequenceClassification",
    "AutoModelForMaskedLM": "modeling_phonexl.PhoneXLForMaskedLM",
    "AutoProcessor": "processing_phonexl.PhoneXLProcessor",
}

PAIR = {"text": "我住在北京。", "text_pair": "Tôi sống ở Hà Nội."}

# What a stranger runs; the arguments are a folder to load, one to save into, whether our package is hidden, texts, a
# folder with a classifier of sentence pairs beside one pair, and a folder whose processor hears shared words.
STRANGER = """
import importlib.util, json, pathlib, sys
source, target, hidden = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3] == "hidden"
rooms = ("modeling_phonexl", "phonexl", "dataset_scripts", "evaluate_metrics", "hub_cards")
if hidden:
    sys.path[:] = [entry for entry in sys.path if not (pathlib.Path(entry) / "modeling_phonexl").exists()]
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder.find_spec("modeling_phonexl", None) is None]
    assert [room for room in rooms if importlib.util.find_spec(room)] == []
else:
    import modeling_phonexl.registration
import torch
from safetensors.torch import save_file
from transformers import (
    AutoConfig, AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoModelForTokenClassification,
    AutoProcessor, pipeline,
)
torch.set_num_threads(1)
texts = json.loads(sys.argv[4])
trusted = {"trust_remote_code": True}
config = AutoConfig.from_pretrained(source, **trusted)
tagger, info = AutoModelForTokenClassification.from_pretrained(source, output_loading_info=True, **trusted)
encoder = AutoModel.from_pretrained(source, **trusted)
masked = AutoModelForMaskedLM.from_pretrained(source, **trusted)
processor = AutoProcessor.from_pretrained(source, **trusted)
tensors = {}
with torch.no_grad():
    for language, text in texts.items():
        inputs = processor(text, language=language)
        tensors[f"tagger.{language}"] = tagger(**inputs).logits
        tensors[f"encoder.{language}"] = encoder(**inputs).last_hidden_state
        tensors[f"masked.{language}"] = masked(**inputs).logits
    heard = AutoProcessor.from_pretrained(sys.argv[7], **trusted)
    inputs = heard([["我", "北京"]], language="zh", is_split_into_words=True)
    tensors["heard.ids"] = inputs["phoneme_ids"]
    hearing = AutoModelForTokenClassification.from_pretrained(sys.argv[7], **trusted)
    tensors["heard"] = hearing(**inputs).logits
    for part in (heard, hearing):
        part.save_pretrained(target / "heard")
report = {
    "missing": sorted(info["missing_keys"]) + sorted(info["unexpected_keys"]),
    "modules": [type(x).__module__ for x in (config, tagger, encoder, masked, processor)],
    "classes": [type(x).__name__ for x in (config, tagger, encoder, masked, processor)],
    "can_generate": tagger.can_generate(),
    "entries": {},
}
for name, pipe in (
    ("task", pipeline("token-classification", source, **trusted)),
    ("bare", pipeline(model=source, **trusted)),
):
    report["entries"][name] = pipe(list(texts.values()))
    report["pipeline"] = [type(pipe).__name__, type(pipe).__module__]
pairs, pair = sys.argv[5], json.loads(sys.argv[6])
classifier, info = AutoModelForSequenceClassification.from_pretrained(pairs, output_loading_info=True, **trusted)
report["missing"] += sorted(info["missing_keys"]) + sorted(info["unexpected_keys"])
with torch.no_grad():
    tensors["pair"] = classifier(**AutoProcessor.from_pretrained(pairs, **trusted)(**pair)).logits
pair_pipe = pipeline(model=pairs, **trusted)
report["pair"] = [type(classifier).__module__, type(pair_pipe).__name__, pair_pipe([pair, pair], batch_size=2)]
pair_pipe.save_pretrained(target / "pairs")
report["spans"] = pipe(list(texts.values()), aggregation_strategy="simple", batch_size=4)
if hidden:
    try:
        AutoConfig.from_pretrained(source, trust_remote_code=False)
    except ValueError as error:
        report["untrusted"] = str(error)
pipe.save_pretrained(target)
save_file({name: value.contiguous() for name, value in tensors.items()}, target / "stranger.safetensors")
(target / "stranger.json").write_text(json.dumps(report), encoding="utf-8")
"""


def run_stranger(folder: Path, target: Path, view: str, heard: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Run the script in an interpreter of its own, in a folder and a cache of its own."""
    target.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    environment |= {"HF_HOME": str(target / "home"), "HF_HUB_OFFLINE": "1"}
    result = subprocess.run(
        [
            *(sys.executable, "-I", "-c", STRANGER, str(folder), str(target), view),
            *(json.dumps(TEXTS), str(folder / "pairs"), json.dumps(PAIR), str(heard)),
        ],
        cwd=target,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    for complaint in ("not supported", "newly initialized", "Warning", "newer version"):
        assert complaint not in result.stderr, result.stderr[-4000:]
    report: dict[str, Any] = json.loads((target / "stranger.json").read_text(encoding="utf-8"))
    return report, load_file(target / "stranger.safetensors")


@pytest.fixture(scope="module")
def folders(make_tagger: Any, processor: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Saved here, then loaded and saved again by a stranger, and once more by a second stranger."""
    root = tmp_path_factory.mktemp("remote")
    tagger = make_tagger()
    torch.manual_seed(5)
    torch.nn.init.normal_(tagger.classifier.weight)
    tagger.save_pretrained(root / "first")
    processor.save_pretrained(root / "first")
    classifier = modeling_phonexl.PhoneXLForSequenceClassification(copy.deepcopy(tagger.config)).eval()
    classifier.save_pretrained(root / "first" / "pairs")
    processor.save_pretrained(root / "first" / "pairs")
    return [root / "first", root / "second", root / "third"]


@pytest.fixture(scope="module")
def heard(make_tagger: Any, processor: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger that hears words as the target's, whose dictionary must travel with it."""
    folder = tmp_path_factory.mktemp("heard")
    dictionary = modeling_phonexl.SoundDictionary("zh", "vi", {"北京": "noi"})
    fields = {"phoneme_transcription": "sino-xenic", "sound_dictionary": dictionary, "phoneme_vocab_kind": "tokenizer"}
    hearing = modeling_phonexl.PhoneXLProcessor(processor.tokenizer, **fields)
    make_tagger(**hearing.config_fields(), phoneme_scale=0.3).save_pretrained(folder)
    hearing.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def strangers(folders: list[Path], heard: Path) -> list[tuple[dict[str, Any], dict[str, torch.Tensor]]]:
    first = run_stranger(folders[0], folders[1], "hidden", heard)
    return [first, run_stranger(folders[1], folders[2], "hidden", folders[1] / "heard")]


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.py")}


def travelling() -> list[Path]:
    """The files that a saved model carries: the entries and all that they reach by relative imports."""
    files = {ROOM / entry for entry in ENTRIES}
    for entry in ENTRIES:
        files.update(map(Path, get_relative_import_files(ROOM / entry)))
    return sorted(files)


# What the files may contain; rules of `transformers`' loader, which reads them as text


@pytest.mark.parametrize("path", travelling(), ids=lambda path: path.name)
def test_files_import_only_what_every_stranger_has(path: Path) -> None:
    """The loader demands every import of a file, also one inside a function or under TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    relative = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            packages = {str(node.module).split(".")[0]}
        elif isinstance(node, ast.ImportFrom):
            # `from . import x`, `from .. import` and sub-packages are not found when files are copied.
            assert node.level == 1, ast.unparse(node)
            assert node.module is not None, ast.unparse(node)
            assert "." not in node.module, ast.unparse(node)
            relative.add(node.module)
            continue
        else:
            continue
        assert packages <= ALLOWED | set(sys.stdlib_module_names), ast.unparse(node)
    # A line of a docstring that looks like an import would be taken for one.
    assert set(get_relative_imports(path)) == relative


@pytest.mark.parametrize("path", travelling(), ids=lambda path: path.name)
def test_files_never_ask_for_the_class_of_a_configuration(path: Path) -> None:
    """From a local folder each entry file gets its own copy of the class, so `isinstance` would say no."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass", "type"):
            assert "PhoneXLConfig" not in ast.unparse(node), ast.unparse(node)


def test_model_and_processor_reach_all_files() -> None:
    """One save must carry everything: a file reached by no relative import stays behind."""
    reached = {Path(f).name for f in get_relative_import_files(ROOM / "modeling_phonexl.py")} | {"modeling_phonexl.py"}
    assert reached == {path.name for path in travelling()}
    at_home = {
        "__init__",
        "registration",
        "articulation",
        "phoneme_text",
        "flite",
        "transcription_words",
        "onnx_tagger",
    }
    recipes = {f"transcription_{recipe}" for recipe in RECIPES[1:]}
    others = tuple(f"transcription_{code}" for code in (language.code for language in LANGUAGES) if len(code) == 3)
    left = {path.stem for path in ROOM.glob("*.py")} - {Path(name).stem for name in reached}
    assert {name for name in left if not name.startswith(others)} == at_home | recipes


def test_transcription_loads_without_torch() -> None:
    """Data builders start it in many processes."""
    code = "import sys, modeling_phonexl.transcription as t; t.Transcriber('ko')(['산']); print(sorted(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "modeling_phonexl.transcription_ko" in output
    assert not {"torch", "transformers"} & set(ast.literal_eval(output))


# What a saved folder holds


def test_a_saved_folder_holds_the_code_and_no_pickle(folders: list[Path]) -> None:
    names = {path.name for path in folders[0].iterdir() if path.is_file()}
    assert {path.name for path in travelling()} <= names
    assert names - {path.name for path in travelling()} == {
        "config.json",
        "model.safetensors",
        "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_maps_of_classes_are_complete_and_stay_as_they_are(folders: list[Path], strangers: Any) -> None:
    """A map that gains a `repository--` prefix, or loses a key, opens nothing after the second save."""
    for folder in folders:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        assert config["auto_map"] == AUTO_MAP, folder.name
        pipelines = config["custom_pipelines"]["token-classification"]
        assert pipelines["impl"] == "pipeline_phonexl.PhoneXLTokenClassificationPipeline"
        assert pipelines["pt"] == ["AutoModelForTokenClassification"]
        for name in ("processor_config.json", "tokenizer_config.json"):
            saved = json.loads((folder / name).read_text(encoding="utf-8"))
            assert saved["auto_map"]["AutoProcessor"] == AUTO_MAP["AutoProcessor"], (folder.name, name)


# What a stranger gets


def test_a_stranger_opens_the_folder_by_every_auto_class(strangers: Any) -> None:
    names = ["PhoneXLConfig", "PhoneXLForTokenClassification", "PhoneXLModel", "PhoneXLForMaskedLM", "PhoneXLProcessor"]
    for report, _ in strangers:
        assert report["classes"] == names
        assert report["pipeline"][0] == "PhoneXLTokenClassificationPipeline"
        assert all(module.startswith("transformers_modules.") for module in [*report["modules"], report["pipeline"][1]])
        assert report["missing"] == []
        assert report["can_generate"] is False
        assert "trust_remote_code" in report["untrusted"]


@torch.no_grad()
def test_a_strangers_model_computes_what_ours_does(folders: Any, strangers: Any) -> None:
    tagger = modeling_phonexl.PhoneXLForTokenClassification.from_pretrained(folders[0])
    processor = modeling_phonexl.PhoneXLProcessor.from_pretrained(folders[0])
    for language, text in TEXTS.items():
        ours = tagger(**processor(text, language=language)).logits
        for _, tensors in strangers:
            assert (tensors[f"tagger.{language}"] - ours).abs().max().item() == 0.0
    first, second = (tensors for _, tensors in strangers)
    assert first.keys() == second.keys()
    assert len(first) == 15
    assert max((first[name] - second[name]).abs().max().item() for name in first) == 0.0


@torch.no_grad()
def test_a_stranger_classifies_pairs_as_we_do(folders: Any, strangers: Any) -> None:
    """By the class and the pipeline that travel with the folder, also after it was saved again."""
    ours = modeling_phonexl.PhoneXLForSequenceClassification.from_pretrained(folders[0] / "pairs")
    processor = modeling_phonexl.PhoneXLProcessor.from_pretrained(folders[0] / "pairs")
    logits = ours(**processor(**PAIR)).logits
    for report, tensors in strangers:
        assert torch.equal(tensors["pair"], logits)
        module, pipe, entries = report["pair"]
        assert module.startswith("transformers_modules.")
        assert pipe == "PhoneXLTextClassificationPipeline"
        assert [entry["label"] for entry in entries] == [ours.config.id2label[int(logits.argmax())]] * 2
    for folder in folders[:2]:
        assert {path.name for path in travelling()} <= files_of(folder / "pairs")


@torch.no_grad()
def test_a_stranger_hears_the_words_of_the_dictionary(heard: Path, strangers: Any) -> None:
    """Read by another route, or not at all, they would be other inputs than those of the training."""
    tagger = modeling_phonexl.PhoneXLForTokenClassification.from_pretrained(heard)
    processor = modeling_phonexl.PhoneXLProcessor.from_pretrained(heard)
    inputs = processor([["我", "北京"]], language="zh", is_split_into_words=True)
    letters = processor.tokenizer.encode("noi", add_special_tokens=False)
    assert inputs["phoneme_ids"][0, -len(letters) - 1 : -1].tolist() == letters
    for _, tensors in strangers:
        assert torch.equal(tensors["heard.ids"], inputs["phoneme_ids"])
        assert torch.equal(tensors["heard"], tagger(**inputs).logits)


def test_a_strangers_pipeline_tags_raw_text_with_offsets(strangers: Any, processor: Any) -> None:
    for report, _ in strangers:
        for entries in report["entries"].values():
            for (language, text), words in zip(TEXTS.items(), entries, strict=True):
                assert [(word["start"], word["end"]) for word in words] == processor.segment(text, language)
                assert all(text[word["start"] : word["end"]] == word["word"] for word in words)
        for text, spans in zip(TEXTS.values(), report["spans"], strict=True):
            assert all(text[span["start"] : span["end"]] == span["word"] for span in spans)
        assert any(report["spans"])
    assert strangers[0][0]["entries"] == strangers[1][0]["entries"]


def test_files_stay_the_same_through_two_saves(folders: list[Path], strangers: Any) -> None:
    for folder in folders[1:]:
        assert files_of(folder) == files_of(folders[0])
        for path in travelling():
            assert (folder / path.name).read_bytes() == path.read_bytes(), (folder.name, path.name)
        assert not [path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".pkl")]
        assert not (folder / "generation_config.json").exists()


def test_where_the_package_is_installed_its_own_classes_are_used(
    folders: list[Path], heard: Path, strangers: Any
) -> None:
    """Only the pipeline's class comes from the folder then; both must go together."""
    report, tensors = run_stranger(folders[0], folders[0].parent / "installed", "installed", heard)
    assert [module.split(".")[0] for module in report["modules"]] == ["modeling_phonexl"] * 5
    assert report["pipeline"][1].startswith("transformers_modules.")
    assert report["entries"] == strangers[0][0]["entries"]
    assert all(torch.equal(tensors[name], strangers[0][1][name]) for name in tensors)
