"""Ukrainian: rules of sound, numbers, abbreviations, foreign letters, and the national romanization."""

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription import REASONS, Transcription
from modeling_phonexl.transcription_ukr import INVENTORY, segment, transcribe
from modeling_phonexl.transcription_ukr_table import NUMERALS
from modeling_phonexl.transcription_words import split_ipa

MAX_PER = 1.0  # percent, folded
LETTERS = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'"

unhurried = settings(max_examples=200)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
cyrillic = st.text(st.characters(min_codepoint=0x400, max_codepoint=0x52F), max_size=12)
words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)
mixed = st.text(st.sampled_from("абвЄІЇйщь'’ʼABcde129.,%-~日\u0301\u0306\u200d😀é "), max_size=15)


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
@given(st.lists(texts | cyrillic | mixed, max_size=5))
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
def test_every_vowel_letter_is_heard(word: str) -> None:
    """One vowel for each vowel letter: nothing is dropped, nothing is added."""
    vowels = [s for s in transcribe([word])[0].segments if s in ("a", "ɛ", "ɪ", "i", "ɔ", "u")]
    if any(letter in "аеєиіїоуюя" for letter in word):
        assert len(vowels) == sum(letter in "аеєиіїоуюя" for letter in word)


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("мова", "m ɔ ʋ a"),
        ("яблуко", "j a b ɫ u k ɔ"),  # iotated letters: initially, after a vowel, an apostrophe and a consonant
        ("моє", "m ɔ j ɛ"),
        ("п'ять", "p j a tʲ"),
        ("п’ять", "p j a tʲ"),
        ("пʼять", "p j a tʲ"),
        ("дядько", "dʲ a dʲ k ɔ"),
        ("їжа", "j i ʒ a"),
        ("щука", "ʃ t͡ʃ u k a"),
        ("джерело", "d͡ʒ ɛ r ɛ ɫ ɔ"),
        ("дзеркало", "d͡z ɛ r k a ɫ ɔ"),
        ("підживити", "pʲ i d͡ʒ ʒ ɪ ʋ ɪ t ɪ"),  # a prefix, so two sounds
        ("ґанок", "ɡ a n ɔ k"),
        ("гора", "ɦ ɔ r a"),
        ("вода", "w ɔ d a"),  # four sounds of в
        ("вік", "ʋʲ i k"),
        ("автор", "a u̯ t ɔ r"),
        ("вчора", "ʍ t͡ʃ ɔ r a"),
        ("гай", "ɦ a i̯"),
        ("сміється", "sʲ mʲ i j ɛ t͡sʲː a"),
        ("боїшся", "b ɔ j i sʲː a"),
        ("життя", "ʒ ɪ tʲː a"),
        ("боротьба", "b ɔ r ɔ dʲ b a"),  # voice before voiced consonants
        ("просьба", "p r ɔ zʲ b a"),
        ("вокзал", "w ɔ ɡ z a ɫ"),
        ("дуб", "d u b"),  # no devoicing at the end
        ("зранку", "z r a n k u"),
        ("зцілити", "sʲ t͡sʲ i ɫ ɪ t ɪ"),
        ("тиждень", "t ɪ ʒ d ɛ nʲ"),
        ("тижня", "t ɪ ʒ nʲ a"),
        ("чесний", "t͡ʃ ɛ s n ɪ i̯"),
        ("кістка", "kʲ i s t k a"),
        ("міський", "mʲ i sʲ k ɪ i̯"),
        ("студентський", "s t u d ɛ nʲ sʲ k ɪ i̯"),
        ("братський", "b r a t͡sʲ k ɪ i̯"),
        ("отче", "ɔ t͡ʃː ɛ"),
        ("безжальний", "b ɛ ʒː a lʲ n ɪ i̯"),
        ("пісня", "pʲ i sʲ nʲ a"),  # softness before soft dental consonants
        ("гість", "ɦʲ i sʲ tʲ"),
        ("світ", "sʲ ʋʲ i t"),
    ],
)
def test_segments(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


@pytest.mark.parametrize(
    ("word", "romanized"),
    [
        ("Алушта", "alushta"),
        ("Борщагівка", "borshchahivka"),
        ("Вінниця", "vinnytsia"),
        ("Гадяч", "hadiach"),
        ("Згорани", "zghorany"),
        ("Ґалаґан", "galagan"),
        ("Єнакієве", "yenakiieve"),
        ("Житомир", "zhytomyr"),
        ("Їжакевич", "yizhakevych"),
        ("Кадиївка", "kadyivka"),
        ("Йосипівка", "yosypivka"),
        ("Стрий", "stryi"),
        ("Лебедин", "lebedyn"),
        ("Феодосія", "feodosiia"),
        ("Харків", "kharkiv"),
        ("Знам'янка", "znamianka"),
        ("Юрій", "yurii"),
        ("Крюківка", "kriukivka"),
        ("Яготин", "yahotyn"),
        ("Костянтин", "kostiantyn"),
        ("Русь", "rus"),
    ],
)
def test_national_romanization(word: str, romanized: str) -> None:
    """Names as the resolution of 2010 writes them, in small letters."""
    assert transcribe([word])[0].romanized == romanized


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("0", "нуль"),
        ("12", "дванадцять"),
        ("40", "сорок"),
        ("101", "сто один"),
        ("1000", "тисяча"),
        ("2002", "дві тисячі два"),
        ("5000", "п'ять тисяч"),
        ("21000", "двадцять одна тисяча"),
        ("1.000.000", "мільйон"),
        ("3000000000", "три мільярди"),
        ("1,5", "один кома п'ять"),
        ("007", "нуль нуль сім"),
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
    small = {word: value for value, word in enumerate(NUMERALS.units)}
    small |= dict(zip(NUMERALS.feminine, (1, 2), strict=True))
    small |= {word: 10 * value for value, word in enumerate(NUMERALS.tens, 2)}
    small |= {word: 100 * value for value, word in enumerate(NUMERALS.hundreds, 1)}
    scales = {word: 1000**power for power, forms in enumerate(NUMERALS.scales, 1) for word in forms}
    total = group = 0
    for word in NUMERALS.cardinal(number).split():
        if word in scales:
            total, group = total + (group or 1) * scales[word], 0
        else:
            group += small[word]
    assert total + group == number


@pytest.mark.parametrize(("count", "word"), [(1, "тисяча"), (2, "тисячі"), (5, "тисяч"), (11, "тисяч"), (12, "тисяч")])
def test_counted_nouns_agree(count: int, word: str) -> None:
    assert NUMERALS.cardinal(1000 * count).split()[-1] == word


@pytest.mark.parametrize(
    ("token", "heard", "reason"),
    [
        ("США", "ес ша а", "read"),
        ("ЦРУ", "це ер у", "read"),
        ("НАТО", "нато", "read"),
        ("ДЛЯ", "для", "read"),
        ("кг", "ка ге", "read"),
        ("BBC", "бі бі сі", "latin"),
        ("Ford", "форд", "latin"),
        ("Straße", "страссе", "latin"),
        ("ёж", "йож", "read"),
        ("мы́", "ми", "read"),
        ("4-місячний", "чотири місячний", "split"),
        ("ʼякʼ", "як", "read"),
    ],
)
def test_abbreviations_and_other_letters(token: str, heard: str, reason: str) -> None:
    found = transcribe([token])[0]
    assert (found.ipa, found.reason) == ("".join(map(ipa, heard.split())), reason)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "punctuation"),
        ("…", "punctuation"),
        ("ь", "passed"),
        ("Ҥ", "passed"),
        ("漢", "passed"),
        ("😀", "punctuation"),
    ],
)
def test_what_has_no_sound_is_passed(token: str, reason: str) -> None:
    assert transcribe([token])[0].reason == reason


def test_unread_letters_stand_in_a_read_token() -> None:
    assert transcribe(["Ҥ-так"])[0].segments == ("Ҥ", "t", "a", "k")


def test_parts_of_a_hyphenated_word_are_read_one_by_one() -> None:
    assert ipa("будь-який") == ipa("будь") + ipa("який")


def test_words_of_raw_text() -> None:
    text = "Об’єкт коштує 1,50 грн, так?"
    assert [text[start:end] for start, end in segment(text)] == ["Об’єкт", "коштує", "1,50", "грн", ",", "так", "?"]


def test_error_rate_on_dictionary_words(score_words: Callable[..., Any]) -> None:
    assert score_words("ukr", ipa).error < MAX_PER


def test_running_text_is_read(shared: Path) -> None:
    lines = gzip.decompress((shared / "data/flores/devtest.ukr.txt.gz").read_bytes()).decode().splitlines()
    tokens = [line[start:end] for line in lines for start, end in segment(line)]
    for found in transcribe(tokens):
        assert found.reason != "passed"
        if found.transcribed:
            assert set(found.segments) <= set(INVENTORY)
            assert split_ipa(found.ipa) == found.segments
