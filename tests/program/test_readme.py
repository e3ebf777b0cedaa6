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
from phonexl.comparison import gain_over
from phonexl.gap.analysis import Analysis
from phonexl.gap.analysis_tables import summary
from phonexl.methods import method_names
from phonexl.quickstart import side_by_side
from phonexl.results import Result, Table, find_results, make_table
from phonexl.tag_recall import tag_recall
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


def test_what_is_said_of_the_rivals_is_what_their_runs_say() -> None:
    runs = {path.stem: Result.load(path) for path in (ROOT / "results/udpos-2000-methods/zh-vi").glob("*.json")}

    def gain(name: str, other: str) -> float:
        one, two = (runs[key].scores["vi"]["test"]["accuracy"] for key in (name, other))
        return 100 * (one - two)

    assert gain("cosda-ml", "plain") > 1.5
    for name in ("filter", "x-mixup"):
        seeds = [key for key in runs if key.startswith(name)]
        assert len(seeds) >= 2
        assert max(abs(gain(key, key.replace(name, "plain"))) for key in seeds) < 0.4, name
    assert runs["translate-train"].training["translator"]["coverage"] == pytest.approx(0.23, abs=0.005)

    def korean(name: str) -> list[float]:
        runs = find_results([ROOT / "results" / "udpos-2000" / f"udpos-ja-ko-offline-{name}"])
        assert [run.seed for run in runs] == [1, 2, 3]
        return [100 * run.scores["ko"]["test"]["accuracy"] for run in runs]

    plain, switched, control = (korean(name) for name in ("plain-subword", "sino-xenic", "sino-xenic-shuffled"))
    assert fmean(switched) == pytest.approx(54.74, abs=0.005)
    assert fmean(plain) == pytest.approx(53.93, abs=0.005)
    assert fmean(control) == pytest.approx(53.28, abs=0.005)
    ahead = [one - other for one, other in zip(switched, control, strict=True)]
    assert [round(min(ahead), 1), round(max(ahead), 1)] == [0.9, 2.5]


def joined(values: list[float]) -> str:
    """With signs, as a sentence has them."""
    *words, last = [f"{round(value, 1) + 0.0:+.1f}" for value in values]  # without -0.0
    return f"{', '.join(words)} and {last}" if words else last


def test_what_is_said_of_three_seeds_of_vietnamese_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    runs = find_results([ROOT / "results" / "udpos-2000-methods" / "zh-vi"])

    def by_seed(method: str, metric: str, language: str, epochs: int = 1) -> dict[int, float]:
        found = [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]
        return {run.seed: 100 * run.scores[language]["test"][metric] for run in found}

    def gains(method: str, metric: str = "accuracy", language: str = "vi", epochs: int = 1) -> list[float]:
        """Over plain that was trained for that long."""
        plain = by_seed("plain", metric, language, epochs)
        return [score - plain[seed] for seed, score in sorted(by_seed(method, metric, language).items())]

    assert f"of the source's, by {joined(gains('cosda-ml'))} points of accuracy" in page
    assert f"(F1 {fmean(gains('cosda-ml', 'xtreme_f1')):.1f} on average)" in page
    of_translations = joined(gains("translate-train")), fmean(gains("translate-train", "xtreme_f1"))
    assert "beside the source's, by {} (F1 {:.1f})".format(*of_translations) in page
    assert "some three points on Vietnamese" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(2.5 < fmean(gains(method)) < 4 for method in ("xtune", "translate-train"))
    assert f"`xtune` gains most**, by {joined(gains('xtune'))} points" in page
    assert f"(F1 {fmean(gains('xtune', 'xtreme_f1')):.1f} on average)" in page
    assert f"over plain with two epochs by {joined(gains('xtune', epochs=2))}" in page
    assert {run.training["steps"] for run in runs if run.recipe["method"] == "xtune"} == {3 * 125}
    longer = [by_seed("plain", "accuracy", language, 2) for language in ("zh", "vi")]
    shorter = [by_seed("plain", "accuracy", language) for language in ("zh", "vi")]
    zh, vi = (fmean(two.values()) - fmean(one.values()) for two, one in zip(longer, shorter, strict=True))
    assert (round(zh), round(vi, 1)) == (6, 0.0)
    ahead = [fmean(gains("translate-train", metric, epochs=2)) for metric in ("accuracy", "xtreme_f1")]
    assert "is {:.1f} points ahead (F1 {:.1f}) and one behind on Chinese".format(*ahead) in page
    assert round(fmean(gains("translate-train", language="zh", epochs=2))) == -1
    assert f"(`sino-xenic`) gains {joined(gains('sino-xenic'))} points" in page
    plain, phonexl = (
        [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (name, 1)]
        for name in ("plain", "phonexl")
    )
    found = gain_over(phonexl, plain, "vi", "accuracy", "test")
    assert found is not None
    assert found[1] is not None
    interval = "[{:.2f}, {:.2f}]".format(*(100 * end for end in found[1]))
    assert f"gains {joined(gains('phonexl'))} points of accuracy ({100 * found[0]:.2f} {interval})" in page
    assert f"nothing of F1 ({joined(gains('phonexl', 'xtreme_f1'))})" in page
    assert {round(gain) for gain in gains("romanised-contrast", language="zh")} == {-4, -5, -6}
    loss = [-fmean(gains("romanised-contrast", metric)) for metric in ("accuracy", "xtreme_f1")]
    assert "on Chinese and {:.1f} on Vietnamese** (F1 {:.1f})".format(*loss) in page


def test_what_is_said_of_three_seeds_is_what_their_runs_say() -> None:
    folder = ROOT / "results" / "udpos-2000-methods"
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    runs = find_results([folder / "ja-ko"])

    def by_seed(method: str, metric: str, language: str, epochs: int = 1) -> dict[int, float]:
        found = [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]
        return {run.seed: 100 * run.scores[language]["test"][metric] for run in found}

    def gains(method: str, metric: str = "accuracy", language: str = "ko", epochs: int = 1) -> list[float]:
        """Over plain that was trained for that long, where it has the seed."""
        plain, scores = by_seed("plain", metric, language, epochs), by_seed(method, metric, language)
        return [score - plain[seed] for seed, score in sorted(scores.items()) if seed in plain]

    assert min(gains("translate-train")) > 1.5
    means = [fmean(gains("translate-train", *which)) for which in ((), ("xtreme_f1",), ("accuracy", "ja"))]
    assert (
        "gains in every seed**, {:.1f} points of accuracy and {:.1f} of F1 on Korean, {:.1f} on J".format(*means)
        in page
    )
    f1 = fmean(gains("xtune", "xtreme_f1"))
    assert f"`xtune` as well**, {joined(gains('xtune'))} points of accuracy (F1 {f1:.1f} on average)" in page
    longer = by_seed("plain", "accuracy", "ko", 2)
    assert f"({fmean(longer.values()):.2f} on Korean, {len(longer)} seeds)" in page

    def of(method: str, epochs: int = 1) -> list[Result]:
        return [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]

    for method in ("translate-train", "xtune"):
        found = gain_over(of(method), of("plain", 2), "ko", "accuracy", "test")
        assert found is not None
        assert found[1] is not None
        mean, low, high = (100 * value for value in (found[0], *found[1]))
        assert low < 0 < high
        assert f"{joined(gains(method, epochs=2))} for `{method}` ({mean:+.2f} [{low:.2f}, {high:.2f}])" in page
    assert "are equal here**: {:+.1f}, {:+.1f} and {:+.1f} points".format(*gains("phonexl")) in page
    first, second, _ = gains("cosda-ml")
    assert f"gains in one seed ({first:+.1f}) and loses in another ({second:+.1f})" in page
    assert max(gains("cosda-ml", "xtreme_f1")) < 0
    assert round(fmean(gains("cosda-ml", "xtreme_f1"))) == -1
    switched = gains("sino-xenic")
    said = "gains {:.1f} points of accuracy ({:+.1f}, {:+.1f}, {:+.1f}) and nothing of F1"
    assert said.format(fmean(switched), *switched) in page
    assert abs(fmean(gains("sino-xenic", "xtreme_f1"))) < 0.2
    assert [round(fmean(gains("romanised-contrast", language=code))) for code in ("ko", "ja")] == [-5, -7]
    assert max(gains("romanised-contrast")) < -4
    assert round(min(gains("x-mixup"))) == 1
    others = {(run.recipe["method"], run.seed): run for run in find_results([folder / "ja-ko-float32"])}
    once = [run for run in runs if run.recipe["num_train_epochs"] == 1]
    both = [(run, others[key]) for run in once if (key := (run.recipe["method"], run.seed)) in others]
    assert "the seven runs that were made in both types" in page
    apart = [abs(a.scores["ko"]["test"]["accuracy"] - b.scores["ko"]["test"]["accuracy"]) for a, b in both]
    assert len(both) >= 7
    assert max(apart) < 0.003


def test_what_is_said_of_joined_particles_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "udpos-2000"
    both, alone, plain = "sino-xenic-merged", "merged", "plain-subword"
    names = (both, alone, plain, f"{both}-shuffled", "roman", "plain")
    runs = {name: find_results([folder / f"udpos-ja-ko-offline-{name}"]) for name in names}
    runs["ipa"] = find_results([folder / "udpos-ja-ko-offline"])
    assert all([run.seed for run in group] == [1, 2, 3] for group in runs.values())

    def mean(name: str, language: str = "ko", metric: str = "accuracy") -> str:
        return f"{fmean(100 * run.scores[language]['test'][metric] for run in runs[name]):.2f}"

    assert (
        f"Korean {mean(both)} with the switch by sound and {mean(alone)} alone, plain sub-words {mean(plain)}" in page
    )
    f1 = [mean(name, metric="xtreme_f1") for name in (both, alone, plain)]
    assert f"XTREME F1 {f1[0]} and {f1[1]}, plain {f1[2]}" in page
    assert f"its control, {mean(names[3])})" in page
    japanese = [mean(name, "ja") for name in (both, alone, plain)]
    assert f"points**: {japanese[0]} and {japanese[1]}, plain {japanese[2]}" in page

    def recall(name: str, language: str, tag: str) -> float:
        (row,) = [row for row in tag_recall(runs[name], language).rows if row[0] == tag]
        return float(row[2].split()[0])

    assert f"SCONJ ({recall(plain, 'ja', 'SCONJ'):.0f} to {recall(both, 'ja', 'SCONJ'):.0f} %)" in page
    assert max(recall(name, "ko", "ADV") for name in (both, alone, plain)) < 1.5
    assert f"Korean {mean('roman')} with letters, {mean('ipa')} with IPA, {mean('plain')} plain" in page


def test_what_is_said_of_the_whole_training_set_holds() -> None:
    runs = {
        name: find_results([ROOT / "results" / "udpos-whole" / "ja-ko" / name])
        for name in ("plain", "sino-xenic-merged")
    }
    plain, joined = runs.values()
    assert [run.seed for run in plain] == [run.seed for run in joined]
    assert {run.data["train"]["sentences"] for group in runs.values() for run in group} == {7125}
    for metric, gain in (("accuracy", 8), ("xtreme_f1", 4)):
        found = gain_over(joined, plain, "ko", metric, "test")
        assert found is not None
        assert round(100 * found[0]) == gain
    adverbs = [float(row[2].split()[0]) for g in (plain, joined) for row in tag_recall(g, "ko").rows if row[0] == "ADV"]
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert "{:.0f} % by plain, {:.0f} % joined".format(*adverbs) in page
    price = gain_over(joined, plain, "ja", "accuracy", "test")
    assert price is not None
    assert -1 < 100 * price[0] < 0


def test_what_is_said_of_names_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "panx-2000-methods" / "zh-vi"
    plain, switched = (Result.load(folder / f"{name}.json") for name in ("plain", "sino-xenic"))
    found = [run.scores["vi"]["test"] for run in (plain, switched)]
    assert round(100 * (found[1]["xtreme_f1"] - found[0]["xtreme_f1"])) == -5
    for name, kind in (("persons (strict F1", "PER"), ("organisations (", "ORG")):
        before, after = (f"{100 * scores['strict_f1_per_type'][kind]:.1f}" for scores in found)
        assert f"{before} to {after})" in page.split(name)[1][:20]
    assert round(100 * switched.training["task_switched"]) == 7
    by_meaning = Result.load(folder / "cosda-ml.json")
    assert by_meaning.training["task_switched"] > switched.training["task_switched"]
    assert round(100 * (by_meaning.scores["vi"]["test"]["xtreme_f1"] - found[0]["xtreme_f1"])) == -3


def test_what_is_said_of_gradients_is_what_the_run_says() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    cosines = Result.load(ROOT / "results" / "gradients" / "udpos-ja-ko.json").training["gradient_cosines"]
    for name, term, average in (
        ("alignment", "align", " on average"),
        ("MLM", "mlm", ""),
        ("switched MLM", "xmlm", ""),
    ):
        found = cosines[term]
        assert f"{name} {found['mean']:.3f}{average} ({found['lowest']:.2f} to {found['highest']:.2f})" in page
        assert found["logs"] == 12


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
