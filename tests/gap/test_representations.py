"""Sentence vectors: the mean over the pieces of a sentence, whatever stands beside it in a batch."""

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    CanineConfig,
    CanineModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    MBartConfig,
    MBartForSequenceClassification,
    MBartModel,
    MT5Config,
    MT5Model,
    PreTrainedTokenizerFast,
    RobertaModel,
    T5Config,
    T5EncoderModel,
)

from phonexl.gap.canine_reader import CanineReader
from phonexl.gap.reading import read_sentences
from phonexl.gap.representations import SentenceVectors, class_names, embed_sentences, load_encoder
from phonexl.gap.tokenizer_reader import TokenizerReader

SENTENCES = ["abc", "a", "hello world.", "가나다 abc", "zzzzzzzzzzzzzzzz"]


def embed(model, tokenizer, sentences, layers, batch_size=32) -> SentenceVectors:
    reader = TokenizerReader(tokenizer, model.config)
    return embed_sentences(model, reader, read_sentences(reader, sentences, "eng"), layers, batch_size)


def slow(model, tokenizer, sentence, layer):
    """One sentence alone: ids by hand, no padding, the mean without [CLS] and [SEP]."""
    ids = torch.tensor([tokenizer(sentence)["input_ids"]])
    with torch.inference_mode():
        hidden = model(input_ids=ids, output_hidden_states=True).hidden_states[layer]
    return hidden[0, 1:-1].mean(0).numpy()


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_vectors_are_those_of_each_sentence_alone(bert: BertModel, tokenizer: PreTrainedTokenizerFast, batch_size: int):
    found = embed(bert, tokenizer, SENTENCES, (0, 1, -1), batch_size)
    for layer in (0, 1, -1):
        expected = np.stack([slow(bert, tokenizer, sentence, layer) for sentence in SENTENCES])
        np.testing.assert_allclose(found.layers[layer], expected, atol=1e-5)
    assert found.lengths.tolist() == [len(sentence) for sentence in SENTENCES]
    assert (found.unknown_rate, found.truncated) == (0.0, 0)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_words_and_positions_make_up_the_input_before_layer_norm(family, tokenizer, request):
    """RoBERTa counts positions from behind the row of padding: a wrong offset would be another table's mean."""
    model: BertModel | RobertaModel = request.getfixturevalue(family)
    found = embed(model, tokenizer, SENTENCES, (0,))
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
    found = embed(bert, tokenizer, ["a" * 100, "aXYb"], (-1,))
    assert found.truncated == 1
    assert found.lengths.tolist() == [62, 4]  # 64 less [CLS] and [SEP]
    assert found.unknown_rate == pytest.approx(2 / 66)


def test_faults_are_named(bert: BertModel, tokenizer: PreTrainedTokenizerFast):
    with pytest.raises(ValueError, match="no layer 7: this encoder has hidden states 0 to 2, or -1"):
        embed(bert, tokenizer, ["a"], (7,))
    with pytest.raises(ValueError, match="eng, sentence 2 cannot be read .a sentence without words.*: ''"):
        embed(bert, tokenizer, ["a", ""], (0,))


def test_a_text_is_spelled_by_its_sound(bert: BertModel, tokenizer: PreTrainedTokenizerFast):
    spelled = {"romanized": "hangugeo mal .", "ipa": "hanɡuɡʌ mal .", "text": "한국어 말."}
    for spelling, expected in spelled.items():
        reader = TokenizerReader(tokenizer, bert.config, spelling)
        assert list(read_sentences(reader, ["한국어 말."], "kor")[0].ids) == tokenizer(expected)["input_ids"]


def test_vectors_of_canine_are_those_of_each_sentence_alone():
    """Its middle layers have a vector for four characters: each counts as often as a word has a character in it."""
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    model = CanineModel(CanineConfig(num_hash_buckets=300, num_hash_functions=4, **shape)).eval()
    reader = CanineReader(model.config)
    sentences = read_sentences(reader, ["Go.", "hello big world", "a bc"], "eng")
    found = embed_sentences(model, reader, sentences, (0, 2, -1), batch_size=3)
    assert found.words is None
    table = model.char_embeddings.char_position_embeddings.weight.detach().numpy()
    for row, sentence in enumerate(sentences):
        places = [place for place, index in enumerate(sentence.word_index) if index >= 0]
        np.testing.assert_allclose(found.positions[row], table[places].mean(0), atol=1e-6)
        with torch.inference_mode():
            hidden = model(**reader.pad([sentence]), output_hidden_states=True).hidden_states
        for layer in (0, -1):
            np.testing.assert_allclose(found.layers[layer][row], hidden[layer][0, places].mean(0).numpy(), atol=1e-5)
        molecules = [1 + place // 4 for place in places]  # behind the one of [CLS]
        np.testing.assert_allclose(found.layers[2][row], hidden[2][0, molecules].mean(0).numpy(), atol=1e-5)
    assert found.lengths.tolist() == [3, 13, 3]


@pytest.mark.parametrize("kind", [BertForSequenceClassification, BertForTokenClassification])
def test_a_classifier_answers_with_distributions(kind, bert: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path):
    torch.manual_seed(1)
    model = kind(BertConfig(**{**bert.config.to_dict(), "num_labels": 4})).eval()
    model.save_pretrained(tmp_path)
    loaded = load_encoder(str(tmp_path))
    assert type(loaded) is kind
    found = embed(loaded, tokenizer, SENTENCES, (-1,), batch_size=2)
    assert found.positions is not None  # read from the encoder below the classifier
    for row, sentence in enumerate(SENTENCES):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokenizer(sentence)["input_ids"]])).logits[0]
        answers = logits.softmax(-1)
        expected = answers if kind is BertForSequenceClassification else answers[1:-1].mean(0)
        np.testing.assert_allclose(found.probabilities[row], expected.numpy(), atol=1e-6)
    assert class_names(str(tmp_path)) == ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]


def test_a_decoder_without_padding_answers_for_each_sentence_alone(tokenizer: PreTrainedTokenizerFast):
    """Another id taken for padding might be a sentence's own last piece."""
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=64, num_labels=3)
    assert config.pad_token_id is None
    torch.manual_seed(0)
    model = GPT2ForSequenceClassification(config)
    found = embed(model, tokenizer, SENTENCES, (0, -1))
    for sentence, answer in zip(SENTENCES, found.probabilities, strict=True):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokenizer(sentence)["input_ids"]])).logits
        np.testing.assert_allclose(answer, logits[0].softmax(-1).numpy(), atol=1e-5)


def test_a_bare_encoder_answers_nothing(checkpoint, tokenizer: PreTrainedTokenizerFast):
    model = load_encoder(str(checkpoint))
    assert type(model) is BertModel
    assert embed(model, tokenizer, SENTENCES, (-1,)).probabilities is None


MBART = {
    "d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64, "pad_token_id": 0, "eos_token_id": 3,
    "scale_embedding": True,
}  # fmt: skip
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}


@pytest.mark.parametrize(
    ("kind", "config"),
    [(MT5Model, MT5Config(**T5)), (T5EncoderModel, T5Config(**T5)), (MBartModel, MBartConfig(**MBART))],
)
def test_of_an_encoder_decoder_the_encoder_is_read(kind, config, tokenizer: PreTrainedTokenizerFast, tmp_path):
    torch.manual_seed(1)
    config.vocab_size = len(tokenizer)
    model = kind(config).eval()
    model.save_pretrained(tmp_path)
    found = embed(load_encoder(str(tmp_path)), tokenizer, SENTENCES, (0, -1), batch_size=2)
    for layer in (0, -1):
        expected = np.stack([slow(model.get_encoder(), tokenizer, sentence, layer) for sentence in SENTENCES])
        np.testing.assert_allclose(found.layers[layer], expected, atol=1e-5)
    assert found.words.shape == (len(SENTENCES), 16)


def test_a_classifier_that_needs_its_decoder_is_read_at_its_encoder(tokenizer: PreTrainedTokenizerFast, tmp_path):
    torch.manual_seed(1)
    model = MBartForSequenceClassification(MBartConfig(vocab_size=len(tokenizer), num_labels=4, **MBART)).eval()
    model.save_pretrained(tmp_path)
    found = embed(load_encoder(str(tmp_path)), tokenizer, SENTENCES, (-1,), batch_size=2)
    for row, sentence in enumerate(SENTENCES):
        expected = slow(model.get_encoder(), tokenizer, sentence, -1)
        np.testing.assert_allclose(found.layers[-1][row], expected, atol=1e-5)
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokenizer(sentence)["input_ids"]])).logits[0]
        np.testing.assert_allclose(found.probabilities[row], logits.softmax(-1).numpy(), atol=1e-5)
