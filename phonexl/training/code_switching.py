"""Word-by-word code switching with a bilingual dictionary (PhoneXL paper, Eq. 8; after CoSDA-ML).

The dictionary itself is in `dataset_scripts.dictionary`; masking in `masking.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from numpy.random import Generator

from dataset_scripts.dictionary import BilingualDictionary
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor

LONGEST_MATCH = 8  # tokens; no key of the MUSE pivots for zh and ja is longer


@dataclass
class SwitchCounts:
    """How much was switched; logged, because a dictionary that covers nothing makes XMLM a second MLM."""

    tokens: int = 0
    covered: int = 0
    switched: int = 0


@dataclass
class CodeSwitcher:
    """Replaces words of the source language by translations, with their spelling, sound and language.

    Attributes:
        dictionary: From source words to target words.
        processor: Encodes the translations.
        target: Language code of the translations.
        ratio: r, the probability with which a token starts a switch.
        match: "longest" joins up to eight tokens to find a key, for data of single characters; "word" takes tokens
            alone.
        counts: What was switched so far.
    """

    dictionary: BilingualDictionary
    processor: PhoneXLProcessor
    target: str
    ratio: float
    match: str
    counts: SwitchCounts = field(default_factory=SwitchCounts)
    _encoded: dict[str, EncodedSentence] = field(default_factory=dict)

    def switch(
        self, generator: Generator, tokens: Sequence[str], sentence: EncodedSentence
    ) -> tuple[EncodedSentence, list[range]]:
        """Switch one sentence, or one pair; what is joined to find a key is of one sentence.

        A sentence for which the backbone has no positions any more loses its last words.

        Args:
            generator: Source of the draws.
            tokens: Words of the sentence, or of both.
            sentence: Their ids.

        Returns:
            The switched sentence without labels, and the source tokens that each of its words stands for.
        """
        pieces: list[list[int]] = []
        sounds: list[list[int]] = []
        languages: list[int] = []
        spans: list[range] = []
        start, border = 0, sentence.first_words or 0
        while start < len(tokens):
            end = border if start < border else len(tokens)
            length, translations = self._find(tokens, start, min(LONGEST_MATCH, end - start))
            self.counts.tokens += max(1, length)
            self.counts.covered += length
            if length and generator.random() < self.ratio:
                self.counts.switched += length
                word = self._encode(self._draw(generator, translations))
                pieces += word.pieces
                sounds += word.phoneme_pieces
                languages += word.language_ids
                spans.append(range(start, start + length))
                start += length
                continue
            for position in range(start, start + max(1, length)):
                pieces.append(sentence.pieces[position])
                sounds += sentence.phoneme_pieces[position : position + 1]
                languages.append(sentence.language_ids[position])
                spans.append(range(position, position + 1))
            start += max(1, length)
        first_words = None if sentence.first_words is None else sum(span.start < border for span in spans)
        switched = EncodedSentence(pieces, sounds, languages, sentence.sentence_language, first_words=first_words)
        if first_words is not None:
            return switched, spans
        fitting = self.processor.count_fitting(pieces)
        return switched.cut(0, fitting), spans[:fitting]

    def _draw(self, generator: Generator, translations: tuple[str, ...]) -> str:
        """One translation; one of several syllables loses its spaces half of the time, as XTREME's Vietnamese has."""
        word = translations[int(generator.integers(len(translations)))]
        return word.replace(" ", "") if " " in word and generator.random() < 0.5 else word

    def _find(self, tokens: Sequence[str], start: int, most: int) -> tuple[int, tuple[str, ...]]:
        if self.match == "longest":
            return self.dictionary.longest_match(tokens, start, most)
        translations = self.dictionary.targets(tokens[start])
        return (1, translations) if translations else (0, ())

    def _encode(self, word: str) -> EncodedSentence:
        if word not in self._encoded:
            self._encoded[word] = self.processor.encode([word], self.target)
        return self._encoded[word]
