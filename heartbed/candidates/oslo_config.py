"""Reads the oslo.messaging options of a user's ``nova.conf``: what is taken into the testbed, and what is not."""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import InputError

GROUP = "oslo_messaging_rabbit"
HEARTBEAT = "heartbeat_timeout_threshold"
DEFAULTS = ("rpc_conn_pool_size", "conn_pool_min_size", "conn_pool_ttl", "executor_thread_pool_size")
"""Options of the group DEFAULT that bear on connections."""

BROKERS = ("rabbit_host", "rabbit_port", "rabbit_userid", "rabbit_password", "rabbit_virtual_host", "rabbit_login")
QUEUES = ("amqp_durable_queues", "amqp_auto_delete", "rabbit_quorum", "rabbit_transient", "rabbit_stream", "rabbit_ha")
LARGEST = 1024 * 1024


@dataclass(frozen=True)
class OsloConfig:
    """Options of one file. ``environment`` are those that are taken, as oslo.config reads them from variables."""

    shown: str
    values: Mapping[str, str]
    environment: Mapping[str, str]
    notes: tuple[str, ...]
    switched_off: bool

    def unknown(self, known: Iterable[str]) -> list[str]:
        """Options of the file that the library does not have, which it ignores in silence."""
        names = set(known)
        return [name for name in self.values if name not in names] if names else []


def read_options(path: Path, heartbeat_s: int) -> OsloConfig:
    """Read a ``nova.conf``. Raises ``InputError``."""
    parser = _parser(path)
    group = dict(parser[GROUP]) if parser.has_section(GROUP) else {}
    top = {name: parser["DEFAULT"][name] for name in DEFAULTS if name in parser["DEFAULT"]}
    return taken(str(path), group, top, heartbeat_s)


def taken(shown: str, group: Mapping[str, str], top: Mapping[str, str], heartbeat_s: int) -> OsloConfig:
    """What is taken of the options that ``shown`` sets in oslo.messaging's group, and in DEFAULT (``top``)."""
    environment, notes = {f"OS_DEFAULT__{name.upper()}": value for name, value in top.items()}, []
    left: dict[str, list[str]] = {}
    for name, value in group.items():
        reason = _reason(name)
        if name == HEARTBEAT:
            continue
        if reason:
            left.setdefault(reason, []).append(name)
        else:
            environment[f"OS_{GROUP.upper()}__{name.upper()}"] = value
    given = group.get(HEARTBEAT, "").strip()
    if given and given != "0" and given != str(heartbeat_s):
        notes.append(
            f"{shown}: {HEARTBEAT} is {given}; {heartbeat_s} here (--heartbeat {given} waits as long as yours)"
        )
    notes += [f"{shown}: not taken: {', '.join(names)}: {reason}" for reason, names in left.items()]
    return OsloConfig(shown, {**group, **top}, environment, tuple(notes), given == "0")


def _parser(path: Path) -> configparser.RawConfigParser:
    # A section that nobody has takes the place of DEFAULT, whose values would else be seen in every section.
    parser = configparser.RawConfigParser(strict=False, default_section="\0", allow_no_value=True)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} has more than {LARGEST:,} octets: it is no nova.conf")
        parser.read_string(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text") from None
    except configparser.Error as error:
        raise InputError(f"{path} is not a configuration of oslo.config: {error.message}") from None
    if not parser.has_section("DEFAULT"):
        parser.add_section("DEFAULT")
    return parser


def _reason(name: str) -> str:
    if name.startswith(BROKERS) or name in ("kombu_compression", "rabbit_login_method"):
        return "the broker is the testbed's"
    if name.startswith(("ssl", "kombu_ssl")):
        return "the testbed's broker is asked without TLS"
    if name.startswith(QUEUES):
        return "the testbed's own RPC server declares the queues"
    if name in ("use_queue_manager", "processname", "hostname"):
        return "queues are named by the library here"
    return ""
