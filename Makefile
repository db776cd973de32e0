# Every task of the project. `make` alone lists them.

VENV := .venv
PY := $(VENV)/bin/python
SCHEMA := docs/reference/openapi.yaml
REPORTS := var/reports
# The parallel part may use this many processes; each has its own database.
JOBS ?= 2
# More arguments for demo, tests and benchmarks: make demo ARGS="--orders 40 --speed 20"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup dev demo test test-long lint format types imports check schema bench lock clean

help:  ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## build .venv with what the program needs to run
	@.ci/venv run >&2

dev:  ## build .venv with everything for development and tests
	@.ci/venv dev >&2

demo: setup  ## run the whole floor: database, web, worker, gateway, simulated devices and people
	@$(PY) manage.py demo $(ARGS)

test: dev  ## run the tests: first in parallel, then those that start whole processes
	@mkdir -p $(REPORTS)
	@rm -f $(REPORTS)/parallel.xml $(REPORTS)/process.xml
	@status=0; \
	$(PY) -m pytest -n $(JOBS) -m "not process and not slow" --junit-xml=$(REPORTS)/parallel.xml $(ARGS) || status=$$?; \
	$(PY) -m pytest -m "process and not slow" --junit-xml=$(REPORTS)/process.xml $(ARGS) || code=$$?; \
	if [ "$${code:-0}" != 0 ] && [ "$${code:-0}" != 5 ]; then status=$$code; fi; \
	exit $$status  # 5: no test is marked so

test-long: dev  ## run the tests that take long
	@mkdir -p $(REPORTS)
	$(PY) -m pytest -m slow --junit-xml=$(REPORTS)/slow.xml $(ARGS)

lint: dev  ## check style and form
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: dev  ## mend style and form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: dev  ## check types
	$(PY) -m mypy mfc devices firmware_sim

imports: dev  ## check the direction of imports
	$(VENV)/bin/lint-imports --no-logo

check: dev  ## check settings, migrations and that the committed API schema is the real one
	$(PY) manage.py check --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run
	@mkdir -p $(REPORTS)
	$(PY) manage.py spectacular --validate --fail-on-warn --file $(REPORTS)/openapi.yaml
	diff -u $(SCHEMA) $(REPORTS)/openapi.yaml || { echo "The API has changed: run 'make schema' and commit."; exit 1; }

schema: dev  ## write the API schema
	$(PY) manage.py spectacular --validate --fail-on-warn --file $(SCHEMA)

bench: dev  ## run the benchmarks
	$(PY) -m tests.bench $(ARGS)

lock:  ## pin all requirements again (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed to lock: https://docs.astral.sh/uv/"; exit 1; }
	@.ci/lock $(ARGS)

clean:  ## remove .venv, caches and reports; data under var/ stays
	rm -rf $(VENV) $(REPORTS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find mfc devices firmware_sim tests -name __pycache__ -type d -prune -exec rm -rf {} +
