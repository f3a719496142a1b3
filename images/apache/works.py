"""Tries whether the libraries of this image work together: ``works.py eventlet``, ``native`` or ``gevent``.

To import them is not enough. An eventlet that is older than its Python can be
imported and patches it wrongly: the first thread, or the first wait for one,
fails. Further arguments are folders that are looked in first. Ends with a
traceback where something does not work.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

DEADLINE_S = 120
"""For all of it. What hangs does so for ever; on a busy machine the imports alone were seen to take 20 s."""
WAIT_S = 5
"""For one thing that takes no time at all where it works."""


def threads() -> None:
    """A thread that hands something over and is waited for, and a wait that ends by itself."""
    import queue
    import threading

    handed: queue.Queue[int] = queue.Queue()
    thread = threading.Thread(target=handed.put, args=(1,), daemon=True)
    thread.start()
    handed.get(timeout=WAIT_S)
    thread.join(WAIT_S)
    if thread.is_alive():
        raise RuntimeError("a thread that has ended is still alive")
    if threading.Event().wait(0.01):
        raise RuntimeError("an event that nobody set is set")


def sockets() -> None:
    """Some octets there and back over TCP, with a timeout as py-amqp has."""
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(accepted.recv(5))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with socket.create_connection(server.getsockname(), timeout=WAIT_S) as client:
            client.sendall(b"hello")
            if client.recv(5) != b"hello":
                raise RuntimeError("what came back over TCP is not what was sent")
        thread.join(WAIT_S)


def _hangs(*_: object) -> None:
    # Not an exception: it would be raised in whatever runs just now, which may catch it.
    os.write(2, b"RuntimeError: it hangs\n")
    os._exit(1)


def main(model: str, folders: list[str]) -> None:
    """Load the application under one execution model, then use what it is made of."""
    sys.path[:0] = folders
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(DEADLINE_S)
    if model == "native":
        os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
    if model == "gevent":
        os.environ["HEARTBED_MODEL"] = "gevent"

    from wsgi_app import natives, patching  # noqa: F401  in the order of wsgi.py

    patching.apply(os.environ)

    import kombu.transport.pyamqp  # noqa: F401
    import oslo_messaging._drivers.impl_rabbit  # noqa: F401
    from stevedore import driver

    from wsgi_app import service

    driver.DriverManager("oslo.messaging.drivers", "rabbit")  # as oslo.messaging finds its driver

    service.load(os.environ)
    threads()
    sockets()


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except Exception:  # noqa: BLE001  # printed here, because oslo.log takes what Python would print into its log
        sys.exit(traceback.format_exc())
