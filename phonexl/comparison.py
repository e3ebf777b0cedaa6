"""Systems side by side: what each assumes, gains over plain with paired intervals, costs, and printed in its paper.

Running them is `phonexl/cli/compare.py`; here only results are read.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phonexl.results import Cell, Result, Table, group_results

NUM_RESAMPLES = 2000
_BACKBONES = {"mbert": "bert-base-multilingual-cased", "xlmr": "xlm-roberta-base"}
Counts = NDArray[np.int64]


def compare(results: Sequence[Result], metric: str | None = None, split: str = "test") -> Table:
    """One row per system, plain first.

    Args:
        results: Runs of one task and one pair of languages.
        metric: "accuracy" or "xtreme_f1"; None: the latter, but accuracy of sentence pairs.
        split: Which split.

    Returns:
        Assumption (none, Dict, MT, dict-as-MT), seeds, score of source and target, the target's difference to plain
        with its 95 % interval, seconds per step over plain's, and the published target score.

    Raises:
        ValueError: If the results are of several tasks or pairs, there are none, or they have no such score.
    """
    if not results:
        raise ValueError("nothing to compare: no result")
    pairs = {(r.recipe["task"], r.recipe["source"], r.recipe["target"]) for r in results}
    if len(pairs) > 1:
        listed = ", ".join(" ".join(pair) for pair in sorted(pairs))
        raise ValueError(f"results of several tasks or pairs of languages ({listed}): compare one at a time")
    ((_, source, target),) = pairs
    had = {name for result in results for splits in result.scores.values() for name in splits.get(split, {})}
    metric = metric or ("xtreme_f1" if "xtreme_f1" in had else "accuracy")
    if had and metric not in had:
        raise ValueError(f"these results have no {metric}: leave out --metric, or pass --metric accuracy")
    groups = group_results(results)
    name = metric.replace("_", " ")
    columns = ["system", "needs", "seeds", f"{source} {name}", f"{target} {name}", f"{target} over plain"]
    columns += ["95 % interval", "step over plain", "published"]
    rows = []
    for system, group in groups.items():
        plain = _plain_beside(group[0], groups)
        gain = gain_over(group, plain, target, metric, split) if plain and plain is not group else None
        rows.append(
            [
                system,
                needs_of(group[0]),
                str(len(group)),
                *(_cell(group, language, metric, split) for language in (source, target)),
                "" if gain is None else f"{gain[0] * 100:+.2f}",
                "" if gain is None or gain[1] is None else f"{gain[1][0] * 100:+.2f} to {gain[1][1] * 100:+.2f}",
                _step_ratio(group, plain),
                _published(group[0]) if metric == "xtreme_f1" else "",
            ]
        )
    rows.sort(key=lambda row: row[5] != "")  # plain first, the others in the order of their results
    return Table(columns, rows)


def needs_of(result: Result) -> str:
    """What a system assumes beside labelled source sentences; a dictionary in the place of translation is named so."""
    stated = result.training.get("needs")
    if stated is not None:
        return str(stated)
    recipe = result.recipe
    return "Dict" if recipe.get("xmlm_weight", 0.01) or recipe.get("task_switch_ratio", 0) else "none"


def gain_over(
    group: Sequence[Result], plain: Sequence[Result], language: str, metric: str, split: str
) -> tuple[float, tuple[float, float] | None] | None:
    """Mean difference over the seeds that both systems have, and its 95 % interval.

    The interval is the percentile bootstrap over pairs of runs of one seed and, inside each, over sentences; it is None
    where results do not hold the counts of their sentences.

    Returns:
        Difference and interval, as fractions; None without a common seed.
    """
    by_seed = {result.seed: result for result in plain}
    runs = [(r, by_seed[r.seed]) for r in group if r.seed in by_seed and _scored(r, by_seed[r.seed], language, split)]
    if not runs:
        return None
    difference = statistics.fmean(
        a.scores[language][split][metric] - b.scores[language][split][metric] for a, b in runs
    )
    counts = [[_counts_of(r, language, split, metric) for r in pair] for pair in runs]
    known = [[table for table in pair if table is not None] for pair in counts]
    return difference, _bootstrap(known) if all(len(pair) == 2 for pair in known) else None


def _bootstrap(runs: Sequence[Sequence[Counts]]) -> tuple[float, float]:
    """Interval of the mean difference: seeds are drawn in pairs, and the same sentences for both systems."""
    generator = np.random.default_rng(0)
    num_sentences = len(runs[0][0])
    joined = np.concatenate([table for pair in runs for table in pair], axis=1)
    differences = np.empty(NUM_RESAMPLES)
    for index in range(NUM_RESAMPLES):
        weights = np.bincount(generator.integers(num_sentences, size=num_sentences), minlength=num_sentences)
        correct, predicted, gold = (weights @ joined).reshape(len(runs), 2, 3).transpose(2, 0, 1)
        scores = 2 * correct / np.maximum(predicted + gold, 1)
        differences[index] = (scores[:, 0] - scores[:, 1])[generator.integers(len(runs), size=len(runs))].mean()
    low, high = np.quantile(differences, (0.025, 0.975))
    return float(low), float(high)


def _counts_of(result: Result, language: str, split: str, metric: str) -> Counts | None:
    """Correct, predicted and gold of each sentence, shape (sentences, 3); None for a result without."""
    stored = result.scores[language][split].get("sentence_counts")
    return None if stored is None else np.array(stored[metric].split(), dtype=np.int64).reshape(-1, 3)


def _scored(one: Result, other: Result, language: str, split: str) -> bool:
    """Whether two results tagged the same sentences."""
    part = f"{language}.{split}"
    same = one.data.get(part, {}).get("sha256") == other.data.get(part, {}).get("sha256")
    return same and all(split in r.scores.get(language, {}) for r in (one, other))


def _plain_beside(result: Result, groups: Mapping[str, list[Result]]) -> list[Result] | None:
    """The plain system that reads the same units with the same backbone, trained on the same sentences.

    Of several, the one that is trained for as many epochs.
    """

    def key(recipe: Mapping[str, Any]) -> tuple[Any, ...]:
        values = (recipe.get(name) for name in ("backbone", "vocab", "limit_train", "official"))
        return (*values, recipe.get("few_shot", 0), recipe.get("unit", "word"))

    found = [g for g in groups.values() if _is_plain(g[0]) and key(g[0].recipe) == key(result.recipe)]
    epochs = result.recipe.get("num_train_epochs")
    return next((g for g in found if g[0].recipe.get("num_train_epochs") == epochs), next(iter(found), None))


def _is_plain(result: Result) -> bool:
    recipe = result.recipe
    if recipe.get("method", "phonexl") != "phonexl":
        return bool(recipe["method"] == "plain")
    # Results made before methods were named, and recipes that spell it out.
    silent = recipe.get("use_phonemes") is False and not recipe.get("align_weight") and not recipe.get("mlm_weight")
    return silent and needs_of(result) == "none"


def _cell(group: Sequence[Result], language: str, metric: str, split: str) -> str:
    values = [r.scores[language][split][metric] for r in group if split in r.scores.get(language, {})]
    return str(Cell.of(values)) if values else ""


def _step_ratio(group: Sequence[Result], plain: Sequence[Result] | None) -> str:
    """Median seconds per step over plain's, where one machine made both."""
    if plain is None or plain is group or group[0].hardware != plain[0].hardware:
        return ""
    mine, theirs = (statistics.median(r.training["seconds_per_step"] for r in runs) for runs in (group, plain))
    return f"{mine / theirs:.2f}"


def _published(result: Result) -> str:
    """The target's F1 that the PhoneXL paper prints for this system, with its backbone."""
    recipe = result.recipe
    tables = json.loads((resources.files("phonexl") / "paper_scores.json").read_text(encoding="utf-8"))
    cell = f"{recipe['task']}.{recipe['source']}-{recipe['target']}.target"
    method = recipe.get("method", "phonexl")
    printed = []
    for name, backbone in _BACKBONES.items():
        if recipe["backbone"] in (name, backbone) or recipe["backbone"] not in (*_BACKBONES, *_BACKBONES.values()):
            scores = tables["scores"].get(backbone, {}).get(method, {}).get(cell)
            if scores is not None:
                printed.append(f"{name} {scores[0]:.2f} ± {scores[1]:.2f}")
    return ", ".join(printed)
