# Each target takes a machine with Python >= 3.11, make and a package index to its result.
# The environment in .venv is built once; a second call starts at once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
JOBS ?= auto
PRESET ?= cpu
DEVICE ?= cpu
SMOKE ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# Parallelism is one process per core: threaded linear algebra would only compete with it.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONHASHSEED ?= 0

SAMPLES := $(if $(SMOKE),--at-most 20)

.PHONY: help env lint test report docs bench experiments extremes mutation fuzz faults power pins clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

env: $(READY) ## build .venv with the pinned versions

$(READY): requirements/torch.txt requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "make: $(PYTHON) cannot create environments (Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(PIP) install -r requirements/torch.txt
	$(PIP) install -r requirements/torch.txt -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lint: $(READY) ## style, types, layers, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell

test: lint ## lint, then every test
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8

report: $(READY) ## paper checks, figures and build/report/index.html
	@status=0; \
	$(BIN)/python -m figures.measured $(SAMPLES) || status=1; \
	$(BIN)/python -m figures || status=1; \
	$(BIN)/python -m figures.report || status=1; \
	exit $$status

docs: $(READY) ## the documentation site, warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

bench: $(READY) ## ratios against peers and limits (FULL=1: also what takes minutes; DEVICE=cuda)
	$(BIN)/python -m benchmarks --json build/bench.json --device $(DEVICE) $(if $(FULL),--full)

experiments: $(READY) ## run every experiment (PRESET=smoke, cpu or paper)
	@$(BIN)/python -m experiments | cut -d ' ' -f 1 | while read -r name; do \
	  $(BIN)/python -m experiments "$$name" --preset $(PRESET) || exit 1; done

extremes: $(READY) ## every public number against 50 digits, into docs/trust.json
	$(BIN)/python -m tests.trust.extremes
	$(BIN)/python -m tests.trust.page

mutation: $(READY) ## mutants that the tests kill (SAMPLE of each topic, or all), into docs/trust.json
	$(BIN)/python -m tests.trust.mutation $(if $(SAMPLE),--sample $(SAMPLE))
	$(BIN)/python -m tests.trust.page

fuzz: $(READY) ## malformed arguments, files and command lines, 2,000 examples each, into docs/trust.json
	$(BIN)/python -m tests.trust.runs fuzz
	$(BIN)/python -m tests.trust.page

faults: $(READY) ## kill -9 at 50 random moments, full disks, corrupted stores, into docs/trust.json
	$(BIN)/python -m tests.trust.runs faults
	$(BIN)/python -m tests.trust.page

power: $(READY) ## what the statistical tests notice, into docs/trust.json
	$(BIN)/python -m tests.trust.power
	$(BIN)/python -m tests.trust.page

pins: ## resolve requirements/dev.txt afresh, from pyproject.toml and requirements/torch.txt
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip --quiet install --upgrade pip
	build/pins/bin/python -m pip --quiet install -r requirements/torch.txt
	build/pins/bin/python -m pip --quiet install -r requirements/torch.txt --editable '.[all]' --group dev
	{ echo "# Every direct and indirect requirement but torch. Written by 'make pins'; do not edit."; \
	  build/pins/bin/python -m pip freeze --exclude-editable | grep -vE '^(torch|triton|nvidia-.*|cuda-.*)==' ; \
	} > requirements/dev.txt

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
