"""Running text as an encoder reads it, whichever reader it has."""

from __future__ import annotations

from collections.abc import Sequence

from modeling_phonexl.transcription import Transcriber
from phonexl.gap.tokenizer_reader import TokenizerReader
from phonexl.gap.word_reader import EncodedWords, WordReader


def read_sentences(reader: WordReader, sentences: Sequence[str], language: str) -> list[EncodedWords]:
    """Ids of sentences, cut into words first; a tokenizer of text cuts running text by itself, as it was trained to.

    Args:
        reader: Of the encoder.
        sentences: Running text.
        language: ISO 639-3 code; see `depends_on_transcription` for whether it must be one that we transcribe.

    Raises:
        ValueError: Naming the sentence of which nothing is left, or not one word fits.
        MissingToolError: If the reading tool of the language is not installed.
    """
    encoded = []
    for number, sentence in enumerate(sentences, 1):
        try:
            encoded.append(_read(reader, sentence, language))
        except ValueError as error:
            raise ValueError(f"{language}, sentence {number} cannot be read ({error}): {sentence!r}") from error
    return encoded


def _read(reader: WordReader, sentence: str, language: str) -> EncodedWords:
    if isinstance(reader, TokenizerReader):
        return reader.encode_text(sentence, language)
    cut = Transcriber(language).segment(sentence)
    return reader.encode([sentence[start:end] for start, end in cut], language)


def depends_on_transcription(reader: WordReader) -> bool:
    """Whether our cutting and reading of words decides what the encoder is given, and not its tokenizer alone."""
    return not isinstance(reader, TokenizerReader) or reader.name != "text"
