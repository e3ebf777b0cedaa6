"""The metric `rpd` for `evaluate.load`; a shell around `performance_gap.py`, which can be called directly.

Not here: any arithmetic. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from typing import Any

import datasets
import evaluate

from .percentage_difference import relative_percentage_differences
from .performance_gap import performance_gap
from .swap_test import swap_test

__all__ = ["RPD", "performance_gap", "relative_percentage_differences", "swap_test"]

_DESCRIPTION = """\
How unequal the scores of one system are across languages: the relative percentage difference (RPD) of each pair of
languages, its mean, and what that mean rests on: the spread over languages, the mean without each language, and a swap
test against another system.
"""

_INPUTS_DESCRIPTION = """
Args:
    scores: One positive score per language, higher is better.
    languages: The name of each score's language.
    scale: Score of a perfect system: 100 for percentages, 1 for fractions. Told from the scores where they allow it.
    reference: A language to which the gaps are also given.
    other_scores: Scores of another system for the same languages, in the same order.
    confidence: Level of the intervals, 0.95.
    num_resamples: Random swaps for more than 20 languages, 9999. Up to 20, all swaps are tried.
    seed: Seed of the random swaps, 0.

Returns:
    mean_rpd, median_rpd, max_rpd, max_rpd_pair: Over the unordered pairs of languages, in percent.
    mean_rpd_of_errors: Of scale - score; None where a score is perfect or the scale unknown.
    mean_absolute_gap, std: In the unit of the scores; std has the divisor L - 1.
    paper_std, scale: std of scores / scale, as the papers print it for percentages.
    standard_error, interval, leave_one_out: Of mean_rpd, by the jackknife over languages.
    rpd: The RPD of each pair, as rpd[language][other].
    reference, rpd_to_reference, absolute_gap_to_reference, mean_rpd_to_reference: Where a reference is given.
    comparison: Where other_scores are given: the difference in mean RPD, its p_value, interval and leave_one_out.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/rpd")
    >>> gap = metric.compute(scores=[80.80, 62.93, 61.57], languages=["eng", "swa", "urd"], reference="eng")
    >>> round(gap["mean_rpd"], 2), gap["max_rpd_pair"]
    (18.02, ['eng', 'urd'])
    >>> {language: round(value, 2) for language, value in gap["rpd_to_reference"].items()}
    {'swa': 24.87, 'urd': 27.01}
"""

_CITATION = """\
@misc{jung-etal-linguistic-gap,
    title = {Mitigating the Linguistic Gap with Phonemic Representations for Robust Cross-lingual Transfer},
    author = {Jung, Haeji and Oh, Changdae and Kang, Jooeon and Sohn, Jimin and Song, Kyungwoo
        and Kim, Jinkyu and Mortensen, David R.}
}
@article{arvesen-1969-jackknifing,
    title = {Jackknifing {U}-Statistics},
    author = {Arvesen, James N.},
    journal = {The Annals of Mathematical Statistics},
    volume = {40},
    year = {1969}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class RPD(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/rpd")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"scores": datasets.Value("float64"), "languages": datasets.Value("string")}),
        )

    def _compute(
        self,
        scores: list[float],
        languages: list[str],
        scale: float | None = None,
        reference: str | None = None,
        other_scores: list[float] | None = None,
        confidence: float = 0.95,
        num_resamples: int = 9999,
        seed: int = 0,
    ) -> dict[str, Any]:
        return performance_gap(
            scores,
            languages,
            scale=scale,
            reference=reference,
            other_scores=other_scores,
            confidence=confidence,
            num_resamples=num_resamples,
            seed=seed,
        )
