"""The idle probe: open the connections, touch nothing, ask again."""

from __future__ import annotations

from heartbed.stage.probe import Probe


class Idle(Probe):
    """What every probe does, and nothing besides."""

    name = "idle"
    meaning = "nothing touches the cell for three heartbeat timeouts"
    meanwhile = "nothing touches the cells"
    documentation = """
        The API of a small cloud, or any API at night: nobody calls it for some minutes. Whether a heartbeat that a
        green thread should send goes out then depends on whether anything runs that thread's hub. In 2019 nova-api
        lost its RabbitMQ connections whenever its web server had no requests for it
        (https://bugs.launchpad.net/nova/+bug/1825584); oslo.messaging's heartbeat_in_pthread was made for that.
    """


PROBE = Idle()
