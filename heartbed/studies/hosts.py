"""The hosts that a scheduler of Dask's has: found, and fit to play shards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from heartbed import __version__
from heartbed.errors import InputError, TestbedError
from heartbed.run.code import judged_by, played_by
from heartbed.wording import count

if TYPE_CHECKING:
    from distributed import Client

ADDRESS = re.compile(r"://|:\d+$")
REMOTE_PYTHON = "HEARTBED_REMOTE_PYTHON"
"""The variable that names the Python which has heartbed on hosts that are reached by SSH."""

LEFT_FOR = "1 hour"
"""A scheduler on another host that nobody asks for anything ends after so long, whatever became of who started it..."""

ALONE_FOR = "2 minutes"
"""... and a worker that its scheduler has left."""

ANSWERS_WITHIN_S = 60.0
"""How long heartbed may take to be loaded on a host: one that others keep busy reads its files slowly."""

FOUND_WITHIN_S = 10.0
"""How long a scheduler may take to answer, and its first worker to be there."""


def about() -> tuple[str, str, str]:
    """Which heartbed this is: what a worker must have in common with who asks."""
    return __version__, played_by(), judged_by()


def by_name(scheduler: str) -> list[str]:
    """The hosts of ``a,b,c``; none where it is the address of a scheduler, as ``tcp://10.0.0.1:8786``."""
    return [] if ADDRESS.search(scheduler) else [host for each in scheduler.split(",") if (host := each.strip())]


@contextlib.contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """A connection to a scheduler, which is made where hosts are named. Raises ``InputError`` and ``TestbedError``."""
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError:
        raise InputError(
            "--scheduler needs Dask's distributed, which is not installed", hint="pip install 'heartbed[distributed]'"
        ) from None
    for name in ("distributed", "asyncssh"):  # a lost worker is told here in our own words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        hosts = by_name(scheduler)
        address = stack.enter_context(_by_ssh(hosts)) if hosts else scheduler
        try:
            client = Client(address, timeout=FOUND_WITHIN_S, set_as_default=False)
        except ValueError as error:
            raise InputError(
                f"--scheduler {scheduler}: {error}", hint="as in --scheduler tcp://10.0.0.1:8786, or --hosts a,b,c"
            ) from None
        except OSError:
            raise TestbedError(
                f"no scheduler answers at {address}", hint="`dask scheduler` starts one; docs/many.md has the rest"
            ) from None
        yield stack.enter_context(client)


@contextlib.contextmanager
def _by_ssh(hosts: Sequence[str]) -> Iterator[str]:
    """The address of a scheduler on the first of these hosts, with a worker on each; they end with the block.

    Raises ``TestbedError`` for a host that lets nobody in, or has no heartbed where this machine has it.
    """
    from distributed import SSHCluster  # noqa: PLC0415  # an extra

    python = os.environ.get(REMOTE_PYTHON) or sys.executable
    asyncio.run(_all_let_in(hosts, python))
    worker = {"nthreads": 1, "dashboard": False, "death_timeout": ALONE_FOR}
    try:
        cluster = SSHCluster(
            [hosts[0], *hosts],
            worker_options=worker,
            scheduler_options={"port": 0, "dashboard": False, "idle_timeout": LEFT_FOR},
            remote_python=python,
        )
    # Of what goes wrong on the way asyncssh, the other machine's shell and Dask tell in many ways.
    except Exception as error:  # noqa: BLE001
        raise TestbedError(
            f"no workers come up on {', '.join(hosts)} by SSH: {str(error) or type(error).__name__}",
            hint=_hint(python),
        ) from None
    with cluster:
        yield cluster.scheduler_address


async def _all_let_in(hosts: Sequence[str], python: str) -> None:
    """Return when each host has been entered and has shown its heartbed. Raises ``TestbedError``.

    Before anything is started: where one host of a cluster fails, Dask leaves on the others what was just starting.
    """
    told = await asyncio.gather(*(_refusal(host, python) for host in dict.fromkeys(hosts)))
    if log := [f"{host}: {why}" for host, why in zip(dict.fromkeys(hosts), told, strict=True) if why]:
        raise TestbedError(f"{len(log)} of {count(len(told), 'host')} cannot play", log=log, hint=_hint(python))


async def _refusal(host: str, python: str) -> str:
    """Why a host cannot play; empty where it can."""
    import asyncssh  # noqa: PLC0415  # an extra

    try:
        async with asyncssh.connect(host, connect_timeout=FOUND_WITHIN_S, login_timeout=FOUND_WITHIN_S) as connection:
            done = await connection.run(f"{shlex.quote(python)} -m heartbed --version", timeout=ANSWERS_WITHIN_S)
    except (OSError, asyncssh.Error, ValueError, TimeoutError) as error:
        return str(error) or type(error).__name__
    said = [str(line) for line in str(done.stderr or "").splitlines() if line.strip()]
    return (said or [f"{python} ended with {done.exit_status}"])[-1] if done.exit_status else ""


def _hint(python: str) -> str:
    return (
        f"`ssh HOST {python} -m heartbed --version` must work without a password for each; "
        f"{REMOTE_PYTHON} names another Python"
    )


def fit(client: Client, least: int = 1) -> list[str]:
    """The workers, at least so many, and all of them fit to play. Raises ``InputError`` and ``TestbedError``."""
    try:
        client.wait_for_workers(least, timeout=FOUND_WITHIN_S)
    except TimeoutError:
        if there := len(client.nthreads()):
            raise TestbedError(f"of {least} workers {there} came up", hint="name the hosts that can play") from None
        raise TestbedError("the scheduler has no workers", hint="one on each host: docs/many.md") from None
    threads = client.nthreads()
    if busy := [address for address, number in threads.items() if number != 1]:
        raise InputError(
            f"{busy[0]} plays {threads[busy[0]]} shards at a time, which would disturb each other",
            hint="start it with --nthreads 1, one on each host",
        )
    told = client.run(about, on_error="return")
    for address, answer in told.items():
        if answer != about():
            have = f"heartbed {answer[0]} ({answer[1]})" if isinstance(answer, tuple) else f"none: {answer}"
            raise InputError(
                f"{address} has another heartbed: {have}; here is {__version__} ({about()[1]})",
                hint="install the same on all hosts",
            )
    return [*told]
