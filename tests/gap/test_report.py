"""The report: made from files alone, standing alone, escaping what strangers name, the same bytes each time."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonexl.cli import app
from phonexl.gap import report
from phonexl.gap.analysis_tables import summary
from phonexl.gap.figures import Drawing, colours_of
from phonexl.gap.report import Inputs, make_report, read_inputs, write_report
from phonexl.gap.scores import collect_systems
from phonexl.gap.tables import alike_table, correlation_table, difference_table, reference_table, scores_tables

FOUR = ["eng", "fra", "kor", "hin"]
EVIL = '<script>alert(1)</script>"&'


def run_command(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["gap", "report", *map(str, arguments)])


class Page(HTMLParser):
    """Checks that elements close in order; collects tags, ids, what ids are pointed at, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def folder(make_analysis, make_run, tmp_path) -> Path:
    """Two encoders and three runs of a system, one with a name that wants to be HTML."""
    place = tmp_path / "gap"
    make_analysis(FOUR, 0.45).save(place / "a" / "analysis.json")
    make_analysis(FOUR, 0.7, model=EVIL, spelling="ipa").save(place / "b" / "analysis.json")
    for seed in (1, 2, 3):
        scores = {lang: 0.7 + 0.02 * seed + 0.01 * n for n, lang in enumerate(("eng", "fra", "kor"))}
        make_run(f"ner-en-fr-{EVIL}", seed, scores, source="eng", target="fra", task="ner").save(place / f"{seed}.json")
    (place / "notes.json").write_text('{"speed": 3}', "utf-8")
    return place


@pytest.mark.medium
def test_the_example_makes_figures_tables_and_a_page_that_stands_alone(folder, tmp_path, monkeypatch):
    example = re.search(r"Example: phonexl gap report (.*)", run_command("--help").stdout)
    assert example
    monkeypatch.chdir(tmp_path)
    done = run_command(*example.group(1).split())
    assert done.exit_code == 0, done.output
    (tmp_path / "report").rename(tmp_path / "out")
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    figures = [f"figure-2{kind}-layer-{layer}" for kind in ("", "-difference") for layer in ("0", "-1")]
    expected = {f"{name}.{end}" for name in (*figures, "figure-3-ner") for end in ("svg", "png")}
    assert set(files) == expected | {"report.html", "tables.md"}
    assert sorted(f"report/{name}" for name in files) == sorted(done.stdout.split())
    text = (tmp_path / "out/report.html").read_text("utf-8")
    page = Page(text)
    assert page.tags.count("svg") == 5
    assert len(set(page.ids)) == len(page.ids)  # one figure must not draw with another's clips
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(page.ids)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"(?:src|href)=\"(?!#|data:)|@import|url\((?!#)", text)
    assert "#010203" not in text
    assert "prefers-color-scheme: dark" in text
    assert EVIL in page.text
    assert "<script" not in text
    assert (tmp_path / "out/figure-3-ner.png").read_bytes().startswith(b"\x89PNG")


def test_figures_of_the_tables_are_those_of_the_files(folder):
    inputs = read_inputs([folder])
    systems = collect_systems(inputs.results, "test")
    (ner,) = scores_tables(systems, inputs.analyses, "ner")
    assert ner.rows[2][0] == f"{EVIL}, trained on eng"
    assert ner.rows[2][1:4] == ["3", "74.00 ± 2.00", "75.00 ± 2.00"]
    assert ner.rows[2][ner.columns.index("kor")] == "76.00 ± 2.00"
    assert [row[-1] for row in ner.rows[3:]] == ["0.4500", "0.7000"]  # encoders without a run
    (difference, *_) = difference_table(inputs.analyses).rows
    assert difference[1:3] == ["tiny, text", "layer 0"]
    assert float(difference[3].split()[0]) == pytest.approx(0.25, abs=0.03)
    assert reference_table(systems, "ner").rows[0][4].endswith(" / 1.00")


def test_a_place_that_is_given_twice_counts_once(folder):
    once, twice = read_inputs([folder]), read_inputs([folder, folder, folder / "1.json"])
    assert (list(twice.analyses), twice.results) == (list(once.analyses), once.results)


def test_all_encoders_stand_in_one_table(folder):
    inputs = read_inputs([folder])
    (section,) = [section for section in make_report(inputs) if section.heading == "Encoders"]
    (table,) = [table for caption, table in section.tables if caption == "Alike"]
    expected = [(label, name) for label, found in inputs.analyses.items() for name in found.features]
    assert [tuple(row[:2]) for row in table.rows] == expected
    assert len({len(row) for row in table.rows} | {len(table.columns)}) == 1


def test_the_reference_of_comparisons_is_chosen_by_name(make_analysis, make_run, monkeypatch):
    monkeypatch.setattr(report, "draw_maps", lambda name, layer, first, other: (first[0], other[0]))
    for drawing in ("draw_difference", "draw_bars"):
        monkeypatch.setattr(report, drawing, lambda *arguments: None)
    analyses = {f"encoder {place}": make_analysis(FOUR, place / 10) for place in range(3, 6)}
    scores = {"eng": 0.8, "fra": 0.7}
    runs = [make_run(name, 1, scores, task="pos") for name in ("old", "new")]

    def compared(reference: str | None) -> tuple[set[str], set[str]]:
        """What encoders are compared with, in a table and in figures, and what systems are."""
        sections = {section.heading: section for section in make_report(Inputs(analyses, runs), "test", reference)}
        maps, gaps = (
            next(made for name, made in sections.items() if name.startswith(part)) for part in ("Ling", "Perf")
        )
        ((_, differences),) = maps.tables
        (swaps,) = [table for caption, table in gaps.tables if "Swap test" in caption]
        firsts = {drawing[0] for drawing in maps.drawings if drawing} | {row[1] for row in differences.rows}
        return firsts, {row[2] for row in swaps.rows if "(paper)" not in row[2]}

    assert compared(None) == ({"encoder 3"}, {"old, trained on eng"})
    assert compared("encoder 4") == ({"encoder 4"}, {"old, trained on eng"})
    assert compared("new, trained on eng") == ({"encoder 3"}, {"new, trained on eng"})
    with pytest.raises(
        ValueError, match="--reference 'mbert': expected one of encoder 3; .*; old, trained on eng; new"
    ):
        compared("mbert")


def test_a_system_stands_with_the_analysis_of_its_encoder(make_analysis, make_run):
    """Else one encoder has two rows, and other colours in each panel of a figure."""
    one, other, trained = (
        make_analysis(FOUR, 0.4), make_analysis(FOUR, 0.6, spelling="ipa"),
        make_analysis(FOUR, 0.8, run={"name": "ner-eng-tiny", "seed": 2, "task": "ner"}),
    )  # fmt: skip
    analyses = {"text": one, "ipa": other}
    runs = [
        make_run(
            "ner-eng-tiny-ipa", 1, {"eng": 0.7, "fra": 0.6}, target="fra", task="ner", model="tiny", spelling="ipa"
        ),
        make_run("ner-eng-tiny", 2, {"eng": 0.8, "fra": 0.6}, target="fra", task="ner", model="tiny", spelling="text"),
        make_run("ner-eng-old", 1, {"eng": 0.8, "fra": 0.6}, target="fra", task="ner"),
    ]
    systems = collect_systems(runs, "test")
    ipa, text, old = systems
    (table,) = scores_tables([ipa, old], analyses, "ner")
    assert [(row[0], row[-1]) for row in table.rows[2:]] == [(ipa.label, "0.6000"), (old.label, ""), ("text", "0.4000")]
    (table,) = scores_tables([text], {**analyses, "trained": trained}, "ner")
    assert table.rows[2][-1] == "0.8000"  # its own run's, before that of what it started from
    colours = colours_of(systems, analyses)
    assert colours[ipa.name] == colours["ipa"] != colours["text"] == colours[text.name]
    assert colours[old.name] not in (colours["ipa"], colours["text"])
    zero_shot = make_run(
        "ner-eng-tiny-zero-shot", 2, {"eng": 0.8, "kor": 0.4}, task="ner", model="tiny", spelling="text"
    )
    both = collect_systems([runs[1], zero_shot], "test")
    assert len({*colours_of(both, analyses).values()}) == 3  # one encoder, two systems: two colours, and that of ipa
    its_own = make_analysis(FOUR, 0.3, run={"name": zero_shot.name, "seed": 2, "task": "ner"})
    colours = colours_of(both, {**analyses, "trained": its_own})
    assert colours[both[1].name] == colours["trained"] != colours["text"]
    many = {f"encoder {n}": make_analysis(FOUR, 0.3, model=f"m{n}") for n in range(9)}
    colours = colours_of(systems, many)
    assert len({colours[system.name] for system in systems}) == 3  # no colour is free: still one for each of a panel
    elsewhere = make_run("ner-fra-tiny", 1, {"fra": 0.8}, source="fra", task="ner", model="b/tiny", spelling="text")
    here = make_run("ner-eng-tiny", 1, {"eng": 0.8}, target="eng", task="ner", model="tiny", spelling="text")
    (both,) = collect_systems([here, elsewhere], "test")
    assert both.encoder is None


def test_an_encoder_of_one_representation_is_named_by_it_and_found_by_its_runs(make_analysis, make_run, tmp_path):
    for name in ("character", "phoneme"):
        model = f"arms/{name}/step-9"
        make_analysis(FOUR, 0.4, model=model, spelling=name).save(tmp_path / name / "analysis.json")
        run = make_run(f"pos-eng-{name}-step-9", 1, {"eng": 0.7}, task="pos", model=model, spelling="text")
        run.training["reads"] = name
        run.save(tmp_path / name / "result.json")
    inputs = read_inputs([tmp_path])
    assert list(inputs.analyses) == ["character-step-9", "phoneme-step-9"]
    (table,) = scores_tables(collect_systems(inputs.results, "test"), inputs.analyses, "pos")
    assert [(row[0], row[-1]) for row in table.rows[-2:]] == [
        ("character-step-9", "0.4000"),
        ("phoneme-step-9", "0.4000"),
    ]


@pytest.mark.medium
def test_one_analysis_alone_is_enough_and_gives_the_same_bytes_again(folder, tmp_path):
    first, second = (write_report(make_report(read_inputs([folder / "a"])), tmp_path / name) for name in ("1", "2"))
    assert [path.stem for path in first if path.suffix == ".svg"] == [
        "figure-2-layer-0",
        "figure-2-layer--1",
        "figure-3",
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_runs_alone_are_enough(folder):
    sections = make_report(read_inputs([folder / "1.json"]))
    assert [drawing.name for section in sections for drawing in section.drawings] == ["figure-3-ner"]


def test_runs_of_pretraining_have_a_section_and_are_no_fine_tuned_runs(make_run, tmp_path):
    """On the published runs: each representation once, its bits those of the file."""
    published = Path(__file__).parents[2] / "results/pretraining"
    make_run("ner-eng", 1, {"eng": 0.7, "fra": 0.6}, source="eng", task="ner").save(tmp_path / "run.json")
    inputs = read_inputs([tmp_path, published])
    assert [run.name for run in inputs.results] == ["ner-eng"]
    about, pretraining, *_, commands = make_report(inputs)
    assert "1 fine-tuned runs of 1 systems" in about.paragraphs[0]
    [(_, table)] = pretraining.tables
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    character = json.loads((published / "character.json").read_text("utf-8"))
    bits = [split["held_out"]["bits_per_word"] for split in character["scores"].values()]
    assert rows["character"]["bits a word"] == f"{sum(bits) / len(bits):.2f}"
    assert len(rows) == len(table.rows) == len(list(published.iterdir()))
    assert any("pretrain-character seed 1" in row[0] for row in commands.tables[0][1].rows)


def test_an_encoder_with_fewer_languages_is_compared_over_those_of_both(make_analysis, tmp_path, monkeypatch):
    for name in ("draw_maps", "draw_difference", "draw_bars"):
        monkeypatch.setattr(report, name, lambda name, *rest: Drawing(name, b"", b"", ""))
    make_analysis(FOUR, 0.4).save(tmp_path / "a.json")
    make_analysis(["kor", "eng", "hin"], 0.6, spelling="ipa").save(tmp_path / "b.json")
    make_analysis(["jpn", "zho"], 0.6, spelling="romanized").save(tmp_path / "c.json")
    for seed in (1, 2):  # of a run of several seeds one is drawn
        run = {"name": "pos-eng", "seed": seed, "task": "pos"}
        make_analysis(["eng", "fra"], 0.5 + seed / 10, run=run).save(tmp_path / f"d{seed}.json")
    sections = make_report(read_inputs([tmp_path]))
    names = [drawing.name for section in sections for drawing in section.drawings]
    figures = [
        f"figure-2{kind}-layer-{layer}-{n}" for n in (1, 3) for layer in ("0", "-1") for kind in ("", "-difference")
    ]
    assert names == [*figures, "figure-3"]
    (differences,) = [table for section in sections for caption, table in section.tables if "Differences" in caption]
    assert [row[0] for row in differences.rows] == [
        label for label in ("tiny, ipa", "pos-eng seed 1, text", "pos-eng seed 2, text") for _ in range(2)
    ]


@pytest.mark.medium
def test_what_has_nothing_left_without_length_is_blank_in_tables_and_figures(make_analysis, make_run):
    """Of one encoder, at all of its layers: the other's figures stay."""
    known = {"name": "ner-bare", "seed": 1, "task": "ner"}
    full, bare = make_analysis(FOUR, 0.4), make_analysis(FOUR, 0.6, model="bare", run=known)
    for figures in bare.features.values():
        nothing = [key for key in figures["cka"] if key.startswith(("length_partialled", "signs_partialled"))]
        figures["cka"].update(dict.fromkeys(nothing))
    run = make_run("ner-bare", 1, {lang: 0.7 + 0.05 * place for place, lang in enumerate(FOUR)}, task="ner")
    for pair in ({"full": full, "bare": bare}, {"bare": bare, "full": full}):
        for row in difference_table(pair).rows:
            assert row[3].startswith(("0.2", "-0.2"))
            assert row[5:7] == ["-", "-"]
    for analyses in ({"full": full, "bare": bare}, {"bare": bare}):
        sections = make_report(report.Inputs(analyses, [run]))
        encoders = next(section for section in sections if section.heading == "Encoders")
        assert [line for line in encoders.paragraphs if line.startswith("- in one language or more")]
    rows = {row[1]: row[2] for row in correlation_table(collect_systems([run], "test"), [bare]).rows[3:]}
    assert rows == {"Sinkhorn distance": "3", "CKA": "3"}


def test_gaps_without_points_are_named(make_analysis, make_run):
    """Each language's own run, the paper's design, is scored in one language: no run has a gap to set beside CKA."""
    languages = ("eng", "fra", "kor")
    runs = [
        make_run(f"pos-{lang}-own", 1, {lang: 0.5 + 0.1 * n}, source=lang, target=lang, task="pos")
        for n, lang in enumerate(languages)
    ]
    every = make_run("pos-eng-zero-shot", 1, {lang: 0.5 + 0.1 * n for n, lang in enumerate(languages)}, task="pos")
    found = [
        make_analysis(FOUR, 0.5 + seed / 10, run={"name": run.name, "seed": 1, "task": "pos"})
        for seed, run in enumerate([*runs, every])
    ]
    analyses = {str(place): one for place, one in enumerate(found)}
    section = report._correlations(report.Inputs(analyses, [*runs, every]), collect_systems([*runs, every], "test"))
    assert section.paragraphs[-1].startswith("No points here, though there are gaps: pos: own. No run of theirs was")
    (system,) = collect_systems([every], "test")
    assert not [
        line for line in report._correlations(report.Inputs(analyses), [system]).paragraphs if "No points" in line
    ]


def test_an_older_analysis_has_no_figure_without_digits_and_all_others(make_analysis):
    """Made before digits were taken out, it stands beside newer ones: the cell is empty, not the table wrong."""
    analyses = {"new": make_analysis(FOUR, 0.4), "old": make_analysis(FOUR, 0.6)}
    for figures in analyses["old"].features.values():
        for key in ("signs_partialled", "signs_partialled_matrix"):
            figures["cka"].pop(key, None)
    for table in (alike_table(analyses), difference_table({**analyses, "newer": analyses["new"]})):
        place = table.columns.index("digits and punctuation too")
        row = next(row for row in table.rows if row[0] == "old")
        assert [cell != "" for cell in row[place - 1 : place + 2]] == [True, False, True]
    for table in (summary(analyses["old"]), difference_table(analyses)):
        assert "digits and punctuation too" not in table.columns


def test_a_json_of_another_kind_is_passed_over_where_a_folder_is_searched(folder):
    before = read_inputs([folder])
    for name, content in (("list.json", "[1]"), ("a/number.json", "3"), ("none.json", "null")):
        (folder / name).write_text(content, "utf-8")
    after = read_inputs([folder])
    assert (list(after.analyses), after.results) == (list(before.analyses), before.results)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "x.json: expected JSON, but"),
        ("[1]", "x.json: expected a JSON object, found list"),
        ('{"speed": 1}', "x.json: no result of `phonexl gap analyze`, `gap run`, `train` or `pretrain`"),
        ('{"features": {}, "spelling": "text", "sentences": 3}', "x.json: expected the analysis.json"),
        ('{"scores": {}, "recipe": {}, "seed": 1}', "x.json: expected a result JSON of phonexl"),
    ],
)
def test_a_bad_file_is_one_line(content, message, tmp_path):
    (tmp_path / "x.json").write_text(content, "utf-8")
    done = run_command(tmp_path / "x.json", "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("phonexl: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_other_mistakes_are_one_line_too(make_analysis, tmp_path):
    done = run_command(tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "nowhere: no such file or folder" in done.stderr
    for name in ("a", "b", "c/b"):
        make_analysis(["eng", "fra"]).save(tmp_path / name / "analysis.json")
    with pytest.raises(ValueError, match=r"a second analysis that would be called 'tiny, text \(b\)'"):
        read_inputs([tmp_path])


@pytest.mark.parametrize(
    ("name", "content"), [("report.html", '<meta name="generator" content="other">'), ("tables.md", "# Mine\n")]
)
def test_a_page_of_another_origin_is_not_overwritten(name, content, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "make_report", pytest.fail)  # told before figures are drawn
    (tmp_path / name).write_text(content, "utf-8")
    done = run_command(folder, "--out", tmp_path)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert f"{tmp_path / name} is of no report of ours: move it away, or choose another --out" in done.stderr
    with pytest.raises(FileExistsError):
        write_report([], tmp_path)
    assert (tmp_path / name).read_text("utf-8") == content


def test_a_file_with_a_figures_name_is_overwritten_only_beside_a_report(tmp_path):
    drawing = report.Drawing("gaps", b"<svg/>", b"png", "Caption")
    (tmp_path / "gaps.png").write_bytes(b"mine")
    section = report.Section("New", drawings=[drawing])
    with pytest.raises(FileExistsError, match=r"gaps\.png is of no report of ours"):
        write_report([section], tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"gaps.png": b"mine"}
    write_report([], tmp_path)
    write_report([section], tmp_path)
    assert (tmp_path / "gaps.png").read_bytes() == b"png"


def test_an_older_report_is_replaced(tmp_path):
    write_report([report.Section("Old")], tmp_path)
    files = write_report([report.Section("New")], tmp_path)
    assert [path.name for path in files] == ["report.html", "tables.md"]
    for path in files:
        text = path.read_text("utf-8")
        assert "New" in text
        assert "Old" not in text


def test_where_nothing_can_be_written_is_told_before_figures_are_drawn(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "make_report", pytest.fail)
    done = run_command(folder, "--out", folder / "1.json" / "out")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert "1.json is no folder; choose another --out" in done.stderr


def test_without_matplotlib_the_cure_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = run_command(folder, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "pip install '.[figures]'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_two_places_hold_is_read_once(make_run, tmp_path):
    make_run("pos-eng", 1, {"eng": 0.5}).save(tmp_path / "runs" / "result.json")
    places = [tmp_path / "runs", tmp_path, tmp_path / "runs" / "result.json"]
    assert [run.name for run in read_inputs(places).results] == ["pos-eng"]


def test_files_beside_a_model_are_left_alone(make_run, tmp_path):
    make_run("xnli-eng", 1, {"eng": 0.5}).save(tmp_path / "run" / "result.json")
    for name in ("config.json", "tokenizer.json", "recipe.json"):
        (tmp_path / "run" / name).write_text(json.dumps({"scores": 1, "recipe": 1, "seed": 1}), "utf-8")
    assert [run.name for run in read_inputs([tmp_path]).results] == ["xnli-eng"]
