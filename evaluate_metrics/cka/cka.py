"""The metric `cka` for `evaluate.load`; a shell around `pairwise.py`, which can be called directly.

Not here: any arithmetic. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate

from .arrays import read_matrices
from .heat_maps import node_permutation_test
from .jackknife import leave_one_out
from .lengths import Covariates, partial_out_lengths
from .linear_cka import linear_cka
from .null_distribution import permutation_moments
from .pairwise import pairwise_cka
from .partialling import PartialledPair
from .similarity import mutual_knn, procrustes_similarity
from .streaming import StreamingCKA

__all__ = [
    "CKA",
    "PartialledPair",
    "StreamingCKA",
    "leave_one_out",
    "linear_cka",
    "mutual_knn",
    "node_permutation_test",
    "pairwise_cka",
    "partial_out_lengths",
    "permutation_moments",
    "procrustes_similarity",
    "read_matrices",
]

_DESCRIPTION = """\
How alike two representations of the same sentences are: centred kernel alignment (CKA), biased as published and
debiased, with an exact test, the value that unrelated features would give, a jackknife interval, and sentence length
taken out.
"""

_INPUTS_DESCRIPTION = """
Args:
    x: Features, one list of numbers per sentence.
    y: Features of the same sentences; their dimensions may differ in number.
    debiased: Whether cka, its null and its interval are debiased, False.
    lengths_x, lengths_y: Length of each sentence on each side, to be partialled out, of both sides both.
    covariates_x, covariates_y: Further facts of each sentence, a list of numbers each, to go out with length.
    kernel: "linear" or "rbf" (bandwidth: median distance).
    null: "shifts", an exact test by all cyclic shifts; "length-bins", shuffles among sentences of like length; or None.
    num_permutations: Shuffles of "length-bins", 999.
    confidence: Level of the interval, 0.95; None for none.
    seed: Seed of the null, 0.

Returns:
    cka: The value asked for, 0 to 1, or -1 to 1 if debiased.
    cka_biased, cka_debiased: Both values; debiased is None below four sentences.
    expected_biased: Mean of cka_biased over all ways to pair the sentences.
    p_value, null_mean, null_std, z: Of the null; None without one.
    standard_error, interval: By the jackknife over sentences; None below five.
    participation_ratio_x, participation_ratio_y: Effective dimensions.
    top_dimension_share_x, top_dimension_share_y: Share of variance of the largest single dimension.
    n: Sentences.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/cka")
    >>> x = [[0, 0], [1, 0], [0, 1], [2, 1], [1, 3], [3, 2]]
    >>> y = [[0, 0], [0, 2], [-2, 0], [-2, 4], [-6, 2], [-4, 7]]
    >>> found = metric.compute(x=x, y=y)
    >>> round(found["cka"], 3), round(found["cka_debiased"], 3), round(found["expected_biased"], 3)
    (0.99, 0.996, 0.339)
    >>> round(found["p_value"], 3), [round(end, 2) for end in found["interval"]]
    (0.167, [0.96, 1.0])
"""

_CITATION = """\
@inproceedings{kornblith-etal-2019-similarity,
    title = {Similarity of Neural Network Representations Revisited},
    author = {Kornblith, Simon and Norouzi, Mohammad and Lee, Honglak and Hinton, Geoffrey},
    booktitle = {Proceedings of the 36th International Conference on Machine Learning},
    year = {2019}
}
@inproceedings{nguyen-etal-2021-wide,
    title = {Do Wide and Deep Networks Learn the Same Things? {U}ncovering How Neural Network Representations Vary
        with Width and Depth},
    author = {Nguyen, Thao and Raghu, Maithra and Kornblith, Simon},
    booktitle = {International Conference on Learning Representations},
    year = {2021}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class CKA(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/cka")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        rows = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"x": rows, "y": rows}),
        )

    def compute(self, *, x: Any = None, y: Any = None, **options: Any) -> dict[str, Any] | None:
        """Compute from arrays, tensors or lists as they are, or from what `add_batch` collected.

        Args:
            x: Features, shape (sentences, dimensions); None after `add_batch`.
            y: Features of the same sentences.
            options: Those of the metric.

        Returns:
            The figures, of the sentences of all processes; None in a process other than the first.
        """
        for name in ("predictions", "references"):  # `evaluate.combine` hands them, as None, to every metric
            if options.get(name, "") is None:
                del options[name]
        if x is not None and y is not None and self.num_process == 1:
            return self._compute(x, y, **options)
        if (x is None) != (y is None):
            raise ValueError(f"{'x' if x is None else 'y'} is missing; expected features of both sides")
        given = {} if x is None else {"x": x, "y": y}
        found: dict[str, Any] | None = super().compute(**given, **options)
        return found

    def _compute(
        self,
        x: Any,
        y: Any,
        debiased: bool = False,
        lengths_x: Sequence[float] | None = None,
        lengths_y: Sequence[float] | None = None,
        covariates_x: Covariates | None = None,
        covariates_y: Covariates | None = None,
        kernel: str = "linear",
        null: str | None = "shifts",
        num_permutations: int = 999,
        confidence: float | None = 0.95,
        seed: int = 0,
    ) -> dict[str, Any]:
        return pairwise_cka(
            {"x": x, "y": y},
            _both("lengths", lengths_x, lengths_y),
            covariates=_both("covariates", covariates_x, covariates_y),
            debiased=debiased,
            kernel=kernel,
            null=null,
            num_permutations=num_permutations,
            confidence=confidence,
            seed=seed,
        ).pair("x", "y")


def _both(name: str, x: Any, y: Any) -> dict[str, Any] | None:
    """What is given of both sides, or of none."""
    if (x is None) != (y is None):
        raise ValueError(f"only one of {name}_x and {name}_y is given; expected both or neither")
    return None if x is None else {"x": x, "y": y}
