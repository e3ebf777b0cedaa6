"""Russian: rules of sound for words whose stress is given, numbers, abbreviations, foreign letters, romanization.

The stress model is tested beside, in `test_transcription_rus_stress.py`; here no word needs it.
"""

import gzip
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl import transcription_rus
from modeling_phonexl.transcription import REASONS, Transcription
from modeling_phonexl.transcription_rus import INVENTORY, segment, transcribe
from modeling_phonexl.transcription_rus_numbers import RUSSIAN
from modeling_phonexl.transcription_rus_sounds import read_sounds
from modeling_phonexl.transcription_words import split_ipa

LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяё'\u0301"
VOWELS = "аеёиоуыэюя"

unhurried = settings(max_examples=200)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
cyrillic = st.text(st.characters(min_codepoint=0x400, max_codepoint=0x52F), max_size=12)
words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)
mixed = st.text(st.sampled_from("абвЕЖЙщьъ'’ABcde129.,%+-~日\u0301\u0306\u0308\u200d😀é "), max_size=15)


def first_vowel(word: str) -> str:
    """A stand-in for the model: stress on the first vowel."""
    place = next(index for index, letter in enumerate(word) if letter in VOWELS) + 1
    return word[:place] + "\u0301" + word[place:]


def forget() -> None:
    transcription_rus._READER.read_token.cache_clear()
    transcription_rus._READER.read_word.cache_clear()
    transcription_rus._has_homograph.cache_clear()


@pytest.fixture(scope="module")
def without_model() -> Iterator[None]:
    """Words are stressed on their first vowel; what was read so is forgotten afterwards."""
    forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcription_rus, "stress_word", first_vowel)
        patch.setattr(transcription_rus, "homographs", frozenset)
        yield
    forget()


pytestmark = pytest.mark.usefixtures("without_model")


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
    sounds = set("a æ ɐ ə o ɵ u ʉ ʊ ɨ i ɪ ɛ e".split())
    if any(letter in VOWELS for letter in word):
        heard = [s for s in transcribe([word])[0].segments if s in sounds]
        assert len(heard) == sum(letter in VOWELS for letter in word)


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        # Reduction of vowels by their distance from the stress.
        ("молоко́", "m ə ɫ ɐ k o"),
        ("о́блако", "o b ɫ ə k ə"),
        ("окно́", "ɐ k n o"),
        ("воображе́ние", "v ɐ ɐ b r ɐ ʐ ɛ nʲ ɪ j e"),
        ("язы́к", "j ɪ z ɨ k"),
        ("часы́", "t͡ɕ ɪ s ɨ"),
        ("пло́щадь", "p ɫ o ɕː ə tʲ"),
        ("де́ревня", "dʲ e rʲ ɪ v nʲ ə"),
        ("де́вятый", "dʲ e vʲ ɪ t ɨ j"),  # я of a stem, against я of an ending
        ("о́кнами", "o k n ə mʲ ɪ"),
        ("во́лями", "v o lʲ ə mʲ ɪ"),
        ("жена́", "ʐ ɨ n a"),
        ("по́ле", "p o lʲ e"),
        ("бо́льше", "b o lʲ ʂ ə"),
        ("эта́ж", "ɪ t a ʂ"),
        ("пять", "pʲ æ tʲ"),
        ("пя́тый", "pʲ a t ɨ j"),
        ("лю́ди", "lʲ ʉ dʲ ɪ"),
        ("чёрный", "t͡ɕ ɵ r n ɨ j"),
        ("шёл", "ʂ o ɫ"),
        ("трёхэта́жный", "t rʲ ɵ x ɨ t a ʐ n ɨ j"),
        # j and softness.
        ("ёж", "j ɵ ʂ"),
        ("объём", "ɐ b j ɵ m"),
        ("бульо́н", "b ʊ lʲ j ɵ n"),
        ("чьи", "t͡ɕ j i"),
        ("майо́р", "m ɐ j ɵ r"),
        ("кино́", "kʲ ɪ n o"),
        ("жить", "ʐ ɨ tʲ"),
        ("цирк", "t͡s ɨ r k"),
        # Voice.
        ("дуб", "d u p"),
        ("кровь", "k r o fʲ"),
        ("дождь", "d o ʂ tʲ"),
        ("во́дка", "v o t k ə"),
        ("вокза́л", "v ɐ ɡ z a ɫ"),
        ("про́сьба", "p r o zʲ b ə"),
        ("свой", "s v o j"),  # no voice before в
        ("жизнь", "ʐ ɨ zʲ nʲ"),
        # Soft before soft.
        ("гость", "ɡ o sʲ tʲ"),
        ("ко́нчик", "k o nʲ t͡ɕ ɪ k"),
        ("звезда́", "z vʲ ɪ z d a"),
        # Silent and melted consonants.
        ("со́лнце", "s o n t͡s ə"),
        ("че́стный", "t͡ɕ e s n ɨ j"),
        ("по́здно", "p o z n ə"),
        ("бе́здна", "bʲ e z d n ə"),
        ("счастли́вый", "ɕː ɪ sʲ lʲ i v ɨ j"),
        ("костля́вый", "k ɐ s t lʲ a v ɨ j"),
        ("мужчи́на", "m ʊ ɕː i n ə"),
        ("сшить", "ʂː ɨ tʲ"),
        ("разжа́ть", "r ɐ ʐː a tʲ"),
        ("е́зжу", "j e ʑː ʊ"),
        ("бои́тся", "b ɐ i t͡s ə"),
        ("боя́ться", "b ɐ j a t͡s ə"),
        ("де́тский", "dʲ e t͡s kʲ ɪ j"),
        ("подска́зка", "p ɐ t͡s s k a s k ə"),
        ("лётчик", "lʲ ɵ t͡ɕː ɪ k"),
        ("чу́вство", "t͡ɕ u s t v ə"),
        ("сего́дня", "sʲ ɪ v o dʲ nʲ ə"),
        ("но́вого", "n o v ə v ə"),
        ("мно́го", "m n o ɡ ə"),
        ("что", "ʂ t o"),
        ("ничто́", "nʲ ɪ ʂ t o"),
        ("коне́чно", "k ɐ nʲ e ʂ n ə"),
        ("мя́гкий", "mʲ a x kʲ ɪ j"),
        # Length.
        ("ва́нна", "v a nː ə"),
        ("гру́ппа", "ɡ r u pː ə"),
        ("суббо́та", "s ʊ b o t ə"),
        ("рассказа́ть", "r ə s k ɐ z a tʲ"),
        ("рассве́т", "r ɐ sː vʲ e t"),
        ("отда́ть", "ɐ dː a tʲ"),
        ("ру́сский", "r u s kʲ ɪ j"),
        # Loans.
        ("компью́тер", "k ɐ m pʲ j u t ɨ r"),
        ("джи́нсы", "d͡ʐ ɨ n s ɨ"),
        # Words without a stress of their own.
        ("не", "nʲ ɪ"),
        ("на", "n ɐ"),
        ("под", "p ɐ d"),
        ("бы", "b ɨ"),
    ],
)
def test_segments(word: str, segments: str) -> None:
    assert " ".join(transcribe([word])[0].segments) == segments


def test_stress_decides_the_vowels() -> None:
    assert (ipa("за́мок"), ipa("замо́к")) == ("zamək", "zɐmok")


@pytest.mark.parametrize("stem", ["ЁЖ", "Ёж", "ёж", "е\u0308ж"])
def test_case_and_composition_do_not_matter(stem: str) -> None:
    assert ipa(stem) == "jɵʂ"


@pytest.mark.parametrize(
    ("stem", "particle", "heard"),
    [("кто́", "то", "tə"), ("како́й", "нибудь", "nʲɪbʊtʲ"), ("что́", "либо", "lʲɪbə"), ("опя́ть", "таки", "təkʲɪ")],
)
def test_particles_behind_a_hyphen_have_no_stress(stem: str, particle: str, heard: str) -> None:
    assert ipa(f"{stem}-{particle}") == ipa(stem) + heard


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("0", "но́ль"),
        ("16", "шестна́дцать"),
        ("40", "со́рок"),
        ("1000", "ты́сяча"),
        ("2002", "две́ ты́сячи два́"),
        ("21000", "два́дцать одна́ ты́сяча"),
        ("1.000.000", "миллио́н"),
        ("5000000000", "пя́ть миллиа́рдов"),
        ("3,14", "три́ запята́я оди́н четы́ре"),
        ("007", "но́ль но́ль се́мь"),
    ],
)
def test_numbers(token: str, spoken: str) -> None:
    found = transcribe([token])[0]
    assert found.ipa == "".join(map(ipa, spoken.split()))
    assert found.reason == "number"


@unhurried
@given(st.integers(0, 10**12 - 1))
def test_numbers_can_be_understood(number: int) -> None:
    """An independent way back from the words; each has its stress, so that numbers need no model."""
    small = {word: value for value, word in enumerate(RUSSIAN.units)}
    small |= dict(zip(RUSSIAN.feminine, (1, 2), strict=True))
    small |= {word: 10 * value for value, word in enumerate(RUSSIAN.tens, 2)}
    small |= {word: 100 * value for value, word in enumerate(RUSSIAN.hundreds, 1)}
    scales = {word: 1000**power for power, forms in enumerate(RUSSIAN.scales, 1) for word in forms}
    total = group = 0
    for word in RUSSIAN.cardinal(number).split():
        assert word.count("\u0301") == 1
        if word in scales:
            total, group = total + (group or 1) * scales[word], 0
        else:
            group += small[word]
    assert total + group == number


@pytest.mark.parametrize(
    ("token", "segments", "reason"),
    [
        ("СССР", "ɪ s ɨ s ɨ s ɛ r", "read"),
        ("США", "ɪ s ʂ ɐ a", "read"),
        ("ЕС", "j ɪ ɛ s", "read"),
        ("МИД", "mʲ i t", "read"),
        ("ВСЕ", "f sʲ e", "read"),
        ("кг", "k ɐ ɡ ɛ", "read"),
        ("BBC", "bʲ ɪ bʲ ɪ sʲ i", "latin"),
        ("Ring", "rʲ i n k", "latin"),
        ("є", "j e", "read"),
        ("об’ём", "ɐ b j ɵ m", "read"),
        ("5-й", "pʲ æ tʲ j", "split"),
    ],
)
def test_abbreviations_and_other_letters(token: str, segments: str, reason: str) -> None:
    found = transcribe([token])[0]
    assert (" ".join(found.segments), found.reason) == (segments, reason)


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


@pytest.mark.parametrize(
    ("word", "romanized"),
    [
        ("Щу́ка", "shchuka"),
        ("подъём", "podyom"),
        ("Ю́жный", "yuzhnyy"),
        ("хвощ", "khvoshch"),
        ("США", "ssha"),
        ("5-й", "5-y"),
    ],
)
def test_romanization_has_no_stress_marks(word: str, romanized: str) -> None:
    assert transcribe([word])[0].romanized == romanized


@unhurried
@given(st.text(st.sampled_from(LETTERS.replace("'", "").replace("\u0301", "")), max_size=40))
def test_length_and_voice_settle_in_one_pass(word: str) -> None:
    """No two like consonants stand side by side, and no voiced one before a voiceless one."""
    voiceless = ("p", "t", "s", "k", "x", "f", "ʂ", "t͡s", "t͡ɕ", "ɕː")
    sounds = read_sounds(word)
    for one, two in zip(sounds, sounds[1:], strict=False):
        if two.rstrip("ʲː") in voiceless or two == "ɕː":
            assert one.rstrip("ʲː") not in ("b", "d", "z", "ɡ", "v", "ʐ", "ʑ", "d͡z", "d͡ʐ", "d͡ʑ", "ɣ")


def test_words_of_raw_text() -> None:
    text = "Ёж-то нашёл 1,50 р., а ты?"
    words = [text[start:end] for start, end in segment(text)]
    assert words == ["Ёж-то", "нашёл", "1,50", "р", ".", ",", "а", "ты", "?"]


@pytest.mark.slow
def test_a_hundred_thousand_random_tokens(shared: Path) -> None:
    """Letters of several blocks, and real words with letters changed, swapped and doubled."""
    rng = random.Random(5)
    blocks = [
        (0x20, 0x24F),
        (0x300, 0x36F),
        (0x400, 0x52F),
        (0x900, 0x97F),
        (0x1C80, 0x1C8A),
        (0x2DE0, 0xA69F),
        (0x1F300, 0x1F64F),
    ]
    real = gzip.decompress((shared / "data/flores/devtest.rus.txt.gz").read_bytes()).decode().split()
    for _ in range(100_000):
        if rng.random() < 0.5:
            start, end = rng.choice(blocks)
            token = "".join(chr(rng.randint(start, end)) for _ in range(rng.randint(0, 12)))
        else:
            letters = list(rng.choice(real))
            place = rng.randrange(len(letters))
            letters[place] = rng.choice([rng.choice(LETTERS), letters[place] * 2, "", letters[place] + "\u0301"])
            token = "".join(letters)
        (found,) = transcribe([token])
        check(found)
