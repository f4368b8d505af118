# Everything people do with this project has a name here; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help up down reset status logs demo test check fmt proto bench simulate faults docs society clean \
        bootstrap bootstrap-tests

PY    := .venv/bin/python
AGORA := .venv/bin/agora
SEEDS ?= 20000
MINUTES ?= 20
EXAMPLES ?= 1000
WORKERS ?= 2
ARGS  ?=

SIDE_BY_SIDE := $(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What pytest ends with when ARGS names tests of the other kind alone.
NO_TESTS := 5

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap:
	@infra/local/bootstrap.sh

bootstrap-tests:
	@infra/local/bootstrap.sh --with-tests

up: bootstrap ## install what is missing, start everything, print the page's address
	@$(AGORA) up $(ARGS)

down: bootstrap ## stop everything, keep the data
	@$(AGORA) down $(ARGS)

reset: bootstrap ## stop everything and delete the data (asks first; ARGS=--yes does not)
	@$(AGORA) reset $(ARGS)

status: bootstrap ## what runs, where, and how it is
	@$(AGORA) status $(ARGS)

logs: bootstrap ## follow the logs (ARGS="NAME …" picks processes)
	@$(AGORA) logs -f $(ARGS)

demo: bootstrap ## fill the running stack with people who follow and answer each other
	@$(AGORA) demo $(ARGS)

test: bootstrap-tests check ## everything CI runs: check, then every test on servers of its own
	@failed=0; \
	$(SIDE_BY_SIDE) -m "not faults" $(ARGS) || [ $$? = $(NO_TESTS) ] || failed=1; \
	$(PY) -m pytest -m faults $(ARGS) || [ $$? = $(NO_TESTS) ] || failed=1; \
	exit $$failed

check: bootstrap ## formatting, lint, types, imports, drift and shape
	@.venv/bin/ruff format --check --quiet . || (.venv/bin/ruff format --diff --quiet .; false)
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m schemas.generate --check
	@said=$$(npm --prefix gateway/web run --silent check 2>&1) || { echo "$$said"; false; }
	@$(PY) -m pytest -q tests/house

fmt: bootstrap ## format the code and mend what lint can mend
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .

proto: bootstrap ## write schemas/gen anew from schemas/proto
	@$(PY) -m schemas.generate $(ARGS)

bench: bootstrap-tests ## measure beside named peers (NAME=append for one; ARGS="--quick --json")
	@$(AGORA) bench $(if $(NAME),--name $(NAME)) $(ARGS)

society: bootstrap-tests ## play EXAMPLES=1000 stories of random people against a plain model
	@SAFETY_EXAMPLES=$(EXAMPLES) $(PY) -m pytest -q tests/safety/test_society.py $(ARGS)

simulate: bootstrap ## run SEEDS=20000 schedules of the writer over a simulated log
	@$(PY) -m tests.simulation --seeds $(SEEDS) $(ARGS)

faults: bootstrap-tests ## everything is killed, paused and filled up under load (MINUTES=20 SEED=)
	@$(PY) -m tests.faults.whole --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

docs: bootstrap ## write the generated reference pages anew
	@$(PY) -m cli.reference $(ARGS)

clean: ## remove caches and build output (not .venv, not the data)
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist gateway/web/dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.agora/*' -prune -exec rm -rf {} +
