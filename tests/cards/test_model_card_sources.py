"""A card names all that a model was trained on, and the licence that follows from it."""

from pathlib import Path
from typing import Any

import pytest
from card_facts import BESIDE, FREE, METHODS, OURS, RUNS, SHARED, render
from huggingface_hub import ModelCard

from hub_cards.model_card import (
    DICTIONARY,
    UNLABELLED,
    render_eval_results,
    render_model_card,
)
from phonexl.model_facts import describe_model
from phonexl.results import RESULT_FILE, Result


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((("zh", FREE), ("vi", SHARED)), ("apache-2.0", None)),
        ((("zh", SHARED), ("vi", FREE)), ("other", "apache-2.0-and-cc-by-sa-4.0")),
        *(((("zh", FREE), (part, SHARED)), ("other", "apache-2.0-and-cc-by-sa-4.0")) for part in BESIDE),
        ((("zh", SHARED), (DICTIONARY, OURS)), ("other", "apache-2.0-and-cc-by-sa-4.0")),
        ((("zh", FREE), (DICTIONARY, OURS)), ("apache-2.0", None)),
    ],
)
def test_the_licence_is_ours_and_that_of_the_training_data(sources: Any, expected: tuple[str, str | None]):
    card = render({"sources": sources})
    assert (card.data.license, card.data.license_name) == expected
    for _, source in sources:
        assert f"[{source.name}]({source.url}) | {source.licence} |" in card.text


def test_the_licence_of_few_target_sentences_counts_too():
    card = render({"sources": (("zh", FREE), ("vi", SHARED)), "few_shot": 5})
    assert card.data.license_name == "apache-2.0-and-cc-by-sa-4.0"


def test_the_data_set_is_the_one_that_the_result_names(folder: Path):
    result = Result.load(folder / RESULT_FILE)
    assert result.dataset == {}
    result.dataset = {"name": "linguistic-gap-pos", "config": "zh-vi"}
    result.save(folder / RESULT_FILE)
    run = describe_model(folder, "user/x").run
    assert run is not None
    assert (run.dataset, run.config) == ("linguistic-gap-pos", "zh-vi")
    assert "of the data set `linguistic-gap-pos`, configuration `zh-vi`" in render_model_card(
        describe_model(folder, "user/x")
    )
    named = describe_model(folder, "user/x", dataset="cjkv-udpos").run
    assert named is not None
    assert (named.dataset, named.config) == ("cjkv-udpos", "")
    assert ", configuration" not in render_model_card(describe_model(folder, "user/x", dataset="cjkv-udpos"))


def test_a_data_set_that_the_result_does_not_name_is_credited_to_no_one(folder: Path):
    """Whoever trained on files of their own must not claim XTREME's sentences, licences and leaderboard."""
    facts = describe_model(folder, "user/x")
    card = ModelCard(render_model_card(facts))
    assert "trained on 2,000 sentences of Chinese of a data set that is not recorded, from" in card.text
    assert "| zh, vi | a data set that is not recorded | not recorded |" in card.text
    assert (card.data.license_name, card.data.datasets) == ("apache-2.0-and-unrecorded", None)
    assert card.data.eval_results is None
    for claim in ("cjkv-", "google/xtreme", "Universal Dep", "UD Chinese", "MUSE"):
        assert claim not in str(card), claim
    assert render_eval_results(facts) == ""


@pytest.mark.parametrize(
    ("changes", "dataset", "licence"),
    [
        ({}, "cjkv-udpos", "cc-by-nc-4.0"),  # MUSE, beside the data
        ({}, None, "unrecorded"),
        ({"dictionary": "sound"}, "cjkv-udpos", "apache-2.0"),
        ({"dictionary": "mine.tsv"}, "cjkv-udpos", "unrecorded"),
        ({"phoneme_transcription": "sino-xenic", "xmlm_weight": 0}, "cjkv-udpos", "apache-2.0"),
        ({"xmlm_weight": 0}, "cjkv-udpos", None),
        ({"xmlm_weight": 0, "task_switch_ratio": 0.5}, "cjkv-udpos", "cc-by-nc-4.0"),
        ({}, "phonexl-samples", None),
    ],
)
def test_a_dictionary_that_was_trained_on_is_licensed_too(
    folder: Path, changes: dict[str, Any], dataset: str | None, licence: str | None
):
    """MUSE is non-commercial: a card that forgets it lies."""
    result = Result.load(folder / RESULT_FILE)
    result.recipe |= changes
    result.save(folder / RESULT_FILE)
    facts = describe_model(folder, "user/x", dataset=dataset)
    assert facts.run is not None
    found = {hub_id for part, source in facts.run.sources if part == DICTIONARY for hub_id in source.licence_ids}
    assert found == ({licence} if licence else set())
    card = ModelCard(render_model_card(facts))
    assert ("but words of it, from the dictionary" in card.text) == (licence is not None)
    assert "mine.tsv" not in card.text
    assert "]()" not in card.text
    if licence:
        assert licence in card.data.license_name


@pytest.mark.parametrize("method", ["translate-train", "x-mixup", "filter"])
def test_the_dictionary_that_translated_is_licensed_too(folder: Path, method: str):
    Result.load(METHODS / f"{method}.json").save(folder / RESULT_FILE)
    card = ModelCard(render_model_card(describe_model(folder, "user/x", dataset="cjkv-udpos")))
    assert "cc-by-nc-4.0" in card.data.license_name
    assert "| dictionary | [MUSE, en-zh" in card.text
    assert "(but words of it, from the dictionary under *Licences*)" in card.text
    assert "| `translator` | dictionary |" in card.text


@pytest.mark.parametrize(
    ("needs", "augmentations", "is_listed"),
    [("dict-as-MT", "ss", True), ("Dict", "cs", True), ("MT", "cs", True), ("MT", "ss", False), ("none", "ss", False)],
)
def test_xtunes_dictionary_is_licensed_where_a_version_took_words_of_it(
    folder: Path, needs: str, augmentations: str, is_listed: bool
):
    result = Result.load(METHODS / "plain.json")
    result.recipe |= {"method": "xtune", "translator": "t.jsonl" if needs == "MT" else "dictionary"}
    result.training |= {"needs": needs, "augmentations": {augmentations: {"kind": "a version"}}}
    result.save(folder / RESULT_FILE)
    facts = describe_model(folder, "user/x", dataset="cjkv-udpos")
    assert facts.run is not None
    assert (DICTIONARY in {part for part, _ in facts.run.sources}) == is_listed
    assert ("cc-by-nc-4.0" in ModelCard(render_model_card(facts)).data.license_name) == is_listed


@pytest.mark.parametrize("name", ["translate-train", "filter"])
@pytest.mark.parametrize(
    ("translator", "kind", "row"),
    [
        ("some/model", "model", "[some/model](https://huggingface.co/some/model) | see its page"),
        ("/home/me/model", "model", "a translator that is not recorded | not recorded"),
        ("mine/secret.jsonl", "cached", "a translator that is not recorded | not recorded"),
    ],
)
def test_a_translator_that_is_no_dictionary_is_named_and_its_path_is_not(
    folder: Path, name: str, translator: str, kind: str, row: str
):
    result = Result.load(METHODS / f"{name}.json")
    described = {"kind": kind, "coverage": 1.0}
    facts = {"translator": described} if name == "translate-train" else {"translators": {"test": {"vi-zh": described}}}
    result.recipe["translator"] = translator
    result.training |= {"needs": "MT", **facts}
    result.save(folder / RESULT_FILE)
    card = ModelCard(render_model_card(describe_model(folder, "user/x", dataset="cjkv-udpos")))
    assert f"| translations | {row} |" in card.text
    assert "(but translations into it, by the translator under *Licences*)" in card.text
    assert f"| `translator` | {translator if '[' in row else 'not recorded'} |" in card.text
    assert "MUSE" not in card.text
    assert card.data.license_name.endswith("-and-unrecorded")
    assert "/home/me" not in card.text
    assert "mine" not in card.text


@pytest.mark.parametrize("text", [None, "/home/me/raw"])
def test_sentences_that_were_read_without_labels_are_said_and_licensed(folder: Path, text: str | None):
    """Chinese text to Vietnamese text: who compares it with zero-shot models must know that it read the target's."""
    result = Result.load(METHODS / "phonexl.json")
    result.recipe |= {"method": "objectives-first", "objectives-first.text": text, "objectives-first.keep": True}
    result.training["unlabelled"] = {"sentences": 3998, "sha256": "0"}
    result.save(folder / RESULT_FILE)
    facts = describe_model(folder, "user/x", dataset="cjkv-udpos")
    card = ModelCard(render_model_card(facts))
    assert "sentences of Chinese of the data set `cjkv-udpos`, and before on 3,998 sentences of" in card.text
    assert "3,998 sentences of Chinese and Vietnamese without labels, from the encoder" in card.text
    assert "from the dictionary under *Licences* and sentences of it without labels), and none chose" in card.text
    assert "| `objectives-first.keep` | True |" in card.text
    assert "/home/me" not in card.text
    own = "text of the maker's own" in card.text
    assert own == (text is not None) == ("unrecorded" in card.data.license_name)
    assert own == ("| `objectives-first.text` | not recorded |" in card.text)
    assert facts.run is not None
    treebanks = {source for part, source in facts.run.sources if part == "vi"}
    unlabelled = {source for part, source in facts.run.sources if part == UNLABELLED}
    assert treebanks
    assert own or unlabelled == treebanks


def test_test_sentences_that_may_not_be_changed_are_named(folder: Path):
    Result.load(RUNS.with_name("udpos-ja-ko-offline") / "seed-1.json").save(folder / RESULT_FILE)
    card = ModelCard(render_model_card(describe_model(folder, "user/x", dataset="cjkv-udpos")))
    assert "| ja (test) | [UD Japanese-Modern v2.5]" in card.text
    assert "nc-nd" not in card.data.license_name
