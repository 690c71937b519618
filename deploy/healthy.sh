#!/usr/bin/env bash
# Ends with 0 if the service of this machine at KEFU_PORT [8000] is ready for requests, else with 1.
set -euo pipefail
port=${KEFU_PORT:-8000}
{ exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || { echo "nobody listens at port $port"; exit 1; }
printf 'GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
read -r -t 5 _ status _ <&3 || { echo "no answer from port $port within 5 s"; exit 1; }
[ "$status" = 200 ] || { echo "not ready: /readyz answers ${status:-nothing}"; exit 1; }
