"""Exit codes: 0 done, 1 our fault, 2 usage, 3 data, 4 a missing tool or extra, 130 interrupted.

A user's mistake is one line on stderr; only our own faults, and what may be one, show a stack.
"""

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from dataset_scripts.readers import DataError
from modeling_phonexl.transcription import MissingToolError

# They are given what we computed, and hardly ever what a user wrote: a ValueError of theirs is no message to one. The
# optimizers of torch are given settings.
_COMPUTING = ("numpy.", "scipy.", "ot.", "torch.nn.", "torch.utils.", "torch.functional", "torch._")

USAGE, DATA, TOOL, INTERRUPTED = 2, 3, 4, 130

P = ParamSpec("P")
R = TypeVar("R")


def honest_exit(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can cure into one line and the exit code of their kind.

    With PHONEXL_DEBUG set they keep their stack.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            returned = command(*args, **kwargs)
            sys.stdout.flush()  # here a reader that left is noticed; at exit Python would complain of it
            return returned
        except KeyboardInterrupt:
            raise _fail("interrupted", INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our output left (`phonexl ... | head`); stdout must not be flushed again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            code = _code_of(error)
            if code is None or os.environ.get("PHONEXL_DEBUG"):
                raise
            raise _fail(str(error), code) from None

    return run


def _code_of(error: Exception) -> int | None:
    """The exit code of an error that a user can cure; None for a fault of ours."""
    if isinstance(error, DataError):
        return DATA
    if isinstance(error, ValueError) and (module := _raised_in(error)).startswith(_COMPUTING):
        error.add_note(
            f"phonexl: this was raised inside {module.partition('.')[0]}: unless a setting explains it, it is a "
            "defect of phonexl; please report it with all of the above"
        )
        return None
    if isinstance(error, (ValueError, OSError)):
        return USAGE
    if isinstance(error, MissingToolError):
        return TOOL
    from phonexl.checkpoint_cache import BackboneError

    return TOOL if isinstance(error, BackboneError) else None


def _raised_in(error: Exception) -> str:
    """The module whose code raised it; what compiled code raises is of the module that called it."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", ""))


def _fail(message: str, code: int) -> typer.Exit:
    """Print one line and make the exit; raise what it returns."""
    print(f"phonexl: {' '.join(message.split())}", file=sys.stderr)
    return typer.Exit(code)
