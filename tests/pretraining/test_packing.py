"""Packed rows: nothing is lost, no sentence sees another, and the loss is that of one sentence a row."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.pretraining.dataset import HiddenSentence
from phonexl.pretraining.encoder import Body, body_facts, build_encoder, guess, sum_of_nats
from phonexl.pretraining.packing import ROW_LENGTH, PackingCollator, block_mask, count_work, pack, training_flops

VOCABULARY = 40


def draw(lengths: list[int], seed: int = 0) -> list[HiddenSentence]:
    generator = np.random.default_rng(seed)
    sentences = []
    for length in lengths:
        ids = generator.integers(5, VOCABULARY, length).astype(np.int32)
        labels = np.where(generator.random(length) < 0.3, ids, IGNORED).astype(np.int32)
        labels[1] = ids[1]
        sentences.append(HiddenSentence(ids, labels, 1))
    return sentences


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(30, 90))
def test_rows_hold_every_sentence_once_and_no_more_than_fits(lengths: list[int], capacity: int) -> None:
    rows = pack(lengths, capacity)
    assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[number] for number in row) <= capacity for row in rows)
    # First fit: of two rows, one is more than half full.
    assert len(rows) <= 2 * sum(lengths) / capacity + 1


@pytest.mark.parametrize("layers", [1, 3])
def test_packed_and_padded_give_the_same_loss_and_gradient(layers: int) -> None:
    """A sentence that sees its neighbour would be another task, and its mean another vector."""
    sentences = draw([5, 60, 17, 33, 8, 100, 3, 41, 90, 12])
    model = build_encoder(Body(layers, 64), VOCABULARY, 128, 0, 3).eval()
    losses, gradients, widths = [], [], []
    for packed in (True, False):
        batch = PackingCollator(0, packed=packed)(sentences)
        scores, targets = guess(model, batch)
        loss = sum_of_nats(scores, targets) / len(targets)
        model.zero_grad()
        loss.backward()
        losses.append(loss.item())
        gradients.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
        widths.append(batch["input_ids"].shape)
    assert widths == [(2, 255), (10, 100)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_scores_of_a_packed_sentence_are_those_of_it_alone() -> None:
    sentences = draw([20, 30, 25])
    model = build_encoder(Body(2, 64), VOCABULARY, 64, 0, 3).eval()
    collate = PackingCollator(0)
    scores, targets = guess(model, collate(sentences))
    alone = [guess(model, collate([sentences[number]])) for number in pack([20, 30, 25], ROW_LENGTH)[0]]
    torch.testing.assert_close(scores, torch.cat([part for part, _ in alone]), atol=1e-5, rtol=0)
    assert torch.equal(targets, torch.cat([part for _, part in alone]))


def test_a_batch_holds_ids_labels_and_positions_of_each_sentence() -> None:
    sentences = draw([4, 6, 3])
    batch = PackingCollator(0)(sentences)
    assert batch["sequence_ids"].tolist() == [[1] * 6 + [2] * 4 + [3] * 3]
    assert batch["position_ids"].tolist() == [[*range(6), *range(4), *range(3)]]
    for name, part in (("input_ids", "ids"), ("labels", "labels")):
        assert batch[name][0].tolist() == [value for i in (1, 0, 2) for value in getattr(sentences[i], part).tolist()]
    padded = PackingCollator(7, packed=False)(sentences)
    assert padded["input_ids"][2].tolist() == [*sentences[2].ids.tolist(), 7, 7, 7]
    assert padded["labels"][2, 3:].tolist() == [IGNORED] * 3
    assert padded["sequence_ids"].tolist() == [[1] * 4 + [0] * 2, [1] * 6, [1] * 3 + [0] * 3]
    assert padded["counts"] == batch["counts"] == count_work(sentences)


def test_a_sentence_longer_than_a_row_widens_its_batch() -> None:
    batch = PackingCollator(0)(draw([ROW_LENGTH + 10, 5]))
    assert batch["input_ids"].shape == (1, ROW_LENGTH + 15) or batch["input_ids"].shape == (2, ROW_LENGTH + 10)


def test_the_mask_is_block_diagonal_and_nobody_sees_nothing() -> None:
    mask = block_mask(torch.tensor([[1, 1, 2, 0]]))
    assert mask.shape == (1, 1, 4, 4)
    assert mask[0, 0].tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


@pytest.mark.parametrize("body", [Body(1, 64), Body(3, 128)])
def test_counted_work_is_what_torch_counts_without_empty_places(body: Body) -> None:
    """Sentences of one length, one a row: nothing is empty, so the formula must be exact."""
    sentences = draw([24] * 5)
    model = build_encoder(body, VOCABULARY, 32, 0, 3)
    model.set_attn_implementation("eager")  # torch does not count the fused attention of a processor
    batch = PackingCollator(0, packed=False)(sentences)
    with FlopCounterMode(display=False) as counter:
        mask = {"full_attention": torch.zeros(5, 1, 24, 24)}
        labels = batch["labels"]
        hidden = model.model(batch["input_ids"], attention_mask=mask, position_ids=batch["position_ids"])[0]
        scores = model.decoder(model.head(hidden[labels != IGNORED]))
        sum_of_nats(scores, labels[labels != IGNORED]).backward()
    # The first layer's input needs a gradient too, for the table; so a backward is exactly two forwards.
    counted = training_flops(body_facts(model.config), VOCABULARY, batch["counts"])
    angles = 2 * 32 * 5 * 24  # of positions, half a head each: a product in older versions of transformers alone
    assert counter.get_total_flops() - counted in (0, angles)


def test_work_does_not_depend_on_how_a_batch_is_laid_out() -> None:
    sentences = draw([5, 60, 17])
    counts = [PackingCollator(0, packed=packed)(sentences)["counts"] for packed in (True, False)]
    assert counts[0] == counts[1]
    assert counts[0]["symbols"] == 82
    assert counts[0]["squares"] == 25 + 3600 + 289
