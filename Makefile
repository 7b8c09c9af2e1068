# Two commands matter: `make report` and `make test`. Both set up everything they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DVC := $(BIN)/dvc
# DVC reports usage unless told not to; nothing here phones home.
export DVC_NO_ANALYTICS := 1
# The stages and DVC itself must find this environment's programs first.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup system report verify test test-fast lint format bench clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install the environment (.venv) and what the system must offer

$(READY): pyproject.toml constraints.txt setup.sh
	@bash setup.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

report: $(READY) ## Run the pipeline and build the report
	$(DVC) repro
	@echo
	@echo "The report: report/build/index.html"

verify: $(READY) ## Hold every published number against its evidence
	$(BIN)/repro verify

test: $(READY) ## Run every test that needs no GPU and no private data
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: $(READY) ## Run the tests that take seconds
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
