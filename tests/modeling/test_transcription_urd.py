"""Urdu: letters, marks, short vowels, Arabic patterns, numbers, other scripts, and romanization."""

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl import transcription_hin, transcription_urd
from modeling_phonexl.transcription import REASONS, Transcription
from modeling_phonexl.transcription_urd import INVENTORY, segment, transcribe
from modeling_phonexl.transcription_words import split_ipa

MAX_PER = 14.0  # percent, folded
LETTERS = "اآبپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءئیےؤۂَُِّْ"

unhurried = settings(max_examples=200)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
arabic = st.text(st.characters(min_codepoint=0x600, max_codepoint=0x6FF), max_size=12)
words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)
mixed = st.text(st.sampled_from("کیكيےہهھًَُِّٰٔءئ۔،؟۱۲ABCde129.,%-~日क\u200c\u200d😀é "), max_size=15)


def ipa(token: str) -> str:
    return transcribe([token])[0].ipa


def hindi(words_of_it: str) -> str:
    return "".join(transcription_hin.transcribe([word])[0].ipa for word in words_of_it.split())


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
@given(st.lists(texts | arabic | mixed, max_size=5))
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
@given(st.text(st.sampled_from(LETTERS), max_size=8))
def test_words_that_are_not_cut_read_like_those_that_are(word: str) -> None:
    """Tokens of plain letters pass the cutting by."""
    assert transcribe([word]) == transcription_urd._READER.transcribe([word])


@unhurried
@given(st.text(st.sampled_from("بپتٹجچدڈرڑزسشغفقکگلمنا"), min_size=2, max_size=10))
def test_written_consonants_are_heard_in_order(word: str) -> None:
    """Only vowels and long consonants are added."""
    sound = dict(zip("بپتٹجچدڈرڑزسشغفقکگلم", "b p t̪ ʈ d͡ʒ t͡ʃ d̪ ɖ ɾ ɽ z s ʃ ɣ f q k ɡ l m".split(), strict=True))
    written = [sound[letter] for letter in word if letter in sound]
    spoken = [s for s in transcribe([word])[0].segments if s in sound.values()]
    rest = iter(spoken)
    assert all(s in rest for s in written)


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("کتاب", "k ɪ t̪ ɑː b"),
        ("پانی", "p ɑː n iː"),
        ("آدمی", "ɑː d̪ m iː"),
        ("اچھا", "ə t͡ʃ t͡ʃʰ ɑː"),
        ("بھارت", "bʱ ɑː ɾ ə t̪"),
        ("گھوڑا", "ɡʱ oː ɽ ɑː"),
        ("لڑکیاں", "l ə ɽ k ɪ j ɑ̃ː"),
        ("ہیں", "ɦ ɛ̃ː"),
        ("کوئی", "k oː iː"),
        ("گئے", "ɡ ə eː"),
        ("جاؤ", "d͡ʒ ɑː oː"),
        ("وقت", "ʋ ə q t̪"),  # letters of Arabic have their own sound, vowels come from Hindi
        ("خبر", "x ə b ə ɾ"),
        ("صاف", "s ɑː f"),
        ("معلوم", "m ɑː l uː m"),
        ("عام", "ɑː m"),
        ("بعد", "b ɑː d̪"),
        ("جمع", "d͡ʒ ə m ɑː"),
        ("پردہ", "p ə ɾ d̪ ɑː"),  # final ہ is a vowel
        ("جگہ", "d͡ʒ ə ɡ ə ɦ"),  # unless Hindi says otherwise
        ("راہ", "ɾ ɑː ɦ"),
        ("یہ", "j eː"),
        ("وہ", "ʋ oː"),
        ("کہ", "k ɪ"),
        ("ہوا", "ɦ ʊ ɑː"),
        ("خواب", "x ɑː b"),  # silent و
        ("خوشی", "x ʊ ʃ iː"),
        ("خواتین", "x ʋ ɑː t̪ iː n"),
        ("رنگ", "ɾ ə ŋ ɡ"),
        ("انبار", "ɪ m b ɑː ɾ"),
        ("سوالات", "s ə ʋ ɑː l ɑː t̪"),  # endings of known words
        ("پرستی", "p ə ɾ s t̪ iː"),
        ("منڈیوں", "m ə n ɖ ɪ j õː"),
        ("صلاحیت", "s ə l ɑː ɦ ɪ j ə t̪"),
    ],
)
def test_segments(word: str, segments: str) -> None:
    assert transcribe([word])[0].segments == tuple(unicodedata.normalize("NFD", segments).split())


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("تحسین", "t̪ ə ɦ s iː n"),  # tafʿīl
        ("تغافل", "t̪ ə ɣ ɑː f ʊ l"),  # tafāʿul
        ("تفکر", "t̪ ə f ə k k ʊ ɾ"),  # tafaʿʿul
        ("استغفار", "ɪ s t̪ ɪ ɣ f ɑː ɾ"),  # istifʿāl
        ("اجتناب", "ɪ d͡ʒ t̪ ɪ n ɑː b"),  # iftiʿāl
        ("انحطاط", "ɪ n ɦ ɪ t̪ ɑː t̪"),  # infiʿāl
        ("مکتوب", "m ə k t̪ uː b"),  # mafʿūl
        ("مشاعرہ", "m ʊ ʃ ɑː ə ɾ ɑː"),  # mufāʿala
        ("متکبر", "m ʊ t̪ ə k ə b b ɪ ɾ"),  # mutafaʿʿil
        ("مستشرق", "m ʊ s t̪ ə ʃ ɾ ɪ q"),  # mustafʿil
        ("ظالم", "z ɑː l ɪ m"),  # fāʿil
        ("نحیف", "n ə ɦ iː f"),  # faʿīl
        ("تحسینی", "t̪ ə ɦ s iː n iː"),  # with an ending
    ],
)
def test_arabic_patterns(word: str, segments: str) -> None:
    """Words of an Arabic pattern, whatever Hindi knows."""
    assert transcribe([word])[0].segments == tuple(segments.split())


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("کِتاب", "k ɪ t̪ ɑː b"),
        ("مُلک", "m ʊ l k"),
        ("مَلَک", "m ə l ə k"),
        ("سِل", "s ɪ l"),
        ("سُل", "s ʊ l"),
        ("اُس", "ʊ s"),
        ("اِس", "ɪ s"),
        ("بَور", "b ɔː ɾ"),  # a mark before a long vowel's letter
        ("بُور", "b uː ɾ"),
        ("پِیر", "p iː ɾ"),
        ("پَیر", "p ɛː ɾ"),
        ("مُحَمَّد", "m ʊ ɦ ə m m ə d̪"),
        ("قَبْل", "q ə b l"),
        ("فوراً", "f ɔː ɾ ə n"),  # tanwin
        ("مصطفیٰ", "m ʊ s t̪ ə f ɑː"),  # small alef
        ("رحمٰن", "ɾ ə ɦ m ɑː n"),
        ("شامِ", "ʃ ɑː m eː"),  # izafat
    ],
)
def test_marks_that_are_written_are_obeyed(word: str, segments: str) -> None:
    assert transcribe([word])[0].segments == tuple(segments.split())


@pytest.mark.parametrize(
    ("other", "own"),
    [
        ("كتاب", "کتاب"),
        ("پاني", "پانی"),
        ("هم", "ہم"),
        ("جاو\u0654", "جاؤ"),
        ("ا\u0653ج", "آج"),
        ("گی\u0654ے", "گئے"),
        ("ﮐﺘﺎﺏ", "کتاب"),
        ("کتـــاب", "کتاب"),
        ("می\u200cں", "میں"),
    ],
)
def test_other_code_points_of_a_letter_sound_alike(other: str, own: str) -> None:
    assert ipa(other) == ipa(own)


@pytest.mark.parametrize(
    ("word", "romanized"),
    [
        ("پاکستان", "pakistan"),
        ("کتاب", "kitab"),
        ("بھائی", "bhai"),
        ("اچھا", "achchha"),
        ("خبر", "khabar"),
        ("نہیں", "nahin"),
        ("شہر", "shahar"),
        ("اور", "aur"),
    ],
)
def test_romanization_has_the_vowels_that_are_heard(word: str, romanized: str) -> None:
    assert transcribe([word])[0].romanized == romanized


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("۰", "सिफ़र"),
        ("٢٥", "पच्चीस"),
        ("1947", "एक हज़ार नौ सौ सैंतालीस"),
        ("۱,۲۵,۰۰۰", "एक लाख पच्चीस हज़ार"),
        ("3.5", "तीन दशमलव पाँच"),
        ("۳٫۵", "तीन दशमलव पाँच"),
        ("1979ء", "एक हज़ार नौ सौ उन्यासी"),  # with the sign of the common era
        ("۱۹۷۹ء", "एक हज़ार नौ सौ उन्यासी"),
    ],
)
def test_numbers(token: str, spoken: str) -> None:
    found = transcribe([token])[0]
    assert found.ipa == hindi(spoken)
    assert found.reason == "number"


@pytest.mark.parametrize(
    ("token", "heard", "reason"),
    [
        ("BBC", "बीबीसी", "latin"),
        ("Google", "गूग्ल्", "latin"),
        ("किताब", "किताब", "split"),
    ],
)
def test_other_scripts(token: str, heard: str, reason: str) -> None:
    found = transcribe([token])[0]
    assert (found.ipa, found.reason) == (hindi(heard), reason)


def test_parts_of_a_mixed_token_are_read_one_by_one() -> None:
    found = transcribe(["2015کے"])[0]
    assert found.ipa == hindi("दो हज़ार पंद्रह") + "keː"
    assert found.reason == "split"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "punctuation"),
        ("۔", "punctuation"),
        ("،", "punctuation"),
        ("؟", "punctuation"),
        ("ء", "passed"),
        ("漢", "passed"),
        ("ـ", "passed"),
        ("\u0650", "passed"),
    ],
)
def test_what_has_no_sound_is_passed(token: str, reason: str) -> None:
    assert transcribe([token])[0].reason == reason


def test_the_reason_tells_known_words_from_guessed_ones() -> None:
    assert [found.reason for found in transcribe(["پانی", "تفکر", "ژغڈپ"])] == ["lexicon", "read", "read"]


def test_words_of_raw_text() -> None:
    text = "کیا یہ 1,500 روپے کا ہے؟ ہاں۔"
    assert [text[start:end] for start, end in segment(text)] == "کیا یہ 1,500 روپے کا ہے ؟ ہاں ۔".split()


def test_error_rate_on_dictionary_words(score_words: Callable[..., Any]) -> None:
    assert score_words("urd", ipa).error < MAX_PER


def test_running_text_is_read(shared: Path) -> None:
    lines = gzip.decompress((shared / "data/flores/devtest.urd.txt.gz").read_bytes()).decode().splitlines()
    tokens = [line[start:end] for line in lines for start, end in segment(line)]
    for found in transcribe(tokens):
        assert found.reason != "passed" or len(found.ipa) == 1  # marks that stand alone
        if found.transcribed:
            assert set(found.segments) <= set(INVENTORY)
            assert split_ipa(found.ipa) == found.segments
