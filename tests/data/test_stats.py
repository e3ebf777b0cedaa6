"""Counts of built data sets, and the papers' beside them."""

import shutil
from pathlib import Path

import pytest

from dataset_scripts import stats
from dataset_scripts.build import build
from dataset_scripts.readers import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stats")
    source = folder / "panx"
    source.mkdir()
    (source / "train-zh.tsv").write_text(
        "北\tI-LOC\n京\tI-LOC\n\n北\tB-LOC\n京\tI-LOC\n\n\u200b\tO\n。\tO\n!\tO\n", "utf-8"
    )
    (source / "test-vi.tsv").write_text("Hà\tB-LOC\nNội\tI-LOC\n", "utf-8")
    build("cjkv-panx", folder / "panx-out", source=source)
    muse = folder / "muse"
    muse.mkdir()
    (muse / "en-zh.txt").write_text("north 北\nnorth 北方\ncapital 北京\nup 北\n", "utf-8")
    (muse / "en-vi.txt").write_text("north bắc\nup bắc\nup trên\ncapital thủ\n", "utf-8")
    build("cjkv-dictionaries", folder / "muse-out", source=muse, config="zh-vi")
    return folder


def test_counts_are_those_of_the_rows(folder):
    train, test = stats.count(folder / "panx-out")
    assert (train.table, train.split, train.rows, train.words, train.types) == ("zh", "train", 3, 7, 5)
    assert (train.labels, train.repeated, train.orphans, train.invisible, train.longest) == (3, 1, 1, 1, 3)
    assert train.average == pytest.approx(7 / 3)
    assert train.transcribed == 1.0
    assert (test.table, test.split, test.rows, test.in_train) == ("vi", "test", 1, 0)


def test_the_papers_counts_stand_beside_ours(folder):
    found = {
        printed.where: (printed.value, ours)
        for printed, ours in stats.compare(folder / "panx-out", list(stats.count(folder / "panx-out")))
    }
    assert found["PhoneXL, table 2, source, rows"] == (20000, 3.0)
    assert found["PhoneXL, table 2, target, average"] == (21.47, 2.0)
    assert "Not explained" in stats.explanation(folder / "panx-out")


def test_coverage_by_word_and_by_longest_match(folder):
    [cell] = stats.coverage(folder / "muse-out", folder / "panx-out")
    label, table, by_word, by_longest_match = cell
    assert (label, table) == ("zh-vi", "zh")
    assert by_word == pytest.approx(2 / 7)  # 北 twice
    assert by_longest_match == pytest.approx(4 / 7)  # 北京 twice
    with pytest.raises(DataError, match="Parquet with columns source and target"):
        list(stats.coverage(folder / "panx-out", folder / "panx-out"))
    with pytest.raises(DataError, match="a dictionary from a language of"):
        list(stats.coverage(folder / "muse-out", folder / "muse-out"))


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", None])
def test_a_damaged_file_is_named(folder, tmp_path, content):
    shutil.copytree(folder / "panx-out", tmp_path / "out")
    [path] = (tmp_path / "out" / "zh").glob("train-*.parquet")
    path.write_bytes(path.read_bytes()[:-50] if content is None else content)
    with pytest.raises(
        DataError, match=r"zh/train-00000-of-00001\.parquet: expected a Parquet file .*Build the data set"
    ):
        list(stats.count(tmp_path / "out"))
    with pytest.raises(DataError, match=r"zh/train-00000-of-00001\.parquet: expected a Parquet file"):
        list(stats.coverage(folder / "muse-out", tmp_path / "out"))


@pytest.mark.medium
def test_real_sizes_that_can_be_explained_are_as_printed(shared, tmp_path):
    """Table 2 of the PhoneXL paper for PAN-X, table 4 of the gap paper for XNLI."""
    source = tmp_path / "in"
    source.mkdir()
    for name in ("dev-swa.tsv.gz", "test-swa.tsv.gz"):
        (source / name).symlink_to(shared / "data/xnli" / name)
    build("linguistic-gap-xnli", tmp_path / "out", source=source)
    found = [(p.value, ours) for p, ours in stats.compare(tmp_path / "out", list(stats.count(tmp_path / "out")))]
    assert [pair for pair in found if pair[1] is not None] == [(2490, 2490.0), (5010, 5010.0)]
