"""`phonexl pretrain`: encoders that differ in nothing but what they read words as."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import split_commas
from phonexl.cli.streams import say

if TYPE_CHECKING:
    from phonexl.pretraining.arm import Settings
    from phonexl.pretraining.corpus import Corpus


@honest_exit
def pretrain(
    languages: Annotated[str, typer.Option(help="Codes, for example eng,kor.")],
    data: Annotated[Path, typer.Option(help="Folder of LANG.txt[.gz], a sentence a line, or a prepared corpus file.")],
    out: Annotated[Path, typer.Option(help="Where encoders and results go.")],
    representation: Annotated[
        str,
        typer.Option(help="Some of subword, character, phoneme, romanized, private-character, private-phoneme."),
    ] = "phoneme",
    steps: Annotated[int | None, typer.Option(min=1, help="Optimizer steps.")] = None,
    sentences: Annotated[int | None, typer.Option(min=1, help="Sentences to see; default: each once.")] = None,
    budget_minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Time 50 steps, and take as many as fit; a run that is in --out keeps its steps."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="Sentences of each language, at most.")] = None,
    exclude: Annotated[Path | None, typer.Option(help="Evaluation text to leave out; default: flores by data.")] = None,
    body: Annotated[str, typer.Option(help="LAYERSxWIDTH.")] = "4x256",
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences of a step.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and hidden words.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    prepare: Annotated[bool, typer.Option("--prepare", help="Read and check the text, and stop.")] = False,
) -> None:
    """Train masked language models of one body on the same sentences, the same words hidden.

    Example: phonexl pretrain --representation character,phoneme --languages eng,kor --data raw --out runs/pretrain
    """
    if sum(budget is not None for budget in (steps, sentences, budget_minutes)) > 1:
        raise ValueError("--steps, --sentences and --budget-minutes exclude each other: pass one of them")
    from phonexl.pretraining import arm, comparison, run
    from phonexl.pretraining.corpus import CorpusSettings
    from phonexl.pretraining.encoder import Body
    from phonexl.pretraining.representations import check_name
    from phonexl.whole_files import check_writable

    names = split_commas(representation)
    for name in names:
        check_name(name)
        check_writable(out / name)
    settings = arm.Settings(Body.parse(body), steps=0, batch_size=batch_size, seed=seed)
    wanted = CorpusSettings.of(split_commas(languages), arm.MAX_LENGTH, limit)
    corpus = run.prepare_corpus(data, out, exclude, wanted, say)
    if prepare:
        return
    if sentences is not None:
        steps = -(-sentences // batch_size)
    settings = _with_steps(settings, corpus, names, out, steps, budget_minutes)
    from phonexl.cli.tables import print_table
    from phonexl.progress import TrainingProgress, quiet_transformers

    quiet_transformers()
    with TrainingProgress("pretraining") as progress:
        results = run.pretrain(corpus, names, settings, out, resume=resume, report=say, callbacks=[progress])
    print_table(comparison.compare(results), sys.stdout)


def _with_steps(
    settings: "Settings", corpus: "Corpus", names: list[str], out: Path, steps: int | None, minutes: float | None
) -> "Settings":
    """The steps that were asked for, else those of the run that is there, else what fits, else one epoch."""
    from dataclasses import replace

    from phonexl.json_file import read_json
    from phonexl.pretraining.budget import derive_steps
    from phonexl.progress import quiet_transformers
    from phonexl.results import RECIPE_FILE

    if steps is None and (out / RECIPE_FILE).exists():
        steps = int(read_json(out / RECIPE_FILE)["steps"])
        if minutes is not None:
            say(f"{out} holds a run of {steps} steps, which are kept: --budget-minutes {minutes:g} is not looked at")
    elif steps is None and minutes is not None:
        quiet_transformers()
        return derive_steps(corpus, names, settings, minutes, say)
    elif steps is None:
        steps = -(-len(corpus.train) // settings.batch_size)
    return replace(settings, steps=steps)
