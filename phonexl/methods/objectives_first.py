"""PhoneXL's unsupervised objectives as pretraining, and the task after them: the future work of the paper (section 7).

    stage "objectives":  L = α L_align + β L_MLM + γ L_XMLM     on sentences of both languages, without their labels
    stage "train":       L = L_task                             on the labelled source, from the encoder of that stage

The encoder, the table of sounds and that of languages go over; the classifier is fresh. The objectives have the weights
of the recipe, and stay on beside the task with `keep`. Words are switched by the source's dictionary, so target
sentences are switched rarely. Cost: three passes of the encoder over twice plain's sentences, and then plain's.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dataset_scripts.readers import DataError, read_lines
from dataset_scripts.schema import TASKS, Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.transcription import find_language
from phonexl.training.data import hash_sentences
from phonexl.training.dataset import UNTAGGED
from phonexl.training.job import Job
from phonexl.training.method import Method, Trained
from phonexl.training.recipe import RecipeError

_OFF = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0}


@dataclass(frozen=True)
class ObjectivesFirstSettings:
    """Settings of the first stage.

    Attributes:
        text: Folder of `LANG.txt[.gz]` (zho, vie, ...), a sentence a line; None: the training sentences of the data,
            the target's too, without their tags.
        sentences: Number of each language; None: as many as the source has with labels.
        epochs: Passes over them.
        keep: Leave the objectives on beside the task.
    """

    text: str | None = None
    sentences: int | None = None
    epochs: float = 1.0
    keep: bool = False

    def __post_init__(self) -> None:
        if self.sentences is not None and self.sentences < 1:
            raise ValueError(f"sentences {self.sentences}; expected a number >= 1")
        if self.epochs <= 0:
            raise ValueError(f"epochs {self.epochs}; expected a number > 0")


def train(job: Job) -> Trained:
    """The objectives, and then the task.

    Raises:
        RecipeError: If the recipe weighs no objective, has pairs of sentences and no text, or fills unseen segments.
        DataError: If text is missing.
    """
    settings: ObjectivesFirstSettings = job.settings
    if job.recipe.fill_unseen:  # what the first stage alone met would look unseen to the second
        raise RecipeError(
            f"{job.recipe.name}: objectives-first reads the target too, whose segments fill_unseen is for: set "
            "fill_unseen=false"
        )
    first, processor = job.build(PhoneXLForTokenClassification)
    if not any(first.loss_weights[name] for name in ("align", "mlm", "xmlm")):
        raise RecipeError(f"{job.recipe.name}: objectives-first: no objective has a weight; set mlm_weight, for one")
    sentences = _unlabelled(job, processor)
    # The objectives read single sentences, also where the task has pairs; the labels of this tagger are never met.
    task = job.recipe.task if job.recipe.task in TASKS else "udpos"
    tagging = replace(job, recipe=replace(job.recipe, task=task))
    trainer = tagging.make_trainer(
        first,
        processor,
        stage="objectives",
        sentences=sentences,
        training={"num_train_epochs": settings.epochs, "eval_strategy": "no", "load_best_model_at_end": False},
    )
    first = job.run(trainer).tagger
    weights = job.recipe.config if settings.keep else {**job.recipe.config, **_OFF}
    tagger, processor = replace(job, recipe=replace(job.recipe, config=weights)).build(job.task.model)
    _take_over(tagger, first)
    trainer = job.run(job.make_trainer(tagger, processor))
    facts = {"unlabelled": {"sentences": len(sentences), "sha256": hash_sentences(sentences)}}
    return Trained(trainer.tagger, processor, facts=facts)


def _unlabelled(job: Job, processor: PhoneXLProcessor) -> list[Sentence]:
    """The sentences of the first stage, none of which is a test sentence."""
    recipe, settings = job.recipe, job.settings
    if settings.text is None and recipe.task not in TASKS:
        raise RecipeError(
            f"{recipe.name}: objectives-first reads sentences, and {recipe.task} has pairs of them: name a folder of "
            "text with --set objectives-first.text=FOLDER"
        )
    wanted = settings.sentences or sum(example.lang == recipe.source for example in job.data.train)
    tested = {"".join(words) for tests in job.data.tests.values() for _, words in job.task.words(tests)}
    found: list[Sentence] = []
    for language, place in ((recipe.source, recipe.source_data), (recipe.target, recipe.target_data)):
        if settings.text is None:
            labelled = job.task.load(job.data.folder, place or language, "train")
            texts: Sequence[Any] = [sentence.tokens for sentence in labelled]
        else:
            texts = _read_text(Path(settings.text), language)
        order = random.Random(recipe.limit_seed).sample(range(len(texts)), len(texts))
        kept: list[Sentence] = []
        for index in order:
            if len(kept) == wanted:
                break
            text = texts[index]
            tokens = tuple(processor.words(text, language)) if isinstance(text, str) else text
            if tokens and "".join(tokens) not in tested:
                kept.append(Sentence(f"{language}-{index}", language, tokens, (UNTAGGED,) * len(tokens)))
        found += kept
    return found


def _read_text(folder: Path, language: str) -> list[str]:
    code = find_language(language).iso639_3
    for end in (".txt", ".txt.gz"):
        if (folder / f"{code}{end}").is_file():
            return [line for _, line in read_lines(folder / f"{code}{end}")]
    raise DataError(folder, None, None, f"a file {code}.txt[.gz]", "One sentence a line.")


def _take_over(tagger: PhoneXLClassifier, first: PhoneXLForTokenClassification) -> None:
    """Give a tagger all that it shares with that of the first stage, but the classifier."""
    own = ("classifier.", "crf.")
    shared = {name for name in tagger.state_dict() if not name.startswith(own)}
    tagger.load_state_dict({name: value for name, value in first.state_dict().items() if name in shared}, strict=False)


METHOD = Method(
    name="objectives-first",
    reference="Nguyen et al., PhoneXL: section 7, future work",
    needs="Dict",
    settings=ObjectivesFirstSettings,
    train=train,
)
