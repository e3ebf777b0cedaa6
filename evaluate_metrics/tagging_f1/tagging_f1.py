"""The metric `tagging_f1` for `evaluate.load`; a shell around `tagging_scores.py`, which can be called directly.

Not here: any counting. `evaluate` copies only the files imported here; a comment on such a line breaks it.
"""

from typing import Any

import datasets
import evaluate

from .bootstrap import paired_bootstrap
from .chunks import match_chunks
from .tagging_scores import tagging_scores

__all__ = ["TaggingF1", "match_chunks", "paired_bootstrap", "tagging_scores"]

_DESCRIPTION = """\
Scores of a tagger (UPOS, or NER in IOB2): the chunk F1 that XTREME reports for both tasks, and beside it the scores
that say what it hides: accuracy, macro F1 and F1 per tag, the confusion matrix, and strict span F1 for NER.
"""

_INPUTS_DESCRIPTION = """
Args:
    predictions: Predicted tags, a list of strings per sentence.
    references: Gold tags, in the same shape.
    confidence: Level of bootstrap intervals over sentences, such as 0.95; unset, there are none.
    num_resamples: Resamples of the intervals, 1000.
    seed: Their seed, 0.

Returns:
    xtreme_f1: Micro F1 over chunks, equal to seqeval 1.2.2 in its default mode.
    accuracy: Share of tokens with the gold tag.
    macro_f1: Mean of per_tag_f1.
    per_tag_f1: Token F1 of each tag in the references.
    confusion: labels, and matrix with gold in rows and predicted in columns.
    strict_f1, strict_f1_per_type: Exact IOB2 spans; only where all tags are IOB2.
    xtreme_f1_interval, accuracy_interval, strict_f1_interval: [low, high], where confidence is given.

Examples:
    >>> metric = evaluate.load("evaluate_metrics/tagging_f1")
    >>> predictions = [["DET", "NOUN", "VERB", "VERB", "PUNCT"]]
    >>> references = [["DET", "NOUN", "NOUN", "VERB", "PUNCT"]]
    >>> scores = metric.compute(predictions=predictions, references=references)
    >>> scores["xtreme_f1"], scores["accuracy"]
    (0.5, 0.8)
"""

_CITATION = """\
@inproceedings{hu-etal-2020-xtreme,
    title = {{XTREME}: A Massively Multilingual Multi-task Benchmark for Evaluating Cross-lingual Generalisation},
    author = {Hu, Junjie and Ruder, Sebastian and Siddhant, Aditya and Neubig, Graham
        and Firat, Orhan and Johnson, Melvin},
    booktitle = {Proceedings of the 37th International Conference on Machine Learning},
    year = {2020}
}
@misc{seqeval,
    title = {{seqeval}: A Python framework for sequence labeling evaluation},
    author = {Nakayama, Hiroki},
    year = {2018},
    url = {https://github.com/chakki-works/seqeval}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS_DESCRIPTION)
class TaggingF1(evaluate.Metric):
    """What `evaluate.load("evaluate_metrics/tagging_f1")` returns."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(
        self,
        predictions: list[list[str]],
        references: list[list[str]],
        confidence: float | None = None,
        num_resamples: int = 1000,
        seed: int = 0,
    ) -> dict[str, Any]:
        return tagging_scores(predictions, references, confidence=confidence, num_resamples=num_resamples, seed=seed)
