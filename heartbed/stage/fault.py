"""What probes with a fault have in common: a request is under way when it strikes, and the cell is asked until well."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ClassVar

from heartbed.record.event import Event
from heartbed.record.kinds import BrokerLog, ConnectionCreated
from heartbed.stage.client import answered
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import Stage
from heartbed.waiting import Deadline, pauses

WELL_DEADLINE_S = 20.0
"""How long a cell is asked after the fault before it counts as one that does not come back."""

WARM_UPS = 2
"""How often cells are used again before the fault, where that itself takes so long that others idle meanwhile."""

PAUSE_S = 0.5
BACK_DEADLINE_S = 40.0
"""How long the RPC server may take until it answers again after the broker's restart."""

UNDER_WAY_S = 0.1
"""A call takes longer than this, be it only for the way to the RPC server and back."""

BUSY = Parameter("busy", "whether a call is under way in each cell when it begins: 1, or 0 for none", 1, 0, 1)


class Fault(Probe):
    """A probe that does harm, and then looks whether cells are well again by themselves."""

    control = True
    disturbs = Disturbs.BROKER
    parameters: ClassVar[tuple[Parameter, ...]] = (BUSY,)
    spares: ClassVar[bool] = False
    """Whether connections may outlive it: RabbitMQ then takes as long as ever, from its end on, to close one whose
    heartbeats it misses."""

    @abstractmethod
    def strike(self, stage: Stage) -> None:
        """Do the harm; returns when it is over, or when it lasts for as long as cells are asked."""

    def lasts_s(self, stage: Stage) -> float:
        """For how long a request may be held up by the harm itself, seconds."""
        return stage.parameters.get("for", 0.0)

    def goes_on_s(self, stage: Stage) -> float:
        """Until it is over, where the cells' idle time begins anew then."""
        return self.lasts_s(stage) if self.spares else 0.0

    def play(self, stage: Stage) -> None:
        """Strike, with a request under way in each cell."""
        if self.disturbs is not Disturbs.BROKER:
            self.strike(stage)
            return
        warm_up(stage)
        for opened in stage.opened:
            self.keep_busy(stage, opened)
        stage.wait(UNDER_WAY_S)
        self.strike(stage)
        if self.spares:
            for opened in stage.opened:
                opened.idle_from = time.time()
        # Each is to be left alone for as long as RabbitMQ may take to close.
        idle_until = max(map(stage.idles_until, stage.opened), default=0.0)
        stage.wait(max(0.0, idle_until - time.time()))

    def keep_busy(self, stage: Stage, opened: OpenedCell) -> None:
        """Have a call under way in a cell, and give requests the time that the harm may hold them up."""
        opened.client.wait_longer(self.lasts_s(stage))
        if stage.parameters["busy"]:
            stage.beside(opened, partial(opened.client.call, "during"))

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask until it is well; harm to the broker is over by then, and holds nothing up any more."""
        if self.disturbs is Disturbs.BROKER:
            opened.client.wait_longer(-self.lasts_s(stage))
        ask_until_well(stage, opened, also=opened.pids)


def warm_up(stage: Stage) -> None:
    """Use the connections of those cells again that have idled for a while: on a busy machine the first to be opened.

    RabbitMQ may close theirs two timeouts after they were used, and what had gone before the fault tells nothing of it.
    """
    for _ in range(WARM_UPS):
        now = time.time()
        cold = [each for each in stage.opened if not each.stuck and now - each.idle_from > _timeout_s(stage, each)]
        if not cold or stage.stop.is_set():
            return
        with ThreadPoolExecutor(max_workers=len(cold), thread_name_prefix="warm") as pool:
            list(pool.map(_use, cold))


def _timeout_s(stage: Stage, opened: OpenedCell) -> float:
    return float(stage.settings.timeout_of(opened.cell) or stage.settings.heartbeat_s)


def _use(opened: OpenedCell) -> None:
    """Have a cell cast and call, after which its idle time begins anew; one that does not answer is not asked again."""
    answers = [opened.client.cast("before")[1], opened.client.call("before")[1]]
    opened.stuck, opened.ill = None in answers, not all(map(answered, answers))
    opened.idle_from = time.time()


def ask_until_well(stage: Stage, opened: OpenedCell, also: Collection[int] = ()) -> None:
    """Ask a cell until a cast and a call are right one after the other, or for ``WELL_DEADLINE_S``.

    Where it has several processes, those of ``also`` must each have answered a call right before. One that was ill
    before anything was done to it is asked once: to wait for its recovery would tell nothing of that.
    """
    stage.state(opened, "asking")
    deadline = Deadline(WELL_DEADLINE_S)
    if len(also) > 1 and not opened.ill:
        _ask_each(stage, opened, also, deadline)
    while not stage.stop.is_set():
        with stage.looking_where_it_hangs(opened):
            answers = [opened.client.cast("after")[1], opened.client.call("after")[1]]
        if opened.ill or all(map(answered, answers)) or deadline.passed:
            break
        stage.wait(PAUSE_S)
    stage.state(opened, "done")


def _ask_each(stage: Stage, opened: OpenedCell, wanted: Collection[int], deadline: Deadline) -> None:
    """Call side by side, so that a busy process passes the next one on, until each has answered right, or one hangs."""
    left = set(wanted)
    with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="each") as pool:
        while left and not deadline.passed and not stage.stop.is_set():
            with stage.looking_where_it_hangs(opened):
                answers = list(pool.map(opened.client.call, ["after"] * len(wanted)))
            left -= {pid for pid, status in answers if pid is not None and answered(status)}
            if any(status is None for _, status in answers):
                return
            if left:
                stage.wait(PAUSE_S)


def await_broker(stage: Stage) -> None:
    """Wait until the broker, which was started again, takes connections, and the RPC server answers as before.

    It belongs to the fault until it takes connections: how long it boots is no client's business.
    """
    since = time.time()
    stage.hand.at_once("waited for the return of", "rabbitmq", lambda: _connected(stage, since))
    # Its queue is not there before: what is sent to it then is lost, whoever sends it.
    deadline = Deadline(BACK_DEADLINE_S)
    for pause in pauses(stage.stop):
        if stage.call() or deadline.passed:
            return
        pause()


def _connected(stage: Stage, since: float) -> None:
    """Wait until somebody has connected after ``since`` (epoch seconds), or for ``BACK_DEADLINE_S``.

    The broker's events are heard again only when the observer has connected, too, which may be the last to do so; its
    log has everybody.
    """
    stage.bus.wait_for(lambda event: event.t > since and _connects(event), Deadline(BACK_DEADLINE_S), poll=lambda: None)


def _connects(event: Event) -> bool:
    logged = isinstance(event.data, BrokerLog) and event.data.level == "info" and event.conn is not None
    return logged or isinstance(event.data, ConnectionCreated)
