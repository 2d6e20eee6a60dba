# The two commands: `make run` and `make test`. Everything else is for those who work on Evalsite.
#   PYTHON=python3.12 make run    chooses the Python (CPython 3.11 to 3.13)
#   PORT=8001 make run            chooses the port; HOST the address
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2

BENCH ?=
ONLY ?=

# Bytecode is kept beside the environment, whatever the caller's shell says of it: hundreds of starts compile nothing anew.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/bytecode

.PHONY: bench bench-peers screenshots run test test-postgres test-sqlite test-faults browser setup setup-dev lint lock format
# `exec` and `--parent`: the site has make as its parent and ends with it, even when make is killed.
run: setup
	@HOST="$(HOST)" PORT="$(PORT)" exec $(BIN)/evalsite up --demo --parent $$PPID

# What both commands do first: .venv with what the lock names, and `evalsite` in its bin.
setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Evalsite needs CPython 3.11 to 3.13; choose one: PYTHON=python3.12 make run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once, about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing what the tests need (once, about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Two runs of pytest: the tests marked `postgres` or `both` on a real PostgreSQL, then all but `postgres` on SQLite.
# Two, because Django has one database a process, and a test of locks or types proves something only on its own.
# Browser tests stay together and come last in their worker (tests/conftest.py): hence loadgroup in that order.
test: test-postgres test-sqlite

test-postgres: setup-dev
	@$(BIN)/python -m tests.postgres_server pytest -q -n $(WORKERS) --dist loadfile -m "postgres or both"

test-sqlite: setup-dev browser
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

# What breaks and kills for real, in its long form (about a quarter of an hour); the short one belongs to `make test`.
test-faults: setup-dev
	@$(BIN)/python -m pytest -q -m "faults or processes" tests/faults
	@$(BIN)/python -m tests.postgres_server pytest -q -m "( both or postgres ) and ( faults or processes )" tests/faults

browser: setup-dev
	@$(BIN)/python -m tests.browser_setup

# Pictures of every page and state in light, dark and 390 px, into screenshots/index.html; ONLY=board takes some of them.
screenshots: browser
	@$(BIN)/python -m tests.screenshots $(ONLY)

lint: setup-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: setup-dev
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: setup-dev
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		--extra setup pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		--extra setup --extra dev --extra otel -c requirements.lock pyproject.toml -o requirements-dev.lock

# The figures of docs/performance.md: BENCH="--only throughput --items 2000" measures less, --write puts them there.
bench: setup
	@$(BIN)/python -m benchmarks $(BENCH)

# Other tools for `make bench` to compare with, each in an environment of its own under build/peers; PEERS=openai for one.
bench-peers: setup
	@$(BIN)/python -m benchmarks.peers.installing $(PEERS)
