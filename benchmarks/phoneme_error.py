"""Phoneme error rate: IPA cut into phonemes, edit distance, the nearest of several readings of a word.

What counts as the same sound in a language is in `phoneme_error_cjkv.py` and `phoneme_error_alphabetic.py`.
"""

import gzip
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TONES = "˥˦˧˨˩"
TIES = "\u0361\u035c"
VARIANT_SEPARATOR = " | "
# A run of tone letters, the glottal mark of Vietnamese inside it, or any one character.
_PIECE = re.compile(rf"[{TONES}](?:[{TONES}ˀ]|ʔ(?=[{TONES}]))*|.", re.DOTALL)

Fold = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Edits between predictions and gold.

    Attributes:
        edits: Insertions, deletions and substitutions, over all words.
        phonemes: Of the gold readings that were compared with.
        wrong: Words with an edit.
        words: Words of the gold.
        missing: Words without a prediction; each costs its whole length.
    """

    edits: int
    phonemes: int
    wrong: int
    words: int
    missing: int

    @property
    def per(self) -> float:
        """Phoneme error rate in percent."""
        return 100 * self.edits / max(self.phonemes, 1)

    @property
    def wer(self) -> float:
        """Words with an error, in percent."""
        return 100 * self.wrong / max(self.words, 1)


def split_phonemes(ipa: str, unwritten: Collection[str], modifiers: Collection[str]) -> list[str]:
    """Cut IPA into phonemes: a letter with its marks, letters joined by a tie bar, a run of tone letters.

    Args:
        ipa: IPA in NFD; it may hold spaces.
        unwritten: Characters that are left out, as spaces are.
        modifiers: Letters that belong to the letter before them, as combining marks do.

    >>> split_phonemes("t͡ɕʰiː˧˥ a", "", "ʰː")
    ['t͡ɕʰ', 'iː', '˧˥', 'a']
    """
    phonemes: list[str] = []
    tied = False
    for piece in _PIECE.findall(ipa):
        if piece.isspace() or piece in unwritten:
            tied = False
        elif unicodedata.combining(piece[0]) or piece in modifiers and phonemes:
            if phonemes:
                phonemes[-1] += piece
                tied = piece in TIES
        elif tied:
            phonemes[-1] += piece
            tied = False
        else:
            phonemes.append(piece)
    return phonemes


def edit_distance(
    predicted: Sequence[str], gold: Sequence[str], same: Collection[tuple[str, str]] = frozenset()
) -> int:
    """Levenshtein distance; `same` holds pairs (predicted, gold) that count as equal.

    >>> edit_distance("kitten", "sitting")
    3
    """
    if predicted == gold:
        return 0
    costs = list(range(len(gold) + 1))
    for row, left in enumerate(predicted, 1):
        diagonal, costs[0] = costs[0], row
        for column, right in enumerate(gold, 1):
            replaced = diagonal + (left != right and (left, right) not in same)
            diagonal = costs[column]
            costs[column] = min(diagonal + 1, costs[column - 1] + 1, replaced)
    return costs[-1]


def error_rate(
    gold: Mapping[str, Sequence[str]],
    predicted: Mapping[str, str],
    fold: Fold,
    same: Collection[tuple[str, str]] = frozenset(),
) -> ErrorRate:
    """Compare predictions with the gold readings of each word; the nearest reading counts, of equally near the longest.

    Args:
        gold: Readings of each word.
        predicted: One transcription of each word; words may be missing.
        fold: IPA to phonemes.
        same: As in `edit_distance`.
    """
    edits = phonemes = wrong = 0
    for word, readings in gold.items():
        mine = fold(predicted.get(word, ""))
        folded = [reading for reading in map(fold, readings) if reading]
        if not folded:
            continue
        distance, length = min((edit_distance(mine, reading, same), -len(reading)) for reading in folded)
        edits, phonemes, wrong = edits + distance, phonemes - length, wrong + (distance > 0)
    missing = sum(not predicted.get(word, "").strip() for word in gold)
    return ErrorRate(edits, phonemes, wrong, len(gold), missing)


def read_gold(path: Path) -> dict[str, list[str]]:
    """Read a gold file: gzip, tab-separated, word and IPA first, readings parted by " | "; a header line is optional.

    Raises:
        ValueError: If a line has no second column.
    """
    gold: dict[str, list[str]] = {}
    for number, row in enumerate(read_rows(path), 1):
        if number == 1 and row[0] == "word":
            continue
        if len(row) < 2:
            raise ValueError(f'{path}:{number}: expected "word<TAB>ipa", found {row!r}; unpack the file again')
        gold.setdefault(row[0], []).extend(part for part in row[1].split(VARIANT_SEPARATOR) if part.strip())
    return gold


def read_rows(path: Path) -> list[list[str]]:
    """Rows of a gzipped table, header included; only a line feed ends a row, since some words hold other line ends."""
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    return [line.rstrip("\r").split("\t") for line in lines if line]
