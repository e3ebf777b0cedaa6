"""`phonexl gap run` and `phonexl gap sweep`: encoders fine-tuned language by language, and with which settings."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import DataFolder, LimitTrain, Settings, Spelling, parse_seeds, split_commas, typed_settings
from phonexl.cli.streams import say

if TYPE_CHECKING:
    from phonexl.gap.fine_tuning_recipe import FineTuning

TaskName = Annotated[str, typer.Option(help="pos, ner or xnli.")]
ModelName = Annotated[str, typer.Option(help="offline, mbert, xlmr, a Hub id or a folder.")]
RecipeName = Annotated[
    str | None, typer.Option(help="TASK, the paper's setting and the default; TASK-small, for two cores; or a file.")
]


@honest_exit
def run(
    task: TaskName,
    languages: Annotated[str, typer.Option(help="Codes, for example eng,fra,kor; each trained on its own data.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Where classifiers and results go, a folder for each.")],
    model: ModelName = "offline",
    spelling: Spelling = "text",
    recipe: RecipeName = None,
    seeds: Annotated[str, typer.Option(help="For example 1,2,3; one run each.")] = "1",
    train_language: Annotated[
        str | None, typer.Option(help="Train on this one, and score it and all the others.")
    ] = None,
    limit_train: LimitTrain = None,
    set: Settings = None,
    set_file: Annotated[list[Path] | None, typer.Option(help="What `gap sweep` wrote; one for each language.")] = None,
    save_model: Annotated[bool, typer.Option(help="Keep the classifiers, not only their results.")] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Leave what is finished as it is.")] = False,
) -> None:
    """Fine-tune an encoder on a task, and score it beside a floor.

    Example: phonexl gap run --task pos --languages fra,kor --data udpos10 --out runs --recipe pos-small
    """
    numbers = parse_seeds(seeds)
    base, typed = _lay_out(task, model, spelling, recipe, limit_train, set)
    from phonexl.cli.tables import print_table
    from phonexl.gap import fine_tuning
    from phonexl.gap.fine_tuning_recipe import load_settings, plan
    from phonexl.gap.floor_table import floor_table
    from phonexl.progress import TrainingProgress, quiet_transformers

    quiet_transformers()
    recipes = plan(base, split_commas(languages), train_language, load_settings(set_file or [], base), typed)
    with TrainingProgress(task) as progress:
        results = fine_tuning.run(
            recipes, data, out, numbers, resume=resume, save_model=save_model, report=say, callbacks=[progress]
        )
    print_table(floor_table(results), sys.stdout)


@honest_exit
def sweep(
    task: TaskName,
    language: Annotated[str, typer.Option(help="Code of the language, for example kor.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Where trials and the best settings go, a folder for each sweep.")],
    model: ModelName = "offline",
    spelling: Spelling = "text",
    recipe: RecipeName = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all trials.")] = 1,
    limit_train: LimitTrain = None,
    set: Settings = None,
    grid: Annotated[list[str] | None, typer.Option(help="key=[1,2], in place of the paper's; may be repeated.")] = None,
) -> None:
    """Train an encoder with each setting of the paper's grid, and write the best by the validation split.

    A sweep that was stopped goes on when it is called again.

    Example: phonexl gap sweep --task pos --language kor --data udpos10 --out sweeps --recipe pos-small
    """
    base, typed = _lay_out(task, model, spelling, recipe, limit_train, set)
    from phonexl.cli.tables import print_table
    from phonexl.gap import sweep as sweeps
    from phonexl.gap.fine_tuning import Encoder
    from phonexl.gap.fine_tuning_recipe import plan
    from phonexl.gap.tasks import find_task, load_task
    from phonexl.json_file import write_json
    from phonexl.progress import TrainingProgress, quiet_transformers

    quiet_transformers()
    points = sweeps.parse_grid(grid) if grid else sweeps.GRIDS[task]
    (chosen,) = plan(base, [language], None, {}, typed)
    place = out / chosen.name
    found = load_task(find_task(task), data, chosen.source, [], chosen.limit_train)
    encoder = Encoder.open(model, spelling)
    with TrainingProgress(task) as progress:
        best = sweeps.sweep(chosen, found, encoder, points, place, seed, report=say, callbacks=[progress])
    path = place / sweeps.BEST_FILE
    write_json(path, best)
    print_table(sweeps.sweep_table(best), sys.stdout)
    typer.echo(f"wrote {path}", err=True)


def _lay_out(
    task: str, model: str, spelling: str, recipe: str | None, limit_train: int | None, settings: list[str] | None
) -> "tuple[FineTuning, dict[str, object]]":
    """The recipe of any language, and what was typed to go over it."""
    from phonexl.gap.fine_tuning_recipe import FineTuning, load_recipe

    typed = typed_settings(settings, limit_train)
    name = recipe or task
    return FineTuning(task, "", model, spelling).with_settings(load_recipe(name), name), typed
