# Two commands for a fresh machine: `make demo` and `make test`. Each sets up its own virtual environment first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types unit clean
.DEFAULT_GOAL := demo

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed  ## train parts of speech on the sample corpus, evaluate, tag a text
	$(BIN)/bilstm-tagger train --preset pos --train data/sample/en-train.conllu --dev data/sample/en-dev.conllu \
		--output models/demo --force
	$(BIN)/bilstm-tagger evaluate data/sample/en-test.conllu --model models/demo
	$(BIN)/bilstm-tagger predict --model models/demo --format text \
		--text "The ferry to the island leaves at noon. Would you like a cup of tea while we wait?"

test: lint types unit  ## everything CI runs

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed
	$(BIN)/mypy

unit: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --cov --cov-report=term

clean:
	rm -rf $(VENV) models/demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
