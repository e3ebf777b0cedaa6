"""Particles joined to the content word before them, as Korean writes them: 学校 は becomes 学校は and keeps its tag.

Uses tags of the source alone, in training alone. Switching words is in `code_switching.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from numpy.random import Generator

from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor

PARTICLES = frozenset({"ADP", "PART", "AUX", "SCONJ"})
NOT_CONTENT = PARTICLES | {"PUNCT", "SYM"}


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """What is merged: a training sentence as the task reads it, its words perhaps switched.

    Attributes:
        lang: Its language.
        tokens: Its words before any switch.
        sentence: Its ids and labels.
    """

    lang: str
    tokens: Sequence[str]
    sentence: EncodedSentence

    @property
    def labels(self) -> list[int]:
        """Tag id of each word of `sentence`."""
        assert self.sentence.labels is not None
        return self.sentence.labels


class Merger(Protocol):
    """Makes fewer words of a tagged sentence in training, as its target writes them."""

    def merge(self, generator: Generator, tagged: TaggedSentence) -> EncodedSentence:
        """Join words of one sentence."""

    def describe(self) -> dict[str, float]:
        """What belongs into a result."""


@dataclass
class ParticleMerger:
    """Joins each run of particles to the content word before it, with a probability.

    Attributes:
        processor: Cuts joined words into pieces.
        labels: Tag names in the order of their ids.
        ratio: Probability of each run.
        num_runs: Runs met so far.
        num_merged: Runs joined so far.
    """

    processor: PhoneXLProcessor
    labels: Sequence[str]
    ratio: float
    num_runs: int = 0
    num_merged: int = 0
    _joined: dict[tuple[tuple[int, ...], ...], list[int]] = field(default_factory=dict)

    def merge(self, generator: Generator, tagged: TaggedSentence) -> EncodedSentence:
        """Join particles of one tagged sentence; a window's context words, which have no tag, stay as they are."""
        sentence, labels = tagged.sentence, tagged.labels
        groups: list[list[int]] = []
        joins = False
        for position, label in enumerate(labels):
            particle = label >= 0 and self.labels[label] in PARTICLES
            if not particle:
                groups.append([position])
                continue
            head = labels[groups[-1][0]] if groups else -1
            if head >= 0 and self.labels[head] not in NOT_CONTENT:
                if len(groups[-1]) == 1:  # the first of a run decides for all of it
                    joins = bool(generator.random() < self.ratio)
                    self.num_runs += 1
                    self.num_merged += joins
                if joins:
                    groups[-1].append(position)
                    continue
            groups.append([position])
        return EncodedSentence(
            [self._join([sentence.pieces[position] for position in group]) for group in groups],
            [[sound for position in group for sound in sentence.phoneme_pieces[position]] for group in groups]
            if sentence.phoneme_pieces
            else [],
            [sentence.language_ids[group[0]] for group in groups],
            sentence.sentence_language,
            [labels[group[0]] for group in groups],
        )

    def describe(self) -> dict[str, float]:
        """The share of runs that were joined."""
        return {"merged_runs": self.num_merged / max(1, self.num_runs)}

    def _join(self, words: list[list[int]]) -> list[int]:
        """Pieces of words written together; where one has an unknown piece, their pieces in a row."""
        if len(words) == 1:
            return words[0]
        key = tuple(map(tuple, words))
        if key not in self._joined:
            tokenizer = self.processor.tokenizer
            known = all(tokenizer.unk_token_id not in pieces for pieces in words)
            text = "".join(tokenizer.decode(pieces).strip() for pieces in words)
            self._joined[key] = self.processor.pieces(text) if known else [p for pieces in words for p in pieces]
        return self._joined[key]
