"""The page of a document that stands in no store: for its holder, or for the parties at its table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg.perspectives import Row, slug
from kg.spoken import lines_of
from kg.voices import Named, Voice, Words
from service.pages.frame import Asker, Page, marks, title
from service.pages.links import DEF, Links
from service.pages.thing import Origin, heading, own_item, thing_of, whose
from service.pages.words import speaker

if TYPE_CHECKING:
    from kg.ledger.acts import Current

# What a document page shows of others; nothing of it is known of a document that is in no store.
EMPTY: Mapping[str, object] = {
    "tied": (),
    "sentence": None,
    "reply": None,
    "experience": None,
    "lived": (),
    "direct": (),
    "claimed": (),
    "richer": (),
    "beside": (),
    "gathered": (),
    "read": (),
    "before": None,
    "figure": None,
}


@dataclass(frozen=True)
class Plain:
    """One value of a document that is in no store."""

    value: str
    kind: str
    lang: str | None = None
    datatype: str | None = None


def rows_of(payload: bytes) -> list[Row]:
    """The lines of a document as rows like those of `pages/thing`."""
    return [
        {
            "part": Plain(line.subject, "uri"),
            "property": Plain(line.predicate, "uri"),
            "value": Plain(line.text, "literal", line.lang) if line.iri is None else Plain(line.iri, "uri"),
        }
        for line in lines_of(payload)
    ]


async def restricted_view(ask: Asker, links: Links, current: Current) -> Page:
    """The page of a document for its holder or its table only: it is in no store, so only its own words are shown."""
    perspectives, parties = await asyncio.gather(ask.perspectives(), ask.parties())
    base = f"{links.base}/id/"
    voices = {party.voice.iri: party.voice for party in parties}

    def known(name: str) -> Voice:
        return voices.get(base + name, Voice(base + name, Words(name)))

    rows = rows_of(current.payload or b"")
    kind = next((iri for iri in current.classes if iri.startswith(DEF)), DEF + "Instrument")
    say = speaker(links.language)
    origin = Origin(
        f"{links.base}/contributions/{current.contribution}",
        Named(kind, Words(slug(kind))),
        known(current.party),
        known(current.recorder),
        current.delegation or "byHolder",
        current.time,
        Words(title(say(f"audience.{current.audience}")), links.language),
        None,
    )
    thing = thing_of(rows, current.iri, links)
    name = heading(thing, (), origin, say)
    return Page(
        "document.html",
        name.value,
        {
            **EMPTY,
            "iri": current.iri,
            "name": name,
            "thing": thing,
            "origin": origin,
            "marks": marks(perspectives, parties),
            "fictional": origin.holder.fictional,
            **whose(thing, origin, links),
            "triples": rows,
        },
        items=(own_item(current.iri, name, thing, origin),),
        crumbs=((origin.holder.name.value, links.party(origin.holder.iri)),),
        here=links.thing(current.iri).split("?lang=")[0],
        noindex=True,
    )
