"""The page of the Space: two boxes of vectors, and the distance of the two sets.

Not here: the metric (`sinkhorn_distance.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("sinkhorn_distance.py")))
ROWS: dict[str, dict[str, Any]] = {
    "probabilities": {},
    "logits: compare their softmax": {"from_logits": True},
    "logits or other vectors: compare as they are": {"space": "logits"},
}


def measure(x: str, y: str, rows: str, cost: str, reg: str, exact: bool) -> dict[str, Any]:
    """Distance of two texts: one vector per line, numbers separated by white space; empty lines are left out."""
    try:
        sets = {name: read_vectors(text, name) for name, text in (("x", x), ("y", y))}
        weight = reg.strip() if reg.strip() == "median" else read_number(reg, "reg")
        found: dict[str, Any] = METRIC.compute(**sets, **ROWS[rows], cost=cost, reg=weight, exact=exact)
    except (ValueError, RuntimeError) as error:
        raise gr.Error(str(error)) from error
    return found


def read_vectors(text: str, name: str) -> list[list[float]]:
    """The numbers of each line."""
    lines = [line for line in text.split("\n") if line.strip()]
    return [[read_number(cell, f"{name}, row {place}") for cell in line.split()] for place, line in enumerate(lines)]


def read_number(cell: str, where: str) -> float:
    """One number; the error says where it should stand."""
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"{where}: found {cell!r}, expected a number") from None


with gr.Blocks(title="sinkhorn_distance") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    with gr.Row():
        x_box = gr.Textbox("0.7 0.2 0.1\n0.1 0.8 0.1", label="x: one vector per line", lines=5)
        y_box = gr.Textbox("0.6 0.2 0.2\n0.1 0.7 0.2\n0.2 0.2 0.6", label="y: one vector per line", lines=5)
        with gr.Column():
            rows_box = gr.Dropdown(list(ROWS), value="probabilities", label="Rows are")
            cost_box = gr.Dropdown(["sqeuclidean", "euclidean"], value="sqeuclidean", label="Cost")
            reg_box = gr.Textbox("0.05", label="Regularisation: a number, or median")
            exact_box = gr.Checkbox(True, label="Solve optimal transport exactly too")
            button = gr.Button("Measure")
    result = gr.JSON(label="Distance")
    button.click(measure, [x_box, y_box, rows_box, cost_box, reg_box, exact_box], result)

if __name__ == "__main__":
    demo.launch()
