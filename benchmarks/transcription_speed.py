"""Speed of transcription beside the bare tools, start-up, and memory; each language in a fresh process.

Error rates are in `transcription.py`, which starts this script once for each language. Imports no torch, whose memory
would count as that of the tools. Linux only: memory is what /proc says.
"""

import argparse
import functools
import gzip
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeling_phonexl.transcription import MissingToolError, Transcriber, find_language

Task = Callable[[Sequence[str]], object]

MOST_SENTENCES = 7_000
CHUNK = 20  # sentences, or ten times as many types, that each side reads before it is the other's turn
STARTS = 3  # processes whose median is the start-up
UNDER = ("zh", "ja", "rus", "hun", "tur", "fin", "swa")  # languages that we read through their tool
TOOLS = {"zh": "pypinyin + g2pM", "ja": "SudachiPy", "rus": "silero-stress", "eng": "misaki's Lexicon"}
EPITRAN_CODES = {
    **{"vi": "vie-Latn", "ko": "kor-Hang", "fra": "fra-Latn", "ita": "ita-Latn", "hun": "hun-Latn", "ukr": "ukr-Cyrl"},
    **{"tur": "tur-Latn", "fin": "fin-Latn", "hin": "hin-Deva", "swa": "swa-Latn", "urd": "urd-Arab"},
}
BY_SENTENCE = ("zh", "ja", "rus")  # read in context; the others type by type
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class BareTool:
    """A tool as a user without us would call it.

    Attributes:
        name: Of the tool.
        is_under: Whether our reading goes through it; if not, it is what would have been used instead.
        load: Gives the function that reads a sentence; raises ModuleNotFoundError where the tool is not installed.
    """

    name: str
    is_under: bool
    load: Callable[[], Task]


def bare_tool(code: str) -> BareTool:
    """The tool under a language; where own rules read it, the nearest other one.

    Args:
        code: As in the registry.
    """
    loads = {"zh": _chinese, "ja": _japanese, "rus": _russian, "eng": _english}
    name = TOOLS.get(code) or f"Epitran {EPITRAN_CODES[code]}"
    return BareTool(name, code in UNDER, loads.get(code) or functools.partial(_epitran, code))


def _epitran(code: str) -> Task:
    transliterate = importlib.import_module("epitran").Epitran(EPITRAN_CODES[code]).transliterate
    return lambda tokens: [transliterate(token) for token in tokens]


def _russian() -> Task:
    """Stress marks of the sentence; the sounds are ours alone."""
    accent = importlib.import_module("silero_stress").load_accentor("ru")
    return lambda tokens: accent(" ".join(tokens))


def _english() -> Task:
    """Words and numbers by the lexicon of misaki with its regular endings, the tagger left out."""
    misaki = importlib.import_module("misaki.en")  # needs spacy and num2words, which misaki alone does not install
    lexicon, context = misaki.Lexicon(british=False), misaki.TokenContext()
    features = misaki.MToken.Underscore(is_head=True, num_flags="")
    return lambda tokens: [lexicon(misaki.MToken(token, "NN", "", _=features), context) for token in tokens]


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
    texts = {file: distinct_units(code, read_sentences(data / file)) for file in files_of(code)}
    bare = bare_tool(code)
    tasks: dict[str, Task] = {"ours": Transcriber(code)}
    missing = ""
    try:
        tasks["bare"] = bare.load()
    except ModuleNotFoundError as error:
        missing = str(error)
    for task in tasks.values():
        task(["1"])
    rows = []
    for file, units in texts.items():
        row: dict[str, Any] = {
            "language": code,
            "file": file,
            "units": len(units),
            "tokens": sum(map(len, units)),
            "bare_tool": bare.name,
            "is_under": bare.is_under,
            **({"bare_missing": missing} if missing else {}),
        }
        size = CHUNK if code in BY_SENTENCE else 10 * CHUNK
        for state in ("cold", "warm"):
            seconds = race(units, tasks, size)
            row[f"{state}_tokens_per_second"] = round(row["tokens"] / max(seconds["ours"], 1e-9))
            ratio = seconds["ours"] / max(seconds["bare"], 1e-9) if "bare" in tasks else None
            row[f"{state}_ratio"] = ratio and round(ratio, 2)
        rows.append(row)
    return rows


def peak_megabytes() -> float:
    """Most memory that this program has held: not that of the process that started it, which getrusage adds."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024  # in KiB


def start_process(codes: Sequence[str], data: Path, use_bare: bool) -> dict[str, Any]:
    """What a process needs until it has read a first sentence, and then all of the text, in each language.

    Args:
        codes: Of the registry; none for an interpreter that has only imported the registry.
        data: Folder with `flores/`.
        use_bare: Read by the tools, not by us.

    Returns:
        "seconds" of processor time and "megabytes" at most after the first sentences, "megabytes_text" at the end.
    """
    tasks: dict[str, Task] = {}
    for code in codes:
        tasks[code] = bare_tool(code).load() if use_bare else Transcriber(code)
        tasks[code](_first_sentence(code, data))
    found: dict[str, Any] = {"seconds": round(time.process_time(), 2), "megabytes": round(peak_megabytes())}
    for code, task in tasks.items():
        for tokens in read_sentences(data / _text_of(code)):
            task(_characters(code, tokens))
    return {**found, "megabytes_text": round(peak_megabytes())}


def _text_of(code: str) -> str:
    return f"flores/devtest.{find_language(code).iso639_3}.txt.gz"


def _first_sentence(code: str, data: Path) -> Sequence[str]:
    with gzip.open(data / _text_of(code), "rt", encoding="utf-8") as lines:
        return _characters(code, next(lines).split())


def _characters(code: str, tokens: Sequence[str]) -> Sequence[str]:
    """Tokens of a text without spaces: its characters."""
    return tokens if find_language(code).spaced else [*"".join(tokens)]


def _run(*arguments: str) -> Any:
    """What this script prints in a process of its own; its error as {"missing": ...}."""
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
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
    """Start-up and memory: of an empty interpreter, of each language by us and by the tool under it, of all at once.

    All at once is measured without Russian too, whose tool brings torch.
    """
    rows: list[dict[str, Any]] = [{"language": "none", "ours": _start("start", "", data), "bare": {}}]
    for code in languages:
        bare = _start("start-bare", code, data) if bare_tool(code).is_under else {}
        rows.append({"language": code, "ours": _start("start", code, data), "bare": bare})
    present = [row["language"] for row in rows[1:] if "missing" not in row["ours"]]
    groups = [present, [code for code in present if code != "rus"]] if "rus" in present else [present]
    for codes in groups:
        if len(codes) > 1:
            rows.append({"language": " ".join(codes), "ours": _start("start", ",".join(codes), data), "bare": {}})
    return rows


def _start(action: str, codes: str, data: Path) -> dict[str, Any]:
    """Median of some processes, by their seconds; the first error of one."""
    found: list[dict[str, Any]] = [_run(action, codes, str(data)) for _ in range(STARTS)]
    missing = [row for row in found if "missing" in row]
    return missing[0] if missing else {key: statistics.median(row[key] for row in found) for key in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=("race", "start", "start-bare"))
    parser.add_argument("languages", help="one code; or several, parted by commas, to start in one process; or none")
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    codes = [code for code in arguments.languages.split(",") if code]
    actions: dict[str, Callable[[], object]] = {
        "race": lambda: race_language(codes[0], arguments.data),
        "start": lambda: start_process(codes, arguments.data, use_bare=False),
        "start-bare": lambda: start_process(codes, arguments.data, use_bare=True),
    }
    try:
        print(json.dumps(actions[arguments.action]()))
    except (MissingToolError, FileNotFoundError, ModuleNotFoundError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
