"""Encoders of several representations side by side: at equal sentences, and at equal work.

Bits are counted per hidden word, never per symbol, of which words have many or few. They still are no common scale:
a phoneme encoder guesses other strings than one of characters, so compare each with its own floor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.pretraining.dataset import HiddenSentence
from phonexl.pretraining.representations import NO_WORD, EncodedSentence
from phonexl.results import Result, Table


def unigram_bits(
    train: Sequence[EncodedSentence], held_out: Mapping[str, Sequence[HiddenSentence]]
) -> dict[str, float]:
    """Bits per hidden word of who only knows how often each symbol of the language occurs: a floor.

    Args:
        train: What the frequencies are counted in, one added to each of the language's symbols and to the rest.
        held_out: Sentences with hidden words, by language.
    """
    bits = {}
    for language, sentences in held_out.items():
        ids = np.concatenate([s.ids[s.word_index != NO_WORD] for s in train if s.language == language])
        symbols, counts = np.unique(ids, return_counts=True)
        total = counts.sum() + len(symbols) + 1
        cost = dict(zip(symbols.tolist(), (-np.log2((counts + 1) / total)).tolist(), strict=True))
        unseen = float(np.log2(total))
        hidden = np.concatenate([s.labels[s.labels != IGNORED] for s in sentences])
        spent = sum(cost.get(symbol, unseen) for symbol in hidden.tolist())
        bits[language] = spent / sum(s.num_hidden for s in sentences)
    return bits


def bits_at(curve: Sequence[Mapping[str, Any]], flops: float) -> float | None:
    """Bits per hidden word at some amount of work, between two evaluations on the line that joins them.

    Args:
        curve: `training["curve"]` of a result.
        flops: The amount.

    Returns:
        None before the first evaluation or after the last.
    """
    work = [point["flops"] for point in curve]
    if not work[0] <= flops <= work[-1]:
        return None
    return float(np.interp(flops, work, [point["bits_per_word"] for point in curve]))


def compare(results: Sequence[Result]) -> Table:
    """One row for each representation; the least work of all is where work is equal."""
    least = min(result.training["flops"] for result in results)
    rows = []
    for result in results:
        training = result.training
        scores = [split["held_out"] for split in result.scores.values()]
        bits, floor = (
            sum(score[key] for score in scores) / len(scores) for key in ("bits_per_word", "unigram_bits_per_word")
        )
        at_least = bits_at(training["curve"], least)
        rows.append([
            result.recipe["representation"], f"{training['vocabulary']:,}", f"{training['symbols_per_sentence']:.1f}",
            f"{training['unknown_rate']:.2%}", f"{training['sentences']:,}", f"{training['flops']:.2e}", f"{floor:.2f}",
            f"{bits:.2f}", "-" if at_least is None else f"{at_least:.2f}",
        ])  # fmt: skip
    columns = ["representation", "symbols", "a sentence", "unknown", "sentences", "FLOP", "bits a word by frequency"]
    return Table([*columns, "bits a word", f"at {least:.2e} FLOP"], rows)
