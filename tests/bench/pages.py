"""What the page of a run takes to be written, and to open in Debian's Chromium, by its number of cells.

``make bench`` runs it. ``python -m tests.bench.pages [CELLS...]`` prints a line
for each number: the size of the page, the processor's time that it was written
in, and the shortest, the middle and the longest time until its load event has
ended, of as many openings as ``TIMES``. The runs are synthetic.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.unit.data.report import samples

CELLS = (12, 24, 200)
TIMES = 5
ENDED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def times(browser: Browser, page: Path) -> list[float]:
    """Seconds until a page is loaded, each time anew."""
    found = []
    for _ in range(TIMES):
        with browser.new_context() as context:
            opened = context.new_page()
            opened.goto(page.as_uri())
            opened.wait_for_function(f"{ENDED} > 0")
            found.append(float(opened.evaluate(ENDED)) / 1000)
    return sorted(found)


def main(cells: tuple[int, ...]) -> None:
    """Measure, and print."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("no Chromium here, in which to open the page; on Debian: apt-get install chromium")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for number in cells:
            run, began = samples.many(number), time.process_time()
            page = samples.write(run, Path(folder) / str(number)).folder / "report.html"
            written_s = time.process_time() - began
            took = times(browser, page)
            size = page.stat().st_size / 1e6
            print(
                f"the page of {number} cells, {size:.1f} MB: written in {written_s:.2f} CPU-seconds, "
                f"open after {took[0]:.2f} s at best, {statistics.median(took):.2f} s in the middle, "
                f"{took[-1]:.2f} s at worst of {TIMES}"
            )
        browser.close()


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or CELLS)
