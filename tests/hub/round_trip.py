"""What a stranger does with a pushed tagger, as the code of a process, and what must come of it."""

import json
from pathlib import Path

# Our packages cannot be imported from here on; see tests/modeling/test_remote_code.py for what else a stranger can do.
FORGET_US = """
import importlib.util, pathlib, sys
sys.path[:] = [entry for entry in sys.path if not (pathlib.Path(entry or ".") / "modeling_phonexl").exists()]
sys.meta_path[:] = [finder for finder in sys.meta_path if finder.find_spec("modeling_phonexl", None) is None]
rooms = ("modeling_phonexl", "phonexl", "dataset_scripts", "evaluate_metrics", "hub_cards")
assert [room for room in rooms if importlib.util.find_spec(room)] == []
"""
# Arguments: repository, commit, the folder that was pushed, a new folder.
STRANGER = f"""{FORGET_US}
import json
from contextlib import redirect_stdout
from io import StringIO
import torch
from huggingface_hub import hf_hub_download
from transformers import AutoModel, AutoModelForTokenClassification, AutoProcessor, pipeline

repo, sha, folder, again = sys.argv[1:]
pinned = {{"trust_remote_code": True, "revision": sha}}
model = AutoModelForTokenClassification.from_pretrained(repo, **pinned).eval()
processor = AutoProcessor.from_pretrained(repo, **pinned)
inputs = processor("Tôi sống ở Hà Nội.", language="vi")
logits = model(**inputs).logits
AutoModel.from_pretrained(repo, **pinned)
tagger = pipeline("token-classification", repo, **pinned)
entries = tagger("我住在北京。")

model.save_pretrained(again)
processor.save_pretrained(again)
differences = []
for place in (folder, again):
    other = AutoModelForTokenClassification.from_pretrained(place, trust_remote_code=True).eval()
    differences.append((other(**inputs).logits - logits).abs().max().item())
second = pipeline("token-classification", again, trust_remote_code=True)("我住在北京。")

card = open(hf_hub_download(repo, "README.md", revision=sha), encoding="utf-8").read()
printed = StringIO()
with redirect_stdout(printed):
    exec(card.split("```python")[1].split("```")[0])
print(json.dumps({{
    "modules": [type(item).__module__ for item in (model, processor, tagger, model.config)],
    "differences": differences,
    "same": second == entries,
    "spans": ["我住在北京。"[item["start"] : item["end"]] == item["word"] for item in entries],
    "files": sorted(path.name for path in pathlib.Path(again).iterdir()),
    "snippet": printed.getvalue(),
}}))
"""


def check_stranger(output: str, sha: str, folder: Path) -> None:
    """Hold what `STRANGER` printed against the folder that was pushed: code of that commit, equal scores and files."""
    got = json.loads(output.rstrip("\n").split("\n")[-1])
    assert all(module.startswith("transformers_modules.") for module in got["modules"])
    assert all(sha in module for module in got["modules"])
    assert got["differences"] == [0.0, 0.0]
    assert got["same"]
    assert got["spans"]
    assert all(got["spans"])
    assert set(got["files"]) == {path.name for path in folder.iterdir()} - {"result.json"}
    lines = got["snippet"].rstrip("\n").split("\n")
    labels = set(json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"].values())
    assert [line.split(" ")[-2] in labels for line in lines] == [True] * len(lines)
    assert "".join("".join(line.split(" ")[:-2]) for line in lines) == "TôisốngởHàNội."
