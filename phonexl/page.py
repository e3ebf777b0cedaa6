"""One HTML page: sentences with sound and tags, and tables. Stands alone: no script, no font, no network.

Which sentences it shows is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from modeling_phonexl.transcription import Transcription

if TYPE_CHECKING:
    from phonexl.results import Table

MARK = '<meta name="generator" content="phonexl">'


@dataclass(frozen=True)
class Word:
    """A token as it is shown, one text above the other; an empty text leaves its row blank.

    Attributes:
        token: Spelling.
        ipa: Sound.
        romanized: Latin spelling of the sound.
        tag: Predicted tag.
        gold: The right tag, which marks another one as wrong; empty where it is not known.
    """

    token: str
    ipa: str = ""
    romanized: str = ""
    tag: str = ""
    gold: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether another tag than the right one was predicted."""
        return bool(self.gold) and self.gold != self.tag


@dataclass(frozen=True)
class Line:
    """A sentence: its words, its language for the browser's choice of glyphs, and a note."""

    words: Sequence[Word]
    language: str
    note: str = ""

    @property
    def rows(self) -> list[str]:
        """Fields below the token that any word of the sentence has: all words then keep their place for them."""
        return [name for name in ("ipa", "romanized", "tag") if any(getattr(word, name) for word in self.words)]


@dataclass(frozen=True)
class Section:
    """Paragraphs, a table and sentences under a heading."""

    heading: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    lines: Sequence[Line] = ()


def make_line(
    language: str,
    tokens: Sequence[str],
    records: Sequence[Transcription],
    tags: Sequence[str] = (),
    gold: Sequence[str] = (),
    note: str = "",
) -> Line:
    """A sentence with its sound; what was not read has none, and a romanisation that repeats the spelling is left out.

    Args:
        language: ISO 639-1 code.
        tokens: Words.
        records: Their transcriptions.
        tags: Their predicted tags, if there are any.
        gold: Their right tags, if they are known.
        note: Stands over the sentence.
    """
    blank = [""] * len(tokens)
    words = []
    for token, record, tag, right in zip(tokens, records, tags or blank, gold or blank, strict=True):
        romanized = "" if record.romanized == token or not record.transcribed else record.romanized
        words.append(Word(token, record.ipa if record.transcribed else "", romanized, tag, right))
    return Line(words, language, note)


def render_page(title: str, sections: Sequence[Section]) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("phonexl", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja").render(title=title, sections=sections) + "\n"
