"""Fetches the public token files and dictionaries where there is a network, and checks every byte of the result.

Fetches nothing by itself: only `download` opens a connection. Training and building read folders, never addresses.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import logging
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from dataset_scripts.readers import DataError, read_conllu, read_lines, read_tsv, to_tsv

logger = logging.getLogger(__name__)

_TIMEOUT = 60.0  # seconds without an answer
_GITHUB = "https://raw.githubusercontent.com"
_PANX = f"{_GITHUB}/rohanshah13/xtreme/506df1edb050763393d73e102882c6691a13a6cb/download/panx"
_MUSE = f"{_GITHUB}/coezbek/hunalign-dict-muse/1b4abbbad02842669ebd3e645c9d85576fc2daa2/dict"
_TREEBANKS = {
    "zh": ("Chinese", {"train": "GSD GSDSimp", "dev": "GSD GSDSimp", "test": "CFL GSD GSDSimp HK PUD"}),
    "vi": ("Vietnamese", {"train": "VTB", "dev": "VTB", "test": "VTB"}),
    "ja": ("Japanese", {"train": "GSD", "dev": "GSD", "test": "GSD Modern PUD"}),
    "ko": ("Korean", {"train": "GSD Kaist", "dev": "GSD Kaist", "test": "GSD Kaist PUD"}),
}
# SHA-256 of the finished files; those of UDPOS train and dev are the digests of XTREME's own files.
_SHA256 = {
    "udpos": """
        train-zh d2e9c62704551c320d81cf3a3bfa0e6b4649b72a4aedd8a76031669b0fbaf80b
        dev-zh   0bf270fc014b1378815e11fef6e92e4218a5300cf621a297abbfb99c0e210cda
        test-zh  70b7c37f955ffc197588f53cf3a6f9bb38c444db51ff82e269ef15a1146b793b
        train-vi 32e90bb67cc82ef0084e49df32eb76dc8a0383be2801929002e7aefad577609f
        dev-vi   c6b22d2db1af9c3df83bf8529d800bed7dab884980d81b98ea397042f17aba45
        test-vi  c61e55c9b091ce7aea79d58e0deb9c6c0cd23e00864f6ee4f2fa02bac0a81db4
        train-ja 13fb341d57d047de8936fac50164cdb02c8ed2223e378a78d1e47b02797e3683
        dev-ja   eccb95f37d490be635249bcc0e795e26934852a1952599628856f3fc3689b557
        test-ja  6108c24096cd5856749adb560e62f309a82bd9949fc6affecb101fbd8888d4b2
        train-ko 5f3722785ec2d67c99a67a2d06b6a1a1a89fedd7d1be68b2a58a7ba577a4dd10
        dev-ko   0cd4de059c45f138dabb9193efdc97ad82e27185eb9199114be39cfa1a846bd0
        test-ko  7ded8d5a443115d2eeba88099aacd8ef949f0fa8f4e0a129807d2290f6ebea62
        spaced-train-vi cf57ca98d3e0a96281d39c1566b8667a7206a091ee0f5823ce601991f76ce4a3
        spaced-dev-vi   6cd07bef2a8ef145418a8a227328c4a4a52285979dc1e8784290f6117ebedf13
        spaced-test-vi  5a4037105f3404a6d812ea787fa1c100d08e10a6d4c05340bc12c42aa55bc2dc
    """,
    "panx": """
        train-zh 0f1bfc669d88118d6639d011196f10f10c8ae5ed2f7ebfd9b27957af4f3dccb8
        dev-zh   e0f717f66575bf62cd6229c4efa444e87200078bd4076f43fbc1f23bebdffc85
        test-zh  23f705c6057e8f066b2c5f0331ed54ab49f30ba50a621d44a3266eaff9ef4731
        train-vi 89c68c3b03a9f38257612c8eae2847b4036eb566fe5ea36b6c90673e22ac61e6
        dev-vi   aa11a22666940532caa650d8b34d108a5a52ff581f25abf348c83f40439b730b
        test-vi  353a0ef9ec284ac912424447b2e2852d30baeb245d0a5fd0e786176f1bfaebc6
        train-ja 6dd7e2fb09821ff3fa9ca43527b257d7e5286131f1bf924a65a2874e263aeac2
        dev-ja   18f9faa6742e6938fb08673c654b0f6a89ff0789d9a0eda6c7dd3bef5dac38cd
        test-ja  dd7deab5e82d90d32a00018a7698e9d7b55e8100f4a6ac1dd629a9ff38e770e6
        train-ko 2c72e3ee397b4df9062c518cb9a4ad279f02c01427a134a80ff2504ab6819463
        dev-ko   00495b4b0d6e12ca7b09a3b0ba090a5e968e497e252ff70fea1e0eb46551ff2a
        test-ko  ae7aef4b28c1aa492b70cc57726d75e70bb9b5809ea1b2fff00c0fda2395756d
    """,
    "muse": """
        en-zh c77b85788b8998bc317ad6f515012d4e00b508dd5d36d33f2095272a75a90755
        en-vi bb81736f22df681ac54a24ee3fcdb691e1c7d7541725354d2e460d7c91a5298e
        en-ja 23bc57fc247c8f473a3dcbf76726dae890e493231e4bbdf60366870e379fed94
        en-ko 2b35be7b1fbc89c6957722dbb5614b1c1a68a874d32b1abfcca64969a342c581
    """,
}


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to make of one or more addresses.

    Attributes:
        file: Name in the folder.
        urls: What to fetch, in order.
        convert: Turns the fetched files into the text of the file.
        sha256: Digest of that text in UTF-8.
    """

    file: str
    urls: tuple[str, ...]
    convert: Callable[[Sequence[Path]], str]
    sha256: str


def _convert_treebanks(paths: Sequence[Path], *, glued: bool) -> str:
    """CoNLL-U files, one after the other; `glued` as XTREME cuts them, without the spaces inside words."""
    return to_tsv((sentence for path in paths for sentence in read_conllu(path, "udpos", "")), glued=glued)


def _convert_panx(paths: Sequence[Path]) -> str:
    """XTREME's own file, checked line by line."""
    return to_tsv(sentence for path in paths for sentence in read_tsv(path, "panx", ""))


def _convert_muse(paths: Sequence[Path]) -> str:
    """The mirror's `target @ source` lines turned back into MUSE's order."""
    lines = []
    for path in paths:
        for number, line in read_lines(path):
            target, separator, source = line.partition(" @ ")
            if not separator:
                raise DataError(path, number, line, '"target @ source"', "The mirror has changed; report it.")
            lines.append(f"{source}\t{target}\n")
    return "".join(lines)


def _remote(name: str, stem: str, sha256: str) -> Remote:
    """Where a file of a collection comes from."""
    if name == "panx":
        return Remote(f"{stem}.tsv", (f"{_PANX}/{stem}.tsv",), _convert_panx, sha256)
    if name == "muse":
        return Remote(f"{stem}.txt", (f"{_MUSE}/{stem}.dict",), _convert_muse, sha256)
    split, code = stem.removeprefix("spaced-").split("-")
    convert = functools.partial(_convert_treebanks, glued=stem == f"{split}-{code}")
    language, treebanks = _TREEBANKS[code]
    urls = (
        f"{_GITHUB}/UniversalDependencies/UD_{language}-{treebank}/r2.5/{code}_{treebank.lower()}-ud-{split}.conllu"
        for treebank in treebanks[split].split()
    )
    return Remote(f"{stem}.tsv", tuple(urls), convert, sha256)


REMOTES = {
    name: tuple(_remote(name, *line.split()) for line in table.strip().split("\n")) for name, table in _SHA256.items()
}


def download(name: str, folder: Path) -> list[Path]:
    """Fetch the files of a collection into a folder, unless they are there already.

    - "udpos": Universal Dependencies at tag r2.5, joined and glued as XTREME does; Vietnamese also with the spaces
    inside
      words. UD_Japanese-Modern, in test-ja, is CC BY-NC-ND: use it, do not publish it (`build --publishable` leaves
      it out).
    - "panx": XTREME's WikiAnn files with the test tags, from a mirror at a fixed commit.
    - "muse": MUSE's English dictionaries (CC BY-NC 4.0), from a mirror at a fixed commit.

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
