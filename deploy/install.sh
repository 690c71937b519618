#!/usr/bin/env bash
# Installs the service in the locked versions into the environment VENV [.venv], unless kefu is there already, and makes
# the folder DATA, if one is named, for whichever user the service runs as. PYTHON [python3] makes the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

if [ -x "$VENV/bin/kefu" ]; then
  echo "kefu is installed in $VENV"
else
  "${PYTHON:-python3}" -m venv "$VENV"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    --constraint requirements.lock --editable '.[assistant,postgres]'
  "$VENV/bin/python" -m compileall -q src # later the folder may be read-only
fi
if [ -n "${DATA:-}" ]; then
  mkdir -p "$DATA"
  chmod 1777 "$DATA"
fi
