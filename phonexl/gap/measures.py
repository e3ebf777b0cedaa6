"""How alike the vectors of the same sentences are over languages, with everything that could feign it.

Not here: the vectors (`representations.py`), distances of languages as sets (`distances.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import binom

from evaluate_metrics.cka.heat_maps import mean_over_pairs
from evaluate_metrics.cka.lengths import NothingLeftError, partial_out_lengths
from evaluate_metrics.cka.pairwise import PairwiseCKA, pairwise_cka
from phonexl.gap.distances import SAMPLE, draw_sentences, h_divergence_between, scale_rows, sinkhorn_between
from phonexl.gap.representations import Floats
from phonexl.gap.retrieval import precision_at_1

# A float32 mean over hundreds of pieces is rounded by less than this, relative to the whole.
ROUNDING = 1e-5


def measure_vectors(rows: Mapping[str, Floats], lengths: Mapping[str, Any], signs: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of one kind of vectors.

    Args:
        rows: Of each language, shape (sentences, d), the same sentences in the same order.
        lengths: Pieces of each sentence.
        signs: Shares of digits and punctuation; see `sign_shares`.

    Returns:
        `dimensions`; `cka` and `retrieval` of all sentences; `sinkhorn` and `h_divergence` of at most `SAMPLE`, drawn
        once, in the unit of `scale_rows` (`unit`). Every mean over pairs stands with its interval, by the jackknife
        over languages, and with what chance gives. Figures of `cka` with something taken out are None where nothing
        else was in the vectors of a language.
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
    partial, without_signs = _taken_out(rows, lengths, None), _taken_out(rows, lengths, signs)
    upper = np.triu_indices(len(rows), 1)
    return {
        "participation_ratios": dict(zip(rows, raw.participation_ratios.tolist(), strict=True)),
        "top_dimension_shares": dict(zip(rows, raw.top_dimension_shares.tolist(), strict=True)),
        "cka": {
            "biased": float(raw.biased[upper].mean()),
            "biased_interval": mean_over_pairs(raw.biased)["interval"],
            "expected": float(raw.expected_biased[upper].mean()),
            "debiased": raw.mean(),
            "length_partialled": None if partial is None else partial.mean(),
            "signs_partialled": None if without_signs is None else without_signs.mean(),
            "largest_p_value": _largest(raw, upper),
            "length_partialled_largest_p_value": _largest(partial, upper),
            "signs_partialled_largest_p_value": _largest(without_signs, upper),
            "biased_matrix": raw.biased.tolist(),
            "debiased_matrix": raw.debiased.tolist(),
            "debiased_standard_errors": _plain(raw.standard_errors),
            "length_partialled_matrix": None if partial is None else partial.debiased.tolist(),
            "signs_partialled_matrix": None if without_signs is None else without_signs.debiased.tolist(),
            "length_partialled_standard_errors": None if partial is None else _plain(partial.standard_errors),
        },
    }


def _taken_out(
    rows: Mapping[str, Floats], lengths: Mapping[str, Any], signs: Mapping[str, Any] | None
) -> PairwiseCKA | None:
    """CKA of what is left once length, and signs, are taken out; None where a language has nothing but rounding left.

    Of few distinct lengths the covariates span every function: nothing is left of position embeddings.
    """
    try:
        for language, values in rows.items():
            vectors = values.astype(np.float64)
            left = partial_out_lengths(vectors, lengths[language], language, None if signs is None else signs[language])
            if np.linalg.norm(left) <= ROUNDING * np.linalg.norm(vectors):
                return None
        return pairwise_cka(rows, lengths, covariates=signs, debiased=True)
    except NothingLeftError:
        return None


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


def _largest(found: PairwiseCKA | None, upper: Any) -> float | None:
    return None if found is None or found.p_values is None else float(found.p_values[upper].max())


def _plain(figures: Any) -> list[list[float]] | None:
    return None if figures is None else figures.tolist()
