"""What the demo shows of a sentence, as data and as HTML: sound, tags, and for each content word its nearest words.

No Gradio; the search by sound is in `nearest_words.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from dataset_scripts.schema import UPOS_TAGS
from modeling_phonexl.articulation import has_features
from modeling_phonexl.transcription import TONE_LETTERS, Transcriber, Transcription, find_language, guess_language
from phonexl.nearest_words import COUNTERPARTS, Neighbour, listed_counterparts, shipped_words
from phonexl.page import Line, make_line

LONGEST_TEXT = 500  # characters; a page is for everybody
NEIGHBOURS = 5
_OPEN_CLASSES = {"ADJ", "ADV", "NOUN", "PROPN", "VERB"}
_LEAST_SEGMENTS = 3  # of a content word, where no tag of a part of speech tells; tones do not count

Tagger = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True)
class Near:
    """A word of the sentence with its nearest words in the other language.

    Attributes:
        token: Spelling in the sentence.
        ipa: Its sound.
        neighbours: Nearest first; last, further off, those that the shipped dictionary lists for the word.
        listed: Spellings that the dictionary lists.
    """

    token: str
    ipa: str
    neighbours: Sequence[Neighbour]
    listed: frozenset[str]


@dataclass(frozen=True)
class SoundedSentence:
    """A sentence as the demo shows it.

    Attributes:
        line: Tokens with sound, romanisation and tags.
        near: Its content words, each once.
        other: Code of the language in which the nearest words are.
        num_others: How many words of it were searched.
    """

    line: Line
    near: Sequence[Near]
    other: str
    num_others: int


def make_sentence(text: str, language: str | None = None, tagger: Tagger | None = None) -> SoundedSentence:
    """Cut, read, tag and compare a sentence.

    Args:
        text: The sentence.
        language: zh, vi, ja or ko; None guesses by script.
        tagger: A pipeline from raw text to tags.

    Raises:
        ValueError: If there is no text, or more than `LONGEST_TEXT` characters, or no dictionary of the language.
        MissingToolError: If a reading tool of either language is not installed.
    """
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise ValueError(f"expected a sentence of 1 to {LONGEST_TEXT} characters, found {len(text.strip())}")
    code = language or guess_language(text)
    if code not in COUNTERPARTS:
        raise ValueError(f"language {code!r} has no counterpart; expected one of {', '.join(COUNTERPARTS)}")
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair could not be sent to a browser
    read = Transcriber(code)
    if tagger is None:
        tokens, tags = [text[start:end] for start, end in read.segment(text)], []
    else:
        words = tagger(text, language=code)
        tokens, tags = [word["word"] for word in words], [word["entity"] for word in words]
    records = read(tokens)
    content = {
        (token, record.segments): record.ipa
        for token, record, tag in zip(tokens, records, tags or [""] * len(tokens), strict=True)
        if is_content(record, tag)
    }
    others = shipped_words(COUNTERPARTS[code])
    near = []
    for (token, segments), ipa in content.items():
        listed = listed_counterparts(token, code) or listed_counterparts(token.lower(), code)
        near.append(Near(token, ipa, others.nearest(segments, NEIGHBOURS, listed), frozenset(listed)))
    num_others = sum(map(len, others.spellings))
    return SoundedSentence(make_line(code, tokens, records, tags), near, COUNTERPARTS[code], num_others)


def is_content(record: Transcription, tag: str = "") -> bool:
    """Whether a word is looked up: one that was read, of an open class, or without such a tag long enough.

    Args:
        record: Its transcription.
        tag: Its tag, of any tag set; empty if there is none.
    """
    if not record.transcribed:
        return False
    if tag in UPOS_TAGS:
        return tag in _OPEN_CLASSES
    sounds = [segment for segment in record.segments if segment[0] not in TONE_LETTERS and has_features(segment)]
    return len(sounds) >= _LEAST_SEGMENTS


def render_sentence(sentence: SoundedSentence) -> str:
    """HTML to be put into a page, with its style; all text is escaped."""
    other = find_language(sentence.other)
    return _template().render(sentence=sentence, line=sentence.line, other=other)


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("phonexl.demo", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("sentence.html.jinja")
