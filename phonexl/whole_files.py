"""Files and folders that appear whole or not at all: written beside their place, then renamed into it.

Not here: power cuts. A process may die at any moment, but nothing waits until the disk has what was written.
"""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PARTS = ".*.part"  # glob pattern of what a process that was killed while writing leaves beside the place


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write a file, which then takes its place, also that of an older one; if writing fails, nothing changes.

    Args:
        path: The file. Missing folders are made.

    Yields:
        A path beside it that is nobody else's, where there is no file yet.

    Raises:
        OSError: If the file cannot be put there, or none was written.
    """
    part = _part_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the error that led here says more
            part.unlink()
        raise


@contextlib.contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """An empty folder to fill, which then takes its place; if filling it fails, nothing changes.

    Args:
        path: The folder. Missing ones above it are made.
        replace: Let it take the place of one that has something in it. A reader may find none for the moment between
            two renames, and a process killed in it leaves the older one beside, as `.NAME.PID-*.old`.

    Yields:
        A folder beside it that is nobody else's.

    Raises:
        OSError: If the folder cannot be put there, or one that must not be replaced has something in it.
    """
    part = _part_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.mkdir()
        yield part
        if replace:
            _exchange(part, path)
        else:
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()  # Windows renames over no folder, not even an empty one
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keep a place for the long work of this call; however the process ends, it is free again.

    Only calls on one machine see each other, and none where there are no locks. The lock is a file of the temporary
    folder, so that nothing lies at the place before the work is done.

    Args:
        path: The place, which need not be there.

    Raises:
        FileExistsError: If another call has it.
    """
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context((Path(tempfile.gettempdir()) / f"phonexl-{name}.lock").open("a"))
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileExistsError(
                f"{path}: another call is at work on it; wait for it, or choose another --out"
            ) from error
        except OSError:  # another user's file, or a system without locks
            pass
        yield


def check_writable(folder: Path) -> None:
    """Tell before long work, and not after it, that its files cannot be put into a folder; nothing is left there.

    Args:
        folder: It and those above it need not be there yet.

    Raises:
        OSError: If a file is in its place or above it, or it cannot be written.
    """
    place = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not place.is_dir():
        raise NotADirectoryError(f"{folder} cannot be written: {place} is no folder; choose another --out")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = f"no file can be made in {place} ({error.strerror})"
        raise type(error)(f"{folder} cannot be written: {reason}; choose another --out") from error


def _part_of(path: Path) -> Path:
    """A name beside a path: of this process, for who finds what a killed one left, and of this one call."""
    # Threads share a process id, and so do processes in two containers.
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def _exchange(part: Path, path: Path) -> None:
    """Rename a folder over one that may have something in it; of several at once the last one stays."""
    old = part.with_suffix(".old")
    try:
        while True:
            try:
                part.rename(path)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            shutil.rmtree(old, ignore_errors=True)  # from the second round on: another call has put a newer one there
            with contextlib.suppress(FileNotFoundError):  # another call has moved it
                path.rename(old)
    except BaseException:
        with contextlib.suppress(OSError):  # there is none, or another call has put its own there
            old.rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
