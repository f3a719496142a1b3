"""Whatever is typed, whatever a file or a record holds: an answer in time, a documented exit code, no traceback.

The inputs are made up from a seed, ``HEARTBED_FUZZ_SEED``, which a failure names, with its number.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbed.cells.axes import AXES
from heartbed.places import ROOT
from tests.forked import Forked, run

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("HEARTBED_FUZZ_SEED", "1"))
ARGUMENTS, FILES, RECORDS = 400, 600, 500
LONGEST_S = 5.0
LARGEST = 1_000_000
"""Octets of one line, however often it is repeated: about as much as a configuration may have."""

DOCUMENTED = {0, 1, 2, 3, 4}
CONTROLS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
SAMPLES = ROOT / "tests" / "unit" / "data" / "records"

NASTY = [
    *("", " ", "-", "--", "{", "}", "{}", "{,}", "{" * 5000, "{a,b}" * 24, "{1..99999999}", "a" * 300, "/" * 5000),
    *("../../..", "/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem", "/proc/1/mem", ".", "/", "~", "*", "%s%n"),
    *("\x1b[31mred\x1b[0m", "\x07", "\u202eabc", "\udcff", "\N{BOM}", "ünïcödé", ":smile:", "[red]x[/red]", "[/]"),
    *("prefork-threads" + "9" * 5000, "prefork-threads0", "prefork-prefork", "prefork--daemon", "-prefork", "PREFORK"),
    *(
        "oslo",
        "oslo0",
        "oslo1.2.3.4.5.6",
        "oslo17.3.2-oslo17.3.2",
        "1e999",
        "nan",
        "-1",
        "0",
        "٣",
        "2.5",
        "$(x)",
        "`x`",
    ),
    *(
        "latest",
        "fifo",
        "folder",
        "x.conf",
        "x.ini",
        "GET /",
        "native",
        "'",
        '"',
        "\\",
        "\n",
        "a\nb",
        "&&",
        "|",
        "=",
        "%",
    ),
]

COMMANDS = {
    "run": ["--probe", "--heartbeat", "-q", "--no-stacks", "--runs"],
    "cells": [],
    "compose": ["--heartbeat"],
    "probes": [],
    "bench": ["--heartbeat", "--json", "--runs"],
    "compare": [
        "--fail-if-worse",
        "--model",
        "--oslo",
        "--release",
        "--mpm",
        "--vhost",
        "--oslo-config",
        "--app",
        "--root",
    ],
    "check": ["--rule-out", "--format", "--no-mend", "--open", "--requirements", "--app", "--oslo-config", "--vhost"],
    "presets": [],
    "bisect": ["--good", "--bad", "--probe"],
    "matrix": ["--server", "--output"],
    "versions": [],
    "verdict": ["--runs"],
    "report": ["--format", "-o", "--runs"],
    "explain": ["--runs"],
    "runs": ["--runs"],
    "diff": ["--json", "--runs"],
    "schema": [],
    "completion": [],
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """No Docker engine and no index of packages: what is wrong with an input is found out before either is asked."""
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
        "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
        "HEARTBED_RUNS": str(tmp_path / "runs"),
        "PIP_INDEX_URL": "http://127.0.0.1:1/",
        "PIP_RETRIES": "0",
    }


def complaint(done: Forked, what: str) -> str:
    """What is wrong: it did not end in time, with a code that is documented, or said what it should not; else empty."""
    rules = {
        "the exit code is not documented": done.code not in DOCUMENTED,
        "a traceback": b"Traceback" in done.err,
        f"more than {LONGEST_S} s": done.cpu_s > LONGEST_S,
        "a control character": bool(CONTROLS.search(done.err)),
        "it does not say what was wrong": done.code == 2 and not done.err.strip(),
    }
    broken = [rule for rule, is_broken in rules.items() if is_broken]
    shown = f"\nseed {SEED}, {what}: {broken}: code {done.code} in {done.cpu_s:.1f} s\n"
    return shown + done.err[-1500:].decode(errors="replace") if broken else ""


def keep(path: Path, number: int) -> Path:
    """A copy of the input with that number beside it: the folder of a failed test stays."""
    return Path(shutil.copy(path, path.with_name(f"{number}-{path.name}")))


def judge(done: Forked, what: str, file: Path | None, number: int) -> str:
    """The complaint, with a copy of the file that it is about."""
    wrong = complaint(done, f"number {number}: {what}")
    return f"{wrong}\nthe file: {keep(file, number)}" if wrong and file else wrong


def places(folder: Path) -> None:
    """What else than files there is in a folder."""
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()


def arguments(rng: random.Random) -> list[str]:
    """A command with some of its options, and words that are right, wrong and anything."""
    name = rng.choice([*COMMANDS])
    tokens = [token for axis in AXES for token in axis.tokens]
    words = [name]
    for _ in range(rng.randrange(4)):
        if COMMANDS[name] and rng.random() < 0.5:
            words.append(rng.choice(COMMANDS[name]))
        if rng.random() < 0.3:
            words.append("-".join(rng.sample(tokens, rng.randrange(1, 5))))
        else:
            words.append(rng.choice(NASTY))
    return [*words, "--output", "results"] if name == "matrix" else words  # else it writes into this checkout


def typed(words: list[str]) -> list[str]:
    """As they can be typed: an argument of the system's holds no zero octet."""
    return [word.replace("\0", "") for word in words]


@pytest.mark.parametrize("hundred", range(ARGUMENTS // 100))
def test_whatever_is_typed_is_answered(hundred: int, environ: dict[str, str], tmp_path: Path) -> None:
    places(tmp_path)
    wrong = ""
    for number in range(hundred * 100, (hundred + 1) * 100):
        words = typed(arguments(random.Random(f"{SEED}.{number}")))  # noqa: S311  # nothing secret
        wrong += judge(run(words, environ, tmp_path), str([word[:60] for word in words]), None, number)
    if wrong:
        pytest.fail(wrong, pytrace=False)


HTTPD_LINES = [
    *(
        "<VirtualHost *:80>",
        "</VirtualHost>",
        "<If \"%{HTTP_HOST} == 'x'\">",
        "</If>",
        "<Directory ~ x>",
        "</Directory>",
    ),
    *(
        "Define A ${A}${A}",
        "Define B x",
        "Include fifo",
        "Include /dev/zero",
        "Include .",
        "Include *",
        "IncludeOptional none",
    ),
    *("WSGIScriptAlias / /x.wsgi", "WSGIDaemonProcess a threads=", "WSGIDaemonProcess", "WSGIProcessGroup %{ENV:X}"),
    *(
        "LoadModule mpm_event_module x",
        "LoadModule",
        "<Macro M $a>",
        "Use M {",
        "</Macro>",
        "Use",
        "\\",
        "a\\",
        "#",
        "<",
        ">",
    ),
    *(
        "<IfModule",
        "</",
        "Listen 99999999",
        "Listen [::1",
        "ServerName \x1b[2J",
        "\x00",
        "SetEnv",
        '"',
        "'",
        "${",
        "${X",
        "%",
    ),
    *(
        "<Location />" * 50,
        "x" * 100_000,
        "{" * 5000,
        "WSGIScriptAlias " + "/a" * 3000,
        "\xff",
        "\u2028",
        ":x:",
        "[red]",
    ),
]
UWSGI_LINES = [
    *(
        "[uwsgi]",
        "[",
        "[]",
        "[uwsgi",
        "ini = x.ini",
        "ini = :uwsgi",
        "ini = fifo",
        "include = /dev/zero",
        "import = .",
        "%",
    ),
    *(
        "processes = %(n)",
        "n = %(n)%(n)",
        "processes = 99999999999999999999",
        "processes =",
        "=",
        "= 1",
        "if-env = X",
        "endif =",
    ),
    *(
        "for = 1 2 3",
        "endfor =",
        "wsgi-file = /x",
        "module = x:y",
        "mount = /=x",
        "socket = ::::",
        "http = [::1",
        "$(X)",
        "@(x)",
    ),
    *(
        "set-placeholder = a=%(a)",
        "plugins = " + "p," * 5000,
        "\x00",
        "\x1b]0;x\x07",
        "{" * 5000,
        "env = A",
        "threads = -1",
    ),
]
CONF_LINES = [
    *(
        "[DEFAULT]",
        "[oslo_messaging_rabbit]",
        "[",
        "heartbeat_timeout_threshold = ",
        "heartbeat_timeout_threshold = 1e9",
    ),
    *(
        "heartbeat_in_pthread = maybe",
        "transport_url = rabbit://" + "x," * 3000,
        " continued",
        "=",
        "a",
        "debug = :x:",
        "\x1b[H",
    ),
    *(
        "default_log_levels = " + "a=b," * 3000,
        "%(x)s = %(x)s",
        "rabbit_hosts = " + "9" * 5000,
        "\x00",
        "[[[[",
        "]" * 5000,
    ),
]
PRESETS = {
    "x.conf": ([*(ROOT / "apache_conf" / "presets").glob("*[!v][!a].conf")], HTTPD_LINES),
    "x.ini": ([*(ROOT / "uwsgi_conf" / "presets").glob("*.ini")], UWSGI_LINES),
    "nova.conf": ([*(ROOT / "apache_conf" / "presets").glob("*.nova.conf")], CONF_LINES),
}


def mangled(rng: random.Random, lines: list[str], spice: list[str]) -> list[str]:
    """Lines taken out, doubled, swapped, cut, and others put in."""
    lines = list(lines)
    for _ in range(rng.choice((1, 2, 5, 30))):
        at = rng.randrange(len(lines) + 1)
        change = rng.randrange(6)
        if change < 3 or not lines[at:]:
            line = rng.choice(spice)
            lines[at:at] = [line] * min(rng.choice((1, 1, 1, 2, 50, 20_000)), LARGEST // len(line) + 1)
        elif change == 3:
            del lines[at : at + rng.randrange(1, 5)]
        elif change == 4:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        else:
            rng.shuffle(lines)
    return lines


def content(rng: random.Random, name: str) -> bytes:
    """What a file of that name might hold."""
    if rng.random() < 0.05:
        return rng.randbytes(rng.choice((0, 1, 100, 100_000)))
    files, spice = PRESETS[name]
    text = rng.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(
        mangled(rng, rng.choice(files).read_text().splitlines(), spice)
    )
    raw = text.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16"]), "replace")
    return raw[: rng.choice([len(raw), len(raw), len(raw), LARGEST])]


@pytest.mark.parametrize("hundred", range(FILES // 100))
def test_whatever_a_file_holds_is_answered(hundred: int, environ: dict[str, str], tmp_path: Path) -> None:
    places(tmp_path)
    (tmp_path / "app.wsgi").touch()
    wrong = ""
    for number in range(hundred * 100, (hundred + 1) * 100):
        rng = random.Random(f"{SEED}.{number}")  # noqa: S311  # nothing secret
        name = rng.choice([*PRESETS])
        (tmp_path / name).write_bytes(content(rng, name))
        words = [
            rng.choice(["check", "compare"]),
            f"./{name}",
            *rng.choice([[], [], ["--vhost", "80"], ["--release", "2024.1"]]),
        ]
        if name == "nova.conf":
            words = ["check", "kolla-ansible", "--oslo-config", name]
        wrong += judge(run(words, environ, tmp_path), str(words), tmp_path / name, number)
    if wrong:
        pytest.fail(wrong, pytrace=False)


WRONG: list[Any] = [None, True, -1, 0, 1e308, -1e308, 2**70, "", "x", "\x1b[31m", [], {}, [[]], {"a": {}}, "9" * 5000]


def damaged(rng: random.Random, record: bytes) -> bytes:
    """A record with lines lost, doubled and swapped, values of other types and sizes, octets turned."""
    lines = record.split(b"\n")
    for _ in range(rng.choice((1, 1, 3, 10))):
        at = rng.randrange(len(lines) or 1)
        lines = lines or [b""]
        line = lines[at]
        damage = rng.choice(("lose", "double", "cut", "turn", "end", "shuffle", "deepen", *["change"] * 5))
        if damage == "shuffle":
            rng.shuffle(lines)
        elif damage == "end":
            del lines[at + 1 :]
        else:
            lines[at : at + 1] = _in_its_place(rng, damage, line)
    return b"\n".join(lines)


def _in_its_place(rng: random.Random, damage: str, line: bytes) -> list[bytes]:
    if damage == "lose":
        return []
    if damage == "double":
        return [line, line]
    if damage == "cut":
        return [line[: rng.randrange(len(line) + 1)]]
    if damage == "deepen":
        return [b"[" * rng.choice((10, 100_000))]
    return [turned(rng, line) if damage == "turn" else other_value(rng, line)]


def turned(rng: random.Random, line: bytes) -> bytes:
    """With some octets changed."""
    octets = bytearray(line)
    for _ in range(min(3, len(octets))):
        octets[rng.randrange(len(octets))] = rng.randrange(256)
    return bytes(octets)


def other_value(rng: random.Random, line: bytes) -> bytes:
    """With one value, somewhere in it, changed or taken away."""
    try:
        body = json.loads(line)
    except ValueError:
        return line
    spots = [*_spots(body)]
    if not spots:
        return line
    holder, key = rng.choice(spots)
    if rng.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = rng.choice(WRONG)
    return json.dumps(body).encode()


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value within this one."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(pairs):
        yield value, key
        yield from _spots(each)


READERS = (
    ["verdict"],
    ["explain", "prefork-daemon-eventlet"],
    ["runs"],
    ["diff", "other"],
    *(["report", "--format", name] for name in ("text", "markdown", "json", "csv", "junit", "html")),
)


@pytest.mark.parametrize("fifty", range(RECORDS // 50))
def test_whatever_a_record_holds_is_answered(fifty: int, environ: dict[str, str], tmp_path: Path) -> None:
    samples = [gzip.decompress(path.read_bytes()) for path in sorted(SAMPLES.glob("*.gz"))]
    mine, other = tmp_path / "runs" / "damaged", tmp_path / "runs" / "other"
    for folder in (mine, other):
        folder.mkdir(parents=True)
    (other / "record.jsonl").write_bytes(samples[0])
    (tmp_path / "runs" / "latest").symlink_to("damaged")
    wrong = ""
    for number in range(fifty * 50, (fifty + 1) * 50):
        rng = random.Random(f"{SEED}.{number}")  # noqa: S311  # nothing secret
        (mine / "record.jsonl").write_bytes(damaged(rng, rng.choice(samples)))
        for words in (["verdict"], rng.choice(READERS)):
            wrong += judge(run(words, environ, tmp_path), str(words), mine / "record.jsonl", number)
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("kind", ["fifo", "folder", "endless", "deep", "empty", "nothing", "unreadable", "link"])
@pytest.mark.parametrize("name", ["record.jsonl", "verdicts.json", ".lock"])
def test_what_is_broken_in_one_run_hides_no_other(
    kind: str, name: str, environ: dict[str, str], tmp_path: Path
) -> None:
    sample = gzip.decompress(min(SAMPLES.glob("*.gz")).read_bytes())
    for name_of_run in ("20260101-000000", "20260102-000000"):
        (tmp_path / "runs" / name_of_run).mkdir(parents=True)
        (tmp_path / "runs" / name_of_run / "record.jsonl").write_bytes(sample)
    broken = tmp_path / "runs" / "20260101-000000" / name
    broken.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(broken)
    elif kind == "folder":
        broken.mkdir()
    elif kind == "endless":
        broken.symlink_to("/dev/zero")
    elif kind == "link":
        broken.symlink_to(broken.name)
    elif kind != "nothing":
        broken.write_bytes({"deep": b"[" * 1_000_000, "empty": b"", "unreadable": b"\xff\x00"}[kind])
    done = run(["runs"], environ, tmp_path)
    assert complaint(done, f"{kind} as {name}") == ""
    assert done.code == 0
    assert b"20260102-000000" in done.out
    if (kind, name) not in (("nothing", "record.jsonl"), ("link", "record.jsonl")):
        assert b"20260101-000000" in done.out
