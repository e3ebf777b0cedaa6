"""English: contractions, endings, names of letters, numbers, foreign letters; the error rate on development words."""

import gzip
import importlib.util
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription_eng import INVENTORY, transcribe
from modeling_phonexl.transcription_words import split_ipa

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.text("abehiktyn'éß2-", max_size=10)
MAX_PER = 10.0  # percent, folded


@pytest.mark.parametrize(
    ("token", "ipa", "reasons"),
    [
        ("don't", "doʊnt", {"lexicon"}),
        ("DON’T", "doʊnt", {"lexicon"}),
        ("FBI", "ɛfbiaɪ", {"read"}),
        ("zzz", "zizizi", {"read"}),
        ("2", "tu", {"number"}),
        ("2nd", "sɛkənd", {"number"}),
        ("1999", "wʌnθaʊzəndnaɪnhʌndɹədnaɪndinaɪn", {"number"}),
        ("cats", "kæts", {"read", "lexicon"}),
        ("the", "ðə", {"read", "lexicon"}),
        ("...", "...", {"punctuation"}),
        ("京", "京", {"passed"}),
    ],
)
def test_words_are_read(token: str, ipa: str, reasons: set[str]) -> None:
    [found] = transcribe([token])
    assert found.ipa == unicodedata.normalize("NFD", ipa)
    assert found.reason in reasons


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12) | st.text("abehiktyn'éß2-", max_size=10), max_size=4)
)
def test_any_text_gives_one_sound_per_token(tokens: list[str]) -> None:
    records = transcribe(tokens)
    assert len(records) == len(tokens)
    for found in records:
        assert "".join(found.segments) == found.ipa != ""
        if found.reason in ("read", "lexicon", "number"):
            assert {*found.segments} <= {*INVENTORY}


def test_segments_of_running_text_are_of_the_inventory(shared: Path) -> None:
    lines = gzip.decompress((shared / "data" / "flores" / "devtest.eng.txt.gz").read_bytes()).decode().split("\n")
    records = transcribe([token for line in lines[:200] for token in line.split()])
    read = [found for found in records if found.reason in ("read", "lexicon", "number")]
    assert len(read) > 3000
    for found in read:
        assert {*found.segments} <= {*INVENTORY}, found
        assert split_ipa(found.ipa) == found.segments


def test_error_rate_on_dictionary_words(shared: Path) -> None:
    """With the lexicon or without it: the letters were learned from it."""
    spec = importlib.util.spec_from_file_location("pron12_error_rate", shared / "tools/pron12_error_rate.py")
    assert spec is not None
    assert spec.loader is not None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    gold = scorer.read(shared / "data/pron12/eng_dev.tsv.gz", True)
    result, _ = scorer.score(gold, {word: transcribe([word])[0].ipa for word in gold}, "eng")
    assert result["per"] < MAX_PER
