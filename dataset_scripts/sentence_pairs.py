"""Files of labelled sentence pairs (XNLI) to pairs: `premise TAB hypothesis TAB label TAB genre`, or our Parquet.

Token files are read in `readers.py`; which pairs a run trains on is not decided here.
"""

from collections.abc import Iterator
from pathlib import Path

from dataset_scripts.built import read_rows
from dataset_scripts.readers import FILE_NAMES, DataError, find_parquet, read_lines
from dataset_scripts.schema import XNLI_LABELS, SentencePair

_HEADER = "premise\thypothesis\tlabel\tgenre"


def read_pairs(path: Path, language: str) -> Iterator[SentencePair]:
    """Stream the pairs of a text file with a header; row n is the same pair in every language.

    Args:
        path: The file, plain or .gz.
        language: Code to put into each pair.

    Raises:
        DataError: For another header, a row without four fields or with an empty one, an unknown label, a file without
            pairs.
    """
    stem = path.name.partition(".")[0]
    number = 0
    for number, line in read_lines(path):
        if number == 1:
            if line != _HEADER:
                raise DataError(path, 1, line, f"the header {_HEADER!r}", "Give the file its first line.")
            continue
        fields = line.split("\t")
        if len(fields) != 4 or not all(fields):
            cure = "Give each row premise, hypothesis, label and genre, separated by tabs."
            raise DataError(path, number, line, f"four fields, none empty, not {len(fields)}", cure)
        if fields[2] not in XNLI_LABELS:
            raise DataError(path, number, line, f"one of {', '.join(XNLI_LABELS)}", "Correct the label.")
        yield SentencePair(f"{stem}-{number - 1}", language, *fields)
    if number < 2:
        raise DataError(path, None, None, "at least one pair", "The file is empty.")


def has_pairs(folder: Path, language: str, split: str) -> bool:
    """Whether a folder has the pairs of a language and split."""
    return bool(find_parquet(folder, "xnli", language, split) or _find(folder, language, split))


def load_pairs(folder: Path, language: str, split: str) -> list[SentencePair]:
    """Read one split of one language from a folder of text files or from one made by `build`.

    Args:
        folder: Holds `{train,dev,validation,test}-LANG.tsv[.gz]`, or Parquet under LANG/.
        language: Code as in the file names.
        split: One of `SPLITS`.

    Raises:
        DataError: If the file is missing, or malformed.
    """
    if shards := find_parquet(folder, "xnli", language, split):
        rows = (row for shard in shards for row in read_rows(shard))
        return [
            SentencePair(r["id"], r["lang"], r["premise"], r["hypothesis"], XNLI_LABELS[r["label"]], r["genre"])
            for r in rows
        ]
    path = _find(folder, language, split)
    if path is None:
        expected = f"{FILE_NAMES[split][0]}-{language}.tsv (or .tsv.gz)"
        there = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        listing = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
        raise DataError(folder, None, None, expected, f"It holds {listing or 'nothing'}. Name the folder that has it.")
    return list(read_pairs(path, language))


def _find(folder: Path, language: str, split: str) -> Path | None:
    names = (f"{name}-{language}{suffix}" for name in FILE_NAMES[split] for suffix in (".tsv", ".tsv.gz"))
    return next((folder / name for name in names if (folder / name).is_file()), None)
