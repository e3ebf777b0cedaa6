"""What a score must exceed to be of an encoder at all: taggers and classifiers that read no context.

Scores are in `task_scores.py`; the table of both is in `floor_table.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dataset_scripts.schema import Sentence


@dataclass
class UnigramTagger:
    """Tags a word as it most often is in the training data, in lower case; an unknown word as most words are.

    Attributes:
        tag_of: Most frequent tag by word; the first met of equally frequent ones.
        most_frequent: Of all words.
    """

    most_frequent: str
    tag_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def learn(cls, sentences: Sequence[Sentence]) -> UnigramTagger:
        """Count tags of words.

        Args:
            sentences: At least one.
        """
        counts: dict[str, Counter[str]] = {}
        for sentence in sentences:
            for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
                counts.setdefault(token.lower(), Counter())[tag] += 1
        total = sum(counts.values(), Counter[str]())
        return cls(total.most_common(1)[0][0], {word: tags.most_common(1)[0][0] for word, tags in counts.items()})

    def tag(self, sentence: Sentence) -> list[str]:
        """One tag per token."""
        return [self.tag_of.get(token.lower(), self.most_frequent) for token in sentence.tokens]

    def unknown_share(self, sentences: Sequence[Sentence]) -> float:
        """Share of the tokens that the training data do not have, 0 to 1."""
        tokens = [token.lower() for sentence in sentences for token in sentence.tokens]
        return sum(token not in self.tag_of for token in tokens) / len(tokens)
