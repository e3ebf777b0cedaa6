"""Sentence pairs: how they are laid out, what the classifier computes of them, and the pipeline from raw text."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tokenizers import processors
from torch import Tensor
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel, pipeline

from modeling_phonexl import (
    PhoneXLConfig,
    PhoneXLForSequenceClassification,
    PhoneXLForTokenClassification,
    PhoneXLProcessor,
    PhoneXLTextClassificationPipeline,
)

PAIRS = [("我住在北京。", "我住在东京。"), ("Hà Nội", "sống ở Hà Nội"), ("私は東京に住む。", "東京")]
CLASSES = ["entailment", "neutral", "contradiction"]
WEIGHTS = {"align_weight": 0.5, "mlm_weight": 0.25, "xmlm_weight": 0.125}
NO_TERMS = dict.fromkeys(WEIGHTS, 0.0)
TERMS = ("task", "align", "mlm", "xmlm")
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


@pytest.fixture(scope="module")
def joined_by(tokenizer: Any) -> Callable[[str], Any]:
    """The tiny tokenizer, which joins a pair as BERT does, or as XLM-R."""

    def make(family: str) -> Any:
        changed = copy.deepcopy(tokenizer)
        between = "[SEP]:0 $B:1 [SEP]:1" if family == "bert" else "[SEP]:0 [SEP]:0 $B:0 [SEP]:0"
        changed.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0",
            pair=f"[CLS]:0 $A:0 {between}",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
        return changed

    return make


@pytest.fixture(scope="module")
def make_processor(joined_by: Any) -> Callable[..., PhoneXLProcessor]:
    return lambda family="bert", **fields: PhoneXLProcessor(joined_by(family), **fields)


def encoder_of(family: str, vocab_size: int) -> Any:
    """A tiny encoder with positions and token types that matter."""
    torch.manual_seed(3)
    if family == "bert":
        config: Any = BertConfig(vocab_size=vocab_size, max_position_embeddings=64, initializer_range=0.2, **SIZES)
        return BertModel(config, add_pooling_layer=False).eval()
    positions = {"max_position_embeddings": 66, "pad_token_id": 0, "type_vocab_size": 1}
    config = XLMRobertaConfig(vocab_size=vocab_size, initializer_range=0.2, **positions, **SIZES)
    return XLMRobertaModel(config, add_pooling_layer=False).eval()


def make_classifier(processor: PhoneXLProcessor, encoder: Any, **fields: Any) -> PhoneXLForSequenceClassification:
    torch.manual_seed(0)
    names = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: index for index, name in enumerate(CLASSES)}}
    fields = {"phoneme_init_std": 0.05, "language_init": "normal", "initializer_range": 0.2, **names, **fields}
    config = PhoneXLConfig(copy.deepcopy(encoder.config), **{**processor.config_fields(), **fields})
    return PhoneXLForSequenceClassification(config, copy.deepcopy(encoder)).eval()


@pytest.fixture(scope="module")
def classifier(make_processor: Any) -> PhoneXLForSequenceClassification:
    """Shared by tests that change nothing in it."""
    processor = make_processor()
    return make_classifier(processor, encoder_of("bert", len(processor.tokenizer)), **WEIGHTS)


def batch_of(processor: PhoneXLProcessor, pairs: list[tuple[str, str]]) -> dict[str, Tensor]:
    firsts, seconds = zip(*pairs, strict=True)
    return dict(processor(list(firsts), text_pair=list(seconds)))


def with_views(processor: PhoneXLProcessor, pairs: list[tuple[str, str]]) -> dict[str, Tensor]:
    """Masked and switched versions, here of the same words, with the first word of each masked; and classes."""
    batch = batch_of(processor, pairs)
    masked = batch["word_ids"] == 1
    views = {"mlm_input_ids": batch["input_ids"].masked_fill(masked, 4)}
    views["mlm_targets"] = batch["input_ids"].masked_fill(~masked, -100)
    switched = {f"xmlm_{name}": value for name, value in batch.items()}
    switched |= {"xmlm_input_ids": views["mlm_input_ids"], "xmlm_targets": views["mlm_targets"]}
    return {**batch, **views, **switched, "labels": torch.tensor([2, 0, 1])[: len(pairs)]}


# Layout


@pytest.mark.parametrize(("family", "separators"), [("bert", 1), ("xlm-roberta", 2)])
def test_a_pair_is_joined_as_the_backbones_tokenizer_joins_it(
    make_processor: Any, family: str, separators: int
) -> None:
    processor = make_processor(family)
    first, second = ["Hà", "Nội", "ng"], ["sống", "ở"]
    batch = processor(first, language="vi", text_pair=second, is_split_into_words=True)
    theirs = processor.tokenizer(first, second, is_split_into_words=True)
    assert batch["input_ids"][0].tolist() == theirs["input_ids"]
    assert batch["sentence_ids"][0].tolist() == [-1, 0, 0, 0, *[-1] * separators, 1, 1, -1]
    units = batch["word_ids"][0].tolist()
    assert sorted(set(units)) == list(range(7 + separators))
    assert set(batch["phoneme_word_ids"][0].tolist()) == set(units)
    sounds, places = batch["phoneme_ids"][0], batch["phoneme_word_ids"][0]
    assert sounds[(places > 3) & (places < 4 + separators)].tolist() == [processor.phonemes.sep_id] * separators
    assert batch["language_ids"].shape == batch["sentence_ids"].shape
    assert set(batch["language_ids"][0].tolist()) == {processor.language_id("vi")}


def test_a_pair_has_the_words_and_sounds_of_its_sentences(make_processor: Any) -> None:
    processor = make_processor()
    first, second = (processor.encode(words, "vi") for words in (["Hà", "Nội"], ["sống", "ở", "Hà"]))
    pair = processor.join(first, second)
    assert pair.pieces == first.pieces + second.pieces
    assert pair.phoneme_pieces == first.phoneme_pieces + second.phoneme_pieces
    assert pair.first_words == 2


@pytest.mark.parametrize("unit", ["word", "subword"])
def test_a_pair_that_is_too_long_loses_last_words_of_its_longer_sentence(make_processor: Any, unit: str) -> None:
    processor = make_processor(unit=unit)
    processor.tokenizer.model_max_length = 16
    encode = processor.encode
    for sizes in ((30, 4), (4, 30), (30, 30), (1, 13)):
        first, second = (encode(["ab", "c"] * (size // 2) + ["d"] * (size % 2), "vi") for size in sizes)
        pair = processor.join(first, second)
        kept = (pair.first_words, len(pair.pieces) - pair.first_words)
        assert pair.pieces == first.pieces[: kept[0]] + second.pieces[: kept[1]]
        used = len(pair.pieces) if unit == "word" else sum(map(len, pair.pieces))
        assert used in (12, 13)
        if min(sizes) == 4:
            assert min(kept) == 4
    giant = encode(["a" * 60], "vi")
    rows = processor.rows([processor.join(giant, giant)])
    assert unit == "word" or len(rows["input_ids"][0]) <= 16


def test_what_is_no_pair_is_refused(make_processor: Any) -> None:
    processor = make_processor()
    with pytest.raises(ValueError, match="2 second sentences for 1 pairs"):
        processor("Hà", text_pair=["Nội", "ở"])
    with pytest.raises(ValueError, match="labels of words for 1 pairs"):
        processor("Hà", text_pair="Nội", labels=[[0]])
    with pytest.raises(ValueError, match="has no word"):
        processor("Hà", text_pair="")
    with pytest.raises(ValueError, match="pass them apart"):
        processor.pad([processor.encode(["Hà"], "vi"), processor.encode_pair("Hà", "Nội")])


# Numbers


@torch.no_grad()
@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
def test_without_weight_on_sound_it_is_the_plain_encoder(make_processor: Any, family: str) -> None:
    """Of pieces, positions and token types as the tokenizer gives them: so checkpoints of others keep their meaning."""
    processor = make_processor(family, unit="subword")
    encoder = encoder_of(family, len(processor.tokenizer))
    silent = {"phoneme_init": "zeros", "language_init": "zeros"}
    classifier = make_classifier(processor, encoder, unit="subword", **silent)
    deaf = {"use_phonemes": False, "use_language_embeddings": False, "align_weight": 0}
    plain = make_classifier(processor, encoder, unit="subword", **deaf)
    plain.classifier.load_state_dict(classifier.classifier.state_dict())
    for first, second in PAIRS:
        words = [processor.words(text) for text in (first, second)]
        options = {"is_split_into_words": True, "return_token_type_ids": True, "return_tensors": "pt"}
        hidden = encoder(**processor.tokenizer(*words, **options)).last_hidden_state
        batch = batch_of(processor, [(first, second)])
        for model in (classifier, plain):
            torch.testing.assert_close(model(**batch).logits, classifier.classifier(hidden[:, 0]))


@torch.no_grad()
@pytest.mark.parametrize("unit", ["word", "subword"])
def test_a_pair_is_classified_alike_alone_and_in_any_batch(make_processor: Any, unit: str) -> None:
    processor = make_processor(unit=unit)
    classifier = make_classifier(processor, encoder_of("bert", len(processor.tokenizer)), unit=unit)
    whole = classifier(**batch_of(processor, PAIRS)).logits
    assert whole.shape == (3, 3)
    alone = torch.cat([classifier(**batch_of(processor, [pair])).logits for pair in PAIRS])
    torch.testing.assert_close(alone, whole, atol=1e-5, rtol=0)


@torch.no_grad()
def test_order_sound_and_type_of_the_sentences_tell(make_processor: Any, classifier: Any) -> None:
    """A model that read a bag of words could not tell premise from hypothesis."""
    processor = make_processor()
    first, second = PAIRS[0]
    batch = batch_of(processor, [(first, second)])
    logits = classifier(**batch).logits
    others = {
        "order": batch_of(processor, [(second, first)]),
        "sound": {**batch, "phoneme_ids": batch["phoneme_ids"].roll(3)},
        "type": {**batch, "sentence_ids": batch["sentence_ids"].clamp(max=0)},
    }
    for name, other in others.items():
        assert (classifier(**other).logits - logits).abs().max() > 1e-4, name


@torch.no_grad()
def test_words_are_aligned_inside_their_own_sentence(make_processor: Any, classifier: Any) -> None:
    """The pair's term is the mean over the words of both sentences, each contrasted as a sentence of its own."""
    processor = make_processor()
    tagger = PhoneXLForTokenClassification(copy.deepcopy(classifier.config)).eval()
    tagger.load_state_dict(classifier.state_dict())
    output = classifier(**with_views(processor, PAIRS))
    total, count = 0.0, 0
    for text in (text for pair in PAIRS for text in pair):
        batch = processor(text)
        words = int(batch["word_ids"].max()) - 1
        batch["labels"] = torch.zeros_like(batch["language_ids"])
        total += float(tagger(**batch).align_loss) * words
        count += words
    assert float(output.align_loss) == pytest.approx(total / count, abs=1e-5)


def test_counts_are_those_that_forward_divides_by(make_processor: Any, classifier: Any) -> None:
    batch = with_views(make_processor(), PAIRS)
    counts = classifier.count_terms(batch)
    assert set(counts) == set(TERMS)
    assert counts["task"] == 3
    whole, halved = classifier(**batch), classifier(**batch, num_items_in_batch={k: 2 * v for k, v in counts.items()})
    for name in TERMS:
        torch.testing.assert_close(halved[f"{name}_loss"], whole[f"{name}_loss"] / 2)
    expected = whole.task_loss + sum(WEIGHTS[f"{name}_weight"] * whole[f"{name}_loss"] for name in TERMS[1:])
    torch.testing.assert_close(whole.loss, expected)


def test_switched_words_are_read_with_their_own_sentences(make_processor: Any, classifier: Any) -> None:
    """Here the switched text is the masked one itself: both terms must agree, types of tokens included."""
    output = classifier(**with_views(make_processor(), PAIRS))
    torch.testing.assert_close(output.xmlm_loss, output.mlm_loss)


def test_every_part_of_the_model_learns(make_processor: Any, classifier: Any) -> None:
    model = copy.deepcopy(classifier).train()
    model(**with_views(make_processor(), PAIRS)).loss.backward()
    still = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert still == set()
    types = model.phonexl.backbone.embeddings.token_type_embeddings.weight.grad
    assert bool((types.abs().sum(1) > 0).all())


def test_weights_of_zero_leave_a_bare_classifier(make_processor: Any) -> None:
    processor = make_processor()
    model = make_classifier(processor, encoder_of("bert", len(processor.tokenizer)), **NO_TERMS)
    assert {name.split(".")[0] for name, _ in model.named_parameters()} == {"phonexl", "classifier"}
    assert set(model(**batch_of(processor, PAIRS))) == {"logits", "unit_mask"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"head": "crf"}, "head='crf' is for tagged sentences: a classifier of sentences has 'softmax'"),
        ({"align_ignore_first": True}, "align_ignore_first=True"),
        ({"mlm_target": "position"}, "mlm_target='position'"),
    ],
)
def test_what_only_tagged_sentences_have_is_refused(
    make_config: Callable[..., PhoneXLConfig], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        PhoneXLForSequenceClassification(make_config(**fields))


# From raw text


def test_the_pipeline_classifies_raw_pairs_and_single_sentences(make_processor: Any, classifier: Any) -> None:
    processor = make_processor()
    pipe = PhoneXLTextClassificationPipeline(model=classifier, tokenizer=processor.tokenizer, processor=processor)
    inputs = [{"text": first, "text_pair": second} for first, second in PAIRS]
    with torch.no_grad():
        expected = classifier(**batch_of(processor, PAIRS)).logits.softmax(-1)
    for found in (pipe(inputs), pipe(inputs, batch_size=2), [pipe(each) for each in inputs]):
        assert [entry["label"] for entry in found] == [CLASSES[index] for index in expected.argmax(-1)]
        assert [entry["score"] for entry in found] == pytest.approx(expected.max(-1).values.tolist(), abs=1e-5)
    (entries,) = pipe(inputs[:1], top_k=3)
    assert {entry["label"] for entry in entries} == set(CLASSES)
    (single,) = pipe("Hà Nội", language="vi")
    assert single["label"] in CLASSES
    with pytest.raises(ValueError, match=r'expected a text or \{"text": ..., "text_pair": ...\}'):
        pipe([{"text": "Hà", "other": "Nội"}])


@pytest.mark.parametrize("option", ["langauge", "truncation", "max_length", "padding"])
def test_an_option_that_nothing_reads_is_refused(make_processor: Any, classifier: Any, option: str) -> None:
    """A mistyped language would be guessed; the tokenizer, whose options the stock pipeline takes, is not asked."""
    processor = make_processor()
    parts = {"model": classifier, "tokenizer": processor.tokenizer, "processor": processor}
    pipe = PhoneXLTextClassificationPipeline(**parts)
    with pytest.raises(TypeError, match=f"no option '{option}': expected language, top_k"):
        pipe("東京", **{option: "ja"})
    with pytest.raises(TypeError, match=f"no option '{option}'"):
        PhoneXLTextClassificationPipeline(**parts, **{option: "ja"})
    options: dict[str, Any] = {"language": "ja", "top_k": None, "function_to_apply": "sigmoid"}
    assert PhoneXLTextClassificationPipeline(**parts, **options, batch_size=2)(["東京"]) == pipe(["東京"], **options)
    assert pipe("東京", language="ja") != pipe("東京", language="zh")
    for value in (None, 7, ["東京"]):
        with pytest.raises(ValueError, match="expected text, found"):
            pipe({"text": value}, language="ja")


@pytest.mark.parametrize("unit", ["word", "subword"])
@torch.no_grad()
def test_one_text_that_is_too_long_loses_last_words_as_a_pair_does(make_processor: Any, unit: str) -> None:
    processor = make_processor(unit=unit)
    model = make_classifier(processor, encoder_of("bert", len(processor.tokenizer)), unit=unit)
    pipe = PhoneXLTextClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)
    text = "Tôi sống ở Hà Nội " * 30
    expected = model(**processor(text, truncation=True)).logits.softmax(-1)
    for found in (pipe(text), pipe([text, "Hà"], batch_size=2)):
        assert found[0]["score"] == pytest.approx(float(expected.max()), abs=1e-5)
        assert found[0]["label"] == CLASSES[int(expected.argmax())]


def test_the_pipeline_refuses_the_processor_of_another_model(make_processor: Any, classifier: Any) -> None:
    other = make_processor(unit="subword")
    with pytest.raises(ValueError, match="the model has unit='word', and the processor 'subword'"):
        PhoneXLTextClassificationPipeline(model=classifier, tokenizer=other.tokenizer, processor=other)


def test_the_stock_pipeline_has_no_sounds(make_processor: Any, classifier: Any) -> None:
    """Why there is one of our own."""
    pipe = pipeline("text-classification", model=classifier, tokenizer=make_processor().tokenizer)
    with pytest.raises((TypeError, ValueError), match="token_type_ids|attention_mask|word_ids"):
        pipe({"text": "Hà", "text_pair": "Nội"})


def test_each_class_says_which_pipeline_its_folder_is_for(make_config: Any, classifier: Any) -> None:
    """With two, `pipeline(model=folder)` would not know which one is meant."""
    assert list(classifier.config.custom_pipelines) == ["text-classification"]
    config = make_config(custom_pipelines=classifier.config.custom_pipelines)
    assert list(PhoneXLForTokenClassification(config).config.custom_pipelines) == ["token-classification"]
