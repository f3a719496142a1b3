"""Draws what it is told to: a Vega specification a line, as JSON, and for each its SVG document, as JSON too.

``heartbed.report.vega`` starts it as a program of its own, which imports nothing of Heartbed.
"""

from __future__ import annotations

import json
import sys

import vl_convert


def main() -> None:
    """Draw until there is nothing more to draw."""
    vl_convert.vega_to_svg({})  # the first of all takes longest
    for line in sys.stdin:
        print(json.dumps(vl_convert.vega_to_svg(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
