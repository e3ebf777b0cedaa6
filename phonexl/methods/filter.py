"""FILTER: a sentence and its translation are read apart, joined in some layers, and apart again; then taught by itself.

Fang et al., AAAI 2021, and the authors' code (yuwfan/FILTER, 6dac390). One set of weights reads both sides:

    phase 1:  L = CE(source side, y)                               the translation is context alone
    phase 2:  L = CE(source side, y) + w T² KL(softmax(z*/T) || softmax(z/T))

z are the logits of the translated side, z* those that the tagger of phase 1 gave for it in the same pair; phase 2
starts anew from the backbone. Their last term, CE on the translation's labels, has none in tagging. Needs translations
in both directions: a test sentence is read beside its own (translate-test). Cost: two trainings; in phase 1 the
translated side ends with the fusion, in phase 2 both run through all layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from modeling_phonexl.outputs import PhoneXLClassifierOutput
from modeling_phonexl.views import View, unit_mask_of, word_mask_of
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.collator import SecondSentence
from phonexl.training.dataset import Row
from phonexl.training.job import Job
from phonexl.training.method import Method, Trained
from phonexl.training.pair_tagger import PairTagger
from phonexl.training.staged_encoder import StagedEncoder, Stream
from phonexl.training.teacher import Teacher, cached_logits
from phonexl.training.translated_view import TranslatedView, training_rows, translate_tests


@dataclass(frozen=True)
class FilterSettings:
    """Settings of FILTER, the authors' for tagging where they published one.

    Attributes:
        local_layers: m, layers before the two sides meet.
        fusion_layers: k, layers in which they attend to each other; 0 is the plain tagger.
        kl_weight: w of phase 2; theirs is 1 where translations have no labels.
        temperature: T of phase 2.
        self_pair_ratio: Share of training pairs that are a sentence and itself: theirs is drawn among the languages,
            the source included, which is half with one target.
    """

    local_layers: int = 1
    fusion_layers: int = 1
    kl_weight: float = 1.0
    temperature: float = 1.0
    self_pair_ratio: float = 0.5

    def __post_init__(self) -> None:
        for name in ("local_layers", "fusion_layers", "kl_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)}; expected a number >= 0")
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature}; expected a number > 0")
        if not 0 <= self.self_pair_ratio <= 1:
            raise ValueError(f"self_pair_ratio {self.self_pair_ratio}; expected a value from 0 to 1")


class FilterTagger(PairTagger):
    """Tags a sentence beside another one; see the module."""

    settings = FilterSettings()

    def set_up(self, settings: FilterSettings) -> None:
        """Take the settings of a run.

        Raises:
            ValueError: If the backbone has too few layers for them.
        """
        depth = len(StagedEncoder(self.phonexl).layers)
        if settings.local_layers + settings.fusion_layers > depth:
            raise ValueError(
                f"filter: local_layers {settings.local_layers} and fusion_layers {settings.fusion_layers} are more "
                f"than the {depth} layers of this backbone: set fewer"
            )
        self.settings = settings

    def read_pairs(self, view: View, second: View, both: bool) -> tuple[Stream, Stream | None]:
        """Run both sides through the encoder; the second one to its end only for `both`."""
        encoder = StagedEncoder(self.phonexl)
        local, joined = self.settings.local_layers, self.settings.local_layers + self.settings.fusion_layers
        ours, theirs = (encoder.run(encoder.embed(side), 0, local) for side in (view, second))
        ours, theirs = encoder.run_joined(ours, theirs, local, joined)
        return encoder.run(ours, joined), encoder.run(theirs, joined) if both else None

    def tag_pairs(
        self, view: View, second: View, labels: Tensor | None, targets: Tensor | None, counts: dict[str, Tensor] | None
    ) -> PhoneXLClassifierOutput:
        """Tag sentences beside their second ones; with targets, which phase 2 has, a term of those."""
        ours, theirs = self.read_pairs(view, second, both=targets is not None)
        logits = self.score(ours, view)
        result = PhoneXLClassifierOutput(logits=logits, unit_mask=unit_mask_of(view.word_ids, logits.size(1)))
        if labels is None:
            return result
        terms = {"task": self.task_term(logits, labels)}
        if theirs is not None and targets is not None:
            words = word_mask_of(unit_mask_of(second.word_ids, targets.size(1)))
            terms["kl"] = kl_term(self.score(theirs, second)[words], targets[words], self.settings.temperature)
        return self.weigh(result, terms, counts)

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weights of the terms "task" and "kl"."""
        return {"task": 1.0, "kl": self.settings.kl_weight}

    def count_terms(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tagged words, and in phase 2 the words of the second sentences; see the base class."""
        counts = super().count_terms(batch)
        if "second_targets" in batch:
            counts["kl"] = (batch["second_word_ids"].amax(1) - 1).sum().float()
        return counts


def kl_term(logits: Tensor, targets: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Summed T² KL(targets || logits), and the number of words.

    Args:
        logits: The student's, shape (words, labels).
        targets: The teacher's, same shape.
        temperature: T, which both are divided by.
    """
    student = (logits.float() / temperature).log_softmax(-1)
    teacher = (targets.detach().float() / temperature).log_softmax(-1)
    total = F.kl_div(student, teacher, reduction="sum", log_target=True) * temperature**2
    return total, total.new_tensor(len(logits))


@dataclass(frozen=True)
class PairDrawer:
    """Draws what a row is read beside, itself or its translation, with the teacher's logits for that.

    Attributes:
        translations: Gives translations.
        self_ratio: Probability of the row itself.
        own_targets: Logits of rows beside themselves, by row; None in phase 1.
        translated_targets: Logits of translations beside their rows, by row; None in phase 1.
    """

    translations: TranslatedView
    self_ratio: float
    own_targets: Sequence[Tensor] | None = None
    translated_targets: Sequence[Tensor] | None = None

    def __call__(self, row: Row, generator: Generator) -> SecondSentence:
        """The second sentence of a row in one epoch."""
        itself = generator.random() < self.self_ratio
        sentence = replace(row.sentence, labels=None) if itself else self.translations.encode(row)
        targets = self.own_targets if itself else self.translated_targets
        return SecondSentence(sentence, None if targets is None else targets[row.index])


def train(job: Job) -> Trained:
    """Phase 1, its logits for every pair, and phase 2."""
    settings: FilterSettings = job.settings
    tagger, processor = job.build(FilterTagger)
    tagger.set_up(settings)
    rows = training_rows(job, processor)
    pairs, tests = TranslatedView(job, processor, rows), translate_tests(job, processor)
    drawer = PairDrawer(pairs, settings.self_pair_ratio)
    trainer = job.run(job.make_trainer(tagger, processor, stage="phase-1", second_view=drawer))
    drawer = _teach(job, Teacher(trainer.tagger, processor), rows, drawer)
    tagger, _ = job.build(FilterTagger)
    tagger.set_up(settings)
    trainer = job.run(job.make_trainer(tagger, processor, stage="phase-2", second_view=drawer))
    facts = {"translators": {"train": pairs.translators, "test": tests.translators}}
    return Trained(trainer.tagger, processor, {job.recipe.target: tests}, facts, pairs.warnings + tests.warnings)


def _teach(job: Job, teacher: Teacher, rows: Sequence[Row], drawer: PairDrawer) -> PairDrawer:
    """The same pairs with the logits of the tagger of phase 1, computed once."""
    own = [replace(row.sentence, labels=None) for row in rows]
    translated = [drawer.translations.encode(row) for row in rows]
    return replace(
        drawer,
        own_targets=cached_logits(job.checkpoints / "own-logits.safetensors", lambda: teacher.logits(own, own)),
        translated_targets=cached_logits(
            job.checkpoints / "translated-logits.safetensors", lambda: teacher.logits(translated, own)
        ),
    )


METHOD = Method(
    name="filter",
    reference="Fang et al., AAAI 2021: FILTER, with the self-teaching loss",
    needs="MT",
    recipe={**NO_OBJECTIVES, "unit": "subword"},
    # Their script for UDPOS and PAN-X, with XLM-R large on eight GPUs; labels stand on the first sub-word.
    original={
        "pooling": "first",
        "learning_rate": 5e-6,
        "head_learning_rate": None,
        "warmup_steps": 0,
        "num_train_epochs": 20,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 8,
    },
    settings=FilterSettings,
    tags_only=True,
    may_switch=False,
    train=train,
)
