"""The recipe "espeak": skips where the extra is not installed."""

import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription import LANGUAGES, REASONS, Transcriber
from modeling_phonexl.transcription_espeak import VOICES

CODES = [language.code for language in LANGUAGES]


def read(code: str) -> Transcriber:
    pytest.importorskip("espeakng_loader", reason="the extra 'espeak' is not installed")
    return Transcriber(code, "espeak")


def test_every_language_has_a_voice() -> None:
    assert sorted(VOICES) == sorted(CODES)


@pytest.mark.parametrize(
    ("code", "token", "ipa", "reason"),
    [
        ("eng", "judge", "d͡ʒʌd͡ʒ", "read"),
        ("fra", "weekend", "wiːkɛnd", "read"),  # without the mark of a change of language
        ("ita", "città", "t͡ʃitːa", "read"),
        ("tur", "ağaç", "aːt͡ʃ", "read"),
        ("vi", "mạ", "maː˨ˀ˩", "read"),
        ("vi", "Vie\u0323\u0302t", "viɛ˨ˀ˩t̪", "read"),  # decomposed
        ("zh", "他", "tʰɑ˥", "read"),
        ("ja", "東京", "東京", "passed"),
        ("eng", "2", "tuː", "number"),
        ("eng", "😀", "😀", "punctuation"),
    ],
)
def test_phonemes_come_in_our_normal_form(code: str, token: str, ipa: str, reason: str) -> None:
    [found] = read(code)([token])
    assert (found.ipa, found.reason) == (unicodedata.normalize("NFD", ipa), reason)


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=30)
@given(tokens=st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=4))
def test_any_text_gives_one_sound_per_token(code: str, tokens: list[str]) -> None:
    records = read(code)(tokens)
    assert len(records) == len(tokens)
    for found in records:
        assert found.ipa
        assert "".join(found.segments) == found.ipa
        assert unicodedata.is_normalized("NFD", found.ipa)
        assert found.reason in REASONS


def test_voices_do_not_mix_in_threads() -> None:
    """The library has one voice at a time in a process."""
    words = [(code, f"{word}{number}") for number in range(40) for code, word in (("eng", "jam"), ("ita", "giro"))]
    alone = [read(code)([word]) for code, word in words]
    for code in ("eng", "ita"):
        read(code)  # the readers are shared, so their memory must be cleared to read again
    from modeling_phonexl import transcription

    transcription.load_language.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pair: Transcriber(pair[0], "espeak")([pair[1]]), words)) == alone


def test_a_missing_extra_is_named() -> None:
    script = """
import sys
sys.modules["espeakng_loader"] = None
from modeling_phonexl.transcription import Transcriber
Transcriber("eng", "espeak")(["a"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "pip install '.[espeak]'" in done.stderr
