"""The hosts that a scheduler of Dask's has: found, and fit to play shards."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from heartbed import __version__
from heartbed.errors import InputError, TestbedError
from heartbed.run.code import judged_by, played_by

if TYPE_CHECKING:
    from distributed import Client

FOUND_WITHIN_S = 10.0
"""How long a scheduler may take to answer, and its first worker to be there."""


def about() -> tuple[str, str, str]:
    """Which heartbed this is: what a worker must have in common with who asks."""
    return __version__, played_by(), judged_by()


@contextlib.contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """A connection to the scheduler. Raises ``InputError`` and ``TestbedError``."""
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError:
        raise InputError(
            "--scheduler needs Dask's distributed, which is not installed", hint="pip install 'heartbed[distributed]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost worker is told here in our own words
    try:
        client = Client(scheduler, timeout=FOUND_WITHIN_S, set_as_default=False)
    except ValueError as error:
        raise InputError(f"--scheduler {scheduler}: {error}", hint="as in --scheduler tcp://10.0.0.1:8786") from None
    except OSError:
        raise TestbedError(
            f"no scheduler answers at {scheduler}", hint="`dask scheduler` starts one; docs/many.md has the rest"
        ) from None
    with client:
        yield client


def fit(client: Client) -> list[str]:
    """The workers, all of them fit to play. Raises ``InputError`` and ``TestbedError``."""
    try:
        client.wait_for_workers(1, timeout=FOUND_WITHIN_S)
    except TimeoutError:
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
