"""Tags carried over from a sentence to its translation, and when a translation is not fit to carry entities.

The alignment comes from a translator or from `word_alignment.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluate_metrics.tagging_f1.chunks import find_spans
from phonexl.training.dataset import UNTAGGED
from phonexl.training.translation import Alignment

FILTERS = ("unaligned", "scattered", "merged")
_OUTSIDE = "O"


@dataclass(frozen=True)
class Projection:
    """Tags of a translation.

    Attributes:
        tags: One per word, `UNTAGGED` where nothing is known; None if the sentence is to be left out.
        dropped_by: Which of `FILTERS` left it out; None if none did.
    """

    tags: tuple[str, ...] | None
    dropped_by: str | None = None


def project_tags(tags: Sequence[str], alignment: Alignment, num_words: int) -> Projection:
    """Give each word the tag of the first word that it stands for.

    Args:
        tags: Of the source words.
        alignment: Pairs (source word, target word).
        num_words: Of the translation.

    >>> project_tags(["PRON", "VERB"], ((0, 1),), 2).tags
    ('', 'PRON')
    """
    projected = [UNTAGGED] * num_words
    for source, target in sorted(alignment, reverse=True):
        projected[target] = tags[source]
    return Projection(tuple(projected))


def project_entities(tags: Sequence[str], alignment: Alignment, num_words: int) -> Projection:
    """Carry entities over, each onto the words from the first to the last of its images; all else is outside.

    A sentence is left out, lest an entity silently becomes `O`, if a word of an entity is aligned with nothing
    ("unaligned"), if its images leave a gap ("scattered"), or if two entities meet, so that there are not as many as
    before ("merged").

    Args:
        tags: IOB2 tags of the source words; an `I-` that continues nothing is in no entity (`repair_orphan_tags`).
        alignment: Pairs (source word, target word).
        num_words: Of the translation.

    Source: Ebing & Glavaš, ACL 2025 (arXiv 2505.10507); all three filters, as in their training scripts.

    >>> project_entities(["O", "B-LOC", "I-LOC"], ((0, 2), (1, 1), (2, 0)), 3).tags
    ('B-LOC', 'I-LOC', 'O')
    """
    projected = [_OUTSIDE] * num_words
    for kind, _, begin, end in find_spans([tags]):
        images = [{target for source, target in alignment if source == word} for word in range(begin, end)]
        if not all(images):
            return Projection(None, "unaligned")
        targets = sorted(set().union(*images))
        if len(targets) <= targets[-1] - targets[0]:
            return Projection(None, "scattered")
        if any(projected[target] != _OUTSIDE for target in targets):
            return Projection(None, "merged")
        projected[targets[0] : targets[-1] + 1] = [f"B-{kind}", *[f"I-{kind}"] * (len(targets) - 1)]
    return Projection(tuple(projected))
