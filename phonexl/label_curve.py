"""What labels of the target are worth to each system: its score by the number of labelled sentences."""

from collections.abc import Sequence
from dataclasses import replace

from phonexl.comparison import choose_metric, count_labels, find_pair
from phonexl.results import Cell, Result, Table, group_results


def label_curve(results: Sequence[Result], metric: str | None = None, split: str = "test") -> Table:
    """One row per system, one column per number of labelled target sentences in training (`few_shot`).

    Args:
        results: Runs of one task and one pair of languages, scored on the same target sentences.
        metric: "accuracy" or "xtreme_f1"; None: the latter, but accuracy of sentence pairs.
        split: Which split.

    Returns:
        System, seeds, and the target's score with each number of labels, 0 for zero-shot: mean ± standard deviation
        over seeds. `seeds` has the fewest and the most of a row whose cells differ in them.

    Raises:
        ValueError: If there is no result, or they are of several pairs, without such a score, or of other sentences.
    """
    _, target = find_pair(results)
    metric = choose_metric(results, metric, split)
    for result in results:
        if not result.scores.get(target, {}).get(split):
            raise ValueError(f"{result.name}, seed {result.seed}: no scores of {target} {split}")
        if _scored_sentences(result, target, split) != _scored_sentences(results[0], target, split):
            raise ValueError(
                f"{result.name}, seed {result.seed}: scored on other {target} {split} sentences than "
                f"{results[0].name}, seed {results[0].seed}; a curve is of runs with the same data and limit_eval"
            )
    numbers = sorted({count_labels(result) for result in results})
    rows = []
    for system, group in sorted(group_results([_without_labels(result) for result in results]).items()):
        scores = [
            [run.scores[target][split][metric] for run in group if count_labels(run) == number] for number in numbers
        ]
        seeds = sorted({len(found) for found in scores if found})
        cells = [str(Cell.of(found)) if found else "" for found in scores]
        rows.append([system, " to ".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))), *cells])
    name = metric.replace("_", " ")
    titles = [f"{target} {name}, {number} label{'s' if number != 1 else ''}" for number in numbers]
    return Table(["system", "seeds", *titles], rows)


def _without_labels(result: Result) -> Result:
    """The same run as one of its system: its setting and its training data must not tell it from the others."""
    data = {part: value for part, value in result.data.items() if part != "train"}
    data["few_shot"] = {"sentences": count_labels(result)}
    return replace(result, recipe={**result.recipe, "few_shot": 0}, data=data)


def _scored_sentences(result: Result, language: str, split: str) -> str | None:
    sha256: str | None = result.data.get(f"{language}.{split}", {}).get("sha256")
    return sha256
