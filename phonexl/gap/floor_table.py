"""Scores of runs beside what a tagger or classifier without context has on the same data."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from modeling_phonexl.transcription import find_language
from phonexl.gap.scores import METRICS
from phonexl.results import Cell, Result, Table, group_results

FLOOR = "floor"  # key of `scores[language][split]`


def floor_table(results: Sequence[Result], split: str = "test") -> Table:
    """Each system and language with its score, its floor, and whether it is above.

    Args:
        results: Runs; those without a floor are left out.
        split: "validation" or "test".
    """
    found: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for label, runs in group_results(results).items():
        for run in runs:
            for language, splits in run.scores.items():
                values = splits.get(split, {})
                metric = next((name for name in METRICS if name in values.get(FLOOR, {})), None)
                if metric is not None:
                    key = label, find_language(language).iso639_3, metric
                    found.setdefault(key, []).append((float(values[metric]), float(values[FLOOR][metric])))
    rows = []
    for (name, language, metric), pairs in found.items():
        scores, floors = zip(*pairs, strict=True)
        verdict = "above" if min(scores) > max(floors) else f"{sum(s <= f for s, f in pairs)} of {len(pairs)} not above"
        metric = metric.replace("_", " ")
        rows.append(
            [name, language, str(len(pairs)), metric, str(Cell.of(scores)), f"{fmean(floors) * 100:.2f}", verdict]
        )
    return Table(["system", "language", "runs", "metric", "score", "floor", "verdict"], rows)
