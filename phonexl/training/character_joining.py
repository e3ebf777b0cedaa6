"""Characters joined to words, for a target that is cut into words: 日 産 に becomes 日産に, with the tag of the first.

Uses tags of the source alone, in training alone. Joining words of parts of speech is in `particle_merging.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from modeling_phonexl.sentence_encoder import IGNORED
from modeling_phonexl.transcription import Transcriber, find_language
from modeling_phonexl.transcription_ja import segment
from phonexl.training.particle_merging import TaggedSentence

PARTICLES_JOINED = 0.5  # of the words of hiragana alone that follow another word
_HIRAGANA = re.compile("[ぁ-ゖー]+")


@dataclass
class CharacterJoiner:
    """Cuts sentences of single characters into words, as their language's segmenter does, with a probability.

    No word holds the border of a name, or a token of several characters (a number, a Latin word). Half of the Japanese
    words of hiragana alone, particles and endings most often, join the word before them, as Korean writes them.

    Attributes:
        processor: Cuts words into pieces and transcribes them.
        labels: Tag names in the order of their ids.
        language: Of the sentences that are joined; others stay as they are.
        ratio: Probability of each sentence, anew in every epoch.
        num_sentences: Sentences met so far.
        num_joined: Sentences joined so far.
    """

    processor: PhoneXLProcessor
    labels: Sequence[str]
    language: str
    ratio: float
    num_sentences: int = 0
    num_joined: int = 0

    def merge(self, generator: Generator, tagged: TaggedSentence) -> EncodedSentence:
        """The sentence, or the same cut into words; beyond the backbone's positions it loses last words."""
        if tagged.lang != self.language:
            return tagged.sentence
        self.num_sentences += 1
        if generator.random() >= self.ratio:
            return tagged.sentence
        self.num_joined += 1
        tokens, labels = tagged.tokens, tagged.labels
        groups = self._join_particles(generator, tokens, labels, list(self._group(tokens, labels)))
        words = ["".join(tokens[place] for place in group) for group in groups]
        joined = self.processor.encode(words, self.language, labels=[labels[group[0]] for group in groups])
        return joined.cut(0, self.processor.count_fitting(joined.pieces))

    def describe(self) -> dict[str, float]:
        """What belongs into a result."""
        return {"joined_sentences": self.num_joined / max(1, self.num_sentences)}

    def _group(self, tokens: Sequence[str], labels: Sequence[int]) -> Iterator[range]:
        """Places of each word."""
        begins = self._begins("".join(tokens))
        first = offset = 0
        for place, token in enumerate(tokens):
            alone = len(token) > 1 or len(tokens[place - 1]) > 1
            if place and (alone or offset in begins or not self._continues(labels, place)):
                yield range(first, place)
                first = place
            offset += len(token)
        if tokens:
            yield range(first, len(tokens))

    def _continues(self, labels: Sequence[int], place: int) -> bool:
        """Whether a token is of the same name as the one before it, or both are of none."""
        before, tag = self._tag(labels[place - 1]), self._tag(labels[place])
        return before[2:] == tag[2:] and not tag.startswith("B-")

    def _tag(self, label: int) -> str:
        """Name of a tag; that of a window's context, which has none, is like no other."""
        return self.labels[label] if label != IGNORED else "--context"

    def _join_particles(
        self, generator: Generator, tokens: Sequence[str], labels: Sequence[int], groups: Sequence[range]
    ) -> list[range]:
        found: list[range] = []
        for group in groups:
            text = "".join(tokens[place] for place in group)
            follows = bool(found) and tokens[found[-1].stop - 1].isalnum() and labels[found[-1].start] != IGNORED
            joinable = follows and self._tag(labels[group.start]) == "O" and _HIRAGANA.fullmatch(text)
            if joinable and generator.random() < PARTICLES_JOINED:
                found[-1] = range(found[-1].start, group.stop)
            else:
                found.append(group)
        return found

    def _begins(self, text: str) -> set[int]:
        """Where words of a text begin; of Japanese short ones, as Korean parts the words of a name."""
        if find_language(self.language).code == "ja":
            return {start for start, _ in segment(text, "A")}
        return {start for start, _ in Transcriber(self.language).segment(text)}
