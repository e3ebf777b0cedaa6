"""Ids, labels and back: every word is trained on and answered for once, whatever the padding and the length."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dataset_scripts.schema import Sentence
from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.gap.encoded_examples import Collator, EncodedExamples
from phonexl.gap.tasks import TASKS, Pair
from phonexl.gap.word_reader import NO_WORD, EncodedWords

POS, XNLI = TASKS["pos"], TASKS["xnli"]
START, MARK, UNKNOWN = 1, 2, 3


@dataclass
class LetterReader:
    """A start, the letters of each word, a mark between words; capitals are unknown, "-" has no id."""

    on_the_left: bool = False
    name: str = "letters"
    unknown_id: int | None = UNKNOWN
    pad_id: int = 0

    def encode(
        self, words: Sequence[str], language: str, second: Sequence[str] | None = None, max_length: int | None = None
    ) -> EncodedWords:
        ids, word_index = [START], [NO_WORD]
        for number, word in enumerate([*words, *(second or [])]):
            own = [UNKNOWN if letter.isupper() else ord(letter) for letter in word if letter != "-"]
            if max_length is not None and len(ids) + len(own) > max_length:
                break
            ids += [*own, MARK]
            word_index += [*[number] * len(own), NO_WORD]
        if set(word_index) == {NO_WORD}:
            raise ValueError("not one word fits")
        return EncodedWords(tuple(ids), tuple(word_index), (0,) * len(ids), len(words) + len(second or []))

    def pad(self, batch: Sequence[EncodedWords]) -> dict[str, Tensor]:
        length = max(len(words.ids) for words in batch) + 2  # as an encoder may ask for
        tensors = {}
        for name in ("input_ids", "attention_mask"):
            rows = [words.ids if name == "input_ids" else [1] * len(words.ids) for words in batch]
            rest = [[0] * (length - len(row)) for row in rows]
            tensors[name] = torch.tensor(
                [[*more, *row] if self.on_the_left else [*row, *more] for row, more in zip(rows, rest, strict=True)]
            )
        return tensors

    def save(self, folder: Path) -> None:
        raise NotImplementedError


def sentence(text: str, tags: str) -> Sentence:
    return Sentence("s", "eng", tuple(text.split()), tuple(tags.split()))


SENTENCES = [
    sentence("the old cat sat there quietly", "DET ADJ NOUN VERB ADV ADV"),
    sentence("Go", "VERB"),
    sentence("a - b", "DET PUNCT NOUN"),
]


def gold_of(rows: EncodedExamples, reader: LetterReader) -> list[list[str]]:
    """What decoding gives if every answer is the label; batches of two, joined as the Trainer joins them."""
    batches = [[rows[i] for i in range(start, min(start + 2, len(rows)))] for start in range(0, len(rows), 2)]
    labels = [Collator(reader)(batch)["labels"].numpy() for batch in batches]
    width = max(part.shape[1] for part in labels)
    joined = np.concatenate(
        [np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=IGNORED) for part in labels]
    )
    return rows.decode(np.where(joined == IGNORED, 5, joined), joined, "X")


@pytest.mark.parametrize("on_the_left", [False, True])
@pytest.mark.parametrize("max_length", [None, 30, 9])
def test_every_word_comes_back_whatever_the_length_and_the_padding(max_length, on_the_left):
    """Long sentences go on in further rows; a word that fits nowhere, or has no id, gets the default."""
    reader = LetterReader(on_the_left)
    rows = EncodedExamples(SENTENCES, POS, reader, max_length)
    expected = [list(row.tags) for row in SENTENCES]
    expected[2][1] = "X"
    assert gold_of(rows, reader) == expected
    assert rows.lengths == sorted(rows.lengths)
    assert (len(rows) > 3) == (max_length == 9)
    assert rows.reading["unread_words"] == 1


def test_a_word_has_one_label_at_its_first_id():
    (row,) = (EncodedExamples([sentence("ab c", "DET NOUN")], POS, LetterReader())[0],)
    det, noun = POS.labels.index("DET"), POS.labels.index("NOUN")
    assert row.labels == (IGNORED, det, IGNORED, IGNORED, noun, IGNORED)
    assert row.words == (0, 1)


@pytest.mark.parametrize("on_the_left", [False, True])
def test_labels_stand_by_the_first_letters(on_the_left):
    reader = LetterReader(on_the_left)
    rows = EncodedExamples(SENTENCES[:1], POS, reader)
    longer = EncodedExamples([sentence("a longer sentence than the other is beside it", "X " * 9)], POS, reader)
    batch = Collator(reader)([rows[0], longer[0]])
    places = batch["labels"][0] != IGNORED
    assert "".join(map(chr, batch["input_ids"][0][places])) == "tocstq"
    assert [POS.labels[label] for label in batch["labels"][0][places]] == list(SENTENCES[0].tags)


def test_what_is_not_read_is_counted():
    rows = EncodedExamples([sentence("Ab cdefghijkl e", "NOUN VERB ADV")], POS, LetterReader(), 8)
    assert rows.reading["unread_words"] == 1  # the second is longer than the input
    assert rows.reading["unknown_rate"] == pytest.approx(1 / 7)  # of two rows' ids, marks and starts among them
    assert rows.reading["ids_per_word"] == pytest.approx(7 / 3)
    assert rows.used_ids() == {START, MARK, UNKNOWN, ord("b"), ord("e")}
    assert EncodedExamples(SENTENCES, POS, LetterReader(unknown_id=START)).reading["unknown_rate"] == 0  # no word's
    with pytest.raises(ValueError, match="no word of 1 sentences fits into 2"):
        EncodedExamples([sentence("abc", "NOUN")], POS, LetterReader(), 2)


def test_a_pair_has_one_label_and_is_cut():
    pairs = [Pair("1", "eng", ("abc", "d"), ("e",), "contradiction"), Pair("2", "eng", ("a",), ("b", "c"), "neutral")]
    reader = LetterReader()
    rows = EncodedExamples(pairs, XNLI, reader, 7)
    assert rows.reading["truncated_words"] == 1
    batch = Collator(reader)([rows[0], rows[1]])
    assert batch["labels"].tolist() == [row.labels[0] for row in (rows[0], rows[1])]
    assert rows.decode(batch["labels"].numpy(), batch["labels"].numpy(), "entailment") == [
        ["contradiction"],
        ["neutral"],
    ]
