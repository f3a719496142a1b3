"""What is run, with what, on what: the first event of every record."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Sequence

from heartbed import __version__, probes
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Share
from heartbed.cells.subject import Scenario, Subject
from heartbed.record.kinds import AskedCell, AskedProbe, AskedShard, RunStart
from heartbed.run.code import played_by
from heartbed.run.playable import Playable
from heartbed.testbed.images.spec import ImageRef
from heartbed.testbed.plan import Plan
from heartbed.testbed.testbed import Machine

SECRETIVE = re.compile(r"--(env|define|header|body|broker|[a-z]+-(header|body))")
"""Options whose values are given to an application, or have a password in them, and may be nobody's business."""


def discreet(argv: Sequence[str]) -> list[str]:
    """The command line as it may be told: of a variable and a header the name, of a body nothing."""
    told: list[str] = []
    for word in argv:
        option, equals, value = word.partition("=")
        if told and SECRETIVE.fullmatch(told[-1]):
            told.append(_name_of(word))
        elif equals and SECRETIVE.fullmatch(option):
            told.append(f"{option}={_name_of(value)}")
        else:
            told.append(word)
    return told


def _name_of(value: str) -> str:
    named = re.match(r"[A-Za-z0-9_-]+[=:]", value)
    return f"{named[0]}..." if named else "..."


def provenance(name: str, chosen: Playable, plan: Plan, machine: Machine, images: dict[str, ImageRef]) -> RunStart:
    """The first event: what is run, with what, on what."""
    settings = plan.settings
    return RunStart(
        run=name,
        heartbed=__version__,
        code=played_by(),
        probe=", ".join(scenario.name for scenario in chosen.scenarios),
        probes=[_probe(scenario) for scenario in chosen.scenarios],
        heartbeat_s=settings.heartbeat_s,
        margin_s=settings.margin_s,
        rpc_timeout_s=settings.rpc_timeout_s,
        untrusted=settings.untrusted,
        cells=[_cell(subject, settings) for subject in plan.subjects],
        skipped=[{"probe": probe, "reason": reason} for probe, reason in chosen.skipped],
        left_out=[{"name": left, "reason": why} for left, why in chosen.left_out],
        notes=list(chosen.notes),
        host={
            "hostname": platform.node(),
            "cores": settings.cores,
            "python": platform.python_version(),
            **machine.host,
        },
        docker=dict(machine.docker),
        images={name: {"tag": image.tag, "id": image.id} for name, image in images.items()},
        calls=True,
        argv=discreet(sys.argv[1:]),
        shard=_shard(settings.share) if settings.share else None,
    )


def _shard(share: Share) -> AskedShard:
    return AskedShard(number=share.number, of=share.of, question=share.question, cells=list(share.cells))


def _cell(subject: Subject, settings: Settings) -> AskedCell:
    cell = subject.cell
    return AskedCell(
        name=cell.name,
        subject=subject.name,
        probe=subject.scenario.name,
        act=subject.act,
        control=subject.control,
        attempt=subject.attempt,
        factors=cell.factors,
        versions=cell.asked_versions,
        patched={each.package: each.label for each in cell.patched if each.package != "mod_wsgi"},
        stands_in=cell.stands_in,
        left_to_library=list(cell.left_to_library),
        heartbeat_s=settings.timeout_of(cell),
        processes=cell.process_count,
        threads=cell.thread_count,
        purposes=list(cell.purposes),
    )


def _probe(scenario: Scenario) -> AskedProbe:
    probe = probes.played(scenario)
    values = probe.values(dict(scenario.parameters))
    return AskedProbe(name=scenario.name, parameters=values, meanwhile=probe.in_words(values))
