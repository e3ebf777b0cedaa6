"""Italian: spelling rules, open vowels by endings, the lexicon and what is not believed of it, numbers."""

import importlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from modeling_phonexl import transcription_ita
from modeling_phonexl.transcription_ita import transcribe
from modeling_phonexl.transcription_ita_stress import mark_stress


def forget() -> None:
    transcription_ita._lexicon.cache_clear()
    transcription_ita._READER.read_word.cache_clear()
    transcription_ita._READER.read_token.cache_clear()


@pytest.fixture
def _no_lexicon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    forget()
    yield
    forget()


@pytest.fixture
def _small_lexicon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A package of the same form: seven words, three of them read wrongly."""
    folder = tmp_path / "gruut_lang_it"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    database = sqlite3.connect(folder / "lexicon.db")
    database.execute(
        "CREATE TABLE word_phonemes (id INTEGER PRIMARY KEY, word TEXT, pron_order INTEGER, phonemes TEXT)"
    )
    rows = [
        ("strenna", 0, "s t r ˈɛ n n a"),
        ("strenna", 1, "s t r ˈe n n a"),
        ("romanza", 0, "r o m ˈa n d͡z a"),
        ("azione", 0, "a t͡s ˈj o n e"),
        ("rosa", 0, "ˈr ɔ s a"),
        ("robot", 0, "ˈr ɛ o b a t"),
        ("agita", 0, "a ɡ i t a"),
        ("vena", 0, "v ˈe n a s"),
    ]
    database.executemany("INSERT INTO word_phonemes (word, pron_order, phonemes) VALUES (?, ?, ?)", rows)
    database.commit()
    database.close()
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    forget()
    yield
    forget()


@pytest.mark.usefixtures("_no_lexicon")
@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("scala", "s k a l a"),
        ("schiavo", "s k j a v o"),
        ("pesce", "p e ʃ ʃ e"),
        ("scienza", "ʃ ɛ n t͡s a"),
        ("sciopero", "ʃ ɔ p e r o"),
        ("cena", "t͡ʃ ɛ n a"),
        ("ciao", "t͡ʃ a o"),
        ("chiesa", "k j ɛ z a"),
        ("faccia", "f a t t͡ʃ a"),
        ("acqua", "a k k w a"),
        ("quando", "k w a n d o"),
        ("oggi", "ɔ d d͡ʒ i"),
        ("ghiaccio", "ɡ j a t t͡ʃ o"),
        ("figlio", "f i ʎ ʎ o"),
        ("gli", "ʎ i"),
        ("figli", "f i ʎ ʎ i"),
        ("glicine", "ɡ l i t͡ʃ i n e"),
        ("negligente", "n e ɡ l i d͡ʒ ɛ n t e"),
        ("ogni", "o ɲ ɲ i"),
        ("gnomo", "ɲ ɔ m o"),
        ("casa", "k a z a"),
        ("sbaglio", "z b a ʎ ʎ o"),
        ("cassa", "k a s s a"),
        ("pensare", "p e n s a r e"),
        ("risalire", "r i s a l i r e"),
        ("zio", "d͡z i o"),
        ("zaino", "d͡z a i n o"),
        ("senza", "s ɛ n t͡s a"),
        ("pranzo", "p r a n d͡z o"),
        ("ragazzo", "r a ɡ a t t͡s o"),
        ("mezzo", "m ɛ d d͡z o"),
        ("organizzare", "o r ɡ a n i d d͡z a r e"),
        ("pizza", "p i t t͡s a"),
        ("stazione", "s t a t t͡s j o n e"),
        ("piano", "p j a n o"),
        ("uomo", "w ɔ m o"),
        ("cuore", "k w ɔ r e"),
        ("due", "d u e"),
        ("causa", "k a w z a"),
        ("noi", "n ɔ j"),
        ("gennaio", "d͡ʒ e n n a j o"),
        ("biologia", "b i o l o d͡ʒ i a"),
        ("pizzeria", "p i t t͡s e r i a"),
        ("materia", "m a t ɛ r j a"),
        ("farmacia", "f a r m a t͡ʃ i a"),
        ("riunire", "r i u n i r e"),
        ("patria", "p a t r i a"),
        ("hanno", "a n n o"),
        ("taxi", "t a k s i"),
        ("l'acqua", "l a k k w a"),
        ("dell’uomo", "d e l l w ɔ m o"),
        ("L'", "l"),
        ("D'", "d"),
        ("c'era", "t͡ʃ ɛ r a"),
        ("C'È", "t͡ʃ ɛ"),
        ("c'", "t͡ʃ"),
        ("perché", "p e r k e"),
        ("caffè", "k a f f ɛ"),
        ("però", "p e r ɔ"),
        ("può", "p w ɔ"),
        ("puoi", "p w ɔ j"),
        ("suo", "s u o"),
        ("giù", "d͡ʒ u"),
        ("laggiù", "l a d d͡ʒ u"),
    ],
)
def test_words_by_rules(word: str, segments: str) -> None:
    found = transcribe([word])[0]
    assert " ".join(found.segments) == segments
    assert found.reason == "read"


@pytest.mark.parametrize(
    ("word", "marked"),
    [
        ("felicemente", "felicemente"),
        ("differente", "differɛnte"),
        ("nazione", "nazione"),
        ("dottore", "dottore"),
        ("famoso", "famoso"),
        ("bellezza", "bellezza"),
        ("inglese", "inglese"),
        ("fratello", "fratɛllo"),
        ("storico", "stɔrico"),
        ("popolo", "pɔpolo"),
        ("mobile", "mɔbile"),
        ("vedere", "vedere"),
        ("avrebbero", "avrɛbbero"),
        ("premevano", "premevano"),
        ("restavano", "restavano"),
        ("prendere", "prɛndere"),
        ("pazienza", "paziɛnza"),
        ("allegria", "allegría"),
        ("brrr", "brrr"),
        ("", ""),
    ],
)
def test_open_vowels_follow_the_ending(word: str, marked: str) -> None:
    assert mark_stress(word) == marked


@pytest.mark.usefixtures("_small_lexicon")
@pytest.mark.parametrize(
    ("word", "segments", "reason"),
    [
        ("Strenna", "s t r ɛ n n a", "lexicon"),  # its first pronunciation
        ("romanza", "r o m a n d͡z a", "lexicon"),
        ("azione", "a t t͡s j o n e", "lexicon"),  # the long affricate is ours
        ("rosa", "r ɔ z a", "lexicon"),  # and so is the voice of s
        ("robot", "r ɔ b o t", "read"),  # read as an English word
        ("agita", "a d͡ʒ i t a", "read"),  # a wrong consonant
        ("vena", "v ɛ n a", "read"),  # a sound too many
        ("casa", "k a z a", "read"),
        ("l'azione", "l a t t͡s j o n e", "read"),
    ],
)
def test_the_lexicon_is_believed_where_it_agrees(word: str, segments: str, reason: str) -> None:
    found = transcribe([word])[0]
    assert (" ".join(found.segments), found.reason) == (segments, reason)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("0", "zero"),
        ("21", "ventuno"),
        ("23", "ventitré"),
        ("28", "ventotto"),
        ("100", "cento"),
        ("180", "centoottanta"),
        ("1000", "mille"),
        ("2000", "duemila"),
        ("1861", "mille ottocentosessantuno"),
        ("1.000.000", "un milione"),
        ("2000000", "due milioni"),
        ("3,5", "tre virgola cinque"),
    ],
)
def test_numbers(token: str, words: str) -> None:
    spoken = [sound for word in words.split() for sound in transcribe([word])[0].segments]
    found = transcribe([token])[0]
    assert list(found.segments) == spoken
    assert found.reason == "number"


def test_letters_without_a_sound_have_names() -> None:
    assert transcribe(["H"])[0].ipa == transcribe(["acca"])[0].ipa
    assert transcribe(["CNR"])[0].segments[:4] == ("t͡ʃ", "i", "ɛ", "n")
