"""The page of one thing: what it says, who says so, what others link to it and answer, and by what it became richer."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from kg.ledger.acts import Current
from kg.perspectives import (
    Row,
    claims,
    experiences,
    flat,
    grouped,
    named,
    replies,
    slug,
    ties,
    value,
    voice,
    words,
)
from kg.signing import read_signature
from kg.voices import Claim, Experience, Named, Reply, Tie, Voice, Words
from service.pages import people as page_people
from service.pages import topics as page_topics
from service.pages.figures import star
from service.pages.formats import Item, of_claim, of_experience, of_reply, of_tie, once
from service.pages.frame import Asker, Page, marks, title
from service.pages.links import DEF, REGISTER_SLUG, Links
from service.pages.side import figure_names
from service.pages.thing import Origin, heading, origin_of, own_item, thing_of, whose
from service.pages.words import speaker

SCHEMA_KINDS = {"Story": "Article", "Service": "Service", "Facility": "Place", "Offer": "Offer", "Protocol": "HowTo"}


@dataclass(frozen=True)
class Richer:
    """One thing by which this became richer, as its own party says."""

    way: Words
    by: Named
    kind: str | None
    holder: Voice
    rationale: Words | None


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


@dataclass(frozen=True)
class About:
    """All that is known of one thing: its own document, and what others tie to it, answer, live through and claim."""

    rows: Sequence[Row]
    tied: tuple[Tie, ...]
    said: tuple[Reply, ...]
    lived: tuple[Experience, ...]
    claimed: tuple[Claim, ...]
    richer: tuple[Richer, ...]
    read: tuple[tuple[Named, Row], ...]
    gathered: tuple[tuple[Named, Words | None, Voice | None], ...]


async def everything_about(ask: Asker, iri: str, kind: str) -> About:
    """Asks all questions about one thing at once; a connection, response or experience is itself what is asked for."""
    tie = {"tie" if kind == DEF + "Connection" else "thing": iri}
    lived = {"experience" if kind == DEF + "Experience" else "about": iri}
    (
        rows,
        tie_rows,
        end_rows,
        own_rows,
        reply_rows,
        lived_rows,
        claim_rows,
        richer_rows,
        read_rows,
        gathered_rows,
    ) = await gather(
        ask.rows("pages/thing", thing=iri),
        ask.rows("pages/ties", **tie),
        ask.quiet("pages/ends", **tie),
        ask.quiet("pages/responses", response=iri),
        ask.rows("pages/responses", thing=iri),
        ask.rows("pages/experiences", **lived),
        ask.rows("pages/claims", about=iri),
        ask.rows("by-what-did-this-become-richer", thing=iri),
        ask.rows("pages/read-from", source=iri),
        ask.quiet("pages/gatherings", thing=iri),
    )
    said = replies([*own_rows, *reply_rows])
    return About(
        rows,
        ties(tie_rows, end_rows, said),
        said,
        experiences(lived_rows),
        claims(claim_rows),
        richer_of(richer_rows),
        tuple((named(group[0], "thing"), group[0]) for group in grouped(read_rows, "thing").values()),
        tuple(
            (named(group[0], "other"), words(group[0], "kindName"), voice(group[0]))
            for group in grouped(gathered_rows, "other").values()
        ),
    )


async def document_view(ask: Asker, links: Links, iri: str) -> Page | None:
    """The page of a thing that is here, else None. Parties and places have pages of their own kind."""
    origin = origin_of(await ask.rows("pages/origin", thing=iri))
    if origin is None:
        return None
    kind = origin.kind.iri
    if kind == DEF + "Party":
        return await page_people.party_page(ask, links, iri)
    if kind in (DEF + "Place", DEF + "Neighbourhood") and iri.startswith(f"{links.base}/id/{REGISTER_SLUG}/"):
        return await page_topics.place_page(ask, links, iri)
    about = await everything_about(ask, iri, kind)
    perspectives, parties = await gather(ask.perspectives(), ask.parties())
    thing = thing_of(about.rows, iri, links)
    say = speaker(links.language)
    is_tie, is_reply, is_lived = (kind == DEF + name for name in ("Connection", "Response", "Experience"))
    name = heading(thing, about.tied if is_tie else (), origin, say)
    beside = await other_claims(ask, about.rows, iri) if kind == DEF + "Claim" else ()
    direct = tuple(reply for reply in about.said if reply.target == iri)
    here = links.thing(iri)
    return Page(
        "document.html",
        name.value,
        {
            "iri": iri,
            "name": name,
            "thing": thing,
            "origin": origin,
            "before": before(links, iri, origin),
            "tied": () if is_tie else about.tied,
            "sentence": next(iter(about.tied), None) if is_tie else None,
            "reply": next((r for r in about.said if r.iri == iri), None) if is_reply else None,
            "experience": next(iter(about.lived), None) if is_lived else None,
            "lived": () if is_lived else about.lived,
            "direct": direct,
            "claimed": about.claimed,
            "richer": about.richer,
            "read": about.read,
            "beside": beside,
            "gathered": about.gathered if kind in (DEF + "Round", DEF + "Dialogue") else (),
            "figure": None if is_tie else star(iri, name, about.tied, figure_names(links.language)),
            "marks": marks(perspectives, parties),
            "fictional": origin.holder.fictional,
            **whose(thing, origin, links),
            "triples": about.rows,
        },
        items=(*items_of(about, own_item(iri, name, thing, origin), direct), *map(of_claim, beside)),
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
        # A story is for readers: search engines are told nothing of it.
        schema={} if kind == DEF + "Story" else schema_of(iri, name, origin, links.language),
        noindex=kind == DEF + "Story",
        description=f"{origin.kind.name.value}, {origin.holder.name.value}",
        atom=links.atom("thing", iri),
    )


def before(links: Links, iri: str, origin: Origin) -> str | None:
    """The address of the version before this one: the thing as it was just before this one came."""
    if not origin.supersedes or not origin.created:
        return None
    came = datetime.fromisoformat(origin.created)
    then = (came - timedelta(microseconds=1)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    return links.thing(iri) + f"&at={then}"


async def other_claims(ask: Asker, rows: Sequence[Row], iri: str) -> tuple[Claim, ...]:
    """What other claims say about the same thing as this one."""
    about = next((row["value"].value for row in rows if value(row, "property") == DEF + "about"), None)
    found = claims(await ask.rows("pages/claims", about=about)) if about else ()
    return tuple(claim for claim in found if claim.iri != iri)


def items_of(about: About, own: Item, direct: Sequence[Reply]) -> tuple[Item, ...]:
    """The thing itself and every statement of others on its page."""
    answers = flat((*direct, *(reply for tie in about.tied for reply in tie.replies)))
    return once(
        [
            own,
            *map(of_tie, about.tied),
            *map(of_reply, answers),
            *map(of_experience, about.lived),
            *map(of_claim, about.claimed),
        ]
    )


def schema_of(iri: str, name: Words, origin: Origin, language: str) -> dict[str, object]:
    """What search engines and reading programs are told of the thing, in the words of schema.org."""
    return {
        "@type": SCHEMA_KINDS.get(slug(origin.kind.iri), "CreativeWork"),
        "@id": iri,
        "name": name.value,
        "inLanguage": name.lang or language,
        "publisher": {"@type": "Organization", "name": origin.holder.name.value, "@id": origin.holder.iri},
    }


def signed_page(page: Page | None, current: Current) -> Page | None:
    """The page of a document with the key that signed it, where one did."""
    signed = read_signature(current.signature) if current.signature else None
    return (
        page if page is None or signed is None else replace(page, context={**page.context, "signed_with": signed.key})
    )
