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
    """

    name: str
    licence: str
    url: str


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """Counts of one split.

    Attributes:
        config: Configuration that holds it.
        split: train, validation or test.
        sentences: Number of sentences.
        in_train: Sentences whose tokens also occur as a sentence of the train split.
        reasons: Tokens by how they were read (`modeling_phonexl.transcription.REASONS`).
        read: Those of `reasons` that count as transcribed.
    """

    config: str
    split: str
    sentences: int
    in_train: int
    reasons: Mapping[str, int]
    read: int

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(self.reasons.values())

    @property
    def read_share(self) -> float:
        """Share of the tokens other than punctuation that are transcribed, 0 to 1; 1 if there is no other."""
        sounding = self.tokens - self.reasons.get("punctuation", 0)
        return self.read / sounding if sounding else 1.0


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What the card of a data set says.

    Attributes:
        title: Heading.
        summary: First paragraph.
        command: The command that builds it.
        splits: Counts, in the order of the table.
        sources: Corpora and licences.
        defects: Known defects, one sentence or two each.
    """

    title: str
    summary: str
    command: str
    splits: tuple[SplitFacts, ...]
    sources: tuple[Source, ...]
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
    reasons = [name for name in _REASON_TEXT if any(split.reasons.get(name) for split in facts.splits)]
    unknown = {name for split in facts.splits for name in split.reasons} - _REASON_TEXT.keys()
    if unknown:
        raise ValueError(f"no description of the reason {', '.join(sorted(unknown))}; known: {', '.join(_REASON_TEXT)}")
    return _render("dataset.md.jinja", metadata=card_data.to_yaml(), facts=facts, reasons=reasons, texts=_REASON_TEXT)


def _render(template: str, **values: object) -> str:
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


_REASON_TEXT = {
    "read": "by the language's rules or its reading tool",
    "lexicon": "from a list of exceptions",
    "rule": "changed by an optional rule",
    "number": "digits, read as a number",
    "latin": "Latin letters in a language of another script",
    "split": "several scripts or an unaligned word, read in parts",
    "jukujikun": "a share of a reading that belongs to the whole word",
    "passed": "not read: the token stands as it is",
    "punctuation": "not read: no sound",
}
