"""Makes `modeling_phonexl/transcription_ja_readings.py`: which kana a kanji may have as its part of a word.

Learns from running text that Sudachi reads; holds no reading itself and is not needed to transcribe.

    python -m dataset_scripts.make_ja_readings TEXT [TEXT ...] --out modeling_phonexl/transcription_ja_readings.py
"""

import argparse
import gzip
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from modeling_phonexl.transcription import import_tool, script
from modeling_phonexl.transcription_ja_share import border_cost, expand_repeats, own_kana
from modeling_phonexl.transcription_ja_table import JUKUJIKUN

ROUNDS = 6
LONGEST = 5  # kana of one kanji: 承る ウケタマワ|ル, 志 ココロザシ
LEAST_COUNT = 0.5  # expected occurrences below which a part is an accident of the alignment
HEADER = '''"""What each kanji may sound like inside a word: a kanji and its parts of readings, the most frequent first.

Written by `dataset_scripts/make_ja_readings.py` from Sudachi's readings of {lines} lines of text; do not edit.
"""

READINGS = """
{rows}
"""
'''

Pair = tuple[str, str]
Weights = Mapping[str, Mapping[str, float]]


def read_lines(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of plain or gzipped text; of a `.tsv` file the tokens of each sentence, joined."""
    for path in paths:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8")
        if ".tsv" not in path.suffixes:
            yield from text.split("\n")
            continue
        for sentence in text.split("\n\n"):
            tokens = [line.split("\t")[0] for line in sentence.split("\n")]
            yield "".join(token for token in tokens if token != "#")


def count_pairs(lines: Iterable[str]) -> Counter[Pair]:
    """Count (surface, reading) of the dictionary words with a kanji, jukujikun left out.

    Raises:
        MissingToolError: If Sudachi is not installed.
    """
    sudachi = cast(Any, import_tool("sudachipy", "sudachipy", "making the table of Japanese readings"))
    tokenizer = sudachi.Dictionary(dict="core").tokenizer()
    pairs: Counter[Pair] = Counter()
    for line in lines:
        for word in tokenizer.tokenize(line[:5000], sudachi.SplitMode.A):
            known = not word.is_oov() and word.part_of_speech()[0] != "補助記号"
            pairs[word.surface(), word.reading_form()] += known
    return Counter({pair: count for pair, count in pairs.items() if count and is_learnable(*pair)})


def is_learnable(surface: str, reading: str) -> bool:
    """Whether the word is made of kanji and kana only, with a kanji, and is not read as a whole."""
    scripts = {script(char) for char in surface}
    plain = "han" in scripts and scripts <= {"han", "kana"} and all(script(char) == "kana" for char in reading)
    return plain and (surface, reading) not in JUKUJIKUN


def splits(surface: str, reading: str, weights: Weights | None) -> Iterator[tuple[float, list[Pair]]]:
    """Yield every way to give each character its part of the reading, with its weight."""
    if not surface:
        if not reading:
            yield 1.0, []
        return
    char, rest = surface[0], surface[1:]
    fixed = own_kana(char)
    for size in range(1, min(LONGEST, len(reading) - len(rest)) + 1):
        part, left = reading[:size], reading[size:]
        if fixed and part not in fixed:
            continue
        border = 0.0 if own_kana(rest[:1]) else border_cost(part, left)
        prior = math.exp(-border - (0.0 if fixed else 1.2 * abs(size - 1.8)))
        weight = prior if weights is None or fixed else prior * weights.get(char, {}).get(part, 0.0)
        for more, parts in splits(rest, left, weights) if weight else ():
            yield weight * more, [(char, part), *parts]


def learn(pairs: Mapping[Pair, int]) -> dict[str, dict[str, float]]:
    """Estimate by EM how often each kanji has each part: kanji -> part -> expected count.

    Source: EM over all splits of a word, as for alignments in translation; the prior favours parts of about two kana.
    """
    weights: dict[str, dict[str, float]] | None = None
    counts: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        counts = {}
        for (surface, reading), times in pairs.items():
            ways = list(splits(expand_repeats(surface), reading, weights))
            total = sum(weight for weight, _ in ways)
            for weight, parts in ways:
                for char, part in parts:
                    if not own_kana(char):
                        row = counts.setdefault(char, {})
                        # the square root keeps frequent words from drowning the other readings of their kanji
                        row[part] = row.get(part, 0.0) + math.sqrt(times) * weight / total
        weights = {char: {part: n / sum(row.values()) for part, n in row.items()} for char, row in counts.items()}
    return counts


def render(counts: Mapping[str, Mapping[str, float]], lines: int) -> str:
    """Write the module of literals: kanji in code-point order, parts by falling count."""
    items = []
    for char in sorted(counts):
        kept = sorted((-n, part) for part, n in counts[char].items() if n >= LEAST_COUNT)
        if kept:
            items.append(char + ",".join(part for _, part in kept))
    return HEADER.format(lines=lines, rows=fill(items))


def fill(items: Iterable[str], width: int = 120) -> str:
    """Wrap items into rows of at most `width` columns, kanji and kana two columns wide."""
    rows, used = [""], 0
    for item in items:
        columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in item)
        if used + columns > width:
            rows.append("")
            used = 0
        rows[-1] += (" " if rows[-1] else "") + item
        used += columns + 1
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> None:
    """Read the texts, learn, write the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("text", nargs="+", type=Path, help="plain text or token TAB tag files, also .gz")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args(arguments)
    lines = [line for line in read_lines(options.text) if line]
    options.out.write_text(render(learn(count_pairs(lines)), len(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
