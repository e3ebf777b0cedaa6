"""Which tags a system finds: recall by tag, systems side by side."""

from collections.abc import Sequence

import numpy as np

from phonexl.results import Cell, Result, Table, group_results


def tag_recall(results: Sequence[Result], language: str | None = None, split: str = "test") -> Table:
    """One row per gold tag, the most frequent first; a column per system.

    Args:
        results: Runs that were scored on the same sentences.
        language: Which scores; None: the target language of the results.
        split: Which split.

    Returns:
        Tag, how many words have it, and of each system the share of them that it tags so: mean ± standard deviation
        over seeds.

    Raises:
        ValueError: If there is no result, one has no such scores, or two were scored on other words.
    """
    if not results:
        raise ValueError("nothing to compare: no result")
    language = language or results[0].recipe.get("target")
    if language is None:
        raise ValueError(f"{results[0].name} has no target language: name one of {', '.join(results[0].scores)}")
    support: dict[str, int] = {}
    recalls: dict[str, dict[str, list[float]]] = {}
    for system, runs in group_results(results).items():
        found = recalls[system] = {}
        for run in runs:
            totals, hits = _gold_and_correct(run, language, split)
            if support and totals != support:
                raise ValueError(
                    f"{run.name}, seed {run.seed}: scored on other {language} {split} sentences than "
                    f"{results[0].name}; compare runs of the same data and the same limit_eval"
                )
            support = totals
            for tag, count in totals.items():
                found.setdefault(tag, []).append(hits[tag] / count)
    tags = sorted(support, key=lambda tag: (-support[tag], tag))
    rows = [[tag, str(support[tag]), *(str(Cell.of(found[tag])) for found in recalls.values())] for tag in tags]
    return Table(["tag", "words", *recalls], rows)


def _gold_and_correct(run: Result, language: str, split: str) -> tuple[dict[str, int], dict[str, int]]:
    """Of each tag that occurs, its words and those of them that the run tagged so."""
    stored = run.scores.get(language, {}).get(split, {}).get("confusion")
    if stored is None:
        scored = ", ".join(f"{lang} {name}" for lang, splits in run.scores.items() for name in splits)
        raise ValueError(f"{run.name}, seed {run.seed}: no tags of {language} {split} are counted; it has {scored}")
    matrix = np.array(stored["matrix"])
    totals, hits = matrix.sum(axis=1).tolist(), matrix.diagonal().tolist()
    gold = {tag: total for tag, total in zip(stored["labels"], totals, strict=True) if total}
    return gold, {tag: hit for tag, hit in zip(stored["labels"], hits, strict=True) if tag in gold}
