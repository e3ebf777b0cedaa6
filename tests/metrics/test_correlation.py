"""Correlation of clustered points, against scipy, all permutations one by one, simulations, and the paper's Table 3."""

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
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr

from evaluate_metrics.correlation import clustered_correlation as core
from evaluate_metrics.correlation.clustered_correlation import clustered_correlation
from evaluate_metrics.correlation.rank_correlation import kendall, spearman, spearman_p_value
from evaluate_metrics.correlation.within_pairs import count_orders

ROOT = Path(__file__).parents[2]
CARD = (ROOT / "evaluate_metrics" / "correlation" / "README.md").read_text(encoding="utf-8")
TABLE3 = json.loads((ROOT / "tests" / "goldens" / "gap.json").read_text(encoding="utf-8"))["table3"]

whole = st.integers(-5, 5).map(float)  # small whole numbers: many ties
Points = tuple[np.ndarray, np.ndarray, list[str], list[int]]


def clusters(generator: np.random.Generator, num_seeds: int, places: list[float], rho: float = 0.0) -> Points:
    """Points of as many pairs as places: x and y of a pair are moved to its place, and correlated by rho inside."""
    x, noise = generator.normal(size=(2, len(places), num_seeds))
    y = rho * x + math.sqrt(1 - rho * rho) * noise
    moved = np.array(places)[:, None]
    pairs = [f"eng-{number}" for number in range(len(places)) for _ in range(num_seeds)]
    return (x + moved).ravel(), (y + moved).ravel(), pairs, list(range(num_seeds)) * len(places)


@st.composite
def small_points(draw: st.DrawFn) -> Any:
    """Up to three pairs with up to four seeds, all the same seeds or not; x and y vary over the points."""
    same = draw(st.booleans())
    counts = draw(st.lists(st.integers(1, 3 if same else 4), min_size=1, max_size=3))
    counts = [max(counts)] * len(counts) if same else counts
    points = [
        (f"p{pair}", seed if same else 10 * pair + seed) for pair, count in enumerate(counts) for seed in range(count)
    ]
    points = draw(st.permutations(points))
    numbers = st.lists(whole, min_size=len(points), max_size=len(points))
    if len(points) < 3:
        points, numbers = [("p0", seed) for seed in range(3)], st.lists(whole, min_size=3, max_size=3)
    x, y = draw(numbers.filter(lambda drawn: len({*drawn}) > 1)), draw(numbers.filter(lambda drawn: len({*drawn}) > 1))
    return x, y, [pair for pair, _ in points], [seed for _, seed in points]


def orders_by_hand(pairs: list[str], seeds: list[int]) -> tuple[bool, list[list[int]]]:
    """Whether whole seeds are permuted, and each permutation as the places that the y are taken from."""
    held = {pair: [seed for other, seed in zip(pairs, seeds, strict=True) if other == pair] for pair in pairs}
    places = {point: place for place, point in enumerate(zip(pairs, seeds, strict=True))}
    together = len({frozenset(values) for values in held.values()}) == 1
    if together:
        values = held[pairs[0]]
        maps: Any = [
            {pair: dict(zip(values, other, strict=True)) for pair in held} for other in itertools.permutations(values)
        ]
    else:
        each = [
            [dict(zip(held[pair], other, strict=True)) for other in itertools.permutations(held[pair])] for pair in held
        ]
        maps = [dict(zip(held, choice, strict=True)) for choice in itertools.product(*each)]
    return together, [[places[pair, found[pair][seed]] for pair, seed in places] for found in maps]


# --- the paper ---


@pytest.mark.parametrize("row", TABLE3, ids=lambda row: row["y"])
def test_spearman_p_values_of_table_3_are_those_of_thirty_points(row: dict[str, Any]) -> None:
    """15 seeds and two pairs: 45 models (three languages), but 30 points."""
    p_value = spearman_p_value(row["spearman"], 30)
    assert p_value == pytest.approx(row["spearman_p_recomputed_n30"], rel=1e-10)
    assert p_value == pytest.approx(row["spearman_p"], rel=0.02)
    assert f"{p_value:.1e}".replace("e-0", "e-") in CARD


@pytest.mark.medium
def test_two_separated_clusters_alone_give_the_paper_s_coefficients() -> None:
    """|rho| .75 (.66 to .84) and |tau| .52 (.39 to .65) with no relation inside; the paper prints .68 and .78."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        x, y, _, _ = clusters(generator, 15, [0.0, 20.0])
        found.append((spearman(x, y)[0], kendall(x, y)[0]))
    rho, tau = np.array(found).T
    assert (rho.mean(), tau.mean()) == (pytest.approx(0.75, abs=0.01), pytest.approx(0.52, abs=0.01))
    assert np.quantile(rho, [0.025, 0.975]).tolist() == pytest.approx([0.66, 0.84], abs=0.015)
    assert np.quantile(tau, [0.025, 0.975]).tolist() == pytest.approx([0.39, 0.65], abs=0.02)


def test_one_study_s_range_is_that_of_the_simulations_and_holds_the_paper_s_values() -> None:
    alone: Any = clustered_correlation(*clusters(np.random.default_rng(1), 15, [0.0, 20.0]))["clusters_alone"]
    assert alone["spearman"]["range"] == pytest.approx([0.66, 0.84], abs=0.015)
    assert alone["kendall"]["range"] == pytest.approx([0.39, 0.65], abs=0.02)
    for row in TABLE3[1:]:
        for name in ("spearman", "kendall"):
            low, high = alone[name]["range"]
            assert low < abs(row[name]) < high


def test_mean_of_separated_clusters_has_a_closed_form() -> None:
    """Two blocks of m ranks: (m / 2)^2 of ((2 m)^2 - 1) / 12 is between them, and so are m^2 of m (2 m - 1) pairs."""
    alone: Any = clustered_correlation(*clusters(np.random.default_rng(2), 6, [0.0, 20.0]))["clusters_alone"]
    assert alone["spearman"]["mean"] == pytest.approx(9 / (143 / 12))
    assert alone["kendall"]["mean"] == pytest.approx(36 / 66)


# --- coefficients ---


@given(data=st.data(), count=st.integers(3, 12))
def test_coefficients_are_scipy_s(data: st.DataObject, count: int) -> None:
    numbers = st.lists(whole, min_size=count, max_size=count).filter(lambda drawn: len({*drawn}) > 1)
    x, y = data.draw(numbers), data.draw(numbers)
    expected = spearmanr(x, y)
    assert spearman(x, y)[0] == pytest.approx(expected.statistic, abs=1e-12)
    # Near |rho| = 1 the last bits of rho decide between 0 and 1e-40.
    assert spearman(x, y)[1] == pytest.approx(expected.pvalue, abs=1e-6)
    assert kendall(x, y) == pytest.approx((kendalltau(x, y).statistic, kendalltau(x, y).pvalue))


def test_perfect_order_has_rho_one_and_p_value_zero() -> None:
    assert spearman([1, 2, 3], [1, 4, 9]) == (1.0, 0.0)
    assert spearman([1, 2, 3], [9, 4, 1]) == (-1.0, 0.0)


# --- inside the pairs ---


@given(points=small_points())
def test_all_permutations_equal_scipy_one_by_one(points: Any) -> None:
    x, y, pairs, seeds = points
    found: Any = clustered_correlation(x, y, pairs, seeds, num_resamples=20_000)
    together, orders = orders_by_hand(pairs, seeds)
    assert (found["permuted"], found["exact"]) == ("seeds" if together else "points", True)
    assert found["num_permutations"] == len(orders)
    permuted = np.array(y)[np.array(orders[:400])]
    if len(orders) <= 400:
        for name, function in (("spearman", spearmanr), ("kendall", kendalltau)):
            values = np.array([function(x, row).statistic for row in permuted])
            alone = found["clusters_alone"][name]
            assert alone["mean"] == pytest.approx(values.mean(), abs=1e-9)
            assert alone["range"] == pytest.approx(np.quantile(values, [0.025, 0.975]).tolist(), abs=1e-9)
            assert alone["explains"] == (alone["range"][0] - 1e-9 <= found[name] <= alone["range"][1] + 1e-9)


@given(points=small_points())
def test_partial_correlation_is_that_of_ranks_less_their_pair_s_mean(points: Any) -> None:
    x, y, pairs, seeds = points
    found: Any = clustered_correlation(x, y, pairs, seeds, num_resamples=20_000)
    dummies = np.array([[pair == other for other in dict.fromkeys(pairs)] for pair in pairs], dtype=float)
    inside = []
    for numbers in (x, y):
        ranks = rankdata(numbers)
        inside.append(ranks - dummies @ np.linalg.lstsq(dummies, ranks)[0])
    if min(np.abs(side).max() for side in inside) < 1e-9:
        assert found["partial_spearman"] is found["partial_p_value"] is None
        return
    assert found["partial_spearman"] == pytest.approx(pearsonr(*inside).statistic, abs=1e-9)
    orders = orders_by_hand(pairs, seeds)[1]
    sums = np.array([inside[0] @ inside[1][order] for order in orders])
    assert found["partial_p_value"] == pytest.approx(float((np.abs(sums) >= abs(inside[0] @ inside[1]) - 1e-9).mean()))


def test_each_pair_has_its_own_coefficients() -> None:
    x, y, pairs, seeds = clusters(np.random.default_rng(3), 8, [0.0, 5.0, 2.0], rho=0.6)
    found: Any = clustered_correlation(x, y, pairs, seeds, num_resamples=99)
    assert list(found["within_pairs"]) == ["eng-0", "eng-1", "eng-2"]
    for number, within in enumerate(found["within_pairs"].values()):
        part = slice(8 * number, 8 * number + 8)
        assert (within["spearman"], within["spearman_p_value"]) == pytest.approx(tuple(spearmanr(x[part], y[part])))
        assert (within["kendall"], within["kendall_p_value"]) == pytest.approx(tuple(kendalltau(x[part], y[part])))
        assert within["num_points"] == 8
    assert (found["num_points"], found["num_pairs"]) == (24, 3)


def test_pair_that_is_small_or_constant_has_no_coefficient() -> None:
    found: Any = clustered_correlation([1, 2, 3, 4, 5], [1, 2, 7, 7, 7], ["a", "a", "b", "b", "b"], [0, 1, 0, 1, 2])
    assert found["within_pairs"]["a"] == {
        "num_points": 2,
        "spearman": None,
        "spearman_p_value": None,
        "kendall": None,
        "kendall_p_value": None,
    }
    assert found["within_pairs"]["b"]["spearman"] is None
    assert found["permuted"] == "points"


def test_order_of_the_points_does_not_matter() -> None:
    x, y, pairs, seeds = clusters(np.random.default_rng(4), 6, [0.0, 3.0], rho=0.5)
    shuffled = np.random.default_rng(5).permutation(len(x))
    mixed = (x[shuffled], y[shuffled], [pairs[place] for place in shuffled], [seeds[place] for place in shuffled])
    first: Any = clustered_correlation(x, y, pairs, seeds)
    second: Any = clustered_correlation(*mixed)
    assert second["partial_spearman"] == pytest.approx(first["partial_spearman"])
    assert second["partial_p_value"] == first["partial_p_value"]
    ranges = [found["clusters_alone"]["kendall"]["range"] for found in (first, second)]
    assert ranges[1] == pytest.approx(ranges[0])


def test_drawn_permutations_agree_with_all_of_them() -> None:
    points = clusters(np.random.default_rng(6), 7, [0.0, 3.0], rho=0.4)
    every: Any = clustered_correlation(*points)
    drawn: Any = clustered_correlation(*points, num_resamples=4999, seed=1)
    assert (every["exact"], every["num_permutations"]) == (True, math.factorial(7))
    assert (drawn["exact"], drawn["num_permutations"]) == (False, 4999)
    assert 0.02 < every["partial_p_value"] < 0.98
    assert drawn["partial_p_value"] == pytest.approx(every["partial_p_value"], abs=0.03)
    assert drawn["clusters_alone"]["spearman"]["range"] == pytest.approx(
        every["clusters_alone"]["spearman"]["range"], abs=0.03
    )
    assert clustered_correlation(*points, num_resamples=4999, seed=1) == drawn
    assert clustered_correlation(*points, num_resamples=4999, seed=2)["partial_p_value"] != drawn["partial_p_value"]


def test_relation_inside_the_pairs_is_found_and_clusters_do_not_explain_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, core.__name__):
        found: Any = clustered_correlation(*clusters(np.random.default_rng(7), 15, [0.0, 2.0], rho=0.9))
    assert found["partial_p_value"] == pytest.approx(1e-4)
    assert found["clusters_alone"]["spearman"]["explains"] is found["clusters_alone"]["kendall"]["explains"] is False
    assert found["warning"] is None
    assert not caplog.records


def test_value_that_the_clusters_alone_explain_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """The pooled p-value says 1e-4 here; nothing relates x and y but the pair."""
    with caplog.at_level(logging.WARNING, core.__name__):
        found: Any = clustered_correlation(*clusters(np.random.default_rng(8), 15, [0.0, 20.0]))
    assert found["spearman_p_value"] < 1e-4
    assert found["partial_p_value"] > 0.05
    assert found["warning"].startswith(f"pooled spearman {found['spearman']:.3f} and kendall {found['kendall']:.3f}: ")
    assert [record.getMessage() for record in caplog.records] == [found["warning"]]


def test_one_pair_is_a_plain_permutation_test_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    found: Any = clustered_correlation(*clusters(np.random.default_rng(9), 6, [0.0]))
    assert found["partial_spearman"] == pytest.approx(found["spearman"])
    assert found["clusters_alone"]["spearman"]["mean"] == pytest.approx(0.0, abs=1e-12)
    assert found["warning"] is None
    assert not caplog.records


@pytest.mark.medium
def test_whole_seeds_are_permuted_since_their_runs_share_a_model() -> None:
    """Else, where each seed moves x in all pairs and y in all pairs, nothing is taken for a relation far too often."""
    generator = np.random.default_rng(10)
    num_studies, num_seeds, num_pairs = 250, 8, 3
    pairs = [f"eng-{number}" for number in range(num_pairs) for _ in range(num_seeds)]
    seeds = list(range(num_seeds)) * num_pairs
    apart = [100 * number + seed for number in range(num_pairs) for seed in range(num_seeds)]
    rejected = {"seeds": 0, "points": 0}
    for _ in range(num_studies):
        shared = generator.normal(size=(2, num_seeds))
        x, y = (np.tile(side, num_pairs) + 0.3 * generator.normal(size=len(pairs)) for side in shared)
        for named in (seeds, apart):
            found: Any = clustered_correlation(x, y, pairs, named, num_resamples=199)
            rejected[found["permuted"]] += found["partial_p_value"] <= 0.05
    assert rejected["seeds"] / num_studies < 0.1
    assert rejected["points"] / num_studies > 0.25


@pytest.mark.medium
def test_p_values_are_uniform_without_a_relation() -> None:
    generator = np.random.default_rng(11)
    p_values = []
    for _ in range(400):
        found: Any = clustered_correlation(*clusters(generator, 6, [0.0, 4.0]), num_resamples=199)
        p_values.append(found["partial_p_value"])
    for level in (0.05, 0.2, 0.5):
        share = float((np.array(p_values) <= level).mean())
        assert share == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 400))


def test_power_that_the_card_states() -> None:
    """17 %, 44 % and 81 % at 15 seeds: few seeds see little."""
    generator = np.random.default_rng(12)
    for rho, stated in ((0.3, 17), (0.5, 44), (0.7, 81)):
        found = [spearman(*clusters(generator, 15, [0.0], rho)[:2])[1] < 0.05 for _ in range(1500)]
        assert 100 * np.mean(found) == pytest.approx(stated, abs=4)
        assert f"{stated} %" in CARD


def test_number_of_permutations() -> None:
    blocks = [np.arange(3), np.arange(3, 7)]
    assert count_orders(blocks, together=False) == 6 * 24


# --- what is refused ---


@pytest.mark.parametrize(
    ("x", "y", "pairs", "seeds", "options", "message"),
    [
        ([1, 2, 3], [1, 2], ["a"] * 3, [0, 1, 2], {}, "found 3 x, 2 y, 3 pairs, 3 seeds; expected one of each"),
        ([1, 2, 3], [1, 2, 3], ["a"] * 2, [0, 1, 2], {}, "found 3 x, 3 y, 2 pairs, 3 seeds"),
        ([1, 2], [1, 2], ["a"] * 2, [0, 1], {}, "found 2 points; a correlation needs three"),
        ([], [], [], [], {}, "found 0 points"),
        ([1, math.nan, 3], [1, 2, 3], ["a"] * 3, [0, 7, 2], {}, "x of pair 'a', seed 7 is nan; expected a finite"),
        ([1, 2, 3], [1, 2, math.inf], ["a"] * 3, [0, 7, 2], {}, "y of pair 'a', seed 2 is inf"),
        ([1, 2, 3], [None, 2, 3], ["a"] * 3, [0, 7, 2], {}, "y of pair 'a', seed 0 is None"),
        ([4, 4, 4], [1, 2, 3], ["a"] * 3, [0, 1, 2], {}, "x is 4 for all 3 points; a constant has no rank"),
        ([1, 2, 3], [4, 4, 4], ["a"] * 3, [0, 1, 2], {}, "y is 4 for all 3 points"),
        ([1, 2, 3], [1, 2, 3], ["b", "a", "a"], [0, 1, 1], {}, "points 1 and 2 are both pair 'a', seed 1"),
        ([1, 2, 3], [1, 2, 3], ["a"] * 3, [0, 1, 2], {"confidence": 0}, "confidence is 0; expected a share"),
        ([1, 2, 3], [1, 2, 3], ["a"] * 3, [0, 1, 2], {"num_resamples": 0}, "num_resamples is 0; expected 1 or more"),
    ],
)
def test_wrong_input_is_named(x: Any, y: Any, pairs: Any, seeds: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clustered_correlation(x, y, pairs, seeds, **options)
