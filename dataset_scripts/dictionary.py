"""Bilingual dictionaries for code switching: read, pivot through English, filter, look up.

Holds no entries: MUSE's files are the user's (CC BY-NC 4.0), those by sound lie in `sino_xenic/`.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dataset_scripts.readers import DataError, read_lines
from dataset_scripts.schema import Sentence
from modeling_phonexl.transcription import find_language, script

_SUFFIXES = (".tsv", ".txt", ".tsv.gz", ".txt.gz")
_SOUND_FOLDERS = (Path(__file__).parent / "sino_xenic", Path(__file__).parent / "loanwords")
_SCRIPTS = {"zh": {"han"}, "ja": {"han", "kana"}, "ko": {"hangul"}, "vi": {"latin"}}
_COLUMNS = {2: (0, 1), 4: (0, 2)}  # columns of source and target: plain, and `source IPA target IPA` of the release


@dataclass(frozen=True, slots=True)
class PivotEntry:
    """A pair of words that share an English translation.

    Attributes:
        source: Word of the source language.
        target: Word of the target language.
        score: Probability of the target if one goes from the source to an English word, and from there to a target,
            each drawn alike.
        via: The English words, in the order of the file.
    """

    source: str
    target: str
    score: float
    via: tuple[str, ...]


class BilingualDictionary(Mapping[str, tuple[str, ...]]):
    """Translations of words: a mapping of each source word to its targets, in the order of the files.

    Args:
        pairs: (source, target); a repeated pair counts once.
        fold_case: Look up a word that is no key as the keys that differ from it by case alone, with all their targets.

    >>> dictionary = BilingualDictionary([("你好", "chào"), ("你", "bạn"), ("你", "anh")])
    >>> dictionary.targets("你"), dictionary.longest_match(["你", "好", "吗"], 0)
    (('bạn', 'anh'), (2, ('chào',)))
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], fold_case: bool = False) -> None:
        self._entries = _grouped(pairs)
        self._folded = _grouped((source.casefold(), target) for source, target in self.pairs()) if fold_case else {}
        self._longest = max(map(len, [*self._entries, *self._folded]), default=0)

    def __getitem__(self, word: str) -> tuple[str, ...]:
        return self._entries[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def read(cls, path: Path) -> BilingualDictionary:
        """Read `source TAB target`, MUSE's `source SPACE target`, or the release's `source TAB IPA TAB target TAB IPA`.

        Args:
            path: The file, plain or .gz, whose empty lines are skipped; or a folder of Parquet files with columns
                source and target, such as a table that `build` made.

        Raises:
            DataError: For a line of another form, a pair without one side, a file without pairs.
        """
        dictionary = cls(_read_pairs(path))
        if not dictionary:
            raise DataError(path, None, None, "at least one pair of words", "The file is empty.")
        return dictionary

    @classmethod
    def from_english_pivot(cls, en_source_path: Path, en_target_path: Path) -> BilingualDictionary:
        """Join two English dictionaries: {(s, t) : (e, s) in en-SOURCE and (e, t) in en-TARGET}.

        The direction matters: with zh-en instead of en-zh half of the pairs of the PhoneXL release are missing; with
        en-zh and en-vi, or en-ja and en-ko, all come out and no others.

        Args:
            en_source_path: English to source language, as for `read`.
            en_target_path: English to target language.

        Raises:
            DataError: As `read`; also if no English word is in both files.
        """
        to_target = cls.read(en_target_path)
        pairs = ((s, t) for english, s in _read_pairs(en_source_path) for t in to_target.targets(english))
        pivot = cls(pairs)
        if not pivot:
            cure = "Both files go from English to the other language."
            raise DataError(en_source_path, None, None, f"English words that are also in {en_target_path}", cure)
        return pivot

    @classmethod
    def locate(cls, folder: Path, source: str, target: str) -> BilingualDictionary:
        """Find and read the dictionary of a language pair near the data.

        Looks in `folder`, `folder/muse` and `folder/../muse`, in each first for `SOURCE-TARGET.{tsv,txt}[.gz]`, then
        for the table `SOURCE-TARGET/` of a data set that `build` made, then for the MUSE files `en-SOURCE` and
        `en-TARGET` to pivot. Nothing is filtered (see `filtered`).

        Args:
            folder: The data folder.
            source: Code of the language to translate from.
            target: Code of the language to translate to.

        Raises:
            DataError: If neither is there, or a file is faulty.
        """
        for place in (folder, folder / "muse", folder.parent / "muse"):
            if direct := _find(place, f"{source}-{target}"):
                return cls.read(direct)
            to_source, to_target = _find(place, f"en-{source}"), _find(place, f"en-{target}")
            if to_source and to_target:
                return cls.from_english_pivot(to_source, to_target)
        cure = (
            f"Put {source}-{target}.tsv, or MUSE's en-{source}.txt and en-{target}.txt, there or into a folder muse in "
            "or beside it (all may be .gz)."
        )
        raise DataError(folder, None, None, f"a dictionary {source}-{target}", cure)

    @staticmethod
    def has_sound(source: str, target: str) -> bool:
        """Whether dictionaries by sound of a pair are shipped."""
        return bool(_sound_files(source, target))

    @classmethod
    def by_sound(cls, source: str, target: str) -> BilingualDictionary:
        """The shipped dictionaries by sound of a pair, Sino-Xenic words and loanwords together.

        Raises:
            ValueError: If none is shipped.
        """
        files = _sound_files(source, target)
        if not files:
            shipped = sorted({path.name[:5] for folder in _SOUND_FOLDERS for path in folder.glob("??-??.tsv.gz")})
            raise ValueError(f"no dictionary by sound {source}-{target}; shipped: {', '.join(shipped)}")
        return cls(pair for path in files for pair in _read_pairs(path))

    def shuffled(self, seed: int) -> BilingualDictionary:
        """The same words and targets, but each word with the targets of another, drawn at random."""
        words = list(self._entries)
        others = words.copy()
        random.Random(seed).shuffle(others)
        return BilingualDictionary(
            (word, target) for word, other in zip(words, others, strict=True) for target in self._entries[other]
        )

    def targets(self, word: str) -> tuple[str, ...]:
        """The translations of a word; none if neither it nor, with `fold_case`, its like in another case is a key."""
        return self._entries.get(word) or (self._folded.get(word.casefold(), ()) if self._folded else ())

    def pairs(self) -> Iterator[tuple[str, str]]:
        """All (source, target) pairs, in order."""
        return ((source, target) for source, targets in self._entries.items() for target in targets)

    def sha256(self) -> str:
        """Digest of the set of pairs: of the sorted lines `source TAB target LF` in UTF-8."""
        lines = sorted(f"{source}\t{target}\n" for source, target in self.pairs())
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def without_identical(self) -> BilingualDictionary:
        """The pairs whose sides differ; 49 % of the zh-vi pivot are identical Latin strings, which switch nothing."""
        return BilingualDictionary((source, target) for source, target in self.pairs() if source != target)

    def filtered(self, target_language: str) -> BilingualDictionary:
        """The pairs fit for switching: sides differ and the target's letters all are of the target's script.

        Script: ko Hangul, ja kana and Han, zh Han, vi Latin; for other languages only sides must differ. For vi this
        keeps English words that MUSE left untranslated, because spelling does not tell them from Vietnamese: of the
        13,159 pairs that zh-vi keeps, 7,679 have a plain ASCII target, a part of which is Vietnamese. For ko it drops
        448 of 17,292 pairs.

        Raises:
            UnknownLanguageError: For a target language without transcription.
        """
        scripts, different = _SCRIPTS.get(find_language(target_language).code), self.without_identical()
        if scripts is None:
            return different
        return BilingualDictionary(pair for pair in different.pairs() if _is_written_in(pair[1], scripts))

    def longest_match(self, tokens: Sequence[str], start: int, max_tokens: int = 8) -> tuple[int, tuple[str, ...]]:
        """The longest run of tokens from `start` that, joined without spaces, is a key.

        For data of single characters, where word by word look-up finds little (PAN-X zh) or nothing (PAN-X ja).

        Args:
            tokens: The sentence.
            start: Index of the first token of the run.
            max_tokens: The most tokens to join.

        Returns:
            Number of tokens joined and their translations; (0, ()) if no run is a key.
        """
        best: tuple[int, tuple[str, ...]] = (0, ())
        joined = ""
        for count, token in enumerate(tokens[start : start + max_tokens], 1):
            joined += token
            if len(joined) > self._longest:
                break
            if targets := self.targets(joined):
                best = (count, targets)
        return best

    def coverage(self, sentences: Iterable[Sentence], match: Literal["word", "longest"] = "word") -> float:
        """Share of tokens, 0 to 1, that can be switched: keys themselves, or tokens inside longest matches.

        Args:
            sentences: Sentences of the source language.
            match: "word" looks each token up, "longest" takes the longest run from left to right.

        Raises:
            ValueError: If there is no token.
        """
        covered = total = 0
        for sentence in sentences:
            total += len(sentence.tokens)
            if match == "word":
                covered += sum(bool(self.targets(token)) for token in sentence.tokens)
            else:
                covered += self._num_matched(sentence.tokens)
        if not total:
            raise ValueError("coverage needs at least one token")
        return covered / total

    def _num_matched(self, tokens: Sequence[str]) -> int:
        """Tokens inside longest matches, taken from left to right."""
        start = covered = 0
        while start < len(tokens):
            count, _ = self.longest_match(tokens, start)
            covered += count
            start += count or 1
        return covered


def pivot_entries(
    en_source_path: Path, en_target_path: Path, *, target_language: str, everything: bool = False
) -> list[PivotEntry]:
    """Join two English dictionaries as `BilingualDictionary.from_english_pivot` does, with scores and English words.

    Args:
        en_source_path: English to source language.
        en_target_path: English to target language.
        target_language: Whose script the targets must have; see `BilingualDictionary.filtered`.
        everything: Keep the pairs that are not fit for switching.

    Returns:
        Entries by source word in the order of the file, the likeliest target first.

    Raises:
        DataError: As `BilingualDictionary.from_english_pivot`.
    """
    whole = BilingualDictionary.from_english_pivot(en_source_path, en_target_path)
    kept = whole if everything else whole.filtered(target_language)
    to_target = BilingualDictionary.read(en_target_path)
    to_english = BilingualDictionary((source, english) for english, source in _read_pairs(en_source_path))
    entries = []
    for source in kept:
        via: dict[str, list[str]] = defaultdict(list)
        scores: dict[str, float] = defaultdict(float)
        for english in to_english.targets(source):
            for target in to_target.targets(english):
                via[target].append(english)
                scores[target] += 1 / len(to_english.targets(source)) / len(to_target.targets(english))
        found = [PivotEntry(source, target, scores[target], tuple(via[target])) for target in kept.targets(source)]
        entries += sorted(found, key=lambda entry: (-entry.score, entry.target))
    return entries


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The targets of each source word, each once, in order."""
    entries: dict[str, dict[str, None]] = {}
    for source, target in pairs:
        entries.setdefault(source, {})[target] = None
    return {source: tuple(targets) for source, targets in entries.items()}


def _read_parquet(folder: Path) -> Iterator[tuple[str, str]]:
    """The pairs of a table that `build` made."""
    import pyarrow
    import pyarrow.parquet

    for path in sorted(folder.glob("*.parquet")):
        try:
            table = pyarrow.parquet.read_table(path, columns=["source", "target"])
        except (pyarrow.ArrowException, OSError) as error:
            cure = "Build the data set again, or name a dictionary."
            raise DataError(path, None, None, f"Parquet with columns source and target ({error})", cure) from error
        yield from zip(table["source"].to_pylist(), table["target"].to_pylist(), strict=True)


def _read_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """The pairs of a dictionary file, line by line."""
    if path.is_dir():
        yield from _read_parquet(path)
        return
    for number, line in read_lines(path):
        if not line:
            continue
        fields = line.split("\t") if "\t" in line else line.split(" ")
        if len(fields) not in _COLUMNS:
            expected = f'"source<TAB>target" or "source<TAB>IPA<TAB>target<TAB>IPA", not {len(fields)} fields'
            raise DataError(path, number, line, expected, "Separate the columns by one tab.")
        source, target = (fields[column] for column in _COLUMNS[len(fields)])
        if not source or not target:
            raise DataError(path, number, line, "a word on both sides", "Complete the pair, or delete the line.")
        yield source, target


def _sound_files(source: str, target: str) -> list[Path]:
    name = f"{find_language(source).code}-{find_language(target).code}.tsv.gz"
    return [path for folder in _SOUND_FOLDERS if (path := folder / name).is_file()]


def _find(folder: Path, stem: str) -> Path | None:
    """The dictionary of that name: a file, plain before gzip, or else a folder of Parquet files."""
    found = next((path for suffix in _SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()), None)
    return found or next((path.parent for path in (folder / stem).glob("train-*.parquet")), None)


def _is_written_in(word: str, scripts: set[str]) -> bool:
    """Whether a word has letters and all are of these scripts; digits, marks and punctuation do not count."""
    letters = [script(char) for char in word if char.isalpha()]
    return bool(letters) and scripts.issuperset(letters)
