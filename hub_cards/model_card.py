"""Renders what the repository of a tagger says of itself: its README.md and its evaluation results.

Reads no file and computes no score: whoever pushes the model passes plain values in.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, ModelCardData
from huggingface_hub import eval_result_entries_to_yaml as to_entries

from hub_cards.reading_errors import ReadingError
from hub_cards.render import REASON_TEXT, Source, render_template

_METRICS = {  # title in the table, the Hub's identifier
    "xtreme_f1": ("F1 (XTREME)", "f1"),
    "accuracy": ("accuracy", "accuracy"),
    "macro_f1": ("macro F1", "f1"),
    "strict_f1": ("strict F1", "f1"),
}
# Beside languages, parts of the data that a model is trained on.
DICTIONARY = "dictionary"
TRANSLATIONS = "translations"
UNLABELLED = "without labels"
_MAIN_METRIC = "xtreme_f1"  # the one that both papers and XTREME print


@dataclass(frozen=True, slots=True)
class Score:
    """One metric on one test set, as fractions from 0 to 1.

    Attributes:
        value: Of the model that the repository holds.
        over_seeds: Of all runs of the same system, this one among them.
    """

    value: float
    over_seeds: tuple[float, ...]

    @property
    def spread(self) -> str:
        """Mean and sample standard deviation (ddof 1) over seeds, times 100; empty for one seed."""
        if len(self.over_seeds) < 2:
            return ""
        mean, std = statistics.fmean(self.over_seeds), statistics.stdev(self.over_seeds)
        return f"{mean * 100:.2f} ± {std * 100:.2f}"

    def __str__(self) -> str:
        """Times 100, the spread in brackets."""
        return f"{self.value * 100:.2f}" + (f" ({self.spread})" if self.spread else "")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores on one part of the data.

    Attributes:
        language: Code of its language.
        split: validation or test.
        scores: By name of `evaluate_metrics/tagging_f1`; names that no column has are left out.
        num_sentences: Size of the part.
        majority: Accuracy of always answering the most frequent tag; None where it was not computed.
        only_new: Whether sentences that the train file repeats are left out.
        is_beside_translations: Whether the sentences were read beside their translations, by a tagger that the
            repository does not hold; the scores are none of its model, and the Hub is not told them.
        is_sample: Whether the part is drawn from a larger one.
        benchmark: Data set on the Hub and its configuration, or None for data that no one can look up there, such as a
            sample.
    """

    language: str
    split: str
    scores: Mapping[str, Score]
    num_sentences: int
    majority: float | None = None
    only_new: bool = False
    is_beside_translations: bool = False
    is_sample: bool = False
    benchmark: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How the model was made, and what it is worth.

    Attributes:
        recipe: Name of the recipe.
        source: Language that it was trained on.
        target: Language that it is carried to; the same as `source` if there is none.
        seed: Seed of this model.
        seeds: Seeds of all runs whose scores are given.
        settings: What the recipe sets.
        num_sentences: Labelled sentences in training, those of `few_shot` among them.
        dataset: Name of the data set; empty where that is not recorded.
        sources: Corpora in it with their licences, each with its language, `DICTIONARY`, `TRANSLATIONS` or
            `UNLABELLED`; the model is trained on those of `source`, on these three and, few-shot, on those of `target`.
        evaluations: Scores, in the order of the table.
        coverage: By part of the data, words by how they were read (`modeling_phonexl.transcription.REASONS`).
        warnings: What the reader of the scores must know.
        versions: Versions by package.
        config: Configuration of the data set; empty where that is not recorded.
        few_shot: Labelled sentences of `target` in training; 0 is zero-shot.
        is_few_shot_counted: Whether those were counted; else `few_shot` is the most that there may have been.
        hub_dataset: Where the Hub has the data set that it was trained on, or empty.
        unlabelled: Sentences of both languages that were read without labels, before training on those with.
    """

    recipe: str
    source: str
    target: str
    seed: int
    seeds: tuple[int, ...]
    settings: Mapping[str, object]
    num_sentences: int
    dataset: str
    sources: tuple[tuple[str, Source], ...]
    evaluations: tuple[Evaluation, ...]
    coverage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    few_shot: int = 0
    is_few_shot_counted: bool = True
    hub_dataset: str = ""
    unlabelled: int = 0


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the card of a tagger says.

    Attributes:
        repo: `user/name`.
        task: What the tags are, in words.
        labels: Tags, or classes of sentence pairs.
        languages: Names of the languages by code.
        example: A sentence to tag, or to pair with itself.
        tools: Packages that raw text of a language needs, by code; phonexl itself where it has the reader.
        base_model: The encoder's repository on the Hub, or empty.
        base_licence: Its licence, or empty.
        transcription: Recipe of transcription; empty for a model without sound.
        run: How it was made; None where that is not known.
        reading_errors: By code of a language, how well that recipe reads it; none for one that was not measured.
        pipeline: What the Hub calls it: "token-classification", or "text-classification" of a classifier of pairs.
        example_language: Code of the example's language where the pipeline does not guess it from the script.
        heard: The model's `phoneme_transcription`.
    """

    repo: str
    task: str
    labels: tuple[str, ...]
    languages: Mapping[str, str]
    example: str
    tools: Mapping[str, str]
    base_model: str
    base_licence: str
    transcription: str
    run: RunFacts | None = None
    reading_errors: Mapping[str, tuple[ReadingError, ...]] = field(default_factory=dict)
    pipeline: str = "token-classification"
    example_language: str = ""
    heard: str = "ipa"


def render_model_card(facts: ModelFacts) -> str:
    """The README.md of a tagger: front matter with model-index, how to use it, scores, making, limits, licences.

    The same facts give the same bytes: nothing is dated.

    Raises:
        ValueError: If an evaluation has no score that the table knows, or a reason of transcription is unknown.
    """
    run = facts.run
    unknown = {name for counts in run.coverage.values() for name in counts} - REASON_TEXT.keys() if run else None
    if unknown:
        raise ValueError(f"no description of the reason {', '.join(sorted(unknown))}; known: {', '.join(REASON_TEXT)}")
    remote = [code for code, packages in facts.tools.items() if "phonexl" in packages.split()]
    return render_template(
        "model.md.jinja",
        **{"metadata": _front_matter(facts).to_yaml(), "facts": facts, "run": run},
        **{"title": facts.repo.partition("/")[2], "example": json.dumps(facts.example, ensure_ascii=False)},
        **{"remote": [facts.languages[code] for code in remote], "remote_code": remote[0] if remote else ""},
        **{"scores": _score_table(facts, run) if run else [], "limits": _limits(facts, run) if run else []},
        **{"coverage": _coverage_table(run) if run else [], "licences": _licence_table(run) if run else []},
        **{"besides": _besides_in_words(run) if run else ""},
        **{"unmeasured": [facts.languages[code] for code in _unmeasured(run)] if run else []},
        **{"reading_errors": _reading_error_table(facts), "few": _few_shot_in_words(facts, run) if run else ""},
        **{"settings": {_cell(name): _cell(value) for name, value in run.settings.items()} if run else {}},
    )


def render_eval_results(facts: ModelFacts) -> str:
    """The content of `.eval_results/*.yaml`, the main score of each test set times 100; empty if no set is on the Hub.

    Std and seeds are in the notes: the form has no field for them.
    """
    run, entries = facts.run, []
    for item in run.evaluations if run else ():
        score = item.scores.get(_MAIN_METRIC)
        if run and score and item.benchmark and item.split == "test" and _is_of_the_whole_by_the_model(item):
            dataset, config = item.benchmark
            value, notes = _percent(score.value), _notes(run, item, score)
            entries.append(EvalResultEntry(dataset_id=dataset, task_id=config, value=value, notes=notes))
    return yaml.safe_dump(to_entries(entries), sort_keys=False, allow_unicode=True) if entries else ""


def _front_matter(facts: ModelFacts) -> ModelCardData:
    """What the Hub reads; every number is a `float`: YAML writes one of numpy as a Python object."""
    fields: dict[str, Any] = {}
    if facts.base_model:
        fields |= {"base_model": facts.base_model, "base_model_relation": "finetune"}
    if run := facts.run:
        fields |= _licence_fields(run)
        # The Hub would take scores of new sentences for second values of the same metrics.
        whole = [item for item in run.evaluations if _is_of_the_whole_by_the_model(item)]
        known = [(item, name) for item in whole for name in _names(item) if run.dataset or item.benchmark]
        results = [_eval_result(facts, run, item, name) for item, name in known]
        if results:
            fields |= {"eval_results": results, "metrics": sorted({result.metric_type for result in results})}
        if run.hub_dataset:
            fields["datasets"] = [run.hub_dataset]
    return ModelCardData(
        language=[*facts.languages],
        library_name="transformers",
        pipeline_tag=facts.pipeline,
        tags=["phonexl", "ipa", "phonemes", "cross-lingual", "custom_code"],
        model_name=facts.repo.partition("/")[2],
        **fields,
    )


def _is_of_the_whole_by_the_model(item: Evaluation) -> bool:
    return not (item.only_new or item.is_beside_translations)


def _licence_fields(run: RunFacts) -> dict[str, str]:
    """Ours where no other counts beside it; else the Hub's "other", since it knows no pair of licences."""
    parts = (run.source, DICTIONARY, TRANSLATIONS, UNLABELLED, *((run.target,) if run.few_shot else ()))
    trained_on = [source for part, source in run.sources if part in parts]
    ids = sorted({hub_id for source in trained_on for hub_id in source.licence_ids} - {"cc0-1.0", "apache-2.0"})
    if not ids:
        return {"license": "apache-2.0"}
    return {"license": "other", "license_name": "-and-".join(["apache-2.0", *ids])}


def _eval_result(facts: ModelFacts, run: RunFacts, item: Evaluation, name: str) -> EvalResult:
    dataset, config = item.benchmark or (run.dataset, item.language)
    sample = f", a sample of {item.num_sentences}" * item.is_sample
    return EvalResult(
        task_type=facts.pipeline,
        task_name=facts.task,
        dataset_type=dataset,
        dataset_name=f"{run.dataset or dataset}, {facts.languages[item.language]} ({item.split}{sample})",
        dataset_config=config,
        dataset_split=item.split,
        metric_type=_METRICS[name][1],
        metric_name=f"{_METRICS[name][0]} x 100",
        metric_value=_percent(item.scores[name].value),
    )


def _names(item: Evaluation) -> list[str]:
    names = [name for name in _METRICS if name in item.scores]
    if not names:
        raise ValueError(f"{item.language}, {item.split}: no score; expected one of {', '.join(_METRICS)}")
    return names


def _notes(run: RunFacts, item: Evaluation, score: Score) -> str:
    how = _shot(run, item.language) or "language of the training data"
    spread = f"; mean ± std over {len(score.over_seeds)} seeds: {score.spread}" if score.spread else ""
    return f"{_METRICS[_MAIN_METRIC][0]} x 100, {how}; {item.num_sentences} sentences; seed {run.seed}{spread}"


def _shot(run: RunFacts, language: str) -> str:
    """What scores of a language are called; nothing for the language of the training data."""
    if language == run.source:
        return ""
    return "few-shot" if run.few_shot and language == run.target else "zero-shot"


def _unmeasured(run: RunFacts) -> list[str]:
    """Languages with scores of which none is of the model."""
    own = {item.language for item in run.evaluations if not item.is_beside_translations}
    return [language for language in dict.fromkeys(item.language for item in run.evaluations) if language not in own]


def _few_shot_in_words(facts: ModelFacts, run: RunFacts) -> str:
    if not run.few_shot:
        return ""
    unit = "pair" if facts.pipeline == "text-classification" else "sentence"
    count = f"{run.few_shot:,} labelled {unit}{'s' if run.few_shot > 1 else ''}"
    return count if run.is_few_shot_counted else f"at most {count}"


def _besides_in_words(run: RunFacts) -> str:
    """What of the target was trained on beside its labelled sentences."""
    texts = {
        DICTIONARY: "words of it, from the dictionary under *Licences*",
        TRANSLATIONS: "translations into it, by the translator under *Licences*",
        UNLABELLED: "sentences of it without labels",
    }
    parts = {part for part, _ in run.sources}
    return " and ".join(text for part, text in texts.items() if part in parts)


def _score_table(facts: ModelFacts, run: RunFacts) -> list[list[str]]:
    used = [name for name in _METRICS if any(name in item.scores for item in run.evaluations)]
    unit, label = "pairs" if facts.pipeline == "text-classification" else "sentences", _label_in_words(facts)
    rows = [["language", "split", unit, *(_METRICS[name][0] for name in used), f"accuracy of the commonest {label}"]]
    rows.append(["---", "---", *["---:"] * (len(used) + 2)])
    for item in run.evaluations:
        shot = _shot(run, item.language)
        language = facts.languages[item.language] + (f" ({shot})" if shot else "")
        split = f"a sample of {item.split}" if item.is_sample else item.split
        split += ", new sentences" * item.only_new + ", beside translations" * item.is_beside_translations
        cells = [str(item.scores[name]) if name in item.scores else "" for name in used]
        majority = "" if item.majority is None else f"{item.majority * 100:.2f}"
        rows.append([language, split, f"{item.num_sentences:,}", *cells, majority])
    return rows if run.evaluations else []


def _label_in_words(facts: ModelFacts) -> str:
    return "class" if facts.pipeline == "text-classification" else "tag"


def _coverage_table(run: RunFacts) -> list[list[str]]:
    reasons = [name for name in REASON_TEXT if any(counts.get(name) for counts in run.coverage.values())]
    rows = [["part", "words", "transcribed", *reasons], ["---", *["---:"] * (len(reasons) + 2)]]
    for part, counts in run.coverage.items():
        silent = counts.get("punctuation", 0)
        sounding = sum(counts.values()) - silent
        share = (sounding - counts.get("passed", 0)) / sounding if sounding else 1.0
        cells = [f"{counts.get(name, 0):,}" for name in reasons]
        rows.append([_cell(part), f"{sounding + silent:,}", f"{share:.1%}", *cells])
    return rows if run.coverage else []


def _reading_error_table(facts: ModelFacts) -> list[list[str]]:
    rows = [["language", "measured on", "words", "phonemes wrong, %", "words wrong, %"], ["---", "---", *["---:"] * 3]]
    for code, errors in facts.reading_errors.items():
        for error in errors:
            figures = f"{error.num_words:,}", f"{error.phonemes:.2f}", f"{error.words:.2f}"
            rows.append([facts.languages[code], error.measure, *figures])
    return rows if facts.reading_errors else []


def _licence_table(run: RunFacts) -> list[list[str]]:
    languages: dict[Source, list[str]] = {}
    for language, source in run.sources:
        languages.setdefault(source, []).append(language)
    names = {source: f"[{source.name}]({source.url})" if source.url else source.name for source in languages}
    rows = [[", ".join(codes), names[source], source.licence] for source, codes in languages.items()]
    return [["language", "corpus", "licence"], ["---"] * 3, *rows] if rows else []


def _limits(facts: ModelFacts, run: RunFacts) -> list[str]:
    """What the figures do not say, computed where it can be."""
    limits, label = [], _label_in_words(facts)
    for item in run.evaluations:
        accuracy = item.scores.get("accuracy")
        whole = _is_of_the_whole_by_the_model(item)
        if item.language != run.source and item.majority is not None and accuracy and whole:
            gain = (accuracy.value - item.majority) * 100
            limits.append(
                f"{facts.languages[item.language]} ({item.split}): always answering the commonest {label} has accuracy "
                f"{item.majority * 100:.1f}; this model has {accuracy.value * 100:.1f}, {gain:+.1f} points."
            )
    if len(run.seeds) == 1:
        limits.append("One seed: how far the scores move with the seed is not known.")
    return limits + [f"{_cell(warning)[:1].upper()}{_cell(warning)[1:]}." for warning in run.warnings]


def _percent(fraction: float) -> float:
    return round(float(fraction) * 100, 2)


def _cell(value: object) -> str:
    """Text that ends no cell and no line of a table, and is no HTML."""
    text = " ".join(str(value).split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
