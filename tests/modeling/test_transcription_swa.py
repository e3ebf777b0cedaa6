"""Swahili: implosives and what follows a nasal, ng', loans, numbers."""

import pytest

from modeling_phonexl.transcription_swa import transcribe


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("baba", "ɓ ɑ ɓ ɑ"),
        ("mbwa", "m b w ɑ"),
        ("dada", "ɗ ɑ ɗ ɑ"),
        ("ndizi", "n d i z i"),
        ("jina", "ʄ i n ɑ"),
        ("njia", "n d͡ʒ i ɑ"),
        ("gari", "ɠ ɑ ɾ i"),
        ("ngoma", "ŋ ɡ ɔ m ɑ"),
        ("ng'ombe", "ŋ ɔ m b ɛ"),
        ("ng’ombe", "ŋ ɔ m b ɛ"),
        ("ngʼombe", "ŋ ɔ m b ɛ"),
        ("NG'OMBE", "ŋ ɔ m b ɛ"),
        ("nyumba", "ɲ u m b ɑ"),
        ("chakula", "t͡ʃ ɑ k u l ɑ"),
        ("shule", "ʃ u l ɛ"),
        ("dhahabu", "ð ɑ h ɑ ɓ u"),
        ("thelathini", "θ ɛ l ɑ θ i n i"),
        ("ghali", "ɣ ɑ l i"),
        ("kheri", "x ɛ ɾ i"),
        ("yeye", "j ɛ j ɛ"),
        ("mzee", "m z ɛː"),
        ("benki", "ɓ ɛ ŋ k i"),
        ("cent", "s ɛ n t"),
        ("Mexico", "m ɛ k s i k ɔ"),
        ("Jack", "ʄ ɑ k"),
        ("Philip", "f i l i p"),
        ("Qatar", "k ɑ t ɑ ɾ"),
        ("Queen", "k w ɛː n"),
    ],
)
def test_words(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("0", "sifuri"),
        ("10", "kumi"),
        ("11", "kumi na moja"),
        ("20", "ishirini"),
        ("45", "arobaini na tano"),
        ("100", "mia moja"),
        ("103", "mia moja na tatu"),
        ("1,000", "elfu moja"),
        ("1964", "elfu moja mia tisa na sitini na nne"),
        ("2000000", "milioni mbili"),
        ("3.5", "tatu nukta tano"),
    ],
)
def test_numbers(token: str, words: str) -> None:
    spoken = [sound for word in words.split() for sound in transcribe([word])[0].segments]
    found = transcribe([token])[0]
    assert list(found.segments) == spoken
    assert found.reason == "number"


def test_capitals_without_vowels_are_letters() -> None:
    assert transcribe(["BBC"])[0].ipa == "ɓiɓisi"
