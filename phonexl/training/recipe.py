"""Recipes: a training run as one flat YAML file, every value under the name that the model or the Trainer gives it.

Running one is `run.py`'s business.
"""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import yaml

from dataset_scripts.schema import PAIR_TASKS, TASKS
from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.transcription import find_language
from phonexl.backbone import Vocab
from phonexl.training.arguments import PhoneXLTrainingArguments, idle_argument, wrong_argument
from phonexl.training.setting_types import wrong_type

# Set by the processor, the backbone or the run itself.
_DERIVED = {"backbone_config", "phoneme_vocab_size", "phoneme_pad_token_id", "phoneme_unk_token_id", "languages"}
_OWNED_BY_RUN = {"output_dir", "seed", "data_seed", "resume_from_checkpoint", "remove_unused_columns", "do_train"}
_SECRET = {"hub_token", "push_to_hub_token"}  # would stand in result.json; HF_TOKEN or a login serve


class RecipeError(ValueError):
    """A recipe, or a `--set`, that cannot be used."""


@dataclass(frozen=True)
class Recipe:
    """A training run.

    Attributes:
        name: File name without suffix; the system's name in tables.
        task: "udpos", "panx" or "xnli".
        source: Language of the labelled training data.
        target: Language that is only tested.
        backbone: "offline", "mbert", "xlmr", a Hub id or a folder.
        vocab: "full", or "cjkv" for the offline backbone.
        dictionary: File, or folder of MUSE files or of a built data set, for code switching; "sound" is the shipped
            one by sound; None looks beside the data.
        source_data: Configuration of a built data set that holds the source, such as "vi-spaced"; None: its language's.
        target_data: The same for the target, such as "ko-char".
        method: How it is trained: a file of `phonexl/methods`, with "-" for "_".
        translator: What stands for machine translation: "dictionary" (word by word), a file of translations, or the
            name of a sequence-to-sequence model.
        few_shot: Train on that many labelled sentences of the target too, drawn at random with `limit_seed`.
        task_switch_ratio: Probability with which a word of a tagged sentence is switched in training (CoSDA-ML, Qin
            et al. 2020); it keeps its tag.
        particle_merge_ratio: Probability with which a run of particles is joined to the content word before it in
            training, as Korean writes them; for "udpos".
        character_join_ratio: Probability with which a training sentence of single characters is cut into words, for a
            target of words; for "panx".
        fill_unseen: After training, give segments that it never met, in sentences as they are or switched, the row of
            the nearest one that it met; for `phoneme_vocab: segments`, without weight decay.
        shuffle_dictionary: Give every source word the targets of another one, where it is switched and where it is
            heard: the control that tells what words mean from what words of the target's script do for their tag.
        token_unit: "word" or "character": what raw text is cut into when the model is used.
        split_syllables: Spell Vietnamese words that are written together, as those of XTREME's POS files, with spaces
            between their syllables, wherever the model reads them.
        drop_spaces: Cut words of languages that write no spaces, Chinese and Japanese, without the one that tokenizers
            such as XLM-R's put before every word, wherever the model reads them.
        seeds: One run each.
        limit_train: Train on that many sentences, drawn at random with `limit_seed`; None takes all.
        limit_eval: The same for every evaluated split.
        limit_seed: Seed of these draws: the same sentences for all seeds and systems.
        eval_splits: Splits of both languages that are scored after training.
        config: Fields of `PhoneXLConfig`.
        official: Start from `PhoneXLConfig.official`.
        training: Fields of `PhoneXLTrainingArguments`.
        method_settings: By method, its own settings; written `METHOD.FIELD` in the file, and checked by the method.
    """

    name: str
    task: str
    source: str
    target: str
    backbone: str = "offline"
    vocab: Vocab = "full"
    source_data: str | None = None
    target_data: str | None = None
    method: str = "phonexl"
    dictionary: str | None = None
    translator: str = "dictionary"
    few_shot: int = 0
    task_switch_ratio: float = 0.0
    particle_merge_ratio: float = 0.0
    character_join_ratio: float = 0.0
    fill_unseen: bool = False
    shuffle_dictionary: bool = False
    token_unit: Literal["word", "character"] = "word"
    split_syllables: bool = False
    drop_spaces: bool = False
    seeds: tuple[int, ...] = (1, 2, 3)
    limit_train: int | None = None
    limit_eval: int | None = None
    limit_seed: int = 0
    eval_splits: tuple[str, ...] = ("validation", "test")
    config: dict[str, Any] = field(default_factory=dict)
    official: bool = False
    training: dict[str, Any] = field(default_factory=dict)
    method_settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if fault := wrong_type(Recipe, {f.name: getattr(self, f.name) for f in fields(self)}):
            raise RecipeError(f"{self.name}: {fault}")
        if fault := wrong_type(PhoneXLConfig.__init__, self.config):
            raise RecipeError(f"{self.name}: {fault}")
        if fault := wrong_argument(PhoneXLTrainingArguments, self.training):
            raise RecipeError(f"{self.name}: {fault}")
        if (patience := self.training.get("early_stopping_patience")) is not None:
            needed = {"eval_strategy": "no", "metric_for_best_model": None}
            if missing := [key for key, off in needed.items() if self.training.get(key, off) == off]:
                raise RecipeError(
                    f"{self.name}: early_stopping_patience is {patience}, and there is no {missing[0]} to score "
                    "dev by; set it, or early_stopping_patience=null"
                )
        if fault := idle_argument(self.training, self.config.get("unit", "word")):
            raise RecipeError(f"{self.name}: {fault}")
        if self.task not in (known := (*TASKS, *PAIR_TASKS)):
            raise RecipeError(f"{self.name}: task {self.task!r}; expected one of {', '.join(known)}")
        for name in ("task_switch_ratio", "particle_merge_ratio", "character_join_ratio"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{self.name}: {name} {getattr(self, name)}; expected a value from 0 to 1")
        if self.particle_merge_ratio and self.task != "udpos":
            raise RecipeError(f"{self.name}: particle_merge_ratio goes by parts of speech; expected task udpos")
        if self.character_join_ratio and self.task != "panx":
            raise RecipeError(f"{self.name}: character_join_ratio goes by the borders of names; expected task panx")
        if self.character_join_ratio and self.task_switch_ratio:
            raise RecipeError(f"{self.name}: character_join_ratio joins words as they were: set task_switch_ratio=0")
        languages = [find_language(code) for code in (self.source, self.target)]
        if self.split_syllables and "vi" not in {language.code for language in languages}:
            raise RecipeError(f"{self.name}: split_syllables is of Vietnamese, and none is read: set it to false")
        if self.drop_spaces and all(language.spaced for language in languages):
            raise RecipeError(f"{self.name}: drop_spaces is of Chinese and Japanese, and none is read: set it to false")
        if self.fill_unseen and self.training.get("weight_decay"):
            raise RecipeError(
                f"{self.name}: fill_unseen knows what training never met by rows that stayed as they were, and "
                "weight_decay moves all: set weight_decay=0, or fill_unseen=false"
            )
        if len(set(self.seeds)) < len(self.seeds):
            raise RecipeError(f"{self.name}: seeds {list(self.seeds)}; expected each once")
        if self.few_shot < 0:
            raise RecipeError(f"{self.name}: few_shot {self.few_shot}; expected a number of sentences >= 0")
        for name in ("limit_train", "limit_eval"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise RecipeError(f"{self.name}: {name} {limit}; expected a number of sentences >= 1, or null for all")

    @classmethod
    def load(cls, name_or_path: str, method_values: "MethodValues | None" = None) -> "Recipe":
        """Read a recipe from a file or, by name, from those that are shipped.

        Args:
            name_or_path: Which.
            method_values: See `read_values`; `phonexl.methods.load_recipe` passes that of all methods.

        Raises:
            RecipeError: If there is no such recipe, or it has an unknown key or a bad value.
            UnknownLanguageError: For a language without transcription.
        """
        values = read_values(name_or_path, _shipped(), method_values=method_values)
        return cls._from_values(Path(name_or_path).stem, values)

    def override(self, settings: Mapping[str, Any]) -> "Recipe":
        """A copy with some values changed; the keys are those of the YAML file.

        Raises:
            RecipeError: For an unknown key or a bad value.
        """
        return self._from_values(self.name, {**self.values(), **settings})

    def values(self) -> dict[str, Any]:
        """The flat values, as a YAML file would hold them."""
        own = {key: getattr(self, key) for key in _own_keys()}
        listed = {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()}
        methods = {
            f"{method}.{key}": value
            for method, settings in self.method_settings.items()
            for key, value in settings.items()
        }
        return {**listed, **self.config, **self.training, **methods}

    def with_seeds(self, seeds: Iterable[int]) -> "Recipe":
        """A copy with other seeds."""
        return replace(self, seeds=tuple(seeds))

    @classmethod
    def _from_values(cls, name: str, values: Mapping[str, Any]) -> "Recipe":
        own: dict[str, Any] = {}
        config: dict[str, Any] = {}
        training: dict[str, Any] = {}
        methods: dict[str, dict[str, Any]] = {}
        for given, value in values.items():
            key = str(given)  # YAML reads a bare no as false
            method, dot, setting = key.partition(".")
            if dot:
                methods.setdefault(method, {})[setting] = value
                continue
            home = own if key in _own_keys() else config if key in _config_keys() else training
            if home is training and key not in _training_keys():
                raise RecipeError(f"{name}: {_unknown(key)}")
            home[key] = _as_tuple(name, key, value) if key in ("seeds", "eval_splits") else value
        missing = [key for key in ("task", "source", "target") if key not in own]
        if missing:
            raise RecipeError(f"{name}: {', '.join(missing)} missing; a recipe names task, source and target")
        return cls(name=name, config=config, training=training, method_settings=methods, **own)


MethodValues = Callable[[str], Mapping[str, Any]]


def read_values(
    name_or_path: str,
    shipped: Traversable,
    children: tuple[str, ...] = (),
    method_values: MethodValues | None = None,
) -> dict[str, Any]:
    """Values of a recipe over those of the one that it extends: a shipped one, or a file beside it.

    Args:
        name_or_path: A YAML file, or the name of a shipped recipe.
        shipped: Folder of the shipped ones.
        children: Recipes that extend this one, which it may not extend.
        method_values: What a method sets in any recipe, by its name: a file that names one has these over what it
            extends, and its own values over both. None leaves a name a name.

    Raises:
        RecipeError: If there is no such recipe, it extends itself, or is no YAML of keys and values.
    """
    if name_or_path in children:
        raise RecipeError(f"{name_or_path}: extends itself, by way of {', '.join(children)}")
    path = Path(name_or_path)
    entry: Any = path if path.suffix in (".yaml", ".yml") else shipped / f"{name_or_path}.yaml"
    if not entry.is_file():
        known = _names(shipped)
        near = difflib.get_close_matches(path.stem, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RecipeError(f"no recipe {name_or_path!r}: give a YAML file or one of {', '.join(known)}.{hint}")
    content = entry.read_bytes()
    try:
        values = yaml.safe_load(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cure = "Convert the file, for example with iconv."
        raise RecipeError(
            f"{name_or_path}:{line}: expected UTF-8, not the byte 0x{content[error.start]:02x}. {cure}"
        ) from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{name_or_path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise RecipeError(f"{name_or_path}: expected lines of key: value")
    parent = values.pop("extends", None)
    values = {key: _plain(key, value) for key, value in values.items()}
    base: dict[str, Any] = {}
    if parent is not None:
        if Path(parent).suffix in (".yaml", ".yml"):
            parent = str(path.parent / parent)
        base = read_values(parent, shipped, (*children, name_or_path), method_values)
    if method_values is not None and "method" in values:
        base |= method_values(str(values.pop("method")))
    return {**base, **values}


def parse_settings(settings: Iterable[str], option: str = "--set") -> dict[str, Any]:
    """Turn `key=value` texts into values, read as YAML.

    Args:
        settings: What was typed.
        option: Behind which option.

    Raises:
        RecipeError: For a text without "=", or a value that is not YAML.

    >>> parse_settings(["num_train_epochs=1", "bf16=auto", "seeds=[1, 2]"])
    {'num_train_epochs': 1, 'bf16': 'auto', 'seeds': [1, 2]}
    """
    values = {}
    for text in settings:
        key, separator, value = text.partition("=")
        if not separator:
            raise RecipeError(f"{option} {text!r}: expected key=value, for example --set num_train_epochs=1")
        try:
            values[key.strip()] = _plain(key.strip(), yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise RecipeError(f"{option} {text!r}: not YAML: {' '.join(str(error).split())}") from error
    return values


def _as_tuple(name: str, key: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise RecipeError(f"{name}: {key} is {value!r}; expected a list of at least one, for example [{value or 1}]")
    return tuple(value)


def _plain(key: Any, value: Any) -> Any:
    """What YAML read as what was meant: it reads a bare no as false, and 2e-5 as text."""
    return "no" if value is False and str(key).endswith("_strategy") else number(value)


def number(value: Any) -> Any:
    """A text that is a number as one: YAML 1.1 reads 2e-5 as text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _shipped() -> Traversable:
    return resources.files("phonexl.training") / "recipes"


def _names(folder: Traversable) -> list[str]:
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def _own_keys() -> list[str]:
    return [f.name for f in fields(Recipe) if f.name not in ("name", "config", "training", "method_settings")]


def _config_keys() -> set[str]:
    return set(inspect.signature(PhoneXLConfig.__init__).parameters) - _DERIVED - {"self", "kwargs"}


def _training_keys() -> set[str]:
    return {f.name for f in fields(PhoneXLTrainingArguments)} - _OWNED_BY_RUN - _SECRET


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, {*_own_keys()} | _config_keys() | _training_keys(), 1)
    return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
