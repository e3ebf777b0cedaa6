"""Words as a tokenizer of text cuts them, against the tokenizer's own `word_ids`."""

import gzip
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    BertTokenizer,
    ByT5Tokenizer,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from phonexl.gap.readers import open_reader
from phonexl.gap.tokenizer_reader import TokenizerReader, longest_input
from phonexl.gap.word_reader import NO_WORD

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SENTENCES = {
    "eng": "It rained for three days , and nobody complained .".split(),
    "kor": "나는 한국어 책을 읽는다 .".split(),
    "vie": ["Hà Nội", "là", "thủ đô", "của", "Việt Nam", "."],  # words with a space inside
}
DROPPED = "\u200d"  # an invisible character: tokenizers leave nothing of it


def train(name: str) -> PreTrainedTokenizerFast:
    """A tokenizer of a few hundred pieces, made as mBERT's or as XLM-R's is."""
    text = [" ".join(words) for words in SENTENCES.values()] * 3
    if name == "bert":
        specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        made.normalizer = normalizers.BertNormalizer(lowercase=False)
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        made.train_from_iterator(text, trainers.WordPieceTrainer(vocab_size=150, special_tokens=specials))
        return BertTokenizer(vocab=made.get_vocab(), do_lower_case=False, model_max_length=64)
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Nmt()
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=specials, unk_token="<unk>", show_progress=False)
    made.train_from_iterator(text, trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", special_tokens=ends)
    names = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    inputs = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, model_input_names=inputs, **names)


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp(request.param)
    tokenizer = train(request.param)
    tokenizer.save_pretrained(made)
    torch.manual_seed(0)
    size = {"vocab_size": len(tokenizer), **SHAPE}
    if request.param == "bert":
        BertModel(BertConfig(max_position_embeddings=64, **size)).save_pretrained(made)
    else:
        config = XLMRobertaConfig(max_position_embeddings=66, pad_token_id=1, type_vocab_size=1, **size)
        XLMRobertaModel(config).save_pretrained(made)
    return made


@pytest.mark.parametrize("language", SENTENCES)
def test_ids_and_words_are_those_of_the_tokenizer(folder: Path, language: str) -> None:
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    words, second = SENTENCES[language], SENTENCES["kor"][:3]
    for others in (None, second):
        expected = tokenizer(words, others, is_split_into_words=True)
        found = reader.encode(words, language, others)
        assert list(found.ids) == expected["input_ids"]
        owners = zip(expected.word_ids(), expected.sequence_ids(), strict=True)
        shift = [NO_WORD if word is None else word + sentence * len(words) for word, sentence in owners]
        assert list(found.word_index) == shift
        assert set(shift) == {NO_WORD, *range(len(words) + len(others or ()))}
        padded = {name: rows[0].tolist() for name, rows in reader.pad([found]).items()}
        assert padded == dict(expected)  # type ids where the tokenizer gives them, and only there
    assert sum(pair in [(0, 1), (1, 0)] for pair in zip(found.sentence_index, found.sentence_index[1:])) == 1  # noqa: B905


def test_a_word_of_which_nothing_is_left_is_unknown(folder: Path) -> None:
    """Else a tagger would have no vector for it."""
    reader = open_reader(str(folder))
    found = reader.encode(["It", DROPPED, "rained"], "eng")
    assert [i for i, word in zip(found.ids, found.word_index, strict=True) if word == 1] == [reader.unknown_id]


def test_words_are_cut_whole(folder: Path) -> None:
    reader = open_reader(str(folder))
    words = ["rained", "nobody"] * 40
    whole = reader.encode(words[:2], "eng")
    for longest in range(len(whole.ids), 70):
        found = reader.encode(words, "eng", max_length=longest)
        last = max(found.word_index)
        assert found.ids == reader.encode(words[: last + 1], "eng", max_length=999).ids
        assert len(found.ids) <= longest < len(reader.encode(words[: last + 2], "eng", max_length=999).ids)
        assert found.num_words == 80
    assert len(reader.encode(words, "eng").ids) in range(57, 65)  # model_max_length


def test_text_without_spaces_is_cut_where_it_must_be(folder: Path) -> None:
    """To a tokenizer that knows words by their spaces, a Japanese paragraph is one word, which may not fit."""
    reader, tokenizer = open_reader(str(folder)), AutoTokenizer.from_pretrained(folder)
    text = "rained" * 60
    whole = tokenizer(text, verbose=False)["input_ids"]
    found = reader.encode_text(text, "jpn")
    if len(whole) > 64:  # WordPiece makes one unknown piece of it
        assert list(found.ids) == [*whole[:63], whole[-1]]
        assert len(found.ids) == 64 < found.num_words + 2
    else:
        assert (list(found.ids), found.num_words) == (whole, 1)
    short = reader.encode_text("It rained .", "eng")
    assert list(short.ids) == tokenizer("It rained .")["input_ids"]
    assert max(short.word_index) + 1 == short.num_words  # not cut


def test_states_do_not_depend_on_what_stands_beside(folder: Path) -> None:
    reader, model = open_reader(str(folder)), AutoModel.from_pretrained(folder).eval()
    batch = [reader.encode(words, language) for language, words in SENTENCES.items()]
    with torch.inference_mode():
        together = model(**reader.pad(batch)).last_hidden_state
        for row, words in enumerate(batch):
            alone = model(**reader.pad([words])).last_hidden_state[0]
            torch.testing.assert_close(together[row, : len(words.ids)], alone, atol=1e-5, rtol=0)


def test_words_are_read_by_their_sound(tokenizer: PreTrainedTokenizerFast, bert: BertModel) -> None:
    romanized = TokenizerReader(tokenizer, bert.config, "romanized")
    found = romanized.encode(["한국어", "말", "."], "kor")
    inside = [(tokenizer.decode([i]), word) for i, word in zip(found.ids, found.word_index, strict=True) if word >= 0]
    assert inside == [*((letter, 0) for letter in "hangugeo"), *((letter, 1) for letter in "mal"), (".", 2)]
    assert romanized.name == "romanized"
    ipa = TokenizerReader(tokenizer, bert.config, "ipa").encode(["한국어", "말", "."], "kor")
    assert ipa.ids.count(tokenizer.unk_token_id) == 3  # ɡ twice and ʌ


def test_a_saved_reader_is_opened_again(folder: Path, tmp_path: Path) -> None:
    reader = open_reader(str(folder))
    reader.save(tmp_path)
    AutoModel.from_pretrained(folder).save_pretrained(tmp_path)
    for words in SENTENCES.values():
        assert open_reader(str(tmp_path)).encode(words, "eng") == reader.encode(words, "eng")


def test_positions_behind_the_row_of_padding_are_fewer(tokenizer: PreTrainedTokenizerFast) -> None:
    """Position 514 of XLM-R's 514 rows does not exist: a sentence of 513 pieces would crash."""
    assert longest_input(tokenizer, BertConfig(max_position_embeddings=60)) == 60
    assert longest_input(tokenizer, XLMRobertaConfig(max_position_embeddings=60, pad_token_id=1)) == 58
    assert longest_input(tokenizer, BertConfig(max_position_embeddings=512)) == 64


def test_real_sentences_are_cut_as_the_tokenizer_cuts_them(folder: Path, shared: Path) -> None:
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    for language in ("eng", "kor", "vie", "hin", "urd", "zho"):
        with gzip.open(shared / "data" / "flores" / f"devtest.{language}.txt.gz", "rt", encoding="utf-8") as file:
            lines = [next(file).split() for _ in range(20)]
        for words in lines:
            expected = tokenizer(words, is_split_into_words=True, verbose=False)
            assert list(reader.encode(words, language, max_length=999).ids) == expected["input_ids"]


def test_faults_are_named(tokenizer: PreTrainedTokenizerFast, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="unknown spelling 'sung'; known: text, romanized, ipa"):
        open_reader(str(checkpoint), "sung")
    with pytest.raises(ValueError, match="ByT5Tokenizer does not tell which piece is of which word"):
        TokenizerReader(ByT5Tokenizer(), BertConfig())
    with pytest.raises(ValueError, match="a sentence without words"):
        open_reader(str(checkpoint)).encode([], "eng")
