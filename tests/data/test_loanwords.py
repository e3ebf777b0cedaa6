"""Dictionary of borrowed words: scores against slow references, laws from toy languages, claims of shipped files."""

import gzip
import itertools
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts import make_loanwords
from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.loanwords import (
    LONGEST,
    Laws,
    SoundLexicon,
    align,
    crude_laws,
    in_context,
    learn_laws,
    match_words,
    score_targets,
    simplify,
)
from dataset_scripts.make_loanwords import (
    FOLDER,
    LEAST_SCORE,
    collect_words,
    count_katakana,
    count_stems,
    drop_inflected,
    pair_rows,
)

RESULTS = FOLDER.parents[1] / "results/dictionaries/loanwords.json"
words = st.lists(st.sampled_from("ptkaio"), min_size=1, max_size=6).map(tuple)
WORDS = {
    "ja": "アメリカ カメラ ラジオ ホテル テレビ メモリ クリスマス インドネシア ベトナム モデル".split(),
    "ko": "아메리카 카메라 라디오 호텔 텔레비 메모리 크리스마스 인도네시아 베트남 모델 사람들 대한민국 어제".split(),
}


def read_rows(path):
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def lexicon(entries):
    """A lexicon of words written as their sounds with spaces."""
    return SoundLexicon(entries, {word: tuple(word.split()) for word in entries}, shortest=1)


def toy_laws(seed=0):
    rng = np.random.default_rng(seed)
    pairs = [("p", ""), ("t", ""), ("k", ""), ("a", ""), ("i", ""), ("o", ""), ("p", "a"), ("a", "p"), ("a", "#")]
    scores = rng.normal(size=(len(pairs) + 1, 7)).astype(np.float32)
    scores[-1, -1] = -np.inf
    return Laws({pair: row for row, pair in enumerate(pairs)}, tuple("ptkaio"), scores)


# ---- the shipped files ----


def test_shipped_dictionary_is_what_the_results_were_measured_on():
    """Figures of another file would be read as those of this one."""
    dictionary = BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz")
    figures = json.loads(RESULTS.read_text("utf-8"))["pairs"]["ja-ko"]
    assert (len(list(dictionary.pairs())), len(dictionary), dictionary.sha256()) == (
        figures["pairs"],
        figures["sources"],
        figures["sha256"],
    )


def test_shipped_pairs_are_katakana_and_hangul_in_order():
    rows = read_rows(FOLDER / "ja-ko.tsv.gz")
    assert rows == sorted(rows)
    assert len(dict(rows)) == len(rows)
    assert all(re.fullmatch("[ァ-ヴー]{2,}", source) and re.fullmatch("[가-힣]{2,}", target) for source, target in rows)
    dictionary = BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz")
    assert dictionary.filtered("ko").sha256() == dictionary.sha256()


def test_scores_belong_to_the_pairs():
    rows = read_rows(FOLDER / "scores/ja-ko.tsv.gz")
    assert [row[:2] for row in rows] == read_rows(FOLDER / "ja-ko.tsv.gz")
    assert all(LEAST_SCORE <= float(score) <= 1 for *_, score in rows)


@pytest.mark.parametrize(
    "pair",
    "アフガニスタン 아프가니스탄,クリスマス 크리스마스,プログラム 프로그램,スタート 스타트,メモリー 메모리,"
    "サービス 서비스,オーストラリア 오스트레일리아,シリコンバレー 실리콘밸리".split(","),
)
def test_well_known_words_are_in(pair):
    source, target = pair.split()
    assert target in BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz").targets(source)


def test_judged_pairs_are_shipped_ones_and_the_results_count_them():
    """The share of wrong pairs would be that of another table."""
    judged = [line.split("\t") for line in (FOLDER / "judged.tsv").read_text("utf-8").splitlines()]
    dictionary = BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz")
    assert all(target in dictionary.targets(source) for source, target, _ in judged)
    figures = json.loads(RESULTS.read_text("utf-8"))["pairs"]["ja-ko"]
    assert len(judged) == sum(figures["judged_by_hand"].values()) >= 100
    assert figures["known_wrong"] == [f"{s} {t}" for s, t, verdict in judged if verdict == "wrong"]


@pytest.mark.slow
def test_the_shipped_files_come_out_again_byte_for_byte(shared, tmp_path):
    pytest.importorskip("wordfreq")
    make_loanwords.main([str(shared / "data/raw"), "--out", str(tmp_path)])
    for path in FOLDER.rglob("*.gz"):
        assert (tmp_path / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), path.name


# ---- scores ----


@given(st.lists(words, min_size=1, max_size=5), st.lists(words, min_size=1, max_size=5))
def test_scores_of_all_targets_at_once_are_those_of_one_alignment_each(sources, targets):
    laws = toy_laws()
    for source, row in zip(sources, score_targets(laws, sources, targets), strict=True):
        assert row == pytest.approx([align(laws, source, target)[0] for target in targets], abs=1e-4)


def every_alignment(rows, columns, none):
    """All alignments of two short words, as steps."""
    if not rows and not columns:
        yield []
    if rows and columns:
        yield from ([(rows[0], columns[0]), *rest] for rest in every_alignment(rows[1:], columns[1:], none))
    if rows:
        yield from ([(rows[0], none[1]), *rest] for rest in every_alignment(rows[1:], columns, none))
    if columns:
        yield from ([(none[0], columns[0]), *rest] for rest in every_alignment(rows, columns[1:], none))


@pytest.mark.parametrize("seed", range(3))
def test_alignment_is_the_best_of_all(seed):
    laws = toy_laws(seed)
    for source, target in itertools.product(["pa", "kapo", "i"], ["pai", "tak", "o"]):
        rows, columns = laws.places(tuple(source)), [laws.targets.index(segment) for segment in target]
        score, steps = align(laws, tuple(source), tuple(target))
        totals = [
            sum(float(laws.scores[step]) for step in option)
            for option in every_alignment(rows, columns, (len(laws.rows), len(laws.targets)))
        ]
        assert score == pytest.approx(max(totals), abs=1e-5)
        assert score == pytest.approx(sum(float(laws.scores[step]) for step in steps), abs=1e-5)


def test_a_segment_beside_an_unseen_neighbour_falls_back_on_the_segment():
    laws = toy_laws()
    assert laws.places(("p", "a")) == [laws.rows["p", "a"], laws.rows["a", "p"]]
    assert laws.places(("p", "i")) == [laws.rows["p", ""], laws.rows["i", ""]]
    with pytest.raises(ValueError, match="no law for the segment 'z'"):
        laws.places(("z", "a"))


def test_scores_are_the_lesser_posterior_of_both_directions():
    """By the definition, from alignments of every pair, with a share of words that have no partner."""
    laws = toy_laws()
    source, target = lexicon({"p a": 1, "k o": 5}), lexicon({"p a": 2, "t a k": 1, "o": 9})
    odds = np.array([[math.exp(align(laws, s, t)[0]) for t in target.keys] for s in source.keys])
    forward = odds * target.prior() / ((odds * target.prior()).sum(1, keepdims=True) + 4)
    backward = odds * source.prior()[:, None] / ((odds * source.prior()[:, None]).sum(0, keepdims=True) + 4)
    matches = match_words(source, target, laws)
    assert len(matches) == 6
    for match in matches:
        i, j = source.keys.index(match.source), target.keys.index(match.target)
        assert match.score == pytest.approx(min(forward[i, j], backward[i, j]), rel=1e-4)


def test_crude_laws_prefer_the_closer_sound_and_sum_to_one():
    source, target = lexicon({"p a": 1, "k i": 1}), lexicon({"b a": 1, "k i": 1, "n u": 1})
    laws = crude_laws(source, target)
    row = laws.scores[laws.rows["p", "a"]]
    assert row[laws.targets.index("b")] > row[laws.targets.index("n")] > row[laws.targets.index("a")]
    share = np.array([*target.frequencies().values(), 1.0])
    inserted = np.exp(laws.scores[-1, :-1]) @ share[:-1]
    assert np.exp(laws.scores[:-1]) @ share == pytest.approx(np.full(len(laws.rows), 1 - inserted), rel=1e-4)


def test_laws_are_learnt_without_pairs():
    """A language that says s for t, and puts u after it at the end: the crude laws know neither."""
    rng = np.random.default_rng(1)
    stems = {
        " ".join(rng.choice(list("ptkmnl"), 1)[0] + " " + rng.choice(list("aio"), 1)[0] for _ in range(4))
        for _ in range(150)
    }
    source = lexicon({f"{stem} t": 1 for stem in stems})
    target = lexicon({f"{stem} t".replace("t", "s") + " u": 1 for stem in stems})
    crude, laws = crude_laws(source, target), learn_laws(source, target, rounds=3)
    t, s = laws.rows["t", ""], laws.targets.index("s")
    assert laws.scores[t, s] > crude.scores[t, s] + 0.5
    assert laws.scores[-1, laws.targets.index("u")] > laws.scores[-1, laws.targets.index("a")]
    right = {f"{stem} t": f"{stem} t".replace("t", "s") + " u" for stem in stems}

    def num_right(known):
        return sum(right.get(s) == t for s, t, _ in pair_rows(source, target, match_words(source, target, known)))

    assert num_right(laws) > 0.9 * len(stems)


# ---- words ----


def test_sounds_are_compared_without_length_tone_and_release():
    assert simplify(("kʲ", "oː", "k\u031a", "˧˥", "ː")) == ("k", "j", "o", "k")
    assert in_context(("s", "ɯ", "t", "o")) == [("s", "ɯ"), ("ɯ", "s"), ("t", "o"), ("o", "t")]


def test_words_of_one_sound_are_one_word_in_its_commonest_spelling():
    long = ("a",) * (LONGEST + 1)
    readings = {"メモリ": ("m", "e", "m"), "メモリー": ("m", "e", "m"), "メ": ("m", "e"), "ア": long}
    found = SoundLexicon({"メモリ": 1, "メモリー": 3, "メ": 9, "ア": 9}, readings)
    assert found.keys == [("m", "e", "m")]
    assert found.counts[found.keys[0]] == 4
    assert found.spellings(found.keys[0]) == ["メモリー", "メモリ"]


def test_katakana_runs_are_words_but_for_fragments():
    assert count_katakana(["デジタルカメラとカメラ", "ッテ、ーン、カ、ボロボロ"]) == {"デジタルカメラ": 1, "カメラ": 1}


def test_stems_need_two_endings_or_stand_alone():
    stems = count_stems(["카메라가 카메라를 모델은 라디오"])
    assert stems["카메라"] == 2
    assert "라디오" in stems
    assert not {"모델", "카메라를", "모델은"} & set(stems)


def test_a_word_with_a_suffix_goes_where_the_word_without_is_as_frequent():
    counts = {"포르투갈": 5, "포르투갈어": 2, "오메가": 2, "오메": 1, "막으로": 3}
    assert drop_inflected(counts) == {"포르투갈": 5, "오메가": 2, "오메": 1}


def write_texts(folder):
    folder.mkdir()
    for name, particle in (("jpn", "は"), ("kor", " ")):
        text = particle.join(WORDS["ja" if name == "jpn" else "ko"]) + "\n"
        (folder / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def test_lists_and_text_are_counted_together(tmp_path):
    found = collect_words(write_texts(tmp_path / "texts"), {"ja": {"カメラ": 2.5, "the": 9}, "ko": {"카메라를": 7}})
    assert found["ja"]["カメラ"] == 3.5
    assert next(iter(found["ja"])) == "カメラ"
    assert set(found["ja"]) == set(WORDS["ja"])
    assert "카메라를" not in found["ko"]


def test_a_small_build_finds_the_words_twice_in_the_same_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_loanwords, "listed_frequencies", lambda language: {})
    texts, folders = write_texts(tmp_path / "texts"), [tmp_path / "one", tmp_path / "two"]
    monkeypatch.setattr(make_loanwords, "LEAST_SCORE", 0.2)
    for folder in folders:
        make_loanwords.main([str(texts), "--out", str(folder)])
    assert "ja-ko: " in capsys.readouterr().out
    for name in ("ja-ko.tsv.gz", "scores/ja-ko.tsv.gz"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
        assert (folders[0] / name).read_bytes()[4:8] == bytes(4)  # no time stamp
    found = BilingualDictionary.read(folders[0] / "ja-ko.tsv.gz")
    assert found.targets("カメラ") == ("카메라",)
    assert found.targets("クリスマス") == ("크리스마스",)
    assert {target for _, target in found.pairs()} <= set(WORDS["ko"][:10])


def test_pairs_are_mutual():
    laws = toy_laws()
    source, target = lexicon({"p a": 1, "p a i": 5, "k o": 2}), lexicon({"p a": 2, "o": 9})
    rows = pair_rows(source, target, match_words(source, target, laws))
    assert len({t for _, t, _ in rows}) == len(rows) <= 2


def test_figures_of_the_readme_are_the_measured_ones():
    text = " ".join((FOLDER / "README.md").read_text("utf-8").split())
    found = json.loads(RESULTS.read_text("utf-8"))["pairs"]["ja-ko"]
    muse, recall, covered, samples = found["muse"]["held_out"], found["recall"], found["coverage"], found["samples"]
    judged, chance = found["judged_by_hand"], found["chance"]["from_0.7"]
    bins = muse["by_score"]
    claims = [
        f"| {found['pairs']:,} | {muse['precision']:.1%} of {muse['judged']} | {judged['right']} right of 100 | "
        f"{samples['in_parallel']:.1%} of {samples['words']} | {covered['udpos']['loanwords']['word']:.1%} | "
        f"{covered['panx']['loanwords']['longest']:.1%} |",
        f"{covered['udpos']['both']['word']:.1%} of UDPOS and {covered['panx']['both']['longest']:.1%} of PAN-X",
        f"covers {covered['udpos']['muse_pivot']['word']:.1%} and {covered['panx']['muse_pivot']['longest']:.1%}",
        f"in our lists {recall['found']:.1%} are found",
        f"by our laws {recall['alike_found']:.1%} are found",
        f"{bins['0.7-0.8']['precision']:.1%} of the pairs under 0.8 agree, {bins['0.98-1']['precision']:.1%} from 0.98",
        f"{chance['turned']} of them reach 0.7 where {chance['real']:,} real words do",
        f"these are wrong: {', '.join(found['known_wrong'])}.",
    ]
    for claim in claims:
        assert re.sub(r"(\d)%", r"\1 %", claim) in text
