"""What holds for every folder of `evaluate_metrics`, in a fresh process for each: as a Space, as a package, as a page.

Not here: whether the numbers are right (one test file per metric). Run as a program, this file is that process.
"""

import doctest
import importlib
import importlib.metadata
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
METRICS = sorted(
    folder.name for folder in (ROOT / "evaluate_metrics").iterdir() if (folder / f"{folder.name}.py").is_file()
)
CLAIMS = (
    "core_files_import_without_evaluate",
    "loads_where_the_package_is_unknown",
    "examples_of_the_docstring_run",
    "page_answers_its_example",
    "examples_of_the_card_run",
    "results_are_plain_and_json",
    "combines_with_metrics_of_the_same_inputs",
    "two_processes_give_what_one_does",
    "requirements_are_installed_and_import",
)


def test_there_are_metrics() -> None:
    assert {*METRICS} >= {"cka", "correlation", "h_divergence", "rpd", "sinkhorn_distance", "tagging_f1"}


@pytest.fixture(scope="module", params=METRICS)
def failures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Traceback of each claim that fails for a metric, empty for the others; one process for all claims."""
    folder = tmp_path_factory.mktemp(request.param)
    env = os.environ | {"HF_HOME": str(folder / "home"), "HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, __file__, request.param]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.medium
@pytest.mark.parametrize("claim", CLAIMS)
def test_claim(failures: dict[str, str], claim: str) -> None:
    assert failures[claim] == "", failures[claim]


def test_every_folder_holds_the_files_of_a_space() -> None:
    for name in METRICS:
        folder = ROOT / "evaluate_metrics" / name
        for file in ("__init__.py", "README.md", "app.py", "requirements.txt", f"{name}.py"):
            assert (folder / file).is_file(), f"evaluate_metrics/{name}/{file} is missing"


# --- gradio, where it is installed ---


@pytest.mark.parametrize("name", METRICS)
def test_page_builds_and_answers_in_gradio(name: str, tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="gradio is the Space's own package")
    code = (
        "import app, json\n"
        "answers = [event.fn(*[part.value for part in event.inputs]) for event in app.demo.fns.values() if event.fn]\n"
        "print(len(answers), all(answer is not None for answer in answers))"
    )
    env = os.environ | {"HF_HOME": str(tmp_path), "HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    env |= {"PYTHONPATH": str(ROOT / "evaluate_metrics" / name), "GRADIO_ANALYTICS_ENABLED": "False"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    count, answered = done.stdout.split()[-2:]
    assert int(count) >= 1
    assert answered == "True"


# --- the process: everything below runs there ---


class Probe:
    """One metric, seen as its users do; each method that is named in CLAIMS raises if the claim fails."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ROOT / "evaluate_metrics" / name
        self.calls: list[tuple[dict[str, Any], Any]] = []  # inputs and result of each `compute` in the examples

    def core_files_import_without_evaluate(self) -> None:
        blocked = ("evaluate", "datasets", "transformers", "seqeval", "gradio")
        sys.modules |= dict.fromkeys(blocked)  # type: ignore[arg-type]
        try:
            for file in self.folder.glob("*.py"):
                if file.stem not in ("app", self.name):
                    importlib.import_module(f"evaluate_metrics.{self.name}.{file.stem}".removesuffix(".__init__"))
        finally:
            for module in blocked:
                del sys.modules[module]

    def loads_where_the_package_is_unknown(self) -> None:
        """On the Hub, a metric has neither its room nor the program around it; nor is the checkout where one works."""
        for module in [module for module in sys.modules if module.partition(".")[0] == "evaluate_metrics"]:
            del sys.modules[module]
        sys.modules["evaluate_metrics"] = None  # type: ignore[assignment]
        # evaluate imports the pipelines of transformers where it can: seconds that nothing here needs.
        sys.modules["transformers"] = None  # type: ignore[assignment]
        import evaluate

        del sys.modules["transformers"]
        assert not Path("evaluate_metrics").exists()
        metric = evaluate.load(str(self.folder))
        self.inputs = list(metric._feature_names())
        self.module = type(metric).__module__
        load = evaluate.load

        def load_and_record(*arguments: Any, **options: Any) -> Any:
            loaded = load(*arguments, **options)
            compute = loaded.compute

            def recorded(**inputs: Any) -> Any:
                result = compute(**inputs)
                self.calls.append((inputs, result))
                return result

            loaded.compute = recorded
            return loaded

        evaluate.load = load_and_record
        os.chdir(ROOT)

    def examples_of_the_docstring_run(self) -> None:
        results = doctest.testmod(sys.modules[self.module])
        assert results.attempted > 1, f"{self.name}.py has no example"
        assert results.failed == 0, f"{results.failed} examples of {self.name}.py fail: run its doctest"

    def page_answers_its_example(self) -> None:
        """Without gradio: a stand-in keeps the values that the page begins with, and what its buttons call."""
        events: list[tuple[Callable[..., Any], Any]] = []
        stand_in = types.ModuleType("gradio")
        stand_in.__getattr__ = lambda kind: type(kind, (Part,), {"events": events})  # type: ignore[method-assign]
        stand_in.Error = type("Error", (Exception,), {})  # type: ignore[attr-defined]
        space = Path(os.environ["HF_HOME"]) / "checked-out-under-another-name"
        shutil.copytree(self.folder, space)
        sys.modules["gradio"] = stand_in
        sys.path.insert(0, str(space))
        try:
            page = importlib.import_module("app")
            assert hasattr(page, "demo"), "app.py builds no demo"
            assert events, "nothing on the page calls a function"
            for function, parts in events:
                listed = parts if isinstance(parts, list) else [parts] if parts is not None else []
                assert function(*[part.value for part in listed]) is not None
        finally:
            del sys.modules["gradio"], sys.path[0]

    def examples_of_the_card_run(self) -> None:
        del sys.modules["evaluate_metrics"]
        sys.path.insert(0, str(ROOT))
        results = doctest.testfile(str(self.folder / "README.md"), module_relative=False, encoding="utf-8")
        assert results.attempted > 1, "the card has no example"
        assert results.failed == 0, f"{results.failed} examples of the card fail: run python -m doctest on it"

    def results_are_plain_and_json(self) -> None:
        assert self.calls, "no example calls compute"
        for _, result in self.calls:
            check_plain(result, "result")
            assert json.loads(json.dumps(result, allow_nan=False)) == result

    def combines_with_metrics_of_the_same_inputs(self) -> None:
        """`evaluate.combine` hands every input and option to each metric: those of other inputs do not combine."""
        import evaluate

        inputs, result = self._call()
        both = evaluate.combine({"this": evaluate.load(str(self.folder)), "that": evaluate.load(str(self.folder))})
        combined = both.compute(**inputs)
        for key, value in result.items():
            assert is_close(combined[f"this_{key}"], value), key
            assert is_close(combined[f"that_{key}"], value), key

    def two_processes_give_what_one_does(self) -> None:
        import evaluate

        inputs, result = self._call(num_rows=2)
        columns = {name: inputs.pop(name) for name in self.inputs}
        half = len(columns[self.inputs[0]]) // 2
        results: dict[int, Any] = {}

        def work(process: int, way: str) -> None:
            metric = evaluate.load(
                str(self.folder), num_process=2, process_id=process, experiment_id=f"{self.name}-{way}"
            )
            rows = slice(half) if process == 0 else slice(half, None)
            part = {name: column[rows] for name, column in columns.items()}
            if way == "add_batch":
                metric.add_batch(**part)
            results[process] = metric.compute(**inputs, **(part if way == "compute" else {}))

        for way in ("add_batch", "compute"):
            results.clear()
            # Threads: the first waits for the second by lock files, as two processes would.
            threads = [threading.Thread(target=work, args=(process, way)) for process in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
            assert results.keys() == {0, 1}, f"{way}: a process did not finish"
            assert results[1] is None, way
            assert is_close(results[0], result), way

    def requirements_are_installed_and_import(self) -> None:
        from packaging.requirements import Requirement

        modules = importlib.metadata.packages_distributions()
        for line in (self.folder / "requirements.txt").read_text(encoding="utf-8").split("\n"):
            if not line.partition("#")[0].strip():
                continue
            wanted = Requirement(line.partition("#")[0])
            version = importlib.metadata.version(wanted.name)
            assert wanted.specifier.contains(version), f"{wanted}: {version} is installed"
            named = [module for module, owners in modules.items() if wanted.name.lower() in map(str.lower, owners)]
            for module in named:
                if module.isidentifier() and not module.startswith("_"):
                    importlib.import_module(module)
            assert named, f"{wanted.name} provides no module"

    def _call(self, num_rows: int = 0) -> tuple[dict[str, Any], Any]:
        """The first example with all inputs of the metric; if asked, with as many rows in each, at least `num_rows`."""
        for inputs, result in self.calls:
            if all(inputs.get(name) is not None for name in self.inputs):
                rows = {len(inputs[name]) for name in self.inputs}
                if not num_rows or (len(rows) == 1 and min(rows) >= num_rows):
                    return dict(inputs), result
        raise AssertionError(f"no example calls compute with {self.inputs} of at least {num_rows} rows each")


class Part:
    """Any part of a page: text box, button, row, table."""

    events: list[tuple[Callable[..., Any], Any]]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.value = options.get("value", arguments[0] if arguments else None)

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def listen(function: Any = None, inputs: Any = None, *_: Any, **options: Any) -> "Part":
            function = options.get("fn", function)
            if callable(function):
                self.events.append((function, options.get("inputs", inputs)))
            return self

        return listen


def check_plain(value: Any, place: str) -> None:
    """Refuse anything that `json` would turn into something else: numpy numbers, tuples, keys that are no strings."""
    assert type(value) in (bool, int, float, str, list, dict, type(None)), f"{place} is a {type(value)}"
    for key, part in parts_of(value):
        assert type(key) in (int, str), f"{place} has the key {key!r}, a {type(key)}"
        check_plain(part, f"{place}[{key!r}]")


def parts_of(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        assert all(isinstance(key, str) for key in value), list(value)
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def is_close(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(left, (dict, list)) and type(left) is type(right) and len(left) == len(right):
        pairs = zip(parts_of(left), parts_of(right), strict=True)
        return all(key == other and is_close(part, peer) for (key, part), (other, peer) in pairs)
    return bool(left == right)


def refuse_network(*_: object) -> None:
    raise OSError("a metric must not use the network")


def probe(name: str) -> dict[str, str]:
    socket.socket.connect = refuse_network  # type: ignore[method-assign]
    subject = Probe(name)
    failures = {}
    for claim in CLAIMS:
        try:
            getattr(subject, claim)()
            failures[claim] = ""
        except BaseException:
            failures[claim] = traceback.format_exc()
    return failures


if __name__ == "__main__":
    print(json.dumps(probe(sys.argv[1])))
