"""What is hidden: symbols of the same words in every representation and every run, from one of a word to all."""

import numpy as np
import pytest

from phonexl.pretraining.arm import Arm
from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.dataset import (
    EVALUATED_RATIO,
    HIDDEN_RATIO,
    HiddenSentence,
    HiddenSentences,
    hide_for_evaluation,
)
from phonexl.pretraining.representations import REPRESENTATIONS, EncodedSentence, Representation
from phonexl.training.masking import IGNORED

TOTAL = 500


def run_of(name: str, corpus: Corpus, seed: int = 1) -> tuple[HiddenSentences, list[EncodedSentence], Representation]:
    representation = Representation.learn(name, corpus.train, 120)
    encoded = [representation.encode(sentence) for sentence in corpus.train]
    return HiddenSentences(encoded, representation.mask_id, seed, TOTAL), encoded, representation


def hidden_counts(hidden: HiddenSentence, sentence: EncodedSentence, mask_id: int) -> dict[int, int]:
    """Hidden symbols of each word that has any; they and no others are behind the mask and are labels."""
    chosen = hidden.labels != IGNORED
    assert np.array_equal(hidden.ids == mask_id, chosen)
    assert np.array_equal(hidden.ids[~chosen], sentence.ids[~chosen])
    assert np.array_equal(hidden.labels[chosen], sentence.ids[chosen])
    words, counts = np.unique(sentence.word_index[chosen], return_counts=True)
    assert words.min() >= 0, "a mark between words is hidden"
    return dict(zip(words.tolist(), counts.tolist(), strict=True))


def sizes(sentence: EncodedSentence) -> list[int]:
    """Symbols of each word."""
    return np.bincount(sentence.word_index[sentence.word_index >= 0]).tolist()


def test_all_representations_hide_the_same_share_of_the_same_words(corpus: Corpus) -> None:
    """Otherwise one of them might have had the easier words."""
    words: dict[int, set[int]] = {}
    shares: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for name in REPRESENTATIONS:
        run, encoded, representation = run_of(name, corpus)
        for place in range(TOTAL):
            index = run.locate(place)[1]
            counts = hidden_counts(run[place], encoded[index], representation.mask_id)
            assert len(counts) == run[place].num_hidden > 0
            assert words.setdefault(place, set(counts)) == set(counts), name
            for word, count in counts.items():
                size = sizes(encoded[index])[word]
                shares.setdefault((place, word), []).append(((count - 1) / size, count / size))
    # Of n symbols 1 + floor(n u) are hidden: what each representation says of u must have a value in common.
    for bounds in shares.values():
        assert max(low for low, _ in bounds) < min(high for _, high in bounds)


@pytest.mark.parametrize("name", ["character", "phoneme"])
def test_a_private_run_is_the_shared_one_relabelled(name: str, corpus: Corpus) -> None:
    """The same symbols of a word are hidden: other ones might be easier."""
    shared, encoded, representation = run_of(name, corpus)
    private, others, _ = run_of(f"private-{name}", corpus)
    mapping: dict[tuple[str, int], int] = {}
    for one, other in zip(encoded, others, strict=True):
        mapping |= {(one.language, a): b for a, b in zip(one.ids.tolist(), other.ids.tolist(), strict=True)}
    for place in range(TOTAL):
        index = shared.locate(place)[1]
        language = encoded[index].language
        mapping[language, representation.mask_id] = representation.mask_id
        assert [mapping[language, symbol] for symbol in shared[place].ids.tolist()] == private[place].ids.tolist()


def test_any_number_of_symbols_of_a_word_is_hidden_and_each_as_likely(corpus: Corpus) -> None:
    run, encoded, representation = run_of("character", corpus)
    hidden = words = 0
    of_six = np.zeros(7, int)  # of words of six symbols: how often 1, 2, ... 6 of them
    at_place = np.zeros(6, int)  # and how often the first, second, ... of them
    for place in range(TOTAL):
        sentence = encoded[run.locate(place)[1]]
        counts = hidden_counts(run[place], sentence, representation.mask_id)
        words += sentence.num_words
        hidden += len(counts)
        for word, count in counts.items():
            places = np.flatnonzero(sentence.word_index == word)
            if len(places) == 6:
                of_six[count] += 1
                at_place += run[place].labels[places] != IGNORED
    assert hidden / words == pytest.approx(HIDDEN_RATIO, abs=0.04)
    assert of_six[0] == 0
    total = of_six.sum()
    assert total > 100
    for found in of_six[1:]:
        assert found / total == pytest.approx(1 / 6, abs=4 * np.sqrt(5 / 36 / total))
    assert at_place / total == pytest.approx(np.full(6, 3.5 / 6), abs=4 * np.sqrt(0.25 / total))


def test_an_epoch_is_an_order_of_all_sentences_and_each_hides_anew(corpus: Corpus) -> None:
    run, encoded, _ = run_of("phoneme", corpus)
    count = len(encoded)
    first, second = ([run.locate(start + place) for place in range(count)] for start in (0, count))
    assert [epoch for epoch, _ in first] == [0] * count
    assert [epoch for epoch, _ in second] == [1] * count
    assert sorted(index for _, index in first) == sorted(index for _, index in second) == list(range(count))
    assert first != [(0, index) for _, index in second]
    again = {index: run[count + place].labels.tolist() for place, (_, index) in enumerate(second)}
    assert sum(run[place].labels.tolist() != again[index] for place, (_, index) in enumerate(first)) > count / 2


def test_a_place_is_the_same_whatever_was_read_before(corpus: Corpus) -> None:
    """A resumed run starts in the middle of an epoch."""
    run, encoded, _ = run_of("phoneme", corpus)
    fresh = run_of("phoneme", corpus)[0]
    place = len(encoded) + 5
    for other in (place + len(encoded), 0, 3):
        run[other]
    assert run[place].ids.tolist() == fresh[place].ids.tolist()
    other_seed = run_of("phoneme", corpus, seed=2)[0]
    places = range(len(encoded))
    assert sum(run.locate(n) == other_seed.locate(n) for n in places) < 10


def test_evaluation_hides_behind_the_mask_alone_and_always_the_same(corpus: Corpus) -> None:
    representation = Representation.learn("phoneme", corpus.train, 120)
    arm = Arm.of(corpus, representation)
    assert set(arm.held_out) == {"kor", "tur", "swa"}
    for index, sentence in enumerate(corpus.held_out):
        encoded = representation.encode(sentence)
        hidden = hide_for_evaluation(encoded, index, representation.mask_id)
        counts = hidden_counts(hidden, encoded, representation.mask_id)
        assert counts == {word: sizes(encoded)[word] for word in counts}
        assert len(counts) == hidden.num_hidden
        again = arm.held_out[sentence.language][index % 6]
        assert hidden.ids.tolist() == again.ids.tolist()


def test_evaluation_hides_as_many_words_as_bert(corpus: Corpus) -> None:
    """At least one of each sentence is hidden, and these are short: 0.85 ** n of them would else hide none."""
    representation = Representation.learn("subword", corpus.train, 120)
    encoded = [representation.encode(sentence) for sentence in corpus.train]
    found = [hide_for_evaluation(sentence, index, 4).num_hidden for index, sentence in enumerate(encoded)]
    expected = [EVALUATED_RATIO * s.num_words + (1 - EVALUATED_RATIO) ** s.num_words for s in encoded]
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.15)
