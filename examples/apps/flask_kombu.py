"""Orders: Flask, and kombu with a thread that beats, as kombu does not do by itself."""

import contextlib
import os
import threading
import time

import kombu
from flask import Flask

application = Flask(__name__)
LOCK = threading.Lock()
BROKER = kombu.Connection(os.environ["AMQP_URL"])


@application.post("/orders")
def order():
    with LOCK:
        if not BROKER.connected:
            BROKER.connect()
            threading.Thread(target=beat, daemon=True).start()
        kombu.Producer(BROKER).publish({"item": 1}, routing_key="orders")
    return {"order": "placed"}


def beat():
    while True:
        time.sleep(BROKER.get_heartbeat_interval() / 4)
        with LOCK:
            BROKER.heartbeat_check()
            with contextlib.suppress(TimeoutError):
                BROKER.drain_events(timeout=0.01)  # the broker's heartbeats must be read, too
