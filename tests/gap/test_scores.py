"""Scores by system: what is one system, what the paper's rows give, and how runs and analyses come together."""

import json
from pathlib import Path

import pytest

from phonexl.gap.published import LANGUAGES, TABLE_1, TABLE_2, TABLE_3
from phonexl.gap.scores import collect_points, collect_systems, comparable, correlate, published_system
from phonexl.gap.tables import comparison_table, correlation_table, reference_table, scores_tables

GOLDENS = json.loads((Path(__file__).parents[1] / "goldens" / "gap.json").read_text("utf-8"))


def test_what_is_called_published_is_what_is_printed():
    assert list(LANGUAGES) == GOLDENS["languages"]
    for row, golden in zip(TABLE_1, GOLDENS["table1"], strict=True):
        assert (row.task, row.name) == (golden["task"], golden["method"])
        assert row.scores == pytest.approx({lang: score / 100 for lang, score in golden["scores"].items()})
        assert {"std": row.std, "mean_rpd": row.mean_rpd, "mean_cka": row.mean_cka} == golden["printed"]
    for row, golden in zip(TABLE_2, GOLDENS["table2"], strict=True):
        assert row.scores == pytest.approx({lang: golden[lang] / 100 for lang in ("eng", "swa", "urd")})
    printed = [(row.spearman, row.spearman_p, row.kendall, row.kendall_p) for row in TABLE_3]
    assert printed == [
        tuple(g[k] for k in ("spearman", "spearman_p", "kendall", "kendall_p")) for g in GOLDENS["table3"]
    ]


def test_gaps_of_the_published_scores_are_the_recomputed_ones():
    for row, golden in zip(TABLE_1, GOLDENS["table1"], strict=True):
        gap = published_system(row).gap()
        assert gap["mean_rpd"] == pytest.approx(golden["recomputed"]["mean_rpd"])
        assert gap["paper_std"] == pytest.approx(golden["recomputed"]["std_ddof1"])
    table = reference_table([], "xnli")
    for line, golden in zip(table.rows, GOLDENS["table2"], strict=True):
        printed = golden["printed"]
        assert line[4] == f"{printed['swa_rel']:.2f} % / {printed['swa_abs']:.2f}"
        assert line[6] == f"{printed['urd_rel']:.2f} % / {printed['urd_abs']:.2f}"


def test_the_tables_say_where_the_paper_prints_another_figure():
    (ner,), (pos,) = scores_tables([], {}, "ner"), scores_tables([], {}, "pos")
    assert ner.rows[1][-4:-2] == ["0.0273 (printed 0.0259)", "3.53 (printed 3.52) [1.09, 5.96]"]
    assert ner.rows[0][-4] == "0.0316"
    assert ner.rows[0][-2] == "3.02 (-kor) to 4.31 (-rus)"
    assert pos.rows[0][-2].startswith("5.77 (-hun)")


def test_the_swap_test_is_made_of_the_paper_too():
    rows = comparison_table([]).rows
    assert [row[:3] for row in rows[:2]] == [
        ["ner", "phoneme (paper)", "character (paper)"],
        ["pos", "phoneme (paper)", "character (paper)"],
    ]
    assert [row[7] for row in rows[:2]] == ["0.58", "0.46"]


def test_runs_of_one_system_are_found_by_their_recipe(make_run):
    runs = [
        make_run("udpos-zh-vi-plain", 1, {"zh": 0.8, "vi": 0.4}, source="zh", target="vi"),
        make_run("udpos-zh-vi-plain", 2, {"zh": 0.9, "vi": 0.6}, source="zh", target="vi"),
        make_run("udpos-ja-ko-plain", 1, {"ja": 0.7, "ko": 0.5}, source="ja", target="ko"),
        make_run("udpos-eng-plain", 1, {"eng": 0.9}, source="eng", target="eng"),
        make_run("udpos-fra-plain", 1, {"fra": 0.7}, source="fra", target="fra"),
        make_run("udpos-zh-vi-empty", 1, {}, source="zh", target="vi"),
    ]
    zh, ja, own = collect_systems(runs, "test")
    assert (zh.label, zh.reference, len(zh.runs)) == ("plain, trained on zho", "zho", 2)
    assert zh.means == pytest.approx({"zho": 0.85, "vie": 0.5})
    assert zh.gaps_to_reference() == {"zho-vie": pytest.approx([0.4, 0.3])}
    assert (ja.label, own.label, own.reference) == ("plain, trained on jpn", "plain", "eng")
    assert own.gaps_to_reference() == {"eng-fra": pytest.approx([0.2])}  # two runs of one seed, one language each
    assert collect_systems(runs, "validation") == []


def test_without_a_score_in_the_language_of_training_there_is_no_reference(make_run):
    (system,) = collect_systems([make_run("udpos-eng-plain", 1, {"fra": 0.7, "kor": 0.5}, source="eng")], "test")
    assert (system.label, system.reference, system.gaps_to_reference()) == ("plain, trained on eng", None, {})
    assert system.gap()["mean_rpd"] == pytest.approx(100 * 0.2 / 0.6)
    assert not [row for row in reference_table([system], "udpos").rows if "paper" not in row[0]]


def test_systems_are_compared_over_the_languages_of_both(make_run):
    def system(name, scores):
        return make_run(f"ner-{name}", 1, scores, source="en", target="fr", task="ner")

    runs = [
        system("one", {"en": 0.9, "fr": 0.8}),
        system("two", {"en": 0.9, "fr": 0.7}),
        system("three", {"en": 0.9, "fr": 0.8, "ko": 0.3}),
        system("none", {"en": 0.9, "fr": 0.0}),
        system("apart", {"en": 0.9, "ko": 0.4, "tr": 0.4}),
    ]
    systems = collect_systems(runs, "test")
    pairs = [(a.name, b.name) for a, b in comparable(systems)]
    assert pairs == [("two", "one"), ("three", "one"), ("none", "one"), ("apart", "three")]
    rows = {row[1].split(",")[0]: row for row in comparison_table(systems).rows if "paper" not in row[1]}
    assert set(rows) == {"two", "three", "apart"}  # a score of 0 has no relative difference
    assert (rows["two"][3], rows["two"][8]) == ("eng fra", "0.5")
    assert (rows["three"][3], rows["three"][6].split()[0]) == ("eng fra", "+0.00")  # without Korean they are equal
    assert rows["apart"][3] == "eng kor"
    (table,) = scores_tables(systems, {}, "ner")  # parts of the paper's languages stand with the paper's
    assert [row[0] for row in table.rows][2:] == [
        f"{n}, trained on eng" for n in ("one", "two", "three", "none", "apart")
    ]


def test_a_gap_is_set_against_the_closeness_of_the_same_run(make_run, make_analysis):
    """Points of another run or seed would correlate models with each other's scores."""
    runs, analyses = [], []
    for seed, (gap, near) in enumerate([(0.1, 0.9), (0.2, 0.7), (0.3, 0.5), (0.4, 0.2)], 1):
        runs.append(
            make_run("xnli-enc", seed, {"eng": 0.8, "swa": 0.8 - gap, "urd": 0.75 - gap}, task="xnli", target="sw")
        )
        analyses.append(
            make_analysis(["eng", "swa", "urd"], near, run={"name": "xnli-enc", "seed": seed, "task": "xnli"})
        )
    analyses.append(make_analysis(["eng", "swa", "urd"], 0.1, run={"name": "other", "seed": 1, "task": "xnli"}))
    (system,) = collect_systems(runs, "test")
    points = collect_points(system, analyses)
    assert [(point.pair, point.seed) for point in points[:2]] == [("eng-swa", 1), ("eng-urd", 1)]
    assert [point.gap for point in points] == pytest.approx([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45])
    assert points[0].quantities["CKA"] == pytest.approx(0.9, abs=0.04)
    found = correlate(points)
    assert set(found) == {"Sinkhorn distance", "CKA", "CKA, length taken out"}  # the reference's score is constant
    assert found["CKA"]["partial_spearman"] < -0.9
    rows = correlation_table([system], analyses).rows
    assert [row[0] for row in rows] == ["phoneme (paper)"] * 3 + [system.label] * 3
    assert correlate(points[:2]) == {}
    others = make_run("xnli-enc", 1, {"eng": 0.8, "swa": 0.7}, task="xnli", target="sw", learning_rate=1.0)
    first = {"name": "xnli-enc", "seed": 1, "task": "xnli", "recipe_digest": others.recipe_digest}
    exact = make_analysis(["eng", "swa", "urd"], 0.9, run=first)
    assert collect_points(system, [exact]) == []  # a run of the same name with other settings
    (other,) = collect_systems([others], "test")
    assert len(collect_points(other, [exact])) == 1
