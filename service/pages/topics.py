"""Themes and places: what each word means, who says what under it, what is there and how people experience it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kg.perspectives import Row, by_name, claims, experiences, grouped, named, value, words
from kg.voices import Named, Words
from service.pages.formats import of_card, of_claim, of_experience, of_named, of_reply, of_tie, once
from service.pages.frame import SCHEME, Asker, Page, marks, title
from service.pages.links import REGISTER_SLUG, Links
from service.pages.side import beside, lists, replies_by_target, ties_by_card
from service.pages.words import speaker


async def meanings(ask: Asker) -> dict[str, Words | None]:
    """What each theme and life domain means."""
    rows = await asyncio.gather(
        ask.rows("pages/concepts", scheme=SCHEME + "theme"),
        ask.rows("pages/concepts", scheme=SCHEME + "lifeDomain"),
    )
    return {iri: words(group[0], "definition") for found in rows for iri, group in grouped(found, "concept").items()}


async def themes_page(ask: Asker, links: Links) -> Page:
    """All themes under the five life domains of the method."""
    held, meaning = await asyncio.gather(lists(ask), meanings(ask))
    say = speaker(links.language)
    return Page(
        "themes.html",
        title(say("theme.all.title")),
        {"held": held, "meaning": meaning},
        items=once(of_named(topic, "theme", meaning.get(topic.iri)) for topic in held.topics()),
        asked=tuple(ask.asked),
        position=ask.position,
        route="theme",
        description=title(say("theme.all.lead")),
    )


async def theme_page(ask: Asker, links: Links, notation: str) -> Page | None:
    """One theme or life domain: its meaning, everybody's words under it, and the facilities that go with it."""
    held, meaning = await asyncio.gather(lists(ask), meanings(ask))
    theme = next((topic for topic in held.topics() if topic.notation == notation), None)
    if theme is None:
        return None
    shown = await beside(ask, links.base, held, theme=theme.iri)
    say = speaker(links.language)
    above = next((domain for domain, themes in held.themes if theme in themes), None)
    below = next((themes for domain, themes in held.themes if domain == theme), ())
    return Page(
        "theme.html",
        theme.name.value,
        {
            "theme": theme,
            "meaning": meaning.get(theme.iri),
            "above": above,
            "below": below,
            "shown": shown,
            "marks": marks(held.perspectives, held.parties),
            "ties_of": ties_by_card(shown.ties),
            "replies_of": replies_by_target(shown.responses),
        },
        items=once(
            [
                *map(of_card, (*shown.cards, *shown.register)),
                *map(of_tie, shown.ties),
                *map(of_reply, shown.responses),
            ]
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="theme",
        atom=links.atom("theme", theme.notation),
        name=notation,
        crumbs=((title(say("menu.theme")), links.page("theme")),),
        schema={"@type": "DefinedTerm", "name": theme.name.value, "@id": theme.iri},
        noindex=True,
    )


def tree(rows: Sequence[Row]) -> tuple[dict[str, list[Named]], dict[str, Row]]:
    """The places by what they lie in (an empty key: they lie in nothing that is here), and each place's row."""
    groups = grouped(rows, "place")
    inside: dict[str, list[Named]] = {}
    for group in groups.values():
        within = next((value(row, "within") for row in group if value(row, "within") in groups), None)
        inside.setdefault(within or "", []).append(named(group[0], "place"))
    return {key: sorted(held, key=by_name) for key, held in inside.items()}, {k: g[0] for k, g in groups.items()}


async def places_page(ask: Asker, links: Links) -> Page:
    """All places, each under the place it lies in."""
    inside, rows = tree(await ask.rows("pages/places"))
    say = speaker(links.language)
    kinds = {iri: words(row, "kindName") for iri, row in rows.items()}
    every = sorted((place for held in inside.values() for place in held), key=by_name)
    return Page(
        "places.html",
        title(say("place.all.title")),
        {"inside": inside, "kinds": kinds},
        items=once(of_named(place, "place", kinds[place.iri]) for place in every),
        asked=tuple(ask.asked),
        position=ask.position,
        route="place",
        description=title(say("place.all.lead")),
    )


async def place_page(ask: Asker, links: Links, iri: str) -> Page | None:
    """One place: what is there, how people experience it voice by voice, what is said of it, and what sources claim."""
    place_rows = await ask.rows("pages/places", place=iri)
    if not place_rows:
        return None
    held, every_place, lived_rows, claim_rows = await asyncio.gather(
        lists(ask),
        ask.quiet("pages/places"),
        ask.rows("pages/experiences", about=iri),
        ask.rows("pages/claims", about=iri),
    )
    shown = await beside(ask, links.base, held, place=iri)
    inside, rows = tree(every_place)
    row, place = place_rows[0], named(place_rows[0], "place")
    lived, claimed = experiences(lived_rows), claims(claim_rows)
    say = speaker(links.language)
    return Page(
        "place.html",
        place.name.value,
        {
            "place": place,
            "kind": words(row, "kindName"),
            "text": words(row, "text"),
            "within": named(row, "within") if "within" in row else None,
            "precision": words(row, "precisionName"),
            "metres": value(row, "metres"),
            "inside": inside.get(iri, []),
            "recorded_as": sorted({address for row in place_rows if (address := value(row, "recordedAs"))}),
            "lived": lived,
            "criteria": list(dict.fromkeys(experience.criterion for experience in lived)),
            "claimed": claimed,
            "shown": shown,
            "marks": marks(held.perspectives, held.parties),
            "ties_of": ties_by_card(shown.ties),
            "replies_of": replies_by_target(shown.responses),
            "kinds": {key: words(other, "kindName") for key, other in rows.items()},
        },
        items=once(
            [
                *map(of_card, (*shown.cards, *shown.register)),
                *map(of_tie, shown.ties),
                *map(of_reply, shown.responses),
                *map(of_experience, lived),
                *map(of_claim, claimed),
            ]
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="place",
        atom=links.atom("place", iri.rsplit("/", 1)[-1]),
        name=iri.removeprefix(f"{links.base}/id/{REGISTER_SLUG}/"),
        crumbs=((title(say("menu.place")), links.page("place")),),
        iri=iri,
        described=links.described(iri),
        schema={"@type": "Place", "name": place.name.value, "@id": iri},
        noindex=True,
    )
