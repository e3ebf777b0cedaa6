"""The alignment loss, against equations 4-6 written word by word in float64."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from modeling_phonexl.alignment import alignment_loss

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=4)


def random_words(lengths: list[int], seed: int = 0, width: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Spelling, sound and mask of a padded batch; padding holds numbers too."""
    shape = (len(lengths), width or max(lengths), 8)
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(shape[1]) < torch.tensor(lengths).unsqueeze(1)
    spelling, sound = (torch.randn(shape, generator=generator) for _ in range(2))
    return spelling, sound, mask


def equations(spelling: Tensor, sound: Tensor, lengths: list[int], tau: float) -> tuple[float, int]:
    """Eq. 4-6 of the PhoneXL paper, one sentence and one word at a time; sum over words and their number."""
    total = 0.0
    for row, length in enumerate(lengths):
        w_t, w_pe = spelling[row, :length].detach().double(), sound[row, :length].detach().double()
        w_t, w_pe = w_t / w_t.norm(dim=1, keepdim=True), w_pe / w_pe.norm(dim=1, keepdim=True)
        for word in range(length):
            to_spelling = torch.stack([w_pe[word] @ w_t[other] * tau for other in range(length)])
            to_sound = torch.stack([w_pe[other] @ w_t[word] * tau for other in range(length)])
            own = w_pe[word] @ w_t[word] * tau
            total += float(to_spelling.logsumexp(0) - own + to_sound.logsumexp(0) - own) / 2
    return total, sum(lengths)


@settings(max_examples=50)
@given(lengths=LENGTHS, seed=st.integers(0, 2**31), tau=st.floats(0.1, 30), spare=st.integers(0, 3))
def test_loss_equals_the_equations(lengths: list[int], seed: int, tau: float, spare: int) -> None:
    spelling, sound, mask = random_words(lengths, seed, max(lengths) + spare)
    total, count = alignment_loss(spelling, sound, mask, torch.tensor(tau))
    expected, words = equations(spelling, sound, lengths, torch.tensor(tau).item())
    assert total.item() == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert count.item() == words


def test_padding_and_batch_order_change_nothing() -> None:
    spelling, sound, mask = random_words([5, 2, 3])
    order = torch.tensor([2, 0, 1])
    tau = torch.tensor(14.3)
    whole = alignment_loss(spelling, sound, mask, tau)[0]
    shuffled = alignment_loss(spelling[order], sound[order], mask[order], tau)[0]
    alone = sum(
        alignment_loss(spelling[i : i + 1, :n], sound[i : i + 1, :n], mask[i : i + 1, :n], tau)[0]
        for i, n in enumerate((5, 2, 3))
    )
    torch.testing.assert_close(shuffled, whole)
    torch.testing.assert_close(alone, whole)


@pytest.mark.parametrize("normalize", ["hidden", "sequence"])
def test_a_sentence_of_one_word_adds_nothing_and_is_not_nan(normalize: str) -> None:
    """It has no negatives; in the released code a batch of such sentences is NaN."""
    spelling, sound, mask = random_words([1, 1], width=3)
    spelling.requires_grad_()
    total, count = alignment_loss(spelling, sound, mask, torch.tensor(14.3), normalize=normalize)
    assert total.item() == pytest.approx(0, abs=1e-6)
    assert count.item() == 2
    total.backward()
    assert spelling.grad is not None
    assert spelling.grad.isfinite().all()


def test_padding_leaves_no_nan_on_the_way_back() -> None:
    """A padded row has no candidate; a softmax over nothing is NaN, which stops a run under anomaly detection."""
    spelling, sound, mask = random_words([4, 1], width=6)
    with torch.autograd.set_detect_anomaly(True):
        alignment_loss(spelling.requires_grad_(), sound.requires_grad_(), mask, torch.tensor(14.3))[0].backward()
    assert spelling.grad is not None
    assert not spelling.grad[~mask].any()


@pytest.mark.parametrize("pad_to", [None, 6])
def test_a_batch_without_words_is_zero(pad_to: int | None) -> None:
    spelling, sound, _ = random_words([3])
    mask = torch.zeros(1, 3, dtype=torch.bool)
    total, count = alignment_loss(spelling.requires_grad_(), sound, mask, torch.tensor(1.0), pad_to=pad_to)
    assert (total.item(), count.item()) == (0, 0)
    total.backward()
    assert spelling.grad is not None
    assert spelling.grad.isfinite().all()


def test_words_without_sound_vector_keep_the_loss_finite() -> None:
    """`phoneme_init="zeros"` starts with vectors of length 0."""
    spelling, sound, mask = random_words([3, 2])
    sound = torch.zeros_like(sound, requires_grad=True)
    total, _ = alignment_loss(spelling, sound, mask, torch.tensor(14.3))
    assert total.item() == pytest.approx(3 * math.log(3) + 2 * math.log(2), abs=1e-5)
    total.backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()


def test_a_repeated_word_is_no_negative_of_itself_when_duplicates_are_masked() -> None:
    spelling, sound, mask = random_words([4, 2], width=5)
    spelling[0, 3], sound[0, 3] = spelling[0, 1], sound[0, 1]
    total, count = alignment_loss(spelling, sound, mask, torch.tensor(5.0), mask_duplicates=True)
    w_t, w_pe = (part[0, :4].double() / part[0, :4].double().norm(dim=1, keepdim=True) for part in (spelling, sound))
    similarity = w_pe @ w_t.T * 5.0
    expected = equations(spelling[1:], sound[1:], [2], 5.0)[0]
    for word in range(4):
        others = [other for other in range(4) if {word, other} != {1, 3}]
        scores = similarity[word, others].logsumexp(0) + similarity[others, word].logsumexp(0)
        expected += float(scores - 2 * similarity[word, word]) / 2
    assert total.item() == pytest.approx(expected, abs=1e-4)
    assert count.item() == 6


def test_equal_spelling_with_another_sound_stays_a_negative() -> None:
    """A heteronym is what the term has to tell apart."""
    spelling, sound, mask = random_words([3])
    spelling[0, 2] = spelling[0, 1]
    plain = alignment_loss(spelling, sound, mask, torch.tensor(5.0))[0]
    assert torch.equal(alignment_loss(spelling, sound, mask, torch.tensor(5.0), mask_duplicates=True)[0], plain)


def test_half_precision_input_is_computed_in_float32() -> None:
    spelling, sound, mask = random_words([6])
    total, _ = alignment_loss(spelling.bfloat16(), sound.bfloat16(), mask, torch.tensor(14.3, dtype=torch.bfloat16))
    assert total.dtype == torch.float32
    exact = alignment_loss(
        spelling.bfloat16().float(), sound.bfloat16().float(), mask, torch.tensor(14.3).bfloat16().float()
    )
    torch.testing.assert_close(total, exact[0])


def align_loss(tagger: Any, batch: dict[str, Tensor]) -> Tensor:
    loss: Tensor = tagger(**batch).align_loss
    return loss


def test_stored_temperature_is_its_logarithm_and_is_clamped_at_100(make_tagger: Any, make_batch: Any) -> None:
    """A τ that runs away makes the loss a hard maximum; CLIP stops it at 100."""
    tagger, batch = make_tagger(temperature_mode="exp"), make_batch((5, 4))
    assert tagger.logit_scale.item() == pytest.approx(math.log(1 / 0.07), abs=1e-5)
    with torch.no_grad():
        tagger.logit_scale.fill_(math.log(100))
        at_limit = align_loss(tagger, batch)
        tagger.logit_scale.fill_(9.0)
        assert align_loss(tagger, batch).item() == pytest.approx(at_limit.item(), rel=1e-3)
        tagger.logit_scale.fill_(math.log(50))
        assert abs(align_loss(tagger, batch).item() - at_limit.item()) > 0.01


def test_raw_temperature_multiplies_as_it_is(make_tagger: Any, make_batch: Any) -> None:
    batch = make_batch((5, 4))
    raw = make_tagger(temperature_mode="raw", temperature_init=7.0)
    assert raw.logit_scale.item() == 7.0
    logarithm = make_tagger(temperature_mode="exp", temperature_init=7.0)
    torch.testing.assert_close(align_loss(raw, batch), align_loss(logarithm, batch))


def test_temperature_learns(make_tagger: Any, make_batch: Any) -> None:
    tagger = make_tagger()
    align_loss(tagger, make_batch((5, 4))).backward()
    assert tagger.logit_scale.grad.abs() > 0


def test_alignment_leaves_specials_out(make_tagger: Any, make_batch: Any) -> None:
    """[CLS] and [SEP] are the same in every sentence: as words they would be easy targets that lower the loss."""
    tagger, batch = make_tagger(temperature_mode="raw", temperature_init=3.0), make_batch((4, 2))
    output = tagger.phonexl(**{n: batch[n] for n in ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids")})
    expected, words = equations(output.spelling[:, 1:], output.sound[:, 1:], [4, 2], 3.0)
    assert align_loss(tagger, batch).item() == pytest.approx(expected / words, abs=1e-4)
