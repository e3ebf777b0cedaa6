"""Italian, Hungarian, Turkish, Finnish, Swahili: what holds for any text, for running text and for dictionary words."""

import gzip
import pickle
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import segments
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl import (
    transcription_fin,
    transcription_hun,
    transcription_ita,
    transcription_swa,
    transcription_tur,
)
from modeling_phonexl.transcription import REASONS, Transcriber, Transcription
from modeling_phonexl.transcription_words import split_ipa

MODULES = {
    "ita": transcription_ita,
    "hun": transcription_hun,
    "tur": transcription_tur,
    "fin": transcription_fin,
    "swa": transcription_swa,
}
# Percent of dictionary phonemes: with notation folded, as written. Italian is read without its lexicon here.
MAX_PER = {"ita": (3.0, 3.1), "hun": (1.0, 1.2), "tur": (2.6, 18.3), "fin": (0.7, 3.0), "swa": (1.0, 20.0)}
LETTERS = {
    "ita": "abcdefghilmnopqrstuvzàèéìòùjkwxy'",
    "hun": "aábcdeéfghiíjklmnoóöőprstuúüűvzqwxy",
    "tur": "abcçdefgğhıijklmnoöprsştuüvyzâîûİI",
    "fin": "abcdefghijklmnopqrstuvwxyzåäöšž'",
    "swa": "abcdefghijklmnoprstuvwyz'ngmb",
}

every_language = pytest.mark.parametrize("code", MODULES)
# The first example loads Epitran; a deadline would measure how busy the machine is.
thorough = settings(max_examples=200)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
mixed = st.text(st.sampled_from("aäáâeığİIçšñßnghstkj'’-129.,%٣ж日बあ😀é\u0301\u200d "), max_size=15)


def flores(shared: Path, code: str) -> list[str]:
    return gzip.decompress((shared / f"data/flores/devtest.{code}.txt.gz").read_bytes()).decode().split()


def check(module: ModuleType, tokens: list[str]) -> list[Transcription]:
    records: list[Transcription] = module.transcribe(tokens)
    assert len(records) == len(tokens)
    for found in records:
        assert found.ipa
        assert found.segments
        assert "".join(found.segments) == found.ipa
        assert unicodedata.is_normalized("NFD", found.ipa) or not found.transcribed
        assert not any(char.isspace() for char in found.ipa)
        assert unicodedata.is_normalized("NFC", found.romanized)
        assert found.reason in REASONS
        assert found.transcribed == (found.reason not in ("passed", "punctuation"))
        if found.reason in ("read", "lexicon", "number"):
            assert set(found.segments) <= set(module.INVENTORY)
            assert split_ipa(found.ipa) == found.segments
    return records


@every_language
@thorough
@given(tokens=st.lists(texts | mixed, max_size=4))
def test_any_text_gives_one_sound_per_token(code: str, tokens: list[str]) -> None:
    """A lost or empty record would shift every label after it."""
    check(MODULES[code], tokens)


@every_language
@thorough
@given(data=st.data())
def test_any_word_of_own_letters_is_read(code: str, data: st.DataObject) -> None:
    """A segment outside the inventory has no row in the phoneme vocabulary."""
    word = data.draw(st.text(st.sampled_from(LETTERS[code]), min_size=1, max_size=12))
    found = check(MODULES[code], [word])[0]
    assert found.reason in ("read", "lexicon", "punctuation") or not word.strip("'hğ")
    assert found.romanized == word


@every_language
def test_words_are_read_alike_in_any_case(code: str, shared: Path) -> None:
    """Headlines are in capitals; Turkish i and ı would be confused first."""
    upper = str.upper if code != "tur" else lambda word: word.replace("i", "İ").upper()
    words = [word for word in sorted(set(flores(shared, code)))[::20] if word.isalpha() and word.islower()]
    assert len(words) > 100
    for word in words:
        plain, capital = MODULES[code].transcribe([word, upper(word)])
        assert plain.ipa == capital.ipa or not set(word) & set("aeiouyıöüäáéíóőúű"), word


@every_language
@given(numbers=st.sets(st.integers(0, 10**12 - 1), min_size=2, max_size=2))
def test_no_two_numbers_have_the_same_words(code: str, numbers: set[int]) -> None:
    cardinal = MODULES[code]._READER.numbers.cardinal
    first, second = (cardinal(number) for number in numbers)
    assert first != second
    assert all(part.isalpha() for part in first.split(" "))


@every_language
def test_every_round_number_has_words_of_its_own(code: str) -> None:
    cardinal = MODULES[code]._READER.numbers.cardinal
    numbers = [*range(3000), *(count * 10**power for count in (1, 2, 3, 21, 100, 102, 999) for power in (4, 6, 8, 9))]
    numbers = sorted({number for number in numbers if number < 10**12})
    assert len({cardinal(number) for number in numbers}) == len(numbers)


@every_language
@pytest.mark.parametrize("token", ["12", "1 234", "１２", "٣", "007", "3,5", "3.5", "1234567890123"])
def test_digits_are_read(code: str, token: str) -> None:
    found = MODULES[code].transcribe([token])[0]
    assert found.reason == "number"
    assert set(found.segments) <= set(MODULES[code].INVENTORY)


@every_language
@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "punctuation"), ("…", "punctuation"), ("Москва", "passed"), ("日本", "passed"), ("ǂ", "passed")],
)
def test_what_is_not_read(code: str, token: str, reason: str) -> None:
    assert MODULES[code].transcribe([token])[0].reason == reason


@every_language
@pytest.mark.parametrize("token", ["a‑2", "km2", "aжa", "2-a"])
def test_mixed_tokens_are_split(code: str, token: str) -> None:
    found = MODULES[code].transcribe([token])[0]
    assert found.reason == "split"
    assert found.romanized == unicodedata.normalize("NFC", token)


@every_language
def test_letters_of_other_languages_have_the_nearest_sound(code: str) -> None:
    """Names in running text: no mark and no strange letter may cost a sound."""
    names = "Łódź Škoda Ångström Đoković señor São Þór Straße François Nguyễn Ørsted Æsir Dvořák Ştefan"
    for name, found in zip(names.split(), check(MODULES[code], names.split()), strict=True):
        assert found.reason in ("read", "lexicon")
        assert len(found.segments) > len(name) - 3, name


@every_language
def test_words_without_vowels_in_capitals_are_spelled(code: str) -> None:
    spelled, sounded = MODULES[code].transcribe(["BBC", "bbc"])
    assert len(spelled.segments) >= 6 > len(sounded.segments)


@every_language
def test_readers_work_in_threads_and_travel(code: str) -> None:
    tokens = ["kanto", "12", "mamma", "3,5"] * 50
    alone = MODULES[code].transcribe(tokens)
    with ThreadPoolExecutor(4) as pool:
        for together in pool.map(MODULES[code].transcribe, [tokens] * 8):
            assert together == alone
    assert pickle.loads(pickle.dumps(Transcriber(code)))(tokens) == alone
    assert pickle.loads(pickle.dumps(alone)) == alone


@pytest.mark.medium
@every_language
def test_running_text_is_read(code: str, shared: Path) -> None:
    """Against the segmentation package that the gap paper used: its tokens must be ours."""
    cut = segments.Tokenizer()
    tokens = flores(shared, code)
    records = check(MODULES[code], tokens)
    assert sum(found.transcribed for found in records) > 0.995 * len(records)
    for ipa, found in {found.ipa: found for found in records if found.transcribed}.items():
        if found.reason != "split":
            assert tuple(cut(ipa, ipa=True).split(" ")) == found.segments == split_ipa(ipa)


@every_language
def test_error_rate_on_dictionary_words(
    code: str, score_words: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_word = MODULES[code]._READER.read_word.__wrapped__
    if code == "ita":
        monkeypatch.setattr(transcription_ita, "_lexicon", dict)
    monkeypatch.setattr(MODULES[code]._READER, "read_word", read_word)
    score = score_words(code, lambda word: MODULES[code]._READER._read_token(word).ipa)
    for rate, limit in zip((score.error, score.raw_error), MAX_PER[code], strict=True):
        assert rate < limit


def test_importing_a_language_loads_no_tool() -> None:
    """Data builders import all languages in many processes."""
    import subprocess

    code = (
        "import sys, modeling_phonexl.transcription_fin, modeling_phonexl.transcription_ita\n"
        "assert not {'epitran', 'panphon', 'torch', 'segments', 'gruut_lang_it'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
