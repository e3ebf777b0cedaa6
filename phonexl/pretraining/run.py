"""One corpus, and an encoder for each representation of it: trained, kept, resumed, described.

How many steps a budget of minutes is worth is found in `budget.py`; the figures are laid side by side in
`comparison.py`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from phonexl.json_file import read_json, write_json
from phonexl.pretraining import corpus as corpora
from phonexl.pretraining.arm import Arm, Settings, learn_representation
from phonexl.pretraining.comparison import unigram_bits
from phonexl.pretraining.corpus import Corpus, CorpusSettings, Report
from phonexl.pretraining.encoder import count_parameters
from phonexl.pretraining.representations import Representation, check_name
from phonexl.pretraining.trainer import BITS, PretrainingTrainer
from phonexl.results import RECIPE_FILE, RESULT_FILE, Result, describe_command, describe_hardware, describe_versions
from phonexl.training.checkpoints import last_checkpoint, step_of
from phonexl.whole_files import whole_folder

CHECKPOINTS = "checkpoints"
VOCABULARY = "vocabulary"


def prepare_corpus(
    data: Path, out: Path, evaluation: Path | None, settings: CorpusSettings, report: Report = lambda line: None
) -> Corpus:
    """The corpus of a run: read from raw text, or as an earlier run left it.

    Args:
        data: Folder of raw text, or a corpus file, which needs neither text nor reading tools.
        out: Where the corpus is kept.
        evaluation: Folder of text that must not be trained on; see `read_corpus`. A corpus that is there is checked
            against it again; a corpus file with no folder named is taken as it is.
        settings: What to take.
        report: Called with lines of progress.

    Raises:
        DataError: If something is missing or malformed, or the corpus that is there is of other text or settings, or
            holds evaluation text.
        MissingToolError: If the reading tool of a language is not installed.
    """
    kept = data if data.is_file() else out / corpora.CORPUS_FILE
    if kept.is_file():
        corpus = corpora.load_corpus(kept, settings)
        corpora.check_corpus(corpus, kept, data, evaluation)
        report(f"{kept}: {len(corpus.train)} sentences to train on, {len(corpus.held_out)} held out")
        return corpus
    corpus = corpora.read_corpus(data, evaluation, settings, report)
    corpora.save_corpus(corpus, kept)
    report(f"wrote {kept}: {len(corpus.train)} sentences to train on, {len(corpus.held_out)} held out")
    return corpus


def pretrain(
    corpus: Corpus,
    representations: Sequence[str],
    settings: Settings,
    out: Path,
    *,
    resume: bool = False,
    report: Report = lambda line: None,
    callbacks: Sequence[TrainerCallback] = (),
) -> list[Result]:
    """Train an encoder for each representation, with the same body, on the same sentences.

    Args:
        corpus: What is trained on.
        representations: Of `REPRESENTATIONS`; each gets a folder of its name in `out`.
        settings: What they have in common.
        out: Where encoders and results go.
        resume: Continue what was stopped, and leave what is finished as it is.
        report: Called with lines of progress.
        callbacks: Passed to the Trainer.

    Returns:
        The results, in the order of the representations.

    Raises:
        ValueError: For an unknown representation, or if `out` holds a run of other settings.
        FileExistsError: If `out` holds one of these encoders, and `resume` is not set; or something else of its name.
    """
    for name in representations:
        check_name(name)
        _check_place(out / name, resume)
    _check_same_run(settings.values(corpus), out)
    write_json(out / RECIPE_FILE, settings.values(corpus))
    results = []
    for name in representations:
        finished = out / name / RESULT_FILE
        if finished.exists():
            report(f"{name} is finished: {finished}")
            results.append(Result.load(finished))
        else:
            results.append(_pretrain_one(corpus, name, settings, out / name, report, callbacks))
    return results


def _check_place(place: Path, resume: bool) -> None:
    if not os.path.lexists(place):
        return
    there = sorted(path.name for path in place.iterdir()) if place.is_dir() else [place.name]
    if not there:
        return
    if not {CHECKPOINTS, RESULT_FILE} & set(there):
        raise FileExistsError(f"{place} holds {there[0]} and no run: move it away, or choose another --out")
    if not resume:
        raise FileExistsError(f"{place} holds a run already: continue it with --resume, or choose another --out")


def _check_same_run(values: Mapping[str, Any], out: Path) -> None:
    """Refuse to put encoders beside others that they cannot be compared with."""
    if not (out / RECIPE_FILE).exists():
        return
    before = read_json(out / RECIPE_FILE)
    for key in sorted(before.keys() | values.keys()):
        if before.get(key) != values.get(key):
            raise ValueError(
                f"{out} holds a run with {key}={before.get(key)!r}, and this one has {key}={values.get(key)!r}: "
                "run it with the same settings, or choose another --out"
            )


def _pretrain_one(
    corpus: Corpus, name: str, settings: Settings, out: Path, report: Report, callbacks: Sequence[TrainerCallback]
) -> Result:
    checkpoints = out / CHECKPOINTS
    if not (checkpoints / VOCABULARY).is_dir():
        learned = learn_representation(corpus, name, settings)
        with whole_folder(checkpoints / VOCABULARY, replace=True) as part:
            learned.save(part)
    arm = Arm.of(corpus, Representation.load(checkpoints / VOCABULARY))
    report(f"{name}: {len(arm.representation.tokenizer)} symbols, {arm.num_symbols / len(arm.train):.1f} a sentence")

    def keep(step: int) -> None:
        with whole_folder(out / f"step-{step}", replace=True) as part:
            trainer.encoder.save_pretrained(part)
            arm.representation.save(part)

    trainer = arm.make_trainer(settings, checkpoints, keep, callbacks)
    last = last_checkpoint(checkpoints)
    if last is None:
        keep(0)  # what an encoder of these symbols finds alike before it has learnt anything
    start = time.monotonic()
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    seconds = time.monotonic() - start
    keep(settings.steps)
    result = _describe(corpus, settings, arm, trainer, seconds, step_of(last))
    result.save(out / RESULT_FILE)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return result


def _describe(
    corpus: Corpus, settings: Settings, arm: Arm, trainer: PretrainingTrainer, seconds: float, done: int
) -> Result:
    name = arm.representation.name
    curve = [_point(entry, settings) for entry in trainer.state.log_history if BITS in entry]
    floors = unigram_bits(arm.train, arm.held_out)
    unknown = arm.representation.tokenizer.unk_token_id
    symbols = arm.num_symbols
    steps = settings.steps - done
    warnings = ["a small encoder on little text of few registers, to compare representations with: no strong encoder"]
    if done:
        warnings.append(f"continued from step {done}: seconds are of the steps after it")
    return Result(
        name=f"pretrain-{name}",
        command=describe_command(),
        recipe={**settings.values(corpus), "representation": name},
        seed=settings.seed,
        data=corpus.facts,
        scores={
            language: {"held_out": {"bits_per_word": bits, "unigram_bits_per_word": floors[language]}}
            for language, bits in curve[-1]["languages"].items()
        },
        training={
            "steps": settings.steps,
            "sentences": settings.steps * settings.batch_size,
            "epochs": settings.steps * settings.batch_size / len(arm.train),
            "seconds": round(seconds, 1),
            "seconds_per_step": round(seconds / max(1, steps), 4),
            "flops": trainer.state.total_flos,
            "vocabulary": len(arm.representation.tokenizer),
            "symbols_per_sentence": symbols / len(arm.train),
            "unknown_rate": sum(int((sentence.ids == unknown).sum()) for sentence in arm.train) / symbols,
            "parameters": count_parameters(trainer.encoder),
            "curve": curve,
        },
        versions=describe_versions(),
        hardware={**describe_hardware(), "precision": "bf16" if trainer.args.bf16 else "fp32"},
        warnings=warnings,
    )


def _point(entry: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """One evaluation of a run."""
    languages = {key.removeprefix(f"{BITS}_"): value for key, value in entry.items() if key.startswith(f"{BITS}_")}
    return {
        "step": entry["step"],
        "sentences": entry["step"] * settings.batch_size,
        "flops": entry["flops"],
        "bits_per_word": entry[BITS],
        "languages": languages,
    }
