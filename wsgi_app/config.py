"""Configuration and logging, by oslo.config and oslo.log as in nova.

The global ``cfg.CONF`` is used because oslo.messaging 18 registers some of its
options there and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_log import log

from wsgi_app import natives

FOLDER = Path(__file__).resolve().parent
FOLDER_VARIABLE = "OS_NOVA_CONFIG_DIR"
"""nova's own variable for the directory that holds ``nova.conf`` and ``api-paste.ini``."""

OPTIONS = [
    cfg.HostAddressOpt("host", default="compute", help="The host whose nova-compute every server is said to run on."),
    cfg.IntOpt(
        "rpc_retry",
        default=2,
        min=-1,
        help="How often an RPC client tries again when the broker cannot be reached, before the request is answered "
        "with 503. nova sets nothing, which is -1: it tries for ever, and the request hangs as long.",
    ),
]
GROUP = "heartbed"


def folder(environ: Mapping[str, str]) -> Path:
    """Where ``nova.conf`` and ``api-paste.ini`` are."""
    return Path(environ.get(FOLDER_VARIABLE) or FOLDER)


def load(environ: Mapping[str, str], program: str = "nova") -> cfg.ConfigOpts:
    """Read ``nova.conf`` and the environment into ``cfg.CONF`` and set logging up."""
    conf = cfg.CONF
    log.register_options(conf)
    conf.register_opts(OPTIONS, group=GROUP)
    conf(args=[], project="nova", prog=program, default_config_files=[str(folder(environ) / "nova.conf")])
    _number_threads()
    log.setup(conf, "nova")
    return conf


def _number_threads() -> None:
    """Give every log record the number of its OS thread; under eventlet ``thread`` is the id of a greenlet."""
    make = logging.getLogRecordFactory()

    def make_with_thread(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.os_thread = natives.get_native_id()
        return record

    logging.setLogRecordFactory(make_with_thread)
