"""What a data set of ours is made of, as values: its tables, their sources, the configurations that join tables.

Facts are in `cjkv.py`, `linguistic_gap.py` and `dictionaries.py`; `catalogue.py` finds them by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub_cards.render import Source


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind and language: a folder of Parquet files in the repository, and a configuration of that name.

    Attributes:
        label: The folder.
        language: Code that the rows and the source's file names have; of a dictionary, that of the source side.
        kind: "udpos", "panx", "xnli", "text", "dictionary" (by way of English) or "cognates" (by sound).
        files: Stem of the source's files, with {split} where it has splits.
        splits: Keys of `schema.SPLITS` that may be there.
        target: Code of a dictionary's other side.
        characters: Whether words are cut into characters.
        selection: Which pairs of a dictionary: "fit" for switching, or "all".
    """

    label: str
    language: str
    kind: str
    files: str
    splits: tuple[str, ...] = ("train", "validation", "test")
    target: str = ""
    characters: bool = False
    selection: str = "fit"

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of all its text."""
        return (self.language, self.target) if self.target else (self.language,)


@dataclass(frozen=True, slots=True)
class Omission:
    """Sentences of a known file whose licence forbids a derived work.

    Attributes:
        table: Label of the table that has them.
        split: Its split.
        content: SHA-256 of the `token TAB tag` file (`readers.to_tsv`), by which it is recognised.
        first: Index of the first of them.
        stop: Index of the first sentence after them.
        source: Treebank and licence.
    """

    table: str
    split: str
    content: str
    first: int
    stop: int
    source: Source


@dataclass(frozen=True, slots=True)
class Corpus:
    """A data set.

    Attributes:
        title: Heading of the card and `pretty_name`.
        summary: First paragraph of the card.
        tables: What it holds.
        sources: Corpora by language.
        collection: Name of the folder of source files where several collections lie side by side.
        views: Configurations over several tables: of each split, the label of its table and the split there.
        defects: Known defects by language; those of "" concern all.
        omissions: What may not be published.
        shipped: Folder inside this package that has the source files; empty if the user has them.
    """

    title: str
    summary: str
    tables: tuple[Table, ...]
    sources: Mapping[str, tuple[Source, ...]]
    collection: str
    views: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    defects: Mapping[str, str] = field(default_factory=dict)
    omissions: tuple[Omission, ...] = ()
    shipped: str = ""

    @property
    def configs(self) -> tuple[str, ...]:
        """Names of the configurations: one for each table, then the views."""
        return (*(table.label for table in self.tables), *self.views)

    def tables_of(self, config: str | None) -> tuple[Table, ...]:
        """The tables that a configuration reads; all of them for None.

        Raises:
            ValueError: For an unknown configuration.
        """
        if config is None:
            return self.tables
        if config not in self.configs:
            raise ValueError(f"no configuration {config!r}; known: {', '.join(self.configs)}")
        wanted = {label for label, _ in self.views[config].values()} if config in self.views else {config}
        return tuple(table for table in self.tables if table.label in wanted)


def pair_views(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, tuple[str, str]]]:
    """Zero-shot pairs of tables: all splits of the source, validation and test of the target under names of their own.

    >>> pair_views([("zh", "vi")])["zh-vi"]["test_target"]
    ('vi', 'test')
    """
    return {
        f"{source}-{target}": {
            **{split: (source, split) for split in ("train", "validation", "test")},
            **{f"{split}_target": (target, split) for split in ("validation", "test")},
        }
        for source, target in pairs
    }
