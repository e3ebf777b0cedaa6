"""The metric `sinkhorn_distance` for `evaluate.load`; a shell around `set_distance.py`, which can be called directly.

Not here: any arithmetic. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from typing import Any

import datasets
import evaluate

from .entropic_transport import entropic_transport
from .point_sets import pairwise_cost
from .set_distance import sinkhorn_distance

__all__ = ["SinkhornDistance", "entropic_transport", "pairwise_cost", "sinkhorn_distance"]

_DESCRIPTION = """\
How far two sets of output vectors (probabilities of a classifier for sentences of two languages, say) lie apart: the
Sinkhorn distance, entropic optimal transport with uniform weights, and the Sinkhorn divergence, which is 0 between a
set and itself. Tells whether the iteration converged, and never gives less than the optimal transport cost.
"""

_INPUTS_DESCRIPTION = """
Args:
    x: One row of numbers per sample: lists, numpy or torch.
    y: The same for the other set; the number of rows may differ.
    space: "probabilities" (rows are checked) or "logits" (any vectors, compared as they are); unset, "logits" where no
        row of either set is a distribution.
    from_logits: True if the rows are logits whose softmax is to be compared, False.
    cost: "sqeuclidean" (default) or "euclidean".
    reg: Weight of the entropy in the unit of the cost, 0.05, or "median" for 0.05 x the median cost.
    max_iter: Most iterations of each plan, 5000.
    tolerance: Marginal error at which a plan counts as converged, 1e-6.
    exact: True to solve optimal transport too (POT, CPU), False.
    strict: True to raise where a plan does not converge, False.

Returns:
    sinkhorn_distance: Cost of the entropic plan, rounded to its marginals; above 0 for a set with itself.
    sinkhorn_divergence: That minus half of each set's distance to itself; 0 for a set with itself.
    ot_value: Optimal transport cost where exact is True, else None.
    space, cost, reg: As used.
    n_iter, marginal_error: The largest of the three plans.
    converged: Whether all three plans reached the tolerance.
    warning: A sentence where they did not, else None.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/sinkhorn_distance")
    >>> found = metric.compute(
    ...     x=[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], y=[[0.6, 0.2, 0.2], [0.1, 0.7, 0.2], [0.2, 0.2, 0.6]], exact=True
    ... )
    >>> round(found["sinkhorn_distance"], 4), round(found["sinkhorn_divergence"], 4), round(found["ot_value"], 4)
    (0.2, 0.1998, 0.2)
    >>> found["reg"], found["converged"], found["warning"]
    (0.05, True, None)
"""

_CITATION = """\
@misc{jung-etal-linguistic-gap,
    title = {Mitigating the Linguistic Gap with Phonemic Representations for Robust Cross-lingual Transfer},
    author = {Jung, Haeji and Oh, Changdae and Kang, Jooeon and Sohn, Jimin and Song, Kyungwoo
        and Kim, Jinkyu and Mortensen, David R.}
}
@inproceedings{cuturi-2013-sinkhorn,
    title = {{S}inkhorn Distances: Lightspeed Computation of Optimal Transport},
    author = {Cuturi, Marco},
    booktitle = {Advances in Neural Information Processing Systems},
    year = {2013}
}
@inproceedings{altschuler-etal-2017-near-linear,
    title = {Near-linear time approximation algorithms for optimal transport via {S}inkhorn iteration},
    author = {Altschuler, Jason and Weed, Jonathan and Rigollet, Philippe},
    booktitle = {Advances in Neural Information Processing Systems},
    year = {2017}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class SinkhornDistance(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/sinkhorn_distance")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        rows = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"x": rows, "y": rows}),
        )

    def compute(self, *, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Distance of two sets; of what was added by `add_batch` where they are left out.

        Columns of `evaluate` have one length, and become Arrow tables of lists: two sets given here bypass them.
        """
        for name in ("predictions", "references"):  # `evaluate.combine` hands them, as None, to every metric
            if options.get(name, "") is None:
                del options[name]
        if x is None and y is None:
            return super().compute(**options)
        if x is None or y is None:
            raise ValueError(f"{'x' if x is None else 'y'} is missing; expected two sets")
        return super().compute(x=x, y=y, **options) if self.num_process > 1 else self._compute(x, y, **options)

    def _compute(
        self,
        x: Any,
        y: Any,
        space: str | None = None,
        from_logits: bool = False,
        cost: str = "sqeuclidean",
        reg: float | str = 0.05,
        max_iter: int = 5000,
        tolerance: float = 1e-6,
        exact: bool = False,
        strict: bool = False,
    ) -> dict[str, Any]:
        return sinkhorn_distance(
            x,
            y,
            space=space,
            from_logits=from_logits,
            cost=cost,
            reg=reg,
            max_iter=max_iter,
            tolerance=tolerance,
            exact=exact,
            strict=strict,
        )
