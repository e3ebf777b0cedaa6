"""Finnish: length, diphthongs, what Epitran's rules get wrong, loans, numbers."""

import pytest

from modeling_phonexl.transcription_fin import transcribe


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("tuuli", "t uː l i"),
        ("tulli", "t u lː i"),
        ("kengät", "k e ŋː æ t"),
        ("kenkä", "k e ŋ k æ"),
        ("englanti", "e ŋ l ɑ n t i"),
        ("magneetti", "m ɑ ɡ n eː tː i"),
        ("vihko", "ʋ i h k o"),
        ("raha", "r ɑ h ɑ"),
        ("tuhka", "t u h k ɑ"),
        ("sauva", "s ɑ u̯ ʋ ɑ"),
        ("kamferi", "k ɑ m f e r i"),
        # Diphthongs: everywhere with i, in open syllables with u and y.
        ("laiva", "l ɑ i̯ ʋ ɑ"),
        ("punainen", "p u n ɑ i̯ n e n"),
        ("työ", "t y ø̯"),
        ("tieto", "t i e̯ t o"),
        ("suomi", "s u o̯ m i"),
        ("koulu", "k o u̯ l u"),
        ("talous", "t ɑ l o u s"),
        ("hajauta", "h ɑ j ɑ u̯ t ɑ"),
        ("poikien", "p o i̯ k i e n"),
        ("hiiua", "h iː u ɑ"),
        # s before h and r, ž, å: Epitran reads others.
        ("mieshenkilö", "m i e̯ s h e ŋ k i l ø"),
        ("shakki", "ʃ ɑ kː i"),
        ("Israel", "i s r ɑ e l"),
        ("džonkki", "d ʒ o ŋ kː i"),
        ("Åbo", "oː b o"),
        ("vaa'an", "ʋ ɑː ɑ n"),
        # Loans
        ("pizza", "p i t s ɑ"),
        ("bussi", "b u sː i"),
        ("logo", "l o ɡ o"),
        ("Bach", "b ɑ k"),
        ("cocktail", "k o kː t ɑ i̯ l"),
        ("Iraq", "i r ɑ k"),
        ("quiz", "k ʋ i t s"),
    ],
)
def test_words(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("0", "nolla"),
        ("10", "kymmenen"),
        ("11", "yksitoista"),
        ("20", "kaksikymmentä"),
        ("35", "kolmekymmentäviisi"),
        ("100", "sata"),
        ("101", "satayksi"),
        ("110", "satakymmenen"),
        ("200", "kaksisataa"),
        ("1000", "tuhat"),
        ("1917", "tuhat yhdeksänsataaseitsemäntoista"),
        ("2000", "kaksi tuhatta"),
        ("1000000", "miljoona"),
        ("2000000000", "kaksi miljardia"),
        ("3,5", "kolme pilkku viisi"),
    ],
)
def test_numbers(token: str, words: str) -> None:
    spoken = [sound for word in words.split() for sound in transcribe([word])[0].segments]
    found = transcribe([token])[0]
    assert list(found.segments) == spoken
    assert found.reason == "number"


def test_case_endings_of_abbreviations_are_sounds() -> None:
    """EU:n is the genitive of a word of two letters, NHL is three letters."""
    assert transcribe(["EU:n"])[0].segments == ("e", "u̯", "n")
    assert transcribe(["NHL"])[0].ipa == "ænhoːæl"
