"""Who is here: all parties by perspective, and for each what it says, connects and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kg.perspectives import by_name, experiences, flat, grouped, named, parties, words
from kg.voices import Named, Party
from service.pages.formats import of_card, of_experience, of_held, of_party, of_reply, of_tie, once
from service.pages.frame import Asker, Page, marks, title
from service.pages.links import REGISTER_SLUG, Links
from service.pages.side import beside, lists, replies_by_target, ties_by_card
from service.pages.words import day, speaker

if TYPE_CHECKING:
    from kg.harvesting.sources import Standing


async def who_page(ask: Asker, links: Links) -> Page:
    """All parties under the perspective they speak from, in alphabetical order."""
    rows, perspectives = await asyncio.gather(ask.rows("pages/parties"), ask.perspectives())
    registered = tuple(p for p in parties(rows) if p.voice.iri != f"{links.base}/id/{REGISTER_SLUG}")
    say = speaker(links.language)
    groups: list[tuple[Named | None, list[Party]]] = []
    for perspective in sorted(perspectives, key=by_name):
        held = [p for p in registered if perspective.iri in {view.iri for view in p.perspectives}]
        if held:
            groups.append((perspective, held))
    loose = [p for p in registered if not p.perspectives]
    if loose:
        groups.append((None, loose))
    return Page(
        "who.html",
        title(say("who.title")),
        {"groups": groups, "marks": marks(perspectives, registered)},
        items=once(of_party(p.voice) for p in registered),
        asked=tuple(ask.asked),
        position=ask.position,
        route="who",
        description=title(say("who.lead")),
    )


@dataclass(frozen=True)
class Fetched:
    """How old what is fetched from a party's own sources is at most, in days as people write them."""

    good: str | None
    """When we last held all that they give; None when that never was."""
    failed: str | None
    """When one of them was last tried in vain since."""


def with_ages(page: Page, standings: Sequence[Standing], language: str) -> Page:
    """The page of a party with the age of what is fetched from it."""
    if not standings:
        return page
    good = min(one.good or "" for one in standings)
    failed = max((one.tried or "" for one in standings if one.failures), default="")
    fetched = Fetched(day(good, language) or None, day(failed, language) or None)
    return replace(page, context={**page.context, "fetched": fetched})


async def party_page(ask: Asker, links: Links, iri: str) -> Page | None:
    """One party: its own words, the connections it makes, its experiences and its answers to others."""
    held = await lists(ask)
    party = next((p for p in held.parties if p.voice.iri == iri), None)
    if party is None:
        return None
    shown, lived_rows, held_rows = await asyncio.gather(
        beside(ask, links.base, held),
        ask.rows("pages/experiences", party=iri),
        ask.rows("pages/held", party=iri),
    )
    own = [card for card in (*shown.cards, *shown.register) if card.holder.iri == iri]
    own_iris = {card.iri for card in own}
    made = [tie for tie in shown.ties if tie.holder.iri == iri]
    about = [
        tie
        for tie in shown.ties
        if tie.holder.iri != iri
        and (tie.origin.iri in own_iris or (tie.target is not None and tie.target.iri in own_iris))
    ]
    given = [reply for reply in shown.responses if reply.holder.iri == iri]
    to_own = [reply for reply in shown.responses if reply.target in own_iris]
    lived = experiences(lived_rows)
    also = [
        (words(group[0], "kindName"), [named(rows[0], "thing") for rows in grouped(group, "thing").values()])
        for group in grouped(held_rows, "kind").values()
    ]
    say = speaker(links.language)
    name = party.voice.name.value
    return Page(
        "party.html",
        name,
        {
            "party": party,
            "fetched": None,
            "own": own,
            "made": made,
            "about": about,
            "given": given,
            "lived": lived,
            "also": also,
            "is_register": iri == f"{links.base}/id/{REGISTER_SLUG}",
            "slug": iri.removeprefix(f"{links.base}/id/"),
            "marks": marks(held.perspectives, held.parties),
            "ties_of": ties_by_card(shown.ties),
            "replies_of": replies_by_target(shown.responses),
        },
        items=once(
            [
                *map(of_card, own),
                *map(of_tie, (*made, *about)),
                *map(of_reply, flat((*given, *to_own))),
                *(of_reply(reply) for tie in (*made, *about) for reply in flat(tie.replies)),
                *map(of_experience, lived),
                *(of_held(thing, party.voice, kind) for kind, things in also for thing in things),
            ]
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="who",
        atom=links.atom("party", iri.removeprefix(f"{links.base}/id/")),
        name=iri.removeprefix(f"{links.base}/id/"),
        crumbs=((title(say("menu.who")), links.page("who")),),
        iri=iri,
        described=links.described(iri),
        schema={"@type": "Organization", "name": name, "@id": iri},
        noindex=True,
    )
