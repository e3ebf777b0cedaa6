"""Other versions of training sentences: words cut anew, noise on embeddings, words switched, whole ones translated.

What they are compared by is in `two_view.py`; cutting, switching and translating themselves have their own files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.dataset import UNTAGGED, Row
from phonexl.training.subword_sampling import SubwordSampler
from phonexl.training.translation import DictionaryTranslator, Translation, Translator

NOISE = 1e-5  # xTune's code, `noise_eps`, uniform on both sides of 0


@dataclass(frozen=True)
class Version:
    """A row made into another.

    Attributes:
        row: What is read: the row that it is a version of, with other ids; its tokens stay.
        origins: The word of that row that each of its words stands for, the first of several.
        noise: What is added to the embeddings, specials included, shape (units or pieces, hidden); None for nothing.
    """

    row: Row
    origins: Sequence[int]
    noise: Tensor | None = None

    @classmethod
    def same(cls, row: Row) -> "Version":
        """The row as it is."""
        return cls(row, range(len(row.tokens)))


class Augmentation(Protocol):
    """Makes a version of a row, of which a generator draws what there is to draw."""

    def __call__(self, row: Row, generator: Generator) -> Version:
        """One version; words beyond the backbone's positions are cut off."""

    def describe(self) -> dict[str, Any]:
        """What belongs into a result: its kind, and how many words it changed so far."""


@dataclass(frozen=True)
class SubwordSampling:
    """SS: the same words in other pieces of the processor's tokenizer."""

    processor: PhoneXLProcessor
    sampler: SubwordSampler
    limit: int | None

    def __call__(self, row: Row, generator: Generator) -> Version:
        """Cut the words anew; sounds, languages and tags stay."""
        words = self.processor.spellings(row.tokens, row.lang)
        pieces = self.sampler.cut(generator, words, row.sentence.pieces)
        return _fit(row, replace(row.sentence, pieces=pieces), range(len(pieces)), self.limit)

    def describe(self) -> dict[str, Any]:
        """The kind of sampler, and the share of words that came out in other pieces."""
        counts = self.sampler.counts
        changed = counts.changed / counts.words if counts.words else None
        return {"kind": f"sub-word sampling ({self.sampler.kind})", "ratio": self.sampler.ratio, "changed": changed}


@dataclass(frozen=True)
class UniformNoise:
    """GN: the same pieces, their embeddings moved a little."""

    processor: PhoneXLProcessor
    config: PhoneXLConfig

    def __call__(self, row: Row, generator: Generator) -> Version:
        """Draw the noise in float32: bfloat16 would round most of it away."""
        name = "input_ids" if self.config.unit == "subword" else "language_ids"
        positions = len(self.processor.rows([row.sentence])[name][0])
        drawn = generator.random((positions, self.config.hidden_size), dtype=np.float32)
        return replace(Version.same(row), noise=torch.from_numpy((2 * drawn - 1) * np.float32(NOISE)))

    def describe(self) -> dict[str, Any]:
        """Its size."""
        return {"kind": "uniform noise on embeddings", "size": NOISE}


@dataclass(frozen=True)
class CodeSwitching:
    """CS: some words in the target language; each keeps the tag of the first word that it stands for."""

    switcher: CodeSwitcher
    limit: int | None

    def __call__(self, row: Row, generator: Generator) -> Version:
        """Switch a sentence; one in the target language stays as it is."""
        if row.lang == self.switcher.target:
            return Version.same(row)
        switched, spans = self.switcher.switch(generator, row.tokens, row.sentence)
        origins = [span.start for span in spans]
        if row.sentence.labels is not None:
            switched.labels = [row.sentence.labels[origin] for origin in origins]
        return _fit(row, switched, origins, self.limit)

    def describe(self) -> dict[str, Any]:
        """The shares of words that the dictionary has and that were switched."""
        counts = self.switcher.counts
        shares = {
            name: count / counts.tokens if counts.tokens else None
            for name, count in (("coverage", counts.covered), ("changed", counts.switched))
        }
        return {"kind": "code switching", "ratio": self.switcher.ratio, **shares}


def translate_copies(translator: Translator, sentences: Sequence[Sentence], target: str) -> list[Sentence]:
    """MT: the translations of sentences, as sentences of the target; those that are in it already stay as they are.

    Args:
        translator: Translates into the target.
        sentences: Tagged sentences.
        target: Language code.

    Returns:
        One for each; its words have tags where the translator goes word by word, that of the first word that they
        stand for, and else none.
    """
    foreign = [sentence for sentence in sentences if sentence.lang != target]
    found = iter(translator.translate_all([sentence.tokens for sentence in foreign]))
    word_by_word = isinstance(translator, DictionaryTranslator)
    return [
        sentence if sentence.lang == target else _retell(sentence, next(found), target, word_by_word)
        for sentence in sentences
    ]


def _retell(sentence: Sentence, translation: Translation, target: str, word_by_word: bool) -> Sentence:
    tags = [UNTAGGED] * len(translation.tokens)
    if word_by_word:
        for source, word in reversed(translation.alignment or ()):
            tags[word] = sentence.tags[source]
    return Sentence(f"{sentence.id}-{target}", target, translation.tokens, tuple(tags))


def piece_limit(config: PhoneXLConfig) -> int | None:
    """Pieces that fit between the specials; None where words are counted, or nothing is."""
    return None if config.unit == "word" or config.max_units is None else config.max_units - 2


def _fit(row: Row, sentence: EncodedSentence, origins: Sequence[int], limit: int | None) -> Version:
    """A version whose pieces the backbone has positions for: a longer one is cut behind the last word that fits."""
    if limit is None:
        return Version(replace(row, sentence=sentence), origins)
    total = np.cumsum([min(len(pieces), limit) for pieces in sentence.pieces])
    words = int(np.searchsorted(total, limit, side="right"))
    return Version(replace(row, sentence=sentence.cut(0, words)), origins[:words])
