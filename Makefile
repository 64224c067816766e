# Two commands do everything on a machine with Python 3.11 or newer, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BASE_VENV ?= .venv-base
LOCK ?= requirements.lock
WORKERS ?= 2
REPEAT ?= 1
# Whatever the shell says: a process that trains imports two thousand modules, and compiling them takes 5 s each time.
export PYTHONDONTWRITEBYTECODE :=

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Without byte-compiling everything ahead, which takes longer than the downloads; Python compiles what it imports.
PIP_INSTALL := -m pip install --disable-pip-version-check --quiet --no-compile
# The build backend comes from a lock file like everything else, so nothing is fetched for a build alone.
OWN := --no-deps --no-build-isolation
# One thread a worker, or two workers would fight for two cores; a file stays in one worker, or each trains its fixtures.
PYTEST := -m pytest -n $(WORKERS) --dist loadfile --durations=15 --durations-min=5

.PHONY: help demo smoke test test-slow test-browser test-cluster performance mutants check lint base lock packages python

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: $(INSTALLED)  ## evaluate RTVP zero-shot on the built-in data and print the table (minutes)
	$(BIN)/bench run --method rtvp --task zeroshot
	$(BIN)/bench table 2b --data mmio-synth

smoke: $(INSTALLED)  ## every method trains, predicts and is scored on mmio-open, or says what blocks it (half an hour)
	$(BIN)/bench check --smoke

test: $(INSTALLED)  ## the fast tests
	env OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) -m "not slow and not slurm and not browser"

test-slow: $(INSTALLED)  ## the tests that take minutes
	env OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) -m slow

# In one process: the tests share the cluster and its one home.
test-cluster: $(INSTALLED)  ## real cells on a real Slurm of four virtual nodes (Debian as root; minutes; REPEAT=3)
	tests/cluster/install.sh
	for round in $$(seq $(REPEAT)); do \
	  $(BIN)/python -m pytest -n 0 --durations=10 -m slurm tests/cluster || exit 1; done

# In one process: one Chromium is enough for two cores.
test-browser: $(INSTALLED)  ## the leaderboard's pages in a real Chromium (Debian as root installs it)
	tests/browser/install.sh
	$(BIN)/python -m pytest -n 0 --durations=5 -m browser tests/browser

# One alone, with its options: make performance WHAT="eval --scale 1"
performance: $(INSTALLED)  ## how long predictions, evaluators, data sets, the board and tables take here (minutes)
	$(BIN)/python -m tests.performance $(WHAT)

# In the environment without torch, where a process starts in a third of the time. One folder: ONLY='benchmark/records/*'
mutants: python  ## change the code that makes numbers and verdicts, line by line: does a fast test fail? (up to an hour)
	@$(MAKE) --no-print-directory packages VENV=$(BASE_VENV) LOCK=requirements-dev.lock
	$(BASE_VENV)/bin/python tests/mutants/run.py --workers $(WORKERS) --minutes 60 --only '$(or $(ONLY),*)'

check: lint base demo test test-browser test-cluster  ## exactly what .ci/run runs

lint: $(INSTALLED)  ## format, lint, types, import contracts
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -c "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"

# Installed as a wheel and not editable, so that a data file missing from the package shows here.
base: python  ## what needs no torch, in an environment without torch: proves the layering
	@$(MAKE) --no-print-directory packages VENV=$(BASE_VENV) LOCK=requirements-dev.lock
	rm -rf build
	$(BASE_VENV)/bin/python $(PIP_INSTALL) $(OWN) .
	! $(BASE_VENV)/bin/python -P -c "import torch" 2>/dev/null
	cd build && BENCH_HOME=$(CURDIR)/build/home $(CURDIR)/$(BASE_VENV)/bin/bench table 2b | grep 'measured: mmio-synth'
	env OMP_NUM_THREADS=1 $(BASE_VENV)/bin/python -P $(PYTEST) -q -m "not models and not data and not slow and not slurm and not browser"

# For Python 3.11 and newer on every platform; other files are compiled within the first, so versions never differ.
COMPILE := build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock"
lock: python  ## write the lock files anew: the newest versions that pyproject.toml allows, with their files' hashes
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python $(PIP_INSTALL) uv
	$(COMPILE) --upgrade --extra all --output-file requirements.lock pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	echo setuptools | $(COMPILE) --constraint requirements.lock --output-file requirements-build.lock -

packages: python  ## what LOCK names, into VENV: only files with a hash that is in it
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements-build.lock
	$(BIN)/python $(PIP_INSTALL) --require-hashes --no-build-isolation --requirement $(LOCK)

# pip installs only what differs, so an environment from an older lock is brought up to date.
$(INSTALLED): requirements.lock requirements-build.lock pyproject.toml | python
	@$(PYTHON) -I benchmark/cli/_system.py
	@$(MAKE) --no-print-directory packages
	$(BIN)/python $(PIP_INSTALL) $(OWN) --editable .
	@touch $@

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "rtvp-bench needs Python 3.11 or newer, and '$(PYTHON)' is not: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: apt-get install --yes python3-venv" >&2; exit 1; }
