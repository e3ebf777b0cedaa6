"""Speed of building a data set beside bare transcription, size beside the released files, memory at a million rows.

python benchmarks/building.py --data DATA --rounds 3 --rows 100000,1000000 --out results/benchmarks/building.json
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from measurement import report

from phonexl.results import Table

TASKS = Path(__file__).with_name("building_tasks.py")
LANGUAGES = ("zh", "vi", "ja", "ko")
COLLECTIONS = {"udpos": "cjkv-udpos", "panx": "cjkv-panx"}


def run_task(*arguments: object) -> dict[str, Any]:
    """What a task prints, from a fresh process."""
    command = [sys.executable, str(TASKS), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_speed(data: Path, collection: str, language: str, rounds: int) -> dict[str, Any]:
    """Seconds of processor time of both sides, in turns; the ratio of their throughputs on the same text."""
    options = (data / collection, "--name", COLLECTIONS[collection], "--config", language)
    seconds: dict[str, list[float]] = {"transcribe": [], "build": []}
    rows = 0
    for number in range(rounds):
        for task in ("transcribe", "build")[:: 1 if number % 2 else -1]:
            found = run_task(task, *options)
            seconds[task].append(found["seconds"])
            rows = found.get("rows", rows)
    bare, whole = median(seconds["transcribe"]), median(seconds["build"])
    return {"rows": int(rows), "seconds": seconds, "rows_per_second": rows / whole, "throughput_of_bare": bare / whole}


def measure_size(data: Path, collection: str, language: str) -> dict[str, Any]:
    """Bytes of our Parquet of the development split, and of the authors' file with the same sentences."""
    released = data / "phonexl_released" / f"{collection}_dev_{language}.tsv.gz"
    text = len(gzip.decompress(released.read_bytes()))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"dev-{language}.tsv.gz").symlink_to((data / collection / f"dev-{language}.tsv.gz").resolve())
        config = "ko-char" if (collection, language) == ("panx", "ko") else language
        found = run_task("build", folder, "--name", COLLECTIONS[collection], "--config", config)
    return {"released_tsv": text, "parquet": found["bytes"], "ratio": found["bytes"] / text}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with udpos/, panx/ and phonexl_released/")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--collections", default="udpos,panx")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--rows", default="100000,1000000", help="sizes of the large corpus; empty for none")
    parser.add_argument("--num-proc", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    figures: dict[str, Any] = {"speed": {}, "size": {}, "large": []}
    rows = []
    for collection in options.collections.split(","):
        for language in options.languages.split(","):
            name = f"{collection} {language}"
            speed = measure_speed(options.data, collection, language, options.rounds)
            size = measure_size(options.data, collection, language)
            figures["speed"][name], figures["size"][name] = speed, size
            cells = f"{speed['rows']:,}", f"{speed['rows_per_second']:,.0f}", f"{speed['throughput_of_bare']:.2f}"
            rows.append([name, *cells, f"{size['ratio']:.2f}"])
            print(f"{name}: {cells[2]} of bare, {size['ratio']:.2f} of the released size", file=sys.stderr)
    sizes = figures["size"].values()
    figures["size_in_all"] = sum(found["parquet"] for found in sizes) / sum(found["released_tsv"] for found in sizes)
    print(f"all files: {figures['size_in_all']:.3f} of the released size", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train-ko.tsv"
        file.write_bytes(gzip.decompress((options.data / "udpos/train-ko.tsv.gz").read_bytes()))
        for size in filter(None, options.rows.split(",")):
            found = run_task("large", file, "--rows", size, "--num-proc", options.num_proc)
            figures["large"].append({**found, "num_proc": options.num_proc})
            print(figures["large"][-1], file=sys.stderr)
    columns = ["files", "rows", "rows per second", "throughput of bare transcription", "size of released TSV"]
    report(Table(columns, rows), figures, options.out)


if __name__ == "__main__":
    main()
