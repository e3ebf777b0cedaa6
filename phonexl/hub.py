"""The way to the Hugging Face Hub: what a push would send, and the push itself, one commit of a built data set.

Building is in `dataset_scripts`. No torch here: a push should start at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetCard, HfApi, get_token

# HTTPError is the base class of whichever HTTP library huggingface_hub uses; it differs between 1.x and 2.x.
from huggingface_hub.errors import (  # type: ignore[attr-defined]
    HfHubHTTPError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from dataset_scripts.built import BuiltFolder
from dataset_scripts.readers import DataError

_README = "README.md"
_DATA = (".parquet", ".tsv", ".tsv.gz")
_TAG = "phonexl"  # in the front matter of every card that `dataset_scripts.build` writes
_REBUILD = "Build the folder again with phonexl data build."


class HubError(OSError):
    """The Hub cannot be reached, or says no; the message is one line with what to do."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation of a commit.

    Attributes:
        path: Path in the repository.
        size: Bytes to send, unless the Hub has them; 0 for a deletion.
        action: Whether the file is added (or replaced) or deleted.
    """

    path: str
    size: int
    action: Literal["add", "delete"]


def plan(folder: Path, present: Iterable[str] = ()) -> list[Planned]:
    """List the operations that make a repository hold a built data set and no data beside it; asks no one.

    Args:
        folder: What `phonexl data build` made.
        present: Paths of the files in the repository. Those of a data set that the folder does not have are deleted:
            Parquet, `.tsv` and `.tsv.gz`; all others, such as `.gitattributes` or a licence, are left alone.

    Returns:
        Additions, then deletions, each sorted by path.

    Raises:
        DataError: If the folder has no card of ours, parts that may not be published, files that its card does not
            account for, or lacks some.
    """
    built = BuiltFolder.open(folder)
    _refuse_unpublishable(built)
    shards = {path for table, split in built.tables() for path in built.shards(table, split)}
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    known = {folder / _README, *shards, *(path for path in files if path.name.endswith(_DATA[1:]))}
    if foreign := [path.relative_to(folder).as_posix() for path in files if path not in known]:
        expected = f"only {_README}, the Parquet files that it names, .tsv and .tsv.gz"
        raise DataError(folder, None, ", ".join(foreign), expected, "Move the other files away.")
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    gone = sorted(path for path in present if path.endswith(_DATA) and path not in sizes)
    return [*(Planned(path, size, "add") for path, size in sizes.items()), *(Planned(p, 0, "delete") for p in gone)]


def _refuse_unpublishable(built: BuiltFolder) -> None:
    """Let only a card of ours pass, and only one that lists nothing that may not be published."""
    readme, facts = built.path / _README, built.card.get("phonexl")
    parts = facts.get("unpublishable") if isinstance(facts, dict) else None
    if not _is_ours(built.card) or not isinstance(parts, list):
        raise DataError(readme, None, None, f'the tag "{_TAG}" and the list phonexl.unpublishable', _REBUILD)
    if parts:
        cure = "Build the folder again with --publishable, which leaves them out."
        raise DataError(readme, None, ", ".join(map(str, parts)), "nothing that may not be published", cure)


def _is_ours(card: Mapping[str, Any]) -> bool:
    """Whether the front matter has our tag."""
    tags = card.get("tags")
    return isinstance(tags, list) and _TAG in tags


def push_dataset(
    folder: Path, repo: str, *, private: bool = True, dry_run: bool = False, revision: str | None = None
) -> str:
    """Push a built data set to the Hub as one commit: all of it arrives, or nothing.

    Files that the repository already has are not sent again, data files of an earlier push that the folder no longer
    has are deleted in the same commit (see `plan`). A second push of the same folder changes nothing.

    Args:
        folder: What `phonexl data build` made.
        repo: `user/name` of the data set; made if it does not exist.
        private: Make a new repository private. One that exists and is public is refused.
        dry_run: Only return what would be added, without asking the Hub.
        revision: Branch to push to, which must exist; default: main.

    Returns:
        Address of the commit, or of the last one if nothing changed. For a dry run a line for each operation: action,
        bytes and path, separated by tabs.

    Raises:
        ValueError: If `repo` is not of the form `user/name`.
        DataError: For a fault of the folder (see `plan`).
        HubError: If there is no token, or the Hub cannot be reached or refuses.
    """
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise ValueError(f'repository "{repo}": expected "user/name"')
    planned = plan(folder)
    if dry_run:
        return "\n".join(f"{item.action}\t{item.size}\t{item.path}" for item in planned)
    if get_token() is None:
        raise HubError("no Hugging Face token found: run hf auth login, or set HF_TOKEN to one that may write")
    api = HfApi()
    with explained(repo, revision):
        head = _open_repository(api, repo, private, revision)
        present = api.list_repo_files(repo, repo_type="dataset", revision=head)
        _refuse_foreign(api, repo, head, present)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(item.path, folder / item.path)
            if item.action == "add"
            else CommitOperationDelete(item.path, is_folder=False)
            for item in plan(folder, present)
        ]
        return api.create_commit(
            repo,
            operations,
            repo_type="dataset",
            revision=revision,
            commit_message="Upload a data set built by phonexl",
            parent_commit=head,
        ).commit_url


def _open_repository(api: HfApi, repo: str, private: bool, revision: str | None) -> str:
    """Make the repository if it does not exist; the last commit of the branch."""
    try:
        info = api.dataset_info(repo, revision=revision)
    except RepositoryNotFoundError as error:
        if revision is not None:
            raise HubError(f"no data set {repo}: push to main first, that is without a revision") from error
        api.create_repo(repo, repo_type="dataset", private=private or None)  # None: as its organisation has it
        info = api.dataset_info(repo)
    if private and not info.private:
        raise HubError(f"{repo} exists and is public: make it private in its settings, or push with --public")
    if info.sha is None:
        raise HubError(f"{repo} has no commit: delete it, and push again")
    return info.sha


def _refuse_foreign(api: HfApi, repo: str, head: str, present: list[str]) -> None:
    """Let no data set be overwritten that is not ours: the repository may be named by mistake."""
    if set(present) <= {_README, ".gitattributes"}:
        return
    if _README in present:
        readme = api.hf_hub_download(repo, _README, repo_type="dataset", revision=head)
        with contextlib.suppress(ValueError, yaml.YAMLError):  # such a card is not ours
            if _is_ours(DatasetCard.load(readme).data.to_dict()):
                return
    raise HubError(f'{repo} holds files and no card with the tag "{_TAG}": name another repository, or empty this one')


@contextlib.contextmanager
def explained(repo: str, revision: str | None) -> Iterator[None]:
    """Turn what the Hub's client raises into one line."""
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise HubError("HF_HUB_OFFLINE is set, and a push needs the Hub: unset it") from error
    except HfHubHTTPError as error:
        raise HubError(_refusal(error, repo, revision)) from error
    except (HTTPError, LocalEntryNotFoundError, RuntimeError) as error:
        # A card that cannot be fetched is the second, a large file that cannot be sent the third; both have a cause.
        cause = error if isinstance(error, HTTPError) else error.__cause__
        if isinstance(cause, HfHubHTTPError):
            raise HubError(_refusal(cause, repo, revision)) from error
        if not isinstance(cause, HTTPError):
            raise
        reason = f"{type(cause).__name__}: {cause}".rstrip(": ")
        raise HubError(
            f"the connection to the Hub failed ({reason}): {repo} has either all of this push or nothing; push again, "
            "what has arrived is not sent twice"
        ) from error


def _refusal(error: HfHubHTTPError, repo: str, revision: str | None) -> str:
    """What a refusal of the Hub means for a push."""
    status = error.response.status_code
    if isinstance(error, RevisionNotFoundError):
        return f'{repo} has no branch "{revision}": make it first (hf repos branch create), or push to main'
    if status == 401:
        return "the Hub does not accept the token: run hf auth login, or set HF_TOKEN to one that may write"
    if status == 403:
        return f"the token may not write to {repo}: name a repository of yours, or use a token that may write there"
    if status == 412:
        return f"{repo} has got another commit while this push was on its way: look at it, then push again"
    return f"the Hub refused the push to {repo} (HTTP {status}: {error.server_message or 'no reason given'})"
