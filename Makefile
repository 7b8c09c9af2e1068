# Two commands matter: `make report` and `make test`. Both set up everything they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# DVC reports usage unless told not to; nothing here phones home.
export DVC_NO_ANALYTICS := 1

.PHONY: help repository setup report verify test test-fast lint format bench clean moved

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

repository:
	@bash setup.sh repository

setup: $(READY) ## Install the environment (.venv) and what the system must offer: 2 minutes

# An environment knows its own place: in a checkout that was renamed or copied it still points to the first one.
ifneq ($(strip $(shell cat $(READY) 2>/dev/null)),$(strip $(CURDIR)))
$(READY): moved
endif

$(READY): pyproject.toml constraints.txt setup.sh
	@bash setup.sh system $(PYTHON)
	@if [ -s $(READY) ] && [ "$$(cat $(READY))" != "$(CURDIR)" ]; then \
		echo "The environment in $(VENV) belongs to $$(cat $(READY)); it is made again for this place"; rm -rf $(VENV); fi
	@echo "Installing the environment into $(VENV): about 2 minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar off --constraint constraints.txt --editable '.[dev]'
	@echo "$(CURDIR)" > $@

report: repository $(READY) ## Run the pipeline and build the report: 7 minutes the first time
	$(BIN)/dvc repro
	@echo
	@echo "The report: report/build/index.html"

verify: $(READY) ## Compare every published number with its evidence: seconds
	$(BIN)/repro verify

test: $(READY) ## Run every test that needs no GPU and no private data: 10 minutes
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: $(READY) ## Run the tests that are not marked slow: 3 minutes
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## Put the code into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure speed against the naive way and the limit
	$(BIN)/repro bench all

clean: ## Remove results and the built report; keep the environment, the videos and the labels
	rm -rf results report/build
