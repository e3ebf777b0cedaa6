"""A built data set as it lies on the disk: its card, its configurations, the rows of its Parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import DatasetCard

from dataset_scripts.readers import DataError

if TYPE_CHECKING:
    from datasets import Features

_SHARD = re.compile(r"(?P<split>\w+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.parquet")
_CURE = "Name a folder that data build made, or build it again."
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BuiltFolder:
    """What the card of a built folder says.

    Attributes:
        path: The folder.
        card: Front matter of its README.md.
        configs: Of each configuration the pattern of files of each split, and its number of rows.
    """

    path: Path
    card: Mapping[str, Any]
    configs: Mapping[str, Mapping[str, tuple[str, int]]]

    @classmethod
    def open(cls, path: Path) -> BuiltFolder:
        """Read the card.

        Raises:
            DataError: If there is none, or one that does not list configurations with their sizes.
        """
        readme = path / "README.md"
        if not readme.is_file():
            raise DataError(path, None, None, "a README.md", _CURE)
        try:
            card = DatasetCard.load(readme, ignore_metadata_errors=False).data.to_dict()
            infos = card["dataset_info"]
            infos = infos if isinstance(infos, list) else [{"config_name": card["configs"][0]["config_name"], **infos}]
            rows = {
                (info["config_name"], split["name"]): int(split["num_examples"])
                for info in infos
                for split in info["splits"]
            }
            configs = {
                config["config_name"]: {
                    files["split"]: (files["path"], rows[config["config_name"], files["split"]])
                    for files in config["data_files"]
                }
                for config in card["configs"]
            }
        except (KeyError, TypeError, ValueError, IndexError, yaml.YAMLError) as error:
            expected = f"front matter with configs and the sizes of their splits ({error!r})"
            raise DataError(readme, None, None, expected, _CURE) from error
        return cls(path, card, configs)

    def tables(self) -> dict[tuple[str, str], int]:
        """Rows by table and split: of the configurations that are a table of their own, and of the parts of others."""
        found: dict[tuple[str, str], int] = {}
        for splits in self.configs.values():
            for pattern, rows in splits.values():
                table, _, split = pattern.removesuffix("-*").rpartition("/")
                found[table, split] = rows
        return found

    def shards(self, table: str, split: str) -> list[Path]:
        """The Parquet files of a table's split, in order.

        Raises:
            DataError: If there is none, or one of them is missing.
        """
        folder = self.path / table
        found = {path.name: path for path in sorted(folder.glob(f"{split}-*.parquet"))}
        names = [_SHARD.fullmatch(name) for name in found]
        counts = {int(name["count"]) for name in names if name and name["split"] == split}
        wanted = [f"{split}-{number:05}-of-{max(counts):05}.parquet" for number in range(max(counts))] if counts else []
        if list(found) != wanted or not wanted:
            missing = ", ".join(name for name in wanted if name not in found) or f"{split}-00000-of-00001.parquet"
            raise DataError(folder, None, ", ".join(found) or "nothing", f"the files of {split}: {missing}", _CURE)
        return list(found.values())


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file, a row group at a time.

    Raises:
        DataError: If it is damaged.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def columns_of(path: Path) -> Features:
    """The columns of a Parquet file.

    Raises:
        DataError: If it is damaged.
    """
    import pyarrow
    import pyarrow.parquet
    from datasets import Features

    try:
        return Features.from_arrow_schema(pyarrow.parquet.read_schema(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(path, None, None, f"a Parquet file ({error})", "Build the data set again.")


def tag_names_of(path: Path) -> tuple[str, ...]:
    """Names of the tags of a Parquet file, in the order of their ids; none where it has no tags."""
    tags = columns_of(path).get("tags")
    return tuple(getattr(getattr(tags, "feature", None), "names", ()))
