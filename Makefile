# Two commands do everything: `make run` runs the main job at its quick size, `make test` all fast tests.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)

.PHONY: run test slow check clean

run: $(VENV)/.installed
	$(BIN)/wormtwin experiments 1 --quick --jobs $(JOBS) --out results

test: $(VENV)/.installed
	$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 8 --dist loadfile

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) results
