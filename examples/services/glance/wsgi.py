"""The real glance-api as its own WSGI entry starts it, each process with a copy of the database of its own.

Nothing is imported before glance but `os`: glance decides what it patches.
"""

import os

MADE, MINE = "/run/heartbed/own/glance.sqlite", f"/run/heartbed/own/glance-{os.getpid()}.sqlite"
with open(MADE, "rb") as made, open(MINE, "wb") as mine:  # noqa: PTH123  it would load more
    mine.write(made.read())
os.environ["OS_DATABASE__CONNECTION"] = f"sqlite:///{MINE}"

from glance.wsgi.api import application  # noqa: F401
