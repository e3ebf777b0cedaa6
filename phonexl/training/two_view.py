"""Training on two views of a sentence, and on copies of it that a teacher tags: batches, and losses between tag scores.

How a view is made is in `augmentation.py`; which views and weights a method takes, in its own file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from phonexl.training.augmentation import Augmentation, Version
from phonexl.training.collator import PhoneXLCollator, SecondSentence, pad_second
from phonexl.training.dataset import Row
from phonexl.training.masking import Draw, draw_generator
from phonexl.training.teacher import Teacher


def two_view_kl(first: Tensor, second: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric KL divergence between the tag distributions of two views; each is the other's fixed target.

    Args:
        first: Tag scores, shape (batch, words, labels).
        second: Those of the same words in the other view, same shape.
        mask: True where there is a word, shape (batch, words).

    Returns:
        KL(first || second) + KL(second || first) in float32, summed over labels and words, and the number of words;
        the sum is zero where the distributions are equal, and only there.

    Source: Zheng et al. 2021, xTune, Eq. 2. `kl_div(reduction="mean")` of their code also divides by the number of
    labels.

    >>> one, other = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[1.0, 0.0]]])
    >>> total, count = two_view_kl(one, other, torch.tensor([[True]]))
    >>> round(total.item(), 4), count.item()
    (0.2311, 1.0)
    """
    one, other = (scores[mask].float().log_softmax(-1) for scores in (first, second))
    there = F.kl_div(one, other.detach(), reduction="sum", log_target=True)
    back = F.kl_div(other, one.detach(), reduction="sum", log_target=True)
    return there + back, mask.sum().float()


def teacher_term(logits: Tensor, targets: Tensor, mask: Tensor, hard: bool) -> tuple[Tensor, Tensor]:
    """What a student has to learn from a teacher: summed loss and count of the words.

    Args:
        logits: The student's tag scores, shape (batch, words, labels).
        targets: The teacher's, same shape.
        mask: True where the teacher teaches, shape (batch, words).
        hard: Cross-entropy against the teacher's best tags instead of KL(teacher || student).

    Source: Zheng et al. 2021, xTune, Eq. 3; hard labels as in their code for NER.
    """
    student, teacher = logits[mask].float(), targets[mask].float().detach()
    if hard:
        total = F.cross_entropy(student, teacher.argmax(-1), reduction="sum")
    else:
        total = F.kl_div(student.log_softmax(-1), teacher.log_softmax(-1), reduction="sum", log_target=True)
    return total, mask.sum().float()


@dataclass
class TwoViewCollator(PhoneXLCollator):
    """Batches of training rows with a second view of each, where some rows are copies that a teacher tags.

    Attributes:
        view: Makes the second view; None for none.
        copy: Makes of a copy what is read in its place; None takes it as it stands.
        num_originals: Sentences of the data set that are no copies, which stand in front; None: all of them.
        teacher: Gives the copies their tag scores; None for none.
    """

    view: Augmentation | None = None
    copy: Augmentation | None = None
    num_originals: int | None = None
    teacher: Teacher | None = None

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Collate rows; evaluation rows as they are.

        Returns:
            The tensors of `PhoneXLCollator`; with `view`, those of `pad_second` and `pairs`, units of both views that
            are the same word, -1 for padding, shape (batch, words, 2); with `teacher`, `teacher_logits`, shape
            (batch, units, labels), and `teacher_mask`, the words of copies, shape (batch, units); `noise` and
            `second_noise` of views that have some, shape (batch, units or pieces, hidden).
        """
        if not rows[0].draws:
            return super().__call__(rows)
        copied = [self.num_originals is not None and row.source >= self.num_originals for row in rows]
        firsts = [self._read(row, is_copy) for row, is_copy in zip(rows, copied, strict=True)]
        batch = super().__call__([version.row for version in firsts])
        _add_noise(batch, "noise", firsts)
        if self.view is not None:
            seconds = [self._look(self.view, row) for row in rows]
            sentences = [SecondSentence(replace(version.row.sentence, labels=None)) for version in seconds]
            batch |= pad_second(self.processor, sentences)
            batch["pairs"] = _pair(firsts, seconds)
            _add_noise(batch, "second_noise", seconds)
        if self.teacher is not None:
            batch |= self._teach(self.teacher, firsts, copied, batch["labels"].size(1))
        return batch

    def _read(self, row: Row, is_copy: bool) -> Version:
        """What is read of a row."""
        if self.copy is None or not is_copy:
            return Version.same(row)
        return self.copy(row, draw_generator(self.seed, self.epoch, row.index, Draw.COPY))

    def _look(self, view: Augmentation, row: Row) -> Version:
        """The second view: of what the first is a version of, as in the authors' code."""
        return view(row, draw_generator(self.seed, self.epoch, row.index, Draw.SECOND_VIEW))

    def _teach(
        self, teacher: Teacher, versions: Sequence[Version], copied: Sequence[bool], units: int
    ) -> dict[str, Tensor]:
        sentences = [version.row.sentence for version, is_copy in zip(versions, copied, strict=True) if is_copy]
        found = iter(teacher.logits(sentences))
        logits = torch.zeros(len(versions), units, teacher.tagger.num_labels)
        mask = torch.zeros(len(versions), units, dtype=torch.bool)
        for position, is_copy in enumerate(copied):
            if is_copy:
                scores = next(found)
                logits[position, 1 : 1 + len(scores)] = scores
                mask[position, 1 : 1 + len(scores)] = True
        return {"teacher_logits": logits, "teacher_mask": mask}


def _pair(firsts: Sequence[Version], seconds: Sequence[Version]) -> Tensor:
    """Units of two views that stand for the same word, shape (batch, words, 2)."""
    found = []
    for first, second in zip(firsts, seconds, strict=True):
        places = {origin: unit for unit, origin in enumerate(second.origins, 1)}
        pairs = [(unit, places[origin]) for unit, origin in enumerate(first.origins, 1) if origin in places]
        found.append(torch.tensor(pairs, dtype=torch.long).view(-1, 2))
    return torch.nn.utils.rnn.pad_sequence(found, batch_first=True, padding_value=-1)


def _add_noise(batch: dict[str, Any], name: str, versions: Sequence[Version]) -> None:
    """Noise of all versions, where one has some, zero for the others and for padding."""
    drawn = [version.noise for version in versions if version.noise is not None]
    if drawn:
        none = drawn[0].new_zeros(0, drawn[0].size(1))
        rows = [none if version.noise is None else version.noise for version in versions]
        batch[name] = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
