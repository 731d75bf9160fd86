# Two commands for a fresh machine: `make demo` and `make test`. Each sets up its own virtual environment first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types unit docs models fuzz torture torture-batch torture-tagging torture-models torture-training \
	torture-memory mutants lock audit wheel clean
.DEFAULT_GOAL := demo

$(VENV)/.package: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed: $(VENV)/.package
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.package  ## train parts of speech on the sample corpus, evaluate, tag a text with it and one with en
	$(BIN)/bilstm-tagger train --preset pos --train data/sample/en-train.conllu --dev data/sample/en-dev.conllu \
		--output models/demo --force
	$(BIN)/bilstm-tagger evaluate data/sample/en-test.conllu --model models/demo
	$(BIN)/bilstm-tagger predict --model models/demo --format text \
		--text "The ferry to the island leaves at noon. Would you like a cup of tea while we wait?"
	$(BIN)/bilstm-tagger predict --format text \
		--text "Ada Lovelace wrote to Charles Babbage from London. The Royal Society keeps some of the letters."

test: lint types unit  ## everything CI runs

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed
	$(BIN)/mypy

unit: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --cov --cov-report=term

fuzz: $(VENV)/.installed  ## new examples for every property; 10,000 damaged files, then 10,000 guided by coverage (the extra `fuzz`)
	for round in 1 2 3 4 5; do \
		OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -m hypothesis --hypothesis-profile explore || exit 1; done
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz_files.py --count 10000
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz_files.py --count 10000 --coverage

torture-batch: $(VENV)/.installed  ## kill 100 runs of predict at random moments and finish them
	OMP_NUM_THREADS=1 PYTHONPATH=.:tests $(BIN)/python tests/torture.py --kills 100

torture-tagging: $(VENV)/.installed  ## tag 20,000,000 tokens and watch the memory
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.long_run --tokens 20000000

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs  ## build the documentation site into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

VECTORS = $(DATA)/glove/glove.6B.100d.top.txt.gz

TRAIN = $(BIN)/bilstm-tagger train --threads 1
# On any device what a GPU makes of the recipe, so that a CPU takes the same steps.
STEPS = --set training.batch_size=128 --set training.learning_rate=0.004 --set training.gpu_batch_factor=1

models: $(VENV)/.installed  ## rebuild the models that ship from DATA=DIR (names/, ud-english-ewt/, conll2003/, glove/)
	$(BIN)/python -m pip install --quiet --editable '.[models]'
	$(BIN)/python -m benchmarks.recipes --data $(DATA) --output build/corpora
	$(BIN)/python -m benchmarks.recipes --data $(DATA) --output build/corpora-swap --swap 0.5
	sed 's#build/corpora/#build/corpora-swap/#' models/teachers.toml > build/teacher-c.toml
	$(TRAIN) models/teachers.toml --output build/teacher-a --force $(STEPS) --seed 0 --vectors $(VECTORS)
	$(TRAIN) models/teachers.toml --output build/teacher-b --force $(STEPS) --seed 0 --vectors $(VECTORS) --set encoder.dropout=0.5
	$(TRAIN) build/teacher-c.toml --output build/teacher-c --force $(STEPS) --seed 0 --vectors $(VECTORS) --epochs 9
	$(BIN)/python -m benchmarks.recipes.agreed build/teacher-a build/teacher-b build/teacher-c \
		build/corpora/ewt-train.conllu build/corpora/ewt-names.conll
	for seed in 0 1 2; do \
		$(TRAIN) models/en.toml --output build/student-$$seed --force $(STEPS) --seed $$seed --vectors $(VECTORS) || exit 1; done
	$(BIN)/python -m benchmarks.recipes.agreed --needed 5 build/student-0 build/student-1 build/student-2 \
		build/teacher-a build/teacher-b build/teacher-c build/corpora/ewt-train.conllu build/corpora/ewt-names.conll
	$(TRAIN) models/en.toml --output models/en --force $(STEPS) --seed 2 --vectors $(VECTORS)
	$(TRAIN) models/en-news.toml --output models/en-news --force --seed 0 \
		--task upos=$(DATA)/ud-english-ewt/en_ewt-ud-train.conllu,$(DATA)/ud-english-ewt/en_ewt-ud-dev.conllu \
		--task ner=$(DATA)/conll2003/train.txt,$(DATA)/conll2003/valid.txt \
		--vectors $(VECTORS)
	$(BIN)/python -m benchmarks.shipped --data $(DATA) --model models/en-news
	$(BIN)/python -m benchmarks.panel --data $(DATA) --model models/en --model models/en-news --card

torture: torture-batch torture-tagging torture-models torture-training torture-memory  ## try many times what is promised (docs/reliability.md); an hour

torture-models: $(VENV)/.installed  ## load 2,000 spoilt model folders
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.torture.models --count 2000

torture-training: $(VENV)/.installed  ## kill 40 trainings and resume them
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.torture.training --count 40

torture-memory: $(VENV)/.installed  ## train 200 epochs and watch the memory
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.torture.memory --epochs 200

MUTANTS ?= 1000
JOBS ?= 2

mutants: $(VENV)/.installed  ## try MUTANTS changes to the code, JOBS at a time, and list those that no test notices; hours
	$(BIN)/python -m pip install --quiet 'mutmut>=3.8,<4'
	$(BIN)/python -m benchmarks.mutants --count $(MUTANTS) --jobs $(JOBS) --output build/mutants.jsonl

lock:  ## write .ci/requirements.txt anew; needs uv
	bash .ci/lock

audit:  ## look up the locked packages in the databases of known faults; needs pip-audit
	pip-audit --disable-pip --require-hashes --requirement .ci/requirements.txt

wheel:  ## build the wheel and use it alone, in a new environment and an empty folder
	PYTHON=$(PYTHON) bash .ci/wheel

clean:
	rm -rf $(VENV) site models/demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
