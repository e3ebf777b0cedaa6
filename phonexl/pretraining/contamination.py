"""Finds sentences of an evaluation set, and long pieces of them, in text that a model is to be trained on.

Reads no files; what is done with what was found is decided in `corpus.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from modeling_phonexl.transcription import find_language

RUN_LENGTH, DENSE_RUN_LENGTH = 50, 20  # letters and digits: about nine words
_DENSE = ("zh", "ja", "ko")  # their characters are syllables or words

Finding = Literal["identical", "overlap"]


class EvaluationText:
    """Sentences of one language that training must not see.

    Two texts are compared by their letters, marks and digits alone, in NFKC and case-folded. A text is "identical" to
    a sentence if nothing else is left of it; it is an "overlap" if they share a run of `RUN_LENGTH` of these
    (`DENSE_RUN_LENGTH` in zh, ja, ko), or if it holds a whole sentence that is shorter.

    Args:
        sentences: Of the evaluation set.
        language: Code.

    >>> EvaluationText(["The cat sat, I said."], "eng").find("the cat sat i said")
    'identical'
    """

    def __init__(self, sentences: Iterable[str], language: str) -> None:
        self.run_length = DENSE_RUN_LENGTH if find_language(language).code in _DENSE else RUN_LENGTH
        self._whole = {text for sentence in sentences if (text := _letters(sentence))}
        self._short = sorted(text for text in self._whole if len(text) < self.run_length)
        self._runs = {run for text in self._whole for run in _runs(text, self.run_length)}

    def __len__(self) -> int:
        return len(self._whole)

    def find(self, text: str) -> Finding | None:
        """What a text has in common with the sentences; None if nothing that counts."""
        letters = _letters(text)
        if letters in self._whole:
            return "identical"
        if any(run in self._runs for run in _runs(letters, self.run_length)):
            return "overlap"
        return "overlap" if any(sentence in letters for sentence in self._short) else None


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LMN")


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))
