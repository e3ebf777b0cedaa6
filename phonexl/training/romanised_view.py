"""Training rows in another spelling: the same words in Latin letters, or in IPA, as the tokenizer cuts them.

What is learnt from it is a method's business; an encoder that hears sounds beside the text gets them otherwise.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from numpy.random import Generator

from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from modeling_phonexl.transcription import Transcriber
from phonexl.training.collator import SecondSentence
from phonexl.training.dataset import Row, RowDataset

SPELLINGS = ("romanised", "ipa")


class RomanisedView:
    """Gives each row the same words in another spelling, as a `SecondView`; nothing is drawn.

    Args:
        processor: Encodes words.
        spelling: One of `SPELLINGS`.
        strip_marks: Romanise without marks of tone, length and vowel.
    """

    def __init__(self, processor: PhoneXLProcessor, spelling: str, strip_marks: bool) -> None:
        self._processor = processor
        self._spelling = spelling
        self._strip = strip_marks
        self._encoded: dict[int, EncodedSentence] = {}

    def __call__(self, row: Row, generator: Generator) -> SecondSentence:
        """The other spelling of a row; a sentence that is longer in it than the encoder reads loses its last words."""
        return SecondSentence(self._spell_row(row))

    def spell(self, tokens: Sequence[str], language: str) -> list[str]:
        """The words in the other spelling."""
        records = Transcriber(language, self._processor.recipe)(tokens)
        if self._spelling == "ipa":
            return [record.ipa for record in records]
        return [strip_marks(record.romanized) if self._strip else record.romanized for record in records]

    def read_all(self, dataset: RowDataset) -> dict[str, Any]:
        """Spell all rows.

        Returns:
            What it comes to: words that have the same pieces in both, pieces over those of the text, and the share of
            unknown pieces.
        """
        rows = [dataset[index] for index in range(len(dataset))]
        counts = Counter[str]()
        for row in rows:
            text, second = row.sentence.pieces, self._spell_row(row).pieces
            flat = [piece for word in second for piece in word]
            counts["words"] += len(second)
            counts["same"] += sum(ours == theirs for ours, theirs in zip(text, second, strict=False))
            counts["pieces"] += sum(map(len, text[: len(second)]))
            counts["second_pieces"] += len(flat)
            counts["unknown"] += flat.count(self._processor.tokenizer.unk_token_id)
        return {
            "spelling": self._spelling,
            "same_words": counts["same"] / counts["words"],
            "length": counts["second_pieces"] / counts["pieces"],
            "unknown_pieces": counts["unknown"] / counts["second_pieces"],
        }

    def _spell_row(self, row: Row) -> EncodedSentence:
        if row.index not in self._encoded:
            text = row.sentence
            pieces = [self._processor.pieces(word, spaced=True) for word in self.spell(row.tokens, row.lang)]
            encoded = EncodedSentence(pieces, text.phoneme_pieces, text.language_ids, text.sentence_language)
            self._encoded[row.index] = encoded.cut(0, self._processor.windows(encoded)[0].end)
        return self._encoded[row.index]


def strip_marks(text: str) -> str:
    """Letters without their marks.

    >>> strip_marks("Đường nǐhǎo Tōkyō")
    'Duong nihao Tokyo'
    """
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare.replace("đ", "d").replace("Đ", "D"))
