#!/usr/bin/env bash
# Runs the checks, the fastest first, and says what each took. Stops at the first that fails.
#   tools/check.sh lint   format, lint, types, imports, the pages' JavaScript
#   tools/check.sh all    the same and every test; its last line is pytest's own
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

stage() {
    local name=$1 began=$SECONDS status=0
    shift
    echo "== $name"
    "$@" || status=$?
    # pytest says its own time, so that its closing line can be the last one.
    if [[ $1 != pytest || $status != 0 ]]; then echo "-- $name: $((SECONDS - began)) s"; fi
    return "$status"
}

# npm and node: the system's, with its own configuration, or else those that .venv brings.
javascript() {
    local config=app/pages/tsconfig.json path=$PATH major
    if [[ ! -f $config ]]; then
        echo "No pages yet."
        return
    fi
    major=$(PATH=${PATH#*:} node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
    if ((major >= 20)) && PATH=${PATH#*:} command -v npm >/dev/null; then path=${PATH#*:}; fi
    if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
        if [[ ! -w ${HOME:-/nonexistent} ]]; then export npm_config_cache=$PWD/.venv/npm-cache; fi
        PATH=$path npm ci --ignore-scripts --no-progress || return
        cp package-lock.json node_modules/.installed-lock.json
    fi
    PATH=$path node node_modules/typescript/bin/tsc --noEmit -p "$config"
}

# Prints the folders that hold a test: pytest calls a run without any a failure.
with_tests() {
    local folder
    for folder in "$@"; do
        if [[ -n $(find "tests/$folder" -name 'test_*.py' 2>/dev/null | head -n 1) ]]; then
            echo "tests/$folder"
        fi
    done
}

lint() {
    stage "format (ruff)" ruff format --check --quiet .
    stage "lint (ruff)" ruff check --quiet .
    stage "types (basedpyright)" basedpyright
    stage "imports (import-linter)" lint-imports --no-logo
    stage "pages (tsc)" javascript
}

lint
if [[ ${1:-all} == all ]]; then
    BROWSER_PATH=$(python tools/browser.py) # now, so that a missing one is told before the wait
    export BROWSER_PATH
    echo "Browser: $BROWSER_PATH"
    mapfile -t without < <(with_tests simulation integration property unit) # the longest first
    spread=(-n "${TEST_WORKERS:-auto}" --dist loadfile --no-loadscope-reorder) # a process for each core
    mapfile -t within < <(with_tests browser)
    if ((${#without[@]})); then stage "tests without a browser" pytest --quiet "${spread[@]}" "${without[@]}"; fi
    if ((${#within[@]})); then stage "tests in a browser" pytest --quiet "${spread[@]}" "${within[@]}"; fi
fi
