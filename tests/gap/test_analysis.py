"""The analysis on a tiny encoder: what it must find, what it must refuse, and the command."""

import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from transformers import CanineConfig, CanineModel
from typer.testing import CliRunner, Result

import phonexl.progress
from dataset_scripts.readers import DataError
from evaluate_metrics.cka.linear_cka import linear_cka
from phonexl.cli import app
from phonexl.gap import analysis
from phonexl.gap.analysis import Analysis, analyze, layers_of
from phonexl.gap.analysis_tables import by_language, marks_of, set_summary, summary, warnings_of
from phonexl.gap.parallel_text import read_parallel
from phonexl.gap.readers import open_reader
from phonexl.gap.reading import read_sentences
from phonexl.gap.representations import embed_sentences
from phonexl.gap.tables import answers_table
from phonexl.gap.tokenizer_reader import TokenizerReader
from phonexl.results import Result as RunResult

WORDS = "the cat sat on a mat and saw two fat rats run by it".split()


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    generator = np.random.default_rng(0)
    english = [" ".join(generator.choice(WORDS, size)) for size in generator.integers(2, 9, 110)]
    return {
        "eng": english,
        "fra": [sentence[::-1] for sentence in english],  # the same letters: the same words, other positions
        "kor": ["".join("가나다라마바사"[ord(c) % 7] for c in sentence) for sentence in english],
    }


@pytest.fixture(scope="module")
def phrases() -> dict[str, list[str]]:
    """Of 3 to 8 letters: few lengths, whose functions are all spanned by what is taken out for length."""
    generator = np.random.default_rng(0)
    sizes = generator.integers(3, 9, 120)
    return {lang: ["".join(generator.choice(list("acehimnorst"), size)) for size in sizes] for lang in ("eng", "fra")}


@pytest.fixture(scope="module")
def found(checkpoint: Path, texts: dict[str, list[str]]) -> Analysis:
    return analyze(str(checkpoint), texts, layers=(0, -1))


def test_equal_words_are_found_without_positions_only(found):
    """fra has the letters of eng: its word vectors are equal, its positions too, and no layer is."""
    words = found.features["words only"]["cka"]
    assert words["debiased_matrix"][0][1] == pytest.approx(1, abs=1e-6)
    assert words["debiased_matrix"][0][2] < 0.99
    positions = found.features["positions only"]["cka"]
    assert positions["debiased"]["mean"] == pytest.approx(1, abs=1e-6)  # all three have equal lengths
    assert found.features["layer -1"]["cka"]["debiased_matrix"][0][1] < 1


def test_figures_are_those_of_the_metric(found, checkpoint, texts, bert, tokenizer):
    reader = TokenizerReader(tokenizer, bert.config)
    read = {language: read_sentences(reader, lines, language) for language, lines in texts.items()}
    vectors = [embed_sentences(bert, reader, read[lang], (-1,)).layers[-1] for lang in texts]
    pairs = [(0, 1), (0, 2), (1, 2)]
    cka = found.features["layer -1"]["cka"]
    for debiased, key in ((False, "biased"), (True, "debiased")):
        expected = np.mean([linear_cka(vectors[i], vectors[j], debiased=debiased) for i, j in pairs])
        value = cka[key] if key == "biased" else cka[key]["mean"]
        assert value == pytest.approx(expected, abs=1e-5)


def test_tables_hold_every_kind_and_language(found):
    assert [row[0] for row in summary(found).rows] == ["layer 0", "layer -1", "words only", "positions only"]
    assert [row[0] for row in set_summary(found).rows] == [row[0] for row in summary(found).rows]
    rows = by_language(found, "layer -1").rows
    assert [row[0] for row in rows] == ["eng", "fra", "kor"]
    assert all(row[2] == "0.00%" for row in rows)
    with pytest.raises(ValueError, match="no features 'layer 5'; there are: layer 0"):
        by_language(found, "layer 5")


def test_parallel_files_are_found_and_checked(tmp_path):
    folder = tmp_path / "flores"
    folder.mkdir()
    (folder / "devtest.vie.txt.gz").write_bytes(gzip.compress("Xin chào.\nTạm biệt.\n".encode()))
    (folder / "kor.txt").write_text("안녕.\n잘 가.\n", "utf-8")
    assert read_parallel(tmp_path, ["vi", "kor"]) == {"vie": ["Xin chào.", "Tạm biệt."], "kor": ["안녕.", "잘 가."]}
    assert read_parallel(tmp_path, ["vi"], 1) == {"vie": ["Xin chào."]}
    (folder / "eng.txt").write_text("Hello.\n", "utf-8")
    with pytest.raises(DataError, match="eng.txt: expected 2 lines as vie has, not 1"):
        read_parallel(tmp_path, ["vi", "eng"])
    (folder / "eng.txt").write_text("Hello.\n \u3000\n", "utf-8")
    with pytest.raises(
        DataError, match="eng.txt:2: expected a sentence, found .* or take line 2 out of every"
    ) as error:
        read_parallel(tmp_path, ["vi", "eng"])
    assert error.value.line == 2
    assert read_parallel(tmp_path, ["vi", "eng"], 1) == {"vie": ["Xin chào."], "eng": ["Hello."]}  # it is not taken
    with pytest.raises(DataError, match=r"a file devtest.fra.txt\[.gz\]"):
        read_parallel(tmp_path, ["fra"])


def test_an_encoder_of_characters_is_analyzed(texts, tmp_path):
    """CANINE has no table of words, and fewer vectors than characters in the middle."""
    torch.manual_seed(0)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    CanineModel(CanineConfig(num_hash_buckets=200, num_hash_functions=4, **shape)).save_pretrained(tmp_path)
    two = {language: texts[language][:100] for language in ("eng", "kor")}
    found = analyze(str(tmp_path), two, layers=(2,))
    assert found.spelling == "character"
    assert list(found.features) == ["layer 2", "positions only"]
    assert found.texts["eng"]["mean_pieces"] == np.mean([len(line.replace(" ", "")) for line in two["eng"]])


def test_too_little_is_refused(checkpoint, texts):
    with pytest.raises(
        ValueError, match="1 languages with 110 sentences; expected two or more with 100, for length, dig"
    ):
        analyze(str(checkpoint), {"eng": texts["eng"]})
    with pytest.raises(ValueError, match="2 languages with 99 sentences"):
        analyze(str(checkpoint), {language: texts[language][:99] for language in ("eng", "fra")})
    with pytest.raises(ValueError, match="unknown spelling 'sung'"):
        analyze(str(checkpoint), texts, spelling="sung")


@pytest.mark.parametrize("batch_size", [7, 120])
def test_where_length_was_all_there_is_nothing_is_left_and_the_rest_is_found(
    checkpoint, phrases, batch_size, tmp_path, make_analysis
):
    """Padding decides how means are rounded: what rounding leaves is nothing, too, and no CKA of it may be given."""
    found = analyze(str(checkpoint), phrases, layers=(-1,), batch_size=batch_size)
    positions = found.features["positions only"]["cka"]
    for key in ("length_partialled", "signs_partialled"):
        assert [positions[key], positions[f"{key}_matrix"], positions[f"{key}_largest_p_value"]] == [None] * 3
        assert found.features["layer -1"]["cka"][key]["mean"] == pytest.approx(0, abs=0.1)
    assert positions["debiased"]["mean"] == pytest.approx(1, abs=1e-6)  # equal lengths
    rows = {row[0]: dict(zip(summary(found).columns, row, strict=True)) for row in summary(found).rows}
    taken_out = ("length taken out", "digits and punctuation too")
    assert [[row[name] == "-" for name in taken_out] for row in rows.values()] == [[False] * 2] * 2 + [[True] * 2]
    assert by_language(found, "positions only").rows[0][3] == "-"
    line, *_ = marks_of([found])
    assert line.startswith("- in one language or more, what is taken out was all")
    found.save(tmp_path / "analysis.json")
    assert Analysis.load(tmp_path / "analysis.json") == found
    assert marks_of([make_analysis(["eng", "fra"])]) == []


def test_a_part_that_is_the_same_in_all_sentences_is_left_out(checkpoint, phrases):
    """Sentences that are all cut, or are all equally long, have one mean of positions; the rest is measured."""
    lines: list[str] = []
    cut = {language: [line + 100 * "a" for line in sentences] for language, sentences in phrases.items()}
    found = analyze(str(checkpoint), {**cut, "fra": phrases["fra"]}, layers=(-1,), report=lines.append)
    assert list(found.features) == ["layer -1", "words only"]
    assert "positions only is left out: all sentences of eng have the same vector" in lines
    assert found.texts["eng"]["truncated"] == 120
    (warning,) = warnings_of(found)
    assert warning == "longer than the encoder takes, and cut: eng 100.0% of the sentences"
    table = by_language(found, "layer -1")
    place = table.columns.index("cut")
    assert [row[place] for row in table.rows] == ["100.0%", "0.0%"]


def test_sinkhorn_that_did_not_converge_is_marked_and_said(make_analysis):
    found = make_analysis(["eng", "fra"])
    assert (warnings_of(found), marks_of([found])) == ([], [])
    last = found.features["layer -1"]
    sinkhorn = {**last["sinkhorn"], "converged": False, "marginal_error": 0.00123}
    found = replace(found, features={**found.features, "layer -1": {**last, "sinkhorn": sinkhorn}})
    first, second = set_summary(found).rows
    assert not any("*" in cell for cell in first)
    assert [cell.endswith("*") for cell in second[1:6]] == [False, True, True, True, False]
    missed = "Sinkhorn did not converge: the marginals of a plan are off by 0.0012, of 0.0001 allowed"
    assert warnings_of(found) == [f"layer -1: {missed}"]
    assert marks_of([found]) == [f"* {missed}."]
    answers = replace(found, features={}, answers={"sinkhorn": sinkhorn, "majority": {}})
    (row,) = answers_table({"tagger": answers}).rows
    assert row[1].endswith("*")
    assert warnings_of(answers) == [f"answers: {missed}"]


def test_layers_are_in_the_order_of_the_encoder(make_analysis):
    """A report's "last layer" must not be whichever was typed last."""
    made = make_analysis(["eng", "fra"])
    figures = made.features["layer 0"]
    shuffled = replace(
        made, features=dict.fromkeys(["layer -1", "words only", "layer 3", "layer 0", "layer -2"], figures)
    )
    assert layers_of(shuffled) == ["layer 0", "layer 3", "layer -2", "layer -1"]


def test_every_layer_has_a_map_and_every_step_its_time(found):
    assert list(found.maps) == ["layer 0", "layer -1"]
    points = found.maps["layer -1"]["points"]
    assert list(points) == ["eng", "fra", "kor"]
    assert {len(places) for places in points.values()} == {110}
    numbers = [number for places in points.values() for place in places for number in place]
    assert (min(numbers), max(numbers)) == (0, 1000)
    assert {"eng", "fra", "kor", "comparing layer 0", "comparing words only"} <= set(found.seconds)


@pytest.mark.medium
def test_a_second_run_takes_the_vectors_and_finds_the_same(checkpoint, texts, tmp_path, monkeypatch):
    """Ten languages take minutes: one that was stopped, or one more language, must not begin again."""
    two = {language: texts[language] for language in ("eng", "kor")}
    first = analyze(str(checkpoint), two, layers=(-1,), vectors_folder=tmp_path)
    embedded = []
    read = analysis.read_sentences
    monkeypatch.setattr(analysis, "read_sentences", lambda *a: embedded.append(a[1]) or read(*a))
    again = analyze(str(checkpoint), two, layers=(-1,), vectors_folder=tmp_path)
    assert embedded == []
    assert again.features == first.features
    analyze(str(checkpoint), texts, layers=(-1,), vectors_folder=tmp_path)
    assert embedded == [texts["fra"]]
    changed = {**two, "kor": texts["kor"][::-1]}
    analyze(str(checkpoint), changed, layers=(-1,), vectors_folder=tmp_path)
    assert embedded[1:] == [changed["kor"]]


@pytest.mark.gpu
def test_vectors_are_made_on_the_gpu_and_are_those_of_the_processor(checkpoint, texts, monkeypatch):
    found = {}
    for available in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        read = analysis._Text(str(checkpoint), open_reader(str(checkpoint)))
        found[available] = read.embed(texts["eng"], "eng", (0, -1), 32)
        assert read._model.device.type == ("cuda" if available else "cpu")
    for layer in (0, -1):
        np.testing.assert_allclose(found[True].layers[layer], found[False].layers[layer], atol=1e-4)


def test_an_analysis_names_the_run_of_its_model(checkpoint, texts, tmp_path):
    """The report joins scores and closeness by it."""
    folder = tmp_path / "model"
    shutil.copytree(checkpoint, folder)
    RunResult("xnli-eng", "phonexl train", {"task": "xnli"}, 7, {}, {}).save(folder / "result.json")
    two = {language: texts[language] for language in ("eng", "kor")}
    found = analyze(str(folder), two, layers=(-1,))
    assert found.run is not None
    assert found.run.items() >= {"name": "xnli-eng", "seed": 7, "task": "xnli"}.items()
    bare = analyze(str(checkpoint), two, layers=(-1,))
    assert bare.run is None
    assert bare.model_digest == found.model_digest  # the result is not the model


def test_an_analysis_comes_back_from_its_file(found, tmp_path):
    found.save(tmp_path / "analysis.json")
    assert Analysis.load(tmp_path / "analysis.json") == found
    content = json.loads((tmp_path / "analysis.json").read_text("utf-8"))
    (tmp_path / "other.json").write_text(json.dumps({**content, "colour": 1}), "utf-8")
    with pytest.raises(
        ValueError, match=r"other.json: expected the analysis.json of phonexl gap analyze, but .*colour"
    ):
        Analysis.load(tmp_path / "other.json")
    del content["features"]["layer 0"]["sinkhorn"]
    (tmp_path / "old.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match="old.json: 'layer 0' has no sinkhorn.*run its command again"):
        Analysis.load(tmp_path / "old.json")


def run_command(*arguments: object) -> Result:
    """The command in this process; its exit code and streams are those of the installed one."""
    with pytest.MonkeyPatch.context() as patch:
        # It silences transformers for the whole process, which here is that of all tests.
        patch.setattr(phonexl.progress, "quiet_transformers", lambda: None)
        return CliRunner().invoke(app, ["gap", "analyze", *map(str, arguments)])


def test_a_model_of_no_such_name_is_refused_in_one_line(texts, tmp_path):
    for language in ("eng", "kor"):
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(["a"] * 100) + "\n", "utf-8")
    options = ["--data", tmp_path, "--languages", "eng,kor", "--model", "no-such", "--out", tmp_path / "out"]
    done = run_command(*options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.fullmatch(r"phonexl: 'no-such' is neither a local folder nor .* known names: offline, .*\n", done.stderr)


def test_the_command_writes_what_it_prints(checkpoint, texts, tmp_path):
    for language, lines in texts.items():
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    options = ["--data", tmp_path, "--languages", "eng,ko", "--model", checkpoint, "--spelling", "romanized"]
    options += ["--layers=-1", "--limit", "100", "--out", tmp_path / "out"]
    done = run_command(*options)
    assert done.exit_code == 0, done.output
    saved = json.loads((tmp_path / "out/analysis.json").read_text("utf-8"))
    assert (saved["languages"], saved["sentences"], saved["spelling"]) == (["eng", "kor"], 100, "romanized")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["analysis.json", "vectors"]
    assert (tmp_path / "out/vectors/.gitignore").read_text("utf-8") == "*\n"
    assert f"| layer -1 | {saved['features']['layer -1']['cka']['biased']:.3f} |" in done.stdout
    assert "pieces a sentence" in done.stderr
    again = run_command(*options)
    assert "eng: kept from before" in again.stderr
    assert again.stdout == done.stdout
    assert run_command(*options, "--limit", "99").exit_code == 2
    refused = run_command(*options, "--layers", "x")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("phonexl: --layers 'x': expected whole numbers")


def test_what_is_not_of_this_encoder_is_not_replaced(checkpoint, texts, tmp_path):
    """A second model with the first one's --out would lose its analysis, and what anyone else put there."""
    for language, lines in texts.items():
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    out = tmp_path / "out"
    options = ["--data", tmp_path, "--languages", "eng,fra", "--layers=-1", "--out", out]
    assert run_command(*options, "--model", checkpoint).exit_code == 0
    whole = (out / "analysis.json").read_bytes()
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    weights = other / "model.safetensors"
    moved = tmp_path / "moved"
    shutil.copytree(checkpoint, moved)

    def refuse(message: str, *more: object) -> None:
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        done = run_command(*options, *more)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.output
        assert message in done.stderr
        assert "choose another --out" in done.stderr
        assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before

    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    refuse(f"{out / 'analysis.json'} is the analysis of {checkpoint} (text)", "--model", other)
    refuse(f"is the analysis of {checkpoint} (text): move", "--model", checkpoint, "--spelling", "romanized")
    again = run_command(*options, "--model", moved)  # the same weights
    assert (again.exit_code, "eng: kept from before" in again.stderr) == (0, True)
    (moved / "model.safetensors").write_bytes(weights.read_bytes())
    refuse(f"is the analysis of {moved} (text) with other weights: move", "--model", moved)
    (out / "analysis.json").write_bytes(whole.replace(b'"model_digest"', b'"colour"'))  # older, without a digest
    refuse("is the analysis of", "--model", other)
    for content in (b"[1]", b"\xff", b'{"speed": 1}'):
        (out / "analysis.json").write_bytes(content)
        refuse(f"{out / 'analysis.json'} is no analysis of ours", "--model", checkpoint)
    (out / "analysis.json").unlink()
    (out / "vectors" / ".gitignore").write_text("mine", "utf-8")
    (out / "vectors" / "fra.safetensors").write_text("mine", "utf-8")
    refuse(f"{out / 'vectors' / 'fra.safetensors'} holds no vectors of ours", "--model", checkpoint)
    save_file({"x": np.zeros(3)}, out / "vectors" / "fra.safetensors")
    refuse("holds no vectors of ours", "--model", checkpoint)


def test_where_nothing_can_be_written_is_told_before_an_encoder_is_loaded(tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    out = tmp_path / "file" / "out"
    done = run_command("--data", tmp_path / "nowhere", "--languages", "eng,kor", "--out", out)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output
    assert f"{out} cannot be written: {tmp_path / 'file'} is no folder; choose another --out" in done.stderr


def test_a_tokenizer_of_text_reads_languages_without_transcription(checkpoint, texts, tmp_path):
    """FLORES has two hundred, and what is transcribed of them are fifteen."""
    for language, lines in {"eng": texts["eng"], "deu": texts["fra"]}.items():
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    options = ["--data", tmp_path, "--model", checkpoint, "--layers=-1", "--out", tmp_path / "out"]
    done = run_command(*options, "--languages", "en,deu")
    assert done.exit_code == 0, done.output
    assert Analysis.load(tmp_path / "out/analysis.json").languages == ["eng", "deu"]
    assert "| deu | " in done.stdout
    for refused in (["--languages", "eng,deu", "--spelling", "ipa"], ["--languages", "eng,nld"]):
        done = run_command(*options, *refused)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert f"unknown language {refused[1][4:]!r}; known: zh" in done.stderr
