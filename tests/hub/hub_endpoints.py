"""Endpoints of the loopback Hub: a request in, an answer out, as huggingface_hub and its siblings expect them.

Sockets are in `loopback_hub.py`, repositories in `hub_repository.py`. Not here: Xet, pull requests, gating, search.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote

from hub_repository import MAIN, Change, Commit, File, Refusal, Repository, add_name, upload_mode

_PREFIXES = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}  # of the web address, by kind
_API = r"/api/(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
_WEB = r"/(?:(?P<kind>datasets|spaces)/)?(?P<name>[^/]+/[^/]+)"
_REVISION = r"/(?P<revision>[^/]+)"
_NO_OID = "0" * 40


@dataclass(frozen=True)
class Call:
    """A request; headers by their name in lower case, `user` is whom its token names, `place` what its path names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    user: str | None
    place: Mapping[str, str | None] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def named(self, part: str, default: str = "") -> str:
        """A part of the path, unquoted."""
        return unquote(self.place.get(part) or default)

    @property
    def kind(self) -> str:
        return self.place.get("kind") or "models"


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, content: Any, status: int = 200) -> Answer:
        return cls(status, json.dumps(content).encode())


@dataclass
class State:
    """What the Hub holds.

    Attributes:
        url: Its address.
        users: Name of the user by token.
        repositories: By kind (`models`, `datasets`, `spaces`) and name (`user/name`).
        large: Content of large files by SHA-256, of all repositories together.
    """

    url: str
    users: Mapping[str, str]
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)

    def address(self, kind: str, name: str) -> str:
        return f"{self.url}/{_PREFIXES[kind]}{name}"


def respond(state: State, call: Call) -> Answer:
    """Find the endpoint of a request and let it answer."""
    try:
        if call.user is None and call.headers.get("authorization"):
            raise Refusal(401, "", "Invalid credentials in Authorization header")
        for methods, pattern, endpoint in _ENDPOINTS:
            place = re.fullmatch(pattern, call.path)
            if place and call.method in methods.split():
                return endpoint(state, replace(call, place=place.groupdict()))
        raise Refusal(404, "", f"no such endpoint: {call.method} {call.path}")
    except Refusal as refusal:
        code = {"X-Error-Code": refusal.code} if refusal.code else {}
        headers = {"X-Error-Message": refusal.message, **code, **refusal.headers}
        return replace(Answer.of({"error": refusal.message}, refusal.status), headers=headers)


# Who asks, and what for.


def _sender(call: Call) -> str:
    if call.user is None:
        raise Refusal(401, "", "Invalid username or password.")
    return call.user


def _readable(state: State, call: Call) -> Repository:
    """The repository of the path; a private one does not exist for others."""
    repository = state.repositories.get((call.kind, call.named("name")))
    if repository is None or (repository.private and call.user != repository.owner):
        raise Refusal(404 if call.user else 401, "RepoNotFound", "Repository not found")
    return repository


def _writable(state: State, call: Call) -> Repository:
    _sender(call)
    repository = _readable(state, call)
    if call.user != repository.owner:
        raise Refusal(403, "", f"You don't have the rights to write to {repository.name}")
    return repository


def _commit_of(state: State, call: Call) -> Commit:
    return _readable(state, call).find(call.named("revision", MAIN))


# Accounts and repositories.


def _whoami(state: State, call: Call) -> Answer:
    token = {"type": "access_token", "accessToken": {"displayName": "loopback", "role": "write"}}
    return Answer.of({"name": _sender(call), "type": "user", "fullname": "", "orgs": [], "auth": token})


def _validate_yaml(state: State, call: Call) -> Answer:
    return Answer.of({"errors": [], "warnings": []})


def _create_repository(state: State, call: Call) -> Answer:
    wanted = call.json()
    owner = wanted.get("organization") or _sender(call)
    if owner != _sender(call):
        raise Refusal(403, "", f"You don't have the rights to create a repository under {owner}")
    kind, name = f"{wanted.get('type') or 'model'}s", f"{owner}/{wanted['name']}"
    url = state.address(kind, name)
    if (kind, name) in state.repositories:
        # Clients that may meet an existing repository read its address from the refusal.
        return Answer.of({"error": "You already created this repository", "url": url}, 409)
    private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
    state.repositories[kind, name] = Repository(name, private)
    return Answer.of({"url": url, "name": name, "id": name})


def _delete_repository(state: State, call: Call) -> Answer:
    wanted = call.json()
    name = f"{wanted.get('organization') or _sender(call)}/{wanted['name']}"
    place = {"kind": f"{wanted.get('type') or 'model'}s", "name": name}
    _writable(state, replace(call, place=place))
    del state.repositories[place["kind"], name]
    return Answer.of({})


def _change_settings(state: State, call: Call) -> Answer:
    repository, wanted = _writable(state, call), call.json()
    repository.private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
    return Answer.of({"private": repository.private})


def _info(state: State, call: Call) -> Answer:
    repository, commit = _readable(state, call), _commit_of(state, call)
    content = {
        "_id": "0" * 24,
        "id": repository.name,
        "author": repository.owner,
        "sha": commit.sha,
        "private": repository.private,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "createdAt": next(iter(repository.commits.values())).date,
        "lastModified": commit.date,
        "siblings": [{"rfilename": path} for path in sorted(commit.tree)],
    }
    return Answer.of({**content, "modelId": repository.name} if call.kind == "models" else content)


# Branches, tags, history.


def _refs(state: State, call: Call) -> Answer:
    repository = _readable(state, call)

    def listed(where: str, names: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"refs/{where}/{name}", "targetCommit": sha} for name, sha in names.items()]

    branches, tags = listed("heads", repository.branches), listed("tags", repository.tags)
    return Answer.of({"branches": branches, "tags": tags, "converts": []})


def _create_branch(state: State, call: Call) -> Answer:
    repository = _writable(state, call)
    start = repository.find(call.json().get("startingPoint") or MAIN)
    add_name(repository.branches, call.named("revision"), start.sha)
    return Answer.of({})


def _create_tag(state: State, call: Call) -> Answer:
    repository = _writable(state, call)
    add_name(repository.tags, call.json()["tag"], repository.find(call.named("revision")).sha)
    return Answer.of({})


def _delete_name(state: State, call: Call) -> Answer:
    repository, name = _writable(state, call), call.named("revision")
    names = repository.branches if call.named("what") == "branch" else repository.tags
    if name not in names or name == MAIN:
        raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {name}")
    del names[name]
    return Answer.of({})


def _commits(state: State, call: Call) -> Answer:
    repository = _readable(state, call)
    authors = [{"user": repository.owner}]
    return Answer.of(
        [
            {"id": item.sha, "title": item.title, "message": item.description, "date": item.date, "authors": authors}
            for item in repository.history(_commit_of(state, call))
        ]
    )


# What a commit holds.


def _listed(path: str, file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "oid": file.oid, "size": len(file.data)}
    if file.is_lfs:
        entry["lfs"] = {"oid": file.sha256, "size": len(file.data), "pointerSize": len(file.pointer)}
    return entry


def _listed_folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "oid": _NO_OID, "size": 0}


def _tree(state: State, call: Call) -> Answer:
    commit = _commit_of(state, call)
    recursive = call.query.get("recursive", "").lower() in ("true", "1")
    folders, files = commit.inside(call.named("path").strip("/"), recursive)
    return Answer.of([*map(_listed_folder, folders), *(_listed(path, commit.tree[path]) for path in files)])


def _paths_info(state: State, call: Call) -> Answer:
    commit = _commit_of(state, call)
    is_json = call.headers.get("content-type", "").startswith("application/json")
    paths = call.json()["paths"] if is_json else parse_qs(call.body.decode()).get("paths", [])
    files = [_listed(path, commit.tree[path]) for path in paths if path in commit.tree]
    return Answer.of([*files, *(_listed_folder(path) for path in paths if path in commit.folders())])


def _resolve(state: State, call: Call) -> Answer:
    commit, path = _commit_of(state, call), call.named("path")
    headers = {"X-Repo-Commit": commit.sha, "Accept-Ranges": "bytes"}
    file = commit.tree.get(path)
    if file is None:
        # With the commit: so clients keep in their cache that there is no such file.
        raise Refusal(404, "EntryNotFound", "Entry not found", headers)
    headers["ETag"] = f'"{file.etag}"'
    if file.is_lfs:
        # Served from here: a redirect to the same host would lose the headers above on the way.
        headers |= {"X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(len(file.data))}
    return _ranged(file.data, call.headers.get("range", ""), headers)


def _ranged(data: bytes, wanted: str, headers: Mapping[str, str]) -> Answer:
    """All of a file, or the part that a header `Range: bytes=FIRST-LAST` or `bytes=-LENGTH` asks for."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    first, last = asked.groups() if asked else ("", "")
    if not first and not last:
        return Answer(200, data, headers, "application/octet-stream")
    start = int(first) if first else max(0, len(data) - int(last))
    stop = min(int(last) + 1, len(data)) if first and last else len(data)
    if start >= stop:
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(data)}"})
    part = {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
    return Answer(206, data[start:stop], part, "application/octet-stream")


# Uploads: which way each file goes, the large ones first, then the commit that names them.


def _preupload(state: State, call: Call) -> Answer:
    _writable(state, call)
    commit = _commit_of(state, call)

    def way(file: Mapping[str, Any]) -> dict[str, Any]:
        there = commit.tree.get(file["path"])
        mode = upload_mode(file["path"], file["size"])
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": there and there.etag}

    return Answer.of({"commitOid": commit.sha, "files": [way(file) for file in call.json()["files"]]})


def _lfs_batch(state: State, call: Call) -> Answer:
    _writable(state, call)

    def action(wanted: Mapping[str, Any]) -> dict[str, Any]:
        known = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] in state.large:
            return known
        return {**known, "actions": {"upload": {"href": f"{state.url}/lfs/{wanted['oid']}", "header": {}}}}

    content = {"transfer": "basic", "objects": [action(wanted) for wanted in call.json()["objects"]]}
    return replace(Answer.of(content), content_type="application/vnd.git-lfs+json")


def _store_large(state: State, call: Call) -> Answer:
    if hashlib.sha256(call.body).hexdigest() != call.named("oid"):
        raise Refusal(400, "", "the content does not have this SHA-256")
    state.large[call.named("oid")] = call.body
    return Answer(200)


def _commit(state: State, call: Call) -> Answer:
    repository = _writable(state, call)
    change = _read_change(state, [json.loads(line) for line in call.body.splitlines() if line])
    commit = repository.commit(call.named("revision"), change)
    url = f"{state.address(call.kind, repository.name)}/commit/{commit.sha}"
    return Answer.of({"success": True, "commitOid": commit.sha, "commitUrl": url, "hookOutput": ""})


def _read_change(state: State, lines: list[Mapping[str, Any]]) -> Change:
    """The change that the lines of a commit describe."""
    files: dict[str, File] = {}
    removed: dict[str, list[str]] = {"deletedFile": [], "deletedFolder": []}
    header: Mapping[str, Any] = {"summary": ""}
    for line in lines:
        key, value = line["key"], line["value"]
        if key == "header":
            header = value
        elif key == "file":
            files[value["path"]] = File(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            if value["oid"] not in state.large:
                raise Refusal(400, "", f"the large file {value['oid']} was not uploaded")
            files[value["path"]] = File(state.large[value["oid"]], is_lfs=True)
        elif key in removed:
            removed[key].append(value["path"])
        else:
            raise Refusal(400, "", f"unknown operation: {key}")
    description, parent = header.get("description") or "", header.get("parentCommit")
    return Change(header["summary"], description, files, removed["deletedFile"], removed["deletedFolder"], parent)


_ENDPOINTS: tuple[tuple[str, str, Callable[[State, Call], Answer]], ...] = (
    ("GET", "/api/whoami-v2", _whoami),
    ("POST", "/api/validate-yaml", _validate_yaml),
    ("POST", "/api/repos/create", _create_repository),
    ("DELETE", "/api/repos/delete", _delete_repository),
    ("PUT", f"{_API}/settings", _change_settings),
    ("GET", f"{_API}(?:/revision{_REVISION})?", _info),
    ("GET", f"{_API}/refs", _refs),
    ("GET", f"{_API}/commits{_REVISION}", _commits),
    ("POST", f"{_API}/branch{_REVISION}", _create_branch),
    ("POST", f"{_API}/tag{_REVISION}", _create_tag),
    ("DELETE", f"{_API}/(?P<what>branch|tag){_REVISION}", _delete_name),
    ("GET", f"{_API}/tree{_REVISION}(?:/(?P<path>.*))?", _tree),
    ("POST", f"{_API}/paths-info{_REVISION}", _paths_info),
    ("HEAD GET", f"{_WEB}/(?:resolve|raw){_REVISION}/(?P<path>.+)", _resolve),
    ("POST", f"{_API}/preupload{_REVISION}", _preupload),
    ("POST", rf"{_WEB}\.git/info/lfs/objects/batch", _lfs_batch),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", _store_large),
    ("POST", f"{_API}/commit{_REVISION}", _commit),
)
