"""One recipe from data to saved taggers and their results, a run per seed.

The command line is in `phonexl/cli`; what a method does with a seed, in `job.py` and `phonexl/methods`.
"""

import dataclasses
import logging
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import PartialState
from safetensors.torch import save_file
from torch import Tensor
from transformers import TrainerCallback

from modeling_phonexl import PhoneXLForSequenceClassification, PhoneXLForTokenClassification
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from phonexl.json_file import read_json
from phonexl.results import (
    DATA_FILE,
    RECIPE_FILE,
    RESULT_FILE,
    Result,
    check_same_data,
    check_same_recipe,
    describe_command,
    describe_hardware,
    describe_versions,
)
from phonexl.training.data import Data, describe_entries, load_data, name_dataset
from phonexl.training.dataset import count_reasons
from phonexl.training.job import Job, make_arguments
from phonexl.training.method import PHONEXL, Method, Trained
from phonexl.training.recipe import Recipe
from phonexl.training.task import find_task
from phonexl.training.translation import read_words
from phonexl.whole_files import check_writable

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
METHOD_WEIGHTS = "method.safetensors"
# What a model's folder is known by; a run of ours has its recipe or its result beside them.
_MODEL_FILES = ("config.json", "*.safetensors", "tokenizer*.json", f"{CHECKPOINTS}/checkpoint-*")


def train(
    recipe: Recipe,
    folder: Path,
    out: Path,
    *,
    method: Method = PHONEXL,
    resume: bool = False,
    replace: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> list[Result]:
    """Train and score one tagger, or classifier of pairs, per seed.

    Args:
        recipe: The run; each of its seeds gets a folder `seed-N` below `out`, a single seed `out` itself. Where a run
            of a seed is in the other of the two, it is that seed's.
        folder: Token files or a built data set.
        out: Where models and results go.
        method: How a seed is trained; its overrides are in the recipe already.
        resume: Continue from the last checkpoint, and leave finished seeds as they are.
        replace: Let a model take the place of one that is no run.
        callbacks: Passed to the Trainer.

    Returns:
        The results, in the order of the seeds.

    Raises:
        DataError: If data or dictionary are missing or malformed.
        RecipeError, ValueError: If values do not fit together.
        OSError, ValueError: See `check_places` and `check_data`.
    """
    if recipe.method != method.name:
        raise ValueError(f"{recipe.name}: the recipe is of method {recipe.method}, and {method.name} is to train it")
    method.settings_of(recipe)  # a bad one is known before any data are read
    places = check_places(recipe, out, resume=resume, replace=replace)
    data = add_words(load_data(recipe, folder), recipe, method)
    check_data(recipe, out, data)
    results = []
    for seed, place in places.items():
        if (place / RESULT_FILE).exists():
            logger.info("seed %d is finished: %s", seed, place)
            results.append(Result.load(place / RESULT_FILE))
        else:
            results.append(train_seed(recipe, data, place, seed, method=method, resume=resume, callbacks=callbacks))
    return results


def train_seed(
    recipe: Recipe,
    data: Data,
    out: Path,
    seed: int,
    *,
    method: Method = PHONEXL,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Result:
    """Train one tagger, save it with its processor, and score it; see `train`."""
    main = PartialState().is_main_process
    dataset = name_dataset(data.folder, recipe)  # before training, as its files may be faulty
    job = Job(recipe, data, out / CHECKPOINTS, seed, method.settings_of(recipe), resume, callbacks)
    trained = method.train(job)
    arguments = make_arguments(recipe, out / CHECKPOINTS, seed)
    scores: dict[str, Any] = {}
    if main:
        _save(trained, out)
        for (language, split), sentences in data.tests.items():
            size, bf16 = arguments.per_device_eval_batch_size, arguments.bf16
            predict = partial(job.task.predict, trained.tagger, trained.processor, sentences, size, bf16=bf16)
            view = trained.second_views.get(language)
            predicted = predict(second_view=view) if view else predict()
            found = scores.setdefault(language, {})[split] = job.task.score(predicted, sentences)
            if view:  # what is saved is the common tagger, which has no second sentences
                found["read_alone"] = job.task.score(predict(), sentences)
    result = Result(
        name=recipe.name,
        command=describe_command(),
        recipe=recipe.values(),
        seed=seed,
        data=data.describe(),
        dataset=dataset,
        scores=scores,
        coverage=_coverage(recipe, data) if trained.tagger.config.use_phonemes else {},
        training=_training_facts(method, job, trained),
        versions=describe_versions(),
        hardware={**describe_hardware(), "precision": "bf16" if arguments.bf16 else "fp32"},
        warnings=_warnings(recipe, job, trained),
    )
    if main:
        result.save(out / RESULT_FILE)
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return result


def check_places(recipe: Recipe, out: Path, *, resume: bool, replace: bool = False) -> dict[int, Path]:
    """The folder of each seed, in which nothing is that training would overwrite.

    Args:
        recipe: The run.
        out: As of `train`.
        resume: As of `train`.
        replace: As of `train`.

    Raises:
        FileExistsError: If `out` holds this run and `resume` is not set, or a model that is no run.
        OSError: If a folder cannot be written.
        ValueError: If `out` holds a run of other settings.
    """
    taken = [place for place in (out, *(_below(out, seed) for seed in recipe.seeds)) if _holds_run(place)]
    for place in taken:
        _check_same_run(recipe, place)
    if taken and not resume:
        raise FileExistsError(f"{taken[0]} holds a run already: continue it with --resume, or choose another --out")
    places = places_of(recipe.seeds, out)
    for place in places.values():
        if not (place / RESULT_FILE).exists():
            check_writable(place)
            if not replace:
                _check_no_other_model(place)
    return places


def add_words(data: Data, recipe: Recipe, method: Method) -> Data:
    """The data with the dictionary and translations that a method reads under a recipe."""
    return dataclasses.replace(data, words=read_words(recipe, data.folder, translates=method.needs == "MT"))


def check_data(recipe: Recipe, out: Path, data: Data) -> None:
    """Refuse runs in `out` that were made, or begun, with other sentences, dictionary or translations.

    Translations may have been added at the end of a file: of equal sentences the first counts.

    Args:
        recipe: The run.
        out: As of `train`.
        data: What it is to go on with, from `add_words`.

    Raises:
        ValueError: Naming the first part of the data that differs.
    """
    now = data.describe()
    for place in dict.fromkeys((out, *places_of(recipe.seeds, out).values())):
        if (place / RESULT_FILE).exists():
            before = Result.load(place / RESULT_FILE).data
        elif (place / CHECKPOINTS / DATA_FILE).exists():
            before = read_json(place / CHECKPOINTS / DATA_FILE)
        else:
            continue
        for name in (name for name in data.words if name != "dictionary" and name in before):
            now[name] = describe_entries(data.words[name][: before[name]["entries"]])
        check_same_data(place, before, now)


def _check_no_other_model(place: Path) -> None:
    """Refuse the folder of a model that this program did not train there."""
    found = [path for pattern in _MODEL_FILES for path in sorted(place.glob(pattern))]
    if found and _begun(place) is None:
        raise FileExistsError(
            f"{place} holds a model that is no run of this program ({found[0].relative_to(place)}) and would be "
            "overwritten: choose another --out, or move it away"
        )


def _below(out: Path, seed: int) -> Path:
    return out / f"seed-{seed}"


def _holds_run(place: Path) -> bool:
    return (place / RESULT_FILE).exists() or (place / CHECKPOINTS).exists()


def places_of(seeds: Sequence[int], out: Path) -> dict[int, Path]:
    """The folder of each seed: `out` for the one that lies there, and for a single one that lies nowhere yet.

    A seed that was run alone and then among others would else be trained, and counted, twice; and one that is run
    alone after another would get the other's scores.
    """
    held = _seed_in(out)
    alone = len(seeds) == 1 and held is None and not _holds_run(_below(out, seeds[0]))
    return {seed: out if alone or seed == held else _below(out, seed) for seed in seeds}


def _seed_in(place: Path) -> int | None:
    """Seed of the run in a folder, finished or not; None without, and for one stopped before its first step."""
    if (place / RESULT_FILE).exists():
        return Result.load(place / RESULT_FILE).seed
    begun = _begun(place)
    return None if begun is None else int(begun["seeds"][0])


def _begun(place: Path) -> dict[str, Any] | None:
    """Recipe of a run that is not finished."""
    path = place / CHECKPOINTS / RECIPE_FILE
    return read_json(path) if path.exists() else None


def _check_same_run(recipe: Recipe, place: Path) -> None:
    """Refuse to continue a run, or to take its scores, under settings that it was not made with.

    Raises:
        ValueError: Naming the first setting that differs.
    """
    result = place / RESULT_FILE
    before = Result.load(result).recipe if result.is_file() else _begun(place)
    if before is not None:
        check_same_recipe(place, before, recipe.values())


def _save(trained: Trained, out: Path) -> None:
    """The tagger as anyone can load it; what a method added to it lies in a file beside."""
    tagger, own = _as_common(trained.tagger)
    tagger.save_pretrained(out)
    trained.processor.save_pretrained(out)
    if own:
        save_file(own, out / METHOD_WEIGHTS)


def _as_common(tagger: PhoneXLClassifier) -> tuple[PhoneXLClassifier, dict[str, Tensor]]:
    """A model of our own class with the same tensors, and those that only the method's class has."""
    if type(tagger) in (PhoneXLForTokenClassification, PhoneXLForSequenceClassification):
        return tagger, {}
    common = PhoneXLForTokenClassification(tagger.config)
    wanted = common.state_dict().keys()
    state = tagger.state_dict()
    common.load_state_dict({name: value for name, value in state.items() if name in wanted})
    return common, {name: value.contiguous() for name, value in state.items() if name not in wanted}


def _coverage(recipe: Recipe, data: Data) -> dict[str, dict[str, int]]:
    parts = {"train": data.train, **{f"{lang}.{split}": s for (lang, split), s in data.tests.items()}}
    words_of = find_task(recipe.task).words
    return {name: count_reasons(words_of(sentences)) for name, sentences in parts.items()}


def _training_facts(method: Method, job: Job, trained: Trained) -> dict[str, Any]:
    """The facts of the last stage, the sums over all of them, and what the method says."""
    last = list(job.stages.values())[-1]
    facts: dict[str, Any] = {**last, "needs": _assumption(method, job.recipe), **trained.facts}
    if len(job.stages) > 1:
        facts |= {"stages": job.stages}
        facts |= {name: sum(stage[name] for stage in job.stages.values()) for name in ("steps", "seconds")}
    return facts


def _assumption(method: Method, recipe: Recipe) -> str:
    """What the method assumes as it was run: a dictionary is no machine translation, and no switch needs none."""
    if method.needs == "MT" and recipe.translator == "dictionary":
        return "dict-as-MT"
    by_sound = recipe.config.get("phoneme_transcription") == "sino-xenic"
    if method is PHONEXL and not (recipe.config.get("xmlm_weight", 1) or recipe.task_switch_ratio or by_sound):
        return "none"
    return "Dict" if method.needs == "none" and recipe.task_switch_ratio else method.needs


def _warnings(recipe: Recipe, job: Job, trained: Trained) -> list[str]:
    warnings = []
    if recipe.backbone == "offline":
        warnings.append("backbone: 4-bit round trip of multilingual-e5-small, which has no pretrained MLM head")
    for key, consequence in (("xmlm_switched", "XMLM was a second MLM"), ("task_switched", "training was plain")):
        if any(stage.get(key) == 0 for stage in job.stages.values()):
            warnings.append(f"the dictionary switched no word: {consequence}")
    if recipe.official:
        warnings.append("official preset: the released code's arithmetic, not the paper's")
    if recipe.few_shot:
        warnings.append(f"few-shot: {len(job.data.few_shot)} labelled sentences of {recipe.target} were trained on")
    place = recipe.source_data or recipe.source
    return warnings + job.task.warnings(job.data.folder, place) + trained.warnings
