"""The RPC client, on oslo.messaging itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from wsgi_app import config, errors, rpc

Make = Callable[[str], rpc.ComputeClient]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine that refuses connections: bound, and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Make]:
    """Makes a client for a transport URL. On the global configuration: oslo.messaging has options nowhere else."""
    conf = cfg.CONF
    conf.register_opts(config.OPTIONS, group=config.GROUP)

    def make(url: str) -> rpc.ComputeClient:
        file = tmp_path / "nova.conf"
        file.write_text(f"[DEFAULT]\ntransport_url = {url}\nrpc_response_timeout = 1\n[heartbed]\nrpc_retry = 0\n")
        conf([], default_config_files=[str(file)])
        return rpc.ComputeClient(conf)

    yield make
    conf.reset()


def test_nothing_connects_before_the_first_message(client: Make, closed_port: int) -> None:
    client(f"rabbit://user:password@127.0.0.1:{closed_port}/")


def test_a_broker_that_refuses_connections_is_unreachable(client: Make, closed_port: int) -> None:
    compute = client(f"rabbit://user:password@127.0.0.1:{closed_port}/")
    with pytest.raises(errors.BrokerUnreachableError, match="start_instance"):
        compute.cast({}, "start_instance", server_id="x")


def test_a_call_that_nobody_answers_times_out(client: Make) -> None:
    compute = client("fake:/")
    with pytest.raises(errors.CallTimeoutError, match="get_diagnostics: no answer from host compute"):
        compute.call({}, "get_diagnostics", server_id="x")
