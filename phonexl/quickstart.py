"""The quickstart: plain and PhoneXL side by side on our own samples, from nothing to tags for raw text.

It reports, it does not sell: whatever the sign of the difference, it is printed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from dataset_scripts.readers import load_split
from modeling_phonexl.transcription import Transcriber
from phonexl.methods import METHODS
from phonexl.page import Line, Section, Word, render_page
from phonexl.progress import TrainingProgress
from phonexl.results import Result, Table
from phonexl.tagger import load_tagger, make_pipeline
from phonexl.evaluation import tag_sentences
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

PAIRS = ("zh-vi", "ja-ko")
RAW_TEXT = {
    "zh": "越南电子工业发展迅速，河内大学的学生非常高兴。",
    "vi": "Công nghiệp điện tử Việt Nam phát triển nhanh, sinh viên Đại học Hà Nội rất vui.",
    "ja": "ベトナムの電子産業は急速に発展し、ハノイ大学の学生はとても喜んでいる。",
    "ko": "베트남의 전자 산업은 빠르게 발전하고, 하노이 대학교의 학생들은 매우 기뻐한다.",
}
_SHOWN_SENTENCES = 8
# Seconds of one training on two cores of a processor with bfloat16; measured by benchmarks/quickstart.py.
_SECONDS_PER_TRAINING = 60


@dataclass
class Run:
    """One system of one pair."""

    pair: str
    method: str
    folder: Path
    result: Result


def run_quickstart(pairs: list[str], out: Path, say: Callable[[str], None]) -> tuple[Table, list[str], Path]:
    """Train plain and PhoneXL for each pair, write models, results and a page.

    Args:
        pairs: Of `PAIRS`.
        out: Where everything goes: `PAIR/METHOD/` holds a model and its result.json, `index.html` the page.
        say: Called with one line of progress at a time.

    Returns:
        Scores on the test sentences, what they say in words, and the page.

    Raises:
        FileExistsError: If `out` holds runs of an earlier quickstart.
        MissingToolError: If the offline backbone's package is not installed.
    """
    minutes = max(1, round(2 * len(pairs) * _SECONDS_PER_TRAINING / 60))
    say(f"{2 * len(pairs)} trainings of about {_SECONDS_PER_TRAINING} s each: {minutes} minutes on two cores")
    samples = Path(str(resources.files("dataset_scripts") / "samples"))
    runs = []
    for pair in pairs:
        for method in ("plain", "phonexl"):
            recipe = Recipe.load(f"samples-{pair}").override(METHODS[method])
            folder = out / pair / method
            result = train(recipe, samples, folder, callbacks=[TrainingProgress(f"{pair} {method}")])[0]
            result.name = f"{pair} {method}"
            runs.append(Run(pair, method, folder, result))
    table = _side_by_side(runs)
    verdicts = [_verdict(pair, runs) for pair in pairs]
    page = out / "index.html"
    text = render_page("PhoneXL quickstart", _sections(runs, table, verdicts, samples))
    part = page.with_name(".index.html.part")
    part.write_text(text, encoding="utf-8")
    part.replace(page)
    return table, verdicts, page


def predict_raw_text(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Tag one raw sentence of each language with a saved model."""
    tagger = make_pipeline(*load_tagger(str(folder)))
    return {language: tagger(text, language=language) for language, text in RAW_TEXT.items()}


def _side_by_side(runs: list[Run]) -> Table:
    """Source and target scores of each system beside the majority class."""
    columns = ["system", "source", "accuracy", "XTREME F1", "majority", "target", "accuracy", "XTREME F1", "majority"]
    rows = []
    for run in runs:
        row = [f"{run.pair} {run.method}"]
        for language in run.pair.split("-"):
            scores = run.result.scores[language]["test"]
            row += [language, *(f"{scores[name] * 100:.1f}" for name in ("accuracy", "xtreme_f1", "majority"))]
        rows.append(row)
    return Table(columns, rows)


def _verdict(pair: str, runs: list[Run]) -> str:
    """What the difference on the target is, in words."""
    target = pair.split("-")[1]
    plain, phonexl = (
        next(r.result.scores[target]["test"] for r in runs if (r.pair, r.method) == (pair, method))
        for method in ("plain", "phonexl")
    )
    difference = (phonexl["accuracy"] - plain["accuracy"]) * 100
    if difference > 0:
        outcome = f"PhoneXL is {difference:.1f} points of accuracy above plain on {target}"
    else:
        outcome = f"PhoneXL does not beat plain on {target} here ({difference:+.1f} points of accuracy)"
    tokens = plain["num_tokens"]
    return f"{pair}: {outcome}. One seed, {tokens} test tokens: differences of a few points are noise at this size."


def _sections(runs: list[Run], table: Table, verdicts: list[str], samples: Path) -> list[Section]:
    """The page: scores, tagged test sentences of each pair, tags for raw text."""
    about = [
        "Part-of-speech taggers trained on 100 sentences of the source language and tested on the target, of which "
        "no label was seen. Every token stands over its sound, its romanisation and its predicted tag; a wrong tag is "
        "red, with the right one in brackets.",
        *verdicts,
    ]
    sections = [Section("Scores on the test sentences", about, table)]
    for run in runs:
        if run.method == "phonexl":
            sections.append(_tagged_section(run, samples))
            lines = [_raw_line(language, words) for language, words in predict_raw_text(run.folder).items()]
            sections.append(Section(f"Raw text, tagged by the {run.pair} model", lines=lines))
    return sections


def _tagged_section(run: Run, samples: Path) -> Section:
    model, processor = load_tagger(str(run.folder))
    lines = []
    for language in run.pair.split("-"):
        sentences = load_split(samples, "udpos", language, "test")[:_SHOWN_SENTENCES]
        for sentence, tags in zip(sentences, tag_sentences(model, processor, sentences), strict=True):
            records = Transcriber(language)(sentence.tokens)
            parts = zip(sentence.tokens, records, tags, sentence.tags, strict=True)
            words = [Word(token, r.ipa, r.romanized, tag, gold) for token, r, tag, gold in parts]
            lines.append(Line(words, language, sentence.id))
    return Section(f"Test sentences, tagged by the {run.pair} model", lines=lines)


def _raw_line(language: str, words: list[dict[str, Any]]) -> Line:
    records = Transcriber(language)([word["word"] for word in words])
    shown = [Word(w["word"], r.ipa, r.romanized, w["entity"]) for w, r in zip(words, records, strict=True)]
    return Line(shown, language)


__all__ = ["PAIRS", "predict_raw_text", "run_quickstart"]
