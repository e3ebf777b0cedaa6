"""Pushing a built data set: what goes, what is refused, and what the Hub holds afterwards."""

import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_repository import Change, File, Repository
from loopback_hub import LoopbackHub

from dataset_scripts.build import Options, build
from dataset_scripts.readers import DataError
from phonexl.hub_dataset import push_dataset
from phonexl.hub_model import push_metric, push_model

pytestmark = pytest.mark.hub
Client = Callable[..., str]
PUSH = """
import json, sys
from pathlib import Path
from phonexl.hub import HubError
from phonexl.hub_dataset import push_dataset
try:
    print(push_dataset(Path(sys.argv[1]), **json.loads(sys.argv[2])))
except HubError as error:
    print("refused:", error)
assert "torch" not in sys.modules
"""
# Before the commit of a push, another one arrives.
RACE = """
from huggingface_hub import CommitOperationAdd, HfApi
create_commit = HfApi.create_commit
def late(api, repo, *args, **kwargs):
    create_commit(api, repo, [CommitOperationAdd("LICENSE", b"mine")], repo_type="dataset", commit_message="other")
    return create_commit(api, repo, *args, **kwargs)
HfApi.create_commit = late
"""
# The Hub goes away before the card is fetched.
HUB_GONE = """
from huggingface_hub import HfApi
download = HfApi.hf_hub_download
def late(api, *args, **kwargs):
    api.endpoint = "http://127.0.0.1:9"
    return download(api, *args, **kwargs)
HfApi.hf_hub_download = late
"""
NO_WAITING = "import time; time.sleep = lambda seconds: None\n"


@pytest.fixture(scope="module")
def _samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "samples"
    build("samples", out, config="vi-udpos")
    return out


@pytest.fixture
def folder(_samples: Path, tmp_path: Path) -> Path:
    """A built data set that the test may change."""
    return Path(shutil.copytree(_samples, tmp_path / "samples"))


@pytest.fixture
def push(run_client: Client, folder: Path) -> Callable[..., str]:
    """Push the folder in a new process; what it returns, or `refused: ` and why."""

    def run(repo: str = "user/x", before: str = "", env: dict[str, str | None] | None = None, **options: object) -> str:
        asked = {"repo": repo, "private": False, **options}
        said = run_client(before + PUSH, folder, json.dumps(asked), **(env or {})).rstrip("\n")
        assert "\n" not in said
        return said

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pushed(repository: Repository) -> dict[str, bytes]:
    return {path: file.data for path, file in repository.head.tree.items() if path != ".gitattributes"}


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


# What goes


@pytest.mark.usefixtures("socket_disabled")
def test_a_dry_run_lists_every_file_with_its_size_and_asks_no_one(folder: Path) -> None:
    files = contents(folder)
    lines = push_dataset(folder, "user/x", dry_run=True).split("\n")
    assert lines == [f"add\t{len(data)}\t{path}" for path, data in sorted(files.items())]


@pytest.mark.parametrize("name", ["notes.txt", "vi-udpos/model.bin", ".DS_Store", "vi-udpos/.cache/x", "other.parquet"])
def test_a_file_that_the_card_does_not_account_for_is_refused_by_name(folder: Path, name: str) -> None:
    """A folder may hold more than its maker remembers, and what was published is hard to take back."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(DataError, match=f'found "{name}"'):
        push_dataset(folder, "user/x", dry_run=True)


def test_what_may_not_be_published_is_refused_and_named(folder: Path) -> None:
    part = "UD Japanese-Modern (CC BY-NC-ND 3.0)"
    edit(folder / "README.md", "unpublishable: []", f"unpublishable: ['{part}', two]")
    with pytest.raises(DataError) as caught:
        push_dataset(folder, "user/x", dry_run=True)
    assert f'found "{part}, two". Build the folder again with --publishable' in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  unpublishable: []\n", ""),
        ("unpublishable: []", "unpublishable: none"),
        ("- phonexl\n", ""),
        ("phonexl:\n", "theirs:\n"),
    ],
)
def test_a_card_of_another_origin_is_refused(folder: Path, old: str, new: str) -> None:
    """Such a card cannot say that everything may be published."""
    edit(folder / "README.md", old, new)
    with pytest.raises(DataError, match=r"README\.md: expected the tag .* Build the folder again"):
        push_dataset(folder, "user/x", dry_run=True)


@pytest.mark.parametrize("name", ["README.md", "vi-udpos/test-00000-of-00001.parquet"])
def test_a_folder_that_is_not_whole_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=Path(name).name):
        push_dataset(folder, "user/x", dry_run=True)


@pytest.mark.parametrize("repo", ["x", "a/b/c", "/x", "user/", ""])
def test_a_repository_is_named_with_its_owner(folder: Path, repo: str) -> None:
    with pytest.raises(ValueError, match=f'repository "{repo}": expected "user/name"'):
        push_dataset(folder, repo, dry_run=True)


# The push


@pytest.mark.medium
def test_a_push_is_one_commit_that_loads_like_the_folder(
    folder: Path, hub: LoopbackHub, push: Callable[..., str], run_client: Client
) -> None:
    address = push()
    repository = hub.repository("datasets", "user/x")
    assert address == f"{hub.url}/datasets/user/x/commit/{repository.head.sha}"
    assert [commit.title for commit in repository.history(repository.head)] == [
        "Upload a data set built by phonexl",
        "initial commit",
    ]
    assert pushed(repository) == contents(folder)
    assert not repository.private
    load = """
        import sys
        from datasets import load_dataset
        folder, sha = sys.argv[1:]
        there, here = load_dataset("user/x", "vi-udpos"), load_dataset(folder, "vi-udpos")
        assert there.keys() == here.keys() == {"train", "validation", "test"}
        for split in here:
            assert there[split].features == here[split].features
            assert there[split].to_list() == here[split].to_list()
        streamed = load_dataset("user/x", "vi-udpos", split="test", streaming=True, revision=sha)
        assert list(streamed) == here["test"].to_list()
        print(sum(map(len, here.values())))
    """
    assert int(run_client(load, folder, repository.head.sha)) > 100


@pytest.mark.medium
def test_a_second_push_changes_nothing_and_a_changed_folder_is_one_more_commit(
    folder: Path, hub: LoopbackHub, push: Callable[..., str]
) -> None:
    first = push()
    repository = hub.repository("datasets", "user/x")
    repository.commit("main", Change("by hand", files={"LICENSE": File(b"CC0")}))
    by_hand = repository.head.sha
    sent = len(hub.requests("PUT", "/lfs/"))
    assert sent == 3
    second = push()
    assert second.endswith(by_hand)
    assert second != first
    assert (repository.head.sha, len(hub.requests("PUT", "/lfs/"))) == (by_hand, sent)
    shutil.rmtree(folder)
    build("samples", folder, config="vi-udpos", options=Options(rows_per_shard=60))
    assert push().endswith(repository.head.sha)
    assert repository.head.parent == by_hand
    assert pushed(repository) == {**contents(folder), "LICENSE": b"CC0"}
    assert ".gitattributes" in repository.head.tree
    assert "vi-udpos/train-00000-of-00001.parquet" not in repository.head.tree


@pytest.mark.medium
def test_a_cut_before_the_commit_leaves_the_repository_as_it_was(
    folder: Path, hub: LoopbackHub, push: Callable[..., str]
) -> None:
    push()
    repository = hub.repository("datasets", "user/x")
    before = repository.head
    (folder / "zh-vi.tsv").unlink()
    edit(folder / "README.md", "size_categories:", "size_categories: ")
    hub.cut("POST", "/commit/")
    assert "refused: the connection to the Hub failed (RemoteProtocolError" in push()
    assert repository.head is before
    assert push().endswith(repository.head.sha)
    assert pushed(repository) == contents(folder)
    assert len(hub.requests("PUT", "/lfs/")) == 3


def test_only_data_that_the_folder_lacks_are_deleted(folder: Path, hub: LoopbackHub, push: Callable[..., str]) -> None:
    old = ["vi-udpos/train-00001-of-00002.parquet", "en-vi.tsv", "ja-vi.tsv.gz"]
    kept = {path: b"theirs" for path in ("LICENSE", "images/a.png", "docs/README.md", "tsv")}
    push()
    repository = hub.repository("datasets", "user/x")
    by_hand = {**kept, **dict.fromkeys(old, b"old")}
    repository.commit("main", Change("by hand", files={path: File(data) for path, data in by_hand.items()}))
    assert pushed(repository) == {**contents(folder), **by_hand}
    push()
    assert pushed(repository) == {**contents(folder), **kept}


def test_a_push_whose_answer_is_lost_can_be_repeated(hub: LoopbackHub, push: Callable[..., str]) -> None:
    hub.cut("POST", "/commit/", at="answer")
    assert "push again" in push()
    repository = hub.repository("datasets", "user/x")
    assert push().endswith(repository.head.sha)
    assert len(repository.commits) == 2


def test_a_large_file_that_cannot_be_sent_is_one_line(hub: LoopbackHub, push: Callable[..., str]) -> None:
    """The client tries six times, then raises a RuntimeError."""
    for number in range(1, 31):
        hub.cut("PUT", "/lfs/", number)
    said = push(before=NO_WAITING)
    assert said.startswith("refused: the connection to the Hub failed (")
    assert len(hub.repository("datasets", "user/x").commits) == 1


@pytest.mark.medium
@pytest.mark.usefixtures("hub")
def test_a_card_that_cannot_be_fetched_is_one_line(push: Callable[..., str]) -> None:
    """The client then says that the file is not in its cache."""
    push()
    assert push(before=NO_WAITING + HUB_GONE).startswith("refused: the connection to the Hub failed (ConnectError")


def test_a_commit_of_another_meanwhile_is_noticed(hub: LoopbackHub, push: Callable[..., str]) -> None:
    said = push(before=RACE)
    assert said == "refused: user/x has got another commit while this push was on its way: look at it, then push again"
    assert pushed(hub.repository("datasets", "user/x")) == {"LICENSE": b"mine"}


def test_whatever_is_pushed_is_private_unless_one_says_otherwise() -> None:
    for function in (push_dataset, push_model, push_metric):
        assert inspect.signature(function).parameters["private"].default is True


def test_private_is_for_new_repositories_and_never_ignored(hub: LoopbackHub, push: Callable[..., str]) -> None:
    """Who asks for a private push to a public repository would publish without knowing."""
    push(private=True)
    repository = hub.repository("datasets", "user/x")
    assert repository.private
    repository.private = False
    before = repository.head
    assert "user/x exists and is public" in push(private=True)
    assert repository.head is before


def test_a_repository_with_a_card_alone_is_as_good_as_new(
    folder: Path, hub: LoopbackHub, push: Callable[..., str]
) -> None:
    """The Hub's website makes such a card for whoever chooses a licence there."""
    repository = hub.state.repositories["datasets", "user/x"] = Repository("user/x", private=False)
    repository.commit("main", Change("website", files={"README.md": File(b"---\nlicense: mit\n---\n")}))
    push()
    assert pushed(repository) == contents(folder)


@pytest.mark.medium
@pytest.mark.parametrize("card", [None, b"---\ntags: [other]\n---\n", b"---\ntags: [\n---\n", b"phonexl"])
def test_a_data_set_of_another_origin_is_not_overwritten(
    card: bytes | None, hub: LoopbackHub, push: Callable[..., str]
) -> None:
    repository = hub.state.repositories["datasets", "user/x"] = Repository("user/x", private=False)
    repository.commit(
        "main", Change("theirs", files={"data.csv": File(b"a,b"), **({"README.md": File(card)} if card else {})})
    )
    before = repository.head
    assert "refused: user/x holds files and no card with the tag" in push()
    assert repository.head is before


@pytest.mark.medium
def test_a_branch_is_pushed_to_where_there_is_one(folder: Path, hub: LoopbackHub, push: Callable[..., str]) -> None:
    assert "push to main first" in push(revision="dev")
    assert hub.state.repositories == {}
    repository = hub.state.repositories["datasets", "user/x"] = Repository("user/x", private=False)
    assert 'refused: user/x has no branch "dev"' in push(revision="dev")
    repository.branches["dev"] = repository.head.sha
    push(revision="dev")
    assert pushed(repository) == {}
    assert set(repository.find("dev").tree) == {".gitattributes", *contents(folder)}


@pytest.mark.medium
@pytest.mark.parametrize(
    ("env", "repo", "message"),
    [
        ({"HF_TOKEN": None}, "user/x", "no Hugging Face token found: run hf auth login"),
        ({"HF_TOKEN": "hf_secret"}, "user/x", "the Hub does not accept the token"),
        ({}, "other/x", "the token may not write to other/x"),
        ({"HF_HUB_OFFLINE": "1"}, "user/x", "HF_HUB_OFFLINE is set"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "user/x", "the connection to the Hub failed (ConnectError"),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_line(
    env: dict[str, str | None], repo: str, message: str, hub: LoopbackHub, push: Callable[..., str]
) -> None:
    said = push(repo, env=env)
    assert said.startswith(f"refused: {message}")
    assert "hf_secret" not in said
    assert hub.state.repositories == {}
