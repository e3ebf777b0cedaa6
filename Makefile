# Every target sets itself up and may be run in any order, again and again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

.PHONY: quickstart test test-medium test-slow lint clean

quickstart: $(VENV)/.offline
	$(BIN)/phonexl quickstart

test: $(VENV)/.dev
	$(BIN)/python -m pytest

test-medium: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'medium and not slow and not gpu'

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The stamp is written last: an interrupted installation is done anew.
$(VENV)/.offline: $(INPUTS) | $(VENV)/bin/python
	$(PIP) --editable '.[offline]'
	touch $@

$(VENV)/.dev: $(INPUTS) | $(VENV)/bin/python
	$(PIP) --editable '.[offline,dev]'
	touch $@
