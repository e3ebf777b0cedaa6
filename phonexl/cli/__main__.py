"""`python -m phonexl.cli`: the same as `phonexl`, for launchers that take a module."""

from phonexl.cli import main

main()
