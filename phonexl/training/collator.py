"""Batches: the sentences as they are, masked, and switched and masked, as padded tensors.

All draws are a function of seed, epoch and row, never of the batch: accumulation, several processes and a resumed run
see the same data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.processing_phonexl import EncodedSentence, PhoneXLProcessor
from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.dataset import Row
from phonexl.training.masking import Draw, draw_generator, draw_masked_words, mask_words
from phonexl.training.particle_merging import Merger, TaggedSentence


@dataclass(frozen=True)
class SecondSentence:
    """What a sentence is read beside: its translation, its romanisation, itself cut into other pieces.

    Attributes:
        sentence: Its ids; with labels where its words have tags of their own.
        targets: A teacher's logits for its words, shape (words, labels); None without a teacher.
    """

    sentence: EncodedSentence
    targets: Tensor | None = None


SecondView = Callable[[Row, Generator], SecondSentence]


@dataclass
class PhoneXLCollator:
    """Makes the tensors of `PhoneXLClassifier.forward` from rows.

    Attributes:
        processor: Pads and knows the special tokens.
        config: Says which passes exist, and how much is masked.
        seed: Key of all draws.
        switcher: Code switching; None where the model has no XMLM term.
        task_switcher: Code switching of the tagged sentences themselves (CoSDA-ML, Qin et al. 2020); None for none.
        merger: Joins particles to the content word before them, or characters to words, in the tagged sentences; None
            leaves them.
        second_view: Gives every training row a second sentence, drawn anew in every epoch; None for none.
        epoch: Set by the trainer; with `config.static_masks` the draws of epoch 0 serve for all.
        num_words: Words of all training batches so far.
        num_masked: Words masked so far.
    """

    processor: PhoneXLProcessor
    config: PhoneXLConfig
    seed: int
    switcher: CodeSwitcher | None = None
    task_switcher: CodeSwitcher | None = None
    second_view: SecondView | None = None
    merger: Merger | None = None
    epoch: int = 0
    num_words: int = 0
    num_masked: int = 0

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Collate rows; only rows with `draws` get masked and switched versions.

        Returns:
            Tensors of the task pass; `mlm_*` and `xmlm_*` where the config gives those terms a weight; `second_*` as
            `pad_second` makes them.
        """
        batch: dict[str, Tensor] = dict(self.processor.pad([self._task_sentence(row) for row in rows]))
        classes = [row.label for row in rows if row.label is not None]
        if classes:
            batch["labels"] = torch.tensor(classes)
        if not rows[0].draws:
            return batch
        if self.second_view is not None:
            batch |= pad_second(self.processor, [self._draw_second(self.second_view, row) for row in rows])
        if not (self.config.mlm_weight or self.config.xmlm_weight):
            return batch
        masked_targets, switched_targets = [], []
        masked_views, switched_views = [], []
        for row in rows:
            epoch = 0 if self.config.static_masks else self.epoch
            generator = draw_generator(self.seed, epoch, row.index)
            masked = draw_masked_words(generator, len(row.tokens), self.config.mask_ratio)
            self.num_words += len(row.tokens)
            self.num_masked += len(masked)
            view, targets = self._mask(generator, row.sentence, masked)
            masked_views.append(view)
            masked_targets.append(targets)
            if self.switcher is not None:
                switched, spans = self.switcher.switch(generator, row.tokens, row.sentence)
                chosen = {word for word, span in enumerate(spans) if masked & set(span)}
                view, targets = self._mask(generator, switched, chosen)
                switched_views.append(view)
                switched_targets.append(targets)
        if self.config.mlm_weight > 0:
            padded = self._pad(masked_views, masked_targets)
            batch |= {"mlm_input_ids": padded["input_ids"], "mlm_targets": padded["targets"]}
        if self.switcher is not None and self.config.xmlm_weight > 0:
            batch |= {f"xmlm_{name}": value for name, value in self._pad(switched_views, switched_targets).items()}
            if self.config.xmlm_boundaries == "source":
                _pool_by_source(batch, self.processor.tokenizer.pad_token_id, self.processor.phonemes.pad_id)
            if self.config.sentence_language == "last_word":
                _take_last_language(batch, [view.language_ids[-1] for view in switched_views])
        return batch

    def _task_sentence(self, row: Row) -> EncodedSentence:
        """The sentence that is tagged, in training with words switched, and particles or characters joined."""
        sentence = self._switch_task_words(row) if row.draws else row.sentence
        if self.merger is None or not row.draws:
            return sentence
        tagged = TaggedSentence(row.lang, row.tokens, sentence)
        return self.merger.merge(draw_generator(self.seed, self.epoch, row.index, Draw.MERGE), tagged)

    def _switch_task_words(self, row: Row) -> EncodedSentence:
        """A word gets the tag of the first one it stands for."""
        if self.task_switcher is None or row.lang == self.task_switcher.target:
            return row.sentence
        generator = draw_generator(self.seed, self.epoch, row.index, Draw.TASK_SWITCH)
        switched, spans = self.task_switcher.switch(generator, row.tokens, row.sentence)
        if row.sentence.labels is not None:
            switched.labels = [row.sentence.labels[span.start] for span in spans]
        return switched

    def _draw_second(self, second_view: SecondView, row: Row) -> SecondSentence:
        return second_view(row, draw_generator(self.seed, self.epoch, row.index, Draw.SECOND_VIEW))

    def _mask(
        self, generator: Generator, sentence: EncodedSentence, masked: set[int]
    ) -> tuple[EncodedSentence, list[list[int]]]:
        tokenizer = self.processor.tokenizer
        start_mark = tokenizer.convert_tokens_to_ids("▁")
        pieces, targets = mask_words(
            generator,
            sentence.pieces,
            masked,
            tokenizer.mask_token_id,
            self.config.vocab_size,
            self.config.mask_replace,
            None if start_mark == tokenizer.unk_token_id else start_mark,
        )
        return replace(sentence, pieces=pieces, labels=None), targets

    def _pad(self, views: Sequence[EncodedSentence], targets: Sequence[list[list[int]]]) -> dict[str, Any]:
        """Tensors of one pass; targets stand on pieces, so they are padded exactly like them."""
        tensors: dict[str, Any] = dict(self.processor.pad(views))
        sentences = [replace(view, pieces=words) for view, words in zip(views, targets, strict=True)]
        ids: Tensor = self.processor.pad(sentences)["input_ids"]
        ends = (tensors["word_ids"] == 0) | (tensors["word_ids"] == tensors["word_ids"].amax(1, keepdim=True))
        if "sentence_ids" in tensors:
            ends |= tensors["sentence_ids"].gather(1, tensors["word_ids"].clamp(min=0)) < 0
        tensors["targets"] = ids.masked_fill(ends | (tensors["word_ids"] < 0), IGNORED)
        return tensors


def pad_second(processor: PhoneXLProcessor, sentences: Sequence[SecondSentence]) -> dict[str, Tensor]:
    """Tensors of second sentences.

    Returns:
        `second_input_ids`, `second_word_ids`, ... as `PhoneXLModel.forward` has them without the prefix;
        `second_labels` where they have labels; `second_targets`, shape (batch, units, labels), zero on specials and
        padding, where they have a teacher's logits.
    """
    tensors = {f"second_{name}": value for name, value in processor.pad([s.sentence for s in sentences]).items()}
    targets = [sentence.targets for sentence in sentences if sentence.targets is not None]
    if targets:
        units = tensors["second_language_ids"].size(1)
        padded = [F.pad(target, (0, 0, 1, units - 1 - len(target))) for target in targets]
        tensors["second_targets"] = torch.stack(padded)
    return tensors


def _pool_by_source(batch: dict[str, Tensor], pad_id: int, phoneme_pad_id: int) -> None:
    """Released code: the switched pieces and sounds are pooled by the unswitched sentence's word boundaries."""
    pairs = [("input_ids", "word_ids", pad_id)]
    if "phoneme_ids" in batch:
        pairs.append(("phoneme_ids", "phoneme_word_ids", phoneme_pad_id))
    for ids, units, fill in pairs:
        longer = batch[f"xmlm_{ids}"].size(1) - batch[units].size(1)
        batch[f"xmlm_{ids}"] = F.pad(batch[f"xmlm_{ids}"], (0, max(0, -longer)), value=fill)
        batch[f"xmlm_{units}"] = F.pad(batch[units], (0, max(0, longer)), value=-1)
    missing = batch["xmlm_input_ids"].size(1) - batch["xmlm_targets"].size(1)
    batch["xmlm_targets"] = F.pad(batch["xmlm_targets"], (0, missing), value=IGNORED)


def _take_last_language(batch: dict[str, Tensor], last: Sequence[int]) -> None:
    """Released code: task and MLM passes, and the specials of XMLM, get the last word's language after switching."""
    language = batch["language_ids"].new_tensor(last).unsqueeze(1)
    batch["language_ids"] = language.expand_as(batch["language_ids"]).clone()
    switched = batch["xmlm_language_ids"]
    unit = torch.arange(switched.size(1))
    words = (unit > 0) & (unit < batch["xmlm_word_ids"].amax(1, keepdim=True))
    batch["xmlm_language_ids"] = switched.where(words, language.expand_as(switched))
