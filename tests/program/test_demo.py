"""The demo: what it shows of a sentence, its HTML, the command, the files of a Space, and the page in a browser."""

import html
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from modeling_phonexl.transcription import Transcriber, passed
from phonexl.cli.demo import demo
from phonexl.demo.sentence import LONGEST_TEXT, SoundedSentence, is_content, make_sentence, render_sentence
from phonexl.nearest_words import COUNTERPARTS

ROOT = Path(__file__).resolve().parents[2]
SPACE = ROOT / "phonexl" / "demo"
CHROMIUM = shutil.which("chromium")
SENTENCES = {
    "zh": "我们昨天在北京大学参加了国际会议。",
    "vi": "Chính phủ công bố chính sách kinh tế mới.",
    "ja": "東京でカメラを買いました。",
    "ko": "서울에서 카메라를 샀습니다.",
}


def words_of(sentence: SoundedSentence) -> list[str]:
    return [near.token for near in sentence.near]


def tag_all(*tags: str) -> Any:
    """A tagger that gives the words of a text these tags, in turn."""

    def tagger(text: str, language: str) -> list[dict[str, Any]]:
        spans = Transcriber(language).segment(text)
        return [
            {"word": text[start:end], "entity": tags[index % len(tags)]} for index, (start, end) in enumerate(spans)
        ]

    return tagger


# --- what is shown ---


@pytest.mark.parametrize("language", COUNTERPARTS)
def test_a_sentence_is_shown_with_sound_and_with_nearest_words_of_its_counterpart(language: str) -> None:
    text = SENTENCES[language]
    sentence = make_sentence(text)
    assert sentence.line.language == language
    assert sentence.other == COUNTERPARTS[language]
    tokens = [text[start:end] for start, end in Transcriber(language).segment(text)]
    assert [word.token for word in sentence.line.words] == tokens
    assert [word.ipa for word in sentence.line.words if word.ipa] == [
        record.ipa for record in Transcriber(language)(tokens) if record.transcribed
    ]
    assert len(sentence.near) >= 3
    for near in sentence.near:
        assert near.token in tokens
        distances = [found.distance for found in near.neighbours]
        assert distances == sorted(distances)
        assert len(near.neighbours) >= 5


def test_a_counterpart_in_the_dictionary_is_shown_however_far_it_is() -> None:
    near = make_sentence("Hành động").near[0]
    *_, last = near.neighbours
    assert "行动" in last.words
    assert near.listed >= {"行动"}
    assert last.rank > len(near.neighbours)


def test_the_language_chosen_wins_over_the_script() -> None:
    assert make_sentence("東京").line.language == "zh"
    assert make_sentence("東京", "ja").line.words[0].ipa == "toːkʲoː"


def test_words_are_looked_up_once() -> None:
    assert words_of(make_sentence("カメラとカメラ")) == ["カメラ"]


def test_without_tags_words_of_two_sounds_and_what_is_not_read_are_not_looked_up() -> None:
    assert words_of(make_sentence("去北京。☃")) == ["北京"]
    assert not is_content(passed("kana"))


def test_tags_are_shown_and_tell_which_words_are_of_an_open_class() -> None:
    sentence = make_sentence("去北京。", tagger=tag_all("VERB", "ADP", "PUNCT"))
    assert [word.tag for word in sentence.line.words] == ["VERB", "ADP", "PUNCT"]
    assert words_of(sentence) == ["去"]


def test_names_of_entities_do_not_tell_content() -> None:
    assert words_of(make_sentence("去北京。", tagger=tag_all("O", "B-LOC", "O"))) == ["北京"]


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        (" \n", None, "expected a sentence of 1 to 500 characters, found 0"),
        ("a" * 501, None, "expected a sentence of 1 to 500 characters, found 501"),
        ("hello", "eng", "language 'eng' has no counterpart; expected one of zh, vi, ja, ko"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(text: str, language: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_sentence(text, language)


# --- HTML ---


class Reader(HTMLParser):
    """Tags and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.depth = 0
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@given(text=st.text(max_size=60), language=st.sampled_from([None, *COUNTERPARTS]))
@settings(max_examples=60)
def test_any_text_is_shown_whole_and_never_as_markup(text: str, language: str | None) -> None:
    if not text.strip():
        return
    page = render_sentence(make_sentence(text, language))
    found = Reader(page)
    assert found.tags <= {
        *("style", "div", "span", "h3", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "p")
    }
    assert found.attributes <= {"class", "lang", "open"}
    assert found.depth == 0
    tokens = [word.token for word in make_sentence(text, language).line.words]
    shown = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert all(token in shown for token in tokens)


def test_markup_in_a_sentence_in_its_words_and_in_its_tags_is_escaped() -> None:
    attack = "<img src=x onerror=alert(1)>"
    page = render_sentence(
        make_sentence(f"北京{attack}", tagger=lambda text, language: [{"word": text, "entity": attack}])
    )
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 2


def test_half_a_surrogate_pair_does_not_reach_the_browser() -> None:
    render_sentence(make_sentence("北京\ud83d大学")).encode("utf-8")


def test_a_sentence_without_content_words_says_so() -> None:
    assert "No word of this sentence is looked up" in render_sentence(make_sentence("。"))


# --- the command, with a stand-in for Gradio ---


def run_demo(*arguments: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(demo)
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    """Gradio as far as the command uses it."""
    gradio = MagicMock()
    gradio.Error = type("Error", (Exception,), {"__init__": lambda self, text, **_: Exception.__init__(self, text)})
    monkeypatch.setitem(sys.modules, "gradio", gradio)
    monkeypatch.delitem(sys.modules, "phonexl.demo.page", raising=False)
    monkeypatch.setattr("phonexl.progress.quiet_transformers", lambda: None)
    yield gradio
    sys.modules.pop("phonexl.demo.page", None)


def test_without_gradio_the_command_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    result = run_demo()
    assert result.exit_code == 4
    assert "pip install '.[demo]'" in result.stderr
    assert result.stdout == ""


def test_the_command_shows_the_page_here_alone(stand_in: MagicMock) -> None:
    result = run_demo("--port", "7999")
    assert result.exit_code == 0, result.output
    (launch,) = stand_in.Blocks.return_value.__enter__.return_value.launch.call_args_list
    assert launch.kwargs["share"] is False
    assert launch.kwargs["server_port"] == 7999


def test_the_page_answers_and_turns_mistakes_into_messages(stand_in: MagicMock) -> None:
    assert run_demo("--share").exit_code == 0
    show = stand_in.on.call_args.args[1]
    assert "카메라" in show("カメラ", "")
    with pytest.raises(stand_in.Error, match="expected a sentence"):
        show("", "")


def test_a_folder_without_a_tagger_is_refused_in_one_line(stand_in: MagicMock, tmp_path: Path) -> None:
    result = run_demo(str(tmp_path))
    assert result.exit_code == 2
    assert "expected a folder or repository with a PhoneXL tagger" in result.stderr
    assert not stand_in.Blocks.called


# --- the Space ---


def test_the_front_matter_is_that_of_a_gradio_space() -> None:
    _, front, body = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n", maxsplit=2)
    facts = yaml.safe_load(front)
    assert (facts["sdk"], facts["app_file"]) == ("gradio", "app.py")
    assert (SPACE / facts["app_file"]).is_file()
    assert len(facts["short_description"]) <= 60
    assert {facts["colorFrom"], facts["colorTo"]} <= set("red yellow green blue indigo purple pink gray".split())
    assert "PHONEXL_MODEL" in body
    assert "PHONEXL_MODEL" in (SPACE / "app.py").read_text(encoding="utf-8")


def test_the_longest_sentence_is_named_once() -> None:
    assert str(LONGEST_TEXT) not in (SPACE / "README.md").read_text(encoding="utf-8")


# --- Gradio and a browser, where they are installed ---

needs_gradio = pytest.mark.skipif(importlib.util.find_spec("gradio") is None, reason="needs the extra 'demo'")
needs_browser = pytest.mark.skipif(
    not CHROMIUM or importlib.util.find_spec("playwright") is None, reason="needs chromium and playwright"
)


@needs_gradio
def test_the_space_builds_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: the stand-in of other tests must not be met."""
    program = (
        "from phonexl.demo.app import demo\n"
        "answers = [event.fn('カメラ', '') for event in demo.fns.values() if event.api_name == 'show']\n"
        "print(len(answers), '카메라' in answers[0])"
    )
    monkeypatch.delenv("PHONEXL_MODEL", raising=False)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1", "True"], done.stderr


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a running Space, checked out under a name of its own."""
    for file in ("app.py", "requirements.txt", "README.md"):
        shutil.copy(SPACE / file, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment.pop("PHONEXL_MODEL", None)
    log = tmp_path / "log"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=tmp_path, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(240):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
@needs_gradio
@needs_browser
def test_in_a_browser_the_page_shows_words_and_fetches_nothing_from_elsewhere(address: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    # Chromium itself asks for updates and the like, which are not the page's requests.
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=switches)
        page = browser.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.goto(address)

        def show(text: str) -> None:
            page.get_by_label("Sentence in").fill(text)
            page.get_by_role("button", name="Show", exact=True).click()

        show("東京でカメラを買いました。<img src=x onerror=alert(1)>")
        page.locator(".phonexl summary", has_text="カメラ").click()
        page.locator(".phonexl details[open] .near", has_text="카메라").wait_for()
        assert page.locator(".phonexl .sentence .word", has_text="東京").inner_text().split() == [
            "東京",
            "toːkʲoː",
            "toukyou",
        ]
        assert page.locator(".phonexl img").count() == 0
        show("")
        page.get_by_text("expected a sentence of 1 to 500 characters, found 0").wait_for()
        browser.close()
    assert errors == []
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
