"""What the PhoneXL models return.

Shapes are those of units: [CLS], the words, [SEP].
"""

from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor
from transformers.utils.generic import ModelOutput

_T = TypeVar("_T")


@dataclass
class Embedded:
    """What goes into the encoder.

    Attributes:
        spelling: Pooled word-piece embeddings, shape (batch, units, hidden).
        sound: Pooled phonemic embeddings, same shape; None without phonemes.
        mask: True where there is something to attend to, shape (batch, units or pieces).
        inputs: Sum of spelling, sound and language, shape (batch, units or pieces, hidden).
    """

    spelling: Tensor
    sound: Tensor | None
    mask: Tensor
    inputs: Tensor


@dataclass
class PhoneXLModelOutput(ModelOutput):
    """What the encoder gives.

    Attributes:
        last_hidden_state: Vectors of the units, shape (batch, units, hidden).
        piece_hidden_state: Vectors of the pieces, shape (batch, pieces, hidden); only for `unit="subword"`.
        spelling: Pooled word-piece embeddings before the encoder, shape (batch, units, hidden).
        sound: Pooled phonemic embeddings before the encoder, same shape; None without phonemes.
        unit_mask: True where a row has a unit, shape (batch, units).
        hidden_states: The backbone's, if asked for.
        attentions: The backbone's, if asked for.
    """

    last_hidden_state: Tensor | None = None
    piece_hidden_state: Tensor | None = None
    spelling: Tensor | None = None
    sound: Tensor | None = None
    unit_mask: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None


@dataclass
class PhoneXLClassifierOutput(ModelOutput):
    """What the tagger and the classifier of sentences give.

    Attributes:
        loss: `task + λ align + β mlm + γ xmlm`, a scalar; None without labels.
        logits: Tag scores of the units (CRF: emissions), shape (batch, units, labels); of a classifier of sentences,
            shape (batch, labels).
        task_loss: Mean over labelled words, or over sentences; each term has its own denominator.
        align_loss: Mean over words.
        mlm_loss: Mean over masked pieces.
        xmlm_loss: Mean over masked pieces of the switched text.
        spelling_norm: Mean norm of the units' pooled spelling in training, a scalar; and of the next two: a part that
            outgrows the spelling drowns it.
        sound_norm: Mean norm of their pooled sound.
        language_norm: Mean norm of their language rows.
        unit_mask: True where a row has a unit, specials included, shape (batch, units).
        hidden_states: The backbone's, if asked for.
        attentions: The backbone's, if asked for.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    task_loss: Tensor | None = None
    align_loss: Tensor | None = None
    mlm_loss: Tensor | None = None
    xmlm_loss: Tensor | None = None
    spelling_norm: Tensor | None = None
    sound_norm: Tensor | None = None
    language_norm: Tensor | None = None
    unit_mask: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None


@dataclass
class PhoneXLMaskedLMOutput(ModelOutput):
    """What the language model gives.

    Attributes:
        loss: Mean cross-entropy over the labelled pieces; None without labels.
        logits: Shape (labelled pieces, vocabulary), or (batch, pieces, vocabulary) without labels.
        hidden_states: The backbone's, if asked for.
        attentions: The backbone's, if asked for.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None


def present(value: _T | None) -> _T:
    """Narrow an optional that the configuration guarantees, so that no input can make it None.

    Raises:
        TypeError: If it is None all the same, a fault of this package.
    """
    if value is None:
        raise TypeError("expected a tensor or module that this configuration promises, found None")
    return value
