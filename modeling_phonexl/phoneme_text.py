"""What a pretrained phoneme encoder reads (XPhoneBERT and its kin): phonemes between spaces, words between ▁.

Respells our segments in the symbols of a model's vocabulary, and counts what is left. No tokenizer, no model.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .transcription import Transcription

WORD_MARK = "▁"
UNKNOWN = "<unk>"

_LIGATURES = dict(zip("ʧʤʦʣʨʥ", "tʃ dʒ ts dz tɕ dʑ".split(), strict=True))
_BARE_AFFRICATE = re.compile("t(?=[ʃsɕ])|d(?=[ʒzʑ])")
_NARROW = "\u032a\u031d\u031e\u0308\u032f\u031f\u0320\u0325\u0348\u031a\u0339\u031cˑʲʷˠˤ"
# In this order, each on what the one before made, as long as the symbol is unknown.
_STEPS: tuple[Callable[[str], str], ...] = (
    lambda s: s.replace("g", "ɡ").replace(":", "ː"),
    lambda s: "".join(_LIGATURES.get(char, char) for char in s.replace("\u035c", "\u0361")),
    lambda s: _BARE_AFFRICATE.sub(lambda match: match.group() + "\u0361", s),
    lambda s: s.replace("ʈ͡ʂ", "t͡ʂ").replace("ɖ͡ʐ", "d͡ʐ").replace("t͡ɕʲ", "t͡ɕ").replace("ɕːʲ", "ɕː"),
    lambda s: s.replace("\u0324", "ʱ"),
    lambda s: s.replace("ɝ", "ɜ˞").replace("ɚ", "ə˞"),
    lambda s: s.replace("ᵻ", "ɪ").replace("ʀ", "ʁ"),
)
# Where no single symbol is known: two.
_SPLITS: tuple[Callable[[str], list[str]], ...] = (
    lambda s: re.split("[\u0361\u035c]", s),
    lambda s: [s.replace("ɜ˞", "ə").replace("ə˞", "ə"), "ɹ"] if "˞" in s else [],
    lambda s: list(s),
)


def phoneme_text(sentence: Sequence[Transcription]) -> str:
    """A sentence as a phoneme encoder reads it; punctuation is a word of its own.

    Args:
        sentence: One record per token.

    Source: the README of vinai/xphonebert-base.

    >>> from .transcription import record, passed
    >>> phoneme_text([record(["k", "æ", "t"], "cat"), passed(".")])
    'k æ t ▁ .'
    """
    return f" {WORD_MARK} ".join(" ".join(word.segments) for word in sentence)


@dataclass(frozen=True)
class UnknownRate:
    """How much of a text a phoneme vocabulary does not have.

    Attributes:
        segments: Segments of transcribed tokens, tones among them.
        respelled: How many of them are spelled otherwise in the vocabulary.
        unknown: How many are not in it under any.
        examples: Unknown segments with their counts, most frequent first, ten at most.
    """

    segments: int
    respelled: int
    unknown: int
    examples: tuple[tuple[str, int], ...]

    @property
    def rate(self) -> float:
        """Share of unknown segments, 0 to 1."""
        return self.unknown / max(1, self.segments)


class PhonemeRespeller:
    """Writes segments in the symbols of one model's vocabulary.

    Args:
        vocabulary: The model's symbols, for example `tokenizer.get_vocab()`; in any Unicode form.

    >>> respell = PhonemeRespeller(["t", "ʂ", "t͡ɕ"])
    >>> respell("t͡ɕʲ"), respell("ʈ͡ʂ"), respell("ɬ")
    (('t͡ɕ',), ('t', 'ʂ'), ())
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.symbols = {unicodedata.normalize("NFD", symbol): symbol for symbol in vocabulary}
        self._respell = functools.lru_cache(maxsize=1 << 14)(self.search)

    def __call__(self, segment: str) -> tuple[str, ...]:
        """A segment in the model's symbols: itself if it is known, else the nearest spelling that is.

        Returns:
            One symbol; two for an affricate, a rhotic vowel or a diphthong that is known only in parts; none if nothing
            helps.
        """
        return self._respell(segment)

    def text(self, sentence: Sequence[Transcription]) -> str:
        """`phoneme_text` in the model's symbols, `<unk>` for what it does not have."""
        words = ((symbol for segment in word.segments for symbol in self(segment) or (UNKNOWN,)) for word in sentence)
        return f" {WORD_MARK} ".join(" ".join(word) for word in words)

    def unknown_rate(self, sentences: Iterable[Sequence[Transcription]]) -> UnknownRate:
        """Count what the vocabulary lacks of a text, in the tokens that were transcribed."""
        counts = Counter(s for sentence in sentences for word in sentence if word.transcribed for s in word.segments)
        unknown = Counter({segment: count for segment, count in counts.items() if not self(segment)})
        respelled = sum(count for s, count in counts.items() if self(s) and _joined(self(s)) != _joined([s]))
        return UnknownRate(counts.total(), respelled, unknown.total(), tuple(unknown.most_common(10)))

    def search(self, segment: str) -> tuple[str, ...]:
        """What a call remembers; a vocabulary of another kind is searched otherwise."""
        text = segment
        for text in _spellings(segment):
            if text in self.symbols:
                return (self.symbols[text],)
        for split in _SPLITS:
            parts = split(text)
            if len(parts) > 1 and all(part in self.symbols for part in parts):
                return tuple(self.symbols[part] for part in parts)
        return ()


def _joined(symbols: Iterable[str]) -> str:
    return unicodedata.normalize("NFD", "".join(symbols))


def _spellings(segment: str) -> Iterator[str]:
    """A segment in ever broader spelling; the last one has no length and no narrow mark."""
    text = unicodedata.normalize("NFD", segment)
    yield text
    for step in _STEPS:
        text = step(text)
        yield text
    for place in range(len(text) - 1, -1, -1):
        if text[place] in _NARROW:
            text = text[:place] + text[place + 1 :]
            yield text
    text = text.replace("ː", "")
    yield text
