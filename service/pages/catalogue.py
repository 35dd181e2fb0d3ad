"""The catalogue for people: which viewpoints can be fetched as a whole, in which files, and how to ask and follow."""

from __future__ import annotations

from asyncio import gather
from dataclasses import dataclass

from kg.perspectives import grouped, value, voice
from kg.voices import Voice
from service.pages.formats import once
from service.pages.frame import Asker, Page, marks, site_name, title
from service.pages.links import REGISTER_SLUG, Links, outside
from service.pages.words import speaker

FILES = (("Turtle", ".ttl"), ("TriG", ".trig"), ("N-Quads", ".nq"), ("JSON-LD", ".jsonld"), ("RDF/XML", ".rdf"))


@dataclass(frozen=True)
class Shown:
    """One viewpoint as a set of data: whose, since when, until when, by itself or not, and under what conditions."""

    holder: Voice
    path: str
    first: str
    last: str
    by_itself: bool
    license: str | None
    email: str | None


async def catalogue_page(ask: Asker, links: Links) -> Page:
    """All viewpoints, in alphabetical order of their holders."""
    register = f"{links.base}/id/{REGISTER_SLUG}"
    rows, perspectives, registered = await gather(
        ask.rows("pages/datasets", register=register), ask.perspectives(), ask.parties()
    )
    found: list[Shown] = []
    for group in grouped(rows, "party").values():
        row, holder = group[0], voice(group[0], "party")
        if holder is not None:
            path = "/view/" + holder.iri.removeprefix(f"{links.base}/id/")
            given = (value(row, "first") or "", value(row, "last") or "", value(row, "self") == "true")
            found.append(Shown(holder, path, *given, value(row, "license"), value(row, "email")))
    say = speaker(links.language)
    return Page(
        "catalogue.html",
        title(say("catalogue.title")),
        {"datasets": found, "files": FILES, "marks": marks(perspectives, registered)},
        items=once(
            {
                "item": links.base + one.path,
                "what": "viewpoint",
                "name": one.holder.name.value,
                "lang": one.holder.name.lang,
                "voice": one.holder.iri,
                "voiceName": one.holder.name.value,
                "changed": one.last,
                "license": one.license,
            }
            for one in found
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="catalogue",
        description=title(say("catalogue.lead")),
        schema=schema_of(links, found, register),
        iri=f"{links.base}/catalog",
        described=(("/catalog.ttl", "text/turtle"), ("/catalog.jsonld", "application/ld+json")),
    )


def schema_of(links: Links, found: list[Shown], register: str) -> dict[str, object]:
    """The catalogue as search engines for data sets read it; with its files it stands at `/catalog`."""
    say = speaker(links.language)
    catalogue = f"{links.base}/catalog"
    return {
        "@type": "DataCatalog",
        "@id": catalogue,
        "name": f"{site_name(links)}: {title(say('catalogue.title'))}",
        "description": title(say("catalogue.lead")),
        "url": catalogue,
        "publisher": {"@type": "Organization", "@id": register},
        "dataset": [
            {
                "@type": "Dataset",
                "@id": links.base + one.path,
                "name": title(say("catalogue.of", who=one.holder.name.value)),
                "description": title(say("catalogue.self" if one.by_itself else "catalogue.read")),
                "url": links.base + one.path,
                "includedInDataCatalog": {"@id": catalogue},
                "publisher": {"@type": "Organization", "@id": one.holder.iri if one.by_itself else register},
                "dateModified": one.last,
                **({"license": one.license} if one.license and outside(one.license) else {}),
            }
            for one in found
        ],
    }
