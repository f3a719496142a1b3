"""Values in a user's configuration, read as the servers read them."""

from __future__ import annotations

import posixpath
import re

from heartbed.applications.application import WEB_SCRIPT

NUMBER = re.compile(r"\s*([0-9]{1,9})(?![0-9])")
MERGED = re.compile(r"/(?:(bin|sbin|lib|lib32|lib64)|var/(run))(?=/|\Z)")
"""Symbolic links of the images' Debian: /bin is /usr/bin, /var/run is /run."""

FORBIDDEN = re.compile(
    r"/(opt/heartbed|proc|sys|dev|boot|run)(/.*)?"  # the testbed's own, and the kernel's
    r"|/[^/]*"  # the root, and what lies in it
    r"|/etc/[^/]+|/(usr|var)/[^/]+|/usr/local/[^/]+"  # folders of the system, and its accounts
    r"|/usr/(local/)?s?bin/(python[\d.]*|env|(ba|da)?sh|heartbed-\w+)"
    r"|/usr/(local/)?sbin/[^/]+"  # where servers lie themselves
    r"|.*\.so(\.[\d.]+)?",
    re.DOTALL,
)
"""Where no script can be put in the container: what is there already, the container cannot do without.

But for ``WEB_SCRIPT``, where every image has a script for its server to run, and which another one may cover.
"""

LONGEST_NAME, LONGEST_PATH = 255, 4_000
"""Octets that Linux has room for, with some to spare for where a container's files lie on this machine."""

MOST_PROCESSES = 2
"""Processes that the testbed runs of one configuration. They are alike: more would show nothing else."""


def leading_number(text: str) -> int | None:
    """The whole number that a value begins with, as C's ``atoi`` reads it; None where there is none."""
    found = NUMBER.match(text)
    return int(found[1]) if found else None


def can_hold_a_script(path: str) -> bool:
    """Whether the application can be put at this path in the container, whatever dots and slashes lead there."""
    if not path.startswith("/") or path.endswith(("/", "/.", "/..")) or not path.isprintable():
        return False
    place = in_container(path)
    fits = len(place.encode()) <= LONGEST_PATH and all(len(n.encode()) <= LONGEST_NAME for n in place.split("/"))
    return place == WEB_SCRIPT or (fits and FORBIDDEN.fullmatch(place) is None)


def in_container(path: str) -> str:
    """An absolute path as it leads in the containers: without dots and empty parts, and past their symbolic links."""
    plain = re.sub("^//", "/", posixpath.normpath(path))
    link = MERGED.match(plain)
    if link is None:
        return plain
    return (f"/usr/{link[1]}" if link[1] else "/run") + plain[link.end() :]
