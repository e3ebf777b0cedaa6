"""The command, as a user calls it."""

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from phonexl.cli.pretrain import pretrain
from phonexl.json_file import read_json
from phonexl.pretraining.corpus import load_corpus
from phonexl.results import find_results

LANGUAGES = "kor,tur,swa"


def call(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(pretrain)
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def options(data: Path) -> list[str | Path]:
    return ["--languages", LANGUAGES, "--data", data, "--body", "1x64", "--batch-size", "8", "--limit", "20"]


@pytest.mark.medium
def test_text_becomes_encoders_and_a_table(options: list[str | Path], tmp_path: Path) -> None:
    found = call(*options, "--out", tmp_path, "--representation", "character,phoneme", "--sentences", "20")
    assert found.exit_code == 0, found.output
    header, _, *rows = found.stdout.splitlines()
    assert header.startswith("| representation | symbols |")
    assert [row.split(" | ")[0] for row in rows] == ["| character", "| phoneme"]
    assert "wrote" in found.stderr
    assert read_json(tmp_path / "recipe.json")["steps"] == 3
    assert len(find_results([tmp_path])) == 2
    more = call(*options, "--out", tmp_path, "--representation", "romanized,phoneme", "--resume")
    assert more.exit_code == 0, more.output
    assert "phoneme is finished" in more.stderr
    assert read_json(tmp_path / "romanized" / "result.json")["training"]["steps"] == 3


def test_text_is_prepared_once_and_read_elsewhere(options: list[str | Path], tmp_path: Path) -> None:
    """A machine with a GPU need not have the reading tools, nor the time to run them."""
    assert call(*options, "--out", tmp_path / "here", "--prepare").exit_code == 0
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["corpus.jsonl.gz"]
    arguments = ["--data", tmp_path / "here" / "corpus.jsonl.gz", "--out", tmp_path / "there", "--steps", "1"]
    found = call(*options, *arguments)
    assert found.exit_code == 0, found.output
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["phoneme", "recipe.json"]
    wrong = call(*options, *arguments, "--limit", "10")
    assert wrong.exit_code == 3
    assert "expected a corpus of" in wrong.stderr


@pytest.mark.parametrize("place", ["file/out", "out"])
def test_where_nothing_can_be_written_is_told_before_text_is_read(tmp_path: Path, place: str) -> None:
    (tmp_path / "out").mkdir()
    for file in (tmp_path / "file", tmp_path / "out" / "phoneme"):
        file.write_text("mine", encoding="utf-8")
    found = call("--languages", LANGUAGES, "--data", tmp_path / "nowhere", "--out", tmp_path / place)
    assert (found.exit_code, len(found.stderr.splitlines())) == (2, 1), found.output
    assert "is no folder; choose another --out" in found.stderr


@pytest.fixture
def prepared(options: list[str | Path], tmp_path: Path) -> Path:
    assert call(*options, "--out", tmp_path / "out", "--prepare").exit_code == 0
    return tmp_path / "out" / "corpus.jsonl.gz"


def test_a_kept_corpus_of_other_text_is_not_trained_on(
    options: list[str | Path], data: Path, prepared: Path, tmp_path: Path
) -> None:
    """Else a second --data with the same --out would train on the first one."""
    again = [*options, "--out", prepared.parent, "--prepare"]
    assert call(*again).exit_code == 0
    shutil.copytree(data, tmp_path / "other")
    with (tmp_path / "other" / "raw" / "tur.txt").open("a", encoding="utf-8") as file:
        file.write("yeni cümle\n")
    found = call(*again, "--data", tmp_path / "other")
    assert (found.exit_code, len(found.stderr.splitlines())) == (3, 1)
    assert f"{prepared}: expected the sentences of {tmp_path / 'other' / 'raw' / 'tur.txt'}" in found.stderr
    found = call(*again, "--data", tmp_path / "nowhere")
    assert found.exit_code == 3
    assert "nowhere: expected a file kor.txt[.gz]. One sentence a line. Or pass the corpus" in found.stderr
    assert f"--data {prepared}" in found.stderr


def test_a_kept_corpus_is_checked_against_the_evaluation_text(
    options: list[str | Path], data: Path, prepared: Path, tmp_path: Path
) -> None:
    """What it was made without may be other text than what is to be evaluated on."""
    other = tmp_path / "other"
    shutil.copytree(data / "flores", other)
    held = load_corpus(prepared).held_out
    planted = next(" ".join(word.text for word in sentence.words) for sentence in held if sentence.language == "swa")
    for source in (["--data", prepared], []):
        arguments = [*options, "--out", prepared.parent, "--prepare", *source, "--exclude"]
        assert call(*arguments, data / "flores").exit_code == 0
        missing = call(*arguments, tmp_path / "nowhere")
        assert (missing.exit_code, len(missing.stderr.splitlines())) == (3, 1)
        assert "nowhere: expected a file devtest.kor.txt[.gz]" in missing.stderr
        (other / "dev.swa.txt").write_text(f"{planted.upper()}!\n", encoding="utf-8")
        found = call(*arguments, other)
        assert (found.exit_code, len(found.stderr.splitlines())) == (3, 1)
        assert f"{prepared}: expected nothing of {other}, not 1 sentences of swa." in found.stderr


@pytest.mark.medium
def test_a_budget_does_not_change_a_run_that_is_there(options: list[str | Path], tmp_path: Path) -> None:
    arguments = [*options, "--out", tmp_path, "--resume"]
    assert call(*arguments, "--steps", "1").exit_code == 0
    found = call(*arguments, "--budget-minutes", "5")
    assert found.exit_code == 0, found.output
    message = f"{tmp_path} holds a run of 1 steps, which are kept: --budget-minutes 5 is not looked at"
    assert message in found.stderr.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "1", "--sentences", "1"], "exclude each other: pass one of them"),
        (["--representation", "sound"], "unknown representation 'sound'"),
        (["--body", "4x100"], "body '4x100': expected LAYERSxWIDTH, the width a multiple of 64"),
        (["--languages", "kor,xx"], "unknown language 'xx'"),
    ],
)
def test_mistakes_are_one_line(options: list[str | Path], tmp_path: Path, arguments: list[str], message: str) -> None:
    found = call(*options, "--out", tmp_path, *arguments)
    assert found.exit_code == 2
    assert message in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
