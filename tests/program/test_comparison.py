"""Systems side by side: who is plain, what is gained, how wide the interval is, and what the paper printed."""

import re
from typing import Any

import numpy as np
import pytest

from dataset_scripts.schema import Sentence
from evaluate_metrics.tagging_f1.bootstrap import paired_bootstrap
from phonexl.comparison import compare, gain_over, needs_of
from phonexl.results import Result
from phonexl.training.evaluation import score

TAGS = ("NOUN", "VERB", "ADJ")
GOLD = [tuple(np.random.default_rng([1, n]).choice(TAGS, 6)) for n in range(60)]
TEST = [Sentence(str(n), "vi", ("từ",) * 6, tags) for n, tags in enumerate(GOLD)]


def tag(seed: int, wrong: float) -> list[list[str]]:
    """Gold tags, each replaced with probability `wrong`."""
    draw = np.random.default_rng([2, seed])
    return [[str(draw.choice(TAGS)) if draw.random() < wrong else str(t) for t in tags] for tags in GOLD]


def make_result(method: str, seed: int, wrong: float, **recipe: Any) -> Result:
    values = {"task": "udpos", "source": "zh", "target": "vi", "backbone": "mbert", "method": method, **recipe}
    scores = {language: {"test": score(tag(seed, wrong), TEST)} for language in ("zh", "vi")}
    data = {f"{language}.test": {"sha256": "1"} for language in scores}
    training = {"seconds_per_step": 1.0 + (method != "plain"), "needs": "none" if method == "plain" else "Dict"}
    hardware = {"device": "one"}
    return Result(f"udpos-{method}", "phonexl", values, seed, data, scores, training=training, hardware=hardware)


PLAIN = [make_result("plain", seed, 0.5) for seed in (1, 2, 3)]
BETTER = [make_result("cosda-ml", seed, 0.2) for seed in (1, 2, 3)]


def test_a_better_system_has_a_gain_whose_interval_is_above_zero() -> None:
    found = gain_over(BETTER, PLAIN, "vi", "accuracy", "test")
    assert found is not None
    assert found[1] is not None
    difference, (low, high) = found
    means = [np.mean([r.scores["vi"]["test"]["accuracy"] for r in group]) for group in (BETTER, PLAIN)]
    assert difference == pytest.approx(means[0] - means[1])
    assert 0 < low < difference < high


@pytest.mark.parametrize("metric", ["accuracy", "xtreme_f1"])
def test_with_one_seed_the_interval_is_that_of_the_paired_bootstrap(metric: str) -> None:
    found = gain_over(BETTER[:1], PLAIN[:1], "vi", metric, "test")
    reference = paired_bootstrap(tag(1, 0.2), tag(1, 0.5), [list(map(str, tags)) for tags in GOLD], num_resamples=2000)
    assert found is not None
    assert found[0] == pytest.approx(reference[metric]["difference"])
    assert found[1] == pytest.approx(reference[metric]["interval"], abs=0.02)


def test_a_system_gains_nothing_over_itself() -> None:
    assert gain_over(PLAIN, PLAIN, "vi", "accuracy", "test") == (0, (0, 0))


def test_seeds_are_paired_and_other_test_sentences_refused() -> None:
    """The gain is over the seeds that both have; a system that tagged other sentences has none."""
    found = gain_over(BETTER, PLAIN[1:2], "vi", "accuracy", "test")
    assert found is not None
    expected = BETTER[1].scores["vi"]["test"]["accuracy"] - PLAIN[1].scores["vi"]["test"]["accuracy"]
    assert found[0] == pytest.approx(expected)
    other = make_result("cosda-ml", 1, 0.2)
    other.data["vi.test"]["sha256"] = "2"
    assert gain_over([other], PLAIN, "vi", "accuracy", "test") is None


def test_results_without_counts_have_a_difference_and_no_interval() -> None:
    old = make_result("cosda-ml", 1, 0.2)
    del old.scores["vi"]["test"]["sentence_counts"]
    found = gain_over([old], PLAIN, "vi", "accuracy", "test")
    assert found is not None
    assert found[0] > 0
    assert found[1] is None


def test_the_table_has_plain_first_and_the_published_score() -> None:
    table = compare([*BETTER, *PLAIN])
    assert [row[:3] for row in table.rows] == [["udpos-plain", "none", "3"], ["udpos-cosda-ml", "Dict", "3"]]
    plain, better = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert (plain["published"], better["published"]) == ("mbert 48.62 ± 0.66", "mbert 49.84 ± 0.49")
    assert (plain["vi over plain"], plain["step over plain"], better["step over plain"]) == ("", "", "2.00")
    assert re.fullmatch(r"\+\d+\.\d\d", better["vi over plain"])
    assert re.fullmatch(r"\+\d+\.\d\d to \+\d+\.\d\d", better["95 % interval"])


@pytest.mark.parametrize("changes", [{"unit": "subword"}, {"limit_train": 10}, {"few_shot": 5}, {"backbone": "xlmr"}])
def test_plain_is_that_of_the_same_units_data_and_backbone(changes: dict[str, Any]) -> None:
    table = compare([*PLAIN, make_result("cosda-ml", 1, 0.2, **changes)])
    assert table.rows[1][5] == ""
    beside = [make_result("plain", 1, 0.5, **changes)]
    assert compare([*beside, make_result("cosda-ml", 1, 0.2, **changes)]).rows[1][5] != ""


def test_of_two_plain_systems_the_one_of_as_many_epochs_is_beside() -> None:
    longer = [make_result("plain", 1, 0.3, num_train_epochs=2)]
    found = compare(
        [*longer, *PLAIN, make_result("cosda-ml", 1, 0.2), make_result("xtune", 1, 0.2, num_train_epochs=9)]
    )
    gains = {row[0].split(" ")[0]: row[5] for row in found.rows if row[5]}
    one = make_result("cosda-ml", 1, 0.2).scores["vi"]["test"]["xtreme_f1"]
    assert gains["udpos-cosda-ml"] == f"{(one - PLAIN[0].scores['vi']['test']['xtreme_f1']) * 100:+.2f}"
    assert gains["udpos-xtune"] == f"{(one - longer[0].scores['vi']['test']['xtreme_f1']) * 100:+.2f}"


def test_several_tasks_are_not_compared() -> None:
    with pytest.raises(ValueError, match="several tasks or pairs of languages"):
        compare([*PLAIN, make_result("plain", 1, 0.5, source="ja", target="ko")])
    with pytest.raises(ValueError, match="no result"):
        compare([])


@pytest.mark.parametrize(
    ("recipe", "needs"),
    [
        ({"xmlm_weight": 0}, "none"),
        ({"xmlm_weight": 0.01}, "Dict"),
        ({"xmlm_weight": 0, "task_switch_ratio": 0.5}, "Dict"),
    ],
)
def test_results_of_before_say_by_their_recipe_what_they_need(recipe: dict[str, Any], needs: str) -> None:
    result = make_result("phonexl", 1, 0.5, **recipe)
    del result.training["needs"]
    assert needs_of(result) == needs
