"""The Trainer's checkpoints of a run: which is the newest, and of which step."""

from pathlib import Path

from transformers.trainer import TRAINER_STATE_NAME


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint: the Trainer writes its state last, and a run may be killed while it writes."""
    whole = [path for path in folder.glob("checkpoint-*") if (path / TRAINER_STATE_NAME).exists()]
    return max(whole, key=step_of, default=None)


def step_of(checkpoint: Path | None) -> int:
    """The step after which a checkpoint was written; 0 of none, where a run begins.

    >>> step_of(Path("run/checkpoint-120"))
    120
    """
    return 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])
