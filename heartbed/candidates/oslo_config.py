"""Reads a user's options of oslo.messaging and oslo.log: what is taken into the testbed, and what is not."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbed.candidates.library import DEFAULT, GROUP, TIMEOUT, Library, Name
from heartbed.cells.axes import LONGEST_HEARTBEAT_S
from heartbed.errors import InputError
from heartbed.files import read_octets
from heartbed.wording import count

LEVELS = ("debug", "default_log_levels")
"""oslo.log's options that are taken: what is logged can stop the thread that logs it."""

POOL = ("rpc_conn_pool_size", "conn_pool_min_size", "conn_pool_ttl")
"""Options of the driver that releases up to 2023.1 also read from DEFAULT."""

_COMPRESSED = "messages are not compressed here"
_BROKER = "the broker is the testbed's"
_TLS = "the testbed's broker is asked without TLS"
_SERVER = "it must be the same in the RPC server, which is the testbed's own"
_NAMES = "queues are named by the library here"
_OUTPUT = "the log goes to the container's output, in Heartbed's format"
_OWN = "the testbed has its own"
_FILE = "the levels and handlers of that file are not read, though what is logged can change a verdict"

BACKEND = (DEFAULT, "concurrency_backend")
"""nova's own option for its execution model, since nova 34."""

REASONS = (
    (GROUP, r"rabbit_(host|port|user|password|virtual_host|login)\Z", _BROKER),
    (GROUP, r"kombu_compression\Z", _COMPRESSED),
    (GROUP, r"ssl|kombu_ssl", _TLS),
    (GROUP, r"(amqp_durable_queues|rabbit_durable_queues|amqp_auto_delete)\Z", _SERVER),
    (GROUP, r"(rabbit_quorum_queue|rabbit_stream_fanout)\Z", _SERVER),
    (GROUP, r"(use_queue_manager|processname|hostname)\Z", _NAMES),
    (DEFAULT, r"transport_url\Z", _BROKER),
    (DEFAULT, r"(control_exchange|rpc_response_timeout|rpc_ping_enabled)\Z", _OWN),
    (DEFAULT, r"log_config_append\Z", _FILE),
    (DEFAULT, r"publish_errors\Z", "errors are not sent as notifications here"),
    (DEFAULT, r"log_|logging_|use_(syslog|journal|json|stderr|eventlog)|syslog_|watch_log|max_logfile", _OUTPUT),
    (DEFAULT, r"rate_limit_|instance(_uuid)?_format\Z", _OUTPUT),
)
"""Group, what an option's name begins with, and why it is not taken."""

LARGEST = 1024 * 1024


@dataclass(frozen=True)
class OsloConfig:
    """What one place says. ``options`` may be taken; of those that are not only the names are kept, with the reason."""

    shown: str
    options: Mapping[Name, str]
    left: tuple[tuple[str, str], ...] = ()
    others: int = 0
    """Options of DEFAULT that are of neither library."""

    sections: tuple[str, ...] = ()
    """Other sections."""

    backend: str = ""
    """nova's ``concurrency_backend`` in a file; empty where it is not set."""

    in_environment: bool = False
    """Whether the place is the environment of the process, where oslo.config knows no former names."""


@dataclass(frozen=True)
class Taken:
    """What is taken of all places, as variables of the environment, and what is to be said of them."""

    environment: Mapping[str, str]
    notes: tuple[str, ...]
    switched_off: bool


def read_options(path: Path) -> OsloConfig:
    """Read a ``nova.conf``. Raises ``InputError``."""
    parser = _parser(path)
    groups: dict[str, dict[str, str | None]] = {}
    for section in parser.sections():
        options = {name: _unquoted(value) for name, value in parser[section].items()}
        groups.setdefault(section if section == DEFAULT else section.lower(), {}).update(options)
    found = options_of(str(path), groups)
    backend = (groups[DEFAULT].get(BACKEND[1]) or "").strip()
    others = [name for name in groups[DEFAULT] if not _is_ours(DEFAULT, name) and name != BACKEND[1]]
    sections = tuple(name for name in groups if name not in (DEFAULT, GROUP))
    return OsloConfig(found.shown, found.options, found.left, len(others), sections, backend)


def _unquoted(value: str | None) -> str | None:
    """A value of a file as oslo.config reads it, which takes one pair of quotes off; of the environment it does not."""
    if value and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def from_environment(shown: str, variables: Mapping[str, str]) -> OsloConfig:
    """What the variables of an environment set of these options, as oslo.config reads them."""
    groups: dict[str, dict[str, str]] = {}
    for variable, value in variables.items():
        if match := re.match(r"OS_([A-Z0-9_]+?)__([A-Z0-9_]+)\Z", variable):
            group = DEFAULT if match[1] == DEFAULT else match[1].lower()
            groups.setdefault(group, {})[match[2].lower()] = value
    found_ = options_of(shown, groups)
    return OsloConfig(shown, found_.options, found_.left, in_environment=True)


def options_of(shown: str, groups: Mapping[str, Mapping[str, str | None]]) -> OsloConfig:
    """Sort the options of both libraries into those that may be taken and those that are not."""
    options: dict[Name, str] = {}
    left = []
    for group in (DEFAULT, GROUP):
        for name, value in groups.get(group, {}).items():
            if reason := _reason(group, name):
                left.append((name, reason))
            elif _is_ours(group, name):
                options[group, name] = value or ""
    return OsloConfig(shown, options, tuple(left))


def taken(configs: Sequence[OsloConfig], library: Library | None, heartbeat_s: int) -> Taken:
    """What is taken of ``configs``, of which the last outranks the others, by the options that the library has."""
    environment: dict[str, str] = {}
    notes: list[str] = []
    timeout = ""
    for config in configs:
        notes += _had(config, library)
        notes += _left(config)
        for name, value in config.options.items():
            place = library.place(name, in_environment=config.in_environment) if library else name
            if place is None and library:
                notes.append(_ignored(config, name, library))
            elif place == (GROUP, TIMEOUT):
                timeout = value.strip()
                notes += _other_timeout(config, timeout, heartbeat_s)
            elif place:
                environment[variable(place)] = value
    return Taken(environment, tuple(notes), timeout == "0")


def said(configs: Sequence[OsloConfig], name: Name) -> str | None:
    """The value that is said of an option, whether or not the library has it; None where nobody says any."""
    return next((config.options[name] for config in reversed(configs) if name in config.options), None)


def variable(name: Name) -> str:
    """The variable of the environment from which oslo.config reads an option."""
    return f"OS_{name[0].upper()}__{name[1].upper()}"


def _had(config: OsloConfig, library: Library | None) -> Iterable[str]:
    """What is taken as it is; the timeout is told apart."""
    names = [
        option
        for group, option in config.options
        if option != TIMEOUT and (not library or library.place((group, option), in_environment=config.in_environment))
    ]
    if names:
        yield f"{config.shown}: taken: {', '.join(names)}"


def _left(config: OsloConfig) -> Iterable[str]:
    reasons: dict[str, list[str]] = {}
    for name, reason in config.left:
        reasons.setdefault(reason, []).append(name)
    yield from (f"{config.shown}: not taken: {', '.join(names)}: {reason}" for reason, names in reasons.items())
    rest = [count(config.others, "option") + " of [DEFAULT]"] if config.others else []
    rest += [f"[{name}]" for name in config.sections[:8]]
    rest += [count(len(config.sections) - 8, "more section")] if len(config.sections) > 8 else []
    if rest:
        yield f"{config.shown}: not read: {', '.join(rest)}: neither oslo.messaging's rabbit driver's nor oslo.log's"


def _ignored(config: OsloConfig, name: Name, library: Library) -> str:
    group, option = name
    return f"{config.shown}: oslo.messaging {library.version} has no option {option} in [{group}]: it is ignored"


def _other_timeout(config: OsloConfig, given: str, heartbeat_s: int) -> Iterable[str]:
    if given == "0":
        yield f"{config.shown}: taken: {TIMEOUT}, which is 0: heartbeats are switched off"
    elif given and given != str(heartbeat_s):
        waits = f"--heartbeat {given} waits as long as yours"
        if given.isdecimal() and int(given) > LONGEST_HEARTBEAT_S:
            longest = f"RabbitMQ's own is {LONGEST_HEARTBEAT_S} unless it is told otherwise"
            waits = f"{longest}, and the smaller of the two counts"
        yield f"{config.shown}: {TIMEOUT} is {given}; {heartbeat_s} here ({waits})"


def _is_ours(group: str, name: str) -> bool:
    """Whether an option bears on connections or on what is logged; of the driver's own group all do."""
    return group == GROUP or name in (*LEVELS, *POOL) or bool(_reason(group, name))


def _reason(group: str, name: str) -> str:
    return next((why for its, pattern, why in REASONS if its == group and re.match(pattern, name)), "")


def _parser(path: Path) -> configparser.RawConfigParser:
    # A section that nobody has takes the place of DEFAULT, whose values would else be seen in every section.
    parser = configparser.RawConfigParser(strict=False, default_section="\0", allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # to oslo.config, names in capitals are others
    try:
        parser.read_string(read_octets(path, LARGEST).decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text") from None
    except AttributeError:  # configparser's own way to say so
        raise InputError(f"{path}: a line is indented as if it continued an option, but that has no value") from None
    except configparser.Error as error:
        raise InputError(f"{path} is not a configuration of oslo.config: {error.message}") from None
    if not parser.has_section(DEFAULT):
        parser.add_section(DEFAULT)
    return parser
