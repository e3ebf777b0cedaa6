"""How much of each language a phoneme encoder has no symbol for; no model is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modeling_phonexl.phoneme_text import UnknownRate
from modeling_phonexl.transcription import Transcriber
from phonexl.gap.phoneme_reader import PhonemeReader
from phonexl.gap.readers import open_reader
from phonexl.json_file import read_json, write_json
from phonexl.results import Table, describe_command, describe_versions

_NAMED = 4  # unknown segments in a row of the table


@dataclass(frozen=True, slots=True)
class SymbolCoverage:
    """What was counted of one encoder.

    Attributes:
        command: The command line.
        model: Name of the encoder.
        sentences: Of each language.
        rates: Of each language, the fields of `UnknownRate`.
        versions: Packages that can change a figure.
    """

    command: str
    model: str
    sentences: int
    rates: dict[str, dict[str, Any]]
    versions: dict[str, str]

    def save(self, path: Path) -> None:
        """Write the JSON, whole or not at all."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> SymbolCoverage:
        """Read what `save` wrote."""
        return cls(**read_json(path))

    def table(self) -> Table:
        """One row for each language."""
        rows = []
        for language, rate in self.rates.items():
            found = UnknownRate(**rate)
            named = ", ".join(f"{segment} {count}" for segment, count in found.examples[:_NAMED])
            total = max(1, found.segments)
            rows.append(
                [language, f"{found.segments:,}", f"{found.respelled / total:.2%}", f"{found.rate:.2%}", named or "-"]
            )
        return Table(["language", "segments", "respelled", "unknown", "most frequent unknown"], rows)


def check_file(path: Path) -> None:
    """Refuse to let counts take the place of a file that holds none.

    Raises:
        FileExistsError: Naming it.
    """
    if not path.exists():
        return
    try:
        keys = set(read_json(path))
    except (ValueError, OSError):  # no JSON, no text, a folder
        keys = set()
    if not {"model", "rates"} <= keys:
        raise FileExistsError(f"{path} is no file of phonexl gap symbols: move it away, or choose another --out")


def count_symbols(
    model_name: str, texts: Mapping[str, Sequence[str]], report: Callable[[str], None] = lambda line: None
) -> SymbolCoverage:
    """Read texts aloud and look their segments up in the vocabulary of an encoder.

    Args:
        model_name: "plbert-kokoro", a Hub id or a folder.
        texts: Running text by language.
        report: Called with a line for each language.

    Raises:
        ValueError: If the encoder reads no phonemes.
        MissingToolError: If a reading tool, or what the encoder is made of, is not installed.
    """
    reader = open_reader(model_name)
    if not isinstance(reader, PhonemeReader):
        raise ValueError(f"{model_name} reads {reader.name}; expected a phoneme encoder, for example plbert-kokoro")
    rates = {}
    for language, lines in texts.items():
        cut = Transcriber(language).segment
        words = ([line[start:end] for start, end in cut(line)] for line in lines)
        rates[language] = asdict(reader.unknown_rate(words, language))
        report(f"{language}: {rates[language]['segments']:,} segments")
    sentences = len(next(iter(texts.values())))
    return SymbolCoverage(describe_command(), model_name, sentences, rates, describe_versions())
