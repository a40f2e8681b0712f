# `make run` and `make test` create what they need and say what they are doing. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run demo extra test test-long faults faults-all endure check messages fuzz bench clean

PORT ?= 8000
CATALOG ?=
# So few that a newcomer has playlists within two minutes; nobody needs more to see how it works.
LIKED ?= $(if $(CATALOG),,150)
CLIPS ?=
ARGS ?=
FILES ?= 10000
N ?= 20000
SEED ?=
CORES ?= 2
# Its workers are forks of the test's process, which must be a fresh one. (5: no test has the name asked for.)
FORKING := tests/faults/test_between_calls.py
PYTEST = $(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder --ignore $(FORKING)
PYTHON ?= $(shell command -v python3.11 || command -v python3)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
BIN := .venv/bin
# What settings demand, for commands that touch neither data nor Spotify.
NO_DATA := SECRET_KEY=check TOKEN_KEYS=Y2hlY2tjaGVja2NoZWNrY2hlY2tjaGVja2NoZWNrY2g= REDIS_URL=redis://127.0.0.1 \
	DATABASE_URL=sqlite://:memory: PUBLIC_URL=http://127.0.0.1:8000

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

run: .venv/runtime  ## start Cratewise on PORT=8000; the demo unless .env names a Spotify app (demo: CATALOG=file LIKED=number)
	@$(BIN)/python -m organizer.supervisor --port "$(PORT)" $(if $(CATALOG),--catalog "$(CATALOG)") $(if $(LIKED),--liked "$(LIKED)")

demo: .venv/runtime  ## start the demo beside an instance of your own, on PORT=8001 and with data apart
	@$(BIN)/python -m organizer.supervisor --demo --port "$(if $(filter 8000,$(PORT)),8001,$(PORT))"

extra: .venv/runtime  ## add features heard in previews, for songs that no service describes (vibenet: GPL-3, optional)
	@echo "Installing the model that hears features …"
	@$(BIN)/python -m pip install --quiet --no-deps -r requirements-extra.txt

test: .venv/dev  ## run the linter and all but the long tests: quick ones, then faults, then the browser (ARGS="-k name")
	@echo "Checking the code with ruff …"
	@$(BIN)/ruff check .
	@echo "Running the tests on PostgreSQL and Valkey (TEST_DB=sqlite for SQLite); make test-long runs the long ones …"
	@$(PYTEST) -m "not long" $(ARGS) || [ $$? -eq 5 ]

test-long: .venv/dev  ## run the long tests, which `make test` leaves out (ARGS="-k name")
	@echo "Running the long tests on PostgreSQL and Valkey (TEST_DB=sqlite for SQLite) …"
	@$(PYTEST) -m long $(ARGS) || [ $$? -eq 5 ]
	@$(BIN)/python -m pytest $(FORKING) $(ARGS) || [ $$? -eq 5 ]

faults: .venv/dev  ## run only the tests that kill processes and break the network, long or not
	@$(BIN)/python -m pytest -m faults $(ARGS)

faults-all: .venv/dev  ## every process killed in every phase, real windows of 30 s (FAULTS_DOC=write renews docs/faults.md)
	@FAULTS=all $(BIN)/python -m pytest -m faults $(ARGS)

endure: .venv/dev  ## N=20000 random sequences of edits, faults and kills (hours), or again the one of SEED=number
	@$(BIN)/python -m tests.faults.endure $(if $(SEED),--seed "$(SEED)",--count "$(N)")

check: .venv/dev  ## everything a reviewer would run besides tests: format, types, Django, migrations, compose file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NO_DATA) $(BIN)/python manage.py check --fail-level ERROR
	$(NO_DATA) $(BIN)/python manage.py makemigrations --check --dry-run
	$(NO_DATA) $(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

messages: .venv/dev  ## collect the strings to translate into locale/ and compile them (needs GNU gettext)
	@command -v msgmerge >/dev/null && command -v msgfmt >/dev/null || { \
		echo "GNU gettext is missing. On Debian and Ubuntu: apt install gettext"; exit 1; }
	@$(BIN)/python -m tests.messages

fuzz: .venv/dev  ## spoil FILES=10000 sound files and decode them in processes that may die (minutes)
	@$(BIN)/python -m tests.classifier.fuzz --files $(FILES)

bench: .venv/dev  ## measure how fast this machine plans, classifies, syncs, hears and serves pages (CLIPS=folder of sound)
	@$(BIN)/python -m tests.bench $(if $(CLIPS),--clips "$(CLIPS)") $(ARGS)

clean:  ## remove the virtual environment and caches; data in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Cratewise needs Python 3.11, and no python3 was found."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "Cratewise needs Python 3.11; $(PYTHON) is $$("$(PYTHON)" -V). Name another one: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Creating a virtual environment in .venv …"
	@"$(PYTHON)" -m venv .venv

.venv/runtime: requirements.txt requirements-no-deps.txt | .venv/bin/python
	@echo "Installing packages: a minute or more the first time, PyTorch is large …"
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps -r requirements-no-deps.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	@echo "Installing the tools for tests …"
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@
