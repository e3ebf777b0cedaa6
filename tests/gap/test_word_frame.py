"""Words joined to one input: specials, marks, whole words cut, and what a batch looks like."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, PreTrainedTokenizerFast

from phonexl.gap.tokenizer_reader import TokenizerReader, padding_of
from phonexl.gap.word_frame import Frame, pad_inputs
from phonexl.gap.word_reader import NO_WORD

BERT = Frame((101,), (102,), (102,))
ROBERTA = Frame((0,), (2, 2), (2,))
WORDS = st.lists(st.lists(st.integers(200, 300), min_size=1, max_size=4), min_size=1, max_size=6)


def test_a_pair_is_written_out() -> None:
    joined = ROBERTA.join([[7], [8, 9]], [[5]], 99, mark=4)
    assert joined.ids == (0, 7, 4, 8, 9, 2, 2, 5, 2)
    assert joined.word_index == (-1, 0, -1, 1, 1, -1, -1, 2, -1)
    assert joined.sentence_index == (0, 0, 0, 0, 0, 0, 0, 1, 1)
    assert joined.num_words == 3


@given(WORDS, st.none() | WORDS, st.sampled_from([BERT, ROBERTA]), st.none() | st.just(9), st.integers(5, 40))
def test_what_is_kept_is_the_beginning_of_each_sentence(first, second, frame, mark, longest) -> None:
    """Each word whole and in order, and not one more would have fitted."""
    try:
        joined = frame.join(first, second, longest, mark)
    except ValueError:
        specials = 2 if second is None else 2 + len(frame.between)
        assert len(first[0]) + len(second[0] if second else []) + specials > longest
        return
    words = [*first, *(second or [])]
    assert len(joined.ids) == len(joined.word_index) == len(joined.sentence_index) <= longest
    assert joined.num_words == len(words)
    inside = [index for index in joined.word_index if index != NO_WORD]
    assert inside == sorted(inside)
    for number in set(inside):
        assert [i for i, index in zip(joined.ids, joined.word_index, strict=True) if index == number] == words[number]
    kept = [{n for n in inside if n < len(first)}, {n for n in inside if n >= len(first)}]
    assert kept[0] == set(range(len(kept[0])))
    assert kept[1] == set(range(len(first), len(first) + len(kept[1])))
    left = [n for n in range(len(words)) if n not in inside]
    if left:
        assert any(len(joined.ids) + len(words[n]) + (mark is not None) > longest for n in left)


def test_a_pair_is_cut_from_its_longer_sentence() -> None:
    """A hypothesis must not vanish behind a long premise."""
    joined = BERT.join([[1]] * 30, [[2], [3]], 15)
    assert joined.ids == (101, *[1] * 10, 102, 2, 3, 102)
    assert max(joined.word_index) == 31
    assert BERT.join([[1]], [[2]] * 30, 15).ids == (101, 1, 102, *[2] * 11, 102)
    assert BERT.join([[1] * 4] * 3, [[2]] * 4, 14).ids == (101, *[1] * 4, 102, *[2] * 4, 102)  # by ids, not by words
    assert BERT.join([[1] * 9], [[2]] * 30, 15).ids == (101, *[1] * 9, 102, *[2] * 3, 102)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="not one word fits: the first ones have 9 ids, and there is room for 3"):
        BERT.join([[1] * 9, [1]], None, 5)
    with pytest.raises(ValueError, match="a sentence without words"):
        BERT.join([[1]], [], 5)


def test_a_tokenizer_of_single_sentences_joins_pairs_by_its_end(tokenizer: PreTrainedTokenizerFast) -> None:
    """It leaves all specials out of a pair, and so of what is learnt from one."""
    assert tokenizer("a", "b")["input_ids"] == tokenizer.convert_tokens_to_ids(["a", "b"])
    assert Frame.of(tokenizer) == Frame((2,), (3,), (3,))


def decoder_tokenizer(**names: str) -> PreTrainedTokenizerFast:
    made = Tokenizer(models.WordLevel({"a": 0, "b": 1, "<end>": 2, "<fill>": 3}, unk_token="a"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


def test_without_specials_a_pair_is_joined_by_what_ends_a_text() -> None:
    """Decoders often have none: a premise would run into its hypothesis."""
    assert Frame.of(decoder_tokenizer(eos_token="<end>")) == Frame((), (2,), ())
    assert Frame.of(decoder_tokenizer(eos_token="<end>")).join([[0]], [[1]], 9).ids == (0, 2, 1)
    bare = Frame.of(decoder_tokenizer())
    assert bare.join([[0], [1]], None, 9).ids == (0, 1)
    with pytest.raises(ValueError, match="nothing stands between .*: give the tokenizer an eos_token"):
        bare.join([[0]], [[1]], 9)


def test_empty_places_have_an_id_whatever_the_tokenizer_lacks() -> None:
    assert padding_of(decoder_tokenizer(pad_token="<fill>", eos_token="<end>")) == 3
    assert padding_of(decoder_tokenizer(eos_token="<end>")) == 2
    reader = TokenizerReader(decoder_tokenizer(), GPT2Config())
    batch = [reader.encode(words, "eng") for words in (["b", "b"], ["b"])]
    assert reader.pad(batch)["input_ids"].tolist() == [[1, 1], [1, 0]]


def test_a_batch_is_padded_on_the_right() -> None:
    batch = [BERT.join([[1], [2]], [[3]], 9), BERT.join([[4]], None, 9)]
    inputs = {name: tensor.tolist() for name, tensor in pad_inputs(batch, 77, types=True).items()}
    assert inputs["input_ids"] == [[101, 1, 2, 102, 3, 102], [101, 4, 102, 77, 77, 77]]
    assert inputs["attention_mask"] == [[1] * 6, [1, 1, 1, 0, 0, 0]]
    assert inputs["token_type_ids"] == [[0, 0, 0, 0, 1, 1], [0] * 6]
    longer = pad_inputs(batch, 77, types=False, length=8)
    assert {name: tensor.shape for name, tensor in longer.items()} == {"input_ids": (2, 8), "attention_mask": (2, 8)}
    assert all(before >= after for row in longer["attention_mask"].tolist() for before, after in pairwise(row))
