"""`phonexl predict` beyond what `test_cli.py` has: sound on request, and the page, whatever the text."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from command_line import refuse, succeed

from dataset_scripts.schema import tag_names
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.transcription import Transcriber, Transcription
from phonexl.tagger import load_tagger

TEXTS = {
    "default": "他去北京。\nTôi học ở Hà Nội.\n\n나는 서울에 간다.\n私は東京に住む。\n",
    "epitran": "Tôi học ở Hà Nội.\n\nAnh ấy <3 nhà thờ.\n",
}
HOSTILE = "<script>alert('東京')</script> &amp; \"><img src=x onerror=y>\n\x00\x07 <b>北京</b>\n"

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=["default", "epitran"])
def model(request: pytest.FixtureRequest, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained tagger, by the recipe of its transcription."""
    if request.param == "epitran":
        pytest.importorskip("epitran")
    folder: Path = tmp_path_factory.mktemp(request.param)
    processor = PhoneXLProcessor.from_backbone(str(backbone), phoneme_vocab="segments", recipe=request.param)
    tagger = PhoneXLForTokenClassification.from_backbone(
        str(backbone), labels=tag_names("udpos"), processor=processor, phoneme_vocab="segments"
    )
    tagger.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def recipe(model: Path) -> str:
    return PhoneXLProcessor.from_pretrained(str(model)).recipe


class Page(HTMLParser):
    """Elements of a page by name, and the texts of its spans by class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._open = (dict(attrs).get("class") or "").split(" ")[0] if tag == "span" else ""
        if self._open:
            self.texts.setdefault(self._open, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open][-1] += data.strip("\n")


def test_a_processor_that_is_missing_or_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    """A default one would be made up in silence, and tag by other sounds."""
    folder = Path(shutil.copytree(model, tmp_path / "copy"))
    path = folder / "processor_config.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    for name, value in {"phoneme_transcription": "roman", "unit": "subword", "phoneme_vocab": ["a"]}.items():
        path.write_text(json.dumps({**fields, name: value}), encoding="utf-8")
        with pytest.raises(ValueError, match=f"copy: the model has {name}.*, and the processor .*: load both"):
            load_tagger(str(folder))
    path.unlink()
    refuse(2, "it is not whole: .* no processor_config.json which says", "predict", folder, text="Hà Nội\n")


def predict(model: Path, *options: str, text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in succeed("predict", model, *options, text=text).splitlines()]


def transcribe(row: dict[str, Any], recipe: str) -> list[Transcription]:
    return Transcriber(row["language"], recipe)([word["word"] for word in row["words"]])


def test_sound_is_added_on_request(model: Path, recipe: str) -> None:
    """And it is the sound that the model reads."""
    text = TEXTS[recipe]
    rows, plain = predict(model, "--ipa", text=text), predict(model, text=text)
    for row, bare in zip(rows, plain, strict=True):
        assert [word.pop("ipa") for word in row["words"]] == [record.ipa for record in transcribe(row, recipe)]
        assert row == bare
    assert sum(len(row["words"]) for row in rows) > 10
    options = ("--format", "tsv")
    lines = succeed("predict", model, *options, text=text).split("\n")
    for line, longer in zip(lines, succeed("predict", model, *options, "--ipa", text=text).split("\n"), strict=True):
        assert longer.split("\t")[:3] == line.split("\t")
        assert longer.count("\t") == (3 if line else 0)


def test_the_page_shows_spelling_sound_and_tags(model: Path, recipe: str) -> None:
    page = Page(succeed("predict", model, "--format", "html", text=TEXTS[recipe]))
    rows = predict(model, text=TEXTS[recipe])
    words = [word for row in rows for word in row["words"]]
    records = [record for row in rows for record in transcribe(row, recipe)]
    assert page.texts["token"] == [word["word"] for word in words]
    assert page.texts["tag"] == [word["tag"] for word in words]
    assert page.texts["ipa"] == [record.ipa if record.transcribed else "" for record in records]


def test_no_text_becomes_markup(model: Path) -> None:
    """A page of what strangers wrote must not run it."""
    page = Page(succeed("predict", model, "--language", "vi", "--format", "html", text=HOSTILE))
    rows = predict(model, "--language", "vi", text=HOSTILE)
    assert page.elements.isdisjoint({"script", "img", "b", "a"})
    assert page.texts["token"] == [word["word"] for row in rows for word in row["words"]]
