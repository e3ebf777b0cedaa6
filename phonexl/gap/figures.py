"""Figures of a gap report, like the paper's 2 and 3; drawn from analyses and scores alone.

matplotlib is the extra `figures`. No text in other scripts is drawn, so no font is needed. Colours are those of Okabe
and Ito and cividis, which the colour-blind tell apart too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from modeling_phonexl.transcription import MissingToolError
from phonexl.gap.analysis import Analysis
from phonexl.gap.published import TABLE_2
from phonexl.gap.scores import System, last_layer, published_system, sinkhorn_of
from phonexl.gap.sentence_map import SIDE
from phonexl.gap.tables import matrix_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999")
MARKERS = ("o", "s", "^", "D", "v")
INK = "#010203"  # text and lines: on a page it is replaced by the colour of the text around
SIDE_BY_SIDE = 4  # groups of bars, up to which three panels fit into a row
Z = 1.96
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "phonexl",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


@dataclass(frozen=True)
class Drawing:
    """A figure in both forms.

    Attributes:
        name: File name without suffix.
        svg: With text as text, no background.
        png: On white.
        caption: What it shows, and what must not be read from it.
    """

    name: str
    svg: bytes
    png: bytes
    caption: str

    def inline(self) -> str:
        """The SVG for a page: its ids are its own, its ink is the colour of the page's text."""
        text = self.svg[self.svg.index(b"<svg") :].decode()
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{self.name}-", text)
        return text.replace(INK, "currentColor")


def draw_maps(name: str, features: str, first: tuple[str, Analysis], second: tuple[str, Analysis] | None) -> Drawing:
    """Like the paper's Figure 2: pairwise CKA of two encoders in one map, sentences in the plane on both sides.

    Args:
        name: File name without suffix.
        features: Which vectors.
        first: Label and analysis; the upper triangle. Alone, the lower one is its CKA with length taken out.
        second: The lower triangle.

    Raises:
        MissingToolError: If matplotlib is not installed.
    """
    with _canvas(12.6 if second else 8.6, 4.5, "compressed") as figure:
        sides = [first] if second is None else [first, second]
        ratios = [1, 1.25] if second is None else [1, 1.25, 1]
        panels = figure.subplots(1, len(ratios), width_ratios=ratios)
        for (label, found), panel in zip(sides, [panels[0], panels[-1]], strict=False):
            _draw_sentences(panel, label, found, features)
        languages = [lang for lang in first[1].languages if second is None or lang in second[1].languages]
        upper = matrix_of(first[1], features, "biased_matrix", languages)
        lower = (
            matrix_of(first[1], features, "length_partialled_matrix", languages)
            if second is None
            else matrix_of(second[1], features, "biased_matrix", languages)
        )
        below = "debiased, length taken out" if second is None else second[0]
        title = f"CKA, {features}\nabove: {first[0]}{' (as published)' if second is None else ''}\nbelow: {below}"
        joined = np.triu(upper, 1) + np.tril(lower, -1)
        _draw_matrix(figure, panels[1], joined, languages, title, "cividis_r", (0.0, 1.0))
        about = "sides" if second else "side"
        return _save(
            figure,
            name,
            f"Pairwise CKA of mean-pooled vectors ({features}): darker is more alike. On the {about}, sentences by "
            "t-SNE, fitted alike; distances there mean nothing, which is why P@1 (CSLS) stands below.",
        )


def draw_difference(name: str, features: str, first: tuple[str, Analysis], second: tuple[str, Analysis]) -> Drawing:
    """The same maps with bias and sentence length taken out, and their difference; see `draw_maps`."""
    with _canvas(11.5, 5.2, "compressed") as figure:
        left, right = figure.subplots(1, 2)
        languages = [lang for lang in first[1].languages if lang in second[1].languages]
        upper, lower = (matrix_of(one[1], features, "length_partialled_matrix", languages) for one in (first, second))
        title = f"CKA, debiased, length taken out\nabove: {first[0]}\nbelow: {second[0]}"
        joined = np.triu(upper, 1) + np.tril(lower, -1)
        _draw_matrix(figure, left, joined, languages, title, "cividis_r", (min(0.0, float(np.nanmin(joined))), 1.0))
        difference = np.tril(lower - upper, -1)
        span = max(0.05, float(np.nanmax(np.abs(difference))))
        above = np.triu_indices(len(languages))
        difference[above] = np.nan
        title = f"difference\n{second[0]}\nless {first[0]}"
        _draw_matrix(figure, right, difference, languages, title, "PuOr", (-span, span))
        return _save(
            figure,
            name,
            f"The same comparison ({features}) with what sentence length and few samples feign taken out. Pairs share "
            "languages: the interval of the mean difference is in the table.",
        )


def draw_bars(name: str, systems: Sequence[System], analyses: Mapping[str, Analysis]) -> Drawing:
    """Like the paper's Figure 3: gaps in score, CKA of the last layer, and Sinkhorn divergence, by pair of languages.

    Args:
        name: File name without suffix.
        systems: Of one task, with a reference; none draws the paper's XNLI.
        analyses: By label.

    Raises:
        MissingToolError: If matplotlib is not installed.
    """
    shown = [system for system in systems if system.reference is not None and len(system.scores) > 1]
    title = f"gap in score, {shown[0].task}" if shown else "gap in accuracy, XNLI (paper, Table 2)"
    shown = shown or [published_system(row) for row in TABLE_2]
    gaps = _gap_bars(shown)
    closeness, distance = _analysis_bars(analyses)
    colours = colours_of(shown, analyses)
    panels: list[tuple[str, str, _Bars]] = [(title, "points", gaps)]
    if analyses:
        of_what = "answers" if _answering(analyses) else "vectors, last layer"
        panels += [("CKA, last layer", "", closeness), (f"Sinkhorn divergence of {of_what}", "", distance)]
    most = max(len(bars.groups) for _, _, bars in panels)
    in_a_row = most <= SIDE_BY_SIDE
    with _canvas(12.6, 3.8 if in_a_row else 2.7 * len(panels) + 0.6, "constrained") as figure:
        axes = figure.subplots(1, len(panels)) if in_a_row else figure.subplots(len(panels), 1)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.1)}
        if not in_a_row:
            place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1)}
        for (heading, unit, bars), panel in zip(panels, np.atleast_1d(axes), strict=True):
            _draw_bars(panel, heading, unit, bars, colours)
            panel.legend(frameon=False, fontsize=7.5, **place)
        return _save(
            figure,
            name,
            "Bars: absolute gaps to the reference (whiskers: standard deviation over runs); biased CKA of the last "
            "layer, as published; Sinkhorn divergence of the same sentences, of classifiers alone where there are any. "
            "Dots: CKA debiased with length taken out "
            "(95% interval over sentences); divergence of sets that share no sentence. Dashed: what chance gives, "
            "for biased CKA and for the divergence of sets that share no sentence.",
        )


@dataclass
class _Bars:
    """Bars by series and group; dots beside them, whiskers, and a line for each series."""

    groups: list[str]
    heights: dict[str, list[float]]
    whiskers: dict[str, list[float]]
    dots: dict[str, list[float]]
    lines: dict[str, float]


def _gap_bars(systems: Sequence[System]) -> _Bars:
    """Systems that differ in their languages alone share a series: the pairs name the languages."""
    gaps: dict[str, dict[str, list[float]]] = {}
    for system in systems:
        gaps.setdefault(system.name, {}).update(system.gaps_to_reference())
    groups = list(dict.fromkeys(pair for found in gaps.values() for pair in found))
    bars = _Bars(groups, {}, {}, {}, {})
    for name, found in gaps.items():
        values = [[100 * gap for gap in found.get(group, [])] for group in groups]
        bars.heights[name] = [float(np.mean(of_pair)) if of_pair else np.nan for of_pair in values]
        bars.whiskers[name] = [float(np.std(of_pair, ddof=1)) if len(of_pair) > 1 else 0.0 for of_pair in values]
    return bars


def _analysis_bars(analyses: Mapping[str, Analysis]) -> tuple[_Bars, _Bars]:
    """Of CKA and of Sinkhorn divergence, at pairs of the reference and each other language."""
    reference = {label: "eng" if "eng" in found.languages else found.languages[0] for label, found in analyses.items()}
    pairs = [(reference[label], lang) for label, found in analyses.items() for lang in found.languages]
    groups = list(dict.fromkeys(f"{one}-{other}" for one, other in pairs if one != other))
    closeness, distance = (_Bars(groups, {}, {}, {}, {}) for _ in range(2))
    comparable = _answering(analyses) or analyses
    for label, found in analyses.items():
        cka = last_layer(found)["cka"]

        def take(matrix: Any, found: Analysis = found, label: str = label) -> list[float]:
            values = dict.fromkeys(groups, float("nan"))
            for place, language in enumerate(found.languages):
                if matrix is not None and language != reference[label]:
                    row = found.languages.index(reference[label])
                    values[f"{reference[label]}-{language}"] = matrix[row][place]
            return list(values.values())

        closeness.heights[label] = take(cka["biased_matrix"])
        closeness.dots[label] = take(cka["length_partialled_matrix"])
        errors = cka["length_partialled_standard_errors"]
        closeness.whiskers[label] = [Z * error for error in take(errors)] if errors else [0.0] * len(groups)
        closeness.lines[label] = cka["expected"]
        if label in comparable:
            sinkhorn = sinkhorn_of(found)
            different = sinkhorn["different_sentences"]
            distance.heights[label] = take(sinkhorn["divergence_matrix"])
            distance.dots[label] = take(different["divergence_matrix"])
            distance.lines[label] = different["null"]["mean"]
    return closeness, distance


def _answering(analyses: Mapping[str, Analysis]) -> dict[str, Analysis]:
    """The classifiers; divergences of their answers and of vectors have no common unit."""
    return {label: found for label, found in analyses.items() if found.answers is not None}


def colours_of(systems: Sequence[System], analyses: Mapping[str, Analysis]) -> dict[str, str]:
    """One for each series over all panels: a system shares that of its analyzed run, or else of its encoder.

    Of two systems that start from one encoder the first has that of the encoder. Where encoders take all colours, a
    system has one that no other system has.
    """
    colours = {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(analyses)}
    taken: set[str] = set()
    for system in systems:
        mine = [label for label, found in analyses.items() if system.was_analyzed_as(found)]
        mine.sort(key=lambda label: analyses[label].run is None)
        unused = [colour for colour in COLOURS if colour not in colours.values()]
        free = (unused or [colour for colour in COLOURS if colour not in taken] or COLOURS)[0]
        colours[system.name] = next((colours[label] for label in mine if colours[label] not in taken), free)
        taken.add(colours[system.name])
    return colours


def _draw_bars(panel: Axes, heading: str, unit: str, bars: _Bars, colours: Mapping[str, str]) -> None:
    places, width = np.arange(len(bars.groups)), 0.8 / max(1, len(bars.heights))
    for number, (label, heights) in enumerate(bars.heights.items()):
        colour = colours[label]
        x = places + (number - (len(bars.heights) - 1) / 2) * width
        panel.bar(x, heights, width * 0.9, color=colour, label=label)
        dots = bars.dots.get(label)
        middle = heights if dots is None else dots
        whiskers = bars.whiskers.get(label, [0.0] * len(x))
        style: dict[str, Any] = {"fmt": "none"} if dots is None else {"fmt": "o", "markersize": 3}
        panel.errorbar(x, middle, [w or np.nan for w in whiskers], color=INK, elinewidth=1, capsize=2, **style)
        if label in bars.lines:
            panel.axhline(bars.lines[label], color=colour, linestyle="--", linewidth=1)
    panel.axhline(0, color=INK, linewidth=0.8)
    panel.set_xticks(places, bars.groups)
    panel.set_title(heading, loc="left")
    panel.set_ylabel(unit)


def _draw_sentences(panel: Axes, label: str, found: Analysis, features: str) -> None:
    panel.set_title(label, loc="left")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.set_aspect("equal")
    panel.spines[:].set_visible(True)
    panel.spines[:].set_alpha(0.3)
    points = found.maps.get(features, {"points": {}})["points"]
    middle = np.zeros(2)
    if points:
        every = np.concatenate([np.array(places) for places in points.values()])
        middle = (every.min(axis=0) + every.max(axis=0)) / 2
    for number, (language, places) in enumerate(points.items()):
        x, y = np.array(places).T
        style: dict[str, Any] = {"color": COLOURS[number], "marker": MARKERS[number], "s": 7, "linewidths": 0}
        panel.scatter(x, y, alpha=0.75, label=language, **style)
    panel.set_xlim(middle[0] - 0.53 * SIDE, middle[0] + 0.53 * SIDE)
    panel.set_ylim(middle[1] - 0.53 * SIDE, middle[1] + 0.53 * SIDE)
    precision = found.features[features]["retrieval"]["csls"]
    panel.set_xlabel(f"P@1 {precision:.3f}", fontsize=8)
    if points:
        panel.legend(
            frameon=False, fontsize=8, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.08), handletextpad=0.1,
            columnspacing=0.8, markerscale=1.8,
        )  # fmt: skip


def _draw_matrix(
    figure: Figure,
    panel: Axes,
    values: Any,
    languages: Sequence[str],
    title: str,
    colours: str,
    span: tuple[float, float],
) -> None:
    """Cells with their value, rows from above; the diagonal is blank."""
    shown = np.ma.masked_invalid(np.where(np.eye(len(languages), dtype=bool), np.nan, values))
    mesh = panel.pcolormesh(shown, cmap=colours, vmin=span[0], vmax=span[1])
    panel.invert_yaxis()
    panel.set_aspect("equal")
    middles = np.arange(len(languages)) + 0.5
    panel.set_xticks(middles, languages, fontsize=8)
    panel.set_yticks(middles, languages, fontsize=8)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    panel.set_title(title, loc="left", fontsize=9)
    for row, column in zip(*np.nonzero(~np.ma.getmaskarray(shown)), strict=True):
        is_light = _luminance(mesh.cmap(mesh.norm(shown[row, column]))) > 0.18  # where black and white read alike
        digits = f"{shown[row, column]:.2f}".replace("0.", ".", 1)
        style: dict[str, Any] = {"color": "#000000" if is_light else "#ffffff", "ha": "center", "va": "center"}
        panel.text(column + 0.5, row + 0.5, digits, fontsize=6.5, **style)
    bar = figure.colorbar(mesh, ax=panel, shrink=0.85)
    bar.outline.set_visible(False)


def _luminance(colour: Any) -> float:
    """Relative luminance of an sRGB colour, as WCAG 2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])


@contextmanager
def _canvas(width: float, height: float, layout: Literal["constrained", "compressed"]) -> Iterator[Figure]:
    """An empty figure of so many inches; what is drawn and saved inside has our style.

    Compressed moves panels of fixed proportions together, constrained fills the figure.

    Raises:
        MissingToolError: If matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingToolError("matplotlib", "the figures of a gap report", extra="figures") from error
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(width, height), layout=layout)


def _save(figure: Figure, name: str, caption: str) -> Drawing:
    svg, png = io.BytesIO(), io.BytesIO()
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once for both forms
    no_facts = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # the same figures give the same bytes
    figure.savefig(svg, format="svg", transparent=True, bbox_inches="tight", metadata=no_facts)
    figure.savefig(png, format="png", dpi=160, facecolor="white", bbox_inches="tight", metadata={"Software": None})
    return Drawing(name, svg.getvalue(), png.getvalue(), caption)
