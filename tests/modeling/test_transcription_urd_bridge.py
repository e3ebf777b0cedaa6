"""The bridge from Hindi to Urdu: Hindi words in Urdu letters, the shipped table, look-up and guesses."""

import gzip
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.make_urd_bridge import read_text, rows, spell
from modeling_phonexl import transcription_urd_bridge
from modeling_phonexl.transcription import MissingToolError
from modeling_phonexl.transcription_hin import phonemes
from modeling_phonexl.transcription_urd_bridge import DISCOUNT, ORDER, TABLE, UNSEEN, Bridge, load_bridge

WORDS = [
    ("कमर", ("a", "a", ""), 3),
    ("कमर", ("u", "", ""), 5),
    ("कलम", ("a", "a", ""), 2),
    ("कAम", ("", "aa", ""), 9),
    ("सYर", ("", "ai", ""), 1),
]


@pytest.mark.parametrize(
    ("word", "letters", "readings"),
    [
        ("किताब", "कतAब", "i - aa -"),
        ("बच्चा", "बचA", "a 2 aa"),
        ("मक्खन", "मखन", "a 2a -"),
        ("आदमी", "MदमY", "aa - - ii"),
        ("उसका", "AसकA", "u - - aa"),
        ("ईमान", "AYमAन", "- ii - aa -"),
        ("और", "AWर", "- au -"),
        ("लड़के", "ल\u095cकE", "a - - ee"),
        ("हैं", "हYG", "- ai ~"),
        ("आँख", "Mनख", "aa ~ -"),
        ("कोई", "कWHY", "- oo - ii"),
        ("गए", "गHE", "a - ee"),
        ("हुआ", "हWA", "- u aa"),
        ("जाओ", "जAHW", "- aa - oo"),
        ("यार", "YAर", "j aa -"),
        ("वज़ीर", "WजYर", "va - ii -"),
        ("शक्ति", "शकतY", "a - - ii"),
        ("अंग", "Aनग", "a - -"),
    ],
)
def test_hindi_words_in_urdu_letters(word: str, letters: str, readings: str) -> None:
    spelled = spell(phonemes(word))
    assert "".join(letter for letter, _ in spelled) == letters
    assert " ".join(reading or "-" for _, reading in spelled) == readings


def test_rows_are_counted_and_sorted() -> None:
    assert list(rows(read_text(["कम, कम!", "अब कम"]))) == ["Aब\ta -\t1\n", "कम\ta -\t3\n"]


def test_the_shipped_table_is_what_the_script_makes(shared: Path) -> None:
    """A rule of Hindi that changes must change the table too."""
    with gzip.open(shared / "data/raw/hin.txt.gz", "rt", encoding="utf-8", newline="\n") as lines:
        made = "".join(rows(read_text(lines)))
    assert gzip.decompress(TABLE.read_bytes()).decode() == made


def test_the_shipped_table_is_small_and_without_time_stamp() -> None:
    packed = TABLE.read_bytes()
    assert len(packed) < 300_000
    assert packed[4:8] == bytes(4)


def test_known_words_have_their_most_frequent_reading() -> None:
    bridge = Bridge(WORDS)
    assert bridge.look_up("कमर", ["", "", ""]) == (5, ("u", "", ""))
    assert bridge.look_up("कमर", ["2?a", "", ""]) == (3, ("a", "a", ""))
    assert bridge.look_up("कमर", ["2?i", "", ""]) is None
    assert bridge.look_up("मकर", ["", "", ""]) is None


def probability(words: list[list[str]], context: tuple[str, ...], token: str) -> float:
    """Interpolated absolute discounting, straight from the formula."""
    follows = [
        word[place]
        for word in words
        for place in range(1, len(word))
        if tuple(word[max(place - len(context), 0) : place]) == context
    ]
    shorter = probability(words, context[1:], token) if context else UNSEEN
    if not follows:
        return shorter
    rest = DISCOUNT * len(set(follows)) / len(follows)
    return max(follows.count(token) - DISCOUNT, 0) / len(follows) + rest * shorter


@settings(deadline=None, max_examples=50)
@given(st.text(st.sampled_from("कमरलसAY"), min_size=1, max_size=4))
def test_guesses_are_the_likeliest_of_all_readings(letters: str) -> None:
    """Exhaustive search with an independent model; without the penalties, which are on top of it."""
    model = [["^", *map(str.__add__, word, readings), "$"] for word, readings, _ in WORDS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcription_urd_bridge, "CLUSTER", 0.0)
        patch.setattr(transcription_urd_bridge, "LONG", 0.0)
        patch.setattr(transcription_urd_bridge, "BEAM", 1000)
        patch.setattr(transcription_urd_bridge, "TOO_UNLIKELY", 1e9)
        guess = Bridge(WORDS).guess(letters, [""] * len(letters))

    def score(readings: tuple[str, ...]) -> float:
        tokens = ["^", *map(str.__add__, letters, readings), "$"]
        places = range(1, len(tokens))
        return sum(math.log(probability(model, tuple(tokens[max(i - ORDER + 1, 0) : i]), tokens[i])) for i in places)

    options = [sorted({r for word, rs, _ in WORDS for x, r in zip(word, rs, strict=True) if x == y}) for y in letters]
    assert score(guess) == pytest.approx(max(map(score, itertools.product(*options))))


def test_guesses_obey_marks() -> None:
    assert Bridge(WORDS).guess("करम", ["2?u", "", ""])[0] == "u"
    assert Bridge(WORDS).guess("कलम", ["", "", ""]) == ("a", "a", "")


@pytest.mark.parametrize("letters", ["दसमबर", "ममलकत", "तसलसल"])
def test_three_consonants_do_not_meet(letters: str) -> None:
    """The n-grams alone give دسمبر, مملکت and تسلسل such clusters."""
    readings = load_bridge().guess(letters, [""] * len(letters))
    assert not any(all(r in ("", "2") for r in readings[i : i + 3]) for i in range(len(letters) - 2))


def test_tokens_have_the_probabilities_of_the_formula() -> None:
    model = [["^", *map(str.__add__, word, readings), "$"] for word, readings, _ in WORDS]
    bridge = Bridge(WORDS)
    for context in ((), ("^",), ("^", "कa"), ("^", "कa", "मa"), ("मa", "लa", "कa")):
        for letter in "कमरA":
            for token, found in bridge._find_probabilities(context, letter).items():
                assert found == pytest.approx(probability(model, context, token))


def test_a_missing_table_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transcription_urd_bridge, "TABLE", tmp_path / "absent.tsv.gz")
    load_bridge.cache_clear()
    try:
        with pytest.raises(MissingToolError, match=r"absent\.tsv\.gz"):
            load_bridge()
    finally:
        load_bridge.cache_clear()
