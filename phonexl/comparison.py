"""Systems side by side: what each assumes, gains over plain with paired intervals, costs, and printed in its paper.

Running them is `phonexl/cli/compare.py`; here only results are read.
"""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from phonexl.results import Cell, Result, Table, group_results

NUM_RESAMPLES = 2000
# What plain shares with a system that it is beside, and the values where a recipe is silent.
_SHARED: dict[str, Any] = {
    "backbone": "offline",
    "vocab": "full",
    "unit": "word",
    "pooling": "mean",
    "source_data": None,
    "limit_train": None,
    "limit_seed": 0,
    "few_shot": 0,
    "split_syllables": False,
    "drop_spaces": False,
    "official": False,
    "learning_rate": 5e-5,
    "head_learning_rate": None,
    "warmup_steps": 0,
    "num_train_epochs": 3,
    "max_steps": -1,
    "early_stopping_patience": None,
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 1,
}
_BATCH = ("per_device_train_batch_size", "gradient_accumulation_steps")  # their product is what counts
_TERMS = ("align", "mlm", "xmlm")
# Rows of the paper's Tables 3 and 6, by sound, language embeddings and terms.
_PAPER_ROWS = {
    ("ipa", True, _TERMS): "phonexl",
    ("ipa", True, ("align",)): "phonexl:align",
    ("ipa", True, ("mlm",)): "phonexl:mlm",
    ("ipa", True, ("xmlm",)): "phonexl:xmlm",
    ("ipa", False, _TERMS): "phonexl:no-language",
    ("roman", True, _TERMS): "phonexl:romanised",
    ("none", False, ()): "plain",
}
_PE_ROWS = {"tokenizer": "phonexl:pe", "extended": "phonexl:pe-extended"}  # sound alone, by its vocabulary
_MERGES = ("particle_merge_ratio", "character_join_ratio")
_NOT_PUBLISHED = ("few_shot", *_MERGES, "fill_unseen", "shuffle_dictionary", "split_syllables", "drop_spaces")
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
        with its 95 % interval, seconds per step over plain's, and the published target score. A system without a plain
        that shares its data and settings has no difference; see `why_no_gain`.

    Raises:
        ValueError: If the results are of several tasks or pairs, there are none, or they have no such score.
    """
    source, target = find_pair(results)
    metric = choose_metric(results, metric, split)
    groups = group_results(results)
    name = metric.replace("_", " ")
    columns = ["system", "needs", "seeds", f"{source} {name}", f"{target} {name}", f"{target} over plain"]
    columns += ["95 % interval", "step over plain", "published"]
    rows = []
    for system, group in sorted(groups.items(), key=lambda item: not _is_plain(item[1][0])):  # plain first
        plain = _plain_beside(group[0], groups)
        gain = gain_over(group, plain, target, metric, split) if plain and plain is not group else None
        rows.append(
            [
                system,
                _needs(group[0]),
                str(len(group)),
                *(_cell(group, language, metric, split) for language in (source, target)),
                "" if gain is None else f"{gain[0] * 100:+.2f}",
                "" if gain is None or gain[1] is None else f"{gain[1][0] * 100:+.2f} to {gain[1][1] * 100:+.2f}",
                _step_ratio(group, plain),
                _published(group[0]) if (metric, split) == ("xtreme_f1", "test") else "",
            ]
        )
    return Table(columns, rows)


def find_pair(results: Sequence[Result]) -> tuple[str, str]:
    """Source and target language of results of one task.

    Raises:
        ValueError: If there is no result, or they are of several tasks or pairs.
    """
    if not results:
        raise ValueError("nothing to compare: no result")
    pairs = {(r.recipe["task"], r.recipe["source"], r.recipe["target"]) for r in results}
    if len(pairs) > 1:
        listed = ", ".join(" ".join(pair) for pair in sorted(pairs))
        raise ValueError(f"results of several tasks or pairs of languages ({listed}): compare one at a time")
    ((_, source, target),) = pairs
    return source, target


def choose_metric(results: Sequence[Result], metric: str | None, split: str) -> str:
    """The metric that is asked for; None: `xtreme_f1` where the results have it, else accuracy.

    Raises:
        ValueError: If no result has it.
    """
    had = {name for result in results for splits in result.scores.values() for name in splits.get(split, {})}
    metric = metric or ("xtreme_f1" if "xtreme_f1" in had else "accuracy")
    if had and metric not in had:
        raise ValueError(f"these results have no {metric}: leave out --metric, or pass --metric accuracy")
    return metric


def why_no_gain(results: Sequence[Result], split: str = "test") -> list[str]:
    """A line for each system, plain aside, that `compare` gives no gain: which plain is missing."""
    groups = group_results(results)
    plains = [group[0] for group in groups.values() if _is_plain(group[0])]
    lines = []
    for system, group in groups.items():
        plain = _plain_beside(group[0], groups)
        if plain is group:
            continue
        if plain is None:
            lines.append(f"{system}: no gain, {_missing(group[0], plains)}")
        elif not _pairs(group, plain, group[0].recipe["target"], split):
            lines.append(
                f"{system}: no gain, for want of a seed that {plain[0].name} has, scored on the same sentences"
            )
    return lines


def _missing(result: Result, plains: Sequence[Result]) -> str:
    """What the nearest plain would have to be, and what makes it so."""
    if not plains:
        return "as no plain is beside it: add plain to --methods"
    nearest = min(plains, key=lambda plain: len(_differing(result, plain)))
    names = _differing(result, nearest)
    if not names:
        return f"as {nearest.name} was trained on other sentences"
    wanted, there = ([f"{name}={_setting(r, name)}" for name in names] for r in (result, nearest))
    changes = " ".join(f"--set {text}" for text in wanted)
    return (
        f"for want of a plain with {', '.join(wanted)} ({nearest.name} has {', '.join(there)}): "
        f"{changes} makes one, in another --out"
    )


def _differing(result: Result, plain: Result) -> list[str]:
    """Shared settings in which two results differ; of batches, those of as many sentences are one."""
    same_batch = math.prod(_setting(result, n) for n in _BATCH) == math.prod(_setting(plain, n) for n in _BATCH)
    names = [name for name in _SHARED if name not in _BATCH or not same_batch]
    return [name for name in names if _setting(result, name) != _setting(plain, name)]


def _setting(result: Result, name: str) -> Any:
    return result.recipe.get(name, _SHARED[name])


def _needs(result: Result) -> str:
    """The same with labels of the target."""
    labels = count_labels(result)
    return f"{needs_of(result)}, {labels} labels" if labels else needs_of(result)


def count_labels(result: Result) -> int:
    """Labelled target sentences in training: those that were read, of which a short file has fewer than asked for."""
    return int(result.data.get("few_shot", {}).get("sentences", result.recipe.get("few_shot", 0)))


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

    With one seed the interval is over sentences alone: the percentile bootstrap, the same sentences drawn for both.
    With n seeds it is as wide as Student's over the n differences and the normal one over sentences (by that bootstrap)
    together, half widths added as squares: resampling two or three seeds would be far too sure. It is None where
    results do not hold the counts of their sentences.

    Returns:
        Difference and interval, as fractions; None without a common seed.
    """
    runs = _pairs(group, plain, language, split)
    if not runs:
        return None
    differences = [a.scores[language][split][metric] - b.scores[language][split][metric] for a, b in runs]
    difference = statistics.fmean(differences)
    counts = [[_counts_of(r, language, split, metric) for r in pair] for pair in runs]
    known = [[table for table in pair if table is not None] for pair in counts]
    if not all(len(pair) == 2 for pair in known):
        return difference, None
    drawn = _bootstrap(known)
    if len(runs) == 1:
        low, high = np.quantile(drawn, (0.025, 0.975))
        return difference, (float(low), float(high))
    half = half_width(differences, float(drawn.var(ddof=1)))
    return difference, (difference - half, difference + half)


def half_width(differences: Sequence[float], sentence_variance: float) -> float:
    """Half of the 95 % interval of a mean over seeds.

    Args:
        differences: One of each seed, two or more.
        sentence_variance: Of their mean, over draws of the sentences that all seeds were scored on.
    """
    student = stdtrit(len(differences) - 1, 0.975) * statistics.stdev(differences) / math.sqrt(len(differences))
    return math.hypot(float(student), statistics.NormalDist().inv_cdf(0.975) * math.sqrt(sentence_variance))


def _pairs(group: Sequence[Result], plain: Sequence[Result], language: str, split: str) -> list[tuple[Result, Result]]:
    """Runs of one seed that tagged the same sentences."""
    by_seed = {result.seed: result for result in plain}
    return [(r, by_seed[r.seed]) for r in group if r.seed in by_seed and _scored(r, by_seed[r.seed], language, split)]


def _bootstrap(runs: Sequence[Sequence[Counts]]) -> NDArray[np.float64]:
    """The mean difference over the runs, in each draw of the sentences, which are the same for all runs and systems."""
    generator = np.random.default_rng(0)
    num_sentences = len(runs[0][0])
    joined = np.concatenate([table for pair in runs for table in pair], axis=1)
    differences = np.empty(NUM_RESAMPLES)
    for index in range(NUM_RESAMPLES):
        weights = np.bincount(generator.integers(num_sentences, size=num_sentences), minlength=num_sentences)
        correct, predicted, gold = (weights @ joined).reshape(len(runs), 2, 3).transpose(2, 0, 1)
        scores = 2 * correct / np.maximum(predicted + gold, 1)
        differences[index] = (scores[:, 0] - scores[:, 1]).mean()
    return differences


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
    """The plain system of the same units, backbone, sentences and optimisation; of plain, itself.

    None but equal settings will do: ten epochs of plain are no opponent of one. Plain whose particles are merged, or
    characters joined, is measured against plain as it is, and is the opponent of systems whose are.
    """
    merges = _merges(result)
    if _is_plain(result):
        if not any(merges):
            return next(group for group in groups.values() if any(r is result for r in group))
        merges = [0.0] * len(merges)
    found = [
        group
        for group in groups.values()
        if _is_plain(group[0]) and _trained_on(group[0]) == _trained_on(result) and not _differing(result, group[0])
    ]
    return min(found, key=lambda group: _merges(group[0]) != merges, default=None)


def _merges(result: Result) -> list[float]:
    return [float(result.recipe.get(name, 0)) for name in _MERGES]


def _trained_on(result: Result) -> str | None:
    sha256: str | None = result.data.get("train", {}).get("sha256")
    return sha256


def _is_plain(result: Result) -> bool:
    recipe = result.recipe
    if recipe.get("task_switch_ratio"):  # CoSDA-ML, whatever it is called
        return False
    if recipe.get("method", "phonexl") != "phonexl":
        return bool(recipe["method"] == "plain")
    # Results made before methods were named, and recipes that spell it out.
    silent = recipe.get("use_phonemes") is False and not recipe.get("align_weight") and not recipe.get("mlm_weight")
    return silent and needs_of(result) == "none"


def _cell(group: Sequence[Result], language: str, metric: str, split: str) -> str:
    values = [r.scores[language][split][metric] for r in group if split in r.scores.get(language, {})]
    return str(Cell.of(values)) if values else ""


def _step_ratio(group: Sequence[Result], plain: Sequence[Result] | None) -> str:
    """Median ratio of seconds per step to plain's, over pairs of runs of one seed that one machine made."""
    if plain is None or plain is group:
        return ""
    by_seed = {result.seed: result for result in plain}
    ratios = [
        result.training["seconds_per_step"] / by_seed[result.seed].training["seconds_per_step"]
        for result in group
        if result.seed in by_seed and by_seed[result.seed].hardware == result.hardware
    ]
    return f"{statistics.median(ratios):.2f}" if ratios else ""


def _published(result: Result) -> str:
    """The target's F1 that the PhoneXL paper prints for this system, with its backbone; empty for other systems."""
    recipe, row = result.recipe, _paper_row(result.recipe)
    tables = json.loads((resources.files("phonexl") / "paper_scores.json").read_text(encoding="utf-8"))
    cell = f"{recipe['task']}.{recipe['source']}-{recipe['target']}.target"
    printed = []
    for name, backbone in _BACKBONES.items():
        if recipe["backbone"] in (name, backbone) or recipe["backbone"] not in (*_BACKBONES, *_BACKBONES.values()):
            scores = tables["scores"].get(backbone, {}).get(row, {}).get(cell)
            if scores is not None:
                printed.append(f"{name} {scores[0]:.2f} ± {scores[1]:.2f}")
    return ", ".join(printed)


def _paper_row(recipe: Mapping[str, Any]) -> str | None:
    """The row of `paper_scores.json` that a recipe is, by its settings; None for what the paper does not have."""
    if any(recipe.get(name) for name in _NOT_PUBLISHED):
        return None
    method = str(recipe.get("method", "phonexl"))
    if method not in ("plain", "phonexl"):
        return method
    is_phonexl = method == "phonexl"

    def value(name: str) -> Any:
        return recipe.get(name, is_phonexl)  # the model's own defaults have all parts, plain has none

    terms = tuple(term for term in _TERMS if value(f"{term}_weight"))
    by_sound = recipe.get("dictionary") == "sound" and "xmlm" in terms
    if recipe.get("task_switch_ratio") or recipe.get("phoneme_scale", 1) != 1 or by_sound:
        return None
    sound = recipe.get("phoneme_transcription", "ipa") if value("use_phonemes") else "none"
    if (sound, value("use_language_embeddings"), terms) == ("ipa", False, ()):
        return _PE_ROWS.get(recipe.get("phoneme_vocab", "extended"))
    return _PAPER_ROWS.get((sound, value("use_language_embeddings"), terms))
