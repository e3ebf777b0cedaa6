"""Builds that are cut off: never half a data set, and the same bytes when they go on."""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import datasets
import pytest

from dataset_scripts import shards
from dataset_scripts.build import Options, build
from dataset_scripts.corpus import Table
from dataset_scripts.readers import DataError
from dataset_scripts.rows import KINDS
from modeling_phonexl.transcription import Transcriber, Transcription, record

SENTENCES = 60
OPTIONS = Options(rows_per_shard=10)


def slow_reader(language: str) -> Callable[[Sequence[str]], list[Transcription]]:
    """Takes a millisecond for a sentence, so that a signal finds the build in every phase."""

    def read(tokens: Sequence[str]) -> list[Transcription]:
        time.sleep(0.001)
        return [record(tuple(token), token) for token in tokens]

    return read


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        for language in ("vi", "zh"):
            text = "\n".join(f"{split}{language}{number}\tO\nb\tB-LOC\n" for number in range(SENTENCES))
            (folder / f"{split}-{language}.tsv").write_text(text, "utf-8")
    return folder


def tree(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def loads_whole(folder: Path, cache: Path) -> bool:
    """Whether `load_dataset` takes a folder for a data set, of any size."""
    try:
        datasets.load_dataset(str(folder), cache_dir=str(cache))
    except Exception:
        try:
            pair = datasets.load_dataset(str(folder), "zh-vi", cache_dir=str(cache))
        except Exception:
            return False
        return all(len(split) == SENTENCES for split in pair.values())
    return True


def killed_build(source: Path, out: Path, seconds: float) -> bool:
    """Run a build in a child, and kill it after a while; gives whether it was cut off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads, from Python 3.12
        child = os.fork()
    if child == 0:
        try:
            build("cjkv-panx", out, source=source, transcriber=slow_reader, options=OPTIONS)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.medium
@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL")
@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_a_killed_build_is_never_taken_for_whole_and_goes_on_to_the_same_bytes(tmp_path, source, kills):
    start = time.monotonic()
    build("cjkv-panx", tmp_path / "whole", source=source, transcriber=slow_reader, options=OPTIONS)
    latest = time.monotonic() - start
    expected = tree(tmp_path / "whole")
    assert loads_whole(tmp_path / "whole", tmp_path / "cache" / "control")
    draw = random.Random(kills)
    cut_off = attempts = 0
    while cut_off < kills:
        out = tmp_path / f"out{attempts}"
        attempts += 1
        if killed_build(source, out, draw.uniform(0, latest)):
            cut_off += 1
        else:  # it was done before: the machine is faster than when the time was taken
            latest *= 0.95
        for folder in (out, out.with_name(f".{out.name}.building"), out.with_name(f".{out.name}.building") / ".new"):
            if folder.exists():
                whole = loads_whole(folder, tmp_path / "cache" / out.name)
                assert not whole or tree(folder) == expected
        build("cjkv-panx", out, source=source, transcriber=slow_reader, options=OPTIONS)
        assert tree(out) == expected
        shutil.rmtree(out)
    assert not list(tmp_path.glob(".out*"))


def test_finished_shards_are_not_made_again(tmp_path, source):
    read = []

    def reader_of(language: str) -> Callable[[Sequence[str]], list[Transcription]]:
        def transcribe(tokens: Sequence[str]) -> list[Transcription]:
            read.append(tokens[0])
            if len(read) == 195:
                raise KeyboardInterrupt
            return [record(tuple(token), token) for token in tokens]

        return transcribe

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        build("cjkv-panx", out, source=source, transcriber=reader_of, options=OPTIONS)
    assert not out.exists()
    assert (tmp_path / ".out.building").is_dir()
    build("cjkv-panx", out, source=source, transcriber=reader_of, options=OPTIONS)
    assert len(read) == 195 + 6 * SENTENCES - 190  # the nineteen whole shards were kept
    changed = (source / "test-vi.tsv").read_text("utf-8").replace("b\tB-LOC", "c\tB-LOC")
    read.clear()
    with pytest.raises(KeyboardInterrupt):
        build("cjkv-panx", out, source=source, transcriber=reader_of, options=OPTIONS)
    (source / "test-vi.tsv").write_text(changed, "utf-8")
    build("cjkv-panx", out, source=source, transcriber=reader_of, options=OPTIONS)
    assert len(read) == 195 + 6 * SENTENCES  # another source: nothing was kept


@pytest.mark.medium
def test_several_processes_give_the_same_bytes(tmp_path, source):
    """With the real reader, which a spawned process can make by itself."""
    for num_proc in (1, 2):
        build("cjkv-panx", tmp_path / str(num_proc), source=source, config="vi", num_proc=num_proc, options=OPTIONS)
    assert tree(tmp_path / "1") == tree(tmp_path / "2")
    assert len(list((tmp_path / "1/vi").glob("train-*-of-00006.parquet"))) == 6


def test_a_second_build_of_the_same_folder_is_refused_while_the_first_is_at_work(tmp_path, source):
    def reader_of(language: str) -> Callable[[Sequence[str]], list[Transcription]]:
        with pytest.raises(DataError, match="no other build of this folder at work"):
            build("cjkv-panx", tmp_path / "out", source=source, transcriber=slow_reader)
        return slow_reader(language)

    build("cjkv-panx", tmp_path / "out", source=source, config="vi", transcriber=reader_of, options=OPTIONS)
    assert not list(tmp_path.glob(".out*"))


def test_a_build_killed_between_its_two_renames_gives_the_former_one_back(tmp_path, source):
    out = tmp_path / "out"
    build("cjkv-panx", out, source=source, config="vi", transcriber=slow_reader, options=OPTIONS)
    before = tree(out)
    (tmp_path / ".out.building").mkdir()
    out.rename(tmp_path / ".out.building/.old")
    (source / "test-vi.tsv").write_text("x\n", "utf-8")
    with pytest.raises(DataError, match=r"test-vi.tsv:1"):
        build("cjkv-panx", out, source=source, config="vi", transcriber=slow_reader, options=OPTIONS)
    assert tree(out) == before


def test_faulty_rows_are_found_before_anything_is_transcribed(tmp_path, source):
    path = source / "test-zh.tsv"
    path.write_text(path.read_text("utf-8") + "\nx\tB-MISC\n", "utf-8")

    def reader_of(language: str) -> Callable[[Sequence[str]], list[Transcription]]:
        raise AssertionError

    with pytest.raises(DataError, match=r"test-zh.tsv:181: expected a known tag"):
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=reader_of)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_parquet_says_how_it_was_made(tmp_path, source):
    import pyarrow.parquet

    build("cjkv-panx", tmp_path / "out", source=source, config="zh", options=OPTIONS)
    path = tmp_path / "out/zh/test-00000-of-00006.parquet"
    about = json.loads(pyarrow.parquet.read_schema(path).metadata[b"phonexl"])
    assert about["recipe"] == "default"
    assert {"phonexl", "pypinyin", "g2pM"} <= set(about["tools"])
    assert set(about["sources"]) == {"test-zh.tsv", "train-zh.tsv"}
    assert about["sources"]["test-zh.tsv"] == hashlib.sha256((source / "test-zh.tsv").read_bytes()).hexdigest()


def test_a_row_is_a_pure_function_of_its_source():
    """So that any engine may make the rows: the same twice, and after pickling through JSON, in any order."""
    table = Table("zh", "zh", "panx", "{split}-zh")
    tags = ["B-LOC", "I-LOC", "O", "O"]
    rows = [
        {"id": str(n), "lang": "zh", "tokens": ["北", "京", "#", f"{n}"], "tags": tags, "in_train": False}
        for n in range(5)
    ]
    made = [KINDS["panx"].finish(table, row, Transcriber) for row in rows]
    again = [KINDS["panx"].finish(table, json.loads(json.dumps(row)), Transcriber) for row in reversed(rows)]
    assert made == again[::-1]


def test_raw_rows_are_laid_down_once(tmp_path):
    first = shards.write_raw(({"id": str(n), "tokens": ["a"]} for n in range(5)), tmp_path, 2)
    assert (first.shards, first.rows, first.repeated) == (3, 5, 4)
    assert shards.write_raw(iter(()), tmp_path, 2) == first
