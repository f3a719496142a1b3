"""Orders with pika, whose blocking connection beats only while it is called."""

import os

import pika

CHANNELS = []


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        if not CHANNELS:
            CHANNELS.append(pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel())
        CHANNELS[0].basic_publish("", "orders", b'{"item": 1}')
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"placed\n"]
