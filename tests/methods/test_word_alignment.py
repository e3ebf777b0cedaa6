"""The encoder's own alignment: its defining properties, and how right it is on parallel sentences."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLProcessor
from phonexl.backbone import resolve_backbone
from phonexl.training.word_alignment import WordAligner, expand, group_characters, mutual_best

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
Draw = Callable[[str, int, int], list[Sentence]]
VECTORS = arrays(np.float32, st.tuples(st.integers(1, 6), st.just(4)), elements=st.sampled_from([-1, 0, 0.5, 1, 3]))


@pytest.fixture(scope="module")
def tokenizer(backbone: Path) -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(backbone)


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def encoder(request: pytest.FixtureRequest, backbone: Path, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    if request.param == "bert":
        model: PreTrainedModel = AutoModel.from_pretrained(backbone, add_pooling_layer=False)
    else:
        shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
        torch.manual_seed(0)
        config = XLMRobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=514, pad_token_id=0, **shape)
        model = XLMRobertaModel(config, add_pooling_layer=False)
    return model


def tokens_of(draw_sentences: Draw, language: str, count: int) -> list[tuple[str, ...]]:
    return [sentence.tokens for sentence in draw_sentences(language, count, 7)]


def test_a_sentence_beside_itself_is_aligned_word_for_word(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, draw_sentences: Draw
) -> None:
    sentences = tokens_of(draw_sentences, "zh", 20)
    found = WordAligner(encoder, tokenizer, 1, 0.5).align([(words, words) for words in sentences], "zh", "zh")
    assert found == [tuple((index, index) for index in range(len(words))) for words in sentences]


def test_swapping_the_sides_transposes(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, draw_sentences: Draw
) -> None:
    pairs = [*zip(tokens_of(draw_sentences, "zh", 20), tokens_of(draw_sentences, "vi", 20), strict=True)]
    aligner = WordAligner(encoder, tokenizer, 1, -1.0)
    there = aligner.align(pairs, "zh", "vi")
    back = aligner.align([(second, first) for first, second in pairs], "vi", "zh")
    assert [{(i, j) for j, i in alignment} for alignment in back] == [set(alignment) for alignment in there]
    assert any(there)


def test_fewer_words_are_aligned_as_the_threshold_rises(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, draw_sentences: Draw
) -> None:
    pairs = [*zip(tokens_of(draw_sentences, "zh", 20), tokens_of(draw_sentences, "vi", 20), strict=True)]
    found = [WordAligner(encoder, tokenizer, 1, level).align(pairs, "zh", "vi") for level in (-1.0, 0.2, 0.4, 0.6)]
    for less, more in zip(found[1:], found, strict=False):
        assert all(set(a) <= set(b) for a, b in zip(less, more, strict=True))
    sizes = [sum(map(len, each)) for each in found]
    assert sizes[0] > sizes[-1]


def test_the_languages_mean_is_taken_off_each_side(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, draw_sentences: Draw
) -> None:
    pairs = [*zip(tokens_of(draw_sentences, "zh", 9), tokens_of(draw_sentences, "vi", 9), strict=True)]
    aligner = WordAligner(encoder, tokenizer, 2, 0.1)
    sides = [aligner.embed([pair[side] for pair in pairs], language) for side, language in enumerate(("zh", "vi"))]
    first, second = ([vectors - np.concatenate(side).mean(0) for vectors in side] for side in sides)
    expected = [mutual_best(*both, 0.1) for both in zip(first, second, strict=True)]
    assert aligner.align(pairs, "zh", "vi") == expected
    assert [mutual_best(*both, 0.1) for both in zip(*sides, strict=True)] != expected


def test_a_sentences_vectors_do_not_depend_on_its_batch(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, draw_sentences: Draw
) -> None:
    """And are the means of its pieces, read without dropout; a training encoder goes on training."""
    encoder.train()
    aligner = WordAligner(encoder, tokenizer, 1)
    sentences = tokens_of(draw_sentences, "vi", 40)
    together = aligner.embed(sentences, "vi")
    assert encoder.training
    for words, vectors in zip(sentences[:5], together, strict=False):
        np.testing.assert_allclose(aligner.embed([words], "vi")[0], vectors, atol=1e-5)
        pieces = [tokenizer.encode(word, add_special_tokens=False) for word in words]
        ids = [tokenizer.cls_token_id, *(piece for word in pieces for piece in word), tokenizer.sep_token_id]
        encoder.eval()
        with torch.no_grad():
            hidden = encoder(torch.tensor([ids]), output_hidden_states=True).hidden_states[1][0].numpy()
        encoder.train()
        ends = np.cumsum([1, *map(len, pieces)])
        slow = [hidden[start:end].mean(0) for start, end in zip(ends, ends[1:], strict=False)]
        np.testing.assert_allclose(vectors, slow, atol=1e-5)


def test_long_and_empty_sentences_have_a_vector_for_each_word(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    """300 words have more pieces than the encoder has positions; each word is read with what surrounds it."""
    aligner = WordAligner(encoder, tokenizer, 1)
    words = ["tôi", "thích", "phim", "!"] * 75
    long, none, short = aligner.embed([words, [], ["我"]], "vi")
    assert (long.shape, none.shape, short.shape) == ((300, 32), (0, 32), (1, 32))
    processor = PhoneXLProcessor(tokenizer, use_phonemes=False, unit="subword")
    windows = processor.windows(processor.encode(words, "vi"))
    assert len(windows) > 1
    for window in windows:
        [part] = aligner.embed([words[window.start : window.end]], "vi")
        there = part[window.first - window.start : window.last - window.start]
        np.testing.assert_allclose(long[window.first : window.last], there, atol=1e-5)
    assert aligner.align([([], ["tôi"])], "zh", "vi") == [()]
    assert aligner.align([], "zh", "vi") == []


def test_a_lone_mark_is_read_and_not_averaged() -> None:
    """With "▁" among a word's pieces the marks of two sentences are what is alike."""
    pieces = [(piece, -2.0) for piece in ("<s>", "<pad>", "</s>", "<unk>", "▁", "我", "看", "▁书", "<mask>")]
    made = Tokenizer(models.Unigram(pieces, unk_id=3))
    made.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    names = {f"{name}_token": f"<{name}>" for name in ("unk", "pad", "mask")}
    ends = {"cls_token": "<s>", "sep_token": "</s>", "model_max_length": 60}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, **ends, **names)
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    encoder = BertModel(BertConfig(vocab_size=9, **shape), add_pooling_layer=False).eval()
    # Pieces: <s> ▁ 我 看 ▁书 ▁ 看 </s>, and of the word "▁" the mark alone.
    vectors, mark = WordAligner(encoder, tokenizer, 1).embed([["我看", "书", "看"], ["▁"]], "zh")
    with torch.no_grad():
        hidden, alone = (
            encoder(torch.tensor([ids]), output_hidden_states=True).hidden_states[1][0].numpy()
            for ids in ([0, 4, 5, 6, 7, 4, 6, 2], [0, 4, 2])
        )
    np.testing.assert_allclose(vectors, [hidden[2:4].mean(0), hidden[4], hidden[6]], atol=1e-6)
    np.testing.assert_allclose(mark, alone[1:2], atol=1e-6)


def test_a_layer_that_is_not_there_is_named(encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(ValueError, match="no layer 6 to align words by: this encoder has hidden states 0 to 2"):
        WordAligner(encoder, tokenizer)


@given(VECTORS, VECTORS, st.sampled_from([-1.0, 0.0, 0.5]))
def test_pairs_are_each_others_best(first: Any, second: Any, threshold: float) -> None:
    """A slow version in float64; where two are equally alike, the first one counts."""

    def cosine(i: int, j: int) -> float:
        lengths = [max(float(np.linalg.norm(v.astype(float))), 1e-12) for v in (first[i], second[j])]
        return float(first[i].astype(float) @ second[j].astype(float)) / lengths[0] / lengths[1]

    table = [[round(cosine(i, j), 5) for j in range(len(second))] for i in range(len(first))]
    found = mutual_best(first, second, threshold)
    assert {(j, i) for i, j in found} == set(mutual_best(second, first, threshold))
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)
    for i, j in found:
        assert table[i][j] == max(table[i]) == max(row[j] for row in table)
        assert table[i][j] >= round(threshold, 5)
    for i, row in enumerate(table):
        j = row.index(max(row))
        column = [line[j] for line in table]
        alone = row.count(max(row)) == 1 and column.count(max(column)) == 1
        if alone and column[i] == max(column) and row[j] > threshold:
            assert (i, j) in found


@given(
    st.text("我们在北京大学看书。 abか", min_size=1, max_size=12).map(lambda text: [*text]),
    st.sampled_from("zh ja".split()),
)
def test_every_character_is_in_one_word(characters: list[str], language: str) -> None:
    groups = group_characters(characters, language)
    assert [place for group in groups for place in group] == list(range(len(characters)))
    assert all(groups)


def test_characters_are_aligned_by_their_words() -> None:
    """One by one, half of the characters of a name had no counterpart, and its sentence were left out."""
    groups = group_characters([*"他在北京"], "zh")
    assert groups == [range(0, 1), range(1, 2), range(2, 4)]
    assert group_characters(["在", "ABC", "看"], "zh") == [range(0, 1), range(1, 2), range(2, 3)]
    singles = [range(0, 1), range(1, 2)]
    assert expand(((2, 0), (0, 1)), groups, singles) == ((2, 0), (3, 0), (0, 1))
    assert expand(((1, 0),), singles, [range(0, 2)]) == ((1, 0), (1, 1))


@pytest.fixture
def projection(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    return importlib.import_module("projection")


def test_the_benchmark_counts_right_tags_among_the_tagged(projection: ModuleType) -> None:
    first = [Sentence("1", "zh", ("a", "b", "c"), ("NOUN", "VERB", "PUNCT"))]
    second = [Sentence("1", "ja", ("x", "y", "z", "w"), ("NOUN", "ADP", "VERB", "PUNCT"))]
    found = projection.score_projection(first, second, [((0, 0), (1, 1))])
    assert found == {"accuracy": 50.0, "coverage": 50.0, "by_tag": {"NOUN": 100.0, "VERB": 0.0}}
    relative = projection.score_projection(first, second, [projection.same_place(3, 4)])
    assert relative == {"accuracy": 75.0, "coverage": 100.0, "by_tag": {"NOUN": 100.0, "PUNCT": 100.0, "VERB": 50.0}}
    assert projection.same_place(3, 1) == ((0, 0),)


@pytest.mark.slow
def test_tags_go_over_to_parallel_sentences_as_measured(projection: ModuleType, shared: Path) -> None:
    """The sentences of PUD, with the offline backbone, in percent; within one point."""
    found = projection.measure(shared / "data" / "udpos")
    expected = {
        ("zh-ja", "same place"): (17.5, 100),
        ("zh-ja", "-1"): (63.1, 54),
        ("zh-ja", "0.4"): (69.3, 44),
        ("zh-ja", "0.5"): (72.5, 36),
        ("zh-ja", "0.6"): (77.0, 27),
        ("ja-ko", "same place"): (27.8, 100),
        ("ja-ko", "-1"): (60.9, 73),
        ("ja-ko", "0.4"): (70.9, 55),
        ("ja-ko", "0.5"): (77.5, 41),
        ("ja-ko", "0.6"): (83.8, 27),
    }
    for (pair, way), figures in expected.items():
        row = found[pair][way]
        assert (row["accuracy"], row["coverage"]) == pytest.approx(figures, abs=1.0), (pair, way)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "ja", "ko"])
def test_real_sentences_beside_themselves_are_aligned_word_for_word(shared: Path, language: str) -> None:
    """At the threshold, and with words that occur several times."""
    backbone = resolve_backbone("offline", "cjkv")
    encoder = AutoModel.from_pretrained(backbone, add_pooling_layer=False)
    aligner = WordAligner(encoder, AutoTokenizer.from_pretrained(backbone))
    those = load_split(shared / "data" / "udpos", "udpos", language, "test")[-200:]
    found = aligner.align([(sentence.tokens, sentence.tokens) for sentence in those], language, language)
    assert found == [tuple((index, index) for index in range(len(sentence.tokens))) for sentence in those]
