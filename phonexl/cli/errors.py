"""Exit codes: 0 done, 1 our fault, 2 usage, 3 data, 4 a missing tool or extra, 130 interrupted.

A user's mistake is one line on stderr; only our own faults show a stack.
"""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from dataset_scripts.readers import DataError
from modeling_phonexl.transcription import MissingToolError
from phonexl.backbone import BackboneError

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
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            raise fail("interrupted", INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our output left (`phonexl ... | head`); stdout must not be flushed again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except DataError as error:
            raise fail(str(error), DATA, error) from None
        except (MissingToolError, BackboneError) as error:
            raise fail(str(error), TOOL, error) from None
        except (ValueError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise fail(str(error), USAGE, error) from None

    return run


def fail(message: str, code: int, cause: Exception | None = None) -> typer.Exit:
    """Print one line and make the exit; raise what it returns."""
    if cause is not None and os.environ.get("PHONEXL_DEBUG"):
        raise cause
    print(f"phonexl: {' '.join(message.split())}", file=sys.stderr)
    return typer.Exit(code)
