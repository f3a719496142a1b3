"""What mkdocs asks for while it builds the site: pages that the program writes, and links that leave the documents."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from heartbed.cli.document import PAGES

BESIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)#]+)[^)]*\)")
"""A link to a file of the repository that is no document."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference."""
    for name, write in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=write()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with the names of files in the place of links that lead out of the site."""
    source = Path(config.docs_dir) / page.file.src_uri

    def told(match: re.Match[str]) -> str:
        target = (source.parent / match[0].partition("(")[2].rstrip(")").partition("#")[0]).resolve()
        inside = (
            files.get_file_from_path(target.relative_to(config.docs_dir).as_posix()) if _in(target, config) else None
        )
        return (
            match[0] if inside else f"`{match[2]}`" if match[1].strip("`") == match[2] else f"{match[1]} (`{match[2]}`)"
        )

    return BESIDE.sub(told, markdown)


def _in(path: Path, config: MkDocsConfig) -> bool:
    return path.is_relative_to(Path(config.docs_dir))
