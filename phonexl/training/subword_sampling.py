"""Other cuts of a word into the pieces of the same tokenizer, drawn from a generator: the same seed, the same cuts.

Unigram tokenizers (XLM-R, e5) are sampled from their lattice, WordPiece (mBERT) drops matches; byte-pairs are not here.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from numpy.random import Generator

ALPHA = 0.3  # xTune's scripts, `sampling_alpha`; with all cuts of a word to choose from, `sampling_nbest_size` -1
_UNKNOWN_PENALTY = 10.0  # SentencePiece: an unknown character scores that much below the worst piece
_MARK = "▁"  # SentencePiece: a word begins
_CACHE_SIZE = 50_000  # lattices of words


@dataclass
class CutCounts:
    """How many words were seen, and how many came out in other pieces."""

    words: int = 0
    changed: int = 0


class _Cutter(Protocol):
    def sample(self, generator: Generator, text: str) -> list[int] | None:
        """Pieces of a normalised, pre-tokenised text; None where this tokenizer cuts no other way."""


class UnigramCutter:
    """Draws a cut with probability proportional to exp(alpha * sum of the scores of its pieces), over all cuts.

    Args:
        scores: Log-probability and id of each piece.
        unk_id: Piece of characters that no piece covers; neighbours share one.
        alpha: 1 follows the tokenizer's model, 0 takes all cuts alike, a large one cuts as the tokenizer does.

    Source: Kudo 2018, Subword Regularization, Eq. 7 with l = infinity, by forward filtering and backward sampling.
    """

    def __init__(self, scores: Mapping[str, tuple[int, float]], unk_id: int, alpha: float = ALPHA) -> None:
        self._scores = scores
        self._unk_id = unk_id
        self._alpha = alpha
        self._longest = max(map(len, scores), default=1)
        self._unknown = min((score for _, score in scores.values()), default=0.0) - _UNKNOWN_PENALTY
        self._lattice = lru_cache(maxsize=_CACHE_SIZE)(self._make_lattice)

    def sample(self, generator: Generator, text: str) -> list[int]:
        """Pieces of one cut, drawn from the end of the text to its start."""
        lattice, end = self._lattice(text), len(text)
        pieces: list[int] = []
        while end > 0:
            starts, ids, cumulative = lattice[end]
            chosen = bisect_right(cumulative, generator.random(), hi=len(cumulative) - 1)
            if not pieces or ids[chosen] != self._unk_id or pieces[-1] != self._unk_id:
                pieces.append(ids[chosen])
            end = starts[chosen]
        return pieces[::-1]

    def _make_lattice(self, text: str) -> list[tuple[list[int], list[int], list[float]]]:
        """By end position: starts and ids of the pieces that end there, and their cumulative probabilities."""
        log_sums = [0.0]  # of all cuts of the text up to a position
        lattice: list[tuple[list[int], list[int], list[float]]] = [([], [], [])]
        for end in range(1, len(text) + 1):
            starts, ids, logs = [], [], []
            for start in range(max(0, end - self._longest), end):
                found = self._scores.get(text[start:end])
                if found is None and start < end - 1:
                    continue
                piece, score = (self._unk_id, self._unknown) if found is None else found
                starts.append(start)
                ids.append(piece)
                logs.append(log_sums[start] + self._alpha * score)
            top = max(logs)
            total = top + math.log(sum(math.exp(log - top) for log in logs))
            cumulative, mass = [], 0.0
            for log in logs:
                mass += math.exp(log - total)
                cumulative.append(mass)
            log_sums.append(total)
            lattice.append((starts, ids, cumulative))
        return lattice


class MaxMatchCutter:
    """MaxMatch-dropout: each longest match is passed over with probability `ratio`, for the next shorter one.

    Args:
        vocabulary: Id of each piece.
        prefix: What pieces inside a word begin with.
        longest_word: A longer word is unknown as a whole.
        ratio: Probability of the drop; the last possible match is always taken.

    Source: Hiraoka 2022, MaxMatch-Dropout: Subword Regularization for WordPiece.
    """

    def __init__(self, vocabulary: Mapping[str, int], prefix: str, longest_word: int, ratio: float) -> None:
        self._vocabulary = vocabulary
        self._prefix = prefix
        self._longest_word = longest_word
        self._ratio = ratio

    def sample(self, generator: Generator, text: str) -> list[int] | None:
        """Pieces of one cut; None for a word that the tokenizer has no pieces for, or where drops led to none."""
        if len(text) > self._longest_word:
            return None
        pieces, start = [], 0
        while start < len(text):
            prefix = self._prefix if start else ""
            ends = [end for end in range(len(text), start, -1) if prefix + text[start:end] in self._vocabulary]
            if not ends:
                return None
            taken = next((end for end in ends[:-1] if generator.random() >= self._ratio), ends[-1])
            pieces.append(self._vocabulary[prefix + text[start:taken]])
            start = taken
        return pieces


class SubwordSampler:
    """Cuts words of a sentence anew.

    Args:
        tokenizer: A fast tokenizer of `transformers`.
        ratio: Probability with which a word is cut anew (Unigram), or a match is dropped (WordPiece).

    Attributes:
        kind: Name of the way in which it samples.
        ratio: As above.
        counts: What was cut so far.

    Raises:
        ValueError: For a tokenizer of another model, or one that spells unknown characters in bytes.
    """

    def __init__(self, tokenizer: Any, ratio: float) -> None:
        self.ratio = ratio
        self.counts = CutCounts()
        self._backend = tokenizer.backend_tokenizer
        self._name_of = tokenizer.convert_ids_to_tokens
        model = json.loads(self._backend.to_str())["model"]
        special = set(tokenizer.all_special_ids)
        self._special = special - {tokenizer.unk_token_id}
        self._cutter: _Cutter
        if model["type"] == "Unigram" and not model["byte_fallback"]:
            scores = {piece: (i, score) for i, (piece, score) in enumerate(model["vocab"]) if i not in special}
            self.kind, self._cutter = f"Unigram, alpha {ALPHA}", UnigramCutter(scores, model["unk_id"])
            self._word_ratio = ratio
        elif model["type"] == "WordPiece":
            vocabulary = {piece: i for piece, i in model["vocab"].items() if i not in special}
            prefix, longest = model["continuing_subword_prefix"], model["max_input_chars_per_word"]
            self.kind, self._cutter = "MaxMatch-dropout", MaxMatchCutter(vocabulary, prefix, longest, ratio)
            self._word_ratio = 1.0
        else:
            bytes_too = " with byte_fallback" if model.get("byte_fallback") else ""
            raise ValueError(
                f"a {model['type']} tokenizer{bytes_too} has no sub-word sampling here; expected Unigram (XLM-R, e5) "
                "or WordPiece (mBERT)"
            )

    def cut(self, generator: Generator, tokens: Sequence[str], pieces: Sequence[list[int]]) -> list[list[int]]:
        """Cut the words of a sentence, each for itself.

        Args:
            generator: Source of the draws.
            tokens: The words.
            pieces: How the tokenizer cuts them. One without the mark of a word's start (`drop_spaces`) is given none.

        Returns:
            Pieces of each word, at least one; joined they are the same text as before.
        """
        cuts = [self._cut_word(generator, token, word) for token, word in zip(tokens, pieces, strict=True)]
        self.counts.words += len(cuts)
        self.counts.changed += sum(cut != word for cut, word in zip(cuts, pieces, strict=True))
        return cuts

    def _cut_word(self, generator: Generator, token: str, pieces: list[int]) -> list[int]:
        if generator.random() >= self._word_ratio or not self._special.isdisjoint(pieces):
            return pieces
        cut: list[int] = []
        for part in self._parts(token, self._name_of(pieces[0]).startswith(_MARK)):
            sampled = self._cutter.sample(generator, part)
            if sampled is None:
                return pieces
            cut += sampled
        return cut or pieces

    def _parts(self, token: str, is_marked: bool) -> list[str]:
        """What the tokenizer's model is given of a word."""
        normalizer, pre_tokenizer = self._backend.normalizer, self._backend.pre_tokenizer
        text = token if normalizer is None else normalizer.normalize_str(token)
        parts = [text] if pre_tokenizer is None else [part for part, _ in pre_tokenizer.pre_tokenize_str(text)]
        return parts if is_marked or not parts else [parts[0].removeprefix(_MARK), *parts[1:]]
