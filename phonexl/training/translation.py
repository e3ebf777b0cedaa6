"""What stands for machine translation: word by word with a dictionary, from a file, or by a sequence-to-sequence model.

Translations are words with their language; aligning them by an encoder and projecting tags is another file's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dataset_scripts.dictionary import BilingualDictionary
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.code_switching import LONGEST_MATCH
from phonexl.training.dictionaries import find_dictionary, match_of
from phonexl.training.recipe import Recipe, RecipeError


@dataclass(frozen=True)
class Translation:
    """A translated sentence.

    Attributes:
        tokens: Its words.
        languages: Language of each word: the source's where the word was left as it is.
        alignment: Pairs (source word, target word) as far as the translator knows them; None where it does not.
        coverage: Share of the source's words that were translated.
    """

    tokens: tuple[str, ...]
    languages: tuple[str, ...]
    alignment: tuple[tuple[int, int], ...] | None
    coverage: float


class Translator(Protocol):
    """Translates the words of a sentence; the same sentence always into the same words."""

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Translate one sentence."""

    def describe(self) -> dict[str, Any]:
        """What belongs into a result: its kind, and the share of words translated so far."""


class DictionaryTranslator:
    """Replaces each word that has an entry by the first of its targets; the others stay, in their own language.

    A target of several syllables is written together, as XTREME's files have it: a word stays one word.

    Args:
        dictionary: From source to target words.
        source: Language code of what is translated.
        target: Language code of the targets.
        match: "word", or "longest" for data of single characters.
    """

    def __init__(self, dictionary: BilingualDictionary, source: str, target: str, match: str = "word") -> None:
        self.dictionary = dictionary
        self.source = source
        self.target = target
        self.match = match
        self._num_tokens = 0
        self._num_covered = 0

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Translate one sentence; its alignment is complete, and one to one but for joined characters."""
        words: list[str] = []
        languages: list[str] = []
        alignment: list[tuple[int, int]] = []
        covered, start = 0, 0
        longest = LONGEST_MATCH if self.match == "longest" else 1
        while start < len(tokens):
            length, targets = self.dictionary.longest_match(tokens, start, longest)
            words.append(targets[0].replace(" ", "") if length else tokens[start])
            languages.append(self.target if length else self.source)
            alignment += [(position, len(words) - 1) for position in range(start, start + max(1, length))]
            covered += length
            start += max(1, length)
        self._num_tokens += len(tokens)
        self._num_covered += covered
        return Translation(tuple(words), tuple(languages), tuple(alignment), covered / max(1, len(tokens)))

    def describe(self) -> dict[str, Any]:
        """Its kind, direction, entries, and the share of words translated so far."""
        coverage = self._num_covered / self._num_tokens if self._num_tokens else None
        return {
            "kind": "dictionary",
            "direction": f"{self.source}-{self.target}",
            "entries": len(self.dictionary),
            "coverage": coverage,
        }


def encode_translation(processor: PhoneXLProcessor, translation: Translation) -> EncodedSentence:
    """Ids of a translation, each word read in its own language."""
    words = [
        processor.encode([token], language)
        for token, language in zip(translation.tokens, translation.languages, strict=True)
    ]
    return EncodedSentence(
        [pieces for word in words for pieces in word.pieces],
        [sound for word in words for sound in word.phoneme_pieces],
        [row for word in words for row in word.language_ids],
        words[0].sentence_language,
    )


def make_translator(recipe: Recipe, folder: Path, source: str, target: str) -> Translator:
    """The translator of a recipe for one of its two directions.

    Args:
        recipe: Its `translator` says which kind.
        folder: The data, near which a dictionary is looked for.
        source: Language to translate from: the recipe's source or target.
        target: The other one.

    Raises:
        DataError: If dictionary or translations are missing or malformed.
        RecipeError: For a kind that does not exist.
    """
    if recipe.translator != "dictionary":
        raise RecipeError(f"{recipe.name}: translator {recipe.translator!r}; expected dictionary")
    dictionary = find_dictionary(recipe, folder)
    if source == recipe.target:
        dictionary = _invert(dictionary)
    return DictionaryTranslator(dictionary, source, target, match_of(recipe))


def _invert(dictionary: BilingualDictionary) -> BilingualDictionary:
    """From target words to source words; a word of several syllables is found with and without its spaces."""
    pairs = list(dictionary.pairs())
    spaced = ((target, source) for source, target in pairs)
    return BilingualDictionary([*spaced, *((target.replace(" ", ""), source) for source, target in pairs)])
