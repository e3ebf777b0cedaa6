"""Articulatory features of segments: against panphon itself, and where panphon loses what we write."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.articulation import FEATURES, SEGMENT_FEATURES, feature_array, has_features
from modeling_phonexl.transcription import TONE_LETTERS, load_language

COLUMN = {name: index for index, name in enumerate(FEATURES)}


@pytest.mark.parametrize("code", ["zh", "vi", "ja", "ko"])
def test_every_segment_of_an_inventory_has_features(code: str) -> None:
    """A row of zeros would make two sounds the same."""
    assert [segment for segment in load_language(code).INVENTORY if not has_features(segment)] == []


@pytest.mark.slow
def test_plain_segments_are_panphons() -> None:
    """The table is read without the package; the package must agree."""
    panphon = pytest.importorskip("panphon")
    table = panphon.FeatureTable()
    checked = 0
    for segment in {segment for code in ("zh", "vi", "ja", "ko") for segment in load_language(code).INVENTORY}:
        if table.ipa_segs(segment) == [segment] and segment[0] not in TONE_LETTERS:
            [expected] = table.word_to_vector_list(segment, numeric=True)
            assert feature_array([segment])[0, : len(SEGMENT_FEATURES)].tolist() == expected, segment
            checked += 1
    assert checked > 60


def test_tense_consonants_differ_from_lax_ones_in_the_glottis_alone() -> None:
    lax, tense = feature_array(["t͡ɕ", "t͡ɕ͈"])
    assert np.flatnonzero(lax != tense).tolist() == [COLUMN["cg"]]
    assert tense[COLUMN["cg"]] == 1


@pytest.mark.parametrize(
    ("tone", "contour"),
    [
        ("˥", [1, 1, 1, 0, 1]),
        ("˥˩", [1, 0, -1, 0, 1]),
        ("˨˩˦", [-0.5, -1, 0.5, 0, 1]),
        ("˦ˀ˥", [0.5, 0.75, 1, 1, 1]),
    ],
)
def test_tones_have_a_contour_and_no_articulation(tone: str, contour: list[float]) -> None:
    [row] = feature_array([tone])
    assert row[len(SEGMENT_FEATURES) :].tolist() == contour
    assert not row[: len(SEGMENT_FEATURES)].any()


@pytest.mark.parametrize("pair", [("bʱ", "b\u0324"), ("ɚ", "ə˞"), ("ᵻ", "ɪ")])
def test_symbols_that_panphon_drops_are_respelled(pair: tuple[str, str]) -> None:
    left, right = feature_array(pair)
    assert left.any()
    assert left.tolist() == right.tolist()


def test_a_diphthong_is_the_mean_of_its_vowels() -> None:
    both, a, i = feature_array(["aɪ", "a", "ɪ"])
    assert both.tolist() == ((a + i) / 2).tolist()


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=4))
def test_any_text_has_a_row_of_the_right_size(segments: list[str]) -> None:
    array = feature_array([unicodedata.normalize("NFD", segment) for segment in segments])
    assert array.shape == (len(segments), 29)
    assert np.abs(array).max(initial=0) <= 1
