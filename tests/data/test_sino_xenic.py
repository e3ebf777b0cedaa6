"""Dictionaries by sound: rules against independent references, choices on toy texts, claims of the shipped files."""

import gzip
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts import make_sino_xenic
from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.make_sino_xenic import FOLDER, LEAST_SCORE, build_tables, count_vietnamese, romanize
from dataset_scripts.readers import DataError
from dataset_scripts.sino_xenic import (
    PAIRS,
    Choice,
    HanWord,
    Tables,
    TargetText,
    apply_initial_law,
    candidates,
    choose,
    count_korean_nouns,
    initial_form,
    is_read_by_sound,
    pair_words,
    read_tables,
    refine,
    vietnamese_key,
    write_tables,
)
from dataset_scripts.sound_laws import SoundLaws, features, learn_laws, parse_vietnamese, read_unihan

RESULTS = FOLDER.parents[1] / "results/dictionaries/sino_xenic.json"
NAMES = [f"{source}-{target}" for source, target in PAIRS]
weights = st.dictionaries(st.sampled_from(["an", "bà", "cô"]), st.sampled_from([0.1, 0.2, 0.7]), min_size=1)


def read_rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


# ---- the shipped files ----


@pytest.mark.parametrize("name", NAMES)
def test_shipped_dictionary_loads_and_is_what_the_results_were_measured_on(name):
    """Figures of another file would be read as those of this one."""
    dictionary = BilingualDictionary.read(FOLDER / f"{name}.tsv.gz")
    figures = json.loads(RESULTS.read_text("utf-8"))["pairs"][name]
    assert (len(list(dictionary.pairs())), len(dictionary), dictionary.sha256()) == (
        figures["pairs"],
        figures["sources"],
        figures["sha256"],
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_pair_survives_the_filter_of_training(name):
    dictionary = BilingualDictionary.read(FOLDER / f"{name}.tsv.gz")
    assert dictionary.filtered(name.split("-")[1]).sha256() == dictionary.sha256()


@pytest.mark.parametrize("name", NAMES)
def test_scores_belong_to_the_pairs_and_fall(name):
    rows = read_rows(FOLDER / "scores" / f"{name}.tsv.gz")
    assert [row[:2] for row in rows] == read_rows(FOLDER / f"{name}.tsv.gz")
    assert all(LEAST_SCORE <= float(score) <= 1 for *_, score in rows)
    order = [(source, -float(score)) for source, _, score in rows]
    assert order == sorted(order)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.gz")), ids=lambda path: path.name)
def test_shipped_files_are_small_and_hold_words_not_sentences(path):
    assert path.stat().st_size < 500_000
    if path.name != "readings.tsv.gz":
        assert all(len(row[0]) <= 24 and len(row[1]) <= 30 for row in read_rows(path))


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("zh-vi", "行动", "hành động"),
        ("zh-vi", "行動", "hành động"),
        ("zh-vi", "蒙古", "Mông Cổ"),
        ("zh-vi", "設備", "thiết bị"),
        ("ja-ko", "設定", "설정"),
        ("ja-ko", "発表", "발표"),
        ("ja-ko", "歴史", "역사"),
        ("ja-ko", "調査", "조사"),
        ("zh-ko", "历史", "역사"),
        ("ja-vi", "大学", "đại học"),
        ("zh-ja", "发展", "発展"),
        ("vi-ko", "quan hệ", "관계"),
    ],
)
def test_well_known_cognates_are_in(name, source, target):
    assert target in BilingualDictionary.read(FOLDER / f"{name}.tsv.gz").targets(source)


def test_japanese_words_of_native_reading_are_left_out():
    """相手 is read aite: 상수 is no word for it (a prototype had it)."""
    dictionary = BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz")
    assert not {"相手", "場合", "仕事", "子供"} & set(dictionary)


def test_readme_names_counts_and_wrong_entries_that_are_there():
    text = (FOLDER / "README.md").read_text("utf-8")
    figures = json.loads(RESULTS.read_text("utf-8"))["pairs"]
    for name in NAMES:
        assert re.search(rf"\| `{name}` \| {figures[name]['pairs']:,} \|", text)
    wrong = re.findall(r"`(\w\w-\w\w)` (\S+) ([^,;()]+?) \(", text.split("## Known wrong entries")[1])
    assert len(wrong) >= 10
    for name, source, target in wrong:
        assert target in BilingualDictionary.read(FOLDER / f"{name}.tsv.gz").targets(source), (name, source, target)


# ---- making them ----


def write_texts(folder: Path) -> Path:
    folder.mkdir()
    texts = {
        "zho": "政府采取行动。\n历史和社会的关系。\n" * 3,
        "vie": "Chính phủ có hành động mới.\nLịch sử xã hội và quan hệ quốc tế.\n" * 3,
        "jpn": "政府は行動を発表した。\n歴史と社会の関係を調査する。\n" * 3,
        "kor": "정부는 행동을 발표했다.\n역사와 사회의 관계를 조사한다.\n" * 3,
    }
    for name, text in texts.items():
        (folder / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def test_a_small_build_finds_the_cognates_twice_in_the_same_bytes(tmp_path, capsys):
    texts = write_texts(tmp_path / "texts")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "readings.tsv.gz").write_bytes((FOLDER / "readings.tsv.gz").read_bytes())
        make_sino_xenic.main(["--out", str(folder), "pairs", str(texts)])
    assert "zh-vi: " in capsys.readouterr().out
    files = [sorted(path.relative_to(folder) for path in folder.rglob("*.gz")) for folder in folders]
    assert files[0] == files[1]
    assert len(files[0]) == 13
    assert all((folders[0] / file).read_bytes() == (folders[1] / file).read_bytes() for file in files[0])
    assert all((folders[0] / file).read_bytes()[4:8] == bytes(4) for file in files[0])  # no time stamp
    found = {name: BilingualDictionary.read(folders[0] / f"{name}.tsv.gz") for name in NAMES}
    assert found["zh-vi"].targets("社会") == found["zh-vi"].targets("社會") == ("xã hội",)
    assert found["ja-ko"].targets("発表") == ("발표",)
    assert found["zh-ko"].targets("历史") == ("역사",)
    assert found["zh-ja"].targets("历史") == ("歴史",)
    assert found["vi-ko"].targets("xã hội") == ("사회",)


@pytest.mark.slow
def test_the_shipped_files_come_out_again_byte_for_byte(shared, tmp_path):
    (tmp_path / "readings.tsv.gz").write_bytes((FOLDER / "readings.tsv.gz").read_bytes())
    make_sino_xenic.main(["--out", str(tmp_path), "pairs", str(shared / "data/raw")])
    for path in FOLDER.rglob("*.gz"):
        assert (tmp_path / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), path.name


def test_capitals_are_kept_for_names_only():
    counts = count_vietnamese({"Việt Nam": 3, "Hành động": 2, "hành động": 1, "chủ nghĩa xã hội": 1, "film 3": 1})
    assert counts["Việt Nam"] == 3
    assert count_vietnamese({"Chiến Tranh": 1, "chiến tranh": 3}) == {"chiến tranh": 4}
    assert counts["hành động"] == 3
    assert counts["xã hội"] == counts["chủ nghĩa"] == 1
    assert "film 3" not in counts


def test_readings_of_variants_are_shared_and_initial_forms_are_no_readings():
    unihan = {
        "國": {"kHangul": "국:0E", "kCantonese": "gwok3"},
        "国": {"kVietnamese": "quốc", "kJapaneseOn": "KOKU"},
        "女": {"kHangul": "녀:0E 여:0", "kVietnamese": "nữ", "kCantonese": "neoi5"},
        "樂": {"kHangul": "락:0E 낙:0 악:0N", "kVietnamese": "lạc", "kCantonese": "lok6"},
    }
    for number, char in enumerate("一二三四五六七八"):
        unihan[char] = {"kHangul": f"{'국녀'[number % 2]}:0E", "kVietnamese": ["quốc", "nữ"][number % 2]}
    tables = build_tables(unihan, lambda char: {"國": ["国"]}.get(char, []))
    assert tables.korean["女"] == {"녀": 1.0}
    assert tables.korean["樂"] == {"락": 0.8, "악": 0.2}
    assert max(tables.vietnamese["國"], key=tables.vietnamese["國"].get) == "quốc"
    assert tables.on["國"] == ("KOKU",)
    assert all(sum(row.values()) == pytest.approx(1) for row in tables.vietnamese.values())


# ---- sound laws ----


@pytest.mark.parametrize(
    ("syllable", "parts"),
    [
        ("quốc", ("c", "uôc", "\u0301")),
        ("nghĩa", ("ng", "ia", "\u0303")),
        ("yên", ("", "iên", "")),
        ("hoàn", ("h", "uan", "\u0300")),
        ("quyền", ("c", "uyên", "\u0300")),
        ("gia", ("gi", "a", "")),
        ("ưu", ("", "ưu", "")),
    ],
)
def test_vietnamese_syllables_are_cut_by_sound(syllable, parts):
    cut = parse_vietnamese(syllable)
    assert (cut.onset, cut.rime, cut.tone) == parts


def test_laws_carry_over_to_unseen_characters():
    """Korean onset gives the Vietnamese onset, Korean rime the rime, Cantonese tone the tone."""
    onsets, rimes, tones = {"ㅎ": "h", "ㄷ": "đ"}, {"ㅏㄴ": "an", "ㅗㅇ": "ông"}, {"1": "", "6": "\u0323"}
    hangul = {"ㅎㅏㄴ": "한", "ㅎㅗㅇ": "홍", "ㄷㅏㄴ": "단", "ㄷㅗㅇ": "동"}
    vietnamese = {
        (onset, rime, tone): spelled
        for onset, row in {"ㅎ": "han hạn hông hộng", "ㄷ": "đan đạn đông động"}.items()
        for (rime, tone), spelled in zip(itertools.product(rimes, tones), row.split(), strict=True)
    }
    known = {
        key: features({"kHangul": f"{hangul[key[0] + key[1]]}:0E", "kCantonese": f"x{key[2]}"})
        for key in itertools.product(onsets, rimes, tones)
    }
    held_out = ("ㄷ", "ㅗㅇ", "6")
    examples = [(known[key], vietnamese[key]) for key in known if key != held_out] * 3
    laws = SoundLaws(examples, vietnamese.values())
    table = laws.probabilities([known[held_out]])
    assert table.sum() == pytest.approx(1)
    assert laws.syllables[int(np.argmax(table[0]))] == "động"
    assert laws.score([(known[held_out], "động"), (known[held_out], "xyz")])[1] == 0
    # readings that follow no law (Nom) are dropped before learning
    trimmed = learn_laws([*examples, *examples, (known["ㅎ", "ㅏㄴ", "1"], "động")], list(vietnamese.values()))
    assert trimmed.score([(known["ㅎ", "ㅏㄴ", "1"], "han")])[0] > 0.8


def test_unihan_is_read_and_another_file_is_refused(tmp_path):
    path = tmp_path / "Unihan_Readings.txt"
    path.write_text("# comment\nU+884C\tkHangul\t항:0N 행:0E\nU+884C\tkDefinition\tgo\n")
    assert read_unihan(path) == {"行": {"kHangul": "항:0N 행:0E"}}
    for text, line in (("# nothing\n", None), ("U+884C\tkHangul\n", 1)):
        path.write_text(text)
        with pytest.raises(DataError) as caught:
            read_unihan(path)
        assert caught.value.line == line


# ---- words ----


@pytest.mark.parametrize(
    ("syllables", "word"),
    [
        ("녀 자", "여자"), ("남 녀", "남녀"), ("력 사", "역사"), ("로 동", "노동"), ("리 유", "이유"),
        ("래 일", "내일"), ("비 률", "비율"), ("운 률", "운율"), ("법 률", "법률"), ("나 렬", "나열"),
        ("불 동 산", "부동산"), ("불 정", "부정"), ("불 편", "불편"),
        ("행 동", "행동"), ("류 행", "유행"), ("년 도", "연도"),
    ],
)  # fmt: skip
def test_korean_spelling_rules(syllables, word):
    assert apply_initial_law(syllables.split()) == word


@given(st.lists(st.integers(0, 11171).map(lambda n: chr(0xAC00 + n)), min_size=1, max_size=4))
def test_initial_law_changes_only_l_and_n(syllables):
    word = apply_initial_law(syllables)
    assert len(word) == len(syllables)
    assert apply_initial_law([word[0]]) == word[0] or syllables[0] == "불"
    onset = (ord(initial_form(syllables[0])) - 0xAC00) // 588
    if (ord(syllables[0]) - 0xAC00) // 588 not in (2, 5):
        assert initial_form(syllables[0]) == syllables[0]
    assert onset != 5


@given(st.lists(weights, min_size=1, max_size=3))
def test_candidates_are_the_product_of_readings(rows):
    word = "一二三"[: len(rows)]
    readings = dict(zip(word, rows, strict=True))
    expected = {
        tuple(syllables): np.prod([row[s] for row, s in zip(rows, syllables, strict=True)])
        for syllables in itertools.product(*rows)
    }
    found = candidates(word, readings)
    assert {syllables: pytest.approx(weight) for weight, syllables in found} == expected
    assert [weight for weight, _ in found] == sorted((weight for weight, _ in found), reverse=True)
    assert candidates(word + "四", readings) == []


def test_text_decides_between_readings():
    readings = {"行": {"hàng": 0.7, "hành": 0.3}, "動": {"động": 1.0}}
    found = choose("行動", readings, TargetText("vi", {"hành động": 5}))
    assert found is not None
    assert (found.target, found.syllables, found.count) == ("hành động", ("hành", "động"), 5)
    assert 0 < found.score < 1
    assert choose("行動", readings, TargetText("vi", {"vận động": 5})) is None
    assert choose("行動", {**readings, "行": {"hành": 0.01}}, TargetText("vi", {"hành động": 5})) is None


def test_spelling_variants_are_one_word_in_the_commoner_spelling():
    text = TargetText("vi", {"kĩ thuật": 1, "kỹ thuật": 4})
    key = text.key(["kĩ", "thuật"])
    assert (text.count(key), text.spelling(key)) == (5, "kỹ thuật")
    assert vietnamese_key("hoà") == vietnamese_key("hòa") != vietnamese_key("hóa")


def test_learning_from_text_turns_a_listed_nom_reading_round():
    prior = {
        "女": {"nữa": 0.8, "nữ": 0.2},
        **{char: {part: 1.0} for char, part in zip("子王性兒神", "tử vương tính nhi thần".split(), strict=True)},
    }
    words = ["女子", "女王", "女性", "女兒", "女神"]
    text = TargetText("vi", dict.fromkeys(["nữ tử", "nữ vương", "nữ tính", "nữ nhi", "nữ thần"], 2))
    learnt = refine(prior, words, text)
    assert learnt["女"]["nữ"] > 0.4 > prior["女"]["nữ"]
    assert sum(learnt["女"].values()) == pytest.approx(1)
    assert refine(prior, words, TargetText("vi", {"xa lạ": 1})) == prior


def test_korean_nouns_are_found_before_particles_and_endings():
    nouns = count_korean_nouns({"행동으로": 2, "행동하였다": 1, "행동력이": 1, "행동": 1, "2행동": 9, "행": 9})
    assert nouns["행동"] == 4
    assert nouns["행동력"] == 1
    assert "행" not in nouns


@pytest.mark.parametrize(
    ("word", "kana", "is_on"),
    [
        ("学校", "ガッコウ", True),
        ("反応", "ハンノウ", True),
        ("発表", "ハッピョウ", True),
        ("文化", "ブンカ", True),
        ("相手", "アイテ", False),
        ("今日", "キョウ", False),
        ("乙女", "オトメ", False),
    ],
)
def test_japanese_words_of_chinese_sound_are_told_apart(word, kana, is_on):
    on = {
        "学": ["GAKU"], "校": ["KOU"], "反": ["HAN"], "応": ["OU"], "発": ["HATSU", "HOTSU"], "表": ["HYOU"],
        "文": ["BUN", "MON"], "化": ["KA"], "相": ["SOU"], "手": ["SHU"], "今": ["KIN"], "日": ["NICHI"],
        "乙": ["OTSU"],
    }  # fmt: skip
    assert is_read_by_sound(word, romanize(kana), on) is is_on


def test_pairs_are_scored_by_the_share_among_homophones():
    def word(zh: str, count: float, vi: str, score: float) -> HanWord:
        return HanWord({"zh": (zh,)}, {"zh": count}, {"vi": Choice(vi, ("a", "b"), score, 1)})

    words = {
        "甲乙": word("甲乙", 8.7, "a b", 0.9),
        "丙丁": word("丙丁", 0.7, "a b", 0.8),
        "戊己": HanWord({"zh": ("戊己",)}),
    }
    rows = {source: score for source, _, score in pair_words(words, "zh", "vi")}
    assert rows == {"甲乙": pytest.approx(0.9 * 0.9), "丙丁": pytest.approx(0.8 * 0.1)}
    assert pair_words({"國": HanWord({"zh": ("国", "國"), "ja": ("国",)})}, "zh", "ja") == [("國", "国", 1.0)]


def test_tables_survive_the_file_and_faults_are_named(tmp_path):
    tables = Tables({"行": {"hành": 0.75, "hàng": 0.25}}, {"動": {"동": 1.0}}, {"行": ("KOU", "GYOU"), "動": ()})
    path = tmp_path / "readings.tsv"
    path.write_text(write_tables(tables))
    assert read_tables(path) == tables
    path.write_text("行\thành:750\n")
    with pytest.raises(DataError, match="character<TAB>vi<TAB>ko<TAB>ja"):
        read_tables(path)
