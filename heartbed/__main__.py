"""Where the program begins: before anything is imported that takes time, and could be interrupted in it."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Run the command, and exit with its code. Ctrl-C is in order from the first moment on."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)
    from heartbed.cli import main as run  # noqa: PLC0415  # this is what takes time

    run()


def _stop(number: int, frame: object) -> None:
    """Nothing has been begun yet: there is nothing to clean up."""
    del number, frame
    os._exit(130)


if __name__ == "__main__":
    main()
