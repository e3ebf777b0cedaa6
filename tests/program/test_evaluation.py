"""Tagging and scoring: batches and windows change no tag, and repeated sentences are told apart."""

import dataclasses
import random
from pathlib import Path

import pytest
import torch
from transformers import set_seed

from dataset_scripts.schema import UPOS_TAGS, Sentence
from evaluate_metrics.tagging_f1.tagging_scores import accuracy, tagging_scores, xtreme_f1
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.training.evaluation import check_labels, score, tag_sentences
from phonexl.training.precision import gains_from_bf16

pytestmark = pytest.mark.usefixtures("one_thread", "in_float32")
# Not the order of the task: names must come from the model.
LABELS = tuple(reversed(UPOS_TAGS))


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bfloat16 two tags of a random tagger may tie, and then padding decides."""
    monkeypatch.setattr("phonexl.training.evaluation.gains_from_bf16", lambda device: False)


@pytest.fixture(scope="module", params=["softmax", "crf"])
def tagger(request: pytest.FixtureRequest, backbone: Path) -> PhoneXLForTokenClassification:
    set_seed(1)
    model = PhoneXLForTokenClassification.from_backbone(str(backbone), labels=LABELS, head=request.param)
    if model.crf is not None:
        torch.nn.init.normal_(model.crf.transitions)
    return model


@pytest.fixture
def longer(processor: PhoneXLProcessor) -> tuple[PhoneXLProcessor, Sentence]:
    """A processor that reads 12 words at once, and a sentence of 50 different ones."""
    short = PhoneXLProcessor.from_backbone(processor.tokenizer.name_or_path)
    short.tokenizer.model_max_length = 14
    words = random.Random(1).choices(["我", "看", "书", "北京", "苹果", "很", "电影", "今天"], k=50)
    return short, Sentence("1", "zh", tuple(words), ("X",) * 50)


@pytest.mark.parametrize("batch_size", [3, 64])
def test_a_batch_is_tagged_as_its_sentences_alone(
    tagger: PhoneXLForTokenClassification, processor: PhoneXLProcessor, sentences: list[Sentence], batch_size: int
) -> None:
    """In the order of the input, though batches are made by length."""
    tags = tag_sentences(tagger, processor, sentences, batch_size)
    assert [len(row) for row in tags] == [len(sentence.tokens) for sentence in sentences]
    assert tags == [tag_sentences(tagger, processor, [sentence])[0] for sentence in sentences]
    assert len({tag for row in tags for tag in row}) > 2


def test_tags_are_the_best_of_the_forward(
    tagger: PhoneXLForTokenClassification, processor: PhoneXLProcessor, sentences: list[Sentence]
) -> None:
    """Under the model's own names of the ids."""
    (tags,) = tag_sentences(tagger, processor, sentences[:1])
    tagger.eval()
    with torch.no_grad():
        outputs = tagger(**processor([list(sentences[0].tokens)], "zh", is_split_into_words=True))
    best = tagger.decode(outputs.logits, outputs.unit_mask)[0, 1:-1]
    assert tags == [LABELS[index] for index in best.tolist()]


def test_windows_are_joined_where_they_are_scored(
    tagger: PhoneXLForTokenClassification, longer: tuple[PhoneXLProcessor, Sentence]
) -> None:
    """Each word from the window that scores it, between two short sentences that have only one."""
    processor, sentence = longer
    around = dataclasses.replace(sentence, tokens=sentence.tokens[:3], tags=sentence.tags[:3])
    encoded = processor.encode(sentence.tokens, "zh")
    expected = []
    for window in processor.windows(encoded):
        part = dataclasses.replace(
            sentence, tokens=sentence.tokens[window.start : window.end], tags=sentence.tags[window.start : window.end]
        )
        (tags,) = tag_sentences(tagger, processor, [part])
        expected += tags[window.first - window.start : window.last - window.start]
    before, found, after = tag_sentences(tagger, processor, [around, sentence, around])
    assert found == expected
    assert before == after == tag_sentences(tagger, processor, [around])[0]
    assert len(expected) == 50


def test_gold_tags_do_not_reach_the_predictions(
    tagger: PhoneXLForTokenClassification, processor: PhoneXLProcessor, sentences: list[Sentence]
) -> None:
    other = [dataclasses.replace(sentence, tags=("X",) * len(sentence.tags)) for sentence in sentences]
    assert tag_sentences(tagger, processor, other) == tag_sentences(tagger, processor, sentences)


@pytest.mark.parametrize("training", [True, False])
def test_tagging_leaves_the_model_as_it_was(
    tagger: PhoneXLForTokenClassification, processor: PhoneXLProcessor, sentences: list[Sentence], training: bool
) -> None:
    """Without dropout while it tags, whatever the mode was."""
    expected = tag_sentences(tagger, processor, sentences)
    tagger.train(training)
    assert tag_sentences(tagger, processor, sentences) == expected
    assert tagger.training is training


def test_progress_counts_every_window(
    tagger: PhoneXLForTokenClassification, longer: tuple[PhoneXLProcessor, Sentence]
) -> None:
    processor, sentence = longer
    steps: list[int] = []
    tag_sentences(tagger, processor, [sentence], batch_size=2, progress=steps.append)
    assert sum(steps) == len(processor.windows(processor.encode(sentence.tokens, "zh")))
    assert max(steps) == 2


def test_data_of_another_tag_set_are_refused(
    tagger: PhoneXLForTokenClassification, processor: PhoneXLProcessor
) -> None:
    city = Sentence("1", "zh", ("北京",), ("B-LOC",))
    with pytest.raises(ValueError, match=r"the model has 17 tags \(X, VERB, SYM, SCONJ, \.\.\.\) and not B-LOC of"):
        tag_sentences(tagger, processor, [city])
    check_labels(["O", "B-LOC"], [city])


def test_scores_are_those_of_the_metric_and_of_the_majority() -> None:
    gold = [("NOUN", "VERB", "NOUN"), ("NOUN", "PUNCT")]
    sentences = [Sentence(str(number), "zh", ("x",) * len(tags), tags) for number, tags in enumerate(gold)]
    predicted = [["NOUN", "NOUN", "NOUN"], ["VERB", "PUNCT"]]
    scores = score(predicted, sentences)
    expected = tagging_scores(predicted, [list(tags) for tags in gold])
    assert {key: scores[key] for key in expected} == expected
    assert (scores["majority"], scores["num_sentences"], scores["num_tokens"]) == (3 / 5, 2, 5)
    assert set(scores) == {*expected, "majority", "num_sentences", "num_tokens", "sentence_counts"}
    assert scores["sentence_counts"]["accuracy"] == "2 3 3 1 2 2"  # correct, predicted, gold of each sentence


def test_sentences_that_train_repeats_are_also_left_out() -> None:
    """28 % of PAN-X test-vi are in train-vi: a score that counts them measures memory."""
    tags, repeated = ("NOUN", "VERB"), (True, False, True, False)
    sentences = [Sentence(str(number), "zh", ("x", "y"), tags, again) for number, again in enumerate(repeated)]
    predicted = [["NOUN", "VERB"], ["VERB", "VERB"], ["NOUN", "VERB"], ["VERB", "NOUN"]]
    new = score(predicted, sentences)["new_sentences"]
    kept, gold = [predicted[1], predicted[3]], [list(tags)] * 2
    assert new["num_sentences"] == 2
    assert (new["accuracy"], new["xtreme_f1"]) == (accuracy(kept, gold), xtreme_f1(kept, gold))
    assert new["accuracy"] == 1 / 4


@pytest.mark.parametrize("repeated", [True, False])
def test_there_are_no_new_scores_where_all_or_none_are_repeated(repeated: bool) -> None:
    sentences = [Sentence("1", "zh", ("x",), ("NOUN",), repeated)]
    assert "new_sentences" not in score([["NOUN"]], sentences)


@pytest.mark.parametrize(
    ("capabilities", "faster"),
    [
        ({"cpu_name": "AMD EPYC 9B45", "avx512_bf16": True, "amx_bf16": False}, True),
        ({"cpu_name": "AMD EPYC 7B13", "avx512_bf16": False, "amx_bf16": False}, False),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": False}, False),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": True}, True),
        ({"architecture": "aarch64"}, False),
    ],
)
def test_bfloat16_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object], faster: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert gains_from_bf16("cpu") is faster
    assert not gains_from_bf16("mps")


@pytest.mark.parametrize("supported", [True, False])
def test_a_graphics_card_is_asked_before_the_processor(monkeypatch: pytest.MonkeyPatch, supported: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": not supported})
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    for is_available in (True, False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda is_available=is_available: is_available)
        assert gains_from_bf16() is (supported == is_available)
        assert gains_from_bf16("cuda") is supported
