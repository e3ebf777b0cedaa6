"""What a text is spelled in: its script, Latin letters, or IPA."""

from __future__ import annotations

from collections.abc import Sequence

from modeling_phonexl.transcription import Transcriber

SPELLINGS = ("text", "romanized", "ipa")


def spell_words(words: Sequence[str], language: str, spelling: str) -> list[str]:
    """Write the words of one sentence in their script, romanised, or in IPA, read in context.

    Args:
        words: None of them empty.
        language: Its code.
        spelling: One of `SPELLINGS`.

    Returns:
        As many, none empty.

    Raises:
        ValueError: For another spelling.
        MissingToolError: If the reading tool of the language is not installed.
    """
    check_spelling(spelling)
    if spelling == "text":
        return list(words)
    records = Transcriber(language)(words)
    if spelling == "ipa":
        return [record.ipa for record in records]
    return [record.romanized or word for word, record in zip(words, records, strict=True)]


def check_spelling(spelling: str) -> None:
    """Refuse an unknown spelling.

    Raises:
        ValueError: If it is none of `SPELLINGS`.
    """
    if spelling not in SPELLINGS:
        raise ValueError(f"unknown spelling {spelling!r}; known: {', '.join(SPELLINGS)}")
