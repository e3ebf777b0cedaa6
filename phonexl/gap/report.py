"""A report of result JSONs: figures, tables in Markdown, and one HTML page that stands alone.

Computes nothing that is not in a file: scores are from `phonexl train` and `phonexl gap run`, bits a word from
`phonexl pretrain`, all else from `phonexl gap analyze`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from phonexl.backbone import short_name
from phonexl.gap.analysis import Analysis, layers_of
from phonexl.gap.analysis_tables import by_language, marks_of, set_summary
from phonexl.gap.figures import Drawing, draw_bars, draw_difference, draw_maps
from phonexl.gap.floor_table import floor_table
from phonexl.gap.published import NOTES
from phonexl.gap.scores import System, collect_points, collect_systems
from phonexl.gap.tables import (
    alike_table,
    answers_table,
    bound_sentence,
    comparison_table,
    correlation_table,
    difference_table,
    paper_task,
    reference_table,
    scores_tables,
)
from phonexl.gap.vector_store import ANALYSIS_FILE
from phonexl.json_file import read_any_json, read_json
from phonexl.page import MARK
from phonexl.pretraining.comparison import compare
from phonexl.results import RESULT_FILE, Result, Table, each_once
from phonexl.whole_files import check_writable, whole_file

PAGE, TABLES = "report.html", "tables.md"
TITLE = "How unequally encoders treat languages"
_KINDS = ({"features", "spelling", "sentences"}, {"scores", "recipe", "seed"})  # keys of an analysis, of a result
_MARKS = {PAGE: MARK, TABLES: f"# {TITLE}\n"}  # what every file of ours has in it
_PAPER_TASKS = ("ner", "pos", "xnli")


@dataclass(frozen=True)
class Section:
    """Paragraphs, figures and captioned tables under a heading."""

    heading: str
    paragraphs: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    tables: Sequence[tuple[str, Table]] = ()


@dataclass
class Inputs:
    """What the files hold: analyses by label, fine-tuned runs, and runs that pretrained an encoder."""

    analyses: dict[str, Analysis] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    pretrained: list[Result] = field(default_factory=list)


def read_inputs(places: Iterable[Path]) -> Inputs:
    """Analyses and results of files and folders, in the order given, inside a folder by path.

    Args:
        places: Files, or folders that are searched to any depth. Beside a saved model only `result.json` and
            `analysis.json` are read, and a JSON of another kind is passed over.

    Raises:
        ValueError: If a place does not exist, holds nothing of this program, a file is damaged, one that is named is
            no JSON object, or two are different runs of one system and seed.
    """
    found = Inputs()
    runs: list[tuple[Path, Result]] = []
    ours: dict[Path, bool] = {}  # by file, which may be below two of the places
    for place in places:
        if not place.exists():
            raise ValueError(f"{place}: no such file or folder; expected result JSONs")
        paths = sorted(filter(_may_be_ours, place.rglob("*.json"))) if place.is_dir() else [place]
        for path in paths:
            if path.resolve() not in ours:
                content = read_any_json(path) if place.is_dir() else read_json(path)
                ours[path.resolve()] = _read_one(path, content, found, runs)
        if not any(ours[path.resolve()] for path in paths):
            raise ValueError(f"{place}: no result of `phonexl gap analyze`, `gap run`, `train` or `pretrain`")
    for run in each_once(runs):
        (found.pretrained if "representation" in run.recipe else found.results).append(run)
    return found


def _may_be_ours(path: Path) -> bool:
    return path.name in (RESULT_FILE, ANALYSIS_FILE) or not (path.parent / "config.json").exists()


def _read_one(path: Path, content: Any, found: Inputs, runs: list[tuple[Path, Result]]) -> bool:
    """Whether a file is ours; it then is among the analyses or the runs."""
    keys = set(content) if isinstance(content, dict) else set()
    if _KINDS[0] <= keys:
        analysis = Analysis.load(path)
        label = _label(analysis)
        if label in found.analyses:
            label = f"{label} ({path.parent.name})"
        if label in found.analyses:
            raise ValueError(f"{path}: a second analysis that would be called {label!r}; name its folder otherwise")
        found.analyses[label] = analysis
    elif _KINDS[1] <= keys:
        runs.append((path, Result.load(path)))
    else:
        return False
    return True


def _label(found: Analysis) -> str:
    if found.run is not None:
        return f"{found.run['name']} seed {found.run['seed']}, {found.spelling}"
    name = short_name(found.model)
    return name if name.startswith(f"{found.spelling}-step-") else f"{name}, {found.spelling}"


def make_report(inputs: Inputs, split: str = "test", reference: str | None = None) -> list[Section]:
    """The report's sections, figures drawn.

    Args:
        inputs: Analyses and runs.
        split: Which scores.
        reference: Analysis or system that others are compared with; None: the first of each.

    Raises:
        ValueError: If the reference is none of them.
        MissingToolError: If matplotlib is not installed.
    """
    systems = collect_systems(inputs.results, split)
    if reference is not None:
        names = list(dict.fromkeys([*inputs.analyses, *(system.label for system in systems)]))
        if reference not in names:
            raise ValueError(f"--reference {reference!r}: expected one of {'; '.join(names)}")
        analyses = sorted(inputs.analyses.items(), key=lambda named: named[0] != reference)
        inputs = replace(inputs, analyses=dict(analyses))
        systems.sort(key=lambda system: system.label != reference)
    sections = [_about(inputs, systems, split)]
    if inputs.pretrained:
        sections.append(_pretraining(inputs.pretrained))
    if inputs.analyses:
        sections += [_encoders(inputs), _maps(inputs)]
    return [*sections, _gaps(inputs, systems, split), _correlations(inputs, systems), _commands(inputs)]


def check_place(out: Path) -> None:
    """Refuse a folder that cannot be written, or in which a report would overwrite a page or tables of another origin.

    Raises:
        FileExistsError: Naming the file.
        OSError: If the folder cannot be written.
    """
    check_writable(out)
    for name, mark in _MARKS.items():
        path = out / name
        if path.exists() and mark not in path.read_text(encoding="utf-8", errors="replace"):
            raise FileExistsError(f"{path} is of no report of ours: move it away, or choose another --out")


def write_report(sections: Sequence[Section], out: Path) -> list[Path]:
    """Write figures, `tables.md` and `report.html`, each whole or not at all, in the place of those of an older report.

    Returns:
        The files, the page first.

    Raises:
        FileExistsError: Also for a file with the name of a figure, where there is no report yet.
        OSError: See `check_place`.
    """
    check_place(out)
    older = any((out / name).exists() for name in _MARKS)
    environment = Environment(
        loader=PackageLoader("phonexl.gap", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.jinja").render(title=TITLE, sections=sections) + "\n"
    files = {PAGE: page.encode(), TABLES: _markdown(sections).encode()}
    for drawing in (drawing for section in sections for drawing in section.drawings):
        files |= {f"{drawing.name}.svg": drawing.svg, f"{drawing.name}.png": drawing.png}
    if not older and (found := next((out / name for name in files if (out / name).exists()), None)):
        raise FileExistsError(f"{found} is of no report of ours: move it away, or choose another --out")
    for name, content in files.items():
        with whole_file(out / name) as part:
            part.write_bytes(content)
    return [out / name for name in files]


def _markdown(sections: Sequence[Section]) -> str:
    parts = [f"# {TITLE}\n"]
    for section in sections:
        parts.append(f"## {section.heading}\n")
        parts += [f"{paragraph}\n" for paragraph in section.paragraphs]
        parts += [f"![{drawing.name}]({drawing.name}.svg)\n\n{drawing.caption}\n" for drawing in section.drawings]
        parts += [f"**{caption}**\n\n{table.markdown()}" for caption, table in section.tables]
    return "\n".join(parts)


def _about(inputs: Inputs, systems: Sequence[System], split: str) -> Section:
    paragraph = (
        f"{len(inputs.analyses)} encoders compared over languages, {len(inputs.results)} fine-tuned runs of "
        f"{len(systems)} systems ({split} scores), {len(inputs.pretrained)} encoders pretrained. Intervals are 95%, of "
        "means over pairs by the jackknife over languages, since pairs share languages. Nothing here is computed from "
        "anything but the result files; the commands that made them stand last."
    )
    return Section("What this is made of", [paragraph])


def _commands(inputs: Inputs) -> Section:
    made: dict[str, list[str]] = {}
    for label, found in inputs.analyses.items():
        made.setdefault(found.command, []).append(label)
    for run in (*inputs.pretrained, *inputs.results):
        made.setdefault(run.command, []).append(f"{run.name} seed {run.seed}")
    rows = [["; ".join(dict.fromkeys(what)), command] for command, what in made.items()]
    return Section("Commands", tables=[("What made the files", Table(["what", "command"], rows))])


def _pretraining(results: Sequence[Result]) -> Section:
    paragraphs = [
        "Encoders of the same body, pretrained on the same sentences with the same words hidden, each in its own "
        "symbols. Bits are those of a hidden word, over held-out sentences of all languages; by frequency is what it "
        "costs who knows how often each symbol occurs and reads no context. Each representation guesses other "
        "strings: compare it with its own frequencies, not with another's bits.",
        "The last column is read off where every encoder had done the work of the one that did least.",
    ]
    return Section("Pretraining", paragraphs, tables=[("Encoders pretrained alike", compare(results))])


def _encoders(inputs: Inputs) -> Section:
    tables = [("Alike", alike_table(inputs.analyses))]
    for label, found in inputs.analyses.items():
        last = layers_of(found)[-1]
        tables += [(f"{label}: apart", set_summary(found)), (f"{label}: by language", by_language(found, last))]
    answers = answers_table(inputs.analyses)
    if answers.rows:
        tables.append(("Answers of classifiers", answers))
    paragraphs = [
        "CKA as published is biased: read it beside what unrelated vectors of this shape give. Mean-pooled input "
        "embeddings carry sentence length, which translations share: read the value with length taken out. CKA is "
        "blind to rotation; P@1 is not.",
        "A Sinkhorn divergence of vectors is in units of the squared distance of two sentences of one language. It "
        "finds translations by itself, so it is also given between sets that share no sentence, beside what two "
        "samples of one mixture give.",
        *dict.fromkeys(map(bound_sentence, inputs.analyses.values())),
        *marks_of(inputs.analyses.values()),
    ]
    return Section("Encoders", paragraphs, tables=tables)


def _drawn(analyses: Mapping[str, Analysis]) -> dict[str, Analysis]:
    """Of the seeds of a run the first: a page with the maps of all would have the same picture many times."""
    first: dict[tuple[str, str], str] = {}
    for label, found in analyses.items():
        first.setdefault(("encoder", label) if found.run is None else ("run", found.run["name"]), label)
    return {label: analyses[label] for label in first.values()}


def _maps(inputs: Inputs) -> Section:
    first, *others = _drawn(inputs.analyses).items()
    drawings: list[Drawing] = []
    for place, other in enumerate(others, 1):
        mark = "" if len(others) == 1 else f"-{place}"
        for features in [name for name in layers_of(first[1]) if name in other[1].features]:
            name = f"{features.replace(' ', '-')}{mark}"
            if len(set(first[1].languages) & set(other[1].languages)) > 1:
                drawings.append(draw_maps(f"figure-2-{name}", features, first, other))
                drawings.append(draw_difference(f"figure-2-difference-{name}", features, first, other))
    if not others:
        for features in layers_of(first[1]):
            drawings.append(draw_maps(f"figure-2-{features.replace(' ', '-')}", features, first, None))
    tables = [("Differences from the first encoder", difference_table(inputs.analyses))] if others else []
    return Section("Linguistic gap (like the paper's Figure 2)", drawings=drawings, tables=tables)


def _gaps(inputs: Inputs, systems: Sequence[System], split: str) -> Section:
    own_tasks = list(dict.fromkeys(system.task for system in systems))
    papers = [task for task in _PAPER_TASKS if task not in map(paper_task, own_tasks)]
    tables = []
    for task in (*own_tasks, *papers):
        caption = f"Scores and mean RPD, {task} (like the paper's Table 1)"
        mine = [system for system in systems if system.task == task]
        tables += [(caption, made) for made in scores_tables(mine, inputs.analyses, task)]
    for task in dict.fromkeys([*own_tasks, "xnli"]):
        made = reference_table(systems, task)
        if made.rows:
            tables.append((f"Gaps to the reference, {task}: relative / absolute (like the paper's Table 2)", made))
    floors = floor_table(inputs.results, split)
    if floors.rows:
        tables.append(("Scores beside a floor: taggers and classifiers that read no context", floors))
    tables.append(("Is a smaller mean RPD more than chance? Swap test over languages", comparison_table(systems)))
    drawn = _drawn(inputs.analyses)
    drawings = [draw_bars("figure-3", [], drawn)] if not own_tasks else []
    for task in own_tasks:
        mine = [system for system in systems if system.task == task]
        of_task = {label: one for label, one in drawn.items() if one.run is None or one.run["task"] == task}
        drawings.append(draw_bars(f"figure-3-{task}", mine, of_task))
    paragraphs = [*NOTES[:2], "A mean over ten languages rests on few of them: see it without one language."]
    return Section("Performance gap (like the paper's Figure 3)", paragraphs, drawings, tables)


def _correlations(inputs: Inputs, systems: Sequence[System]) -> Section:
    every = list(inputs.analyses.values())
    table = correlation_table(systems, every)
    paragraphs = [
        NOTES[2],
        "Points are runs that were both scored and analyzed, at each pair of languages. The correlation inside pairs "
        "is what is left when clusters of pairs explain nothing; its p-value permutes seeds inside pairs.",
    ]
    without = [
        f"{one.task}: {one.label}" for one in systems if one.gaps_to_reference() and not collect_points(one, every)
    ]
    if without:
        paragraphs.append(
            f"No points here, though there are gaps: {'; '.join(without)}. No run of theirs was both "
            "analyzed and scored in two languages; one that was fine-tuned per language is scored in its own alone."
        )
    caption = "Performance gap against closeness (like the paper's Table 3)"
    return Section("Does closeness go with small gaps?", paragraphs, tables=[(caption, table)])
