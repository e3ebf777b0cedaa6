"""A tagger that may read each sentence beside a second one; what happens between the two is a method's business.

Where second sentences come from is in `translated_view.py`.
"""

from typing import Any

from torch import Tensor
from transformers import PreTrainedModel

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.outputs import PhoneXLClassifierOutput
from modeling_phonexl.views import View
from phonexl.training.staged_encoder import StagedEncoder, Stream


class PairTagger(PhoneXLForTokenClassification):
    """Tags as the plain tagger without second sentences, and as `tag_pairs` says with them.

    Args:
        config: Configuration; no objective but the task's.
        backbone: An encoder to use as it is.

    Raises:
        ValueError: If the backbone cannot be run layer by layer, the config has other objectives, or its head is a CRF,
            whose scores are those of sentences: what is learnt from a teacher is the tag of a word.
    """

    _auto_class = None

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config, backbone)
        for name in ("align_weight", "mlm_weight", "xmlm_weight"):
            if getattr(config, name) > 0:
                raise ValueError(
                    f"{name} is {getattr(config, name)}, and sentence pairs have no such term: set it to 0"
                )
        if self.crf is not None:
            raise ValueError(
                "head 'crf' has no tag probabilities of single words, which a teacher gives: use 'softmax'"
            )
        StagedEncoder(self.phonexl)

    def forward(  # type: ignore[override]
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
        second_targets: Tensor | None = None,
        num_items_in_batch: dict[str, Tensor] | None = None,
        **options: Any,
    ) -> PhoneXLClassifierOutput:
        """Tag a batch and, with labels or targets, compute the loss.

        Args:
            input_ids: Word pieces; this and the next five as in `PhoneXLForTokenClassification.forward`.
            word_ids: Unit of each piece.
            phoneme_ids: Phoneme pieces.
            phoneme_word_ids: Unit of each phoneme.
            language_ids: Language of each unit or sentence.
            labels: Tag of each unit.
            second_input_ids: The same of the second sentences, with their own widths; None reads each sentence alone.
            second_word_ids: Unit of each of these pieces.
            second_phoneme_ids: Sounds of the second sentences.
            second_phoneme_word_ids: Units of these sounds.
            second_language_ids: Languages of these units.
            second_targets: A teacher's logits for these units, shape (batch, units, labels).
            num_items_in_batch: Count of each term over a whole optimizer step.
            **options: Passed on where sentences are read alone.

        Returns:
            Loss, its terms, and the logits of the sentences themselves.
        """
        if second_input_ids is None:
            return super().forward(
                input_ids,
                word_ids,
                phoneme_ids,
                phoneme_word_ids,
                language_ids,
                labels,
                num_items_in_batch=num_items_in_batch,
                **options,
            )
        view = View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids)
        sound = (second_phoneme_ids, second_phoneme_word_ids)
        second = View.make(second_input_ids, second_word_ids, second_language_ids, *sound)
        return self.tag_pairs(view, second, labels, second_targets, num_items_in_batch)

    def tag_pairs(
        self, view: View, second: View, labels: Tensor | None, targets: Tensor | None, counts: dict[str, Tensor] | None
    ) -> PhoneXLClassifierOutput:
        """Tag sentences beside their second ones; see `forward`."""
        raise NotImplementedError

    def score(self, stream: Stream, view: View) -> Tensor:
        """Tag scores of the units of a view that went through all layers, shape (batch, units, labels)."""
        logits: Tensor = self.classifier(self.dropout(self.phonexl.to_units(stream.hidden, view)))
        return logits
