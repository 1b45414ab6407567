# Everything a person does with the checkout. `make` alone lists it.
# The only things taken for granted are Python 3.11 or newer, git and make.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# Arguments for pytest: make test PYTEST="tests/test_votes.py -k quorum"
PYTEST ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# At most eight at once: every worker holds connections to the one PostgreSQL of the run.
TESTS := $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run test check lint fix demo screenshot migration lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/.project ## install, migrate, load the example when empty, serve (HOST=… PORT=…)
	@exec $(BIN)/council serve --migrate --example --host $(HOST) --port $(PORT)

test: .venv/.tests .venv/.browser ## the whole suite, on SQLite and on PostgreSQL
	$(TESTS) $(PYTEST)

check: lint test ## everything that must hold before a commit, and all that CI runs

lint: .venv/.tests
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandit --quiet --severity-level medium --configfile pyproject.toml --recursive council

fix: .venv/.tests ## format, and mend what the linter can mend by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

demo: .venv/.project ## load the example community into an empty database
	@exec $(BIN)/council demo

screenshot: .venv/.tests .venv/.browser ## take the README's pictures anew
	@PYTHONPATH=. $(BIN)/python tools/screenshot.py

migration: .venv/.tests ## write a migration for what changed in the tables (NAME="what changed")
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		export COUNCIL_DATABASE_URL="sqlite:///$$scratch/council.db" && \
		$(BIN)/alembic upgrade head && \
		$(BIN)/alembic revision --autogenerate --message "$(or $(NAME),changes)"

lock: ## pin all dependencies anew (needs uv)
	@command -v uv > /dev/null || { echo "make lock needs the command uv." >&2; exit 1; }
	@# No place to fetch from stands in the result; tests/test_house.py looks.
	uv --no-config pip compile pyproject.toml --upgrade $(LOCK) --all-extras --group dev -o constraints.txt
	uv --no-config pip compile pyproject.toml $(LOCK) --group build -c constraints.txt -o requirements.txt

LOCK := --quiet --universal --generate-hashes --no-header --no-annotate

clean: ## remove the environment and all caches, never the data under var/
	rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache dist

# Each step leaves a stamp in .venv, so that a second run starts at once.

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Council needs Python 3.11 or newer; name one: make PYTHON=python3.12 run" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

# What the server needs.
.venv/.server: requirements.txt | .venv/.made
	@echo "Installing what the server needs …"
	@$(PIP) install --require-hashes --no-compile -r requirements.txt
	@touch $@

# The checkout itself. Without dependencies and isolation: all is pinned above.
.venv/.project: pyproject.toml .venv/.server
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# What tests and checks need on top.
.venv/.tests: constraints.txt .venv/.project
	@echo "Installing what the tests need …"
	@$(PIP) install --require-hashes --no-compile -r constraints.txt
	@touch $@

# A Chromium for the browser tests: an installed one, else from the system, else from Playwright.
.venv/.browser: tests/chromium.py .venv/.tests
	@$(BIN)/python tests/chromium.py
	@touch $@
