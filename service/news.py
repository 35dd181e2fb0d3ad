"""The door of word back: what happened with a story, for people, for programs and for feed readers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Asking, Unanswered
from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.ledger.quads import party_iri
from kg.objection import Objection, object_to
from kg.ontology import LANGUAGES, Ontology
from kg.word_back import Step, WordBack, word_back
from service.activities import CONTEXT, MEDIA_TYPE
from service.atom import CONTENT_TYPE, Feed, atom
from service.atom import MEDIA_TYPE as ATOM_TYPE
from service.callers import Callers
from service.negotiation import HTML, TRIPLES, Format, choose, content_type, language
from service.problems import problem
from service.reach import may_know, may_read
from service.reception import names, refuse_unknown
from service.telling import Teller, said

ATOM = Format("atom", ATOM_TYPE, ".atom", ("application/xml", "text/xml"))
FORMATS = (TRIPLES[2], Format("activity", MEDIA_TYPE, ".json"), ATOM, HTML)
OPEN = "connections-not-responded-to"  # The one definition of what is still open for its holder.


@dataclass(frozen=True)
class Told:
    """Word back with what its page needs to say it."""

    back: WordBack
    teller: Teller
    waiting: Sequence[Current]
    """Connections by others to which its holder has not responded."""
    audience: str


BackPage = Callable[[Request, Told], Awaitable[Response]]


class Aftermath:
    """What the door of word back needs."""

    def __init__(self, ledger: Lookups, asking: Asking, callers: Callers, ontology: Ontology, page: BackPage) -> None:
        self.ledger = ledger
        self.asking = asking
        self.callers = callers
        self.ontology = ontology
        self.page = page

    async def told(self, request: Request) -> Told | Objection:
        """Word back on the thing that the address names, for who asks."""
        calling = self.callers.calling(request)
        if isinstance(calling, Objection):
            return calling
        refused = refuse_unknown(names(request), ("thing", "lang"))
        if refused is not None:
            return refused
        iri = request.query_params.get("thing")
        if not iri:
            return object_to("ParameterMissing", path="thing")
        thing = await asyncio.to_thread(self.ledger.document, iri)
        if thing is None or not may_know(thing, calling):
            return object_to("NotThere", focus=iri[:200])
        if thing.ended is not None:
            return object_to("Gone", focus=iri)

        def read(current: Current) -> bool:
            return may_read(current, calling)

        back = await asyncio.to_thread(word_back, self.ledger, thing, read)
        waiting = await self._waiting(back, calling.audience) if calling.audience in thing.visible else ()
        if isinstance(waiting, Objection):
            return waiting
        public = "public" in thing.visible and not calling.is_known
        return Told(back, Teller(self.ledger, self.ontology, read), waiting, "public" if public else "restricted")

    async def _waiting(self, back: WordBack, audience: str) -> tuple[Current, ...] | Objection:
        """What the named question says is not responded to yet, of this thing."""
        party = party_iri(self.ledger.base, back.thing.party)
        try:
            rows = (await self.asking.rows(audience, OPEN, {"party": party})).rows
        except Unanswered as error:
            return error.objection
        about = dict.fromkeys(row["connection"].value for row in rows if row["mine"].value == back.thing.iri)
        shown = {step.statement.iri: step.statement for step in back.steps}
        return tuple(shown[iri] for iri in about if iri in shown)


def news_router(aftermath: Aftermath) -> APIRouter:
    """The router of `/news`."""
    router = APIRouter(tags=["Following"])

    @router.get(
        "/news",
        summary="What happened with a story",
        description="Who connected it to what and why, who responded, and what came of it, in order of time: as a page "
        "that can be printed and brought to who told it, as ActivityStreams in JSON-LD, or as Atom. For who may read "
        "the story.",
        openapi_extra={
            "parameters": [
                {"name": "thing", "in": "query", "required": True, "schema": {"type": "string"}, "description": "IRI."},
                {"name": "lang", "in": "query", "schema": {"type": "string", "enum": list(LANGUAGES)}},
            ]
        },
        responses={404: {"description": "Not there, or not for you"}, 410: {"description": "Withdrawn or erased"}},
        response_class=Response,
    )
    async def news(request: Request) -> Response:
        return await _answered(aftermath, request, choose(request.headers.get("accept"), FORMATS))

    @router.get("/news.jsonld", include_in_schema=False)
    async def as_activities(request: Request) -> Response:
        return await _answered(aftermath, request, FORMATS[0])

    @router.get("/news.atom", include_in_schema=False)
    async def as_atom(request: Request) -> Response:
        return await _answered(aftermath, request, ATOM)

    return router


async def _answered(aftermath: Aftermath, request: Request, form: Format | None) -> Response:
    base = aftermath.ledger.base
    told = await aftermath.told(request)
    if isinstance(told, Objection):
        return problem(request, base, told, status=410 if told.name == "Gone" else None)
    if form is None:
        limit = ", ".join(one.media_type for one in FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    if form is HTML:
        return await aftermath.page(request, told)
    lang = language(request.query_params.get("lang"), request.headers.get("accept-language"))
    made = _feed if form is ATOM else _collection
    body = await asyncio.to_thread(made, told, lang)
    headers = {
        "Vary": "Accept, Accept-Language, Authorization",
        "Cache-Control": "no-cache" if told.audience == "public" else "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(body, 200, headers, CONTENT_TYPE if form is ATOM else content_type(form))


def _address(told: Told, lang: str) -> str:
    return f"{told.teller.ledger.base}/news?{urlencode({'thing': told.back.thing.iri, 'lang': lang})}"


def _collection(told: Told, lang: str) -> bytes:
    """Each step as an activity, the oldest first."""
    found = {
        "@context": CONTEXT,
        "id": _address(told, lang),
        "type": "OrderedCollection",
        "context": told.back.thing.iri,
        "nameMap": {each: told.teller.name(told.back.thing.iri, each) for each in LANGUAGES},
        "totalItems": len(told.back.steps),
        "orderedItems": [_activity(step, told.teller) for step in told.back.steps],
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _activity(step: Step, teller: Teller) -> dict[str, Any]:
    statement, base = step.statement, teller.ledger.base
    found: dict[str, Any] = {
        "id": f"{base}/contributions/{statement.contribution}",
        "type": "Announce" if step.what == "connected" else "Create",
        "actor": party_iri(base, statement.party),
        "published": step.time,
        "object": statement.iri,
        "target": step.about,
        "summaryMap": {lang: teller.statement(statement, lang) for lang in LANGUAGES},
    }
    if statement.recorder != statement.party:
        found["attributedTo"] = party_iri(base, statement.recorder)
    reasons = [reason for lang in LANGUAGES if (reason := teller.reason(statement, lang))]
    return found | ({"contentMap": {reason.lang or "und": reason.text for reason in reasons}} if reasons else {})


def _feed(told: Told, lang: str) -> bytes:
    """The same for a feed reader, the newest first."""
    thing, address = told.back.thing, _address(told, lang)
    title = said("feed_thing", lang, name=told.teller.name(thing.iri, lang))
    feed = Feed(address, title, thing.time or "", address, address, lang)
    return atom(feed, [step.statement for step in reversed(told.back.steps)], told.teller)
