"""The bridge from Hindi to Urdu: Hindi words in Urdu letters, the shipped table, look-up and guesses."""

import gzip
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts import make_urd_bridge
from dataset_scripts.make_urd_bridge import DISCOUNT, ORDER, UNSEEN, NgramModel, pack_model, read_text, rows, spell
from modeling_phonexl import transcription_urd_bridge
from modeling_phonexl.transcription import MissingToolError
from modeling_phonexl.transcription_hin import phonemes
from modeling_phonexl.transcription_urd_bridge import MODEL, WORDS, Bridge, load_bridge
from modeling_phonexl.transcription_urd_table import ASPIRATED, CONSONANTS, VOWEL_LETTERS

TAUGHT = [
    ("कमर", ("a", "a", ""), 3),
    ("कमर", ("u", "", ""), 5),
    ("कलम", ("a", "a", ""), 2),
    ("कAम", ("", "aa", ""), 9),
    ("सYर", ("", "ai", ""), 1),
]
SPELLED = [list(zip(letters, readings, strict=True)) for letters, readings, _ in TAUGHT]


def small_bridge() -> Bridge:
    words = "".join(f"{letters}\t{' '.join(r or '-' for r in readings)}\t{n}\n" for letters, readings, n in TAUGHT)
    return Bridge(words, pack_model(NgramModel(SPELLED)))


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


@pytest.mark.medium
def test_the_shipped_tables_are_what_the_script_makes(shared: Path) -> None:
    """A rule of Hindi that changes must change the table too."""
    with gzip.open(shared / "data/raw/hin.txt.gz", "rt", encoding="utf-8", newline="\n") as lines:
        counts = read_text(lines)
    assert gzip.decompress(WORDS.read_bytes()).decode() == "".join(rows(counts))
    assert gzip.decompress(MODEL.read_bytes()).decode() == pack_model(NgramModel(counts))


@pytest.mark.parametrize(("table", "most"), [(WORDS, 100_000), (MODEL, 600_000)])
def test_the_shipped_tables_are_small_and_without_time_stamp(table: Path, most: int) -> None:
    packed = table.read_bytes()
    assert len(packed) < most
    assert packed[4:8] == bytes(4)


def test_known_words_have_their_most_frequent_reading() -> None:
    bridge = small_bridge()
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


@settings(max_examples=50)
@given(st.text(st.sampled_from("कमरलसAY"), min_size=1, max_size=4))
def test_guesses_are_the_likeliest_of_all_readings(letters: str) -> None:
    """Exhaustive search with an independent model; without the penalties, which are on top of it."""
    model = [["^", *map(str.__add__, word, readings), "$"] for word, readings, _ in TAUGHT]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_urd_bridge, "CLUSTER", 0.0)
        patch.setattr(make_urd_bridge, "LONG", 0.0)
        patch.setattr(make_urd_bridge, "TOO_UNLIKELY", 1e9)
        patch.setattr(transcription_urd_bridge, "WIDTH", 1e9)
        guess = small_bridge().guess(letters)

    def score(readings: tuple[str, ...]) -> float:
        tokens = ["^", *map(str.__add__, letters, readings), "$"]
        places = range(1, len(tokens))
        return sum(math.log(probability(model, tuple(tokens[max(i - ORDER + 1, 0) : i]), tokens[i])) for i in places)

    options = [sorted({r for word, rs, _ in TAUGHT for x, r in zip(word, rs, strict=True) if x == y}) for y in letters]
    # Costs are rounded to 0.02: of each letter up to four.
    assert score(guess) == pytest.approx(max(map(score, itertools.product(*options))), abs=0.04 * (len(letters) + 1))


def test_guesses_obey_marks() -> None:
    assert small_bridge().guess("करम", ["2?u", "", ""])[0] == "u"
    assert small_bridge().guess("कलम", ["", "", ""]) == ("a", "a", "")


def test_marks_for_a_reading_that_no_word_has_are_passed_over() -> None:
    assert small_bridge().guess("कलम", ["i", "", ""]) == ("a", "a", "")


@settings(max_examples=50)
@given(st.lists(st.text(st.sampled_from("कतसरलनमAWYEHG"), min_size=1, max_size=9), min_size=2, max_size=8))
def test_guesses_do_not_depend_on_words_read_before(words: list[str]) -> None:
    """Paths through the beginnings of words are kept."""
    bridge = load_bridge()
    together = [bridge.guess(word) for word in words]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcription_urd_bridge, "KEPT_LETTERS", 0)
        assert [bridge.guess(word) for word in words] == together
        patch.setattr(transcription_urd_bridge, "MOST_BEAMS", 0)
        assert [bridge.guess(word) for word in words] == together


def test_each_letter_of_urdu_has_readings() -> None:
    kinds = {kind for kind, _ in [*CONSONANTS.values(), *ASPIRATED.values()]} | {*VOWEL_LETTERS.values()} - {"O"}
    for kind in kinds:  # ع is spelled as another letter before
        assert len(load_bridge().guess(kind)) == 1


def test_an_unknown_letter_is_named() -> None:
    with pytest.raises(ValueError, match="letters 'कx': no reading of 'x'; known: AY"):
        small_bridge().guess("कx")


@pytest.mark.parametrize(
    ("before", "letters", "penalty"),
    [("^", "स", 0.0), ("^क", "म", -3.0), ("^क", "र", 0.0), ("^स", "म", 0.0), ("कल", "म", -3.0), ("A कल", "र", -3.0)],
)
def test_clusters_cost_what_is_said(before: str, letters: str, penalty: float) -> None:
    model = NgramModel([[(letter, "") for letter in "Aकमरलस"]])
    tokens = {name: token for token, name in model.names.items()}
    context = "".join(tokens.get(letter, letter) for letter in before.replace(" ", ""))
    assert model.penalty(model.context_class(context), tokens[letters]) == penalty


@pytest.mark.parametrize("letters", ["दसमबर", "ममलकत", "तसलसल"])
def test_three_consonants_do_not_meet(letters: str) -> None:
    """The n-grams alone give دسمبر, مملکت and تسلسل such clusters."""
    readings = load_bridge().guess(letters)
    assert not any(all(r in ("", "2") for r in readings[i : i + 3]) for i in range(len(letters) - 2))


def test_tokens_have_the_probabilities_of_the_formula() -> None:
    words = [["^", *map(str.__add__, word, readings), "$"] for word, readings, _ in TAUGHT]
    model = NgramModel(SPELLED)
    tokens = {name: token for token, name in model.names.items()} | {"^": "^"}
    for context in ((), ("^",), ("^", "कa"), ("^", "कa", "मa"), ("मa", "लa", "कa")):
        for letter in "कमरA":
            found = model.probabilities("".join(tokens[name] for name in context), letter)
            assert found
            for token, probability_found in found.items():
                assert probability_found == pytest.approx(probability(words, context, model.names[token]))


@pytest.mark.parametrize("table", ["WORDS", "MODEL"])
def test_a_missing_table_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: str) -> None:
    monkeypatch.setattr(transcription_urd_bridge, table, tmp_path / "absent.tsv.gz")
    load_bridge.cache_clear()
    try:
        with pytest.raises(MissingToolError, match=r"absent\.tsv\.gz"):
            load_bridge()
    finally:
        load_bridge.cache_clear()
