"""Fetches the public files of a collection where there is a network, and checks every byte of the result.

Fetches nothing by itself: only `download` opens a connection. Training and building read folders, never addresses.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from dataset_scripts.readers import DataError
from dataset_scripts.remotes import REMOTES, Remote

logger = logging.getLogger(__name__)

_TIMEOUT = 60.0  # seconds without an answer


def download(name: str, folder: Path) -> list[Path]:
    """Fetch the files of a collection into a folder, unless they are there already.

    - "udpos": Universal Dependencies at tag r2.5, joined and glued as XTREME does; Vietnamese also with the spaces
    inside
      words. UD_Japanese-Modern, in test-ja, is CC BY-NC-ND: use it, do not publish it (`build --publishable` leaves
      it out).
    - "panx": XTREME's WikiAnn files with the test tags, from a mirror at a fixed commit.
    - "muse": MUSE's English dictionaries (CC BY-NC 4.0), from a mirror at a fixed commit.
    - "udpos10", "wikiann10": what the gap study takes of treebanks (r2.5 and r2.7) and of XTREME's WikiAnn files.
    - "xnli": XTREME's text with labels and genres by row, from two mirrors at fixed commits (CC BY-NC 4.0).
    - "flores": FLORES-200 devtest, from a mirror at a fixed commit; for evaluation only.

    Each file is written beside its place and renamed when its digest is right, so an interrupted call leaves no half
    file, and the next call goes on from there.

    Args:
        name: A key of `REMOTES`.
        folder: Where to put them; made if missing.

    Returns:
        Path of every file of the collection.

    Raises:
        ValueError: For an unknown name.
        DataError: Without a network, if an address does not answer or sends something else than expected, or if a
            file of that name and another content is there.
    """
    if name not in REMOTES:
        raise ValueError(f"unknown collection {name!r}; known: {', '.join(REMOTES)}")
    folder.mkdir(parents=True, exist_ok=True)
    return [_provide(remote, folder) for remote in REMOTES[name]]


def _provide(remote: Remote, folder: Path) -> Path:
    """The file, fetched if it is not there."""
    path = folder / remote.file
    if path.exists():
        if hashlib.sha256(path.read_bytes()).hexdigest() != remote.sha256:
            raise DataError(path, None, None, f"the file with SHA-256 {remote.sha256}", "Move your own file elsewhere.")
        return path
    # In the same folder, because only a rename within one file system is atomic.
    with tempfile.TemporaryDirectory(prefix=f".{remote.file}-", dir=folder) as staging:
        fetched = [_fetch(url, Path(staging) / f"{index}-{Path(url).name}") for index, url in enumerate(remote.urls)]
        text = remote.convert(fetched).encode()
        if (digest := hashlib.sha256(text).hexdigest()) != remote.sha256:
            cure = (
                "The source has changed or was cut off; nothing was kept. Try again later, or get the file elsewhere."
            )
            raise DataError(" + ".join(remote.urls), None, digest, f"content with SHA-256 {remote.sha256}", cure)
        made = Path(staging) / remote.file
        made.write_bytes(text)
        made.replace(path)
    logger.info("%s: %d bytes", path, len(text))
    return path


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but not to an address that is not encrypted."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse the new address before anything is asked of it."""
        _refuse_unencrypted(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_unencrypted(url: str) -> None:
    """Only https, or this machine itself."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")):
        raise DataError(url, None, None, "an https address", "Nothing was fetched.")


def _fetch(url: str, path: Path) -> Path:
    """Stream an address to a file."""
    _refuse_unencrypted(url)
    try:
        with urllib.request.build_opener(_NoDowngrade).open(url, timeout=_TIMEOUT) as answer, path.open("wb") as stream:
            shutil.copyfileobj(answer, stream)
            # copyfileobj takes an answer that is cut off for its end; the length tells.
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
    except (OSError, http.client.HTTPException) as error:
        cure = "Check the network or try again later; without one, get the file by other means."
        raise DataError(url, None, None, f"an answer from this address ({error})", cure) from error
    return path
