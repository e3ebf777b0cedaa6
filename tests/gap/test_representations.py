"""Sentence vectors: the mean over the pieces of a sentence, whatever stands beside it in a batch."""

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedTokenizerFast,
    RobertaModel,
)

from phonexl.gap.representations import class_names, embed_sentences, load_encoder, spell

SENTENCES = ["abc", "a", "hello world.", "가나다 abc", "zzzzzzzzzzzzzzzz"]


def slow(model, tokenizer, sentence, layer):
    """One sentence alone: ids by hand, no padding, the mean without [CLS] and [SEP]."""
    ids = torch.tensor([tokenizer(sentence)["input_ids"]])
    with torch.inference_mode():
        hidden = model(input_ids=ids, output_hidden_states=True).hidden_states[layer]
    return hidden[0, 1:-1].mean(0).numpy()


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_vectors_are_those_of_each_sentence_alone(bert: BertModel, tokenizer: PreTrainedTokenizerFast, batch_size: int):
    found = embed_sentences(bert, tokenizer, SENTENCES, (0, 1, -1), batch_size)
    for layer in (0, 1, -1):
        expected = np.stack([slow(bert, tokenizer, sentence, layer) for sentence in SENTENCES])
        np.testing.assert_allclose(found.layers[layer], expected, atol=1e-5)
    assert found.lengths.tolist() == [len(sentence) for sentence in SENTENCES]
    assert (found.unknown_rate, found.truncated) == (0.0, 0)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_words_and_positions_make_up_the_input_before_layer_norm(family, tokenizer, request):
    """RoBERTa counts positions from behind the row of padding: a wrong offset would be another table's mean."""
    model: BertModel | RobertaModel = request.getfixturevalue(family)
    found = embed_sentences(model, tokenizer, SENTENCES, (0,))
    assert found.positions is not None
    captured = []
    hook = model.embeddings.LayerNorm.register_forward_pre_hook(lambda module, inputs: captured.append(inputs[0]))
    kinds = model.embeddings.token_type_embeddings.weight[0].detach().numpy()
    for row, sentence in enumerate(SENTENCES):
        captured.clear()
        with torch.inference_mode():
            model(input_ids=torch.tensor([tokenizer(sentence)["input_ids"]]))
        expected = captured[0][0, 1:-1].mean(0).numpy()
        np.testing.assert_allclose(found.words[row] + found.positions[row] + kinds, expected, atol=1e-6)
    hook.remove()


def test_cut_and_unknown_text_is_counted(bert: BertModel, tokenizer: PreTrainedTokenizerFast):
    found = embed_sentences(bert, tokenizer, ["a" * 100, "aXYb"], (-1,))
    assert found.truncated == 1
    assert found.lengths.tolist() == [62, 4]  # 64 less [CLS] and [SEP]
    assert found.unknown_rate == pytest.approx(2 / 66)


def test_faults_are_named(bert: BertModel, tokenizer: PreTrainedTokenizerFast):
    with pytest.raises(ValueError, match="no layer 7: this encoder has hidden states 0 to 2, or -1"):
        embed_sentences(bert, tokenizer, ["a"], (7,))
    with pytest.raises(ValueError, match="sentence 1 has no piece: ''"):
        embed_sentences(bert, tokenizer, ["a", ""], (0,))
    with pytest.raises(ValueError, match="unknown spelling 'sung'; known: text, romanized, ipa"):
        spell(["a"], "vi", "sung")


def test_a_text_is_spelled_by_its_sound():
    assert spell(["한국어 말."], "kor", "romanized") == ["hangugeo mal ."]
    assert spell(["한국어 말."], "kor", "ipa") == ["hanɡuɡʌ mal ."]
    assert spell(["한국어 말."], "kor", "text") == ["한국어 말."]


@pytest.mark.parametrize("kind", [BertForSequenceClassification, BertForTokenClassification])
def test_a_classifier_answers_with_distributions(kind, bert: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path):
    torch.manual_seed(1)
    model = kind(BertConfig(**{**bert.config.to_dict(), "num_labels": 4})).eval()
    model.save_pretrained(tmp_path)
    loaded = load_encoder(str(tmp_path))
    assert type(loaded) is kind
    found = embed_sentences(loaded, tokenizer, SENTENCES, (-1,), batch_size=2)
    assert found.positions is not None  # read from the encoder below the classifier
    for row, sentence in enumerate(SENTENCES):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokenizer(sentence)["input_ids"]])).logits[0]
        answers = logits.softmax(-1)
        expected = answers if kind is BertForSequenceClassification else answers[1:-1].mean(0)
        np.testing.assert_allclose(found.probabilities[row], expected.numpy(), atol=1e-6)
    assert class_names(str(tmp_path)) == ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]


def test_a_bare_encoder_answers_nothing(checkpoint, tokenizer: PreTrainedTokenizerFast):
    model = load_encoder(str(checkpoint))
    assert type(model) is BertModel
    assert embed_sentences(model, tokenizer, SENTENCES, (-1,)).probabilities is None
