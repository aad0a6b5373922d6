# `make demo` and `make test` are the two commands; both set up everything they need. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help

# What was compiled is kept, even where the environment says otherwise: some hundred processes would each compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
LOCK := requirements.lock

# Programs that cache want a home they can write to.
define HOMELESS
umask 077
mkdir -p .local
[[ -n "$${HOME:-}" && -d "$$HOME" && -w "$$HOME" ]] || { export HOME="$$PWD/.local/home"; mkdir -p "$$HOME"; }
umask 022
endef

.PHONY: help
help:  ## this list
	awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: environment  ## the product with two seeded organizations, until Ctrl-C (PORT=8000)
	exec $(PY) -m advocacy.serving

.PHONY: test
test: LOCK := requirements-dev.lock
test: environment chromium  ## every check and test on an empty PostgreSQL of its own
	$(HOMELESS)
	exec $(PY) -m advocacy.embedded run --throwaway $(MAKE) --no-print-directory test-steps

.PHONY: test-long
test-long: LOCK := requirements-dev.lock
test-long: environment chromium  ## what takes longer: everybody at every page (at most an hour)
	$(HOMELESS)
	$(MAKE) --no-print-directory audit
	exec $(PY) -m advocacy.embedded run --throwaway $(MAKE) --no-print-directory test-long-steps

# A process that has had a browser runs an event loop, in which the other tests may not ask the database.
.PHONY: test-long-steps
test-long-steps:
	$(HOMELESS)
	$(PY) -m pytest -n 2 --dist worksteal -m long tests --ignore tests/journeys
	$(PY) -m pytest -n 2 --dist load --maxschedchunk 1 -m long tests/journeys

.PHONY: audit
audit: LOCK := requirements-dev.lock
audit: environment  ## the pinned packages against published advisories, and the bill of materials against its schema
	$(HOMELESS)
	$(MAKE) --no-print-directory environment VENV=.local/scanners LOCK=requirements-security.lock
	exec $(PY) -m tests.scanners --without-network pip-audit sbom

.PHONY: security
security: LOCK := requirements-dev.lock
security: environment  ## scanners over code, packages and a running demonstration, and 500 requests in turns (SCAN="bandit ...")
	$(HOMELESS)
	$(MAKE) --no-print-directory environment VENV=.local/scanners LOCK=requirements-security.lock \
	  || echo "The scanners could not be installed: what they look at cannot be checked."
	exec $(PY) -m advocacy.embedded run --throwaway $(PY) -m tests.scanners $(SCAN)

MUTANTS ?=
.PHONY: mutation
mutation: LOCK := requirements-dev.lock
mutation: environment  ## change clock and rules in thousands of small ways; a test has to see each (MUTANTS="--sample 500")
	$(HOMELESS)
	$(MAKE) --no-print-directory environment VENV=.local/mutation/tool LOCK=requirements-mutation.lock
	.local/mutation/tool/bin/python -m tests.mutation.of_code .local/mutation/code.json
	exec $(PY) -m tests.mutation .local/mutation/code.json $(MUTANTS)

.PHONY: test-postgres15
test-postgres15:  ## the same on the distribution's PostgreSQL 15
	bin=/usr/lib/postgresql/15/bin
	[[ -x $$bin/postgres ]] || { echo "PostgreSQL 15 is missing. Install it: apt-get install postgresql-15"; exit 1; }
	RECOURSE_PG_BIN=$$bin exec $(MAKE) --no-print-directory test

.PHONY: deploy-check
deploy-check: environment  ## start what deploy/ describes, walk a case through it, back it up, restore it elsewhere, compare
	$(HOMELESS)
	exec $(PY) -m deploy.check

.PHONY: environment
environment:  ## .venv with the locked packages, hash-checked; nothing to do when it has them
	$(HOMELESS)
	exec 9>.local/environment.lock
	flock 9
	wanted=$$(sha256sum <$(LOCK))
	if $(PY) -c '' 2>/dev/null && grep -qsxF "$$wanted" $(VENV)/installed; then exit 0; fi
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1 || true). Name another: make PYTHON=python3.12 ..."
	  exit 1
	}
	echo "Installing $(LOCK) into $(VENV) ..."
	rm -f $(VENV)/installed
	$(PY) -c '' 2>/dev/null || rm -rf $(VENV)
	with_uv() {
	  command -v uv >/dev/null || return 1
	  export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
	  [[ -d $(VENV) ]] || uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) || return 1
	  uv pip install --quiet --python $(PY) --require-hashes -r $(LOCK)
	}
	with_pip() {
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || {
	    echo "The package python3-venv is missing. Install it: apt-get install python3-venv"
	    return 1
	  }
	  $(PY) -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); } || return 1
	  $(PY) -m pip install --quiet --no-input --disable-pip-version-check --require-hashes -r $(LOCK)
	}
	with_uv || with_pip || { echo "The packages of $(LOCK) could not be installed."; exit 1; }
	# The development lock holds everything of the other one, at the same versions; a test keeps it so.
	{ echo "$$wanted"; sha256sum <requirements.lock; } >$(VENV)/installed

CHROMIUM_WORKS = works() { timeout 30 "$$1" --version >/dev/null 2>&1; }

# Chromium for the browser journeys, without its window where that is packaged. What cannot be installed is skipped by name; with CI=true a skip fails.
.PHONY: chromium
chromium:
	$(CHROMIUM_WORKS)
	get() { DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq "$$1" >/dev/null 2>&1; }
	if ! works chromium-headless-shell && [[ $$(id -u) = 0 ]] && command -v apt-get >/dev/null; then
	  echo "Installing chromium for the browser journeys ..."
	  timeout 90 apt-get update -qq >/dev/null 2>&1 || true
	  get chromium-headless-shell || works chromium || get chromium || true
	fi
	works chromium-headless-shell || works chromium || echo "Chromium is missing and cannot be installed here: the browser journeys will be skipped."

# Sums the runs up as pytest would, and fails on a skip when CI=true.
define CLOSING
import os, sys, xml.etree.ElementTree as tree
suites = [suite for name in sys.argv[1:] if os.path.exists(name) for suite in tree.parse(name).iter("testsuite")]
total = {key: sum(int(s.get(key, 0)) for s in suites) for key in ("tests", "failures", "errors", "skipped")}
seconds = sum(float(s.get("time", 0)) for s in suites)
passed = total["tests"] - total["failures"] - total["errors"] - total["skipped"]
skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
print(f"\n===== {passed} passed{skipped} in {seconds:.2f}s =====")
if os.environ.get("CI") == "true" and (total["skipped"] or not os.path.exists(sys.argv[-1])):
    sys.exit("In CI nothing may be skipped.")
endef
export CLOSING

.PHONY: test-steps
test-steps:
	$(HOMELESS)
	out=$$RECOURSE_LOCAL_DIR
	step() {
	  local name=$$1
	  shift
	  printf '\n== %s\n' "$$name"
	  "$$@" || { printf '\nmake test stopped at: %s\n' "$$name"; exit 1; }
	}
	key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
	# The demonstration is made meanwhile; tests that want it wait for it, and make it themselves if this one died.
	DJANGO_SETTINGS_MODULE=advocacy.settings $(PY) -m tests.seeded >"$$out/seeded.log" 2>&1 &
	trap 'kill %1 2>/dev/null || true' EXIT
	step "lint" $(PY) -m ruff check .
	step "format" $(PY) -m ruff format --check .
	step "types" $(PY) -m mypy advocacy cases appeals
	step "import contracts" $(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	step "migrations" $(PY) manage.py makemigrations --check --dry-run
	step "production settings" env RECOURSE_PRODUCTION=1 RECOURSE_HOSTS=recourse.example \
	  RECOURSE_SECRET_KEY="$$(key)$$(key)" RECOURSE_FIELD_KEY="$$(key)" RECOURSE_INDEX_KEY="$$(key)" \
	  RECOURSE_KEYSTORE="$$out/keystore" $(PY) manage.py check --deploy --fail-level WARNING
	step "generated documents" $(PY) manage.py print_docs --check
	step "translations" $(PY) manage.py translations --check
	step "tests" $(PY) -m pytest -n 2 --dist worksteal --ignore tests/journeys -m "not long" --junitxml "$$out/tests.xml"
	$(CHROMIUM_WORKS)
	if works chromium-headless-shell || works chromium; then
	  # Whoever waits for a page or a job needs no core meanwhile: three at a time fill two cores.
	  step "browser journeys" $(PY) -m pytest -n 3 --dist load --maxschedchunk 1 tests/journeys --ignore tests/journeys/test_pictures.py -m "not long" --junitxml "$$out/journeys.xml"
	else
	  printf '\n== browser journeys\nSKIPPED: Chromium is missing.\n'
	fi
	step "summary" $(PY) -c "$$CLOSING" "$$out/tests.xml" "$$out/journeys.xml"

.PHONY: pictures
pictures: LOCK := requirements-dev.lock
pictures: environment chromium  ## take the pictures of the README again, from a fresh demonstration
	$(HOMELESS)
	RECOURSE_SCREENSHOTS=1 exec $(PY) -m advocacy.embedded run --throwaway $(PY) -m pytest tests/journeys/test_pictures.py -q

PATIENTS ?= 300
SEED ?= 1
.PHONY: simulate
simulate: environment  ## a simulated year of PATIENTS=300 cases of every kind of coverage; SEED=1 says which year
	$(HOMELESS)
	exec $(PY) -m advocacy.embedded run --throwaway bash -c \
	  "RECOURSE_AS_OWNER=1 $(PY) manage.py prepare_database -v 0 && exec $(PY) manage.py simulate --cases $(PATIENTS) --seed $(SEED)"

CASES ?= 100000
BENCHMARK ?=
.PHONY: benchmark
benchmark: LOCK := requirements-dev.lock
benchmark: environment  ## the hot paths beside their floors (CASES=100000; the full run is CASES=1000000)
	$(HOMELESS)
	exec $(PY) -m benchmarks run --cases $(CASES) --conventional $(BENCHMARK)

.PHONY: benchmark-clean
benchmark-clean:  ## remove the benchmark's databases
	$(PY) -m benchmarks remove

.PHONY: lock
lock:  ## write the locks again from pyproject.toml (needs uv)
	compile() {
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header "$$@"
	}
	compile --upgrade pyproject.toml -o requirements.lock
	compile --upgrade pyproject.toml --group dev --constraint requirements.lock -o requirements-dev.lock
	compile --upgrade --group security -o requirements-security.lock
	compile --upgrade --group mutation -o requirements-mutation.lock

.PHONY: translations
translations: LOCK := requirements-dev.lock
translations: environment  ## collect the strings of the portal into the Spanish catalog and compile it
	$(PY) manage.py translations

.PHONY: clean
clean:  ## remove .venv and caches; the demo's data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: clean-data
clean-data:  ## remove the demo's database, documents and keys
	$(PYTHON) -m advocacy.embedded remove
