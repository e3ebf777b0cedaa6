"""Tagged sentences as the Trainer reads them: encoded once, cut into windows, indexed by position.

Masking and switching happen later, in the collator, anew in every epoch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torch.utils.data import Dataset

from dataset_scripts.schema import Sentence
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from modeling_phonexl.transcription import Transcriber

IGNORED = -100
UNTAGGED = ""  # tag of a word that is read and not trained on: a translated one whose tag is not known


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a sentence.

    Attributes:
        index: Position in the data set; keys the draws of masks and switches.
        source: Position of the sentence that the window is cut from.
        lang: Language of the sentence.
        tokens: Words of the window.
        sentence: Their ids; words that serve as context only have label -100.
        draws: Whether the collator adds masked and switched versions (training) or not (evaluation).
    """

    index: int
    source: int
    lang: str
    tokens: tuple[str, ...]
    sentence: EncodedSentence
    draws: bool


class TaggingDataset(Dataset[Row]):
    """Windows of tagged sentences in one language.

    Args:
        sentences: What the readers give.
        processor: Transcribes and encodes.
        labels: Tag names in the order of their ids.
        draws: Whether these are training data; see `Row`.

    Attributes:
        lengths: Words of each window, for batches of like length.
    """

    def __init__(
        self, sentences: Sequence[Sentence], processor: PhoneXLProcessor, labels: Sequence[str], draws: bool = False
    ) -> None:
        ids = {label: index for index, label in enumerate(labels)} | {UNTAGGED: IGNORED}
        self._rows: list[Row] = []
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
                self._rows.append(Row(len(self._rows), source, sentence.lang, tokens, part, draws))
        self.lengths = [len(row.tokens) for row in self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]


def count_reasons(sentences: Sequence[Sentence], recipe: str = "default") -> dict[str, int]:
    """How many tokens were read, passed or split, by reason; see `modeling_phonexl.transcription.REASONS`."""
    counts: dict[str, int] = {}
    for sentence in sentences:
        for record in Transcriber(sentence.lang, recipe)(sentence.tokens):
            counts[record.reason] = counts.get(record.reason, 0) + 1
    return dict(sorted(counts.items()))


def batches(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Rows in batches of at most `size`."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
