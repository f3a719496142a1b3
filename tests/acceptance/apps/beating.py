"""An application with gevent and kombu, whose green thread beats whenever its hub runs."""

from gevent import monkey

monkey.patch_all()

import os
import threading
import time

import amqp
import kombu

OPEN = []


def connect():
    connection = kombu.Connection(os.environ["AMQP"], heartbeat=2)
    connection.connect()
    threading.Thread(target=beat, args=(connection,), daemon=True).start()
    return connection


def beat(connection):
    while True:
        time.sleep(0.4)
        connection.heartbeat_check()


def application(environ, start_response):
    if not OPEN:
        OPEN.append(connect())
    OPEN[0].default_channel.basic_publish(amqp.Message("x"), "", "nobody")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"sent"]
