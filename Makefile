# The Python that the virtual environment is made from; any CPython from 3.11 on.
PYTHON ?= python3
# quick (2 minutes), default (8) or full (40)
PROFILE ?= default

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help bench drivers chaos claims flaws soak mutants eager-loading probe-overhead calibrate cases second-workload test test-kinds test-runs test-parts test-commands test-controls test-figures test-contract test-units test-slow lint types doctor setup schema lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

bench: setup ## compare async against sync; PROFILE=quick|default|full
	$(BIN)/twinbench bench --profile $(PROFILE)

drivers: setup ## how much of async/sync is the execution model, and how much the drivers? 20 minutes
	$(BIN)/twinbench run point-read write list-with-posts --latency-ms 0 --latency-ms 20 --for 20m \
	  --target async --target sync --target async:psycopg --target sync:psycopg

chaos: setup ## cut writes at every byte and inject every fault; PROFILE=default|full
	$(BIN)/twinbench chaos --profile $(PROFILE)

claims: setup ## put every claim about the stack to the test: 10 minutes; PROFILE=default|full
	$(BIN)/twinbench claims --profile $(PROFILE)

soak: setup ## 20 seeded schedules of 10 faults on each twin, without cuts: by its plan half an hour
	$(BIN)/twinbench chaos --profile soak

mutants: setup ## change the checks one thing at a time, and see a test go red: an hour
	$(BIN)/python tools/mutate.py

flaws: setup ## try every flawed target: is each caught by the check that it names, and no twin by any?
	$(BIN)/twinbench chaos --profile flaws

eager-loading: setup ## what each way of loading posts costs, as the page grows
	$(BIN)/twinbench eager-loading

probe-overhead: setup ## what the probes cost: both twins without them, with all, and with each, in slices: by its plan 80 minutes
	$(BIN)/twinbench probe-overhead

calibrate: setup ## hold twinbench against itself: equal targets and slower ones, by its plan 92 minutes; goes on where it was stopped
	$(BIN)/python -m tools.calibration

cases: setup ## mistakes, which must be caught with their lines, and sound applications, never accused; three runs each, goes on where it was stopped
	$(BIN)/python -m tools.cases

# What is right on a busy machine too, in parts: whole runs, parts of the harness, and flaws that are seen in what is
# stored, in cuts, in what a probe counts, or in what is short and who waits for whom.
KINDS := $(addprefix tests/test_,chaos_run.py claims_run.py eager_loading_run.py probe_overhead_run.py second_workload.py)
RUNS := $(addprefix tests/test_,runs.py calibration_run.py secrets.py kills.py)
COMMANDS := $(addprefix tests/test_,command_line.py bad_environments.py)
CONTROLS := $(addprefix tests/controls/test_,flaws.py counted_inside.py exhaustion.py waits.py)
# Those of probes that say how long something took are wrong while others have the cores; controls of one client, too.
TIMED := $(addprefix tests/probe/test_,loop.py phases.py whole_latency.py)
PARTS := tests/provision $(filter-out $(TIMED),$(wildcard tests/probe/test_*.py))
BESIDE := test-runs test-kinds lint types test-units test-parts test-figures test-controls test-contract test-commands

# First what may share the machine, three at a time, the longest first: whole runs wait for a good part of their time,
# which is left to what only computes, and is nice. Then all that is to have the machine to itself.
test: setup ## lint, types and the whole suite
	@$(MAKE) --no-print-directory -j 3 $(BESIDE)
	$(BIN)/python -m pytest $(addprefix --ignore=,tests/unit tests/contract $(KINDS) $(RUNS) $(COMMANDS) $(CONTROLS) $(PARTS))

test-kinds: setup
	$(BIN)/python -m pytest -q $(KINDS)

test-runs: setup
	$(BIN)/python -m pytest -q $(RUNS)

test-parts: setup
	$(BIN)/python -m pytest -q $(PARTS)

test-commands: setup
	$(BIN)/python -m pytest -q $(COMMANDS)

test-controls: setup
	$(BIN)/python -m pytest -q $(CONTROLS)

test-figures: setup
	nice $(BIN)/python -m pytest -q tests/unit/test_report*.py tests/unit/test_stats*.py

test-contract: setup
	$(BIN)/python -m pytest -q tests/contract

test-units: setup
	nice $(BIN)/python -m pytest -q tests/unit --ignore-glob='*/test_report*' --ignore-glob='*/test_stats*'

second-workload: setup ## another application in full: compared, cut at every byte, every fault injected
	$(BIN)/python -m pytest -m slow tests/test_second_workload.py

test-slow: setup ## more of what the suite has a sample of
	$(BIN)/python -m pytest -m slow

lint: setup ## ruff, rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	nice $(BIN)/mypy

doctor: setup ## say which parts are there and what to do about those that are not
	$(BIN)/twinbench doctor

setup: $(READY) ## make the virtual environment (all other targets do it for you)

# Made again only when what is locked, or the metadata of the package, changes.
$(READY): tools/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "twinbench needs Python 3.11 or newer, and $(PYTHON) is older. Say 'make PYTHON=python3.12 ...'."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

schema: setup ## write the documented schema of summary.json anew
	$(BIN)/python -m harness.report.schema > docs/summary.schema.json

lock: ## lock the newest versions that pyproject.toml allows (needs uv on PATH)
	uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --group dev pyproject.toml -o tools/requirements.lock

clean: ## remove the virtual environment and caches, keep the results
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
