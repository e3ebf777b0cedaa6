"""The encoder run layer by layer: what it gives is what the model gives, whatever the parts."""

from typing import Any

import pytest
import torch
from pair_models import DEPTH, FAMILIES, as_second, make_batch, make_tagger, unpadded, view_of

from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.views import View
from phonexl.methods.filter import FilterTagger
from phonexl.training.staged_encoder import StagedEncoder

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("lengths", [(4, 7, 1), (5, 5)])
def test_all_layers_give_what_the_model_gives(family: str, attention: str, lengths: tuple[int, ...]) -> None:
    """Otherwise every rival that is built on it would be compared with another encoder than plain's."""
    tagger = make_tagger(PhoneXLForTokenClassification, family)
    tagger.phonexl.backbone.set_attn_implementation(attention)
    batch = make_batch(lengths)
    encoder = StagedEncoder(tagger.phonexl)
    assert len(encoder.layers) == DEPTH
    with torch.no_grad():
        stream = encoder.embed(view_of(batch))
        for start, end in ((0, 2), (2, 3), (3, None)):
            stream = encoder.run(stream, start, end)
        outputs = tagger.phonexl(**{name: value for name, value in batch.items() if name != "labels"})
    assert torch.equal(stream.present, unpadded(batch))
    assert torch.equal(stream.hidden[stream.present], outputs.piece_hidden_state[stream.present])


@pytest.mark.parametrize("family", FAMILIES)
def test_two_halves_are_a_layer(family: str) -> None:
    tagger = make_tagger(PhoneXLForTokenClassification, family)
    encoder = StagedEncoder(tagger.phonexl)
    with torch.no_grad():
        stream = encoder.embed(view_of(make_batch((4, 7, 1))))
        halves = encoder.feed_forward(encoder.attend(stream, 1), 1)
        whole = encoder.run(stream, 1, 2)
        assert not torch.allclose(encoder.attend(stream, 1).hidden, whole.hidden, atol=1e-2)
    torch.testing.assert_close(halves.hidden, whole.hidden, atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_sounds_and_languages_enter_as_in_the_model(family: str) -> None:
    sounds = {"use_phonemes": True, "phoneme_vocab_size": 20, "phoneme_init_std": 0.5}
    tagger = make_tagger(PhoneXLForTokenClassification, family, unit="word", use_language_embeddings=True, **sounds)
    batch = make_batch((4, 7, 1))
    with torch.no_grad():
        tagger.phonexl.language_embeddings.weight.normal_()
    sound = {"phoneme_ids": batch["input_ids"] % 20, "phoneme_word_ids": batch["word_ids"]}
    columns = ("input_ids", "word_ids", "language_ids")
    view = View.make(*(batch[name] for name in columns), *sound.values())
    encoder = StagedEncoder(tagger.phonexl)
    with torch.no_grad():
        stream = encoder.run(encoder.embed(view), 0)
        outputs = tagger.phonexl(**{name: batch[name] for name in columns}, **sound)
    torch.testing.assert_close(
        tagger.phonexl.to_units(stream.hidden, view), outputs.last_hidden_state, atol=1e-6, rtol=0
    )


def test_another_architecture_is_refused_with_those_that_work() -> None:
    """An encoder without these layers would fail somewhere inside them, after the data were read and translated."""
    expected = (
        "a distilbert encoder cannot be run layer by layer; expected one of bert, camembert, roberta, xlm-roberta"
    )
    tagger = make_tagger(PhoneXLForTokenClassification, "distilbert")
    with pytest.raises(ValueError, match=expected):
        StagedEncoder(tagger.phonexl)
    with pytest.raises(ValueError, match=expected):
        make_tagger(FilterTagger, "distilbert")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"align_weight": 0.1, "use_phonemes": True, "phoneme_vocab_size": 9},
            "align_weight is 0.1, and sentence pairs",
        ),
        ({"mlm_weight": 0.2}, "mlm_weight is 0.2"),
        ({"xmlm_weight": 0.3}, "xmlm_weight is 0.3"),
        ({"head": "crf"}, "head 'crf' has no tag probabilities"),
    ],
)
def test_a_tagger_of_pairs_refuses_what_it_would_leave_out(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_tagger(FilterTagger, "bert", **fields)


def test_second_sentences_without_words_are_refused() -> None:
    batch = make_batch((3, 2))
    second = as_second(batch)
    del second["second_word_ids"]
    with pytest.raises(ValueError, match="word_ids is missing"):
        make_tagger(FilterTagger, "bert")(**batch, **second)
