"""Distances of languages as sets: planted structures, the metrics they rest on, and nulls that hold their level."""

import numpy as np
import pytest

from evaluate_metrics.h_divergence.divergence import h_divergence
from evaluate_metrics.sinkhorn_distance.set_distance import sinkhorn_distance
from phonexl.gap import measures
from phonexl.gap.distances import (
    REGULARISATION,
    draw_sentences,
    exchange_rows,
    h_divergence_between,
    null_figures,
    scale_rows,
    sinkhorn_between,
    swap_sentences,
)
from phonexl.gap.measures import measure_answers, measure_vectors


@pytest.fixture(scope="module")
def planted() -> dict[str, np.ndarray]:
    """eng and fra are equal, hun is eng rotated, kor is eng moved away, hin is another draw."""
    generator = np.random.default_rng(1)
    eng = generator.standard_normal((120, 6)) * [3, 2, 1, 1, 1, 1] + [2, 0, 0, 0, 0, 0]
    rotation = np.linalg.qr(generator.standard_normal((6, 6)))[0]
    other = generator.standard_normal((120, 6)) * [3, 2, 1, 1, 1, 1] + [2, 0, 0, 0, 0, 0]
    return {"eng": eng, "fra": eng.copy(), "hun": eng @ rotation, "kor": eng + [0, 0, 0, 0, 0, 9], "hin": other}


@pytest.fixture(scope="module")
def measured(planted):
    lengths = {language: np.arange(5, 125) for language in planted}
    signs = {language: rows[:, :1] for language, rows in planted.items()}  # as if the first dimension counted digits
    return measure_vectors({lang: rows.astype(np.float32) for lang, rows in planted.items()}, lengths, signs)


def cell(matrix, first, second, planted):
    places = list(planted)
    return np.array(matrix)[places.index(first), places.index(second)]


def test_what_signs_explain_is_taken_out_and_no_more(measured, planted):
    """Hungarian is English rotated: alike in all six dimensions, and still so in the five that are left."""
    left = measured["cka"]["signs_partialled_matrix"]
    assert cell(left, "eng", "fra", planted) == pytest.approx(1, abs=1e-5)
    # The digits of each are not those of the other; both go out of both, and what is left is a rotation again.
    assert cell(left, "eng", "hun", planted) == pytest.approx(1, abs=1e-5)
    assert measured["cka"]["signs_partialled"]["mean"] < measured["cka"]["length_partialled"]["mean"]


def test_each_measure_sees_what_it_can_see(measured, planted):
    """CKA is blind to rotation and shift, Sinkhorn and classifier are not; only CKA and P@1 ask for translations."""
    cka, p_at_1 = measured["cka"]["debiased_matrix"], measured["retrieval"]["csls_matrix"]
    sinkhorn = measured["sinkhorn"]["divergence_matrix"]
    apart = measured["h_divergence"]["proxy_a_distance_matrix"]
    for language in ("fra", "hun", "kor"):
        assert cell(cka, "eng", language, planted) == pytest.approx(1, abs=1e-5)
    assert abs(cell(cka, "eng", "hin", planted)) < 0.1
    assert cell(p_at_1, "eng", "fra", planted) == 1
    assert cell(p_at_1, "eng", "hun", planted) < 0.3
    assert cell(p_at_1, "eng", "hin", planted) < 0.1
    assert cell(sinkhorn, "eng", "fra", planted) == pytest.approx(0, abs=1e-3)
    assert cell(sinkhorn, "eng", "kor", planted) > 1
    assert 0 < cell(sinkhorn, "eng", "hin", planted) < 0.3
    assert cell(apart, "eng", "kor", planted) == pytest.approx(2, abs=0.02)
    assert abs(cell(apart, "eng", "hin", planted)) < 0.5


def test_figures_are_those_of_the_metrics(planted):
    rows = {language: planted[language][:60] for language in ("eng", "hun", "kor")}
    found = sinkhorn_between(rows)
    expected = sinkhorn_distance(rows["eng"], rows["kor"], space="logits", reg=REGULARISATION)
    assert found["distance_matrix"][0][2] == pytest.approx(expected["sinkhorn_distance"], rel=1e-3)
    assert found["divergence_matrix"][0][2] == pytest.approx(expected["sinkhorn_divergence"], rel=1e-3)
    assert found["distance_matrix"][1][1] > 0  # of a set with itself, as the paper's measure has it
    assert found["converged"]
    apart = h_divergence_between(rows)
    assert apart["proxy_a_distance_matrix"][0][1] == h_divergence(rows["eng"], rows["hun"])["proxy_a_distance"]
    assert apart["bound"]["vacuous"]


def test_sets_that_share_no_sentence_differ_by_chance_alone_where_the_languages_do_not():
    """In many dimensions two samples of one law lie far apart: a divergence without its null would be read as a gap."""
    generator = np.random.default_rng(2)
    shared = generator.standard_normal((100, 40))
    rows = {lang: shared + 0.01 * generator.standard_normal((100, 40)) for lang in ("eng", "fra", "hun", "kor")}
    scaled, _ = scale_rows(rows)
    found = sinkhorn_between(scaled)
    different = found["different_sentences"]
    assert found["divergence"]["mean"] < 0.01  # transport finds the translations
    assert different["divergence"]["mean"] > 0.3
    assert different["divergence"]["mean"] < different["null"]["high"]
    assert different["largest_p_value"] > 0.05
    scaled["kor"] = scaled["kor"] + 1.0
    moved = sinkhorn_between(scaled)["different_sentences"]
    assert moved["divergence"]["mean"] > moved["null"]["high"]


def test_the_null_is_of_the_debiased_divergence():
    """A null with the bias still in it would excuse any divergence below that bias."""
    line = np.random.default_rng(5).standard_normal((800, 1))
    found = sinkhorn_between(scale_rows({"eng": line, "fra": line + 0.0})[0])
    own = found["distance_matrix"][0][0]
    assert abs(found["different_sentences"]["null"]["mean"]) < own / 2
    assert found["divergence"]["mean"] == pytest.approx(0, abs=1e-4)


def test_the_classifier_of_languages_that_do_not_differ_stays_inside_its_null():
    generator = np.random.default_rng(3)
    rows = {language: generator.standard_normal((80, 5)) for language in ("eng", "fra", "hun", "kor", "hin", "rus")}
    found = h_divergence_between(rows)
    assert abs(found["proxy_a_distance"]["mean"] - found["null"]["mean"]) < 0.15
    assert found["null"]["draws"] >= 20
    rows["eng"] = rows["eng"] + 3
    far = h_divergence_between(rows)
    assert np.array(far["proxy_a_distance_matrix"])[0, 1:].min() > far["null"]["high"]


def test_scale_and_place_of_vectors_change_nothing(planted):
    """Layers have vectors of any length: without a unit, long ones would count as far apart."""
    rows = {language: planted[language][:50] for language in ("eng", "kor", "hin")}
    scaled, unit = scale_rows(rows)
    times, other = scale_rows({language: 100 * values - 7 for language, values in rows.items()})
    assert other == pytest.approx(1e4 * unit)
    first, second = sinkhorn_between(scaled), sinkhorn_between(times)
    np.testing.assert_allclose(first["divergence_matrix"], second["divergence_matrix"], atol=1e-6)
    distances = [((v[:, None] - v[None]) ** 2).sum(-1).sum() / (50 * 49) for v in scaled.values()]
    assert np.mean(distances) == pytest.approx(1)
    with pytest.raises(ValueError, match="the same vector for all its sentences"):
        scale_rows({"eng": np.ones((5, 2)), "fra": np.ones((5, 2))})


def test_exchanges_keep_every_row_once():
    x, y = np.arange(10.0)[:, None], 100 + np.arange(10.0)[:, None]
    first, second = swap_sentences(x, y, np.random.default_rng(0))
    assert sorted([*first[:, 0], *second[:, 0]]) == sorted([*x[:, 0], *y[:, 0]])
    assert (np.abs(first - second) == 100).all()  # a sentence and its translation never share a side
    assert 0 < (first > 50).sum() < 10
    mixed = exchange_rows(x, y, np.random.default_rng(0))
    assert sorted(np.concatenate(mixed)[:, 0]) == sorted([*x[:, 0], *y[:, 0]])
    assert 0 < (mixed[0] > 50).sum() < 10


def test_p_values_count_the_value_itself():
    matrix = np.array([[0, 5.0, 1.0], [5.0, 0, 5.0], [1.0, 5.0, 0]])
    found = null_figures(matrix, [0.0, 2.0, 2.0])
    assert found["largest_p_value"] == 3 / 4  # of the pair at 1: two draws reach it, and it itself
    assert found["null"]["mean"] == pytest.approx(4 / 3)


def test_a_sample_is_drawn_once_and_in_order():
    assert draw_sentences(5, 9).tolist() == [0, 1, 2, 3, 4]
    chosen = draw_sentences(1000, 50)
    assert chosen.tolist() == sorted(set(chosen.tolist())) == draw_sentences(1000, 50).tolist()
    assert (len(chosen), chosen.max() > 500) == (50, True)


def test_costly_measures_take_a_sample_and_say_so(planted, monkeypatch):
    monkeypatch.setattr(measures, "SAMPLE", 40)
    rows = {language: planted[language].astype(np.float32) for language in ("eng", "kor")}
    lengths, signs = np.arange(5, 125), np.zeros((120, 2))
    found = measure_vectors(rows, dict.fromkeys(rows, lengths), dict.fromkeys(rows, signs))
    assert (found["sinkhorn"]["sentences"], found["h_divergence"]["sentences"]) == (40, 40)
    assert found["sinkhorn"]["different_sentences"]["sentences"] == 20
    assert found["retrieval"]["chance"] == 1 / 120


def test_a_classifier_that_always_answers_alike_has_no_distance_and_is_named():
    """S-Dist of a collapsed classifier is 0, the best there is."""
    generator = np.random.default_rng(4)
    same = np.tile([[0.1, 0.8, 0.1]], (30, 1)) + 1e-6 * generator.random((30, 1))
    found = measure_answers({"eng": same, "swa": same, "urd": same}, ["entailment", "neutral", "contradiction"])
    assert found["sinkhorn"]["distance"] == pytest.approx(0, abs=1e-6)
    assert found["majority"]["swa"] == {"class": "neutral", "share": 1.0}
    other = np.tile([[0.9, 0.05, 0.05]], (30, 1)) + 1e-6 * generator.random((30, 1))
    apart = measure_answers({"eng": same, "swa": other}, ["entailment", "neutral", "contradiction"])
    assert apart["sinkhorn"]["distance"] == pytest.approx(0.8**2 + 0.75**2 + 0.05**2, rel=1e-3)
    assert apart["sinkhorn"]["space"] == "probabilities"
