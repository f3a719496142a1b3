#!/bin/bash
# Begins as root, makes the data the broker's, and goes on as the broker.
set -eu
if [ "$(id -u)" = 0 ]; then
    find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
    exec gosu rabbitmq "$0" "$@"
fi
exec "$@"
