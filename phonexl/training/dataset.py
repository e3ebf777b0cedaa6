"""Sentences as the Trainer reads them: encoded once, tagged ones cut into windows, indexed by position.

Masking and switching happen later, in the collator, anew in every epoch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torch.utils.data import Dataset

from dataset_scripts.schema import Sentence, SentencePair
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from modeling_phonexl.sentence_encoder import IGNORED
from modeling_phonexl.transcription import Transcriber

UNTAGGED = ""  # tag of a word that is read and not trained on: a translated one whose tag is not known


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a sentence, or one pair of sentences.

    Attributes:
        index: Position in the data set; keys the draws of masks and switches.
        source: Position of the sentence that the window is cut from; of a pair, its own.
        lang: Language of the sentence.
        tokens: Words of the window, or of both sentences.
        sentence: Their ids; words that serve as context only have label -100.
        draws: Whether the collator adds masked and switched versions (training) or not (evaluation).
        label: Class of the pair; None for tagged sentences, whose words have labels.
    """

    index: int
    source: int
    lang: str
    tokens: tuple[str, ...]
    sentence: EncodedSentence
    draws: bool
    label: int | None = None


class RowDataset(Dataset[Row]):
    """Rows by position.

    Args:
        rows: In order.

    Attributes:
        lengths: Words of each row, for batches of like length.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.lengths = [len(row.tokens) for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]


class TaggingDataset(RowDataset):
    """Windows of tagged sentences in one language.

    Args:
        sentences: What the readers give.
        processor: Transcribes and encodes.
        labels: Tag names in the order of their ids.
        draws: Whether these are training data; see `Row`.
    """

    def __init__(
        self, sentences: Sequence[Sentence], processor: PhoneXLProcessor, labels: Sequence[str], draws: bool = False
    ) -> None:
        ids = {label: index for index, label in enumerate(labels)} | {UNTAGGED: IGNORED}
        rows: list[Row] = []
        for source, sentence in enumerate(sentences):
            encoded = processor.encode(sentence.tokens, sentence.lang, labels=[ids[tag] for tag in sentence.tags])
            for window in processor.windows(encoded):
                part = encoded.cut(window.start, window.end)
                assert part.labels is not None
                part.labels = [
                    label if window.first <= position < window.last else IGNORED
                    for position, label in enumerate(part.labels, window.start)
                ]
                tokens = sentence.tokens[window.start : window.end]
                rows.append(Row(len(rows), source, sentence.lang, tokens, part, draws))
        super().__init__(rows)


class PairDataset(RowDataset):
    """Sentence pairs in one language, with their classes.

    Args:
        pairs: Of running text, which the processor cuts into words.
        processor: Transcribes, encodes and joins; what is too long is cut, see `SentenceEncoder.join`.
        labels: Class names in the order of their ids.
        draws: Whether these are training data; see `Row`.
    """

    def __init__(
        self, pairs: Sequence[SentencePair], processor: PhoneXLProcessor, labels: Sequence[str], draws: bool = False
    ) -> None:
        rows: list[Row] = []
        for index, pair in enumerate(pairs):
            words = [processor.words(text, pair.lang) for text in (pair.premise, pair.hypothesis)]
            joined = processor.join(*(processor.encode(tokens, pair.lang) for tokens in words))
            border = joined.first_words or 0
            tokens = (*words[0][:border], *words[1][: len(joined.pieces) - border])
            rows.append(Row(index, index, pair.lang, tokens, joined, draws, labels.index(pair.label)))
        super().__init__(rows)


def count_reasons(sentences: Iterable[tuple[str, Sequence[str]]], recipe: str = "default") -> dict[str, int]:
    """How many tokens were read, passed or split, by reason; see `modeling_phonexl.transcription.REASONS`.

    Args:
        sentences: Language and words of each.
        recipe: Transcription recipe.
    """
    counts: dict[str, int] = {}
    for language, tokens in sentences:
        for record in Transcriber(language, recipe)(tokens):
            counts[record.reason] = counts.get(record.reason, 0) + 1
    return dict(sorted(counts.items()))


def batches(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Rows in batches of at most `size`."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
