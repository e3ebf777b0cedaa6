"""The HTML page: all text arrives as it is, words keep their rows, and nothing is loaded from elsewhere."""

import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription import Transcriber
from phonexl.page import MARK, Line, Section, Word, make_line, render_page
from phonexl.results import Table


class Reader(HTMLParser):
    """Collects the text of every element with a class, and checks that elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            name = dict(attributes).get("class") or tag
            self._open.append((tag, name))
            self.texts.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1][1]][-1] += data


# What HTML itself changes: NUL and other controls, CR, surrogates; the rest must survive.
SPECIAL = st.sampled_from(["<b>", "</span>", "&lt;", "&", '"', "{{ title }}", "{% raw %}"])
TEXT = SPECIAL | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)


@given(words=st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=4), heading=TEXT)
@settings(max_examples=50)
def test_any_text_is_shown_and_never_read_as_html(words: list[tuple[str, str, str, str]], heading: str) -> None:
    """Tokens come from files of strangers: `<script>` among them must stay a word."""
    line = Line([Word(*word) for word in words], "zh", heading)
    texts = Reader(render_page(heading, [Section(heading, [heading], lines=[line])])).texts
    assert texts["h1"] == texts["h2"] == texts["p"] == texts["note"] == texts["title"] == [heading]
    tags = [tag for name in ("tag", "tag none") for tag in texts.get(name, ())]
    assert sorted(tags) == sorted(word[3] for word in words)
    for place, name in enumerate(("token", "ipa", "romanized")):
        assert texts[name] == [word[place] for word in words]


def test_a_page_loads_nothing_and_is_known_as_ours() -> None:
    """It is opened from disk, maybe without a network, and the quickstart replaces no page but its own."""
    page = render_page("Title", [Section("Heading", table=Table(["a", "b"], [["<1>", "2"]]))])
    assert re.findall(r"<script|<link|<img|@import|url\(|src=|href=|https?:", page) == []
    assert MARK in page
    texts = Reader(page).texts
    assert (texts["th"], texts["td"]) == (["a", "b"], ["<1>", "2"])


def test_a_wrong_tag_is_marked_with_the_right_one() -> None:
    """By class and brackets, because not everybody sees red."""
    words = [Word("他", tag="PRON", gold="PRON"), Word("看", tag="NOUN", gold="VERB"), Word("。", tag="O")]
    texts = Reader(render_page("", [Section("", lines=[Line(words, "zh")])])).texts
    assert (texts["tag"], texts["tag wrong"], texts["tag none"]) == (["PRON"], ["NOUN (VERB)"], ["O"])


def test_words_without_sound_keep_its_row_blank() -> None:
    """A tag that moves up where a word has no romanisation is read as that of another row."""
    tokens = ("他", "去", "。")
    line = make_line("zh", tokens, Transcriber("zh")(tokens), ["PRON", "VERB", "PUNCT"], ["PRON", "VERB", "X"])
    assert line.rows == ["ipa", "romanized", "tag"]
    assert line.words[0] == Word("他", "tʰa˥", "tā", "PRON", "PRON")
    assert line.words[2] == Word("。", "", "", "PUNCT", "X")
    texts = Reader(render_page("", [Section("", lines=[line])])).texts
    assert len(texts["ipa"]) == len(texts["romanized"]) == 3


def test_rows_that_no_word_has_are_left_out() -> None:
    """Vietnamese is its own romanisation, and a transcription has no tags."""
    line = make_line("vi", ["Huế", "."], Transcriber("vi")(["Huế", "."]))
    assert line.rows == ["ipa"]
    page = render_page("", [Section("", lines=[line, Line([], "vi")])])
    assert 'class="romanized"' not in page
    assert 'class="tag' not in page
    assert page.count('class="sentence"') == 1


def test_each_sentence_names_its_language() -> None:
    """Chinese, Japanese and Korean glyphs of one code point differ; the browser chooses by `lang`."""
    lines = [Line([Word("骨", "x", "y")], language) for language in ("zh", "ja", "ko")]
    page = render_page("", [Section("", lines=lines)])
    assert re.findall(r'class="sentence" lang="(\w+)"', page) == ["zh", "ja", "ko"]
    assert 'class="ipa" lang="ja-fonipa"' in page
