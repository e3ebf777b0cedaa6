"""One HTML page: sentences with sound and tags, and tables. Stands alone: no script, no font, no network.

Which sentences it shows is the caller's choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from phonexl.results import Table


@dataclass(frozen=True)
class Word:
    """A token as it is shown: spelling over sound, romanisation and tag; `gold` marks a wrong tag."""

    token: str
    ipa: str = ""
    romanized: str = ""
    tag: str = ""
    gold: str = ""


@dataclass(frozen=True)
class Line:
    """A sentence: its words, its language for the browser's choice of glyphs, and a note."""

    words: Sequence[Word]
    language: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Paragraphs, a table and sentences under a heading."""

    heading: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    lines: Sequence[Line] = field(default_factory=tuple)


def render_page(title: str, sections: Sequence[Section | tuple[str, Sequence[Line]]]) -> str:
    """The page as text."""
    environment = Environment(loader=PackageLoader("phonexl", "."), autoescape=True, undefined=StrictUndefined)
    whole = [Section(item[0], lines=item[1]) if isinstance(item, tuple) else item for item in sections]
    return environment.get_template("page.html.jinja").render(title=title, sections=whole)
