"""Tables of one `Analysis`, made from it alone, and what their marks mean.

Not here: tables of several analyses and of runs (`tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from phonexl.gap.analysis import Analysis
from phonexl.gap.distances import TOLERANCE
from phonexl.results import Table

NOTHING_LEFT, UNCONVERGED = "-", "*"


def summary(found: Analysis) -> Table:
    """One row for each kind of vectors; an analysis that was made before digits were taken out has no column for it."""
    columns = ["vectors", "CKA as published", "of unrelated ones", "debiased", "length taken out"]
    has_signs = all("signs_partialled" in figures["cka"] for figures in found.features.values())
    columns += [*(["digits and punctuation too"] if has_signs else []), "P@1", "P@1 CSLS", "lowest"]
    rows = []
    for name, figures in found.features.items():
        cka, retrieval = figures["cka"], figures["retrieval"]
        by_language = retrieval["csls_by_language"]
        lowest = min(by_language, key=by_language.__getitem__)
        rows.append([
            name, f"{cka['biased']:.3f}", f"{cka['expected']:.3f}", with_interval(cka["debiased"]),
            with_interval(cka["length_partialled"]), *([with_interval(cka["signs_partialled"])] if has_signs else []),
            f"{retrieval['cosine']:.3f}", f"{retrieval['csls']:.3f}", f"{lowest} {by_language[lowest]:.3f}",
        ])  # fmt: skip
    return Table(columns, rows)


def with_interval(mean: Mapping[str, Any] | None) -> str:
    """A mean over pairs with its 95 % interval over languages, if it has one; `NOTHING_LEFT` for None."""
    if mean is None:
        return NOTHING_LEFT
    interval = mean["interval"]
    return f"{mean['mean']:.3f}" + ("" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]")


def set_summary(found: Analysis) -> Table:
    """One row for each kind of vectors, and for a classifier's answers: how far apart languages lie as sets."""
    columns = ["vectors", "sentences", "Sinkhorn distance", "Sinkhorn divergence", "of different sentences"]
    columns += ["by chance", "told apart (0-2)", "by chance", "energy distance"]
    rows = []
    measured = {**found.features, **({} if found.answers is None else {"answers": found.answers})}
    for name, figures in measured.items():
        sinkhorn, apart = figures["sinkhorn"], figures.get("h_divergence")
        different, mark = sinkhorn["different_sentences"], unconverged_mark(sinkhorn)
        cells = [str(sinkhorn["sentences"]), f"{sinkhorn['distance']:.3f}{mark}"]
        cells += [with_interval(part["divergence"]) + mark for part in (sinkhorn, different)]
        cells.append(_by_chance(different["null"]))
        if apart is not None:
            cells += [with_interval(apart["proxy_a_distance"]), _by_chance(apart["null"])]
            cells.append(with_interval(apart["energy_distance"]))
        rows.append([name, *cells, *[""] * (len(columns) - 1 - len(cells))])
    return Table(columns, rows)


def _by_chance(null: Mapping[str, Any]) -> str:
    return f"{null['mean']:.3f}, up to {null['high']:.3f}"


def by_language(found: Analysis, features: str) -> Table:
    """One row for each language: how its text is cut, and how well it is found and finds.

    Where any sentence was longer than the encoder takes, `cut` is the share of those that were.

    Raises:
        ValueError: If there are no such features.
    """
    if features not in found.features:
        raise ValueError(f"no features {features!r}; there are: {', '.join(found.features)}")
    figures = found.features[features]
    partialled, cut = figures["cka"]["length_partialled_matrix"], _cut_shares(found)
    rows = []
    for i, language in enumerate(found.languages):
        text = found.texts[language]
        rows.append([
            language, f"{text['mean_pieces']:.1f}", f"{text['unknown_rate']:.2%}",
            *([f"{cut.get(language, 0.0):.1%}"] if cut else []),
            NOTHING_LEFT if partialled is None else f"{np.delete(partialled[i], i).mean():.3f}",
            f"{figures['retrieval']['csls_by_language'][language]:.3f}",
        ])  # fmt: skip
    columns = ["language", "pieces", "unknown", *(["cut"] if cut else [])]
    return Table([*columns, f"CKA, length taken out ({features})", "P@1 CSLS"], rows)


def _cut_shares(found: Analysis) -> dict[str, float]:
    return {lang: text["truncated"] / found.sentences for lang, text in found.texts.items() if text["truncated"]}


def unconverged_mark(sinkhorn: Mapping[str, Any]) -> str:
    """`UNCONVERGED` where these Sinkhorn figures rest on a plan that did not converge."""
    return "" if sinkhorn.get("converged", True) else UNCONVERGED


def marks_of(analyses: Iterable[Analysis]) -> list[str]:
    """What the marks in the tables of some analyses mean, a line for each that occurs."""
    every = list(analyses)
    kinds = [figures["cka"] for found in every for figures in found.features.values()]
    lines = []
    if any(cka.get(key, "") is None for cka in kinds for key in ("length_partialled", "signs_partialled")):
        lines.append(f"{NOTHING_LEFT} in one language or more, what is taken out was all that these vectors hold.")
    errors = [error for found in every for error in _unconverged(found).values()]
    if errors:
        lines.append(f"{UNCONVERGED} {_missed(errors)}.")
    return lines


def warnings_of(found: Analysis) -> list[str]:
    """What must be known before a figure of an analysis is read: sentences that were cut, Sinkhorn not converged."""
    lines = []
    shares = [f"{language} {share:.1%}" for language, share in _cut_shares(found).items()]
    if shares:
        lines.append(f"longer than the encoder takes, and cut: {', '.join(shares)} of the sentences")
    missed = _unconverged(found)
    if missed:
        lines.append(f"{', '.join(missed)}: {_missed(missed.values())}")
    return lines


def _unconverged(found: Analysis) -> dict[str, float]:
    """Of each kind of vectors, and of answers, whose Sinkhorn plans did not all converge, the marginal error."""
    measured = {**found.features, **({} if found.answers is None else {"answers": found.answers})}
    figures = {name: one["sinkhorn"] for name, one in measured.items()}
    return {name: sinkhorn["marginal_error"] for name, sinkhorn in figures.items() if unconverged_mark(sinkhorn)}


def _missed(errors: Iterable[float]) -> str:
    return f"Sinkhorn did not converge: the marginals of a plan are off by {max(errors):.2g}, of {TOLERANCE:g} allowed"
