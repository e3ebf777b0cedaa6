"""Pushing a tagger: what goes, what is refused, and what a stranger without our packages gets from the Hub."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_repository import Change, File, Repository
from huggingface_hub import ModelCard
from loopback_hub import TOKEN, LoopbackHub
from round_trip import STRANGER, check_stranger
from saved_tagger import save_untrained_tagger, train_tiny_tagger
from typer.testing import CliRunner

from dataset_scripts.readers import DataError
from hub_cards import metric_card, model_card
from modeling_phonexl.sound_dictionary import SOUND_DICTIONARY_FILE, SoundDictionary
from phonexl import hub_model, model_facts
from phonexl.cli.push import app
from phonexl.hub_model import push_model
from phonexl.training.run import METHOD_WEIGHTS

pytestmark = pytest.mark.hub
Client = Callable[..., str]
PLANTED = "hf_plantedPLANTEDplanted"
# All that it says on any stream is kept, with the client as talkative as it can be. A call is a list: environment,
# folder, repository, options. With RACE in the environment another commit arrives before the last step.
PUSH = """
import json, os, sys
os.dup2(1, 2)
from pathlib import Path
from huggingface_hub import CommitOperationAdd, HfApi, logging
from phonexl.hub import HubError
from phonexl.hub_model import push_model
logging.set_verbosity_debug()
import time; time.sleep = lambda seconds: None
create_commit = HfApi.create_commit
def commit_late(api, repo, *args, **options):
    if os.environ.get("RACE"):
        create_commit(api, repo, [CommitOperationAdd("NOTES.md", b"theirs")], commit_message="another")
    return create_commit(api, repo, *args, **options)
HfApi.create_commit = commit_late
for env, folder, repo, options in json.loads(sys.argv[1]):
    os.environ.update(env)
    try:
        said = push_model(Path(folder), repo, **options)
    except HubError as error:
        said = f"refused: {error}"
    print("SAID", json.dumps(said))
"""
# The example of a card, by someone who has our package.
EXAMPLE = """
import sys
from huggingface_hub import hf_hub_download
card = open(hf_hub_download(sys.argv[1], "README.md"), encoding="utf-8").read()
exec(card.split("```python")[1].split("```")[0])
"""


@pytest.fixture(scope="module")
def _tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny_tagger(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def folder(_tagger: Path, tmp_path: Path) -> Path:
    """A saved tagger that the test may change."""
    return Path(shutil.copytree(_tagger, tmp_path / "tagger"))


@pytest.fixture
def push(run_client: Client) -> Callable[..., list[str]]:
    """Push in a new process, several times one after another; what is said of each, on one line."""

    def run(*calls: tuple[dict[str, str], Path, str, dict[str, object]]) -> list[str]:
        listed = json.dumps([(env, str(place), repo, options) for env, place, repo, options in calls])
        output = run_client(PUSH, listed)
        for secret in (TOKEN, PLANTED):
            assert secret not in output
        said = [json.loads(line.removeprefix("SAID ")) for line in output.split("\n") if line.startswith("SAID ")]
        assert len(said) == len(calls)
        assert not any("\n" in line for line in said)
        return said

    return run


def dry_run(folder: Path, repo: str = "user/x", **options: Any) -> list[str]:
    """Paths that would go."""
    lines = push_model(folder, repo, dry_run=True, **options).split("\n")
    assert all(line.startswith("add\t") for line in lines)
    return [line.split("\t")[2] for line in lines]


def edit_json(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **changes}), encoding="utf-8")


def take_for_xtremes(folder: Path) -> None:
    """Say that the four sentences of each test were those of XTREME's whole file."""
    data = json.loads((folder / "result.json").read_text(encoding="utf-8"))["data"]
    for code in ("zh", "vi"):
        data[f"{code}.test"] |= {"of": 4, "file": f"udpos/test-{code}.tsv"}
    edit_json(folder / "result.json", data=data)


# What goes


@pytest.mark.usefixtures("socket_disabled")
def test_a_dry_run_lists_model_processor_code_and_card_and_asks_no_one(folder: Path) -> None:
    listed = dry_run(folder)
    assert {"README.md", "config.json", "model.safetensors", "processor_config.json", "tokenizer.json"} <= set(listed)
    saved = {path.name for path in folder.iterdir()}
    assert set(listed) == (saved - {"result.json"}) | {"README.md"}
    assert "README.md" not in saved
    assert listed == sorted(listed)


def test_the_command_line_says_the_same_and_errors_are_one_line(folder: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["model", str(folder), "user/x", "--dry-run"])
    assert (shown.exit_code, shown.stdout) == (0, push_model(folder, "user/x", dry_run=True) + "\n")
    (folder / "training_args.bin").touch()
    refused = runner.invoke(app, ["model", str(folder), "user/x", "--dry-run"])
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert re.fullmatch(r'phonexl: .*found "training_args\.bin"\. Pickles run code .*\n', refused.stderr)
    assert runner.invoke(app, ["model", str(folder), "x", "--dry-run"]).exit_code == 2


@pytest.mark.parametrize(
    "name",
    [
        "pytorch_model.bin",
        "optimizer.pt",
        "a/rng_state.pth",
        "x.pkl",
        "x.PICKLE",
        "x.ckpt",
        "checkpoint-1/scheduler.pt",
    ],
)
def test_pickles_are_refused_wherever_they_lie(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(DataError, match=f'expected no pickle, found "{re.escape(name)}"'):
        push_model(folder, "user/x", dry_run=True)


@pytest.mark.parametrize("name", ["notes.txt", ".env", "extra.py", "other.safetensors", "sub/config.json"])
def test_files_that_are_no_part_of_a_tagger_are_refused_by_name(folder: Path, name: str) -> None:
    """A folder may hold more than its owner remembers."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(DataError, match=f'found "{re.escape(name)}"'):
        push_model(folder, "user/x", dry_run=True)


def test_weights_that_only_the_class_of_a_method_reads_stay_at_home(folder: Path) -> None:
    """They were refused, and with them every tagger of X-Mixup."""
    before = dry_run(folder)
    (folder / METHOD_WEIGHTS).touch()
    assert dry_run(folder) == before


@pytest.mark.parametrize("link", ["vocab.txt", "deep/link"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path, link: str) -> None:
    """Followed, it would publish whatever it points to."""
    (tmp_path / "key").write_text("secret", encoding="utf-8")
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(tmp_path / "key")
    with pytest.raises(DataError, match=f"{link}: expected a file, not a link out of the folder"):
        push_model(folder, "user/x", dry_run=True)


def test_a_link_to_a_folder_outside_is_refused_and_one_inside_is_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").rename(folder / "vocab.txt")
    (folder / "model.safetensors").symlink_to("vocab.txt")
    assert "model.safetensors" in dry_run(folder)
    (tmp_path / "home").mkdir()
    (folder / "home").symlink_to(tmp_path / "home")
    with pytest.raises(DataError, match="home: expected a file, not a link out"):
        push_model(folder, "user/x", dry_run=True)


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "processor_config.json", "tokenizer.json", "crf.py", "views.py"]
)
def test_a_folder_that_lacks_a_part_is_refused(folder: Path, name: str) -> None:
    """`crf.py` is reached by a relative import alone."""
    (folder / name).unlink()
    with pytest.raises(DataError, match=re.escape(name)):
        push_model(folder, "user/x", dry_run=True)


def test_the_dictionary_of_a_tagger_that_hears_by_it_goes_too(folder: Path) -> None:
    """A model without it does not load."""
    edit_json(folder / "config.json", phoneme_transcription="sino-xenic")
    with pytest.raises(DataError, match=r"sound_dictionary\.tsv: expected this file of a processor"):
        push_model(folder, "user/x", dry_run=True)
    SoundDictionary("zh", "vi", {"行动": "hành động"}).save(folder)
    assert SOUND_DICTIONARY_FILE in dry_run(folder)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", (10**9).to_bytes(8, "little") + b"{}"])
def test_weights_that_are_no_safetensors_are_refused(folder: Path, content: bytes) -> None:
    """The second is a pickle under another name."""
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.safetensors: expected a whole safetensors file"):
        push_model(folder, "user/x", dry_run=True)


@pytest.mark.parametrize("cut", [1, 1000])
def test_weights_that_are_cut_are_refused(folder: Path, cut: int) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-cut])
    with pytest.raises(DataError, match="expected a whole safetensors file"):
        push_model(folder, "user/x", dry_run=True)


def test_shards_go_with_their_index(folder: Path) -> None:
    shard, index = "model-00001-of-00001.safetensors", "model.safetensors.index.json"
    (folder / "model.safetensors").rename(folder / shard)
    (folder / index).write_text(json.dumps({"weight_map": {"a": shard}}), encoding="utf-8")
    assert {shard, index} <= set(dry_run(folder))
    (folder / shard).unlink()
    with pytest.raises(DataError, match=f"{shard}: expected this file of weights"):
        push_model(folder, "user/x", dry_run=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "bert"}, "expected the configuration of a PhoneXL tagger"),
        ({"auto_map": {}}, "expected AutoConfig, AutoModelForTokenClassification, AutoProcessor in its auto_map"),
        ({"custom_pipelines": {"x": {"impl": "../../evil.Class"}}}, r"the file \.py beside it"),
    ],
)
def test_a_configuration_that_opens_nothing_is_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit_json(folder / "config.json", **changes)
    with pytest.raises(DataError, match=message):
        push_model(folder, "user/x", dry_run=True)


def test_a_card_in_the_folder_goes_if_it_has_our_tag(folder: Path) -> None:
    (folder / "README.md").write_text("---\ntags: [phonexl]\n---\nmine\n", encoding="utf-8")
    assert "add\t29\tREADME.md" in push_model(folder, "user/x", dry_run=True).split("\n")
    (folder / "README.md").write_text("mine\n", encoding="utf-8")
    with pytest.raises(DataError, match='a card with the tag "phonexl"'):
        push_model(folder, "user/x", dry_run=True)


def test_scores_of_a_benchmark_go_in_the_hubs_form_too(folder: Path) -> None:
    """Those of other sentences do not, whatever data set is named."""
    assert ".eval_results/phonexl.yaml" not in dry_run(folder, dataset="cjkv-udpos")
    take_for_xtremes(folder)
    assert ".eval_results/phonexl.yaml" in dry_run(folder)


# The push


@pytest.mark.medium
def test_a_stranger_gets_the_model_that_was_pushed(
    folder: Path, tmp_path: Path, hub: LoopbackHub, push: Callable[..., list[str]], run_client: Client
) -> None:
    edit_json(
        folder / "result.json",
        recipe={**json.loads((folder / "result.json").read_text())["recipe"], "hub_token": PLANTED},
    )
    take_for_xtremes(folder)
    (address,) = push(({}, folder, "user/x", {"dataset": "cjkv-udpos"}))
    repository = hub.repository("models", "user/x")
    assert address == f"{hub.url}/user/x/commit/{repository.head.sha}"
    assert [commit.title for commit in repository.history(repository.head)] == [
        "Upload a tagger by phonexl",
        "initial commit",
    ]
    assert repository.private
    tree = repository.head.tree
    sent = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "result.json"}
    assert {path: file.data for path, file in tree.items() if path in sent} == sent
    assert tree.keys() - sent.keys() == {".gitattributes", "README.md", ".eval_results/phonexl.yaml"}
    card = ModelCard(tree["README.md"].data.decode())
    assert card.data.language == ["zh", "vi"]
    assert not any(str(tmp_path) in part or PLANTED in part for part in (str(card), str(tree.keys())))
    (entry, other) = yaml.safe_load(tree[".eval_results/phonexl.yaml"].data)
    assert {entry["dataset"]["task_id"], other["dataset"]["task_id"]} == {"udpos.Chinese", "udpos.Vietnamese"}

    said = run_client(STRANGER, "user/x", repository.head.sha, folder, tmp_path / "again")
    check_stranger(said, repository.head.sha, folder)


@pytest.mark.medium
@pytest.mark.usefixtures("hub")
def test_the_example_of_a_language_that_phonexl_reads_runs_as_written_where_it_is_installed(
    tmp_path: Path, push: Callable[..., list[str]], run_client: Client
) -> None:
    """The reader of Hindi is none of the files that were pushed."""
    folder = save_untrained_tagger(tmp_path, ["zh", "hin"])
    assert not (folder / "transcription_hin.py").exists()
    push(({}, folder, "user/hindi", {}))
    lines = run_client(EXAMPLE, "user/hindi").split("\n")
    assert [line.split(" ")[0] for line in lines if line] == ["मैं", "दिल्ली", "में", "रहता", "हूँ", "।"]


def test_a_cut_leaves_the_repository_as_it_was_and_the_retry_is_whole(
    folder: Path, tmp_path: Path, hub: LoopbackHub, push: Callable[..., list[str]]
) -> None:
    """The commit is cut once; then all of the weights' six attempts are."""
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    weights = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(weights[:-4] + b"\0\0\0\x3f")
    (other / "LICENSE").write_text("mine", encoding="utf-8")
    hub.cut("POST", "/commit/", number=2)
    for number in range(2, 8):
        hub.cut("PUT", "/lfs/", number=number)
    repo = "user/x"
    said = push(*(({}, place, repo, {}) for place in (folder, other, other, other)))
    repository = hub.repository("models", repo)
    shas = [commit.sha for commit in repository.history(repository.head)]
    assert [shas.index(said[index].rpartition("/")[2]) for index in (0, 3)] == [1, 0]
    for line in said[1:3]:
        assert line.startswith("refused: the connection to the Hub failed (")
        assert "push again" in line
    assert len(shas) == 3  # with the initial one: what was refused left nothing
    assert [item.status for item in hub.requests("POST", "/commit/")] == [200, None, 200]
    tree = repository.head.tree
    assert (tree["model.safetensors"].data, tree["LICENSE"].data) == (weights[:-4] + b"\0\0\0\x3f", b"mine")


def test_what_is_old_is_replaced_and_pickles_do_not_stay(
    folder: Path, hub: LoopbackHub, push: Callable[..., list[str]]
) -> None:
    """As the Trainer of transformers pushes them."""
    card = File(b"---\ntags: [phonexl]\n---\n")
    old = {"training_args.bin": File(b"pickle", True), "model-00001-of-00002.safetensors": File(b"old", True)}
    old[SOUND_DICTIONARY_FILE] = File(b"zh\tvi\n")
    kept = {"images/a.png": File(b"png", True), "NOTES.md": File(b"mine")}
    repository = hub.state.repositories["models", "user/x"] = Repository("user/x", private=False)
    repository.commit("main", Change("t", files={"README.md": card, "old.py": File(b""), **old, **kept}))
    repository.branches["dev"] = repository.head.sha
    said = push(
        ({}, folder, "user/x", {}),
        ({}, folder, "user/x", {"private": False, "revision": "dev"}),
        ({}, folder, "user/x", {"private": False, "revision": "gone"}),
        ({}, folder, "user/none", {"revision": "gone"}),
    )
    assert said[0].startswith("refused: user/x exists and is public")
    assert said[1].endswith(repository.branches["dev"])
    assert said[2].startswith('refused: user/x has no branch "gone"')
    assert said[3].startswith("refused: no model user/none: push to main first")
    assert "config.json" not in repository.head.tree
    tree = repository.find("dev").tree
    assert not {*old, "old.py"} & tree.keys()
    assert {path: tree[path].data for path in kept} == {path: file.data for path, file in kept.items()}


def test_what_stands_in_the_way_is_one_line_without_the_token(
    folder: Path, hub: LoopbackHub, push: Callable[..., list[str]]
) -> None:
    theirs = hub.state.repositories["models", "user/theirs"] = Repository("user/theirs", private=True)
    theirs.commit("main", Change("t", files={"config.json": File(b"{}")}))
    before = theirs.head
    right = {"HF_TOKEN": TOKEN}
    said = push(
        ({"HF_TOKEN": PLANTED}, folder, "user/x", {}),
        ({"HF_TOKEN": ""}, folder, "user/x", {}),
        (right, folder, "other/x", {}),
        (right, folder, "user/theirs", {}),
        (right, folder, "user/x", {"dry_run": False, "private": False}),
        ({"RACE": "1"}, folder, "user/late", {}),
    )
    assert said[0].startswith("refused: the Hub does not accept the token")
    assert said[1].startswith("refused: no Hugging Face token found")
    assert said[2].startswith("refused: the token may not write to other/x")
    assert said[3].startswith("refused: user/theirs holds files and no card with the tag")
    assert theirs.head is before
    assert said[4].endswith(hub.repository("models", "user/x").head.sha)
    assert not hub.repository("models", "user/x").private
    assert said[5].startswith("refused: user/late has got another commit while this push was on its way")
    assert set(hub.repository("models", "user/late").head.tree) == {".gitattributes", "NOTES.md"}


def test_nothing_of_a_folder_is_unpickled_or_run() -> None:
    """Reading a pickle is running it, and so is reading YAML unsafely."""
    for module in (hub_model, model_facts, model_card, metric_card):
        source = Path(module.__file__).read_text(encoding="utf-8")
        assert not re.search(
            r"import pickle|pickle\.load|torch\.load|yaml\.load\(|\beval\(|\bexec\(|import_module", source
        )
