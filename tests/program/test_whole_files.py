"""Files and folders that are there whole or not at all, whatever stops their writing and however many write at once."""

import errno
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from phonexl.json_file import read_json, write_json
from phonexl.whole_files import PARTS, check_writable, whole_file, whole_folder

Writer = Callable[[Path], AbstractContextManager[Path]]

replaced_folder = partial(whole_folder, replace=True)
STOPS = [ValueError("no such thing"), OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt(), SystemExit(1)]
LENGTH = 1 << 16


def fill(place: Path, text: str) -> None:
    """Two files into a folder."""
    for name in ("a", "b"):
        (place / name).write_text(text, encoding="utf-8")


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


# ---- success ----


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "scores.json"
    with whole_file(path) as part:
        assert part.parent == path.parent, "elsewhere it may be another file system"
        assert f".{os.getpid()}-" in part.name
        assert not part.exists()
        part.write_text("half", encoding="utf-8")
        assert not path.exists()
        assert [found.name for found in path.parent.glob(PARTS)] == [part.name]
    assert content(tmp_path) == {"new/folders/scores.json": "half"}


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    with whole_file(path) as part:
        part.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert content(tmp_path) == {"page.html": "new"}


@pytest.mark.parametrize("writer", [whole_folder, replaced_folder])
@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_appears_when_it_is_whole(tmp_path: Path, writer: Writer, exists: bool) -> None:
    """An empty folder may be there: whoever calls us has often just made it."""
    path = tmp_path / "new" / "model"
    if exists:
        path.mkdir(parents=True)
    with writer(path) as part:
        assert f".{os.getpid()}-" in part.name
        fill(part, "text")
        assert not path.exists() or not list(path.iterdir())
        assert [found.name for found in path.parent.glob(PARTS)] == [part.name]
    assert content(tmp_path) == {"new/model/a": "text", "new/model/b": "text"}
    assert [found.name for found in path.parent.iterdir()] == ["model"]


def test_a_full_folder_is_replaced_where_that_is_asked_for(tmp_path: Path) -> None:
    """Nothing of the old one stays: weights in two forms beside each other would be read as one model."""
    path = tmp_path / "model"
    (path / "deep").mkdir(parents=True)
    fill(path / "deep", "old")
    with whole_folder(path, replace=True) as part:
        fill(part, "new")
        assert content(path) == {"deep/a": "old", "deep/b": "old"}
    assert content(tmp_path) == {"model/a": "new", "model/b": "new"}
    assert [found.name for found in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int) -> None:
    """A colleague could not read what a temporary file of mode 600 became."""
    before = os.umask(umask)
    try:
        with whole_file(tmp_path / "file") as part:
            part.write_text("text", encoding="utf-8")
        with whole_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert permissions(tmp_path / "file") == 0o666 & ~umask
    assert permissions(tmp_path / "folder") == 0o777 & ~umask


# ---- failure ----


@pytest.mark.parametrize("stop", STOPS, ids=repr)
@pytest.mark.parametrize("old", [None, "old"])
def test_a_file_that_is_not_finished_changes_nothing(tmp_path: Path, stop: BaseException, old: str | None) -> None:
    path = tmp_path / "scores.json"
    if old is not None:
        path.write_text(old, encoding="utf-8")

    def write() -> None:
        with whole_file(path) as part:
            part.write_text("half", encoding="utf-8")
            raise stop

    with pytest.raises(type(stop)) as caught:
        write()
    assert caught.value is stop
    assert content(tmp_path) == ({} if old is None else {"scores.json": old})


@pytest.mark.parametrize("stop", STOPS, ids=repr)
@pytest.mark.parametrize("writer", [whole_folder, replaced_folder])
@pytest.mark.parametrize("old", [None, "old"])
def test_a_folder_that_is_not_finished_changes_nothing(
    tmp_path: Path, stop: BaseException, writer: Writer, old: str | None
) -> None:
    path = tmp_path / "model"
    if old is not None:
        path.mkdir()
        fill(path, old)

    def write() -> None:
        with writer(path) as part:
            (part / "a").write_text("half", encoding="utf-8")
            raise stop

    with pytest.raises(type(stop)) as caught:
        write()
    assert caught.value is stop
    assert content(tmp_path) == ({} if old is None else {"model/a": old, "model/b": old})
    assert [found.name for found in tmp_path.iterdir()] == ([] if old is None else ["model"])


def test_a_file_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old", encoding="utf-8")
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "file"):
        pass
    assert content(tmp_path) == {"file": "old"}


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError, match=r"page\.html"), whole_file(tmp_path / "page.html") as part:
        part.write_text("text", encoding="utf-8")
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("writer", [whole_folder, replaced_folder])
def test_a_folder_does_not_take_the_place_of_a_file_or_a_link(tmp_path: Path, writer: Writer) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "away").mkdir()
    (tmp_path / "link").symlink_to("away")
    for name in ("file", "link"):
        with pytest.raises(NotADirectoryError), writer(tmp_path / name) as part:
            fill(part, "new")
    assert content(tmp_path) == {"file": "mine"}
    assert sorted(found.name for found in tmp_path.iterdir()) == ["away", "file", "link"]


def test_a_folder_that_was_filled_meanwhile_is_kept_where_none_may_be_replaced(tmp_path: Path) -> None:
    """An export asks first whether the folder is empty, and takes a minute."""
    path = tmp_path / "model"
    with pytest.raises(OSError, match="not empty"), whole_folder(path) as part:  # noqa: PT012
        fill(part, "ours")
        path.mkdir()
        fill(path, "theirs")
    assert content(tmp_path) == {"model/a": "theirs", "model/b": "theirs"}
    assert [found.name for found in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["file", "file/out", "file/new/out", "link", "link/out"])
def test_where_no_folder_can_be_is_told_before(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to("nowhere")
    what = tmp_path / Path(name).parts[0]
    message = f"{tmp_path / name} cannot be written: {what} is no folder; choose another --out"
    with pytest.raises(NotADirectoryError, match=re.escape(message)):
        check_writable(tmp_path / name)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that root cannot write either")
@pytest.mark.parametrize("name", ["", "new/out"])
def test_a_folder_that_cannot_be_written_is_told_before(name: str) -> None:
    with pytest.raises(OSError, match=r"cannot be written: no file can be made in /proc \(.+\); choose another --out"):
        check_writable(Path("/proc") / name)


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "new" / "out"):
        check_writable(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [OSError(errno.EIO, "disk broken"), KeyboardInterrupt()], ids=repr)
def test_the_old_folder_comes_back_if_the_new_one_cannot_be_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    """Between the two renames the old one is aside, and hours of training may be in it."""
    path = tmp_path / "model"
    path.mkdir()
    fill(path, "old")
    rename, calls = Path.rename, []

    def stopped(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 3:  # refused, the old one moved aside, and now
            assert not path.exists()
            raise stop
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(type(stop)) as caught, whole_folder(path, replace=True) as part:
        fill(part, "new")
    assert caught.value is stop
    assert content(tmp_path) == {"model/a": "old", "model/b": "old"}
    assert [found.name for found in tmp_path.iterdir()] == ["model"]


def test_a_process_killed_while_writing_leaves_the_old_ones(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from phonexl.whole_files import whole_file, whole_folder\n"
        "place = Path(sys.argv[1])\n"
        "with whole_file(place / 'file') as file, whole_folder(place / 'model', replace=True) as folder:\n"
        "    file.write_text('half'); (folder / 'a').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    (tmp_path / "file").write_text("old", encoding="utf-8")
    (tmp_path / "model").mkdir()
    fill(tmp_path / "model", "old")
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == -signal.SIGKILL
    left = list(tmp_path.glob(PARTS))
    assert len(left) == 2
    for path in left:
        path.unlink() if path.is_file() else shutil.rmtree(path)
    assert content(tmp_path) == {"file": "old", "model/a": "old", "model/b": "old"}


# ---- at once ----


def test_two_in_one_process_do_not_write_into_each_other(tmp_path: Path) -> None:
    """With only a process id in the name, two threads would have one temporary file."""
    with whole_file(tmp_path / "file") as first, whole_file(tmp_path / "file") as second:
        assert first != second
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
    with replaced_folder(tmp_path / "model") as one, replaced_folder(tmp_path / "model") as other:
        fill(one, "one")
        fill(other, "other")
    assert content(tmp_path) == {"file": "first", "model/a": "one", "model/b": "one"}


def write_again_and_again(place: Path, letter: str, rounds: int) -> None:
    for _ in range(rounds):
        with whole_file(place / "file") as part:
            part.write_text(letter * LENGTH, encoding="utf-8")
        with whole_folder(place / "model", replace=True) as part:
            fill(part, letter)


def is_of_one_writer(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return text == text[:1] * LENGTH


def assert_of_one_writer(place: Path) -> None:
    assert is_of_one_writer(place / "file")
    assert sorted(path.name for path in place.iterdir()) == ["file", "model"]
    found = content(place / "model")
    assert found.keys() == {"a", "b"}
    assert len({*found.values()}) == 1


def test_threads_at_once_all_succeed_and_one_of_them_stays(tmp_path: Path) -> None:
    done = threading.Event()

    def watch() -> int:
        """A reader finds the whole file of one writer or none, at any time."""
        seen = 0
        while not done.is_set():
            if (tmp_path / "file").exists():
                assert is_of_one_writer(tmp_path / "file")
                seen += 1
        return seen

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(watch)
        try:
            writers = [pool.submit(write_again_and_again, tmp_path, letter, 30) for letter in "xyz"]
            for writer in writers:
                writer.result()
        finally:
            done.set()
        assert reader.result()
    assert_of_one_writer(tmp_path)


def test_processes_at_once_all_succeed_and_one_of_them_stays(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_again_and_again, args=(tmp_path, letter, 30)) for letter in "xyz"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert_of_one_writer(tmp_path)


# ---- who uses them ----


def test_a_json_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "facts.json", {"seed": 1})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(tmp_path / "new" / "facts.json", {"seed": object()})
    assert read_json(tmp_path / "new" / "facts.json") == {"seed": 1}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["facts.json"]
