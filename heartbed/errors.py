"""Everything that Heartbed raises on purpose.

::

    HeartbedError
    ├── InputError      the user's input is wrong           exit code 2
    └── TestbedError    the testbed could not be brought up exit code 4
        ├── CellFailedError    one cell did not start       exit code 4
        ├── NoCellLeftError    none of those that were to be played did
        ├── RefusedError       what a probe was to do could not be done
        ├── NoEngineError      no Docker engine to play on  exit code 4
        └── IndexSilentError   PyPI or its mirror is silent exit code 4 (heartbed.versions.index)

Each carries what was wrong, and a hint that says what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence


class HeartbedError(Exception):
    """Base of the errors that are shown without a traceback."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", log: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = tuple(log)


class InputError(HeartbedError):
    """What the user asked for is not valid."""

    exit_code = 2


class TestbedError(HeartbedError):
    """Docker, an image, the broker or a cell did not come up."""

    exit_code = 4
    __test__ = False  # not a test class, whatever pytest thinks of its name


class NoEngineError(TestbedError):
    """No Docker engine answers that cells can be played on: nothing is learnt of a cell or an image by that."""


class RefusedError(TestbedError):
    """What a probe was to do to a part of the run could not be done, and has been taken back."""


class CellFailedError(TestbedError):
    """One cell did not come up; ``cell`` is its name."""

    def __init__(self, cell: str, reason: str, log: Sequence[str] = ()) -> None:
        super().__init__(f"{cell} did not start: {reason}", log=log, hint="its log is above, last lines last")
        self.cell = cell
        self.reason = reason


class NoCellLeftError(TestbedError):
    """No cell came up of those without which others could have been played; ``reasons`` are by their names."""

    def __init__(self, errors: Sequence[CellFailedError]) -> None:
        first = errors[0]
        super().__init__(f"no cell has started; {first.message}", log=first.log, hint=first.hint)
        self.reasons = {error.cell: error.reason for error in errors}
