"""The frozen teacher: its scores are the tagger's, nothing moves it, and they are computed once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dataset_scripts.schema import UPOS_TAGS, Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.methods.filter import FilterTagger
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.teacher import Teacher, cached_logits

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def plain_processor(backbone: Path) -> PhoneXLProcessor:
    return PhoneXLProcessor.from_backbone(str(backbone), use_phonemes=False, unit="subword")


@pytest.fixture
def build(backbone: Path, plain_processor: PhoneXLProcessor) -> Callable[..., PhoneXLForTokenClassification]:
    def make(tagger_class: type = PhoneXLForTokenClassification, **fields: object) -> PhoneXLForTokenClassification:
        torch.manual_seed(1)
        options = {**NO_OBJECTIVES, "initializer_range": 0.5, **fields}
        return tagger_class.from_backbone(str(backbone), labels=UPOS_TAGS, processor=plain_processor, **options)

    return make


@pytest.fixture
def encoded(plain_processor: PhoneXLProcessor, sentences: list[Sentence]) -> list[EncodedSentence]:
    return [plain_processor.encode(sentence.tokens, "zh", labels=[0] * len(sentence.tokens)) for sentence in sentences]


def test_logits_are_those_of_each_sentence_by_itself(build, plain_processor, encoded) -> None:
    """Sentences are batched by length: scores must come back in order, and without those of specials and padding."""
    tagger = build()
    found = Teacher(tagger, plain_processor).logits(encoded * 4)
    assert [len(scores) for scores in found] == [len(sentence.pieces) for sentence in encoded * 4]
    tagger.eval()
    for sentence, scores in zip(encoded[:6], found, strict=False):
        with torch.no_grad():
            expected = tagger(**plain_processor.pad([sentence])).logits[0, 1:-1]
        torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)
    assert {tuple(scores[0].tolist()) for scores in found[:6]} != {tuple(found[0][0].tolist())}
    assert all(scores.dtype == torch.float32 and not scores.requires_grad for scores in found)


def test_pairs_are_read_as_pairs(build, plain_processor, encoded) -> None:
    tagger = build(FilterTagger)
    alone = Teacher(tagger, plain_processor).logits(encoded[:3])
    beside = Teacher(tagger, plain_processor).logits(encoded[:3], encoded[3:6])
    itself = Teacher(tagger, plain_processor).logits(encoded[:3], encoded[:3])
    for one, same, other in zip(alone, itself, beside, strict=True):
        torch.testing.assert_close(one, same, atol=1e-4, rtol=0)
        assert not torch.allclose(one, other, atol=1e-3)


def test_training_what_was_copied_leaves_the_teacher_alone(build, plain_processor, encoded) -> None:
    tagger = build()
    teacher = Teacher(tagger, plain_processor)
    assert not any(parameter.requires_grad for parameter in teacher.tagger.parameters())
    assert all(parameter.requires_grad for parameter in tagger.parameters())
    before = teacher.logits(encoded[:2])
    with torch.no_grad():
        for parameter in tagger.parameters():
            parameter.add_(1.0)
    tagger.train()
    assert all(torch.equal(*pair) for pair in zip(before, teacher.logits(encoded[:2]), strict=True))


def test_a_crf_cannot_teach(build, plain_processor) -> None:
    with pytest.raises(ValueError, match="head 'crf' gives no probabilities of single words.*head=softmax"):
        Teacher(build(head="crf"), plain_processor)


def test_logits_are_computed_once_and_come_back_by_row(tmp_path: Path) -> None:
    """A hundred rows: sorted as texts, row 10 would come before row 2."""
    calls: list[int] = []

    def compute() -> list[Tensor]:
        calls.append(1)
        return [torch.full((row % 3 + 1, 2), float(row)) for row in range(100)]

    file = tmp_path / "new" / "logits.safetensors"
    first, again = cached_logits(file, compute), cached_logits(file, compute)
    assert calls == [1]
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert len(first) == len(again) == 100
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))


def test_a_computation_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> list[Tensor]:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        cached_logits(tmp_path / "logits.safetensors", fail)
    assert list(tmp_path.iterdir()) == []
