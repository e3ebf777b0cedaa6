"""The page of the Space: a box of points, and their correlations.

Not here: the metric (`correlation.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("correlation.py")))
EXAMPLE = """\
eng-swa 0 0.41 16.1
eng-swa 1 0.44 15.2
eng-swa 2 0.40 15.9
eng-swa 3 0.43 16.4
eng-swa 4 0.42 15.0
eng-urd 0 0.31 24.2
eng-urd 1 0.33 25.1
eng-urd 2 0.30 24.6
eng-urd 3 0.34 24.9
eng-urd 4 0.32 23.8
"""


def correlate(table: str) -> dict[str, Any]:
    """Correlations of a text: a line per point, its pair of languages, seed (a whole number), x and y."""
    rows = [line.split() for line in table.split("\n") if line.strip()]
    try:
        for row in rows:
            if len(row) != 4:
                raise ValueError(f"expected 'pair seed x y', found {' '.join(row)!r}")
        pairs, seeds, x, y = zip(*rows, strict=True) if rows else ((), (), (), ())
        found: dict[str, Any] = METRIC.compute(
            x=list(map(float, x)), y=list(map(float, y)), pairs=list(pairs), seeds=list(map(int, seeds))
        )
    except ValueError as error:
        raise gr.Error(str(error)) from error
    return found


with gr.Blocks(title="correlation") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    points_box = gr.Textbox(EXAMPLE, label="One point per line: pair of languages, seed, x, y", lines=11)
    button = gr.Button("Correlate")
    result = gr.JSON(label="Correlations")
    button.click(correlate, points_box, result)

if __name__ == "__main__":
    demo.launch()
