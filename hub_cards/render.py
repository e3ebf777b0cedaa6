"""Renders the README.md of a repository from its template and counted facts.

Counts nothing and reads no data: whoever builds the repository passes the figures in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import jinja2
from huggingface_hub import DatasetCardData


@dataclass(frozen=True, slots=True)
class Source:
    """Where sentences come from.

    Attributes:
        name: The corpus with its version.
        licence: Licence of its text and annotation.
        url: Where it lives.
        licence_ids: The same as the Hub's identifiers.
    """

    name: str
    licence: str
    url: str
    licence_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """Counts of one split.

    Attributes:
        config: Configuration that holds it.
        split: train, validation or test.
        rows: Number of rows: sentences, or pairs.
        in_train: Sentences whose tokens also occur as a sentence of the train split.
        reasons: Words by how they were read (`modeling_phonexl.transcription.REASONS`, or "given").
        read: Those of `reasons` that count as transcribed.
        repeated: Rows that an earlier row of the split equals.
        orphans: `I-` tags that continue nothing.
    """

    config: str
    split: str
    rows: int
    in_train: int
    reasons: Mapping[str, int]
    read: int
    repeated: int = 0
    orphans: int = 0

    @property
    def tokens(self) -> int:
        """Number of words."""
        return sum(self.reasons.values())

    @property
    def read_share(self) -> float:
        """Share of the words other than punctuation that are transcribed, 0 to 1; 1 if there is no other."""
        sounding = self.tokens - self.reasons.get("punctuation", 0)
        return self.read / sounding if sounding else 1.0


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What the card of a data set says.

    Attributes:
        title: Heading.
        summary: First paragraph.
        columns: What the columns are.
        command: The command that builds it.
        config: A configuration, for the example.
        recipe: Recipe of transcription.
        tools: Versions by package.
        digests: SHA-256 by source file.
        splits: Counts, in the order of the table.
        sources: Corpora and licences, with the language that they give.
        defects: Known defects, one sentence or two each.
    """

    title: str
    summary: str
    columns: str
    command: str
    config: str
    recipe: str
    tools: Mapping[str, str]
    digests: Mapping[str, str]
    splits: tuple[SplitFacts, ...]
    sources: tuple[tuple[str, Source], ...]
    defects: tuple[str, ...]


def render_dataset_card(card_data: DatasetCardData, facts: DatasetFacts) -> str:
    """The README.md of a data set: YAML front matter, then sizes, coverage, sources, defects and how to cite.

    The same arguments give the same bytes: nothing is dated.

    Args:
        card_data: Front matter; `configs` and `dataset_info` included.
        facts: What the text says.

    Raises:
        ValueError: If there is no split, or one without tokens.
    """
    if not facts.splits or not all(split.tokens for split in facts.splits):
        raise ValueError(f"the card of {facts.title!r} needs at least one split, and tokens in each")
    reasons = [name for name in REASON_TEXT if any(split.reasons.get(name) for split in facts.splits)]
    unknown = {name for split in facts.splits for name in split.reasons} - REASON_TEXT.keys()
    if unknown:
        raise ValueError(f"no description of the reason {', '.join(sorted(unknown))}; known: {', '.join(REASON_TEXT)}")
    languages: dict[Source, list[str]] = {}
    for language, source in facts.sources:
        languages.setdefault(source, []).append(language)
    return render_template(
        "dataset.md.jinja",
        **{"metadata": card_data.to_yaml(), "facts": facts, "sources": languages},
        **{"reasons": reasons, "texts": REASON_TEXT},
    )


def render_template(template: str, **values: object) -> str:
    """Fill a template of this package; a name that is not given is an error."""
    text = resources.files(__package__).joinpath(template).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.from_string(text).render(**values)


REASON_TEXT = {
    "read": "by the language's rules or its reading tool",
    "given": "as the source file has it",
    "lexicon": "from a list of exceptions",
    "rule": "changed by an optional rule",
    "number": "digits, read as a number",
    "latin": "Latin letters in a language of another script",
    "split": "several scripts or an unaligned word, read in parts",
    "jukujikun": "a share of a reading that belongs to the whole word",
    "passed": "not read: the token stands as it is",
    "punctuation": "not read: no sound",
}
