"""Results of runs: one JSON each, and the tables made of them. Nothing else may hold a figure.

Scores are fractions from 0 to 1; only tables print x 100.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import shlex
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from phonexl.json_file import write_json

RESULT_FILE = "result.json"
# Of a run that is not finished; no results.
RECIPE_FILE, DATA_FILE, STAGE_FILE = "recipe.json", "data_hashes.json", "stage.json"
_PACKAGES = ("phonexl", "torch", "transformers", "datasets", "accelerate", "tokenizers", "numpy")
# Settings in which runs of one system may differ; the method is in the name.
_NOT_THE_SYSTEM = ("seeds", "eval_splits", "method")
# Settings that results made before they existed do not name.
_LATER_SETTINGS = {
    "source_data": None,
    "target_data": None,
    "phoneme_transcription": "ipa",
    "task_switch_ratio": 0.0,
    "shuffle_dictionary": False,
    "translator": "dictionary",
    "few_shot": 0,
    "particle_merge_ratio": 0.0,
    "character_join_ratio": 0.0,
    "fill_unseen": False,
    "split_syllables": False,
    "drop_spaces": False,
    "log_gradient_cosines": False,
}
_METRICS = ("accuracy", "xtreme_f1", "macro_f1", "strict_f1")


@dataclass
class Result:
    """What one run was and what came out.

    Attributes:
        name: The system: recipe and variant.
        command: What was typed.
        recipe: Every value of the recipe as it was used.
        seed: Seed of the run.
        data: Hash and number of sentences of each file that was read; of the tests also `of`, the number that they were
            drawn from, and `file`, the public file that these are.
        scores: `scores[language][split][metric]`, fractions; `scores[...]["new_sentences"]` leaves out sentences that
            also occur in train; where test sentences were read beside their translations, `scores[...]["read_alone"]`
            are of the saved tagger, which reads them alone.
        coverage: Tokens by reason of their transcription, per part of the data ("train", "vi.test").
        training: Steps, seconds, seconds per step, best dev score, last losses and norms.
        versions: Python and packages.
        hardware: Processor, cores or accelerator, precision.
        warnings: What the reader of the scores must know.
        dataset: Where the sentences are from: `name`, as `phonexl data build` has it, and `config`, its pair of
            languages; empty for token files that are not those of a data set of ours.
    """

    name: str
    command: str
    recipe: dict[str, Any]
    seed: int
    data: dict[str, Any]
    scores: dict[str, Any]
    coverage: dict[str, dict[str, int]] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    dataset: dict[str, str] = field(default_factory=dict)

    @property
    def recipe_digest(self) -> str:
        """Hash of the recipe; runs that differ in seeds alone have the same."""
        recipe = {key: value for key, value in self.recipe.items() if key != "seeds"}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write the JSON."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "Result":
        """Read a result.

        Raises:
            ValueError: If the file is no result of this program.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path}: expected a result JSON of phonexl, but {error}") from error


def find_results(folders: Iterable[Path]) -> list[Result]:
    """All results below the folders, in the order of their paths.

    Args:
        folders: Folders, searched to any depth, or single files. Beside a saved model only `result.json` counts.

    Raises:
        ValueError: If a file is no result, a folder does not exist, or two files are runs of one system and seed.
    """
    paths: set[Path] = set()
    for folder in folders:
        if not folder.exists():
            raise ValueError(f"{folder}: no such file or folder; expected one with result JSONs")
        paths.update([folder] if folder.is_file() else filter(_is_result, folder.rglob("*.json")))
    return each_once((path, Result.load(path)) for path in sorted(paths))


def each_once(runs: Iterable[tuple[Path, Result]]) -> list[Result]:
    """Results with their files, each run once: a copy of a file is the same run.

    Raises:
        ValueError: If two files are different runs of one system and seed; a table would count them as two seeds.
    """
    found: dict[str, list[tuple[Path, Result]]] = {}
    kept = []
    for path, result in runs:
        same = found.setdefault(json.dumps([result.name, result.seed, _system(result)], sort_keys=True), [])
        if any(result == earlier for _, earlier in same):
            continue
        for other, earlier in same:
            if _parts(earlier) & _parts(result):
                raise ValueError(
                    f"{other} and {path} are two runs of {result.name} with seed {result.seed} and the same settings, "
                    "which would be counted as two seeds: leave one of them out"
                )
        same.append((path, result))
        kept.append(result)
    return kept


def _parts(result: Result) -> set[tuple[str, str]]:
    """What a run was scored on, by language and split."""
    return {(language, split) for language, splits in result.scores.items() for split in splits}


def _is_result(path: Path) -> bool:
    if path.name in (RESULT_FILE, RECIPE_FILE, DATA_FILE, STAGE_FILE):
        return path.name == RESULT_FILE
    return not (path.parent / "config.json").exists()


def check_same_recipe(place: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to continue a run, or to take its scores, under settings that it was not made with.

    Args:
        place: Where the run is.
        before: Its recipe; a setting that did not exist when it was made has its default.
        now: The recipe that is asked for; seeds may differ.

    Raises:
        ValueError: Naming the first setting that differs; task and method before all others.
    """
    for key in sorted((before.keys() | now.keys()) - {"seeds"}, key=lambda key: (key not in ("task", "method"), key)):
        was, has = (recipe.get(key, _LATER_SETTINGS.get(key)) for recipe in (before, now))
        if was != has:
            raise ValueError(
                f"{place} holds a run with {key}={was!r}, and this one has {key}={has!r}: "
                "resume it with its own settings, or choose another --out"
            )


def check_same_data(place: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to continue a run, or to take its scores, on sentences or words that it was not made with.

    Args:
        place: Where the run is.
        before: Its data, as `Result.data` has them.
        now: Those that it is to go on with; a part that only one of the two has is not compared.

    Raises:
        ValueError: Naming the first part that differs.
    """
    for part, mine in now.items():
        earlier = before.get(part, mine)
        if earlier.get("sha256", mine["sha256"]) != mine["sha256"]:
            unit, own = ("sentences", "--data") if "sentences" in mine else ("entries", part.split()[0])
            was, has = (f"{data[unit]} (sha256 {data['sha256'][:8]})" for data in (earlier, mine))
            raise ValueError(
                f"{place} holds a run of other data, whose {unit} of {part} were {was}, and here are {has}: "
                f"resume it with its own {own}, or choose another --out"
            )


def describe_command() -> str:
    """What was typed, as a shell takes it."""
    return shlex.join(["phonexl", *sys.argv[1:]])


def describe_versions() -> dict[str, str]:
    """Python and the packages that can change a score."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "source"
    return versions


def describe_hardware() -> dict[str, Any]:
    """The machine: accelerator if there is one, else processor and threads."""
    import torch  # a table of results needs none, and should not wait for it

    if torch.cuda.is_available():
        return {"device": torch.cuda.get_device_name(), "count": torch.cuda.device_count()}
    return {"device": _processor_name(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@dataclass(frozen=True)
class Cell:
    """A metric over seeds: mean, sample standard deviation (ddof 1; None for one seed) and their number."""

    mean: float
    std: float | None
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Cell":
        """Summarise scores.

        >>> Cell.of([0.5, 0.7]).n
        2
        """
        return cls(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))

    def __str__(self) -> str:
        spread = f" ± {self.std * 100:.2f}" if self.std is not None else ""
        return f"{self.mean * 100:.2f}{spread}"


@dataclass(frozen=True)
class Table:
    """Systems in rows, scores in columns.

    Attributes:
        columns: Titles; the first two are the system and its number of seeds.
        rows: As many texts as columns.
    """

    columns: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table as GitHub renders it."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def make_table(results: Sequence[Result], metrics: Sequence[str] = _METRICS, split: str = "test") -> Table:
    """Group results by system and average them over seeds; rows are in the order of their names.

    Args:
        results: Runs; those of one name, recipe and training data are one row, which names what tells it from others
            of its name.
        metrics: Columns, for every language that any run was scored on; columns that no run has are left out.
        split: Which split.
    """
    groups = dict(sorted(group_results(results).items()))
    languages = list(dict.fromkeys(language for result in results for language in result.scores))
    wanted = [(language, metric) for language in languages for metric in ("majority", *metrics)]
    cells: dict[tuple[str, str, str], str] = {}
    for name, group in groups.items():
        for language, metric in wanted:
            values = [v for r in group if (v := _score(r.scores, language, split, metric)) is not None]
            if values:
                cell = Cell.of(values)
                cells[name, language, metric] = f"{cell.mean * 100:.2f}" if metric == "majority" else str(cell)
    used = [(language, metric) for language, metric in wanted if any((n, language, metric) in cells for n in groups)]
    columns = ["system", "seeds", *(f"{language} {metric.replace('_', ' ')}" for language, metric in used)]
    rows = [[name, str(len(group)), *(cells.get((name, *key), "") for key in used)] for name, group in groups.items()]
    return Table(columns, rows)


def group_results(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Runs by system: those that differ in seeds, or in what is evaluated, alone; of one training data set."""
    values = {id(result): {**_system(result), "train data": _train_data(result)} for result in results}
    groups: dict[str, list[Result]] = {}
    for result in results:
        mine = values[id(result)]
        others = [values[id(other)] for other in results if other.name == result.name]
        keys = sorted(
            {key for other in others for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}
        )
        settings = ", ".join(f"{key}={mine.get(key)}" for key in keys)
        groups.setdefault(f"{result.name} ({settings})" if settings else result.name, []).append(result)
    return groups


def _system(result: Result) -> dict[str, Any]:
    """The settings that tell systems of one name apart."""
    recipe = {**_LATER_SETTINGS, **result.recipe}
    return {key: value for key, value in recipe.items() if key not in _NOT_THE_SYSTEM}


def _train_data(result: Result) -> str | None:
    """The start of the hash of what a run was trained on; None where the result does not say."""
    sha256: str | None = result.data.get("train", {}).get("sha256")
    return sha256 and sha256[:8]


def _score(scores: Mapping[str, Any], language: str, split: str, metric: str) -> float | None:
    value = scores.get(language, {}).get(split, {}).get(metric)
    return float(value) if isinstance(value, (int, float)) else None
