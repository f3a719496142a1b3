"""What a configuration imports that is not in the testbed: in the copy, ``wsgi_app.absent`` stands in its place."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from heartbed.candidates.adapted import Replacement
from heartbed.candidates.source import where
from heartbed.servers.gunicorn.adapt import GunicornAdapted, tree_of
from heartbed.servers.gunicorn.conf import own_names

CATCHES = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
"""What a file expects that goes on without a module."""

READERS = frozenset({"environ", "environs", "decouple", "dotenv"})
"""Modules that read the environment, for which ``wsgi_app.readers`` stands in."""

HOOKS = frozenset(
    {
        *("on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int"),
        *("worker_abort", "pre_exec", "pre_request", "post_request", "child_exit", "worker_exit"),
        *("nworkers_changed", "on_exit", "ssl_context"),
    }
)
"""Settings of gunicorn's that are functions."""

PASSED_OVER = "a hook that fails here, for a file or a module of your machine, is passed over"

NOT_HERE = """
import importlib.util, json, sys

def is_here(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False

print(json.dumps([name for name in sys.argv[1:] if not is_here(name)]))
"""
"""Run in the image, tells those of the modules of its arguments that are not there."""


@dataclass(frozen=True)
class Import:
    """A statement that imports: its lines, and name -> what of which module is bound to it."""

    first: int
    last: int
    indent: int
    bound: tuple[tuple[str, str], ...]

    @property
    def modules(self) -> frozenset[str]:
        """The packages that it takes from."""
        return frozenset(_top(origin) for _, origin in self.bound)


def imports(tree: ast.Module) -> list[Import]:
    """Those of modules that are not Python's own, wherever they stand; not those that the file can do without."""
    shared = _lines_of_several(tree)
    found = [_import(node) for node in _needed(tree) if node.lineno not in shared]
    return [each for each in found if each and not each.modules <= sys.stdlib_module_names]


def stand_in(adapted: GunicornAdapted, missing: Iterable[str]) -> list[str]:
    """Put stand-ins into the copy where these modules are imported; what is to be said of it."""
    gone, main = frozenset(missing), adapted.source.main
    told: dict[str, str] = {}
    for each in imports(tree_of(adapted)):
        if not each.modules & gone:
            continue
        text = f"{' ' * each.indent}{_instead(each)}"
        was = ",".join(sorted(each.modules & gone))
        adapted.add(Replacement(main.inside, each.first, each.last, text, "not in the testbed", was))
        for module in sorted(each.modules & gone):
            told.setdefault(module, f"{where(main, each.first)}: {module} is not in the testbed: {_what_then(module)}")
    return [*told.values()]


def pass_over(adapted: GunicornAdapted) -> list[str]:
    """Have hooks of the file's own passed over in the copy where they fail; what is to be said of it."""
    main = adapted.source.main
    hooks = [name for name in own_names(tree_of(adapted)) if name in HOOKS and name != "ssl_context"]
    for number, name in enumerate(hooks, max([len(main.lines), *(each.last for each in adapted.replacements)]) + 1):
        text = f"from wsgi_app.absent import pass_over; pass_over(globals(), {name!r})"
        adapted.add(Replacement(main.inside, number, number, text, PASSED_OVER, name))
    names = ", ".join(hooks)
    return [f"{names}: where it fails here, for a file or a module of your machine, it is passed over"] if hooks else []


def _what_then(module: str) -> str:
    if module in READERS:
        return "variables that it reads are the container's, else their defaults (--define NAME=VALUE)"
    return "what the file does with it, as in a hook, does nothing here"


def _instead(each: Import) -> str:
    """The statement that stands in for it. A hook that it would have brought is left out."""
    made = [(name, origin) for name, origin in each.bound if name not in HOOKS]
    reads = any(_top(origin) in READERS for _, origin in made)
    bring = ["from wsgi_app.absent import Absent", *(["from wsgi_app.readers import Reader"] if reads else [])]
    bound = [f"{name} = {'Reader' if _top(origin) in READERS else 'Absent'}({origin!r})" for name, origin in made]
    return "; ".join([*bring, *bound]) if made else "pass"


def _top(module: str) -> str:
    return module.partition(".")[0]


def _needed(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    rest = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Try) and any(_catches(each) for each in node.handlers):
        rest = [each for each in rest if each not in node.body]
    for each in rest:
        yield from _needed(each)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(each, ast.Name) and each.id in CATCHES for each in ast.walk(handler.type))


def _import(node: ast.Import | ast.ImportFrom) -> Import | None:
    if isinstance(node, ast.Import):
        bound = [(a.asname or _top(a.name), a.name if a.asname else _top(a.name)) for a in node.names]
    elif node.level or not node.module or any(a.name == "*" for a in node.names):
        return None
    else:
        bound = [(a.asname or a.name, f"{node.module}.{a.name}") for a in node.names]
    return Import(node.lineno, node.end_lineno or node.lineno, node.col_offset, tuple(bound))


def _lines_of_several(tree: ast.Module) -> frozenset[int]:
    """The lines on which more than one statement stands."""
    first: list[int] = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return frozenset(line for line in first if first.count(line) > 1)
