"""Words of raw Vietnamese text, whose spaces part syllables, not words.

Holds no reading: that is `transcription_vi.py`.
"""

import functools
import io
import pickle
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from .transcription import MissingToolError, import_tool

# Numbers, syllables, runs of one sign, and any other sign; marks may stand apart from their letters (NFD).
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*%?|(?:[^\W_][\u0300-\u036f]*)+|([.?!*=_-])\1+|\S")


def segment(text: str) -> list[tuple[int, int]]:
    """Cut running text into words, syllables of a word together: (start, end) offsets that slice `text`.

    Raises:
        MissingToolError: If underthesea, whose model joins the syllables, is not installed.

    >>> text = "Hà Nội là thủ đô."
    >>> [text[start:end] for start, end in segment(text)]
    ['Hà Nội', 'là', 'thủ đô', '.']
    """
    words: list[tuple[int, int]] = []
    line_begin = 0
    for line in text.split("\n"):
        begin = True
        for (start, end), joins in _joined_syllables(line):
            if joins and not begin:
                words[-1] = (words[-1][0], line_begin + end)
            else:
                words.append((line_begin + start, line_begin + end))
            begin = False
        line_begin += len(line) + 1
    return words


def _joined_syllables(line: str) -> Iterator[tuple[tuple[int, int], bool]]:
    """Spans of the syllables and signs of a line, each with whether it continues the word before it."""
    spans = [match.span() for match in _WORD.finditer(line)]
    if spans:
        tags = _word_model().tags([unicodedata.normalize("NFC", line[start:end]) for start, end in spans])
        yield from zip(spans, (tag == "I-W" for tag in tags), strict=True)


class _Tagger(Protocol):
    """What of `underthesea_core.CRFTagger` is used."""

    def load(self, path: str) -> None: ...
    def tag(self, features: list[list[str]]) -> list[str]: ...


class _Featurizer(Protocol):
    """What of `underthesea_core.CRFFeaturizer` is used."""

    def process(self, sentences: list[list[list[str]]]) -> list[list[list[str]]]: ...


class _DataUnpickler(pickle.Unpickler):
    """Reads lists, sets and strings; refuses a file that names code."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(
            f"the word model of underthesea should hold strings alone, but names {module}.{name}"
        )


class _Core(Protocol):
    """What of the module `underthesea_core` is used."""

    CRFFeaturizer: Callable[[object, object], _Featurizer]
    CRFTagger: Callable[[], _Tagger]


class _WordModel(threading.local):
    """The word model of underthesea, one per thread.

    Read without importing `underthesea` itself, whose own loader unpickles without limits.
    """

    def __init__(self) -> None:
        purpose = "cutting raw Vietnamese text into words"
        core = cast(_Core, import_tool("underthesea_core", "underthesea", purpose))
        spec = find_spec("underthesea")
        places = list(spec.submodule_search_locations or ()) if spec else []
        found = [
            model for place in places for model in Path(place).glob("pipeline/word_tokenize/models/ws_crf_*/models.bin")
        ]
        if not found:
            raise MissingToolError("underthesea>=9.1", purpose)
        pickles = ((found[0].parent / name).read_bytes() for name in ("features.bin", "dictionary.bin"))
        features, dictionary = (_DataUnpickler(io.BytesIO(data)).load() for data in pickles)
        self._featurizer = core.CRFFeaturizer(features, dictionary)
        self._tagger = core.CRFTagger()
        self._tagger.load(str(found[0]))

    def tags(self, syllables: list[str]) -> list[str]:
        """Tags of the syllables of a line: I-W continues a word, B-W begins one."""
        return self._tagger.tag(self._featurizer.process([[[syllable] for syllable in syllables]])[0])


@functools.cache
def _word_model() -> _WordModel:
    return _WordModel()
