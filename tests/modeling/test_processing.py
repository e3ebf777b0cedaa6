"""The processor: text to tensors and back, and windows over long sentences."""

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import (
    BertConfig,
    BertModel,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    TensorType,
)

from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from modeling_phonexl.transcription import UnknownLanguageError, find_language

SENTENCES = {
    "zh": "我住在北京。",
    "vi": "Tôi sống ở Hà Nội.",
    "ja": "私は東京に住む。",
    "ko": "나는 서울에 산다.",
}
ROWS = ["zh", "vi", "ja", "ko"]


def ragged(ids: Tensor, units: Tensor) -> list[list[list[int]]]:
    """Pieces of each word of each row, from padded tensors; specials left out."""
    rows = []
    for row, unit in zip(ids.tolist(), units.tolist(), strict=True):
        words: list[list[int]] = [[] for _ in range(max(unit) + 1)]
        for piece, index in zip(row, unit, strict=True):
            if index >= 0:
                words[index].append(piece)
        rows.append(words[1:-1])
    return rows


@pytest.mark.parametrize("language", ROWS)
def test_padded_tensors_hold_what_was_encoded(processor: PhoneXLProcessor, language: str) -> None:
    """A batch of unequal sentences, taken apart again, is the sentences."""
    words = processor.words(SENTENCES[language], language)
    encoded = [
        processor.encode(words, language, labels=range(len(words))),
        processor.encode(words[:1], language, labels=[7]),
    ]
    batch = processor.pad(encoded)
    assert ragged(batch["input_ids"], batch["word_ids"]) == [sentence.pieces for sentence in encoded]
    sounds = ragged(batch["phoneme_ids"], batch["phoneme_word_ids"])
    assert sounds == [sentence.phoneme_pieces for sentence in encoded]
    padding = [-100] * (len(words) - 1)
    assert batch["labels"].tolist() == [[-100, *range(len(words)), -100], [-100, 7, -100, *padding]]
    row = ROWS.index(language)
    assert batch["language_ids"].tolist() == [[row] * (len(words) + 2), [row] * 3 + [-1] * (len(words) - 1)]


@pytest.mark.parametrize("language", ROWS)
def test_sentences_start_and_end_with_specials_in_spelling_and_sound(processor: Any, language: str) -> None:
    batch = processor(SENTENCES[language])
    for ids, first, last in (
        ("input_ids", processor.tokenizer.cls_token_id, processor.tokenizer.sep_token_id),
        ("phoneme_ids", processor.phonemes.cls_id, processor.phonemes.sep_id),
    ):
        assert batch[ids][0, [0, -1]].tolist() == [first, last]
    assert batch["word_ids"][0, 0] == 0
    assert batch["word_ids"][0, -1] == batch["phoneme_word_ids"][0, -1] == batch["language_ids"].size(1) - 1


def test_raw_text_tokens_and_batches_agree(processor: PhoneXLProcessor) -> None:
    """One string, a list of one, and its tokens are the same sentence; the language is guessed by script."""
    text = SENTENCES["ko"]
    one = processor(text)
    for other in (
        processor([text]),
        processor(text, language="kor"),
        processor(processor.words(text), is_split_into_words=True),
        processor([processor.words(text)], language="ko", is_split_into_words=True),
    ):
        assert {name: value.tolist() for name, value in other.items()} == {n: v.tolist() for n, v in one.items()}
    both = processor([text, SENTENCES["zh"]])
    assert both["language_ids"][:, 0].tolist() == [3, 0]


@pytest.mark.parametrize("wanted", ["pt", TensorType.PYTORCH, None])
def test_return_tensors_is_taken_as_of_other_processors(processor: PhoneXLProcessor, tagger: Any, wanted: Any) -> None:
    texts = ["Tôi sống ở Hà Nội.", "Tôi sống."]
    batch = processor(texts, "vi", return_tensors=wanted)
    plain = processor(texts, "vi")
    assert batch.keys() == plain.keys()
    assert all(torch.equal(batch[name], plain[name]) for name in plain)
    assert tagger(**batch).logits.shape[:2] == batch["language_ids"].shape
    pairs = processor(texts, "vi", text_pair=texts, return_tensors=wanted)
    assert isinstance(pairs["sentence_ids"], Tensor)


def test_a_batch_is_padded_to_its_longest_and_in_no_other_way(processor: PhoneXLProcessor) -> None:
    texts = ["Tôi sống ở Hà Nội.", "Tôi sống."]
    for padding in (True, "longest"):
        assert processor(texts, "vi", padding=padding)["input_ids"].equal(processor(texts, "vi")["input_ids"])
    for padding in (False, "max_length"):
        with pytest.raises(ValueError, match=f"padding={padding!r}: a batch is padded to its longest sentence"):
            processor(texts, "vi", padding=padding)


def test_rows_in_dicts_are_padded_as_sentences_are(processor: PhoneXLProcessor) -> None:
    """As `datasets` holds them and the stock collator passes them."""
    sentences = [processor.encode(words, "vi", labels=range(len(words))) for words in (["Hà", "Nội", "."], ["sống"])]
    expected = processor.pad(sentences)
    features = [{name: row[0] for name, row in processor.rows([sentence]).items()} for sentence in sentences]
    for found in (processor.pad(features), DataCollatorWithPadding(processor)(features)):
        assert found.keys() == expected.keys()
        assert all(found[name].equal(expected[name]) for name in expected)
    tensors = [{name: torch.tensor(row) for name, row in feature.items()} for feature in features]
    assert all(value.equal(expected[name]) for name, value in processor.pad(tensors).items())
    for key in ("label", "labels"):
        classified = [{**feature, key: number} for number, feature in enumerate(features)]
        assert DataCollatorWithPadding(processor)(classified)["labels"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"padding": "max_length"}, "padding='max_length': a batch is padded to its longest sentence"),
        ({"max_length": 8}, "max_length=8: .* expected None"),
        ({"pad_to_multiple_of": 8}, "pad_to_multiple_of=8: .* expected None"),
        ({"return_tensors": "np"}, "return_tensors='np': PhoneXL reads PyTorch tensors"),
    ],
)
def test_rows_are_padded_in_no_other_way(processor: PhoneXLProcessor, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DataCollatorWithPadding(processor, **asked)([{"input_ids": [2, 3]}])


def test_nothing_to_pad_is_refused(processor: PhoneXLProcessor) -> None:
    with pytest.raises(ValueError, match="nothing to pad: the list of sentences is empty"):
        processor.pad([])


def test_truncation_takes_the_first_words_that_the_backbone_has_positions_for(
    processor: PhoneXLProcessor, tagger: Any
) -> None:
    words = ["nội"] * 2000
    with pytest.raises(ValueError, match="positions"):
        tagger(**processor(words, "vi", is_split_into_words=True))
    batch = processor(words, "vi", is_split_into_words=True, labels=[[1] * 2000], truncation=True)
    fitting = batch["language_ids"].shape[1] - 2
    assert 0 < fitting < 2000
    whole = processor(words[:fitting], "vi", is_split_into_words=True, labels=[[1] * fitting])
    assert all(batch[name].equal(whole[name]) for name in whole)
    assert tagger(**batch).logits.shape[1] == fitting + 2
    with pytest.raises(ValueError, match="positions"):
        tagger(**processor(words[: fitting + 1], "vi", is_split_into_words=True))


@pytest.mark.parametrize("wanted", ["np", "tf", True])
def test_other_tensors_are_refused_with_what_there_is(processor: PhoneXLProcessor, wanted: Any) -> None:
    with pytest.raises(ValueError, match=f"return_tensors={wanted!r}: .* expected 'pt' or None"):
        processor("Hà Nội", "vi", return_tensors=wanted)


@pytest.fixture(params=["bytes", "marks"])
def by_space(request: pytest.FixtureRequest) -> PhoneXLProcessor:
    """Its tokenizer tells words by the space before them: of bytes as RoBERTa's, or with a mark as Gemma's."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    backend = Backend(models.BPE(unk_token="[UNK]"))
    if request.param == "bytes":
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        backend.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=specials, show_progress=False)
    words = ["a", *" ".join(SENTENCES.values()).replace(".", " .").split()]
    backend.train_from_iterator([text for word in words for text in (word, f" {word}")] * 3, trainer)
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), specials, strict=True))
    return PhoneXLProcessor(PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **names))


def test_words_are_cut_as_behind_a_space_where_the_language_has_spaces(by_space: PhoneXLProcessor) -> None:
    tokenizer = by_space.tokenizer

    def pieces(language: str) -> list[list[int]]:
        return by_space.encode(by_space.words(SENTENCES[language], language), language).pieces

    for language in ("vi", "ko"):
        assert sum(pieces(language), []) == tokenizer.encode(f" {SENTENCES[language]}", add_special_tokens=False)
    for language in ("zh", "ja"):
        words = by_space.words(SENTENCES[language], language)
        assert pieces(language) == [tokenizer.encode(word, add_special_tokens=False) for word in words]


def test_other_tokenizers_cut_a_word_alike_wherever_it_stands(processor: PhoneXLProcessor) -> None:
    for word in (word for language in ROWS for word in processor.words(SENTENCES[language], language)):
        assert processor.pieces(word, spaced=True) == processor.pieces(word)


def test_a_token_without_piece_is_unknown_not_absent(processor: PhoneXLProcessor) -> None:
    """WordPiece drops invisible characters: the word would vanish and every later label would move by one."""
    assert processor.tokenizer.encode("\u200b", add_special_tokens=False) == []
    encoded = processor.encode(["Hà", "\u200b", "Nội"], "vi", phonemes=[["a"], ["b"], []])
    assert encoded.pieces[1] == [processor.tokenizer.unk_token_id]
    assert encoded.phoneme_pieces[2] == [processor.phonemes.unk_id]


@settings(max_examples=50)
@given(tokens=st.lists(st.text(max_size=6), max_size=5), language=st.sampled_from(["zh", "vi", "ko"]))
def test_any_token_has_a_piece_and_a_sound(processor: Any, tokens: list[str], language: str) -> None:
    encoded = processor.encode(tokens, language)
    assert len(encoded.pieces) == len(encoded.phoneme_pieces) == len(tokens)
    assert all(encoded.pieces)
    assert all(encoded.phoneme_pieces)
    processor.pad([encoded])


def test_half_a_character_is_read_as_a_replacement_character(processor: PhoneXLProcessor) -> None:
    """Broken JSON holds such halves, in single sentences and in pairs."""
    broken, whole = "Tôi \ud83d học", "Tôi \ufffd học"
    assert processor.words(broken) == broken.split()
    for names in ([], ["text_pair"]):
        found = processor(broken, **dict.fromkeys(names, broken))
        expected = processor(whole, **dict.fromkeys(names, whole))
        assert {name: rows.tolist() for name, rows in found.items()} == {
            name: rows.tolist() for name, rows in expected.items()
        }


def test_wrong_numbers_of_labels_or_phonemes_are_refused(processor: PhoneXLProcessor) -> None:
    with pytest.raises(ValueError, match=r"3 labels for 2 tokens: 'Hà Nội'"):
        processor.encode(["Hà", "Nội"], "vi", labels=[1, 2, 3])
    with pytest.raises(ValueError, match="1 phonemes for 2 tokens"):
        processor.encode(["Hà", "Nội"], "vi", phonemes=[["a"]])
    with pytest.raises(ValueError, match="1 lists of labels for 2 sentences"):
        processor([["Hà"], ["Nội"]], "vi", is_split_into_words=True, labels=[[1]])
    with pytest.raises(ValueError, match="nothing to encode"):
        processor([])


def test_an_unknown_language_is_refused_and_one_without_row_has_none(tokenizer: PreTrainedTokenizerFast) -> None:
    processor = PhoneXLProcessor(tokenizer, languages=["zh", "vi"])
    with pytest.raises(UnknownLanguageError, match="unknown language 'jp'; known: zh, vi, ja, ko"):
        processor("あ", language="jp")
    assert [processor.language_id(code) for code in ("zh", "vie", "ko")] == [0, 1, -1]
    assert set(processor("산다")["language_ids"].flatten().tolist()) == {-1}


@pytest.mark.parametrize("languages", [["zho", "vie"], ("zh", "vie"), ["en", "fr"], "vie"])
@pytest.mark.parametrize("kind", ["extended", "tokenizer"])
def test_either_code_of_a_language_names_its_row(
    tokenizer: PreTrainedTokenizerFast, bert_config: BertConfig, languages: Any, kind: str
) -> None:
    """Under the other code no word had a row; of a string each letter was a language."""
    processor = PhoneXLProcessor(tokenizer, languages=languages, phoneme_vocab_kind=kind)
    given = [languages] if isinstance(languages, str) else languages
    for row, code in enumerate(given):
        language = find_language(code)
        for name in (language.iso639_1, language.iso639_3):
            assert processor.language_id(name) == row
    assert processor.languages == PhoneXLConfig(bert_config, languages=languages).languages
    assert len(processor.languages) == len(given)


def test_a_language_that_is_none_is_refused(tokenizer: PreTrainedTokenizerFast, bert_config: BertConfig) -> None:
    for make in (lambda **fields: PhoneXLProcessor(tokenizer, **fields), lambda **f: PhoneXLConfig(bert_config, **f)):
        with pytest.raises(UnknownLanguageError, match="unknown language 'jp'; known: zh"):
            make(languages=["zh", "jp"])
    for fields in ({}, {"token_unit": "character"}, {"use_phonemes": False}):
        with pytest.raises(UnknownLanguageError, match=r"\['vi', 'zh'\]; expected one code as a string"):
            PhoneXLProcessor(tokenizer, **fields)(["Hà", "京"], language=["vi", "zh"])


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("phoneme_vocab_kind", "segment", "'extended', 'tokenizer', 'segments'"),
        ("phoneme_transcription", "romanized", "'ipa', 'roman', 'sino-xenic'"),
        ("unit", "subwords", "'word', 'subword'"),
        ("token_unit", "char", "'word', 'character'"),
        ("phoneme_vocab", "segments", "a list of symbols; its kind is phoneme_vocab_kind here"),
    ],
)
def test_a_field_that_means_nothing_is_refused(
    tokenizer: PreTrainedTokenizerFast, field: str, value: str, allowed: str
) -> None:
    """It was read as another one: "romanized" as shared words, "char" as words, "segments" as seven symbols."""
    with pytest.raises(ValueError, match=f"^{field}={value!r}: expected (one of )?{allowed}"):
        PhoneXLProcessor(tokenizer, **{field: value})


@pytest.mark.parametrize("value", [None, float("nan"), 7, b"H\xc3\xa0", {"text": "Hà"}, ["Hà", "Nội"]])
def test_what_is_no_text_is_refused(processor: Any, value: Any) -> None:
    """As a string it would be tagged: a gap in a table as the word "nan", a list with its brackets."""
    texts = [[value], ["Hà", value]] if isinstance(value, list) else [[value], ["Hà", value], value]
    for text in texts:
        with pytest.raises(ValueError, match="expected text, found"):
            processor(text, "vi")
    for pair in (("Hà", value), (value, "Hà")):
        with pytest.raises(ValueError, match="expected text, found"):
            processor.encode_pair(*pair)


@pytest.mark.parametrize(
    "value", ["Tôi sống", ["Tôi", None], [["Tôi"], "sống"], {"Tôi": 1}, None, [None], [float("nan")]]
)
def test_what_is_no_list_of_words_is_refused(processor: Any, value: Any) -> None:
    """Of a string each letter would be a word."""
    with pytest.raises(ValueError, match="expected a list of words for each text, .*: pass text without is_split"):
        processor(value, "vi", is_split_into_words=True)
    with pytest.raises(ValueError, match="expected a list of words for each text"):
        processor.encode_pair(["Tôi"], value, is_split_into_words=True)


def test_arrays_are_taken_as_lists(processor: PhoneXLProcessor) -> None:
    words = ["Tôi", "sống"]
    cases: list[tuple[Any, Any, bool]] = [
        (np.array(words), words, False),
        (np.array(words), words, True),
        (np.array([words, words]), [words, words], True),
        ([np.array(words), np.array(words[:1], object)], [words, words[:1]], True),
        ((word for word in words), words, False),
    ]
    for array, same, split in cases:
        found = processor(array, "vi", is_split_into_words=split)
        expected = processor(same, "vi", is_split_into_words=split)
        assert all(found[name].equal(expected[name]) for name in expected)


def test_romanisation_is_the_sound_of_the_romanised_model(tokenizer: PreTrainedTokenizerFast) -> None:
    processor = PhoneXLProcessor(tokenizer, phoneme_transcription="roman")
    assert processor.transcribe(["서울"], "ko") == [("seoul",)]
    assert processor.encode(["서울"], "ko").phoneme_pieces == [tokenizer.encode("seoul", add_special_tokens=False)]


def test_a_model_without_phonemes_gets_none(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = PhoneXLProcessor(tokenizer, use_phonemes=False)(SENTENCES["zh"])
    assert set(batch) == {"input_ids", "word_ids", "language_ids"}


def test_character_models_read_characters(tokenizer: PreTrainedTokenizerFast) -> None:
    processor = PhoneXLProcessor(tokenizer, token_unit="character")
    assert processor.words("北 京。") == ["北", "京", "。"]
    assert processor.segment("北 京。") == [(0, 1), (2, 3), (3, 4)]


def test_syllables_written_together_are_spelled_apart_where_asked(tokenizer: PreTrainedTokenizerFast) -> None:
    """The spelling alone: words, sounds and other languages stay as they are."""
    as_written, apart = (PhoneXLProcessor(tokenizer, split_syllables=split) for split in (False, True))
    tokens = ["họcsinh", "ở", "HàNội", "."]
    glued, spaced = (processor.encode(tokens, "vi") for processor in (as_written, apart))
    assert spaced.pieces == as_written.encode(["học sinh", "ở", "Hà Nội", "."], "vi").pieces != glued.pieces
    assert spaced.phoneme_pieces == glued.phoneme_pieces
    assert apart.encode(["电子"], "zh") == as_written.encode(["电子"], "zh")


@pytest.fixture
def marking_tokenizer() -> PreTrainedTokenizerFast:
    """Marks the start of every word, as XLM-R's does; has pieces that join a sign to what follows it."""
    pieces = [
        "<s>",
        "</s>",
        "<pad>",
        "<unk>",
        "▁",
        "。",
        "的",
        "1",
        "学",
        "校",
        "学校",
        "▁学",
        "で",
        "。」",
        "」",
        "▁N",
        "N",
        "B",
    ]
    backend = Backend(models.Unigram([(piece, -20.0 - 1 / len(piece)) for piece in pieces], unk_id=3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    names = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def test_words_of_languages_without_spaces_are_cut_without_one_where_asked(
    marking_tokenizer: PreTrainedTokenizerFast,
) -> None:
    """As inside a text, also where a sign would join the word; letters of other scripts keep their space."""
    marked, unmarked = (PhoneXLProcessor(marking_tokenizer, drop_spaces=drop) for drop in (False, True))

    def cut(processor: PhoneXLProcessor, language: str, *tokens: str) -> list[list[str]]:
        pieces = processor.encode(tokens, language).pieces
        return [processor.tokenizer.convert_ids_to_tokens(word) for word in pieces]

    tokens = ["学校", "で", "」", "学", "NB", "1"]
    assert cut(marked, "ja", *tokens) == [["▁", "学校"], ["▁", "で"], ["▁", "」"], ["▁学"], ["▁N", "B"], ["▁", "1"]]
    assert cut(unmarked, "ja", *tokens) == [["学校"], ["で"], ["」"], ["学"], ["▁N", "B"], ["1"]]
    assert cut(unmarked, "zh", "学") == [["学"]]
    assert cut(unmarked, "ko", *tokens) == cut(marked, "ko", *tokens)


def test_a_tokenizer_of_another_family_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    """A decoder's tokenizer has no [CLS]; `None` as an id would fail far from here."""
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, unk_token="[UNK]")
    with pytest.raises(ValueError, match="no cls_token"):
        PhoneXLProcessor(bare)


# Windows


def sentence_of(costs: list[int], sounds: list[int] | None = None) -> EncodedSentence:
    pieces, phonemes = ([[9] * count for count in counts] for counts in (costs, sounds or costs))
    return EncodedSentence(pieces, phonemes, [0] * len(costs), 0, list(range(len(costs))))


def limited(processor: PhoneXLProcessor, length: int, **fields: Any) -> PhoneXLProcessor:
    """The same processor with a shorter tokenizer."""
    shorter = copy.copy(processor)
    shorter.tokenizer = copy.deepcopy(processor.tokenizer)
    shorter.tokenizer.model_max_length = length
    for name, value in fields.items():
        setattr(shorter, name, value)
    return shorter


def check_windows(
    processor: PhoneXLProcessor, sentence: EncodedSentence, costs: list[int], limit: int, overlap: int
) -> None:
    windows = processor.windows(sentence)
    scored = [word for window in windows for word in range(window.first, window.last)]
    assert scored == list(range(len(costs)))  # every word, in order, in exactly one window
    for window in windows:
        assert window.start <= window.first <= window.last <= window.end
        assert sum(costs[window.start : window.end]) <= limit
    for earlier, later in itertools.pairwise(windows):
        assert earlier.start < later.start <= earlier.end < later.end
        assert sum(costs[later.start : earlier.end]) <= overlap


@settings(max_examples=200)
@given(costs=st.lists(st.integers(1, 12), max_size=60), length=st.integers(3, 20))
def test_windows_over_pieces_score_every_word_once(processor: Any, costs: list[int], length: int) -> None:
    """A word in two windows would be counted twice in the score, one in none would be lost."""
    shorter, limit = limited(processor, length, unit="subword"), length - 2
    sentence = sentence_of(costs)
    check_windows(shorter, sentence, [min(cost, limit) for cost in costs], limit, limit // 4)
    for window in shorter.windows(sentence):
        assert shorter.pad([sentence.cut(window.start, window.end)])["input_ids"].size(1) <= length


@settings(max_examples=100)
@given(costs=st.lists(st.integers(1, 12), max_size=60), length=st.integers(3, 20))
def test_windows_over_units_count_words_not_pieces(processor: Any, costs: list[int], length: int) -> None:
    """Pieces are pooled and cost no positions."""
    shorter = limited(processor, length, unit="word")
    check_windows(shorter, sentence_of(costs), [1] * len(costs), length - 2, (length - 2) // 4)
    assert len(shorter.windows(sentence_of(costs))) <= 1 or len(costs) > length - 2


@settings(max_examples=100)
@given(pairs=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=40), most=st.integers(3, 12))
def test_the_released_cut_counts_spelling_and_sound_and_does_not_overlap(processor: Any, pairs: Any, most: int) -> None:
    costs, sounds = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    limit = most - 2
    own = [min(limit, max(pair)) for pair in pairs]
    check_windows(limited(processor, 64, max_pieces=most), sentence_of(costs, sounds), own, limit, 0)


def test_context_stands_on_both_sides_of_a_border(processor: PhoneXLProcessor) -> None:
    """A word at a border is scored where it has neighbours on both sides."""
    first, second = limited(processor, 18).windows(sentence_of([1] * 20))
    assert (first.start, first.first, first.last, first.end) == (0, 0, 14, 16)
    assert (second.start, second.first, second.last, second.end) == (12, 14, 20, 20)


def test_a_cut_sentence_keeps_words_with_their_labels(processor: PhoneXLProcessor) -> None:
    encoded = processor.encode(["Hà", "Nội", "."], "vi", labels=[1, 2, 0])
    part = encoded.cut(1, 3)
    assert part == processor.encode(["Nội", "."], "vi", phonemes=None, labels=[2, 0])
    assert processor.encode(["Hà"], "vi").cut(0, 1).labels is None


def test_a_tokenizer_without_length_is_cut_at_the_backbones_positions(
    tokenizer: PreTrainedTokenizerFast, bert_config: BertConfig, tmp_path: Path
) -> None:
    """Many tokenizers were saved without a length; the model would refuse the sentence that no window cut."""
    BertModel(bert_config).save_pretrained(tmp_path)
    endless = copy.deepcopy(tokenizer)
    endless.model_max_length = int(1e30)
    endless.save_pretrained(tmp_path)
    processor = PhoneXLProcessor.from_backbone(str(tmp_path))
    windows = processor.windows(sentence_of([1] * 100))
    assert max(window.end - window.start for window in windows) == 62
