"""Characters for CANINE: its padding, its molecules, and what is a word."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import CanineConfig, CanineModel

from phonexl.gap.canine_reader import CanineReader, spread_molecules
from phonexl.gap.readers import open_reader
from phonexl.gap.word_reader import EncodedWords

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module", params=[16, 128])  # the width of local attention; CANINE's own is 128
def model(request: pytest.FixtureRequest) -> CanineModel:
    torch.manual_seed(0)
    shape = {"num_hash_buckets": 600, "num_hash_functions": 4, "initializer_range": 0.3, **SHAPE}
    config = CanineConfig(local_transformer_stride=request.param, **shape)
    return CanineModel(config).eval()


def word(length: int) -> EncodedWords:
    """A sentence of so many ids, [CLS] and [SEP] among them."""
    reader = CanineReader(CanineConfig())
    return reader.encode([(ALPHABET * 30)[: length - 2]], "eng")


@torch.inference_mode()
def run(model: CanineModel, words: EncodedWords, length: int) -> Tensor:
    """Last states of a sentence with padding up to a length."""
    empty = length - len(words.ids)
    ids = torch.tensor([[*words.ids, *[0] * empty]])
    mask = torch.tensor([[1] * len(words.ids) + [0] * empty])
    return model(input_ids=ids, attention_mask=mask).last_hidden_state[0, : len(words.ids)]


def test_states_do_not_depend_on_what_stands_beside(model: CanineModel) -> None:
    """Lengths around a molecule and around a block of local attention, each beside all shorter ones."""
    reader, stride = CanineReader(model.config), model.config.local_transformer_stride
    lengths = [*range(3, 20), *range(2 * stride - 2, 2 * stride + 2)]
    sentences = {length: word(length) for length in lengths}
    batch = reader.pad(list(sentences.values()))
    with torch.inference_mode():
        together = model(**batch).last_hidden_state
        for row, words in enumerate(sentences.values()):
            alone = model(**reader.pad([words])).last_hidden_state[0, : len(words.ids)]
            torch.testing.assert_close(together[row, : len(words.ids)], alone, atol=1e-5, rtol=0)


def test_less_padding_changes_every_state(model: CanineModel) -> None:
    """What the rule is for: without it a sentence's vectors are those of its batch."""
    words = word(40)
    enough = run(model, words, CanineReader(model.config).padded_length(40))
    for length in range(40, 48):
        differences = (run(model, words, length) - enough).abs().amax(-1)
        assert (differences > 1e-3).all()


def test_a_block_of_padding_is_whole(model: CanineModel) -> None:
    """Characters at the end of a block see into the next: two molecules of padding are too few there."""
    reader, stride = CanineReader(model.config), model.config.local_transformer_stride
    assert [reader.padded_length(n) for n in (3, 4, 5, 12)] == [12, 12, 16, 20]
    assert [reader.padded_length(stride - n) for n in (2, 1, 0)] == [stride + 8, 2 * stride, 2 * stride]
    whole = run(model, word(stride), 2 * stride)
    short = run(model, word(stride), stride + 8)
    assert (whole - short).abs().max() > 1e-3


def test_fewer_than_four_ids_are_read(model: CanineModel) -> None:
    reader = CanineReader(model.config)
    words = reader.encode(["a"], "eng")
    assert words.ids == (0xE000, ord("a"), 0xE001)
    with pytest.raises(RuntimeError):
        run(model, words, 3)
    model(**reader.pad([words]))


def test_ids_are_code_points_and_spaces_belong_to_no_word() -> None:
    reader = CanineReader(CanineConfig())
    found = reader.encode(["말", "go", "."], "kor", ["é"])
    assert found.ids == (0xE000, *map(ord, "말 go ."), 0xE001, ord("é"), 0xE001)
    assert found.word_index == (-1, 0, -1, 1, 1, -1, 2, -1, 3, -1)
    assert found.sentence_index == (0,) * 8 + (1, 1)
    assert reader.pad([found])["token_type_ids"][0].tolist() == [*found.sentence_index, *[0] * 10]
    assert (reader.name, reader.unknown_id) == ("character", None)
    assert CanineReader(CanineConfig(), "ipa").encode(["말"], "kor").ids == (0xE000, *map(ord, "mal"), 0xE001)


def test_languages_without_spaces_have_none() -> None:
    reader = CanineReader(CanineConfig())
    assert reader.encode(["我", "去"], "zho").ids == (0xE000, *map(ord, "我去"), 0xE001)
    romanized = CanineReader(CanineConfig(), "romanized").encode(["我", "去"], "zho")
    assert romanized.ids == (0xE000, *map(ord, "wǒ qù"), 0xE001)
    assert set(romanized.word_index) == {-1, 0, 1}


def test_private_code_points_are_no_specials() -> None:
    """A text with U+E001 in it would end there."""
    found = CanineReader(CanineConfig()).encode(["\ue001\x00x"], "eng")
    assert found.ids == (0xE000, 0xFFFD, 0xFFFD, ord("x"), 0xE001)


def test_what_is_longest_fits_with_its_padding(model: CanineModel) -> None:
    """The table of positions has as many rows as there are hashes; the config promises 16,384."""
    assert CanineReader(CanineConfig()).longest == 2048
    reader = CanineReader(model.config)
    assert reader.longest < 600
    words = reader.encode(["ab"] * 300, "eng")
    assert reader.longest - 3 < len(words.ids) <= reader.longest
    inputs = reader.pad([words])
    assert inputs["input_ids"].shape[1] <= 600
    with torch.inference_mode():
        model(**inputs)
    assert max(reader.padded_length(n) for n in range(1, reader.longest + 2)) > 600


def test_molecules_stand_at_their_characters(model: CanineModel) -> None:
    """A molecule that is changed changes the characters it is spread to, and no others."""
    reader = CanineReader(model.config)
    inputs = reader.pad([word(30)])
    with torch.inference_mode():
        middle = model(**inputs, output_hidden_states=True).hidden_states[2]
    rate = model.config.downsampling_rate
    spread = spread_molecules(middle, rate)
    length = inputs["input_ids"].shape[1]
    assert middle.shape[1] == length // rate
    assert spread.shape[1] == length - rate >= 30
    repeated = model._repeat_molecules(middle, length)
    torch.testing.assert_close(spread, repeated[:, : length - rate], atol=0, rtol=0)


def test_the_reader_is_opened_by_its_model(model: CanineModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path)
    reader = open_reader(str(tmp_path), "romanized")
    assert isinstance(reader, CanineReader)
    assert reader.name == "romanized"
    assert open_reader(str(tmp_path)).encode(["ab"], "eng").ids == (0xE000, 97, 98, 0xE001)
