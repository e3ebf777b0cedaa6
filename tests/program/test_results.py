"""Results: written whole or not at all, found where they are, and averaged over seeds as a table."""

import dataclasses
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from phonexl.results import (
    Cell,
    Result,
    check_same_recipe,
    describe_hardware,
    describe_versions,
    find_results,
    make_table,
)


def make_result(name: str = "phonexl", seed: int = 1, **changes: Any) -> Result:
    scores = {"zh": {"test": {"accuracy": 0.5, "majority": 0.25}}, "vi": {"test": {"accuracy": 0.3}}}
    result = Result(name, "phonexl train", {"task": "udpos"}, seed, {"train": {"sentences": 2}}, scores)
    return dataclasses.replace(result, **changes)


FULL = make_result(
    recipe={"task": "udpos", "seeds": [1], "dictionary": None, "learning_rate": 2e-5},
    coverage={"train": {"read": 3}},
    training={"steps": 3, "last_log": {"loss": 0.1}},
    versions={"python": "3.11"},
    hardware={"device": "cpu", "precision": "fp32"},
    warnings=["越南 đọc"],
    dataset={"name": "cjkv-udpos", "config": "zh-vi"},
)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "result.json"
    FULL.save(path)
    assert Result.load(path) == FULL
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "越南 đọc" in text


def test_a_write_that_fails_leaves_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or a kill, in the middle of the file."""
    path = tmp_path / "result.json"
    FULL.save(path)
    write = Path.write_text

    def write_half(self: Path, text: str, **options: Any) -> int:
        write(self, text[: len(text) // 2], **options)
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(OSError, match="disk full"):
        make_result(seed=2).save(path)
    assert Result.load(path) == FULL
    assert find_results([tmp_path]) == [FULL]


def test_a_result_from_before_the_data_set_had_a_name_is_read(tmp_path: Path) -> None:
    old = dataclasses.asdict(FULL)
    del old["dataset"]
    (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")
    assert Result.load(tmp_path / "old.json") == dataclasses.replace(FULL, dataset={})


def test_tables_and_cards_do_not_wait_for_torch() -> None:
    """It takes seconds to load, and neither computes with it."""
    modules = "phonexl.cli, phonexl.results, phonexl.hub_model, phonexl.model_facts"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"name": "x"}', '{"nane": "x"}'])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.json: expected a result JSON of phonexl"):
        Result.load(path)
    with pytest.raises(ValueError, match=r"other\.json"):
        find_results([tmp_path])


def test_results_are_found_at_any_depth_in_the_order_of_their_paths(tmp_path: Path) -> None:
    places = ("a/seed-1/result.json", "a/seed-2/result.json", "b.json", "checkpoints of May/result.json")
    for seed, place in enumerate(places):
        make_result(seed=seed).save(tmp_path / place)
    assert [result.seed for result in find_results([tmp_path])] == [0, 1, 2, 3]
    assert [result.seed for result in find_results([tmp_path / "b.json", tmp_path / "a", tmp_path])] == [0, 1, 2, 3]
    assert [result.seed for result in find_results([tmp_path / "a" / "seed-2"])] == [1]


def test_two_runs_of_one_seed_are_refused_by_their_files(tmp_path: Path) -> None:
    """They would be two seeds of a table. A copy is the same run, and what was scored on other parts adds to it."""
    make_result().save(tmp_path / "plain" / "result.json")
    make_result().save(tmp_path / "copy.json")
    make_result(recipe={"task": "udpos", "limit_train": 9}).save(tmp_path / "fewer.json")
    make_result(scores={"vi": {"validation": {"accuracy": 0.3}}}).save(tmp_path / "validation.json")
    assert len(find_results([tmp_path])) == 3
    make_result(recipe={"task": "udpos", "seeds": [1, 2]}).save(tmp_path / "plain" / "seed-1" / "result.json")
    with pytest.raises(ValueError, match=r"plain/result.json and .*plain/seed-1/result.json are two runs of phonexl w"):
        find_results([tmp_path / "plain"])


def test_the_files_of_a_saved_model_are_no_results(tmp_path: Path) -> None:
    """A run's folder holds both; an unfinished one holds checkpoints."""
    make_result().save(tmp_path / "run" / "result.json")
    for folder in (tmp_path / "run", tmp_path / "stopped" / "checkpoints" / "checkpoint-4"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "tokenizer.json", "special_tokens_map.json", "trainer_state.json"):
            (folder / name).write_text("{}", encoding="utf-8")
    for name in ("recipe.json", "data_hashes.json", "stage.json"):
        (tmp_path / "stopped" / "checkpoints" / name).write_text("{}", encoding="utf-8")
    assert find_results([tmp_path]) == [make_result()]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """In silence a mistyped system would be missing from the table."""
    with pytest.raises(ValueError, match="nowhere: no such file or folder"):
        find_results([tmp_path, tmp_path / "nowhere"])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_a_cell_is_mean_and_sample_standard_deviation(values: list[float]) -> None:
    """The paper's is the population's: smaller by sqrt(2/3) for three seeds."""
    cell = Cell.of(values)
    assert cell.n == len(values)
    assert math.isclose(cell.mean, sum(values) / len(values), abs_tol=1e-12)
    if len(values) == 1:
        assert cell.std is None
        assert str(cell) == f"{values[0] * 100:.2f}"
    else:
        squares = sum((value - cell.mean) ** 2 for value in values)
        assert cell.std is not None
        assert math.isclose(cell.std, math.sqrt(squares / (len(values) - 1)), abs_tol=1e-9)
        assert str(cell) == f"{statistics.fmean(values) * 100:.2f} ± {cell.std * 100:.2f}"


def test_a_table_has_a_row_per_system_and_a_column_per_score() -> None:
    """Columns that nobody has are left out; what a system lacks stays empty."""
    results = [
        make_result(seed=1),
        make_result("plain", scores={"zh": {"test": {"accuracy": 0.1, "xtreme_f1": 0.2}}}),
        make_result(seed=2, scores={"zh": {"test": {"accuracy": 0.7, "majority": 0.25}}, "vi": {"test": {}}}),
    ]
    table = make_table(results)
    assert table.columns == ["system", "seeds", "zh majority", "zh accuracy", "zh xtreme f1", "vi accuracy"]
    assert table.rows == [
        ["phonexl", "2", "25.00", "60.00 ± 14.14", "", "30.00"],
        ["plain", "1", "", "10.00", "20.00", ""],
    ]
    assert table.markdown() == (
        "| system | seeds | zh majority | zh accuracy | zh xtreme f1 | vi accuracy |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| phonexl | 2 | 25.00 | 60.00 ± 14.14 |  | 30.00 |\n"
        "| plain | 1 |  | 10.00 | 20.00 |  |\n"
    )


def test_runs_of_other_settings_are_not_seeds_of_one_system() -> None:
    """`--set` keeps the recipe's name: a mean over two learning rates would be of no system."""
    runs = [
        make_result(seed=seed, recipe={"learning_rate": rate, "unit": "word", "seeds": [seed], "eval_splits": ["test"]})
        for seed, rate in ((1, 1e-4), (2, 1e-4), (1, 3e-4))
    ]
    rows = [row[:2] for row in make_table(runs).rows]
    assert rows == [["phonexl (learning_rate=0.0001)", "2"], ["phonexl (learning_rate=0.0003)", "1"]]


def test_runs_on_other_sentences_are_not_seeds_of_one_system() -> None:
    """Files may change under their names, and `limit_train` says nothing of which sentences there were."""
    runs = [make_result(seed=seed, data={"train": {"sentences": 2, "sha256": c * 64}}) for seed, c in enumerate("aab")]
    rows = [row[:2] for row in make_table(runs).rows]
    assert rows == [["phonexl (train data=aaaaaaaa)", "2"], ["phonexl (train data=bbbbbbbb)", "1"]]
    assert [row[:2] for row in make_table(runs[:2]).rows] == [["phonexl", "2"]]


def test_a_table_is_of_one_split_and_of_the_metrics_asked_for() -> None:
    scores = {"vi": {"validation": {"accuracy": 0.4, "strict_f1": 0.1}, "test": {"accuracy": 0.3}}}
    table = make_table([make_result(scores=scores)], metrics=["strict_f1"], split="validation")
    assert (table.columns, table.rows) == (["system", "seeds", "vi strict f1"], [["phonexl", "1", "10.00"]])


def test_versions_and_hardware_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # Wheels of PyPI leave out the part after "+", which names their CUDA.
    assert describe_versions()["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    hardware = describe_hardware()
    assert hardware["device"]
    assert hardware["threads"] == torch.get_num_threads()
    assert json.loads(json.dumps(hardware)) == hardware


def test_a_run_goes_on_under_settings_that_came_later_at_their_defaults() -> None:
    """Else every new setting would strand all runs of before."""
    before = {"task": "panx", "learning_rate": 1e-4}
    check_same_recipe(
        Path("run"), before, {**before, "split_syllables": False, "drop_spaces": False, "character_join_ratio": 0.0}
    )
    with pytest.raises(ValueError, match="holds a run with character_join_ratio=0.0, and this one has .*=0.5"):
        check_same_recipe(Path("run"), before, {**before, "character_join_ratio": 0.5})
