"""X-Mixup's layer: who sees whom, by how much, and the formula by hand."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_models import DEPTH, FAMILIES, distance, make_batch, make_tagger, read_alone, unpadded, view_of
from torch import Tensor

from phonexl.methods.x_mixup import XMixupSettings, XMixupTagger
from phonexl.training.layer_mixing import MixedPair, attend_across, attention_entropy, mse_term
from phonexl.training.staged_encoder import StagedEncoder, Stream

pytestmark = pytest.mark.usefixtures("one_thread")

LENGTHS, OTHERS = (4, 7, 1), (6, 2, 5)


def make_mixer(family: str, **options: Any) -> XMixupTagger:
    tagger = make_tagger(XMixupTagger, family)
    tagger.set_up(XMixupSettings(**{"layer": 2, **options}))
    return tagger


def mix(tagger: XMixupTagger, source: dict[str, Tensor], translation: dict[str, Tensor]) -> MixedPair:
    with torch.no_grad():
        return tagger.mix(view_of(source), view_of(translation))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [0, 2, DEPTH - 1])
def test_the_source_goes_on_as_if_it_were_alone(family: str, layer: int) -> None:
    tagger = make_mixer(family, layer=layer)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    mixed = mix(tagger, source, translation)
    assert distance(mixed.source.hidden, read_alone(tagger, source), source) == 0
    assert distance(mixed.translation.hidden, read_alone(tagger, translation), translation) > 1e-2


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_below_see_no_mixing(family: str) -> None:
    tagger = make_mixer(family, layer=3)
    translation = make_batch(OTHERS, 1)
    inputs: list[Tensor] = []
    for layer in tagger.phonexl.backbone.encoder.layer:
        layer.register_forward_hook(lambda module, args, output: inputs.append(output))
    read_alone(tagger, translation)
    alone, inputs[:] = list(inputs), []
    # Layers run one side after the other: 0 to 2 and 4 to 5 of the source, then of the translation; 3 by its halves.
    mix(tagger, make_batch(LENGTHS), translation)
    assert len(inputs) == 2 * (DEPTH - 1)
    for layer, output in enumerate(inputs[3:6]):
        assert distance(output, alone[layer], translation) == 0
    for layer, output in zip((4, 5), inputs[8:], strict=True):
        assert distance(output, alone[layer], translation) > 1e-3


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("limit", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("normalize", [False, True])
def test_the_ratio_is_the_gate_of_the_entropy(family: str, limit: float, normalize: bool) -> None:
    tagger = make_mixer(family, mix_limit=limit, gate_normalize=normalize)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    mixed = mix(tagger, source, translation)
    most = unpadded(source).sum(1).log() + unpadded(translation).sum(1).log()
    assert ((mixed.entropy > 0) & (mixed.entropy <= most + 1e-5)).all()
    assert ((mixed.ratio >= 0) & (mixed.ratio <= limit)).all()
    expected = limit * torch.sigmoid(mixed.entropy / most if normalize else mixed.entropy)
    torch.testing.assert_close(mixed.ratio, expected)
    with torch.no_grad():
        tagger.gate.weight.fill_(-2.0)
        tagger.gate.bias.fill_(0.5)
    moved = mix(tagger, source, translation)
    given = mixed.entropy / most if normalize else mixed.entropy
    torch.testing.assert_close(moved.ratio, limit * torch.sigmoid(0.5 - 2 * given))


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_ratio_no_source_reaches_the_translation(family: str) -> None:
    """It is not the plain encoder all the same: what was normalised is normalised once more."""
    tagger = make_mixer(family, mix_limit=0.0)
    translation = make_batch(OTHERS, 1)
    one, other = (mix(tagger, make_batch(LENGTHS, seed), translation).translation.hidden for seed in (0, 5))
    assert distance(one, other, translation) == 0
    assert distance(one, read_alone(tagger, translation), translation) > 1e-2


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_of_either_side_changes_nothing(family: str) -> None:
    tagger = make_mixer(family)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    expected = mix(tagger, source, translation)
    wide_source, wide_translation = make_batch(LENGTHS, pad=4), make_batch(OTHERS, 1, pad=3)
    for one, other in ((wide_source, translation), (source, wide_translation), (wide_source, wide_translation)):
        padded = mix(tagger, one, other)
        assert distance(padded.source.hidden, expected.source.hidden, source) < 1e-5
        assert distance(padded.translation.hidden, expected.translation.hidden, translation) < 1e-5
        torch.testing.assert_close(padded.entropy, expected.entropy, atol=1e-5, rtol=0)
        torch.testing.assert_close(padded.ratio, expected.ratio, atol=1e-5, rtol=0)
        pairs = ((padded.source, padded.translation), (expected.source, expected.translation))
        torch.testing.assert_close(*(mse_term(*pair)[0] for pair in pairs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_attention_across_is_the_layer_s_own(family: str) -> None:
    """A side that attends to itself takes in what self-attention gives it."""
    tagger = make_mixer(family)
    encoder = StagedEncoder(tagger.phonexl)
    attention = encoder.layers[1].attention.self
    with torch.no_grad():
        stream = encoder.run(encoder.embed(view_of(make_batch(LENGTHS))), 0, 1)
        context, scores = attend_across(attention, stream.hidden, stream)
        expected = attention(stream.hidden, stream.mask)[0]
    assert scores.shape == (3, 4, *[stream.hidden.size(1)] * 2)
    torch.testing.assert_close(context[stream.present], expected[stream.present], atol=1e-5, rtol=0)


@settings(max_examples=25)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))
def test_entropy_is_that_of_a_slow_count(keys: int, queries: int, more_keys: int, more_queries: int, seed: int) -> None:
    scores = 3 * torch.randn(
        1, 2, queries + more_queries, keys + more_keys, generator=torch.Generator().manual_seed(seed)
    )
    present = [torch.arange(n + more)[None] < n for n, more in ((keys, more_keys), (queries, more_queries))]
    total = 0.0
    for head in range(2):
        for query in range(queries):
            powers = [math.exp(value) for value in scores[0, head, query, :keys].tolist()]
            shares = [power / sum(powers) for power in powers]
            total -= sum(share * math.log(share) for share in shares)
    found = attention_entropy(scores, *present)
    assert found.item() == pytest.approx(total / (2 * queries), abs=1e-5)
    even = attention_entropy(torch.zeros_like(scores), *present)
    assert even.item() == pytest.approx(math.log(keys), abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mixed_vectors_are_those_of_the_formula(family: str) -> None:
    """The last layer by hand, pair by pair and head by head, on what the layer before it gives."""
    tagger = make_mixer(family, layer=DEPTH - 1)
    source, translation = make_batch(LENGTHS), make_batch(OTHERS, 1)
    mixed = mix(tagger, source, translation)
    encoder, layer = StagedEncoder(tagger.phonexl), tagger.phonexl.backbone.encoder.layer[-1]
    own, output = layer.attention.self, layer.attention.output
    with torch.no_grad():
        sides = [encoder.run(encoder.embed(view_of(batch)), 0, DEPTH - 1) for batch in (source, translation)]
        halves = [encoder.attend(side, DEPTH - 1) for side in sides]
        for row in range(3):
            ours, theirs = (half.hidden[row][half.present[row]] for half in halves)
            heads, entropies = [], []
            for head in range(4):
                part = slice(8 * head, 8 * head + 8)
                scores = own.query(theirs)[:, part] @ own.key(ours)[:, part].T / 8**0.5
                heads.append(scores.softmax(1) @ own.value(ours)[:, part])
                entropies += [torch.distributions.Categorical(logits=x).entropy().mean() for x in (scores, scores.T)]
            ratio = 0.5 * torch.sigmoid(sum(entropies) / 4)
            torch.testing.assert_close(mixed.ratio[row], ratio)
            taken = ratio * output.dense(torch.cat(heads, 1)) + (1 - ratio) * theirs
            expected = layer.feed_forward_chunk(output.LayerNorm(taken))
            found = mixed.translation.hidden[row][mixed.translation.present[row]]
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_mean_vectors_are_over_the_length_that_a_sentence_has() -> None:
    hidden = [torch.randn(2, length, 3, generator=torch.Generator().manual_seed(length)) for length in (4, 6)]
    lengths = [(4, 2), (3, 6)]
    sides = [
        Stream(values, torch.arange(values.size(1))[None] < torch.tensor(real)[:, None], None)
        for values, real in zip(hidden, lengths, strict=True)
    ]
    expected = sum(
        ((hidden[0][row, : lengths[0][row]].mean(0) - hidden[1][row, : lengths[1][row]].mean(0)) ** 2).mean()
        for row in range(2)
    )
    total, count = mse_term(*sides)
    torch.testing.assert_close(total, expected)
    assert count.item() == 2
