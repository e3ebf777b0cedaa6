"""Measures the dictionary of borrowed words: chance, precision and recall on MUSE, the samples, coverage.

Needs the real data beside the checkout and the package `wordfreq`; nothing of MUSE goes into the dictionary.
"""

import argparse
import json
import re
import shlex
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sino_xenic import measure_coverage, measure_sample_dictionary, measure_samples, share

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.loanwords import Laws, SoundLexicon, Sounds, align, in_context, match_words
from dataset_scripts.make_loanwords import (
    FOLDER,
    NUM_LEARNING,
    Row,
    collect_words,
    learn_from,
    listed_frequencies,
    pair_rows,
    read_sounds,
)
from dataset_scripts.make_sino_xenic import FOLDER as SINO_XENIC
from dataset_scripts.readers import read_lines, read_tsv
from phonexl.results import describe_versions

SCORE_BINS = (0.7, 0.8, 0.9, 0.95, 0.98, 1.01)
CHANCE_SCORES = (0.3, 0.5, 0.7, 0.9, 0.98)
ALIKE = 8.0  # logarithm of the ratio from which two words of MUSE sound alike
_VOWELS = "aeiouɯ"


def read_scores() -> list[Row]:
    """The shipped pairs with their scores."""
    lines = (line.split("\t") for _, line in read_lines(FOLDER / "scores" / "ja-ko.tsv.gz"))
    return [(source, target, float(score)) for source, target, score in lines]


def is_held_out(word: str) -> bool:
    """Whether a word of MUSE belongs to the half that nobody looked at while the method was made."""
    return zlib.crc32(word.encode()) % 2 == 1


def measure_muse(rows: Sequence[Row], muse: BilingualDictionary) -> dict[str, Any]:
    """Share of pairs whose source MUSE has with our target among its targets, by score and by half."""
    found: dict[str, Any] = {}
    for name, wanted in (("held_out", True), ("seen", False)):
        judged = [(score, t in muse.targets(s)) for s, t, score in rows if s in muse and is_held_out(s) == wanted]
        bins = {}
        for low, high in zip(SCORE_BINS, SCORE_BINS[1:], strict=False):
            hits = [hit for score, hit in judged if low <= score < high]
            bins[f"{low}-{min(high, 1)}"] = {"pairs": len(hits), "precision": share(hits)}
        found[name] = {"judged": len(judged), "precision": share(hit for _, hit in judged), "by_score": bins}
    return found


def measure_recall(
    dictionary: BilingualDictionary,
    muse: BilingualDictionary,
    words: Mapping[str, Mapping[str, float]],
    readings: Mapping[str, Mapping[str, Sounds]],
    laws: Laws,
) -> dict[str, Any]:
    """Share of MUSE's pairs with a katakana source that are found; most of those that are missed are translations."""
    pairs = [(s, t) for s, t in muse.pairs() if re.fullmatch("[ァ-ヴー]{2,}", s)]
    listed = [(s, t) for s, t in pairs if s in words["ja"] and t in words["ko"]]
    alike = [(s, t) for s, t in listed if align(laws, readings["ja"][s], readings["ko"][t])[0] >= ALIKE]
    missed = [f"{s} {t}" for s, t in alike if t not in dictionary.targets(s) and not is_held_out(s)]
    return {
        "katakana_pairs": len(pairs),
        "in_word_lists": len(listed),
        "found": share(t in dictionary.targets(s) for s, t in listed),
        "sources_in_word_lists": len({s for s, _ in listed}),
        "sources_found": share(s in dictionary for s in {s for s, _ in listed}),
        "alike": len(alike),
        "alike_found": share(t in dictionary.targets(s) for s, t in alike),
        "alike_missed": missed[:: max(1, len(missed) // 40)],
    }


def turn_round(sounds: Sounds) -> Sounds:
    """A word that no language has: its moras in reversed order."""
    moras: list[list[str]] = []
    for segment in sounds:
        if moras and moras[-1][-1] not in _VOWELS and segment != "ɴ":
            moras[-1].append(segment)
        else:
            moras.append([segment])
    return tuple(segment for mora in reversed(moras) for segment in mora)


def measure_chance(
    words: Mapping[str, Mapping[str, float]], readings: Mapping[str, Mapping[str, Sounds]], laws: Laws
) -> dict[str, Any]:
    """Mutual pairs of the most frequent words, and of the same Japanese words turned round, which have no partner."""
    top = {code: dict(list(words[code].items())[: NUM_LEARNING[code]]) for code in words}
    target = SoundLexicon(top["ko"], readings["ko"])
    turned = {word: turn_round(readings["ja"][word]) for word in top["ja"]}
    turned = {word: sounds for word, sounds in turned.items() if sounds != readings["ja"][word]}
    scores = {}
    for name, sounds in (("real", readings["ja"]), ("turned", turned)):
        source = SoundLexicon({word: top["ja"][word] for word in top["ja"] if word in sounds}, sounds)
        scores[name] = [score for *_, score in pair_rows(source, target, match_words(source, target, laws))]
    return {
        f"from_{low}": {name: sum(score >= low for score in found) for name, found in scores.items()}
        for low in CHANCE_SCORES
    }


def describe_laws(laws: Laws) -> dict[str, str]:
    """The likeliest answers to some Japanese segments beside a neighbour, with the logarithm of the ratio."""
    names = (*laws.targets, "-")
    asked = {"ス": "s ɯ", "ル": "ɾ ɯ", "ト": "t o", "フ": "ɸ ɯ", "バ": "b a"}
    found = {}
    for kana, sounds in asked.items():
        for (segment, neighbour), row in zip(
            in_context(tuple(sounds.split())), laws.places(tuple(sounds.split())), strict=True
        ):
            best = (-laws.scores[row]).argsort(kind="stable")[:4]
            answers = ", ".join(f"{names[place]} {laws.scores[row, place]:.1f}" for place in best)
            found[f"{kana}: {segment} beside {neighbour}"] = answers
    return found


def measure_all_coverage(data: Path, ours: BilingualDictionary, muse: BilingualDictionary) -> dict[str, Any]:
    """Coverage of the train parts: borrowed words, Han words, both together, MUSE."""
    sino_xenic = BilingualDictionary.read(SINO_XENIC / "ja-ko.tsv.gz")
    dictionaries = {
        "loanwords": ours,
        "sino_xenic": sino_xenic,
        "both": BilingualDictionary([*ours.pairs(), *sino_xenic.pairs()]),
        "muse_pivot": muse,
    }
    found: dict[str, Any] = {}
    for task in ("udpos", "panx"):
        sentences = list(read_tsv(data / task / "train-ja.tsv.gz", task, "ja"))
        found[task] = {name: measure_coverage(each, sentences, task) for name, each in dictionaries.items()}
    return found


def read_judged() -> dict[str, list[str]]:
    """Pairs drawn at random and read by hand, by verdict."""
    found: dict[str, list[str]] = {}
    for _, line in read_lines(FOLDER / "judged.tsv"):
        source, target, verdict = line.split("\t")
        found.setdefault(verdict, []).append(f"{source} {target}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=FOLDER.parents[2] / "shared/data", help="folder with raw/ and muse/"
    )
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    rows = read_scores()
    dictionary = BilingualDictionary.read(FOLDER / "ja-ko.tsv.gz")
    folder = arguments.data / "muse"
    muse = BilingualDictionary.from_english_pivot(folder / "en-ja.txt.gz", folder / "en-ko.txt.gz").filtered("ko")
    words = collect_words(arguments.data / "raw", {code: listed_frequencies(code) for code in ("ja", "ko")})
    readings = {code: read_sounds(words[code], code) for code in words}
    laws = learn_from(words, readings)
    judged = read_judged()
    figures = {
        "command": shlex.join(["python", *(Path(a).name if "/" in a and i else a for i, a in enumerate(sys.argv))]),
        "versions": describe_versions(),
        "pairs": {
            "ja-ko": {
                "pairs": len(rows),
                "sources": len(dictionary),
                "sha256": dictionary.sha256(),
                "words": {code: len(words[code]) for code in words},
                "chance": measure_chance(words, readings, laws),
                "muse": measure_muse(rows, muse),
                "recall": measure_recall(dictionary, muse, words, readings, laws),
                "judged_by_hand": {verdict: len(found) for verdict, found in judged.items()},
                "known_wrong": judged.get("wrong", []),
                "samples": measure_samples(rows, "ja", "ko"),
                "sample_dictionary": measure_sample_dictionary(rows, "ja", "ko"),
                "coverage": measure_all_coverage(arguments.data, dictionary, muse),
                "laws": describe_laws(laws),
            }
        },
    }
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    print(text)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
