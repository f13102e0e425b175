# Everything goes through .venv, which the first target that needs it makes; see tools/setup.sh.
# Another Python:  make PYTHON=/path/to/python3.12 test
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo nights test check fix mutation screenshots lock clean setup setup-dev

export PYTHON

# --universal: one lock for every platform and Python; --no-header: no option, so no host, leaks in.
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--python-version 3.11 $(LOCK_ARGS)

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' $(MAKEFILE_LIST)

demo: setup ## run the service and a simulated night; options in ARGS="..."
	@.venv/bin/ydt-sim demo $(ARGS)

nights: setup ## simulate 2,000 nights of faults; other options in ARGS="--seeds 1..50 --faults"
	@.venv/bin/ydt-sim run $(or $(ARGS),--seeds 1..2000 --faults)

test: setup-dev ## run every check and every test, as CI does
	@bash tools/check.sh all

check: setup-dev ## run the checks that need no tests: format, lint, types, imports, pages
	@bash tools/check.sh lint

fix: setup-dev ## put the format right, and what the linter can mend by itself
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

mutation: setup-dev ## break all rules in every small way, or some: MODULE="dispatch/queue.py"
	@.venv/bin/python tools/mutate.py $(or $(MODULE),--report build/mutation.json) $(ARGS)

screenshots: setup-dev ## take pictures of every page of the running demonstration, into build/pages or FOLDER=
	@BROWSER_PATH=$$(.venv/bin/python tools/browser.py) .venv/bin/python tools/screenshots.py $(or $(FOLDER),build/pages)

lock: setup-dev ## write the locks anew from pyproject.toml; LOCK_ARGS=--upgrade takes new versions
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group dev pyproject.toml -o requirements-dev.lock
	printf 'uv\nsetuptools>=80\n' | $(COMPILE) - -o requirements-uv.lock
	@! grep -n '://' requirements*.lock || { echo "A lock names a host." >&2; exit 1; }

clean: ## remove what the tools made here (never data/)
	rm -rf .venv node_modules build *.egg-info .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

setup:
	@sh tools/setup.sh run

setup-dev:
	@sh tools/setup.sh dev
