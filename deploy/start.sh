#!/bin/sh
# What the image of a part starts: its arguments are the part's commands (docs/running.md, "The parts").
case "${EBOK_PART}:$1" in
  gateway:serve) exec gunicorn --config /app/deploy/gunicorn.py gateway.wsgi:app ;;
  gateway:config)
    exec python -c 'from chassis.config import describe, load_config
from gateway.config import GatewayConfig
print("\n".join(describe(load_config(GatewayConfig))))'
    ;;
  gateway:*) echo "usage: serve | config" >&2; exit 2 ;;
  connector:*) exec python -m connector "$@" ;;
  sandbox:?*) program=$1; shift; exec python -m "sandbox.${program}" "$@" ;;
  *) exec python -m "services.${EBOK_PART}" "$@" ;;
esac
