"""The pages of this repository, read as Markdown: what they tell to run, what they name, where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mayfly.template import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "imgs/README.md",
]
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->", re.DOTALL)
MARKDOWN = MarkdownIt().enable("table")


@dataclass(frozen=True)
class Block:
    """A fenced block, and why it is not to be run, if the comment before it says so."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def tokens(page: Path) -> list[Token]:
    return MARKDOWN.parse(page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str = "bash") -> Iterator[Block]:
    """Yield the fenced blocks of one language."""
    before = ""
    for token in tokens(page):
        if token.type == "fence" and token.info == language:
            reason = NOT_RUN.search(before)
            line = token.map[0] + 1 if token.map else 0
            yield Block(page, line, token.info, token.content, reason[1] if reason else None)
        before = token.content if token.type == "html_block" else ""


def code(page: Path) -> Iterator[str]:
    """Yield what stands as code in the text of a page, and its bash blocks."""
    for token in tokens(page):
        yield from (child.content for child in token.children or () if child.type == "code_inline")
    yield from (block.text for block in blocks(page))


def links(page: Path) -> Iterator[str]:
    """Yield where a page's links and pictures lead."""
    for token in tokens(page):
        for child in token.children or ():
            yield from (str(child.attrs[name]) for name in ("href", "src") if name in child.attrs)


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = [after for before, after in _pairs(tokens(page)) if before.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.content.lower()).replace(" ", "-") for heading in headings}


def rows(page: Path) -> Iterator[list[str]]:
    """Yield the cells of each row of a page's tables, as they are written."""
    cells: list[str] = []
    for before, token in _pairs(tokens(page)):
        if token.type == "tr_open":
            cells = []
        elif before.type in ("td_open", "th_open"):
            cells.append(token.content)
        elif token.type == "tr_close":
            yield cells


def _pairs(items: list[Token]) -> Iterator[tuple[Token, Token]]:
    return pairwise(items)
