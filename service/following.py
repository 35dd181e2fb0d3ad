"""The door of the Atom feeds: the whole, or what is said about a party's things, a thing, a theme, a place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg import vocabulary as word
from kg.asking import Asking, Unanswered
from kg.known import unknown_in
from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.ledger.quads import party_iri
from kg.news import News
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.questions import REGISTER, bind
from kg.vocabulary import SCHEME
from service.answers import STATE_CHARACTERS
from service.atom import CONTENT_TYPE, MEDIA_TYPE, Feed, atom
from service.callers import Callers
from service.negotiation import Format, choose, language
from service.problems import problem
from service.reception import names, refuse_unknown, unchanged
from service.telling import Teller, said

FORM = Format("atom", MEDIA_TYPE, ".atom", ("application/xml", "text/xml"))
CHOICES = ("thing", "party", "theme", "place", "question")
ENTRIES = 50  # In one answer; the link `next` leads on.
DOCUMENTS_MAX = 500  # How far back a feed about something goes; the whole goes back to the beginning.
POSITIONS_AT_ONCE = 100
POSITIONS_MAX = 2_000  # What one request looks at, when little of it still stands.
NO_VOICE = frozenset({word.PARTY, word.PLACE, word.NEIGHBOURHOOD, word.SOURCE})  # The register: nobody says anything.
PageOf = Callable[[str, str, str], str]
"""(choice, IRI or name, language) → the path of the page that shows the same."""


@dataclass(frozen=True)
class Wanted:
    """Which feed: by what, the name that was given, the IRI that it means, and from where on."""

    choice: str
    value: str
    iri: str
    before: str
    lang: str


@dataclass(frozen=True)
class Part:
    """The documents of one answer, and from where the next one goes on."""

    documents: Sequence[Current]
    following: str | None


class Following:
    """Finds what a feed holds: by key in the ledger where that can be, else by a question."""

    def __init__(
        self, ledger: Lookups, news: News, asking: Asking, callers: Callers, ontology: Ontology, page_of: PageOf
    ) -> None:
        self.ledger = ledger
        self.news = news
        self.asking = asking
        self.callers = callers
        self.ontology = ontology
        self.page_of = page_of

    @property
    def base(self) -> str:
        """What all names begin with."""
        return self.ledger.base

    def wanted(self, request: Request) -> Wanted | Objection:
        """What the address asks for; what a value means is looked up by `meant`."""
        refused = refuse_unknown(names(request), (*CHOICES, "before", "lang"))
        if refused is not None:
            return refused
        given = request.query_params
        tongue = given.get("lang")
        if tongue is not None and tongue not in ("nl", "en"):
            return object_to("ParameterUnclear", path="lang", value=tongue[:80], limit="nl, en")
        lang = language(tongue, request.headers.get("accept-language"))
        chosen = [name for name in CHOICES if name in given]
        if len(chosen) > 1:
            return object_to("ParameterUnclear", path=chosen[1], value=given[chosen[1]][:80], limit=f"{chosen[0]} / -")
        choice = chosen[0] if chosen else ""
        return self._meant(choice, given.get(choice, ""), given.get("before", "")[:80], lang)

    def _meant(self, choice: str, value: str, before: str, lang: str) -> Wanted | Objection:
        iri = value
        if choice and not value:
            return object_to("ParameterMissing", path=choice)
        if choice == "party":
            iri = party_iri(self.base, value.removeprefix(f"{self.base}/id/"))
        elif choice == "theme":
            lists = [self.ontology.notations.get(SCHEME + scheme, {}) for scheme in ("theme", "lifeDomain")]
            found = [known.get(value, value) for known in lists if value in known or value in known.values()]
            if not found:
                return object_to("ParameterUnclear", path="theme", value=value[:80], limit=", ".join(lists[0]))
            iri = found[0]
        elif choice == "place" and ":" not in value:
            iri = party_iri(self.base, value if "/" in value else f"{REGISTER}/{value}")
        elif choice == "question":
            question = self.asking.questions.get(value)
            if question is None or not question.is_open:
                return object_to("QuestionUnknown", value=value[:80], limit="/queries")
        whole_or_list = choice != "party"
        if before and whole_or_list and not (before.isascii() and before.isdigit() and len(before) < 16):
            return object_to("ParameterUnclear", path="before", value=before, limit="Link: rel=next")
        return Wanted(choice, value, iri, before, lang)

    async def part(self, wanted: Wanted, audience: str) -> Part | Objection:
        """The documents of a feed, as far as this audience's store shows them."""

        def shown(current: Current) -> bool:
            return current.ended is None and audience in current.visible

        if wanted.choice in ("thing", "party"):
            there = await asyncio.to_thread(self.ledger.document, wanted.iri)
            if there is None or not shown(there):
                return object_to("NotThere", focus=wanted.iri[:200])
        if wanted.choice == "":
            return await asyncio.to_thread(self._latest, audience, shown, wanted.before)
        if wanted.choice == "party":
            return await asyncio.to_thread(self._of_party, audience, shown, wanted)
        if wanted.choice == "thing":
            found = await asyncio.to_thread(self._around, wanted.iri, shown)
            return _cut(found, wanted.before)
        iris = await self._asked(wanted, audience)
        if isinstance(iris, Objection):
            return iris
        documents = await asyncio.to_thread(lambda: [self.ledger.document(iri) for iri in iris])
        found = [one for one in documents if one is not None and shown(one)]
        return _cut(sorted(found, key=_newest, reverse=True), wanted.before)

    def _latest(self, audience: str, shown: Callable[[Current], bool], before: str) -> Part:
        """What came last into this audience's store and still stands there, from a position of its chain back."""
        top = self.ledger.positions()[audience]
        edge = min(int(before) - 1, top) if before else top
        found: list[Current] = []
        least = max(0, edge - POSITIONS_MAX)
        while edge > least:
            start = max(least, edge - POSITIONS_AT_ONCE)
            for told in reversed(self.ledger.told(audience, start, edge - start)):
                for envelope in reversed(told.entered):
                    current = self._of(str(envelope["id"]))
                    if current is not None and shown(current) and not NO_VOICE & set(current.classes):
                        found.append(current)
                edge = told.position - 1
                if len(found) >= ENTRIES:
                    return Part(found, str(told.position) if edge else None)
            edge = start
        return Part(found, str(edge + 1) if edge else None)

    def _of(self, contribution: str) -> Current | None:
        """The document of a contribution, while that is current."""
        recorded = self.ledger.contribution(contribution)
        current = self.ledger.document(recorded.iri) if recorded is not None and recorded.iri else None
        return current if current is not None and current.contribution == contribution else None

    def _of_party(self, audience: str, shown: Callable[[Current], bool], wanted: Wanted) -> Part | Objection:
        """What is said about a party's things."""
        edge = self.news.number_of(wanted.before) if wanted.before else None
        if wanted.before and edge is None:
            return object_to("ParameterUnclear", path="before", value=wanted.before, limit="Link: rel=next")
        slug = wanted.iri.removeprefix(f"{self.base}/id/")
        items = self.news.items(self.ledger, slug, shown, lambda current: audience in current.seen, before=edge)
        found = list(islice(((one.id, one.statement) for one in items if one.statement is not None), ENTRIES + 1))
        documents = [statement for _, statement in found[:ENTRIES]]
        return Part(documents, found[ENTRIES - 1][0] if len(found) > ENTRIES else None)

    def _around(self, iri: str, shown: Callable[[Current], bool]) -> list[Current]:
        """A thing, what ties to it, and what responds to that, the newest first."""
        own = self.ledger.document(iri)
        direct = sorted((one for one in self.ledger.dependents(iri) if shown(one)), key=_newest, reverse=True)
        around = [iri, *(one.iri for one in direct[:DOCUMENTS_MAX])]
        around += [two.iri for one in direct[:ENTRIES] for two in self.ledger.dependents(one.iri) if shown(two)]
        found = [self.ledger.document(each) for each in dict.fromkeys(around)]
        there = [one for one in found if one is not None and shown(one)]
        return sorted(there if own is not None else [], key=_newest, reverse=True)

    async def _asked(self, wanted: Wanted, audience: str) -> list[str] | Objection:
        """The documents that a question names: on a theme, about a place, or in the first column of its rows."""
        name, values = {
            "theme": ("pages/lately-on-a-theme", {"topic": wanted.iri}),
            "place": ("pages/lately-in-a-place", {"place": wanted.value}),
        }.get(wanted.choice, (wanted.value, {}))
        question = self.asking.questions[name]
        bound = bind(question, values)
        if not isinstance(bound, str):
            return bound[0]
        try:
            if wanted.choice == "place" and await unknown_in(self.asking, audience, question, values):
                return object_to("NotThere", focus=wanted.value[:200])
            rows = await self.asking.rows(audience, name, values)
        except Unanswered as error:
            return error.objection
        first = rows.columns[0]
        cells = (row[first] for row in rows.rows if first in row)
        iris = dict.fromkeys(cell.value.partition("#")[0] for cell in cells if cell.kind == "uri")
        return list(iris)[:DOCUMENTS_MAX]


def _newest(current: Current) -> tuple[str, str]:
    return current.time or "", current.iri


def _cut(documents: Sequence[Current], before: str) -> Part:
    """A part of a list; `before` counts the documents of the parts before it."""
    start = int(before) if before else 0
    end = start + ENTRIES
    return Part(documents[start:end], str(end) if end < len(documents) else None)


def following_router(following: Following) -> APIRouter:
    """The router of `/atom`."""
    router = APIRouter(tags=["Following"])
    base = following.base

    @router.get(
        "/atom",
        summary="Follow in a feed reader",
        description="Atom (RFC 4287): the whole, or what is said about a party's things, a thing, a theme, a place, or "
        "in the first column of a named question; one of these. What is public; with a token, what partners read too.",
        openapi_extra={
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "string"}, "description": about}
                for name, about in (
                    ("thing", "IRI of a thing."),
                    ("party", "Slug or IRI of a party: what is said about its things."),
                    ("theme", "Notation or IRI of a theme or life domain."),
                    ("place", "Slug or IRI of a place."),
                    ("question", "Name of a question of `/queries`."),
                    ("lang", "nl or en."),
                    ("before", "From the link `next`."),
                )
            ]
        },
        responses={
            200: {"description": "The feed", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
            400: {"description": "A parameter that is unknown or unclear"},
            404: {"description": "Nothing of that name for you"},
        },
        response_class=Response,
    )
    async def feed(request: Request) -> Response:
        calling = following.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        wanted = following.wanted(request)
        if isinstance(wanted, Objection):
            return problem(request, base, wanted)
        if choose(request.headers.get("accept"), (FORM,)) is None:
            return problem(request, base, object_to("FormatUnknown", limit=MEDIA_TYPE))
        audience = calling.audience
        position, digest = following.ledger.heads()[audience]
        headers = {
            "ETag": f'W/"{audience[:2]}{position}-{digest[:STATE_CHARACTERS]}-atom-{wanted.lang}"',
            "Wijkgraaf-Position": str(position),
            "Vary": "Accept, Accept-Language, Authorization",
            "Cache-Control": "no-cache" if audience == "public" else "private, no-store",
            "Content-Language": wanted.lang,
            "X-Robots-Tag": "noindex",
        }
        part = await following.part(wanted, audience)
        if isinstance(part, Objection):
            return problem(request, base, part)
        if unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        body = await asyncio.to_thread(_written, following, wanted, part, audience)
        return Response(body, 200, headers, CONTENT_TYPE)

    return router


def _written(following: Following, wanted: Wanted, part: Part, audience: str) -> bytes:
    """The feed of these documents."""

    def shown(current: Current) -> bool:
        return current.ended is None and audience in current.visible

    base, lang = following.base, wanted.lang
    teller = Teller(following.ledger, following.ontology, shown)
    own = {wanted.choice: wanted.value} if wanted.choice else {}

    def address(**more: str) -> str:
        return f"{base}/atom?{urlencode({**own, 'lang': lang, **more})}"

    if wanted.choice == "question":
        question = following.asking.questions[wanted.value]
        name = question.question_nl if lang == "nl" else question.question_en
    elif wanted.choice == "theme":
        name = following.ontology.labels(wanted.iri, lang)
    else:
        title = teller.title(wanted.iri, lang) if wanted.choice else None
        name = title.text if title else wanted.value
    first = following.ledger.place_of(audience, 1)
    feed = Feed(
        id=address(),
        title=said(f"feed_{wanted.choice or 'all'}", lang, name=name),
        updated=first.time if first is not None else "1970-01-01T00:00:00Z",
        self_link=address(**({"before": wanted.before} if wanted.before else {})),
        page=base + following.page_of(wanted.choice, wanted.iri, lang),
        lang=lang,
        next_link=address(before=part.following) if part.following is not None else None,
    )
    return atom(feed, part.documents, teller)
