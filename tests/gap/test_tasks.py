"""What is trained on and scored: declared labels, no premise in two parts, one line for a bad file."""

from pathlib import Path

import pytest
from task_files import write_pairs, write_tagged

from dataset_scripts.build import build
from dataset_scripts.readers import DataError
from modeling_phonexl.transcription import UnknownLanguageError
from phonexl.gap.tasks import TASKS, find_task, load_task
from phonexl.training.data import draw

XNLI = TASKS["xnli"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xnli")
    write_pairs(folder, "eng")
    write_pairs(folder, "swa")
    return folder


def test_labels_are_declared_and_not_collected():
    assert {name: len(task.labels) for name, task in TASKS.items()} == {"pos": 17, "ner": 7, "xnli": 3}
    with pytest.raises(ValueError, match="unknown task 'tag'; known: pos, ner, xnli"):
        find_task("tag")


def test_each_part_is_what_its_file_holds(tmp_path):
    write_tagged(tmp_path, "eng")
    write_tagged(tmp_path, "fra")
    data = load_task(TASKS["pos"], tmp_path, "en", ["fr", "eng"])
    assert data.source == "eng"
    assert len(data.train) == 60
    assert set(data.scored) == {(lang, split) for lang in ("eng", "fra") for split in ("validation", "test")}
    assert {row.lang for row in data.scored["fra", "test"]} == {"fra"}
    assert data.describe()["fra.test"]["sentences"] == 20
    other = load_task(TASKS["pos"], tmp_path, "eng", ["fra"])
    assert set(other.scored) == {("eng", "validation"), ("fra", "validation"), ("fra", "test")}


def test_a_limit_draws_the_same_sentences_each_time_in_order():
    assert draw(range(100), 5) == draw(range(100), 5) == sorted(draw(range(100), 5))
    assert draw(range(3), 5) == range(3)
    assert max(draw(range(100), 5)) > 10


def test_no_premise_is_in_two_parts_and_all_languages_hold_out_the_same_rows(pairs):
    """Three rows share a premise: a split between them would let a classifier choose by what it learned."""
    data = load_task(XNLI, pairs, "eng", ["eng", "swa"])
    parts = [data.train, data.validation, data.scored["eng", "test"]]
    assert [len(part) for part in parts] == [81, 9, 18]
    premises = [{pair.premise for pair in part} for part in parts]
    assert not premises[0] & premises[1]
    assert not (premises[0] | premises[1]) & premises[2]
    ids = [[pair.id.split("-")[-1] for pair in data.scored[lang, "validation"]] for lang in ("eng", "swa")]
    assert ids[0] == ids[1]
    assert data.scored["eng", "test"][0].id == "dev-eng-1"
    assert len(data.warnings) == 1
    assert '"test" is its dev file' in data.warnings[0]


def test_a_premise_that_is_scored_too_is_not_trained_on(pairs, tmp_path):
    """Urdu XNLI has twelve of them."""
    lines = (pairs / "dev-eng.tsv").read_text("utf-8").splitlines()
    premise = (pairs / "test-eng.tsv").read_text("utf-8").splitlines()[1].split("\t")[0]
    lines[1:4] = ["\t".join([premise, *line.split("\t")[1:]]) for line in lines[1:4]]
    (tmp_path / "dev-eng.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "test-eng.tsv").write_bytes((pairs / "test-eng.tsv").read_bytes())
    data = load_task(XNLI, tmp_path, "eng", ["eng"])
    assert len(data.train) == 78
    assert tuple(premise.split()) not in {pair.premise for pair in data.train}
    assert "3 pairs of eng are not trained on" in data.warnings[1]


def test_a_built_data_set_is_the_same_as_its_files(pairs, tmp_path):
    build("linguistic-gap-xnli", tmp_path / "built", source=pairs)
    built, read = (load_task(XNLI, folder, "swa", ["swa"]) for folder in (tmp_path / "built", pairs))
    assert built.describe() == read.describe()


def test_mistakes_are_one_line_with_file_and_place(tmp_path, pairs):
    with pytest.raises(UnknownLanguageError, match="english"):
        load_task(XNLI, pairs, "english", [])
    with pytest.raises(DataError, match=r"expected dev-kor\.tsv"):
        load_task(TASKS["pos"], tmp_path, "kor", ["kor"])
    with pytest.raises(DataError, match=r"expected test-kor\.tsv"):
        load_task(XNLI, pairs, "kor", ["kor"])
    write_tagged(tmp_path, "eng")
    with pytest.raises(DataError, match=r'dev-eng\.tsv:1: expected a known tag instead of "(NOUN|VERB)"'):
        load_task(TASKS["ner"], tmp_path, "eng", ["eng"])
    lines = (pairs / "test-eng.tsv").read_text("utf-8").splitlines()
    lines[5] = "other " + lines[5]
    faulty = tmp_path / "pairs"
    faulty.mkdir()
    (faulty / "test-eng.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (faulty / "dev-eng.tsv").write_bytes((pairs / "dev-eng.tsv").read_bytes())
    with pytest.raises(DataError, match=r"test-eng\.tsv:6: expected the premise of the row before, found \"other"):
        load_task(XNLI, faulty, "eng", ["eng"])


@pytest.mark.medium
@pytest.mark.parametrize("language", ["swa", "urd"])
def test_the_real_pairs_have_no_leak(shared, language):
    data = load_task(XNLI, shared / "data" / "xnli", language, [language])
    parts = {"train": data.train, "validation": data.validation, "test": data.scored[language, "test"]}
    counts = {"swa": (4509, 501, 2490), "urd": (4464, 501, 2490)}[language]
    assert tuple(len(part) for part in parts.values()) == counts
    premises = {name: {" ".join(pair.premise) for pair in part} for name, part in parts.items()}
    assert not premises["train"] & (premises["validation"] | premises["test"])
