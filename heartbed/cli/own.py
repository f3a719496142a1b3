"""The options that bring a user's own application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from heartbed import applications
from heartbed.applications.requests import HttpRequest
from heartbed.candidates.own import CONFIG, DATA, OPENING, OwnApplication
from heartbed.cli.common import Command
from heartbed.cli.grouped import under
from heartbed.errors import InputError
from heartbed.files import is_folder, is_regular

ASKED = {
    "open": ("'METHOD /PATH'", "The request that makes --app use the broker, as a cast does; GET / if not given."),
    "call": ("'METHOD /PATH'", "One that waits for an answer over the broker; the same as --open if not given."),
    "page": ("'METHOD /PATH'", "One that leaves the broker alone, for the probe trickle; else a page of Heartbed's."),
}
"""What a user's own application can be asked for, each with headers and a body of its own."""

SET_HERE = re.compile(r"HEARTBED_.*|OS_DEFAULT__TRANSPORT_URL|OS_DEFAULT__RPC_RESPONSE_TIMEOUT")
SAID_ELSEWHERE = {
    "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": "--heartbeat",
    "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "--pthread",
    "OS_NOVA_DISABLE_EVENTLET_PATCHING": "--model native",
}
"""Variables that an option of its own sets."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""A method, or the name of a header (RFC 9110)."""

LARGEST_BODY = 1024 * 1024

option = under("Your own application")


def _requests() -> Iterator[Callable[[Any], Any]]:
    for what, (form, text) in ASKED.items():
        body = [f"--{what}-body", *(["--body"] if what == "open" else [])]
        yield option(f"--{what}", f"{what}_request", metavar=form, help=text)
        yield option(
            f"--{what}-header",
            multiple=True,
            metavar="'NAME: VALUE'",
            help=f"A header of --{what}. May be given several times.",
        )
        yield option(*body, f"{what}_body", metavar="TEXT|@FILE", help=f"The body of --{what}.")


OPTIONS = (
    option(
        "--app",
        type=click.Path(path_type=Path),
        metavar="PATH|NAME",
        help="Your own WSGI script in place of Heartbed's application; or nova or cinder, the real API of --release.",
    ),
    option("--requirements", type=click.Path(path_type=Path), help="What --app needs, as pip's requirements."),
    option(
        "--env",
        multiple=True,
        metavar="NAME=VALUE",
        help="A variable for --app. {amqp_url}, {broker_url}, {config_dir} and {data_dir} stand for what they are "
        "there. AMQP_URL and what oslo.config reads are set already. May be given several times.",
    ),
    option(
        "--config-dir", type=click.Path(path_type=Path), help=f"A folder that --app reads, at {CONFIG} in the testbed."
    ),
    option(
        "--prepare",
        type=click.Path(path_type=Path),
        help=f"A script (.py, or sh) that is run in each cell before its server, in {DATA}, which can be written to; "
        "HEARTBED_BROKER_URL tells it the broker.",
    ),
    option("--header", multiple=True, metavar="'NAME: VALUE'", help="A header of each of the requests below."),
    *_requests(),
)
"""The options, in the order of the help."""


def own_options(command: Command) -> Command:
    """The options that become an ``OwnApplication``."""
    for each in reversed(OPTIONS):
        command = each(command)
    return command


def own_of(given: dict[str, Any]) -> OwnApplication | None:
    """Take the options out of ``given``; None where no application is named. Raises ``InputError``."""
    script, needs = given.pop("app"), given["requirements"]
    names = (
        "env",
        "config_dir",
        "prepare",
        "header",
        *(f"{w}_{p}" for w in ASKED for p in ("request", "header", "body")),
    )
    said = {name: given.pop(name) for name in names}
    if script is None or (known := _known(script)):
        given |= {"app": known} if script is not None else {}
        _must_be_unsaid({**said, "requirements": needs})
        return None
    _must_be_file("--app", script, "name the WSGI script that the server would run")
    if said["prepare"]:
        _must_be_file("--prepare", said["prepare"], "name a script of Python's (.py) or of sh's")
    if said["config_dir"] and not is_folder(said["config_dir"]):
        raise InputError(f"--config-dir: {said['config_dir']} is not a folder")
    asked = {what: _request(what, said) for what in ASKED}
    return OwnApplication(
        script,
        opening=asked["open"] or _with_headers(OPENING, "open", said),
        calling=asked["call"],
        page=asked["page"],
        environment=tuple(_variable(text) for text in said["env"]),
        config_dir=said["config_dir"],
        prepare=said["prepare"],
    )


def _known(script: Path) -> str:
    """The application that Heartbed knows by this name; empty for a file of the user's. Raises ``InputError``."""
    name = str(script)
    if script.exists():
        return ""
    if reason := applications.lacks(name):
        raise InputError(f"--app {reason}")
    return name if name in applications.tokens() else ""


def _must_be_unsaid(said: dict[str, Any]) -> None:
    for name, value in said.items():
        if value:
            option = name.removesuffix("_request").replace("_", "-")
            raise InputError(f"--{option} is about an application of your own: name its script with --app")


def _must_be_file(option: str, path: Path, hint: str) -> None:
    if not is_regular(path):
        raise InputError(f"{option}: {path} is not a file", hint=hint)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not NAME.match(name):
        raise InputError(f"--env {text!r} is not NAME=VALUE", hint="for example --env OS_NOVA_CONFIG_DIR={config_dir}")
    if SET_HERE.fullmatch(name):
        raise InputError(f"--env {name}: the testbed itself sets this variable")
    if name in SAID_ELSEWHERE:
        raise InputError(f"--env {name}: {SAID_ELSEWHERE[name]} says that")
    if "\0" in value:
        raise InputError(f"--env {name}: a value has no zero byte")
    return name, value


def _request(what: str, said: dict[str, Any]) -> HttpRequest | None:
    """One of the requests, as the command line has it; None where it is not named. Raises ``InputError``."""
    text = said[f"{what}_request"]
    if text is None:
        if what != "open" and (said[f"{what}_header"] or said[f"{what}_body"]):
            raise InputError(f"--{what}-header and --{what}-body belong to --{what}, which is not given")
        return None
    words = text.split()
    if len(words) != 2 or not TOKEN.match(words[0]) or not words[1].startswith("/"):
        raise InputError(f"--{what} {text!r} is not a request", hint=f"for example --{what} 'GET /v2.1/servers'")
    return _with_headers(HttpRequest(words[0].upper(), words[1]), what, said)


def _with_headers(request: HttpRequest, what: str, said: dict[str, Any]) -> HttpRequest:
    headers = dict(_headers("--header", said["header"])) | dict(_headers(f"--{what}-header", said[f"{what}_header"]))
    return HttpRequest(request.method, request.path, tuple(headers.items()), _body(what, said[f"{what}_body"]))


def _headers(option: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not TOKEN.match(name) or not value.isprintable():
            raise InputError(f"{option} {text!r} is not a header", hint=f"for example {option} 'X-Roles: admin'")
        yield name, value.strip()


def _body(what: str, text: str | None) -> bytes:
    """The octets of a body: the text itself, or with ``@`` in front those of a file."""
    if not text:
        return b""
    if not text.startswith("@"):
        return text.encode()
    path = Path(text[1:])
    _must_be_file(f"--{what}-body", path, "without @ it is the text itself")
    try:
        if path.stat().st_size > LARGEST_BODY:
            raise InputError(f"--{what}-body: {path} has more than {LARGEST_BODY:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"--{what}-body: cannot read {path}: {error.strerror}") from None
