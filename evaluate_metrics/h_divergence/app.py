"""The page of the Space: two boxes of vectors, and whether they can be told apart.

Not here: the metric (`h_divergence.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("h_divergence.py")))
X = "\n".join(f"{row % 3 / 2} {row % 7} {row * row % 11}" for row in range(30))
Y = "\n".join(f"{row % 3 / 2 + 0.5} {row % 7} {row * row % 11}" for row in range(30))


def measure(x: str, y: str) -> dict[str, Any]:
    """Divergence of two texts: a vector per line, numbers separated by white space; empty lines are left out."""
    try:
        sets = [
            [[float(cell) for cell in line.split()] for line in text.split("\n") if line.strip()] for text in (x, y)
        ]
        found: dict[str, Any] = METRIC.compute(x=sets[0], y=sets[1])
    except ValueError as error:
        raise gr.Error(str(error)) from error
    return found


with gr.Blocks(title="h_divergence") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    with gr.Row():
        x_box = gr.Textbox(X, label="Vectors of one language, one per line", lines=10)
        y_box = gr.Textbox(Y, label="Vectors of the other; as many lines are translations", lines=10)
    button = gr.Button("Measure")
    result = gr.JSON(label="Divergence")
    button.click(measure, [x_box, y_box], result)

if __name__ == "__main__":
    demo.launch()
