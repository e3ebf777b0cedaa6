"""A frozen tagger that others learn from, and its tag scores of whole data sets, computed once.

What is learnt from the scores is the methods' business.
"""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from phonexl.training.collator import SecondSentence, pad_second
from phonexl.whole_files import whole_file

_BATCH = 64


class Teacher:
    """A frozen copy of a tagger: without dropout and gradients, in no optimizer, saved with no student.

    Args:
        tagger: What is copied; it may be trained on or thrown away.
        processor: Its processor.

    Raises:
        ValueError: If the tagger has a CRF, which scores whole sentences and not words.
    """

    def __init__(self, tagger: PhoneXLClassifier, processor: PhoneXLProcessor) -> None:
        if tagger.config.head == "crf":
            raise ValueError(
                "head 'crf' gives no probabilities of single words, which a student learns: set head=softmax"
            )
        self.tagger = copy.deepcopy(tagger).eval().requires_grad_(False)
        self.processor = processor

    @torch.no_grad()
    def logits(
        self, sentences: Sequence[EncodedSentence], beside: Sequence[EncodedSentence] | None = None
    ) -> list[Tensor]:
        """Tag scores of the words of sentences.

        Args:
            sentences: What is tagged; all with labels, which are not looked at, or all without.
            beside: Second sentence of each, for a tagger that reads pairs; None reads each alone.

        Returns:
            One float32 tensor on the CPU per sentence, shape (words, labels).
        """
        device = self.tagger.device
        found: list[Tensor] = [torch.empty(0)] * len(sentences)
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index].pieces))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            inputs = dict(self.processor.pad([sentences[row] for row in rows]))
            inputs.pop("labels", None)
            if beside is not None:
                inputs |= pad_second(self.processor, [SecondSentence(beside[row]) for row in rows])
                inputs.pop("second_labels", None)
            logits = self.tagger(**{name: value.to(device) for name, value in inputs.items()}).logits.float().cpu()
            for row, scores in zip(rows, logits, strict=True):
                found[row] = scores[1 : 1 + len(sentences[row].pieces)].clone()
        return found


def cached_logits(file: Path, compute: Callable[[], list[Tensor]]) -> list[Tensor]:
    """Logits by row, from a file where it exists; else computed and written there, whole or not at all.

    Args:
        file: A safetensors file whose keys are the rows' positions.
        compute: Gives the logits of all rows.
    """
    if file.exists():
        saved = load_file(file)
        return [saved[str(row)] for row in range(len(saved))]
    logits = compute()
    with whole_file(file) as part:
        save_file({str(row): scores.contiguous() for row, scores in enumerate(logits)}, part)
    return logits
