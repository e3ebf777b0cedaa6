"""What encoders read: the same words in each representation, and private symbols that keep all but what is shared."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.phoneme_text import WORD_MARK
from modeling_phonexl.transcription import Transcriber
from phonexl.pretraining.corpus import Corpus
from phonexl.pretraining.representations import (
    NO_WORD,
    REPRESENTATIONS,
    EncodedSentence,
    ReadSentence,
    Representation,
    Word,
    count_symbols,
    read_words,
    relabel,
    symbols_of,
)

PAIRS = [("character", "private-character"), ("phoneme", "private-phoneme")]


def encode(name: str, corpus: Corpus) -> tuple[Representation, list[EncodedSentence]]:
    representation = Representation.learn(name, corpus.train, 120)
    return representation, [representation.encode(sentence) for sentence in (*corpus.train, *corpus.held_out)]


def test_a_sentence_in_every_representation() -> None:
    sentence = "나는 한국어를 배워요."
    read = ReadSentence("kor", read_words(sentence, Transcriber("kor")))
    spelled = {}
    for name in REPRESENTATIONS:
        representation = Representation.learn(name, [read, read], 100)
        spelled[name] = representation.spell_words(read)
    assert spelled["subword"] == "나는 한국어를 배워요 ."
    assert spelled["character"] == "나 는 ▁ 한 국 어 를 ▁ 배 워 요 ▁ ."
    assert spelled["romanized"] == "n a n e u n ▁ h a n g u g e o r e u l ▁ b a e w o y o ▁ ."
    assert spelled["phoneme"] == "n a n ɯ n ▁ h a n ɡ u ɡ ʌ ɾ ɯ l ▁ p ɛ w ʌ j o ▁ ."
    for name, private in PAIRS:
        assert spelled[private] == " ".join(f"kor:{symbol}" for symbol in spelled[name].split(" "))


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_a_saved_tokenizer_reads_what_was_trained_on(name: str, corpus: Corpus, tmp_path: Path) -> None:
    """The analysis of an encoder must not feed it other ids than its training did."""
    representation, encoded = encode(name, corpus)
    representation.save(tmp_path)
    loaded = Representation.load(tmp_path)
    assert loaded.name == name
    for sentence, expected in zip((*corpus.train, *corpus.held_out), encoded, strict=True):
        assert loaded.tokenizer(loaded.spell_words(sentence))["input_ids"] == expected.ids.tolist()
        assert np.array_equal(loaded.encode(sentence).ids, expected.ids)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_every_word_has_ids_and_marks_belong_to_none(name: str, corpus: Corpus) -> None:
    representation, encoded = encode(name, corpus)
    marks = {representation.mark_id(language) for language in corpus.settings.languages} - {None}
    assert len(marks) == (0 if name == "subword" else 3 if representation.is_private else 1)
    for sentence, read in zip(encoded, (*corpus.train, *corpus.held_out), strict=True):
        assert set(sentence.word_index.tolist()) == {NO_WORD, *range(len(read.words))}
        assert sentence.num_words == len(read.words)
        outside = set(sentence.ids[sentence.word_index == NO_WORD].tolist())
        ends = {representation.tokenizer.cls_token_id, representation.tokenizer.sep_token_id}
        assert ends <= outside <= ends | marks
        assert not marks & set(sentence.ids[sentence.word_index != NO_WORD].tolist())


@pytest.mark.parametrize(("shared", "private"), PAIRS)
def test_private_symbols_are_a_bijection_in_each_language(shared: str, private: str, corpus: Corpus) -> None:
    """The control takes away which symbols languages share, and nothing else: not one place is more or less alike."""
    representation, others = encode(shared, corpus)[1], encode(private, corpus)[1]
    unknown = 1
    seen: dict[str, dict[int, int]] = {}
    for one, other in zip(representation, others, strict=True):
        assert np.array_equal(one.word_index, other.word_index)
        for symbol, own in zip(one.ids[1:-1].tolist(), other.ids[1:-1].tolist(), strict=True):
            assert seen.setdefault(one.language, {}).setdefault(symbol, own) == own
    for mapping in seen.values():
        assert len(set(mapping.values())) == len(mapping)
        assert mapping.get(unknown, unknown) == unknown
    images = [set(mapping.values()) - {unknown} for mapping in seen.values()]
    assert len(set.union(*images)) == sum(map(len, images))
    assert len(set.union(*(set(mapping) for mapping in seen.values()))) < sum(map(len, images))  # some were shared


@pytest.mark.parametrize(("shared", "private"), PAIRS)
def test_private_symbols_keep_the_counts_of_a_language(shared: str, private: str, corpus: Corpus) -> None:
    def histograms(name: str) -> dict[str, list[int]]:
        counts: dict[str, Counter[int]] = {}
        for sentence in encode(name, corpus)[1]:
            counts.setdefault(sentence.language, Counter()).update(sentence.ids[1:-1].tolist())
        return {language: sorted(own.values()) for language, own in counts.items()}

    assert histograms(shared) == histograms(private)


def test_rare_symbols_are_unknown_in_the_same_places() -> None:
    """A symbol that is once in each of two languages is known shared, so it must be known private."""
    words = {"tur": "ab", "swa": "acx"}
    sentences = [ReadSentence(lang, (Word(text, tuple(text), text),) * 1) for lang, text in words.items()]
    for name, unknown in (("character", ["b", "c", "x"]), ("private-character", ["tur:b", "swa:c", "swa:x"])):
        representation = Representation.learn(name, sentences, 10)
        known = representation.tokenizer.get_vocab()
        assert not set(unknown) & set(known)
        assert [representation.encode(s).ids.tolist().count(1) for s in sentences] == [1, 2]


@given(st.text(), st.text(), st.sampled_from(["kor", "tur"]), st.sampled_from(["kor", "tur"]))
def test_relabelled_symbols_are_equal_only_where_all_is(one: str, other: str, lang: str, second: str) -> None:
    assert (relabel(one, lang) == relabel(other, second)) == ((one, lang) == (other, second))


@given(st.text(min_size=1))
def test_no_symbol_means_something_to_the_tokenizer(text: str) -> None:
    """White space would part it, and the mark would end the word."""
    for name in ("character", "subword"):
        symbols = symbols_of(Word(text, ("a",), text), name)
        assert symbols
        for symbol in symbols:
            assert symbol
            assert symbol.split() == [symbol]
            assert WORD_MARK not in symbol
    assert len(symbols_of(Word(text, ("a",), text), "character")) == len(text)


def test_symbols_are_counted_by_language() -> None:
    sentences = [ReadSentence("tur", (Word("aab", ("x",), "r"),)), ReadSentence("swa", (Word("b", ("y", "y"), "r"),))]
    assert count_symbols(sentences, "character") == {"tur": {"a": 2, "b": 1}, "swa": {"b": 1}}
    assert count_symbols(sentences, "private-phoneme") == {"tur": {"x": 1}, "swa": {"y": 2}}


def test_faults_are_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown representation 'sound'; known: subword, character, phoneme"):
        Representation.learn("sound", corpus.train, 10)
    with pytest.raises(ValueError, match=r"expected representation\.json, as phonexl pretrain leaves it"):
        Representation.load(tmp_path)
