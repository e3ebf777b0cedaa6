"""The parts of Japanese transcription: kana, numbers, Latin letters, shares of readings, the maker of their table."""

import itertools
import math
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.make_ja_readings import fill, is_learnable, learn, main, read_lines, render
from modeling_phonexl.transcription import record, script
from modeling_phonexl.transcription_ja import INVENTORY
from modeling_phonexl.transcription_ja_foreign import count, read_latin, read_number
from modeling_phonexl.transcription_ja_kana import (
    READABLE,
    TO_KATAKANA,
    contexts,
    expand_marks,
    katakana,
    morae,
    read_kana,
    read_part,
    sounds,
    spell,
)
from modeling_phonexl.transcription_ja_share import _PARTS, border_cost, own_kana, share, split_evenly
from modeling_phonexl.transcription_ja_table import JUKUJIKUN

ANY = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("かがはゝゞヽヾッ゚゙ｶﾞ"), max_size=12)
KANA = st.text(st.sampled_from(sorted(READABLE)), min_size=1, max_size=12)


@given(KANA, st.data())
def test_cutting_kana_into_tokens_loses_no_sound(kana, data):
    """A word sounds the same whole and in characters, but for the way its lengths are written."""
    found = sounds(kana)
    assert len(found) == len(kana)
    cut = data.draw(st.integers(0, len(kana)))
    whole = "".join(spell(found)[0])
    halves = "".join(spell(found[:cut])[0]) + "".join(spell(found[cut:])[0])
    assert re.sub("(.)ː", r"\1\1", whole) == re.sub("(.)ː", r"\1\1", halves)


@given(KANA)
def test_every_kana_has_a_sound_of_the_inventory(kana):
    for char, sound in zip(kana, sounds(kana), strict=True):
        assert sound.segments or char == "ー"
        assert {unicodedata.normalize("NFD", segment) for segment in sound.segments} <= set(INVENTORY)


def in_normal_form(found: tuple[list[str], str]) -> tuple[tuple[str, ...], str]:
    whole = record(*found)
    return whole.segments, whole.romanized


@settings(max_examples=300)
@given(st.lists(st.text(st.sampled_from([*sorted(READABLE), *"||ーッンャ"]), min_size=1, max_size=4), max_size=5))
def test_remembered_pieces_sound_as_the_whole(parts):
    """Words are read by pieces that other words have too; each must come with all the context that it depends on."""
    kana = "".join(parts)
    assert read_kana(kana) == in_normal_form(spell(sounds(kana)))
    found, end = sounds(kana), 0
    for part, context in zip(parts, contexts(parts), strict=True):
        start, end = end, end + len(part)
        assert read_part(*context) == in_normal_form(spell(found[start:end]))


def test_letters_between_kana_keep_their_place():
    assert read_kana("カン한ン") == in_normal_form(spell(sounds("カン한ン")))


def test_readable_kana_are_katakana_already():
    """`katakana` gives them back unseen."""
    assert all(unicodedata.normalize("NFKC", char).translate(TO_KATAKANA) == char for char in READABLE)


@given(ANY)
def test_katakana_holds_only_readable_kana(text):
    assert READABLE.issuperset(katakana(text))


def value_of(words: tuple[str, ...]) -> int:
    """Value of a spoken number, by adding up its words."""
    digits = "ゼロ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュウ".split()
    whole = {
        "サンビャク": 300,
        "ロッピャク": 600,
        "ハッピャク": 800,
        "サンゼン": 3000,
        "ハッセン": 8000,
        "イッセン": 1000,
    }
    units, myriads = {"ジュウ": 10, "ヒャク": 100, "セン": 1000}, {"マン": 4, "オク": 8, "チョウ": 12, "ケイ": 16}
    total = group = 0
    digit = 1
    open_digit = 0
    for word in words:
        if word in digits:
            digit = open_digit = digits.index(word)
        elif word in units:
            group += (digit if open_digit else 1) * units[word]
            open_digit = 0
        elif word in whole:
            group += whole[word]
        else:
            total += (group + open_digit) * 10 ** myriads[word]
            group = open_digit = 0
    return total + group + open_digit


@given(st.integers(0, 10**20 - 1))
def test_a_cardinal_adds_up_to_its_number(value):
    number = read_number(str(value))
    assert value_of(number.words) == value
    assert read_number(f"{value:,}") == number


@given(st.integers(1, 10**8 - 1))
def test_kanji_numerals_read_like_digits(value):
    def section(group):
        return "".join(
            ("" if digit == 1 and unit else "〇一二三四五六七八九"[digit]) + unit
            for place, unit in ((3, "千"), (2, "百"), (1, "十"), (0, ""))
            if (digit := group // 10**place % 10)
        )

    high, low = divmod(value, 10_000)
    kanji = (section(high) + "万" if high else "") + section(low)
    if len(kanji) > 1 or kanji in "一二三四五六七八九十百千":
        assert read_number(kanji).value == value
    assert read_number(f"{high}万{low}").value == value if high and low else True


def test_numbers_that_are_names_of_digits():
    assert read_number("007").kana == "ゼロ|ゼロ|ナナ"
    assert read_number("二〇二四").kana == "ニ|ゼロ|ニ|ヨン"
    assert read_number("3.14").kana == "サン|テン|イチ|ヨン"
    assert read_number("万").kana == "マン"
    assert read_number("１２").kana == "ジュウ|ニ"
    assert [read_number(text) for text in ("", "日", "1,2", "a", "٣", "1.")] == [None] * 6


@pytest.mark.parametrize(
    ("number", "counter", "kana", "expected"),
    [
        ("1", "本", "ホン", "イッ ポン"),
        ("3", "本", "ポン", "サン ボン"),
        ("4", "分", "フン", "ヨン プン"),
        ("4", "本", "ホン", "ヨン ホン"),
        ("6", "回", "カイ", "ロッ カイ"),
        ("6", "歳", "サイ", "ロク サイ"),
        ("18", "世紀", "セイキ", "ジュウ|ハッ セイキ"),
        ("100", "回", "カイ", "ヒャッ カイ"),
        ("14", "人", "ニン", "ジュウ|ヨ ニン"),
        ("9", "月", "ツキ", "ク ガツ"),
        ("24", "日", "ヒ", "ニ|ジュウ|ヨッ カ"),
        ("31", "日", "ヒ", "サン|ジュウ|イチ ニチ"),
        ("8", "つ", "ツ", "ヤッ ツ"),
        ("11", "つ", "ツ", "ジュウ|イチ ツ"),
        ("2", "東京", "トウキョウ", "ニ トウキョウ"),
    ],
)
def test_numbers_and_counters_change_each_other(number, counter, kana, expected):
    assert " ".join(count(read_number(number), counter, kana)) == expected


def test_latin_letters_by_name_or_as_borrowed():
    assert read_latin("ABC") == "エー|ビー|シー"
    assert read_latin("rhythm") == "アール|エイチ|ワイ|ティー|エイチ|エム"
    assert read_latin("Café") == "カフェ"
    assert read_latin("ß") == ""


@given(st.text(st.sampled_from("日本人々今大学校東京亜躑ヶあのッー"), min_size=1, max_size=6), KANA)
def test_shares_are_never_empty(surface, reading):
    parts, reason = share(surface, reading)
    assert len(parts) == len(surface)
    assert all(parts)
    assert "".join(parts).startswith(reading)
    assert reason in ("read", "jukujikun", "split")


@pytest.mark.parametrize(
    ("surface", "reading", "parts"),
    [
        ("恐竜", "キョウリュウ", "キョウ リュウ"),  # the length stays with its vowel
        ("取り扱い", "トリアツカイ", "ト リ アツカ イ"),
        ("市ヶ谷", "イチガヤ", "イチ ガ ヤ"),
        ("時々", "トキドキ", "トキ ドキ"),
        ("北海道", "ホッカイドウ", "ホッ カイ ドウ"),
        ("手入れ", "テイレ", "テ イ レ"),
        ("今日", "キョウ", "キョ ウ"),
        ("時雨", "シグレ", "シグ レ"),
    ],
)
def test_readings_are_aligned_with_kanji(surface, reading, parts):
    assert share(surface, reading) == (tuple(parts.split()), "jukujikun" if (surface, reading) in JUKUJIKUN else "read")


def price(surface: str, parts: tuple[str, ...], use_unknown: bool) -> float:
    """What a way to cut a reading costs, from the words of the docstrings."""
    total = 0.0
    for index, (char, part) in enumerate(zip(surface, parts, strict=True)):
        known = list(_PARTS.get(char, ()))
        if own_kana(char):
            total += 0.0 if part in own_kana(char) else math.inf
        elif part in known and len(part) <= 5:
            total += math.log(2 + known.index(part))
        else:
            total += 9.0 + abs(len(part) - 2) if use_unknown and len(part) <= 5 else math.inf
        if index + 1 < len(surface) and script(surface[index + 1]) != "kana":
            total += border_cost(part, parts[index + 1])
    return total


@settings(max_examples=300)
@given(
    st.text(st.sampled_from("日本人大学校東京会社生取扱亜躑ヶのりー"), min_size=2, max_size=4),
    st.text(st.sampled_from("カガイウエオコトキョシャンッー"), min_size=2, max_size=7),
)
def test_the_cheapest_of_all_ways_to_cut_a_reading_is_found(surface, reading):
    """Against all ways; the quick search by known parts must not hide a cheaper way with an unknown one."""
    ways = [
        tuple(reading[start:end] for start, end in itertools.pairwise([0, *ends, len(reading)]))
        for ends in itertools.combinations(range(1, len(reading)), len(surface) - 1)
    ]
    costs = {way: price(surface, way, True) for way in ways}
    parts, reason = share(surface, reading)
    if (surface, reading) not in JUKUJIKUN and costs and min(costs.values()) < math.inf:
        assert costs[parts] == pytest.approx(min(costs.values()))
        assert (reason == "read") == (min(costs.values()) < 9)


def test_kanji_outside_the_table_take_what_is_left():
    """The length stays with its vowel even there, and a word of one kanji needs no table."""
    assert share("紹瑾", "ジョウキン") == (("ジョウ", "キン"), "split")
    assert share("瑾", "キン") == (("キン",), "read")


def test_a_jukujikun_is_a_word_with_one_of_its_readings():
    """明日 is アス as a whole but ミョウ|ニチ by its kanji."""
    assert share("明日", "アス")[1] == "jukujikun"
    assert share("明日", "ミョウニチ") == (("ミョウ", "ニチ"), "read")
    assert all(is_learnable(surface, reading) is False for surface, reading in JUKUJIKUN)


@given(ANY)
def test_expanding_marks_keeps_offsets(text):
    assert len(expand_marks(text)) == len(text)
    assert katakana(expand_marks("か\u309aは\u309aいすゞき")) == "ガパイスズキ"


def test_too_few_morae_repeat_the_last_one():
    assert split_evenly("キョウ", 3) == ("キョ", "ウ", "ウ")
    assert morae("シャツッー") == ["シャ", "ツ", "ッ", "ー"]


def test_readings_are_learned_from_words(tmp_path):
    """EM must find the one consistent alignment: no word shows alone where 学 ends."""
    counts = learn(
        {("学校", "ガッコウ"): 3, ("学生", "ガクセイ"): 3, ("先生", "センセイ"): 3, ("校長", "コウチョウ"): 2}
    )
    assert max(counts["生"], key=counts["生"].get) == "セイ"
    assert max(counts["校"], key=counts["校"].get) == "コウ"
    items = render(counts, 4).split('"""')[3].split()
    assert "生セイ" in items
    assert all(len(row.encode("euc_jp")) <= 20 for row in fill(items, 20).split("\n"))
    text = tmp_path / "text.tsv"
    text.write_text("学\tO\n#\tO\n校\tO\n\n今日\tO\n", encoding="utf-8")
    assert list(read_lines([text])) == ["学校", "今日"]
    main([str(text), "--out", str(tmp_path / "readings.py")])
    assert "学ガッ 校コウ" in (tmp_path / "readings.py").read_text(encoding="utf-8")
