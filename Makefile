# Two commands do everything: `make run` runs the main job at its quick size, `make test` all fast tests.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)

.PHONY: run test slow long check docs clean

run: $(VENV)/.installed
	$(BIN)/wormtwin experiments 1 --quick --jobs $(JOBS) --out results

test: $(VENV)/.installed
	$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 8 --dist loadfile

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow --numprocesses $(JOBS) --maxprocesses 8 --dist loadfile

# Every command of the documents, packages in empty environments, kills of workers: an hour or more.
long: $(VENV)/.installed
	$(BIN)/python -m pytest -m long

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

# The site in site/, from the documents, the docstrings and the tutorials, which run meanwhile (some minutes).
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 WORMTWIN_RUN_TUTORIALS=1 $(BIN)/mkdocs build --strict --quiet

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) results site
