"""Words as a tokenizer of text cuts them, against the tokenizer's own `word_ids`, and against running text."""

import gzip
import json
from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    BertTokenizer,
    ByT5Tokenizer,
    M2M100Config,
    ModernBertConfig,
    ModernBertModel,
    NllbTokenizer,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLNetConfig,
)

from phonexl.gap import analysis
from phonexl.gap.readers import open_reader
from phonexl.gap.tokenizer_reader import TokenizerReader, longest_input
from phonexl.gap.word_reader import NO_WORD

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SENTENCES = {
    "eng": "It rained for 30 days , and nobody complained .".split(),
    "kor": "나는 한국어 책을 읽는다 .".split(),
    "vie": ["Hà Nội", "là", "thủ đô", "của", "Việt Nam", "."],  # words with a space inside
}
DROPPED = "\u200d"  # an invisible character: WordPiece and Unigram leave nothing of it
WHOLE_WORDS = ("bert", "xlm-roberta")  # they cut a word alike, alone and behind a space


def train(name: str) -> PreTrainedTokenizerFast:
    """A tokenizer of a few hundred pieces, made as that of mBERT, XLM-R, Qwen or Gemma (mmBERT) is."""
    text = [" ".join(words) for words in SENTENCES.values()] * 3
    if name in ("qwen", "gemma"):
        return train_bpe(name, text)
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


def train_bpe(name: str, text: list[str]) -> PreTrainedTokenizerFast:
    """Byte-level BPE that keeps digits apart; or BPE over a text whose spaces were made marks, without a first one."""
    made = Tokenizer(models.BPE())
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    if name == "qwen":
        digits = pre_tokenizers.Split(Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(False, use_regex=False)])
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")  # so no merge crosses a space
        specials += [f"<0x{byte:02X}>" for byte in range(256)]
        alphabet = []
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(text, trainer)
    if name == "gemma":
        learned = json.loads(made.to_str())["model"]
        merges = [tuple(pair) for pair in learned["merges"]]
        made = Tokenizer(models.BPE(learned["vocab"], merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        made.normalizer = normalizers.Replace(" ", "▁")
        made.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    ends = [("<s>", 0), ("</s>", 2)]
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> $B </s>", special_tokens=ends)
    names = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    inputs = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, model_input_names=inputs, **names)


def cut_running_text(tokenizer: PreTrainedTokenizerFast, words: list[str]) -> tuple[list[int], list[int]]:
    """Ids of a text, and the word that each is of by its place: a space alone is of none."""
    encoded = tokenizer(" ".join(words), add_special_tokens=False, return_offsets_mapping=True)
    owners = [number for number, word in enumerate(words) for _ in f"{word} "]
    text = " ".join(words)
    spans = encoded["offset_mapping"]
    return encoded["input_ids"], [owners[end - 1] if text[start:end].strip() else NO_WORD for start, end in spans]


@pytest.fixture(scope="module", params=[*WHOLE_WORDS, "qwen", "gemma"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp(request.param)
    tokenizer = train(request.param)
    tokenizer.save_pretrained(made)
    torch.manual_seed(0)
    size = {"vocab_size": len(tokenizer), **SHAPE}
    if request.param == "bert":
        BertModel(BertConfig(max_position_embeddings=64, **size)).save_pretrained(made)
    elif request.param in ("qwen", "gemma"):
        specials = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
        ModernBertModel(ModernBertConfig(max_position_embeddings=64, **specials, **size)).save_pretrained(made)
    else:
        config = XLMRobertaConfig(max_position_embeddings=66, pad_token_id=1, type_vocab_size=1, **size)
        XLMRobertaModel(config).save_pretrained(made)
    return made


@pytest.mark.parametrize("folder", WHOLE_WORDS, indirect=True)
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


@pytest.mark.parametrize("language", SENTENCES)
def test_words_are_cut_as_in_running_text(folder: Path, language: str) -> None:
    """A tokenizer that takes the beginning of a word from the space before it would see one long word."""
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    words, second = SENTENCES[language], SENTENCES["kor"][:3]
    found = reader.encode(words, language, second, max_length=999)
    assert list(found.ids) == tokenizer(" ".join(words), " ".join(second), verbose=False)["input_ids"]
    assert set(found.word_index) == {NO_WORD, *range(len(words) + len(second))}


@pytest.mark.parametrize("folder", ["qwen", "gemma"], indirect=True)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_space_belongs_to_the_word_behind_it_or_to_none(folder: Path, language: str) -> None:
    """A word is answered for by its first piece, and a decoder that is at a space has not read the word."""
    tokenizer, words = AutoTokenizer.from_pretrained(folder), SENTENCES[language]
    found = open_reader(str(folder)).encode(words, language)
    assert (list(found.ids[1:-1]), list(found.word_index[1:-1])) == cut_running_text(tokenizer, words)
    if language == "eng" and folder.name.startswith("qwen"):
        place = found.word_index.index(NO_WORD, 1)
        assert tokenizer.convert_ids_to_tokens(found.ids[place : place + 3]) == ["Ġ", "3", "0"]
        assert found.word_index[place + 1 : place + 3] == (3, 3)


@pytest.mark.parametrize("folder", ["qwen", "gemma"], indirect=True)
def test_words_that_are_written_without_spaces_get_none(folder: Path) -> None:
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    words = ["我们", "去", "北京", "。"]
    cut = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
    found = reader.encode(words, "zho")
    assert list(found.ids[1:-1]) == [piece for word in cut for piece in word]
    assert list(found.word_index[1:-1]) == [number for number, word in enumerate(cut) for _ in word]
    romanized = open_reader(str(folder), "romanized").encode(["北京", "去"], "zho")
    assert list(romanized.ids) == tokenizer("běijīng qù")["input_ids"]


@pytest.mark.parametrize("folder", WHOLE_WORDS, indirect=True)
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
        specials = tokenizer.num_special_tokens_to_add()
        assert (list(found.ids), found.num_words) == (whole, len(whole) - specials)
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
    assert longest_input(tokenizer, XLNetConfig()) == 64  # which says -1, for it has no limit


def test_real_sentences_are_cut_as_the_tokenizer_cuts_them(folder: Path, shared: Path) -> None:
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    for language in ("eng", "kor", "vie", "hin", "urd", "zho"):
        with gzip.open(shared / "data" / "flores" / f"devtest.{language}.txt.gz", "rt", encoding="utf-8") as file:
            lines = [next(file).split() for _ in range(20)]
        for words in lines:
            split = folder.name[:-1] in WHOLE_WORDS or language == "zho"
            expected = tokenizer(words if split else " ".join(words), is_split_into_words=split, verbose=False)
            assert list(reader.encode(words, language, max_length=999).ids) == expected["input_ids"]


def test_faults_are_named(tokenizer: PreTrainedTokenizerFast, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="unknown spelling 'sung'; known: text, romanized, ipa"):
        open_reader(str(checkpoint), "sung")
    with pytest.raises(ValueError, match="ByT5Tokenizer does not tell which piece is of which word"):
        TokenizerReader(ByT5Tokenizer(), BertConfig())
    with pytest.raises(ValueError, match="a sentence without words"):
        open_reader(str(checkpoint)).encode([], "eng")


def test_an_encoder_of_many_languages_is_told_each_sentences(caplog: pytest.LogCaptureFixture):
    """Told its tokenizer's default for all, it reads what it never met; a language without a name is said once."""
    names = ["eng_Latn", "fra_Latn", "kor_Hang"]
    letters = {piece: place for place, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefg"])}
    tokenizer = NllbTokenizer(vocab=letters, merges=[], extra_special_tokens=names, src_lang="eng_Latn")
    reader = TokenizerReader(tokenizer, M2M100Config(vocab_size=len(tokenizer)))
    for language, name in (("kor", "kor_Hang"), ("fra", "fra_Latn"), ("ko", "kor_Hang"), ("eng", "eng_Latn")):
        (read, text) = reader.encode(["abc", "de"], language), reader.encode_text("abc de", language)
        whole = NllbTokenizer(vocab=letters, merges=[], extra_special_tokens=names, src_lang=name)("abc de")
        assert list(read.ids) == list(text.ids) == whole["input_ids"]
        assert (read.word_index[0], reader.name_of(language)) == (NO_WORD, name)
    assert not caplog.records
    assert analysis._Text("", reader).told("fra") == {"language": "fra_Latn"}  # vectors kept from before were others
    for language in ("hun", "deu"):  # one of ours, and one that is not
        assert {reader.encode_text("abc", language).ids for _ in range(3)} == {reader.encode_text("abc", "eng").ids}
        (record,) = caplog.records
        assert f"no name for {language}, whose sentences are read as eng_Latn" in record.getMessage()
        caplog.clear()
    assert tokenizer.src_lang == "eng_Latn"
