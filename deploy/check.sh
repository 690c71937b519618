#!/usr/bin/env bash
# Goes through the steps of deploy/Dockerfile on this machine, in a temporary folder that stands for the root of the
# image's file system: copies what is copied there, installs, starts the service in production, asks whether it is
# healthy, for a label and for a conversation, stops it with SIGTERM, and sees to it that nothing was written but where
# data belong.
#     VENV=.venv deploy/check.sh data/06_models/demo
# VENV: an environment with kefu, which is used instead of a new one.
set -euo pipefail
usage="usage: [VENV=ENVIRONMENT] deploy/check.sh MODEL, the folder of a data set's models or of one bundle"
[ $# = 1 ] && [ -d "$1" ] || { echo "$usage" >&2; exit 2; }
model=$(realpath "$1")
cd "$(dirname "$0")/.."
VENV=$(realpath -m "${VENV:-.venv}")

root=$(mktemp -d)
service=""
finish() {
  if [ -n "$service" ]; then kill -9 "$service" 2>/dev/null || true; fi
  rm -rf "$root"
}
trap finish EXIT

say() { printf 'check: %s\n' "$*"; }
fail() {
  say "FAILED: $*" >&2
  if [ -f "$root/log" ]; then tail -n 20 "$root/log" >&2; fi
  exit 1
}

"${PYTHON:-python3}" deploy/context.py copy "$root"
home=$root/opt/kefu

# the image's variables with its paths in the folder, then what differs here; nothing else of this environment is seen
environment=()
while IFS= read -r line; do
  name=${line%%=*} value=${line#*=}
  case $value in
    sqlite:////*) value=sqlite:///$root/${value#sqlite:////} ;;
    /*) value=$root$value ;;
  esac
  environment+=("$name=$value")
  declare "image_$name=$value"
done < <("${PYTHON:-python3}" deploy/context.py variables)
port=$("${PYTHON:-python3}" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=$("${PYTHON:-python3}" -c 'import secrets; print(secrets.token_hex(32))')
environment+=("PATH=/usr/local/bin:/usr/bin:/bin" "VENV=$VENV" "PYTHONPATH=$home/src" "KEFU_HOST=127.0.0.1" "KEFU_PORT=$port")

say "install"
mkdir -p "$image_HOME"
env -i "${environment[@]}" "PYTHON=${PYTHON:-python3}" "PATH=$PATH" "HOME=$HOME" "$home/deploy/install.sh"

mkdir -p "$image_SECRETS" "$(dirname "$image_KEFU_MODELS__SHOP__FOLDER")"
cp -RL "$model" "$image_KEFU_MODELS__SHOP__FOLDER"
printf '%s\n' "$key" >"$image_SECRETS/KEFU_API_KEYS__SHOP"
chmod 755 "$root"
chmod 1777 "$image_HOME"
chmod -R a+rX,a-w "$home" "$(dirname "$image_KEFU_MODELS__SHOP__FOLDER")" "$image_SECRETS"

# as root: the image's user; where that one cannot read the environment, root without its power to overrule permissions
as=()
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  read -ra as <<<"setpriv $(sed -n 's/^USER \([0-9]*\):\([0-9]*\)$/--reuid=\1 --regid=\2 --clear-groups/p' deploy/Dockerfile)"
  if ! "${as[@]}" bash -c '"$0" -c "import fastapi"' "$VENV/bin/python" 2>/dev/null; then
    say "the image's user cannot read $VENV; going on as root without capabilities"
    as=(setpriv --bounding-set=-all --inh-caps=-all)
  fi
fi
run() { env -i "${environment[@]}" ${as[@]+"${as[@]}"} "$@"; }

where=$(cd / && run "$VENV/bin/python" -c 'import kefu; print(kefu.__file__)')
[ "$where" = "$home/src/kefu/__init__.py" ] || fail "kefu was imported from $where, not from what was copied"
if run "$home/deploy/healthy.sh" >/dev/null; then fail "healthy before it was started"; fi
touch "$root/before"

say "start"
env -i "${environment[@]}" ${as[@]+"${as[@]}"} "$home/deploy/start.sh" >"$root/log" 2>&1 &
service=$!
until run "$home/deploy/healthy.sh" >/dev/null; do
  kill -0 "$service" 2>/dev/null || fail "the service ended by itself"
  [ "$SECONDS" -lt 300 ] || fail "not healthy within five minutes"
  sleep 0.5
done

say "ask for a label, with the key and without, and begin a conversation"
run "$VENV/bin/python" - "http://127.0.0.1:$port" "$key" <<'PY' || fail "it does not answer as it should"
import json
import sys
import urllib.error
import urllib.request

url, key = sys.argv[1:]


def ask(wanted, path, body=None, bearer=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    content = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, content, headers), timeout=20) as answer:
            status, said = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        status, said = error.code, json.load(error)
    if status != wanted:
        sys.exit(f"check: {path}: {status} {said}, where {wanted} was to come")
    return said


text = {"text": "我的退款还没到账"}
label = ask(200, "/v1/predict/text", text, key)
print(f"check: {label['label']} ({label['model']}, {label['version']})")
ask(401, "/v1/predict/text", text)
begun = ask(201, "/v1/conversations", {})
conversation = f"/v1/conversations/{begun['conversation_id']}"
ask(200, conversation, bearer=begun["customer_token"])
ask(404, conversation, bearer=key)
PY

say "stop"
started=$SECONDS
kill -TERM "$service"
code=0
wait "$service" || code=$?
service=""
# 143: the signal is raised again after all was ended; as the first process of a container it is 0
[ "$code" = 0 ] || [ "$code" = 143 ] || fail "SIGTERM was answered with the status $code"
[ $((SECONDS - started)) -le 20 ] || fail "it took $((SECONDS - started)) s to stop"
tail -n 1 "$root/log" | grep -q '"event": *"stopped"' || fail "it did not say that it has stopped"
if grep -q Traceback "$root/log"; then fail "the log has a traceback"; fi

written=$(find "$home" -newer "$root/before" | head -n 5)
[ -z "$written" ] || fail "it wrote where the image is read-only: $written"
[ -s "$image_DATA/kefu.sqlite" ] || fail "there is no database in $image_DATA"
say "all passed"
