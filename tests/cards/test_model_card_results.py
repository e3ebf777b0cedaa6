"""The facts of a card are those of real results, and what a result does not say is not made up."""

import dataclasses
import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
import yaml
from card_facts import METHODS, RUNS
from huggingface_hub import ModelCard

from hub_cards.model_card import (
    Score,
    render_eval_results,
    render_model_card,
)
from hub_cards.reading_errors import READING_ERRORS
from modeling_phonexl.transcription import LANGUAGES
from phonexl import model_facts
from phonexl.methods import find_method, method_names
from phonexl.model_facts import describe_model
from phonexl.results import RESULT_FILE, Result


def test_facts_are_those_of_the_results(folder: Path):
    results = [Result.load(RUNS / f"seed-{seed}.json") for seed in (1, 2, 3)]
    facts = describe_model(folder, "user/x", [RUNS], "cjkv-udpos")
    assert facts.run is not None
    assert (facts.run.seed, facts.run.seeds, facts.run.dataset) == (1, (1, 2, 3), "cjkv-udpos")
    (item,) = [e for e in facts.run.evaluations if (e.language, e.split, e.only_new) == ("vi", "test", False)]
    for name, score in item.scores.items():
        values = [result.scores["vi"]["test"][name] for result in results]
        assert (score.value, score.over_seeds) == (values[0], tuple(values))
    assert item.majority == results[0].scores["vi"]["test"]["majority"]
    card = ModelCard(render_model_card(facts))
    f1 = [result.scores["vi"]["test"]["xtreme_f1"] * 100 for result in results]
    assert f"{f1[0]:.2f} ({statistics.fmean(f1):.2f} ± {statistics.stdev(f1):.2f})" in card.text
    assert card.data.base_model == "intfloat/multilingual-e5-small"
    assert "cc-by-sa-4.0" in card.data.license_name


def test_every_language_has_a_sentence_that_its_card_tags():
    assert model_facts._EXAMPLES.keys() == {language.code for language in LANGUAGES}


@pytest.mark.parametrize(
    ("config", "processor", "known"),
    [
        ({}, {}, ("zh", "vi")),
        ({}, {"recipe": "released"}, ()),
        ({}, {"phoneme_transcription": "roman"}, ()),
        ({"use_phonemes": False}, {}, ()),
    ],
)
def test_reading_errors_are_of_the_models_recipe_and_languages(
    folder: Path, config: dict[str, Any], processor: dict[str, Any], known: tuple[str, ...]
):
    """The model of this run knows four languages and was made for two."""
    for name, changes in (("config.json", config), ("processor_config.json", processor)):
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps({**content, **changes}), encoding="utf-8")
    facts = describe_model(folder, "user/x")
    assert facts.reading_errors == {code: READING_ERRORS[code] for code in known}
    shown = re.findall(
        r"^\| (Chinese|Vietnamese|Japanese|Korean) \| (?:heteronyms|joined|kana|words)",
        str(render_model_card(facts)),
        re.MULTILINE,
    )
    assert set(shown) == {facts.languages[code] for code in known}


@pytest.mark.parametrize(
    ("heard", "said"),
    [("ipa", "in IPA"), ("roman", "in Latin letters"), ("sino-xenic", "in Latin letters, that of a word")],
)
def test_what_is_heard_is_said(folder: Path, heard: str, said: str):
    path = folder / "processor_config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "phoneme_transcription": heard}), encoding="utf-8")
    card = str(render_model_card(describe_model(folder, "user/x")))
    (line,) = re.findall(r"by its sound, its transcription (in .*)\.\n", card)
    assert line.startswith(said)
    assert ("share" in line) == (heard == "sino-xenic")


def test_few_shot_is_what_was_read_not_what_was_asked_for(folder: Path):
    """A train file may have fewer sentences; results of before counted none, and the card must not guess."""
    result = Result.load(folder / RESULT_FILE)
    assert result.data["train"]["sentences"] == 2000
    result.recipe["few_shot"] = 1000
    result.warnings.append("few-shot: 1000 labelled sentences of vi were trained on")
    result.save(folder / RESULT_FILE)
    before = render_model_card(describe_model(folder, "user/x"))
    assert "with at most 1,000 labelled sentences of it in training (few-shot)" in before
    assert "trained on 2,000 sentences of Chinese and, at most 1,000 of them, of Vietnamese of a data set" in before
    result.data["few_shot"] = {"sentences": 12, "sha256": "0"}
    result.save(folder / RESULT_FILE)
    card = render_model_card(describe_model(folder, "user/x"))
    assert "with 12 labelled sentences of it in training (few-shot)" in card
    assert "1000" not in card
    assert "zero-shot" not in (before + card).lower()


@pytest.mark.parametrize("method", ["x-mixup", "filter"])
def test_scores_of_translate_test_are_told_from_those_of_the_saved_tagger(folder: Path, method: str):
    """Results of before have no scores of the saved tagger, and none of these must stand for them."""
    result = Result.load(METHODS / f"{method}.json")
    for scores in result.scores["vi"].values():
        del scores["read_alone"]
    result.save(folder / RESULT_FILE)
    run = describe_model(folder, "user/x").run
    assert run is not None
    assert {item.language for item in run.evaluations if item.is_beside_translations} == {"vi"}
    assert {item.language for item in run.evaluations if not item.is_beside_translations} == {"zh"}
    scores = result.scores["vi"]["test"]
    scores["read_alone"] = {**scores, "accuracy": 0.125, "new_sentences": {**scores["new_sentences"], "accuracy": 0.25}}
    result.save(folder / RESULT_FILE)
    run = describe_model(folder, "user/x").run
    assert run is not None
    tests = [item for item in run.evaluations if (item.language, item.split) == ("vi", "test")]
    found = [(item.is_beside_translations, item.only_new, item.scores["accuracy"]) for item in tests]
    both = scores["accuracy"], scores["new_sentences"]["accuracy"]
    assert found == [
        (False, False, Score(0.125, (0.125,))),
        (False, True, Score(0.25, (0.25,))),
        (True, False, Score(both[0], (both[0],))),
        (True, True, Score(both[1], (both[1],))),
    ]


@pytest.mark.parametrize(("of", "cut"), [(None, True), (1710, True), (800, False)])
def test_scores_on_a_sample_are_none_on_the_whole_test_set(folder: Path, of: int | None, cut: bool):
    """limit_eval drew these 800 sentences; results of before do not say of how many."""
    result = Result.load(folder / RESULT_FILE)
    assert result.recipe["limit_eval"] == result.scores["vi"]["test"]["num_sentences"] == 800
    if of:
        result.data["vi.test"]["of"] = of
    result.data["vi.test"]["file"] = "udpos/test-vi.tsv"
    result.save(folder / RESULT_FILE)
    facts = describe_model(folder, "user/x", dataset="cjkv-udpos")
    card = ModelCard(render_model_card(facts))
    place = "a sample of test" if cut else "test"
    assert f"| Vietnamese (zero-shot) | {place} | 800 |" in card.text
    assert "scores on the whole set were not measured." in card.text  # Chinese was drawn, too
    of_test = [r for r in card.data.eval_results if r.dataset_split == "test"]
    found = {(r.dataset_type, r.dataset_config, r.dataset_name) for r in of_test}
    sample = "cjkv-udpos", "vi", "cjkv-udpos, Vietnamese (test, a sample of 800)"
    whole = "google/xtreme", "udpos.Vietnamese", "cjkv-udpos, Vietnamese (test)"
    assert found == {("cjkv-udpos", "zh", "cjkv-udpos, Chinese (test, a sample of 800)"), sample if cut else whole}
    assert [entry["dataset"]["task_id"] for entry in yaml.safe_load(render_eval_results(facts)) or ()] == (
        [] if cut else ["udpos.Vietnamese"]
    )


def test_a_whole_test_file_of_the_hub_is_one_whatever_was_trained_on(folder: Path):
    result = Result.load(folder / RESULT_FILE)
    result.data["vi.test"] |= {"of": 800, "file": "udpos/test-vi.tsv"}
    result.save(folder / RESULT_FILE)
    card = ModelCard(render_model_card(describe_model(folder, "user/x")))
    assert {(r.dataset_type, r.dataset_name) for r in card.data.eval_results} == {
        ("google/xtreme", "google/xtreme, Vietnamese (test)")
    }
    assert card.data.datasets is None
    assert "of a data set that is not recorded" in card.text


def test_neither_paths_nor_commands_nor_tokens_reach_the_card(folder: Path, tmp_path: Path):
    result = Result.load(folder / RESULT_FILE)
    result.command = "phonexl train --data /home/me/secret --set hub_token=hf_planted"
    result.recipe |= {"hub_token": "hf_planted", "backbone": str(tmp_path), "dictionary": "/home/me/secret/d.tsv"}
    result.save(folder / RESULT_FILE)
    facts = describe_model(folder, "user/x")
    for text in (render_model_card(facts), render_eval_results(facts)):
        for secret in ("hf_planted", "/home/me", str(tmp_path)):
            assert secret not in text
    assert facts.base_model == ""


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("mbert", "google-bert/bert-base-multilingual-cased"),
        ("google/some-encoder", "google/some-encoder"),
        ("encoders/mine", ""),
        ("encoder", ""),
    ],
)
def test_an_encoder_from_a_folder_is_not_taken_for_a_repository(
    folder: Path, monkeypatch: pytest.MonkeyPatch, backbone: str, expected: str
):
    (folder / "encoders" / "mine").mkdir(parents=True)
    monkeypatch.chdir(folder)
    result = Result.load(folder / RESULT_FILE)
    result.recipe["backbone"] = backbone
    result.save(folder / RESULT_FILE)
    assert describe_model(folder, "user/x").base_model == expected


def test_what_the_recipe_switches_on_is_shown(folder: Path):
    """Merged particles are the largest gain of all: a card that hides them lets another system take it."""
    result = Result.load(METHODS / "sino-xenic.json")
    result.recipe |= {"particle_merge_ratio": 0.5, "fill_unseen": True, "xtune.copies": "ss", "sino-xenic.mine": 0}
    result.save(folder / RESULT_FILE)
    run = describe_model(folder, "user/x").run
    assert run is not None
    assert (
        run.settings.items()
        >= {
            "particle_merge_ratio": 0.5,
            "fill_unseen": True,
            "dictionary": "sound",
            "sino-xenic.mine": 0,
        }.items()
    )
    assert not {"xtune.copies", "translator"} & run.settings.keys()  # of no use to this method


def test_a_setting_of_a_method_that_may_be_a_path_is_among_those_not_shown():
    found = {
        f"{name}.{field.name}"
        for name in method_names()
        if (made := find_method(name).settings) is not None
        for field in dataclasses.fields(made)
        if "str" in str(field.type) and field.default is None
    }
    assert found == {place for place in model_facts._PLACES if "." in place}


@pytest.mark.parametrize(
    ("results", "dataset", "message"),
    [
        ([RUNS.with_name("udpos-zh-vi-offline-plain")], None, "is of another system than 'udpos-zh-vi-offline'"),
        ([RUNS / "none"], None, "no such file or folder"),
        ([], "cjkv-pos", "unknown data set 'cjkv-pos'"),
    ],
)
def test_results_that_do_not_belong_are_refused(folder: Path, results: list[Path], dataset: str | None, message: str):
    with pytest.raises(ValueError, match=message):
        describe_model(folder, "user/x", results, dataset)


def test_a_folder_without_results_takes_none(folder: Path):
    (folder / RESULT_FILE).unlink()
    facts = describe_model(folder, "user/x")
    assert (facts.run, [*facts.languages], facts.example) == (
        None,
        ["zh", "vi", "ja", "ko"],
        "저는 서울에 살고 있습니다.",
    )
    with pytest.raises(ValueError, match=r"has no result\.json"):
        describe_model(folder, "user/x", [RUNS])
