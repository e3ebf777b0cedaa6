"""Checkpoints that are made once on this machine, each in a folder of the user's cache: whole or not there.

Not here: what is converted (`phonexl.backbone`, `phonexl.plbert`).
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from huggingface_hub import constants
from safetensors import SafetensorError

from phonexl.whole_files import PARTS, whole_folder

Source = TypeVar("Source")

logger = logging.getLogger(__name__)

_STALE_SECONDS = 24 * 3600
_WHERE = "set HF_HOME (or HF_ASSETS_CACHE) to a folder with room that you may write to"


class BackboneError(RuntimeError):
    """A backbone cannot be made: its source is not the expected one, or the cache cannot be written."""


def cached_checkpoint(
    name: str, folder: str, megabytes: int, find: Callable[[], Source], write: Callable[[Source, Path], None]
) -> Path:
    """Folder of a converted checkpoint, made on first use; safe with many processes at once and after a crash.

    Args:
        name: Of the backbone, for messages.
        folder: Of the checkpoint in the cache; another one for each change of what is written.
        megabytes: Room that it takes.
        find: Finds what it is made of; called only where it is not yet made.
        write: Writes the checkpoint into a folder that exists.

    Raises:
        BackboneError: If the cache cannot be written.
    """
    # Read at each call: huggingface_hub's cached_assets_path would create the folder, which `whole_folder` must do.
    root = Path(constants.HF_ASSETS_CACHE) / "phonexl" / "backbones"
    final = root / folder
    try:
        if final.is_dir():
            return final
        source = find()
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{final}.lock"):
            if not final.is_dir():
                logger.info("converting the backbone %r into %s, once: about 5 s, %d MB", name, final, megabytes)
                _sweep(root)
                _check_room(root, megabytes)
                with whole_folder(final) as part:
                    write(source, part)
                    _share(part)
    except (OSError, SafetensorError) as error:
        raise BackboneError(
            f"cannot write the {name} backbone ({megabytes} MB) to {root}: {error}; {_WHERE}"
        ) from error
    return final


def _share(folder: Path) -> None:
    """Let others read it, whatever the umask: safetensors makes its files private, and a cache may be shared."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def _sweep(root: Path) -> None:
    """Remove what killed conversions left, once no conversion can still be at it."""
    for path in root.glob(PARTS):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _check_room(root: Path, megabytes: int) -> None:
    """Fail before seconds of work; the tokenizer's writer would also raise a bare Exception when the disk is full."""
    free = shutil.disk_usage(root).free // 10**6
    if free < megabytes:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({free} MB free)")
