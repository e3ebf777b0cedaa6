"""The loopback Hub answers as the Hub does: by its HTTP, and with the real clients in processes of their own."""

import base64
import hashlib
import http.client
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hub_repository import Change, File, Refusal, Repository
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_hub import OTHER_TOKEN, TOKEN, LoopbackHub

pytestmark = pytest.mark.hub
Client = Callable[..., str]
NAME = st.sampled_from("abc")
PATHS = st.sets(st.lists(NAME, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".txt"), max_size=8)


class Response:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def ask(hub: LoopbackHub) -> Callable[..., Response]:
    """One request, as the user whose token it carries."""

    def send(method: str, path: str, body: Any = None, token: str | None = TOKEN, **headers: str) -> Response:
        connection = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=10)
        try:
            sent = {"Authorization": f"Bearer {token}"} if token else {}
            if isinstance(body, (dict, list)):
                body, sent["Content-Type"] = json.dumps(body), "application/json"
            connection.request(method, path, body, {**sent, **headers})
            return Response(connection.getresponse())
        finally:
            connection.close()

    return send


@pytest.fixture
def repository(hub: LoopbackHub, ask: Callable[..., Response]) -> Repository:
    """A data set with a small and a large file."""
    ask("POST", "/api/repos/create", {"name": "x", "organization": None, "type": "dataset"})
    made = hub.repository("datasets", "user/x")
    made.commit("main", Change("two files", files={"a.txt": File(b"0123456789"), "d/b.bin": File(b"large", True)}))
    return made


def lines_of(*operations: tuple[str, dict[str, Any]]) -> str:
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in operations)


def header(parent: str | None = None) -> tuple[str, dict[str, Any]]:
    return "header", {"summary": "t", **({"parentCommit": parent} if parent else {})}


def small(path: str, content: bytes) -> tuple[str, dict[str, Any]]:
    return "file", {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}


# Repositories


@given(PATHS)
def test_a_listing_by_folders_finds_what_a_recursive_one_finds(paths: set[str]) -> None:
    commit = Repository("user/x", False).commit("main", Change("t", files={path: File(b"") for path in paths}))

    def walk(folder: str) -> set[str]:
        folders, files = commit.inside(folder, recursive=False)
        return {*folders, *files}.union(*map(walk, folders))

    folders, files = commit.inside("", recursive=True)
    assert walk("") == {*folders, *files}
    assert set(files) == paths | {".gitattributes"}
    parts = [path.split("/") for path in paths]
    assert set(folders) == {"/".join(names[:depth]) for names in parts for depth in range(1, len(names))}


def test_a_file_has_the_names_that_git_gives_it() -> None:
    """`git hash-object` of the same content; clients compare with it to skip files that are there."""
    assert File(b"hello\n").oid == "ce013625030ba8dba906f756967f9e9ca394464a"
    large = File(b"hello\n", is_lfs=True)
    assert large.etag == hashlib.sha256(b"hello\n").hexdigest()
    assert b"size 6\n" in large.pointer
    assert large.oid != File(b"hello\n").oid


def test_a_refused_change_leaves_the_repository_as_it_was() -> None:
    repository = Repository("user/x", False)
    before = repository.head
    with pytest.raises(Refusal, match="doesn't exist: gone"):
        repository.commit("main", Change("t", files={"new": File(b"")}, deleted=[".gitattributes", "gone"]))
    assert (repository.head, len(repository.commits)) == (before, 1)
    assert list(before.tree) == [".gitattributes"]


def test_a_folder_is_deleted_with_all_that_is_in_it_and_no_more() -> None:
    repository = Repository("user/x", False)
    repository.commit("main", Change("t", files={name: File(b"") for name in ("d/a", "d/e/b", "dd")}))
    assert set(repository.commit("main", Change("u", deleted_folders=["d/"])).tree) == {".gitattributes", "dd"}
    with pytest.raises(Refusal, match="folder with this name doesn't exist"):
        repository.commit("main", Change("v", deleted_folders=["d"]))


# HTTP


@settings(max_examples=40)
@given(data=st.binary(max_size=12), first=st.integers(0, 14), length=st.integers(0, 14))
def test_a_range_is_that_slice_of_the_file(data: bytes, first: int, length: int) -> None:
    """A download that broke goes on from where it was."""
    from hub_endpoints import _ranged

    for wanted, part in (
        (f"bytes={first}-", data[first:]),
        (f"bytes={first}-{first + length}", data[first : first + length + 1]),
        (f"bytes=-{length}", data[max(0, len(data) - length) :]),
    ):
        answer = _ranged(data, wanted, {})
        assert (answer.status, answer.body) == ((206, part) if part else (416, b""))
        if part:
            start, _, rest = answer.headers["Content-Range"].removeprefix("bytes ").partition("-")
            assert data[int(start) :][: len(part)] == part
            assert rest == f"{int(start) + len(part) - 1}/{len(data)}"
    assert _ranged(data, "", {}).status == 200


def test_files_come_with_the_headers_that_name_their_version(
    repository: Repository, ask: Callable[..., Response]
) -> None:
    file = ask("GET", "/datasets/user/x/resolve/main/a.txt", Range="bytes=2-4")
    assert (file.status, file.body, file.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert file.headers["X-Repo-Commit"] == repository.head.sha
    assert file.headers["ETag"] == f'"{File(b"0123456789").oid}"'
    assert file.headers["X-Linked-Etag"] is None
    large = ask("HEAD", "/datasets/user/x/resolve/main/d%2Fb.bin")
    assert (large.status, large.body, large.headers["Content-Length"]) == (200, b"", "5")
    assert large.headers["ETag"] == large.headers["X-Linked-Etag"] == f'"{hashlib.sha256(b"large").hexdigest()}"'
    assert large.headers["X-Linked-Size"] == "5"


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/datasets/user/none", 404, "RepoNotFound"),
        ("/api/models/user/x", 404, "RepoNotFound"),
        ("/api/datasets/user/x/revision/none", 404, "RevisionNotFound"),
        ("/api/datasets/user/x/tree/main/none", 404, "EntryNotFound"),
        ("/datasets/user/x/resolve/main/none", 404, "EntryNotFound"),
        ("/api/nothing", 404, None),
    ],
)
def test_what_is_missing_is_named(path: str, status: int, code: str | None, ask: Callable[..., Response]) -> None:
    """Clients choose their exception by this header."""
    answer = ask("GET", path)
    assert (answer.status, answer.headers["X-Error-Code"]) == (status, code)
    if code == "EntryNotFound":
        assert answer.headers["X-Repo-Commit"]


def test_a_private_repository_is_its_owners_alone(repository: Repository, ask: Callable[..., Response]) -> None:
    assert ask("PUT", "/api/datasets/user/x/settings", {"visibility": "private"}).status == 200
    assert repository.private
    for path in ("/api/datasets/user/x", "/datasets/user/x/resolve/main/a.txt"):
        assert [ask("GET", path, token=token).status for token in (TOKEN, OTHER_TOKEN, None)] == [200, 404, 401]


@pytest.mark.usefixtures("repository")
def test_only_the_owner_writes(ask: Callable[..., Response]) -> None:
    path = "/api/datasets/user/x/commit/main"
    statuses = [ask("POST", path, lines_of(header()), token=token).status for token in (TOKEN, OTHER_TOKEN, None)]
    assert statuses == [200, 403, 401]
    assert ask("GET", "/api/datasets/user/x", token="hf_unknown").status == 401
    assert ask("GET", "/api/datasets/user/x", token=None).status == 200
    create = {"name": "y", "organization": "user"}
    assert [ask("POST", "/api/repos/create", create, token=token).status for token in (OTHER_TOKEN, None)] == [403, 401]


def test_a_commit_for_another_head_is_refused(repository: Repository, ask: Callable[..., Response]) -> None:
    old = repository.head.sha
    send = lines_of(header(old), small("a.txt", b"mine"))
    first, second = (ask("POST", "/api/datasets/user/x/commit/main", send) for _ in range(2))
    assert (first.status, second.status) == (200, 412)
    assert first.json()["commitOid"] == repository.head.sha
    assert repository.head.tree["a.txt"].data == b"mine"


def test_of_commits_at_once_for_one_head_one_wins(repository: Repository, ask: Callable[..., Response]) -> None:
    parent, statuses = repository.head.sha, []

    def commit(number: int) -> None:
        body = lines_of(header(parent), small(f"{number}", b""))
        statuses.append(ask("POST", "/api/datasets/user/x/commit/main", body).status)

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, *[412] * 5]


def test_a_commit_that_names_a_large_file_nobody_sent_changes_nothing(
    repository: Repository, ask: Callable[..., Response]
) -> None:
    before, oid = repository.head.sha, hashlib.sha256(b"content").hexdigest()
    large = ("lfsFile", {"path": "a.parquet", "algo": "sha256", "oid": oid, "size": 7})
    body = lines_of(header(), small("new", b""), large)
    assert ask("POST", "/api/datasets/user/x/commit/main", body).status == 400
    assert repository.head.sha == before
    assert ask("PUT", f"/lfs/{oid}", b"other").status == 400
    batch = {"objects": [{"oid": oid, "size": 7}]}
    wanted = ask("POST", "/datasets/user/x.git/info/lfs/objects/batch", batch).json()["objects"][0]
    assert wanted["actions"]["upload"]["href"].endswith(f"/lfs/{oid}")
    assert ask("PUT", f"/lfs/{oid}", iter([b"con", b"tent"])).status == 200  # chunked
    known = ask("POST", "/datasets/user/x.git/info/lfs/objects/batch", batch).json()["objects"][0]
    assert "actions" not in known
    assert ask("POST", "/api/datasets/user/x/commit/main", body).status == 200
    assert repository.head.tree["a.parquet"] == File(b"content", is_lfs=True)


def test_branches_and_tags_name_commits(repository: Repository, ask: Callable[..., Response]) -> None:
    old = repository.head.sha
    assert [ask("POST", "/api/datasets/user/x/tag/main", {"tag": "v1"}).status for _ in range(2)] == [200, 409]
    repository.commit("main", Change("t", files={"a.txt": File(b"main"), "new": File(b"")}))
    assert ask("POST", "/api/datasets/user/x/branch/a%2Fb", {"startingPoint": "v1"}).status == 200
    assert ask("POST", "/api/datasets/user/x/commit/a%2Fb", lines_of(header(), small("a.txt", b"b"))).status == 200
    found = {name: ask("GET", f"/datasets/user/x/resolve/{name}/a.txt").body for name in ("main", "a%2Fb", "v1", old)}
    assert found == {"main": b"main", "a%2Fb": b"b", "v1": b"0123456789", old: b"0123456789"}
    assert ask("GET", "/datasets/user/x/resolve/a%2Fb/new").status == 404
    assert ask("POST", "/api/datasets/user/x/commit/v1", lines_of(header())).headers["X-Error-Code"]
    assert ask("DELETE", "/api/datasets/user/x/branch/a%2Fb").status == 200
    assert ask("DELETE", "/api/datasets/user/x/tag/a%2Fb").status == 404
    refs = ask("GET", "/api/datasets/user/x/refs").json()
    assert [item["ref"] for item in refs["branches"] + refs["tags"]] == ["refs/heads/main", "refs/tags/v1"]


@pytest.mark.usefixtures("repository")
def test_the_chosen_connection_is_cut_before_or_after_the_work(hub: LoopbackHub, ask: Callable[..., Response]) -> None:
    hub.cut("GET", "/revision/", number=2)
    hub.cut("POST", "/tag/", at="answer")
    assert ask("GET", "/api/datasets/user/x/revision/main").status == 200
    with pytest.raises(http.client.RemoteDisconnected):
        ask("GET", "/api/datasets/user/x/revision/main")
    assert ask("GET", "/api/datasets/user/x/revision/main").status == 200
    assert [item.status for item in hub.requests("GET", "/revision/")] == [200, None, 200]
    with pytest.raises(http.client.IncompleteRead):
        ask("POST", "/api/datasets/user/x/tag/main", {"tag": "v1"})
    assert list(hub.repository("datasets", "user/x").tags) == ["v1"]


def test_nothing_is_left_of_the_test_before(hub: LoopbackHub, ask: Callable[..., Response]) -> None:
    ask("POST", "/api/repos/create", {"name": "x", "organization": "user"})
    hub.cut("GET", "whoami")
    hub.reset()
    assert (hub.log, hub.state.repositories, hub.state.large) == ([], {}, {})
    assert ask("GET", "/api/whoami-v2").json()["name"] == "user"


# Real clients


def test_huggingface_hub_creates_uploads_and_downloads(hub: LoopbackHub, run_client: Client) -> None:
    """Every call of the client that the program and its users need."""
    found = run_client("""
        import json
        from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
        from huggingface_hub.errors import *
        api, x = HfApi(), dict(repo_id="user/x", repo_type="dataset")
        assert api.whoami()["name"] == "user"
        api.create_repo(**x)
        api.create_repo(**x, exist_ok=True)
        first = api.upload_file(path_or_fileobj=b"one", path_in_repo="d/e/a.txt", **x).oid
        api.upload_file(path_or_fileobj=b"P" * 99, path_in_repo="d/b.parquet", **x)
        api.create_tag(**x, tag="v1")
        api.create_branch(**x, branch="dev", revision=first)
        api.upload_file(path_or_fileobj=b"two", path_in_repo="d/e/a.txt", **x)
        api.upload_file(path_or_fileobj=b"dev", path_in_repo="d/e/a.txt", revision="dev", **x)

        def read(path, revision=None, **more):
            return open(hf_hub_download("user/x", path, repo_type="dataset", revision=revision, **more), "rb").read()

        def error_of(call, *args, **kwargs):
            try:
                call(*args, **kwargs)
            except Exception as error:
                return type(error).__name__

        folder = snapshot_download(**x, revision="v1")
        files = HfFileSystem()
        print(json.dumps({
            "read": [read("d/e/a.txt", at).decode() for at in (None, first, "v1", "dev")],
            "large": len(read("d/b.parquet")),
            "tree": sorted((type(item).__name__, item.path) for item in api.list_repo_tree(**x, recursive=True)),
            "inside": [item.path for item in api.list_repo_tree(**x, path_in_repo="d")],
            "infos": [item.path for item in api.get_paths_info(**x, paths=["d", "d/b.parquet", "none"])],
            "refs": [ref.name for ref in (lambda all: all.branches + all.tags)(api.list_repo_refs(**x))],
            "titles": len(api.list_repo_commits(**x)),
            "snapshot": open(folder + "/d/e/a.txt").read(),
            "glob": files.glob("datasets/user/x/**/*.txt"),
            "range": files.read_block("datasets/user/x@v1/d/b.parquet", 90, 20).decode(),
            "siblings": len(api.dataset_info("user/x").siblings),
            "errors": [
                error_of(api.dataset_info, "user/none"),
                error_of(hf_hub_download, **x, filename="none"),
                error_of(hf_hub_download, **x, filename="d/b.parquet", revision="none"),
                error_of(api.create_repo, **x),
                error_of(api.whoami, token="hf_wrong"),
                error_of(api.upload_file, path_or_fileobj=b"", path_in_repo="n", parent_commit=first, **x),
                error_of(api.delete_file, "none", **x),
            ],
        }))
        api.update_repo_settings(**x, private=True)
        assert error_of(api.dataset_info, "user/x", token=False) == "RepositoryNotFoundError"
        api.delete_folder("d/e", **x)
        api.delete_file("d/b.parquet", **x)
        assert api.list_repo_files(**x) == [".gitattributes"]
        api.delete_repo(**x)
    """)
    assert json.loads(found) == {
        "read": ["two", "one", "one", "dev"],
        "large": 99,
        "tree": [
            ["RepoFile", ".gitattributes"],
            ["RepoFile", "d/b.parquet"],
            ["RepoFile", "d/e/a.txt"],
            ["RepoFolder", "d"],
            ["RepoFolder", "d/e"],
        ],
        "inside": ["d/e", "d/b.parquet"],
        "infos": ["d/b.parquet", "d"],
        "refs": ["main", "dev", "v1"],
        "titles": 4,
        "snapshot": "one",
        "glob": ["datasets/user/x/d/e/a.txt"],
        "range": "P" * 9,
        "siblings": 3,
        "errors": [
            "RepositoryNotFoundError",
            "RemoteEntryNotFoundError",
            "RevisionNotFoundError",
            *["HfHubHTTPError"] * 3,
            "RemoteEntryNotFoundError",
        ],
    }
    assert hub.state.repositories == {}
    assert len(hub.requests("PUT", "/lfs/")) == 1


def test_downloads_go_on_and_uploads_start_again_after_a_cut(hub: LoopbackHub, run_client: Client) -> None:
    """The client keeps what it has by 10 MB: of 25.6, half of which came, the second request asks for the rest."""
    hub.cut("PUT", "/lfs/")
    hub.cut("GET", "/resolve/", at="answer")
    run_client("""
        from huggingface_hub import HfApi, hf_hub_download
        api, content = HfApi(), bytes(range(256)) * 100_000
        api.create_repo("user/x")
        api.upload_file(path_or_fileobj=content, path_in_repo="x.bin", repo_id="user/x")
        assert open(hf_hub_download("user/x", "x.bin"), "rb").read() == content
    """)
    assert [item.status for item in hub.requests("PUT", "/lfs/")] == [None, 200]
    assert [item.status for item in hub.requests("GET", "/resolve/")] == [None, 206]


@pytest.mark.medium
def test_data_sets_are_pushed_loaded_and_streamed(hub: LoopbackHub, run_client: Client) -> None:
    code = """
        import sys
        from datasets import Dataset, DatasetDict, load_dataset
        rows = {"tokens": [["a", "b"], ["c"]], "id": [1, 2]}
        if sys.argv[1] == "push":
            made = DatasetDict(train=Dataset.from_dict(rows), test=Dataset.from_dict(rows).select([1]))
            first = made.push_to_hub("user/x", "one", private=True).oid
            made["train"].select([0]).push_to_hub("user/x", "one", split="train")
            assert load_dataset("user/x", "one", split="train", revision=first).to_dict() == rows
        loaded = load_dataset("user/x", "one")
        assert loaded["train"].to_dict() == {key: values[:1] for key, values in rows.items()}
        assert loaded["test"]["id"] == [2]
        if sys.argv[1] == "push":
            assert [row["id"] for row in load_dataset("user/x", "one", split="train", streaming=True)] == [1]
    """
    run_client(code, "push")
    assert hub.repository("datasets", "user/x").private
    sent = len(hub.log)
    run_client(code, "from the cache", HF_HUB_OFFLINE="1")
    assert len(hub.log) == sent
