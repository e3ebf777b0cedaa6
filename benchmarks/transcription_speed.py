"""Speed of transcription beside the bare tools under it, start-up, and memory; each language in a fresh process.

Error rates are in `transcription.py`, which starts this script once for each language. Imports no torch, whose memory
would count as that of the tools.
"""

import argparse
import functools
import gzip
import importlib
import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from modeling_phonexl.transcription import MissingToolError, Transcriber, find_language

Task = Callable[[Sequence[str]], object]

MOST_SENTENCES = 7_000
CHUNK = 20  # sentences, or ten times as many types, that each side reads before it is the other's turn
NO_BARE_TOOL = "none: own rules"
EPITRAN_CODES = {"hun": "hun-Latn", "tur": "tur-Latn", "fin": "fin-Latn", "swa": "swa-Latn"}
BY_SENTENCE = ("zh", "ja", "rus")  # read in context; the others type by type


def bare_tool(code: str) -> tuple[str, Task] | None:
    """The tool under a language, as a user without us would call it, or None where own rules read it.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    if code == "zh":
        return "pypinyin + g2pM", _chinese()
    if code == "ja":
        return "SudachiPy", _japanese()
    if code in EPITRAN_CODES:
        transliterate = importlib.import_module("epitran").Epitran(EPITRAN_CODES[code]).transliterate
        return "Epitran", lambda tokens: [transliterate(token) for token in tokens]
    return None


def _chinese() -> Task:
    """Pinyin of the sentence by the phrases of pypinyin, and the choices of g2pM."""
    pypinyin = importlib.import_module("pypinyin")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves files open and unpickles old names of numpy
        choose = importlib.import_module("g2pM").G2pM()

    def read(tokens: Sequence[str]) -> object:
        text = "".join(tokens)
        return pypinyin.lazy_pinyin(text, style=pypinyin.Style.TONE), choose(text, tone=True, char_split=True)

    return read


def _japanese() -> Task:
    """Words of the sentence, each with reading and part of speech, in the units that we read too."""
    sudachi = importlib.import_module("sudachipy")
    tokenizer, mode = sudachi.Dictionary(dict="core").tokenizer(), sudachi.SplitMode.A

    def read(tokens: Sequence[str]) -> object:
        words = tokenizer.tokenize("".join(tokens).replace("#", ""), mode)
        return [(word.surface(), word.reading_form(), word.part_of_speech()) for word in words]

    return read


def read_sentences(path: Path) -> list[list[str]]:
    """Tokens of the sentences of a table (first column, a blank line between sentences) or of a text (white space)."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    if path.name.endswith(".txt.gz"):
        return [tokens for line in text.split("\n") if (tokens := line.split())]
    blocks = ([line.split("\t")[0] for line in block.split("\n") if line] for block in text.split("\n\n"))
    return [tokens for tokens in blocks if tokens]


def files_of(code: str) -> list[str]:
    """Real text of a language, inside the data folder."""
    if code in ("zh", "vi", "ja", "ko"):
        return [f"udpos/train-{code}.tsv.gz", f"panx/dev-{code}.tsv.gz"]
    return [f"flores/devtest.{find_language(code).iso639_3}.txt.gz"]


def distinct_units(code: str, sentences: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """What is read: distinct sentences where context counts, else distinct tokens, each alone."""
    if code in BY_SENTENCE:
        return list(dict.fromkeys(map(tuple, sentences)))[:MOST_SENTENCES]
    return [(token,) for token in dict.fromkeys(token for sentence in sentences for token in sentence)]


def race(units: Sequence[Sequence[str]], tasks: Mapping[str, Task], size: int) -> dict[str, float]:
    """Seconds of processor time that each task takes for all units, the tasks in turns of `size` units."""
    seconds = dict.fromkeys(tasks, 0.0)
    for turn, start in enumerate(range(0, len(units), size)):
        names = list(tasks)
        for name in reversed(names) if turn % 2 else names:
            begin = time.process_time()
            for unit in units[start : start + size]:
                tasks[name](unit)
            seconds[name] += time.process_time() - begin
    return seconds


def race_language(code: str, data: Path) -> list[dict[str, Any]]:
    """Cold and warm race of a language on its files; the tools are loaded before, our caches are empty at the start.

    Cold: every unit for the first time. Warm: all of them again.
    """
    transcriber, bare = Transcriber(code), bare_tool(code)
    tasks: dict[str, Task] = {"ours": transcriber, **({"bare": bare[1]} if bare else {})}
    for task in tasks.values():
        task(["1"])
    rows = []
    for file in files_of(code):
        units = distinct_units(code, read_sentences(data / file))
        row: dict[str, Any] = {
            "language": code,
            "file": file,
            "units": len(units),
            "tokens": sum(map(len, units)),
            "bare_tool": bare[0] if bare else NO_BARE_TOOL,
        }
        size = CHUNK if code in BY_SENTENCE else 10 * CHUNK
        for state in ("cold", "warm"):
            seconds = race(units, tasks, size)
            row[f"{state}_tokens_per_second"] = round(row["tokens"] / max(seconds["ours"], 1e-9))
            row[f"{state}_ratio"] = round(seconds["ours"] / seconds["bare"], 2) if bare else None
        rows.append(row)
    return rows


def start_process(codes: Sequence[str], data: Path, use_bare: bool) -> dict[str, Any]:
    """What a process needs until it has read a first sentence in each language: processor time and memory."""
    for code in codes:
        tokens = read_sentences(data / f"flores/devtest.{find_language(code).iso639_3}.txt.gz")[0]
        task = (bare_tool(code) or ("", None))[1] if use_bare else Transcriber(code)
        if task:
            task([char for token in tokens for char in token] if code in ("zh", "ja") else tokens)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    return {"seconds": round(time.process_time(), 2), "megabytes": round(memory)}


def _run(*arguments: str) -> Any:
    """What this script prints in a process of its own; its error as {"missing": ...}."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": done.stderr.strip().split("\n")[-1]}
    return json.loads(done.stdout)


def measure_speed(languages: Iterable[str], data: Path) -> list[dict[str, Any]]:
    """`race_language` of each language in a process of its own; {"missing": why} where a tool is not there."""
    rows: list[dict[str, Any]] = []
    for code in languages:
        found = _run("race", code, str(data))
        rows += found if isinstance(found, list) else [{"language": code, **found}]
    return rows


def measure_processes(languages: Sequence[str], data: Path) -> list[dict[str, Any]]:
    """Start-up and memory of each language, ours and the bare tool's, and of all at once."""
    rows = []
    for code in languages:
        ours = _run("start", code, str(data))
        bare = _run("start-bare", code, str(data))
        rows.append({"language": code, "ours": ours, "bare": bare})
    present = [row["language"] for row in rows if "missing" not in row["ours"]]
    if len(present) > 1:
        rows.append({"language": " ".join(present), "ours": _run("start", ",".join(present), str(data)), "bare": {}})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=("race", "start", "start-bare"))
    parser.add_argument("languages", help="one code, or several parted by commas to start in one process")
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    codes = arguments.languages.split(",")
    actions: dict[str, Callable[[], object]] = {
        "race": functools.partial(race_language, codes[0], arguments.data),
        "start": functools.partial(start_process, codes, arguments.data, use_bare=False),
        "start-bare": functools.partial(start_process, codes, arguments.data, use_bare=True),
    }
    try:
        print(json.dumps(actions[arguments.action]()))
    except (MissingToolError, FileNotFoundError, ModuleNotFoundError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
