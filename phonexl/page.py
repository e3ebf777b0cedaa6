"""One HTML page: sentences with sound and tags, and tables. Stands alone: no script, no font, no network.

Which sentences it shows is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from modeling_phonexl.transcription import Transcription, find_language

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
        expected: The right sound, which marks another one as wrong; empty where it is not known or was hit.
    """

    token: str
    ipa: str = ""
    romanized: str = ""
    tag: str = ""
    gold: str = ""
    expected: str = ""

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
        names = ("ipa", "expected", "romanized", "tag")
        return [name for name in names if any(getattr(word, name) for word in self.words)]

    @property
    def direction(self) -> str:
        """Of the words: "rtl" or "ltr"."""
        return "rtl" if self.language == "ur" else "ltr"


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
    expected: Sequence[str] = (),
) -> Line:
    """A sentence with its sound; what was not read has none, and a romanisation that repeats the spelling is left out.

    Args:
        language: Any code that `find_language` takes.
        tokens: Words.
        records: Their transcriptions.
        tags: Their predicted tags, if there are any.
        gold: Their right tags, if they are known.
        note: Stands over the sentence.
        expected: Their right IPA, if it is known; empty for a word of which it is not.
    """
    blank = [""] * len(tokens)
    words = []
    columns = zip(tokens, records, tags or blank, gold or blank, expected or blank, strict=True)
    for token, record, tag, right, sound in columns:
        romanized = "" if record.romanized == token or not record.transcribed else record.romanized
        missed = "" if sound == record.ipa else sound
        words.append(Word(token, record.ipa if record.transcribed else "", romanized, tag, right, missed))
    return Line(words, find_language(language).iso639_1, note)


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
