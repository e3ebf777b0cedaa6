"""One recipe from data to saved taggers and their results, a run per seed.

The command line is in `phonexl/cli`; how a step is computed, in `trainer.py`.
"""

import hashlib
import json
import logging
import random
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, PrinterCallback, ProgressCallback, TrainerCallback, set_seed
from transformers.trainer import TRAINER_STATE_NAME

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence, tag_names
from modeling_phonexl import PhoneXLConfig, PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.backbone import resolve_backbone
from phonexl.json_file import write_json
from phonexl.results import RECIPE_FILE, RESULT_FILE, Result, describe_hardware, describe_versions
from phonexl.training.arguments import PhoneXLTrainingArguments
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.dataset import TaggingDataset, count_reasons
from phonexl.training.evaluation import score, supports_bf16, tag_sentences
from phonexl.training.recipe import Recipe
from phonexl.training.trainer import PhoneXLTrainer

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
_PROCESSOR_FIELDS = (
    "phoneme_vocab",
    "phoneme_transcription",
    "use_phonemes",
    "unit",
    "max_pieces",
    "phoneme_prefix_bug",
)


@dataclass
class Data:
    """The sentences of a run, limited as the recipe says, and where they come from."""

    train: list[Sentence]
    dev: list[Sentence]
    tests: dict[tuple[str, str], list[Sentence]]  # by language and split
    folder: Path

    def describe(self) -> dict[str, Any]:
        """Number and hash of the sentences of each part."""
        tests = {f"{lang}.{split}": sentences for (lang, split), sentences in self.tests.items()}
        parts = {"train": self.train, "dev": self.dev, **tests}
        return {name: {"sentences": len(s), "sha256": hash_sentences(s)} for name, s in parts.items()}


def hash_sentences(sentences: Sequence[Sentence]) -> str:
    """SHA-256 over tokens and tags: the same for a text file and its Parquet."""
    digest = hashlib.sha256()
    for sentence in sentences:
        digest.update(json.dumps([sentence.tokens, sentence.tags], ensure_ascii=False).encode())
    return digest.hexdigest()


def load_data(recipe: Recipe, folder: Path) -> Data:
    """Read what a recipe needs.

    Raises:
        DataError: If a file is missing or malformed.
    """
    train = _limit(load_split(folder, recipe.task, recipe.source, "train"), recipe.limit_train, recipe.limit_seed)
    dev = _limit(load_split(folder, recipe.task, recipe.source, "validation"), recipe.limit_eval, recipe.limit_seed)
    tests = {}
    for language in (recipe.source, recipe.target):
        for split in recipe.eval_splits:
            sentences = load_split(folder, recipe.task, language, split)
            tests[language, split] = _limit(sentences, recipe.limit_eval, recipe.limit_seed)
    return Data(train, dev, tests, folder)


def train(
    recipe: Recipe,
    folder: Path,
    out: Path,
    *,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> list[Result]:
    """Train and score one tagger per seed.

    Args:
        recipe: The run; each of its seeds gets a folder `seed-N` below `out`, a single seed `out` itself.
        folder: Token files or a built data set.
        out: Where models and results go.
        resume: Continue from the last checkpoint, and leave finished seeds as they are.
        callbacks: Passed to the Trainer.

    Returns:
        The results, in the order of the seeds.

    Raises:
        DataError: If data or dictionary are missing or malformed.
        RecipeError, ValueError: If values do not fit together.
        FileExistsError: If `out` holds a run and `resume` is not set.
        ValueError: If `out` holds a run of other settings.
    """
    places = {seed: out if len(recipe.seeds) == 1 else out / f"seed-{seed}" for seed in recipe.seeds}
    taken = [place for place in places.values() if (place / RESULT_FILE).exists() or (place / CHECKPOINTS).exists()]
    if taken and not resume:
        raise FileExistsError(f"{taken[0]} holds a run already: continue it with --resume, or choose another --out")
    for place in taken:
        _check_same_run(recipe, place)
    data = load_data(recipe, folder)
    results = []
    for seed, place in places.items():
        if (place / RESULT_FILE).exists():
            logger.info("seed %d is finished: %s", seed, place)
            results.append(Result.load(place / RESULT_FILE))
        else:
            results.append(train_seed(recipe, data, place, seed, resume=resume, callbacks=callbacks))
    return results


def train_seed(
    recipe: Recipe,
    data: Data,
    out: Path,
    seed: int,
    *,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Result:
    """Train one tagger, save it with its processor, and score it; see `train`."""
    set_seed(seed)
    trainer = make_trainer(recipe, data, out / CHECKPOINTS, seed, callbacks)
    if trainer.is_world_process_zero():
        write_json(out / CHECKPOINTS / RECIPE_FILE, recipe.values())
    start = time.perf_counter()
    trainer.train(resume_from_checkpoint=_last_checkpoint(out / CHECKPOINTS) if resume else None)
    seconds = time.perf_counter() - start
    # Process 0 removes the checkpoints below, and every process may be loading the best of them.
    trainer.accelerator.wait_for_everyone()
    model, processor = trainer.accelerator.unwrap_model(trainer.model), trainer.collator.processor
    scores: dict[str, Any] = {}
    if trainer.is_world_process_zero():
        model.save_pretrained(out)
        processor.save_pretrained(out)
        for (language, split), sentences in data.tests.items():
            batch_size, bf16 = trainer.args.per_device_eval_batch_size, trainer.args.bf16
            predicted = tag_sentences(model, processor, sentences, batch_size, bf16=bf16)
            scores.setdefault(language, {})[split] = score(predicted, sentences)
    result = Result(
        name=recipe.name,
        command=shlex.join(["phonexl", *sys.argv[1:]]),
        recipe=recipe.values(),
        seed=seed,
        data=data.describe(),
        scores=scores,
        coverage=_coverage(recipe, data) if model.config.use_phonemes else {},
        training=_training_facts(trainer, seconds),
        versions=describe_versions(),
        hardware={**describe_hardware(), "precision": "bf16" if trainer.args.bf16 else "fp32"},
        warnings=_warnings(recipe, trainer.collator),
    )
    if trainer.is_world_process_zero():
        result.save(out / RESULT_FILE)
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return result


def _check_same_run(recipe: Recipe, place: Path) -> None:
    """Refuse to continue a run, or to take its scores, under settings that it was not made with.

    Raises:
        ValueError: Naming the first setting that differs.
    """
    result, begun = place / RESULT_FILE, place / CHECKPOINTS / RECIPE_FILE
    if result.exists():
        before = Result.load(result).recipe
    elif begun.exists():
        before = json.loads(begun.read_text(encoding="utf-8"))
    else:
        return  # stopped before its first step
    now = recipe.values()
    for key in sorted((before.keys() | now.keys()) - {"seeds"}):
        if before.get(key) != now.get(key):
            raise ValueError(
                f"{place} holds a run with {key}={before.get(key)!r}, and this one has {key}={now.get(key)!r}: "
                "resume it with its own settings, or choose another --out"
            )


def make_trainer(
    recipe: Recipe, data: Data, checkpoints: Path, seed: int, callbacks: Sequence[TrainerCallback] = ()
) -> PhoneXLTrainer:
    """The Trainer of an untrained tagger; its fresh weights come from the global random state.

    Raises:
        DataError: If there is no dictionary.
        ValueError: If fields do not fit together.
        MissingToolError: If the offline backbone's package is not installed.
    """
    labels = tag_names(recipe.task)
    model, processor = build_model(recipe)
    arguments = make_arguments(recipe, checkpoints, seed)
    switcher = make_switcher(recipe, model.config, processor, data)
    collator = PhoneXLCollator(processor, model.config, seed, switcher, make_task_switcher(recipe, processor, data))
    trainer = PhoneXLTrainer(
        model,
        arguments,
        collator,
        TaggingDataset(data.train, processor, labels, draws=True),
        TaggingDataset(data.dev, processor, labels) if arguments.eval_strategy != "no" else None,
        labels,
        callbacks,
    )
    for printer in (PrinterCallback, ProgressCallback):  # they write logs to standard output, where results belong
        trainer.remove_callback(printer)
    return trainer


def _last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint: the Trainer writes its state last, and a run may be killed while it writes."""
    whole = [path for path in folder.glob("checkpoint-*") if (path / TRAINER_STATE_NAME).exists()]
    return str(max(whole, key=lambda path: int(path.name.rpartition("-")[2]))) if whole else None


def build_model(recipe: Recipe) -> tuple[PhoneXLForTokenClassification, PhoneXLProcessor]:
    """The untrained tagger of a recipe and its processor.

    Raises:
        ValueError: If fields do not fit together.
        MissingToolError: If the offline backbone's package is not installed.
    """
    name = resolve_backbone(recipe.backbone, recipe.vocab)
    config = {**_official_fields(recipe, name), **recipe.config}
    languages = [recipe.source, recipe.target] if recipe.official else ["zh", "vi", "ja", "ko"]
    fields = {key: config[key] for key in _PROCESSOR_FIELDS if key in config}
    processor = PhoneXLProcessor.from_backbone(name, languages=languages, token_unit=recipe.token_unit, **fields)
    model = PhoneXLForTokenClassification.from_backbone(
        name, labels=tag_names(recipe.task), processor=processor, **config
    )
    return model, processor


def make_arguments(recipe: Recipe, checkpoints: Path, seed: int) -> PhoneXLTrainingArguments:
    """Arguments of the HF Trainer; `bf16: auto` uses it where the hardware multiplies in it."""
    values = dict(recipe.training)
    if values.get("bf16") == "auto":
        values["bf16"] = torch.cuda.is_bf16_supported() if torch.cuda.is_available() else supports_bf16()
    # Without use_cpu, bf16 is refused on a CPU and two processes look for two GPUs.
    defaults = {
        "use_cpu": not torch.cuda.is_available(),
        "report_to": "none",
        "remove_unused_columns": False,
        "save_total_limit": 2,
    }
    return PhoneXLTrainingArguments(output_dir=str(checkpoints), seed=seed, data_seed=seed, **{**defaults, **values})


def make_switcher(
    recipe: Recipe, config: PhoneXLConfig, processor: PhoneXLProcessor, data: Data
) -> CodeSwitcher | None:
    """Code switching for the XMLM term, with the default filter of the dictionary; None without the term.

    Raises:
        DataError: If there is no dictionary.
    """
    if config.xmlm_weight == 0:
        return None
    dictionary = _find_dictionary(recipe, data)
    return CodeSwitcher(dictionary, processor, recipe.target, config.code_switch_ratio, config.switch_match)


def make_task_switcher(recipe: Recipe, processor: PhoneXLProcessor, data: Data) -> CodeSwitcher | None:
    """Code switching of the tagged sentences; None without.

    Data of words are switched word by word, as CoSDA-ML does: joined words would lose tags. Data of single characters
    need the longest match. A recipe that sets `switch_match` has its way.

    Raises:
        DataError: If there is no dictionary.
    """
    if recipe.task_switch_ratio == 0:
        return None
    match = recipe.config.get("switch_match", "longest" if recipe.token_unit == "character" else "word")
    return CodeSwitcher(_find_dictionary(recipe, data), processor, recipe.target, recipe.task_switch_ratio, match)


def _find_dictionary(recipe: Recipe, data: Data) -> BilingualDictionary:
    """The dictionary of a recipe, with its default filter."""
    if recipe.dictionary == "sound":
        dictionary = BilingualDictionary.by_sound(recipe.source, recipe.target)
    elif recipe.dictionary is not None and Path(recipe.dictionary).is_file():
        dictionary = BilingualDictionary.read(Path(recipe.dictionary))
    else:
        place = data.folder if recipe.dictionary is None else Path(recipe.dictionary)
        dictionary = BilingualDictionary.locate(place, recipe.source, recipe.target)
    if not recipe.official:
        dictionary = dictionary.filtered(recipe.target)
    return dictionary.shuffled(recipe.limit_seed) if recipe.shuffle_dictionary else dictionary


def _official_fields(recipe: Recipe, backbone: str) -> dict[str, Any]:
    if not recipe.official:
        return {}
    official, plain = PhoneXLConfig.official(AutoConfig.from_pretrained(backbone)), PhoneXLConfig()
    names = set(vars(plain)) - {"auto_map", "custom_pipelines", "backbone_config"}
    return {name: getattr(official, name) for name in names if getattr(official, name) != getattr(plain, name)}


def _limit(sentences: list[Sentence], limit: int | None, seed: int) -> list[Sentence]:
    """At most `limit` sentences, drawn at random and kept in order: files join treebanks one after another."""
    if limit is None or limit >= len(sentences):
        return sentences
    chosen = sorted(random.Random(seed).sample(range(len(sentences)), limit))
    return [sentences[index] for index in chosen]


def _coverage(recipe: Recipe, data: Data) -> dict[str, dict[str, int]]:
    parts = {"train": data.train, **{f"{lang}.{split}": s for (lang, split), s in data.tests.items()}}
    return {name: count_reasons(sentences) for name, sentences in parts.items()}


def _training_facts(trainer: PhoneXLTrainer, seconds: float) -> dict[str, Any]:
    state = trainer.state
    losses = [entry for entry in state.log_history if "loss" in entry]
    return {
        "steps": state.global_step,
        "seconds": round(seconds, 1),
        "seconds_per_step": round(seconds / max(1, state.global_step), 4),
        "best_dev_score": state.best_metric,
        **_switch_facts(trainer.collator.task_switcher),
        "last_log": losses[-1] if losses else {},
    }


def _switch_facts(switcher: CodeSwitcher | None) -> dict[str, float]:
    """Share of the words of the tagged sentences that the dictionary has, and that were switched."""
    if switcher is None or not switcher.counts.tokens:
        return {}
    counts = switcher.counts
    return {"task_coverage": counts.covered / counts.tokens, "task_switched": counts.switched / counts.tokens}


def _warnings(recipe: Recipe, collator: PhoneXLCollator) -> list[str]:
    warnings = []
    if recipe.backbone == "offline":
        warnings.append("backbone: 4-bit round trip of multilingual-e5-small, which has no pretrained MLM head")
    for name, switcher in (
        ("XMLM was a second MLM", collator.switcher),
        ("training was plain", collator.task_switcher),
    ):
        if switcher is not None and switcher.counts.tokens > 0 and switcher.counts.switched == 0:
            warnings.append(f"the dictionary switched no word: {name}")
    if recipe.official:
        warnings.append("official preset: the released code's arithmetic, not the paper's")
    return warnings


__all__ = ["Data", "build_model", "hash_sentences", "load_data", "make_trainer", "train", "train_seed"]
