"""The README: its blocks run, and its figures are those of the files in results/."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from statistics import fmean, median

import pytest
import torch

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.sound_dictionary import SOUND_DICTIONARY_FILE
from phonexl.gap.analysis import Analysis
from phonexl.gap.analysis_tables import summary
from phonexl.methods import method_names
from phonexl.quickstart import side_by_side
from phonexl.results import Table, find_results, make_table
from phonexl.training.dictionaries import find_sound_dictionary
from phonexl.training.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker: str, page: str = README) -> str:
    """The text between `<!-- MARKER -->` and `<!-- end -->`."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert found, marker
    return found.group(1)


@pytest.mark.parametrize("pair", ["zh-vi", "ja-ko"])
def test_results_table_is_rendered_from_the_result_files(pair: str) -> None:
    """A figure that no run wrote must not stand in the README."""
    runs = [run for run in find_results([ROOT / "results" / "udpos-2000"]) if run.name.startswith(f"udpos-{pair}")]
    assert block(f"results: {pair}") == make_table(runs, ("accuracy", "xtreme_f1")).markdown()


@pytest.mark.parametrize(("pair", "floor"), [("zh-vi", 0.80), ("ja-ko", 0.87)])
def test_real_runs_clear_their_floors(pair: str, floor: float) -> None:
    """What a user may expect of the offline backbone after 2,000 sentences; measured, not hoped."""
    source, target = pair.split("-")
    runs = find_results([ROOT / "results" / "udpos-2000"])

    def mean(system: str, language: str, split: str, metric: str = "accuracy") -> float:
        return fmean(r.scores[language][split][metric] for r in runs if r.name == f"udpos-{pair}-{system}")

    plain = mean("offline-plain", target, "test")
    assert mean("offline-plain", source, "validation") >= floor
    assert plain >= max(0.48, mean("offline-plain", target, "test", "majority") + 0.10)
    assert plain >= mean("random-plain", target, "test") + 0.30
    assert mean("offline", target, "test") >= plain - 0.015
    assert mean("offline-subword", target, "test") >= mean("offline-plain-subword", target, "test") - 0.015


def test_the_switch_by_sound_gains_as_much_as_the_readme_says_and_its_control_too() -> None:
    runs = [r for r in find_results([ROOT / "results" / "udpos-2000"]) if r.name.startswith("udpos-zh-vi-offline-")]

    def seeds(name: str, shuffled: bool = False) -> list[float]:
        found = [r for r in runs if r.name.endswith(name) and r.recipe.get("shuffle_dictionary", False) == shuffled]
        return [r.scores["vi"]["test"]["accuracy"] for r in sorted(found, key=lambda r: r.seed)]

    plain, switched, control = seeds("plain-subword"), seeds("sino-xenic"), seeds("sino-xenic", shuffled=True)
    assert [len(plain), len(switched), len(control)] == [3, 3, 3]
    assert fmean(switched) - fmean(plain) == pytest.approx(0.02, abs=0.005)
    assert fmean(control) >= fmean(switched)
    rates = [r.training["task_switched"] for r in runs if r.name.endswith("sino-xenic")]
    assert all(rate == pytest.approx(0.08, abs=0.005) for rate in rates)


def test_quickstart_table_is_rendered_from_its_result_files() -> None:
    assert block("quickstart") == side_by_side(find_results([ROOT / "results" / "quickstart"])).markdown()


def test_error_rates_are_those_of_the_benchmark() -> None:
    figures = json.loads((ROOT / "results" / "benchmarks" / "transcription.json").read_text(encoding="utf-8"))
    rows = [
        [entry["language"], score["measure"], *(f"{score[key]:.2f}" for key in ("error", "raw_error", "word_error"))]
        for entry in figures["languages"]
        for score in entry["scores"]
    ]
    table = Table(["language", "measure", "folded", "raw", "words"], rows)
    assert block("error rates", (ROOT / "docs" / "transcription.md").read_text(encoding="utf-8")) == table.markdown()


@pytest.mark.parametrize(
    ("page", "marker", "spelling"),
    [
        ("README.md", "gap", "text"),
        ("docs/metrics.md", "gap: romanized", "romanized"),
        ("docs/metrics.md", "gap: ipa", "ipa"),
    ],
)
def test_gap_tables_are_rendered_from_their_analyses(page: str, marker: str, spelling: str) -> None:
    found = json.loads((ROOT / "results" / "gap" / f"offline-{spelling}" / "analysis.json").read_text(encoding="utf-8"))
    text = (ROOT / page).read_text(encoding="utf-8")
    assert block(marker, text) == summary(Analysis(**found)).markdown()


def test_speed_of_transcription_is_that_of_the_benchmark() -> None:
    figures = json.loads((ROOT / "results" / "benchmarks" / "transcription.json").read_text(encoding="utf-8"))
    ours = {entry["language"]: entry["ours"] for entry in figures["processes"]}
    rows = []
    for speed in figures["speed"]:
        process = ours[speed["language"]]
        ratio = "" if speed["cold_ratio"] is None else f"{speed['cold_ratio']:.2f}"
        tool = f"{'under it' if speed['is_under'] else 'peer'}: {speed['bare_tool']}"
        cells = [speed["file"].split("/")[0], f"{speed['cold_tokens_per_second']:,}", ratio, tool]
        rows.append([speed["language"], *cells, f"{process['seconds']:.2f}", str(process["megabytes_text"])])
    columns = ["language", "text", "tokens/s", "cost", "of", "start-up, s", "memory, MB"]
    page = (ROOT / "docs" / "transcription.md").read_text(encoding="utf-8")
    assert block("speed", page) == Table(columns, rows).markdown()


def test_figures_of_building_are_those_of_the_benchmark() -> None:
    figures = json.loads((ROOT / "results" / "benchmarks" / "building.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    rows = []
    for name, speed in figures["speed"].items():
        cells = [f"{speed['rows']:,}", f"{speed['rows_per_second']:,.0f}", f"{speed['throughput_of_bare']:.2f}"]
        rows.append([name, *cells, f"{figures['size'][name]['ratio']:.2f}"])
    bare, whole = (sum(median(s["seconds"][t]) for s in figures["speed"].values()) for t in ("transcribe", "build"))
    count = sum(speed["rows"] for speed in figures["speed"].values())
    cells = [f"{count:,}", f"{count / whole:,.0f}", f"{bare / whole:.2f}", f"{figures['size_in_all']:.2f}"]
    rows.append(["all", *cells])
    columns = ["files", "rows", "rows per second", "throughput of bare transcription", "size of released TSV"]
    assert block("building", page) == Table(columns, rows).markdown()
    rows = [
        [f"{run['rows']:,}", *(f"{run[key] / 1e6:.0f} MB" for key in ("bytes_in", "bytes_out"))]
        + [f"{run['seconds']:.0f} s", f"{run['peak_mb_of_a_process']:.0f} MB"]
        for run in figures["large"]
    ]
    assert block("large", page) == Table(["rows", "text", "Parquet", "time", "memory of a process"], rows).markdown()


def test_console_block_prints_what_it_shows() -> None:
    """The transcription that a newcomer copies must come out as printed."""
    found = re.search(r"```console\n\$ (.*?)\n(.*?)```", README, re.DOTALL)
    assert found
    command = found.group(1).replace("phonexl", f"{Path(sys.executable).parent / 'phonexl'}", 1)
    output = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
    assert output.stdout == found.group(2)


PAGES = README + "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize(
    "code", [code for code in re.findall(r"```python\n(.*?)```", PAGES, re.DOTALL) if "assert" in code]
)
def test_python_blocks_hold(code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Blocks that state what comes out."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    exec(compile(code, "README.md", "exec"), {})


def run_script(code: str, folder: Path) -> str:
    """What a script prints that is run in a folder, in a process and a cache of its own."""
    output = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "HF_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert output.returncode == 0, output.stderr
    return output.stdout


@pytest.mark.medium
def test_python_blocks_with_a_model_run(backbone: Path, processor: PhoneXLProcessor, tmp_path: Path) -> None:
    """The others, as a newcomer would run them, on a tiny model."""
    (name,) = re.findall(r'pipeline\("token-classification", "(.*?)"', README)
    folder = tmp_path / name
    tagger = PhoneXLForTokenClassification.from_backbone(str(backbone), labels=["NOUN", "VERB"], processor=processor)
    tagger.save_pretrained(folder)
    processor.save_pretrained(folder)
    blocks = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "assert" not in code]
    script = "\n".join(blocks).replace("google-bert/bert-base-multilingual-cased", str(backbone))
    assert 'from_backbone(resolve_backbone("offline"), labels=' in script
    # The real one is of 490 MB; `test_backbone.py` makes it.
    script = f"import phonexl.backbone\nphonexl.backbone._cached_offline = lambda vocab: {str(backbone)!r}\n{script}"
    said = run_script(script, tmp_path)
    assert [line.split()[0] for line in said.split("\n") if line] == ["Tôi", "học", "ở", "Hà", "."]


@pytest.mark.medium
def test_the_stock_trainer_goes_on_training_as_the_page_says(
    backbone: Path, processor: PhoneXLProcessor, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (name,) = re.findall(r'name = "(.*?)"', code)
    tagger = PhoneXLForTokenClassification.from_backbone(str(backbone), labels=["NOUN", "VERB"], processor=processor)
    tagger.save_pretrained(tmp_path / name)
    processor.save_pretrained(tmp_path / name)
    said = run_script(code, tmp_path)
    assert 0 <= float(said.strip().split("\n")[-1]) <= 1
    tuned = PhoneXLForTokenClassification.from_pretrained(tmp_path / "tuned")
    assert not torch.equal(tuned.classifier.weight, tagger.classifier.weight)
    assert PhoneXLProcessor.from_pretrained(tmp_path / "tuned").languages == processor.languages


def test_named_files_exist() -> None:
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)", README):
        assert (ROOT / path).exists(), path
    lists = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+/[\w.]*)`", lists)
    assert len(named) > 12
    for path in named:
        assert (ROOT / path).exists(), path
    for constant, file in re.findall(r"`([A-Z_]{4,})` (?:of|in) `([\w/]*\.py)`", " ".join(lists.split())):
        assert any(
            re.search(rf"^{constant}\b", found.read_text(encoding="utf-8"), re.MULTILINE)
            for found in ROOT.glob(f"*/**/{Path(file).name}")
        ), (constant, file)


def test_projection_is_as_the_page_on_methods_says() -> None:
    figures = json.loads((ROOT / "results" / "benchmarks" / "projection.json").read_text(encoding="utf-8"))["figures"]
    page = " ".join((ROOT / "docs" / "methods.md").read_text(encoding="utf-8").split())
    zh_ja, ja_ko = (figures[pair]["0.5"] for pair in ("zh-ja", "ja-ko"))
    assert f"right for {zh_ja['accuracy']} % of the words" in page
    assert f"({zh_ja['coverage']:.0f} % of the words do) and {ja_ko['accuracy']} % ({ja_ko['coverage']:.0f} %)" in page
    assert f"nouns {ja_ko['by_tag']['NOUN']} %, verbs {ja_ko['by_tag']['VERB']} %" in page


def test_the_channel_by_sound_is_as_the_page_on_methods_says(tmp_path: Path) -> None:
    figures = json.loads((ROOT / "results" / "benchmarks" / "sound_channel.json").read_text(encoding="utf-8"))[
        "figures"
    ]
    page = " ".join((ROOT / "docs" / "methods.md").read_text(encoding="utf-8").split())
    vi, ko = (figures[pair]["forms"] for pair in ("zh-vi", "ja-ko"))
    used, written, without = "sino-xenic", "entries as the target writes them", "romanised"
    words, pieces = ({form: f"{vi[form][key]} % and {ko[form][key]} %" for form in vi} for key in ("words", "pieces"))
    assert f"test words {words[used]} have a".replace(" %", " % (vi)", 1).replace("% have", "% (ko) have") in page
    assert f"and {pieces[used]} of their pieces" in page
    assert f"writes them {words[written]}, {pieces[written]}" in page
    assert f"without a dictionary {words[without]}, {pieces[without]}" in page
    assert f"({words['sino-xenic, shuffled']} of words)" in page
    for source, target in (("zh", "vi"), ("ja", "ko")):
        find_sound_dictionary(Recipe("name", "udpos", source, target)).save(tmp_path)
        size = (tmp_path / SOUND_DICTIONARY_FILE).stat().st_size
        assert f"{size / 1000:.0f} kB for {source}-{target}" in page


def test_pages_are_as_they_would_be_rendered() -> None:
    pages = runpy.run_path(str(ROOT / "benchmarks" / "render_pages.py"))
    for name in pages["PAGES"]:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert pages["render"](text) == text, name


def test_eight_bits_are_as_fast_and_as_good_as_is_said() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "two to nearly three times as fast in 8 bits, for 0.6 points of F1 at most" in page
    for name in ("onnx_int8", "onnx_int8_zh_vi"):
        languages = json.loads((ROOT / f"results/benchmarks/{name}.json").read_text(encoding="utf-8"))["languages"]
        for figures in languages.values():
            assert 1.9 < figures["ids_ratio"]["int8"] < 3
            torch, int8 = (figures["scores"][system]["xtreme_f1"] for system in ("torch", "int8"))
            assert torch - int8 < 0.65


def test_what_a_run_of_each_method_costs_is_what_was_measured() -> None:
    figures = json.loads((ROOT / "results/benchmarks/methods.json").read_text(encoding="utf-8"))["methods"]
    page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ([\d.]+) \|$", page, re.MULTILINE)
    assert dict(rows) == {"plain": "1.0", **{name: str(found["whole"]) for name, found in figures.items()}}
    assert figures.keys() == set(method_names()) - {"plain"}
