#!/usr/bin/env bash
# Runs a command of kefu in the environment VENV [.venv]: `deploy/start.sh` is `kefu serve`, `deploy/start.sh agents list`
# is `kefu agents list`. Every file of the folder SECRETS [/run/secrets] is a variable of the file's name.
set -euo pipefail
cd "$(dirname "$0")/.."

refuse() {
  echo "Error: $*" >&2
  exit 2
}

for file in "${SECRETS:-/run/secrets}"/*; do
  [ -f "$file" ] || continue
  name=$(basename "$file")
  [[ $name =~ ^[A-Z_][A-Z0-9_]*$ ]] || refuse "$file: a secret is named like a variable, as PGPASSWORD; rename or move it"
  value=$(cat "$file") || refuse "$file: cannot be read by the user $(id -u); see docs/operate.md"
  [ -n "$value" ] || refuse "$file: is empty; write the secret into it"
  export "$name=$value"
done
[ $# -gt 0 ] || set -- serve
exec "${VENV:-.venv}/bin/kefu" "$@"
