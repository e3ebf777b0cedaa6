"""Sounds for phoneme encoders: a tiny RoBERTa with XPhoneBERT's symbols, and the symbols of PL-BERT."""

import gzip
import unicodedata
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

from modeling_phonexl.phoneme_text import PhonemeRespeller
from modeling_phonexl.transcription import Transcriber
from phonexl import plbert
from phonexl.gap.phoneme_reader import PhonemeReader, is_phoneme_vocabulary
from phonexl.gap.plbert_respelling import PlbertRespeller
from phonexl.gap.readers import open_reader
from phonexl.gap.word_reader import NO_WORD

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
# Some of CharsiuG2P's symbols, which XPhoneBERT was trained on.
SYMBOLS = "▁ a e i o u ɯ ʌ ɛ y œ p b t d k ɡ s z ʃ h m n ŋ l ɾ r j v w t͡ʃ d͡ʒ t͡ɕ kʰ tʰ pʰ . , ?".split()
SENTENCES = {
    "kor": ["나는", "책을", "읽는다", "."],
    "tur": ["güzel", "çocuklar", "geldi", "?"],
    "swa": ["kitabu", "kizuri"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("phonebert")
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.WordLevel({s: i for i, s in enumerate([*specials, *SYMBOLS])}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=ends)
    names = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=40, **names).save_pretrained(made)
    torch.manual_seed(0)
    size = len(specials) + len(SYMBOLS)
    config = RobertaConfig(vocab_size=size, max_position_embeddings=42, pad_token_id=1, type_vocab_size=1, **SHAPE)
    RobertaModel(config).save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def plbert_reader() -> PhonemeReader:
    return PhonemeReader(plbert._tokenizer(), plbert._config())


@pytest.mark.parametrize("language", SENTENCES)
def test_ids_are_those_of_the_text_that_the_tokenizer_reads(language: str, folder: Path) -> None:
    tokenizer, reader = AutoTokenizer.from_pretrained(folder), open_reader(str(folder))
    words = SENTENCES[language]
    text = PhonemeRespeller(SYMBOLS).text(Transcriber(language)(words))
    found = reader.encode(words, language)
    assert list(found.ids) == tokenizer(text)["input_ids"]
    marks = [place for place, i in enumerate(found.ids) if i == tokenizer.convert_tokens_to_ids("▁")]
    assert len(marks) == len(words) - 1
    inside = [index for index in found.word_index if index != NO_WORD]
    assert inside == sorted(inside)
    assert set(inside) == set(range(len(words)))
    assert [place for place, index in enumerate(found.word_index) if index == NO_WORD] == [
        0, *marks, len(found.ids) - 1,
    ]  # fmt: skip
    assert reader.name == "phoneme"


def test_pairs_padding_and_cuts(folder: Path) -> None:
    reader, model = open_reader(str(folder)), AutoModel.from_pretrained(folder).eval()
    pair = reader.encode(SENTENCES["kor"], "kor", SENTENCES["kor"][:1])
    single = reader.encode(SENTENCES["kor"], "kor")
    assert pair.ids == single.ids + reader.encode(SENTENCES["kor"][:1], "kor").ids[1:]
    long = reader.encode(SENTENCES["tur"] * 9, "tur")
    assert 30 < len(long.ids) <= 40  # 42 positions, of which RoBERTa has two for padding
    batch = reader.pad([pair, single, long])
    assert set(batch) == {"input_ids", "attention_mask"}
    with torch.inference_mode():
        together = model(**batch).last_hidden_state[1, : len(single.ids)]
        alone = model(**reader.pad([single])).last_hidden_state[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_a_phoneme_encoder_reads_nothing_else(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="was pretrained on phoneme and reads nothing else: leave out --spelling"):
        open_reader(str(folder), "romanized")
    reader = open_reader(str(folder))
    reader.save(tmp_path)
    AutoModel.from_pretrained(folder).save_pretrained(tmp_path)
    assert open_reader(str(tmp_path)).encode(["moja"], "swa") == reader.encode(["moja"], "swa")


def test_vocabularies_of_text_are_none_of_phonemes() -> None:
    assert is_phoneme_vocabulary(SYMBOLS)
    assert not is_phoneme_vocabulary([*SYMBOLS, "▁the"])  # SentencePiece
    assert not is_phoneme_vocabulary([*"▁abc"])  # characters
    assert not is_phoneme_vocabulary([symbol for symbol in SYMBOLS if symbol != "▁"])


@pytest.mark.parametrize(
    ("segment", "symbols"),
    [
        ("a", "a"), ("aː", "aː"), ("ɔ\u0303", "ɔ\u0303"), ("t͡ɕʰ", "ʨʰ"), ("d͡ʒː", "ʤː"), ("ʈ͡ʂ", "ꭧ"), ("c\u0327", "ç"),
        ("t̪", "t"), ("t͈", "t"), ("i\u032f", "i"), ("bʱ", "bʰ"), ("ɫː", "lː"), ("ɗ", "d"), ("ɝ", "ɜɹ"), ("nʲː", "nʲː"),
        ("˥˩", "↘"), ("˨˩˦", "↓"), ("˧˦", ""), ("ʘ", ""), ("aʘ", ""), ("aɪ", "I"), ("।", "."), ("7", ""), ("kʷ", "k"),
    ],
)  # fmt: skip
def test_segments_in_the_symbols_of_kokoro(segment: str, symbols: str) -> None:
    assert "".join(PlbertRespeller()(unicodedata.normalize("NFD", segment))) == symbols


@given(st.text(max_size=4))
def test_any_segment_becomes_symbols_of_the_table(segment: str) -> None:
    assert set(PlbertRespeller()(segment)) <= set(plbert.read_symbols())


def test_plbert_reads_words_apart_by_spaces(plbert_reader: PhonemeReader) -> None:
    found = plbert_reader.encode(["my", "house"], "eng", ["home"])
    symbols = {i: symbol for symbol, i in plbert.read_symbols().items()} | {0: "$"}
    assert "".join(symbols[i] for i in found.ids) == "$mI hWs$hOm$"
    assert found.word_index == (-1, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1)
    assert plbert_reader.pad([found])["token_type_ids"].tolist() == [[0] * 8 + [1] * 4]
    assert plbert_reader.longest == 512


def test_unknown_sounds_are_counted_as_they_are_read(plbert_reader: PhonemeReader, folder: Path) -> None:
    """The rate of a report must be that of the ids that the encoder was given."""
    for reader in (plbert_reader, open_reader(str(folder))):
        for language, words in (("vie", ["Việt", "Nam"]), ("swa", ["bibi", "dada", "jana", "gari"])):
            found = reader.unknown_rate([words], language)
            assert found.unknown == reader.encode(words, language).ids.count(reader.unknown_id)
            assert found.unknown > 0 or language == "swa"


@pytest.mark.medium
@pytest.mark.parametrize("code", ["eng", "fra", "ita", "hun", "ukr", "kor", "tur", "fin", "hin", "swa", "urd"])
def test_hardly_a_sound_of_the_study_is_unknown_to_plbert(
    code: str, shared: Path, plbert_reader: PhonemeReader
) -> None:
    with gzip.open(shared / "data" / "flores" / f"devtest.{code}.txt.gz", "rt", encoding="utf-8") as file:
        lines = [next(file).rstrip("\n") for _ in range(50)]
    cut = Transcriber(code).segment
    found = plbert_reader.unknown_rate([[line[a:b] for a, b in cut(line)] for line in lines], code)
    assert found.segments > 3000
    assert found.rate < 0.001, found.examples
