"""Aliases in which the URL chooses the script: a URL and the script that it chooses, as an example of all."""

from __future__ import annotations

import re

NAMES = ("app", "/app", "1", ".", "")
"""What stands for a part that the URL chooses, whichever first fits."""

GROUP = re.compile(r"\((?:\?:|\?P?<\w+>)?([^()]*)\)([*?]|\{0,?\d*\})?")
PART = re.compile(r"(?:\[\^?\]?[^\]]*\]|\\[wdSDW]|(?<!\\)\.)(?:[*+]\??|\{[^}]*\})?(?!\?)|\[[^\]]*\]\?")
FLAGS = re.compile(r"\A\(\?[a-z]+\)")
LEFT = re.compile(r"(?<!\\)[\\^$*+?{}()|\[\]](?![./-])")
BEHIND = ("/a", "/b/c", "/")
"""What is asked for behind such a URL: a script that hangs on it too stands for nothing."""

Chosen = tuple[str, str]
"""A URL without a slash at its end, and its script."""


def example(pattern: str, target: str, wanted: str | None = None) -> Chosen | None:
    """A URL that a regular expression takes, ``wanted`` if it does, and what that makes of ``target``.

    None where there is none that goes on to the same script whatever follows.
    """
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    for some in (wanted, _written(pattern)):
        if some is None:
            continue
        url = some.rstrip("/")
        scripts = {_script(compiled, target, url + rest) for rest in BEHIND}
        if len(scripts) == 1 and (script := scripts.pop()):
            return url, script
    return None


def takes(pattern: str, url: str) -> bool:
    """Whether a regular expression takes a URL with a path behind it; what is none here is left to httpd."""
    try:
        found = re.compile(pattern).search(f"{url}{BEHIND[0]}")
    except re.error:
        return True
    return found is not None


def in_folder(url: str, folder: str, wanted: str | None = None, usual: str = "app.wsgi") -> Chosen:
    """The same of an alias of a folder; ``usual`` is the script's name where ``wanted`` names none."""
    at = f"{url.rstrip('/')}/"
    name = (wanted or "").removeprefix(at).strip("/") if (wanted or "").startswith(at) else ""
    name = name if name and "/" not in name else usual
    return at + name, folder + name


def takes_slash(pattern: str, target: str) -> bool:
    """Whether mod_wsgi puts what follows in the URL behind the name of the script, where a slash would part them."""
    return pattern.endswith("/") and not target.endswith("/")


def _script(pattern: re.Pattern[str], target: str, url: str) -> str:
    """What is made of the target for a URL; empty where it does not match, or what follows is no path behind it."""
    found = pattern.search(url)
    if found is None or url[found.end() :][:1] not in ("", "/"):
        return ""
    groups = found.re.groups
    return re.sub(r"\$(\d)", lambda each: (found[int(each[1])] or "") if int(each[1]) <= groups else "", target)


def _written(pattern: str) -> str | None:
    """Some URL that it may take; None where that is not to be seen."""
    text = FLAGS.sub("", pattern).removeprefix("^").removesuffix("$").replace(r"\b", "")
    for _ in range(8):
        shorter = GROUP.sub(lambda each: "" if each[2] else _fitting(each[1]), text)
        if shorter == text:
            break
        text = shorter
    text = PART.sub(lambda each: _fitting(each[0]), text)
    return None if LEFT.search(text) else re.sub(r"\\(.)", r"\1", text)


def _fitting(part: str) -> str:
    try:
        fits = re.compile("[.]" if part == "." else part).fullmatch
    except re.error:
        return part
    return next((name for name in NAMES if fits(name)), part.partition("|")[0])
