"""The command line: exit codes, what goes to which stream, files, and that every example of the help runs."""

import contextlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from command_line import ENVIRONMENT, PHONEXL, example_of, invoke, refuse, run_child, settings_of, succeed
from transformers import TrainerControl, TrainerState

import phonexl.progress as progress_module
from modeling_phonexl.transcription import Transcriber
from phonexl.cli import app
from phonexl.cli.tables import print_table
from phonexl.results import Result, Table

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "quickstart",
    "transcribe",
    "train",
    "compare",
    "pretrain",  # run in tests/pretraining
    "evaluate",
    "predict",
    "data build",
    "data validate",
    "data stats",
    "data push",
    "gap analyze",
    "gap report",  # run in tests/gap, as the next three
    "gap run",
    "gap sweep",
    "gap symbols",
    "demo",  # serves until interrupted: run in test_demo.py
    "export",  # run in test_onnx.py
    "push model",
    "push dataset",
    "push metric",
    "results compare",
    "results curve",
    "results table",
    "results tags",
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, backbone: Path, data: Path) -> Path:
    """A folder where the example of `train` was run, by the installed command, on tiny data: runs/zh-vi."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copytree(data, folder / "udpos")
    command = f"{example_of('train')} {' '.join(settings_of(backbone, 'logging_steps=1'))}"
    assert command.startswith("phonexl train ")
    words = [str(PHONEXL), *command.split()[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr").write_text(done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def model(work: Path) -> Path:
    return work / "runs" / "zh-vi"


# Help and examples


def test_every_command_is_listed() -> None:
    """A command that is not named here is one whose example nothing runs."""
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for group in app.registered_groups:
        assert group.typer_instance
        names |= {
            f"{group.name} {sub.name or sub.callback.__name__}"
            for sub in group.typer_instance.registered_commands
            if sub.callback
        }
    assert names == set(COMMANDS)


@pytest.mark.medium
@pytest.mark.parametrize("command", ["evaluate", "predict", "results table"])
def test_the_other_examples_run_on_what_that_of_train_made(
    command: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    before, bar, after = example_of(command).rpartition(" | ")
    text = re.fullmatch("echo '(.*)'", before) if bar else None
    output = succeed(*after.removeprefix("phonexl ").split(), text=f"{text.group(1)}\n" if text else "")
    expected = {"evaluate": '"accuracy"', "predict": '"word": "Hà Nội"', "results table": "| udpos-zh-vi-offline | 1 |"}
    assert expected[command] in output


def test_our_own_fault_keeps_its_stack_and_so_does_a_users_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONEXL_DEBUG", "1")
    assert isinstance(invoke("transcribe", "--language", "jp").exception, ValueError)
    monkeypatch.delenv("PHONEXL_DEBUG")
    monkeypatch.delattr(Transcriber, "segment")
    result = invoke("transcribe", "--language", "vi", text="anh\n")
    assert (result.exit_code, type(result.exception)) == (1, AttributeError)


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("numpy", lambda *_: np.array_split([1], 0)),
        ("torch", lambda *_: torch.utils.data.RandomSampler([1], num_samples=-1)),
    ],
)
def test_a_value_that_a_library_of_arrays_refuses_is_no_mistake_of_the_user(
    monkeypatch: pytest.MonkeyPatch, package: str, call: Callable[..., Any]
) -> None:
    """In one line, "number sections must be larger than 0" would be looked for in one's own text."""
    monkeypatch.setattr(Transcriber, "segment", call)
    result = invoke("transcribe", "--language", "vi", text="anh\n")
    assert (result.exit_code, type(result.exception)) == (1, ValueError)
    assert result.exception is not None
    (note,) = result.exception.__notes__
    assert f"raised inside {package}: " in note
    assert "a defect of phonexl; please report it" in note


# train


def test_train_puts_the_table_on_stdout_and_all_else_on_stderr(work: Path, model: Path) -> None:
    """The stock Trainer prints its logs to standard output, in front of the table."""
    header, rule, row, end = (work / "stdout").read_text(encoding="utf-8").split("\n")
    assert header.startswith("| system | seeds | zh majority | zh accuracy | zh xtreme f1 |")
    assert set(rule) == {"|", "-", " "}
    assert row.startswith("| udpos-zh-vi-offline | 1 | ")
    assert end == ""
    errors = (work / "stderr").read_text(encoding="utf-8").split("\n")
    recipe = json.loads((model / "result.json").read_bytes())["recipe"]
    assert errors[:2] == [
        f"udpos-zh-vi-offline: seeds 1; backbone {recipe['backbone']}",
        "udpos-zh-vi-offline, seed 1: 2 steps",
    ]
    assert all(re.match(r"  step [12]: loss \d", line) for line in errors[2:-1]), errors
    assert len(errors) == 5
    assert not (model / "checkpoints").exists()


@pytest.mark.medium
def test_the_page_on_training_fits_languages_and_files_of_ones_own(
    backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## Other languages.*?\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    (recipe,) = re.findall("```yaml\n(.*?)```", section, re.DOTALL)
    train, evaluate, predict = re.findall("^    (.*)$", section, re.MULTILINE)
    Path("hin-urd.yaml").write_text(recipe, encoding="utf-8")
    Path("mine").mkdir()
    texts = {"hin": "यह\tPRON\nकिताब\tNOUN\n।\tPUNCT\n", "urd": "یہ\tPRON\nکتاب\tNOUN\n۔\tPUNCT\n"}
    for split, language in re.findall("`(train|dev|test)-(hin|urd).tsv`", section):
        Path(f"mine/{split}-{language}.tsv").write_text(texts[language], encoding="utf-8", newline="\n")
    succeed(*train.split()[1:], *settings_of(backbone))
    assert set(json.loads(succeed(*evaluate.split()[1:]))["scores"]) == {"urd"}
    text, command = predict.removeprefix("echo ").split(" | ")
    tagged = succeed(*command.split()[1:], text=text.strip("'"))
    assert [line.split("\t")[0] for line in tagged.split("\n") if line] == ["یہ", "کتاب", "اچھی", "ہے", "۔"]
    Path("mine/hin-urd.tsv").write_text("किताब\tکتاب\n", encoding="utf-8")
    switched = train.replace("runs/hin-urd", "runs/switched").split()[1:]
    succeed(*switched, *settings_of(backbone, "xmlm_weight=0.01", "code_switch_ratio=1"))
    facts = json.loads(Path("runs/switched/result.json").read_bytes())["training"]
    assert facts["xmlm_switched"] == pytest.approx(1 / 3)
    refuse(2, "unknown language 'haw'", *train.split()[1:], "--method", "plain", "--set", "target=haw")


@pytest.mark.medium
def test_methods_of_one_recipe_are_two_systems(backbone: Path, data: Path, tmp_path: Path) -> None:
    """Under one name, `results table` would average them as if they were seeds."""
    options = ("--data", data, "--seeds", "1", *settings_of(backbone))
    for method in ("phonexl", "plain"):
        succeed("train", "udpos-zh-vi-offline", "--out", tmp_path / method, "--method", method, *options)
    table = succeed("results", "table", tmp_path, "--format", "markdown").split("\n")
    assert [row.split(" | ")[:2] for row in table[2:-1]] == [
        ["| udpos-zh-vi-offline", "1"],
        ["| udpos-zh-vi-offline-plain", "1"],
    ]


@pytest.mark.medium
def test_a_recipe_that_names_its_method_is_trained_by_it(backbone: Path, data: Path, tmp_path: Path) -> None:
    """Without --method it would be PhoneXL under the name of the file."""
    (tmp_path / "mine.yaml").write_text("extends: udpos-zh-vi-offline\nmethod: cosda-ml\n", encoding="utf-8")
    arguments = ("train", tmp_path / "mine.yaml", "--data", data, "--seeds", "1", *settings_of(backbone))
    succeed(*arguments, "--out", tmp_path / "run")
    result = Result.load(tmp_path / "run" / "result.json")
    assert (result.name, result.recipe["method"], result.recipe["task_switch_ratio"]) == ("mine", "cosda-ml", 0.9)
    assert "task_switched" in result.training
    refuse(2, "mine: the recipe is of method cosda-ml, and plain is asked for", *arguments, "--method", "plain",
           "--out", tmp_path / "other")  # fmt: skip
    refuse(2, "mine: the recipe is of method cosda-ml, and plain is asked for", "compare", *arguments[1:],
           "--methods", "plain,cosda-ml", "--out", tmp_path / "other")  # fmt: skip
    assert not (tmp_path / "other").exists()


@pytest.mark.medium
def test_a_comparison_goes_on_where_it_stopped_and_is_printed_again(
    backbone: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example, with tiny data in place of its own; its second call trains the method that the first had not."""
    shutil.copytree(data, tmp_path / "udpos")
    monkeypatch.chdir(tmp_path)
    words = example_of("compare").removeprefix("phonexl ").replace("plain,phonexl,xtune", "METHODS").split()
    settings = [*settings_of(backbone, "eval_splits=[test]"), "--seeds", "1"]

    def run(methods: str) -> list[list[str]]:
        output = succeed(*(methods if word == "METHODS" else word for word in words), *settings)
        return [row.split(" | ") for row in output.split("\n")[2:-1]]

    assert [row[:2] for row in run("plain")] == [["| udpos-zh-vi-offline-plain", "none"]]
    made = (tmp_path / "runs/compare/plain/result.json").read_bytes()
    both = run("plain,cosda-ml")
    assert [row[:2] for row in both] == [
        ["| udpos-zh-vi-offline-plain", "none"],
        ["| udpos-zh-vi-offline-cosda-ml", "Dict"],
    ]
    assert (tmp_path / "runs/compare/plain/result.json").read_bytes() == made
    assert re.fullmatch(r"[+-]\d+\.\d\d to [+-]\d+\.\d\d", both[1][6])
    again = succeed(*example_of("results compare").removeprefix("phonexl ").split())
    assert [row.split(" | ") for row in again.split("\n")[2:-1]] == both
    refuse(2, "unknown key xtune.copy", "compare", "udpos-zh-vi-offline", "--methods", "plain,xtune", "--data", "udpos",
           "--out", tmp_path / "other", "--set", "xtune.copy=ss")  # fmt: skip
    assert not (tmp_path / "other").exists()
    changed = (data / "test-vi.tsv").read_text(encoding="utf-8").partition("\n\n")[2]
    Path("udpos/test-vi.tsv").write_text(changed, encoding="utf-8", newline="\n")
    words = [word.replace("METHODS", "filter,plain") for word in words]
    refuse(2, r"plain holds a run of other data", *words, *settings)
    assert not (tmp_path / "runs/compare/filter").exists()


def test_a_comparison_trains_nothing_if_a_later_method_cannot_run(
    backbone: Path, data: Path, tmp_path: Path, save_deberta: Callable[[], Path]
) -> None:
    """Hours of the first methods would end without a table."""

    def check(code: int, message: str, methods: str, folder: Path, *settings: str) -> None:
        options = ("--methods", methods, "--data", folder, "--out", tmp_path / "out", "--seeds", "1")
        refuse(code, message, "compare", "udpos-zh-vi", *options, *settings_of(backbone, *settings))
        assert not (tmp_path / "out").exists()

    message = "udpos-zh-vi-filter: a deberta-v2 encoder cannot be run layer by layer"
    check(2, message, "plain,filter", data, f"backbone={save_deberta()}")
    check(2, "udpos-zh-vi-translate-train: .*layer 6: this backbone has", "plain,translate-train", data)
    check(2, "translator 'mt.jsonl' is neither file nor", "plain,xtune", data, "translator=mt.jsonl")
    settings = ("fill_unseen=true", "phoneme_vocab=segments")
    check(2, "udpos-zh-vi-plain: fill_unseen needs a table of segments", "phonexl,plain", data, *settings)
    check(2, "objectives-first: no objective has a weight", "phonexl,objectives-first", data,
          *(f"{term}_weight=0" for term in ("align", "mlm", "xmlm")))  # fmt: skip
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    (folder / "zh-vi.tsv").unlink()
    check(3, "a dictionary zh-vi.*--set dictionary=sound", "plain,cosda-ml", folder)


def test_a_comparison_trains_nothing_if_a_model_of_another_origin_would_be_overwritten(
    backbone: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "phonexl").mkdir(parents=True)
    (tmp_path / "out" / "phonexl" / "config.json").write_text("{}", encoding="utf-8")
    options = ("--methods", "plain,phonexl", "--data", data, "--out", tmp_path / "out", "--seeds", "1")
    message = "out/phonexl holds a model that is no run of this program"
    refuse(2, message, "compare", "udpos-zh-vi", *options, *settings_of(backbone))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["phonexl"]


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("no recipe 'udpos-zh-vl'.* Did you mean 'udpos-zh-vi'", ["udpos-zh-vl"]),
        ("unknown key 'mask_ration'; did you mean 'mask_ratio'", ["udpos-zh-vi", "--set", "mask_ration=0.1"]),
        ("--seeds '1,2,1': expected each seed once", ["udpos-zh-vi", "--seeds", "1,2,1"]),
        (r"seeds \[3, 3\]; expected each once", ["udpos-zh-vi", "--set", "seeds=[3,3]"]),
        ("--set 'mask_ratio': expected key=value", ["udpos-zh-vi", "--set", "mask_ratio"]),
        ("unknown method 'sound'; known: cosda-ml", ["udpos-zh-vi", "--method", "sound"]),
        ("--seeds '1-3': expected whole numbers", ["udpos-zh-vi", "--seeds", "1-3"]),
        (
            "no method is called 'xtun'; did you mean xtune",
            ["udpos-zh-vi", "--set", "xtun.copies=ss"],
        ),
        (
            "filter.kl_weight is 'much'; expected a",
            ["udpos-zh-vi", "--set", "filter.kl_weight=much"],
        ),
        ("unknown language 'vn'", ["udpos-zh-vi", "--set", "target=vn"]),
        ("backbone './nowhere' is no folder", ["udpos-zh-vi", "--set", "backbone=./nowhere"]),
        ("'no-such' is neither a .* names: offline", ["udpos-zh-vi", "--set", "backbone=no-such"]),
    ],
)
def test_train_refuses_bad_usage(message: str, arguments: list[str], data: Path, tmp_path: Path) -> None:
    refuse(2, message, "train", *arguments, "--data", data, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("--seeds '1,1': expected each seed once", ["--seeds", "1,1"]),
        ("--methods 'plain, phonexl,plain': expected each method once", ["--methods", "plain, phonexl,plain"]),
    ],
)
def test_compare_counts_nothing_twice(message: str, options: list[str], data: Path, tmp_path: Path) -> None:
    refuse(2, message, "compare", "udpos-zh-vi", "--data", data, "--out", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_train_refuses_data_that_are_not_there(backbone: Path, data: Path, tmp_path: Path) -> None:
    def check(message: str, folder: Path, recipe: str = "udpos-zh-vi") -> None:
        options = ("--data", folder, "--out", tmp_path / "run", *settings_of(backbone))
        refuse(3, message, "train", recipe, *options)
        assert not (tmp_path / "run").exists()

    check("nowhere: expected a folder with train-zh.tsv.* There is no such folder", tmp_path / "nowhere")
    check(r"train-zh.tsv:1: expected a known tag.*Known tags: B-LOC", data, "panx-zh-vi")
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    (folder / "zh-vi.tsv").unlink()
    check("expected a dictionary zh-vi.*--set xmlm_weight=0", folder)
    (folder / "dev-zh.tsv").write_bytes(b"")
    check("dev-zh.tsv: expected at least one sentence. The file is empty", folder)


def test_train_refuses_a_folder_that_holds_a_run(model: Path, data: Path) -> None:
    before = (model / "result.json").read_bytes()
    again = ("train", "udpos-zh-vi", "--data", data, "--out", model, "--seeds", "1")
    refuse(2, "zh-vi holds a run with .*, and this one has .*: .*--out", *again)
    assert (model / "result.json").read_bytes() == before


@pytest.mark.medium
def test_ctrl_c_leaves_no_result_and_resume_finishes(backbone: Path, data: Path, tmp_path: Path) -> None:
    """Half a result would be averaged into tables; a run that cannot go on is lost."""
    run = tmp_path / "run"
    more = ("max_steps=100", "save_strategy=steps", "save_steps=10", "load_best_model_at_end=false")
    command: tuple[object, ...] = (
        "train",
        "udpos-zh-vi",
        "--method",
        "plain",
        "--seeds",
        "1",
        "--data",
        data,
        "--out",
        run,
    )
    command = (*command, *settings_of(backbone, *more))
    # Started in the background of a shell without job control, a process inherits that SIGINT is ignored.
    prelude = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with run_child(prelude, command) as child:
        deadline = time.monotonic() + 120
        while not list(run.glob("checkpoints/checkpoint-*/trainer_state.json")):
            assert child.poll() is None, child.stderr and child.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate()
    assert (child.returncode, output) == (130, b"")
    assert errors.decode().rstrip("\n").split("\n")[-1] == "phonexl: interrupted"
    assert [path.name for path in run.rglob("*result.json*")] == []
    refuse(2, "--resume", *command)
    result = invoke(*command, "--resume")
    assert result.exit_code == 0
    assert re.search(r", seed 1: 100 steps, [1-9]\d* of them done\n", result.stderr)
    assert json.loads((run / "result.json").read_bytes())["training"]["steps"] == 100


def test_a_built_data_set_trains(backbone: Path, tmp_path: Path) -> None:
    """Parquet of our own samples, with their dictionary from beside the token files."""
    built = tmp_path / "samples"
    assert example_of("data build") == "phonexl data build phonexl-samples --out samples"
    result = invoke("data", "build", "samples", "--out", built)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {built}\n")
    samples = ROOT / "dataset_scripts" / "samples"
    options = ("--data", built, "--limit-train", "16", *settings_of(backbone, f"dictionary={samples}"))
    succeed("train", "samples-zh-vi", "--out", tmp_path / "run", *options)
    described = json.loads((tmp_path / "run" / "result.json").read_bytes())
    assert described["data"]["train"]["sentences"] == 16
    assert described["warnings"] == []
    refuse(2, "unknown data set 'sample'", "data", "build", "sample", "--out", tmp_path / "x")
    refuse(
        3, "expected a new folder, or one that this command made", "data", "build", "samples", "--out", tmp_path / "run"
    )


def test_a_built_data_set_is_checked_and_counted(tmp_path: Path) -> None:
    built = tmp_path / "samples"
    assert example_of("data validate") == "phonexl data validate samples"
    assert example_of("data stats") == "phonexl data stats samples"
    succeed("data", "build", "samples", "--config", "vi-udpos", "--out", built)
    source = ROOT / "dataset_scripts" / "samples"
    result = invoke("data", "validate", built, "--source", source)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{built}: no fault\n")
    result = invoke("data", "stats", built)
    assert result.exit_code == 0
    assert re.search(r"^\| vi-udpos \| train \| 100 \|", result.stdout, re.MULTILINE)
    assert example_of("data push") == example_of("push dataset")
    result = invoke("data", "push", built, "user/samples", "--dry-run")
    assert result.exit_code == 0
    sizes = {line.split("\t")[2]: int(line.split("\t")[1]) for line in result.stdout.strip().split("\n")}
    assert (
        sizes["vi-udpos/test-00000-of-00001.parquet"] == (built / "vi-udpos/test-00000-of-00001.parquet").stat().st_size
    )
    refuse(2, 'expected "user/name"', "data", "push", built, "samples", "--dry-run")
    (built / "vi-udpos" / "test-00000-of-00001.parquet").unlink()
    result = invoke("data", "push", built, "user/samples", "--dry-run")
    assert (result.exit_code, result.stderr) == (3, f"{built}: 1 faults, nothing was sent\n")
    result = invoke("data", "validate", built)
    assert result.exit_code == 3
    assert "test-00000-of-00001.parquet" in result.stdout
    assert result.stderr.endswith("faults\n")
    refuse(3, "a README.md", "data", "stats", tmp_path)


def test_push_examples_say_what_would_go(model: Path, tmp_path: Path) -> None:
    """Without the Hub: a dry run asks no one."""
    assert example_of("push model").startswith("phonexl push model runs/zh-vi/seed-1 user/zh-vi-tagger")
    listed = succeed("push", "model", model, "user/zh-vi-tagger", "--dry-run")
    assert "model.safetensors" in listed
    assert "result.json" not in listed
    assert example_of("push metric") == "phonexl push metric evaluate_metrics/tagging_f1 user/tagging_f1 --dry-run"
    assert "tagging_f1.py" in succeed(
        "push", "metric", ROOT / "evaluate_metrics/tagging_f1", "user/tagging_f1", "--dry-run"
    )
    assert example_of("push dataset") == "phonexl push dataset samples user/phonexl-samples --dry-run"


def test_gap_example_is_a_command_that_works() -> None:
    """It is run on real sentences elsewhere; here that its words are understood."""
    words = example_of("gap analyze").split()
    assert words[:3] == ["phonexl", "gap", "analyze"]
    refuse(3, "a file devtest.eng.txt", *words[1:])


# evaluate and predict


def test_evaluate_writes_scores(model: Path, data: Path, tmp_path: Path) -> None:
    """To standard output, or to a file in a folder that it makes; three-letter codes name the same files."""
    text = succeed("evaluate", model, "--data", data, "--language", "vi")
    scores = json.loads(text)["scores"]["vi"]["test"]
    result = json.loads((model / "result.json").read_bytes())
    assert scores["accuracy"] == result["scores"]["vi"]["test"]["accuracy"]
    out = tmp_path / "new" / "scores.json"
    assert succeed("evaluate", model, "--data", data, "--language", "vie", "--out", out) == ""
    assert [path.name for path in out.parent.iterdir()] == ["scores.json"]
    assert out.read_text(encoding="utf-8") == text


def test_evaluate_refuses_what_does_not_fit(model: Path, backbone: Path, data: Path, tmp_path: Path) -> None:
    options = ("--data", data, "--language", "vi")
    refuse(2, "neither a local folder nor a model of the Hub", "evaluate", tmp_path / "nowhere", *options)
    refuse(2, "expected a PhoneXL tagger", "predict", tmp_path / "nowhere")
    refuse(2, "model of type 'bert': train a tagger from it", "evaluate", backbone, *options)
    refuse(2, "unknown split 'dev'; known: train, validation, test", "evaluate", model, *options, "--split", "dev")
    refuse(2, "unknown language 'vj'", "evaluate", model, "--data", data, "--language", "vj")
    refuse(3, "There is no such folder", "evaluate", model, "--data", tmp_path / "nowhere", "--language", "vi")
    (tmp_path / "test-vi.tsv").write_text("Huế\tB-LOC\n", encoding="utf-8")
    message = r"label set of udpos \(17 labels\); .* holds panx \(7\): evaluate a model of panx"
    refuse(2, message, "evaluate", model, "--data", tmp_path, "--language", "vi")
    (tmp_path / "test-vi.tsv").write_text("Huế\tPLACE\n", encoding="utf-8")
    refuse(3, "test-vi.tsv:1: expected a known tag", "evaluate", model, "--data", tmp_path, "--language", "vi")


def test_predict_refuses_half_a_model(model: Path, tmp_path: Path) -> None:
    """A head that is made up, or weights cut off, must not tag."""
    for name, text, message in (
        ("model.safetensors", b"{", "it is not whole"),
        ("config.json", None, r"found PhoneXLForMaskedLM, which has no tags"),
    ):
        folder = Path(shutil.copytree(model, tmp_path / name))
        config = (folder / "config.json").read_bytes().replace(b"ForTokenClassification", b"ForMaskedLM")
        (folder / name).write_bytes(text or config)
        refuse(2, message, "predict", folder, text="anh\n")


def test_predict_tags_every_word_of_every_line(model: Path) -> None:
    """Lines without words, a word without a piece (U+200B), and a line longer than the backbone's 512 positions."""
    text = "他\u200b 去\n\nanh\tnăm " + "mua " * 700 + "\n"
    *lines, end = succeed("predict", model, text=text.encode()).split("\n")
    rows = [json.loads(line) for line in lines]
    assert end == ""
    assert [(row["language"], [word["word"] for word in row["words"]]) for row in rows[:2]] == [
        ("zh", ["他", "\u200b", "去"]),
        ("vi", []),
    ]
    assert sum(word["word"].count("mua") for word in rows[2]["words"]) == 700
    for row in rows:
        assert all(row["text"][word["start"] : word["end"]] == word["word"] for word in row["words"])
    *lines, end = succeed("predict", model, "--language", "vi", "--format", "tsv", text=text.encode()).split("\n")
    assert (lines.count(""), lines[-1], end) == (3, "", "")
    fields = [line.split("\t") for line in lines if line]
    assert [len(field) for field in fields] == [3] * len(fields)
    words = [text[start:end] for start, end in Transcriber("vi").segment(text)]
    assert [field[0] for field in fields] == [" ".join(word.split()) for word in words]


def test_predict_draws_a_page(model: Path) -> None:
    page = succeed("predict", model, "--format", "html", text="<他>\nanh mua\n")
    assert "&lt;" in page
    assert page.count('class="sentence"') == 2
    assert page.count('class="tag"') == page.count('class="token"') > 3


# results and the terminal


def test_results_table_refuses_what_holds_none(tmp_path: Path) -> None:
    refuse(2, "no result JSON in .*`phonexl train` writes them", "results", "table", tmp_path)
    refuse(2, "no such file or folder", "results", "table", tmp_path / "nowhere")
    (tmp_path / "other.json").write_text("[]", encoding="utf-8")
    refuse(2, "other.json: expected a result JSON", "results", "table", tmp_path)


class Terminal(io.StringIO):
    """What a person watches."""

    def isatty(self) -> bool:
        return True


def test_a_table_is_drawn_for_a_person_and_markdown_for_a_pipe() -> None:
    table = Table(["system", "seeds"], [["plain", "3"]])
    drawn, piped = Terminal(), io.StringIO()
    print_table(table, drawn)
    print_table(table, piped)
    assert "│ plain" in drawn.getvalue()
    assert piped.getvalue() == table.markdown()


def test_an_interrupted_bar_gives_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Trainer does not call `on_train_end` after Ctrl-C; a terminal without cursor is what would stay."""
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    arguments: Any = SimpleNamespace(seed=1)
    state = TrainerState(max_steps=10, is_world_process_zero=True)
    with contextlib.suppress(KeyboardInterrupt), progress_module.TrainingProgress("tiny [1]") as progress:
        progress.on_train_begin(arguments, state, TrainerControl())
        assert "\x1b[?25h" not in screen.getvalue()
        raise KeyboardInterrupt
    assert "tiny [1], seed 1: 10 steps" in screen.getvalue()
    assert screen.getvalue().rindex("\x1b[?25h") > screen.getvalue().rindex("\x1b[?25l")
