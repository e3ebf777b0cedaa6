"""The page of the Space: two boxes of tags, and their scores.

Not here: the metric (`tagging_f1.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("tagging_f1.py")))


def score(predictions: str, references: str) -> dict[str, Any]:
    """Scores of two texts: one sentence per line, tags separated by white space; empty lines are left out."""
    predicted, gold = (
        [line.split() for line in text.split("\n") if line.strip()] for text in (predictions, references)
    )
    try:
        scores: dict[str, Any] = METRIC.compute(predictions=predicted, references=gold)
    except ValueError as error:
        raise gr.Error(str(error)) from error
    return scores


with gr.Blocks(title="tagging_f1") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    with gr.Row():
        predicted_box = gr.Textbox("DET NOUN VERB VERB PUNCT", label="Predictions, one sentence per line", lines=5)
        gold_box = gr.Textbox("DET NOUN NOUN VERB PUNCT", label="References, one sentence per line", lines=5)
    button = gr.Button("Score")
    result = gr.JSON(label="Scores")
    button.click(score, [predicted_box, gold_box], result)

if __name__ == "__main__":
    demo.launch()
