"""Raw text to sentences that were read, checked against the evaluation text, equal in number; kept in one file.

What a representation makes of the words is decided in `representations.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dataset_scripts.readers import DataError, read_lines
from modeling_phonexl.transcription import Transcriber, find_language
from phonexl.pretraining.contamination import EvaluationText
from phonexl.pretraining.representations import ReadSentence, Word, read_words
from phonexl.whole_files import whole_file

CORPUS_FILE = "corpus.jsonl.gz"
HELD_OUT, HELD_OUT_SHARE = 200, 10  # sentences of each language that are never trained on; at most one of ten
FEWEST = 2  # sentences of each language
_VERSION = 1  # of the file

Report = Callable[[str], None]


@dataclass(frozen=True)
class CorpusSettings:
    """What a corpus is made of.

    Attributes:
        languages: ISO 639-3 codes, in order.
        max_length: Symbols of the longest sentence in any representation, [CLS] and [SEP] among them; longer ones are
            cut behind a word, at the same word for all.
        limit: Sentences of each language, held-out ones among them; None: as many as the smallest language has.
    """

    languages: tuple[str, ...]
    max_length: int
    limit: int | None = None

    @classmethod
    def of(cls, languages: Sequence[str], max_length: int, limit: int | None = None) -> CorpusSettings:
        """Settings with codes of either length.

        Raises:
            UnknownLanguageError: For a language without transcription.
            ValueError: If a language stands there twice.
        """
        codes = tuple(find_language(language).iso639_3 for language in languages)
        if len(set(codes)) < len(codes):
            raise ValueError(f"languages {', '.join(codes)}: one stands there twice; name each once")
        return cls(codes, max_length, limit)


@dataclass(frozen=True)
class Corpus:
    """Sentences of all languages, as many of each.

    Attributes:
        settings: What was asked for.
        train: Sentences to train on.
        held_out: Sentences to evaluate on.
        facts: Of each language: digest of the file, and what became of its lines.
    """

    settings: CorpusSettings
    train: tuple[ReadSentence, ...]
    held_out: tuple[ReadSentence, ...]
    facts: dict[str, dict[str, Any]]


def read_corpus(
    folder: Path, evaluation: Path | None, settings: CorpusSettings, report: Report = lambda line: None
) -> Corpus:
    """Read raw text, one sentence a line.

    Args:
        folder: Holds `LANG.txt[.gz]`, or a folder `raw` that does.
        evaluation: Holds the text that must not be trained on, `LANG.txt[.gz]` or, as FLORES has it,
            `devtest.LANG.txt[.gz]` and `dev.LANG.txt[.gz]`; None: `flores` in `folder` or beside it.
        settings: What to take.
        report: Called with a line for each language.

    Raises:
        DataError: If a file is missing or malformed, there is no evaluation text, or too little is left.
        MissingToolError: If the reading tool of a language is not installed.
    """
    place = _text_in(folder)
    other = evaluation or _evaluation_by(folder)
    if other is None:
        cure = "Name the folder of the evaluation sentences with --exclude."
        raise DataError(folder, None, None, "flores in it or beside it, which training must not see", cure)
    lines: dict[str, list[str]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for language in settings.languages:
        lines[language], facts[language] = _read_clean(place, other, language)
        dropped = ", ".join(f"{count} {name}" for name, count in facts[language]["dropped"].items()) or "none"
        report(f"{language}: {len(lines[language])} sentences; dropped for the evaluation text: {dropped}")
    for language in settings.languages:  # a tool that is missing is told before minutes of reading
        for line in lines[language][:1]:
            read_words(line, Transcriber(language))
    wanted = min(map(len, lines.values()))
    wanted = wanted if settings.limit is None else min(wanted, settings.limit)
    read = {}
    for language in settings.languages:
        read[language] = _read_sentences(lines[language], language, settings.max_length, wanted, facts[language])
        report(f"{language}: {len(read[language])} sentences read")
    return _share(read, settings, facts, place)


def check_corpus(corpus: Corpus, kept: Path, data: Path, evaluation: Path | None) -> None:
    """Refuse a corpus that was kept if it is of other text, or holds evaluation text.

    Args:
        corpus: As it was kept.
        kept: Its file.
        data: Folder of the text that it must be of, see `read_corpus`; or the file itself.
        evaluation: Folder of text that must not be trained on; None: that by the data, if there is any.

    Raises:
        DataError: If it is of other text or holds evaluation text, or a file is missing.
    """
    if not data.is_file():
        for language in corpus.settings.languages:
            path = _find_text(_text_in(data), language, f"Or pass the corpus of an earlier run, --data {kept}.")
            digest = hashlib.sha256()
            for _, line in read_lines(path):
                digest.update(f"{line}\n".encode())
            if digest.hexdigest() != corpus.facts[language]["sha256"]:
                cure = f"Choose another --out, or pass --data {kept} to train on what it holds."
                raise DataError(kept, None, None, f"the sentences of {path}, not those of another text", cure)
        evaluation = evaluation or _evaluation_by(data)
    if evaluation is None:
        return
    for language in corpus.settings.languages:
        known = _evaluation_text(evaluation, language)
        texts = (s.words for s in (*corpus.held_out, *corpus.train) if s.language == language)
        count = sum(known.find(" ".join(word.text for word in words)) is not None for words in texts)
        if count:
            cure = f"Make it anew from the raw text, with --exclude {evaluation} and another --out."
            raise DataError(kept, None, None, f"nothing of {evaluation}, not {count} sentences of {language}", cure)


def _text_in(folder: Path) -> Path:
    return folder / "raw" if (folder / "raw").is_dir() else folder


def _evaluation_by(folder: Path) -> Path | None:
    beside = (folder / "flores", folder.parent / "flores")
    return next((path for path in beside if path.is_dir()), None)


def _find_text(place: Path, language: str, cure: str = "") -> Path:
    path = _find(place, (language,))
    if path is None:
        raise DataError(place, None, None, f"a file {language}.txt[.gz]", f"One sentence a line. {cure}".rstrip())
    return path


def _evaluation_text(evaluation: Path, language: str) -> EvaluationText:
    sources = [found for stem in ("devtest.", "dev.", "") if (found := _find(evaluation, (f"{stem}{language}",)))]
    if not sources:
        cure = "Training must not see it, so it must be known."
        raise DataError(evaluation, None, None, f"a file devtest.{language}.txt[.gz] or {language}.txt[.gz]", cure)
    return EvaluationText((line for source in sources for _, line in read_lines(source)), language)


def _read_clean(place: Path, evaluation: Path, language: str) -> tuple[list[str], dict[str, Any]]:
    """Lines of a language that have nothing in common with the evaluation text, and facts of the file."""
    path = _find_text(place, language)
    known = _evaluation_text(evaluation, language)
    digest, kept, dropped, total = hashlib.sha256(), [], Counter[str](), 0
    for _, line in read_lines(path):
        digest.update(f"{line}\n".encode())
        total += 1
        if (finding := known.find(line)) is not None:
            dropped[finding] += 1
        elif line.strip():
            kept.append(line)
    return kept, {
        "sha256": digest.hexdigest(),  # of the lines, packed or not
        "lines": total,
        "evaluation_sentences": len(known),
        "run_length": known.run_length,
        "dropped": dict(dropped),
    }


def _find(place: Path, stems: Sequence[str]) -> Path | None:
    paths = (place / f"{stem}{end}" for stem in stems for end in (".txt", ".txt.gz"))
    return next((path for path in paths if path.is_file()), None)


def _read_sentences(
    lines: Sequence[str], language: str, max_length: int, wanted: int, facts: dict[str, Any]
) -> list[ReadSentence]:
    """The first lines that hold a word, as many as wanted; counts what was cut and what could not be used."""
    read = Transcriber(language)
    found: list[ReadSentence] = []
    cut = unusable = 0
    for line in lines:
        if len(found) == wanted:
            break
        words = read_words(line, read)
        kept = words[: _fitting(words, max_length)]
        cut += len(kept) < len(words)
        if kept:
            found.append(ReadSentence(language, kept))
        else:
            unusable += 1
    facts |= {"cut": cut, "unusable": unusable}
    return found


def _fitting(words: Sequence[Word], max_length: int) -> int:
    """How many words fit whatever they are written in; a subword vocabulary makes at most one piece more a word."""
    lengths = [2, 2, 2]
    for number, word in enumerate(words):
        for i, symbols in enumerate((word.text, word.segments, word.romanized)):
            lengths[i] += len(symbols) + 1
        if max(lengths) > max_length:
            return number
    return len(words)


def _share(
    read: dict[str, list[ReadSentence]], settings: CorpusSettings, facts: dict[str, dict[str, Any]], place: Path
) -> Corpus:
    """As many sentences of each language; the first ones are held out."""
    count = min(map(len, read.values()))
    if count < FEWEST:
        fewest = min(read, key=lambda language: len(read[language]))
        raise DataError(place, None, None, f"at least {FEWEST} usable sentences in {fewest}, not {count}")
    held_out = max(1, min(HELD_OUT, count // HELD_OUT_SHARE))
    for language, sentences in read.items():
        used = sentences[:count]
        facts[language] |= {
            "train": count - held_out,
            "held_out": held_out,
            "words": sum(len(sentence.words) for sentence in used),
            "characters": sum(len(word.text) for sentence in used for word in sentence.words),
            "segments": sum(len(word.segments) for sentence in used for word in sentence.words),
        }
    train = tuple(sentence for sentences in read.values() for sentence in sentences[held_out:count])
    return Corpus(settings, train, tuple(s for sentences in read.values() for s in sentences[:held_out]), facts)


def save_corpus(corpus: Corpus, path: Path) -> None:
    """Write a corpus whole or not at all, the same bytes for the same corpus."""
    with (
        whole_file(path) as part,
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream,
    ):
        head = {
            "version": _VERSION,
            "settings": asdict(corpus.settings),
            "held_out": len(corpus.held_out),
            "train": len(corpus.train),
            "facts": corpus.facts,
        }
        for line in (head, *map(_packed, (*corpus.held_out, *corpus.train))):
            stream.write((json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode())


def load_corpus(path: Path, settings: CorpusSettings | None = None) -> Corpus:
    """Read what `save_corpus` wrote; the reading tools of the languages are not needed.

    Args:
        path: The file.
        settings: What it must have been made of; None: anything.

    Raises:
        DataError: If it is none, or of other settings.
    """
    lines = read_lines(path)
    number, first = next(lines, (1, ""))
    head = _parsed(path, number, first)
    if not isinstance(head, dict) or head.get("version") != _VERSION:
        raise DataError(path, 1, first, f"the head of a corpus of version {_VERSION}", "Make it anew with --prepare.")
    made = CorpusSettings(**{**head["settings"], "languages": tuple(head["settings"]["languages"])})
    if settings is not None and made != settings:
        cure = "Choose the same languages, limit and length, or make it anew with --prepare."
        raise DataError(path, None, None, f"a corpus of {settings}, not of {made}", cure)
    sentences = tuple(_unpacked(path, number, line) for number, line in lines)
    if len(sentences) != head["held_out"] + head["train"]:
        count = head["held_out"] + head["train"]
        raise DataError(path, None, None, f"{count} sentences, not {len(sentences)}", "It is cut off; make it anew.")
    return Corpus(made, sentences[head["held_out"] :], sentences[: head["held_out"]], head["facts"])


def _packed(sentence: ReadSentence) -> list[Any]:
    return [sentence.language, [[word.text, " ".join(word.segments), word.romanized] for word in sentence.words]]


def _unpacked(path: Path, number: int, line: str) -> ReadSentence:
    try:
        language, words = _parsed(path, number, line)
        read = tuple(Word(text, tuple(segments.split(" ")), romanized) for text, segments, romanized in words)
        return ReadSentence(language, read)
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, number, line, "a language and words of three texts") from error


def _parsed(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(path, number, line, "JSON", "Make the corpus anew with --prepare.") from error
