"""Fine-tuning on a tiny encoder: it learns, keeps its best epoch, is resumed, and is never half there."""

import gc
import json
import random
import re
import shutil
from pathlib import Path

import pytest
import torch
from task_files import make_words, write_pairs, write_tagged
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    GPT2Config,
    GPT2Model,
    PreTrainedTokenizerFast,
    TrainerCallback,
)
from typer.testing import CliRunner, Result

from modeling_phonexl.transcription import MissingToolError
from phonexl.cli import app
from phonexl.gap.analysis import analyze
from phonexl.gap.fine_tuning import Encoder, make_trainer, run
from phonexl.gap.fine_tuning_recipe import FineTuning, load_recipe, plan
from phonexl.gap.fine_tuning_trainer import build_classifier
from phonexl.gap.report import make_report, read_inputs
from phonexl.gap.scores import collect_systems
from phonexl.gap.tasks import TASKS, load_task
from phonexl.results import Result as RunResult
from phonexl.training.recipe import RecipeError

SMALL = {
    "learning_rate": 0.02, "num_train_epochs": 3, "per_device_train_batch_size": 8, "eval_strategy": "epoch",
    "lr_scheduler_type": "cosine", "bf16": False,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread_and_little_to_collect():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # the Trainer collects garbage at each turn, and would look at all that is imported
    yield
    gc.unfreeze()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pos")
    for language in ("eng", "fra", "kor"):
        write_tagged(folder, language)
    return folder


def recipe(checkpoint: Path, source: str = "eng", task: str = "pos", **settings: object) -> FineTuning:
    return FineTuning(task, source, str(checkpoint)).with_settings({**SMALL, **settings}, "test")


@pytest.fixture(scope="module")
def finished(checkpoint: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of two languages."""
    out = tmp_path_factory.mktemp("runs")
    run([recipe(checkpoint), recipe(checkpoint, "kor")], data, out, [1])
    return out


def place_of(out: Path, checkpoint: Path, language: str = "eng", seed: int = 1, end: str = "") -> Path:
    return out / f"pos-{language}-{checkpoint.name}{end}" / f"seed-{seed}"


def test_it_learns_what_no_tagger_of_words_can(finished, checkpoint):
    """Test words are new; their tag is that of the first letter."""
    found = RunResult.load(place_of(finished, checkpoint) / "result.json")
    test = found.scores["eng"]["test"]
    assert test["accuracy"] > 0.95 > test["floor"]["accuracy"]
    assert set(found.scores) == {"eng"}
    assert set(found.scores["eng"]) == {"validation", "test"}
    assert found.training["best_dev_score"] == found.scores["eng"]["validation"]["xtreme_f1"]
    assert found.recipe["source"] == "eng"
    assert found.recipe["learning_rate"] == 0.02
    assert found.data["train"]["sentences"] == 60
    assert test["reading"]["unread_words"] == test["reading"]["unknown_rate"] == 0
    assert found.warnings == []


def test_the_report_takes_the_runs_as_one_system(finished, checkpoint):
    inputs = read_inputs([finished])
    (system,) = collect_systems(inputs.results, "test")
    assert (system.task, system.name, system.source) == ("pos", checkpoint.name, None)
    assert list(system.scores) == ["eng", "kor"]
    tables = [table for section in make_report(inputs) for _, table in section.tables]
    (floors,) = [table for table in tables if "floor" in table.columns]
    assert [(row[1], row[-1]) for row in floors.rows] == [("eng", "above"), ("kor", "above")]


def test_what_is_saved_is_a_plain_classifier_that_can_be_analyzed(finished, checkpoint):
    place = place_of(finished, checkpoint)
    model = AutoModelForTokenClassification.from_pretrained(place)
    assert tuple(model.config.id2label.values()) == TASKS["pos"].labels
    assert not [name for name in model.state_dict() if "rows" in name or "place" in name]
    draw = random.Random(0)
    english = [" ".join(make_words(draw, draw.randint(2, 7))) for _ in range(100)]
    texts = {"eng": english, "fra": [text[::-1] for text in english]}
    found = analyze(str(place), texts, layers=(0,))
    assert found.answers is not None
    assert found.run is not None
    assert found.run.items() >= {"name": f"pos-eng-{checkpoint.name}", "seed": 1, "task": "pos"}.items()


def test_the_saved_model_answers_as_the_trained_one_did(finished, checkpoint, data):
    """The table is put together again, and the best epoch's weights are in it."""
    place = place_of(finished, checkpoint)
    task_data = load_task(TASKS["pos"], data, "eng", ["eng"])
    settings = recipe(place)
    trainer = make_trainer(settings, task_data, Encoder.open(str(place), "text"), place, 1)
    metrics = trainer.evaluate()
    assert metrics["eval_xtreme_f1"] == RunResult.load(place / "result.json").training["best_dev_score"]


class Spoil(TrainerCallback):
    """Makes the classifier of the last epoch useless before it is scored."""

    def on_epoch_end(self, args, state, control, **kwargs):
        if state.epoch > 2.5:
            with torch.no_grad():
                kwargs["model"].classifier.weight.zero_()


def test_the_best_epoch_is_kept_and_not_the_last(checkpoint, data, tmp_path):
    task_data = load_task(TASKS["pos"], data, "eng", ["eng"])
    trainer = make_trainer(
        recipe(checkpoint, learning_rate=0.003),
        task_data,
        Encoder.open(str(checkpoint), "text"),
        tmp_path,
        1,
        [Spoil()],
    )
    trainer.train()
    curve = dict(trainer.best.curve)
    assert trainer.best.epoch < 3
    assert trainer.best.score == max(curve.values()) > curve[3.0]
    assert trainer.evaluate()["eval_xtreme_f1"] == trainer.best.score


def test_the_classifier_may_learn_at_another_rate(checkpoint, data, tmp_path):
    task_data = load_task(TASKS["pos"], data, "eng", ["eng"])
    encoder = Encoder.open(str(checkpoint), "text")
    trainer = make_trainer(recipe(checkpoint, head_learning_rate=0.5), task_data, encoder, tmp_path, 1)
    names = {id(weight): name for name, weight in trainer.classifier.named_parameters() if weight.requires_grad}
    groups = trainer.create_optimizer().param_groups
    rates = {names[id(weight)]: group["lr"] for group in groups for weight in group["params"]}
    assert rates.keys() == set(names.values())
    assert {name for name, rate in rates.items() if rate == 0.5} == {"classifier.weight", "classifier.bias"}
    assert set(rates.values()) == {0.5, 0.02}


def test_a_seed_gives_the_same_run_again_and_another_seed_another(checkpoint, data, tmp_path, finished):
    (again,) = run([recipe(checkpoint)], data, tmp_path, [1])
    before = RunResult.load(place_of(finished, checkpoint) / "result.json")
    assert again.scores == before.scores
    assert again.training["curve"] == before.training["curve"]
    (other,) = run([recipe(checkpoint, num_train_epochs=1)], data, tmp_path, [2])
    assert other.training["curve"][0] != before.training["curve"][0]


def test_finished_runs_are_taken_and_others_refused(finished, checkpoint, data, monkeypatch):
    """A language that is finished is not trained a second time; the one that is missing is."""
    settings = recipe(checkpoint)
    with pytest.raises(FileExistsError, match="holds a run already: take it with --resume"):
        run([settings], data, finished, [1])
    with pytest.raises(ValueError, match=r"with learning_rate=0\.02, and this one has learning_rate=0\.5"):
        run([recipe(checkpoint, learning_rate=0.5)], data, finished, [1], resume=True)
    monkeypatch.setattr("phonexl.gap.fine_tuning.fine_tune", lambda recipe, *rest: recipe.source)
    lines = []
    found = run([settings, recipe(checkpoint, "fra")], data, finished, [1], resume=True, report=lines.append)
    assert found[0].name == settings.name
    assert found[1] == "fra"
    assert "seed 1 is finished" in lines[0]


def test_runs_of_other_data_or_weights_are_refused(finished, checkpoint, data, tmp_path, monkeypatch):
    """Files and folders keep their names when what is in them changes."""
    monkeypatch.setattr("phonexl.gap.fine_tuning.fine_tune", pytest.fail)
    place = tmp_path / "runs" / f"pos-eng-{checkpoint.name}" / "seed-1" / "result.json"
    place.parent.mkdir(parents=True)
    shutil.copy(place_of(finished, checkpoint) / "result.json", place)
    (tmp_path / "data").mkdir()
    write_tagged(tmp_path / "data", "eng", sizes=(59, 20, 20))
    with pytest.raises(ValueError, match="holds a run with train={'sentences': 60, .* has train={'sentences': 59, "):
        run([recipe(checkpoint)], tmp_path / "data", tmp_path / "runs", [1], resume=True)
    result = RunResult.load(place)
    assert result.training["encoder_digest"] == Encoder.open(str(checkpoint), "text").digest
    result.training["encoder_digest"] = "other"
    result.save(place)
    with pytest.raises(ValueError, match="holds a run with encoder_digest='other', and this one has encoder_digest="):
        run([recipe(checkpoint)], data, tmp_path / "runs", [1], resume=True)
    del result.training["encoder_digest"]  # as results were before
    result.save(place)
    assert run([recipe(checkpoint)], data, tmp_path / "runs", [1], resume=True) == [result]


@pytest.mark.parametrize("name", ["", "notes.txt", ".hidden"])
def test_files_of_another_origin_are_not_removed(checkpoint, data, tmp_path, name):
    """A finished run takes the place of the whole folder."""
    place = place_of(tmp_path, checkpoint)
    (place / name).parent.mkdir(parents=True)
    (place / name).write_text("mine")
    with pytest.raises(FileExistsError, match=f"{re.escape(str(place / name))} is of no run .* another --out"):
        run([recipe(checkpoint)], tmp_path / "nowhere", tmp_path, [1], resume=True)
    assert (place / name).read_text() == "mine"


def test_what_is_put_there_meanwhile_is_not_removed(checkpoint, data, tmp_path):
    place = place_of(tmp_path, checkpoint)

    class Write(TrainerCallback):
        def on_train_end(self, args, state, control, **kwargs):
            place.mkdir(parents=True)
            (place / "notes.txt").write_text("mine")

    with pytest.raises(OSError, match="not empty"):
        run([recipe(checkpoint, num_train_epochs=1)], data, tmp_path, [1], save_model=False, callbacks=[Write()])
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]


def test_two_equal_calls_at_once_are_one_run(checkpoint, data, tmp_path):
    """The later one would train to its end, and then find the place taken. Another seed is another run."""
    tiny = recipe(checkpoint, num_train_epochs=1)

    class CallAgain(TrainerCallback):
        def on_train_begin(self, args, state, control, **kwargs):
            with pytest.raises(FileExistsError, match="seed-1: another call is at work on it; wait for it, or choose"):
                run([tiny], data, tmp_path, [1], resume=True, save_model=False, callbacks=[Fail()])
            run([tiny], data, tmp_path, [2], save_model=False)

    class Fail(TrainerCallback):
        def on_train_begin(self, args, state, control, **kwargs):
            pytest.fail("it trains")

    run([tiny], data, tmp_path, [1], save_model=False, callbacks=[CallAgain()])
    assert len(run([tiny], data, tmp_path, [1, 2], resume=True, callbacks=[Fail()])) == 2


class Interrupt(TrainerCallback):
    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == 9:
            raise KeyboardInterrupt


def test_a_run_that_is_stopped_leaves_nothing_and_is_done_anew(checkpoint, data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run([recipe(checkpoint)], data, tmp_path, [1], callbacks=[Interrupt()])
    assert list(tmp_path.rglob("*")) == []
    run([recipe(checkpoint, num_train_epochs=1)], data, tmp_path, [1], resume=True, save_model=False)
    assert [path.name for path in place_of(tmp_path, checkpoint).iterdir()] == ["result.json"]


def test_all_data_are_read_before_anything_is_trained(checkpoint, data, tmp_path, monkeypatch):
    monkeypatch.setattr("phonexl.gap.fine_tuning.fine_tune", pytest.fail)
    with pytest.raises(ValueError, match=r"dev-hun\.tsv"):
        run([recipe(checkpoint), recipe(checkpoint, "hun")], data, tmp_path, [1])


def test_a_missing_tool_is_told_before_anything_is_trained(checkpoint, data, tmp_path, monkeypatch):
    def spell(words, language, spelling):
        if language.startswith("ko"):
            raise MissingToolError("tool", "Korean")
        return list(words)

    monkeypatch.setattr("phonexl.gap.tokenizer_reader.spell_words", spell)
    monkeypatch.setattr("phonexl.gap.fine_tuning.fine_tune", pytest.fail)
    (zero_shot,) = plan(recipe(checkpoint), ["fr", "kor"], "eng", {}, {})
    for recipes in ([recipe(checkpoint), recipe(checkpoint, "kor")], [zero_shot]):
        with pytest.raises(MissingToolError, match="Korean needs the package 'tool'"):
            run(recipes, data, tmp_path, [1])


def test_one_language_is_trained_on_and_all_are_scored(checkpoint, data, tmp_path):
    (zero_shot,) = plan(recipe(checkpoint), ["fr", "kor"], "eng", {}, {"num_train_epochs": 1})
    (found,) = run([zero_shot], data, tmp_path, [1], save_model=False)
    assert place_of(tmp_path, checkpoint, end="-zero-shot").is_dir()
    (system,) = collect_systems([found], "test")
    assert system.label == f"{checkpoint.name}-zero-shot, trained on eng"
    assert list(system.scores) == ["eng", "fra", "kor"]
    assert system.reference == "eng"
    assert found.scores["fra"]["test"]["floor"]["oov_rate"] > 0.5  # of the words that were trained on


def test_pairs_are_learned_and_say_what_they_were_trained_on(checkpoint, tmp_path):
    write_pairs(tmp_path, "eng")
    settings = recipe(checkpoint, task="xnli", learning_rate=0.01, num_train_epochs=4)
    (found,) = run([settings], tmp_path, tmp_path / "out", [1], save_model=False)
    assert found.scores["eng"]["test"]["accuracy"] > 0.5
    assert found.scores["eng"]["test"]["floor"] == {"accuracy": pytest.approx(1 / 3)}
    assert "premises of XNLI's test file" in found.warnings[0]


def test_a_decoder_without_padding_learns_pairs(tokenizer, tmp_path):
    """It classifies by the last piece that is not padding, and has to be told which pieces are."""
    ends = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, model_max_length=64, eos_token="[SEP]")
    torch.manual_seed(0)
    shape = {"n_embd": 16, "n_layer": 1, "n_head": 2, "bos_token_id": 3, "eos_token_id": 3}
    GPT2Model(GPT2Config(vocab_size=len(ends), **shape)).save_pretrained(tmp_path / "decoder")
    ends.save_pretrained(tmp_path / "decoder")
    write_pairs(tmp_path, "eng")
    settings = recipe(tmp_path / "decoder", task="xnli", learning_rate=0.01, num_train_epochs=4)
    (found,) = run([settings], tmp_path, tmp_path / "out", [1])
    assert found.scores["eng"]["test"]["accuracy"] > 0.5
    (place,) = (tmp_path / "out").rglob("seed-1")
    assert AutoConfig.from_pretrained(place).pad_token_id == 3


def test_what_does_not_beat_its_floor_is_warned_of(checkpoint, data, tmp_path):
    settings = recipe(checkpoint, learning_rate=1e-9, num_train_epochs=1)
    (found,) = run([settings], data, tmp_path, [1], save_model=False)
    assert found.warnings == [
        f"eng {split}: xtreme_f1 is not above its floor, which reads no context" for split in ("validation", "test")
    ]


def test_a_configuration_alone_is_an_encoder_of_random_weights(checkpoint, data, tmp_path):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "random").mkdir(exist_ok=True)
        shutil.copy(checkpoint / name, tmp_path / "random" / name)
    settings = recipe(tmp_path / "random", num_train_epochs=1)
    (found,) = run([settings], data, tmp_path / "out", [1], save_model=False)
    assert found.warnings[0].startswith("the encoder started from random weights")
    torch.manual_seed(1)
    first = build_classifier(str(tmp_path / "random"), TASKS["pos"]).get_input_embeddings().weight
    torch.manual_seed(2)
    assert not torch.equal(
        first, build_classifier(str(tmp_path / "random"), TASKS["pos"]).get_input_embeddings().weight
    )


def test_encoders_without_a_classifier_are_named(tmp_path):
    config = {"architectures": ["TimesformerModel"], "model_type": "timesformer"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="transformers has no classifier of tokens for 'timesformer'"):
        build_classifier(str(tmp_path), TASKS["pos"])
    for half in ("t5", "mt5"):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": half, "is_encoder_decoder": False}))
        with pytest.raises(ValueError, match=f"is half of '{half}', which classifies pairs by its decoder"):
            build_classifier(str(tmp_path), TASKS["xnli"])
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "xlnet"}))
    with pytest.raises(ValueError, match="'xlnet' classifies pairs by the last place"):
        build_classifier(str(tmp_path), TASKS["xnli"])
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "phonexl"}))
    with pytest.raises(ValueError, match="is a PhoneXL model"):
        build_classifier(str(tmp_path), TASKS["pos"])


def test_where_nothing_can_be_written_is_told_before_data_are_read(checkpoint, tmp_path):
    (tmp_path / "file").write_text("mine")
    options = ["--task", "pos", "--languages", "eng", "--data", tmp_path / "nowhere", "--model", checkpoint]
    done = run_command(*options, "--out", tmp_path / "file" / "out")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert "file is no folder; choose another --out" in done.stderr


@pytest.mark.parametrize(("name", "rate", "epochs"), [("pos", 1e-4, 30), ("ner", 5e-5, 30), ("xnli", 1e-5, 20)])
def test_the_recipes_of_the_paper_have_its_values(name, rate, epochs):
    values = load_recipe(name)
    assert (values["learning_rate"], values["num_train_epochs"]) == (rate, epochs)
    assert (values["per_device_train_batch_size"], values["lr_scheduler_type"]) == (128, "cosine")
    for end in ("", "-small"):
        FineTuning(name, "eng", "offline").with_settings(load_recipe(name + end), name).arguments(Path("nowhere"), 1)
    assert not Path("nowhere").exists()


def test_unknown_settings_are_refused_with_the_nearest(checkpoint):
    with pytest.raises(RecipeError, match="--set: unknown key 'learning_rat'; did you mean 'learning_rate'"):
        recipe(checkpoint).with_settings({"learning_rat": 1}, "--set")
    with pytest.raises(RecipeError, match="unknown key 'output_dir'"):
        recipe(checkpoint).with_settings({"output_dir": "x"}, "--set")
    with pytest.raises(RecipeError, match=r"no recipe 'pso': .* Did you mean 'pos'"):
        load_recipe("pso")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": "abc"}, "--set: learning_rate is 'abc'; expected a finite number$"),
        ({"num_train_epochs": -1}, "num_train_epochs is -1; expected a number > 0$"),
        ({"bf16": "foo"}, "bf16 is 'foo'; expected true or false$"),
        ({"head_learning_rate": "abc"}, "head_learning_rate is 'abc'; expected a finite number or null$"),
        ({"limit_train": 0}, "limit_train is 0; expected a whole number >= 1, or null for all$"),
        ({"max_length": 2.5}, "max_length is 2.5; expected a whole number or null$"),
    ],
)
def test_values_that_training_would_stumble_over_are_refused(checkpoint, settings, message):
    with pytest.raises(RecipeError, match=message):
        recipe(checkpoint).with_settings(settings, "--set")
    assert recipe(checkpoint).with_settings({"bf16": "auto", "limit_train": None}, "--set").limit_train is None


def run_command(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["gap", "run", *map(str, arguments)])


def test_the_example_runs(checkpoint, data, tmp_path, monkeypatch):
    example = re.search(r"Example: phonexl gap run ([^│╭]*)", run_command("--help").stdout)
    assert example
    monkeypatch.setattr("phonexl.gap.fine_tuning.resolve_backbone", lambda name: str(checkpoint))
    monkeypatch.setattr("phonexl.gap.fine_tuning.fine_tune", lambda recipe, *rest: make_run_of(recipe))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "udpos10").symlink_to(data)
    done = run_command(*example.group(1).split())
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["pos-fra-offline", "pos-kor-offline"]


def make_run_of(settings: FineTuning) -> RunResult:
    assert settings.values().items() >= load_recipe("pos-small").items()
    return RunResult(settings.name, "", settings.values(), 1, {}, {})


def test_the_command(checkpoint, data, tmp_path):
    options = ["--task", "pos", "--languages", "eng", "--data", data, "--out", tmp_path, "--model", checkpoint]
    small = [f"--set={key}={value}" for key, value in {**SMALL, "num_train_epochs": 1}.items()]
    done = run_command(*options, *small, "--limit-train", 40, "--no-save-model")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("| system | language | runs | metric | score | floor | verdict |\n")
    assert f"| pos-eng-{checkpoint.name} | eng | 1 | xtreme f1 |" in done.stdout
    assert "40 sentences of eng to train on" in done.stderr
    assert RunResult.load(place_of(tmp_path, checkpoint) / "result.json").recipe["limit_train"] == 40


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--task", "tag", "--languages", "eng"], 2, "unknown task 'tag'; known: pos, ner, xnli"),
        (["--task", "pos", "--languages", "english"], 2, "english"),
        (["--task", "pos", "--languages", "eng", "--seeds", "a"], 2, "--seeds 'a': expected whole numbers"),
        (["--task", "pos", "--languages", "eng", "--seeds", "1,1"], 2, "--seeds '1,1': expected each seed once"),
        (["--task", "pos", "--languages", "eng", "--spelling", "kana"], 2, "unknown spelling 'kana'"),
        (["--task", "pos", "--languages", "hun"], 3, "expected dev-hun.tsv"),
        (["--task", "ner", "--languages", "eng"], 3, "dev-eng.tsv:1: expected a known tag"),
        (["--task", "pos", "--languages", "eng", "--set", "bs=1"], 2, "--set: unknown key 'bs'"),
        (["--task", "pos", "--languages", "eng", "--model", "./nowhere"], 2, "backbone './nowhere' is no folder"),
    ],
)
def test_mistakes_are_one_line(arguments, code, message, checkpoint, data, tmp_path):
    model = [] if "--model" in arguments else ["--model", checkpoint]
    done = run_command(*arguments, *model, "--data", data, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
