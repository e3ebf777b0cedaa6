"""Invented task data: a word's tag is that of its first letter, a pair's label is what the hypothesis says."""

import random
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ANSWERS = {"entailment": "yes", "neutral": "maybe", "contradiction": "no"}


def tag_of(word: str, task: str) -> str:
    early = word[0] < "n"
    return {"pos": ("VERB", "NOUN"), "ner": ("B-PER", "O")}[task][0 if early else 1]


def make_words(draw: random.Random, count: int) -> list[str]:
    return ["".join(draw.choices(LETTERS, k=draw.randint(2, 5))) for _ in range(count)]


def write_tagged(folder: Path, language: str, task: str = "pos", sizes: tuple[int, int, int] = (60, 20, 20)) -> None:
    """Token files of the three splits; hardly a word of one is in another."""
    for split, size in zip(("train", "dev", "test"), sizes, strict=True):
        draw = random.Random(f"{language} {split}")
        sentences = [make_words(draw, draw.randint(1, 7)) for _ in range(size)]
        blocks = ("".join(f"{word}\t{tag_of(word, task)}\n" for word in words) for words in sentences)
        (folder / f"{split}-{language}.tsv").write_text("\n".join(blocks), encoding="utf-8")


def write_pairs(folder: Path, language: str, sizes: tuple[int, int] = (30, 6)) -> None:
    """Files of test and dev of as many premises, each with three hypotheses in any order."""
    for split, size in zip(("test", "dev"), sizes, strict=True):
        draw = random.Random(f"{language} {split}")
        lines = ["premise\thypothesis\tlabel\tgenre"]
        for _ in range(size):
            premise = " ".join(make_words(draw, 4))
            for label in draw.sample(sorted(ANSWERS), 3):
                hypothesis = " ".join([ANSWERS[label]] * draw.randint(3, 5))
                lines.append(f"{premise}\t{hypothesis}\t{label}\tletters")
        (folder / f"{split}-{language}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
