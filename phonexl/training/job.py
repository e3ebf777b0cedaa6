"""One seed of a recipe, as a method trains it: taggers built, stages run and resumed.

What a method does with it is in `method.py` and `phonexl/methods`; what comes out is scored in `run.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import torch
from safetensors.torch import load_model, save_model
from transformers import AutoConfig, TrainerCallback, set_seed

from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.outputs import present
from modeling_phonexl.transcription import find_language
from phonexl.backbone import resolve_backbone
from phonexl.json_file import read_json, write_json
from phonexl.progress import remove_printers
from phonexl.results import DATA_FILE, RECIPE_FILE, STAGE_FILE
from phonexl.training.arguments import PhoneXLTrainingArguments
from phonexl.training.character_joining import CharacterJoiner
from phonexl.training.checkpoints import last_checkpoint, step_of
from phonexl.training.collator import PhoneXLCollator, SecondView
from phonexl.training.data import Data
from phonexl.training.dictionaries import find_sound_dictionary, make_switcher, make_task_switcher
from phonexl.training.particle_merging import Merger, ParticleMerger
from phonexl.training.precision import gains_from_bf16
from phonexl.training.recipe import Recipe
from phonexl.training.task import Task, find_task
from phonexl.training.trainer import PhoneXLTrainer
from phonexl.training.unseen_segments import check_fillable, fill_unseen_segments

ModelT = TypeVar("ModelT", bound=PhoneXLClassifier)

_TRAINED = "trained.safetensors"
_PROCESSOR_FIELDS = (
    "phoneme_vocab",
    "phoneme_transcription",
    "use_phonemes",
    "unit",
    "max_pieces",
    "phoneme_prefix_bug",
)


@dataclass
class Job:
    """What a method trains one seed with.

    Attributes:
        recipe: The run.
        data: Its sentences.
        checkpoints: Folder of this seed's checkpoints; a named stage has its own below.
        seed: Key of weights, order and draws; every stage starts from it.
        settings: The method's own settings.
        resume: Continue from the last checkpoint; a finished stage is not trained again.
        callbacks: Passed to every Trainer.
        stages: What each stage cost, by name; the only stage of a method is called "train".
    """

    recipe: Recipe
    data: Data
    checkpoints: Path
    seed: int
    settings: Any = None
    resume: bool = False
    callbacks: Sequence[TrainerCallback] = ()
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def task(self) -> Task:
        """What is trained for."""
        return find_task(self.recipe.task)

    def build(self, model_class: type[ModelT]) -> tuple[ModelT, PhoneXLProcessor]:
        """An untrained model of the recipe, the same at every call, and its processor.

        Raises:
            ValueError: If fields do not fit together.
            MissingToolError: If the offline backbone's package is not installed.
        """
        set_seed(self.seed)
        tagger, processor = build_model(self.recipe, model_class)
        assert isinstance(tagger, model_class)
        return tagger, processor

    def make_trainer(
        self,
        tagger: PhoneXLClassifier,
        processor: PhoneXLProcessor,
        *,
        stage: str = "train",
        second_view: SecondView | None = None,
        sentences: Sequence[Sentence] | None = None,
        training: Mapping[str, Any] | None = None,
        make_collator: Callable[..., PhoneXLCollator] = PhoneXLCollator,
    ) -> PhoneXLTrainer:
        """The Trainer of one stage.

        Args:
            tagger: What is trained.
            processor: Its processor.
            stage: Name of the stage; "train" keeps its checkpoints in the job's folder itself.
            second_view: Gives every training sentence a second one; see `PhoneXLCollator`.
            sentences: Trained on instead of the recipe's.
            training: Training arguments that differ from the recipe's in this stage.
            make_collator: Makes the batches' collator, from the arguments of `PhoneXLCollator`.

        Raises:
            DataError: If there is no dictionary.
            ValueError: If tagged sentences are to be switched or merged beside an MLM term, workers of the data loader
                would count what is masked, switched or merged, or the recipe fills unseen segments and the tagger has
                no table of them.
            MissingToolError: If it fills them and panphon is not installed.
        """
        if self.recipe.fill_unseen:
            check_fillable(tagger, processor)
        task = self.task
        folder = self.checkpoints if stage == "train" else self.checkpoints / stage
        arguments = make_arguments(self.recipe, folder, self.seed, training)
        switcher = make_switcher(self.recipe, tagger.config, processor, self.data.folder)
        task_switcher = make_task_switcher(self.recipe, processor, self.data.folder)
        merger = make_merger(self.recipe, processor, task.labels)
        if tagger.config.mlm_weight > 0 and (task_switcher or merger):
            raise ValueError(
                f"{self.recipe.name}: the MLM term masks the tagged sentence as it stands, which task_switch_ratio, "
                "particle_merge_ratio and character_join_ratio change: set them to 0, or mlm_weight=0"
            )
        if arguments.dataloader_num_workers and (tagger.config.mlm_weight > 0 or switcher or task_switcher or merger):
            raise ValueError(
                f"{self.recipe.name}: what is masked, switched or merged is counted where batches are made, and a "
                "worker's counts are lost with it: set dataloader_num_workers=0"
            )
        collator = make_collator(processor, tagger.config, self.seed, switcher, task_switcher, second_view, merger)
        trainer = PhoneXLTrainer(
            tagger,
            arguments,
            collator,
            task.dataset(self.data.train if sentences is None else sentences, processor, task.labels, draws=True),
            task.dataset(self.data.dev, processor, task.labels) if arguments.eval_strategy != "no" else None,
            task.labels,
            task.metrics,
            self.callbacks,
        )
        remove_printers(trainer)
        return trainer

    def stage_of(self, trainer: PhoneXLTrainer) -> str:
        """The name of the stage that a Trainer of `make_trainer` is for."""
        folder = Path(str(trainer.args.output_dir))
        return "train" if folder == self.checkpoints else folder.name

    def run(self, trainer: PhoneXLTrainer) -> PhoneXLTrainer:
        """Train a stage to its end, or take it from an earlier run that finished it; its facts go to `stages`.

        Returns:
            The same Trainer, whose tagger is trained.
        """
        folder, stage = Path(str(trainer.args.output_dir)), self.stage_of(trainer)
        if self.resume and (folder / STAGE_FILE).exists():
            load_model(trainer.tagger, folder / _TRAINED)
            self.stages[stage] = read_json(folder / STAGE_FILE)
            return trainer
        if trainer.is_world_process_zero():
            write_json(self.checkpoints / RECIPE_FILE, {**self.recipe.values(), "seeds": [self.seed]})
            write_json(self.checkpoints / DATA_FILE, self.data.describe())
        last = last_checkpoint(folder) if self.resume else None
        start = None
        if self.recipe.fill_unseen:  # of a resumed run too: its checkpoint is loaded by `train`
            start = present(trainer.tagger.phonexl.phoneme_embeddings).weight.detach().clone()
        output = trainer.train(resume_from_checkpoint=None if last is None else str(last))
        # Process 0 goes on, and every process may be loading the best checkpoint.
        trainer.accelerator.wait_for_everyone()
        self.stages[stage] = _facts(trainer, output.metrics["train_runtime"], step_of(last))
        if start is not None:
            filled = fill_unseen_segments(trainer.tagger, trainer.collator.processor, start)
            self.stages[stage]["filled_segments"] = filled
        if trainer.is_world_process_zero():
            save_model(trainer.tagger, str(folder / _TRAINED))
            write_json(folder / STAGE_FILE, self.stages[stage])
        return trainer


def build_model(
    recipe: Recipe, model_class: type[PhoneXLClassifier] | None = None
) -> tuple[PhoneXLClassifier, PhoneXLProcessor]:
    """The untrained model of a recipe, by default of its task's class, and its processor.

    Fresh weights come from the global random state.

    Raises:
        ValueError: If fields do not fit together.
        MissingToolError: If the offline backbone's package is not installed.
    """
    name = resolve_backbone(recipe.backbone, recipe.vocab)
    config = {**_official_fields(recipe, name), **recipe.config}
    pair = [find_language(language).code for language in (recipe.source, recipe.target)]
    languages = pair if recipe.official else list(dict.fromkeys(["zh", "vi", "ja", "ko", *pair]))
    fields = {key: config[key] for key in _PROCESSOR_FIELDS if key in config}
    if config.get("phoneme_transcription") == "sino-xenic":
        fields["sound_dictionary"] = find_sound_dictionary(recipe)
    processor = PhoneXLProcessor.from_backbone(
        name,
        languages=languages,
        token_unit=recipe.token_unit,
        split_syllables=recipe.split_syllables,
        drop_spaces=recipe.drop_spaces,
        **fields,
    )
    task = find_task(recipe.task)
    made = task.model if model_class is None else model_class
    return made.from_backbone(name, labels=task.labels, processor=processor, **config), processor


def make_merger(recipe: Recipe, processor: PhoneXLProcessor, labels: Sequence[str]) -> Merger | None:
    """What joins words, or characters, of the tagged sentences; None where the recipe leaves them."""
    if recipe.particle_merge_ratio:
        return ParticleMerger(processor, labels, recipe.particle_merge_ratio)
    if recipe.character_join_ratio:
        return CharacterJoiner(processor, labels, recipe.source, recipe.character_join_ratio)
    return None


def make_arguments(
    recipe: Recipe, checkpoints: Path, seed: int, changes: Mapping[str, Any] | None = None
) -> PhoneXLTrainingArguments:
    """Arguments of the HF Trainer; `bf16: auto` uses it where the hardware is faster in it."""
    values = {**recipe.training, **(changes or {})}
    if values.get("bf16") == "auto":
        values["bf16"] = gains_from_bf16()
    # Without use_cpu, bf16 is refused on a CPU and two processes look for two GPUs.
    defaults = {
        "use_cpu": not torch.cuda.is_available(),
        "report_to": "none",
        "remove_unused_columns": False,
        "save_total_limit": 2,
    }
    return PhoneXLTrainingArguments(output_dir=str(checkpoints), seed=seed, data_seed=seed, **{**defaults, **values})


def _official_fields(recipe: Recipe, backbone: str) -> dict[str, Any]:
    if not recipe.official:
        return {}
    official, plain = PhoneXLConfig.official(AutoConfig.from_pretrained(backbone)), PhoneXLConfig()
    names = set(vars(plain)) - {"auto_map", "custom_pipelines", "backbone_config"}
    return {name: getattr(official, name) for name in names if getattr(official, name) != getattr(plain, name)}


def _facts(trainer: PhoneXLTrainer, seconds: float, resumed_at: int) -> dict[str, Any]:
    """Steps, time, best dev score, last losses, means of the cosines of gradients, and how many words were switched.

    Of a run that was resumed the time, and what is counted of words, are of the steps since `resumed_at`.
    """
    state = trainer.state
    losses = [entry for entry in state.log_history if "loss" in entry]
    facts: dict[str, Any] = {
        "steps": state.global_step,
        "seconds": round(seconds, 1),
        "seconds_per_step": round(seconds / max(1, state.global_step - resumed_at), 4),
        "best_dev_score": state.best_metric,
        "last_log": losses[-1] if losses else {},
    }
    if resumed_at:
        facts["resumed_at_step"] = resumed_at
    cosines = _gradient_cosines(losses)
    if cosines:
        facts["gradient_cosines"] = cosines
    for name, switcher in (("xmlm", trainer.collator.switcher), ("task", trainer.collator.task_switcher)):
        if switcher is not None and switcher.counts.tokens:
            facts[f"{name}_coverage"] = switcher.counts.covered / switcher.counts.tokens
            facts[f"{name}_switched"] = switcher.counts.switched / switcher.counts.tokens
    merger = trainer.collator.merger
    if merger is not None:
        facts |= merger.describe()
    return facts


def _gradient_cosines(logs: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """By term, over all logs of a run, what its gradient's cosine with that of the task was."""
    found: dict[str, list[float]] = {}
    for log in logs:
        for name in log:
            if name.endswith("_cosine"):
                found.setdefault(name.removesuffix("_cosine"), []).append(log[name])
    return {
        term: {"mean": fmean(values), "lowest": min(values), "highest": max(values), "logs": len(values)}
        for term, values in found.items()
    }
