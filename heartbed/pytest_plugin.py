"""The fixture ``heartbed`` of pytest: ``def test_mine(heartbed): assert heartbed.check("site.conf").kept``.

Where no Docker engine answers, tests that want it are skipped, and it is said why. It is loaded by every pytest that
finds this package, so nothing else is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from heartbed.errors import HeartbedError

if TYPE_CHECKING:
    from heartbed.testing import Heartbed


@pytest.fixture(scope="session")
def heartbed(pytestconfig: pytest.Config) -> Heartbed:
    """Asks Heartbed about configurations and cells, with files as seen from pytest's root folder."""
    from heartbed.testbed.engine import connect  # noqa: PLC0415
    from heartbed.testing import Heartbed  # noqa: PLC0415

    try:
        connect().close()
    except HeartbedError as error:
        pytest.skip(f"heartbed: {error.message}")
    return Heartbed(pytestconfig.rootpath)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """An error of Heartbed's own is told in its words, with its hint and the log that proves it."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if "heartbed" in getattr(item, "fixturenames", ()) and isinstance(error, HeartbedError):
        hint = [f"hint: {error.hint}"] if error.hint else []
        report.longrepr = "\n".join([f"heartbed: {error}", *hint, *error.log])
    return report
