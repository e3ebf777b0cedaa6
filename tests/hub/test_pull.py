"""Loading from the Hub: the README's lines for a newcomer, a revision by name, and one that is not there."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_repository import Change, File
from loopback_hub import TOKEN, LoopbackHub
from round_trip import FORGET_US
from saved_tagger import save_untrained_tagger

from modeling_phonexl import SoundDictionary
from phonexl.tagger import load_tagger

pytestmark = [pytest.mark.hub, pytest.mark.medium]
Client = Callable[..., str]
README = Path(__file__).parents[2] / "README.md"
PUSH = """
import sys
from pathlib import Path
from phonexl.hub_model import push_model
push_model(Path(sys.argv[1]), sys.argv[2])
"""
LOAD = """
import json, sys
from phonexl.tagger import load_tagger
print(json.dumps([load_tagger("user/x", name or None)[0].classifier.bias[0].item() for name in sys.argv[1:]]))
"""
HEAR = """
from modeling_phonexl import PhoneXLProcessor
print(json.dumps(PhoneXLProcessor.from_pretrained("user/x").transcribe(["我", "北京"], "zh")))
"""
# Arguments: a commit that is not there. Prints what each way to load says.
MISSING = """
import contextlib, json, sys
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.cli import app
from transformers import AutoModelForTokenClassification
from typer.testing import CliRunner
sha, said = sys.argv[1], []
for kind in (PhoneXLForTokenClassification, PhoneXLProcessor, AutoModelForTokenClassification):
    with contextlib.suppress(OSError):
        kind.from_pretrained("user/x", revision=sha, trust_remote_code=True)
        said.append(kind.__name__)
commands = [
    ["predict", "user/x"], ["export", "user/x", "out"], ["evaluate", "user/x", "--data", ".", "--language", "vi"]
]
runs = [CliRunner().invoke(app, [*command, "--revision", sha]) for command in commands]
print(json.dumps([said, [[run.exit_code, run.stdout, run.stderr] for run in runs]]))
"""
# Prints what becomes of names.
NAMES = """
import json, sys
from phonexl.backbone import resolve_backbone
said = []
for name in sys.argv[1:]:
    try:
        said.append(resolve_backbone(name))
    except ValueError as error:
        said.append(str(error))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_untrained_tagger(tmp_path_factory.mktemp("untrained"))


def newcomers_lines() -> list[str]:
    """Blocks of the README that open a repository of the Hub."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [code for code in blocks if re.search(r'pipeline\(\s*"[\w-]+",\s*"[\w.-]+/[\w.-]+"', code)]


def test_the_newcomers_lines_of_the_readme_run_without_this_package(
    folder: Path, hub: LoopbackHub, run_client: Client
) -> None:
    """They are copied before anything else, by people who have installed transformers alone."""
    (code,) = newcomers_lines()
    repo = re.findall(r'"([\w.-]+/[\w.-]+)"', code)[0]
    hub.state.users[TOKEN] = repo.partition("/")[0]
    run_client(PUSH, folder, repo)
    words = [line.rsplit(" ", 3) for line in run_client(FORGET_US + code).rstrip("\n").split("\n")]
    text = next(text for text in re.findall(r'"(.*?)"', code) if " " in text)
    assert "".join(word for word, *_ in words).replace(" ", "") == text.replace(" ", "")
    assert [text[int(start) : int(end)] for *_, start, end in words] == [word for word, *_ in words]
    labels = set(json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"].values())
    assert {tag for _, tag, *_ in words} <= labels
    assert hub.requests("GET", f"{repo}/resolve/.*safetensors")


def test_a_revision_is_loaded_and_all_of_it_from_one_commit(folder: Path, hub: LoopbackHub, run_client: Client) -> None:
    """A branch may get a commit between two files: weights of one with the tags of another would be nonsense."""
    run_client(PUSH, folder, "user/x")
    repository = hub.repository("models", "user/x")
    first = repository.head
    weights = first.tree["model.safetensors"].data
    changed = bytearray(weights)
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    start = 8 + int.from_bytes(weights[:8], "little") + header["classifier.bias"]["data_offsets"][0]
    changed[start : start + 4] = b"\0\0\x80\x3f"  # 1.0
    repository.commit("main", Change("another", files={"model.safetensors": File(bytes(changed))}))
    old, new, main = json.loads(run_client(LOAD, first.sha, repository.head.sha, ""))
    assert old != 1.0
    assert (new, main) == (1.0, 1.0)
    by_name = {item.path.rpartition("/")[2] for item in hub.log if "/resolve/main/" in item.path}
    assert by_name == {"config.json"}


def test_the_words_that_a_tagger_hears_come_from_its_repository(
    hub: LoopbackHub, run_client: Client, tmp_path: Path
) -> None:
    """A file beside the weights that no class of transformers knows is easily left behind."""
    fields = {"phoneme_transcription": "sino-xenic", "phoneme_vocab": "tokenizer"}
    dictionary = SoundDictionary("zh", "vi", {"北京": "bắc kinh"})
    folder = save_untrained_tagger(tmp_path, sound_dictionary=dictionary, **fields)
    heard = run_client(f"import json{PUSH}{HEAR}", folder, "user/x").rstrip("\n").split("\n")[-1]
    assert json.loads(heard) == [["wǒ"], ["bắckinh"]]
    assert hub.requests("GET", "user/x/resolve/(main|[0-9a-f]{40})/sound_dictionary.tsv")  # the former by 5.17


def test_a_revision_that_is_not_there_is_one_line(folder: Path, hub: LoopbackHub, run_client: Client) -> None:
    run_client(PUSH, folder, "user/x")
    revision = "0" * 40
    loaded, runs = json.loads(run_client(MISSING, revision).rstrip("\n").split("\n")[-1])
    assert loaded == []
    assert len(runs) == 3
    for code, printed, said in runs:
        assert (code, printed) == (2, "")
        assert said.startswith(f'phonexl: user/x has no branch, tag or commit "{revision}": name one that')
        assert said.count("\n") == 1


def test_a_folder_has_no_revisions(folder: Path) -> None:
    """Ignored, the option would let its user believe in a model that was never read."""
    with pytest.raises(ValueError, match='is a folder, which has no revisions: leave out "v1"'):
        load_tagger(str(folder), "v1")


def test_a_name_is_looked_up_once(folder: Path, hub: LoopbackHub, run_client: Client) -> None:
    """A typo is told at once, with a network or without one: loading tries again for half a minute."""
    run_client(PUSH, folder, "user/x")
    hub.log.clear()
    names = ("user/x", "user/absent")
    found, absent = json.loads(run_client(NAMES, *names))
    assert found == "user/x"
    assert absent.startswith("'user/absent' is neither a local folder nor a model of the Hub that you may read; known ")
    assert [len(hub.requests("GET", f"{name}$")) for name in names] == [1, 1]
    for unreached in json.loads(run_client(NAMES, *names, HF_ENDPOINT="http://127.0.0.1:9")):
        assert "and the Hub cannot be asked for it" in unreached
    assert json.loads(run_client(NAMES, "user/x", HF_HUB_OFFLINE="1"))[0].startswith("'user/x' is neither")
    run_client('from transformers import AutoConfig; AutoConfig.from_pretrained("user/x", trust_remote_code=True)')
    assert json.loads(run_client(NAMES, "user/x", HF_HUB_OFFLINE="1")) == ["user/x"]
