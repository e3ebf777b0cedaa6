"""Phonemes as ids, for the three kinds of vocabulary and the released code's quirk."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from modeling_phonexl.phoneme_vocabulary import PhonemeVocabulary, inventory, word_piece_ids
from modeling_phonexl.transcription import TONE_LETTERS, Transcriber, UnknownLanguageError, load_language

LANGUAGES = ["zh", "vi", "ja", "ko"]


@pytest.fixture(scope="module")
def unigram() -> PreTrainedTokenizerFast:
    """As XLM-R's: lone words start with "▁", text is normalised by NFKC, which turns ʰ into h."""
    letters = [*"abdefhijklmnoprstuwz", "ɛ", "ɔ", "ŋ", "ã"]
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁ta", -1.0)]
    backend = Tokenizer(models.Unigram([*vocabulary, *((letter, -3.0) for letter in letters)], unk_id=3))
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    names = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, **{f"{name}_token": token for name, token in names.items()}
    )


@pytest.fixture(params=["wordpiece", "unigram"])
def any_tokenizer(request: pytest.FixtureRequest, tokenizer: Any, unigram: Any) -> Any:
    return {"wordpiece": tokenizer, "unigram": unigram}[request.param]


def test_inventory_is_what_the_languages_say_and_single_tones() -> None:
    segments = inventory(LANGUAGES)
    assert segments == sorted(set(segments))
    assert set(segments) == {*TONE_LETTERS, *(s for code in LANGUAGES for s in load_language(code).INVENTORY)}
    with pytest.raises(UnknownLanguageError, match="'xx'"):
        inventory(["xx"])


@pytest.mark.parametrize("kind", ["extended", "segments"])
def test_no_segment_of_the_default_recipes_is_unknown(any_tokenizer: Any, kind: str) -> None:
    """Neither alone nor after another sound: a letter that WordPiece knows only at the start of a word is none."""
    vocabulary = PhonemeVocabulary.build(any_tokenizer, kind, LANGUAGES)
    for segment in inventory(LANGUAGES):
        assert vocabulary.unk_id not in vocabulary.encode((segment,)), segment
        assert vocabulary.unk_id not in vocabulary.encode(("a", segment, "t", segment)), segment


@pytest.mark.parametrize("kind", ["extended", "segments"])
def test_no_transcription_of_real_text_is_unknown(tokenizer: Any, kind: str) -> None:
    vocabulary = PhonemeVocabulary.build(tokenizer, kind, LANGUAGES)
    for language, tokens in (("vi", ["Nguyễn", "nghiêng", "quýt"]), ("ko", ["꽃", "읽다", "값이"])):
        for record in Transcriber(language)(tokens):
            assert record.transcribed
            assert vocabulary.unk_id not in vocabulary.encode(record.segments), record


def test_segments_gives_one_id_to_each_segment(tokenizer: Any) -> None:
    vocabulary = PhonemeVocabulary.build(tokenizer, "segments", LANGUAGES)
    symbols = inventory(LANGUAGES)
    assert vocabulary.symbols == symbols
    assert vocabulary.size == 4 + len(symbols)
    ids = [vocabulary.encode((segment,)) for segment in symbols]
    assert ids == [[4 + index] for index in range(len(symbols))]
    assert (vocabulary.pad_id, vocabulary.unk_id, vocabulary.cls_id, vocabulary.sep_id) == (0, 1, 2, 3)


def test_a_tone_run_that_is_not_listed_is_read_letter_by_letter(tokenizer: Any) -> None:
    """So the tones of two languages that share no run still share letters."""
    vocabulary = PhonemeVocabulary(tokenizer, "segments", ["a", "˥˩", "˥", "˩"])
    assert vocabulary.encode(("a", "˥˩")) == [4, 5]
    assert vocabulary.encode(("a", "˩˥˩")) == [4, 7, 6, 7]
    assert vocabulary.encode(("q",)) == [1]


def test_extended_keeps_the_tokenizers_ids_and_adds_what_it_lacks(tokenizer: Any) -> None:
    vocabulary = PhonemeVocabulary.build(tokenizer, "extended", LANGUAGES)
    assert vocabulary.size == len(tokenizer) + len(vocabulary.symbols)
    assert "ʈ" in vocabulary.symbols
    assert "t" not in vocabulary.symbols
    assert "˥" not in vocabulary.symbols
    assert vocabulary.encode(("t", "a")) == tokenizer.encode("ta", add_special_tokens=False)
    special = (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert (vocabulary.pad_id, vocabulary.unk_id, vocabulary.cls_id, vocabulary.sep_id) == special


def test_a_letter_known_only_at_the_start_of_a_word_is_added(tokenizer: Any) -> None:
    """ "ɕ" is in this vocabulary and "##ɕ" is not: "aɕ" as a word would be one unknown piece."""
    assert tokenizer.tokenize("ɕ") == ["ɕ"]
    assert tokenizer.tokenize("aɕ") == ["[UNK]"]
    assert "ɕ" in PhonemeVocabulary.build(tokenizer, "extended", ["zh"]).symbols


def test_a_letter_that_normalisation_changes_is_added(unigram: Any) -> None:
    """NFKC makes ʰ an h, so aspiration would be a sound of its own."""
    vocabulary = PhonemeVocabulary.build(unigram, "extended", ["zh"])
    assert "ʰ" in vocabulary.symbols
    assert vocabulary.encode(("tʰ",)) != vocabulary.encode(("th",))


@given(before=st.text("atsk", max_size=4), after=st.text("atsk", max_size=4))
def test_an_added_symbol_has_the_same_id_wherever_it_stands(tokenizer: Any, before: str, after: str) -> None:
    vocabulary = PhonemeVocabulary(tokenizer, "extended", ["ɯ", "ɤ"])
    ids = vocabulary.encode((before, "ɤ", after))
    assert ids.count(len(tokenizer) + 1) == 1
    assert len(tokenizer) not in ids
    assert ids[0] == len(tokenizer) + 1 or before


def test_the_longest_added_symbol_wins(tokenizer: Any) -> None:
    vocabulary = PhonemeVocabulary(tokenizer, "extended", ["ɤ", "ɤɯ"])
    assert vocabulary.encode(("ɤɯ",)) == [len(tokenizer) + 1]


def test_tokenizer_alone_adds_nothing(tokenizer: Any) -> None:
    """Table 6 of the paper, "without extension"."""
    vocabulary = PhonemeVocabulary.build(tokenizer, "tokenizer", LANGUAGES)
    assert vocabulary.symbols == []
    assert vocabulary.size == len(tokenizer)
    assert vocabulary.encode(("ɤ",)) == [tokenizer.unk_token_id]


@pytest.mark.parametrize("kind", ["extended", "tokenizer", "segments"])
@pytest.mark.parametrize("segments", [(), ("",), ("\u200b",)])
def test_every_word_has_a_sound(any_tokenizer: Any, kind: str, segments: tuple[str, ...]) -> None:
    """A word without phoneme would be a mean over nothing."""
    assert len(PhonemeVocabulary.build(any_tokenizer, kind, ["vi"]).encode(segments)) >= 1


def test_the_lone_word_start_of_sentencepiece_is_no_piece(unigram: Any) -> None:
    assert unigram.tokenize("an") == ["▁", "a", "n"]
    assert word_piece_ids(unigram, "an") == unigram.convert_tokens_to_ids(["a", "n"])
    assert word_piece_ids(unigram, "tan") == unigram.convert_tokens_to_ids(["▁ta", "n"])


@pytest.fixture(scope="module")
def released(shared: Path) -> tuple[PhonemeVocabulary, list[dict[str, Any]]]:
    """The vocabulary of the fixture with the released code's quirk, and the words of its sentences."""
    folder = shared / "fixtures" / "official_forward"
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    backend = Tokenizer(models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {"cls": "[CLS]", "pad": "[PAD]", "sep": "[SEP]", "unk": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **{f"{n}_token": token for n, token in names.items()})
    content = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    words = [word for sentence in content["sentences"] for word in sentence["words"]]
    return PhonemeVocabulary(tokenizer, "extended", content["added_tokens"], prefix_bug=True), words


@pytest.mark.parametrize("prefix", ["", "x_"])
def test_the_released_codes_ids_are_reproduced(released: Any, prefix: str) -> None:
    vocabulary, words = released
    assert len(words) == 65
    for word in words:
        assert vocabulary.encode((word[f"{prefix}ipa"],)) == word[f"{prefix}phoneme_ids"], word


def test_without_the_quirk_no_added_symbol_is_lost(released: Any) -> None:
    quirk, words = released
    ours = PhonemeVocabulary(quirk._tokenizer, "extended", quirk.symbols)
    lost, kept = (sum(v.encode((word["ipa"],)).count(v.unk_id) for word in words) for v in (quirk, ours))
    assert lost == 122
    assert kept < lost
