"""The figures that the linguistic gap paper prints in its Tables 1 to 3, to stand beside ours.

Scores are fractions from 0 to 1, as everywhere here; nothing is corrected, and what cannot be right is said in a note.
"""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "hin")
NOTES = (
    "The paper's Std of NER with phonemes is the population's; the other three are samples' (it would be 0.0273).",
    "In the paper each language is fine-tuned on its own data: gaps are between monolingual scores, none is zero-shot.",
    "Table 3 of the paper has 30 points in two clusters, which alone give a rank correlation of 0.66 to 0.84.",
)


@dataclass(frozen=True)
class PublishedSystem:
    """A row of Table 1 or 2.

    Attributes:
        task: "ner", "pos" or "xnli".
        name: The representation.
        scores: By language; F1, of XNLI accuracy.
        std: As printed, None where the table has none; so are the next two.
        mean_rpd: In percent.
        mean_cka: Of the input embeddings, biased.
    """

    task: str
    name: str
    scores: dict[str, float]
    std: float | None = None
    mean_rpd: float | None = None
    mean_cka: float | None = None


def _row(task: str, name: str, percentages: str, std: float, mean_rpd: float, mean_cka: float) -> PublishedSystem:
    scores = {language: float(score) / 100 for language, score in zip(LANGUAGES, percentages.split(), strict=True)}
    return PublishedSystem(task, name, scores, std, mean_rpd, mean_cka)


TABLE_1 = (
    _row("ner", "character", "87.13 91.27 91.80 92.26 93.14 93.88 84.11 92.92 90.45 87.68", 0.0316, 4.02, 0.4584),
    _row("ner", "phoneme", "83.61 89.42 89.60 90.56 91.89 92.76 87.19 92.35 89.23 88.23", 0.0259, 3.52, 0.7195),
    _row("pos", "character", "96.62 95.54 87.91 96.06 74.57 85.79 86.71 90.49 91.78 96.81", 0.0692, 8.77, 0.4593),
    _row("pos", "phoneme", "95.94 96.35 86.69 96.37 85.87 91.32 85.82 91.11 93.76 96.94", 0.0455, 5.80, 0.7204),
)
TABLE_2 = (
    PublishedSystem("xnli", "subword", {"eng": 0.8080, "swa": 0.6293, "urd": 0.6157}),
    PublishedSystem("xnli", "character", {"eng": 0.7502, "swa": 0.5972, "urd": 0.5655}),
    PublishedSystem("xnli", "phoneme", {"eng": 0.7189, "swa": 0.6088, "urd": 0.5610}),
)


@dataclass(frozen=True)
class PublishedCorrelation:
    """A row of Table 3: the performance gap against a quantity."""

    quantity: str
    spearman: float
    spearman_p: float
    kendall: float
    kendall_p: float


TABLE_3 = (
    PublishedCorrelation("score of the reference", 0.111, 5.6e-1, 0.104, 4.3e-1),
    PublishedCorrelation("Sinkhorn distance", 0.681, 3.5e-5, 0.457, 2.0e-4),
    PublishedCorrelation("CKA", -0.782, 3.4e-7, -0.577, 2.1e-6),
)
