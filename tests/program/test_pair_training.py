"""Sentence pairs in training: their splits, batches, runs, and what reads the results."""

import dataclasses
import inspect
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoConfig

from dataset_scripts.build import build
from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError
from dataset_scripts.schema import XNLI_LABELS, SentencePair
from dataset_scripts.sentence_pairs import load_pairs
from hub_cards.model_card import render_model_card
from modeling_phonexl import PhoneXLConfig, PhoneXLForSequenceClassification, PhoneXLProcessor
from phonexl.cli.evaluate import evaluate
from phonexl.comparison import compare
from phonexl.gap.scores import collect_systems
from phonexl.methods import find_method
from phonexl.model_facts import describe_model
from phonexl.results import Result, make_table
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.data import hash_sentences, load_data
from phonexl.training.dataset import PairDataset
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import train
from phonexl.training.sentence_pairs import classify_pairs, load_xnli, score_pairs

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
TERMS = {"align", "mlm", "xmlm"}
NO_TERMS = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0}
SUBJECTS = {"zh": "我 他 她 我们", "vi": "tôi anh chị chúngtôi"}
OBJECTS = {"zh": "书 苹果 电影 老师", "vi": "sách táo phim thầy"}
LOVE, NOT = {"zh": "喜欢", "vi": "thích"}, {"zh": "不", "vi": "không"}


def draw_pairs(language: str, premises: int, seed: int) -> str:
    """A file in which every premise has three hypotheses: of the same object, of another one, and denied."""
    draw = random.Random(seed)
    space = " " if language == "vi" else ""
    lines = ["premise\thypothesis\tlabel\tgenre"]
    for number in range(premises):
        subject = draw.choice(SUBJECTS[language].split())
        first, second = draw.sample(OBJECTS[language].split(), 2)
        words = {
            "entailment": (subject, LOVE[language], first),
            "neutral": (subject, LOVE[language], second),
            "contradiction": (subject, NOT[language], LOVE[language], first),
        }
        premise = space.join((subject, LOVE[language], first, str(number)))
        lines += [f"{premise}\t{space.join(words[label])}\t{label}\tfiction" for label in XNLI_LABELS]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def pair_data(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Test and dev of zh and vi, as XNLI is to be had here, and their dictionary."""
    folder = tmp_path_factory.mktemp("pairs")
    for language in ("zh", "vi"):
        for split, premises, seed in (("test", 20, 1), ("dev", 6, 2)):
            path = folder / f"{split}-{language}.tsv"
            path.write_text(draw_pairs(language, premises, seed), encoding="utf-8", newline="\n")
    (folder / "zh-vi.tsv").write_bytes((data / "zh-vi.tsv").read_bytes())
    return folder


@pytest.fixture
def make_pair_recipe(make_recipe: MakeRecipe) -> MakeRecipe:
    return lambda **settings: make_recipe(task="xnli", **settings)


def pair(premise: str, hypothesis: str, label: str = "neutral", lang: str = "zh") -> SentencePair:
    return SentencePair("1", lang, premise, hypothesis, label, "fiction")


# Splits


def test_without_a_train_file_the_test_file_is_parted_by_premises(pair_data: Path) -> None:
    """A premise on both sides would let a model that remembers it look good."""
    parts = {split: load_xnli(pair_data, "zh", split) for split in ("train", "validation", "test")}
    assert {split: len(pairs) for split, pairs in parts.items()} == {"train": 54, "validation": 6, "test": 18}
    premises = {split: {pair.premise for pair in pairs} for split, pairs in parts.items()}
    assert not premises["train"] & premises["validation"]
    assert sorted(parts["train"] + parts["validation"], key=lambda pair: int(pair.id.split("-")[-1])) == load_pairs(
        pair_data, "zh", "test"
    )
    assert parts["test"] == load_pairs(pair_data, "zh", "validation")


def test_with_a_train_file_every_split_is_its_own_file(pair_data: Path, tmp_path: Path) -> None:
    for path in pair_data.glob("*-zh.tsv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "train-zh.tsv").write_text(draw_pairs("zh", 4, 3), encoding="utf-8")
    for split in ("train", "validation", "test"):
        assert load_xnli(tmp_path, "zh", split) == load_pairs(tmp_path, "zh", split)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("premise\thypothesis\n", r"dev-zh\.tsv:1: expected the header"),
        ("premise\thypothesis\tlabel\tgenre\n", r"dev-zh\.tsv: expected at least one pair"),
        ("premise\thypothesis\tlabel\tgenre\na\tb\tneutral\n", r"dev-zh\.tsv:2: expected four fields"),
        ("premise\thypothesis\tlabel\tgenre\na\tb\tmaybe\tc\n", r"dev-zh\.tsv:2: expected one of entailment, neutral"),
    ],
)
def test_a_faulty_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dev-zh.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_pairs(tmp_path, "zh", "validation")
    with pytest.raises(DataError, match=r"expected train-zh\.tsv .* It holds dev-zh\.tsv"):
        load_pairs(tmp_path, "zh", "train")


def test_a_built_data_set_holds_the_same_pairs(pair_data: Path, tmp_path: Path) -> None:
    """Runs of both must have the same hash."""
    source, out = tmp_path / "source", tmp_path / "built"
    source.mkdir()
    for split in ("dev", "test"):
        (source / f"{split}-vie.tsv").write_bytes((pair_data / f"{split}-vi.tsv").read_bytes())
    build("linguistic-gap-xnli", out, source=source)
    for split in ("train", "validation", "test"):
        built, text = load_xnli(out, "vie", split), load_xnli(source, "vie", split)
        assert len(built) == len(text)
        assert hash_sentences(built) == hash_sentences(text)


def test_real_premises_are_in_one_split_alone(shared: Path) -> None:
    for language in ("zho", "vie"):
        parts = [load_xnli(shared / "data/xnli", language, split) for split in ("train", "validation", "test")]
        assert [len(pairs) for pairs in parts] == [4509, 501, 2490]
        premises = [{pair.premise for pair in pairs} for pairs in parts]
        assert not premises[0] & premises[1]
        assert not (premises[0] | premises[1]) & premises[2]


# Batches


@pytest.fixture(scope="module")
def rows(processor: PhoneXLProcessor, pair_data: Path) -> PairDataset:
    return PairDataset(load_pairs(pair_data, "zh", "test"), processor, XNLI_LABELS, draws=True)


@pytest.fixture(scope="module")
def config(processor: PhoneXLProcessor, backbone: Path) -> PhoneXLConfig:
    fields = {**processor.config_fields(), "mask_ratio": 0.5, "code_switch_ratio": 1.0}
    return PhoneXLConfig(AutoConfig.from_pretrained(backbone), **fields)


def test_words_of_both_sentences_are_masked_and_specials_never(
    processor: PhoneXLProcessor, rows: PairDataset, config: PhoneXLConfig, pair_data: Path
) -> None:
    dictionary = BilingualDictionary.locate(pair_data, "zh", "vi")
    switcher = CodeSwitcher(dictionary, processor, "vi", 1.0, "longest")
    collator = PhoneXLCollator(processor, config, 1, switcher)
    batch = collator([rows[index] for index in range(12)])
    assert batch["labels"].tolist() == [0, 1, 2] * 4
    for prefix in ("", "xmlm_"):
        units, sentences = batch[f"{prefix}word_ids"], batch[f"{prefix}sentence_ids"]
        masked = batch["mlm_targets" if not prefix else "xmlm_targets"] != -100
        of_pieces = sentences.gather(1, units.clamp(min=0)).masked_fill(units < 0, -1)
        assert {*of_pieces[masked].tolist()} == {0, 1}
        specials = (of_pieces == -1) & (units >= 0)
        assert specials.sum() == 3 * 12  # [CLS], [SEP] between, [SEP]
        assert not masked[specials].any()
    # Switched words bring their own number of words, so that the border moves with them.
    assert switcher.counts.switched > 0
    assert (batch["xmlm_sentence_ids"] == 0).any(1).all()
    assert (batch["xmlm_sentence_ids"] == 1).any(1).all()


def test_no_key_is_joined_over_the_border_of_a_pair(processor: PhoneXLProcessor) -> None:
    """The last word of a premise and the first of a hypothesis are no word."""
    dictionary = BilingualDictionary([("书他", "x"), ("他看", "y"), ("我看", "z")])
    switcher = CodeSwitcher(dictionary, processor, "vi", 1.0, "longest")
    first, second = processor.encode(["我", "看", "书"], "zh"), processor.encode(["他", "看", "书"], "zh")
    tokens = ["我", "看", "书", "他", "看", "书"]
    switched, spans = switcher.switch(np.random.default_rng(0), tokens, processor.join(first, second))
    assert [len(span) for span in spans] == [2, 1, 2, 1]
    assert switched.first_words == 2
    single, spans = switcher.switch(
        np.random.default_rng(0), tokens, dataclasses.replace(processor.join(first, second), first_words=None)
    )
    assert [len(span) for span in spans] == [2, 2, 1, 1]
    assert single.first_words is None


def test_a_row_holds_the_words_that_are_read(processor: PhoneXLProcessor) -> None:
    (row,) = PairDataset([pair("我喜欢书。", "他看电影。", "contradiction")], processor, XNLI_LABELS)
    assert row.label == 2
    assert len(row.tokens) == len(row.sentence.pieces)
    assert "".join(row.tokens) == "我喜欢书。他看电影。"
    assert "".join(row.tokens[: row.sentence.first_words]) == "我喜欢书。"


# Runs


@pytest.mark.medium
@pytest.mark.parametrize(
    ("settings", "terms"),
    [
        ({}, TERMS),
        ({**NO_TERMS, "align_weight": 0.1}, {"align"}),
        ({**NO_TERMS, "use_phonemes": False, "use_language_embeddings": False}, set()),
        ({"unit": "subword", "eval_strategy": "epoch", "metric_for_best_model": "accuracy"}, TERMS),
    ],
    ids=["all", "align", "plain", "subword"],
)
def test_a_run_trains_saves_and_scores(
    make_pair_recipe: MakeRecipe, pair_data: Path, tmp_path: Path, settings: dict[str, Any], terms: set[str]
) -> None:
    """What is loaded from the folder is what was scored."""
    (result,) = train(make_pair_recipe(**settings), pair_data, tmp_path)
    assert Result.load(tmp_path / "result.json") == result
    log = result.training["last_log"]
    assert {name.removesuffix("_loss") for name in log if name.endswith("_loss")} == {"task", *terms}
    model = PhoneXLForSequenceClassification.from_pretrained(tmp_path)
    processor = PhoneXLProcessor.from_pretrained(tmp_path)
    for language in ("zh", "vi"):
        pairs = load_xnli(pair_data, language, "test")
        assert (
            score_pairs(classify_pairs(model, processor, pairs, 8, bf16=False), pairs)
            == (result.scores[language]["test"])
        )
        assert result.scores[language]["test"]["majority"] == pytest.approx(1 / 3)
    evaluate(str(tmp_path), pair_data, "vi", out=tmp_path / "scores.json")
    again = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert again["scores"]["vi"]["test"] == json.loads(json.dumps(result.scores["vi"]["test"]))
    assert set(again["warnings"]) <= set(result.warnings)
    assert result.data["train"]["sentences"] == 54
    assert any("no train file: trained on nine of ten premises" in warning for warning in result.warnings)
    assert set(result.coverage) == ({"train", "zh.test", "vi.test"} if settings.get("use_phonemes", True) else set())


@pytest.mark.medium
def test_a_run_learns_to_tell_classes(make_pair_recipe: MakeRecipe, pair_data: Path, tmp_path: Path) -> None:
    """A head that read the wrong unit, or labels out of order, would stay at a third."""
    recipe = make_pair_recipe(**NO_TERMS, num_train_epochs=12, learning_rate=3e-3)
    (result,) = train(recipe, pair_data, tmp_path)
    assert result.scores["zh"]["test"]["accuracy"] > 0.6


@pytest.mark.medium
def test_results_are_read_as_those_of_taggers(make_pair_recipe: MakeRecipe, pair_data: Path, tmp_path: Path) -> None:
    plain = train(make_pair_recipe(**find_method("plain").overrides()), pair_data, tmp_path / "plain",
                  method=find_method("plain"))  # fmt: skip
    results = [dataclasses.replace(plain[0], name="tiny-plain")]
    other = {**plain[0].recipe, "method": "phonexl", "align_weight": 0.5}
    results.append(dataclasses.replace(plain[0], name="tiny-other", recipe=other))
    assert "vi accuracy" in make_table(results).columns
    table = compare(results)
    assert "vi accuracy" in table.columns
    with pytest.raises(ValueError, match="these results have no xtreme_f1"):
        compare(results, "xtreme_f1")
    assert [row[5] for row in table.rows] == ["", "+0.00"]
    (first, second) = collect_systems(results, "test")
    assert first.task == "xnli"
    assert first.means == second.means
    assert set(first.means) == {"zho", "vie"}


def test_objectives_come_first_on_text_and_need_it(
    pair_data: Path, make_pair_recipe: MakeRecipe, tmp_path: Path
) -> None:
    method = find_method("objectives-first")
    recipe = make_pair_recipe(**method.overrides())
    with pytest.raises(RecipeError, match=r"xnli has pairs of them: name a folder of text"):
        train(recipe, pair_data, tmp_path / "none", method=method)
    (tmp_path / "zho.txt").write_text("今天我喜欢书\n今天她不喜欢电影\n", encoding="utf-8")
    (tmp_path / "vie.txt").write_text("tôi thích sách hôm nay\nanh không thích phim hôm nay\n", encoding="utf-8")
    recipe = recipe.override({"objectives-first.text": str(tmp_path)})
    (result,) = train(recipe, pair_data, tmp_path / "run", method=method)
    assert result.training["unlabelled"]["sentences"] == 4
    assert set(result.training["stages"]) == {"objectives", "train"}
    assert PhoneXLForSequenceClassification.from_pretrained(tmp_path / "run").mlm_head is None


def test_objectives_come_first_where_files_have_other_codes(
    pair_data: Path, make_pair_recipe: MakeRecipe, tmp_path: Path
) -> None:
    """As the shipped recipe has them: zh is read from files of zho, and as many sentences as they have."""
    for split in ("test", "dev"):
        for short, long in (("zh", "zho"), ("vi", "vie")):
            (tmp_path / f"{split}-{long}.tsv").write_bytes((pair_data / f"{split}-{short}.tsv").read_bytes())
    (tmp_path / "zh-vi.tsv").write_bytes((pair_data / "zh-vi.tsv").read_bytes())
    (tmp_path / "zho.txt").write_text("".join(f"今天我喜欢书{number}\n" for number in range(99)), encoding="utf-8")
    (tmp_path / "vie.txt").write_text("tôi thích sách hôm nay\n", encoding="utf-8")
    method = find_method("objectives-first")
    settings = {"source_data": "zho", "target_data": "vie", "objectives-first.text": str(tmp_path), "max_steps": 1}
    recipe = make_pair_recipe(**method.overrides()).override(settings)
    (result,) = train(recipe, tmp_path, tmp_path / "run", method=method)
    assert result.training["unlabelled"]["sentences"] == 54 + 1


@pytest.mark.parametrize("name", ["translate-train", "x-mixup", "filter", "xtune", "romanised-contrast"])
def test_a_method_about_tags_is_refused_for_pairs(make_pair_recipe: MakeRecipe, pair_data: Path, name: str) -> None:
    method = find_method(name)
    with pytest.raises(RecipeError, match=f"{name} is about words with tags and has no form for xnli"):
        train(make_pair_recipe(**method.overrides()), pair_data, pair_data / "out", method=method)


def test_evaluate_tells_pairs_from_tagged_sentences(
    make_pair_recipe: MakeRecipe, pair_data: Path, data: Path, tmp_path: Path
) -> None:
    train(make_pair_recipe(**NO_TERMS, use_phonemes=False), pair_data, tmp_path)
    with pytest.raises(ValueError, match=r"label set of xnli \(3 labels\); .* holds udpos \(17\): evaluate a model of"):
        inspect.unwrap(evaluate)(str(tmp_path), data, "vi")


@pytest.mark.medium
def test_code_switched_pairs_keep_their_class(make_pair_recipe: MakeRecipe, pair_data: Path, tmp_path: Path) -> None:
    """CoSDA-ML was proposed for sentences, too."""
    method = find_method("cosda-ml")
    (result,) = train(make_pair_recipe(**method.overrides()), pair_data, tmp_path, method=method)
    assert result.training["task_switched"] > 0


def test_the_shipped_recipes_find_their_files(shared: Path) -> None:
    for name in ("xnli-zho-vie-offline", "xnli-zho-vie-offline-plain"):
        recipe = Recipe.load(name).override({"limit_train": 30, "limit_eval": 10})
        data = load_data(recipe, shared / "data/xnli")
        assert [pair.lang for pair in data.train] == ["zh"] * 30
        assert {key: len(pairs) for key, pairs in data.tests.items()} == {("zh", "test"): 10, ("vi", "test"): 10}


@pytest.mark.medium
def test_the_card_is_of_a_classifier_of_pairs(make_pair_recipe: MakeRecipe, pair_data: Path, tmp_path: Path) -> None:
    train(make_pair_recipe(), pair_data, tmp_path / "run")
    card = render_model_card(describe_model(tmp_path / "run", "user/x"))
    for text in (
        "pipeline_tag: text-classification",
        "Classifies pairs of a premise and a hypothesis in Chinese and, without one labelled",
        "Classes: `entailment`, `neutral`, `contradiction`.",
        'print(classifier({"text":',
        "| language | split | pairs | accuracy | macro F1 | accuracy of the commonest class |",
        "trained on 54 pairs of sentences of Chinese of a data set that is not recorded",
        "No train file: trained on nine of ten premises",
        "always answering the commonest class has accuracy 33.3",
    ):
        assert text in card, text
    assert "CC BY-NC 4.0" in render_model_card(
        describe_model(tmp_path / "run", "user/x", dataset="linguistic-gap-xnli")
    )
    for text in ("Tags", "XTREME", "tagged", "offsets"):
        assert text not in card, text
