"""Pages for what is not here: nothing by that name (with near ones), no longer here, or not now."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from starlette.requests import Request

from kg.objection import Objection
from kg.perspectives import Row, grouped, named, shortened, slug, value, voice, words
from kg.voices import Named
from service.pages.frame import Asker, Page, title
from service.pages.links import Links
from service.pages.side import Unknown, lists
from service.pages.words import day, speaker

NEAR_MAX = 5  # Enough to choose from at a glance.
NEAR_ENOUGH = 0.5  # Below this share of equal letters a suggestion only distracts.


def near(asked: str, names: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The (name, address) pairs whose name is most like what was asked."""
    by_name = {name.casefold(): (name, address) for name, address in names}
    likely = difflib.get_close_matches(asked.casefold(), by_name, NEAR_MAX, NEAR_ENOUGH)
    within = [name for name in by_name if len(asked) > 2 and asked.casefold() in name and name not in likely]
    return tuple(by_name[name] for name in [*likely, *within][:NEAR_MAX])


async def nearby(ask: Asker, links: Links, asked: str) -> tuple[tuple[str, str], ...]:
    """Parties, places and themes with a name like what was asked."""
    held = await lists(ask)
    names = [(topic.name.value, links.theme(topic.iri)) for topic in held.topics()]
    names += [(topic.notation, links.theme(topic.iri)) for topic in held.topics()]
    names += [(place.name.value, links.place(place.iri)) for place in held.places]
    names += [(slug(place.iri), links.place(place.iri)) for place in held.places]
    names += [(party.voice.name.value, links.party(party.voice.iri)) for party in held.parties]
    names += [(slug(party.voice.iri), links.party(party.voice.iri)) for party in held.parties]
    return near(asked, names)


def missing_page(links: Links, asked: str, suggestions: Sequence[tuple[str, str]] = ()) -> Page:
    """404: nothing here by that name, and what may have been meant."""
    say = speaker(links.language)
    context = {"key": "missing", "asked": asked, "suggestions": tuple(suggestions), "when": "", "how": ""}
    return Page("problem.html", title(say("missing.title")), context, status=404, noindex=True)


def unknown_page(links: Links, unknown: Unknown) -> Page:
    """400: a parameter or a value that this page does not know."""
    say = speaker(links.language)
    context = {"key": "unknown", "asked": unknown.asked, "suggestions": unknown.near, "when": ""}
    return Page("problem.html", title(say("unknown.title")), context, status=400, noindex=True)


def unavailable_page(links: Links) -> Page:
    """503: a question got no answer in time; says what still works."""
    say = speaker(links.language)
    context = {"key": "unavailable", "asked": "", "suggestions": (), "when": ""}
    return Page("problem.html", title(say("unavailable.title")), context, status=503, noindex=True)


# Where a refused reader is helped on, by the beginning of the address: (path, the words of its link).
WAYS = (
    ("/queries", "footer.questions"),
    ("/snapshots", "snapshots.title"),
    ("/timemap", "snapshots.title"),
    ("/view", "menu.who"),
)


def here_of(request: Request) -> str:
    """The address that was asked, without the language of its page."""
    asked = urlencode([(name, text) for name, text in request.query_params.multi_items() if name != "lang"])
    return quote(request.url.path) + (f"?{asked}" if asked else "")


def refused_page(
    request: Request, links: Links, objections: Sequence[Objection], heading: str, status: int, *, alone: bool = False
) -> Page:
    """Why something is not answered, in the words that programs get, and where to go from here."""
    spoken = [o.message_nl if links.language == "nl" else o.message_en for o in objections]
    say = speaker(links.language)
    ways = {"/timemap": "/snapshots", "/view": links.page("who")}
    way = next(((ways.get(p, p), title(say(key))) for p, key in WAYS if request.url.path.startswith(p)), None)
    if alone:
        way = ("/sparql", title(say("bench.title")))
    context = {"key": "refused", "spoken": spoken, "way": way, "asked": "", "suggestions": (), "when": ""}
    return Page("problem.html", heading, context, status=status, noindex=True, here=here_of(request), alone=alone)


def gone_page(links: Links, iri: str, ended: str, moment: str | None) -> Page:
    """410: a tombstone without the text: how it ended and when."""
    say = speaker(links.language)
    context = {
        "key": "gone",
        "asked": "",
        "suggestions": (),
        "when": day(moment, links.language),
        "how": ended if ended in ("withdrawn", "erased", "groundEnded") else "withdrawn",
    }
    return Page(
        "problem.html",
        title(say("gone.title")),
        context,
        status=410,
        noindex=True,
        here=links.thing(iri).split("?lang=")[0],
    )


def found_of(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """One row per thing found."""
    return [(iri, group[0]) for iri, group in grouped(rows, "thing").items()]


def shown(thing: Named) -> Named:
    """A thing whose name may be its whole text, by the first words of it."""
    return Named(thing.iri, shortened(thing.name), thing.notation)


async def search_page(ask: Asker, links: Links, asked: str) -> Page:
    """What carries the words in its name or text; without words, only the field."""
    say = speaker(links.language)
    rows = await ask.rows("pages/found", words=asked) if asked else ()
    found = [
        (shown(named(row, "thing", "notation")), value(row, "kind"), words(row, "kindName"), voice(row))
        for _, row in found_of(rows)
    ]
    suggestions = await nearby(ask, links, asked) if asked and not found else ()
    return Page(
        "search.html",
        title(say("search.title")),
        {"asked": asked, "found": found, "suggestions": suggestions},
        items=tuple(
            {
                "item": thing.iri,
                "what": "found",
                "name": thing.name.value,
                "lang": thing.name.lang,
                "kind": kind_name.value if kind_name else None,
                "voice": holder.iri if holder else None,
                "voiceName": holder.name.value if holder else None,
                "fictional": "true" if holder and holder.fictional else None,
            }
            for thing, _, kind_name, holder in found
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="search",
        parameters={"words": [asked]},
        noindex=True,
    )
