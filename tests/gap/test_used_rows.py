"""Training the rows in use is the same as training the whole table, where nothing decays."""

import copy

import pytest
import torch
from torch import nn
from transformers import (
    BertForTokenClassification,
    CanineConfig,
    CanineForTokenClassification,
    T5Config,
    T5ForSequenceClassification,
)

from phonexl.gap.used_rows import UsedRows, restore_table, train_used_rows


@pytest.fixture
def model(bert) -> BertForTokenClassification:
    torch.manual_seed(1)
    made = BertForTokenClassification(copy.deepcopy(bert.config))
    return made.eval()  # dropout would be drawn for another number of rows


def train(model, ids, steps=4, **options):
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, **options)
    for _ in range(steps):
        loss = model(input_ids=ids, labels=ids % 2).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def test_the_same_weights_come_out(model):
    ids = torch.tensor([[2, 5, 7, 9, 3], [2, 8, 8, 3, 0]])  # 0 is padding
    whole = train(copy.deepcopy(model), ids, weight_decay=0.0)
    before = model.get_input_embeddings().weight.detach().clone()
    train_used_rows(model, {2, 3, 5, 7, 8, 9, 0})
    trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert "bert.embeddings.word_embeddings.table.weight" not in trained
    train(model, ids, weight_decay=0.0)
    restore_table(model)
    assert isinstance(model.get_input_embeddings(), nn.Embedding)
    assert model.state_dict().keys() == whole.state_dict().keys()
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], weight, msg=name)
    after = model.get_input_embeddings().weight
    changed = (after != before).any(1).nonzero().flatten().tolist()
    assert changed == [2, 3, 5, 7, 8, 9]
    assert all(weight.requires_grad for weight in model.parameters())


def test_rows_that_are_not_trained_are_still_read(model):
    table = model.get_input_embeddings()
    rows = UsedRows(table, [3, 1])
    ids = torch.tensor([[0, 1, 2, 3]])
    torch.testing.assert_close(rows(ids), table(ids))
    rows.rows.data += 1
    assert ((rows(ids) - table(ids)).abs().sum(-1) > 1).tolist() == [[False, True, False, True]]


class Scaled(nn.Embedding):
    """As in Gemma and mBART."""

    def forward(self, ids):
        return 4 * super().forward(ids)


def test_a_table_that_does_more_than_look_up_is_trained_whole(model):
    """The trained rows would come without the scale, and the saved model would answer otherwise than the scored one."""
    model.bert.embeddings.word_embeddings = table = Scaled(model.config.vocab_size, model.config.hidden_size)
    ids = torch.tensor([[2, 5, 7, 3]])
    expected = model(input_ids=ids).logits
    train_used_rows(model, {2, 5, 7, 3})
    torch.testing.assert_close(model(input_ids=ids).logits, expected)
    assert model.get_input_embeddings() is table
    assert table.weight.requires_grad


def test_the_table_of_an_encoder_decoder_is_trained_whole():
    """Its decoder reads a start that no sentence has."""
    shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    model = T5ForSequenceClassification(T5Config(vocab_size=20, **shape))
    train_used_rows(model, {5, 1})
    assert type(model.get_input_embeddings()) is nn.Embedding
    assert all(weight.requires_grad for weight in model.parameters())


def test_an_encoder_without_a_table_is_left_alone():
    config = CanineConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_hash_buckets=64
    )
    model = CanineForTokenClassification(config)
    train_used_rows(model, {1})
    restore_table(model)
    assert all(weight.requires_grad for weight in model.parameters())
