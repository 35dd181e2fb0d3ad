"""Reading a page as a test does: its elements with their attributes and text, without a browser."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


@dataclass
class Element:
    """One element, with what it holds in order."""

    name: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its text, spaces made one."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join("".join(parts).split())

    def all(self, name: str = "", **attributes: str | None) -> list[Element]:
        """Every element below it of that name and with those attributes (None: whatever its value)."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                fits = not name or child.name == name
                if fits and all(k in child.attributes and v in (None, child.attributes[k]) for k, v in wanted.items()):
                    found.append(child)
                found += child.all(name, **attributes)
        return found

    def has_class(self, name: str) -> bool:
        """Whether it bears a class."""
        return name in self.attributes.get("class", "").split()

    def language(self) -> str | None:
        """The language its text is declared in: its own, else the nearest above."""
        return self.attributes.get("lang") or (self.parent.language() if self.parent else None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.here = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs}, self.here)
        self.here.children.append(made)
        if tag not in VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs}, self.here)
        self.here.children.append(made)

    def handle_endtag(self, tag: str) -> None:
        above = self.here
        while above.name != tag and above.parent is not None:
            above = above.parent
        if above.name == tag and above.parent is not None:
            self.here = above.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def read_page(html: str) -> Element:
    """A page as elements."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


def site_of(request: pytest.FixtureRequest) -> str:
    """Where the pages are: a service that already runs (WIJKGRAAF_SITE), else one started with the example."""
    running = os.environ.get("WIJKGRAAF_SITE")
    return running or str(request.getfixturevalue("moerwijk").url)
