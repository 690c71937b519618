# Everything a person does here. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV   ?= .venv
ENV    ?= local
JOBS   ?= 4
SWEEP  ?= fusion.strategy=late,adaptive,modular,early,hierarchical
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO   := data/01_raw/demo/tickets.csv
MODELS := $(wildcard data/06_models/demo/versions/fused/*/fused/config.json)
SPEECH := $(wildcard data/06_models/speech/versions/ctc/*/ctc/config.json data/06_models/speech/current/ctc/config.json)

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run serve speech test lint viz docs bench clean lock demo check sweep

help:  ## list these commands
	@echo "kefu: multimodal customer-service tickets, from raw files to trained models"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  make run ENV=retail   trains on another environment (a folder under conf/)"
	@echo "  make run PRESET=transformer   trains other models (a file of conf/presets); goes with any ENV"
	@echo "  make sweep SWEEP=text.training.batch_size=32,64   compares other values than those of the fusion strategy"

setup: $(STAMP) $(DEMO)  ## make the environment (.venv) and the demo tickets; quick when nothing changed
	@echo "kefu is ready. Next: 'make run' trains on the demo tickets, '. $(BIN)/activate' gives you kedro and kefu."

run: setup  ## train on the demo tickets, evaluate, say where the report lies
	$(BIN)/kedro run --pipelines train_fusion --env $(ENV) $(if $(PRESET),--params preset=$(PRESET))

serve: setup $(if $(MODELS)$(filter-out local,$(ENV)),,run) $(if $(SPEECH),,speech)  ## answer over HTTP; trains what is not there yet: the demo's model, ears for Chinese
	$(BIN)/kefu serve --env $(ENV)

speech: setup  ## train the recogniser of Chinese on synthetic voices, some minutes
	$(BIN)/kedro run --pipelines train_speech

test: setup  ## run all tests (those that need real data or a GPU skip themselves without)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n logical --maxprocesses $(JOBS) --dist worksteal

lint: $(STAMP)  ## check style (ruff), formatting (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(STAMP)  ## look the locked versions up among the known vulnerabilities
	$(BIN)/python .ci/audit

check: lint test  ## everything that must pass before a commit: lint and test

sweep: $(STAMP)  ## train every fusion strategy as an experiment of DVC, and compare them in a table
	export PATH="$(abspath $(BIN)):$$PATH"; dvc exp run --queue -S '$(SWEEP)' score && dvc exp run --run-all && \
	dvc exp show --only-changed --no-pager --drop 'run\.|src/|data/'

viz: setup  ## show the pipelines as a graph in the browser
	$(BIN)/kedro viz run

docs: $(STAMP)  ## build the site (site/): documents, reference, the pipelines and report of the last training
	$(BIN)/python docs/builder --env $(ENV)

bench: $(STAMP)  ## measure speed on this machine, one benchmark after another
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

demo: $(STAMP)  ## make the demo tickets anew
	$(BIN)/kedro run --pipelines demo_data

clean:  ## remove caches and built pages; data, models and the environment stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .viz build dist site src/*.egg-info
	find src tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

lock:  ## resolve the dependencies of pyproject.toml anew and write their versions to requirements.lock
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder/venv"; \
	"$$folder/venv/bin/python" -m pip install --quiet '.[dev]'; \
	"$$folder/venv/bin/python" -m pip freeze --exclude kefu > "$$folder/versions"; \
	sed -E -e 's/\+[a-z0-9.]+$$//' -e '/^nvidia-ml-py==/b' -e '/^(nvidia-.*|cuda-.*|triton)==/d' \
	  "$$folder/versions" > requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "kefu needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make setup PYTHON=python3.12"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked versions into $(VENV); the first time this takes some minutes."
	@$(BIN)/python -m pip install --quiet --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(DEMO): | $(STAMP)
	$(BIN)/kedro run --pipelines demo_data
