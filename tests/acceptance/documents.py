"""The commands and the outputs that the documents show.

``scripts/fill-readme`` runs this module: it puts what the commands really
print between ``<!-- output: COMMAND -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heartbed.places import ROOT

DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
HEARTBED = ".venv/bin/heartbed"
WIDTH = 80
EMPTY = "(to be filled in)"

OUTPUT = re.compile(r"<!-- output: (?P<command>[^\n]+?) -->\n(?P<shown>.*?)<!-- end -->", re.DOTALL)
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
SHELL = ("", "sh", "bash", "shell", "console")
"""Languages of fenced blocks that hold commands."""

COMPARISON = "heartbed compare"
"""The one command whose output is a run."""

INSTANT = ("cells", "presets", "probes", "completion", "schema", "compose", "--help", "--version")
"""Commands of ``heartbed`` that need neither Docker nor a run."""


@dataclass(frozen=True)
class Shown:
    """An output that a document shows."""

    document: Path
    command: str
    text: str


def outputs(document: Path) -> list[Shown]:
    """The outputs that a document shows, without their indentation."""
    found = OUTPUT.finditer(document.read_text("utf-8"))
    return [Shown(document, match["command"], _dedented(match["shown"])) for match in found]


def commands(document: Path) -> list[str]:
    """Every line of the code blocks that is no output, without its remark."""
    text = OUTPUT.sub("", document.read_text("utf-8"))
    fenced = [match["code"] for match in FENCE.finditer(text) if match["language"] in SHELL]
    indented = (line[4:] for line in FENCE.sub("", text).splitlines() if line.startswith("    "))
    lines = [*"".join(fenced).splitlines(), *indented]
    return [line for line in (re.sub(r"\s+#.*|^#.*", "", line.removeprefix("$ ")).strip() for line in lines) if line]


def _dedented(block: str) -> str:
    return "\n".join(line.removeprefix("    ").rstrip() for line in block.strip("\n").splitlines())


def normal(text: str) -> str:
    """The words that are the same in every run which comes to the same verdicts.

    Without times, ids and widths, without what single requests cost, and
    without notes, which tell what happened to happen.
    """
    text = re.sub(r"^note: .*\n(?:(?!\w+: ).+\n)*", "", text, flags=re.MULTILINE)
    text = re.sub(r"\S*\d{8}-\d{6}(-\d+)?", "RUN", text).replace(HEARTBED, "heartbed")
    text = re.sub(r"(?:\b[\d.]+ m?s|no answer)\b(?:, HTTP \d+)?(?: \([\d.]+ m?s\))?", "", text)
    text = " ".join(re.sub(r"─+", "", text).split())
    return re.sub(r"(heartbed explain \S+) RUN", r"\1", text)


def really(command: str, folder: Path, execute: Callable[[list[str]], str]) -> str:
    """What the command prints; for the comparison, what it printed at the end of the run in ``folder``."""
    words = shlex.split(command)
    if command == COMPARISON:
        words = ["heartbed", "report", str(folder), "--format", "text"]
    elif words[:1] != ["heartbed"] or words[1] not in INSTANT:
        raise ValueError(f"no way is known to get the output of {command!r} within a test")
    return execute(words[1:])


def filled(text: str, output: Callable[[str], str]) -> str:
    """The document with what the commands really print."""

    def replaced(match: re.Match[str]) -> str:
        lines = (f"    {line}".rstrip() for line in output(match["command"]).strip("\n").splitlines())
        return "\n".join((f"<!-- output: {match['command']} -->", "", *lines, "", "<!-- end -->"))

    return OUTPUT.sub(replaced, text)


def execute(words: list[str]) -> str:
    """Run ``heartbed`` as the documents show it."""
    environ = {"PATH": "/usr/bin:/bin", "COLUMNS": str(WIDTH), "LC_ALL": "C.UTF-8"}
    return subprocess.run([HEARTBED, *words], cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> None:
    """Fill the documents from the run that is named, else from the newest."""
    folder = Path(arguments[0] if arguments else ROOT / "runs" / "latest").resolve()
    for document in DOCUMENTS:
        before = document.read_text("utf-8")
        after = filled(before, lambda command: really(command, folder, execute))
        if after != before:
            document.write_text(after, "utf-8")
            print(f"filled {document.relative_to(ROOT)} from {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
