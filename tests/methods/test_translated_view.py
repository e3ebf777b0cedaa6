"""Translations beside rows: the right words in their languages, in both directions, back again, and cut to fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import phonexl.training.translated_view as module
from dataset_scripts.readers import DataError
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.methods import find_method
from phonexl.training.data import load_data
from phonexl.training.dataset import TaggingDataset
from phonexl.training.job import Job
from phonexl.training.masking import draw_generator
from phonexl.training.recipe import Recipe
from phonexl.training.run import train
from phonexl.training.translated_view import TranslatedView, training_rows, translate_tests

MakeRecipe = Callable[..., Recipe]


def make_job(make_recipe: MakeRecipe, data: Path, out: Path, **options: Any) -> tuple[Job, PhoneXLProcessor]:
    recipe = make_recipe(**options)
    return Job(recipe, load_data(recipe, data), out, 1), PhoneXLProcessor.from_backbone(recipe.backbone, unit="subword")


def words(processor: PhoneXLProcessor, *pairs: tuple[str, str]) -> EncodedSentence:
    """A sentence of words in their languages."""
    parts = [processor.encode([word], language) for word, language in pairs]
    return EncodedSentence(
        [part.pieces[0] for part in parts],
        [part.phoneme_pieces[0] for part in parts],
        [part.language_ids[0] for part in parts],
        parts[0].language_ids[0],
    )


def rows_of(processor: PhoneXLProcessor, *sentences: tuple[str, str]) -> list[Any]:
    made = [
        Sentence(str(index), lang, tuple(text.split()), ("X",) * len(text.split()))
        for index, (lang, text) in enumerate(sentences)
    ]
    dataset = TaggingDataset(made, processor, ["X"], draws=True)
    return [dataset[index] for index in range(len(dataset))]


def test_words_are_translated_and_others_stay_in_their_language(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    """A word that no dictionary has is Chinese between Vietnamese ones: it must sound and be marked as such."""
    job, processor = make_job(make_recipe, data, tmp_path)
    (row,) = rows_of(processor, ("zh", "我 学习 书"))
    view = TranslatedView(job, processor, [row])
    second = view(row, draw_generator(1, 0, 0))
    assert second.sentence == words(processor, ("tôi", "vi"), ("学习", "zh"), ("sách", "vi"))
    assert second.sentence.labels is None
    assert second.targets is None
    assert view.translators.keys() == {"zh-vi"}
    assert view.translators["zh-vi"]["coverage"] == pytest.approx(2 / 3)
    assert view.warnings == []


def test_a_translation_is_translated_back_word_by_word(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """今天 and 天 are both hômnay, of which the way back knows one; 学习 was never away, and is no Vietnamese."""
    dictionary = tmp_path / "zh-vi.tsv"
    dictionary.write_text("今天\thômnay\n天\thômnay\n书\tsách\n", encoding="utf-8")
    job, processor = make_job(make_recipe, data, tmp_path, dictionary=str(dictionary))
    (row,) = rows_of(processor, ("zh", "天 学习 书"))
    view = TranslatedView(job, processor, [row], back=True)
    assert view.encode(row) == words(processor, ("hômnay", "vi"), ("学习", "zh"), ("sách", "vi"))
    assert view.encode_back(row) == words(processor, ("今天", "zh"), ("学习", "zh"), ("书", "zh"))
    assert view.translators.keys() == {"zh-vi", "vi-zh"}


def test_rows_of_the_target_go_the_other_way(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """Few labelled target sentences may be among those that are trained on."""
    job, processor = make_job(make_recipe, data, tmp_path)
    rows = rows_of(processor, ("zh", "我"), ("vi", "tôi học"))
    view = TranslatedView(job, processor, rows, back=True)
    assert view.encode(rows[1]) == words(processor, ("我", "zh"), ("học", "vi"))
    assert view.encode_back(rows[1]) == words(processor, ("tôi", "vi"), ("học", "vi"))
    assert view.encode(rows[0]) == words(processor, ("tôi", "vi"))


def test_a_translation_that_is_too_long_is_cut_at_a_word(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """Vietnamese has more pieces than Chinese: a sentence may fit, and its translation not."""
    job, processor = make_job(make_recipe, data, tmp_path)
    (row,) = rows_of(processor, ("zh", "北京 " * 200))
    view = TranslatedView(job, processor, [row], back=True)
    pieces = view.encode(row).pieces
    assert len(pieces) < 200
    assert sum(map(len, pieces)) <= 510 < sum(map(len, pieces)) + len(pieces[0])
    assert set(map(tuple, pieces)) == {tuple(processor.pieces("bắckinh"))}
    assert len(view.encode_back(row).pieces) == 200


def test_each_sentence_is_translated_once_in_one_call(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model translates a batch faster than its sentences, and must not stay in memory while another is trained."""
    calls: list[tuple[str, list[tuple[str, ...]]]] = []
    original = module.make_translator

    def make(recipe: Any, folder: Any, source: str, target: str) -> Any:
        translator = original(recipe, folder, source, target)
        inner = translator.translate_all

        def translate_all(sentences: Any) -> Any:
            calls.append((source, list(sentences)))
            return inner(sentences)

        translator.translate_all = translate_all
        return translator

    monkeypatch.setattr(module, "make_translator", make)
    job, processor = make_job(make_recipe, data, tmp_path)
    rows = rows_of(processor, ("zh", "我 看"), ("zh", "书"), ("zh", "我 看"))
    view = TranslatedView(job, processor, rows)
    for row in rows:
        view.encode(row)
    assert calls == [("zh", [("书",), ("我", "看")])]


def test_tests_of_the_target_alone_are_translated(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    job, processor = make_job(make_recipe, data, tmp_path, eval_splits=["validation", "test"])
    view = translate_tests(job, processor)
    assert view.translators.keys() == {"vi-zh"}
    labels = sorted({tag for sentences in job.data.tests.values() for s in sentences for tag in s.tags})
    for (language, _), sentences in job.data.tests.items():
        row = TaggingDataset(sentences, processor, labels)[0]
        if language == "vi":
            assert len(view.encode(row).pieces) == len(row.tokens)
        else:
            with pytest.raises(KeyError):
                view.encode(row)


def test_files_of_other_codes_are_translated_as_well(
    make_recipe: MakeRecipe, data_of_longer_codes: Path, tmp_path: Path
) -> None:
    codes = {"source_data": "zho", "target_data": "vie"}
    job, processor = make_job(make_recipe, data_of_longer_codes, tmp_path, **codes)
    rows = training_rows(job, processor)
    view = TranslatedView(job, processor, rows, back=True)
    assert view.translators.keys() == {"zh-vi", "vi-zh"}
    assert all(len(view.encode(row).pieces) == len(row.tokens) for row in rows)
    assert translate_tests(job, processor).translators.keys() == {"vi-zh"}


def test_training_rows_are_those_of_the_trainer(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """A teacher's logits are kept by the number of the row."""
    job, _ = make_job(make_recipe, data, tmp_path)
    tagger, processor = job.build(PhoneXLForTokenClassification)
    dataset = job.make_trainer(tagger, processor).train_dataset
    assert training_rows(job, processor) == [dataset[index] for index in range(len(dataset))]


@pytest.mark.medium
@pytest.mark.parametrize("name", ["filter", "x-mixup"])
def test_a_translator_that_knows_no_word_is_warned_of(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, name: str
) -> None:
    """Its scores would be read as those of the method, and are plain's with twice the work."""
    (tmp_path / "other.tsv").write_text("龙\trồng\n", encoding="utf-8")
    method = find_method(name)
    recipe = make_recipe(**method.overrides(), max_steps=1, dictionary=str(tmp_path / "other.tsv"), limit_train=8)
    (result,) = train(recipe, data, tmp_path / "run", method=method)
    assert any("translator zh-vi: it translated no word" in warning for warning in result.warnings)
    assert any("translator vi-zh: it translated no word" in warning for warning in result.warnings)


@pytest.mark.parametrize("name", ["filter", "x-mixup"])
def test_missing_translations_are_known_before_anything_is_trained(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for file in data.glob("*-??.tsv"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "zh-vi.tsv").unlink()
    method = find_method(name)
    with pytest.raises(DataError):
        train(make_recipe(**method.overrides()), folder, tmp_path / "run", method=method)
    assert not (tmp_path / "run" / "checkpoints").exists()
