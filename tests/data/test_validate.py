"""Validation finds each fault that it claims to find, and none where there is none."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from dataset_scripts.build import Options, build
from dataset_scripts.readers import DataError
from dataset_scripts.validate import validate


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A source and what was built of it, in two shards."""
    folder = tmp_path_factory.mktemp("validate")
    source = folder / "in"
    source.mkdir()
    (source / "train-vi.tsv").write_text("Hà\tB-LOC\nNội\tI-LOC\n\nđây\tO\n\nkia\tO\n", "utf-8")
    (source / "test-vi.tsv").write_text("đây\tO\n\nmới\tI-LOC\n", "utf-8")
    build("cjkv-panx", folder / "out", source=source, options=Options(rows_per_shard=2))
    return source, folder / "out"


@pytest.fixture
def built(whole: tuple[Path, Path], tmp_path: Path) -> Path:
    shutil.copytree(whole[1], tmp_path / "out")
    return tmp_path / "out"


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the rows of a Parquet file."""
    table = pyarrow.parquet.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, table.schema), path)


def faults_beside_size(folder: Path, source: Path | None = None) -> list[str]:
    """Faults other than the number of bytes, which any change of a row changes too."""
    return [fault for fault in validate(folder, source) if "bytes, README.md says" not in fault]


def test_a_build_has_no_fault(whole):
    source, built = whole
    assert list(validate(built)) == []
    assert list(validate(built, source)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda rows: rows[0]["ipa"].pop(), "lists of the tokens differ in length"),
        (lambda rows: rows[0]["tags"].pop(), "lists of the tokens differ in length"),
        (lambda rows: rows[0]["ipa"].__setitem__(0, ""), "an empty word or sound: 'Hà' ''"),
        (lambda rows: rows[0]["phonemes"][0].append("x"), "the segments of 'Hà' are not its IPA"),
        (lambda rows: rows[0].update(ipa=["é", "b"], phonemes=[["é"], ["b"]]), "the IPA of 'Hà' is not in NFD"),
        (lambda rows: rows[1].update(id=rows[0]["id"]), "id 'train-vi-1' occurs twice"),
        (lambda rows: rows.pop(), "2 rows, README.md says 3"),
    ],
)
def test_a_faulty_row_is_found(built, change, fault):
    rewrite(built / "vi/train-00000-of-00002.parquet", change)
    assert any(fault in found for found in faults_beside_size(built))


def test_a_wrong_mark_of_repetition_is_found(built):
    path = built / "vi/test-00000-of-00001.parquet"
    rewrite(path, lambda rows: rows[0].update(in_train=False))
    assert faults_beside_size(built) == [f"{path} row 0: in_train is False"]


def test_files_are_held_against_the_card(built):
    path = built / "vi/train-00001-of-00002.parquet"
    shutil.copy(path, built / "vi/train-00001-of-00003.parquet")
    assert any(f"{built}/vi/train-00001-of-00003.parquet: not listed" in fault for fault in validate(built))
    (built / "vi/train-00001-of-00003.parquet").unlink()
    path.write_bytes(path.read_bytes() + b" ")
    assert any("bytes, README.md says" in fault for fault in validate(built))
    path.unlink()
    assert any("the files of train: train-00001-of-00002.parquet" in fault for fault in validate(built))


def test_other_columns_are_found(built):
    path = built / "vi/test-00000-of-00001.parquet"
    table = pyarrow.parquet.read_table(path).drop_columns(["romanized"])
    pyarrow.parquet.write_table(table, path)
    assert any(f"{path}: columns" in fault for fault in faults_beside_size(built))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda rows: rows[0]["tokens"].__setitem__(0, "Ha"), "vi train row 0: tokens is ['Ha', 'Nội'], in the source"),
        (lambda rows: rows[0]["tags"].__setitem__(1, 0), "vi train row 0: tags is [5, 0], in the source [5, 6]"),
        (lambda rows: rows.reverse(), "vi train row 0: id is 'train-vi-2'"),
        (lambda rows: rows.pop(), "vi train row 1: id is 'train-vi-3'"),
    ],
)
def test_every_word_label_and_place_is_held_against_the_source(whole, built, change, fault):
    rewrite(built / "vi/train-00000-of-00002.parquet", change)
    assert any(fault in found for found in validate(built, whole[0]))


def test_a_row_more_or_less_than_the_source_is_found(whole, built):
    last = built / "vi/test-00000-of-00001.parquet"
    rewrite(last, lambda rows: rows.pop())
    assert any("test row 1: only the source has it" in fault for fault in validate(built, whole[0]))
    rewrite(last, lambda rows: rows.extend([{**rows[0], "id": f"test-vi-{number}"} for number in (2, 3)]))
    assert any("test row 1: id" in fault or "tokens is" in fault for fault in validate(built, whole[0]))


def test_many_faults_of_a_split_are_cut_short(built):
    def spoil(rows: list[dict[str, Any]]) -> None:
        rows[0].update({column: rows[0][column] * 30 for column in ("tokens", "tags", "romanized", "transcribed")})
        rows[0].update(ipa=["x"] * 60, phonemes=[["y"]] * 60)

    rewrite(built / "vi/train-00000-of-00002.parquet", spoil)
    found = faults_beside_size(built)
    assert found[20] == f"{built}/vi train: more faults, not listed"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "a README.md"),
        ("# Mine\n", "front matter"),
        ("---\na: 1\n---\n", "front matter"),
        ("---\ntags: [\n---\n", "front matter"),
    ],
)
def test_a_folder_without_our_card_is_refused(tmp_path, text, fault):
    if text is not None:
        (tmp_path / "README.md").write_text(text, "utf-8")
    with pytest.raises(DataError, match=fault):
        list(validate(tmp_path))


def test_a_card_that_lost_a_key_is_refused(built):
    readme = built / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("repair_orphans:", "repaired:"), "utf-8")
    with pytest.raises(DataError, match="build, recipe, publishable, repair_orphans"):
        list(validate(built))


def test_repaired_and_cut_words_are_compared_as_they_should_be(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "train-ko.tsv").write_text("한국\tI-LOC\n말\tO\n", "utf-8")
    build("cjkv-panx", tmp_path / "out", source=source, options=Options(repair_orphans=True))
    assert list(validate(tmp_path / "out", source)) == []
