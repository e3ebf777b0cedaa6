"""Pushes taggers and metrics to the Hugging Face Hub, each as one commit of files that it names beforehand.

Data sets are in `phonexl.hub_dataset`; what a card says, in `hub_cards`. No torch before a model's results are read.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataset_scripts.readers import DataError
from hub_cards.metric_card import render_metric_card
from hub_cards.model_card import render_eval_results, render_model_card
from modeling_phonexl.sound_dictionary import SOUND_DICTIONARY_FILE
from phonexl.hub import README, TAG, Files, check_repository_name, is_our_card, list_files, push_files

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz")
_RESULTS = ".eval_results/"
# What stays at home: the result, which is read for the card and names the user's folders, and the weights that only the
# class of a method reads.
_OWN = ("result.json", "method.safetensors")
_PROCESSOR = (
    "config.json processor_config.json tokenizer.json tokenizer_config.json special_tokens_map.json added_tokens.json "
    "vocab.txt LICENSE NOTICE .gitattributes"
).split() + [SOUND_DICTIONARY_FILE]
_CLASSES = ("AutoConfig", "AutoModelForTokenClassification", "AutoProcessor")
_SAVE_AGAIN = "Save the model anew, with phonexl train or with save_pretrained of model and processor."


def push_model(
    folder: Path,
    repo: str,
    *,
    results: Sequence[Path] = (),
    dataset: str | None = None,
    private: bool = True,
    dry_run: bool = False,
    revision: str | None = None,
) -> str:
    """Push a saved tagger as one commit: weights, processor, code, card, evaluation results.

    Card and results are made from the folder's `result.json`; a README.md that lies in the folder goes instead. Neither
    that result nor `method.safetensors`, what a method added to the tagger, is pushed.
    Weights, code and results of an earlier push that the folder no longer has are deleted, and so is every pickle.

    Args:
        folder: What `phonexl train` saved.
        repo: `user/name`; made if it does not exist.
        results: Folders or files with results of other seeds; the card then gives mean and std.
        dataset: Name of the data set of the run, see `model_facts.describe_model`.
        private: Make a new repository private. One that exists and is public is refused.
        dry_run: Only return what would be sent, without asking the Hub.
        revision: Branch to push to, which must exist; default: main.

    Returns:
        Address of the commit. For a dry run a line for each file: add, bytes and path, separated by tabs.

    Raises:
        ValueError: If `repo` is not of the form `user/name`, or for a fault of `results` or `dataset`.
        DataError: If the folder is no whole tagger, or holds pickles, links out of it, or other files.
        HubError: If there is no token, or the Hub cannot be reached or refuses.
    """
    check_repository_name(repo)
    files = _model_files(folder)
    from phonexl.model_facts import describe_model

    facts = describe_model(folder, repo, results, dataset)
    _add_card(files, folder, render_model_card(facts))
    if entries := render_eval_results(facts):
        files[f"{_RESULTS}phonexl.yaml"] = entries.encode()
    if dry_run:
        return list_files(files)
    message = "Upload a tagger by phonexl"
    return push_files("model", repo, files, _is_replaced, message=message, private=private, revision=revision)


def push_metric(
    folder: Path, repo: str, *, private: bool = True, dry_run: bool = False, revision: str | None = None
) -> str:
    """Push a metric as one commit of a Space, from where `evaluate.load("user/name")` takes it.

    Args:
        folder: A folder of `evaluate_metrics`, or one of that form.
        repo: `user/name`, where the name is that of the folder; made if it does not exist.
        private: Make a new Space private. One that exists and is public is refused.
        dry_run: Only return what would be sent, without asking the Hub.
        revision: Branch to push to, which must exist; default: main.

    Returns:
        Address of the commit. For a dry run a line for each file: add, bytes and path, separated by tabs.

    Raises:
        ValueError: If `repo` is not of the form `user/name`, or has another name than the metric.
        DataError: If the folder lacks a file of a metric, or holds others.
        HubError: If there is no token, or the Hub cannot be reached or refuses.
    """
    check_repository_name(repo)
    name = folder.resolve().name
    if repo.partition("/")[2] != name:
        raise ValueError(f'repository "{repo}": evaluate looks for a file of that name, so call it "…/{name}"')
    found = _files_in(folder)
    files: Files = {path: place for path, place in found.items() if "/" not in path and path.endswith(".py")}
    files |= {path: found[path] for path in (README, "requirements.txt", "LICENSE") if path in found}
    for path in (f"{name}.py", "app.py", "requirements.txt", README):
        if path not in files:
            raise DataError(folder / path, None, None, "this file of a metric", "Name a folder of evaluate_metrics.")
    _refuse_foreign_files(folder, found.keys() - files.keys())
    try:
        files[README] = render_metric_card((folder / README).read_text(encoding="utf-8"), repo).encode()
    except ValueError as error:
        raise DataError(folder / README, None, None, "the card of a metric", f"It is not: {error}.") from error
    if dry_run:
        return list_files(files)
    message = "Upload a metric by phonexl"
    return push_files("space", repo, files, _is_replaced, message=message, private=private, revision=revision)


def _model_files(folder: Path) -> Files:
    """The files of a whole tagger; whatever else lies there is refused by name."""
    found = _files_in(folder)
    for name in _OWN:
        found.pop(name, None)
    if pickles := sorted(path for path in found if path.lower().endswith(_PICKLES)):
        cure = "Pickles run code when they are loaded: move them away, and keep model.safetensors."
        raise DataError(folder, None, ", ".join(pickles), "no pickle", cure)
    config = _read_config(folder)
    weights = _weights(folder, found)
    code = _code(folder, config)
    allowed = {*_PROCESSOR, README, *weights, *code}
    files: Files = {
        path: place
        for path, place in found.items()
        if path in allowed or (path.startswith(_RESULTS) and path.endswith(".yaml"))
    }
    heard = [SOUND_DICTIONARY_FILE] if config.get("phoneme_transcription") == "sino-xenic" else []
    for path in ("processor_config.json", "tokenizer.json", "tokenizer_config.json", *heard):
        if path not in files:
            raise DataError(folder / path, None, None, "this file of a processor", _SAVE_AGAIN)
    _refuse_foreign_files(folder, found.keys() - files.keys())
    return files


def _files_in(folder: Path) -> dict[str, Path]:
    """Every file by its path in the folder, without Python's own; a link that leaves the folder is refused.

    The cache of `huggingface_hub` is made of such links, and one to `~/.ssh` would publish a key.
    """
    if not folder.is_dir():
        raise DataError(folder, None, None, "a folder", "Name one that exists.")
    home, found = folder.resolve(), {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            cure = "Copy the file that it points to in its place."
            raise DataError(path, None, None, "a file, not a link out of the folder", cure)
        if path.is_file() and "__pycache__" not in path.parts:
            found[name] = path
    return found


def _refuse_foreign_files(folder: Path, names: Iterable[str]) -> None:
    if foreign := ", ".join(sorted(names)):
        raise DataError(folder, None, foreign, "only the files that are pushed", "Move the other files away.")


def _read_config(folder: Path) -> dict[str, Any]:
    """The configuration, if a stranger can open the model by it."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    if not isinstance(config, dict) or config.get("model_type") != "phonexl":
        raise DataError(path, None, None, "the configuration of a PhoneXL tagger", _SAVE_AGAIN)
    if missing := [name for name in _CLASSES if name not in config.get("auto_map", {})]:
        raise DataError(path, None, None, f"{', '.join(missing)} in its auto_map", _SAVE_AGAIN)
    return config


def _weights(folder: Path, found: Mapping[str, Path]) -> list[str]:
    """The safetensors, one file or shards with their index, each whole."""
    index = "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index in found:
        names = sorted(set(json.loads(found[index].read_text(encoding="utf-8"))["weight_map"].values()))
    for name in names:
        if name not in found:
            raise DataError(folder / name, None, None, "this file of weights", _SAVE_AGAIN)
        if not _is_whole(found[name]):
            raise DataError(folder / name, None, None, "a whole safetensors file", _SAVE_AGAIN)
    return [*names, index] if index in found else names


def _is_whole(path: Path) -> bool:
    """Whether a file is safetensors to its last byte: a length, a JSON header, and the tensors that it tells of."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length + 8 > size:
            return False
        try:
            header = json.loads(stream.read(length))
            ends = [item["data_offsets"][1] for name, item in header.items() if name != "__metadata__"]
        except (ValueError, AttributeError, TypeError, LookupError):
            return False
    return bool(size == 8 + length + max(ends, default=0))


def _code(folder: Path, config: Mapping[str, Any]) -> set[str]:
    """The files of the classes that the configuration names, and all that they reach by relative imports."""
    classes = [*config["auto_map"].values(), *(item["impl"] for item in config.get("custom_pipelines", {}).values())]
    asked = {f"{str(name).partition('.')[0]}.py": folder / "config.json" for name in classes}
    reached: set[str] = set()
    while asked:
        name, by = asked.popitem()
        try:
            tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(by, None, None, f"the file {name} beside it, which it names", _SAVE_AGAIN) from None
        except (SyntaxError, ValueError) as error:
            raise DataError(folder / name, None, None, "Python code", _SAVE_AGAIN) from error
        reached.add(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                file = f"{node.module.partition('.')[0]}.py"
                if file not in reached:
                    asked[file] = folder / name
    return reached


def _add_card(files: Files, folder: Path, card: str) -> None:
    """Put the card in, unless the folder has one; that one must let us know the repository again."""
    if README not in files:
        files[README] = card.encode()
    elif not is_our_card((folder / README).read_text(encoding="utf-8")):
        cure = "Add the tag, or move the file away: one is written from result.json."
        raise DataError(folder / README, None, None, f'a card with the tag "{TAG}"', cure)


def _is_replaced(name: str) -> bool:
    """Whether a file of the repository goes when a push does not have it."""
    return name.endswith((SOUND_DICTIONARY_FILE, ".safetensors", ".py", *_PICKLES)) or name.startswith(_RESULTS)
