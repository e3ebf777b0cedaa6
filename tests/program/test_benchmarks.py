"""The benchmarks on tiny inputs: that they measure what they say, never how fast it is."""

import importlib
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig

from dataset_scripts.schema import Sentence, tag_names
from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from phonexl.methods import find_method
from phonexl.results import Table
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.data import load_data
from phonexl.training.dataset import TaggingDataset
from phonexl.training.dictionaries import make_switcher
from phonexl.training.recipe import Recipe

Load = Callable[[str], ModuleType]

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
SHAPE: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports one of the scripts, which find each other as they do when a shell starts them."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    return importlib.import_module


@pytest.mark.parametrize("num_rows", [3, 5])
def test_pooling_agrees_with_the_loop_that_it_is_compared_with(script: Load, num_rows: int) -> None:
    """A speed-up over something else would be no speed-up."""
    pooling = script("pooling")
    generator = torch.Generator().manual_seed(num_rows)
    weight = torch.randn(50, 8, generator=generator)
    ids, word_ids = pooling.make_batch(num_rows, 7, 50, generator)
    assert word_ids.max() == 6
    assert (word_ids[:, 0] == 0).all()
    hidden = weight[ids]
    expected = pooling.loop_over_words(hidden, word_ids, 7)
    torch.testing.assert_close(pooling.pool_words(hidden, word_ids, 7), expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(pooling.pool_embeddings(weight, ids, word_ids, 7), expected, atol=1e-6, rtol=0)
    row, unit = num_rows - 1, 3
    torch.testing.assert_close(expected[row, unit], hidden[row, word_ids[row] == unit].mean(0))


def test_pooling_refuses_to_time_a_wrong_result(script: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    pooling = script("pooling")
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(50, 8, generator=generator)
    rows = pooling.compare(weight, 2, 5, 1, generator)
    assert [row["function"] for row in rows] == ["pool_embeddings", "pool_words"]
    right = pooling.pool_words
    monkeypatch.setattr(pooling, "pool_words", lambda *inputs: right(*inputs) + 1e-5)
    with pytest.raises(ArithmeticError, match="pool_words differs from its loop"):
        pooling.compare(weight, 2, 5, 1, generator)


def test_tasks_take_turns_and_short_ones_are_repeated(script: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks timed one after the other would each have their own minute of the machine."""
    measurement = script("measurement")
    clock = [0.0]
    calls: list[str] = []

    def task(name: str, seconds: float) -> Any:
        def run() -> None:
            calls.append(name)
            clock[0] += seconds

        return run

    monkeypatch.setattr(measurement.time, "process_time", lambda: clock[0])
    tasks = {"short": task("short", 0.008), "long": task("long", 1.0)}
    seconds = measurement.measure_in_turns([tasks, tasks])
    assert calls == ["short"] * 3 + ["long"] + ["long"] + ["short"] * 3
    assert seconds["short"] == pytest.approx([0.008, 0.008])
    assert seconds["long"] == pytest.approx([1.0, 1.0])


def test_report_keeps_command_versions_and_hardware(script: Load, tmp_path: Path, capsys: Any) -> None:
    """A figure without them cannot be judged or repeated."""
    out = tmp_path / "new" / "figures.json"
    script("measurement").report(Table(["a"], [["1"]]), {"figures": [1]}, out)
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert kept["command"].startswith("python ")
    assert {"versions", "hardware", "clock"} < set(kept)
    assert kept["figures"] == [1]
    assert capsys.readouterr().out == "| a |\n| --- |\n| 1 |\n"


def collate(
    processor: PhoneXLProcessor, config: PhoneXLConfig, sentences: list[Sentence], data: Path, recipe: Recipe
) -> dict[str, Tensor]:
    """A training batch with all terms of the config."""
    switcher = make_switcher(recipe, config, processor, data)
    dataset = TaggingDataset(sentences, processor, tag_names("udpos"), draws=True)
    collator = PhoneXLCollator(processor, config, 1, switcher)
    return collator([dataset[index] for index in range(6)])


@pytest.mark.parametrize(
    "fields",
    [{}, {"unit": "subword"}, {"mlm_weight": 0}, {"xmlm_weight": 0, "align_weight": 0}, find_method("plain").recipe],
    ids=["all", "subword", "no-mlm", "mlm", "plain"],
)
def test_formula_counts_what_torch_counts(
    script: Load,
    backbone: Path,
    sentences: list[Sentence],
    data: Path,
    make_recipe: Any,
    fields: dict[str, Any],
) -> None:
    """The bar on the work of a step is a claim about a model that is too large to run here."""
    training = script("training")
    use_phonemes = fields.get("use_phonemes", True)
    processor = PhoneXLProcessor.from_backbone(
        str(backbone), use_phonemes=use_phonemes, unit=fields.get("unit", "word")
    )
    encoder = BertConfig(vocab_size=len(processor.tokenizer), **SHAPE)
    id2label = dict(enumerate(tag_names("udpos")))
    config = PhoneXLConfig(encoder, id2label=id2label, **{**processor.config_fields(), **fields})
    batch = collate(processor, config, sentences, data, make_recipe())
    model = PhoneXLForTokenClassification(config)
    counts = training.check_formula(model, batch)
    assert counts["torch"] > 1e6
    assert counts["formula"] == counts["torch"]
    assert model.config._attn_implementation == "sdpa"


def test_released_work_is_that_of_the_design(script: Load) -> None:
    """114 GFLOP per sentence at mBERT's size: 67 in three padded passes, 47 in two full decodings."""
    work = script("flops").released_flops(BertConfig(vocab_size=119_547), 18)
    assert work["encoder"] / 1e9 == pytest.approx(67.0, abs=0.1)
    assert work["vocabulary"] / 1e9 == pytest.approx(47.3, abs=0.1)
    assert work["rest"] < 1e8


def test_released_work_is_the_formula_on_a_full_batch(script: Load) -> None:
    """Both sides of the comparison must be counted by one rule."""
    flops = script("flops")
    encoder = BertConfig(vocab_size=500, **SHAPE)
    config = PhoneXLConfig(encoder, phoneme_vocab_size=9, id2label=dict(enumerate("ab")))
    wide = torch.zeros(1, 128, dtype=torch.long)
    views = {f"{view}_{name}": wide for view in ("mlm", "xmlm") for name in ("targets", "input_ids")}
    batch = {"input_ids": wide, "language_ids": wide, "xmlm_language_ids": wide, **views}
    ours, released = flops.forward_flops(config, batch), flops.released_flops(encoder, 2)
    assert ours["encoder"] == released["encoder"]
    assert ours["vocabulary"] == released["vocabulary"]


def test_no_tokenizer_makes_more_pieces_than_characters(script: Load, backbone: Path) -> None:
    """The count of masked pieces stands for mBERT's tokenizer, which is not needed here."""
    processor = script("training").OnePiecePerCharacter.from_backbone(str(backbone), use_phonemes=False)
    tokens = ["喜欢", "苹果", "tiếngtrung", "书", "。"]
    stock = PhoneXLProcessor.from_backbone(str(backbone), use_phonemes=False)
    for token in tokens:
        assert len(processor.pieces(token)) == len(token) >= len(stock.pieces(token))


def test_work_of_an_epoch_without_padding_is_that_of_its_sentences(
    script: Load,
    sentences: list[Sentence],
    data: Path,
    backbone: Path,
    make_recipe: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With batches of one nothing is padded, so the sum can be had without collator and sampler."""
    training, flops = script("training"), script("flops")
    monkeypatch.setattr(training, "resolve_backbone", lambda *names: str(backbone))
    recipe = make_recipe(mlm_weight=0.01, xmlm_weight=0.01, per_device_train_batch_size=1)
    work = training.count_work(recipe, sentences, data)
    widths = [len(sentence.tokens) + 2 for sentence in sentences]
    assert work["mean_units_with_padding"] == pytest.approx(statistics.fmean(widths), abs=0.01)
    encoder = statistics.fmean(flops.encoder_flops(BertConfig(), 3, width) for width in widths)
    assert work["phonexl"]["encoder"] == pytest.approx(encoder / 1e9, abs=0.001)
    assert work["saving"] == pytest.approx(sum(work["released"].values()) / sum(work["phonexl"].values()), rel=0.01)


def test_random_backbone_is_the_same_checkpoint_untrained(script: Load, backbone: Path, tmp_path: Path) -> None:
    """Its name says that only the weights differ."""
    random_backbone = script("random_backbone")
    before = torch.random.get_rng_state()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        random_backbone.write_random_backbone(str(backbone), tmp_path / name, seed)
    assert torch.equal(before, torch.random.get_rng_state())
    weights = {name: AutoModel.from_pretrained(tmp_path / name, add_pooling_layer=False).state_dict() for name in "abc"}
    table = "embeddings.word_embeddings.weight"
    assert all(torch.equal(weights["a"][name], weights["b"][name]) for name in weights["a"])
    assert not torch.equal(weights["a"][table], weights["c"][table])
    pretrained = AutoModel.from_pretrained(backbone, add_pooling_layer=False).state_dict()
    assert pretrained.keys() == weights["c"].keys()
    assert not torch.equal(pretrained[table], weights["c"][table])
    kept = {key: AutoConfig.from_pretrained(backbone).to_dict()[key] for key in SHAPE}
    assert kept == {key: AutoConfig.from_pretrained(tmp_path / "a").to_dict()[key] for key in SHAPE}
    texts = ["我喜欢书。", "tôi học"]
    stock, own = (AutoTokenizer.from_pretrained(folder) for folder in (backbone, tmp_path / "a"))
    assert stock(texts)["input_ids"] == own(texts)["input_ids"]
    with pytest.raises(FileExistsError, match="choose another folder"):
        random_backbone.write_random_backbone(str(backbone), tmp_path / "a", 0)


def test_every_stage_of_a_method_is_timed_and_counted(
    script: Load, make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILTER trains twice, the second time with what its first stage says of every pair; nothing is trained here."""
    methods = script("methods")
    monkeypatch.setattr(methods, "measure_in_turns", _run_once)
    recipe = make_recipe(unit="subword")
    figures = {name: methods.measure(name, recipe, load_data(recipe, data), 2) for name in ("filter", "cosda-ml")}
    assert [(key, stage["steps"]) for key, stage in figures["filter"]["stages"].items()] == [
        ("phase-1", 3),
        ("phase-2", 3),
    ]
    assert figures["filter"]["whole"] == 2.0  # every task took as long
    assert figures["cosda-ml"]["stages"] == {"train": {"seconds": 1.0, "ratio": 1.0, "steps": 3}}
    assert "| `filter` | phase-1 1.0, phase-2 1.0 | 3 + 3 | 3 | 2.0 |" in methods.make_table(figures).markdown()


def test_steps_with_and_without_marks_are_timed_on_the_same_rows(
    script: Load, make_recipe: Callable[..., Recipe], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaces, methods = script("spaces"), script("methods")
    monkeypatch.setattr(spaces, "measure_in_turns", _run_once)
    read: list[bool] = []
    make_system = methods.make_system

    def look(trainer: Any, rounds: int) -> Any:
        system = make_system(trainer, rounds)
        read.append(trainer.processing_class.drop_spaces)
        return system

    monkeypatch.setattr(spaces, "make_system", look)
    recipe = make_recipe(unit="subword")
    figures = spaces.time_steps(recipe, load_data(recipe, data), 2)
    assert figures == {"marks_seconds": 1.0, "none_seconds": 1.0, "ratio": 1.0}
    assert read == [False, True]


def _run_once(rounds: Any) -> dict[str, list[float]]:
    """In place of the clock: everything is called, and takes a second."""
    seconds: dict[str, list[float]] = {}
    for tasks in rounds:
        for name, task in tasks.items():
            task()
            seconds.setdefault(name, []).append(1.0)
    return seconds
