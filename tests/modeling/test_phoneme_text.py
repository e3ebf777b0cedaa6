"""Input of phoneme encoders: its form, the respelling of segments, and what a vocabulary lacks."""

import gzip
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.phoneme_text import PhonemeRespeller, phoneme_text
from modeling_phonexl.transcription import Transcriber, passed, record


def test_words_stand_between_word_marks_and_punctuation_is_a_word() -> None:
    sentence = [record(["ð", "ə"], "the"), record(["k", "æ", "t"], "cat"), passed(".")]
    assert phoneme_text(sentence) == "ð ə ▁ k æ t ▁ ."


@pytest.mark.parametrize(
    ("segment", "vocabulary", "expected"),
    [
        ("t͡ʃ", "t͡ʃ t ʃ", "t͡ʃ"),
        ("t͜ʃ", "t͡ʃ t ʃ", "t͡ʃ"),
        ("tʃ", "t͡ʃ t ʃ", "t͡ʃ"),
        ("ʧ", "t͡ʃ t ʃ", "t͡ʃ"),
        ("t͡ʃ", "t ʃ", "t ʃ"),
        ("ʈ͡ʂ", "t͡ʂ", "t͡ʂ"),
        ("g", "ɡ", "ɡ"),
        ("a:", "aː a", "aː"),
        ("aː", "a", "a"),
        ("b\u0324", "bʱ b", "bʱ"),
        ("t̪ʲ", "t̪ t", "t̪"),
        ("t̪ʲ", "t", "t"),
        ("ɚ", "ɜ˞ ə ɹ", "ə ɹ"),
        ("ɚ", "ə˞", "ə˞"),
        ("ᵻ", "ɪ", "ɪ"),
        ("aɪ", "a ɪ", "a ɪ"),
        ("ã", "ã a", "ã"),
        ("ɬ", "l", ""),
    ],
)
def test_unknown_segments_are_respelled_step_by_step(segment: str, vocabulary: str, expected: str) -> None:
    respell = PhonemeRespeller(vocabulary.split())
    assert list(respell(unicodedata.normalize("NFD", segment))) == expected.split()


def test_symbols_come_back_in_the_form_of_the_vocabulary() -> None:
    """A composed ã in the model's table must not be looked up decomposed."""
    assert PhonemeRespeller([unicodedata.normalize("NFC", "ã")])("a\u0303") == ("\u00e3",)


def test_what_a_vocabulary_lacks_is_counted_and_named() -> None:
    sentence = [record(["a", "ɬ", "aː"], "x"), passed("京"), record(["ɬ"], "y")]
    found = PhonemeRespeller(["a"]).unknown_rate([sentence])
    assert (found.segments, found.respelled, found.unknown, found.examples) == (4, 1, 2, (("ɬ", 2),))
    assert found.rate == 0.5
    assert PhonemeRespeller(["a"]).text(sentence) == "a <unk> a ▁ <unk> ▁ <unk>"
    assert PhonemeRespeller(["a"]).unknown_rate([]).rate == 0


@given(st.text(max_size=5), st.lists(st.text(max_size=3), max_size=4))
def test_any_segment_becomes_symbols_of_the_vocabulary(segment: str, vocabulary: list[str]) -> None:
    assert set(PhonemeRespeller(vocabulary)(segment)) <= set(vocabulary)


@pytest.mark.parametrize("code", ["kor", "tur", "fin", "swa", "ukr", "hun", "hin"])
def test_hardly_a_segment_is_foreign_to_the_inventory_of_xphonebert(code: str, shared: Path) -> None:
    """XPhoneBERT was trained on CharsiuG2P's symbols: over 1 % of unknown ones would decide the gap study."""
    table = shared / "data" / "pron12" / "charsiu_phoneme_inventory.tsv.gz"
    rows = [line.split("\t") for line in gzip.decompress(table.read_bytes()).decode().split("\n")[1:] if line]
    respell = PhonemeRespeller(token for token, count, _ in rows if int(count) >= 5)
    lines = gzip.decompress((shared / "data" / "flores" / f"devtest.{code}.txt.gz").read_bytes()).decode().split("\n")
    read = Transcriber(code)
    found = respell.unknown_rate(read([line[a:b] for a, b in read.segment(line)]) for line in lines[:100] if line)
    assert found.segments > 5000
    assert found.rate < 0.01, found.examples
