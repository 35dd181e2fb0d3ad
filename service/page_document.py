"""The page of one thing: what it says, who says so, what others link to it and answer, and by what it became richer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kg.perspectives import (
    Row,
    claims,
    experiences,
    flat,
    grouped,
    named,
    replies,
    shortened,
    slug,
    source,
    ties,
    value,
    voice,
    words,
)
from kg.voices import Named, Reply, Source, Tie, Voice, Words
from service import page_people, page_topics
from service.page_figures import star
from service.page_formats import Item, of_claim, of_experience, of_reply, of_tie, once
from service.page_frame import Asker, Page, marks, title
from service.page_links import DEF, REGISTER_SLUG, Links
from service.page_side import figure_names
from service.page_words import day, speaker

DCT = "http://purl.org/dc/terms/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PRIMARY_SOURCE = "http://www.w3.org/ns/prov#hadPrimarySource"
SCHEMA_URL = "https://schema.org/url"
PLACES = (DEF + "appliesTo", DEF + "offeredAt", "http://www.opengis.net/ont/geosparql#sfWithin")
SCHEMA_KINDS = {"Story": "Article", "Service": "Service", "Facility": "Place", "Offer": "Offer", "Protocol": "HowTo"}
# Shown in a place of their own on the page, so not again in the list of properties.
SHOWN_APART = frozenset(
    (
        RDF_TYPE, DCT + "title", DCT + "description", DEF + "heldBy", DEF + "audience", DEF + "toldBy", DEF + "from",
        DEF + "to", DEF + "relation", DEF + "rationale", DEF + "responseTo", DEF + "response", DEF + "paraphrasedBy",
        DEF + "ground", PRIMARY_SOURCE, DCT + "source", DCT + "license", DEF + "experience", DEF + "criterion",
        DEF + "basis", DEF + "value",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Property:
    """One property of the thing with its values, each readable and linked where it is a thing."""

    name: Words
    values: tuple[tuple[Words, str | None, bool], ...]  # (text, address, whether it is outside this service)


@dataclass(frozen=True)
class Origin:
    """Who put it here: the entry of the current contribution."""

    contribution: str
    kind: Named
    holder: Voice
    recorder: Voice | None
    delegation: str
    created: str | None
    audience: Words | None
    supersedes: str | None


@dataclass(frozen=True)
class Thing:
    """What the document itself says, sorted for reading."""

    title: Words | None
    texts: tuple[Words, ...]
    tellers: tuple[tuple[Words, str | None], ...]
    sources: tuple[tuple[Source, str | None], ...]
    paraphrased_by: Named | None
    ground: tuple[Words, ...]
    licence: str | None
    year: str | None
    value: Words | None
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Richer:
    """One thing by which this became richer, as its own party says."""

    way: Words
    by: Named
    kind: str | None
    holder: Voice
    rationale: Words | None


def origin_of(rows: Sequence[Row]) -> Origin | None:
    """The entry from the first row of its question."""
    if not rows:
        return None
    row = rows[0]
    holder = voice(row)
    assert holder is not None, "an entry without its holder"
    return Origin(
        value(row, "contribution") or "",
        named(row, "kind"),
        holder,
        voice(row, "recorder", ""),
        value(row, "delegationNotation") or "byHolder",
        value(row, "created"),
        words(row, "audienceName"),
        value(row, "supersedes"),
    )


def in_language(texts: Sequence[Words], language: str) -> tuple[Words, ...]:
    """The texts with the reader's language first."""
    return tuple(sorted(dict.fromkeys(texts), key=lambda text: text.lang != language))


def thing_of(rows: Sequence[Row], iri: str, links: Links) -> Thing:
    """The document's rows, sorted for reading."""
    own = grouped((row for row in rows if value(row, "part") == iri), "property")
    parts = grouped((row for row in rows if value(row, "part") != iri), "part")

    def literal(name: str) -> list[Words]:
        return [text for row in own.get(name, ()) if (text := words(row, "value"))]

    def part_words(name: str, property_name: str) -> list[tuple[Words, str | None]]:
        found = []
        for row in own.get(name, ()):
            inside = grouped(parts.get(value(row, "value") or "", ()), "property")
            said = in_language(
                [w for r in inside.get(property_name, ()) if (w := words(r, "valueName") or words(r, "value"))],
                links.language,
            )
            view = next((value(r, "value") for r in inside.get(DEF + "perspective", ())), None)
            found += [(said[0], view)] if said else []
        return found

    listed_sources = grouped([*own.get(PRIMARY_SOURCE, ()), *own.get(DCT + "source", ())], "value")
    para = next((named(row, "value") for row in own.get(DEF + "paraphrasedBy", ())), None)
    grounds = [*part_words(DEF + "ground", DEF + "groundKind")]
    return Thing(
        next(iter(in_language(literal(DCT + "title"), links.language)), None),
        in_language(literal(DCT + "description"), links.language),
        tuple(part_words(DEF + "toldBy", DEF + "role")),
        tuple(
            (source(g[0], "value", "valueNote", "valueYear"), value(g[0], "valueAddress"))
            for g in listed_sources.values()
        ),
        para,
        tuple(text for text, _ in grounds),
        next((value(row, "value") for row in own.get(DCT + "license", ())), None),
        next((text.value[:4] for text in literal(DCT + "issued")), None),
        next(iter(in_language(literal(DEF + "value"), links.language)), None),
        tuple(property_of(group, links) for name, group in own.items() if name not in SHOWN_APART),
    )


def property_of(group: Sequence[Row], links: Links) -> Property:
    """One property with its values: texts in the reader's language where there is one."""
    shown: dict[str, tuple[Words, str | None, bool]] = {}
    literals = [row for row in group if row["value"].kind == "literal"]
    in_own = [row for row in literals if row["value"].lang == links.language]
    for row in group:
        held = row["value"].value
        if row in literals:
            if row["value"].lang and in_own and row not in in_own:
                continue
            shown.setdefault(held, (Words(day(held, links.language), row["value"].lang), None, False))
        elif "valueName" in row:
            address = links.thing(held, value(row, "valueKind")) if linked(held, row, links) else None
            shown.setdefault(held, (words(row, "valueName") or Words(slug(held)), address, False))
        else:
            shown.setdefault(held, (Words(held), held, True))
    first = group[0]
    return Property(words(first, "propertyName") or Words(slug(value(first, "property") or "")), tuple(shown.values()))


def linked(iri: str, row: Row, links: Links) -> bool:
    """Whether a named value has a page here: a document, or a theme or life domain."""
    return "valueKind" in row or "/concept/theme/" in iri or "/concept/lifeDomain/" in iri


def richer_of(rows: Sequence[Row]) -> tuple[Richer, ...]:
    """By what the thing became richer, each with who says so."""
    found = []
    for group in grouped(rows, "by").values():
        row = group[0]
        said_by = voice(row)
        if said_by is not None:
            way = words(row, "wayName") or Words(slug(value(row, "way") or ""))
            found.append(Richer(way, named(row, "by"), value(row, "byKind"), said_by, words(row, "rationale")))
    return tuple(found)


async def document_view(ask: Asker, links: Links, iri: str) -> Page | None:
    """The page of a thing that is here, else None. Parties and places have pages of their own kind."""
    origin = origin_of(await ask.rows("pages/origin", thing=iri))
    if origin is None:
        return None
    here = links.thing(iri)
    if origin.kind.iri == DEF + "Party":
        return await page_people.party_page(ask, links, iri)
    if origin.kind.iri in (DEF + "Place", DEF + "Neighbourhood") and iri.startswith(
        f"{links.base}/id/{REGISTER_SLUG}/"
    ):
        return await page_topics.place_page(ask, links, iri)
    is_tie, is_reply, is_lived = (origin.kind.iri == DEF + kind for kind in ("Connection", "Response", "Experience"))
    rows, tie_rows, end_rows, reply_rows, lived_rows, claim_rows, richer_rows, read_rows = await asyncio.gather(
        ask.rows("pages/thing", thing=iri),
        ask.rows("pages/ties", **({"tie": iri} if is_tie else {"thing": iri})),
        ask.quiet("pages/ends", **({"tie": iri} if is_tie else {"thing": iri})),
        ask.rows("pages/responses", thing=iri) if not is_reply else ask.rows("pages/responses", response=iri),
        ask.rows("pages/experiences", **({"experience": iri} if is_lived else {"about": iri})),
        ask.rows("pages/claims", about=iri),
        ask.rows("by-what-did-this-become-richer", thing=iri),
        ask.rows("pages/read-from", source=iri),
    )
    perspectives, parties = await asyncio.gather(ask.perspectives(), ask.parties())
    thing, said = thing_of(rows, iri, links), replies(reply_rows)
    tied = ties(tie_rows, end_rows, said)
    direct = tuple(reply for reply in said if reply.target == iri)
    lived, claimed = experiences(lived_rows), claims(claim_rows)
    say = speaker(links.language)
    name = heading(thing, tied if is_tie else (), origin, say("kind.untitled"))
    shown_replies = flat((*direct, *(reply for tie in tied for reply in tie.replies)))
    return Page(
        "document.html",
        name.value,
        {
            "iri": iri,
            "name": name,
            "thing": thing,
            "origin": origin,
            "tied": () if is_tie else tied,
            "sentence": next(iter(tied), None) if is_tie else None,
            "reply": next((r for r in said if r.iri == iri), None) if is_reply else None,
            "experience": next(iter(lived), None) if is_lived else None,
            "lived": () if is_lived else lived,
            "direct": () if is_reply else direct,
            "returned": replies_to(said, iri) if is_reply else (),
            "claimed": claimed,
            "richer": richer_of(richer_rows),
            "read": [(named(g[0], "thing"), g[0]) for g in grouped(read_rows, "thing").values()],
            "figure": None if is_tie else star(iri, name, tied, figure_names(links.language)),
            "marks": marks(perspectives, parties),
            "fictional": origin.holder.fictional,
            "triples": rows,
        },
        items=once(
            [
                own_item(iri, name, thing, origin),
                *map(of_tie, tied),
                *map(of_reply, shown_replies),
                *map(of_experience, lived),
                *map(of_claim, claimed),
            ]
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        crumbs=(
            (title(say("menu.who")), links.page("who")),
            (origin.holder.name.value, links.party(origin.holder.iri)),
        ),
        here=here.split("?lang=")[0] if "?lang=" in here else here.rsplit("&lang=", 1)[0],
        alternates=(
            ("text/turtle", links.data(iri, ".ttl")),
            ("application/ld+json", links.data(iri, ".jsonld")),
            ("application/n-triples", links.data(iri, ".nt")),
        ),
        schema={
            "@type": SCHEMA_KINDS.get(slug(origin.kind.iri), "CreativeWork"),
            "@id": iri,
            "name": name.value,
            "inLanguage": name.lang or links.language,
            "publisher": {"@type": "Organization", "name": origin.holder.name.value, "@id": origin.holder.iri},
        },
        noindex=origin.kind.iri == DEF + "Story",
        description=f"{origin.kind.name.value}, {origin.holder.name.value}",
    )


def replies_to(said: Sequence[Reply], iri: str) -> tuple[Reply, ...]:
    """What was said in return to one response."""
    return next((reply.replies for reply in said if reply.iri == iri), ())


def heading(thing: Thing, sentence: Sequence[Tie], origin: Origin, untitled: object) -> Words:
    """What the page is called: the title, else the sentence of a connection, else the first words, else the kind."""
    if thing.title:
        return thing.title
    if sentence and sentence[0].origin.name:
        tie = sentence[0]
        to = tie.target.name if tie.target and tie.target.name else tie.called_upon
        parts = [tie.origin.name.value if tie.origin.name else "", tie.relation.name.value, to.value if to else ""]
        return Words(" ".join(part for part in parts if part), tie.relation.name.lang)
    if thing.texts:
        return shortened(thing.texts[0])
    return Words(f"{origin.kind.name.value} {untitled} {origin.holder.name.value}", origin.kind.name.lang)


def own_item(iri: str, name: Words, thing: Thing, origin: Origin) -> Item:
    """The thing itself as an item of its page."""
    return {
        "item": iri,
        "what": "document",
        "kind": origin.kind.name.value,
        "name": name.value,
        "text": thing.texts[0].value if thing.texts else None,
        "lang": thing.texts[0].lang if thing.texts else name.lang,
        "voice": origin.holder.iri,
        "voiceName": origin.holder.name.value,
        "teller": "; ".join(role.value for role, _ in thing.tellers) or None,
        "year": thing.year,
    }
