"""gunicorn, with its sync or its gthread workers.

The matrix leaves gthread workers out: there a monkey-patched application answers its first request only.
"""

from __future__ import annotations

from heartbed.servers.family import Family
from heartbed.servers.gunicorn.kind import GunicornKind
from heartbed.servers.gunicorn.running import running

FAMILY = Family("gunicorn", image="gunicorn", conf="gunicorn_conf", kind=GunicornKind(), running=running, reload="HUP")
