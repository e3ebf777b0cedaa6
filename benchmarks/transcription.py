"""Error rates of transcription on the pronunciation gold, for every language; with options speed and other tools.

The score of words is in `transcription_gold.py`, speed in `transcription_speed.py`, the other tools in
`transcription_peers.py`.

Languages that need a tool which is not installed are reported as such.

    python benchmarks/transcription.py --data DATA --languages zh,vi --out results/benchmarks/transcription.json
"""

import argparse
import hashlib
import importlib.metadata
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import transcription_peers as peers
import transcription_speed as speed
from measurement import report
from phoneme_error import read_gold, read_rows
from phoneme_error_cjkv import fold_ja
from transcription_gold import Score, score_words, word_file

from modeling_phonexl.transcription import (
    LANGUAGES,
    MissingToolError,
    Transcriber,
    Transcription,
    UnknownLanguageError,
    find_language,
    script,
)
from modeling_phonexl.transcription_ja_kana import sounds, spell
from phonexl.results import Table

Read = Callable[[Sequence[str]], Sequence[Transcription]]

# What reads by default; a package in parentheses is used if it is installed.
ENGINES = {
    **{"zh": "pypinyin g2pM opencc", "vi": "", "ja": "sudachipy sudachidict-core", "ko": ""},
    **{"eng": "(misaki)", "fra": "(gruut-lang-fr)", "rus": "(silero-stress)", "ita": "(gruut-lang-it)"},
    **{"hun": "epitran", "tur": "epitran", "fin": "epitran", "swa": "epitran", "ukr": "", "hin": "", "urd": ""},
}
# Errors in percent that are asked for, on these development halves; of readings in context the share that is wrong.
LIMITS = {
    **{("zh", "words"): 1.5, ("zh", "words, tones"): 2.0, ("zh", "heteronyms in context"): 3.2},
    **{("vi", "words, tones"): 0.7, ("vi", "joined words, tones"): 0.7},
    **{("ja", "kana words"): 0.4, ("ja", "kanji tokens in context"): 2.7, ("ja", "tokens in context"): 2.7},
    **{("ko", "words"): 0.9, ("eng", "words"): 10.0, ("fra", "words"): 3.0, ("rus", "words"): 3.0},
    **{("ita", "words"): 3.0, ("hun", "words"): 1.0, ("ukr", "words"): 1.0, ("tur", "words"): 2.6},
    **{("fin", "words"): 0.7, ("hin", "words"): 2.0, ("swa", "words"): 1.0, ("urd", "words"): 14.0},
}
HETERONYMS, READINGS = "pron/zh_cpp_heteronyms_dev.tsv.gz", "pron/ja_gsd_readings_dev.tsv.gz"


def measure_words(code: str, data: Path, read: Read) -> list[Score]:
    """Words alone; of zh and vi with tones too, of vi also with the spaces inside them removed."""
    gold = read_gold(data / word_file(code))
    predicted, seconds = read_words(read, {word: word for word in gold})
    measures = {"zh": ("words", "words, tones"), "vi": ("words", "words, tones"), "ja": ("kana words",)}
    found = []
    for measure in measures.get(code, ("words",)):
        score = score_words(measure, code, gold, predicted, tones=measure.endswith("tones"))
        found.append(replace(score, seconds=seconds))
    if code == "vi":
        several = {word: readings for word, readings in gold.items() if " " in word}
        joined, seconds = read_words(read, {word: word.replace(" ", "") for word in several})
        score = score_words("joined words, tones", code, several, joined, tones=True)
        found.append(replace(score, seconds=seconds))
    return found


def read_words(read: Read, written: Mapping[str, str]) -> tuple[dict[str, str], float]:
    """IPA of each word, by how it is written here, and the seconds that it took."""
    start = time.perf_counter()
    predicted = {word: read([token])[0].ipa for word, token in written.items()}
    return predicted, time.perf_counter() - start


def measure_heteronyms(path: Path, read: Read) -> Score:
    """Characters with several readings, in sentences: pinyin with its tone, which has one notation.

    Args:
        path: Gold: sentence, place of the character, character, pinyin with a tone digit.
        read: Gets the sentence character by character.
    """
    rows = read_rows(path)[1:]
    start = time.perf_counter()
    found = [read([*sentence])[int(place)].romanized for sentence, place, *_ in rows]
    seconds = time.perf_counter() - start
    wrong = sum(peers.number_tone(pinyin) != row[3] for pinyin, row in zip(found, rows, strict=True))
    rate = 100 * wrong / len(rows)
    return Score("heteronyms in context", len(rows), rate, rate, rate, seconds)


def measure_readings(path: Path, read: Read) -> list[Score]:
    """Tokens of Japanese sentences against the readings of the treebank; ei and ou count as long vowels on both sides.

    Args:
        path: Gold: sentence, index, token, reading in katakana ("_": none), and more.
        read: Gets the tokens of a sentence.
    """
    rows = read_rows(path)[1:]
    start = time.perf_counter()
    pairs: list[tuple[list[str], str]] = []
    for _, sentence in itertools.groupby(rows, key=lambda row: row[0]):
        cells = list(sentence)
        found = read([row[2] for row in cells])
        pairs += [(row, word.ipa) for row, word in zip(cells, found, strict=True) if row[3] != "_"]
    seconds = time.perf_counter() - start
    scores = []
    for measure, needs_kanji in (("kanji tokens in context", True), ("tokens in context", False)):
        chosen = [(spoken(row[3]), ipa) for row, ipa in pairs if not needs_kanji or has_kanji(row[2])]
        wrong = sum(long_vowels(ipa) != long_vowels(gold) for gold, ipa in chosen)
        differ = sum(ipa != gold for gold, ipa in chosen)
        rate = 100 * wrong / len(chosen)
        scores.append(Score(measure, len(chosen), rate, 100 * differ / len(chosen), rate, seconds))
    return scores


def spoken(kana: str) -> str:
    """IPA of a reading in katakana."""
    return "".join(spell(sounds(kana))[0])


def has_kanji(token: str) -> bool:
    return any(script(char) == "han" and char not in "〆〇" for char in token)


def long_vowels(ipa: str) -> str:
    """Folded Japanese, ei and ou as the long vowels that they are in most words."""
    return "".join(fold_ja(ipa)).replace("ei", "eː").replace("ou", "oː")


def measure(code: str, data: Path, read: Read) -> list[Score]:
    """All scores of a language.

    Args:
        code: As in the registry.
        data: Folder with `pron/` and `pron12/`.
        read: Reads a sentence.

    Raises:
        MissingToolError: If a tool of the language is not installed.
        FileNotFoundError: If the gold is not there.
    """
    scores = measure_words(code, data, read)
    if code == "zh":
        scores.append(measure_heteronyms(data / HETERONYMS, read))
    if code == "ja":
        scores += measure_readings(data / READINGS, read)
    return scores


def gold_files(code: str) -> list[str]:
    """Gold files that the scores of a language come from."""
    return [word_file(code), *{"zh": [HETERONYMS], "ja": [READINGS]}.get(code, [])]


def describe_engine(code: str) -> dict[str, str]:
    """Versions of the packages that read a language; "not installed" for those that it can do without."""
    versions = {}
    for name in ENGINES[code].replace("(", "").replace(")", "").split():
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def figures_of(code: str, data: Path) -> dict[str, Any]:
    """Scores of one language as JSON: with engine, hashes of the gold and limits; or why there are none."""
    name = find_language(code).name
    entry: dict[str, Any] = {"language": code, "name": name, "engine": describe_engine(code)}
    try:
        scores = measure(code, data, Transcriber(code))
    except (MissingToolError, FileNotFoundError) as error:
        return {**entry, "missing": str(error), "scores": []}
    entry["gold"] = {file: hashlib.sha256((data / file).read_bytes()).hexdigest() for file in gold_files(code)}
    entry["scores"] = [{**rounded(vars(score)), "limit": LIMITS.get((code, score.measure))} for score in scores]
    return entry


def rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}


def make_table(entries: Iterable[Mapping[str, Any]]) -> Table:
    """One row per score; a language without scores has one that says why."""
    columns = ["language", "measure", "n", "error %", "raw %", "words wrong %", "limit %", "engine", "seconds"]
    rows = []
    for entry in entries:
        engine = ", ".join(f"{name} {version}" for name, version in entry["engine"].items()) or "own rules"
        if not entry["scores"]:
            rows.append([entry["language"], f"missing: {entry['missing']}", *[""] * 5, engine, ""])
        for score in entry["scores"]:
            limit = "" if score["limit"] is None else f"{score['limit']:.1f}"
            figures = [f"{score[key]:.2f}" for key in ("error", "raw_error", "word_error")]
            line = [entry["language"], score["measure"], str(score["n"]), *figures, limit, engine]
            rows.append([*line, f"{score['seconds']:.1f}"])
    return Table(columns, rows)


def speed_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Tokens a second and the time as a multiple of the bare tool's, cold and warm.

    The tool is "under" ours where we read through it, else a "peer".
    """
    columns = ["language", "file", "units", "tokens", "beside", "cold tokens/s", "× bare", "warm tokens/s", "× bare"]
    keys = ["file", "units", "tokens", "beside", "cold_tokens_per_second", "cold_ratio", "warm_tokens_per_second"]
    lines = []
    for row in rows:
        if "missing" in row:
            lines.append([row["language"], f"missing: {row['missing']}", *[""] * 7])
            continue
        beside = ("under: " if row["is_under"] else "peer: ") + row["bare_tool"]
        named = {**row, "beside": f"{beside} (missing)" if "bare_missing" in row else beside}
        lines.append(
            [row["language"], *("" if named[key] is None else str(named[key]) for key in [*keys, "warm_ratio"])]
        )
    return Table(columns, lines)


def process_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Start-up beyond that of the tool under a language, and memory beyond an empty interpreter's, the first row.

    Without such a tool start-up is beyond that of the interpreter.
    """
    columns = ["language", "start-up s", "tool s", "beyond s", "memory MB", "tool MB", "all text MB", "beyond empty MB"]
    empty = rows[0]["ours"]
    lines = []
    for row in rows:
        ours, bare = row["ours"], row["bare"]
        if "missing" in ours:
            lines.append([row["language"], f"missing: {ours['missing']}", *[""] * 6])
            continue
        beyond = f"{ours['seconds'] - bare.get('seconds', empty['seconds']):.2f}"
        cells = [ours["seconds"], bare.get("seconds", ""), beyond, ours["megabytes"], bare.get("megabytes", "")]
        cells += [ours["megabytes_text"], ours["megabytes_text"] - empty["megabytes"]]
        lines.append([row["language"], *map(str, cells)])
    return Table(columns, lines)


def parse_languages(text: str) -> list[str]:
    """Codes of the registry, from "zh,vi" or "all".

    Raises:
        argparse.ArgumentTypeError: For an unknown code.
    """
    known = [language.code for language in LANGUAGES]
    try:
        return known if text == "all" else [find_language(code.strip()).code for code in text.split(",")]
    except UnknownLanguageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", type=parse_languages, default="all", help='"zh,vi,eng"; default: all fifteen')
    parser.add_argument("--data", type=Path, required=True, help="folder with pron/, pron12/, udpos/, panx/, flores/")
    parser.add_argument("--speed", action="store_true", help="measure speed, start-up and memory too")
    parser.add_argument("--peers", action="store_true", help="compare with the other tools that are installed")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    entries = [figures_of(code, arguments.data) for code in arguments.languages]
    table = make_table(entries)
    figures: dict[str, Any] = {"languages": entries}
    if arguments.speed:
        figures["speed"] = speed.measure_speed(arguments.languages, arguments.data)
        figures["processes"] = speed.measure_processes(arguments.languages, arguments.data)
        for part in (speed_table(figures["speed"]), process_table(figures["processes"])):
            print(part.markdown())
    if arguments.peers:
        figures["peers"] = peers.compare(arguments.languages, arguments.data)
        print(peers.peer_table(figures["peers"]).markdown())
    report(table, figures, arguments.out)


if __name__ == "__main__":
    main()
