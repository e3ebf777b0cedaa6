"""Words for an encoder of `phonexl pretrain`: the ids of its training, and pairs."""

from pathlib import Path

import pytest
from transformers import AutoModel

from modeling_phonexl.transcription import Transcriber
from phonexl.gap.readers import open_reader
from phonexl.gap.word_reader import NO_WORD, WordReader
from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.encoder import Body, build_encoder
from phonexl.pretraining.representations import REPRESENTATIONS, ReadSentence, Representation, read_cut_words

LONGEST = 50
WORDS = {"kor": ["나는", "책을", "본다", "."], "tur": ["ben", "kitap", "görür"], "swa": ["mimi", "kitabu"]}


@pytest.fixture(scope="module", params=REPRESENTATIONS)
def encoder(request: pytest.FixtureRequest, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    representation = Representation.learn(request.param, corpus.train, 120)
    representation.save(folder)
    tokenizer = representation.tokenizer
    build_encoder(Body(1, 64), len(tokenizer), LONGEST, tokenizer.pad_token_id, 0).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def representation(encoder: Path) -> Representation:
    return Representation.load(encoder)


@pytest.fixture(scope="module")
def reader(encoder: Path) -> WordReader:
    return open_reader(str(encoder))


def read(language: str, words: list[str]) -> ReadSentence:
    return ReadSentence(language, read_cut_words(words, Transcriber(language)))


@pytest.mark.parametrize("language", WORDS)
def test_a_sentence_is_read_as_in_pretraining(reader: WordReader, representation: Representation, language: str):
    expected = representation.encode(read(language, WORDS[language]))
    found = reader.encode(WORDS[language], language)
    assert reader.name == representation.name
    assert list(found.ids) == expected.ids.tolist()
    assert list(found.word_index) == expected.word_index.tolist()
    assert found.num_words == expected.num_words
    assert set(found.sentence_index) == {0}


def test_a_pair_is_two_sentences_with_a_separator_between(reader: WordReader, representation: Representation):
    first, second = WORDS["kor"], WORDS["kor"][1:]
    own = [representation.encode(read("kor", words)) for words in (first, second)]
    found = reader.encode(first, "kor", second)
    assert list(found.ids) == [*own[0].ids.tolist(), *own[1].ids.tolist()[1:]]  # [CLS] a [SEP] b [SEP]
    shifted = [NO_WORD if index < 0 else index + len(first) for index in own[1].word_index.tolist()[1:]]
    assert list(found.word_index) == [*own[0].word_index.tolist(), *shifted]
    assert set(reader.pad([found])) == {"input_ids", "attention_mask"}  # a ModernBERT has no types


def test_whole_words_are_cut_at_the_positions_of_the_model(reader: WordReader, representation: Representation):
    words = WORDS["tur"] * 20
    found = reader.encode(words, "tur")
    kept = max(found.word_index) + 1
    assert list(found.ids) == representation.encode(read("tur", words[:kept])).ids.tolist()
    assert len(found.ids) <= LONGEST < len(representation.encode(read("tur", words[: kept + 1])).ids)
    assert found.num_words == len(words)


def test_a_language_that_was_not_trained_on_has_unknown_marks(reader: WordReader, representation: Representation):
    """Private symbols of a new language are all unknown, and so is what stands between its words."""
    found = reader.encode(["moi", "maa"], "fin")
    inside = {i for i, word in zip(found.ids, found.word_index, strict=True) if word != NO_WORD}
    if representation.is_private:
        assert inside == {reader.unknown_id}
        assert found.ids.count(reader.unknown_id) == len(found.ids) - 2
    else:
        assert inside - {reader.unknown_id}


def test_a_saved_reader_is_opened_again(reader: WordReader, encoder: Path, tmp_path: Path):
    reader.save(tmp_path)
    AutoModel.from_pretrained(encoder).save_pretrained(tmp_path)
    assert open_reader(str(tmp_path)).encode(WORDS["kor"], "kor") == reader.encode(WORDS["kor"], "kor")


def test_another_spelling_is_refused(encoder: Path):
    with pytest.raises(ValueError, match="was pretrained on .* and reads nothing else: leave out --spelling"):
        open_reader(str(encoder), "ipa")
