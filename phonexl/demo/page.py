"""The page in Gradio: a text box, a choice of language, and what `sentence.py` makes of them.

Fetches nothing: no fonts, no scripts from elsewhere, no statistics.
"""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from modeling_phonexl.transcription import MissingToolError, find_language
from phonexl.demo.sentence import Tagger, make_sentence, render_sentence
from phonexl.nearest_words import COUNTERPARTS

EXAMPLES = (
    "我们昨天在北京大学参加了国际会议。",
    "Chính phủ công bố chính sách kinh tế mới.",
    "東京でカメラとノートを買いました。",
    "서울에서 카메라를 샀습니다.",
)
# Gradio's own theme has its fonts from Google.
_FONTS = ["system-ui", "Noto Sans", "sans-serif"]
LOOK: Mapping[str, Any] = {"theme": gr.themes.Default(font=_FONTS, font_mono=["monospace"])}
_GUESS = "by its script"


def make_page(tagger: Tagger | None) -> gr.Blocks:
    """The page, not yet launched; launch it with `LOOK`.

    Args:
        tagger: A pipeline from raw text to tags; without one the page has no tags.
    """

    def show(text: str, language: str) -> str:
        """HTML of the sentence; a mistake of the user becomes a message of the page."""
        try:
            return render_sentence(make_sentence(text, language if language in COUNTERPARTS else None, tagger))
        except (ValueError, MissingToolError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    languages = [(find_language(code).name, code) for code in COUNTERPARTS]
    with gr.Blocks(title="PhoneXL", analytics_enabled=False) as page:
        gr.Markdown(
            "# PhoneXL\nHow a sentence sounds, and which words of another language sound nearest: Vietnamese for "
            "Chinese, Korean for Japanese, and back. Distance: 0 is the same sound, 1 nothing alike."
        )
        with gr.Row(equal_height=True):
            text = gr.Textbox(EXAMPLES[0], label="Sentence in Chinese, Vietnamese, Japanese or Korean", scale=4)
            language = gr.Dropdown([(_GUESS, ""), *languages], value="", label="Language")
        button = gr.Button("Show", variant="primary")
        gr.Examples([[example] for example in EXAMPLES], text, cache_examples=False)
        result = gr.HTML(label="Sound")
        gr.on([button.click, text.submit], show, [text, language], result, api_name="show")
    return page
