"""Evaluation text is found in training text, whatever its case and punctuation; common phrases are not taken for it."""

import gzip
from pathlib import Path

import pytest

from phonexl.pretraining.contamination import DENSE_RUN_LENGTH, RUN_LENGTH, EvaluationText

SENTENCE = "On Monday, scientists announced the invention of a new diagnostic tool that can sort cells by type."


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (SENTENCE, "identical"),
        (SENTENCE.upper().replace(",", " - ").removesuffix("."), "identical"),
        (f"He wrote: “{SENTENCE}” And so on.", "overlap"),
        (SENTENCE[20:90], "overlap"),
        (SENTENCE[:50], None),  # 41 letters
        ("On Monday, scientists announced something else that can sort cells by type.", None),
        ("", None),
    ],
)
def test_a_sentence_is_found_whole_or_in_a_long_piece(text: str, finding: str | None) -> None:
    assert EvaluationText([SENTENCE], "eng").find(text) == finding


@pytest.mark.parametrize(("language", "length"), [("eng", RUN_LENGTH), ("kor", DENSE_RUN_LENGTH)])
def test_a_run_is_found_from_its_length_on(language: str, length: int) -> None:
    letters = "".join(chr(ord("a") + i % 26) + chr(ord("a") + i // 26) for i in range(60))
    known = EvaluationText([letters], language)
    assert known.find("1" + letters[7 : 7 + length]) == "overlap"
    assert known.find("1" + letters[7 : 6 + length] + "2") is None


def test_a_sentence_shorter_than_a_run_is_found_inside_another() -> None:
    known = EvaluationText(["Wait and see!"], "eng")
    assert known.find("We should wait, and see what comes.") == "overlap"
    assert known.find("We should wait and then see.") is None


def test_marks_of_vowels_count_as_letters() -> None:
    """Without them कि, की and का would be one word, and much of Hindi would look alike."""
    assert EvaluationText(["कि"], "hin").find("की") is None


def test_sentences_without_a_letter_find_nothing() -> None:
    assert EvaluationText(["...", ""], "eng").find("!") is None


def test_the_shared_raw_text_is_free_of_flores(shared: Path) -> None:
    """And a planted sentence of each language is found in it, so that the check is known to look."""
    for language in ("kor", "swa", "urd"):
        with gzip.open(shared / f"data/flores/devtest.{language}.txt.gz", "rt", encoding="utf-8") as file:
            sentences = file.read().splitlines()
        with gzip.open(shared / f"data/raw/{language}.txt.gz", "rt", encoding="utf-8") as file:
            lines = file.read().split("\n")[:2000]
        known = EvaluationText(sentences, language)
        assert [line for line in lines if known.find(line)] == []
        assert known.find(f"{lines[0]} {sentences[500]}") == "overlap"
        assert known.find(sentences[500]) == "identical"
