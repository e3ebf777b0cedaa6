"""The two losses against slow ones, and what a batch of two views holds: drawn by row, paired by word."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from torch import Tensor
from transformers import BertConfig

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.schema import UPOS_TAGS, Sentence
from modeling_phonexl import PhoneXLConfig, PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.training.augmentation import CodeSwitching, SubwordSampling, UniformNoise, Version
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.dataset import Row, TaggingDataset
from phonexl.training.subword_sampling import SubwordSampler
from phonexl.training.teacher import Teacher
from phonexl.training.two_view import TwoViewCollator, teacher_term, two_view_kl

SCORES = st.lists(st.floats(-8, 8, width=32), min_size=24, max_size=24)


def slow_kl(one: Tensor, other: Tensor) -> float:
    """KL(one || other) of two rows of scores in float64, term by term."""
    p, q = (np.exp(row.double().numpy()) for row in (one, other))
    p, q = p / p.sum(), q / q.sum()
    return float(sum(a * np.log(a / b) for a, b in zip(p, q, strict=True)))


@settings(max_examples=50)
@given(SCORES, SCORES, st.lists(st.booleans(), min_size=6, max_size=6))
def test_two_view_kl_is_the_sum_of_both_directions_over_words(
    first: list[float], second: list[float], mask: list[bool]
) -> None:
    a, b = (torch.tensor(values).view(2, 3, 4) for values in (first, second))
    keep = torch.tensor(mask).view(2, 3)
    total, count = two_view_kl(a, b, keep)
    pairs = zip(a[keep], b[keep], strict=True)
    assert total.item() == pytest.approx(sum(slow_kl(x, y) + slow_kl(y, x) for x, y in pairs), rel=1e-4, abs=1e-5)
    assert count.item() == sum(mask)
    assert torch.allclose(two_view_kl(b, a, keep)[0], total, rtol=1e-5, atol=1e-6)


def test_two_view_kl_is_zero_for_equal_distributions_alone() -> None:
    scores, keep = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0)), torch.ones(2, 5, dtype=torch.bool)
    assert two_view_kl(scores, scores.clone(), keep)[0].abs() < 1e-6
    assert two_view_kl(scores, scores + 3.0, keep)[0].abs() < 1e-5, "a constant changes no distribution"
    assert two_view_kl(scores, scores.roll(1, dims=-1), keep)[0] > 0.1
    assert two_view_kl(scores, scores.roll(1, dims=-1), ~keep)[0] == 0


def test_each_view_is_the_others_fixed_target() -> None:
    """Without that, the student can please the loss by flattening both."""
    generator, keep = torch.Generator().manual_seed(1), torch.ones(1, 3, dtype=torch.bool)
    a, b = (torch.randn(1, 3, 4, generator=generator, requires_grad=True) for _ in range(2))
    total, _ = two_view_kl(a, b, keep)
    gradients = torch.autograd.grad(total, (a, b))
    # The gradient of KL(p || softmax(a)) is softmax(a) - p.
    assert torch.allclose(gradients[0], a.softmax(-1) - b.softmax(-1), atol=1e-6)
    assert torch.allclose(gradients[1], b.softmax(-1) - a.softmax(-1), atol=1e-6)


def test_losses_are_computed_in_float32() -> None:
    """bfloat16 has three digits; differences of near distributions would be noise."""
    generator, keep = torch.Generator().manual_seed(2), torch.ones(4, 8, dtype=torch.bool)
    a, b = (torch.randn(4, 8, 17, generator=generator).bfloat16() for _ in range(2))
    assert two_view_kl(a, b, keep)[0].dtype == torch.float32
    assert torch.equal(two_view_kl(a, b, keep)[0], two_view_kl(a.float(), b.float(), keep)[0])
    for hard in (True, False):
        assert torch.equal(teacher_term(a, b, keep, hard)[0], teacher_term(a.float(), b.float(), keep, hard)[0])


@settings(max_examples=30)
@given(SCORES, SCORES)
def test_a_student_learns_the_teachers_distribution_or_its_best_tag(first: list[float], second: list[float]) -> None:
    student, teacher = (torch.tensor(values).view(1, 6, 4) for values in (first, second))
    keep = torch.tensor([[True, False, True, True, False, True]])
    total, count = teacher_term(student, teacher, keep, hard=False)
    expected = sum(slow_kl(t, s) for s, t in zip(student[keep], teacher[keep], strict=True))
    assert total.item() == pytest.approx(expected, rel=1e-4, abs=1e-5)
    total, count = teacher_term(student, teacher, keep, hard=True)
    logs = student.double().log_softmax(-1)
    assert total.item() == pytest.approx(
        -sum(logs[0, i, int(teacher[0, i].argmax())].item() for i in (0, 2, 3, 5)), rel=1e-4, abs=1e-5
    )
    assert count == 4
    assert teacher_term(teacher, teacher, keep, hard=False)[0].abs() < 1e-5


def test_no_gradient_reaches_the_teacher() -> None:
    student, teacher = (torch.randn(1, 2, 3, requires_grad=True) for _ in range(2))
    teacher_term(student, teacher, torch.ones(1, 2, dtype=torch.bool), hard=False)[0].backward()
    assert student.grad is not None
    assert teacher.grad is None


@pytest.fixture(scope="module")
def config(processor: PhoneXLProcessor) -> PhoneXLConfig:
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    backbone = BertConfig(vocab_size=len(processor.tokenizer), max_position_embeddings=64, **shape)
    names = {"id2label": dict(enumerate(UPOS_TAGS)), "label2id": {tag: i for i, tag in enumerate(UPOS_TAGS)}}
    terms = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0, "unit": "subword"}
    return PhoneXLConfig(backbone, **names, **processor.config_fields() | terms)


@pytest.fixture(scope="module")
def rows(processor: PhoneXLProcessor, sentences: list[Sentence]) -> list[Row]:
    """Six originals and their copies."""
    data = TaggingDataset(sentences[:6] * 2, processor, UPOS_TAGS, draws=True)
    return [data[index] for index in range(len(data))]


@pytest.fixture
def sampling(processor: PhoneXLProcessor) -> SubwordSampling:
    return SubwordSampling(processor, SubwordSampler(processor.tokenizer, 0.5), None)


@pytest.fixture
def switching(processor: PhoneXLProcessor) -> CodeSwitching:
    words = [("北京", "bắckinh"), ("看", "xem"), ("书", "sách"), ("老师", "thầy"), ("我", "tôi"), ("。", ".")]
    return CodeSwitching(CodeSwitcher(BilingualDictionary(words), processor, "vi", 0.5, "word"), None)


def cut_out(batch: dict[str, Tensor], row: int) -> dict[str, list[object]]:
    """Everything of one row without its padding."""
    units = {prefix: int(batch[f"{prefix}word_ids"][row].max()) + 1 for prefix in ("", "second_")}
    kept: dict[str, list[object]] = {}
    for name, value in batch.items():
        prefix = "second_" if name.startswith("second_") else ""
        owner = f"{prefix}phoneme_word_ids" if "phoneme" in name else f"{prefix}word_ids"
        if name == "pairs":
            kept[name] = value[row][value[row, :, 0] >= 0].tolist()
        elif "noise" in name:
            kept[name] = value[row][value[row].abs().sum(-1) > 0].tolist()
        elif name.endswith("_ids") and "language" not in name:
            kept[name] = value[row][batch[owner][row] >= 0].tolist()
        else:
            kept[name] = value[row][: units[prefix]].tolist()
    return kept


def test_a_rows_views_do_not_depend_on_its_batch(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], switching: CodeSwitching
) -> None:
    """Accumulation, several processes and a resumed run must see the same data."""
    noise = UniformNoise(processor, config)
    teacher = Teacher(PhoneXLForTokenClassification(config), processor)
    for view, copy in ((noise, switching), (switching, noise)):
        collator = TwoViewCollator(processor, config, 1, view=view, copy=copy, num_originals=6, teacher=teacher)
        whole = collator(rows)
        for order in ([3], [11, 0, 7], [8, 2]):
            part = collator([rows[index] for index in order])
            for place, index in enumerate(order):
                one, other = cut_out(part, place), cut_out(whole, index)
                scores = [torch.tensor(cut.pop("teacher_logits")) for cut in (one, other)]
                assert torch.allclose(*scores, atol=1e-5)
                for cut in (one, other):  # absent where no row of the batch has some
                    cut["noise"] = cut.get("noise", [])
                assert one == other


def test_draws_change_with_the_epoch_and_the_seed(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], switching: CodeSwitching
) -> None:
    collator = TwoViewCollator(processor, config, 1, view=switching, copy=switching, num_originals=6)
    first, again = collator(rows), collator(rows)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    collator.epoch = 1
    later = collator(rows)
    other = TwoViewCollator(processor, config, 2, view=switching, copy=switching, num_originals=6)(rows)
    for batch in (later, other):
        assert batch["second_input_ids"].tolist() != first["second_input_ids"].tolist()
        assert batch["input_ids"][6:].tolist() != first["input_ids"][6:].tolist()
        width = min(batch["input_ids"].size(1), first["input_ids"].size(1))
        assert torch.equal(batch["input_ids"][:6, :width], first["input_ids"][:6, :width]), "originals stay"


def test_equal_sentences_are_drawn_each_for_itself(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], switching: CodeSwitching
) -> None:
    collator = TwoViewCollator(processor, config, 1, view=switching, copy=switching, num_originals=0)
    batch = collator([replace(rows[3], index=index) for index in range(16)])
    for name in ("input_ids", "second_input_ids"):
        assert len({tuple(row) for row in batch[name].tolist()}) > 2, name


def test_a_copy_and_its_view_are_two_draws(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], switching: CodeSwitching
) -> None:
    collator = TwoViewCollator(processor, config, 1, view=switching, copy=switching, num_originals=6)
    batch = collator(rows)
    assert batch["input_ids"][6:].tolist() != batch["second_input_ids"][6:].tolist()


def test_views_have_as_many_pairs_as_words(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], sampling: SubwordSampling
) -> None:
    batch = TwoViewCollator(processor, config, 1, view=sampling, copy=sampling, num_originals=6)(rows)
    for row, pairs in zip(rows, batch["pairs"], strict=True):
        words = list(range(1, len(row.tokens) + 1))
        assert pairs[pairs[:, 0] >= 0].tolist() == [[word, word] for word in words]
    assert "second_labels" not in batch
    assert "teacher_logits" not in batch


def test_words_that_were_joined_are_paired_by_the_first(processor: PhoneXLProcessor, config: PhoneXLConfig) -> None:
    """Of single characters, "北京" becomes one word of three in the second view."""
    sentence = Sentence("1", "zh", ("我", "北", "京", "书"), ("PRON", "PROPN", "PROPN", "NOUN"))
    (row,) = iter(TaggingDataset([sentence], processor, UPOS_TAGS, draws=True))
    dictionary = BilingualDictionary([("北京", "bắckinh")])
    switching = CodeSwitching(CodeSwitcher(dictionary, processor, "vi", 1.0, "longest"), None)
    batch = TwoViewCollator(processor, config, 1, view=switching)([row])
    assert batch["pairs"].tolist() == [[[1, 1], [2, 2], [4, 3]]]


def test_words_that_one_view_lost_are_not_compared(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row]
) -> None:
    class _First:
        """Keeps the first two words."""

        def __call__(self, row: Row, generator: Generator) -> Version:
            return Version(replace(row, sentence=row.sentence.cut(0, 2)), range(2))

        def describe(self) -> dict[str, object]:
            return {}

    batch = TwoViewCollator(processor, config, 1, view=_First())(rows[:2])
    assert batch["pairs"].tolist() == [[[1, 1], [2, 2]]] * 2


def test_the_teacher_teaches_words_of_copies_alone(
    processor: PhoneXLProcessor, config: PhoneXLConfig, rows: list[Row], switching: CodeSwitching
) -> None:
    """It reads the copy as the student does, and nothing of it is random."""
    tagger = PhoneXLForTokenClassification(config)
    teacher = Teacher(tagger, processor)
    collator = TwoViewCollator(processor, config, 1, copy=switching, num_originals=6, teacher=teacher)
    batch = collator([rows[0], rows[8], rows[3], rows[10]])
    words = [0, len(rows[8].tokens), 0, len(rows[10].tokens)]
    assert batch["teacher_mask"].sum(1).tolist() == words
    inputs = {
        name: batch[name] for name in ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids")
    }
    with torch.no_grad():
        expected = tagger.eval()(**inputs).logits
    mask = batch["teacher_mask"]
    assert torch.allclose(batch["teacher_logits"][mask], expected[mask], atol=1e-5)
    assert batch["teacher_logits"][~mask].abs().max() == 0
    assert "pairs" not in batch


def test_evaluation_rows_come_as_they_are(
    processor: PhoneXLProcessor, config: PhoneXLConfig, sentences: list[Sentence], sampling: SubwordSampling
) -> None:
    """There is no second view of what is tagged in earnest."""
    data: Sequence[Row] = [*iter(TaggingDataset(sentences[:4], processor, UPOS_TAGS))]
    batch = TwoViewCollator(processor, config, 1, view=sampling, copy=sampling, num_originals=0)(data)
    plain = processor.pad([row.sentence for row in data])
    assert set(batch) == set(plain)
    assert all(torch.equal(value, plain[name]) for name, value in batch.items())
    assert sampling.sampler.counts.words == 0
