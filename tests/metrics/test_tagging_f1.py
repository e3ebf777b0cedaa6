"""Scores of taggers, against seqeval 1.2.2, against counting by hand, and their bootstrap against scoring anew."""

import doctest
import json
import logging
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from evaluate_metrics.tagging_f1 import tagging_scores as core
from evaluate_metrics.tagging_f1.bootstrap import bootstrap_intervals, paired_bootstrap, sentence_counts
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


def strict_f1(predictions: Sentences, references: Sentences) -> float:
    return strict_span_f1(predictions, references)[0]


# --- xtreme_f1 ---


@pytest.mark.medium
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


# --- bootstrap ---


def random_pair(
    generator: random.Random, tags: list[str], count: int, share: float = 0.3
) -> tuple[Sentences, Sentences]:
    references = [generator.choices(tags, k=generator.randint(1, 9)) for _ in range(count)]
    predictions = [
        [generator.choice(tags) if generator.random() < share else tag for tag in sentence] for sentence in references
    ]
    return predictions, references


@pytest.mark.medium
@pytest.mark.parametrize("tags", [UPOS, NER, ODD], ids=["upos", "ner", "odd"])
@given(data=st.data())
def test_counts_of_the_sentences_add_up_to_the_scores(tags: list[str], data: st.DataObject) -> None:
    """Also where the chunks of a sentence hang on the one before, as those of one that begins with X do."""
    pair = data.draw(sentence_pairs(tags))
    counts = sentence_counts(*pair)
    scores = tagging_scores(*pair)
    assert ("strict_f1" in counts) == ("strict_f1" in scores)
    for name, table in counts.items():
        correct, predicted, gold = table.sum(axis=0).tolist()
        assert table.shape == (sum(map(bool, pair[1])), 3)
        assert (table[:, 0] <= table[:, 1:].min(axis=1)).all()
        assert scores[name] == pytest.approx(2 * correct / max(predicted + gold, 1))


def test_counts_are_those_of_each_sentence_alone() -> None:
    predictions, references = random_pair(random.Random(3), NER, 40)
    counts = sentence_counts(predictions, references)
    for place in range(40):
        alone = sentence_counts(predictions[place : place + 1], references[place : place + 1])
        for name in ("xtreme_f1", "accuracy", "strict_f1"):
            assert counts[name][place].tolist() == alone[name][0].tolist()


def test_sentence_that_begins_with_x_keeps_the_counts_of_its_place() -> None:
    """Alone it has one chunk more that is correct; the corpus score counts what it has behind the other sentence."""
    predictions, references = [["NOUN", "VERB"], ["X", "VERB"]], [["NOUN", "NOUN"], ["X", "VERB"]]
    assert sentence_counts(predictions, references)["xtreme_f1"].tolist() == [[0, 2, 1], [1, 2, 2]]
    assert sentence_counts(predictions[1:], references[1:])["xtreme_f1"].tolist() == [[2, 2, 2]]


def test_intervals_equal_scoring_each_resample_anew() -> None:
    predictions, references = random_pair(random.Random(4), NER, 30)
    scores = tagging_scores(predictions, references, confidence=0.8, num_resamples=200, seed=5)
    generator = np.random.default_rng(5)
    drawn = []
    for _ in range(200):
        places = generator.integers(30, size=30)
        drawn.append(tagging_scores([predictions[place] for place in places], [references[place] for place in places]))
    for name in ("xtreme_f1", "accuracy", "strict_f1"):
        expected = np.quantile([float(found[name]) for found in drawn], [0.1, 0.9]).tolist()  # type: ignore[arg-type]
        assert scores[f"{name}_interval"] == pytest.approx(expected)


def test_intervals_are_off_unless_asked_for_and_change_no_score() -> None:
    pair = random_pair(random.Random(5), UPOS, 20)
    plain, asked = tagging_scores(*pair), tagging_scores(*pair, confidence=0.9)
    assert {key: asked[key] for key in plain} == plain
    assert set(asked) - set(plain) == {"xtreme_f1_interval", "accuracy_interval"}
    assert json.loads(json.dumps(asked)) == asked
    assert tagging_scores(*pair, confidence=0.9) == asked
    assert tagging_scores(*pair, confidence=0.9, seed=1) != asked


def test_interval_holds_the_true_accuracy_as_often_as_it_says() -> None:
    """Errors come in sentences: a right share of 0.9 or 0.5 per sentence, 0.7 in all."""
    generator = np.random.default_rng(6)
    held = 0
    for _ in range(200):
        right = generator.random((60, 8)) < generator.choice([0.9, 0.5], size=(60, 1))
        predictions = [["NOUN" if token else "VERB" for token in sentence] for sentence in right]
        low, high = bootstrap_intervals(predictions, [["NOUN"] * 8] * 60, num_resamples=300)["accuracy"]
        held += low <= 0.7 <= high
    assert 0.89 <= held / 200 <= 0.99


def test_empty_sentences_do_not_widen_the_intervals() -> None:
    predictions, references = random_pair(random.Random(7), UPOS, 30)
    empty: Sentences = [[] for _ in range(300)]
    expected = bootstrap_intervals(predictions, references)
    assert bootstrap_intervals(predictions + empty, references + empty) == expected


def test_paired_bootstrap_equals_scoring_both_systems_anew() -> None:
    generator = random.Random(8)
    predictions, references = random_pair(generator, NER, 30)
    other = [[generator.choice(NER) if generator.random() < 0.4 else tag for tag in tags] for tags in references]
    found: Any = paired_bootstrap(predictions, other, references, num_resamples=200, seed=5)
    draws = np.random.default_rng(5)
    for name, function in (("xtreme_f1", xtreme_f1), ("accuracy", accuracy), ("strict_f1", strict_f1)):
        assert found[name]["score"] == pytest.approx(function(predictions, references))
        assert found[name]["other_score"] == pytest.approx(function(other, references))
        assert found[name]["difference"] == pytest.approx(found[name]["score"] - found[name]["other_score"])
    differences = []
    for _ in range(200):
        places = draws.integers(30, size=30)
        ours, theirs, gold = ([side[place] for place in places] for side in (predictions, other, references))
        differences.append(strict_f1(ours, gold) - strict_f1(theirs, gold))
    assert found["strict_f1"]["interval"] == pytest.approx(np.quantile(differences, [0.025, 0.975]).tolist())
    fewer = min(sum(value <= 1e-12 for value in differences), sum(value >= -1e-12 for value in differences))
    assert found["strict_f1"]["p_value"] == pytest.approx(min(1.0, 2 * (fewer + 1) / 201))
    assert json.loads(json.dumps(found)) == found


def test_pairing_finds_a_small_difference_that_the_intervals_alone_do_not() -> None:
    """Both systems err in the same hard sentences; one errs once more in every fifth."""
    generator = np.random.default_rng(9)
    hard = generator.random(200) < 0.5
    references = [["NOUN", "VERB", "ADJ", "DET", "NUM"]] * 200
    other = [["NOUN", "ADV", "ADV", "ADV", "ADV"] if difficult else list(references[0]) for difficult in hard]
    worse = [["PRON", *sentence[1:]] if place % 5 == 0 else sentence for place, sentence in enumerate(other)]
    found: Any = paired_bootstrap(worse, other, references)["accuracy"]
    assert found["difference"] == pytest.approx(-0.04)
    assert found["interval"][1] < 0
    assert found["p_value"] == pytest.approx(2 / 1001)
    low, high = bootstrap_intervals(worse, references)["accuracy"]
    assert low < accuracy(other, references) < high


def test_a_system_does_not_differ_from_itself() -> None:
    pair = random_pair(random.Random(10), UPOS, 10)
    for found in paired_bootstrap(pair[0], pair[0], pair[1]).values():
        assert (found["difference"], found["interval"], found["p_value"]) == (0.0, [0.0, 0.0], 1.0)


def test_order_of_the_systems_only_turns_the_sign() -> None:
    generator = random.Random(11)
    first, references = random_pair(generator, UPOS, 25)
    second = [[generator.choice(UPOS) if generator.random() < 0.4 else tag for tag in tags] for tags in references]
    one: Any = paired_bootstrap(first, second, references)["xtreme_f1"]
    two: Any = paired_bootstrap(second, first, references)["xtreme_f1"]
    assert two["difference"] == -one["difference"]
    assert two["interval"] == pytest.approx([-end for end in reversed(one["interval"])])
    assert two["p_value"] == one["p_value"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 95}, "confidence is 95; expected a share between 0 and 1"),
        ({"num_resamples": 0}, "num_resamples is 0; expected 1 or more"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    pair = random_pair(random.Random(12), UPOS, 5)
    with pytest.raises(ValueError, match=message):
        bootstrap_intervals(*pair, **options)
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(pair[0], *pair, **options)
    with pytest.raises(ValueError, match=message):
        tagging_scores(*pair, **({"confidence": 0.9} | options))


def test_one_sentence_has_no_interval() -> None:
    with pytest.raises(ValueError, match="an interval over sentences needs two that hold tokens; found 1"):
        tagging_scores([["NOUN"], []], [["NOUN"], []], confidence=0.95)


def test_other_system_with_other_sentences_is_refused() -> None:
    with pytest.raises(ValueError, match="sentence 1: 2 predicted tags, 1 reference tags"):
        paired_bootstrap([["O"], ["O"]], [["O"], ["O", "O"]], [["O"], ["O"]])


# --- the card ---


def test_card_prints_the_paper_s_values(shared: Path) -> None:
    tables = json.loads((shared / "fixtures" / "paper_tables" / "phonexl.json").read_text(encoding="utf-8"))
    row = next(row for row in tables["rows"] if row["split"] == "test" and row["printed"] == "mBERT")
    card = CARD.read_text(encoding="utf-8")
    for task, cells in (("NER (PAN-X)", row["mean"][:4]), ("POS (UDPOS)", row["mean"][4:])):
        assert f"| {task} | {' | '.join(f'{cell:.2f}' for cell in cells)} |" in card
