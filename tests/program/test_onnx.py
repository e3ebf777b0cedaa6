"""The ONNX export and the tagger that runs it without torch: the same ids, emissions, paths and tags as in torch.

The graph is tested before its export, too, where no package of the extra is needed; ids in `test_onnx_tagger.py`.
"""

import importlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner, Result

import phonexl.onnx_export
import phonexl.progress
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, SoundDictionary
from modeling_phonexl.onnx_tagger import INT8_FILE, OnnxTagger, _read_encoder
from modeling_phonexl.transcription import MissingToolError
from phonexl.cli.export import export
from phonexl.onnx_export import EmissionGraph, _exportable, _write_descriptions, export_onnx
from phonexl.tagger import make_pipeline

LABELS = ["ADV", "NOUN", "PRON", "PROPN", "PUNCT", "VERB"]
TEXTS = ["我喜欢看书。", "Tôi thích xem phim.", "", "  \n", "北京 \ud800 😀\u200b!", "他今天很喜欢学习中文。" * 60]
PLAIN = {"use_phonemes": False, "use_language_embeddings": False, "align_weight": 0.0}
MODELS: dict[str, dict[str, Any]] = {
    "word": {},
    "word-crf": {"head": "crf", "phoneme_vocab": "segments"},
    "word-plain": PLAIN,
    "word-official": {"extra_empty_unit": True, "pooling": "first", "max_pieces": 24, "phoneme_prefix_bug": True},
    "word-empty-plain": {**PLAIN, "extra_empty_unit": True, "head": "crf"},
    "subword": {"unit": "subword", "phoneme_transcription": "roman"},
    "subword-crf-plain": {**PLAIN, "unit": "subword", "head": "crf"},
    "subword-first-crf": {"unit": "subword", "pooling": "first", "head": "crf", "phoneme_scale": 0.3},
    "word-heard": {"phoneme_vocab": "tokenizer", "phoneme_transcription": "sino-xenic", "phoneme_scale": 0.3},
}

Tagger = tuple[PhoneXLForTokenClassification, PhoneXLProcessor]
Build = Callable[[str], Tagger]


@pytest.fixture(scope="module")
def build(backbone: Path) -> Build:
    """A tagger by its name in `MODELS`; every table drawn at random, for zeros would hide a part left out."""

    def make(name: str) -> Tagger:
        fields = {"languages": ["zh", "vi"], **MODELS[name]}
        names = {"languages", "use_phonemes", "unit", "phoneme_vocab", "max_pieces", "phoneme_prefix_bug"}
        chosen = {key: value for key, value in fields.items() if key in {*names, "phoneme_transcription"}}
        if fields.get("phoneme_transcription") == "sino-xenic":
            chosen["sound_dictionary"] = SoundDictionary("zh", "vi", {"喜欢": "thích", "学习": "học"})
        processor = PhoneXLProcessor.from_backbone(str(backbone), **chosen)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            model = PhoneXLForTokenClassification.from_backbone(
                str(backbone), labels=LABELS, processor=processor, **fields
            ).eval()
            for part in (
                model.crf,
                model.phonexl.language_embeddings,
                model.phonexl.phoneme_embeddings,
                model.classifier,
            ):
                for parameter in () if part is None else part.parameters():
                    torch.nn.init.normal_(parameter, std=0.5)
        return model, processor

    return make


@pytest.fixture(scope="module")
def exported(build: Build, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Path]:
    """A CRF tagger of words, in torch and as a folder with both graphs."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    tagger = build("word-crf")
    folder = tmp_path_factory.mktemp("onnx") / "tagger"
    export_onnx(*tagger, folder, int8=True)
    return tagger, folder


def encode(processor: PhoneXLProcessor, sentences: Sequence[Sentence]) -> list[Any]:
    return [processor.encode(sentence.tokens, sentence.lang) for sentence in sentences]


def draw_batches(draw: Callable[[str, int, int], list[Sentence]]) -> list[list[Sentence]]:
    """Batches of 1, 2, 7 and 16 sentences of both languages; the last holds one five times as long as the others."""
    both = [*draw("zh", 16, 11), *draw("vi", 16, 12)]
    random.Random(5).shuffle(both)
    long = Sentence("long", "vi", sum((row.tokens for row in both if row.lang == "vi"), ())[:40], ())
    return [both[:1], both[1:3], both[3:10], [*both[10:25], long]]


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_to_export_scores_as_the_model(
    build: Build, draw_sentences: Callable[[str, int, int], list[Sentence]], name: str
) -> None:
    """It is a second forward: whatever the model's gains, this one must gain, too."""
    model, processor = build(name)
    for batch in draw_batches(draw_sentences):
        inputs = processor.pad(encode(processor, batch))
        with torch.no_grad():
            expected, emissions = model(**inputs), EmissionGraph(model)(**inputs)
        torch.testing.assert_close(
            emissions[expected.unit_mask], expected.logits[expected.unit_mask], atol=1e-5, rtol=0
        )


def test_the_words_that_are_heard_go_with_the_graph(build: Build, tmp_path: Path) -> None:
    """Without them the graph would get other sounds than it was trained on."""
    model, processor = build("word-heard")
    _write_descriptions(model, processor, tmp_path)
    tokens = ["我", "喜欢", "学习"]
    encoder = _read_encoder(tmp_path)
    assert encoder.encode(tokens, "zh") == processor.encode(tokens, "zh")
    assert encoder.transcribe(tokens, "zh") == [("wǒ",), ("thích",), ("học",)]
    (tmp_path / "sound_dictionary.tsv").unlink()
    with pytest.raises(ValueError, match=r"sound_dictionary.tsv: no such file, expected the words of a sino-xenic"):
        _read_encoder(tmp_path)


# ---- with onnx ----


def assert_same_answers(tagger: Tagger, session: OnnxTagger, batches: Sequence[Sequence[Sentence]]) -> None:
    """Emissions within 1e-5 and equal paths, whatever the padding."""
    model, processor = tagger
    for batch in batches:
        sentences = encode(processor, batch)
        with torch.no_grad():
            expected = model(**processor.pad(sentences))
            path = model.decode(expected.logits, expected.unit_mask)
        emissions = session.emissions(sentences)
        real = expected.unit_mask.numpy()
        np.testing.assert_allclose(emissions[real], expected.logits.numpy()[real], atol=1e-5, rtol=0)
        assert session.decode(emissions, np.array([len(row.pieces) for row in sentences])).tolist() == path.tolist()


def assert_same_tags(tagger: Tagger, session: OnnxTagger) -> None:
    """Raw text as through the pipeline: entries, offsets, scores, also where a text needs several windows."""
    pipe = make_pipeline(*tagger)
    for text, words in zip(TEXTS, session(TEXTS, batch_size=3), strict=True):
        expected = pipe(text) if text.strip() else []
        scores = [word.pop("score") for word in expected]
        assert [{**word, "score": 0} for word in words] == [{**word, "score": 0} for word in expected]
        assert [word["score"] for word in words] == pytest.approx(scores, abs=1e-5)


def test_emissions_and_paths_are_those_of_torch(
    exported: tuple[Tagger, Path], draw_sentences: Callable[[str, int, int], list[Sentence]]
) -> None:
    """The exporter bakes in what it takes for a constant: a shape, a mask, a position."""
    tagger, folder = exported
    assert_same_answers(tagger, OnnxTagger(folder), draw_batches(draw_sentences))


def test_raw_text_is_tagged_as_by_the_pipeline(exported: tuple[Tagger, Path]) -> None:
    tagger, folder = exported
    assert_same_tags(tagger, OnnxTagger(folder))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_is_exported_whole(
    build: Build, draw_sentences: Callable[[str, int, int], list[Sentence]], tmp_path: Path, name: str
) -> None:
    """Each field of the configuration is another graph."""
    pytest.importorskip("onnxscript")
    tagger = build(name)
    export_onnx(*tagger, tmp_path / "tagger")
    session = OnnxTagger(tmp_path / "tagger")
    assert_same_answers(tagger, session, draw_batches(draw_sentences))
    assert_same_tags(tagger, session)


def test_lists_of_words_keep_their_words(
    exported: tuple[Tagger, Path], draw_sentences: Callable[[str, int, int], list[Sentence]]
) -> None:
    """Order and batch size are ours, not the user's: neither may show."""
    (model, processor), folder = exported
    sentences = [list(sentence.tokens) for sentence in [*draw_sentences("zh", 5, 31), *draw_sentences("vi", 5, 32)]]
    sentences.insert(3, [])
    tagger, pipe = OnnxTagger(folder), make_pipeline(model, processor)
    tags = [
        [word["entity"] for word in pipe([words], is_split_into_words=True)[0]] if words else [] for words in sentences
    ]
    assert tagger.tag_words(sentences) == tagger.tag_words(sentences, batch_size=3) == tags


def test_the_folder_holds_what_it_needs_and_no_code(exported: tuple[Tagger, Path]) -> None:
    """A pickle would be code that runs on loading; a name of a missing Python file a promise that fails."""
    _, folder = exported
    names = {"config.json", "crf.json", "model.onnx", "model_int8.onnx", "processor_config.json"}
    assert {path.name for path in folder.iterdir()} == names | {"tokenizer.json", "tokenizer_config.json"}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    for name in ("config.json", "processor_config.json"):
        assert not {"auto_map", "custom_pipelines"} & set(json.loads((folder / name).read_text(encoding="utf-8")))


BLOCKED = """
import json, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from modeling_phonexl.onnx_tagger import OnnxTagger
words = OnnxTagger(sys.argv[1])(json.loads(sys.argv[2]))
print(json.dumps(words))
"""


def test_raw_text_is_tagged_where_torch_cannot_be_imported(exported: tuple[Tagger, Path]) -> None:
    """One import at the top of one file, and a server of 40 MB needs 2 GB."""
    _, folder = exported
    command = [sys.executable, "-c", BLOCKED, str(folder), json.dumps(TEXTS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    words = OnnxTagger(folder)(TEXTS)
    there = json.loads(run.stdout)
    assert [[word["entity"] for word in row] for row in there] == [[word["entity"] for word in row] for row in words]


def test_int8_multiplies_integers_and_is_near(
    exported: tuple[Tagger, Path], draw_sentences: Callable[[str, int, int], list[Sentence]]
) -> None:
    """How much a trained model loses is measured by `benchmarks/onnx_int8.py`; here it must be a model at all."""
    onnx = pytest.importorskip("onnx")
    (_, processor), folder = exported
    graph = onnx.load(folder / "model_int8.onnx").graph
    constants = {tensor.name for tensor in graph.initializer}
    products = [node.op_type for node in graph.node if "MatMul" in node.op_type and constants & set(node.input[:2])]
    assert len(products) == 13  # six matrices in each of two layers, and the classifier
    assert set(products) == {"MatMulInteger"}
    taggers = [OnnxTagger(folder, int8=int8) for int8 in (False, True)]
    for batch in draw_batches(draw_sentences):
        exact, near = (tagger.emissions(encode(processor, batch)) for tagger in taggers)
        assert 0 < np.abs(exact - near).max() < 0.1 * np.abs(exact).max()


def test_the_benchmark_compares_one_tagger_with_itself(
    exported: tuple[Tagger, Path],
    draw_sentences: Callable[[str, int, int], list[Sentence]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its figures are of three systems that must read the same words; how fast they are is not asked here."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).resolve().parents[2] / "benchmarks"), *sys.path])
    script = importlib.import_module("onnx_int8")
    (model, processor), folder = exported
    systems = script.Systems(model, processor, folder)
    scores = script.score(systems, draw_sentences("vi", 20, 41))
    assert scores["torch"] == scores["onnx"]
    assert scores["onnx"]["same_as_torch"] == 100 > scores["int8"]["same_as_torch"] - 1e-9 > 50
    texts = [" ".join(sentence.tokens) for sentence in draw_sentences("vi", 130, 42)]
    figures = {"vi": {**script.measure_language(systems, texts, "vi", rounds=1), "scores": scores}}
    assert set(figures["vi"]["text_per_second"]) == {"torch", "onnx", "int8"}
    assert [row[:2] for row in script.make_table(figures).rows] == [["vi", name] for name in ("torch", "onnx", "int8")]
    with pytest.raises(ValueError, match="expected 192 texts, found 130"):
        script.measure_language(systems, texts, "vi", rounds=2)


# ---- errors ----


def run_export(*arguments: object) -> Result:
    """The command as `phonexl` runs it, alone in its program."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(export)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phonexl.progress, "quiet_transformers", lambda: None)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def saved(build: Build, tmp_path: Path) -> Path:
    """A tagger as it is saved in torch."""
    model, processor = build("word-crf")
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("options", [(), ("--int8",)])
def test_the_command_names_its_files(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(phonexl.onnx_export, "import_tool", lambda *_, **__: None)
    monkeypatch.setattr(phonexl.onnx_export, "_write_graph", lambda _, path: path.write_bytes(b"graph"))
    monkeypatch.setattr(phonexl.onnx_export, "_write_int8", lambda folder: (folder / INT8_FILE).write_bytes(b"graph"))
    result = run_export(saved, tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    files = sorted((tmp_path / "out").iterdir())
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == [str(path) for path in files]
    assert (INT8_FILE in {path.name for path in files}) == bool(options)


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_extra_is_named(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """torch's own message names one of three packages, after half a minute."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None if name == package else json)
    result = run_export(saved, tmp_path / "out")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "pip install '.[onnx]'" in result.stderr
    assert repr(package) in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_folder_is_left_alone(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonexl.onnx_export, "import_tool", lambda *_, **__: None)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept", encoding="utf-8")
    result = run_export(saved, tmp_path / "out")
    assert result.exit_code == 2
    assert "not an empty folder" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_an_export_that_fails_leaves_nothing(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a folder looks like a whole one until it is loaded."""

    def fail(_: object, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(phonexl.onnx_export, "import_tool", lambda *_, **__: None)
    monkeypatch.setattr(phonexl.onnx_export, "_write_graph", fail)
    with pytest.raises(KeyboardInterrupt):
        export_onnx(*build("word"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_model_stays_as_it_was(build: Build) -> None:
    """Who exports in the middle of a training goes on with it."""
    model, _ = build("word")
    model.train()

    def interrupt() -> None:
        with _exportable(model):
            assert (model.training, model.phonexl.backbone.config._attn_implementation) == (False, "eager")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert (model.training, model.phonexl.backbone.config._attn_implementation) == (True, "sdpa")


def test_half_precision_is_refused(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonexl.onnx_export, "import_tool", lambda *_, **__: None)
    model, processor = build("word")
    with pytest.raises(ValueError, match=r"torch\.bfloat16, expected torch\.float32"):
        export_onnx(model.to(torch.bfloat16), processor, tmp_path / "out")


def test_folders_that_are_no_export_say_so(tmp_path: Path, saved: Path) -> None:
    with pytest.raises(ValueError, match=r"config\.json: no such file.*phonexl export MODEL OUT"):
        OnnxTagger(tmp_path / "nowhere")
    (saved / "crf.json").write_text('{"start": [0], "transitions": [[0]], "end": [0]}', encoding="utf-8")
    with pytest.raises((ValueError, MissingToolError), match=r"model\.onnx: no such file|pip install '\.\[onnx\]'"):
        OnnxTagger(saved)
    (saved / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"tokenizer\.json: damaged.*export anew"):
        OnnxTagger(saved)
    (saved / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.json: damaged.*export anew"):
        OnnxTagger(saved)


def test_a_damaged_graph_or_one_not_written_says_so(exported: tuple[Tagger, Path], tmp_path: Path) -> None:
    _, folder = exported
    for path in folder.iterdir():
        if path.suffix == ".json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ValueError, match=r"model\.onnx: damaged"):
        OnnxTagger(tmp_path)
    with pytest.raises(ValueError, match=r"model_int8\.onnx: no such file.*--int8"):
        OnnxTagger(tmp_path, int8=True)


def test_a_missing_onnxruntime_is_named(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (saved / "crf.json").write_text('{"start": [0], "transitions": [[0]], "end": [0]}', encoding="utf-8")
    with pytest.raises(MissingToolError, match=r"pip install '\.\[onnx\]'"):
        OnnxTagger(saved)


def test_one_string_is_refused(exported: tuple[Tagger, Path]) -> None:
    """It is a list of characters, too, and each would be a text."""
    with pytest.raises(ValueError, match=r"pass \[text\]"):
        OnnxTagger(exported[1])("我看书。")
