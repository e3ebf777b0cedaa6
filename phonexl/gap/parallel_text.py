"""Sentences that say the same in every language, read from files.

Not here: what an encoder makes of them (`representations.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dataset_scripts.readers import DataError, read_lines
from modeling_phonexl.transcription import find_language


def read_parallel(folder: Path, languages: Sequence[str], limit: int | None = None) -> dict[str, list[str]]:
    """Lines of `devtest.LANG.txt[.gz]` (FLORES) or `LANG.txt[.gz]`; line n says the same in every language.

    Args:
        folder: Holds the files, or a folder `flores` that does.
        languages: Codes, two or three letters; of a language without transcription the three of its file.
        limit: Take the first ones only.

    Raises:
        DataError: If a file is missing, a line that is taken is blank, or two have different numbers of lines.
        UnknownLanguageError: For a language without transcription of which there is no file.
    """
    place = folder / "flores" if (folder / "flores").is_dir() else folder
    found: dict[str, list[str]] = {}
    for language in languages:
        path = _find(place, language) if re.fullmatch("[a-z]{3}", language) else None
        code = language if path is not None else find_language(language).iso639_3
        path = path or _find(place, code)
        if path is None:
            expected = f"a file devtest.{code}.txt[.gz]"
            raise DataError(place, None, None, expected, "Name the folder of the parallel sentences.")
        found[code] = []
        for number, line in read_lines(path):
            if not line.strip() and (limit is None or number <= limit):
                cure = f"Line n says the same in every language: write it, or take line {number} out of every file."
                raise DataError(path, number, line, "a sentence", cure)
            found[code].append(line)
        first = next(iter(found))
        if len(found[code]) != len(found[first]):
            expected = f"{len(found[first])} lines as {first} has, not {len(found[code])}"
            raise DataError(path, None, None, expected, "Line n must be the same sentence in every language.")
    return {code: lines[:limit] for code, lines in found.items()}


def _find(place: Path, code: str) -> Path | None:
    paths = (place / f"{stem}{end}" for stem in (f"devtest.{code}", code) for end in (".txt", ".txt.gz"))
    return next((path for path in paths if path.is_file()), None)
