"""How late this machine wakes a thread that sleeps 10 ms: one event a second.

A process of its own, because the agent's other threads share one interpreter
lock and would be measured with the machine.
"""

from __future__ import annotations

import time

from heartbed_agent.output import Output

SLEEP_S = 0.01
REPORT_S = 1.0


def main() -> None:
    """Measure until the reader is gone."""
    output = Output()
    while True:
        output.emit("machine.lag", measure(REPORT_S))


def measure(period_s: float) -> dict[str, float]:
    """``max_ms``, the longest that a wake-up was late, and ``steps_ms``, how far the wall clock moved by itself."""
    began, wall = time.monotonic(), time.time()
    latest = 0.0
    now = began
    while now - began < period_s:
        slept_from = now
        time.sleep(SLEEP_S)
        now = time.monotonic()
        latest = max(latest, now - slept_from - SLEEP_S)
    step = (time.time() - wall) - (time.monotonic() - began)
    return {"max_ms": round(latest * 1000, 2), "steps_ms": round(step * 1000, 2)}


if __name__ == "__main__":
    main()
