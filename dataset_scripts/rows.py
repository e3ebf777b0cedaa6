"""From a source to rows: raw ones, read and checked, then finished ones, with sound; each a pure function of one row.

A kind of table has four functions: its columns, its raw rows, and the two halves of a finished row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from dataset_scripts.corpus import Table
from dataset_scripts.dictionary import pivot_entries
from dataset_scripts.readers import DataError, read_conllu, read_lines, read_released, read_tsv
from dataset_scripts.schema import TASKS, XNLI_LABELS, features, sound_columns, tag_names
from dataset_scripts.sentence_pairs import read_pairs
from dataset_scripts.sources import find_pairs, find_source, is_released
from modeling_phonexl.transcription import Transcription, load_language, passed, record, script
from modeling_phonexl.transcription_words import split_ipa

if TYPE_CHECKING:
    from datasets import Features

Row = dict[str, Any]
Finished = tuple[Row, list[str]]


class Reader(Protocol):
    """Reads a language; `modeling_phonexl.transcription.Transcriber` is one."""

    def __call__(self, tokens: Sequence[str]) -> list[Transcription]:
        """One record per token of a sentence."""

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Offsets of the words of running text."""


ReaderOf = Callable[[str], Reader]  # of a language code


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows of one kind come about.

    Attributes:
        columns: Features of the finished rows.
        read: Raw rows of a table and split from a source folder; JSON values only.
        keep: The columns of a finished row that are the source's own, from a raw row.
        sound: The other columns, from a raw row and the readers of its languages; and how each of its words was read.
    """

    columns: Callable[[], Features]
    read: Callable[[Table, Path, str], Iterator[Row]]
    keep: Callable[[Table, Row], Row]
    sound: Callable[[Table, Row, ReaderOf], Finished]

    def finish(self, table: Table, raw: Row, reader_of: ReaderOf) -> Finished:
        """A finished row, and how each of its words was read."""
        columns, reasons = self.sound(table, raw, reader_of)
        return {**self.keep(table, raw), **columns}, reasons


def _columns(tokens: Sequence[str], records: Sequence[Transcription], prefix: str = "") -> Finished:
    """The columns of `schema.sound_columns`, and the reasons.

    Raises:
        ValueError: If there are not as many records as tokens.
    """
    if len(records) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens, but {len(records)} transcriptions: {' '.join(tokens)!r}")
    columns = {
        f"{prefix}tokens": list(tokens),
        f"{prefix}ipa": [r.ipa for r in records],
        f"{prefix}phonemes": [r.segments for r in records],
        f"{prefix}romanized": [r.romanized for r in records],
        f"{prefix}transcribed": [r.transcribed for r in records],
    }
    return columns, [r.reason for r in records]


# ---- tagged sentences ----


def _read_tagged(table: Table, source: Path, split: str) -> Iterator[Row]:
    """Sentences with their tags; `in_train` where the train split of the same table has the same tokens."""
    path = find_source(source, table, split)
    if split == "train":
        sentences = set()
        for row in _tagged_file(table, path):
            sentences.add(_hash(table, row))
            yield {**row, "in_train": False}
        _train_sentences.clear()
        _train_sentences[table, path, path.stat().st_mtime_ns] = sentences
        return
    train = find_source(source, table, "train", missing_ok=True) if "train" in table.splits else None
    seen = _sentences_of(table, train) if train else set()
    for row in _tagged_file(table, path):
        yield {**row, "in_train": _hash(table, row) in seen}


# Of the train file that was read last: validation and test come after it.
_train_sentences: dict[tuple[Table, Path, int], set[int]] = {}


def _sentences_of(table: Table, path: Path) -> set[int]:
    """The sentences of a file."""
    key = table, path, path.stat().st_mtime_ns
    if key not in _train_sentences:
        _train_sentences.clear()
        _train_sentences[key] = {_hash(table, row) for row in _tagged_file(table, path)}
    return _train_sentences[key]


def _hash(table: Table, row: Row) -> int:
    """64 bits by which equal sentences are known: a corpus of any size must fit."""
    return hash(tuple("".join(row["tokens"])) if table.characters else tuple(row["tokens"]))


def _tagged_file(table: Table, path: Path) -> Iterator[Row]:
    """The sentences of one file, in any of our formats."""
    if ".conllu" not in path.suffixes and is_released(path):
        for item in read_released(path, table.kind, table.language):
            sentence = item.sentence
            yield {
                **{"id": sentence.id, "lang": sentence.lang, "tokens": sentence.tokens, "tags": sentence.tags},
                **{"ipa": item.ipa, "romanized": item.romanized},
            }
        return
    read = read_conllu if ".conllu" in path.suffixes else read_tsv
    for sentence in read(path, table.kind, table.language):
        yield {"id": sentence.id, "lang": sentence.lang, "tokens": sentence.tokens, "tags": sentence.tags}


def _keep_tagged(table: Table, raw: Row) -> Row:
    tokens, tags = raw["tokens"], raw["tags"]
    if table.characters:
        # As PhoneXL's PAN-X has Korean: `B-X` stays on the first character, `I-X` follows, `O` stays.
        tags = [tag if place == 0 else tag.replace("B-", "I-")
                for token, tag in zip(tokens, tags, strict=True) for place in range(len(token))]  # fmt: skip
        tokens = [character for token in tokens for character in token]
    ids = list(map(_tag_ids(table.kind).__getitem__, tags))
    return {"id": raw["id"], "lang": raw["lang"], "tokens": list(tokens), "tags": ids, "in_train": raw["in_train"]}


@functools.cache
def _tag_ids(task: str) -> dict[str, int]:
    return {name: index for index, name in enumerate(tag_names(task))}


def _sound_tagged(table: Table, raw: Row, reader_of: ReaderOf) -> Finished:
    tokens = raw["tokens"]
    if "ipa" in raw:
        return _columns(tokens, list(map(_given, tokens, raw["ipa"], raw["romanized"])))
    read = reader_of(raw["lang"])
    if table.characters:
        return _columns("".join(tokens), [share for token in tokens for share in _shares(token, read)])
    return _columns(tokens, read(tokens))


def _shares(token: str, read: Reader) -> list[Transcription]:
    """What each character of a Korean word says."""
    shares: list[Transcription] = cast(Any, load_language("ko")).read_characters(token)
    # A character that normalisation joins or cuts has no share of its own.
    return shares if len(shares) == len(token) else [read([character])[0] for character in token]


def _given(token: str, ipa: str, romanized: str) -> Transcription:
    """The transcription that a file of the PhoneXL release gives, in our normal form.

    Not a transcription: an empty field, a word that was lost and stands as None, IPA that is still Han, kana or Hangul,
    and the token itself.
    """
    segments = split_ipa(ipa)
    unread = any(script(char) in ("han", "kana", "hangul") for char in ipa)
    if not segments or unread or token == "None" or not any(map(str.isalpha, ipa)):
        return passed(token)
    return record(segments, romanized, "given")


# ---- pairs of sentences, running text ----


def _read_xnli(table: Table, source: Path, split: str) -> Iterator[Row]:
    """Premises and hypotheses; row n is the same pair in every language."""
    for number, pair in enumerate(read_pairs(find_source(source, table, split), table.language), 1):
        yield {**asdict(pair), "id": f"{split}-{number}"}


def _keep_xnli(table: Table, raw: Row) -> Row:
    return {**raw, "label": XNLI_LABELS.index(raw["label"])}


def _sound_xnli(table: Table, raw: Row, reader_of: ReaderOf) -> Finished:
    columns: Row = {}
    reasons: list[str] = []
    for part in ("premise", "hypothesis"):
        more, read_by = _words(raw[part], reader_of(raw["lang"]), f"{part}_")
        columns |= more
        reasons += read_by
    return columns, reasons


def _read_text(table: Table, source: Path, split: str) -> Iterator[Row]:
    """One sentence a line; none may be empty, since its number says what it is a translation of."""
    path = find_source(source, table, split)
    number = 0
    for number, line in read_lines(path):
        if not line.strip():
            raise DataError(path, number, None, "a sentence on every line", "Delete the line in all languages.")
        yield {"id": f"{split}-{number}", "lang": table.language, "text": line}
    if not number:
        raise DataError(path, None, None, "at least one sentence", "The file is empty.")


def _sound_text(table: Table, raw: Row, reader_of: ReaderOf) -> Finished:
    return _words(raw["text"], reader_of(raw["lang"]))


def _words(text: str, read: Reader, prefix: str = "") -> Finished:
    """The words of a text, as the language's segmenter cuts it, with their sound."""
    tokens = [text[start:end] for start, end in read.segment(text)]
    return _columns(tokens, read(tokens), prefix)


# ---- dictionaries ----


def _read_dictionary(table: Table, source: Path, split: str) -> Iterator[Row]:
    """Word pairs of two English dictionaries (MUSE), best first under each source word."""
    to_source, to_target = find_pairs(source, table)
    everything = table.selection == "all"
    for entry in pivot_entries(to_source, to_target, target_language=table.target, everything=everything):
        yield {"source": entry.source, "target": entry.target, "score": entry.score, "via": entry.via}


def _read_cognates(table: Table, source: Path, split: str) -> Iterator[Row]:
    """`source TAB target TAB score`, of each way of finding pairs; the better score where both found one."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for path in find_pairs(source, table):
        origin = path.parent.parent.name.replace("_", "-")
        for number, line in read_lines(path):
            fields = line.split("\t")
            if len(fields) != 3 or not all(fields):
                cure = "Give each pair its score, separated by tabs."
                raise DataError(path, number, line, f"three fields, none empty, not {len(fields)}", cure)
            pair = fields[0], fields[1]
            best[pair] = max(best.get(pair, (-1.0, "")), (float(fields[2]), origin))
    for (word, target), (score, origin) in sorted(best.items(), key=lambda item: (item[0][0], -item[1][0], item[0][1])):
        yield {"source": word, "target": target, "score": score, "origin": origin}


def _keep_dictionary(table: Table, raw: Row) -> Row:
    return {**raw, "via": list(raw["via"])}


def _keep_all(table: Table, raw: Row) -> Row:
    return raw


def _sound_dictionary(table: Table, raw: Row, reader_of: ReaderOf) -> Finished:
    columns: Row = {}
    reasons = []
    for side, language in (("source", table.language), ("target", table.target)):
        [sound] = reader_of(language)([raw[side]])
        columns |= {f"{side}_ipa": sound.ipa, f"{side}_phonemes": list(sound.segments)}
        columns |= {f"{side}_romanized": sound.romanized, f"{side}_transcribed": sound.transcribed}
        reasons.append(sound.reason)
    return columns, reasons


# ---- columns ----


def _xnli_columns() -> Features:
    from datasets import ClassLabel, Features, Value

    text = Value("string")
    columns: dict[str, Any] = {"id": text, "lang": text}
    for part in ("premise", "hypothesis"):
        columns |= {part: text, **sound_columns(f"{part}_")}
    return cast("Features", Features({**columns, "label": ClassLabel(names=list(XNLI_LABELS)), "genre": text}))


def _text_columns() -> Features:
    from datasets import Features, Value

    text = Value("string")
    return cast("Features", Features({"id": text, "lang": text, "text": text, **sound_columns()}))


def _dictionary_columns(extra: Literal["via", "origin"]) -> Features:
    from datasets import Features, List, Value

    text = Value("string")
    columns: dict[str, Any] = {}
    for side in ("source", "target"):
        columns |= {side: text, f"{side}_ipa": text, f"{side}_phonemes": List(text)}
        columns |= {f"{side}_romanized": text, f"{side}_transcribed": Value("bool")}
    columns |= {"score": Value("float64"), extra: List(text) if extra == "via" else text}
    return cast("Features", Features(columns))


def _tagged(task: str) -> Kind:
    return Kind(lambda: features(task), _read_tagged, _keep_tagged, _sound_tagged)


KINDS = {
    **{task: _tagged(task) for task in TASKS},
    "xnli": Kind(_xnli_columns, _read_xnli, _keep_xnli, _sound_xnli),
    "text": Kind(_text_columns, _read_text, _keep_all, _sound_text),
    "dictionary": Kind(lambda: _dictionary_columns("via"), _read_dictionary, _keep_dictionary, _sound_dictionary),
    "cognates": Kind(lambda: _dictionary_columns("origin"), _read_cognates, _keep_all, _sound_dictionary),
}
