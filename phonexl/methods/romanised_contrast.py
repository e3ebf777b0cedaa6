"""Romanised contrast: a sentence and its words are drawn to the same ones in Latin letters, or in IPA.

    L = CE(text, y) + λs · mean over 2B rows of −log softmax(cos(z, z⁺)/T) + λt · ½ [InfoNCE(word → Latin) + reverse]

z is the mean of the pieces of a sentence at one layer, of the text and of its romanisation by our transcriber, which
reads the sentence before it enters the model; prediction reads the text alone. The nearest methods whose code was read
are TransliCo (arXiv 2401.06620) and PPA (arXiv 2406.19759), which do it in pretraining; it stands where CORI (Nguyen et
al., LREC-COLING 2024) would, of which the abstract alone could be read, and is not CORI. Needs no dictionary and no
translation. Cost over plain: about 1 + the length of the romanised sentence over that of the text.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.outputs import PhoneXLClassifierOutput, PhoneXLModelOutput, present
from modeling_phonexl.views import View, unit_mask_of, word_mask_of
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.contrast import sentence_contrast, shared_forms, word_contrast, word_forms
from phonexl.training.job import Job
from phonexl.training.method import Method, Trained
from phonexl.training.romanised_view import SPELLINGS, RomanisedView

_MANY_UNKNOWN = 0.1


@dataclass(frozen=True)
class RomanisedContrastSettings:
    """Settings, ours: none is published for tagging.

    Attributes:
        view: "romanised" or "ipa": what the text is drawn to.
        strip_marks: Romanise without marks of tone, length and vowel; Vietnamese is spelled in Latin letters, and
            without this its second view is the text itself.
        layer: Index into `hidden_states`; TransliCo's 8 of 12.
        temperature: T.
        sentence_weight: λs; 0 leaves the term out.
        word_weight: λt; 0 leaves the term out.
    """

    view: str = "romanised"
    strip_marks: bool = False
    layer: int = 8
    temperature: float = 0.1
    sentence_weight: float = 0.1
    word_weight: float = 0.1

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the contrasts that are computed, by the names of their terms."""
        weights = {"sentence": self.sentence_weight, "word": self.word_weight}
        return {name: weight for name, weight in weights.items() if weight > 0}

    def __post_init__(self) -> None:
        if self.view not in SPELLINGS:
            raise ValueError(f"view {self.view!r}; expected one of {', '.join(SPELLINGS)}")
        if self.strip_marks and self.view != "romanised":
            raise ValueError("strip_marks is for the view 'romanised': marks are part of IPA")
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature}; expected a number > 0")
        for name in ("layer", "sentence_weight", "word_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)}; expected a number >= 0")


class RomanisedContrastTagger(PhoneXLForTokenClassification):
    """Tags text; with second sentences, which have the same words in the same order, it learns by the contrasts too."""

    _auto_class = None
    settings = RomanisedContrastSettings()

    def set_up(self, settings: RomanisedContrastSettings) -> None:
        """Take the settings of a run.

        Raises:
            ValueError: If the backbone has no such layer.
        """
        depth = self.phonexl.backbone.config.num_hidden_layers
        if settings.layer > depth:
            raise ValueError(
                f"romanised-contrast.layer {settings.layer}: this backbone has hidden states 0 to {depth}; set another"
            )
        self.settings = settings

    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor | None = None,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
        language_ids: Tensor | None = None,
        labels: Tensor | None = None,
        second_input_ids: Tensor | None = None,
        second_word_ids: Tensor | None = None,
        second_phoneme_ids: Tensor | None = None,
        second_phoneme_word_ids: Tensor | None = None,
        second_language_ids: Tensor | None = None,
        num_items_in_batch: dict[str, Tensor] | None = None,
        **options: Any,
    ) -> PhoneXLClassifierOutput:
        """Tag a batch and, with labels, compute the loss.

        Args:
            input_ids: Word pieces; this and the next five as in `PhoneXLForTokenClassification.forward`.
            word_ids: Unit of each piece.
            phoneme_ids: Phoneme pieces.
            phoneme_word_ids: Unit of each phoneme.
            language_ids: Language of each unit or sentence.
            labels: Tag of each unit.
            second_input_ids: Word pieces of the other spelling, with their own width; None leaves the contrasts out.
            second_word_ids: Unit of each of these pieces; unit i is that of the text.
            second_phoneme_ids: Sounds, for a model with phonemes.
            second_phoneme_word_ids: Units of these sounds.
            second_language_ids: Languages of these units.
            num_items_in_batch: Count of each term over a whole optimizer step.
            **options: Passed on.

        Returns:
            Loss, its terms and the logits; `sentence_bound` is the sentence term if all vectors were equal.
        """
        contrasts = labels is not None and second_input_ids is not None and self.settings.weights
        if contrasts:
            options["output_hidden_states"] = True
        result: PhoneXLClassifierOutput = super().forward(
            input_ids,
            word_ids,
            phoneme_ids,
            phoneme_word_ids,
            language_ids,
            labels,
            num_items_in_batch=num_items_in_batch,
            **options,
        )
        if not contrasts:
            return result
        text = View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids)
        sound = (second_phoneme_ids, second_phoneme_word_ids)
        second = View.make(second_input_ids, second_word_ids, second_language_ids, *sound)
        states = self._layer(result.hidden_states, text), self._layer(self._read(second).hidden_states, second)
        result.hidden_states, task = None, present(result.loss)
        with torch.autocast(text.input_ids.device.type, enabled=False):
            terms = self._contrast(result, (text, second), states)
        self.weigh(result, terms, num_items_in_batch)
        result.loss = task + present(result.loss)
        return result

    def _read(self, view: View) -> PhoneXLModelOutput:
        outputs: PhoneXLModelOutput = self.phonexl(
            input_ids=view.input_ids,
            word_ids=view.word_ids,
            phoneme_ids=view.phoneme_ids,
            phoneme_word_ids=view.phoneme_word_ids,
            language_ids=view.language_ids,
            output_hidden_states=True,
        )
        return outputs

    def _layer(self, states: tuple[Tensor, ...] | None, view: View) -> Tensor:
        """What is compared, shape (batch, pieces or units, hidden); of stacked views that of the text, the first."""
        owner = view.language_ids if self.config.unit == "word" else view.word_ids
        return present(states)[self.settings.layer][: len(owner), : owner.size(1)].float()

    def _contrast(
        self, result: PhoneXLClassifierOutput, views: tuple[View, View], states: tuple[Tensor, Tensor]
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Summed loss and count of each contrast that has a weight."""
        settings = self.settings
        terms: dict[str, tuple[Tensor, Tensor]] = {}
        words = [word_mask_of(unit_mask_of(view.word_ids, view.language_ids.size(1))) for view in views]
        if "sentence" in settings.weights:
            first, second = map(self._sentence_means, states, views, words)
            shared = shared_forms(*(view.input_ids.masked_fill(view.word_ids < 0, -1) for view in views))
            losses, bounds = sentence_contrast(first, second, shared, settings.temperature)
            terms["sentence"] = losses.sum(), losses.new_tensor(len(losses))
            result["sentence_bound"] = bounds.mean()
        if "word" in settings.weights:
            units = min(mask.size(1) for mask in words)
            both = words[0][:, :units] & words[1][:, :units]  # of a cut sentence, the words that are left
            first, second = (
                self.phonexl.to_units(hidden, view)[:, :units][both] for hidden, view in zip(states, views, strict=True)
            )
            shared = shared_forms(*(word_forms(view.input_ids, view.word_ids, both) for view in views))
            losses = word_contrast(first, second, shared, settings.temperature)
            terms["word"] = losses.sum(), losses.new_tensor(len(losses))
        return terms

    def _sentence_means(self, hidden: Tensor, view: View, words: Tensor) -> Tensor:
        """Mean over what is read of a sentence, specials left out, shape (batch, hidden)."""
        read = words if self.config.unit == "word" else words.gather(1, view.word_ids.clamp(min=0))
        weights = read.unsqueeze(-1).float()
        return (hidden * weights).sum(1) / weights.sum(1)

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of every term, "sentence" and "word" among them."""
        weights: dict[str, float] = super().loss_weights
        return {**weights, **self.settings.weights}

    def count_terms(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Denominators of the terms; those of the contrasts are rows of both spellings, and words that are in both."""
        counts: dict[str, Tensor] = super().count_terms(batch)
        if "second_word_ids" not in batch:
            return counts
        if "sentence" in self.settings.weights:
            counts["sentence"] = torch.tensor(2.0 * len(batch["second_word_ids"]))
        if "word" in self.settings.weights:
            both = torch.minimum(batch["word_ids"].amax(1), batch["second_word_ids"].amax(1))
            counts["word"] = (both - 1).sum().float()
        return counts


def train(job: Job) -> Trained:
    """One stage, with the other spelling beside every training sentence.

    Raises:
        ValueError: If tagged sentences are to be switched or merged too, or the backbone has no such layer.
    """
    settings: RomanisedContrastSettings = job.settings
    for name in ("task_switch_ratio", "particle_merge_ratio", "character_join_ratio"):
        if getattr(job.recipe, name) > 0:
            raise ValueError(f"{job.recipe.name}: romanised-contrast pairs words, which {name} changes: set {name}=0")
    tagger, processor = job.build(RomanisedContrastTagger)
    tagger.set_up(settings)
    view = RomanisedView(processor, settings.view, settings.strip_marks)
    if not settings.weights:
        return Trained(job.run(job.make_trainer(tagger, processor)).tagger, processor)
    trainer = job.make_trainer(tagger, processor, second_view=view)
    facts = view.read_all(trainer.train_dataset)
    return Trained(job.run(trainer).tagger, processor, facts={"second_view": facts}, warnings=_warnings(facts))


def _warnings(facts: dict[str, Any]) -> list[str]:
    warnings = []
    if facts["same_words"] == 1:
        warnings.append(
            "the second view was the text itself: the contrasts taught dropout only (set strip_marks, or view=ipa)"
        )
    if facts["unknown_pieces"] > _MANY_UNKNOWN:
        share = round(100 * facts["unknown_pieces"])
        warnings.append(f"{share} % of the second view's pieces are unknown to the tokenizer: its words look alike")
    return warnings


METHOD = Method(
    name="romanised-contrast",
    reference="this project, after TransliCo (arXiv 2401.06620) and PPA (arXiv 2406.19759); not CORI",
    needs="none",
    recipe={**NO_OBJECTIVES, "unit": "subword"},
    settings=RomanisedContrastSettings,
    tags_only=True,
    train=train,
)
