"""The documentation: built without a warning, nothing from elsewhere in it, true to words, settings and objections."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import rdflib

from kg import remembering
from kg import vocabulary as word
from kg.objection import OBJECTIONS
from kg.ontology import local_name, read_ontology
from kg.settings import Settings

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "docs" / "_ext"))

from picture import Box, Line, draw  # noqa: E402

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "embed": "src"}
FETCHED_LINKS = {"stylesheet", "icon", "preload", "preconnect", "manifest"}


class Page(HTMLParser):
    """What a built page loads, the names in it that can be linked to, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag in LOADS and LOADS[tag] in given:
            self.loads.append(given[LOADS[tag]])
        if tag == "link" and FETCHED_LINKS & set(given.get("rel", "").split()):
            self.loads.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words with single spaces between them."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def built(built_docs: Path) -> Path:
    """The pages."""
    return built_docs


def page(built: Path, name: str) -> Page:
    """One built page."""
    return Page((built / f"{name}.html").read_text())


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    """Scripts, styles, images and fonts of every page stand beside it: it reads the same without a network."""
    found = [(file.name, it) for file in built.rglob("*.html") for it in Page(file.read_text()).loads]
    assert found
    assert [] == [(name, it) for name, it in found if re.match(r"(\w+:)?//", it)]
    styles = [(file, it) for file in built.rglob("*.css") for it in _addresses(file.read_text())]
    assert [] == [(file.name, it) for file, it in styles if re.match(r"(\w+:)?//", it)]


def _addresses(style: str) -> Iterator[str]:
    yield from re.findall(r"url\(\s*['\"]?([^'\")]+)", style)
    yield from re.findall(r"@import\s+['\"]([^'\"]+)", style)


def test_every_word_has_its_own_anchor(built: Path) -> None:
    """Each term and concept of ours is found by the last part of its address."""
    ontology = read_ontology([ROOT / "ontology"])
    ids = [name for file in (built / "terms").glob("*.html") for name in Page(file.read_text()).ids]
    ours = [term for term in ontology.label_texts if term.startswith(word.LW) or term in ontology.concepts]
    ours += list(ontology.notations)
    assert len(ours) > 300
    assert [] == [term for term in ours if local_name(term) not in ids]


def test_a_page_has_no_name_twice(built: Path) -> None:
    """A link leads to one place."""
    for file in built.rglob("*.html"):
        ids = Page(file.read_text()).ids
        assert sorted(set(ids)) == sorted(ids), file


def test_both_indexes_list_every_class_and_scheme(built: Path) -> None:
    """The index in English and the one in Dutch know the same words, each by its name."""
    ontology = read_ontology([ROOT / "ontology"])
    classes = [term for term in ontology.superclasses if term.startswith(word.LW)]
    for name, lang in (("terms/index", "en"), ("terms/trefwoorden", "nl")):
        text = page(built, name).text
        assert [] == [t for t in (*classes, *ontology.notations) if ontology.labels(t, lang) not in text], name


def test_required_fields_stand_on_their_pages(built: Path) -> None:
    """What a shape demands of a class stands as required on the page of that class, with the message of the shape."""
    graph = rdflib.Graph()
    for file in sorted((ROOT / "shapes").rglob("*.ttl")):
        graph.parse(file)
    demands = graph.query(
        """PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT ?class ?message { ?shape sh:targetClass ?class ; sh:property ?field .
          ?field sh:path ?path ; sh:minCount 1 ; sh:message ?message FILTER(ISIRI(?path) && LANG(?message) = "en") }"""
    )
    found = [(str(kind), str(message)) for kind, message in demands if str(kind).startswith(word.LW)]
    assert len(found) > 20
    for kind, message in found:
        text = page(built, f"terms/class-{re.sub(r'(?<=[a-z])(?=[A-Z])', '-', local_name(kind)).lower()}").text
        assert " ".join(message.split()) in text, kind
        assert "required" in text, kind


def test_the_picture_says_what_the_table_says(built: Path) -> None:
    """The model's picture has a title and a description; each of our classes is in it; no box covers another."""
    html = (built / "model.html").read_text()
    picture = html[html.index('<svg class="model-picture"') : html.index("</svg>", html.index("model-picture")) + 6]
    assert re.search(
        r'aria-labelledby="(\S+) (\S+)".*<title id="\1">[^<]+</title>\s*<desc id="\2">[^<]+</desc>', picture, re.S
    )
    drawn = Page(picture).text
    table = html[html.index("</svg>", html.index("model-picture")) :]
    for term in read_ontology([ROOT / "ontology"]).superclasses:
        if term.startswith(word.LW):
            assert re.search(rf"\b{local_name(term)}\b", drawn), term
            assert f"lw:{local_name(term)}<" in table, term
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', picture)
    ]
    assert len(boxes) > 15
    for number, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[:number]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y


def test_the_past_is_found_from_the_first_page(built: Path) -> None:
    """The page of time travel stands in the contents, is linked from the first page's words, and names its limits."""
    first = (built / "index.html").read_text()
    assert first.count('href="time.html"') >= 2
    named = page(built, "index").text
    found = ("at=", "Snapshots", "Memento", "TimeMap", "dumps", "citations")
    assert [] == [word for word in found if word not in named]
    text = page(built, "time").text
    assert [] == [word for word in ("/snapshots", "/timemap/", "Accept-Datetime", "Retry-After") if word not in text]


def test_a_circle_is_drawn_too() -> None:
    """Classes that lead to each other get one curve; the other direction stands in its line."""
    drawn = draw([Box("A", (), (Line("to", "B", ("B",)),)), Box("B", (), (Line("back", "A", ("A",)),))], "t", "d")
    assert 1 == drawn.count('fill="none"')
    assert ("A", "B", "back", "to") == tuple(sorted(set(re.findall(r"\b(A|B|to|back)\b", Page(drawn).text))))


def test_every_limit_and_every_objection_is_published(built: Path) -> None:
    """A limit of the settings stands there with its reason; an objection with its status, under the anchor it names."""
    limits = page(built, "limits").text
    for name, field in Settings.model_fields.items():
        if name.endswith("_max"):
            assert name in limits
            assert (field.description or "no reason") in limits, name
    past = [name for name in vars(remembering) if name.startswith(("PAST", "ROOM_", "REST_"))]
    assert {"PASTS_MAX", "PAST_SECONDS_MAX", "PAST_SECONDS_MIN"} <= set(past)
    assert [] == [name for name in past if name not in limits]
    errors = page(built, "errors")
    assert [] == [k.name for k in OBJECTIONS.values() if k.anchor not in errors.ids]
    assert "TimeOut 503" in errors.text
