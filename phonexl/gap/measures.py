"""How alike the vectors of the same sentences are over languages, with everything that could feign it.

Not here: the vectors (`representations.py`), distances of languages as sets (`distances.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import binom

from evaluate_metrics.cka.heat_maps import mean_over_pairs
from evaluate_metrics.cka.pairwise import pairwise_cka
from phonexl.gap.distances import SAMPLE, draw_sentences, h_divergence_between, scale_rows, sinkhorn_between
from phonexl.gap.representations import Floats
from phonexl.gap.retrieval import precision_at_1


def measure_vectors(rows: Mapping[str, Floats], lengths: Mapping[str, Any], signs: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of one kind of vectors.

    Args:
        rows: Of each language, shape (sentences, d), the same sentences in the same order.
        lengths: Pieces of each sentence.
        signs: Shares of digits and punctuation; see `sign_shares`.

    Returns:
        `dimensions`; `cka` and `retrieval` of all sentences; `sinkhorn` and `h_divergence` of at most `SAMPLE`, drawn
        once, in the unit of `scale_rows` (`unit`). Every mean over pairs stands with its interval, by the jackknife
        over languages, and with what chance gives.
    """
    places = draw_sentences(len(next(iter(rows.values()))), SAMPLE)
    sampled, unit = scale_rows({language: values[places] for language, values in rows.items()})
    return {
        "dimensions": int(next(iter(rows.values())).shape[1]),
        **_cka(rows, lengths, signs),
        "retrieval": _retrieval(rows),
        "sinkhorn": {"space": "vectors", "unit": unit, **sinkhorn_between(sampled)},
        "h_divergence": {"unit": unit, **h_divergence_between(sampled)},
    }


def measure_answers(rows: Mapping[str, Floats], names: list[str]) -> dict[str, Any]:
    """Figures of a classifier's answers.

    Args:
        rows: Of each language, probabilities of shape (sentences, classes).
        names: Of the classes.

    Returns:
        `sinkhorn`, of probabilities as they are (costs from 0 to 2); `classes`; `majority`: of each language the class
        that is answered most and its share, since a classifier that always answers alike has a distance of 0.
    """
    places = draw_sentences(len(next(iter(rows.values()))), SAMPLE)
    sampled = {language: np.asarray(values[places], np.float64) for language, values in rows.items()}
    majority = {}
    for language, values in rows.items():
        counts = np.bincount(values.argmax(axis=1), minlength=len(names))
        majority[language] = {"class": names[int(counts.argmax())], "share": float(counts.max() / counts.sum())}
    found = {"space": "probabilities", **sinkhorn_between(sampled)}
    return {"classes": names, "majority": majority, "sinkhorn": found}


def _cka(rows: Mapping[str, Floats], lengths: Mapping[str, Any], signs: Mapping[str, Any]) -> dict[str, Any]:
    """CKA as published (biased), of unrelated vectors of this shape, debiased, without length, without signs too."""
    raw = pairwise_cka(rows, debiased=True)
    partial = pairwise_cka(rows, lengths, debiased=True)
    without_signs = pairwise_cka(rows, lengths, covariates=signs, debiased=True)
    upper = np.triu_indices(len(rows), 1)
    return {
        "participation_ratios": dict(zip(rows, raw.participation_ratios.tolist(), strict=True)),
        "top_dimension_shares": dict(zip(rows, raw.top_dimension_shares.tolist(), strict=True)),
        "cka": {
            "biased": float(raw.biased[upper].mean()),
            "biased_interval": mean_over_pairs(raw.biased)["interval"],
            "expected": float(raw.expected_biased[upper].mean()),
            "debiased": raw.mean(),
            "length_partialled": partial.mean(),
            "signs_partialled": without_signs.mean(),
            "largest_p_value": _largest(raw.p_values, upper),
            "length_partialled_largest_p_value": _largest(partial.p_values, upper),
            "signs_partialled_largest_p_value": _largest(without_signs.p_values, upper),
            "biased_matrix": raw.biased.tolist(),
            "debiased_matrix": raw.debiased.tolist(),
            "debiased_standard_errors": _plain(raw.standard_errors),
            "length_partialled_matrix": partial.debiased.tolist(),
            "signs_partialled_matrix": without_signs.debiased.tolist(),
            "length_partialled_standard_errors": _plain(partial.standard_errors),
        },
    }


def _retrieval(rows: Mapping[str, Floats]) -> dict[str, Any]:
    """Mean P@1 by cosine and CSLS over both directions of all pairs, and of each language."""
    scores = {
        csls: np.array([[1.0 if a == b else precision_at_1(rows[a], rows[b], csls=csls) for b in rows] for a in rows])
        for csls in (False, True)
    }
    away = ~np.eye(len(rows), dtype=bool)
    count = len(next(iter(rows.values())))
    both_ways = (scores[True] + scores[True].T) / 2
    return {
        "chance": 1 / count,
        "chance_high": float(binom.ppf(0.975, count, 1 / count) / count),
        "cosine": float(scores[False][away].mean()),
        "csls": float(scores[True][away].mean()),
        "csls_interval": mean_over_pairs(both_ways)["interval"],
        "csls_by_language": {language: float(both_ways[i][away[i]].mean()) for i, language in enumerate(rows)},
        "csls_matrix": scores[True].tolist(),
    }


def _largest(p_values: Any, upper: Any) -> float | None:
    return None if p_values is None else float(p_values[upper].max())


def _plain(figures: Any) -> list[list[float]] | None:
    return None if figures is None else figures.tolist()
