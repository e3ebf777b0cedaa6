"""Encoders side by side: a floor that can be checked by hand, and the reading at equal work."""

import math
from typing import Any

import numpy as np
import pytest

from phonexl.pretraining.comparison import bits_at, compare, unigram_bits
from phonexl.pretraining.dataset import HiddenSentence
from phonexl.pretraining.representations import EncodedSentence
from phonexl.results import Result


def test_the_floor_is_that_of_frequencies() -> None:
    train = [EncodedSentence("tur", np.array([2, 7, 7, 8, 3], np.int32), np.array([-1, 0, 1, 1, -1], np.int32))]
    labels = np.array([-100, 7, 8, 9, -100], np.int32)
    held_out = {"tur": [HiddenSentence(labels, labels, 2)]}
    # One more of each of two symbols, and one for all others: 3, 2 and 1 of 6.
    expected = -(math.log2(3 / 6) + math.log2(2 / 6) + math.log2(1 / 6)) / 2
    assert unigram_bits(train, held_out) == {"tur": pytest.approx(expected)}


def test_bits_are_read_between_evaluations_and_nowhere_else() -> None:
    curve = [{"flops": 10.0, "bits_per_word": 8.0}, {"flops": 30.0, "bits_per_word": 4.0}]
    assert [bits_at(curve, flops) for flops in (10, 20, 30)] == [8.0, 6.0, 4.0]
    assert bits_at(curve, 5) is None
    assert bits_at(curve, 31) is None


def result(name: str, flops: list[float], bits: list[float]) -> Result:
    curve = [{"flops": work, "bits_per_word": value} for work, value in zip(flops, bits, strict=True)]
    training: dict[str, Any] = {
        "vocabulary": 1234, "symbols_per_sentence": 50.0, "unknown_rate": 0.01, "sentences": 100, "flops": flops[-1],
        "curve": curve,
    }  # fmt: skip
    scores = {"kor": {"held_out": {"bits_per_word": bits[-1], "unigram_bits_per_word": 9.0}}}
    return Result(f"pretrain-{name}", "", {"representation": name}, 1, {}, scores, training=training)


def test_equal_work_is_the_least_of_all() -> None:
    table = compare([result("subword", [1e9, 2e9], [8, 6]), result("phoneme", [1e9, 3e9], [9, 5])])
    assert table.columns[-2:] == ["bits a word", "at 2.00e+09 FLOP"]
    assert [row[0] for row in table.rows] == ["subword", "phoneme"]
    assert [row[-2:] for row in table.rows] == [["6.00", "6.00"], ["5.00", "7.00"]]
    late = compare([result("subword", [1e9, 2e9], [8, 6]), result("phoneme", [5e9, 9e9], [9, 5])])
    assert late.rows[1][-1] == "-"
