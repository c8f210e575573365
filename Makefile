# Everything Kakeru needs is set up by the target that needs it: no root, nothing outside this
# checkout and the cache folder (KAKERU_CACHE, else ~/.cache/kakeru). `make help` lists the targets.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    && echo $$python && break; done)

BIN := .venv/bin
SETUP := $(if $(PYTHON),$(PYTHON),$(error Python 3.11 or newer is needed: apt-get install python3)) scripts/setup.py
PYTEST := $(BIN)/python -m pytest
CONFIG ?= config/kakeru.yaml

.DEFAULT_GOAL := help
.PHONY: help demo serve setup test test-fast lint bench clean parts-demo parts-serve parts-test

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: parts-demo ## real calls from an imported list to simulated people; DEMO="--calls 40 --json out.json"
	@$(BIN)/kakeru demo $(DEMO)

serve: parts-serve ## the real system with CONFIG=config/kakeru.yaml
	@$(BIN)/kakeru serve --config $(CONFIG) $(SERVE)

setup: ## only the Python environment and the browser code
	@$(SETUP)

test: lint parts-test ## every test, with real Asterisk, PostgreSQL, Redis and a real browser
	$(PYTEST) $(TEST)

test-fast: setup ## unit and contract tests that need no real parts, in seconds
	$(PYTEST) -n auto --dist worksteal -m "not real" tests/unit tests/contract $(TEST)

lint: setup ## style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: parts-test ## each benchmark in its quick form; the last line of each is JSON
	@for file in tests/benchmarks/[a-z]*.py; do \
	    name=$$(basename $$file .py); echo "== $$name"; \
	    $(BIN)/python -m tests.benchmarks.$$name --quick || exit 1; done

clean: ## remove what the set-up put into this checkout (the cache folder stays)
	rm -rf .venv node_modules webui/static/vendor .mypy_cache .ruff_cache .pytest_cache

parts-demo:
	@$(SETUP) asterisk espeak-ng

parts-serve:
	@$(SETUP) asterisk espeak-ng

parts-test:
	@$(SETUP) asterisk espeak-ng sipp postgresql redis chromium
