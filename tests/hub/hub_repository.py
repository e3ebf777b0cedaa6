"""Repositories of the loopback Hub: files, commits, branches and tags, in memory.

HTTP is in `loopback_hub.py`; there is no merging, no pull request and no rename here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

MAIN = "main"
# What the Hub's own .gitattributes sends to large-file storage, as far as our repositories hold it.
LFS_SUFFIXES = (".safetensors", ".parquet", ".arrow", ".onnx", ".bin", ".model", ".npz", ".gz", ".zip", ".png")
LFS_FROM = 10_000_000  # bytes from which any other file goes there too


class Refusal(Exception):
    """An answer other than 200.

    Args:
        status: HTTP status.
        code: Value of the header `X-Error-Code`, by which clients choose their exception; empty for none.
        message: For the reader.
        headers: Further headers.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True)
class File:
    """Content of a file; `is_lfs` if git holds only a pointer to it."""

    data: bytes
    is_lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        """What git holds of a large file."""
        lines = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n"
        return lines.encode()

    @cached_property
    def oid(self) -> str:
        """Name of git's blob."""
        blob = self.pointer if self.is_lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(blob) + blob).hexdigest()

    @property
    def etag(self) -> str:
        """What changes with the content; clients name their cached copy by it."""
        return self.sha256 if self.is_lfs else self.oid


@dataclass(frozen=True)
class Change:
    """What one commit does.

    Attributes:
        title: First line of its message.
        description: The rest.
        files: Files to write, by path.
        deleted: Paths of files to remove.
        deleted_folders: Paths of folders to remove.
        parent: The commit that must be the head, or None for any.
    """

    title: str
    description: str = ""
    files: Mapping[str, File] = field(default_factory=dict)
    deleted: Sequence[str] = ()
    deleted_folders: Sequence[str] = ()
    parent: str | None = None

    def apply(self, tree: Mapping[str, File]) -> dict[str, File]:
        """The tree after the change; the given one stays as it is, also when the change is refused.

        Raises:
            Refusal: 404 for a file or folder to remove that is not there.
        """
        new = dict(tree)
        for path in self.deleted:
            if new.pop(path, None) is None:
                raise Refusal(404, "EntryNotFound", f"A file with this name doesn't exist: {path}")
        for folder in self.deleted_folders:
            inside = [path for path in new if path.startswith(folder.rstrip("/") + "/")]
            if not inside:
                raise Refusal(404, "EntryNotFound", f"A folder with this name doesn't exist: {folder}")
            for path in inside:
                del new[path]
        return {**new, **self.files}


@dataclass(frozen=True)
class Commit:
    """A state of a repository: all its files by path, and how it came about."""

    sha: str
    parent: str | None
    title: str
    description: str
    date: str
    tree: Mapping[str, File]

    def folders(self) -> set[str]:
        """Every folder that holds a file, at any depth."""
        return {folder for path in self.tree for folder in _folders_of(path)}

    def inside(self, folder: str, recursive: bool) -> tuple[list[str], list[str]]:
        """Paths of the folders and of the files in a folder, sorted; an empty name is the whole repository.

        Raises:
            Refusal: 404 if there is no such folder.
        """
        folders = self.folders()
        if folder and folder not in folders:
            raise Refusal(404, "EntryNotFound", f"{folder} does not exist", {"X-Repo-Commit": self.sha})
        start = f"{folder}/" if folder else ""

        def is_inside(path: str) -> bool:
            return path.startswith(start) and (recursive or "/" not in path[len(start) :])

        return sorted(filter(is_inside, folders)), sorted(filter(is_inside, self.tree))


class Repository:
    """A repository of a model, data set or Space; new ones hold one commit with `.gitattributes`, as on the Hub.

    Args:
        name: `user/name`.
        private: Whether only its owner sees it.
    """

    def __init__(self, name: str, private: bool) -> None:
        self.name = name
        self.private = private
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.commits: dict[str, Commit] = {}
        rules = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LFS_SUFFIXES)
        self._append(MAIN, None, Change("initial commit", files={".gitattributes": File(rules.encode())}))

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    @property
    def head(self) -> Commit:
        """Last commit of the main branch."""
        return self.commits[self.branches[MAIN]]

    def find(self, revision: str) -> Commit:
        """The commit that a branch, a tag or a sha names.

        Raises:
            Refusal: 404 if none does.
        """
        branch = revision.removeprefix("refs/heads/")
        sha = self.branches.get(branch) or self.tags.get(revision.removeprefix("refs/tags/")) or revision
        if sha not in self.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return self.commits[sha]

    def commit(self, branch: str, change: Change) -> Commit:
        """Put a commit on a branch: all of the change or, where it is refused, nothing.

        Raises:
            Refusal: 404 if there is no such branch, 412 if the change was made for another head.
        """
        if branch not in self.branches:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {branch}")
        head = self.commits[self.branches[branch]]
        if change.parent not in (None, head.sha):
            raise Refusal(412, "", "A commit has happened since. Please refresh and try again.")
        return self._append(branch, head, change)

    def _append(self, branch: str, parent: Commit | None, change: Change) -> Commit:
        tree = change.apply(parent.tree if parent else {})
        above = parent.sha if parent else None
        number = len(self.commits)  # two commits of the same content on two branches are two
        files = sorted((path, file.oid) for path, file in tree.items())
        sha = hashlib.sha1(repr((self.name, number, above, change.title, files)).encode()).hexdigest()
        date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.commits[sha] = Commit(sha, above, change.title, change.description, date, tree)
        self.branches[branch] = sha
        return self.commits[sha]

    def history(self, commit: Commit) -> Iterator[Commit]:
        """A commit and all before it, the latest first."""
        at: Commit | None = commit
        while at is not None:
            yield at
            at = self.commits[at.parent] if at.parent else None


def add_name(names: dict[str, str], name: str, sha: str) -> None:
    """Let a new branch or tag name a commit.

    Raises:
        Refusal: 409 if there is one of that name.
    """
    if name in names:
        raise Refusal(409, "", f"Reference already exists: {name}")
    names[name] = sha


def upload_mode(path: str, size: int) -> str:
    """Where the Hub wants the content of a file: `lfs` or `regular`."""
    return "lfs" if path.endswith(LFS_SUFFIXES) or size > LFS_FROM else "regular"


def _folders_of(path: str) -> Iterator[str]:
    """Every folder above a file: `a/b/c` lies in `a/b` and `a`."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
