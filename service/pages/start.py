"""Start: what is there, what somebody connects, what is still open; and the words by which people come in."""

from __future__ import annotations

from collections.abc import Sequence

from kg.perspectives import card_name, flat
from kg.voices import Card, SideBySide, Tie
from service.pages.formats import of_card, of_reply, of_tie, once
from service.pages.frame import Asker, Page, marks, site_name, title
from service.pages.links import DEF, EDITORS_SLUG, REGISTER_SLUG, Links
from service.pages.side import beside, lists, ties_by_card
from service.pages.words import speaker

# "Dit is er": what people offer, do and have, before what is missing.
THERE_KINDS = (DEF + "Offer", DEF + "Initiative", DEF + "Facility")
THERE_SHOWN_MAX = 12  # The rest stands behind one click: the page is read on telephones.


def there(shown: SideBySide) -> tuple[Card, ...]:
    """Offers, initiatives and facilities in alphabetical order."""
    found = [card for card in (*shown.cards, *shown.register) if card.kind.iri in THERE_KINDS]
    return tuple(sorted(found, key=lambda card: (card_name(card).value.casefold(), card.iri)))


def one_connection(ties: Sequence[Tie], *, made_up: bool = False) -> Tie | None:
    """One connection to show: of a real party unless all here is made up, answered where there is one, in order."""
    whole = [tie for tie in ties if tie.target is not None and tie.rationale and (made_up or not tie.holder.fictional)]
    return min(whole, key=lambda tie: (not tie.replies, not tie.stated, tie.iri), default=None)


def one_call(ties: Sequence[Tie]) -> Tie | None:
    """One open call: nobody has met it in these data."""
    calls = [tie for tie in ties if tie.target is None and tie.relation.notation == "callsFor"]
    return min(calls, key=lambda tie: (tie.holder.fictional, tie.iri), default=None)


async def start_page(ask: Asker, links: Links) -> Page:
    """The first page, with the words of the service and three things from the data."""
    held = await lists(ask)
    shown = await beside(ask, links.base, held)
    say = speaker(links.language)
    registered = {party.voice.iri: party for party in held.parties}
    register = registered.get(f"{links.base}/id/{REGISTER_SLUG}")
    made_up = all(party.voice.fictional for party in held.parties)
    present, call = there(shown), one_call(shown.ties)
    connection = one_connection(shown.ties, made_up=made_up)
    context = {
        "made_up": register is not None and register.voice.fictional,
        "edited": f"{links.base}/id/{EDITORS_SLUG}" in registered,
        "present": present,
        "present_max": THERE_SHOWN_MAX,
        "connection": connection,
        "call": call,
        "marks": marks(held.perspectives, held.parties),
        "ties_of": ties_by_card(shown.ties),
        "held": held,
    }
    said = [tie for tie in (connection, call) if tie is not None]
    return Page(
        "start.html",
        f"{site_name(links)}.",
        context,
        items=once(
            [
                *map(of_card, present),
                *map(of_tie, said),
                *(of_reply(reply) for tie in said for reply in flat(tie.replies)),
            ]
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="start",
        atom=links.atom(),
        description=title(say("start.lead")),
        schema={"@type": "WebSite", "name": site_name(links), "inLanguage": links.language},
    )
