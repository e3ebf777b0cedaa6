"""The search by sound, against an edit distance written anew, the axioms of a metric, and words known to be related."""

import functools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.dictionary import BilingualDictionary
from modeling_phonexl.articulation import FEATURES, feature_array
from modeling_phonexl.transcription import Transcriber
from phonexl.nearest_words import (
    COUNTERPARTS,
    Neighbour,
    SoundIndex,
    align_sounds,
    listed_counterparts,
    shipped_words,
)

UNKNOWN = "京"
SEGMENTS = [*"ptkbdɡmnŋɲszʃʂɕxhfvlɾrjwɥɰiyɯueøəoɛɔʌɐa", "tʰ", "k͈", "t͡ɕ", "oː", "kʲ", "˥", "˧˥", "˨ˀ˩", "˩", UNKNOWN]
sounds = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=7).map(tuple)
# panphon's table of weights, written out again.
WEIGHTS = {name: 0.25 for name in "delrel lat nas ant cor lab hi lo back round tense velaric".split()}
WEIGHTS |= {"syl": 1, "son": 1, "cons": 1, "cont": 0.5, "tone_start": 1 / 16, "tone_middle": 1 / 16}
WEIGHTS |= {name: 0.125 for name in "strid voi sg cg distr long".split()}
WEIGHTS |= {"tone_end": 1 / 16, "tone_glottal": 1 / 16, "tone": 0, "hitone": 0, "hireg": 0}


def gap(segment: str) -> float:
    return 0.125 if segment[0] in "˥˦˧˨˩" else 0.25 if segment in ("j", "w", "ɥ", "ɰ") else 0.75


def exchange(one: str, other: str) -> float:
    if one == other:
        return 0
    are_tones = {segment[0] in "˥˦˧˨˩" for segment in (one, other)}
    if UNKNOWN in (one, other) or len(are_tones) == 2:
        return gap(one) + gap(other)
    rows = feature_array([one, other])
    return sum(WEIGHTS[name] * abs(float(a) - float(b)) / 2 for name, a, b in zip(FEATURES, *rows, strict=True))


def slow_distance(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    def parted(sound: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(" ".join(sound).replace("kʲ", "k j").split())

    @functools.cache
    def edits(a: tuple[str, ...], b: tuple[str, ...]) -> float:
        if not a or not b:
            return sum(map(gap, a + b))
        return min(edits(a[1:], b[1:]) + exchange(a[0], b[0]), edits(a[1:], b) + gap(a[0]), edits(a, b[1:]) + gap(b[0]))

    a, b = parted(one), parted(other)
    return 2 * edits(a, b) / (sum(map(gap, a + b)) + edits(a, b))


def distance(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    return float(SoundIndex(["word"], [other]).distances(one)[0])


def read(word: str, language: str) -> tuple[str, ...]:
    return Transcriber(language)([word])[0].segments


# --- the distance ---


@given(sounds, st.lists(sounds, min_size=1, max_size=6))
def test_distances_are_those_of_the_slow_reference(asked: tuple[str, ...], others: list[tuple[str, ...]]) -> None:
    index = SoundIndex([str(number) for number in range(len(others))], others)
    expected = [slow_distance(asked, sound) for sound in index.sounds]
    np.testing.assert_allclose(index.distances(asked), expected, atol=1e-6)


@given(sounds)
def test_the_same_sound_is_at_distance_zero_exactly(sound: tuple[str, ...]) -> None:
    assert distance(sound, sound) == 0


@given(sounds, sounds)
def test_distance_is_symmetric_and_from_0_to_1(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert distance(one, other) == pytest.approx(distance(other, one), abs=1e-12)
    assert 0 <= distance(one, other) <= 1 + 1e-12


@given(sounds, sounds, sounds)
@settings(max_examples=300)
def test_a_detour_is_never_shorter(one: tuple[str, ...], other: tuple[str, ...], third: tuple[str, ...]) -> None:
    assert distance(one, third) <= distance(one, other) + distance(other, third) + 1e-6


def test_a_detour_is_never_shorter_among_shipped_words() -> None:
    draw = random.Random(7)
    for language in COUNTERPARTS:
        drawn = draw.sample(shipped_words(language).sounds, 40)
        table = SoundIndex([str(number) for number in range(40)], drawn)
        distances = np.array([table.distances(sound) for sound in table.sounds])
        shortest = (distances[:, :, None] + distances[None]).min(1)  # over all words between
        assert (distances <= shortest + 1e-6).all(), language


def test_nearer_articulation_is_nearer() -> None:
    near = [distance(("k", "a"), (onset, "a")) for onset in ("k", "kʰ", "x", "t", "m")]
    assert near == sorted(near)
    assert len(set(near)) == len(near)


def test_a_palatalised_consonant_sounds_like_consonant_and_glide() -> None:
    assert distance(("kʲ", "oː"), ("k", "j", "oː")) == 0
    assert distance(("kʲ", "oː"), ("k", "oː")) > 0


def test_segments_of_which_nothing_is_known_are_not_alike() -> None:
    assert distance(("京",), ("都",)) == 1
    assert distance(("京",), ("a",)) == 1
    assert distance(("京",), ("京",)) == 0


# --- alignment ---


@given(sounds, sounds)
def test_an_alignment_holds_both_sounds_and_costs_what_the_distance_says(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    pairs = align_sounds(one, other)
    ours, theirs = ("".join(pair[side] for pair in pairs) for side in (0, 1))
    assert (ours, theirs) == ("".join(one).replace("ʲ", "j"), "".join(other).replace("ʲ", "j"))
    cost = sum(exchange(a, b) if a and b else gap(a or b) for a, b in pairs)
    whole = sum(gap(segment) for pair in pairs for segment in pair if segment)
    assert 2 * cost / (whole + cost) == pytest.approx(distance(one, other), abs=1e-6)


# --- the search ---


@given(sounds, st.lists(sounds, min_size=1, max_size=12), st.integers(1, 14), st.data())
def test_nearest_are_the_first_of_all_sorted_by_distance(
    asked: tuple[str, ...], others: list[tuple[str, ...]], count: int, data: st.DataObject
) -> None:
    words = [f"word {number}" for number in range(len(others))]
    also = data.draw(st.sets(st.sampled_from([*words, "no such word"])))
    index = SoundIndex(words, others)
    found = index.nearest(asked, count, also)
    everything = sorted(index.distances(asked))
    assert [near.distance for near in found[:count]] == everything[:count]
    assert also - {"no such word"} <= {word for near in found for word in near.words}
    assert all(also.intersection(near.words) for near in found[count:])
    for near in found:
        assert near.rank == 1 + sum(other < near.distance for other in everything)
        assert near.distance == pytest.approx(slow_distance(asked, near.segments), abs=1e-6)


def test_homophones_are_found_together() -> None:
    (found,) = SoundIndex(["話", "花", "橋"], [tuple("hana"), tuple("hana"), tuple("haɕi")]).nearest(tuple("hana"), 1)
    assert found == Neighbour(("話", "花"), tuple("hana"), 0.0, 1, tuple(zip("hana", "hana", strict=True)))


def test_an_index_without_words_finds_none() -> None:
    assert SoundIndex([], []).nearest(("a",), 3) == []


def test_what_has_no_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one sound for each word, found 1 sounds for 2 words"):
        SoundIndex(["a", "b"], [("a",)])
    with pytest.raises(ValueError, match="word '。': expected its segments, found none"):
        SoundIndex(["a", "。"], [("a",), ()])
    with pytest.raises(ValueError, match="expected the segments of a word, found none"):
        SoundIndex(["a"], [("a",)]).nearest((), 1)


# --- shipped words ---


@pytest.mark.parametrize(("language", "word", "other"), [("ja", "カメラ", "카메라"), ("ko", "카메라", "カメラ")])
def test_a_loanword_is_nearest_to_its_counterpart(language: str, word: str, other: str) -> None:
    found = shipped_words(COUNTERPARTS[language]).nearest(read(word, language), 1)
    assert found[0].words == (other,)
    assert found[0].distance < 0.05


@pytest.mark.parametrize(
    ("language", "word", "other", "share"),
    [
        ("ja", "東京", "동경", 0.01),
        ("ko", "동경", "東京", 0.01),
        ("zh", "行动", "hành động", 0.1),
        ("vi", "hành động", "行动", 0.1),
    ],
)
def test_an_old_counterpart_is_far_nearer_than_by_chance(language: str, word: str, other: str, share: float) -> None:
    """Sounds moved on since the words were borrowed: Vietnamese ones are no longer among the very first."""
    index = shipped_words(COUNTERPARTS[language])
    found = index.nearest(read(word, language), 5, also=[other])
    rank = next(near.rank for near in found if other in near.words)
    assert rank <= share * len(index.sounds)
    assert other in listed_counterparts(word, language)


@pytest.mark.parametrize(("source", "target"), [("zh", "vi"), ("ja", "ko")])
def test_counterparts_are_nearer_than_words_of_another_meaning(source: str, target: str) -> None:
    """Median rank over drawn pairs of the dictionary; half of all words would be chance."""
    pairs = random.Random(3).sample(list(BilingualDictionary.by_sound(source, target).pairs()), 60)
    index = shipped_words(target)
    place = {word: number for number, words in enumerate(index.spellings) for word in words}
    shares = []
    for word, other in pairs:
        distances = index.distances(read(word, source))
        shares.append((distances < distances[place[other]]).mean())
    assert np.median(shares) < 0.05


@pytest.mark.parametrize("language", COUNTERPARTS)
def test_every_word_of_the_dictionaries_is_there_and_listed_both_ways(language: str) -> None:
    words = {word for spellings in shipped_words(language).spellings for word in spellings}
    others = {word for spellings in shipped_words(COUNTERPARTS[language]).spellings for word in spellings}
    assert len(words) > 2000
    for word in words:
        assert others.issuperset(listed_counterparts(word, language))
        assert all(
            word in listed_counterparts(other, COUNTERPARTS[language]) for other in listed_counterparts(word, language)
        )


def test_words_are_read_once() -> None:
    assert shipped_words("ko") is shipped_words("ko")


def test_a_language_without_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="no dictionary by sound of language 'eng'; shipped: zh, vi, ja, ko"):
        shipped_words("eng")
    assert listed_counterparts("no such word", "vi") == ()
