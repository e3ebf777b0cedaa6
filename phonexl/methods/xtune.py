"""xTune: what a tagger says of a sentence must hold for other versions of it, and for what its predecessor said.

Zheng et al., ACL 2021, Consistency Regularization for Cross-Lingual Fine-Tuning, for token tasks as in their code:

    stage 1   L = CE(A, y) + l1 R1(A, B)                 A the sentence, B another version of it
              R1 = KL(A || B) + KL(B || A), each side's target fixed, mean over words
    stage 2   from the pretrained weights again; data = originals and as many copies, made anew in every epoch
              L = CE + l1 R1 + l2 R2                     R2 = KL(teacher || student) on copies, the teacher of stage 1;
                                                         for NER the cross-entropy against the teacher's best tags

Versions: ss (other sub-words of the same words), gn (noise on embeddings), cs (words switched), mt (translation). B is
ss, gn or cs; copies may be mt, which has tags only where the translator goes word by word. Needs: nothing, a dictionary
(cs) or translation (mt). Cost: two passes a step, in stage 2 the teacher's too, which has twice the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.outputs import PhoneXLClassifierOutput
from modeling_phonexl.views import View, stack_views, unit_mask_of
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.augmentation import (
    Augmentation,
    CodeSwitching,
    SubwordSampling,
    UniformNoise,
    piece_limit,
    translate_copies,
)
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.dictionaries import find_dictionary, match_of
from phonexl.training.job import Job
from phonexl.training.method import Method, Trained
from phonexl.training.recipe import Recipe
from phonexl.training.subword_sampling import SubwordSampler
from phonexl.training.teacher import Teacher
from phonexl.training.translation import make_translator
from phonexl.training.two_view import TwoViewCollator, teacher_term, two_view_kl

VIEWS = ("ss", "gn", "cs")
COPIES = ("ss", "gn", "cs", "mt")
_CS_RATIO = 0.3


@dataclass(frozen=True)
class XTuneSettings:
    """Settings of xTune; None takes the authors' value for the task.

    Attributes:
        views: What the second view is: "ss", "gn" or "cs".
        copies: What the copies of stage 2 are: one of these, or "mt".
        ratio: Probability that a word is cut anew (ss: 0.5 for UDPOS, 0.3 for PAN-X) or switched (cs: 0.3).
        view_weight: l1.
        teacher_weight: l2: 0.3 for UDPOS; for PAN-X 1 with translations, else 5. With 0 there is no stage 1.
        hard_labels: Whether copies learn the teacher's best tags instead of its distribution: for PAN-X they do.
        label_mean: Divide KL terms by the number of labels, which the authors' weights suppose.
    """

    views: str = "ss"
    copies: str = "mt"
    ratio: float | None = None
    view_weight: float = 5.0
    teacher_weight: float | None = None
    hard_labels: bool | None = None
    label_mean: bool = True

    def __post_init__(self) -> None:
        for name, known in (("views", VIEWS), ("copies", COPIES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(known)}")
        for name, most in (("ratio", 1.0), ("view_weight", float("inf")), ("teacher_weight", float("inf"))):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise ValueError(f"{name} is {value!r}; expected a number from 0" + (" to 1" if most == 1 else ""))

    def filled(self, task: str) -> "XTuneSettings":
        """A copy with the authors' values for a task in the place of None (their `scripts/*/train_{panx,udpos}.sh`)."""
        ner = task == "panx"
        weight = 0.3 if not ner else 1.0 if self.copies == "mt" else 5.0
        return replace(
            self,
            teacher_weight=weight if self.teacher_weight is None else self.teacher_weight,
            hard_labels=ner if self.hard_labels is None else self.hard_labels,
        )

    def ratio_of(self, version: str, task: str) -> float:
        """How many words a version changes."""
        if self.ratio is not None:
            return self.ratio
        return _CS_RATIO if version == "cs" else 0.3 if task == "panx" else 0.5


class XTuneTagger(PhoneXLForTokenClassification):
    """A tagger whose loss compares two views, and copies with a teacher; without these, the plain tagger.

    Attributes:
        term_weights: Weight of "view" (R1) and "teacher" (R2); set after building.
        hard_labels: As in `XTuneSettings`.
    """

    _auto_class = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.term_weights = {"view": 0.0, "teacher": 0.0}
        self.hard_labels = False

    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor | None = None,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
        language_ids: Tensor | None = None,
        labels: Tensor | None = None,
        noise: Tensor | None = None,
        second_input_ids: Tensor | None = None,
        second_word_ids: Tensor | None = None,
        second_phoneme_ids: Tensor | None = None,
        second_phoneme_word_ids: Tensor | None = None,
        second_language_ids: Tensor | None = None,
        second_noise: Tensor | None = None,
        pairs: Tensor | None = None,
        teacher_logits: Tensor | None = None,
        teacher_mask: Tensor | None = None,
        num_items_in_batch: dict[str, Tensor] | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
    ) -> PhoneXLClassifierOutput:
        """Tag a batch, both views in one pass of the encoder; tensors as `TwoViewCollator` makes them.

        Returns:
            Loss, its terms `task_loss`, `view_loss` and `teacher_loss`, and the logits of the first view.
        """
        views = [View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids)]
        if second_input_ids is not None:
            sound = (second_phoneme_ids, second_phoneme_word_ids)
            views.append(View.make(second_input_ids, second_word_ids, second_language_ids, *sound))
        scores, outputs = self._score(views, (noise, second_noise), output_attentions, output_hidden_states)
        batch, units = views[0].language_ids.shape
        logits = scores[:batch, :units]
        result = PhoneXLClassifierOutput(logits=logits, unit_mask=unit_mask_of(views[0].word_ids, units))
        result.hidden_states, result.attentions = outputs.get("hidden_states"), outputs.get("attentions")
        if labels is None:
            return result
        terms = {"task": self.task_term(logits, labels)}
        if pairs is not None:
            terms["view"] = self._view_term(logits, scores[batch:], pairs)
        if teacher_logits is not None and teacher_mask is not None:
            terms["teacher"] = teacher_term(logits, teacher_logits, teacher_mask, self.hard_labels)
        weighed: PhoneXLClassifierOutput = self.weigh(result, terms, num_items_in_batch)
        return weighed

    def _score(
        self,
        views: Sequence[View],
        noises: Sequence[Tensor | None],
        output_attentions: bool | None,
        output_hidden_states: bool | None,
    ) -> tuple[Tensor, Any]:
        """Tag scores of the units of all views, one under the other, and what else the backbone gave."""
        stacked = stack_views(views)
        embedded = self.phonexl.embed(stacked)
        outputs = self.phonexl.backbone(
            inputs_embeds=_add_noise(embedded.inputs, noises[: len(views)]),
            attention_mask=embedded.mask.long(),
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
        )
        return self.classifier(self.dropout(self.phonexl.to_units(outputs.last_hidden_state, stacked))), outputs

    def _view_term(self, first: Tensor, second: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """R1 over the words that both views have."""
        units, row = pairs.clamp(min=0), torch.arange(len(pairs), device=pairs.device).unsqueeze(1)
        return two_view_kl(first[row, units[..., 0]], second[row, units[..., 1]], pairs[..., 0] >= 0)

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of every term of the loss, by name."""
        return {"task": 1.0, **self.term_weights}

    def count_terms(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Denominators of the loss terms of one batch: tagged words, words of both views, words of copies."""
        counts: dict[str, Tensor] = super().count_terms(batch)
        if "pairs" in batch:
            counts["view"] = (batch["pairs"][..., 0] >= 0).sum().float()
        if "teacher_mask" in batch:
            counts["teacher"] = batch["teacher_mask"].sum().float()
        return counts


def _add_noise(inputs: Tensor, noises: Sequence[Tensor | None]) -> Tensor:
    """Embeddings of stacked views, each with its noise, added in float32."""
    if all(noise is None for noise in noises):
        return inputs
    parts = []
    for part, noise in zip(inputs.float().chunk(len(noises)), noises, strict=True):
        parts.append(part if noise is None else part + F.pad(noise, (0, 0, 0, part.size(1) - noise.size(1))))
    return torch.cat(parts).to(inputs.dtype)


def train(job: Job) -> Trained:
    """Train the teacher, then the student on originals and copies.

    Raises:
        ValueError: If the recipe asks for what xTune does not compute.
        DataError: If a dictionary or translations are needed and missing.
    """
    settings = job.settings.filled(job.recipe.task)
    tagger, processor = _build(job, settings)
    _check(job.recipe, tagger.config)
    names = sorted({settings.views, settings.copies} - {"mt"})
    made = {name: _make_augmentation(name, job, processor, tagger.config, settings) for name in names}
    originals = list(job.data.train)
    copies, translated = _translate(job) if settings.copies == "mt" else (originals, {})
    view = made[settings.views] if settings.view_weight > 0 else None
    teacher = None
    if settings.teacher_weight > 0:
        make_collator = partial(TwoViewCollator, view=view)
        trained = job.run(job.make_trainer(tagger, processor, stage="stage-1", make_collator=make_collator)).tagger
        teacher = Teacher(trained, processor)
        tagger, processor = _build(job, settings)
    collator = partial(
        TwoViewCollator, view=view, copy=made.get(settings.copies), num_originals=len(originals), teacher=teacher
    )
    trainer = job.make_trainer(
        tagger, processor, stage="stage-2", sentences=[*originals, *copies], make_collator=collator
    )
    student = job.run(trainer).tagger
    found = {"mt": translated, **{name: augmentation.describe() for name, augmentation in made.items()}}
    return Trained(student, processor, facts=_facts(settings, tagger, found), warnings=_warnings(settings, found))


def _build(job: Job, settings: XTuneSettings) -> tuple[XTuneTagger, PhoneXLProcessor]:
    tagger, processor = job.build(XTuneTagger)
    share = 1 / tagger.num_labels if settings.label_mean else 1.0
    assert settings.teacher_weight is not None
    assert settings.hard_labels is not None
    tagger.hard_labels = settings.hard_labels
    # Cross-entropy is a mean over words in the authors' code too.
    tagger.term_weights = {
        "view": settings.view_weight * share,
        "teacher": settings.teacher_weight * (1.0 if settings.hard_labels else share),
    }
    return tagger, processor


def _check(recipe: Recipe, config: PhoneXLConfig) -> None:
    """Refuse what would be left out, or would not fit, without a word."""
    for name in ("align_weight", "mlm_weight", "xmlm_weight"):
        if getattr(config, name) > 0:
            raise ValueError(f"{recipe.name}: xtune does not compute the term of {name}: set {name}=0")
    if config.head == "crf":
        raise ValueError(f"{recipe.name}: head 'crf' gives no distributions of single words, which xtune compares")
    for name in ("task_switch_ratio", "particle_merge_ratio", "character_join_ratio"):
        if getattr(recipe, name) > 0:
            raise ValueError(f"{recipe.name}: xtune compares words one by one, which {name} changes: set {name}=0")
    if recipe.training.get("dataloader_num_workers"):
        raise ValueError(f"{recipe.name}: xtune's teacher reads batches as they are made: set dataloader_num_workers=0")


def _make_augmentation(
    name: str, job: Job, processor: PhoneXLProcessor, config: PhoneXLConfig, settings: XTuneSettings
) -> Augmentation:
    recipe, limit = job.recipe, piece_limit(config)
    ratio = settings.ratio_of(name, recipe.task)
    if name == "gn":
        return UniformNoise(processor, config)
    if name == "ss":
        try:
            sampler = SubwordSampler(processor.tokenizer, ratio)
        except ValueError as error:
            cures = (f"xtune.{role}=cs" for role in ("views", "copies") if getattr(settings, role) == name)
            cure = f"set {' and '.join(cures)}, which switches words, or gn, which adds noise"
            raise ValueError(f"{recipe.name}: {error}: {cure}") from error
        return SubwordSampling(processor, sampler, limit)
    dictionary = find_dictionary(recipe, job.data.folder, "take versions without words of another language: gn or ss")
    return CodeSwitching(CodeSwitcher(dictionary, processor, recipe.target, ratio, match_of(recipe)), limit)


def _translate(job: Job) -> tuple[list[Sentence], dict[str, Any]]:
    """Translations of the training sentences, and what the translator says of itself."""
    recipe = job.recipe
    translator = make_translator(recipe, job.data.folder, recipe.source, recipe.target)
    return translate_copies(translator, job.data.train, recipe.target), translator.describe()


def _facts(settings: XTuneSettings, tagger: XTuneTagger, made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What ran: with which versions, as they describe themselves, and what the weights were after all."""
    facts: dict[str, Any] = {
        "xtune": {field.name: getattr(settings, field.name) for field in fields(settings) if field.name != "ratio"},
        "term_weights": tagger.term_weights,
        "num_labels": tagger.num_labels,
        "augmentations": {name: facts for name, facts in made.items() if facts},
    }
    if settings.copies == "mt":
        facts["translator"] = made["mt"]
    else:
        facts["needs"] = "Dict" if "cs" in made else "none"
    return facts


def _warnings(settings: XTuneSettings, made: dict[str, dict[str, Any]]) -> list[str]:
    """Versions that were none."""
    roles = (
        (settings.views, "the two views differed by dropout alone"),
        (settings.copies, "the copies were the originals again"),
    )
    return [
        f"xtune: {made[name]['kind']} changed no word: {consequence}"
        for name, consequence in roles
        if made[name].get("changed", made[name].get("coverage")) == 0
    ]


METHOD = Method(
    name="xtune",
    reference="Zheng et al., ACL 2021: xTune, Eq. 1-4",
    needs="MT",
    recipe={**NO_OBJECTIVES, "unit": "subword"},
    original={
        # Their UDPOS scripts on XLM-R base; a word is the sum of its sub-words there, the mean (or the first) here.
        # PAN-X: learning_rate 1e-5, pooling first.
        "learning_rate": 2e-5,
        "head_learning_rate": None,
        "num_train_epochs": 10,
        "per_device_train_batch_size": 32,
        "gradient_accumulation_steps": 1,
        "warmup_steps": 0.1,
    },
    settings=XTuneSettings,
    tags_only=True,
    train=train,
)
