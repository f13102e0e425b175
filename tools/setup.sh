#!/bin/sh
# Finds a good Python, makes .venv, and hands over to setup.py. Safe to repeat: instant when done.
#   tools/setup.sh run   what the service needs
#   tools/setup.sh dev   and what its checks need
set -eu
cd "$(dirname "$0")/.."

good() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if ! { [ -x .venv/bin/python ] && good .venv/bin/python; }; then
    python=
    for name in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14 python3.15; do
        if good "$name"; then python=$name && break; fi
    done
    if [ -z "$python" ]; then
        echo "Python 3.11 or later is needed, and none was found here: $(python3 -V 2>&1 || true)." >&2
        echo "On Debian 12, Ubuntu 24.04 or later:  apt-get install python3 python3-venv" >&2
        echo "Elsewhere install one, or name one:   make PYTHON=/path/to/python3.12 ..." >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "This Python ($python, $version) came without its venv module. To install it:" >&2
        echo "    apt-get install python3-venv" >&2
        echo "or, if that is for another Python:  apt-get install python$version-venv" >&2
        exit 1
    fi
    echo "[setup] Making .venv with $("$python" -V)."
    if [ -L .venv ]; then rm .venv; fi # --clear would empty the folder it leads to
    "$python" -m venv --clear .venv
fi
exec .venv/bin/python tools/setup.py "$@"
