"""Hidden words: the same ones in every representation and every run, drawn as BERT draws them."""

import numpy as np
import pytest

from phonexl.pretraining.arm import Arm
from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.dataset import (
    MASK_RATIO,
    HiddenSentence,
    HiddenSentences,
    hide_for_evaluation,
    own_symbols,
)
from phonexl.pretraining.representations import REPRESENTATIONS, EncodedSentence, Representation
from phonexl.training.masking import IGNORED

TOTAL = 500


def run_of(name: str, corpus: Corpus, seed: int = 1) -> tuple[HiddenSentences, list[EncodedSentence], Representation]:
    representation = Representation.learn(name, corpus.train, 120)
    encoded = [representation.encode(sentence) for sentence in corpus.train]
    return HiddenSentences(encoded, representation.mask_id, seed, TOTAL), encoded, representation


def fates(hidden: HiddenSentence, sentence: EncodedSentence, mask_id: int) -> dict[int, str]:
    """What became of each hidden word; all of its symbols must agree."""
    found: dict[int, str] = {}
    for word in set(sentence.word_index[hidden.labels != IGNORED].tolist()):
        places = sentence.word_index == word
        assert np.array_equal(hidden.labels[places], sentence.ids[places])
        masked = hidden.ids[places] == mask_id
        assert masked.all() or not masked.any()
        seen = np.array_equal(hidden.ids[places], sentence.ids[places])
        found[word] = "masked" if masked.all() else "seen" if seen else "random"
    return found


def test_all_representations_hide_the_same_words_of_the_same_sentences(corpus: Corpus) -> None:
    """Otherwise one of them might have had the easier words."""
    expected = None
    for name in REPRESENTATIONS:
        run, encoded, representation = run_of(name, corpus)
        found = []
        for place in range(TOTAL):
            epoch, index = run.locate(place)
            hidden = run[place]
            fate = fates(hidden, encoded[index], representation.mask_id)
            assert len(fate) == hidden.num_hidden > 0
            # A word of random symbols can come out as itself, where a language has few.
            found.append((epoch, index, {word: f == "masked" for word, f in fate.items()}))
        expected = expected or found
        assert found == expected, name


@pytest.mark.parametrize("name", ["character", "phoneme"])
def test_a_private_run_is_the_shared_one_relabelled(name: str, corpus: Corpus) -> None:
    """Random symbols too: drawn from all of a private vocabulary, most would be seen to be of another language."""
    shared, encoded, representation = run_of(name, corpus)
    private, others, _ = run_of(f"private-{name}", corpus)
    mapping: dict[tuple[str, int], int] = {}
    for one, other in zip(encoded, others, strict=True):
        mapping |= {(one.language, a): b for a, b in zip(one.ids.tolist(), other.ids.tolist(), strict=True)}
    replaced = 0
    for place in range(TOTAL):
        index = shared.locate(place)[1]
        language = encoded[index].language
        one, other = shared[place], private[place]
        mapping[language, representation.mask_id] = representation.mask_id
        assert [mapping[language, symbol] for symbol in one.ids.tolist()] == other.ids.tolist()
        replaced += int(((one.ids != encoded[index].ids) & (one.ids != representation.mask_id)).sum())
    assert replaced > 50


def test_shares_are_those_of_bert(corpus: Corpus) -> None:
    run, encoded, representation = run_of("character", corpus)
    counts = dict.fromkeys(("masked", "random", "seen"), 0)
    words = 0
    for place in range(TOTAL):
        index = run.locate(place)[1]
        words += encoded[index].num_words
        for fate in fates(run[place], encoded[index], representation.mask_id).values():
            counts[fate] += 1
    hidden = sum(counts.values())
    assert counts["masked"] / hidden == pytest.approx(0.8, abs=0.05)
    assert counts["random"] / hidden == pytest.approx(0.1, abs=0.05)
    # At least one of each sentence is hidden, and these are short: 0.85 ** n of them would else hide none.
    expected = np.mean([max(MASK_RATIO * (n := s.num_words), 0) + (1 - MASK_RATIO) ** n for s in encoded])
    assert hidden / TOTAL == pytest.approx(expected, rel=0.1)


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
        assert set(fates(hidden, encoded, representation.mask_id).values()) == {"masked"}
        again = arm.held_out[sentence.language][index % 6]
        assert hidden.ids.tolist() == again.ids.tolist()


def test_random_symbols_are_those_of_the_language() -> None:
    word, mark = 0, -1
    sentences = [
        EncodedSentence("tur", np.array([2, 9, 7, 5, 7, 3], np.int32), np.array([mark, word, word, mark, 1, mark])),
        EncodedSentence("swa", np.array([2, 8, 3], np.int32), np.array([mark, word, mark])),
    ]
    assert {language: own.tolist() for language, own in own_symbols(sentences).items()} == {"tur": [7, 9], "swa": [8]}
