"""How well the default recipe reads each language, for cards: the installed package has no `results/`.

The figures are those of `results/benchmarks/transcription.json`, and a test compares them; nothing is measured here.
"""

from typing import NamedTuple


class ReadingError(NamedTuple):
    """Errors of one measurement.

    Attributes:
        measure: What was read: single words, with or without tones, or tokens in their sentences.
        num_words: How many of them.
        phonemes: Phonemes that are wrong, in percent; differences of notation are folded.
        words: Words with a wrong phoneme, in percent.
    """

    measure: str
    num_words: int
    phonemes: float
    words: float


READING_ERRORS: dict[str, tuple[ReadingError, ...]] = {
    "zh": (
        ReadingError("words", 33244, 1.023, 3.107),
        ReadingError("words, tones", 33244, 1.448, 6.497),
        ReadingError("heteronyms in context", 9893, 2.729, 2.729),
    ),
    "vi": (
        ReadingError("words", 11555, 0.451, 0.891),
        ReadingError("words, tones", 11555, 0.437, 0.935),
        ReadingError("joined words, tones", 8835, 0.241, 0.962),
    ),
    "ja": (
        ReadingError("kana words", 16576, 0.171, 0.639),
        ReadingError("kanji tokens in context", 4411, 2.108, 2.108),
        ReadingError("tokens in context", 11043, 2.119, 2.119),
    ),
    "ko": (ReadingError("words", 12506, 0.723, 4.142),),
    "eng": (ReadingError("words", 3000, 8.124, 31.233),),
    "fra": (ReadingError("words", 3000, 1.75, 8.833),),
    "rus": (ReadingError("words", 279, 0.669, 3.943),),
    "ita": (ReadingError("words", 3000, 1.428, 10.033),),
    "hun": (ReadingError("words", 3000, 0.219, 1.267),),
    "ukr": (ReadingError("words", 3000, 0.051, 0.4),),
    "tur": (ReadingError("words", 3000, 2.286, 12.133),),
    "fin": (ReadingError("words", 3000, 0.28, 2.267),),
    "hin": (ReadingError("words", 3000, 0.682, 3.333),),
    "swa": (ReadingError("words", 47, 0.0, 0.0),),
    "urd": (ReadingError("words", 1930, 12.234, 41.192),),
}
