"""The metric `h_divergence` for `evaluate.load`; a shell around `divergence.py`, which can be called directly.

Not here: any arithmetic. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from typing import Any

import datasets
import evaluate

from .bound import complexity_term, rows_needed
from .divergence import energy_distance, h_divergence
from .domain_classifier import cross_validate

__all__ = ["HDivergence", "complexity_term", "cross_validate", "energy_distance", "h_divergence", "rows_needed"]

_DESCRIPTION = """\
How well a linear classifier tells two sets of vectors apart (two languages at one layer of an encoder), as the proxy
A-distance: 0 if it cannot, 2 if it always can. With folds that keep a sentence and its translation together, a learning
curve over principal components, and the bound of the gap paper's Theorem 4.1.
"""

_INPUTS_DESCRIPTION = """
Args:
    x: Vectors of one language, a list of numbers per row.
    y: Vectors of the other language; as many dimensions, any number of rows.
    groups_x, groups_y: The sentence of each row. Unset, rows of equal number are pairs of translations if x and y have
        as many, else every row is a sentence of its own.
    num_folds: Folds of the cross-validation, 5.
    penalty: Of the ridge classifier on standardised features, 1.0.
    delta: Probability with which the bound may fail, 0.05.
    confidence: Level of the interval, 0.95.
    num_resamples: Draws of sentences for the interval, 1000.
    seed: Seed of folds and draws, 0.

Returns:
    h_divergence: The proxy A-distance held to [0, 2].
    proxy_a_distance, error, interval: The raw value, the classifier's error, and the interval over sentences.
    learning_curve: The proxy A-distance by the number of top principal components that the classifier sees.
    energy_distance: Of the raw vectors, over pairs of different sentences; it does not saturate.
    bound: Theorem 4.1: complexity_term, half_divergence, value, vacuous, samples_needed, delta.
    grouped, num_groups, n_x, n_y, dimension: What was compared.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/h_divergence")
    >>> x = [[0.0, row % 7] for row in range(40)]
    >>> y = [[1.0, row % 5] for row in range(40)]
    >>> found = metric.compute(x=x, y=y)
    >>> found["h_divergence"], found["bound"]["vacuous"], found["bound"]["samples_needed"]["1.0"]
    (2.0, True, 75)
"""

_CITATION = """\
@article{ben-david-etal-2010-theory,
    title = {A theory of learning from different domains},
    author = {Ben-David, Shai and Blitzer, John and Crammer, Koby and Kulesza, Alex and Pereira, Fernando
        and Vaughan, Jennifer Wortman},
    journal = {Machine Learning},
    volume = {79},
    year = {2010}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class HDivergence(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/h_divergence")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        vectors = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"x": vectors, "y": vectors}),
        )

    def compute(self, *, x: Any = None, y: Any = None, **options: Any) -> dict[str, Any] | None:
        """Compare two sets, of any two sizes; without them, those that were added by `add_batch`.

        With several processes, the sets of all of them, each of which gives as many rows of x as of y.
        """
        for name in ("predictions", "references"):  # `evaluate.combine` hands them, as None, to every metric
            if options.get(name, "") is None:
                del options[name]
        if x is not None and y is not None and self.num_process == 1:
            return self._compute(x, y, **options)
        if (x is None) != (y is None):
            raise ValueError(f"{'x' if x is None else 'y'} is missing; expected vectors of two languages")
        given = {} if x is None else {"x": x, "y": y}
        found: dict[str, Any] | None = super().compute(**given, **options)
        return found

    def _compute(
        self,
        x: Any,
        y: Any,
        groups_x: Any = None,
        groups_y: Any = None,
        num_folds: int = 5,
        penalty: float = 1.0,
        delta: float = 0.05,
        confidence: float = 0.95,
        num_resamples: int = 1000,
        seed: int = 0,
    ) -> dict[str, Any]:
        return h_divergence(
            x,
            y,
            groups_x=groups_x,
            groups_y=groups_y,
            num_folds=num_folds,
            penalty=penalty,
            delta=delta,
            confidence=confidence,
            num_resamples=num_resamples,
            seed=seed,
        )
