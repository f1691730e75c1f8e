# The single door. `make run` and `make test` do all the set-up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many at once, and what stays together: tests/conftest.py.
# What is compiled is kept for the next run, whatever the environment says: half of a short run would be compiling.
TESTS := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto
READY := $(VENV)/.ready

.PHONY: install run chat check test quick chaos soak rasa run-rasa test-rasa bench bench-nlu bench-beside lock lock-rasa clean help

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Saathi needs Python 3.11 or newer: make PYTHON=python3.12 ...'; exit 1; }
	@echo 'Setting up $(VENV): about 140 packages and a model to learn, three or four minutes the first time ...'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/saathi nlu train >/dev/null
	@touch $(READY)

install: $(READY)  ## environment and model only: for a server without containers (docs/operations.md)

run: $(READY)  ## start everything on this machine: http://127.0.0.1:8000/try
	@$(BIN)/saathi serve $(ARGS)

chat: $(READY)  ## talk to it in the terminal: make chat ARGS='--channel sms --lang ne'
	@$(BIN)/saathi chat $(ARGS)

check: $(READY)  ## format, lint (with Bandit's rules), types, layers, known weaknesses of dependencies, content
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ruff check --select S --ignore S101,S105 --config 'extend-exclude=[]' migrations/versions
	$(BIN)/mypy
	$(BIN)/lint-imports
	@.ci/audit $(BIN)
	$(BIN)/saathi check

test: $(READY)  ## all tests that can run without Rasa
	$(TESTS) $(ARGS)

quick: $(READY)  ## the inner loop, under a minute: no databases, processes, walks, browser; conversations on one channel
	$(TESTS) --quick -m 'not slow and not stored and not browser and not rasa' $(ARGS)

chaos: $(READY)  ## kills, restarts, bad providers, a million days: the figures of docs/reliability.md (10 minutes)
	$(BIN)/python -m tests.chaos $(ARGS)

soak: $(READY)  ## hours of ordinary traffic with kills: memory, files, pace: make soak ARGS='--minutes 1440' (or a moved clock: '--day 20000')
	$(BIN)/python -m tests.chaos.soak $(ARGS)

rasa: $(READY)  ## Rasa 3.6 beside it: own environment (Python 3.10, 3 GB), trained on nlu_data/, asked once (RASA=--diet: the network)
	@$(BIN)/saathi rasa prove $(RASA)

run-rasa: $(READY)  ## `make run` with Rasa answering what texts mean
	@$(BIN)/saathi rasa run $(RASA) -- $(ARGS)

test-rasa: $(READY)  ## the tests that need a real Rasa: the same lines on both classifiers, and Rasa killed, hung, lying
	@$(BIN)/saathi rasa install
	$(BIN)/pytest -n 0 -m rasa tests/rasa $(ARGS)

bench: $(READY)  ## start, turns, webhooks, growth, several processes, the desk at 100,000 cases: writes docs/performance.md (an hour)
	$(BIN)/python -m benchmarks.start --write
	$(BIN)/python -m benchmarks.turns --write
	$(BIN)/python -m benchmarks.webhooks --write
	$(BIN)/python -m benchmarks.growth --write
	$(BIN)/python -m benchmarks.machines --write
	$(BIN)/python -m benchmarks.desk --write
	$(BIN)/python -m benchmarks.broadcast --write

bench-nlu: $(READY)  ## embedded and Rasa side by side, by cross-validation and held out: writes docs/understanding.md (ARGS=--diet)
	@$(BIN)/saathi rasa install
	$(BIN)/python -m benchmarks.nlu --write $(ARGS)

bench-beside: $(READY)  ## beside Rasa, python-telegram-bot and (with Node) Bottender: writes docs/performance.md (20 minutes)
	@$(BIN)/saathi rasa install
	$(BIN)/python -m benchmarks.beside --write $(ARGS)

lock: $(READY)  ## renew requirements.lock and, of it, what runs in production (names, versions, hashes; needs the package uv)
	$(PYTHON) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o requirements.lock
	$(PYTHON) -m uv pip compile pyproject.toml --constraint requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o deploy/requirements.lock

lock-rasa: $(READY)  ## renew deploy/rasa/requirements.lock, in the same way
	$(PYTHON) -m uv pip compile deploy/rasa/pyproject.toml --universal --python-version 3.10 \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o deploy/rasa/requirements.lock

clean:  ## remove the environment and the data of development
	-$(BIN)/saathi db stop
	rm -rf $(VENV) .venv-rasa var
