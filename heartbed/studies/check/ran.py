"""What of a user's configuration ran in the testbed, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heartbed.candidates.library import IN_PTHREAD
from heartbed.candidates.prepared import Prepared
from heartbed.candidates.subject import Candidate
from heartbed.candidates.wishes import Wishes
from heartbed.verdict.values import CellVerdict


def ran(prepared: Prepared[Any], verdict: CellVerdict) -> dict[str, str]:
    """What its server made of the file, and what the application ran with."""
    own = prepared.candidate
    runs = _observed_runs(verdict.observed) if own.own else _asked_runs(own, prepared.draft.wishes)
    return {**prepared.rows, "runs": runs}


def _asked_runs(own: Candidate, wishes: Wishes) -> str:
    """How Heartbed's own application runs, which a verdict holds it to."""
    release = f" and the rest of {own.release}" if own.release else ""
    brought = "".join(f"{package} {version}, " for package, version in (own.layer.brings if own.layer else {}).items())
    return f"{brought}{own.model}, oslo.messaging {own.oslo}{release}{_in_pthread(own, wishes)}"


def _observed_runs(facts: Mapping[str, Any]) -> str:
    """How a user's own application runs, as it told itself: its libraries are those that it has loaded."""
    if not facts:
        return "it did not say how"
    versions = dict(facts.get("versions", {}))
    loaded = [module.replace("_", "." if module == "oslo_messaging" else "-") for module in facts.get("modules", ())]
    libraries = [f"{name} {versions[name]}" for name in loaded if name in versions]
    option = facts.get("heartbeat_in_pthread")
    pthread = [] if option is None else [f"heartbeat_in_pthread = {str(option).lower()}"]
    return ", ".join([f"{facts.get('model', '?')} threads", *libraries, *pthread])


def _in_pthread(own: Candidate, wishes: Wishes) -> str:
    if own.model != "eventlet":
        return ""
    if wishes.library and wishes.library.default(IN_PTHREAD) is None:
        return f", which has no {IN_PTHREAD}"
    return f", {IN_PTHREAD} = {str(own.thread == 'pthread').lower()}"
