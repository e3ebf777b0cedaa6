"""Vectors of PhoneXL models: which words and layers they are of, beside a reference of one sentence at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, RobertaConfig

from evaluate_metrics.cka.linear_cka import linear_cka
from modeling_phonexl import (
    PhoneXLConfig,
    PhoneXLForMaskedLM,
    PhoneXLForSequenceClassification,
    PhoneXLForTokenClassification,
    PhoneXLProcessor,
)
from modeling_phonexl.views import View
from phonexl.gap.analysis import Analysis, analyze
from phonexl.gap.analysis_tables import by_language, summary
from phonexl.gap.phonexl_vectors import embed_words, load_phonexl

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SENTENCES = ["toi song o ha noi", "ha noi", "anh va chi thich doc sach va xem phim", "toi"]
DEAF = {"use_phonemes": False, "use_language_embeddings": False, "align_weight": 0}
Make = Callable[..., tuple[Any, PhoneXLProcessor]]


@pytest.fixture(scope="module")
def make(tokenizer: Any) -> Make:
    """A tiny model whose sounds, languages and positions all matter."""

    def made(
        kind: Any = PhoneXLForTokenClassification, family: str = "bert", **fields: Any
    ) -> tuple[Any, PhoneXLProcessor]:
        torch.manual_seed(0)
        names = ("use_phonemes", "unit")
        options = {name: fields[name] for name in names if name in fields}
        processor = PhoneXLProcessor(tokenizer, languages=["vi", "ko"], phoneme_vocab_kind="segments", **options)
        sizes = {"vocab_size": len(tokenizer), "pad_token_id": 0, "initializer_range": 0.2, **SHAPE}
        config: Any = BertConfig(max_position_embeddings=64, **sizes)
        if family == "roberta":
            config = RobertaConfig(max_position_embeddings=65, **sizes)
        weights = {"phoneme_init_std": 0.1, "language_init": "normal", "id2label": {0: "A", 1: "B", 2: "C"}}
        return kind(PhoneXLConfig(config, **{**processor.config_fields(), **weights, **fields})).eval(), processor

    return made


@torch.inference_mode()
def one_by_one(model: Any, processor: PhoneXLProcessor, pick: Callable[[Any], Tensor]) -> np.ndarray:
    """Mean over the words of what `pick` finds in the encoder's output, without padding."""
    rows = []
    for text in SENTENCES:
        output = model.base_model(**processor(text, language="vie"), output_hidden_states=True)
        rows.append(pick(output)[0, 1:-1].mean(0).numpy())
    return np.array(rows)


@pytest.mark.parametrize("family", ["bert", "roberta"])
@pytest.mark.parametrize("fields", [{}, {"unit": "subword"}, DEAF])
def test_vectors_are_means_over_the_words_of_each_sentence_alone(
    make: Make, family: str, fields: dict[str, Any]
) -> None:
    """Specials, padding and neighbours in the batch leave no trace."""
    model, processor = make(family=family, **fields)
    found = embed_words(model, processor, SENTENCES, "vie", (0, -1), batch_size=3)
    assert found.lengths.tolist() == [5, 2, 9, 1]
    expected = {
        "words": (found.words, lambda output: output.spelling),
        "last": (found.layers[-1], lambda output: output.last_hidden_state),
    }
    if fields.get("unit") != "subword":
        expected["first"] = (found.layers[0], lambda output: output.hidden_states[0])
        table = model.phonexl.backbone.embeddings.position_embeddings.weight.detach()
        first = 1 if family == "roberta" else 0
        expected["positions"] = (
            found.positions,
            lambda output: table[first : first + output.spelling.size(1)][None],
        )
    if "use_phonemes" in fields:
        assert found.sound is None
    else:
        expected["sound"] = (found.sound, lambda output: output.sound)
    for name, (vectors, pick) in expected.items():
        np.testing.assert_allclose(vectors, one_by_one(model, processor, pick), atol=1e-5, err_msg=name)


def test_positions_of_pieces_are_those_of_their_words(make: Make) -> None:
    """The word of a sentence of one word has the positions of its letters, 1 to 3."""
    model, processor = make(unit="subword")
    table = model.phonexl.backbone.embeddings.position_embeddings.weight.detach().numpy()
    found = embed_words(model, processor, SENTENCES, "vie", (0,))
    np.testing.assert_allclose(found.positions[3], table[1:4].mean(0), atol=1e-6)


@torch.inference_mode()
def test_words_and_sound_add_up_to_what_the_encoder_reads(make: Make) -> None:
    """Of a language without a row of its own, which adds nothing."""
    model, processor = make(languages=["ko"])
    processor.languages = ["ko"]
    found = embed_words(model, processor, SENTENCES, "vie", (0,))
    read = model.phonexl.embed
    for index, text in enumerate(SENTENCES):
        batch = processor(text, language="vie")
        names = ("input_ids", "word_ids", "language_ids", "phoneme_ids", "phoneme_word_ids")
        inputs = read(View.make(*(batch[name] for name in names))).inputs[0, 1:-1].mean(0)
        np.testing.assert_allclose(found.words[index] + found.sound[index], inputs.numpy(), atol=1e-6)


@torch.inference_mode()
def test_answers_are_those_of_the_head(make: Make) -> None:
    """Of a tagger the mean over the words, of a classifier of sentences its own."""
    model, processor = make()
    found = embed_words(model, processor, SENTENCES, "vie", (0,)).probabilities
    logits = model(**processor(SENTENCES[0], language="vie")).logits[0, 1:-1]
    np.testing.assert_allclose(found[0], logits.softmax(-1).mean(0).numpy(), atol=1e-6)
    model, processor = make(PhoneXLForSequenceClassification)
    found = embed_words(model, processor, SENTENCES, "vie", (0,)).probabilities
    logits = model(**processor(SENTENCES[0], language="vie")).logits[0]
    np.testing.assert_allclose(found[0], logits.softmax(-1).numpy(), atol=1e-6)


def test_long_sentences_are_cut_and_counted_and_empty_ones_refused(make: Make) -> None:
    model, processor = make()
    processor.tokenizer.model_max_length = 64
    found = embed_words(model, processor, ["a " * 200, "ba"], "vie", (-1,))
    assert (found.truncated, found.lengths.tolist()) == (1, [62, 1])
    assert found.unknown_rate == 0
    assert embed_words(model, processor, ["ba ß"], "vie", (-1,)).unknown_rate == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="sentence 1 has no word: ' '"):
        embed_words(model, processor, ["ba", " "], "vie", (-1,))
    with pytest.raises(ValueError, match="no layer 7: this encoder has hidden states 0 to 2"):
        embed_words(model, processor, ["ba"], "vie", (7,))


# Through the analysis


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    generator = np.random.default_rng(0)
    words = "anh chi em toi va song o ha noi thich doc sach xem phim".split()
    vie = [" ".join(generator.choice(words, size)) for size in generator.integers(2, 20, 100)]
    kor = [" ".join("가나다라마바사아자차카타파하"[words.index(word)] for word in text.split()) for text in vie]
    return {"vie": vie, "kor": kor}


def save(made: tuple[Any, PhoneXLProcessor], folder: Path) -> str:
    for part in made:
        part.save_pretrained(folder)
    return str(folder)


@pytest.mark.medium
def test_a_tagger_is_analyzed_before_and_after_its_sounds(
    make: Make, texts: dict[str, list[str]], tmp_path: Path
) -> None:
    folder = save(make(), tmp_path / "tagger")
    found = analyze(folder, texts, layers=(0, 1, -1), vectors_folder=tmp_path / "vectors")
    kinds = ["layer 0", "layer 1", "layer -1", "words only", "sound only", "words with sound", "positions only"]
    assert [row[0] for row in summary(found).rows] == kinds
    assert found.spelling == "words with ipa"
    assert found.answers is not None
    assert found.answers["classes"] == ["A", "B", "C"]
    assert len(by_language(found, "words with sound").rows) == 2
    parts = [embed_words(*load_phonexl(folder), sentences, lang, (0,)) for lang, sentences in texts.items()]
    expected = linear_cka(*(part.words + part.sound for part in parts))
    assert found.features["words with sound"]["cka"]["biased"] == pytest.approx(expected, abs=1e-5)
    again = analyze(folder, texts, layers=(0, 1, -1), vectors_folder=tmp_path / "vectors")
    assert again.features == found.features
    assert not again.seconds.keys() & texts.keys()  # nothing was embedded again
    found.save(tmp_path / "analysis.json")
    assert Analysis.load(tmp_path / "analysis.json").features.keys() == found.features.keys()
    with pytest.raises(ValueError, match="is a PhoneXL model, which reads words with ipa: leave out --spelling"):
        analyze(folder, texts, spelling="ipa")


def test_a_plain_model_has_no_sounds_to_compare(make: Make, texts: dict[str, list[str]], tmp_path: Path) -> None:
    found = analyze(save(make(**DEAF), tmp_path), texts, layers=(-1,))
    assert list(found.features) == ["layer -1", "words only", "positions only"]
    assert found.spelling == "words"


def test_each_checkpoint_opens_as_what_it_was_saved_as(make: Make, tmp_path: Path) -> None:
    for kind, opened in (
        (PhoneXLForSequenceClassification, "PhoneXLForSequenceClassification"),
        (PhoneXLForTokenClassification, "PhoneXLForTokenClassification"),
        (PhoneXLForMaskedLM, "PhoneXLModel"),
    ):
        assert type(load_phonexl(save(make(kind), tmp_path / opened))[0]).__name__ == opened
