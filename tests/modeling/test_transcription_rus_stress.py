"""Russian stress: as the package gives it, homographs by their sentence, and torch left as it was."""

import gzip
import importlib.util
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl import transcription_rus, transcription_rus_stress
from modeling_phonexl.transcription import MissingToolError
from modeling_phonexl.transcription_rus import INVENTORY, segment, transcribe
from modeling_phonexl.transcription_rus_stress import _Model, homographs, stress_in_context, stress_word
from modeling_phonexl.transcription_words import split_ipa

MAX_PER = 3.0  # percent, folded
has_model = pytest.mark.skipif(
    importlib.util.find_spec("silero_stress") is None, reason="silero-stress is not installed"
)

unhurried = settings(max_examples=50)


def heard(sentence: str) -> list[str]:
    return [found.ipa for found in transcribe(sentence.split())]


def flores(shared: Path) -> list[str]:
    return gzip.decompress((shared / "data/flores/devtest.rus.txt.gz").read_bytes()).decode().splitlines()


@pytest.fixture(scope="module")
def silero() -> Callable[..., str]:
    """The package itself, with U+0301 after the stressed vowel instead of + before it."""
    package: Any = pytest.importorskip("silero_stress")
    threads = torch.get_num_threads()
    accentor = package.load_accentor("ru")
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)
    return lambda text: re.sub(r"\+(.)", "\\1\u0301", accentor(text))


def test_importing_the_language_loads_neither_torch_nor_the_model() -> None:
    code = "import sys, modeling_phonexl.transcription_rus; print({'torch', 'silero_stress'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "silero_stress", None)
    monkeypatch.setattr(transcription_rus_stress, "_is_installed", lambda: False)
    monkeypatch.setattr(transcription_rus_stress, "_model", transcription_rus_stress._load.__wrapped__)
    stress_word.cache_clear()


@pytest.mark.usefixtures("no_package")
def test_words_that_need_no_model_are_read_without_it() -> None:
    assert heard("кот несёт моло\u0301чник 5 , BBC") == [
        "kot",
        "nʲɪsʲɵt",
        "mɐɫot͡ɕnʲɪk",
        "pʲætʲ",
        ",",
        "bʲɪbʲɪsʲi",
    ]


@pytest.mark.usefixtures("no_package")
def test_a_missing_model_is_named_with_its_cure() -> None:
    """Without stress a fifth of the sounds would be wrong, and nobody would know."""
    with pytest.raises(MissingToolError, match=r"stress of Russian words.*silero-stress.*'\.\[lexicons\]'"):
        transcribe(["каракатица"])
    assert torch.is_grad_enabled()


@has_model
@pytest.mark.parametrize(
    ("sentence", "place", "ipa"),
    [
        ("Старый замок стоял на горе .", 1, "zamək"),
        ("На двери висел замок .", 3, "zɐmok"),
        ("Все люди пришли .", 0, "fsʲe"),
        ("Он сделал все , что мог .", 2, "fsʲɵ"),
        ("Все существительные пишутся здесь .", 0, "fsʲe"),  # before a plural
        ("все", 0, "fsʲe"),  # alone, as it is written
        ("Слезы текли по щекам .", 0, "sʲlʲɵzɨ"),
        ("Она еще не пришла .", 1, "jɪɕːɵ"),
        ("Мы узна\u0301ем , где за\u0301мок .", 4, "zamək"),  # typed stress wins
    ],
)
def test_homographs_follow_their_sentence(sentence: str, place: int, ipa: str) -> None:
    assert heard(sentence)[place] == ipa


@has_model
def test_a_word_of_a_hyphenated_token_follows_the_sentence() -> None:
    assert heard("Это старинный замок-музей на горе .")[2].startswith("zamək")
    assert heard("все-таки")[0].startswith("fsʲ")


@has_model
@pytest.mark.parametrize(
    "odd", ["", "+", "++все", "а+б", "\u0301", "[HOMO]", "[/HOMO] все", "\x00", "漢", "a" * 5000, "ё\u0308"]
)
def test_odd_neighbours_do_not_move_the_stress(odd: str) -> None:
    assert heard("старый замок")[1] == transcribe(["Старый", "замок", odd])[1].ipa == "zamək"
    assert len(transcribe([odd, "замок", odd])) == 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Ст+арый з+амок", "за\u0301мок"),
        ("Ст+арый  з+амок", None),
        ("Ст+арый д+омик", None),
        ("з+амок", None),
        ("Ст+арый замок", None),
    ],
)
def test_a_model_that_changes_the_text_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, said: str, expected: str | None
) -> None:
    """A stress at another place would be worse than a word read without its sentence."""
    nothing = np.zeros((0, 16), dtype=np.float32)
    model = _Model({}, {}, 0, nothing, [], [], frozenset(["замок"]), frozenset(), lambda text: said)
    monkeypatch.setattr(transcription_rus_stress, "_model", lambda: model)
    transcription_rus_stress._resolved.cache_clear()
    assert stress_in_context("Старый замок", [(7, 12)]) == [expected]
    transcription_rus_stress._resolved.cache_clear()


@has_model
@unhurried
@given(st.lists(st.text(st.sampled_from("все замок+ё-, А\u0301'дома!"), max_size=12), max_size=6))
def test_as_many_records_as_tokens_around_homographs(tokens: list[str]) -> None:
    records = transcribe(["замок", *tokens, "все"])
    assert len(records) == len(tokens) + 2
    assert all(found.ipa and "".join(found.segments) == found.ipa for found in records)


@has_model
@unhurried
@given(st.text(st.sampled_from("абвгдежзийклмнопрстуфхцчшщъыьэюя"), min_size=1, max_size=60))
def test_any_word_gets_one_stress_on_a_vowel(word: str) -> None:
    if sum(letter in "аеиоуыэюя" for letter in word) > 1:
        marked = stress_word(word)
        assert marked.replace("\u0301", "").replace("ё", "е") == word.replace("ё", "е")
        assert re.search("[аеёиоуыэюя]\u0301", marked)
        assert marked.count("\u0301") == 1


@has_model
def test_stress_of_words_is_the_packages(shared: Path, silero: Callable[[str], str]) -> None:
    """Its network runs here as arrays, a word at a time; nothing changes but that it never abstains."""
    words = {w for line in flores(shared)[:150] for w in re.findall("[а-я]+", line.lower())} - homographs()
    words = {word for word in words if len(re.findall("[аеиоуыэюя]", word)) > 1}
    assert len(words) > 1000
    for word in words:
        said = silero(word)
        assert stress_word(word) == said or "\u0301" not in said


@has_model
def test_stress_of_homographs_is_the_packages(shared: Path, silero: Callable[[str], str]) -> None:
    """In context too, except where е and ё alone are told apart."""
    found = 0
    for line in flores(shared)[:150]:
        text = line.replace("+", " ")
        spans = [match.span() for match in re.finditer("[а-яё]+", text, re.IGNORECASE)]
        spans = [(start, end) for start, end in spans if text[start:end].lower() in homographs()]
        said = re.findall("[а-яё\u0301]+", silero(text).lower())
        plain = [word.replace("\u0301", "").replace("ё", "е") for word in said]
        for (start, end), word in zip(spans, stress_in_context(text, spans), strict=True):
            index = len(re.findall("[а-яё]+", text[:start], re.IGNORECASE))
            assert plain[index] == text[start:end].lower()
            assert word in (said[index], said[index].replace("ё", "е"))
            found += 1
    assert found > 50


@has_model
def test_torch_is_left_as_it_was() -> None:
    """The package switches gradients off and sets one thread: training after transcription would fail."""
    code = """
import torch
torch.set_num_threads(2)
from modeling_phonexl.transcription_rus import transcribe
transcribe("Старый замок стоял на горе".split())
assert torch.is_grad_enabled() and torch.get_num_threads() == 2
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@has_model
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_reads_the_same() -> None:
    """Builders fork; threads of the parent's matrix library do not survive that."""
    code = """
import os, signal, sys, torch
torch.set_num_threads(2)
from modeling_phonexl import transcription_rus_stress
from modeling_phonexl.transcription_rus import transcribe
tokens = "Старый замок стоял на горе".split()
expected = transcribe(tokens)
torch.ones(500, 500) @ torch.ones(500, 500)
transcription_rus_stress._resolved.cache_clear()
if os.fork() == 0:
    signal.alarm(60)
    os._exit(0 if transcribe(tokens) == expected else 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@has_model
def test_threads_read_the_same() -> None:
    sentences = [f"Старый замок {word} стоял на горе".split() for word in ("был", "не", "как", "долго") * 5]
    expected = [transcribe(tokens) for tokens in sentences]
    transcription_rus_stress._resolved.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(transcribe, sentences)) == expected


def test_the_reader_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(transcribe)) is transcription_rus.transcribe


@has_model
def test_error_rate_on_dictionary_words(score_words: Callable[..., Any]) -> None:
    assert score_words("rus", lambda word: transcribe([word])[0].ipa).error < MAX_PER


@has_model
def test_running_text_is_read(shared: Path) -> None:
    for line in flores(shared)[:200]:
        tokens = [line[start:end] for start, end in segment(line)]
        for found in transcribe(tokens):
            assert found.reason != "passed"
            if found.transcribed:
                assert set(found.segments) <= set(INVENTORY)
                assert split_ipa(found.ipa) == found.segments
