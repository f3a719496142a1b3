"""The real neutron-api as its own WSGI entry starts it, each process with a copy of the database of its own.

Nothing is imported before neutron but `os`: neutron patches first, or decides not to.
"""

import os

MADE, MINE = "/run/heartbed/own/neutron.sqlite", f"/run/heartbed/own/neutron-{os.getpid()}.sqlite"
with open(MADE, "rb") as made, open(MINE, "wb") as mine:  # noqa: PTH123  it would load more
    mine.write(made.read())
os.environ["OS_DATABASE__CONNECTION"] = f"sqlite:///{MINE}"

from neutron.wsgi.api import application  # noqa: F401
