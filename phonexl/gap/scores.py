"""Scores of systems by language, from result JSONs, and how unequal they are.

Not here: the arithmetic of gaps (`evaluate_metrics.rpd`), how a table looks (`tables.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from evaluate_metrics.correlation.clustered_correlation import clustered_correlation
from evaluate_metrics.rpd.performance_gap import performance_gap
from modeling_phonexl.transcription import find_language
from phonexl.gap.analysis import Analysis, layers_of
from phonexl.gap.published import PublishedSystem
from phonexl.results import Result, group_results

METRICS = ("xtreme_f1", "accuracy")  # the first one that a run has


@dataclass(frozen=True)
class Run:
    """A run with its scores by language.

    Attributes:
        name: The system.
        seed: Its seed.
        recipe_digest: Tells it from a run of the same name and other settings.
        scores: By language, fractions.
    """

    name: str
    seed: int
    recipe_digest: str
    scores: dict[str, float]

    def was_analyzed_as(self, found: Analysis) -> bool:
        """If an analysis is of the model that it made; older ones do not know its settings."""
        known = found.run or {}
        return (self.name, self.seed, self.recipe_digest) == (
            known.get("name"),
            known.get("seed"),
            known.get("recipe_digest", self.recipe_digest),
        )


@dataclass
class System:
    """One way to make taggers or classifiers, with its scores.

    Attributes:
        task: "udpos", "panx", "ner", ...
        name: What to call it: the recipe without its task and languages.
        source: Language of the training data, if others are scored zero-shot; None if each has its own.
        scores: By language, a fraction per run.
        runs: What the scores are of.
        encoder: What was fine-tuned, by model and spelling as `phonexl gap analyze` names them; None if runs differ or
            do not say.
        published: The row of the paper, if it is one.
    """

    task: str
    name: str
    source: str | None
    scores: dict[str, list[float]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    encoder: tuple[str, str] | None = None
    published: PublishedSystem | None = None

    @property
    def label(self) -> str:
        """Name, and where the training data come from."""
        if self.published is not None:
            return f"{self.name} (paper)"
        return self.name if self.source is None else f"{self.name}, trained on {self.source}"

    @property
    def means(self) -> dict[str, float]:
        """Mean over runs by language."""
        return {language: fmean(values) for language, values in self.scores.items()}

    @property
    def reference(self) -> str | None:
        """The language to which gaps are given: that of the training data, else English; None if it has no score."""
        language = self.source or "eng"
        return language if language in self.scores else None

    def gaps_to_reference(self) -> dict[str, list[float]]:
        """Absolute differences of scores by pair ("eng-swa"), one for each seed that scored both languages."""
        by_seed: dict[int, dict[str, float]] = {}
        for run in self.runs:
            by_seed[run.seed] = run.scores | by_seed.get(run.seed, {})
        every = list(by_seed.values()) or [self.means]
        reference = self.reference
        return {
            f"{reference}-{language}": [
                abs(scores[reference] - scores[language]) for scores in every if {reference, language} <= scores.keys()
            ]
            for language in self.scores
            if reference is not None and language != reference
        }

    def was_analyzed_as(self, found: Analysis) -> bool:
        """If an analysis is of one of its runs, or of the encoder that they started from."""
        if found.run is None:
            return self.encoder == (found.model, found.spelling)
        return any(run.was_analyzed_as(found) for run in self.runs)

    def gap(self, other: System | None = None) -> dict[str, Any] | None:
        """Everything `evaluate_metrics.rpd` says of the mean scores; with another system, of those of shared languages.

        None for a single language, and where a score is 0: relative differences are not defined there.
        """
        means = self.means if other is None else {lang: self.means[lang] for lang in self.shared_languages(other)}
        others = None if other is None else [other.means[language] for language in means]
        if len(means) < 2 or min([*means.values(), *(others or [])]) <= 0:
            return None
        reference = self.reference if self.reference in means else None
        return performance_gap(list(means.values()), list(means), scale=1.0, reference=reference, other_scores=others)

    def shared_languages(self, other: System) -> list[str]:
        """Languages that both have scores of."""
        return [language for language in self.scores if language in other.scores]


def collect_systems(results: Sequence[Result], split: str) -> list[System]:
    """Runs by system, in the order in which each is first met; those without scores of the split are left out.

    Args:
        results: Runs of any tasks.
        split: "validation" or "test".
    """
    found: dict[tuple[str, str, str | None], System] = {}
    for label, runs in group_results(results).items():
        for run in runs:
            scores = scores_of(run, split)
            if not scores:
                continue
            task = str(run.recipe.get("task", ""))
            name = _without({task, *_spellings(run)}, label)
            source = _code(run.recipe["source"]) if run.recipe.get("source") else None
            source = source if set(scores) - {source} else None
            encoder = _encoder(run)
            system = found.setdefault((task, name, source), System(task, name, source, encoder=encoder))
            system.encoder = encoder if encoder == system.encoder else None
            system.runs.append(Run(run.name, run.seed, run.recipe_digest, scores))
            for language, score in scores.items():
                system.scores.setdefault(language, []).append(score)
    return list(found.values())


def _encoder(run: Result) -> tuple[str, str] | None:
    # What an encoder of one representation reads is no setting; results before it was noted have the spelling alone.
    model, spelling = run.recipe.get("model"), run.training.get("reads", run.recipe.get("spelling"))
    return None if model is None or spelling is None else (model, spelling)


def scores_of(run: Result, split: str) -> dict[str, float]:
    """A run's main score by three-letter code: the first of `METRICS` that it has of the split."""
    scores = {}
    for language, splits in run.scores.items():
        values = splits.get(split, {})
        metric = next((metric for metric in METRICS if metric in values), None)
        if metric is not None:
            scores[_code(language)] = float(values[metric])
    return scores


def published_system(row: PublishedSystem) -> System:
    """A row of the paper as a system of one run."""
    return System(row.task, row.name, None, {lang: [score] for lang, score in row.scores.items()}, published=row)


def comparable(systems: Sequence[System]) -> list[tuple[System, System]]:
    """Each system with the first of its task that has two of its languages or more, which stands second."""
    pairs = []
    for place, system in enumerate(systems):
        for first in systems[:place]:
            alike = (first.task, first.published is None) == (system.task, system.published is None)
            if alike and len(system.shared_languages(first)) > 1:
                pairs.append((system, first))
                break
    return pairs


@dataclass(frozen=True)
class Point:
    """A run seen at one pair of languages.

    Attributes:
        pair: "eng-swa".
        seed: Seed of the run.
        gap: Difference of the two scores, absolute.
        quantities: By name, what may go with it.
    """

    pair: str
    seed: int
    gap: float
    quantities: dict[str, float]


def collect_points(system: System, analyses: Sequence[Analysis]) -> list[Point]:
    """The system's runs whose encoders were analyzed too, at each pair of the reference and another language.

    Args:
        system: With a reference.
        analyses: Joined to runs by name and seed.
    """
    points = []
    for run in system.runs:
        found, reference = next(filter(run.was_analyzed_as, analyses), None), system.reference
        seed, scores = run.seed, run.scores
        if found is None or reference not in scores or reference not in found.languages:
            continue
        for language, score in scores.items():
            if language != reference and language in found.languages:
                quantities = {"score of the reference": scores[reference], **_closeness(found, reference, language)}
                points.append(Point(f"{reference}-{language}", seed, abs(scores[reference] - score), quantities))
    return points


def correlate(points: Sequence[Point]) -> dict[str, dict[str, Any]]:
    """Of each quantity, its rank correlation with the gap, pooled and inside pairs; see `clustered_correlation`.

    What is constant, has fewer than three points, or is not known of every point, is left out.
    """
    gaps = [point.gap for point in points]
    if len(points) < 3 or len(set(gaps)) == 1:
        return {}
    found = {}
    for name in [name for name in points[0].quantities if all(name in point.quantities for point in points)]:
        values = [point.quantities[name] for point in points]
        if len(set(values)) > 1:
            pairs, seeds = [point.pair for point in points], [point.seed for point in points]
            found[name] = clustered_correlation(values, gaps, pairs, seeds)
    return found


def sinkhorn_of(found: Analysis) -> Mapping[str, Any]:
    """Of the classifier's answers, as the paper has it; of the last layer's vectors where there is no classifier."""
    figures: Mapping[str, Any] = last_layer(found) if found.answers is None else found.answers
    measured: Mapping[str, Any] = figures["sinkhorn"]
    return measured


def last_layer(found: Analysis) -> Mapping[str, Any]:
    """Figures of the layer nearest to the output that was analyzed."""
    return found.features[layers_of(found)[-1]]


def _closeness(found: Analysis, language: str, other: str) -> dict[str, float]:
    i, j = found.languages.index(language), found.languages.index(other)
    cka = last_layer(found)["cka"]
    matrices = {
        "Sinkhorn distance": sinkhorn_of(found)["distance_matrix"],
        "CKA": cka["biased_matrix"],
        "CKA, length taken out": cka["length_partialled_matrix"],
    }
    return {name: matrix[i][j] for name, matrix in matrices.items() if matrix is not None}


def _spellings(run: Result) -> set[str]:
    """The codes, of two and of three letters, of all languages of a run."""
    named = [run.recipe.get(key) for key in ("source", "target")]
    languages = [find_language(language) for language in {*filter(None, named), *run.scores}]
    return {code for language in languages for code in (language.iso639_1, language.iso639_3)}


def _without(parts: set[str], label: str) -> str:
    return "-".join(part for part in label.split("-") if part not in parts) or label


def _code(language: str) -> str:
    return find_language(language).iso639_3
