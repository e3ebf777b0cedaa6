"""The way to the Hugging Face Hub: one commit of files to a repository that is new or ours.

Which files go is said by `hub_dataset.py` and `hub_model.py`. No torch here: a push should start at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoCard, get_token

# HTTPError is the base class of whichever HTTP library huggingface_hub uses; it differs between 1.x and 2.x.
from huggingface_hub.errors import (  # type: ignore[attr-defined]
    HfHubHTTPError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

Kind = Literal["dataset", "model", "space"]
Files = dict[str, Path | bytes]  # by path in the repository: where it lies, or its content
README = "README.md"
TAG = "phonexl"  # in the front matter of every card that we write
_NAMES = {"dataset": "data set", "model": "model", "space": "space"}


class HubError(OSError):
    """The Hub cannot be reached, or says no; the message is one line with what to do."""


def check_repository_name(repo: str) -> None:
    """Refuse a name without its owner.

    Raises:
        ValueError: If it is not of the form `user/name`.
    """
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise ValueError(f'repository "{repo}": expected "user/name"')


def has_our_tag(front_matter: Mapping[str, Any]) -> bool:
    """Whether a card is one of ours."""
    tags = front_matter.get("tags")
    return isinstance(tags, list) and TAG in tags


def is_our_card(text: str) -> bool:
    """Whether a card, read from a file, has front matter with our tag."""
    with contextlib.suppress(ValueError, yaml.YAMLError):
        return has_our_tag(RepoCard(text).data.to_dict())
    return False


def list_files(files: Files) -> str:
    """What a push would add, a line for each file: add, bytes and path, separated by tabs."""
    sizes = {name: len(file) if isinstance(file, bytes) else file.stat().st_size for name, file in files.items()}
    return "\n".join(f"add\t{sizes[name]}\t{name}" for name in sorted(sizes))


def push_files(
    kind: Kind,
    repo: str,
    files: Files,
    is_replaced: Callable[[str], bool],
    *,
    message: str,
    private: bool,
    revision: str | None,
) -> str:
    """Push files as one commit: all of them arrive, or nothing. What the Hub has already is not sent again.

    Args:
        kind: Of the repository.
        repo: `user/name`; made if it does not exist.
        files: What it then holds.
        is_replaced: Whether a file of the repository, by its path, is deleted if it is not among them.
        message: Of the commit.
        private: Make a new repository private. One that exists and is public is refused.
        revision: Branch to push to, which must exist; None: main.

    Returns:
        Address of the commit, or of the last one if nothing changed.

    Raises:
        HubError: If there is no token, the repository holds another's files, or the Hub cannot be reached or refuses.
    """
    if get_token() is None:
        raise HubError("no Hugging Face token found: run hf auth login, or set HF_TOKEN to one that may write")
    api = HfApi()
    with _explained(repo, revision):
        head = _open_repository(api, kind, repo, private, revision)
        present = api.list_repo_files(repo, repo_type=kind, revision=head)
        _refuse_foreign(api, kind, repo, head, present)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(name, files[name]) for name in sorted(files)),
            *(
                CommitOperationDelete(name, is_folder=False)
                for name in sorted(present)
                if name not in files and is_replaced(name)
            ),
        ]
        return api.create_commit(
            repo,
            operations,
            repo_type=kind,
            revision=revision,
            commit_message=message,
            parent_commit=head,
        ).commit_url


def _open_repository(api: HfApi, kind: Kind, repo: str, private: bool, revision: str | None) -> str:
    """Make the repository if it does not exist; the last commit of the branch."""
    try:
        info = api.repo_info(repo, repo_type=kind, revision=revision)
    except RepositoryNotFoundError as error:
        if revision is not None:
            raise HubError(f"no {_NAMES[kind]} {repo}: push to main first, that is without a revision") from error
        sdk = "gradio" if kind == "space" else None
        # Not private: as its organisation has it.
        api.create_repo(repo, repo_type=kind, private=private or None, space_sdk=sdk)
        info = api.repo_info(repo, repo_type=kind)
    if private and not info.private:
        raise HubError(f"{repo} exists and is public: make it private in its settings, or push with --public")
    if info.sha is None:
        raise HubError(f"{repo} has no commit: delete it, and push again")
    return info.sha


def _refuse_foreign(api: HfApi, kind: Kind, repo: str, head: str, present: list[str]) -> None:
    """Let nothing be overwritten that is not ours: the repository may be named by mistake."""
    if set(present) <= {README, ".gitattributes"}:
        return
    if README in present:
        readme = Path(api.hf_hub_download(repo, README, repo_type=kind, revision=head))
        if is_our_card(readme.read_text(encoding="utf-8")):
            return
    raise HubError(f'{repo} holds files and no card with the tag "{TAG}": name another repository, or empty this one')


@contextlib.contextmanager
def _explained(repo: str, revision: str | None) -> Iterator[None]:
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
