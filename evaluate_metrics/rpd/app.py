"""The page of the Space: a box of languages and scores, and the gaps between them.

Not here: the metric (`rpd.py`). Gradio is the Space's own package, not a requirement of the metric.
"""

from pathlib import Path
from typing import Any

import evaluate
import gradio as gr

# By file: a Space is checked out under a folder name that is not the metric's.
METRIC = evaluate.load(str(Path(__file__).with_name("rpd.py")))
EXAMPLE = """\
eng 83.61 87.13
fra 89.42 91.27
rus 89.60 91.80
ita 90.56 92.26
hun 91.89 93.14
ukr 92.76 93.88
kor 87.19 84.11
tur 92.35 92.92
fin 89.23 90.45
hin 88.23 87.68
"""
SCALES = {"told from the scores": None, "percentages (100)": 100.0, "fractions (1)": 1.0}


def measure(table: str, scale: str, reference: str) -> dict[str, Any]:
    """Gaps of a text: a line per language, its name, its score and, in all lines or none, another system's score."""
    rows = [line.split() for line in table.split("\n") if line.strip()]
    try:
        if len({len(row) for row in rows}) > 1 or (rows and len(rows[0]) not in (2, 3)):
            raise ValueError("expected 'language score' in every line, or 'language score other-score' in every line")
        columns = list(zip(*rows, strict=True)) or [(), ()]
        scores, *other = ([float(cell) for cell in column] for column in columns[1:])
        found: dict[str, Any] = METRIC.compute(
            scores=scores,
            languages=list(columns[0]),
            scale=SCALES[scale],
            reference=reference.strip() or None,
            other_scores=other[0] if other else None,
        )
    except ValueError as error:
        raise gr.Error(str(error)) from error
    return found


with gr.Blocks(title="rpd") as demo:
    gr.Markdown((Path(__file__).with_name("README.md")).read_text(encoding="utf-8").split("---\n", maxsplit=2)[2])
    with gr.Row():
        table_box = gr.Textbox(
            EXAMPLE, label="One language per line: name, score, other system's score (or none)", lines=11
        )
        with gr.Column():
            scale_box = gr.Dropdown(list(SCALES), value="told from the scores", label="Unit of the scores")
            reference_box = gr.Textbox("eng", label="Reference language (or none)")
            button = gr.Button("Measure")
    result = gr.JSON(label="Gaps")
    button.click(measure, [table_box, scale_box, reference_box], result)

if __name__ == "__main__":
    demo.launch()
