# Two commands matter: `make report` and `make test`. Both set up everything they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
# `make setup TORCH=cpu` takes the build of torch without CUDA, which saves about 4.6 of 7 GB.
TORCH ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# DVC reports its use unless this is set; nothing here contacts anyone.
export DVC_NO_ANALYTICS := 1

.PHONY: help repository setup report records verify test test-fast lint format bench clean moved

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What `make report` needs beside the environment; checked before anything is installed.
repository:
	@bash setup.sh repository

setup: $(READY) ## Install the environment into .venv, and Tesseract where permitted: about 2 minutes, 7 GB (TORCH=cpu: 2.2 GB)

# An environment stores its own path: in a checkout that was renamed or copied it still points to the first one.
ifneq ($(strip $(shell cat $(READY) 2>/dev/null)),$(strip $(CURDIR)))
$(READY): moved
endif

$(READY): pyproject.toml constraints.txt setup.sh
	@bash setup.sh system $(PYTHON)
	@if [ -s $(READY) ] && [ "$$(cat $(READY))" != "$(CURDIR)" ]; then \
		echo "The environment in $(VENV) belongs to $$(cat $(READY)); it is installed again for this checkout"; rm -rf $(VENV); fi
	@bash setup.sh environment $(PYTHON) $(VENV) $(TORCH)
	@echo "$(CURDIR)" > $@

report: repository $(READY) ## Run the pipeline and build the report: 8 to 10 minutes the first time, on two cores
	$(BIN)/dvc repro
	@echo
	@echo "The report: report/build/index.html"

# The other records have pipelines of their own in stages/; verify and the report then show their results, too.
RECORDS := $(wildcard stages/*/dvc.yaml)

records: repository $(READY) ## Run the pipelines of the other two records, then the report again: about 25 minutes more
	$(BIN)/dvc repro
	$(BIN)/dvc repro $(RECORDS)
	$(BIN)/dvc repro --force --single-item verify
	$(BIN)/dvc repro --force --single-item report
	@echo
	@echo "The report: report/build/index.html"

verify: $(READY) ## Compare every published number with its evidence: 10 to 20 seconds; needs no video
	$(BIN)/repro verify

# Chromium is for tests alone, so it is installed here and not with the environment.
# One process more than cores: some tests wait for a server, a browser or a time to pass.
TESTERS = $(shell $(BIN)/python -c "from repro.engine.workers import worker_count; print(worker_count(0) + 1)")

test: $(READY) ## Run every test that needs no GPU and no private data: 10 to 12 minutes on two cores
	@bash setup.sh browser
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

test-fast: $(READY) ## Run the tests that are not marked slow: about 3 minutes
	@bash setup.sh browser
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder -m "not slow"

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure speed against the naive way and the limit; see docs/speed.md
	$(BIN)/repro bench all

clean: ## Remove results and the built report; keep the environment, the videos and the labels
	rm -rf results report/build
