"""Hindi: aksharas, schwa deletion, nasals, numbers, Latin letters, and romanization."""

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription import REASONS, Transcription
from modeling_phonexl.transcription_hin import INVENTORY, cardinal, segment, transcribe
from modeling_phonexl.transcription_hin_table import SCALES, UNITS
from modeling_phonexl.transcription_words import split_ipa

MAX_PER = 2.0  # percent, folded
LETTERS = "अआइईउऊऋएऐओऔऑकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहािीुूृेैोौॉ्ंँः़"

unhurried = settings(max_examples=200)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
devanagari = st.text(st.characters(min_codepoint=0x900, max_codepoint=0x97F), max_size=12)
words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)
mixed = st.text(st.sampled_from("कखज़िा्ंँ।१२ABCde129.,%-~日'’\u200d\u200c\u0951😀é "), max_size=15)


def ipa(token: str) -> str:
    return transcribe([token])[0].ipa


def check(found: Transcription) -> None:
    """What holds for the record of any token."""
    assert found.ipa
    assert found.segments
    assert "".join(found.segments) == found.ipa
    assert unicodedata.is_normalized("NFD", found.ipa)
    assert not any(char.isspace() for char in found.ipa)
    assert unicodedata.is_normalized("NFC", found.romanized)
    assert found.reason in REASONS
    assert found.transcribed == (found.reason not in ("passed", "punctuation"))


@unhurried
@given(st.lists(texts | devanagari | mixed, max_size=5))
def test_any_text_gives_one_sound_per_token(tokens: list[str]) -> None:
    """A lost or empty record would shift every label after it."""
    records = transcribe(tokens)
    assert len(records) == len(tokens)
    for found in records:
        check(found)


@unhurried
@given(words)
def test_segments_of_words_are_of_the_inventory(word: str) -> None:
    """A segment outside the inventory has no row in the phoneme vocabulary."""
    found = transcribe([word])[0]
    if found.transcribed:
        assert set(found.segments) <= set(INVENTORY)
        assert split_ipa(found.ipa) == found.segments


@unhurried
@given(words)
def test_schwas_alone_are_deleted(word: str) -> None:
    """Every written consonant is heard: only the vowel that no sign writes may go."""
    word = "".join(char for char in word if char not in "ंँः़ऋृञच")  # signs with a sound that depends on others
    written = sum("क" <= char <= "ह" for char in word)
    found = transcribe([word])[0]
    if found.transcribed:
        spoken = [s for s in found.segments if s[0] not in "əɑɪiʊueɛoɔæ"]
        assert len(spoken) == written


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("कमल", "k ə m ə l"),  # the last schwa goes, if another vowel is there
        ("न", "n ə"),
        ("समझना", "s ə m ə d͡ʒʱ n ɑː"),  # V C _ C V, from the end
        ("लड़का", "l ə ɽ k ɑː"),
        ("कमरबंद", "k ə m ə ɾ b ə n d̪"),
        ("नमकीन", "n ə m k iː n"),
        ("शब्द", "ʃ ə b d̪"),  # clusters
        ("संस्कृत", "s ə n s k ɾ ɪ t̪"),
        ("ज्ञान", "ɡ j ɑː n"),
        ("बच्चा", "b ə t̪ t͡ʃ ɑː"),  # a long consonant is two
        ("पत्ता", "p ə t̪ t̪ ɑː"),
        ("अंगूर", "ə ŋ ɡ uː ɾ"),  # anusvara by place
        ("अंडा", "ə ɳ ɖ ɑː"),
        ("अंत", "ə n t̪"),
        ("लंबा", "l ə m b ɑː"),
        ("हंस", "ɦ ə n s"),
        ("में", "m ẽː"),
        ("नहीं", "n ə ɦ ĩː"),
        ("आँख", "ɑ̃ː kʰ"),  # chandrabindu
        ("चाँद", "t͡ʃ ɑː n d̪"),
        ("हूँ", "ɦ ũː"),
        ("नींद", "n iː n d̪"),
        ("सींचना", "s ĩː t͡ʃ n ɑː"),  # no room for the moon
        ("सेंट", "s eː ɳ ʈ"),
        ("होंने", "ɦ õː n eː"),
        ("अंगड़ाई", "ə ŋ ɡ ɽ ɑː iː"),  # a nasal sign and a stop are as one consonant
        ("संगठन", "s ə ŋ ɡ ə ʈʰ ə n"),  # a prefix
        ("अंतरा", "ə n t̪ ə ɾ ɑː"),
        ("खटखटाना", "kʰ ə ʈ kʰ ə ʈ ɑː n ɑː"),  # doubled
        ("किरणें", "k ɪ ɾ ə ɳ ẽː"),
        ("औरतें", "ɔː ɾ ə t̪ ẽː"),
        ("ज़मीन", "z ə m iː n"),  # dots
        ("ख़बर", "x ə b ə ɾ"),
        ("क़लम", "q ə l ə m"),
        ("बाग़", "b ɑː ɣ"),
        ("फ़सल", "f ə s ə l"),
        ("पढ़ाई", "p ə ɽʱ ɑː iː"),
        ("\u095bमीन", "z ə m iː n"),
        ("डॉक्टर", "ɖ ɔ k ʈ ə ɾ"),
        ("गैया", "ɡ ə ɪ j ɑː"),  # ऐ before य
        ("पैसा", "p ɛː s ɑː"),
        ("कौन", "k ɔː n"),
        ("दुःख", "d̪ ʊ ɦ kʰ"),
    ],
)
def test_segments(word: str, segments: str) -> None:
    assert transcribe([word])[0].segments == tuple(unicodedata.normalize("NFD", segments).split())


@pytest.mark.parametrize(
    ("word", "romanized"),
    [
        ("भारत", "bharat"),
        ("हिन्दी", "hindi"),
        ("समझना", "samajhna"),
        ("दिल्ली", "dilli"),
        ("लखनऊ", "lakhnau"),
        ("बच्चा", "bachcha"),
        ("अच्छा", "achchha"),
        ("शेषनाग", "sheshnag"),
        ("पहुँच", "pahunch"),
        ("हैं", "hain"),
        ("ख़ुशी", "khushi"),
    ],
)
def test_romanization_has_the_schwas_that_are_heard(word: str, romanized: str) -> None:
    assert transcribe([word])[0].romanized == romanized


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("0", "शून्य"),
        ("२५", "पच्चीस"),
        ("99", "निन्यानवे"),
        ("100", "एक सौ"),
        ("1947", "एक हज़ार नौ सौ सैंतालीस"),
        ("1,25,000", "एक लाख पच्चीस हज़ार"),
        ("1,00,00,000", "एक करोड़"),
        ("1,000,000", "दस लाख"),
        ("3.5", "तीन दशमलव पाँच"),
        ("007", "शून्य शून्य सात"),
    ],
)
def test_numbers(token: str, spoken: str) -> None:
    found = transcribe([token])[0]
    assert found.ipa == "".join(map(ipa, spoken.split()))
    assert found.reason == "number"


@unhurried
@given(st.integers(0, 10**12 - 1))
def test_numbers_can_be_understood(number: int) -> None:
    """An independent way back from the words."""
    small = {word: value for value, word in enumerate(UNITS)}
    scales = {word: value for value, word in SCALES}
    total, count = 0, 0
    for word in cardinal(number).split():
        if word in scales:
            total, count = total + count * scales[word], 0
        else:
            count = small[word]
    assert total + count == number


def test_numbers_below_a_hundred_sound_different() -> None:
    assert len(set(UNITS)) == 100
    assert len({ipa(word) for word in UNITS}) == 100


@pytest.mark.parametrize(
    ("token", "heard", "reason"),
    [
        ("BBC", "बीबीसी", "latin"),
        ("Google", "गूग्ल्", "latin"),
        ("Delhi", "डेल्हि", "latin"),
        ("Bharat", "भरट", "latin"),
        ("Straße", "स्ट्रस्स्", "latin"),
        ("साल-दर-साल", "सालदरसाल", "read"),
        ("5वीं", "पाँचवीं", "split"),
        ("ॐ", "ओम्", "read"),
        ("कि\u200dताब", "किताब", "read"),
        ("क॑मल", "कमल", "read"),
    ],
)
def test_abbreviations_and_other_letters(token: str, heard: str, reason: str) -> None:
    found = transcribe([token])[0]
    assert (found.ipa, found.reason) == (ipa(heard), reason)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "punctuation"),
        ("।", "punctuation"),
        ("॥", "punctuation"),
        ("ऽ", "passed"),
        ("漢", "passed"),
        ("ा", "passed"),
    ],
)
def test_what_has_no_sound_is_passed(token: str, reason: str) -> None:
    assert transcribe([token])[0].reason == reason


def test_words_of_raw_text() -> None:
    text = "क्या यह 1,25,000 रु. का है? हाँ।"
    words_of_it = ["क्या", "यह", "1,25,000", "रु", ".", "का", "है", "?", "हाँ", "।"]
    assert [text[start:end] for start, end in segment(text)] == words_of_it


def test_error_rate_on_dictionary_words(score_words: Callable[..., Any]) -> None:
    assert score_words("hin", ipa).error < MAX_PER


def test_running_text_is_read(shared: Path) -> None:
    lines = gzip.decompress((shared / "data/flores/devtest.hin.txt.gz").read_bytes()).decode().splitlines()
    tokens = [line[start:end] for line in lines for start, end in segment(line)]
    for found in transcribe(tokens):
        assert found.reason != "passed"
        if found.transcribed:
            assert set(found.segments) <= set(INVENTORY)
            assert split_ipa(found.ipa) == found.segments
