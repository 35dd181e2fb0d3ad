"""Still open: what nobody has connected yet in these data; every list is a named question, which defines it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.perspectives import Row, grouped, shortened, slug, value, voice, words
from kg.voices import Voice, Words
from service.pages.formats import Item, made_up, once
from service.pages.frame import Asker, Page, marks, title
from service.pages.links import Links
from service.pages.side import Filters, Unknown, lists, resolve
from service.pages.words import day, speaker

PARAMETERS = ("theme", "place")
# More tellers than this before a list of stories is broken down: few voices could be recognised.
TELLERS_MIN = 5


@dataclass(frozen=True)
class Listed:
    """One open thing: what it is, whose it is, since when, and what else the row says."""

    iri: str
    name: Words
    kind: str | None
    kind_name: Words | None
    holder: Voice | None
    since: str | None
    rationale: Words | None = None
    called_upon: Words | None = None
    beside: tuple[Listed, ...] = ()
    teller: Words | None = None


@dataclass(frozen=True)
class Open:
    """One list: its name in the catalogue of words, the question that defines it, and its rows."""

    key: str
    question: str
    values: Mapping[str, str | None]
    rows: tuple[Listed, ...]


# Which lists, in the order of the page: (key, question, the column that the list is about, the filters it knows).
LISTS: Sequence[tuple[str, str, str, tuple[str, ...]]] = (
    ("calls", "open-calls", "connection", ("place", "theme")),
    ("stories", "stories-no-policy-meets", "story", ("place", "theme")),
    ("policies", "policies-no-story-illustrates", "policy", ("place", "theme")),
    ("domains", "domains-with-stories-but-no-facility", "subject", ("place",)),
    ("offers", "calls-an-offer-could-meet", "connection", ("place",)),
    ("voiceless", "pages/places-without-a-voice", "place", ("place",)),
)


def listed(group: Sequence[Row], column: str) -> Listed:
    """The rows about one open thing as one line of a list."""
    first = group[0]
    name_column = "fromName" if column == "connection" else f"{column}Name"
    name = words(first, name_column) or Words(slug(value(first, column) or ""))
    besides: list[Listed] = []
    for other in ("offer", "story"):
        if other != column and other in first:
            besides += [listed(rows, other) for rows in grouped(group, other).values()]
    return Listed(
        value(first, column) or "",
        shortened(name),
        value(first, "kind"),
        words(first, "kindName"),
        voice(first, "callHolder" if column == "connection" and "callHolder" in first else "holder"),
        value(first, "since"),
        words(first, "rationale"),
        words(first, "calledUpon"),
        tuple(besides),
        words(first, "tellerName"),
    )


async def open_page(ask: Asker, links: Links, asked: Mapping[str, Sequence[str]]) -> Page | Unknown:
    """All lists, for the whole neighbourhood or for a place or theme."""
    held = await lists(ask)
    filters = resolve(asked, held, links.base)
    if isinstance(filters, Unknown):
        return filters
    given = {
        "place": filters.place.iri if filters.place else None,
        "theme": filters.theme.iri if filters.theme and "/theme/" in filters.theme.iri else None,
        "domain": filters.theme.iri if filters.theme and "/lifeDomain/" in filters.theme.iri else None,
    }

    async def one(key: str, question: str, column: str, knows: tuple[str, ...]) -> Open:
        allowed = (*knows, "domain") if "theme" in knows else knows
        values = {name: given[name] for name in allowed}
        rows = await ask.rows(question, **values)
        return Open(key, question, values, tuple(listed(g, column) for g in grouped(rows, column).values()))

    found = await asyncio.gather(*(one(*row) for row in LISTS))
    say = speaker(links.language)
    return Page(
        "open.html",
        title(say("open.title")),
        {
            "found": found,
            "held": held,
            "filters": filters,
            "asked": asked,
            "active": active(filters, asked, links),
            "marks": marks(held.perspectives, held.parties),
            "since": lambda moment: day(moment, links.language),
        },
        items=once(item(row, one.key) for one in found for row in one.rows),
        asked=tuple(ask.asked),
        position=ask.position,
        route="open",
        parameters=asked,
        description=title(say("open.lead")),
    )


def active(filters: Filters, asked: Mapping[str, Sequence[str]], links: Links) -> list[tuple[str, Words, str]]:
    """Each active filter as (what, its name, the page without it)."""
    found = []
    for key, chosen in (("theme", filters.theme), ("place", filters.place)):
        if chosen is not None:
            rest = {k: v for k, v in asked.items() if k != key}
            found.append((key, chosen.name, links.page("open", **rest)))
    return found


def item(row: Listed, key: str) -> Item:
    """A line of a list as an item; a call that offers could meet is another item than the call itself."""
    return {
        "item": row.iri if key != "offers" else f"{row.iri}#offers",
        "what": key,
        "kind": row.kind_name.value if row.kind_name else None,
        "name": row.name.value,
        "lang": row.name.lang,
        "text": row.rationale.value if row.rationale else None,
        "voice": row.holder.iri if row.holder else None,
        "voiceName": row.holder.name.value if row.holder else None,
        "teller": row.teller.value if row.teller else None,
        **(made_up(row.holder) if row.holder else {}),
        "to": "; ".join(other.iri for other in row.beside) or None,
        "toName": "; ".join(other.name.value for other in row.beside) or None,
    }
