"""One task of `building.py` in a process of its own, without torch, whose memory would count: prints a JSON line."""

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from dataset_scripts.build import Options, build
from dataset_scripts.catalogue import find_corpus
from dataset_scripts.readers import read_tsv
from dataset_scripts.rows import KINDS
from dataset_scripts.sources import find_source, splits_in
from modeling_phonexl.transcription import Transcriber


def transcribe(name: str, source: Path, config: str) -> dict[str, float]:
    """Read the files and transcribe every sentence, with nothing around it."""
    [table] = find_corpus(name)[1].tables_of(config)
    read = warm_reader(table.language)
    start = time.process_time()
    rows = 0
    for split in splits_in(source, table):
        for sentence in read_tsv(find_source(source, table, split), table.kind, table.language):
            read(sentence.tokens)
            rows += 1
    return {"rows": rows, "seconds": time.process_time() - start}


def build_whole(name: str, source: Path, config: str) -> dict[str, float]:
    """The same files to Parquet and card, by `build`."""
    [table] = find_corpus(name)[1].tables_of(config)
    warm_reader(table.language)
    KINDS[table.kind].columns()  # imports
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        build(name, Path(folder) / "out", source=source, config=config)
        seconds = time.process_time() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    return {"seconds": seconds, "bytes": size}


def warm_reader(language: str) -> Transcriber:
    """A reader whose tool is loaded, and that has read nothing."""
    read = Transcriber(language)
    read(["1"])
    return read


def build_large(file: Path, rows: int, num_proc: int) -> dict[str, object]:
    """Build a corpus of so many rows, which repeats the sentences of a file, and watch the memory of all processes."""
    folder = Path(tempfile.mkdtemp())
    try:
        source = folder / "in"
        source.mkdir()
        repeat(file, rows, source / "train-ko.tsv")
        size = (source / "train-ko.tsv").stat().st_size
        start = time.perf_counter()
        with watched_memory() as peaks:
            options = Options(rows_per_shard=20_000)
            build("cjkv-udpos", folder / "out", source=source, config="ko", num_proc=num_proc, options=options)
        seconds = time.perf_counter() - start
        shards = list((folder / "out").rglob("*.parquet"))
        return {
            "rows": rows, "bytes_in": size, "bytes_out": sum(path.stat().st_size for path in shards),
            "shards": len(shards), "seconds": seconds, "peak_mb_of_a_process": max(peaks.values()) / 1e6,
            "peak_mb_of_the_parent": peaks[os.getpid()] / 1e6,
        }  # fmt: skip
    finally:
        shutil.rmtree(folder)


def repeat(file: Path, rows: int, out: Path) -> None:
    """Write the sentences of a token file again and again, up to a number."""
    blocks = file.read_text("utf-8").rstrip("\n").split("\n\n")
    with out.open("w", encoding="utf-8") as stream:
        for number in range(rows):
            stream.write(blocks[number % len(blocks)] + "\n\n")


@contextlib.contextmanager
def watched_memory() -> Iterator[dict[int, int]]:
    """Peak resident bytes by process, of this one and its children, looked at four times a second."""
    peaks: dict[int, int] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.25):
            for process in [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]:
                with contextlib.suppress(OSError):
                    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
                    peaks[process] = max(peaks.get(process, 0), pages * os.sysconf("SC_PAGE_SIZE"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["transcribe", "build", "large"])
    parser.add_argument("source", type=Path)
    parser.add_argument("--name")
    parser.add_argument("--config")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--num-proc", type=int)
    options = parser.parse_args()
    if options.task == "large":
        print(json.dumps(build_large(options.source, options.rows, options.num_proc)))
    else:
        task = {"transcribe": transcribe, "build": build_whole}[options.task]
        print(json.dumps(task(options.name, options.source, options.config)))


if __name__ == "__main__":
    main()
