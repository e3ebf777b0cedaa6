"""Scores and floors: those of the metric, and those that the data are known to have."""

from collections import Counter

import pytest

from dataset_scripts.readers import read_tsv
from dataset_scripts.schema import Sentence
from evaluate_metrics.tagging_f1.tagging_scores import strict_span_f1, xtreme_f1
from phonexl.gap.floor_table import floor_table
from phonexl.gap.floors import UnigramTagger
from phonexl.gap.task_scores import dev_scores, floor_scores, most_frequent_label, score_task
from phonexl.gap.tasks import TASKS, Pair

# Accuracy and share of unknown words of the data set's description; it breaks ties between tags otherwise.
KNOWN = {
    "eng": (81.5, 14.6), "fra": (91.3, 8.5), "rus": (81.7, 24.4), "ita": (83.0, 19.0), "hun": (77.2, 36.0),
    "ukr": (78.1, 33.3), "kor": (63.1, 52.8), "tur": (83.2, 25.0), "fin": (82.0, 30.7), "hin": (86.9, 11.7),
}  # fmt: skip


def sentence(text: str, tags: str) -> Sentence:
    return Sentence("1", "eng", tuple(text.split()), tuple(tags.split()))


def pair(label: str) -> Pair:
    return Pair("1", "eng", ("a",), ("b",), label)


@pytest.mark.medium
@pytest.mark.parametrize("language", KNOWN)
def test_the_floor_of_the_real_treebanks_is_the_known_one(shared, language):
    folder = shared / "data" / "udpos10"
    train, test = (
        list(read_tsv(folder / f"{split}-{language}.tsv.gz", "udpos", language)) for split in ("train", "test")
    )
    floor = floor_scores(TASKS["pos"], train, test)
    accuracy, unknown = KNOWN[language]
    assert 100 * floor["accuracy"] == pytest.approx(accuracy, abs=0.06)
    assert 100 * floor["oov_rate"] == pytest.approx(unknown, abs=0.06)


def test_the_floor_knows_words_whatever_their_case_and_nothing_else():
    train = [sentence("The cat saw the Cat", "DET NOUN VERB DET PROPN"), sentence("CAT runs", "NOUN VERB")]
    tagger = UnigramTagger.learn(train)
    assert tagger.tag(sentence("the CAT mewed", "X X X")) == ["DET", "NOUN", "DET"]
    tagged = [tag for row in train for tag in row.tags]
    assert tagger.most_frequent == Counter(tagged).most_common(1)[0][0] == most_frequent_label(train)
    assert tagger.unknown_share([sentence("the CAT mewed", "X X X")]) == pytest.approx(1 / 3)


def test_floors_are_those_of_the_metric():
    train = [sentence("Ann saw Ann Lee", "B-PER O B-PER I-PER")]
    test = [sentence("Lee saw Bo", "B-PER O O")]
    floor = floor_scores(TASKS["ner"], train, test)
    predicted, gold = [["I-PER", "O", "B-PER"]], [["B-PER", "O", "O"]]
    assert floor["strict_f1"] == strict_span_f1(predicted, gold)[0] == 0
    assert floor["xtreme_f1"] == xtreme_f1(predicted, gold) > 0
    assert floor["accuracy"] == pytest.approx(1 / 3)
    scored = score_task(TASKS["ner"], predicted, test)
    assert scored["strict_f1"] == 0
    assert dev_scores(TASKS["ner"], predicted, test).items() <= scored.items()


def test_pairs_are_scored_by_accuracy_and_a_collapsed_classifier_is_seen():
    test = [pair(label) for label in ("entailment", "neutral", "contradiction") for _ in range(2)]
    scores = score_task(TASKS["xnli"], [["neutral"]] * 6, test)
    assert scores["accuracy"] == scores["majority"] == pytest.approx(1 / 3)
    assert scores["answers"] == {"entailment": 0.0, "neutral": 1.0, "contradiction": 0.0}
    assert scores["per_tag_f1"]["neutral"] == pytest.approx(0.5)
    assert floor_scores(TASKS["xnli"], [pair("neutral")], test) == {"accuracy": pytest.approx(1 / 3)}
    assert dev_scores(TASKS["xnli"], [["neutral"]] * 6, test) == {"accuracy": pytest.approx(1 / 3)}


def test_a_score_that_is_not_above_its_floor_is_named(make_run):
    runs = [make_run("pos-kor-tiny", seed, {"kor": score}) for seed, score in ((1, 0.6), (2, 0.8))]
    for run in runs:
        run.scores["kor"]["test"]["floor"] = {"accuracy": 0.6}
    other = make_run("pos-eng-tiny", 1, {"eng": 0.9})
    other.scores["eng"]["test"]["floor"] = {"accuracy": 0.8}
    table = floor_table([*runs, other, make_run("udpos-zh-vi", 1, {"zh": 0.9})])
    assert table.rows == [
        ["pos-kor-tiny", "kor", "2", "accuracy", "70.00 ± 14.14", "60.00", "1 of 2 not above"],
        ["pos-eng-tiny", "eng", "1", "accuracy", "90.00", "80.00", "above"],
    ]
    assert floor_table(runs, "validation").rows == []
