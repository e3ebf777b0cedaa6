"""A tiny encoder with a tokenizer of characters, and one of the RoBERTa family."""

from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    letters = [*"abcdefghijklmnopqrstuvwxyz .", *"가나다라마바사아자차카타파하"]
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


@pytest.fixture(scope="session")
def bert(tokenizer: PreTrainedTokenizerFast) -> BertModel:
    torch.manual_seed(0)
    return BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=66, **SHAPE)).eval()


@pytest.fixture(scope="session")
def roberta(tokenizer: PreTrainedTokenizerFast) -> RobertaModel:
    torch.manual_seed(0)
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=70, pad_token_id=0, **SHAPE)
    return RobertaModel(config).eval()


@pytest.fixture(scope="session")
def checkpoint(bert: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
