"""Whole runs: from token files to a saved tagger and its result, for every objective, head, unit and preset."""

import dataclasses
import gzip
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, TrainerCallback

import phonexl.training.task as task_module
from dataset_scripts import readers
from dataset_scripts.build import build
from dataset_scripts.provenance import digest
from dataset_scripts.readers import DataError, load_split, to_tsv
from dataset_scripts.remotes import REMOTES, Remote
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.methods import find_method
from phonexl.results import Result, find_results
from phonexl.training.data import hash_sentences, load_data, name_dataset
from phonexl.training.dictionaries import find_dictionary, make_switcher, make_task_switcher
from phonexl.training.evaluation import score, tag_sentences
from phonexl.training.job import build_model, make_arguments
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
Draw = Callable[[str, int, int], list[Sentence]]
NO_TERMS = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0}
TERMS = {"align", "mlm", "xmlm"}


@pytest.mark.medium
@pytest.mark.parametrize(
    ("settings", "terms"),
    [
        ({}, TERMS),
        ({**NO_TERMS, "align_weight": 0.1}, {"align"}),
        ({**NO_TERMS, "mlm_weight": 0.1}, {"mlm"}),
        ({**NO_TERMS, "xmlm_weight": 0.1}, {"xmlm"}),
        (NO_TERMS, set()),
        ({**NO_TERMS, "use_phonemes": False, "use_language_embeddings": False}, set()),
        ({"head": "crf"}, TERMS),
        ({"unit": "subword", "phoneme_vocab": "segments"}, TERMS),
        ({"phoneme_transcription": "roman", "phoneme_vocab": "tokenizer"}, TERMS),
        ({**NO_TERMS, "phoneme_transcription": "sino-xenic", "phoneme_vocab": "tokenizer"}, set()),
        ({"official": True}, TERMS),
    ],
    ids=["all", "align", "mlm", "xmlm", "none", "plain", "crf", "subword", "roman", "sino-xenic", "official"],
)
def test_a_run_trains_saves_and_scores(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, settings: dict[str, Any], terms: set[str]
) -> None:
    """What is loaded from the folder is what was scored, in every kind of model."""
    out = tmp_path / "run"
    (result,) = train(make_recipe(eval_splits=["validation", "test"], **settings), data, out)
    log = result.training["last_log"]
    assert {name.removesuffix("_loss") for name in log if name.endswith("_loss")} == {"task", *terms}
    assert all(math.isfinite(value) for value in log.values())
    by_dictionary = "xmlm" in terms or settings.get("phoneme_transcription") == "sino-xenic"
    assert result.training["needs"] == ("Dict" if by_dictionary else "none")
    assert ("sound_norm" in log) is settings.get("use_phonemes", True)
    assert not (out / "checkpoints").exists()
    model = PhoneXLForTokenClassification.from_pretrained(out)
    processor = PhoneXLProcessor.from_pretrained(out)
    for language in ("zh", "vi"):
        assert set(result.scores[language]) == {"validation", "test"}
        sentences = load_split(data, "udpos", language, "test")
        tags = tag_sentences(model, processor, sentences, 8, bf16=False)
        assert score(tags, sentences) == result.scores[language]["test"]


def test_a_result_says_what_was_run_on_what(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    recipe = make_recipe(eval_strategy="epoch", metric_for_best_model="xtreme_f1", mask_ratio=0.3)
    (result,) = train(recipe, data, tmp_path)
    assert Result.load(tmp_path / "result.json") == result
    assert find_results([tmp_path]) == [result]
    assert (result.name, result.seed) == ("tiny", 1)
    assert result.recipe["mask_ratio"] == 0.3
    assert Recipe("tiny", "udpos", "zh", "vi").override(result.recipe) == recipe
    train_zh = load_split(data, "udpos", "zh", "train")
    assert result.data["train"] == {"sentences": 24, "sha256": hash_sentences(train_zh)}
    assert set(result.data) == {"train", "dev", "zh.test", "vi.test", "dictionary"}
    pairs = (data / "zh-vi.tsv").read_text(encoding="utf-8").splitlines()
    assert result.data["dictionary"]["entries"] == len(pairs)
    assert sum(result.coverage["train"].values()) == sum(len(sentence.tokens) for sentence in train_zh)
    assert result.training["steps"] == 3
    assert 0 <= result.training["best_dev_score"] <= 1
    assert {"python", "torch", "transformers", "phonexl"} <= set(result.versions)
    assert result.hardware["precision"] == "fp32"
    assert result.warnings == []


def test_the_hash_is_that_of_tokens_and_tags(sentences: list[Sentence]) -> None:
    """The same data in another file have the same hash; a moved token border or another tag has another."""
    renamed = [dataclasses.replace(sentence, id="x", in_train=True) for sentence in sentences]
    assert hash_sentences(renamed) == hash_sentences(sentences)
    first, *rest = sentences
    others = [
        dataclasses.replace(first, tokens=("".join(first.tokens[:2]), *first.tokens[2:])),
        dataclasses.replace(first, tags=("X", *first.tags[1:])),
    ]
    hashes = {hash_sentences([other, *rest]) for other in (first, *others)} | {hash_sentences(rest)}
    assert len(hashes) == 4


@pytest.mark.medium
def test_a_seed_gives_its_run_again(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """Fresh weights, order, dropout, masks and switches are all functions of the seed."""
    recipe = make_recipe(seeds=[1, 2], limit_train=8)
    results = train(recipe, data, tmp_path / "one")
    torch.rand(1)
    train(recipe.with_seeds([2]), data, tmp_path / "two")
    first, second = (load_file(tmp_path / "one" / f"seed-{seed}" / "model.safetensors") for seed in (1, 2))
    again = load_file(tmp_path / "two" / "model.safetensors")
    assert all(torch.equal(weight, again[name]) for name, weight in second.items())
    assert not torch.equal(first["classifier.weight"], second["classifier.weight"])
    assert [result.seed for result in results] == [1, 2]
    assert results[0].data == results[1].data


def test_limits_draw_the_same_sentences_in_file_order(make_recipe: MakeRecipe, data: Path) -> None:
    """Files join treebanks one after another, so the first sentences are not a sample."""
    whole = load_data(make_recipe(), data)
    limited = load_data(make_recipe(limit_train=10, limit_eval=4), data)
    assert [len(limited.train), len(limited.dev), len(limited.tests["vi", "test"])] == [10, 4, 4]
    places = [whole.train.index(sentence) for sentence in limited.train]
    assert places == sorted(places) != list(range(10))
    assert load_data(make_recipe(limit_train=10, limit_eval=4, seeds=[5]), data) == limited
    assert load_data(make_recipe(limit_train=10, limit_seed=1), data).train != limited.train


def test_sentences_have_the_codes_of_the_recipe(
    make_recipe: MakeRecipe, data: Path, data_of_longer_codes: Path
) -> None:
    """Methods compare the two: by the codes of the files no sentence would be the source's, nor the target's."""
    found = load_data(make_recipe(source_data="zho", target_data="vie"), data_of_longer_codes)
    assert {sentence.lang for sentence in (*found.train, *found.dev, *found.tests["zh", "test"])} == {"zh"}
    assert {sentence.lang for sentence in found.tests["vi", "test"]} == {"vi"}
    assert found.describe() == load_data(make_recipe(), data).describe()


def test_a_long_sentence_trains_and_every_token_gets_a_tag(
    make_recipe: MakeRecipe, draw_sentences: Draw, data: Path, tmp_path: Path, backbone: Path
) -> None:
    """600 words exceed 512 positions; the tokenizer of a folder often does not know how many there are."""
    unlimited = tmp_path / "backbone"
    unlimited.mkdir()
    for file in backbone.iterdir():
        (unlimited / file.name).write_bytes(file.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(unlimited)
    tokenizer.model_max_length = 10**30
    tokenizer.save_pretrained(unlimited)
    folder = tmp_path / "data"
    folder.mkdir()
    long = [Sentence("1", "zh", ("我", "看", "书") * 200, ("PRON", "VERB", "NOUN") * 200)]
    for name in ("train-zh", "dev-zh", "test-zh"):
        content = [*draw_sentences("zh", 2, 6), *long]
        (folder / f"{name}.tsv").write_text(to_tsv(content), encoding="utf-8", newline="\n")
    (folder / "test-vi.tsv").write_text(to_tsv(draw_sentences("vi", 2, 6)), encoding="utf-8", newline="\n")
    recipe = make_recipe(backbone=str(unlimited), dictionary=str(data / "zh-vi.tsv"), eval_strategy="epoch")
    (result,) = train(recipe, folder, tmp_path / "run")
    assert result.scores["zh"]["test"]["num_tokens"] == 600 + sum(len(s.tokens) for s in content[:2])
    processor = PhoneXLProcessor.from_pretrained(tmp_path / "run")
    model = PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")
    assert [len(tags) for tags in tag_sentences(model, processor, long)] == [600]


def test_panx_trains_on_characters(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """Character by character only the longest match finds words of the dictionary."""
    folder = tmp_path / "panx"
    folder.mkdir()
    characters, words = ("我", "在", "北", "京"), ("tôi", "ở", "hànội")
    zh = [Sentence("1", "zh", characters, ("O", "O", "B-LOC", "I-LOC"))]
    vi = [Sentence("1", "vi", words, ("O", "O", "B-LOC"))]
    for name in ("train-zh", "dev-zh", "test-zh", "test-vi"):
        content = zh if name.endswith("zh") else vi
        (folder / f"{name}.tsv").write_text(to_tsv(content), encoding="utf-8", newline="\n")
    recipe = make_recipe(task="panx", token_unit="character", code_switch_ratio=1.0, dictionary=str(data))
    (result,) = train(recipe, folder, tmp_path / "run")
    assert result.training["last_log"]["switch_rate"] == 0.75
    assert "strict_f1" in result.scores["vi"]["test"]
    processor = PhoneXLProcessor.from_pretrained(tmp_path / "run")
    assert processor.words("我在北京", "zh") == list(characters)


def test_a_missing_dictionary_is_said_with_its_cure(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """And it is not needed where nothing is switched."""
    folder = tmp_path / "data"
    folder.mkdir()
    for file in data.glob("*-*.tsv"):
        if file.name != "zh-vi.tsv":
            (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(DataError, match=r"a dictionary zh-vi.*--set xmlm_weight=0"):
        train(make_recipe(), folder, tmp_path / "run")
    for settings, cure in (
        ({"xmlm_weight": 0, "mlm_weight": 0, "task_switch_ratio": 0.5}, "--set task_switch_ratio=0"),
        (find_method("cosda-ml").overrides(), "--set dictionary=sound, or .*--set task_switch_ratio=0"),
        (find_method("filter").overrides(), "--set translator=FILE.jsonl"),
        ({**find_method("xtune").overrides(), "xtune.views": "cs", "xtune.copies": "gn"}, "gn or ss"),
    ):
        recipe = make_recipe(**settings)
        with pytest.raises(DataError, match=f"a dictionary zh-vi.*{cure}") as said:
            train(recipe, folder, tmp_path / "run", method=find_method(recipe.method))
        assert "xmlm_weight" not in str(said.value)
    with pytest.raises(DataError, match="a dictionary zh-vi"):
        train(make_recipe(dictionary=str(tmp_path / "nowhere.tsv")), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert train(make_recipe(xmlm_weight=0, max_steps=1), folder, tmp_path / "run")


@pytest.mark.parametrize("missing", ["train-zh", "dev-zh", "test-vi"])
def test_a_missing_file_is_named(make_recipe: MakeRecipe, data: Path, tmp_path: Path, missing: str) -> None:
    for file in data.iterdir():
        if file.stem != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(DataError, match=missing):
        train(make_recipe(), tmp_path, tmp_path / "run")


def test_data_of_another_task_are_refused(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match='train-zh.tsv:1: expected a known tag instead of "(PRON|PROPN|NOUN|ADV)"'):
        train(make_recipe(task="panx"), data, tmp_path / "run")


def test_a_dictionary_that_covers_nothing_is_warned_of(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    (tmp_path / "zh-vi.tsv").write_text("狗\tchó\n", encoding="utf-8")
    (result,) = train(make_recipe(dictionary=str(tmp_path / "zh-vi.tsv"), max_steps=1), data, tmp_path / "run")
    assert result.warnings == ["the dictionary switched no word: XMLM was a second MLM"]


@pytest.mark.medium
@pytest.mark.parametrize("method", ["cosda-ml", "sino-xenic"])
def test_tagged_sentences_are_switched_in_training_only(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, method: str
) -> None:
    (result,) = train(make_recipe(**find_method(method).recipe), data, tmp_path)
    facts = result.training
    assert 0 < facts["task_switched"] <= facts["task_coverage"] < 1
    assert set(result.training["last_log"]) & {"align_loss", "mlm_loss", "xmlm_loss"} == set()
    shuffled = make_recipe(**find_method(method).recipe, shuffle_dictionary=True)
    model, processor = build_model(shuffled)
    switcher = make_task_switcher(shuffled, processor, data)
    plain = make_task_switcher(make_recipe(**find_method(method).recipe), processor, data)
    assert set(switcher.dictionary) == set(plain.dictionary)
    assert set(switcher.dictionary.pairs()) != set(plain.dictionary.pairs())


@pytest.mark.parametrize(
    ("settings", "match"),
    [({}, "word"), ({"token_unit": "character"}, "longest"), ({"switch_match": "longest"}, "longest")],
)
def test_tagged_words_are_switched_one_by_one_and_characters_by_the_longest_match(
    make_recipe: MakeRecipe, data: Path, settings: dict[str, Any], match: str
) -> None:
    """PAN-X of Japanese has no key of one character: word by word it would train plain."""
    recipe = make_recipe(**find_method("cosda-ml").recipe, **settings)
    switcher = make_task_switcher(recipe, build_model(recipe)[1], data)
    assert switcher is not None
    assert switcher.match == match


def test_switching_nothing_is_warned_of(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    (tmp_path / "zh-vi.tsv").write_text("無\tkhông\n", encoding="utf-8")
    recipe = make_recipe(**NO_TERMS, task_switch_ratio=0.5, dictionary=str(tmp_path / "zh-vi.tsv"))
    (result,) = train(recipe, data, tmp_path / "run")
    assert "the dictionary switched no word: training was plain" in result.warnings


def test_the_official_preset_has_two_languages_and_all_its_switches(make_recipe: MakeRecipe) -> None:
    """A field of the preset that the recipe sets itself is the recipe's."""
    model, processor = build_model(make_recipe(official=True, align_pad_to=64))
    config = model.config
    assert processor.languages == config.languages == ["zh", "vi"]
    assert (config.temperature_mode, config.mlm_target, config.tie_mlm_decoder) == ("raw", "position", False)
    assert (processor.phoneme_prefix_bug, processor.max_pieces, config.align_pad_to) == (True, 128, 64)
    assert model.xmlm_head is not None
    model, processor = build_model(make_recipe())
    assert processor.languages == ["zh", "vi", "ja", "ko"]
    assert (model.config.temperature_mode, model.config.max_pieces) == ("exp", None)


@pytest.mark.parametrize(
    ("source", "target", "added"), [("hin", "urd", ["hin", "urd"]), ("zh", "fr", ["fra"]), ("zho", "kor", [])]
)
def test_every_language_of_a_recipe_has_a_row(
    make_recipe: MakeRecipe, source: str, target: str, added: list[str]
) -> None:
    """Without one, `use_language_embeddings` would stand in the result and do nothing; the first four keep theirs."""
    model, processor = build_model(make_recipe(source=source, target=target))
    assert processor.languages == model.config.languages == ["zh", "vi", "ja", "ko", *added]
    assert min(processor.language_id(source), processor.language_id(target)) >= 0
    _, processor = build_model(make_recipe(source=source, target=target, official=True))
    assert (processor.language_id(source), processor.language_id(target)) == (0, 1)


def test_words_are_switched_into_any_language(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """A capital is no other word in Hindi than in Chinese, and codes of three letters are the same languages."""
    (tmp_path / "hin-urd.tsv").write_text("किताब\tکتاب\nit\tیہ\niphone\tiphone\n", encoding="utf-8")
    found = find_dictionary(make_recipe(source="hin", target="urd"), tmp_path, "do without")
    assert dict(found) == {"किताब": ("کتاب",), "it": ("یہ",)}
    assert found.targets("IT") == ()
    by_sound = make_recipe(source="zho", target="vie", dictionary="sound")
    assert find_dictionary(by_sound, tmp_path, "").sha256() == (
        find_dictionary(make_recipe(dictionary="sound"), tmp_path, "").sha256()
    )
    assert find_dictionary(by_sound, tmp_path, "").targets("行动")


@pytest.mark.parametrize(("official", "kept"), [(False, {"北京"}), (True, {"北京", "iphone"})])
def test_only_the_released_code_switches_words_to_themselves(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, official: bool, kept: set[str]
) -> None:
    """Half of the released dictionary are identical pairs."""
    (tmp_path / "pairs.tsv").write_text("北京\tbắckinh\niphone\tiphone\n", encoding="utf-8")
    recipe = make_recipe(official=official, dictionary=str(tmp_path / "pairs.tsv"))
    model, processor = build_model(recipe)
    switcher = make_switcher(recipe, model.config, processor, data)
    assert switcher is not None
    assert set(switcher.dictionary) == kept


@pytest.mark.medium
@pytest.mark.parametrize(("best", "kept"), [(False, 4), (True, 2)])
def test_a_run_that_ends_early_saves_and_scores_its_last_step_unless_the_best_is_asked_for(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best: bool, kept: int
) -> None:
    """The result says at which step it ended."""
    dev = iter([0.1, 0.9, 0.3, 0.4])
    monkeypatch.setattr(task_module, "xtreme_f1", lambda predicted, gold: next(dev))
    seen: list[dict[str, torch.Tensor]] = []

    class Keep(TrainerCallback):
        def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            seen.append({name: weight.clone() for name, weight in model.state_dict().items()})

    steps = {"eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1}
    recipe = make_recipe(
        **steps,
        num_train_epochs=3,
        early_stopping_patience=2,
        metric_for_best_model="xtreme_f1",
        load_best_model_at_end=best,
    )
    (result,) = train(recipe, data, tmp_path, callbacks=[Keep()])
    assert (result.training["steps"], result.training["best_dev_score"], len(seen)) == (4, 0.9, 4)
    saved = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(weight, seen[kept - 1][name]) for name, weight in saved.items())
    assert not all(torch.equal(weight, seen[kept % 4][name]) for name, weight in saved.items())
    model, processor = (kind.from_pretrained(tmp_path) for kind in (PhoneXLForTokenClassification, PhoneXLProcessor))
    sentences = load_split(data, "udpos", "vi", "test")
    tags = tag_sentences(model, processor, sentences, 8, bf16=False)
    assert score(tags, sentences) == result.scores["vi"]["test"]


@pytest.mark.parametrize("supported", [True, False])
def test_bf16_auto_asks_the_hardware(
    make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supported: bool
) -> None:
    monkeypatch.setattr("phonexl.training.job.gains_from_bf16", lambda: supported)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert make_arguments(make_recipe(bf16="auto"), tmp_path, 1).bf16 is supported
    assert make_arguments(make_recipe(), tmp_path, 1).bf16 is False


def test_a_recipe_names_a_configuration_of_a_built_data_set(
    make_recipe: MakeRecipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Korean PAN-X by characters, as the authors release it, lies beside that by words."""
    source = tmp_path / "source"
    source.mkdir()
    for language, text in (("ja", "東\tB-LOC\n京\tI-LOC\n\n"), ("ko", "독립문은\tB-LOC\n넓다\tO\n\n")):
        for split in ("train", "dev", "test"):
            (source / f"{split}-{language}.tsv").write_text(text, encoding="utf-8", newline="\n")
    for config in ("ja", "ko", "ko-char"):
        build("cjkv-panx", tmp_path / config, source=source, config=config)
        shutil.copytree(tmp_path / config, tmp_path / "built", dirs_exist_ok=True)
    cell = {"task": "panx", "source": "ja", "target": "ko", "token_unit": "character"}
    words = load_data(make_recipe(**cell), tmp_path / "built").tests["ko", "test"]
    recipe = make_recipe(**cell, target_data="ko-char")
    characters = load_data(recipe, tmp_path / "built").tests["ko", "test"]
    assert [s.tokens for s in words] == [("독립문은", "넓다")]
    assert [s.tokens for s in characters] == [tuple("독립문은넓다")]
    assert [s.lang for s in characters] == ["ko"]
    assert recipe.values()["target_data"] == "ko-char"
    assert name_dataset(tmp_path / "built", recipe) == {"name": "cjkv-panx", "config": "ja-ko-char"}
    assert name_dataset(source, recipe) == {}
    (source / "README.md").write_text("# A page for people\n", encoding="utf-8")
    assert name_dataset(source, recipe) == {}
    assert not caplog.records


def test_token_files_are_named_only_if_all_of_them_are_the_public_ones(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of one's own have the same names as XTREME's."""
    recipe = make_recipe(limit_eval=6)
    assert name_dataset(data, recipe) == {}
    assert load_data(recipe, data).describe()["vi.test"].keys() == {"sentences", "sha256", "of"}
    public = [Remote(p.name, (), "".join, digest(p)) for p in data.glob("*.tsv")]
    monkeypatch.setitem(REMOTES, "udpos", tuple(public))
    folder = tmp_path / "packed"
    folder.mkdir()
    for path in data.glob("*.tsv"):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert name_dataset(folder, recipe) == {"name": "cjkv-udpos", "config": "zh-vi"}
    parts = load_data(recipe, folder).describe()
    assert {name: (part.get("of"), part.get("file")) for name, part in parts.items()} == {
        "train": (None, None),
        "dev": (None, None),
        "zh.test": (8, "udpos/test-zh.tsv"),
        "vi.test": (8, "udpos/test-vi.tsv"),
    }
    whole = (folder / "test-vi.tsv.gz").read_bytes()
    for damaged in (whole[:-9], b"\x1f\x8b no gzip", whole[:20] + bytes(20) + whole[40:]):
        # Of files that training may never read.
        (folder / "train-vi.tsv.gz").write_bytes(damaged)
        assert name_dataset(folder, recipe) == {}
    (folder / "train-vi.tsv.gz").unlink()
    assert name_dataset(folder, recipe) == {"name": "cjkv-udpos", "config": "zh-vi"}
    with gzip.open(folder / "train-zh.tsv.gz", "at", encoding="utf-8") as stream:
        stream.write("\n我\tPRON\n")
    assert name_dataset(folder, recipe) == {}
    assert load_data(recipe, folder).describe()["vi.test"]["file"] == "udpos/test-vi.tsv"


def test_the_samples_are_known_as_what_they_are(make_recipe: MakeRecipe) -> None:
    samples = Path(readers.__file__).with_name("samples")
    assert name_dataset(samples, make_recipe()) == {"name": "phonexl-samples", "config": "zh-vi"}


def test_files_of_xtreme_are_known_as_what_they_are(make_recipe: MakeRecipe, shared: Path) -> None:
    assert name_dataset(shared / "data/udpos", make_recipe()) == {"name": "cjkv-udpos", "config": "zh-vi"}
    pairs = make_recipe(task="xnli", source_data="zho", target_data="vie")
    assert name_dataset(shared / "data/xnli", pairs)["name"] == "linguistic-gap-xnli"
    for task in ("udpos", "panx"):
        found = load_data(make_recipe(task=task, limit_train=2), shared / "data" / task).describe()
        assert found["vi.test"]["file"] == f"{task}/test-vi.tsv"
