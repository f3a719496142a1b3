"""What watches the broker, the wire, the processes and the logs while a run goes on.

Each observer is one file. It is given where to look and where to put what it
sees, runs in threads of its own from ``start`` to ``stop``, and talks to no
application. What it cannot observe it tells of in an event,
``observer.failed``; it raises nothing into the run.
"""

from heartbed.observers.base import Emit, Observer, Resolve

__all__ = ["Emit", "Observer", "Resolve"]
