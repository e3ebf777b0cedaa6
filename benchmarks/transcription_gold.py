"""The gold words of each language, and the score of a transcription of them.

How phonemes are compared is in `phoneme_error.py`, which of them are the same in `phoneme_error_*.py`.
"""

import functools
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import phoneme_error_alphabetic as alphabetic
import phoneme_error_cjkv as cjkv
from phoneme_error import Fold, error_rate

WORDS = {
    "zh": "pron/zh_ipadict_dev.tsv.gz",
    "vi": "pron/vi_hanoi_wikipron_dev.tsv.gz",
    "ja": "pron/ja_kana_dev.tsv.gz",
    "ko": "pron/ko_wikipron_dev.tsv.gz",
}


@dataclass(frozen=True)
class Score:
    """One line of the table.

    Attributes:
        measure: What was read.
        n: Words, sentences or tokens.
        error: In percent, folded: of the phonemes, or of the readings in context, which have no phonemes in the gold.
        raw_error: The same as written.
        word_error: Words with an error, in percent, folded.
        seconds: That reading took, start-up of the tools included; wall time, of one thread.
        missing: Words without a transcription.
    """

    measure: str
    n: int
    error: float
    raw_error: float
    word_error: float
    seconds: float
    missing: int = 0


def word_file(code: str) -> str:
    """Gold words of a language, inside the data folder."""
    return WORDS.get(code, f"pron12/{code}_dev.tsv.gz")


def fold_of(code: str, tones: bool = False) -> tuple[Fold, Fold]:
    """The folded and the raw phonemes of a language.

    Raises:
        KeyError: If the language has no fold.
    """
    if code in WORDS:
        with_tones = {"zh": cjkv.fold_zh, "vi": cjkv.fold_vi}
        folded = functools.partial(with_tones[code], tones=tones) if code in with_tones else None
        return folded or {"ja": cjkv.fold_ja, "ko": cjkv.fold_ko}[code], functools.partial(cjkv.raw, tones=tones)
    return alphabetic.fold_indic if code in ("hin", "urd") else alphabetic.FOLDS[code], alphabetic.raw


def score_words(
    measure: str, code: str, gold: Mapping[str, Sequence[str]], predicted: Mapping[str, str], tones: bool = False
) -> Score:
    """Folded and raw error rates of predictions; the seconds are not measured here."""
    folded, raw = fold_of(code, tones)
    same = alphabetic.FOLDS[code].same if code in alphabetic.FOLDS else frozenset()
    if code == "vi" and any("a\u0306" in unicodedata.normalize("NFD", ipa) for ipa in predicted.values()):
        predicted = {word: cjkv.long_a(ipa) for word, ipa in predicted.items()}
    rate = error_rate(gold, predicted, folded, same)
    plain = error_rate(gold, predicted, raw)
    return Score(measure, rate.words, rate.per, plain.per, rate.wer, 0.0, rate.missing)
