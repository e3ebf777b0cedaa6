"""Scores of taggers, against seqeval 1.2.2, against counting by hand, and through `evaluate.load`."""

import doctest
import json
import logging
import os
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from evaluate_metrics.tagging_f1 import tagging_scores as core
from evaluate_metrics.tagging_f1.tagging_scores import (
    accuracy,
    confusion,
    macro_f1,
    per_tag_f1,
    strict_span_f1,
    tagging_scores,
    xtreme_f1,
)

ROOT = Path(__file__).parents[2]
CARD = ROOT / "evaluate_metrics" / "tagging_f1" / "README.md"
UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split() + ["_"]
NER = "O B-PER I-PER B-LOC I-LOC B-ORG I-ORG".split()
ODD = "O X _ B I E S E-PER S-LOC I-PER B-A-B OTHER . .A - SYM SCONJ EVE".split()
Sentences = list[list[str]]


def sentence_pairs(tags: list[str]) -> Any:
    """(predictions, references), with at least one token, and many tags in common."""
    token = st.tuples(st.sampled_from(tags), st.sampled_from(tags), st.booleans())
    pairs = token.map(lambda drawn: (drawn[0] if drawn[2] else drawn[1], drawn[1]))
    sentences = st.lists(st.lists(pairs, max_size=8), min_size=1, max_size=5).filter(any)
    return sentences.map(
        lambda drawn: tuple([[pair[side] for pair in sentence] for sentence in drawn] for side in (0, 1))
    )


def seqeval_f1(predictions: Sentences, references: Sentences, **mode: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "NOUN seems not to be NE tag", for each token
        return f1_score(references, predictions, **mode)


def split(text: str) -> Sentences:
    return [text.split()]


# --- xtreme_f1 ---


@pytest.mark.parametrize("tags", [UPOS, NER, ODD], ids=["upos", "ner", "odd"])
@given(data=st.data())
def test_xtreme_f1_is_seqeval_to_the_last_bit(tags: list[str], data: st.DataObject) -> None:
    predictions, references = data.draw(sentence_pairs(tags))
    assert xtreme_f1(predictions, references) == seqeval_f1(predictions, references)


def test_xtreme_f1_is_seqeval_on_ten_thousand_random_sentences() -> None:
    generator = random.Random(7)
    for _ in range(1000):
        tags = generator.choice([UPOS, NER, ODD])
        references = [generator.choices(tags, k=generator.randint(1, 9)) for _ in range(10)]
        predictions = [
            [generator.choice(tags) if generator.random() < 0.3 else tag for tag in sentence] for sentence in references
        ]
        assert xtreme_f1(predictions, references) == seqeval_f1(predictions, references), (predictions, references)


def test_xtreme_f1_is_faster_than_seqeval() -> None:
    """Measured at 20 to 60 times; it runs for each language at every evaluation step."""
    generator = random.Random(7)
    references = [generator.choices(UPOS, k=20) for _ in range(1500)]
    predictions = [generator.choices(UPOS, k=20) for _ in range(1500)]

    def seconds(function: Any) -> float:
        start = time.perf_counter()
        function(predictions, references)
        return time.perf_counter() - start

    assert min(seconds(xtreme_f1) for _ in range(3)) < seconds(seqeval_f1) / 4


# The table of the metric card; the first row is the worked example of the F1 in the papers' code.
EFFECTS = [
    ("NOUN NOUN NOUN VERB", "NOUN NOUN ADJ VERB", 0.4, 0.75),
    ("DET NOUN NOUN VERB PUNCT", "DET NOUN VERB VERB PUNCT", 0.5, 0.8),
    ("DET NOUN NOUN VERB PUNCT", "DET PROPN PROPN VERB PUNCT", 0.75, 0.6),
    ("SCONJ NOUN", "CCONJ NOUN", 1.0, 0.5),
    ("SCONJ CCONJ X NUM", "CCONJ CCONJ X NUM", 6 / 7, 0.75),
    ("NOUN X", "VERB X", 0.0, 0.5),
    ("B-PER I-PER O B-LOC", "I-PER I-PER O B-LOC", 1.0, 0.75),
    ("B-PER I-LOC O", "B-PER O O", 2 / 3, 2 / 3),
]


@pytest.mark.parametrize(("references", "predictions", "chunks", "tokens"), EFFECTS)
def test_known_effects(references: str, predictions: str, chunks: float, tokens: float) -> None:
    assert xtreme_f1(split(predictions), split(references)) == pytest.approx(chunks)
    assert accuracy(split(predictions), split(references)) == pytest.approx(tokens)


def test_card_states_the_known_effects() -> None:
    rows = [row.strip("| ").split(" | ") for row in CARD.read_text(encoding="utf-8").split("\n")]
    stated = {(references, predictions, f"{f1:.3f}", f"{share:.3f}") for references, predictions, f1, share in EFFECTS}
    printed = [tuple(row[1:]) for row in rows if len(row) == 5 and row[3].startswith(("0.", "1."))]
    assert len(printed) == 6
    assert set(printed) <= stated


def test_order_of_sentences_matters_where_one_begins_with_x() -> None:
    """Stated in the card. The X of a later sentence begins no chunk: it takes the begin of the chunk before it."""
    predictions, references = [["NOUN", "VERB"], ["X", "VERB"]], [["NOUN", "NOUN"], ["X", "VERB"]]
    reverse = predictions[::-1], references[::-1]
    assert xtreme_f1(predictions, references) == seqeval_f1(predictions, references) == pytest.approx(2 / 7)
    assert xtreme_f1(*reverse) == seqeval_f1(*reverse) == pytest.approx(4 / 7)


def test_no_chunk_on_either_side_is_zero_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, core.__name__):
        assert xtreme_f1([["O", "O"]], [["O", "O"]]) == 0.0
        assert xtreme_f1([["O", "O"]], [["O", "B-PER"]]) == 0.0
    assert [record.getMessage()[:40] for record in caplog.records] == ["neither predictions nor references hold "]


# --- strict spans ---


@given(pair=sentence_pairs(NER))
def test_strict_f1_is_seqeval_s_strict_mode(pair: tuple[Sentences, Sentences]) -> None:
    micro, per_type = strict_span_f1(*pair)
    assert micro == seqeval_f1(*pair, mode="strict", scheme=IOB2, average="micro")
    for kind, f1 in per_type.items():
        only = tuple([[tag if tag[2:] == kind else "O" for tag in sentence] for sentence in side] for side in pair)
        assert f1 == seqeval_f1(*only, mode="strict", scheme=IOB2, average="micro")
    assert set(per_type) == {tag[2:] for sentence in pair[1] for tag in sentence if tag.startswith("B-")}


def test_orphan_inside_tag_belongs_to_no_span() -> None:
    assert strict_span_f1(split("B-PER O O"), split("B-PER I-LOC O")) == (1.0, {"PER": 1.0})
    assert strict_span_f1(split("I-PER I-PER O B-LOC"), split("B-PER I-PER O B-LOC"))[0] == pytest.approx(2 / 3)


def test_spans_end_with_the_sentence() -> None:
    """Else an I- at the start of a sentence would continue the last span of the one before."""
    assert strict_span_f1([["B-PER"], ["O"]], [["B-PER"], ["I-PER"]]) == (1.0, {"PER": 1.0})


@pytest.mark.parametrize("tag", ["NOUN", "B", "I-", "E-PER", "b-PER"])
def test_strict_f1_refuses_other_tags(tag: str) -> None:
    with pytest.raises(ValueError, match=f"tag '{tag}' is not IOB2: expected 'O', 'B-TYPE' or 'I-TYPE'; use xtreme_f1"):
        strict_span_f1([["O", tag]], [["O", "O"]])


# --- tokens ---


@given(pair=sentence_pairs(UPOS[:5]))
def test_token_scores_equal_counting_by_hand(pair: tuple[Sentences, Sentences]) -> None:
    predicted, gold = ([tag for sentence in side for tag in sentence] for side in pair)
    couples = list(zip(gold, predicted, strict=True))
    tags, matrix = confusion(*pair)
    assert tags == sorted({*predicted, *gold})
    assert matrix.tolist() == [[couples.count((row, column)) for column in tags] for row in tags]
    assert accuracy(*pair) == sum(left == right for left, right in couples) / len(couples)
    expected = {
        tag: 2 * couples.count((tag, tag)) / (gold.count(tag) + predicted.count(tag)) for tag in sorted({*gold})
    }
    assert per_tag_f1(*pair) == pytest.approx(expected)
    assert list(per_tag_f1(*pair)) == list(expected)
    assert macro_f1(*pair) == pytest.approx(sum(expected.values()) / len(expected))


# --- all at once ---


@pytest.mark.parametrize("tags", [UPOS, NER], ids=["upos", "ner"])
@given(data=st.data())
def test_all_scores_agree_with_their_functions_and_are_plain(tags: list[str], data: st.DataObject) -> None:
    pair = data.draw(sentence_pairs(tags))
    scores = tagging_scores(*pair)
    assert json.loads(json.dumps(scores)) == scores, "a result file is JSON"
    labels, matrix = confusion(*pair)
    assert scores["confusion"] == {"labels": labels, "matrix": matrix.tolist()}
    for function in (xtreme_f1, accuracy, macro_f1, per_tag_f1):
        assert scores[function.__name__] == function(*pair)
    if tags is NER:
        assert (scores["strict_f1"], scores["strict_f1_per_type"]) == strict_span_f1(*pair)
    else:
        assert set(scores) == {"xtreme_f1", "accuracy", "macro_f1", "per_tag_f1", "confusion"}


@given(pair=sentence_pairs(NER))
def test_gold_tags_score_one_and_tuples_score_as_lists(pair: tuple[Sentences, Sentences]) -> None:
    scores = tagging_scores(pair[1], pair[1])
    assert scores["accuracy"] == scores["macro_f1"] == 1.0
    assert scores["strict_f1"] == float("B" in {tag[0] for sentence in pair[1] for tag in sentence})
    assert tagging_scores(*(tuple(map(tuple, side)) for side in pair)) == tagging_scores(*pair)


@pytest.mark.parametrize(
    "function", [tagging_scores, xtreme_f1, strict_span_f1, accuracy, macro_f1, per_tag_f1, confusion]
)
@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([["O"]], [["O"], ["O"]], "predictions hold 1 sentences, references 2"),
        ([["O"], ["O"]], [["O"], ["O", "O", "O"]], "sentence 1: 1 predicted tags, 3 reference tags"),
        ([], [], "no sentence to score"),
        ([[], []], [[], []], "no token to score"),
        (["O"], [["O"]], "sentence 0 is a string; expected a list of tags"),
        ([["O"], ["O"]], [["O"], "O"], "sentence 1 is a string; expected a list of tags"),
        ([["O", ""]], [["O", "O"]], "found the tag ''"),
        ([["O", 3]], [["O", "O"]], "found the tag 3; expected tags that are strings"),
    ],
)
def test_wrong_input_is_named(function: Any, predictions: Any, references: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(predictions, references)


def test_examples_of_the_core_run() -> None:
    results = doctest.testmod(core)
    assert results.attempted >= 9
    assert results.failed == 0


# --- evaluate ---

# evaluate imports the pipelines of transformers where it can: seconds that nothing here needs.
LOAD = """
import doctest, json, sys
sys.modules["transformers"] = None
import evaluate
del sys.modules["transformers"]
metric = evaluate.load(sys.argv[1])
predictions, references = [["B-PER", "O"], ["B-LOC"]], [["B-PER", "I-PER"], ["B-LOC"]]
print(json.dumps(metric.compute(predictions=predictions, references=references)))
try:
    metric.compute(predictions=[["O"], ["O"]], references=[["O"], ["O", "O"]])
except ValueError as error:
    print(error)
"""
EXAMPLES = """
examples = [doctest.testmod(sys.modules[type(metric).__module__]), doctest.testfile(sys.argv[2], module_relative=False)]
print([result.failed for result in examples], min(result.attempted for result in examples) >= 4)
"""
PAGE = """
from unittest import mock
sys.modules["gradio"] = mock.MagicMock(Error=type("Error", (Exception,), {}))
sys.path.insert(0, sys.argv[2])
import app
print(app.score("NOUN X\\n\\nVERB ", "NOUN X\\nVERB")["accuracy"], app.gr.Markdown.call_args.args[0].strip()[:13])
try:
    app.score("NOUN", "NOUN NOUN")
except app.gr.Error as error:
    print(error)
"""


def run(code: str, folder: Path, home: Path, *arguments: object) -> list[str]:
    """Lines that a fresh process prints, without a cache of modules and without the network."""
    env = os.environ | {"HF_HOME": str(home), "HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_evaluate_loads_it_from_the_checkout_and_its_examples_run(tmp_path: Path) -> None:
    scores, error, examples = run(LOAD + EXAMPLES, ROOT, tmp_path, "evaluate_metrics/tagging_f1", CARD)
    assert json.loads(scores) == tagging_scores([["B-PER", "O"], ["B-LOC"]], [["B-PER", "I-PER"], ["B-LOC"]])
    assert error == "sentence 1: 1 predicted tags, 2 reference tags; expected as many"
    assert examples == "[0, 0] True"


def test_evaluate_loads_it_from_anywhere_and_the_page_scores(tmp_path: Path) -> None:
    """The folder must stand alone: on the Hub it has neither its room nor the program around it."""
    folder = tmp_path / "space" / "tagging_f1"
    folder.mkdir(parents=True)
    for file in CARD.parent.glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    scores, _, page, error = run(LOAD + PAGE, tmp_path, tmp_path / "home", folder, folder)
    assert json.loads(scores)["strict_f1"] == 0.5
    assert page == "1.0 # Metric card"
    assert error == "sentence 0: 1 predicted tags, 2 reference tags; expected as many"


def test_core_needs_neither_evaluate_nor_seqeval(tmp_path: Path) -> None:
    code = (
        "import sys, evaluate_metrics.tagging_f1.tagging_scores as core; print(*core.tagging_scores([['O']], [['O']]))"
    )
    names = "{'evaluate', 'datasets', 'seqeval', 'sklearn', 'torch'}"
    assert run(f"{code}\nprint({names} & set(sys.modules))", ROOT, tmp_path)[-1] == "set()"


def test_card_prints_the_paper_s_values(shared: Path) -> None:
    tables = json.loads((shared / "fixtures" / "paper_tables" / "phonexl.json").read_text(encoding="utf-8"))
    row = next(row for row in tables["rows"] if row["split"] == "test" and row["printed"] == "mBERT")
    card = CARD.read_text(encoding="utf-8")
    for task, cells in (("NER (PAN-X)", row["mean"][:4]), ("POS (UDPOS)", row["mean"][4:])):
        assert f"| {task} | {' | '.join(f'{cell:.2f}' for cell in cells)} |" in card
