"""A configuration of gunicorn's as a file: which names it sets, and where. Nothing of it is run here."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import InputError

NAMES = (
    *("bind", "backlog", "workers", "worker_class", "worker_connections", "threads", "timeout", "graceful_timeout"),
    *("keepalive", "max_requests", "preload_app", "raw_env", "pidfile", "accesslog", "errorlog", "loglevel"),
    *("access_log_format", "proc_name", "wsgi_app", "post_fork", "when_ready", "worker_tmp_dir", "limit_request_line"),
)
"""Settings by one of which a file is known for gunicorn's."""


@dataclass(frozen=True)
class Place:
    """Lines of a file, counted from 1."""

    first: int
    last: int


def parse(lines: Sequence[str]) -> ast.Module | None:
    """The file as Python; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines).lstrip("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_gunicorns(lines: Sequence[str]) -> bool:
    """Whether a file is Python that sets something of gunicorn's. A section of an ini file is a list in Python."""
    tree = parse(lines)
    if tree is None or any(isinstance(each, ast.Expr) and isinstance(each.value, ast.List) for each in tree.body):
        return False
    return any(name in NAMES for name, _ in _bound(tree))


def refuse(path: Path, lines: Sequence[str]) -> None:
    """Raise ``InputError`` for a file that is named as one of Python, and is no configuration of gunicorn's."""
    if path.suffix != ".py":
        return
    try:
        compile("\n".join(lines).lstrip("\ufeff"), str(path), "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        raise InputError(f"{path}:{error.lineno}: this is not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{path} is not Python: {error}") from None
    raise InputError(
        f"{path} is Python, but not known for a configuration of gunicorn's",
        hint="it must set one of its usual settings, as bind, workers or threads; a WSGI script is named with --app",
    )


def unread(tree: ast.Module) -> list[str]:
    """The names that the file sets at its outermost level and does not itself make use of, in their order."""
    return [name for name in dict.fromkeys(name for name, _ in _bound(tree)) if not _is_read(tree, name)]


def own_names(tree: ast.Module) -> list[str]:
    """Those of them that it does not import."""
    bound = [name for name, node in _bound(tree) if not isinstance(node, ast.Import | ast.ImportFrom)]
    return list(dict.fromkeys(bound))


def texts(tree: ast.Module) -> frozenset[str]:
    """All text in it, wherever it stands."""
    return frozenset(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def place(tree: ast.Module, name: str) -> Place | None:
    """Where the value of a name can be put otherwise without touching anything else.

    That is one assignment of nothing but this name, whose value nothing else is made of.
    """
    bound = [node for each, node in _bound(tree) if each == name]
    if len(bound) != 1 or _is_read(tree, name):
        return None
    (node,) = bound
    if node not in tree.body or not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return None
    shared = [n for n in tree.body if n is not node and n.lineno <= _last(node) and node.lineno <= _last(n)]
    return None if shared or len(node.targets) > 1 else Place(node.lineno, _last(node))


def _is_read(tree: ast.Module, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))


def line_of(tree: ast.Module, name: str) -> int:
    """The line that last sets a name; 0 where none does."""
    return next((node.lineno for each, node in reversed(list(_bound(tree))) if each == name), 0)


def asked_for(tree: ast.Module, name: str) -> str:
    """The variable of the environment that a name may be the value of: what is asked for in the line that sets it."""
    bound = [node for each, node in _bound(tree) if each == name]
    calls = [n for node in bound[-1:] for n in ast.walk(node) if isinstance(n, ast.Call | ast.Subscript)]
    texts_ = [n.value for call in calls for n in ast.walk(call) if isinstance(n, ast.Constant)]
    return next((text for text in texts_ if isinstance(text, str)), "")


ASKED = {
    "environ": "variables of the environment are the container's, not yours (--define NAME=VALUE)",
    "getenv": "variables of the environment are the container's, not yours (--define NAME=VALUE)",
    **dict.fromkeys(
        ("cpu_count", "process_cpu_count", "sched_getaffinity"), "the number of processor cores is this machine's"
    ),
}
"""What a file may ask for of where it runs, and what is to be said of it."""


def asked(tree: ast.Module) -> dict[str, int]:
    """What is to be said of what the file asks for of where it runs, and the first line that does."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if told := ASKED.get(name):
            line = getattr(node, "lineno", 0)
            found[told] = min(found.get(told, line), line)
    return found


PATCHES = {"patch_all": "gevent", "monkey_patch": "eventlet"}
"""Functions that patch the process, and whose they are."""


@dataclass(frozen=True)
class Patch(Place):
    """A statement that patches the process with a library of green threads, and the lines without it."""

    library: str
    without: str


def patches(tree: ast.Module, lines: Sequence[str]) -> tuple[Patch, ...]:
    """Those that are run whatever holds: at the outermost level, or in a ``try`` or ``with`` there."""
    bring = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    bring += [each.name for n in ast.walk(tree) if isinstance(n, ast.Import) for each in n.names]
    brought = {(name or "").partition(".")[0] for name in bring}
    found: list[Patch] = []
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Try | ast.With):
            pending += reversed(node.body)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            library = _patched_with(node.value)
            if library in brought:
                found.append(Patch(node.lineno, _last(node), library, _without(node, lines)))
    return tuple(found)


def _patched_with(call: ast.Call) -> str:
    """The library that a call patches threads with; empty for any other call."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    library = PATCHES.get(name, "")
    given = {each.arg: getattr(each.value, "value", None) for each in call.keywords}
    # Where something is asked for by its name, eventlet patches nothing else.
    threads = given["thread"] if "thread" in given else library == "gevent" or not any(given.values())
    return library if threads else ""


def _without(node: ast.Expr, lines: Sequence[str]) -> str:
    first, last = lines[node.lineno - 1], lines[_last(node) - 1]
    before = first.encode()[: node.col_offset].decode(errors="replace")
    after = last.encode()[node.end_col_offset or 0 :].decode(errors="replace")
    alone = not before.lstrip("\ufeff") and not after.partition("#")[0].strip() and first == last
    return f"# {first}" if alone else f"{before}pass{after}"


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _bound(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every name that is set outside of functions and classes, with the statement that does."""
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
            continue
        inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt | ast.ExceptHandler)]
        for each in inner:
            pending += [each] if isinstance(each, ast.stmt) else each.body
        for name in _targets(node):
            yield name, node


def _targets(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (each.asname or each.name.partition(".")[0] for each in node.names)
        return
    own = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in own:
        if target is not None:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
