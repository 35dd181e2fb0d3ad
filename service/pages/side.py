"""Side by side: every party in its own words, the connections that parties make, and nothing in between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.perspectives import Row, by_name, concepts, grouped, named, side_by_side
from kg.voices import Named, Party, Period, Reply, SideBySide, Tie, Voice, Words
from service.pages.figures import ribbons
from service.pages.formats import of_card, of_reply, of_tie, once
from service.pages.frame import SCHEME, Asker, Page, marks, title
from service.pages.links import REGISTER_SLUG, Links
from service.pages.words import speaker

PARAMETERS = ("theme", "place", "period", "party", "order", "density", "left", "right")
# The limit in queries/pages/cards.rq: an answer of this many rows may have been cut, and the page says so.
CARD_ROWS_MAX = 4000
YEARS_PER_PERIOD = 5
_PERIOD = re.compile(r"(\d{4})(?:-(\d{4}))?")


@dataclass(frozen=True)
class Unknown:
    """A value in the address that names nothing here, with what may have been meant."""

    what: str
    asked: str
    near: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Filters:
    """What the reader chose, resolved to things."""

    theme: Named | None = None
    place: Named | None = None
    period: Period | None = None
    parties: tuple[Party, ...] = ()
    pair: tuple[Party, Party] | None = None


@dataclass(frozen=True)
class Lists:
    """What can be chosen."""

    themes: tuple[tuple[Named, tuple[Named, ...]], ...]
    loose_themes: tuple[Named, ...]
    places: tuple[Named, ...]
    parties: tuple[Party, ...]
    perspectives: tuple[Named, ...]

    def topics(self) -> tuple[Named, ...]:
        """All life domains and themes in one list."""
        return tuple(topic for domain, themes in self.themes for topic in (domain, *themes)) + self.loose_themes


async def lists(ask: Asker) -> Lists:
    """The themes under their life domains, the places, the parties and the perspectives."""
    theme_rows, domain_rows, place_rows, parties, perspectives = await asyncio.gather(
        ask.quiet("pages/concepts", scheme=SCHEME + "theme"),
        ask.quiet("pages/concepts", scheme=SCHEME + "lifeDomain"),
        ask.quiet("pages/places"),
        ask.parties(),
        ask.perspectives(),
    )
    themes = concepts(theme_rows)
    above = {
        group[0]["concept"].value: {row["broader"].value for row in group if "broader" in row}
        for group in grouped(theme_rows, "concept").values()
    }
    domains = concepts(domain_rows)
    under = tuple((d, tuple(t for t in themes if d.iri in above.get(t.iri, ()))) for d in domains)
    placed = {theme.iri for _, group in under for theme in group}
    return Lists(
        under,
        tuple(theme for theme in themes if theme.iri not in placed),
        places_of(place_rows),
        parties,
        perspectives,
    )


def places_of(rows: Sequence[Row]) -> tuple[Named, ...]:
    """The places in alphabetical order."""
    return tuple(sorted((named(group[0], "place") for group in grouped(rows, "place").values()), key=by_name))


def period_of(text: str) -> Period | None:
    """A period from the address: `2015-2020`, `2018` or the word for unknown; None when it is none of these."""
    if text == "unknown":
        return Period(unknown=True)
    found = _PERIOD.fullmatch(text)
    return Period(int(found[1]), int(found[2] or found[1])) if found else None


def resolve(asked: Mapping[str, Sequence[str]], held: Lists, base: str) -> Filters | Unknown:
    """The words of the address as things, or the first word that names nothing."""

    def first(key: str) -> str:
        return next((value for value in asked.get(key, ()) if value), "")

    def one(key: str, things: Sequence[Named]) -> Named | Unknown | None:
        if not first(key):
            return None
        said = first(key).casefold()
        named_so = (t for t in things if said in (t.notation.casefold(), t.iri.casefold(), t.name.value.casefold()))
        return next(named_so, Unknown(key, first(key)))

    theme = one("theme", held.topics())
    place = one("place", held.places)
    if isinstance(theme, Unknown):
        return theme
    if isinstance(place, Unknown):
        return place
    by_slug = {party.voice.iri.removeprefix(f"{base}/id/"): party for party in held.parties}
    for key in ("party", "left", "right"):
        for slug in asked.get(key, ()):
            if slug and slug not in by_slug:
                return Unknown(key, slug)
    period = period_of(first("period")) if first("period") else None
    if first("period") and period is None:
        return Unknown("period", first("period"))
    for key, allowed in (("order", ("name", "newest")), ("density", ("full", "short"))):
        if first(key) and first(key) not in allowed:
            return Unknown(key, first(key))
    chosen = tuple(by_slug[slug] for slug in asked.get("party", ()) if slug)
    pair = (by_slug[first("left")], by_slug[first("right")]) if first("left") and first("right") else None
    return Filters(theme, place, period, chosen, pair)


async def beside(
    ask: Asker,
    base: str,
    held: Lists,
    *,
    theme: str | None = None,
    place: str | None = None,
    party: str | None = None,
    period: Period | None = None,
    chosen: frozenset[str] = frozenset(),
    newest_first: bool = False,
) -> SideBySide:
    """Asks the questions of a side by side and lays the answers beside one another."""
    given = {"theme": theme, "place": place, "party": party}
    cards, found_marks, ties, ends, responses = await asyncio.gather(
        ask.rows("pages/cards", **given),
        ask.quiet("pages/marks", **given),
        ask.rows("pages/ties", **given),
        ask.quiet("pages/ends", **given),
        ask.rows("pages/responses", **given),
    )
    return side_by_side(
        cards,
        found_marks,
        ties,
        ends,
        responses,
        held.parties,
        held.perspectives,
        register=f"{base}/id/{REGISTER_SLUG}",
        period=period,
        chosen=chosen,
        newest_first=newest_first,
        cut=len(cards) >= CARD_ROWS_MAX,
    )


def periods(years: Sequence[str]) -> tuple[str, ...]:
    """Spans of five years that cover the years found, newest first."""
    found = sorted({int(year) // YEARS_PER_PERIOD * YEARS_PER_PERIOD for year in years if year.isdigit()}, reverse=True)
    return tuple(f"{start}-{start + YEARS_PER_PERIOD - 1}" for start in found)


def figure_names(language: str) -> dict[str, Words]:
    """The words for what is no perspective in a figure."""
    say = speaker(language)
    return {
        "register": Words(title(say("side.register.column")), language),
        "open": Words(title(say("side.open.column")), language),
        "gone": Words(title(say("gone.short")), language),
        "example": Words(title(say("voice.example")), language),
    }


def ties_by_card(ties: Sequence[Tie]) -> dict[str, list[Tie]]:
    """The connections under each thing that they start from or lead to."""
    under: dict[str, list[Tie]] = {}
    for tie in ties:
        for end in (tie.origin, tie.target):
            if end is not None and tie not in under.setdefault(end.iri, []):
                under[end.iri].append(tie)
    return under


def removable(
    asked: Mapping[str, Sequence[str]], filters: Filters, links: Links, party_names: Mapping[str, Voice]
) -> list[tuple[str, Words, str]]:
    """Each active filter as (what, its name, the page without it)."""

    def without(key: str, value: str | None = None) -> str:
        rest = {k: [v for v in vs if not (k == key and value in (None, v))] for k, vs in asked.items()}
        return links.page("side", **rest)

    active: list[tuple[str, Words, str]] = []
    if filters.theme:
        active.append(("theme", filters.theme.name, without("theme")))
    if filters.place:
        active.append(("place", filters.place.name, without("place")))
    if filters.period:
        text = next(value for value in asked["period"] if value)
        label = title(speaker(links.language)("period.unknown")) if filters.period.unknown else text.replace("-", "–")
        active.append(("period", Words(label, links.language), without("period")))
    for slug in asked.get("party", ()):
        if slug:
            active.append(("party", party_names[slug].name, without("party", slug)))
    return active


def replies_by_target(responses: Sequence[Reply]) -> dict[str, list[Reply]]:
    """The responses to each thing."""
    to: dict[str, list[Reply]] = {}
    for reply in responses:
        to.setdefault(reply.target, []).append(reply)
    return to


async def side_page(ask: Asker, links: Links, asked: Mapping[str, Sequence[str]]) -> Page | Unknown:
    """The flagship: sections by perspective, in them a viewpoint per party, the figure and the table of connections."""
    held = await lists(ask)
    filters = resolve(asked, held, links.base)
    if isinstance(filters, Unknown):
        return filters
    pair = filters.pair
    chosen = frozenset(p.voice.iri for p in (pair or filters.parties))
    shown = await beside(
        ask,
        links.base,
        held,
        theme=filters.theme.iri if filters.theme else None,
        place=filters.place.iri if filters.place else None,
        period=filters.period,
        chosen=chosen,
        newest_first="newest" in asked.get("order", ()),
    )
    say = speaker(links.language)
    by_slug = {p.voice.iri.removeprefix(f"{links.base}/id/"): p.voice for p in held.parties}
    every = (*shown.cards, *shown.register)
    figure = ribbons(
        shown.ties,
        every,
        held.parties,
        held.perspectives,
        register=f"{links.base}/id/{REGISTER_SLUG}",
        names=figure_names(links.language),
    )
    heading = title(say("side.title"))
    if filters.theme:
        heading = title(say("side.title.about", about=filters.theme.name.value))
    context = {
        "shown": shown,
        "figure": figure,
        "held": held,
        "filters": filters,
        "asked": asked,
        "active": removable(asked, filters, links, by_slug),
        "marks": marks(held.perspectives, held.parties),
        "ties_of": ties_by_card(shown.ties),
        "replies_of": replies_by_target(shown.responses),
        "pair": pair,
        "between": between(shown.ties, pair) if pair else (),
        "periods": periods(shown.years),
        # The whole neighbourhood at once is read as an overview; whoever chose something reads the texts.
        "compact": "short" in asked.get("density", ()) or not asked,
        "keepers": [p for p in held.parties if p.keeps],
    }
    return Page(
        "pair.html" if pair else "side.html",
        heading,
        context,
        items=once(
            [*map(of_card, every), *map(of_tie, shown.ties), *map(of_reply, shown.responses)],
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="side",
        parameters=asked,
        description=title(say("side.lead")),
        noindex=True,
    )


def between(ties: Sequence[Tie], pair: tuple[Party, Party]) -> tuple[Tie, ...]:
    """The connections with one end at each of two parties."""
    two = {party.voice.iri for party in pair}
    return tuple(
        tie
        for tie in ties
        if tie.target is not None
        and tie.origin.holder is not None
        and tie.target.holder is not None
        and {tie.origin.holder.iri, tie.target.holder.iri} == two
    )
