"""The quickstart: plain and PhoneXL side by side on our own samples, from nothing to tags for raw text.

It reports, it does not sell: whatever the sign of the difference, it is printed.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from dataset_scripts.readers import load_split
from modeling_phonexl.transcription import Transcriber
from phonexl.methods import find_method
from phonexl.page import MARK, Line, Section, make_line, render_page
from phonexl.progress import TrainingProgress, format_duration
from phonexl.results import RESULT_FILE, Result, Table
from phonexl.tagger import load_tagger, make_pipeline
from phonexl.training.evaluation import tag_sentences
from phonexl.training.precision import gains_from_bf16
from phonexl.training.recipe import Recipe
from phonexl.training.run import CHECKPOINTS, train
from phonexl.whole_files import whole_file

PAIRS = ("zh-vi", "ja-ko")
RAW_TEXT = {
    "zh": "越南电子工业发展迅速，河内大学的学生非常高兴。",
    "vi": "Công nghiệp điện tử Việt Nam phát triển nhanh, sinh viên Đại học Hà Nội rất vui.",
    "ja": "ベトナムの電子産業は急速に発展し、ハノイ大学の学生はとても喜んでいる。",
    "ko": "베트남의 전자 산업은 빠르게 발전하고, 하노이 대학교의 학생들은 매우 기뻐한다.",
}
_ABOUT = (
    "Part-of-speech taggers trained on 100 sentences of the source language and tested on the target, of which "
    "no label was seen. Every token stands over its sound, its romanisation and its predicted tag; a wrong tag is "
    "red and underlined, with the right one in brackets. Accuracy and F1 are x 100; majority is the accuracy of always "
    "giving the most frequent tag."
)
_METHODS = ("plain", "phonexl")
_SHOWN_SENTENCES = 8
# Measured on an AMD EPYC with bfloat16: CPU-seconds of one of a training's 84 steps. float32 takes 1.8 times as many.
_STEPS = 84
_STEP_SECONDS = {"plain": 0.55, "phonexl": 1.5}
_FLOAT32_FACTOR = 1.8
_USEFUL_THREADS = 8  # sentences are short: more do not help
_REST_SECONDS = 30  # of a pair: loading, tagging, the page

Words = dict[str, list[dict[str, Any]]]  # what the pipeline gives, by language


@dataclass(frozen=True)
class Report:
    """What a quickstart found.

    Attributes:
        table: Scores on the test sentences.
        verdicts: What they say, one sentence or two for each pair.
        raw_text: Tagged raw text of every language, by the folder of the PhoneXL model that tagged it.
        page: The HTML file.
    """

    table: Table
    verdicts: list[str]
    raw_text: dict[Path, Words]
    page: Path


def run_quickstart(pairs: Sequence[str], out: Path, say: Callable[[str], None]) -> Report:
    """Train plain and PhoneXL for each pair, write models, results and a page.

    Args:
        pairs: Of `PAIRS`.
        out: Where everything goes: `PAIR/METHOD/` holds a model and its result.json, `index.html` the page. Those of
            an earlier quickstart are replaced.
        say: Called with one line of progress at a time.

    Raises:
        FileExistsError: If something else lies where runs or page should go.
        MissingToolError: If the offline backbone's package is not installed.
    """
    page = out / "index.html"
    if page.exists() and MARK not in page.read_text(encoding="utf-8", errors="replace"):
        raise FileExistsError(f"{page} is not a page of ours: choose another --out")
    say(estimate(pairs))
    samples = Path(str(resources.files("dataset_scripts") / "samples"))
    results = [_train(pair, method, samples, out / pair / method) for pair in pairs for method in _METHODS]
    table, verdicts = side_by_side(results), [judge(pair, results) for pair in pairs]
    sections = [Section("Scores on the test sentences", [_ABOUT, *verdicts], table)]
    raw_text = {}
    for pair in pairs:
        folder = out / pair / "phonexl"
        raw_text[folder] = predict_raw_text(folder)
        sections.append(
            Section(f"Test sentences, tagged by the {pair} model", lines=_tag_samples(pair, samples, folder))
        )
        lines = [_raw_line(language, words) for language, words in raw_text[folder].items()]
        sections.append(Section(f"Raw text, tagged by the {pair} model", lines=lines))
    with whole_file(page) as part:
        part.write_text(render_page("PhoneXL quickstart", sections), encoding="utf-8")
    return Report(table, verdicts, raw_text, page)


def estimate(pairs: Sequence[str]) -> str:
    """How long the trainings of some pairs take here, as far as can be said before."""
    trainings = f"{len(_METHODS) * len(pairs)} trainings of {_STEPS} steps"
    if torch.cuda.is_available():
        return f"{trainings}: seconds each on {torch.cuda.get_device_name()}"
    threads, bf16 = torch.get_num_threads(), gains_from_bf16()
    speed = min(threads, _USEFUL_THREADS) / (1 if bf16 else _FLOAT32_FACTOR)
    seconds = len(pairs) * (_STEPS * sum(_STEP_SECONDS.values()) / speed + _REST_SECONDS)
    where = f"{threads} thread{'s' * (threads > 1)}, {'bfloat16' if bf16 else 'float32'}"
    return f"{trainings}: about {format_duration(seconds)} with {where}; it depends on the machine"


def predict_raw_text(folder: Path) -> Words:
    """Tag one raw sentence of each language with a saved model."""
    tagger = make_pipeline(*load_tagger(str(folder)))
    return {language: tagger(text, language=language) for language, text in RAW_TEXT.items()}


def side_by_side(results: Sequence[Result]) -> Table:
    """Plain and PhoneXL, one above the other, for source and target of each pair; accuracy and F1 x 100.

    Args:
        results: Of `run_quickstart`, in any order.
    """
    runs = {result.name: result for result in results}
    rows = []
    for pair in PAIRS:
        for language, role in zip(pair.split("-"), ("source", "target"), strict=True):
            for run in (runs[name] for method in _METHODS if (name := f"{pair} {method}") in runs):
                scores = run.scores[language]["test"]
                figures = [f"{scores[name] * 100:.1f}" for name in ("accuracy", "xtreme_f1", "majority")]
                rows.append([run.name, f"{language} ({role})", *figures])
    return Table(["system", "language", "accuracy", "XTREME F1", "majority"], rows)


def judge(pair: str, results: Sequence[Result]) -> str:
    """What the difference on the target is, in words; also where PhoneXL does not win."""
    target = pair.split("-")[1]
    scores = {result.name: result.scores[target]["test"] for result in results if result.name.startswith(pair)}
    plain, phonexl = (scores[f"{pair} {method}"] for method in _METHODS)
    difference = round((phonexl["accuracy"] - plain["accuracy"]) * 100, 1)
    if difference > 0:
        outcome = f"PhoneXL is {difference:.1f} points of accuracy above plain on {target}"
    else:
        outcome = f"PhoneXL does not beat plain on {target} here ({difference:+.1f} points of accuracy)"
    tokens = plain["num_tokens"]
    return f"{pair}: {outcome}. One seed, {tokens} test tokens: differences of a few points are noise at this size."


def _train(pair: str, method: str, samples: Path, folder: Path) -> Result:
    """One system of one pair, in place of that of an earlier quickstart."""
    system = find_method(method)
    recipe = replace(Recipe.load(f"samples-{pair}").override(system.overrides()), name=f"{pair} {method}")
    if (folder / RESULT_FILE).exists():
        Result.load(folder / RESULT_FILE)  # refuses a file that is not ours
        (folder / RESULT_FILE).unlink()
    with contextlib.suppress(OSError):
        (folder / CHECKPOINTS).rmdir()  # an interrupted quickstart leaves it empty
    with TrainingProgress(recipe.name) as progress:
        return train(recipe, samples, folder, method=system, replace=True, callbacks=[progress])[0]


def _tag_samples(pair: str, samples: Path, folder: Path) -> list[Line]:
    """The first test sentences of both languages."""
    model, processor = load_tagger(str(folder))
    lines = []
    for language in pair.split("-"):
        sentences = load_split(samples, "udpos", language, "test")[:_SHOWN_SENTENCES]
        for sentence, tags in zip(sentences, tag_sentences(model, processor, sentences), strict=True):
            records = Transcriber(language)(sentence.tokens)
            lines.append(make_line(language, sentence.tokens, records, tags, sentence.tags, sentence.id))
    return lines


def _raw_line(language: str, words: list[dict[str, Any]]) -> Line:
    tokens = [word["word"] for word in words]
    return make_line(language, tokens, Transcriber(language)(tokens), [word["entity"] for word in words])
