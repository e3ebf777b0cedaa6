"""Translations as second sentences: of training rows, and of test rows (translate-test).

Translating itself is in `translation.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from numpy.random import Generator

from dataset_scripts.schema import tag_names
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from phonexl.training.collator import SecondSentence
from phonexl.training.dataset import Row, TaggingDataset
from phonexl.training.job import Job
from phonexl.training.translation import Translation, Translator, encode_translation, make_translator

_Tokens = tuple[str, ...]


class TranslatedView:
    """Gives each row its translation, as a `SecondView`.

    All are translated here, before anything is trained, and the translators are put away again.

    Args:
        job: Its recipe says what translates, between which two languages.
        processor: Encodes translations.
        rows: What is to be translated, in either language.
        back: Translate the translations back, too.

    Attributes:
        translators: What translated and with what coverage, by direction.

    Raises:
        DataError: If dictionary or translations are missing or malformed.
    """

    def __init__(self, job: Job, processor: PhoneXLProcessor, rows: Sequence[Row], *, back: bool = False) -> None:
        source, target = job.recipe.source, job.recipe.target
        self._processor = processor
        self._other = {source: target, target: source}
        self._translations: dict[tuple[str, _Tokens], Translation] = {}
        translators: dict[str, Translator] = {}
        self._translate(job, translators, {(row.lang, row.tokens) for row in rows})
        if back:
            there = {(self._other[row.lang], self._translations[row.lang, row.tokens].tokens) for row in rows}
            self._translate(job, translators, there)
        self.translators: dict[str, dict[str, Any]] = {
            f"{language}-{self._other[language]}": translator.describe() for language, translator in translators.items()
        }

    @property
    def warnings(self) -> list[str]:
        """Directions in which nothing was translated."""
        return [
            f"translator {direction}: it translated no word, so that sentences were read beside themselves"
            for direction, described in self.translators.items()
            if not described["coverage"]
        ]

    def __call__(self, row: Row, generator: Generator) -> SecondSentence:
        """The translation of a row."""
        return SecondSentence(self.encode(row))

    def encode(self, row: Row) -> EncodedSentence:
        """Ids of a row's translation."""
        return self._fit(self._translations[row.lang, row.tokens])

    def encode_back(self, row: Row) -> EncodedSentence:
        """Ids of a row's translation, translated back."""
        language, there = self._other[row.lang], self._translations[row.lang, row.tokens]
        again = self._translations[language, there.tokens]
        languages = list(again.languages)
        for before, after in again.alignment or ():
            if languages[after] == language:  # left as it was: perhaps it had been left before, in the row's language
                languages[after] = there.languages[before]
        return self._fit(replace(again, languages=tuple(languages)))

    def _translate(
        self, job: Job, translators: dict[str, Translator], sentences: Iterable[tuple[str, _Tokens]]
    ) -> None:
        new = sorted(set(sentences) - self._translations.keys())
        for language in sorted({language for language, _ in new}):
            if language not in translators:
                other = self._other[language]
                translators[language] = make_translator(job.recipe, job.data.folder, language, other)
            tokens = [tokens for code, tokens in new if code == language]
            for sentence, translation in zip(tokens, translators[language].translate_all(tokens), strict=True):
                self._translations[language, sentence] = translation

    def _fit(self, translation: Translation) -> EncodedSentence:
        """A sentence was cut to fit the encoder, and its translation may be longer: the rest is left out."""
        encoded = encode_translation(self._processor, translation)
        return encoded.cut(0, self._processor.windows(encoded)[0].end)


def training_rows(job: Job, processor: PhoneXLProcessor) -> list[Row]:
    """The rows of a job's training data set, as its Trainers number them."""
    return [*_rows(TaggingDataset(job.data.train, processor, tag_names(job.recipe.task), draws=True))]


def translate_tests(job: Job, processor: PhoneXLProcessor) -> TranslatedView:
    """What the test sentences of the target are read beside.

    Raises:
        DataError: If dictionary or translations are missing or malformed.
    """
    labels = tag_names(job.recipe.task)
    tests = [sentences for (language, _), sentences in job.data.tests.items() if language == job.recipe.target]
    rows = [row for sentences in tests for row in _rows(TaggingDataset(sentences, processor, labels))]
    return TranslatedView(job, processor, rows)


def _rows(dataset: TaggingDataset) -> Iterator[Row]:
    return (dataset[index] for index in range(len(dataset)))
