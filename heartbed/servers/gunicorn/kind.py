"""From a user's gunicorn configuration to a candidate: read and understood by gunicorn, and adapted."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidates import subject
from heartbed.candidates.adapted import COPY, Replacement
from heartbed.candidates.change import Change, Variant
from heartbed.candidates.container import Container, Ran
from heartbed.candidates.prepared import Kind
from heartbed.candidates.source import Source, permitted, read_lines, shown_path, where
from heartbed.candidates.subject import Candidate
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.cells.recycling import Recycling
from heartbed.errors import InputError
from heartbed.servers.gunicorn import commands, complaints, conf, hosting
from heartbed.servers.gunicorn.absent import imports, pass_over, stand_in
from heartbed.servers.gunicorn.adapt import GunicornAdapted, tree_of
from heartbed.servers.gunicorn.conf import asked, is_gunicorns, patches, texts, unread
from heartbed.servers.gunicorn.draft import GunicornDraft, GunicornPrepared
from heartbed.servers.gunicorn.models import with_model
from heartbed.servers.gunicorn.rules import replaced
from heartbed.servers.gunicorn.settings import Settings, parse
from heartbed.servers.gunicorn.shape import CLASSES, PATCHING, Shape, shape

MAIN = "gunicorn.conf.py"

OPTIONS = {"preload": "preload_app"}
"""A name that gunicorn's command line has for a setting, and a file has not."""


class GunicornKind(Kind):
    """Configurations of gunicorn, which are Python: gunicorn itself runs them, in a container."""

    server: ClassVar[str] = "gunicorn"
    about_paths: ClassVar[str] = "gunicorn hands the whole path over: something in the application takes it"
    keys: ClassVar[tuple[str, ...]] = hosting.KEYS

    def read(self, place: str) -> Sequence[str]:
        """Telling what is in force."""
        return commands.read(place)

    def accepts(self, told_: Ran) -> bool:
        """Where it has told it."""
        return told_.ok and parse(told_.output) is not None

    def start(self, place: str) -> Sequence[str]:
        """With the module that stands for the application."""
        return commands.start(place)

    def recognises(self, lines: Sequence[str]) -> bool:
        """Python that sets something of gunicorn's."""
        return is_gunicorns(lines)

    def refuse(self, path: Path, lines: Sequence[str]) -> None:
        """Python that gunicorn could not take, or that sets nothing of its. Raises ``InputError``."""
        conf.refuse(path, lines)

    def draft(self, path: Path, wishes: Wishes, label: str) -> GunicornDraft:
        """Read a file. Raises ``InputError``."""
        for option, value in (("--mpm", wishes.mpm), ("--vhost", wishes.vhost)):
            if value:
                raise InputError(f"{option} is not for a configuration of gunicorn", hint="leave it out")
        source = Source(permitted(path, wishes.root or path.resolve().parent))
        source.add(path.resolve(), read_lines(path, str(path)), 0, shown_path(path))
        adapted = GunicornAdapted(source)
        words = {*texts(tree_of(adapted)), *wishes.started_with.values()}
        classes = {CLASSES.get(word) for word in words}
        patching = next((each for each in PATCHING if each in classes), "")
        own = patches(tree_of(adapted), source.main.lines)
        return GunicornDraft(self, label, adapted, wishes, (), patching=patching, patches=own)

    def prepare(self, draft: GunicornDraft, workbench: Workbench, container: Container) -> GunicornPrepared:
        """Have gunicorn say what is in force, replace what cannot be had here. Raises ``InputError``."""
        draft = _with_stand_ins(draft, container)
        _write(workbench, draft.label, draft.adapted)
        settings = self._in_force(draft, container)
        found = shape(settings)
        complaints.check_class(draft, found)
        for name, (value, reason) in replaced(settings).items():
            draft.adapted.put(name, value, reason)
        _write(workbench, draft.label, draft.adapted)
        found = shape(self._in_force(draft, container))
        full = with_model(_with_variables(draft, settings), found)
        fields = subject.fields(full.wishes, full.label, workbench.folder, draft.wishes.started_with) | {
            "main": MAIN,
            "server": "gunicorn",
            "mode": "",
            "processes": found.processes,
            "threads": found.threads,
            "script": commands.SCRIPT,
            "options": found.options,
            "libraries": full.cell.libraries,
            "named": full.cell.named,
            "recycles": Recycling(settings.number("max_requests"), "max_requests"),
        }
        oddities = (*full.absent, *_strangers(full, settings), *_asked(full))
        return GunicornPrepared(full, found, Candidate(**fields), settings, oddities)

    def _in_force(self, draft: GunicornDraft, container: Container) -> Settings:
        ran = container.run({"read": self.read(f"{COPY}/{draft.label}/{MAIN}")}, draft.wishes.started_with)["read"]
        found = parse(ran.output) if ran.ok else None
        if found is None:
            raise complaints.refused(draft, ran.output + ran.errors)
        return found

    def with_variable(self, draft: GunicornDraft, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of the workers: gunicorn itself sets it."""
        return hosting.with_variable(draft, v, name, value)

    def answers(self, prepared: GunicornPrepared, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(prepared, answer)

    def hosting(self, prepared: GunicornPrepared) -> list[Change[Shape]]:
        """The class of its workers, their threads, when it loads the application."""
        return hosting.hosting(prepared)

    def write(self, prepared: GunicornPrepared, variant: Variant[Shape], label: str, workbench: Workbench) -> Candidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike.
        found = replace(variant.shape, processes=1)
        adapted = prepared.draft.adapted.copied()
        for name, value in hosting.needed(prepared.shape, found).items():
            adapted.put(name, value, "the change")
        for each in prepared.draft.patches if variant.model == "native" else ():
            adapted.add(Replacement(adapted.source.main.inside, each.first, each.last, each.without, "the change", ""))
        _write(workbench, label, adapted)
        return replace(prepared.candidate, processes=1, threads=found.threads, options=found.options)


def _with_stand_ins(draft: GunicornDraft, container: Container) -> GunicornDraft:
    """The draft with stand-ins in its copy for what it imports that the image lacks, and hooks that may fail."""
    modules = sorted(frozenset[str]().union(*(each.modules for each in imports(tree_of(draft.adapted)))))
    ran = container.run({"not here": commands.not_here(modules)})["not here"] if modules else None
    missing = json.loads(ran.output) if ran and ran.ok else []
    return replace(draft, absent=(*stand_in(draft.adapted, missing), *pass_over(draft.adapted)))


def _with_variables(draft: GunicornDraft, settings: Settings) -> GunicornDraft:
    """The draft with what the file's own ``raw_env`` says."""
    variables = tuple(str(each) for each in settings.values.get("raw_env") or ())
    given = dict(each.partition("=")[::2] for each in variables)
    wishes = draft.wishes.with_variables("--define", draft.wishes.started_with)
    wishes = wishes.with_variables(draft.source.main.shown, given)
    return replace(draft, wishes=wishes, variables=variables)


def _asked(draft: GunicornDraft) -> list[str]:
    """What the container decides, where it may be decided otherwise than on the user's machine."""
    main = draft.source.main
    return [f"{where(main, line)}: {told_}" for told_, line in asked(tree_of(draft.adapted)).items()]


def _strangers(draft: GunicornDraft, settings: Settings) -> list[str]:
    """Names that are nearly a setting's and set for nothing else, which gunicorn ignores in silence."""
    found = []
    for name in unread(tree_of(draft.adapted)):
        alike = difflib.get_close_matches(name.lower(), settings.values, n=1, cutoff=0.85)
        nearest = OPTIONS.get(name.lower()) or next(iter(alike), "")
        if name not in settings.values and nearest:
            found.append(f"{name} is no setting of gunicorn's, which ignores it (is {nearest} meant?)")
    return found


def _write(workbench: Workbench, label: str, adapted: GunicornAdapted) -> None:
    workbench.write(label, adapted, MAIN, "\n".join(adapted.text(adapted.source.main)))
