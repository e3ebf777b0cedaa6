"""Tables of a gap report, ours beside those of the paper; all from result JSONs.

Not here: what is computed of scores (`scores.py`), how tables are laid out on a page (`report.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluate_metrics.cka.heat_maps import mean_over_pairs, node_permutation_test
from phonexl.gap.analysis import Analysis
from phonexl.gap.analysis_tables import NOTHING_LEFT, summary, unconverged_mark, with_interval
from phonexl.gap.published import LANGUAGES, TABLE_1, TABLE_2, TABLE_3
from phonexl.gap.scores import System, collect_points, comparable, correlate, last_layer, published_system
from phonexl.results import Cell, Table

LEAST_LANGUAGES = 3  # for an interval over languages
_CSLS = "csls"
_DIFFERENCES = {  # maps of an analysis, and what tables call them
    "biased_matrix": "CKA as published",
    "debiased_matrix": "debiased",
    "length_partialled_matrix": "length taken out",
    "signs_partialled_matrix": "digits and punctuation too",
    _CSLS: "P@1 CSLS",
}


def scores_tables(systems: Sequence[System], analyses: Mapping[str, Analysis], task: str) -> list[Table]:
    """Like the paper's Table 1: scores by language, their spread, the mean RPD with its interval, the mean CKA.

    Args:
        systems: Ours of the task.
        analyses: By label. The mean CKA of a system is that of its runs, or of the encoder that they started from. An
            encoder without either stands with its CKA alone, in the table with the paper's rows.
        task: "ner", "pos", ...; the paper's rows of the same task come first.

    Returns:
        A table for each set of languages; ours with a part of the paper's languages are in the paper's.
    """
    groups: dict[tuple[str, ...], list[System]] = {}
    published = [published_system(row) for row in TABLE_1 if row.task == paper_task(task)]
    if published:
        groups[LANGUAGES] = published
    for system in systems:
        is_part = bool(published) and set(system.scores) <= set(LANGUAGES)
        groups.setdefault(LANGUAGES if is_part else tuple(system.scores), []).append(system)
    tables = []
    for languages, rows in groups.items():
        columns = ["system", "runs", *languages, "Std", "Mean RPD", "without one language", "Mean CKA"]
        lines = [
            [row.label, str(len(row.runs) or ""), *_score_cells(row, languages), _mean_cka(row, analyses)]
            for row in rows
        ]
        if languages == LANGUAGES:
            blank = [""] * (len(columns) - 2)
            alone = {label: found for label, found in analyses.items() if found.run is None and not _is_of(found, rows)}
            lines += [[label, *blank, _input_cka([found])] for label, found in alone.items()]
        tables.append(Table(columns, lines))
    return tables


def paper_task(task: str) -> str:
    """The paper's name of one of our tasks."""
    return {"udpos": "pos", "panx": "ner"}.get(task, task)


def _score_cells(system: System, languages: Sequence[str]) -> list[str]:
    cells = [str(Cell.of(system.scores[lang])) if lang in system.scores else "" for lang in languages]
    gap = system.gap()
    if gap is None:
        return [*cells, "", "", ""]
    cells.append(f"{gap['paper_std']:.4f}" + _printed(system, "std", ".4f"))
    interval = gap["interval"]
    ends = "" if interval is None else f" [{interval[0]:.2f}, {interval[1]:.2f}]"
    cells.append(f"{gap['mean_rpd']:.2f}{_printed(system, 'mean_rpd', '.2f')}{ends}")
    without = gap["leave_one_out"]
    if without is None:
        return [*cells, ""]
    low, high = (min(without, key=without.get), max(without, key=without.get))
    return [*cells, f"{without[low]:.2f} (-{low}) to {without[high]:.2f} (-{high})"]


def _printed(system: System, figure: str, form: str) -> str:
    """What the paper prints, where it is not what its scores give."""
    printed = None if system.published is None else getattr(system.published, figure)
    gap = system.gap() or {}
    ours = gap["paper_std"] if figure == "std" else gap[figure]
    return "" if printed is None or format(printed, form) == format(ours, form) else f" (printed {printed:{form}})"


def _is_of(found: Analysis, systems: Sequence[System]) -> bool:
    return any(system.was_analyzed_as(found) for system in systems)


def _mean_cka(system: System, analyses: Mapping[str, Analysis]) -> str:
    """Of the input layer, as published; over the system's runs that were analyzed, or else of its encoder."""
    if system.published is not None:
        return "" if system.published.mean_cka is None else f"{system.published.mean_cka:.4f}"
    mine = [found for found in analyses.values() if system.was_analyzed_as(found)]
    return _input_cka([found for found in mine if found.run is not None] or mine)


def _input_cka(analyses: Sequence[Analysis]) -> str:
    values = [found.features["layer 0"]["cka"]["biased"] for found in analyses if "layer 0" in found.features]
    return f"{np.mean(values):.4f}" if values else ""


def reference_table(systems: Sequence[System], task: str) -> Table:
    """Like the paper's Table 2: relative and absolute gaps to the reference language.

    Args:
        systems: Ours.
        task: Which systems; the paper's of the same task come first.
    """
    rows = [published_system(row) for row in TABLE_2 if row.task == task]
    rows += [system for system in systems if system.task == task and system.reference in system.scores]
    languages = list(dict.fromkeys(lang for system in rows for lang in system.scores if lang != system.reference))
    columns = ["system", "reference", "score", *(f"{lang} {what}" for lang in languages for what in ("score", "gap"))]
    table = []
    for system in rows:
        gap = system.gap()
        if gap is None or system.reference is None:
            continue
        line = [system.label, system.reference, str(Cell.of(system.scores[system.reference]))]
        for language in languages:
            if language in gap["rpd_to_reference"]:
                relative = gap["rpd_to_reference"][language]
                absolute = gap["absolute_gap_to_reference"][language] * 100
                line += [str(Cell.of(system.scores[language])), f"{relative:.2f} % / {absolute:.2f}"]
            else:
                line += ["", ""]
        table.append(line)
    return Table(columns, table)


def comparison_table(systems: Sequence[System]) -> Table:
    """Mean RPD of each system against the first of its task, over the languages of both, with the swap test.

    Args:
        systems: Ours; the paper's stand first, compared in the same way.
    """
    published = [published_system(row) for row in (*TABLE_1, *TABLE_2)]
    columns = ["task", "system", "against", "languages", "Mean RPD", "against", "difference", "p (swap test)"]
    columns += ["smallest p possible", "pairs with the smaller gap"]
    table = []
    for system, first in comparable([*published, *systems]):
        gap = system.gap(first)
        if gap is None:
            continue
        found, shared = gap["comparison"], system.shared_languages(first)
        count = len(shared)
        interval = found["interval"]
        ends = "" if interval is None else f" [{interval[0]:.2f}, {interval[1]:.2f}]"
        line = [system.task, system.label, first.label, " ".join(shared)]
        line += [f"{gap['mean_rpd']:.2f}", f"{found['other_mean_rpd']:.2f}", f"{found['difference']:+.2f}{ends}"]
        smallest = 2.0 ** (1 - count) if found["exact"] else 1 / (found["num_swaps"] + 1)
        line += [f"{found['p_value']:.2f}", f"{smallest:.2g}", f"{found['num_smaller']} of {found['num_pairs']}"]
        table.append(line)
    return Table(columns, table)


def correlation_table(systems: Sequence[System], analyses: Sequence[Analysis]) -> Table:
    """Like the paper's Table 3: the gap against what may go with it, pooled, and inside pairs.

    Args:
        systems: Ours, those with runs that were analyzed.
        analyses: All of them.
    """
    columns = [
        "system",
        "gap against",
        "points",
        "Spearman",
        "p",
        "Kendall",
        "p",
        "pairs alone give",
        "inside pairs",
        "p",
    ]
    table = []
    for row in TABLE_3:
        line = ["phoneme (paper)", row.quantity, "30", f"{row.spearman:.3f}", f"{row.spearman_p:.1e}"]
        table.append([*line, f"{row.kendall:.3f}", f"{row.kendall_p:.1e}", "", "", ""])
    for system in systems:
        for quantity, found in correlate(collect_points(system, analyses)).items():
            line = [system.label, quantity, str(found["num_points"])]
            for name in ("spearman", "kendall"):
                line += [f"{found[name]:.3f}", f"{found[f'{name}_p_value']:.1e}"]
            low, high = found["clusters_alone"]["spearman"]["range"]
            partial = found["partial_spearman"]
            inside = ["", ""] if partial is None else [f"{partial:.3f}", f"{found['partial_p_value']:.2f}"]
            alone = f"{low:.2f} to {high:.2f}" if found["num_pairs"] > 1 else ""
            table.append([*line, alone, *inside])
    return Table(columns, table)


def difference_table(analyses: Mapping[str, Analysis]) -> Table:
    """Each encoder's CKA and P@1 less the first one's over the languages of both, intervals over languages.

    Args:
        analyses: By label, in order.
    """
    (first_label, first), *others = analyses.items()
    known = [{_CSLS, *figures["cka"]} for _, found in others for figures in found.features.values()]
    keys = [key for key in _DIFFERENCES if any(key in figures for figures in known)]
    columns = ["encoder", "less", "vectors", *map(_DIFFERENCES.__getitem__, keys), "maps alike (Mantel)"]
    table = []
    for label, found in others:
        for name in [kind for kind in found.features if kind in first.features]:
            languages = _common(first, found)
            if len(languages) < 2:
                continue
            maps = [_maps(one, name, languages) for one in (first, found)]
            cells = [_difference(*(one.get(key) for one in maps)) for key in keys]
            mantel = _mantel(*(one["length_partialled_matrix"] for one in maps))
            table.append([label, first_label, name, *cells, mantel])
    return Table(columns, table)


def _difference(first: Any, second: Any) -> str:
    """Of two maps the mean difference; of what an older analysis has not, nothing."""
    if first is None or second is None:
        return ""
    if not np.isfinite([first, second]).all():
        return NOTHING_LEFT
    return with_interval(mean_over_pairs(second - first))


def matrix_of(found: Analysis, features: str, figure: str, languages: Sequence[str]) -> Any:
    """A matrix of CKA figures over the named languages; NaN where nothing was left to compare."""
    places = [found.languages.index(language) for language in languages]
    matrix = found.features[features]["cka"][figure]
    if matrix is None:
        return np.full((len(places), len(places)), np.nan)
    return np.array(matrix)[np.ix_(places, places)]


def _common(first: Analysis, second: Analysis) -> list[str]:
    return [language for language in first.languages if language in second.languages]


def _maps(found: Analysis, features: str, languages: Sequence[str]) -> dict[str, Any]:
    """Symmetric maps to subtract; older analyses have not all of them."""
    keys = [key for key in _DIFFERENCES if key in found.features[features]["cka"]]
    places = [found.languages.index(language) for language in languages]
    retrieval = np.array(found.features[features]["retrieval"]["csls_matrix"])[np.ix_(places, places)]
    return {key: matrix_of(found, features, key, languages) for key in keys} | {_CSLS: (retrieval + retrieval.T) / 2}


def _mantel(first: Any, second: Any) -> str:
    if len(first) < LEAST_LANGUAGES or not np.isfinite([first, second]).all():
        return ""
    found = node_permutation_test(first, second)
    p_value = found["p_value"]
    return f"r = {found['correlation']:.2f}, p {'< 0.001' if p_value < 0.001 else f'= {p_value:.3f}'}"


def alike_table(analyses: Mapping[str, Analysis]) -> Table:
    """How alike each encoder's languages are at each of its layers, and before them.

    Args:
        analyses: By label, in order; at least one.
    """
    summaries = {label: summary(found) for label, found in analyses.items()}
    columns = max((table.columns for table in summaries.values()), key=len)
    cells = [
        [label, *map(dict(zip(table.columns, row, strict=True)).get, columns)]
        for label, table in summaries.items()
        for row in table.rows
    ]
    return Table(["encoder", *columns], [[cell or "" for cell in row] for row in cells])


def answers_table(analyses: Mapping[str, Analysis]) -> Table:
    """Classifiers: Sinkhorn figures of their answers, and the class that each language is answered with most."""
    columns = ["encoder", "Sinkhorn distance", "divergence", "most frequent answer"]
    table = []
    for label, found in analyses.items():
        if found.answers is not None:
            sinkhorn = found.answers["sinkhorn"]
            most = "; ".join(f"{lang} {m['class']} {m['share']:.0%}" for lang, m in found.answers["majority"].items())
            mark = unconverged_mark(sinkhorn)
            cells = [f"{sinkhorn['distance']:.4f}{mark}", with_interval(sinkhorn["divergence"]) + mark]
            table.append([label, *cells, most])
    return Table(columns, table)


def bound_sentence(found: Analysis) -> str:
    """What Theorem 4.1 of the paper says with the last layer's dimensions."""
    apart = last_layer(found)["h_divergence"]
    bound, count = apart["bound"], apart["sentences"]
    verdict = "says nothing: a gap of risks is at most 1" if bound["vacuous"] else "is below 1"
    return (
        f"The bound of Theorem 4.1 on a gap of risks, from {count} sentences of {last_layer(found)['dimensions']} "
        f"dimensions, is {bound['value']:.2f} and {verdict}; {bound['samples_needed']['0.5']:,} sentences would bring "
        "its second term to 0.5."
    )
