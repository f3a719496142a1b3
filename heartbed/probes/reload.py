"""The reload probe: the server is told to replace its processes, and then stopped and started, while it is asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from heartbed.stage.fault import UNDER_WAY_S
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Parameter
from heartbed.stage.renewal import POLL_S, Renewing, patience_s, wait_until
from heartbed.stage.stage import Stage
from heartbed.verdict import reload
from heartbed.verdict.reload import RELOADED, RENEWAL, RESTARTED

BOTH, RELOAD_ONLY, RESTART_ONLY = 0, 1, 2

SETTLES_S = 1.0
"""How long requests go on once new processes answer, and the old ones have gone."""

LOOKS_S = 0.5
"""How often it is looked whether the old connections are gone."""


class Reload(Renewing):
    """Both ways in which an operator makes a server take a new configuration, one after the other."""

    name = "reload"
    meaning = "the server is told to replace its processes, and then stopped and started, while requests go on"
    meanwhile = "each is asked for casts and calls while its server reloads, and while it is stopped and started"
    documentation = """
        A certificate is renewed, a log is rotated, a package is upgraded, a setting is changed: the server is reloaded,
        by httpd's graceful restart or by SIGHUP to uWSGI or gunicorn, or it is stopped and started. Each process is
        replaced, and takes its connections to RabbitMQ along, which it does not close: RabbitMQ notices that the
        client is gone, and keeps the queues for its replies until they expire. Requests that are under way then may
        be lost: in 2018 an image server's users met errors 500 now and then after a graceful restart of httpd, when
        children of mod_wsgi died of it (https://github.com/quru/qis/issues/5).
    """
    parameters = (Parameter("only", "0: both, 1: the reload, 2: the stop and start", BOTH, BOTH, RESTART_ONLY),)
    rule = reload.RULE
    at_a_time = 3

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Renew it at once: its idle time tells nothing here."""
        super().begin(stage, opened)
        opened.renewing = stage.worker(opened.name, lambda _: self._renew(stage, opened))
        opened.workers.append(opened.renewing)

    def stay(self, stage: Stage, opened: OpenedCell) -> None:
        """Wait until it is renewed, by a worker that gives up by itself."""
        while opened.renewing and opened.renewing.going and stage.wait(POLL_S):
            pass

    @staticmethod
    def _renew(stage: Stage, opened: OpenedCell) -> None:
        only, signal = stage.parameters["only"], stage.reload(opened.cell)
        if signal and only != RESTART_ONLY:
            _while_asked(stage, opened, partial(_reload, stage, opened, signal))
        if not signal or only != RELOAD_ONLY:
            _while_asked(stage, opened, partial(_restart, stage, opened))


def _while_asked(stage: Stage, opened: OpenedCell, do: Callable[[], Callable[[], bool]]) -> None:
    """Do it while a call is under way, and go on until new processes have answered, and the old ones could end.

    ``do`` returns what says whether a new process has answered.
    """
    if wait_until(stage, opened.steady.calling.is_set, patience_s(opened)):
        stage.wait(UNDER_WAY_S)
    if stage.stop.is_set():
        return
    old = stage.connections(opened).keys()
    answered = do()
    wait_until(stage, answered, patience_s(opened))
    wait_until(stage, lambda: not old & stage.connections(opened).keys(), patience_s(opened), LOOKS_S)
    stage.wait(SETTLES_S)
    opened.pids = set(opened.steady.pids)


def _reload(stage: Stage, opened: OpenedCell, signal: str) -> Callable[[], bool]:
    name, steady, bed = opened.name, opened.steady, stage.bed
    before = opened.pids | steady.pids
    steady.pids = set()
    what = f"sent SIG{signal}, at which processes are replaced, to"
    stage.hand.at_once(what, name, lambda: bed.signal(name, signal), **{RENEWAL: RELOADED})

    def answered() -> bool:
        # uWSGI with exit-on-reload ends, and leaves it to whoever supervises it to start it again.
        if not bed.running(name):
            stage.hand.at_once("started again, as whoever supervises it would,", name, lambda: bed.start(name))
            _started(stage, opened)
            before.clear()
        return bool(steady.pids - before)

    return answered


def _restart(stage: Stage, opened: OpenedCell) -> Callable[[], bool]:
    name, bed = opened.name, stage.bed
    with stage.hand.doing("stopped", name, lambda: bed.stop(name), lambda: bed.start(name), **{RENEWAL: RESTARTED}):
        pass
    _started(stage, opened)
    return lambda: bool(opened.steady.pids)


def _started(stage: Stage, opened: OpenedCell) -> None:
    """Have it watched anew. Its processes have their numbers anew too: any that answers is a new one."""
    stage.started(opened.name)
    opened.steady.pids = set()


PROBE = Reload()
