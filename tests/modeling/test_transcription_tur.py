"""Turkish: its own upper case, soft g, circumflexes, palatal and dark allophones, numbers."""

import pytest

from modeling_phonexl.transcription_tur import transcribe


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("çocuk", "t͡ʃ o d͡ʒ u k"),
        ("IĞDIR", "ɯː d ɯ ɾ"),
        ("İZMİR", "i z m i ɾ"),
        ("İstanbul'un", "i s t a n b u ɫ u n"),
        # Soft g
        ("dağ", "d aː"),
        ("ağaç", "aː t͡ʃ"),
        ("soğan", "s o a n"),
        ("değil", "d e j i l"),
        ("öğretmen", "œː ɾ e t m e n"),
        ("ağıt", "a ɯ t"),
        # Circumflexes are long but in a closed last syllable, and k g before them palatal.
        ("hâlâ", "h aː l aː"),
        ("kâtip", "c aː t i p"),
        ("rüzgâr", "ɾ y z ɟ a ɾ"),
        ("resmî", "ɾ e s m iː"),
        ("hürriyet", "h y ɾ ɾ i j e t"),
        ("memnuniyet", "m e m n uː n i j e t"),
        # Allophones
        ("kız", "k ɯ z"),
        ("kedi", "c e d i"),
        ("ekmek", "e c m e c"),
        ("aktif", "a k t i f"),
        ("gül", "ɟ y l"),
        ("Türkçe", "t y ɾ c t͡ʃ e"),
        ("kral", "k ɾ a ɫ"),
        ("klima", "c l i m a"),
        ("okul", "o k u ɫ"),
        ("elma", "e l m a"),
        ("limon", "l i m o n"),
        ("ali", "a l i"),
        # Letters of others
        ("Əliyev", "e l i j e v"),
        ("taxi", "t a k s i"),
        ("web", "v e b"),
        ("saat", "s a a t"),
    ],
)
def test_words(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("0", "sıfır"),
        ("11", "on bir"),
        ("100", "yüz"),
        ("101", "yüz bir"),
        ("1000", "bin"),
        ("1923", "bin dokuz yüz yirmi üç"),
        ("1.001", "bin bir"),
        ("21000", "yirmi bir bin"),
        ("1000000", "bir milyon"),
        ("3,5", "üç virgül beş"),
        ("007", "sıfır sıfır yedi"),
    ],
)
def test_numbers(token: str, words: str) -> None:
    spoken = [sound for word in words.split() for sound in transcribe([word])[0].segments]
    found = transcribe([token])[0]
    assert list(found.segments) == spoken
    assert found.reason == "number"


def test_letters_alone_have_names() -> None:
    assert transcribe(["TBMM"])[0].ipa == "tebememe"
    assert transcribe(["Ğ"])[0].ipa == "jumuʃakɟe"
