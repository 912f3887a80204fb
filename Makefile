# The recipes of the project; `.ci/run` calls the same ones. Needs Python 3.11 or newer with pip and venv, and make.
#
#   make demo [ARGS=--once]     the whole service with simulated vendors on this machine
#   make test [ARGS=tests/unit] the tests; with ARGS only those, and without the coverage floors
#   make check                  the gate: style, types, import rules, docs
#   make simulate [SEEDS=10000] whole histories full of faults, on all cores, with a report; goes on where it was stopped
#   make mutants [ARGS=--again] small changes to the core, each of which a test should notice; goes on where it was stopped
#   make crash [ARGS="-k soak"] the tests that kill, cut and soak, in full: every blow at every boundary, 2,000 orders
#   make bench                  the benchmarks, with their figures printed
#   make docs                   the links and the examples of README and docs
#   make docs-demo              draws the picture of the demo that README shows
#   make screenshots           draws the pictures of the console that the docs show; needs Chromium
#   make format                 rewrites the layout of the code
#   make clean                  removes what the recipes made, `.venv` included

PYTHON ?= python3
WORKERS ?= auto
ARGS ?=
# In per cent of lines and branches. They only rise.
CORE_COVERAGE ?= 100
CORE := src/bitloot_core/order/*,src/bitloot_core/ports/*,src/bitloot_core/usecases/*,src/bitloot_core/values/*

BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check simulate mutants crash bench docs docs-demo screenshots format clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "BitLoot needs Python 3.11 or newer; '$(PYTHON)' is `$(PYTHON) --version 2>&1`. Try: make PYTHON=python3.11 ..." >&2; exit 2; }
	@echo "Installing BitLoot and its tools into .venv (a minute or two, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	    echo "Python's venv module does not work here; on Debian and Ubuntu it is the package python3-venv." >&2; exit 2; }
	@# `--group` came with pip 25.1.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[service,testing]' --group dev
	@touch $@

demo: $(READY)
	@$(BIN)/bitloot demo $(ARGS)

ifeq ($(strip $(ARGS)),)
test: $(READY)
	@mkdir -p .coverage_data
	@COVERAGE_FILE=.coverage_data/data $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --cov --cov-report=term
	@COVERAGE_FILE=.coverage_data/data $(BIN)/python -m coverage report --include='$(CORE)' --fail-under=$(CORE_COVERAGE) \
	    > .coverage_data/core.txt || { cat .coverage_data/core.txt; echo "bitloot_core is covered below $(CORE_COVERAGE) %" >&2; exit 1; }
else
test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)
endif

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/interrogate tests || { $(BIN)/interrogate -vv tests | grep MISSED; false; }
	$(BIN)/python tools/check_docs.py
	$(BIN)/python -m pytest --quiet --no-header tests/unit/test_house_rules.py

# ARGS are those of the program: `make simulate ARGS="--first 5000 --store sqlite"`, `make simulate ARGS=--controls`.
SEEDS ?= 1000
simulate: $(READY)
	@PYTHONPATH=tests/simulation $(BIN)/python tests/simulation/simulate_many.py --seeds $(SEEDS) $(ARGS)

# An hour or two on one core from the start; ARGS are those of the program: `make mutants ARGS="--only order/ --again"`.
mutants: $(READY)
	@PYTHONPATH=tests/mutation $(BIN)/python tests/mutation/mutate_many.py $(ARGS)

# What passed is shown with its figures at the end.
CRASH_SECONDS := 7200
CRASH := $(addprefix tests/system/test_,crash_matrix.py kill_everywhere.py rotation_killed.py worker_stops.py soak.py)
crash: $(READY)
	$(BIN)/python -m pytest --full --timeout $(CRASH_SECONDS) --verbose -rP --numprocesses $(WORKERS) $(CRASH) $(ARGS)

# One after the other, each alone with the machine. ARGS names some of them: `make bench ARGS="ingest orders"`.
BENCHES := start ingest orders workers memory
bench: $(READY)
	@for bench in $(or $(ARGS),$(BENCHES)); do PYTHONPATH=tests/system $(BIN)/python tests/benchmark/bench_$$bench.py || exit 1; done
ifeq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest --quiet --capture=no tests/benchmark/bench_sql.py
endif

docs: $(READY)
	$(BIN)/python tools/check_docs.py
	@$(BIN)/python -m pytest --quiet README.md docs $(ARGS)

docs-demo: $(READY)
	@$(BIN)/bitloot demo --once --export docs/images/demo.svg

screenshots: $(READY)
	@$(BIN)/python tools/take_screenshots.py $(ARGS)

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .coverage_data .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests tools docs -name __pycache__ -type d -prune -exec rm -rf {} +
