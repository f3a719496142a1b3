"""An application with pika, which connects when it is loaded: before the server forks, unless each process loads it."""

import os

import pika

URL = pika.URLParameters(os.environ["AMQP"].rstrip("/") + "/%2F")
URL.heartbeat = 2
CHANNEL = pika.BlockingConnection(URL).channel()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here\n"]
