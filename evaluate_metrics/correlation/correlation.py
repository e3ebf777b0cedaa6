"""The metric `correlation` for `evaluate.load`; a shell around `clustered_correlation.py`, callable without it.

Not here: any arithmetic. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from typing import Any

import datasets
import evaluate

from .clustered_correlation import clustered_correlation
from .rank_correlation import spearman_p_value
from .within_pairs import permute_within_pairs

__all__ = ["Correlation", "clustered_correlation", "permute_within_pairs", "spearman_p_value"]

_DESCRIPTION = """\
Rank correlation of two quantities (a gap in performance and a CKA, say) measured for several pairs of languages and
several seeds: pooled over all points as papers print it, inside each pair, given the pair, and the range of pooled
values that the pairs alone give.
"""

_INPUTS_DESCRIPTION = """
Args:
    x: One number per point.
    y: One number per point.
    pairs: The pair of languages of each point, such as "eng-swa".
    seeds: The seed of each point; a pair holds each seed once.
    confidence: Level of the range that the pairs alone give, 0.95.
    num_resamples: Permutations inside pairs, 9999: all of them if there are at most so many, else so many drawn.
    seed: Seed of the drawing, 0 (not one of the points').

Returns:
    num_points, num_pairs: Counts.
    spearman, spearman_p_value, kendall, kendall_p_value: Pooled; kendall is tau-b. They take points for independent.
    within_pairs: The same of each pair's points.
    partial_spearman, partial_p_value: Rank correlation given the pair, its p-value by permutations inside pairs.
    permuted, exact, num_permutations: "seeds" or "points"; whether in all ways; in how many.
    clusters_alone: For spearman and kendall, the mean and range of the pooled value that the pairs alone give, and
        whether the range explains the one found.
    warning: A sentence where it does, else None.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/correlation")
    >>> found = metric.compute(
    ...     x=[1, 2, 3, 4, 11, 12, 13, 14],
    ...     y=[2, 4, 1, 3, 13, 11, 14, 12],
    ...     pairs=["eng-swa"] * 4 + ["eng-urd"] * 4,
    ...     seeds=[0, 1, 2, 3] * 2,
    ... )
    >>> round(found["spearman"], 2), round(found["spearman_p_value"], 2), found["partial_spearman"]
    (0.76, 0.03, 0.0)
    >>> found["clusters_alone"]["spearman"]["explains"], found["partial_p_value"], found["exact"]
    (True, 1.0, True)
"""

_CITATION = """\
@misc{jung-etal-linguistic-gap,
    title = {Mitigating the Linguistic Gap with Phonemic Representations for Robust Cross-lingual Transfer},
    author = {Jung, Haeji and Oh, Changdae and Kang, Jooeon and Sohn, Jimin and Song, Kyungwoo
        and Kim, Jinkyu and Mortensen, David R.}
}
@book{good-2005-permutation,
    title = {Permutation, Parametric and Bootstrap Tests of Hypotheses},
    author = {Good, Phillip I.},
    publisher = {Springer},
    year = {2005}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class Correlation(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/correlation")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        number = datasets.Value("float64")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features(
                {"x": number, "y": number, "pairs": datasets.Value("string"), "seeds": datasets.Value("int64")}
            ),
        )

    def _compute(
        self,
        x: list[float],
        y: list[float],
        pairs: list[str],
        seeds: list[int],
        confidence: float = 0.95,
        num_resamples: int = 9999,
        seed: int = 0,
    ) -> dict[str, Any]:
        return clustered_correlation(x, y, pairs, seeds, confidence=confidence, num_resamples=num_resamples, seed=seed)
