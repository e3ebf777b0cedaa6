"""Gaps between languages, against the linguistic gap paper's tables, and against counting pair by pair."""

import itertools
import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_metrics.rpd import performance_gap as core
from evaluate_metrics.rpd import swap_test as swaps
from evaluate_metrics.rpd.percentage_difference import (
    jackknife,
    leave_one_out,
    mean_rpd,
    relative_percentage_differences,
)
from evaluate_metrics.rpd.performance_gap import performance_gap
from evaluate_metrics.rpd.swap_test import swap_test, swap_weights

ROOT = Path(__file__).parents[2]
CARD = (ROOT / "evaluate_metrics" / "rpd" / "README.md").read_text(encoding="utf-8")
GOLDENS = json.loads((ROOT / "tests" / "goldens" / "gap.json").read_text(encoding="utf-8"))
TABLE1 = {(row["task"], row["method"]): row for row in GOLDENS["table1"]}
ABC = ["eng", "kor", "hin"]

positive = st.floats(0.5, 100)
systems = st.lists(st.tuples(positive, positive), min_size=2, max_size=7)


def names(count: int) -> list[str]:
    return [f"l{number}" for number in range(count)]


def mean_by_hand(scores: Any) -> float:
    gaps = [abs(a - b) / ((a + b) / 2) * 100 for a, b in itertools.combinations(scores, 2)]
    return sum(gaps) / len(gaps)


def paper_gap(task: str, method: str, **options: Any) -> Any:
    scores = TABLE1[task, method]["scores"]
    return performance_gap(list(scores.values()), list(scores), **options)


def compare_in_paper(task: str) -> Any:
    other = list(TABLE1[task, "character"]["scores"].values())
    return paper_gap(task, "phoneme", other_scores=other)["comparison"]


# --- the paper ---


@pytest.mark.parametrize(("task", "method"), TABLE1)
def test_table_1_is_reproduced(task: str, method: str) -> None:
    """One printed Std., .0259, divides by L instead of L - 1; the metric gives .0273 there."""
    gap, row = paper_gap(task, method), TABLE1[task, method]
    assert gap["mean_rpd"] == pytest.approx(row["recomputed"]["mean_rpd"], abs=1e-10)
    assert gap["mean_rpd"] == pytest.approx(row["printed"]["mean_rpd"], abs=0.0052)
    assert gap["paper_std"] == pytest.approx(row["recomputed"]["std_ddof1"], abs=1e-12)
    assert gap["std"] == pytest.approx(100 * gap["paper_std"])
    assert gap["max_rpd"] == pytest.approx(row["recomputed"]["max_rpd"])
    assert gap["mean_absolute_gap"] == pytest.approx(row["recomputed"]["mean_abs_gap"])
    printed = row["printed"]["std"]
    assert round(gap["paper_std"], 4) == (0.0273 if (task, method) == ("ner", "phoneme") else printed)


def test_means_and_deviations_of_table_1_to_the_fourth_digit() -> None:
    gaps = [paper_gap(*key) for key in TABLE1]
    assert [round(gap["mean_rpd"], 4) for gap in gaps] == [4.0237, 3.5251, 8.7735, 5.8041]
    assert [round(gap["paper_std"], 4) for gap in gaps] == [0.0316, 0.0273, 0.0692, 0.0455]
    assert [round(gap["mean_rpd_of_errors"], 1) for gap in gaps] == [35.6, 28.9, 74.8, 65.9]


@pytest.mark.parametrize("row", GOLDENS["table2"], ids=lambda row: row["method"])
def test_the_gaps_of_table_2_are_reproduced(row: dict[str, Any]) -> None:
    gap = performance_gap([row[language] for language in ("swa", "eng", "urd")], ["swa", "eng", "urd"], reference="eng")
    assert list(gap["rpd_to_reference"]) == list(gap["absolute_gap_to_reference"]) == ["swa", "urd"]
    for language in ("swa", "urd"):
        assert gap["rpd_to_reference"][language] == pytest.approx(row["printed"][f"{language}_rel"], abs=0.0051)
        assert gap["absolute_gap_to_reference"][language] == pytest.approx(row["printed"][f"{language}_abs"])
    assert gap["mean_rpd_to_reference"] == pytest.approx(
        (row["recomputed"]["swa_rel"] + row["recomputed"]["urd_rel"]) / 2
    )
    assert gap["reference"] == "eng"


def test_one_language_turns_the_paper_s_result() -> None:
    without_korean = [paper_gap("ner", method)["leave_one_out"]["kor"] for method in ("character", "phoneme")]
    assert [round(value, 2) for value in without_korean] == [3.02, 3.46]
    ner, pos = compare_in_paper("ner"), compare_in_paper("pos")
    assert round(ner["difference"], 4) == -0.4987
    assert ner["leave_one_out"]["kor"] == pytest.approx(without_korean[1] - without_korean[0])
    assert (round(-pos["difference"], 2), round(-pos["leave_one_out"]["hun"], 2)) == (2.97, 0.41)
    assert (ner["num_smaller"], ner["num_pairs"]) == (20, 45)


def test_swap_test_finds_nothing_in_the_paper_s_tables() -> None:
    ner, pos = compare_in_paper("ner"), compare_in_paper("pos")
    assert (round(ner["p_value"], 2), round(pos["p_value"], 2)) == (0.58, 0.46)
    assert (ner["exact"], ner["num_swaps"]) == (True, 1024)
    for comparison in (ner, pos):
        low, high = comparison["interval"]
        assert low < 0 < high


def test_card_states_these_figures() -> None:
    for (task, method), row in TABLE1.items():
        gap = paper_gap(task, method)
        p_value = f"{compare_in_paper(task)['p_value']:.2f} " if method == "phoneme" else ""
        cells = [f"{row['printed']['std']}", f"{gap['paper_std']:.4f}", f"{row['printed']['mean_rpd']:.2f}"]
        cells += [f"{gap['mean_rpd']:.4f}", f"{gap['mean_rpd_of_errors']:.2f}"]
        assert f"| {task.upper()}, {method} | {' | '.join(cells)} | {p_value}|" in CARD


# --- the formula and its means ---


@given(drawn=systems)
def test_summaries_equal_counting_pair_by_pair(drawn: list[tuple[float, float]]) -> None:
    scores = [score for score, _ in drawn]
    gap: Any = performance_gap(scores, names(len(scores)), scale=100)
    pairs = {
        pair: 100 * abs(scores[pair[0]] - scores[pair[1]]) / ((scores[pair[0]] + scores[pair[1]]) / 2)
        for pair in itertools.combinations(range(len(scores)), 2)
    }
    assert gap["mean_rpd"] == pytest.approx(mean_by_hand(scores))
    assert gap["median_rpd"] == pytest.approx(float(np.median(list(pairs.values()))))
    assert gap["max_rpd"] == pytest.approx(max(pairs.values()))
    first, second = (names(len(scores)).index(name) for name in gap["max_rpd_pair"])
    assert pairs[first, second] == pytest.approx(gap["max_rpd"])
    for (first, second), value in pairs.items():
        assert gap["rpd"][f"l{first}"][f"l{second}"] == gap["rpd"][f"l{second}"][f"l{first}"] == pytest.approx(value)
    assert sum(map(len, gap["rpd"].values())) == 2 * len(pairs)


@given(drawn=systems, factor=st.floats(0.01, 100))
def test_relative_differences_do_not_depend_on_the_unit(drawn: list[tuple[float, float]], factor: float) -> None:
    scores = np.array([score for score, _ in drawn])
    assert relative_percentage_differences(factor * scores) == pytest.approx(relative_percentage_differences(scores))
    assert (relative_percentage_differences(scores) <= 200).all()


def test_fractions_and_percentages_give_the_same_but_for_the_unit() -> None:
    percent: Any = performance_gap([87.13, 91.27, 84.11], ABC)
    fraction: Any = performance_gap([0.8713, 0.9127, 0.8411], ABC)
    assert (percent["scale"], fraction["scale"]) == (100.0, 1.0)
    for key in ("mean_rpd", "mean_rpd_of_errors", "paper_std", "standard_error"):
        assert fraction[key] == pytest.approx(percent[key])
    assert percent["std"] == pytest.approx(100 * fraction["std"])


def test_rpd_of_errors_is_that_of_what_is_missing() -> None:
    assert performance_gap([4.0, 3.0], ["eng", "kor"], scale=5)["mean_rpd_of_errors"] == pytest.approx(200 / 3)


def test_perfect_score_has_no_rpd_of_errors_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, core.__name__):
        assert performance_gap([100.0, 90.0], ["eng", "kor"])["mean_rpd_of_errors"] is None
    assert "the score of 'eng' is perfect (100.0)" in caplog.text


# --- over languages ---


@given(drawn=st.lists(st.tuples(positive, positive), min_size=3, max_size=7))
def test_leave_one_out_and_jackknife_equal_leaving_out(drawn: list[tuple[float, float]]) -> None:
    scores = [score for score, _ in drawn]
    without = [mean_by_hand(scores[:place] + scores[place + 1 :]) for place in range(len(scores))]
    gap: Any = performance_gap(scores, names(len(scores)), scale=100)
    assert list(gap["leave_one_out"].values()) == pytest.approx(without, abs=1e-9)
    spread = math.sqrt((len(scores) - 1) * float(np.var(without)))
    assert gap["standard_error"] == pytest.approx(spread, abs=1e-8)
    assert np.mean(gap["interval"]) == pytest.approx(gap["mean_rpd"])


def test_interval_holds_the_true_mean_as_often_as_the_card_says() -> None:
    """About 92 % at a nominal 95 %, for ten languages with normal scores."""
    generator = np.random.default_rng(1)
    first, second = generator.normal(85, 5, size=(2, 200_000))
    true = float((200 * np.abs(first - second) / (first + second)).mean())
    held = 0
    for scores in generator.normal(85, 5, size=(500, 10)):
        without = leave_one_out(relative_percentage_differences(scores))
        low, high = jackknife(mean_rpd(scores), without, 0.95)[1]
        held += low <= true <= high
    assert 0.89 <= held / 500 <= 0.97
    assert "in about 92 % of samples" in CARD


def test_two_languages_have_a_gap_but_no_spread() -> None:
    gap: Any = performance_gap([80.0, 60.0], ["eng", "kor"], other_scores=[70.0, 65.0])
    for part in (gap, gap["comparison"]):
        assert part["standard_error"] is part["interval"] is part["leave_one_out"] is None


def test_wider_confidence_gives_a_wider_interval() -> None:
    narrow, wide = (paper_gap("ner", "phoneme", confidence=confidence)["interval"] for confidence in (0.5, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


# --- two systems ---


@given(drawn=systems)
def test_swap_weights_give_the_difference_after_any_swap(drawn: list[tuple[float, float]]) -> None:
    """The difference in mean RPD is linear in the signs: this is what makes the exact test cheap."""
    ours, theirs = np.array(drawn).T
    weights = swap_weights(ours, theirs)
    for signs in itertools.product([1.0, -1.0], repeat=len(ours)):
        kept = np.array(signs) > 0
        difference = mean_by_hand(np.where(kept, ours, theirs)) - mean_by_hand(np.where(kept, theirs, ours))
        assert float(np.array(signs) @ weights) == pytest.approx(difference, abs=1e-9)


@given(drawn=systems)
def test_exact_p_value_is_the_share_of_all_swaps(drawn: list[tuple[float, float]]) -> None:
    ours, theirs = np.array(drawn).round(1).T
    observed = abs(mean_by_hand(ours) - mean_by_hand(theirs))
    hits = 0
    for kept in itertools.product([True, False], repeat=len(ours)):
        swapped = mean_by_hand(np.where(kept, ours, theirs)) - mean_by_hand(np.where(kept, theirs, ours))
        hits += abs(swapped) >= observed - 1e-9 * (1 + observed)
    p_value, exact, count = swap_test(ours, theirs)
    assert (exact, count) == (True, 2 ** len(ours))
    assert p_value == pytest.approx(hits / count)
    assert swap_test(theirs, ours)[0] == p_value


def test_random_swaps_agree_with_all_swaps(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    ours, theirs = generator.normal(80, 5, size=(2, 12))
    ours[0] = 40
    p_value, exact, count = swap_test(ours, theirs)
    assert (exact, count) == (True, 4096)
    assert 0.1 < p_value < 0.9
    monkeypatch.setattr(swaps, "MOST_LANGUAGES", 11)
    drawn, exact, count = swap_test(ours, theirs, num_resamples=4500, seed=3)
    assert (exact, count) == (False, 4500)
    assert drawn == pytest.approx(p_value, abs=4 * math.sqrt(0.25 / 4500))
    assert swap_test(ours, theirs, num_resamples=4500, seed=3)[0] == drawn
    assert swap_test(ours, theirs, num_resamples=4500, seed=4)[0] != drawn


def test_random_p_value_is_never_zero() -> None:
    even, uneven = np.linspace(80, 81, 21), np.where(np.arange(21) % 2, 95.0, 55.0)
    assert swap_test(even, uneven, num_resamples=99) == (0.01, False, 99)


def test_equal_systems_have_p_value_one() -> None:
    assert swap_test([90.0, 80.0, 70.0], [90.0, 80.0, 70.0])[0] == 1.0


def test_p_values_are_uniform_where_systems_do_not_differ() -> None:
    generator = np.random.default_rng(2)
    p_values = np.array([swap_test(*generator.normal(80, 5, size=(2, 10)))[0] for _ in range(600)])
    for level in (0.05, 0.2, 0.5):
        assert (p_values <= level).mean() == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 600))


def test_a_system_that_is_even_in_every_language_is_found() -> None:
    uneven = [60.0, 95.0, 55.0, 90.0, 62.0, 93.0, 58.0, 97.0, 61.0, 94.0]
    gap: Any = performance_gap([80.0 + place / 10 for place in range(10)], names(10), other_scores=uneven)
    comparison = gap["comparison"]
    assert comparison["p_value"] < 0.01
    assert comparison["interval"][1] < 0
    assert comparison["num_smaller"] > 20


# --- what is refused ---


@pytest.mark.parametrize(
    ("scores", "languages", "options", "message"),
    [
        ([80.0, 0.0, 70.0], ABC, {}, "scores: 'kor' has 0.0; a relative difference needs scores above 0"),
        ([80.0, 70.0, -1.0], ABC, {}, "scores: 'hin' has -1.0; a relative"),
        ([80.0, math.nan, 70.0], ABC, {}, "scores: 'kor' has nan; expected a finite number"),
        ([80.0, math.inf, 70.0], ABC, {}, "scores: 'kor' has inf; expected a finite number"),
        ([80.0, None, 70.0], ABC, {}, "scores: 'kor' has None; expected a finite number"),
        ([80.0, "70", 70.0], ABC, {}, "scores: 'kor' has '70'; expected a finite number"),
        ([80.0, 70.0], ABC, {}, "scores hold 2 numbers for 3 languages"),
        ([80.0, 70.0, 60.0], ["eng", "kor", "eng"], {}, r"language 'eng' stands twice \(places 0 and 2\)"),
        ([80.0], ["eng"], {}, r"a gap needs two languages; found \['eng'\]"),
        ([], [], {}, "a gap needs two languages"),
        ([80.0, 70.0, 60.0], ABC, {"reference": "fra"}, "reference 'fra' is not among the languages: eng, kor, hin"),
        ([80.0, 70.0, 60.0], ABC, {"other_scores": [80.0, 70.0]}, "other_scores hold 2 numbers for 3 languages"),
        ([80.0, 70.0, 60.0], ABC, {"other_scores": [80.0, 0.0, 1.0]}, "other_scores: 'kor' has 0.0"),
        ([0.8, 80.0, 0.6], ABC, {"scale": 1}, "'kor' has 80, above the scale 1; pass the score of a perfect system"),
        ([80.0, 120.0, 60.0], ABC, {"scale": 100}, "'kor' has 120, above the scale 100"),
        ([80.0, 70.0, 60.0], ABC, {"scale": 0}, "scale is 0; expected the score of a perfect system"),
        ([80.0, 70.0, 60.0], ABC, {"scale": math.nan}, "scale is nan; expected the score of a perfect system"),
        ([80.0, 70.0, 60.0], ABC, {"confidence": 95}, "confidence is 95; expected a share between 0 and 1"),
        ([80.0, 70.0, 60.0], ABC, {"num_resamples": 0}, "num_resamples is 0; expected 1 or more"),
    ],
)
def test_wrong_input_is_named(scores: Any, languages: list[str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        performance_gap(scores, languages, **options)


def test_scores_below_one_percent_are_taken_once_declared() -> None:
    assert performance_gap([0.7, 80.0], ["eng", "kor"], scale=100)["scale"] == 100.0
    assert performance_gap(np.array([0.7, 0.8]), np.array(["eng", "kor"]), scale=100)["paper_std"] == pytest.approx(
        math.sqrt(0.005) / 100
    )


@pytest.mark.parametrize("scores", [[1.0, 3.0], [80.0, 120.0]])
def test_gaps_need_no_scale(scores: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """Equation 1 has no unit: perplexities, or percentages below and above 1, must not be refused."""
    gap: Any = performance_gap(scores, ["eng", "kor"])
    assert gap["mean_rpd"] == pytest.approx(200 * abs(scores[0] - scores[1]) / sum(scores))
    assert (gap["scale"], gap["paper_std"], gap["mean_rpd_of_errors"]) == (None, None, None)
    assert "pass scale=" in caplog.text
