"""Word back as a page: what happened with a story, in plain words, to print and to bring to who told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from kg import vocabulary as word
from kg.ledger.acts import Current
from kg.ledger.quads import party_iri
from kg.spoken import Text
from kg.word_back import Step, WordBack
from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.words import speaker
from service.telling import Teller


@dataclass(frozen=True)
class Happened:
    """One thing that happened, as it is shown: by whom, when, and in whose words."""

    iri: str
    holder: str
    what: str
    day: str
    sentence: str
    reason: Text | None


def back_page(links: Links, back: WordBack, teller: Teller, waiting: Sequence[Current]) -> Page:
    """The page of what happened with one thing."""
    lang, say = links.language, speaker(links.language)
    thing = back.thing

    def shown(statement: Current, what: str, time: str) -> Happened:
        return Happened(
            statement.iri,
            party_iri(links.base, statement.party),
            what,
            time,
            teller.statement(statement, lang),
            teller.reason(statement, lang),
        )

    def happened(steps: Sequence[Step]) -> tuple[Happened, ...]:
        return tuple(shown(step.statement, step.what, step.time) for step in steps)

    name = teller.title(thing.iri, lang)
    is_story = word.STORY in thing.classes
    asked = urlencode({"thing": thing.iri})
    return Page(
        "back.html",
        title(say("back.title") if is_story else say("back.thing")),
        {
            "is_story": is_story,
            "thing": thing,
            "name": name,
            "holder": teller.party(thing.party, lang),
            "recorder": teller.party(thing.recorder, lang) if thing.recorder != thing.party else "",
            "steps": happened(back.steps),
            "questions": happened(back.unanswered),
            "waiting": tuple(shown(one, "connected", one.time or "") for one in waiting),
            "cut": back.cut,
            "follow": f"/atom?{asked}&lang={lang}",
        },
        crumbs=((name.text, links.thing(thing.iri)),) if name else (),
        here=f"/news?{asked}",
        alternates=(
            ("application/ld+json", f"/news.jsonld?{asked}&lang={lang}"),
            ("application/atom+xml", f"/news.atom?{asked}&lang={lang}"),
        ),
        noindex=True,
    )
