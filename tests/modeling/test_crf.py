"""The chain's likelihood and best path, against an enumeration of all paths."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.crf import LinearChainCrf

SIZES = [(1, 4), (2, 5), (3, 4), (5, 3)]  # C labels, words


def random_crf(num_labels: int, seed: int = 0) -> LinearChainCrf:
    crf = LinearChainCrf(num_labels)
    generator = torch.Generator().manual_seed(seed)
    for parameter in crf.parameters():
        parameter.data.normal_(generator=generator)
    return crf


def score(crf: LinearChainCrf, emissions: Tensor, path: tuple[int, ...]) -> float:
    """Score of one path over the words of one sentence, in float64."""
    total = crf.start[path[0]].item() + crf.end[path[-1]].item()
    total = total + sum(emissions[word, tag].item() for word, tag in enumerate(path))
    return total + sum(crf.transitions[a, b].item() for a, b in itertools.pairwise(path))


def all_scores(crf: LinearChainCrf, emissions: Tensor) -> dict[tuple[int, ...], float]:
    words, num_labels = emissions.shape
    return {path: score(crf, emissions, path) for path in itertools.product(range(num_labels), repeat=words)}


@pytest.mark.parametrize(("num_labels", "words"), SIZES)
def test_likelihood_and_best_path_equal_the_enumeration(num_labels: int, words: int) -> None:
    """Every length up to `words` in one batch: a mask read one word off would change the shorter rows only."""
    crf = random_crf(num_labels)
    generator = torch.Generator().manual_seed(1)
    emissions = torch.randn(words, words, num_labels, generator=generator)
    labels = torch.randint(num_labels, (words, words), generator=generator)
    mask = torch.ones(words, words, dtype=torch.bool).tril()  # lengths 1 to `words`
    likelihood, paths = (
        crf.log_likelihood(emissions, labels.masked_fill(~mask, -100), mask),
        crf.decode(emissions, mask),
    )
    for row in range(words):
        length = row + 1
        scores = all_scores(crf, emissions[row, :length])
        gold = scores[tuple(labels[row, :length].tolist())]
        expected = gold - torch.tensor(list(scores.values()), dtype=torch.float64).logsumexp(0)
        assert likelihood[row].item() == pytest.approx(expected.item(), abs=1e-5)
        best = max(scores, key=scores.__getitem__)  # random scores: no two paths are equally good
        assert paths[row].tolist() == [*best, *[-100] * (words - length)]


@settings(max_examples=30)
@given(num_labels=st.integers(1, 3), words=st.integers(1, 4), seed=st.integers(0, 2**31))
def test_probabilities_of_all_paths_sum_to_one(num_labels: int, words: int, seed: int) -> None:
    crf = random_crf(num_labels, seed)
    emissions = torch.randn(1, words, num_labels, generator=torch.Generator().manual_seed(seed))
    paths = torch.tensor(list(itertools.product(range(num_labels), repeat=words)))
    likelihood = crf.log_likelihood(
        emissions.expand(len(paths), -1, -1), paths, torch.ones_like(paths, dtype=torch.bool)
    )
    assert likelihood.exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_a_sentence_without_words_counts_nothing() -> None:
    """An empty row beside others must give 0 and no gradient, not the NaN of an empty maximum."""
    crf = random_crf(3)
    emissions = torch.randn(2, 2, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    mask = torch.tensor([[False, False], [True, True]])
    likelihood = crf.log_likelihood(emissions, torch.zeros(2, 2, dtype=torch.long), mask)
    assert likelihood[0].item() == 0
    likelihood.sum().backward()
    assert emissions.grad is not None
    assert torch.equal(emissions.grad[0], torch.zeros(2, 3))
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in crf.parameters())
    assert crf.decode(emissions, mask)[0].tolist() == [-100, -100]


def test_gradients_are_finite_and_do_not_reach_masked_words() -> None:
    crf = random_crf(4)
    emissions = (50 * torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0))).requires_grad_()
    mask = torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    crf.log_likelihood(emissions, torch.zeros(2, 6, dtype=torch.long), mask).sum().backward()
    assert emissions.grad is not None
    assert emissions.grad.isfinite().all()
    assert emissions.grad[0].abs().sum() > 0
    assert torch.equal(emissions.grad[1, 2:], torch.zeros(4, 4))


def test_half_precision_emissions_are_summed_in_float32() -> None:
    """Under autocast a sum over 200 words in bf16 would be off by whole nats."""
    crf = random_crf(3)
    emissions = torch.randn(1, 200, 3, generator=torch.Generator().manual_seed(0)).bfloat16()
    labels, mask = torch.zeros(1, 200, dtype=torch.long), torch.ones(1, 200, dtype=torch.bool)
    likelihood = crf.log_likelihood(emissions, labels, mask)
    assert likelihood.dtype == torch.float32
    assert likelihood.item() == pytest.approx(crf.log_likelihood(emissions.float(), labels, mask).item(), abs=1e-4)


@pytest.fixture
def crf_tagger(make_tagger: Callable[..., PhoneXLForTokenClassification]) -> PhoneXLForTokenClassification:
    tagger = make_tagger(head="crf", align_weight=0, mlm_weight=0, xmlm_weight=0)
    assert tagger.crf is not None
    for parameter in tagger.crf.parameters():
        parameter.data.normal_(generator=torch.Generator().manual_seed(0))
    return tagger


TASK = ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids", "language_ids")


def test_task_loss_is_the_mean_over_words_without_specials(crf_tagger: Any, make_batch: Any) -> None:
    """λ, β, γ keep their meaning only if the likelihood is divided by words, as the softmax loss is."""
    batch = make_batch((4, 1))
    output = crf_tagger(**{name: batch[name] for name in TASK}, labels=batch["labels"])
    expected = 0.0
    for row, length in enumerate((4, 1)):
        words = slice(1, length + 1)
        scores = all_scores(crf_tagger.crf, output.logits[row, words])
        gold = scores[tuple(batch["labels"][row, words].tolist())]
        expected += torch.tensor(list(scores.values()), dtype=torch.float64).logsumexp(0).item() - gold
    assert output.loss.item() == pytest.approx(expected / 5, abs=1e-5)


def test_words_without_label_are_left_out_of_the_chain(crf_tagger: Any, make_batch: Any) -> None:
    """Context words of a window have no label; wherever they stand, the labelled words form the chain."""
    batch = make_batch((5,))
    labels = batch["labels"].clone()
    labels[0, 1], labels[0, 3] = -100, -100  # words 1 and 3 of 5
    output = crf_tagger(**{name: batch[name] for name in TASK}, labels=labels)
    scores = all_scores(crf_tagger.crf, output.logits[0, [2, 4, 5]])
    gold = scores[tuple(labels[0, [2, 4, 5]].tolist())]
    expected = (torch.tensor(list(scores.values()), dtype=torch.float64).logsumexp(0).item() - gold) / 3
    assert output.loss.item() == pytest.approx(expected, abs=1e-5)


def test_a_batch_without_any_label_has_loss_zero(crf_tagger: Any, make_batch: Any) -> None:
    batch = make_batch((2, 1))
    output = crf_tagger(**{name: batch[name] for name in TASK}, labels=torch.full_like(batch["labels"], -100))
    assert output.loss.item() == 0
    output.loss.backward()
    assert crf_tagger.classifier.weight.grad.isfinite().all()


@torch.no_grad()
def test_decode_gives_the_best_path_of_words_alone(crf_tagger: Any, make_batch: Any) -> None:
    batch = make_batch((4, 1))
    output = crf_tagger(**{name: batch[name] for name in TASK})
    tags = crf_tagger.decode(output.logits, output.unit_mask)
    for row, length in enumerate((4, 1)):
        scores = all_scores(crf_tagger.crf, output.logits[row, 1 : length + 1])
        best = max(scores, key=scores.__getitem__)
        assert tags[row].tolist() == [-100, *best, *[-100] * (5 - length)]


@torch.no_grad()
@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_a_sentence_without_words_has_no_tags(make_tagger: Any, processor: Any, head: str) -> None:
    tagger = make_tagger(head=head)
    output = tagger(**processor([[]], language="zh", is_split_into_words=True))
    assert tagger.decode(output.logits, output.unit_mask).tolist() == [[-100, -100]]
