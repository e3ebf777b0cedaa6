"""What the card of a saved tagger says, found in its folder: configuration, processor, results of its runs.

How it is said is in `hub_cards`; how it is pushed, in `phonexl.hub_model`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from dataset_scripts.catalogue import find_corpus
from dataset_scripts.dictionaries import BY_PIVOT, BY_SOUND
from dataset_scripts.readers import DataError
from hub_cards.model_card import DICTIONARY, TRANSLATIONS, UNLABELLED, Evaluation, ModelFacts, RunFacts, Score
from hub_cards.reading_errors import READING_ERRORS
from hub_cards.render import Source
from modeling_phonexl.transcription import find_language
from phonexl.results import RESULT_FILE, Result, find_results, make_table

_METRICS = ("xtreme_f1", "accuracy", "macro_f1", "strict_f1")
# Not every value of a recipe: some are paths, and a token may be among the Trainer's.
_SETTINGS = (
    "vocab unit pooling head use_phonemes use_language_embeddings phoneme_vocab phoneme_transcription phoneme_scale "
    "official early_stopping_patience dictionary translator particle_merge_ratio character_join_ratio fill_unseen "
    "split_syllables drop_spaces "
    "align_weight mlm_weight xmlm_weight mask_ratio code_switch_ratio task_switch_ratio shuffle_dictionary limit_train "
    "limit_eval num_train_epochs max_steps per_device_train_batch_size gradient_accumulation_steps learning_rate "
    "head_learning_rate phoneme_learning_rate temperature_learning_rate warmup_steps lr_scheduler_type weight_decay "
    "max_grad_norm bf16"
).split()
_PLACES = ("dictionary", "objectives-first.text")  # may be paths, which the card does not say
_NOT_RECORDED = "not recorded"
_ENCODERS = {  # by their name in a recipe: repository on the Hub, licence
    "offline": ("intfloat/multilingual-e5-small", "MIT"),
    "mbert": ("google-bert/bert-base-multilingual-cased", "Apache-2.0"),
    "xlmr": ("FacebookAI/xlm-roberta-base", "MIT"),
}
_TRAVEL = ("zh", "vi", "ja", "ko")  # languages whose readers are among the files of a model
_EXAMPLES = {
    "zh": "我住在北京。",
    "vi": "Tôi sống ở Hà Nội.",
    "ja": "私は東京に住んでいます。",
    "ko": "저는 서울에 살고 있습니다.",
    "eng": "I live in London.",
    "fra": "J'habite à Paris.",
    "rus": "Я живу в Москве.",
    "ita": "Abito a Roma.",
    "hun": "Budapesten lakom.",
    "ukr": "Я живу в Києві.",
    "tur": "Ankara'da yaşıyorum.",
    "fin": "Asun Helsingissä.",
    "hin": "मैं दिल्ली में रहता हूँ।",
    "swa": "Ninaishi Nairobi.",
    "urd": "میں لاہور میں رہتا ہوں۔",
}
_UNRECORDED = Source("a data set that is not recorded", _NOT_RECORDED, "", ("unrecorded",))
# Our sources are XTREME's files; so its copy on the Hub calls them (sizes of the splits are equal).
_XTREME = "google/xtreme"
_XTREME_CONFIGS = {
    "udpos": {"zh": "udpos.Chinese", "vi": "udpos.Vietnamese", "ja": "udpos.Japanese", "ko": "udpos.Korean"},
    "panx": {code: f"PAN-X.{code}" for code in ("zh", "vi", "ja", "ko")},
}


def describe_model(folder: Path, repo: str, results: Sequence[Path] = (), dataset: str | None = None) -> ModelFacts:
    """Facts of a saved tagger.

    Args:
        folder: What `phonexl train` or `save_pretrained` of model and processor wrote.
        repo: `user/name` that it goes to.
        results: Folders or files with results of other seeds; the card then gives mean and std.
        dataset: Name of the data set, as `phonexl data build` has it. Left out, it is the one that the result names;
            where it names none, the card says that it is not recorded.

    Raises:
        DataError: If a file of the folder is missing or no JSON of its kind.
        ValueError: If `results` are no results, or of another system; for an unknown data set.
    """
    config = read_json(folder / "config.json")
    processor = read_json(folder / "processor_config.json")
    labels = tuple(config.get("id2label", {}).values())
    pairs = "PhoneXLForSequenceClassification" in (config.get("architectures") or [])
    run, backbone = None, ""
    if (folder / RESULT_FILE).exists():
        own = Result.load(folder / RESULT_FILE)
        run, backbone = _describe_run(own, _other_seeds(own, results), dataset), own.recipe["backbone"]
    elif results or dataset:
        raise ValueError(f"{folder} has no {RESULT_FILE}, which other results and a data set would add to")
    codes = (run.source, run.target) if run else tuple(config.get("languages", ()))
    scored = tuple(item.language for item in run.evaluations) if run else ()
    languages = {code: find_language(code).name for code in (*codes, *scored)}
    recipe = processor.get("recipe", "default") if config.get("use_phonemes", True) else ""
    heard = processor.get("phoneme_transcription", "ipa")
    is_measured = recipe == "default" and heard == "ipa"
    base_model, base_licence = _encoder(str(backbone))
    shown = find_language(codes[-1]).code if codes else "vi"
    return ModelFacts(
        repo=repo,
        task=_task_in_words(labels, pairs),
        labels=labels,
        languages=languages,
        example=_EXAMPLES[shown],
        tools={code: _packages(code) for code in codes},
        base_model=base_model,
        base_licence=base_licence,
        transcription=recipe,
        run=run,
        reading_errors={code: READING_ERRORS[code] for code in languages if is_measured and code in READING_ERRORS},
        pipeline="text-classification" if pairs else "token-classification",
        example_language="" if shown in _TRAVEL else shown,
        heard=heard,
    )


def _packages(code: str) -> str:
    language = find_language(code)
    return " ".join(language.tools if language.code in _TRAVEL else ("phonexl", *language.tools))


def _task_in_words(labels: Sequence[str], pairs: bool) -> str:
    if pairs:
        return "pairs of a premise and a hypothesis"
    return "named entities" if any(label.startswith("B-") for label in labels) else "parts of speech"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        DataError: If there is no such file, or no object in it.
    """
    cure = "Save the model anew, with phonexl train or with save_pretrained of model and processor."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(path, None, None, "this file beside the weights of a tagger", cure) from None
    except ValueError as error:
        raise DataError(path, None, None, f"JSON, but {' '.join(str(error).split())}", cure) from error
    if not isinstance(content, dict):
        raise DataError(path, None, None, "a JSON object", cure)
    return content


def _other_seeds(own: Result, paths: Sequence[Path]) -> list[Result]:
    """Results of the same system, one for each seed, its own first."""
    seeds = {own.seed: own}
    for result in find_results(paths):
        if len(make_table([own, result]).rows) > 1:
            raise ValueError(
                f"a result of {result.name!r} (seed {result.seed}) is of another system than {own.name!r}, or of other "
                "settings or data: give runs that differ in their seed alone"
            )
        seeds.setdefault(result.seed, result)
    return [*seeds.values()]


def _describe_run(own: Result, results: Sequence[Result], dataset: str | None) -> RunFacts:
    recipe, asked = own.recipe, own.recipe.get("few_shot", 0)
    recorded = own.dataset.get("name", "")
    name = find_corpus(dataset or recorded)[0] if dataset or recorded else ""
    return RunFacts(
        recipe=own.name,
        source=recipe["source"],
        target=recipe["target"],
        seed=own.seed,
        seeds=tuple(sorted(result.seed for result in results)),
        settings=_settings(own),
        num_sentences=own.data["train"]["sentences"],
        dataset=name,
        hub_dataset=_XTREME if name in ("cjkv-udpos", "cjkv-panx") else "",
        sources=(
            *_corpora(recipe, name),
            *((DICTIONARY, source) for source in _dictionary(own, name)),
            *((TRANSLATIONS, source) for source in _translations(own)),
            *((UNLABELLED, source) for source in _unlabelled(own, name)),
        ),
        evaluations=tuple(_evaluations(results)),
        coverage=own.coverage,
        # The card says itself how many labelled target sentences there were: the train file may have fewer than asked.
        warnings=tuple(warning for warning in own.warnings if not warning.startswith("few-shot: ")),
        versions=own.versions,
        config=own.dataset.get("config", "") if name == recorded else "",
        few_shot=own.data["few_shot"]["sentences"] if "few_shot" in own.data else asked,
        is_few_shot_counted="few_shot" in own.data or not asked,
        unlabelled=own.training.get("unlabelled", {}).get("sentences", 0),
    )


def _settings(own: Result) -> dict[str, Any]:
    """What the recipe sets, and the settings of the run's own method: `compare` gives each those of all."""
    values = {**own.recipe, "translator": _translator(own)}
    values |= {key: _NOT_RECORDED for key in _PLACES if values.get(key) not in (None, "sound")}
    settings = {key: values[key] for key in _SETTINGS if values.get(key) not in (None, False, "")}
    # A method's 0 or False is shown: it may differ from its default.
    method = f"{own.recipe.get('method')}."
    return settings | {key: value for key, value in values.items() if key.startswith(method) and value is not None}


def _corpora(recipe: dict[str, Any], dataset: str) -> list[tuple[str, Source]]:
    """What is in the data set, by language."""
    places = {recipe["source"]: recipe.get("source_data"), recipe["target"]: recipe.get("target_data")}
    if not dataset:
        return [(code, _UNRECORDED) for code in places]
    _, corpus = find_corpus(dataset)
    return [
        *(
            (code, source)
            for code in places
            for source in corpus.sources.get(code, corpus.sources.get(places[code] or code, ()))
        ),
        *((f"{item.table} ({item.split})", item.source) for item in corpus.omissions if item.table in places),
    ]


def _dictionary(own: Result, dataset: str) -> tuple[Source, ...]:
    """Where the words came from that training switched, translated by or heard; the samples have their own."""
    recipe = own.recipe
    by_sound = tuple(
        dict.fromkeys(
            source for code in (recipe["source"], recipe["target"]) for source in BY_SOUND.sources.get(code, ())
        )
    )
    heard = by_sound if recipe.get("phoneme_transcription") == "sino-xenic" else ()
    # Unset, the weight is the configuration's default, which is not 0.
    switched = recipe.get("xmlm_weight", 1) != 0 or recipe.get("task_switch_ratio", 0) != 0
    augmented = "cs" in own.training.get("augmentations", {})  # xTune's versions of sentences with words switched
    if not (switched or augmented or _translator(own) == "dictionary"):
        return heard
    return tuple(dict.fromkeys((*heard, *_looked_up(recipe, dataset, by_sound))))


def _looked_up(recipe: dict[str, Any], dataset: str, by_sound: tuple[Source, ...]) -> tuple[Source, ...]:
    """Where the words came from that a recipe's dictionary has."""
    named = recipe.get("dictionary")
    if named == "sound":
        return by_sound
    if named is not None or not dataset:
        return (Source("a dictionary of the maker's own", _NOT_RECORDED, "", ("unrecorded",)),)
    return () if dataset == "phonexl-samples" else (*BY_PIVOT.sources["zh"],)


def _translations(own: Result) -> tuple[Source, ...]:
    """Where translations came from that no dictionary made."""
    translator = _translator(own)
    if translator in ("", "dictionary"):
        return ()
    if translator == _NOT_RECORDED:
        return (Source("a translator that is not recorded", _NOT_RECORDED, "", ("unrecorded",)),)
    return (Source(translator, "see its page", f"https://huggingface.co/{translator}", ("unrecorded",)),)


def _translator(own: Result) -> str:
    """What translated: "dictionary", a repository of the Hub, or "not recorded"; empty if nothing was translated."""
    if own.training.get("needs") not in ("MT", "dict-as-MT"):
        return ""
    name = str(own.recipe.get("translator", "dictionary"))
    directions = own.training.get("translators", {}).values()
    described = [own.training.get("translator", {}), *(item for part in directions for item in part.values())]
    is_model = any(item.get("kind") == "model" for item in described)
    return name if name == "dictionary" or (is_model and _is_repository(name)) else _NOT_RECORDED


def _unlabelled(own: Result, dataset: str) -> list[Source]:
    """Where the target's sentences came from that were read without labels, and of raw text the source's."""
    recipe = own.recipe
    if "unlabelled" not in own.training:
        return []
    if recipe.get("objectives-first.text") is not None:
        return [Source("text of the maker's own", _NOT_RECORDED, "", ("unrecorded",))]
    return [source for code, source in _corpora(recipe, dataset) if code == recipe["target"]]


def _evaluations(results: Sequence[Result]) -> list[Evaluation]:
    """Every part that the first result was scored on, with and without sentences of the train file."""
    found = []
    for language, splits in results[0].scores.items():
        for split, scores in splits.items():
            beside = "read_alone" in scores or language in _read_beside_translations(results[0])
            is_sample = _is_sample(results[0], language, split)
            benchmark = None if is_sample else _benchmark(results[0], language, split)
            same = [result.scores.get(language, {}).get(split, {}) for result in results]
            for path in _parts(scores):
                part, *others = (_look_up(item, path) for item in (scores, *same))
                found.append(
                    Evaluation(
                        language=language,
                        split=split,
                        scores={
                            name: Score(float(part[name]), tuple(float(run[name]) for run in others if name in run))
                            for name in _METRICS
                            if name in part
                        },
                        num_sentences=part["num_sentences"],
                        majority=part.get("majority"),
                        only_new="new_sentences" in path,
                        is_beside_translations=beside and "read_alone" not in path,
                        is_sample=is_sample,
                        benchmark=benchmark,
                    )
                )
    return found


def _is_sample(result: Result, language: str, split: str) -> bool:
    """Whether `limit_eval` cut the sentences; before results said so, whether it may have."""
    part, limit = result.data.get(f"{language}.{split}", {}), result.recipe.get("limit_eval")
    number = result.scores[language][split]["num_sentences"]
    return number < part["of"] if "of" in part else limit is not None and number >= limit


def _benchmark(result: Result, language: str, split: str) -> tuple[str, str] | None:
    """Where the Hub has the public file that the sentences are, whatever the model was trained on."""
    task, _, file = result.data.get(f"{language}.{split}", {}).get("file", "").partition("/")
    for code, config in _XTREME_CONFIGS.get(task, {}).items():
        if file.removesuffix(".tsv") in (f"dev-{code}", f"test-{code}"):
            return _XTREME, config
    return None


def _read_beside_translations(result: Result) -> set[str]:
    """Languages whose tests were translated, by the directions that a method notes: FILTER and X-Mixup read so."""
    return {direction.partition("-")[0] for direction in result.training.get("translators", {}).get("test", {})}


def _parts(scores: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where in the scores of a split those of its parts are; those of the saved tagger first."""
    found: list[tuple[str, ...]] = []
    for whole in ([("read_alone",)] if "read_alone" in scores else []) + [()]:
        found.append(whole)
        if "new_sentences" in _look_up(scores, whole):
            found.append((*whole, "new_sentences"))
    return found


def _look_up(scores: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    """The scores at a path; none where there is no such."""
    return reduce(lambda part, name: part.get(name, {}), path, scores)


def _encoder(backbone: str) -> tuple[str, str]:
    """Repository and licence of an encoder; nothing of one that was a folder."""
    if backbone in _ENCODERS:
        return _ENCODERS[backbone]
    return (backbone, "see its page") if _is_repository(backbone) else ("", "")


def _is_repository(name: str) -> bool:
    """Whether a name can only be one on the Hub."""
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name) is not None and not Path(name).exists()
