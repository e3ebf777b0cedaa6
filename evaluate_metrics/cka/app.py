"""The page of the Space: two boxes of vectors or two CSV files, and how alike they are.

Not here: the metric (`cka.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("cka.py")))
EXAMPLE_X = """\
0.1, 0.2, 1.0
1.3, 0.1, 0.4
0.2, 1.1, 0.9
2.2, 1.4, 0.3
1.1, 3.2, 0.8
3.0, 2.1, 0.5
0.5, 2.6, 0.2
2.7, 0.3, 0.7
"""
EXAMPLE_Y = """\
0.0, 0.3
-0.2, 2.4
-2.1, 0.5
-2.6, 4.2
-6.1, 2.3
-4.0, 6.2
-5.3, 0.9
-0.4, 5.5
"""
NULLS = {"cyclic shifts (exact)": "shifts", "none": None}


def read_rows(text: str, file: str | None, name: str) -> list[list[float]]:
    """Vectors of a text or, if there is one, of a CSV file: one per line, numbers apart by commas or white space."""
    lines = Path(file).read_text(encoding="utf-8-sig").splitlines() if file else text.splitlines()
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = line.replace(",", " ").replace(";", " ").split()
        try:
            rows += [[float(cell) for cell in cells]] if cells else []
        except ValueError as error:
            raise ValueError(f"{name}, line {number}: expected numbers, found {line.strip()[:60]!r}") from error
    return rows


def compare(
    x: str, y: str, x_file: str | None, y_file: str | None, debiased: bool, kernel: str, null: str
) -> dict[str, Any]:
    """All figures of two sets of vectors; a mistake of the user becomes a message of the page."""
    try:
        found: dict[str, Any] = METRIC.compute(
            x=read_rows(x, x_file, "x"),
            y=read_rows(y, y_file, "y"),
            debiased=debiased,
            kernel=kernel,
            null=NULLS[null],
        )
    except ValueError as error:
        raise gr.Error(str(error)) from error
    return found


with gr.Blocks(title="cka") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    with gr.Row():
        x_box = gr.Textbox(EXAMPLE_X, label="x: one vector per line, numbers apart by commas", lines=8)
        y_box = gr.Textbox(EXAMPLE_Y, label="y: vectors of the same sentences in the same order", lines=8)
    with gr.Row():
        x_upload = gr.File(label="x from a CSV file without header (instead of the box)", file_types=[".csv", ".txt"])
        y_upload = gr.File(label="y from a CSV file without header (instead of the box)", file_types=[".csv", ".txt"])
    with gr.Row():
        debiased_box = gr.Checkbox(value=False, label="Debiased")
        kernel_box = gr.Dropdown(["linear", "rbf"], value="linear", label="Kernel")
        null_box = gr.Dropdown(list(NULLS), value="cyclic shifts (exact)", label="Test")
    button = gr.Button("Compare")
    result = gr.JSON(label="Figures")
    button.click(compare, [x_box, y_box, x_upload, y_upload, debiased_box, kernel_box, null_box], result)

if __name__ == "__main__":
    demo.launch()
