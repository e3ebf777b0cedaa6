"""Hungarian: sandhi, length, hiatus, old spellings, numbers."""

import pytest

from modeling_phonexl.transcription_hun import _READER, transcribe


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("gyerek", "ɟ ɛ r ɛ k"),
        ("hosszú", "h o sː uː"),
        ("tyúk", "c uː k"),
        ("asszony", "ɒ sː o ɲ"),
        # Voice is taken from the obstruent behind; v takes but does not give, h gives but does not take.
        ("népdal", "n eː b d ɒ l"),
        ("zsebkendő", "ʒ ɛ p k ɛ n d øː"),
        ("hatvan", "h ɒ t v ɒ n"),
        ("nyelvtan", "ɲ ɛ l f t ɒ n"),
        ("adhat", "ɒ t h ɒ t"),
        # Sibilants and palatals melt.
        ("barátság", "b ɒ r aː t͡ʃː aː ɡ"),
        ("tetszik", "t ɛ t͡sː i k"),
        ("egészség", "ɛ ɡ eː ʃː eː ɡ"),
        ("község", "k ø ʃː eː ɡ"),
        ("rózsa", "r oː ʒ ɒ"),
        ("látja", "l aː cː ɒ"),
        ("adja", "ɒ ɟː ɒ"),
        ("anyja", "ɒ ɲː ɒ"),
        ("tanulja", "t ɒ n u jː ɒ"),
        ("tartja", "t ɒ r c ɒ"),
        # Nasals take the place of what follows.
        ("színpad", "s iː m p ɒ d"),
        ("honfitárs", "h o ɱ f i t aː r ʃ"),
        ("munka", "m u ŋ k ɒ"),
        ("láng", "l aː ŋ ɡ"),
        ("hangtalan", "h ɒ ŋ k t ɒ l ɒ n"),
        ("balra", "b ɒ rː ɒ"),
        # Long consonants are short beside another, dz and dzs are long between vowels.
        ("jobbra", "j o b r ɒ"),
        ("edző", "ɛ d͡zː øː"),
        ("lándzsa", "l aː n d͡ʒ ɒ"),
        # h
        ("fehér", "f ɛ ɦ eː r"),
        ("méh", "m eː"),
        ("méhnek", "m eː n ɛ k"),
        ("doh", "d o x"),
        ("technika", "t ɛ x n i k ɒ"),
        # A glide parts i from another vowel, and é from the vowel before.
        ("fiú", "f i j uː"),
        ("mai", "m ɒ j i"),
        ("poén", "p o j eː n"),
        ("kaucsuk", "k ɒ u t͡ʃ u k"),
        # Old spellings, loans, the numeral.
        ("Széchenyi", "s eː t͡ʃ ɛ ɲ i"),
        ("Kossuth", "k o ʃː u t"),
        ("Horváthy", "h o r v aː t i"),
        ("otthon", "o t h o n"),
        ("taxi", "t ɒ k s i"),
        ("York", "j o r k"),
        ("Irak", "i r ɒ k"),
        ("Iraq", "i r ɒ k"),
        ("egy", "ɛ ɟː"),
        ("egyik", "ɛ ɟː i k"),
        ("huszonegy", "h u s o n ɛ ɟː"),
        ("hegy", "h ɛ ɟ"),
        ("egyetem", "ɛ ɟ ɛ t ɛ m"),
        ("egyszer", "ɛ c s ɛ r"),
    ],
)
def test_words(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("0", "nulla"),
        ("2", "kettő"),
        ("12", "tizenkettő"),
        ("20", "húsz"),
        ("28", "huszonnyolc"),
        ("200", "kétszáz"),
        ("1000", "ezer"),
        ("1956", "ezer kilencszázötvenhat"),
        ("2 002", "kettő nulla nulla kettő"),
        ("2.002", "kétezer kettő"),
        ("12000", "tizenkétezer"),
        ("3000000", "hárommillió"),
        ("3,14", "három egész egy négy"),
    ],
)
def test_numbers(token: str, words: str) -> None:
    spoken = [sound for word in words.split() for sound in transcribe([word])[0].segments]
    found = transcribe([token])[0]
    assert list(found.segments) == spoken
    assert found.reason == "number"


def test_ending_of_a_number_is_read_as_letters() -> None:
    found = transcribe(["2000-ben"])[0]
    assert (found.ipa, found.reason, found.romanized) == ("keːtɛzɛrbɛn", "split", "2000-ben")


def test_capitals_without_vowels_are_letters() -> None:
    assert transcribe(["SMS"])[0].ipa == "ɛʃɛmɛʃ"
    assert _READER.numbers.cardinal(10**12 - 1).startswith("kilencszázkilencvenkilencmilliárd ")
