"""The terms of the loss (PhoneXL paper, Eq. 3): alignment, MLM and code-switched MLM, weighed and counted.

Not here: the task's own term, which each head has.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .alignment import alignment_loss
from .mlm_head import MlmHead, masked_rows
from .outputs import PhoneXLClassifierOutput, PhoneXLModelOutput, present
from .sentence_encoder import IGNORED
from .views import View, unit_mask_of


class LossTerms:
    """What a classifier computes beside its logits, from the same forward."""

    config: Any
    phonexl: Any

    @torch.no_grad()
    def measure_parts(self, result: PhoneXLClassifierOutput, outputs: PhoneXLModelOutput, view: View) -> None:
        """Mean norms of what is added up in front of the encoder, over the units of the task pass."""
        batch, units = view.language_ids.shape
        mask = unit_mask_of(view.word_ids, units)
        result.spelling_norm = present(outputs.spelling)[:batch, :units][mask].norm(dim=-1).mean()
        if outputs.sound is not None:
            result.sound_norm = outputs.sound[:batch, :units][mask].norm(dim=-1).mean()
        if self.phonexl.language_embeddings is not None:
            result.language_norm = self.phonexl.embed_languages(view.language_ids)[mask].norm(dim=-1).mean()

    def align_term(self, scale: Tensor, outputs: PhoneXLModelOutput, view: View) -> tuple[Tensor, Tensor]:
        """Summed loss and count of the aligned words of the task pass; each sentence of a pair is one of its own."""
        config = self.config
        batch, units = view.language_ids.shape
        spelling, sound = (present(part)[:batch, 1:units] for part in (outputs.spelling, outputs.sound))
        words = view.word_mask[:, 1:]
        if view.sentence_ids is not None:
            words = torch.cat([view.sentence_ids[:, 1:] == number for number in (0, 1)])
            spelling, sound = spelling.repeat(2, 1, 1), sound.repeat(2, 1, 1)
        if config.temperature_mode == "exp":
            scale = scale.clamp(max=4.6052).exp()  # ln 100, as CLIP
        with torch.autocast(words.device.type, enabled=False):
            return alignment_loss(
                spelling,
                sound,
                words,
                scale,
                normalize=config.align_normalize,
                ignore_first=config.align_ignore_first,
                pad_to=config.align_pad_to,
                mask_duplicates=config.align_mask_duplicates,
            )

    def mlm_term(
        self, head: MlmHead | None, outputs: PhoneXLModelOutput, word_ids: Tensor, first_row: int, labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Summed loss and count of the masked pieces; only their rows meet the vocabulary."""
        hidden, targets = masked_rows(self.config, outputs, word_ids, first_row, labels)
        total = F.cross_entropy(present(head)(hidden).float(), targets, reduction="sum")
        return total, labels.new_tensor(len(targets)).float()

    def weigh(
        self,
        result: PhoneXLClassifierOutput,
        terms: dict[str, tuple[Tensor, Tensor]],
        counts: dict[str, Tensor] | None,
    ) -> PhoneXLClassifierOutput:
        """Divide every term by its own count and add them up (Eq. 3).

        Args:
            result: Gets `loss`, and the terms as `NAME_loss`.
            terms: Summed loss and count of this batch, by name.
            counts: Counts over the whole optimizer step; None takes those of this batch.
        """
        weights, losses = self.loss_weights, []
        for name, (total, own_count) in terms.items():
            count = own_count if counts is None else counts[name].to(total.device)
            loss = total / count.clamp(min=1)
            result[f"{name}_loss"] = loss
            losses.append(weights[name] * loss)
        result.loss = torch.stack(losses).sum()
        return result

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of every term of the loss, by name."""
        config = self.config
        return {"task": 1.0, "align": config.align_weight, "mlm": config.mlm_weight, "xmlm": config.xmlm_weight}

    def count_terms(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Denominators of the loss terms of one batch, as `forward` counts them.

        Args:
            batch: Tensors of one micro-batch.

        Returns:
            A float scalar for each term that the model computes: "task", "align", "mlm", "xmlm".
        """
        config = self.config
        counts = {"task": (batch["labels"] != IGNORED).sum()}
        if config.align_weight > 0:
            if "sentence_ids" in batch:
                counts["align"] = (batch["sentence_ids"] >= 0).sum()
            else:
                words = batch["word_ids"].amax(1) - 1 - int(config.align_ignore_first)
                counts["align"] = words.clamp(min=0).sum()
        for name in ("mlm", "xmlm"):
            if getattr(config, f"{name}_weight") > 0 and f"{name}_targets" in batch:
                counts[name] = (batch[f"{name}_targets"] != IGNORED).sum()
        return {name: count.float() for name, count in counts.items()}
