"""Pushes built data sets to the Hugging Face Hub.

Building is in `dataset_scripts`. No torch here: a push should start at once.
"""

from __future__ import annotations

from pathlib import Path

from dataset_scripts.built import BuiltFolder
from dataset_scripts.readers import DataError
from phonexl.hub import README, TAG, Files, check_repository_name, has_our_tag, list_files, push_files

_DATA = (".parquet", ".tsv", ".tsv.gz")
_REBUILD = "Build the folder again with phonexl data build."


def push_dataset(
    folder: Path, repo: str, *, private: bool = True, dry_run: bool = False, revision: str | None = None
) -> str:
    """Push a built data set to the Hub as one commit: all of it arrives, or nothing.

    Files that the repository already has are not sent again. Data files of an earlier push (Parquet, `.tsv` and
    `.tsv.gz`) that the folder no longer has are deleted in the same commit; all others, such as `.gitattributes` or a
    licence, are left alone. A second push of the same folder changes nothing.

    Args:
        folder: What `phonexl data build` made.
        repo: `user/name` of the data set; made if it does not exist.
        private: Make a new repository private. One that exists and is public is refused.
        dry_run: Only return what would be added, without asking the Hub.
        revision: Branch to push to, which must exist; default: main.

    Returns:
        Address of the commit, or of the last one if nothing changed. For a dry run a line for each file: add, bytes
        and path, separated by tabs.

    Raises:
        ValueError: If `repo` is not of the form `user/name`.
        DataError: If the folder has no card of ours, parts that may not be published, files that its card does not
            account for, or lacks some.
        HubError: If there is no token, or the Hub cannot be reached or refuses.
    """
    check_repository_name(repo)
    files = _data_files(folder)
    if dry_run:
        return list_files(files)
    return push_files(
        "dataset",
        repo,
        files,
        lambda name: name.endswith(_DATA),
        message="Upload a data set built by phonexl",
        private=private,
        revision=revision,
    )


def _data_files(folder: Path) -> Files:
    """The files of a whole data set; whatever else lies there is refused by name."""
    built = BuiltFolder.open(folder)
    _refuse_unpublishable(built)
    shards = {path for table, split in built.tables() for path in built.shards(table, split)}
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    known = {folder / README, *shards, *(path for path in files if path.name.endswith(_DATA[1:]))}
    if foreign := [path.relative_to(folder).as_posix() for path in files if path not in known]:
        expected = f"only {README}, the Parquet files that it names, .tsv and .tsv.gz"
        raise DataError(folder, None, ", ".join(foreign), expected, "Move the other files away.")
    return {path.relative_to(folder).as_posix(): path for path in files}


def _refuse_unpublishable(built: BuiltFolder) -> None:
    """Let only a card of ours pass, and only one that lists nothing that may not be published."""
    readme, facts = built.path / README, built.card.get("phonexl")
    parts = facts.get("unpublishable") if isinstance(facts, dict) else None
    if not has_our_tag(built.card) or not isinstance(parts, list):
        raise DataError(readme, None, None, f'the tag "{TAG}" and the list phonexl.unpublishable', _REBUILD)
    if parts:
        cure = "Build the folder again with --publishable, which leaves them out."
        raise DataError(readme, None, ", ".join(map(str, parts)), "nothing that may not be published", cure)
