"""Recall by tag: counted from the confusion that a result holds, over seeds, of the same words alone."""

from typing import Any

import pytest
from typer.testing import CliRunner

from dataset_scripts.schema import Sentence
from phonexl.cli import app
from phonexl.results import Result
from phonexl.tag_recall import tag_recall
from phonexl.training.evaluation import score

GOLD = ("NOUN", "NOUN", "NOUN", "NOUN", "VERB", "VERB")
WORDS = [Sentence("1", "vi", ("từ",) * 6, GOLD)]


def make_result(name: str, seed: int, tags: tuple[str, ...], words: list[Sentence] = WORDS, **recipe: Any) -> Result:
    values = {"task": "udpos", "source": "zh", "target": "vi", **recipe}
    return Result(name, "phonexl", values, seed, {}, {"vi": {"test": score([list(tags)], words)}})


RUNS = [
    make_result("plain", 1, ("NOUN", "NOUN", "VERB", "VERB", "VERB", "VERB")),
    make_result("plain", 2, ("NOUN", "NOUN", "NOUN", "ADJ", "ADJ", "VERB")),
    make_result("other", 1, GOLD),
]


def test_recall_is_of_gold_words_over_seeds_the_most_frequent_tag_first() -> None:
    table = tag_recall(RUNS)
    assert table.columns == ["tag", "words", "plain", "other"]
    # ADJ, which nothing is, has no recall
    assert table.rows == [["NOUN", "4", "62.50 ± 17.68", "100.00"], ["VERB", "2", "75.00 ± 35.36", "100.00"]]


def test_what_cannot_be_set_side_by_side_is_refused() -> None:
    shorter = [Sentence("1", "vi", ("từ",) * 2, GOLD[:2])]
    with pytest.raises(ValueError, match=r"small, seed 3: scored on other vi test sentences than plain"):
        tag_recall([*RUNS, make_result("small", 3, GOLD[:2], shorter)])
    with pytest.raises(ValueError, match=r"plain, seed 1: no tags of ko test are counted; it has vi test"):
        tag_recall(RUNS, "ko")
    with pytest.raises(ValueError, match=r"plain has no target language: name one of vi"):
        tag_recall([make_result("plain", 1, GOLD, target=None)])
    with pytest.raises(ValueError, match="nothing to compare"):
        tag_recall([])


def test_the_command_prints_the_table(tmp_path: Any) -> None:
    for run in RUNS:
        run.save(tmp_path / f"{run.name}-{run.seed}.json")
    done = CliRunner().invoke(app, ["results", "tags", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "| VERB | 2 | 100.00 | 75.00 ± 35.36 |" in done.stdout  # by path
    done = CliRunner().invoke(app, ["results", "tags", str(tmp_path), "--language", "ko"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("phonexl: ")
