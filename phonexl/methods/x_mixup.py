"""X-Mixup: in one layer, the words of a translation are mixed with what they attend to in its source sentence.

Yang et al., ICLR 2022, and the authors' code (yhy1117/X-Mixup, b9730dc). Source S and translation T run through one
encoder; in layer l, between its halves, with its own projections:

    A = softmax(Q(h_T) K(h_S)' / sqrt d),  c = W_o (A V(h_S)),  h_T <- LayerNorm(λ c + (1 - λ) h_T)
    λ = λ0 σ(w H + b),  H = mean entropy of A over S + that of the transposed A over T
    L = α CE(S, y) + (1 - α) SoftCE(T, q) + MSE(mean h_S, mean h_T)

q are the tag probabilities of a teacher, plain's tagger, for T. S is the gold sentence with a probability that falls
with the step; else T translated back, and L = SoftCE + MSE. Needs translations in both directions: at prediction the
test sentence is T, and its own translation S (translate-test). Cost: a plain run before, and two passes a step.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor, nn
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers import initialization as init

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.outputs import PhoneXLClassifierOutput
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from modeling_phonexl.sentence_encoder import IGNORED
from modeling_phonexl.views import View, unit_mask_of, word_mask_of
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.collator import PhoneXLCollator, SecondSentence, pad_second
from phonexl.training.dataset import Row, batches
from phonexl.training.job import Job
from phonexl.training.layer_mixing import EntropyGate, MixedPair, mix_pairs, mse_term
from phonexl.training.masking import Draw, draw_generator
from phonexl.training.method import Method, Trained
from phonexl.training.pair_tagger import PairTagger
from phonexl.training.staged_encoder import StagedEncoder
from phonexl.training.teacher import Teacher, cached_logits
from phonexl.training.translated_view import TranslatedView, training_rows, translate_tests

_MEASURED = 256  # training pairs whose gate is reported


@dataclass(frozen=True)
class XMixupSettings:
    """Settings of X-Mixup, by default the authors'.

    Attributes:
        layer: l, counted from 0; None takes the one at the same height as their third of 24.
        source_weight: α, weight of the gold tags of the source; the teacher's have the rest.
        mse_weight: Weight of the distance between the mean vectors of both sides.
        mix_limit: λ0, the most that a mixed vector has of its context.
        schedule: k; the source is gold with probability k / (k + exp(step / k)).
        gate_normalize: Divide H by its maximum. As it is, σ is saturated from the start, and λ stays near λ0.
    """

    layer: int | None = None
    source_weight: float = 0.8
    mse_weight: float = 1.0
    mix_limit: float = 0.5
    schedule: float = 1000.0
    gate_normalize: bool = False

    def __post_init__(self) -> None:
        if self.layer is not None and self.layer < 0:
            raise ValueError(f"layer {self.layer}; expected a number >= 0")
        for name in ("source_weight", "mix_limit"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)}; expected a value from 0 to 1")
        if self.mse_weight < 0:
            raise ValueError(f"mse_weight {self.mse_weight}; expected a number >= 0")
        if self.schedule <= 0:
            raise ValueError(f"schedule {self.schedule}; expected a number of steps > 0")

    def gold_probability(self, step: int) -> float:
        """Probability that the source of a step, counted from 0, is the gold sentence."""
        return 1 / (1 + math.exp(min(step / self.schedule, 700.0)) / self.schedule)

    def draws_gold(self, seed: int, step: int) -> bool:
        """Whether the source of a step is gold: a function of seed and step, so that a resumed run repeats it."""
        return bool(draw_generator(seed, 0, step, Draw.GOLD).random() < self.gold_probability(step))


class XMixupTagger(PairTagger):
    """Tags in training a source that is mixed into its translation; in prediction a translation, its source mixed in.

    Attributes:
        settings: Of the run.
        gold: Whether the source of this training step is the gold sentence; its translation back otherwise.
    """

    settings = XMixupSettings()
    gold = True

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config, backbone)
        self.gate = EntropyGate()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, EntropyGate):
            init.ones_(module.weight)
            init.zeros_(module.bias)
        else:
            super()._init_weights(module)

    def set_up(self, settings: XMixupSettings) -> None:
        """Take the settings of a run.

        Raises:
            ValueError: If the backbone has no such layer.
        """
        self.settings = settings
        depth = len(StagedEncoder(self.phonexl).layers)
        if self.mixing_layer >= depth:
            raise ValueError(f"x-mixup: layer {settings.layer}; this backbone has layers 0 to {depth - 1}")

    @property
    def mixing_layer(self) -> int:
        """The layer in which the sides meet, from 0."""
        layer, depth = self.settings.layer, len(StagedEncoder(self.phonexl).layers)
        return round(3 / 24 * depth) if layer is None else layer

    def forward(self, *inputs: Any, labels: Tensor | None = None, **named: Any) -> PhoneXLClassifierOutput:
        """Tag a batch and compute the loss; see the base class.

        Args:
            *inputs: As there.
            labels: Tag of each unit.
            **named: As there; with `back_*`, the same of the sources as they were translated back, which replace the
                gold ones unless `gold`.
        """
        back = {name.removeprefix("back_"): named.pop(name) for name in list(named) if name.startswith("back_")}
        if back and not self.gold:
            labels = back.pop("labels")
            named |= back
        result = super().forward(*inputs, **named, labels=labels)  # type: ignore[misc]
        if named.get("second_input_ids") is None and labels is not None:
            result.loss = result.task_loss  # α weighs the two sides of a pair; a sentence alone is plain's
        return result

    def tag_pairs(
        self, view: View, second: View, labels: Tensor | None, targets: Tensor | None, counts: dict[str, Tensor] | None
    ) -> PhoneXLClassifierOutput:
        """With a teacher's targets for them, the second sentences are the translations; without, the sources."""
        mixed = self.mix(second, view) if targets is None else self.mix(view, second)
        logits = self.score(mixed.translation if targets is None else mixed.source, view)
        result = PhoneXLClassifierOutput(logits=logits, unit_mask=unit_mask_of(view.word_ids, logits.size(1)))
        if labels is None:
            return result
        terms = {"task": self.task_term(logits, labels)}
        if targets is not None:
            words = word_mask_of(unit_mask_of(second.word_ids, targets.size(1)))
            terms["soft"] = soft_term(self.score(mixed.translation, second)[words], targets[words])
            terms["mse"] = mse_term(mixed.source, mixed.translation)
        return self.weigh(result, terms, counts)

    def mix(self, source: View, translation: View) -> MixedPair:
        """Run both sides through the encoder, the source mixed into the translation."""
        settings = self.settings
        return mix_pairs(
            StagedEncoder(self.phonexl),
            self.gate,
            source,
            translation,
            layer=self.mixing_layer,
            limit=settings.mix_limit,
            normalize=settings.gate_normalize,
        )

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weights of the terms "task", "soft" and "mse"; without a gold source the teacher has the say alone."""
        weight = self.settings.source_weight
        return {"task": weight, "soft": 1 - weight if self.gold else 1.0, "mse": self.settings.mse_weight}

    def count_terms(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Words with gold tags, none in a step without a gold source; words of the translations; pairs."""
        counts = super().count_terms(batch)
        if "second_targets" in batch:
            if not self.gold:
                counts["task"] = torch.zeros_like(counts["task"])
            counts["soft"] = (batch["second_word_ids"].amax(1) - 1).sum().float()
            counts["mse"] = torch.tensor(float(len(batch["second_word_ids"])))
        return counts


def soft_term(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy with a teacher's probabilities, and the number of words.

    Args:
        logits: Of the words of translations, shape (words, labels).
        targets: The teacher's logits, same shape.
    """
    total = F.cross_entropy(logits.float(), targets.detach().float().softmax(-1), reduction="sum")
    return total, total.new_tensor(len(logits))


@dataclass(frozen=True)
class TaughtTranslation:
    """Gives each row its translation with the teacher's logits, as a `SecondView`."""

    translations: TranslatedView
    targets: Sequence[Tensor]

    def __call__(self, row: Row, generator: Generator) -> SecondSentence:
        """The translation of a row."""
        return SecondSentence(self.translations.encode(row), self.targets[row.index])


@dataclass(kw_only=True)
class BackTranslatingCollator(PhoneXLCollator):
    """Adds `back_*` to training batches: each row's translation back, whose words have no tags.

    Attributes:
        translations: With those back.
    """

    translations: TranslatedView

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Collate rows; see `PhoneXLCollator`."""
        batch = super().__call__(rows)
        if rows[0].draws:
            sentences = [self.translations.encode_back(row) for row in rows]
            for sentence in sentences:
                sentence.labels = [IGNORED] * len(sentence.pieces)
            batch |= {f"back_{name}": value for name, value in self.processor.pad(sentences).items()}
        return batch


class SourceSchedule(TrainerCallback):
    """Draws for every step whether its source is gold, before it is counted: all its batches in all processes agree."""

    def __init__(self, tagger: XMixupTagger, seed: int) -> None:
        self._tagger = tagger
        self._seed = seed

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Draw for the first step, of the training or after a checkpoint."""
        self._tagger.gold = self._tagger.settings.draws_gold(self._seed, state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Draw for the next step."""
        self._tagger.gold = self._tagger.settings.draws_gold(self._seed, state.global_step)


def train(job: Job) -> Trained:
    """The teacher, which is plain's tagger; its logits for the translations; and the student."""
    settings: XMixupSettings = job.settings
    tagger, processor = job.build(XMixupTagger)
    tagger.set_up(settings)
    rows = training_rows(job, processor)
    translations, tests = TranslatedView(job, processor, rows, back=True), translate_tests(job, processor)
    view = TaughtTranslation(translations, _teach(job, rows, translations))
    trainer = job.make_trainer(
        tagger,
        processor,
        stage="student",
        second_view=view,
        make_collator=partial(BackTranslatingCollator, translations=translations),
    )
    trainer.add_callback(SourceSchedule(tagger, job.seed))
    job.run(trainer)
    steps = range(job.stages["student"]["steps"])
    facts = {
        "translators": {"train": translations.translators, "test": tests.translators},
        "gold_steps": sum(settings.draws_gold(job.seed, step) for step in steps),
        **measure_gate(tagger, processor, rows[:_MEASURED], translations),
    }
    return Trained(tagger, processor, {job.recipe.target: tests}, facts, translations.warnings + tests.warnings)


def _teach(job: Job, rows: Sequence[Row], translations: TranslatedView) -> list[Tensor]:
    """Train the teacher; its logits for the translations, computed once."""
    tagger, processor = job.build(PhoneXLForTokenClassification)
    trainer = job.run(job.make_trainer(tagger, processor, stage="teacher"))
    return cached_logits(
        job.checkpoints / "teacher-logits.safetensors",
        lambda: Teacher(trainer.tagger, processor).logits([translations.encode(row) for row in rows]),
    )


@torch.no_grad()
def measure_gate(
    tagger: XMixupTagger, processor: PhoneXLProcessor, rows: Sequence[Row], translations: TranslatedView
) -> dict[str, Any]:
    """The mixing layer and its gate, and the means of H and λ over training pairs."""
    tagger.eval()
    entropies, ratios = [], []
    for part in batches(rows, 32):
        tensors = {
            **processor.pad([row.sentence for row in part]),
            **pad_second(processor, [SecondSentence(translations.encode(row)) for row in part]),
        }
        names = ("input_ids", "word_ids", "language_ids", "phoneme_ids", "phoneme_word_ids")
        views = [
            View.make(
                *(tensors[key].to(tagger.device) if (key := prefix + name) in tensors else None for name in names)
            )
            for prefix in ("", "second_")
        ]
        mixed = tagger.mix(*views)
        entropies += mixed.entropy.tolist()
        ratios += mixed.ratio.tolist()
    return {
        "mixing_layer": tagger.mixing_layer,
        "gate_weight": float(tagger.gate.weight),
        "gate_bias": float(tagger.gate.bias),
        "mean_entropy": sum(entropies) / len(entropies),
        "mean_mix_ratio": sum(ratios) / len(ratios),
    }


METHOD = Method(
    name="x-mixup",
    reference="Yang et al., ICLR 2022: X-Mixup, manifold mixup with soft labels and scheduled sources",
    needs="MT",
    recipe={**NO_OBJECTIVES, "unit": "subword"},
    # Their script for UDPOS and PAN-X, with XLM-R large on four GPUs.
    original={
        "learning_rate": 5e-6,
        "head_learning_rate": None,
        "warmup_steps": 0,
        "num_train_epochs": 4,
        "per_device_train_batch_size": 16,
        "gradient_accumulation_steps": 4,
    },
    settings=XMixupSettings,
    tags_only=True,
    may_switch=False,
    train=train,
)
