"""What the encoders of a comparison have in common, and one of them: a representation, encoded and ready to train.

How long, from which corpus and to which folders is decided in `run.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainingArguments

from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.dataset import EVALUATED_RATIO, HIDDEN_RATIO, HiddenSentences, hide_for_evaluation
from phonexl.pretraining.encoder import ARCHITECTURE, Body, build_encoder
from phonexl.pretraining.packing import ROW_LENGTH, PackingCollator
from phonexl.pretraining.representations import EncodedSentence, Representation
from phonexl.pretraining.trainer import HeldOut, PretrainingTrainer
from phonexl.training.precision import gains_from_bf16

MAX_LENGTH = 512  # positions; the longest sentences of FLORES have about 420 symbols
_LOGS = 50  # of the loss, over a run
_MOST_WORKERS = 8


@dataclass(frozen=True)
class Settings:
    """What the encoders of a comparison have in common.

    Attributes:
        body: Size of the encoder.
        steps: Optimizer steps.
        batch_size: Sentences of a step, the same ones in every representation.
        seed: Key of weights, order and hidden words.
        vocab_size: Of subwords.
        learning_rate: After the warm-up. It stays there: under a decay, an encoder that is read off before the end
            would be one at a higher rate, and work could not be compared.
        warmup_share: Of the steps.
        bf16: Multiply in bfloat16; None: where the hardware does.
        packed: Whether a row takes several sentences.
    """

    body: Body
    steps: int
    batch_size: int = 64
    seed: int = 1
    vocab_size: int = 16_000
    learning_rate: float = 1e-3
    warmup_share: float = 0.06
    bf16: bool | None = None
    packed: bool = True

    def values(self, corpus: Corpus) -> dict[str, Any]:
        """All that two runs must share to be one, flat."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        facts = json.dumps(corpus.facts, sort_keys=True).encode()
        return {
            **values,
            "body": str(self.body),
            "languages": list(corpus.settings.languages),
            "limit": corpus.settings.limit,
            "max_length": corpus.settings.max_length,
            "hidden_ratio": HIDDEN_RATIO,
            "evaluated_ratio": EVALUATED_RATIO,
            "architecture": ARCHITECTURE,
            "row_length": ROW_LENGTH,
            "corpus": hashlib.sha256(facts).hexdigest()[:16],
        }


@dataclass
class Arm:
    """One representation of a corpus, ready to be trained on.

    Attributes:
        representation: With its vocabulary.
        train: Encoded sentences.
        held_out: Sentences with hidden words, by language.
    """

    representation: Representation
    train: list[EncodedSentence]
    held_out: HeldOut

    @classmethod
    def of(cls, corpus: Corpus, representation: Representation) -> Arm:
        """Encode a corpus."""
        held_out: dict[str, list[Any]] = {}
        for index, sentence in enumerate(corpus.held_out):
            hidden = hide_for_evaluation(representation.encode(sentence), index, representation.mask_id)
            held_out.setdefault(sentence.language, []).append(hidden)
        return cls(representation, [representation.encode(sentence) for sentence in corpus.train], held_out)

    @property
    def num_symbols(self) -> int:
        """Of the training sentences, [CLS] and [SEP] among them."""
        return sum(len(sentence.ids) for sentence in self.train)

    def make_trainer(
        self,
        settings: Settings,
        checkpoints: Path,
        keep: Callable[[int], None] = lambda step: None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> PretrainingTrainer:
        """The Trainer of this arm, with an untrained encoder."""
        tokenizer = self.representation.tokenizer
        pad_id = tokenizer.pad_token_id
        model = build_encoder(settings.body, len(tokenizer), tokenizer.model_max_length, pad_id, settings.seed)
        total = settings.steps * settings.batch_size
        return PretrainingTrainer(
            model,
            make_arguments(settings, checkpoints),
            PackingCollator(pad_id, packed=settings.packed),
            HiddenSentences(self.train, self.representation.mask_id, settings.seed, total),
            self.held_out,
            keep,
            callbacks,
        )


def make_arguments(settings: Settings, checkpoints: Path) -> TrainingArguments:
    """Arguments of the HF Trainer, for one device."""
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=max(1, round(settings.warmup_share * settings.steps)),
        weight_decay=0.01,
        adam_beta2=0.98,  # as RoBERTa (Liu et al. 2019, section 3.1)
        logging_steps=max(1, settings.steps // _LOGS),
        eval_strategy="no",  # both at the marks of the run, see `trainer.py`
        save_strategy="no",
        save_total_limit=1,
        seed=settings.seed,
        bf16=gains_from_bf16() if settings.bf16 is None else settings.bf16,
        use_cpu=not on_gpu,
        dataloader_num_workers=min(_MOST_WORKERS, (os.cpu_count() or 1) - 1) if on_gpu else 0,
        dataloader_pin_memory=on_gpu,
        remove_unused_columns=False,
        report_to="none",
    )


def learn_representation(corpus: Corpus, name: str, settings: Settings) -> Representation:
    """A representation with a vocabulary from the training sentences."""
    representation = Representation.learn(name, corpus.train, settings.vocab_size)
    representation.tokenizer.model_max_length = corpus.settings.max_length
    return representation
