"""An application with pika, which connects at the first request and sends heartbeats only when it is called."""

import os

import pika

URL = pika.URLParameters(os.environ["AMQP"].rstrip("/") + "/%2F")
URL.heartbeat = 2
OPEN = []


def application(environ, start_response):
    if environ["PATH_INFO"] == "/send":
        if not OPEN:
            OPEN.append(pika.BlockingConnection(URL).channel())
        OPEN[0].basic_publish("", "nobody", b"x")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"sent\n"]
