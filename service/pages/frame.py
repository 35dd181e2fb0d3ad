"""The frame round every page: what a page is made of, the questions that made it, and the template that shows it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kg.perspectives import Row, card_name, concepts, parties
from kg.voices import Named, Party
from service.pages import links as page_links
from service.pages.formats import Item
from service.pages.links import Links, other
from service.pages.words import begun, colon, day, speaker

if TYPE_CHECKING:
    from kg.asking import Asking, Rows

TEMPLATES = Path(__file__).parent / "templates"
SCHEME = "https://w3id.org/lerende-wijk/id/scheme/"
SHAPES = ("arch", "square", "triangle", "diamond", "hexagon", "drop", "circle", "pentagon")
FORMS = {
    "text/turtle": "Turtle",
    "application/ld+json": "JSON-LD",
    "application/n-triples": "N-Triples",
    "application/atom+xml": "Atom",
    "application/json": "JSON",
    "application/rdf+xml": "RDF/XML",
    "application/sparql-query": "SPARQL",
    "application/sparql-results+json": "JSON",
    "application/sparql-results+xml": "XML",
    "application/vnd.apache.parquet": "Parquet",
    "text/csv": "CSV",
    "text/tab-separated-values": "TSV",
}
PATTERNS = 8  # How many fillings a mark can have; with a shape per perspective and a name beside it that is enough.


@dataclass(frozen=True)
class Asked:
    """A named question as it was asked for a page, so that the page can say how it was made."""

    name: str
    values: Mapping[str, str]


class Asker:
    """Asks the questions of one page for one reader, and remembers which they were."""

    def __init__(self, asking: Asking, audience: str, language: str) -> None:
        self.asking = asking
        self.audience = audience
        self.language = language
        self.asked: list[Asked] = []
        self.position: int | None = None

    async def rows(self, question: str, /, **values: str | None) -> Sequence[Row]:
        """A named question's rows, and the question goes on the page's list; values that are None are not given."""
        self.asked.append(Asked(question, {key: value for key, value in values.items() if value is not None}))
        return await self.quiet(question, **values)

    async def quiet(self, question: str, /, **values: str | None) -> Sequence[Row]:
        """A named question's rows for what surrounds the page's own contents: names, choices, marks."""
        given = {key: value for key, value in values.items() if value is not None}
        if any(parameter.name == "lang" for parameter in self.asking.questions[question].parameters):
            given["lang"] = self.language
        answer: Rows = await self.asking.rows(self.audience, question, given)
        # Several questions of one page may meet a change between them: the page holds at the oldest.
        self.position = answer.position if self.position is None else min(self.position, answer.position)
        return answer.rows

    async def perspectives(self) -> tuple[Named, ...]:
        """All perspectives, in alphabetical order of their names."""
        return concepts(await self.quiet("pages/concepts", scheme=SCHEME + "perspective"))

    async def parties(self) -> tuple[Party, ...]:
        """All registered parties, in alphabetical order."""
        return parties(await self.quiet("pages/parties"))


@dataclass(frozen=True)
class Past:
    """That a page shows how it was: on what day, and where it stands as it is now."""

    day: str
    now: str
    withdrawn: bool = False  # Whether its holder has taken it back since: it is shown then, not held up to cite.


@dataclass(frozen=True)
class Page:
    """One page, before it becomes HTML, JSON, CSV or Turtle: the same items in each."""

    template: str
    title: str
    context: Mapping[str, object]
    items: tuple[Item, ...] = ()
    asked: tuple[Asked, ...] = ()
    position: int | None = None
    route: str | None = None  # its name in `page_links.ROUTES`; None for documents and errors
    name: str = ""  # which party, theme or place
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    crumbs: tuple[tuple[str, str], ...] = ()
    description: str = ""
    schema: Mapping[str, object] = field(default_factory=dict)
    noindex: bool = False
    status: int = 200
    here: str | None = None  # the path of a document, which carries no language
    alternates: tuple[tuple[str, str], ...] = ()  # (media type, path) of a document's other forms
    alone: bool = False  # shown where the other pages are not: beside files that somebody explores
    past: Past | None = None
    atom: str = ""  # the path of a feed of what is said about the same
    iri: str = ""  # What the page is about, where that has a name of its own on the web, and at `described` its data.
    described: tuple[tuple[str, str], ...] = ()  # (path, media type)


@cache
def environment() -> Environment:
    """The templates: everything escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update(card_name=card_name, outside=page_links.outside, pattern=pattern, colon=colon, begun=begun)
    return made


def pattern(iri: str) -> int:
    """The filling of a party's mark: always the same for the same party."""
    return zlib.crc32(iri.encode()) % PATTERNS


def hues(perspectives: Sequence[Named]) -> Mapping[str, int]:
    """A number per perspective, for its shape and its colour: by notation, so that both languages agree."""
    order = sorted(perspectives, key=lambda perspective: perspective.notation)
    return {perspective.iri: at % len(SHAPES) for at, perspective in enumerate(order)}


@dataclass(frozen=True)
class Marks:
    """Which shape stands for whom: the perspective gives the shape and the colour, the party the filling."""

    by_perspective: Mapping[str, int]
    by_party: Mapping[str, int]
    names: Mapping[str, str]
    fictional: frozenset[str] = frozenset()  # parties that are openly made-up examples: their mark is hollow

    def of(self, party: str, perspective: str | None = None) -> int:
        """The shape of a party, or of a teller's perspective."""
        if perspective is not None and perspective in self.by_perspective:
            return self.by_perspective[perspective]
        return self.by_party.get(party, len(SHAPES) - 1)


def marks(perspectives: Sequence[Named], registered: Sequence[Party]) -> Marks:
    """The marks of all parties."""
    shape = hues(perspectives)
    by_party = {
        party.voice.iri: shape[min(party.perspectives, key=lambda view: view.notation).iri]
        for party in registered
        if party.perspectives and min(party.perspectives, key=lambda view: view.notation).iri in shape
    }
    names = {p.voice.iri: ", ".join(str(view.name.value) for view in p.perspectives) for p in registered}
    return Marks(shape, by_party, names, frozenset(p.voice.iri for p in registered if p.voice.fictional))


def render(page: Page, links: Links) -> str:
    """The page as HTML, complete without scripts."""
    language = links.language
    say = speaker(language)
    template = environment().get_template(page.template)
    return template.render(
        {
            "page": page,
            "lang": language,
            "_": say,
            "links": links,
            "site": site_name(links),
            "shapes": SHAPES,
            "day": lambda moment: day(moment, language),
            "switch": switch(page, language),
            "formats": formats(page, language),
            "menu": [
                (name, str(say(f"menu.{name}")), links.page(name))
                for name in (() if page.alone else ("side", "open", "theme", "place", "who", "about"))
            ],
            "replies_of": {},
            **page.context,
        }
    )


def site_name(links: Links) -> str:
    """What the pages call themselves, as plain text: "Moerwijk tells"."""
    say = speaker(links.language)
    return title(say("site.name", neighbourhood=links.neighbourhood or say("site.neighbourhood")))


def switch(page: Page, language: str) -> str:
    """The same page with the same parameters in the other language."""
    to = other(language)
    if page.route is None:
        here = page.here or "/"
        return f"{here}{'&' if '?' in here else '?'}lang={to}" if page.here else f"/{to}/"
    return page_links.path(page.route, to, page.name) + page_links.query(to, page.parameters)


def formats(page: Page, language: str) -> Sequence[tuple[str, str, str]]:
    """The other forms of the page: (label, media type, path)."""
    if page.route is None:
        return [(FORMS[media], media, path) for media, path in page.alternates]
    asked = page_links.query(language, page.parameters)
    return [
        (label, media, page_links.path(page.route, language, page.name, suffix) + asked)
        for label, media, suffix in (
            ("JSON", "application/json", ".json"),
            ("CSV", "text/csv", ".csv"),
            ("Turtle", "text/turtle", ".ttl"),
        )
    ]


def title(text: str | Markup) -> str:
    """A message as plain text, for titles and attributes."""
    return str(Markup(text).striptags())
