"""The card of a tagger: what it says is what the results say, in forms that the Hub reads."""

import dataclasses
import json
import re
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub_cards.model_card import (
    DICTIONARY,
    TRANSLATIONS,
    UNLABELLED,
    Evaluation,
    ModelFacts,
    RunFacts,
    Score,
    render_eval_results,
    render_model_card,
)
from hub_cards.reading_errors import READING_ERRORS, ReadingError
from hub_cards.render import Source
from modeling_phonexl.transcription import LANGUAGES
from phonexl import model_facts
from phonexl.methods import find_method, method_names
from phonexl.model_facts import describe_model
from phonexl.results import RESULT_FILE, Result

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "results" / "udpos-2000" / "udpos-zh-vi-offline"
METHODS = ROOT / "results" / "udpos-2000-methods" / "zh-vi"
FREE = Source("Corpus A", "CC0-1.0", "https://example.org/a", ("cc0-1.0",))
SHARED = Source("Corpus B", "CC BY-SA 4.0", "https://example.org/b", ("cc-by-sa-4.0",))
OURS = Source("Corpus C", "Apache-2.0", "https://example.org/c", ("apache-2.0",))
BENCHMARK = ("google/xtreme", "udpos.Vietnamese")
BESIDE = (DICTIONARY, TRANSLATIONS, UNLABELLED)
RUN = RunFacts(
    recipe="test-recipe",
    source="zh",
    target="vi",
    seed=2,
    seeds=(1, 2, 3),
    settings={"learning_rate": 1e-4, "unit": "word"},
    num_sentences=1234,
    dataset="cjkv-udpos",
    hub_dataset="google/xtreme",
    sources=(("zh", SHARED), ("vi", FREE)),
    evaluations=(
        Evaluation("zh", "test", {"xtreme_f1": Score(0.8, (0.8,))}, 1500, 0.25),
        Evaluation(
            "vi",
            "test",
            {"xtreme_f1": Score(0.5, (0.4, 0.5, 0.6)), "accuracy": Score(0.625, (0.5, 0.625, 0.75))},
            800,
            0.375,
            benchmark=BENCHMARK,
        ),
        Evaluation("vi", "test", {"xtreme_f1": Score(0.6, (0.6,))}, 798, only_new=True, benchmark=BENCHMARK),
    ),
    coverage={"vi.test": {"read": 90, "passed": 10, "punctuation": 20}},
    warnings=("the dictionary switched no word",),
    versions={"phonexl": "1.0", "torch": "2.13"},
)
FACTS = ModelFacts(
    repo="user/zh-vi",
    task="parts of speech",
    labels=("NOUN", "VERB"),
    languages={"zh": "Chinese", "vi": "Vietnamese"},
    example='Tôi nói "chào".',
    tools={"zh": "pypinyin rjieba", "vi": ""},
    base_model="intfloat/multilingual-e5-small",
    base_licence="MIT",
    transcription="default",
    run=RUN,
    reading_errors={"vi": (ReadingError("joined words", 11555, 0.451, 0.9),)},
)


def render(run: dict[str, Any] | None = None, **changes: Any) -> ModelCard:
    facts = dataclasses.replace(FACTS, **{"run": dataclasses.replace(RUN, **(run or {})), **changes})
    return ModelCard(render_model_card(facts))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the facts of a real run are read from, beside made configurations."""
    config = {"id2label": {"0": "NOUN"}, "languages": ["zh", "vi", "ja", "ko"], "use_phonemes": True}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "processor_config.json").write_text(json.dumps({"recipe": "default"}), encoding="utf-8")
    Result.load(RUNS / "seed-1.json").save(tmp_path / RESULT_FILE)
    return tmp_path


# What the Hub reads


def test_front_matter_names_what_the_hub_files_a_model_by():
    data = render().data
    assert (data.language, data.library_name, data.pipeline_tag) == (
        ["zh", "vi"],
        "transformers",
        "token-classification",
    )
    assert (data.base_model, data.to_dict()["base_model_relation"]) == ("intfloat/multilingual-e5-small", "finetune")
    assert (data.datasets, data.metrics) == (["google/xtreme"], ["accuracy", "f1"])
    assert "phonexl" in data.tags


def test_the_model_index_holds_every_score_once_as_a_plain_number():
    results = render().data.eval_results
    found = {(r.dataset_type, r.dataset_config, r.metric_name): r.metric_value for r in results}
    assert found == {
        ("cjkv-udpos", "zh", "F1 (XTREME) x 100"): 80.0,
        (*BENCHMARK, "F1 (XTREME) x 100"): 50.0,
        (*BENCHMARK, "accuracy x 100"): 62.5,
    }


def test_scores_of_numpy_become_plain_floats():
    """YAML would write them as Python objects, which the Hub refuses."""
    score = Score(np.float64(0.5), (np.float64(0.5), np.float64(0.7)))
    items = (Evaluation("vi", "test", {"xtreme_f1": score}, 8, np.float64(0.1), benchmark=BENCHMARK),)
    facts = dataclasses.replace(FACTS, run=dataclasses.replace(RUN, evaluations=items))
    for text in (render_model_card(facts), render_eval_results(facts)):
        assert "!!python" not in text
        assert "50.0" in text
    assert yaml.safe_load(render_eval_results(facts))[0]["value"] == 50.0


def test_eval_results_give_the_main_score_of_whole_test_sets_on_the_hub():
    (entry,) = yaml.safe_load(render_eval_results(FACTS))
    assert entry["dataset"] == {"id": "google/xtreme", "task_id": "udpos.Vietnamese"}
    assert entry["value"] == 50.0
    assert entry["notes"] == (
        "F1 (XTREME) x 100, zero-shot; 800 sentences; seed 2; mean ± std over 3 seeds: 50.00 ± 10.00"
    )
    assert render_eval_results(dataclasses.replace(FACTS, run=None)) == ""


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


# What people read


def test_tables_hold_scores_with_their_spread_and_coverage():
    lines = render().text.split("\n")
    assert "| Chinese | test | 1,500 | 80.00 |  | 25.00 |" in lines
    assert "| Vietnamese (zero-shot) | test | 800 | 50.00 (50.00 ± 10.00) | 62.50 (62.50 ± 12.50) | 37.50 |" in lines
    assert "| Vietnamese (zero-shot) | test, new sentences | 798 | 60.00 |  |  |" in lines
    assert "| vi.test | 120 | 90.0% | 90 | 10 | 20 |" in lines


def test_limits_are_computed_from_the_scores():
    text = render().text
    assert "- Vietnamese is zero-shot" in text
    assert "commonest tag has accuracy 37.5; this model has 62.5, +25.0 points." in text
    assert "- The dictionary switched no word." in text
    assert "One seed" not in text
    assert "- One seed: " in render({"seeds": (2,)}).text


@pytest.mark.parametrize(
    ("few_shot", "words"),
    [(200, "200 labelled sentences of it were trained on"), (1, "1 labelled sentence of it was trained on")],
)
def test_a_few_shot_model_is_nowhere_called_zero_shot(few_shot: int, words: str):
    """Whoever compares it with zero-shot models would compare labels with none."""
    facts = dataclasses.replace(FACTS, run=dataclasses.replace(RUN, few_shot=few_shot))
    card, entries = render_model_card(facts), render_eval_results(facts)
    assert "zero-shot" not in (card + entries).lower()
    counted = f"{few_shot} labelled sentence{'s' * (few_shot > 1)}"
    assert f"in Chinese and, with {counted} of it in training (few-shot), in Vietnamese." in card
    assert "| Vietnamese (few-shot) | test | 800 |" in card
    assert f"- Vietnamese is few-shot: {words}; none chose the model." in card
    assert f"trained on {1234 - few_shot:,} sentences of Chinese and {few_shot} of Vietnamese of the data set" in card
    (entry,) = yaml.safe_load(entries)
    assert entry["notes"].startswith("F1 (XTREME) x 100, few-shot; 800 sentences")


def test_scores_beside_translations_are_not_told_as_those_of_the_model():
    """Another tagger has them; what is in the repository reads sentences alone, and is worse or better."""
    zh, vi, new = RUN.evaluations
    beside = [dataclasses.replace(item, is_beside_translations=True) for item in (vi, new)]
    run = dataclasses.replace(RUN, evaluations=(zh, *beside))
    facts = dataclasses.replace(FACTS, run=run)
    card = ModelCard(render_model_card(facts))
    assert {result.dataset_config for result in card.data.eval_results} == {"zh"}
    assert render_eval_results(facts) == ""
    assert "| Vietnamese (zero-shot) | test, beside translations | 800 | 50.00" in card.text
    assert "| Vietnamese (zero-shot) | test, new sentences, beside translations | 798 | 60.00" in card.text
    assert "by a tagger that is not in this repository" in card.text
    assert "reads sentences alone; how well it tags Vietnamese so was not measured." in card.text
    assert "this model has" not in card.text
    assert "\n\n\n" not in card.text

    own = dataclasses.replace(vi, scores={"xtreme_f1": Score(0.25, (0.25,)), "accuracy": Score(0.3, (0.3,))})
    facts = dataclasses.replace(FACTS, run=dataclasses.replace(run, evaluations=(zh, own, *beside)))
    card = ModelCard(render_model_card(facts))
    assert [r.metric_value for r in card.data.eval_results if r.dataset_config != "zh"] == [25.0, 30.0]
    assert [entry["value"] for entry in yaml.safe_load(render_eval_results(facts))] == [25.0]
    assert "this model has 30.0, -7.5 points" in card.text
    assert "reads sentences alone." in card.text


def test_the_licence_of_few_target_sentences_counts_too():
    card = render({"sources": (("zh", FREE), ("vi", SHARED)), "few_shot": 5})
    assert card.data.license_name == "apache-2.0-and-cc-by-sa-4.0"


def test_the_card_says_how_it_was_made_and_whom_to_cite():
    text = render().text
    for part in (
        "`test-recipe`",
        "1,234 sentences of Chinese",
        "phonexl 1.0, torch 2.13.",
        "| `learning_rate` | 0.0001 |",
        "Recipe `default`",
        "zh: `pip install pypinyin rjieba`; vi: none.",
        "Encoder: MIT.",
        "Enhancing Cross-lingual Transfer via Phonemic Transcription Integration",
    ):
        assert part in text, part
    assert "\n\n\n" not in text


def test_a_model_of_unknown_making_claims_nothing():
    card = ModelCard(render_model_card(dataclasses.replace(FACTS, run=None, base_model="", transcription="")))
    assert (card.data.license, card.data.eval_results, card.data.base_model) == (None, None, None)
    assert "not recorded here" in card.text
    assert "## Scores" not in card.text
    assert "## Transcription" not in card.text
    assert "zero-shot" not in card.text
    assert "\n\n\n" not in card.text


def test_the_example_is_python_whatever_the_sentence_holds():
    code = render().text.split("```python")[1].split("```")[0]
    compile(code, "card", "exec")
    assert '"user/zh-vi"' in code
    assert "trust_remote_code=True" in code
    assert "revision=" in code


@pytest.mark.parametrize(
    ("languages", "listed", "readers"),
    [
        (
            ["zh", "hin"],
            "zh: `pip install pypinyin g2pM opencc rjieba`; hin: phonexl.",
            "The reader of Hindi is",
        ),
        (
            ["fi", "hin"],
            "fi: phonexl and `pip install epitran panphon`; hin: phonexl.",
            "Finnish and Hindi are",
        ),
        (["hin", "zh"], "hin: phonexl; zh: `pip install", "The reader of Hindi is"),
    ],
)
def test_a_language_whose_reader_does_not_travel_is_named(
    folder: Path, languages: list[str], listed: str, readers: str
):
    """Left alone, the example would read Hindi as Vietnamese, and say that phonexl is not needed for it."""
    (folder / RESULT_FILE).unlink()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "languages": languages}), encoding="utf-8")
    card = render_model_card(describe_model(folder, "user/x"))
    assert listed in card
    assert f"{readers} in phonexl, not in this repository; install it from its\nsource" in card
    assert "pip install phonexl" not in card
    assert "itself is not needed" not in card
    code = card.split("```python")[1].split("```")[0]
    compile(code, "card", "exec")
    shown = 'tagger("मैं दिल्ली में रहता हूँ।", language="hin")' if languages[-1] == "hin" else 'tagger("我住在北京。")'
    assert shown in code
    assert "\n\n\n" not in card


def test_languages_whose_readers_travel_need_no_package_of_ours(folder: Path):
    card = render_model_card(describe_model(folder, "user/x"))
    assert "# the classes are in this repository; phonexl itself is not needed\n" in card
    assert "in phonexl, not in" not in card
    assert "language=" not in card


@pytest.mark.medium
@settings(max_examples=60)
@example(name="a|b <c>", warning="x\n# y", values=[1.0])
@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
    warning=st.text(max_size=30),
    values=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_any_text_and_score_leaves_card_and_tables_whole(name: str, warning: str, values: list[float]):
    items = (Evaluation("vi", "test", {"accuracy": Score(values[0], tuple(values))}, 5),)
    card = render({"settings": {"x": name}, "warnings": (warning,), "evaluations": items})
    (result,) = card.data.eval_results
    assert result.metric_value == pytest.approx(values[0] * 100, abs=0.006)
    (line,) = [line for line in card.text.split("\n") if line.startswith("| `x` |")]
    assert len(re.findall(r"(?<!\\)\|", line)) == 3
    assert "<" not in line
    spread = f"{statistics.fmean(values) * 100:.2f} ± {statistics.stdev(values) * 100:.2f}" if len(values) > 1 else ""
    assert items[0].scores["accuracy"].spread == spread


def test_the_same_facts_give_the_same_bytes():
    assert render_model_card(FACTS) == render_model_card(FACTS)


def test_what_the_card_cannot_describe_is_refused():
    with pytest.raises(ValueError, match="no description of the reason sung"):
        render({"coverage": {"train": {"sung": 1}}})
    with pytest.raises(ValueError, match="vi, test: no score; expected one of xtreme_f1"):
        render({"evaluations": (Evaluation("vi", "test", {"bleu": Score(0.5, (0.5,))}, 5),)})


def test_the_card_says_how_well_the_recipe_reads():
    lines = render().text.split("\n")
    row = lines.index("| Vietnamese | joined words | 11,555 | 0.45 | 0.90 |")
    assert lines[row - 2] == "| language | measured on | words | phonemes wrong, % | words wrong, % |"
    assert "was not measured" not in render().text
    unknown = render(reading_errors={}, transcription="epitran").text
    assert "Recipe `epitran`." in unknown
    assert "How well this recipe reads was not measured." in unknown
    assert "phonemes wrong" not in unknown
    silent = render(reading_errors={}, transcription="").text
    assert "was not measured" not in silent.replace("were not measured", "")


def test_reading_errors_are_those_of_the_benchmark():
    """A card must not hold a figure that no run wrote."""
    figures = json.loads((ROOT / "results" / "benchmarks" / "transcription.json").read_text(encoding="utf-8"))
    measured = {
        entry["language"]: tuple(
            ReadingError(score["measure"], score["n"], score["error"], score["word_error"]) for score in entry["scores"]
        )
        for entry in figures["languages"]
    }
    assert measured == READING_ERRORS


# Facts of real runs


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


def test_test_sentences_that_may_not_be_changed_are_named(folder: Path):
    Result.load(RUNS.with_name("udpos-ja-ko-offline") / "seed-1.json").save(folder / RESULT_FILE)
    card = ModelCard(render_model_card(describe_model(folder, "user/x", dataset="cjkv-udpos")))
    assert "| ja (test) | [UD Japanese-Modern v2.5]" in card.text
    assert "nc-nd" not in card.data.license_name


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
