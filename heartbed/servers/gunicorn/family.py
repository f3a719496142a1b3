"""gunicorn, with its sync or its gthread workers.

The matrix leaves gthread workers out: a monkey-patched application was seen to hang there after its first request.
"""

from __future__ import annotations

from heartbed.servers.family import Family
from heartbed.servers.gunicorn.kind import GunicornKind
from heartbed.servers.gunicorn.running import running

FAMILY = Family("gunicorn", image="gunicorn", conf="gunicorn_conf", kind=GunicornKind(), running=running, reload="HUP")
