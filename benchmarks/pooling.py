"""Times the pooling of pieces to words against a loop over words, forward only.

That the results agree is checked here on every batch; their gradients are the tests' business.
"""

import argparse
import itertools
import statistics
from pathlib import Path
from typing import Any

import torch
from measurement import measure_in_turns, report, use_one_core
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from modeling_phonexl.pooling import pool_embeddings, pool_words
from phonexl.results import Table

TABLE_ROWS, HIDDEN = 30_000, 768
BATCHES = ((8, 21), (32, 21), (32, 60))  # sentences, words of each; the paper's mean is 21 (Table 2)
LEAST_SPEEDUP = 20
TOLERANCE = 1e-6


def loop_over_words(hidden: Tensor, word_ids: Tensor, num_units: int) -> Tensor:
    """What `pool_words` gives, word by word with a mask for each, as the released code does; same shapes."""
    pooled = hidden.new_zeros(hidden.size(0), num_units, hidden.size(2))
    for row in range(hidden.size(0)):
        for unit in range(num_units):
            pieces = hidden[row][word_ids[row] == unit]
            if len(pieces):
                pooled[row, unit] = pieces.mean(0)
    return pooled


def loop_over_embeddings(weight: Tensor, ids: Tensor, word_ids: Tensor, num_units: int) -> Tensor:
    """What `pool_embeddings` gives, in the same way; its look-up is one for the whole batch."""
    return loop_over_words(weight[ids], word_ids, num_units)


def make_batch(batch: int, words: int, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Piece ids below `rows`, and the unit of each piece: words of one or two pieces, 1.5 in the mean.

    UDPOS ja has 1.54 pieces per word (paper, Table 2). Both of shape (batch, pieces).
    """
    counts = torch.randint(1, 3, (batch, words), generator=generator)
    units = [torch.repeat_interleave(torch.arange(words), count) for count in counts]
    word_ids = pad_sequence(units, batch_first=True, padding_value=-1)
    return torch.randint(rows, word_ids.shape, generator=generator), word_ids


@torch.no_grad()
def compare(weight: Tensor, batch: int, words: int, rounds: int, generator: torch.Generator) -> list[dict[str, Any]]:
    """Median times of both functions and of their loops on one random batch.

    Raises:
        ArithmeticError: If a function and its loop differ by more than `TOLERANCE`.
    """
    ids, word_ids = make_batch(batch, words, len(weight), generator)
    hidden = weight[ids]
    tasks = {
        "pool_embeddings": lambda: pool_embeddings(weight, ids, word_ids, words),
        "pool_embeddings loop": lambda: loop_over_embeddings(weight, ids, word_ids, words),
        "pool_words": lambda: pool_words(hidden, word_ids, words),
        "pool_words loop": lambda: loop_over_words(hidden, word_ids, words),
    }
    names = ("pool_embeddings", "pool_words")
    for name in names:
        difference = (tasks[name]() - tasks[f"{name} loop"]()).abs().max().item()
        if difference > TOLERANCE:
            raise ArithmeticError(f"{name} differs from its loop by {difference:.1e}; at most {TOLERANCE:.0e} expected")
    seconds = measure_in_turns(itertools.repeat(tasks, rounds))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {
            "function": name,
            "batch": batch,
            "words": words,
            "milliseconds": round(medians[name] * 1e3, 3),
            "loop_milliseconds": round(medians[f"{name} loop"] * 1e3, 3),
            "speedup": round(medians[f"{name} loop"] / medians[name], 1),
        }
        for name in names
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=41, help="measurements of each median (default: 41)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(TABLE_ROWS, HIDDEN, generator=generator)
    rows = [row for shape in BATCHES for row in compare(weight, *shape, arguments.rounds, generator)]
    table = Table(list(rows[0]), [[str(value) for value in row.values()] for row in rows])
    settings = {"table": [TABLE_ROWS, HIDDEN], "rounds": arguments.rounds, "least_speedup": LEAST_SPEEDUP}
    report(table, {**settings, "figures": rows}, arguments.out)


if __name__ == "__main__":
    main()
