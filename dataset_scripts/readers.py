"""Token files to sentences: TSV, the authors' four columns, CoNLL-U, our Parquet; plain or gzip, streamed.

Checks every line and repairs nothing by itself; building a data set is in `build.py`, dictionaries in `dictionary.py`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from dataset_scripts.schema import SPLITS, Sentence, tag_names

FILE_NAMES = {"train": ("train",), "validation": ("dev", "validation"), "test": ("test",)}
_SUFFIXES = (".tsv", ".tsv.gz", ".conllu", ".conllu.gz")
_SHOWN = 80  # characters of a faulty line that a message quotes
_CHUNK = 1 << 20  # bytes of whole lines that are decoded at once
_BOM, _TAB = "\ufeff", "\t"
# What other programs take for the end of a line: inside a token it would cut the data set apart for them.
_LINE_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class DataError(ValueError):
    """A file that does not hold what it should; the message is one line: where, expected, found, what to do.

    Args:
        path: The file or folder.
        line: Line number from 1, or None where no line is to blame.
        text: What was found, or None where there is nothing to quote.
        expected: What should stand there.
        cure: What to do about it, one or more sentences.
    """

    def __init__(self, path: Path | str, line: int | None, text: str | None, expected: str, cure: str = "") -> None:
        # All of them, so that the error survives pickling between processes.
        super().__init__(path, line, text, expected, cure)
        self.path = path
        self.line = line
        self.text = text
        self.expected = expected
        self.cure = cure

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else f"{self.path}"
        found = f", found {_quoted(self.text)}" if self.text is not None else ""
        return f"{where}: expected {self.expected}{found}. {self.cure}".rstrip()


def _quoted(text: str) -> str:
    """Text in double quotes, cut, with everything that cannot be seen (tab, U+200B) as an escape."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown) + '"'


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Stream the lines of a UTF-8 file, plain or gzip (by its name), as (number from 1, text without line end).

    Lines end at LF only: U+0085 or U+2028 inside a line splits nothing.

    Raises:
        DataError: For bad UTF-8, a byte order mark, the CR of a Windows line end (both invisible, and part of a token
            or tag if they stayed), a truncated or damaged gzip file, or a file that cannot be read.
    """
    number = 0
    try:
        with _open(path) as stream:
            while raw := stream.readlines(_CHUNK):
                lines = _decode(path, raw, number + 1)
                yield from enumerate(lines, number + 1)
                number += len(lines)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        cure = "The file is cut off or damaged; fetch or copy it again."
        raise DataError(path, _readable_lines(path) + 1, None, f"a whole gzip file ({error})", cure) from error
    except OSError as error:
        raise DataError(path, None, None, f"a readable file ({error.strerror})") from error


def _open(path: Path) -> IO[bytes]:
    """The file's own bytes. Buffered, because gzip's lines come from Python, one by one."""
    return io.BufferedReader(cast(Any, gzip.open(path))) if path.suffix == ".gz" else path.open("rb")


def _decode(path: Path, raw: Sequence[bytes], first: int) -> list[str]:
    """Lines without their end, all at once since that is faster; `first` is the number of the first."""
    joined = b"".join(raw)
    try:
        text = joined.decode()
    except UnicodeDecodeError as error:
        place = joined.count(b"\n", 0, error.start)
        found = raw[place].decode("utf-8", "backslashreplace").rstrip("\n")
        cure = "Convert the file, for example with iconv."
        raise DataError(path, first + place, found, "UTF-8", cure) from error
    lines = text.removesuffix("\n").split("\n")
    if first == 1 and text.startswith(_BOM):
        cure = "Save the file without it, for example with: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE"
        raise DataError(path, 1, lines[0], "UTF-8 without a byte order mark", cure)
    if "\r\n" in text or text.endswith("\r"):
        number, line = next((number, line) for number, line in enumerate(lines, first) if line.endswith("\r"))
        cure = "Convert the file, for example with: sed -i 's/\\r$//' FILE"
        raise DataError(path, number, line, "a line that ends in LF alone, not CR LF", cure)
    return lines


def _readable_lines(path: Path) -> int:
    """Number of whole lines before a fault of the file."""
    count = 0
    with contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile, OSError), gzip.open(path) as stream:
        for _ in stream:
            count += 1
    return count


def _blocks(path: Path) -> Iterator[list[tuple[int, str]]]:
    """Runs of lines between empty lines, each with its line numbers; at least one."""
    block: list[tuple[int, str]] = []
    empty = True
    for number, line in read_lines(path):
        if line:
            block.append((number, line))
        elif block:
            yield block
            empty, block = False, []
    if block:
        yield block
    elif empty:
        raise DataError(path, None, None, "at least one sentence", "The file is empty.")


def _stem(path: Path) -> str:
    """File name without its format: "train-zh" of train-zh.tsv.gz."""
    return re.sub(r"(\.(tsv|conllu|txt))?(\.gz)?$", "", path.name)


def _checked(path: Path, number: int, line: str, token: str, tag: str, tags: frozenset[str]) -> tuple[str, str]:
    """The pair, unless the token is empty or the tag unknown."""
    if not token:
        raise DataError(path, number, line, "a token before the tag", "Give the token, or delete the line.")
    if not token.isprintable() and _LINE_ENDS.search(token):  # most are printable, which is quick to see
        cure = "Other programs would cut the line there; delete or replace the character."
        raise DataError(path, number, line, "a token without a character that ends lines", cure)
    if tag not in tags:
        cure = f"Known tags: {' '.join(sorted(tags))}. Correct the tag, or name the task that the file is for."
        raise DataError(path, number, line, f"a known tag instead of {_quoted(tag)}", cure)
    return token, tag


def read_tsv(path: Path, task: str, language: str) -> Iterator[Sentence]:
    """Stream the sentences of a `token TAB tag` file as XTREME writes them: an empty line ends a sentence.

    There are no comments: `#` is a token. Orphan `I-` tags stay (see `repair_orphan_tags`).

    Args:
        path: The file, plain or .gz.
        task: A key of `TASKS`.
        language: Code to put into each sentence.

    Raises:
        DataError: For a line without exactly one tab, an empty token, an unknown tag, a file without sentences.
    """
    tags = frozenset(tag_names(task))
    stem = _stem(path)
    for index, block in enumerate(_blocks(path), 1):
        rows = []
        for number, line in block:
            token, tab, tag = line.partition("\t")
            if not tab or "\t" in tag:
                tabs = f"{line.count(_TAB)} tabs" if tab else "no tab"
                cure = "Separate the two columns by one tab; an empty line ends a sentence."
                raise DataError(path, number, line, f'"token<TAB>tag", not {tabs}', cure)
            rows.append(_checked(path, number, line, token, tag, tags))
        tokens, labels = zip(*rows, strict=True)
        yield Sentence(f"{stem}-{index}", language, tokens, labels)


@dataclass(frozen=True, slots=True)
class ReleasedSentence:
    """A sentence of the PhoneXL authors' release.

    Attributes:
        sentence: Tokens and tags, as from `read_tsv`.
        ipa: Their IPA per token; may be empty (apostrophes) or not IPA at all (unread Han, kana or Hangul).
        romanized: Their romanisation per token; may be empty.
    """

    sentence: Sentence
    ipa: tuple[str, ...]
    romanized: tuple[str, ...]


def read_released(path: Path, task: str, language: str) -> Iterator[ReleasedSentence]:
    """Stream the sentences of a `token TAB tag TAB IPA TAB romanised` file, the format of the PhoneXL release.

    Args:
        path: The file, plain or .gz.
        task: A key of `TASKS`.
        language: Code to put into each sentence.

    Raises:
        DataError: For a line without exactly three tabs, an empty token, an unknown tag, a file without sentences.
    """
    tags = frozenset(tag_names(task))
    for index, block in enumerate(_blocks(path), 1):
        rows = []
        for number, line in block:
            fields = line.split("\t")
            if len(fields) != 4:
                expected = f'"token<TAB>tag<TAB>IPA<TAB>romanised", not {len(fields)} fields'
                raise DataError(path, number, line, expected, "Fields may be empty, their tabs may not be missing.")
            rows.append((*_checked(path, number, line, fields[0], fields[1], tags), fields[2], fields[3]))
        tokens, labels, ipa, romanized = zip(*rows, strict=True)
        yield ReleasedSentence(Sentence(f"{_stem(path)}-{index}", language, tokens, labels), ipa, romanized)


def read_conllu(path: Path, task: str, language: str) -> Iterator[Sentence]:
    """Stream the sentences of a CoNLL-U file: UPOS from column 4, or entities from `NER=` in column 10 (MISC).

    Multi-word ranges (1-2) and empty nodes (1.1) are left out; spaces inside a word stay. `# sent_id` gives the id.

    Args:
        path: The file, plain or .gz.
        task: A key of `TASKS`; "panx" needs `NER=` on every word, `NER=O` included.
        language: Code to put into each sentence.

    Raises:
        DataError: For a line without ten columns, word numbers out of order, an empty token, a missing or unknown
            tag, an id given twice, a file without sentences.
    """
    tags = frozenset(tag_names(task))
    first_seen: dict[str, int] = {}
    for index, block in enumerate(_blocks(path), 1):
        identifier = f"{_stem(path)}-{index}"
        rows: list[tuple[str, str]] = []
        for number, line in block:
            if line.startswith("#"):
                name, _, value = line[1:].partition("=")
                identifier = value.strip() if name.strip() == "sent_id" else identifier
                continue
            fields = line.split("\t")
            if len(fields) != 10:
                cure = "Columns are separated by tabs, comments begin with #."
                raise DataError(path, number, line, f"the 10 columns of CoNLL-U, not {len(fields)}", cure)
            if re.fullmatch(r"\d+[-.]\d+", fields[0]):
                continue
            if fields[0] != str(len(rows) + 1):
                cure = "An empty line must stand between sentences, and words count from 1."
                raise DataError(path, number, line, f"word number {len(rows) + 1}", cure)
            rows.append(_checked(path, number, line, fields[1], _conllu_tag(path, number, fields, task), tags))
        if not rows:
            raise DataError(path, block[0][0], block[0][1], "a word after the comments", "Delete the empty sentence.")
        if identifier in first_seen:
            expected = f"an id that line {first_seen[identifier]} does not have"
            raise DataError(path, block[0][0], identifier, expected, "Give each sentence a sent_id of its own.")
        first_seen[identifier] = block[0][0]
        tokens, labels = zip(*rows, strict=True)
        yield Sentence(identifier, language, tokens, labels)


def _conllu_tag(path: Path, number: int, fields: Sequence[str], task: str) -> str:
    """The tag of a CoNLL-U word for the task."""
    if task == "udpos":
        return fields[3]
    for item in fields[9].split("|"):
        if item.startswith("NER="):
            return item.removeprefix("NER=")
    cure = 'Write NER=O for a word outside of entities, or use the task "udpos".'
    raise DataError(path, number, fields[9], "NER=TAG in column 10 (MISC)", cure)


def to_tsv(sentences: Iterable[Sentence], glued: bool = False) -> str:
    r"""The text of a `token TAB tag` file as XTREME writes it: LF, an empty line between sentences, none at the end.

    Args:
        sentences: What to write.
        glued: Delete the spaces inside tokens, as XTREME does in its Vietnamese files.

    >>> to_tsv([Sentence("1", "vi", ("điện tử",), ("NOUN",))], glued=True)
    'điệntử\tNOUN\n'
    """
    blocks = []
    for sentence in sentences:
        tokens = [token.replace(" ", "") if glued else token for token in sentence.tokens]
        blocks.append(sentence_block(tokens, sentence.tags))
    return "\n".join(blocks)


def sentence_block(tokens: Sequence[str], tags: Sequence[str]) -> str:
    """The lines of one sentence in a `token TAB tag` file."""
    return "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True))


def find_files(folder: Path, language: str, split: str) -> list[Path]:
    """The token files of one language and split: `{train,dev,validation,test}-LANG.{tsv,conllu}[.gz]`, sorted."""
    names = (f"{name}-{language}{suffix}" for name in FILE_NAMES[split] for suffix in _SUFFIXES)
    return sorted(folder / name for name in names if (folder / name).is_file())


def find_parquet(folder: Path, task: str, language: str, split: str) -> list[Path]:
    """The shards of one language and split in a folder made by `build`: under LANG/ or, with two tasks, LANG-TASK/."""
    found = [sorted((folder / config).glob(f"{split}-*.parquet")) for config in (f"{language}-{task}", language)]
    return found[0] or found[1]


def load_split(folder: Path, task: str, language: str, split: str) -> list[Sentence]:
    """Read one split of one language from a folder of token files or from one made by `build`.

    `in_train` is set on sentences of the other splits whose tokens also occur as a sentence of the train split, where
    there is one: 28 % of PAN-X test-vi do.

    Args:
        folder: Holds the files that `find_files` or `find_parquet` names.
        task: A key of `TASKS`.
        language: Code as in the file names.
        split: One of `SPLITS`.

    Raises:
        ValueError: For a task or split that does not exist.
        DataError: If the file is missing, there are two of it, or it does not hold the task.
    """
    tag_names(task)
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; known: {', '.join(SPLITS)}")
    if shards := find_parquet(folder, task, language, split):
        return [sentence for shard in shards for sentence in _read_parquet(shard, task)]
    sentences = _read_one(folder, task, language, split)
    if split == "train" or not find_files(folder, language, "train"):
        return sentences
    seen = {sentence.tokens for sentence in _read_one(folder, task, language, "train")}
    return [replace(sentence, in_train=True) if sentence.tokens in seen else sentence for sentence in sentences]


def _read_one(folder: Path, task: str, language: str, split: str) -> list[Sentence]:
    """The sentences of the one file of a language and split."""
    files = find_files(folder, language, split)
    looked_for = f"{FILE_NAMES[split][0]}-{language}.tsv (or .conllu, either also .gz)"
    if not files:
        if not folder.is_dir():
            raise DataError(folder, None, None, f"a folder with {looked_for}", "There is no such folder.")
        there = sorted(entry.name for entry in folder.iterdir())
        listing = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
        cure = f"It holds {listing or 'nothing'}. Name the folder that has the file."
        raise DataError(folder, None, None, looked_for, cure)
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise DataError(folder, None, names, f"one file {looked_for}", "Keep one of them.")
    read = read_conllu if ".conllu" in files[0].suffixes else read_tsv
    return list(read(files[0], task, language))


def _read_parquet(path: Path, task: str) -> Iterator[Sentence]:
    """The sentences of one shard; straight through pyarrow, because `load_dataset` caches by folder name."""
    import pyarrow
    import pyarrow.parquet
    from datasets import Features

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(path, None, None, f"a Parquet file ({error})", "Build the data set again.") from error
    columns = Features.from_arrow_schema(table.schema)
    names = tuple(getattr(getattr(columns.get("tags"), "feature", None), "names", ()))
    if names != tag_names(task):
        cure = f"This data set has other tags ({' '.join(names) or 'none'}); name its task."
        raise DataError(path, None, None, f"tags of the task {task!r}", cure)
    for row in table.select(["id", "lang", "tokens", "tags", "in_train"]).to_pylist():
        tags = tuple(names[tag] for tag in row["tags"])
        yield Sentence(row["id"], row["lang"], tuple(row["tokens"]), tags, row["in_train"])


def orphan_tags(tags: Sequence[str]) -> list[bool]:
    """Per tag whether it is an I- that continues nothing: the tag before is neither B- nor I- of its type.

    PAN-X train-zh has 896 of them; entity scorers differ on what they are.

    >>> orphan_tags(["I-PER", "I-PER"])
    [True, False]
    """
    return [tag[:2] == "I-" and before[2:] != tag[2:] for before, tag in zip(("O", *tags), tags, strict=False)]


def repair_orphan_tags(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Let each orphan `I-` tag begin its entity (`B-`); all else stays.

    >>> repair_orphan_tags([Sentence("1", "zh", ("a", "b"), ("I-PER", "I-PER"))])[0].tags
    ('B-PER', 'I-PER')
    """
    repaired = []
    for sentence in sentences:
        marks = zip(sentence.tags, orphan_tags(sentence.tags), strict=True)
        repaired.append(replace(sentence, tags=tuple(f"B-{tag[2:]}" if orphan else tag for tag, orphan in marks)))
    return repaired
