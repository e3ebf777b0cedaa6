"""Translators: each kind gives words with their language, and says plainly what it cannot translate."""

import gzip
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    NllbTokenizer,
    PreTrainedTokenizerFast,
)
from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.transcription import LANGUAGES, Language
from phonexl.training.model_translation import _NAMES, ModelTranslator, cut_like_files
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.translation import CachedTranslator, DictionaryTranslator, encode_translation, make_translator

DICTIONARY = BilingualDictionary([("书", "sách"), ("喜欢", "thích"), ("北京", "bắc kinh"), ("北京", "kinh đô")])
LINE = {"tokens": ["我", "看", "书"], "translation": ["tôi", "đọc", "sách"], "alignment": [[0, 0], [2, 2]]}
TINY = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}
WORDS = ["tôi", "đọc", "sách", "我", "看", "书"]


def write_lines(path: Path, *entries: Any) -> Path:
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return path


# ---- word by word ----


def test_a_dictionary_translates_word_for_word_and_leaves_the_rest_in_its_language() -> None:
    translator = DictionaryTranslator(DICTIONARY, "zh", "vi")
    found = translator.translate(["我", "喜欢", "书"])
    assert found.tokens == ("我", "thích", "sách")
    assert found.languages == ("zh", "vi", "vi")
    assert found.alignment == ((0, 0), (1, 1), (2, 2))
    assert found.coverage == pytest.approx(2 / 3)
    translator.translate(["我"])
    assert translator.describe()["coverage"] == 0.5


def test_joined_characters_are_all_aligned_with_their_word() -> None:
    """Else a translated character would lose its tag."""
    found = DictionaryTranslator(DICTIONARY, "zh", "vi", "longest").translate([*"我在北京"])
    assert found.tokens == ("我", "在", "bắckinh")
    assert found.alignment == ((0, 0), (1, 1), (2, 2), (3, 2))
    assert found.coverage == 0.5


def test_the_other_direction_finds_words_as_xtreme_writes_them(make_recipe: Callable[..., Recipe], tmp_path: Path):
    path = tmp_path / "zh-vi.tsv"
    path.write_text("北京\tbắc kinh\n书\tsách\n", encoding="utf-8")
    translator = make_translator(make_recipe(dictionary=str(path)), tmp_path, "vi", "zh")
    assert translator.translate(["bắckinh", "sách", "đẹp"]).tokens == ("北京", "书", "đẹp")
    assert [each.tokens for each in translator.translate_all([["sách"], []])] == [("书",), ()]


def test_a_capital_hides_a_word_only_from_languages_without_case(make_recipe: Callable[..., Recipe], tmp_path: Path):
    """MUSE writes Vietnamese words small; in Chinese IT is no pronoun."""
    path = tmp_path / "zh-vi.tsv"
    path.write_text("书\tsách\nit\tnó\n", encoding="utf-8")
    recipe = make_recipe(dictionary=str(path))
    assert make_translator(recipe, tmp_path, "vi", "zh").translate(["Sách", "SÁCH", "Nó"]).tokens == ("书", "书", "it")
    assert make_translator(recipe, tmp_path, "zh", "vi").translate(["it", "IT"]).tokens == ("nó", "IT")


def test_a_translation_is_read_word_by_word_in_its_languages(processor: PhoneXLProcessor) -> None:
    translation = DictionaryTranslator(DICTIONARY, "zh", "vi").translate(["我", "书"])
    encoded = encode_translation(processor, translation)
    parts = processor.encode(["我"], "zh"), processor.encode(["sách"], "vi")
    assert encoded.pieces == [word for part in parts for word in part.pieces]
    assert encoded.phoneme_pieces == [word for part in parts for word in part.phoneme_pieces]
    assert encoded.language_ids == [processor.language_id("zh"), processor.language_id("vi")]


# ---- from a file ----


@pytest.mark.parametrize("name", ["zh-vi.jsonl", "zh-vi.jsonl.gz"])
def test_a_file_gives_the_words_and_their_alignment(tmp_path: Path, name: str) -> None:
    other = {"tokens": ["我"], "translation": ["tôi"]}
    path = write_lines(tmp_path / name, LINE, other, {**other, "translation": ["ta"]})
    translator = CachedTranslator(path, "zh", "vi")
    first, second = translator.translate_all([["我", "看", "书"], ["我"]])
    assert (first.tokens, first.languages) == (("tôi", "đọc", "sách"), ("vi", "vi", "vi"))
    assert first.alignment == ((0, 0), (2, 2))
    assert (second.tokens, second.alignment) == (("tôi",), None)
    expected = {"kind": "cached", "file": name, "direction": "zh-vi", "entries": 2, "coverage": 1.0}
    assert translator.describe() == expected


def test_sentences_that_are_missing_are_named_and_listed_in_a_file_of_their_own(tmp_path: Path) -> None:
    """Parts of long sentences are nowhere else to be seen; what was filled in of an older list is not overwritten."""
    file = write_lines(tmp_path / "zh-vi.jsonl", LINE)
    sentences = [["我", "看", "书"], ["我", "买"], ["他", "买"], ["我", "买"]]
    for number in (1, 2):
        listed = tmp_path / f"zh-vi.missing-{number}.jsonl"
        message = (
            r'zh-vi\.jsonl: .*every sentence of zh .* every part of it .* 2 have none, the first "tokens": '
            rf'\["我", "买"\]\. Translate those listed in {re.escape(str(listed))} and add them'
        )
        with pytest.raises(DataError, match=message):
            CachedTranslator(file, "zh", "vi").translate_all(sentences)
        assert [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()] == [
            {"tokens": ["我", "买"]},
            {"tokens": ["他", "买"]},
        ]
    filled = [{**json.loads(line), "translation": ["x"]} for line in listed.read_text(encoding="utf-8").splitlines()]
    whole = CachedTranslator(write_lines(tmp_path / "whole.jsonl", LINE, *filled), "zh", "vi")
    assert [found.tokens[-1] for found in whole.translate_all(sentences)] == ["sách", "x", "x", "x"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([["我"], ["tôi"]], "a JSON object with"),
        ({"tokens": ["我"]}, "a JSON object with"),
        ({"tokens": [], "translation": ["tôi"]}, "not empty"),
        ({"tokens": ["我"], "translation": [""]}, "not empty"),
        ({"tokens": "我", "translation": ["tôi"]}, "lists of words"),
        ({**LINE, "alignment": [[0, 3]]}, "pairs of positions from 0"),
        ({**LINE, "alignment": [[-1, 0]]}, "pairs of positions from 0"),
        ({**LINE, "alignment": [[0]]}, "pairs of positions from 0"),
        ({**LINE, "alignment": [[0, True]]}, "pairs of positions from 0"),
        ({**LINE, "alignment": "0-0"}, "pairs of positions from 0"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, entry: Any, message: str) -> None:
    path = write_lines(tmp_path / "zh-vi.jsonl", LINE, entry)
    with pytest.raises(DataError, match=message) as caught:
        CachedTranslator(path, "zh", "vi")
    assert caught.value.line == 2


def test_a_file_that_is_no_json_or_empty_is_named(tmp_path: Path) -> None:
    path = tmp_path / "zh-vi.jsonl"
    path.write_text("我\ttôi\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"zh-vi\.jsonl:1: .*It is no JSON"):
        CachedTranslator(path, "zh", "vi")
    path.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="The file is empty"):
        CachedTranslator(path, "zh", "vi")


# ---- which one ----


def test_a_recipe_names_a_file_or_a_folder_of_both_directions(make_recipe: Callable[..., Recipe], tmp_path: Path):
    there = write_lines(tmp_path / "zh-vi.jsonl", LINE)
    back = write_lines(tmp_path / "vi-zh.jsonl.gz", {"tokens": ["sách"], "translation": ["书"]})
    recipe = make_recipe(translator=str(tmp_path))
    for source, target, path in (("zh", "vi", there), ("vi", "zh", back)):
        translator = make_translator(recipe, tmp_path, source, target)
        assert isinstance(translator, CachedTranslator)
        assert translator.path == path
    one = make_translator(make_recipe(translator=str(there)), tmp_path, "vi", "zh")
    assert isinstance(one, CachedTranslator)
    assert (one.path, one.target) == (there, "zh")
    there.unlink()
    with pytest.raises(DataError, match=r"expected zh-vi\.jsonl \(or \.gz\)"):
        make_translator(recipe, tmp_path, "zh", "vi")


@pytest.mark.parametrize("name", ["./nothing", "missing.jsonl", "a/b/c"])
def test_a_place_that_is_not_there_is_refused(make_recipe: Callable[..., Recipe], tmp_path: Path, name: str) -> None:
    """Taken for a Hub id, the message would be about the network."""
    with pytest.raises(RecipeError, match="neither file nor folder"):
        make_translator(make_recipe(translator=name), tmp_path, "zh", "vi")


# ---- by a model ----


def save_nllb(folder: Path, languages: Sequence[str]) -> Path:
    """A random model that must be told the languages."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"▁{word}" for word in WORDS), *"▁我看书tôi"]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], extra_special_tokens=[*languages], src_lang=languages[0])
    tokenizer.save_pretrained(folder)
    config = M2M100Config(vocab_size=len(tokenizer), max_position_embeddings=64, **TINY)
    config.decoder_start_token_id = 2
    torch.manual_seed(0)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def save_marian(folder: Path) -> Path:
    """A random model of one direction."""
    vocabulary = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)
    fast.save_pretrained(folder)
    ends = {"pad_token_id": 0, "eos_token_id": 1, "forced_eos_token_id": None, "decoder_start_token_id": 0}
    config = MarianConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **ends, **TINY)
    torch.manual_seed(0)
    model = MarianMTModel(config)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_nllb(tmp_path_factory.mktemp("nllb"), ["eng_Latn", "zho_Hans", "vie_Latn"])


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_marian(tmp_path_factory.mktemp("marian"))


def watch(translator: ModelTranslator, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What goes into the model and comes out, at each call."""
    calls: list[dict[str, Any]] = []
    generate = translator._model.generate

    def keep(**inputs: Any) -> Any:
        made = generate(**inputs)
        calls.append({**inputs, "made": made})
        return made

    monkeypatch.setattr(translator._model, "generate", keep)
    return calls


def test_a_model_of_many_languages_is_told_both(
    make_recipe: Callable[..., Recipe], nllb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untold, NLLB translates from English into whatever comes first."""
    for source, target, names in (("zh", "vi", ["zho_Hans", "vie_Latn"]), ("vi", "zh", ["vie_Latn", "zho_Hans"])):
        translator = make_translator(make_recipe(translator=str(nllb)), tmp_path, source, target)
        assert isinstance(translator, ModelTranslator)
        calls = watch(translator, monkeypatch)
        found = translator.translate(["我", "看", "书"])
        told = translator._tokenizer.convert_tokens_to_ids(names)
        assert calls[0]["input_ids"][0, 0] == told[0]
        assert calls[0]["made"][0, 1] == told[1]
        assert found.languages == (target,) * len(found.tokens)
        assert not {*names} & {*found.tokens}


def test_a_model_of_many_languages_is_told_any_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By either code of a language; Swahili has another one in NLLB."""
    place = save_nllb(tmp_path, ["eng_Latn", "hin_Deva", "swh_Latn"])
    translator = ModelTranslator(str(place), "hi", "swa", "udpos")
    calls = watch(translator, monkeypatch)
    translator.translate(["我"])
    told = translator._tokenizer.convert_tokens_to_ids(["hin_Deva", "swh_Latn"])
    assert [calls[0]["input_ids"][0, 0], calls[0]["made"][0, 1]] == told


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_names_of_our_languages_are_the_models(language: Language) -> None:
    nllb, *mbart, m2m100 = _NAMES[language.code]
    assert nllb[:3] == language.iso639_3.replace("swa", "swh")
    assert mbart == [code for code in FAIRSEQ_LANGUAGE_CODES if code[:2] == language.iso639_1]
    assert m2m100 == f"__{language.iso639_1}__"


def test_a_model_of_one_direction_needs_no_names(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = ModelTranslator(str(marian), "zh", "vi", "udpos")
    calls = watch(translator, monkeypatch)
    sentences = [["sách"] * length for length in (3, 1, 7, 1)]
    found = translator.translate_all(sentences)
    assert [len(call["input_ids"]) for call in calls] == [3]
    assert "forced_bos_token_id" not in calls[0]
    assert found[1] == found[3]
    assert translator.translate(["sách"]) == found[1]
    assert len(calls) == 1
    assert translator.describe()["kind"] == "model"
    assert translator.describe()["direction"] == "zh-vi"


def test_sentences_are_translated_in_the_order_asked_for(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = ModelTranslator(str(marian), "zh", "vi", "udpos")
    seen: list[int] = []

    def echo(sentences: Sequence[Sequence[str]]) -> list[str]:
        seen.append(len(sentences))
        return [" ".join(tokens) for tokens in sentences]

    monkeypatch.setattr(translator, "_generate", echo)
    sentences = [[f"a{length}"] * length for length in (5, 1, 9, 2, *range(10, 30))]
    assert [list(each.tokens) for each in translator.translate_all(sentences)] == sentences
    assert seen == [16, 8]


def test_a_sentence_without_an_answer_stays_as_it_is(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A translation of no words could be read by no encoder."""
    translator = ModelTranslator(str(marian), "zh", "vi", "udpos")
    monkeypatch.setattr(translator, "_generate", lambda sentences: ["  " if len(s) == 2 else "tôi" for s in sentences])
    empty, full = translator.translate_all([["我", "看"], ["我", "看", "书"]])
    assert (empty.tokens, empty.languages, empty.coverage) == (("我", "看"), ("zh", "zh"), 0.0)
    assert empty.alignment == ((0, 0), (1, 1))
    assert (full.tokens, full.alignment, full.coverage) == (("tôi",), None, 1.0)
    assert translator.describe()["coverage"] == 3 / 5


def test_models_that_cannot_translate_are_refused(backbone: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a bert model; expected one that translates"):
        ModelTranslator(str(backbone), "zh", "vi", "udpos")
    other = save_nllb(tmp_path, ["eng_Latn", "zho_Hans"])
    with pytest.raises(ValueError, match=r"no name for vi \(vie_Latn, vi_VN, __vi__\)"):
        ModelTranslator(str(other), "zh", "vi", "udpos")


@pytest.mark.parametrize(
    ("text", "language", "task", "words"),
    [
        ("东京 很大。", "ja", "panx", ["东", "京", "很", "大", "。"]),
        ("서울은 크다.", "ko", "panx", ["서울은", "크다", "."]),
        ("서울은 크다.", "ko", "udpos", ["서울은", "크다", "."]),
        ("Ha\u0300 Nội, 3.5 km", "vi", "panx", ["Hà", "Nội", ",", "3.5", "km"]),
    ],
)
def test_text_is_cut_as_the_files_of_the_task_have_it(text: str, language: str, task: str, words: list[str]) -> None:
    """A target cut otherwise than its test files would train on words that the test does not have."""
    assert cut_like_files(text, language, task) == words


def test_vietnamese_words_of_udpos_have_no_spaces() -> None:
    words = cut_like_files("Chính phủ Việt Nam họp.", "vi", "udpos")
    assert "".join(words) == "ChínhphủViệtNamhọp."
    assert len(words) < 6
