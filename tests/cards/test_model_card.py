"""The card of a tagger: what it says is what its facts say, in forms that the Hub reads."""

import dataclasses
import json
import re
import statistics
from pathlib import Path

import numpy as np
import pytest
import yaml
from card_facts import BENCHMARK, FACTS, ROOT, RUN, render
from huggingface_hub import ModelCard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub_cards.model_card import (
    Evaluation,
    Score,
    render_eval_results,
    render_model_card,
)
from hub_cards.reading_errors import READING_ERRORS, ReadingError
from phonexl.model_facts import describe_model
from phonexl.results import RESULT_FILE

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
