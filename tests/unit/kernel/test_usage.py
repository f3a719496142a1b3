"""What a process holds, read of this one."""

from __future__ import annotations

import os

from heartbed.kernel.usage import usage


def test_what_a_process_holds_is_measured() -> None:
    before = usage(os.getpid())
    with open(os.devnull) as one, open(os.devnull) as other:  # noqa: PTH123  two descriptors
        measured = usage(os.getpid())
        assert measured["descriptors"] == before["descriptors"] + 2, (one, other)
    assert measured["threads"] >= 1
    assert 0 < measured["pss_octets"] <= measured["rss_octets"]
