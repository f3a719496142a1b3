#!/bin/sh
# Runs inside the cell before its server: prepares what a user's own application needs, then becomes the server, whose
# command the arguments are. What prepares it is run in a folder that can be written to, with the application's own
# folders on Python's path and the broker's URL in HEARTBED_BROKER_URL.
set -eu

mkdir -p "$HEARTBED_APP_DATA"
if [ -n "${HEARTBED_APP_PREPARE:-}" ]; then
    (
        cd "$HEARTBED_APP_DATA"
        export PYTHONPATH="${HEARTBED_APP%/*}:${HEARTBED_APP_PACKAGES:-}${PYTHONPATH:+:$PYTHONPATH}"
        exec "$HEARTBED_APP_PREPARE_WITH" "$HEARTBED_APP_PREPARE"
    ) || {
        echo "heartbed: --prepare ended with exit code $?" >&2
        exit 70
    }
fi
exec "$@"
