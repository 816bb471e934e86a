# Open Emploi. `make help` lists what one can do.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11
# One more than the cores: a third of a worker's time goes by waiting for what it started.
WORKERS ?= $(shell expr $$(nproc) + 1)
# python -m: plugins of tests/ are found from here.
TEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal
TEMPLATE := DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.databases
LEAN := not full and not ci
# A folder: make test writes there what each test asks of the database, make test-postgres reads it.
STATEMENTS ?=
RECORD := $(if $(STATEMENTS),-p tests.statements --statements $(STATEMENTS))
# Each part runs whatever the one before gave, and says how long it took.
PARTS = status=0; part() { \
	name=$$1; shift; began=$$(date +%s); echo "== $$name"; "$$@" || status=1; \
	echo "== $$name: $$(($$(date +%s) - began)) s"; }; \
	on_postgres() { if [ -n "$$TEST_POSTGRES_URL" ]; \
	then DATABASE_URL="$$TEST_POSTGRES_URL" $(TEMPLATE); \
	part "PostgreSQL" env DATABASE_URL="$$TEST_POSTGRES_URL" "$$@"; \
	else echo "PostgreSQL: skipped, TEST_POSTGRES_URL is not set"; fi; }
# Tests start hundreds of processes: compiling the same modules again in each doubles the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-dev checkers up dev quick test test-subject test-ci test-postgres test-full test-all check fix bench weigh messages schema requirements docs

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt

.venv/installed: requirements.txt $(UV)
	$(UV) pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt $(UV)
	$(UV) pip install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@ .venv/installed

install: .venv/installed messages ## Make the environment the portal runs in

install-dev: .venv/installed-dev messages ## Add what tests and checks need

checkers: install-dev ## Install the tools of others that check our exports, each apart (.checkers)
	@.ci/checkers

messages: ## Compile the translations
	@for po in portal/locale/*/LC_MESSAGES/django.po; do \
		[ -e "$$po" ] || continue; \
		mo="$${po%.po}.mo"; \
		[ "$$mo" -nt "$$po" ] || $(BIN)/pybabel --quiet compile --input-file "$$po" --output-file "$$mo"; \
	done

up: install ## Start the portal on http://127.0.0.1:8000 (PORT and VAR_DIR are honoured)
	@$(BIN)/python manage.py up

dev: install ## The same for those who work on it: errors in detail, anew at each change of the code
	@$(BIN)/python manage.py up --dev

quick: install-dev ## Run the quick tests: no browser, nothing that takes more than a second
	@$(TEMPLATE)
	@$(TEST) -m "not slow and not journey and $(LEAN)"

test: install-dev ## Run the tests on SQLite, the journeys in a browser among them
	@$(TEMPLATE)
	@$(TEST) $(RECORD) -m "$(LEAN)"

test-subject: install-dev ## Run the tests of one subject, or that use it: make test-subject S=challenges/teams
	@files=$$(ls -d tests/$(S)/ 2>/dev/null || grep -lrE "^ *(from|import) $(subst /,.,$(S))\b" tests --include="test_*.py"); \
	[ -n "$(S)" ] && [ -n "$$files" ] || { echo "No test uses « $(S) »: S=challenges/teams, S=portal/accounts…"; exit 2; }; \
	$(TEMPLATE); $(TEST) -m "$(LEAN) and not journey" $$files

test-ci: install-dev # what .ci/run adds: all roles on all routes, the other looks at each page
	@$(TEST) -m "ci and not full and not fault"

test-postgres: install-dev # the fewest tests that send PostgreSQL all that make test sent SQLite
	@[ -d "$(STATEMENTS)" ] || { echo "No record of statements: make test STATEMENTS=var/statements, then make test-postgres STATEMENTS=var/statements"; exit 2; }
	@$(PARTS); on_postgres $(TEST) $(RECORD) --cover -m "database and not journey and not full and (fault or not ci)"; exit $$status

test-full: install-dev ## Run everything, with all the figures of the designs; starts the services itself
	@.ci/services $(MAKE) --no-print-directory test-all

test-all: install-dev
	@$(TEMPLATE); $(PARTS); \
	part "SQLite" $(TEST) -m ""; \
	on_postgres $(TEST) -m "database and not journey"; \
	exit $$status

check: install-dev ## Lint, types, contracts, sizes, migrations, production values
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy portal catalogue datasets challenges
	$(BIN)/djlint --quiet --lint templates
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/pytest -q -p no:randomly tests/architecture

schema: install-dev ## Write the initial migrations and the structure file anew from the models
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.schema

fix: install-dev ## Repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev ## Measure, each figure beside a peer's in the same run
	$(BIN)/python -m bench

weigh: install-dev ## Weigh the project: lines, models, settings, first database (docs/weight.md)
	$(BIN)/python -m bench.weigh

docs: install-dev ## Write the pages made from the code
	$(BIN)/python -m challenges.scoring.manual > docs/metriques.md
	$(BIN)/python -m bench.diagrams > docs/diagrams.md

requirements: $(UV) ## Compile the requirements files with their hashes
	$(UV_COMPILE) requirements.in -o requirements.txt
	$(UV_COMPILE) requirements-scoring.in -c requirements.txt -o requirements-scoring.txt
	$(UV_COMPILE) requirements-dev.in -o requirements-dev.txt
	$(UV_COMPILE) requirements-demonstrator.in -c requirements-dev.txt -o requirements-demonstrator.txt
