"""The door of inboxes (Linked Data Notifications): a party reads what concerns it, and others send it something.

Source: https://www.w3.org/TR/ldn/. What the ledger tells a party stands beside what others sent, the newest first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice, takewhile
from typing import Any

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from kg.activity import BODY_BYTES_MAX, LDP
from kg.admission import Admission, Refused
from kg.ledger.acts import Current
from kg.ledger.quads import party_iri, time_text
from kg.moments import read_time
from kg.news import Item, News
from kg.notices import Notice, Notices
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from service.activities import CONTEXT, MEDIA_TYPE, activity_of, activity_sent
from service.callers import Callers, Calling
from service.negotiation import TRIPLES, Format, choose, content_type
from service.problems import problem
from service.reach import may_know, may_read
from service.reception import names, read_body, refuse_unknown
from service.telling import Teller

ACTIVITY = Format("activity", MEDIA_TYPE, ".json")
FORMATS = (TRIPLES[2], ACTIVITY, TRIPLES[0], TRIPLES[1], TRIPLES[3])  # JSON-LD first, as the specification asks.
TAKEN = ("application/ld+json", MEDIA_TYPE)
PAGE_MAX = 100  # Notifications in one answer; the next ones have an address.
PAGE = 50
RETRY_SECONDS = 3600  # When a sender of too much may go on: what it sent is counted by the hour.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept, Authorization"}
RULES = "objections/notification-unclear"
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {media: {"schema": {"type": "object"}} for media in TAKEN}},
    "security": [{"token": []}],
}
_LISTED: dict[str, Any] = {
    "parameters": [
        {"name": "unread", "in": "query", "schema": {"type": "boolean"}, "description": "Only what is not read yet."},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX}},
        {"name": "before", "in": "query", "schema": {"type": "string"}, "description": "From the link `next`."},
    ],
    "security": [{"token": []}],
}


@dataclass(frozen=True)
class Inboxes:
    """What the door of inboxes needs."""

    admission: Admission
    news: News
    notices: Notices
    callers: Callers
    ontology: Ontology

    @property
    def base(self) -> str:
        """What all names begin with."""
        return self.admission.ledger.base

    def teller(self, calling: Calling) -> Teller:
        """Who puts news into sentences for this caller."""
        return Teller(self.admission.ledger, self.ontology, lambda current: may_read(current, calling))

    def now(self) -> datetime:
        """The time, at the edge of the house."""
        return self.admission.now()


@dataclass(frozen=True)
class Asked:
    """Which part of an inbox is asked for."""

    most: int
    since: str
    entry: str = ""
    """Id of the last notification from the ledger on the page before."""
    edge: int | None = None
    """The number of its entry."""
    sent: str = "~"
    """Time of the last one on that page that somebody sent; everything sorts before `~`."""


def asked_of(inboxes: Inboxes, request: Request, party: str) -> Asked | Objection:
    """What the parameters ask, or which of them is unclear."""
    refused = refuse_unknown(names(request), ("unread", "limit", "before", "lang"))
    if refused is not None:
        return refused
    given = request.query_params
    unread, limit, before = given.get("unread", "false"), given.get("limit", str(PAGE)), given.get("before", "")
    if unread not in ("true", "false"):
        return object_to("ParameterUnclear", path="unread", value=unread[:80], limit="true, false")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= PAGE_MAX):
        return object_to("ParameterUnclear", path="limit", value=limit[:80], limit=f"1–{PAGE_MAX}")
    since = inboxes.news.read_until(party) if unread == "true" else ""
    if not before:
        return Asked(int(limit), since)
    entry, mark, sent = before.partition("_")
    if not mark or len(before) > 80:
        return object_to("ParameterUnclear", path="before", value=before[:80], limit="Link: rel=next")
    edge = inboxes.news.number_of(entry) if entry else None
    if entry and edge is None:
        return object_to("ParameterUnclear", path="before", value=before, limit="Link: rel=next")
    return Asked(int(limit), since, entry, edge, sent or "~")


def listed(inboxes: Inboxes, calling: Calling, party: str, asked: Asked) -> tuple[list[Item | Notice], str | None]:
    """A page of an inbox, the newest first, and where the next one begins."""
    ledger, news = inboxes.admission.ledger, inboxes.news

    def read(current: Current) -> bool:
        return may_read(current, calling)

    found = news.items(ledger, party, read, lambda current: may_know(current, calling), before=asked.edge)
    items = takewhile(lambda item: item.time > asked.since, found)
    grounds: Sequence[Item] = ()
    if not asked.entry and asked.sent == "~":
        days = inboxes.admission.settings.ground_notice_days
        grounds = news.grounds(ledger, party, read, inboxes.now(), days, asked.since)
    sent = inboxes.notices.page(party, before=asked.sent, after=asked.since, most=asked.most + 1)
    whole: list[Item | Notice] = [*sorted(grounds, key=lambda one: one.ends or "")]
    both: Iterator[Item | Notice] = merge(items, sent, key=_time, reverse=True)
    whole += islice(both, asked.most + 1)
    page, more = whole[: asked.most], len(whole) > asked.most
    if not more:
        return page, None
    last = next((one.id for one in reversed(page) if isinstance(one, Item) and one.number), asked.entry)
    early = next((one.time for one in reversed(page) if isinstance(one, Notice)), asked.sent)
    return page, f"{last}_{early}"


def _time(one: Item | Notice) -> str:
    return one.time


def inbox_router(inboxes: Inboxes) -> APIRouter:
    """The router of `/inbox`."""
    router = APIRouter(tags=["Inbox"])
    base = inboxes.base

    @router.get(
        "/inbox",
        summary="Your own inbox",
        description="What concerns the party of this token: see `/inbox/{party}`, which `Content-Location` names.",
        openapi_extra=_LISTED,
        responses={401: {"description": "No token"}},
    )
    async def own(request: Request) -> Response:
        return await _listing(inboxes, request, None)

    @router.get(
        "/inbox/{party}",
        summary="A party's inbox",
        description="For that party alone: who tied something to its things, what became of what it tied to, and what "
        "others sent. JSON-LD and other RDF with `ldp:contains`; `application/activity+json` holds the notifications "
        "themselves.",
        openapi_extra=_LISTED,
        responses={401: {"description": "No token"}, 403: {"description": "Another's inbox"}},
    )
    async def inbox(request: Request, party: str) -> Response:
        return await _listing(inboxes, request, party)

    @router.post(
        "/inbox/{party}",
        summary="Send a notification",
        description="An activity of ActivityStreams 2.0 as JSON-LD, whose `actor` is the party of the token. No "
        "context but that of ActivityStreams is known by its address; none is fetched.",
        status_code=201,
        openapi_extra=_BODY,
        responses={
            401: {"description": "No token"},
            403: {"description": "Somebody else is the actor"},
            413: {"description": f"More than {BODY_BYTES_MAX} bytes"},
            415: {"description": "Not JSON-LD"},
            422: {"description": "Not an activity"},
            429: {"description": "Too many"},
        },
    )
    async def send(request: Request, party: str) -> Response:
        return await _send(inboxes, request, party)

    @router.options(
        "/inbox/{party}",
        summary="What an inbox takes",
        description="`Accept-Post` names the media types.",
        status_code=204,
    )
    async def options(party: str) -> Response:
        return Response(status_code=204, headers={"Allow": "GET, HEAD, OPTIONS, POST", "Accept-Post": ", ".join(TAKEN)})

    @router.post(
        "/inbox/{party}/read",
        summary="Mark as read",
        description="What came until now, or until the time in `until`, is read; `unread=true` then leaves it out.",
        openapi_extra={"security": [{"token": []}]},
        responses={401: {"description": "No token"}, 403: {"description": "Another's inbox"}},
    )
    async def read(request: Request, party: str) -> Response:
        calling = _owner(inboxes, request, party)
        if isinstance(calling, Response):
            return calling
        refused = refuse_unknown(names(request), ("until", "lang"))
        text = request.query_params.get("until")
        until = read_time(text) if text else inboxes.now()
        if refused is None and (until is None or until > inboxes.now()):
            refused = object_to(
                "ParameterUnclear", path="until", value=(text or "")[:80], limit=time_text(inboxes.now())
            )
        if refused is not None or until is None:
            return problem(request, base, refused or object_to("ParameterMissing", path="until"))
        await asyncio.to_thread(inboxes.news.mark_read, party, until)
        return Response(json.dumps({"readUntil": time_text(until)}), 200, PRIVATE, "application/json")

    @router.get(
        "/inbox/{party}/{id}",
        summary="A notification",
        description="For the party, and for who sent it; as far as it may be told now.",
        openapi_extra={"security": [{"token": []}]},
        responses={401: {"description": "No token"}, 404: {"description": "Not there, not any more, or not for you"}},
    )
    async def notification(request: Request, party: str, id: str) -> Response:
        return await _one(inboxes, request, party, id)

    return router


def _owner(inboxes: Inboxes, request: Request, party: str | None) -> Calling | Response:
    """The caller, when this inbox is its own (None: whichever is); else why it is not read."""
    base = inboxes.base
    calling = inboxes.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    if not calling.is_known or calling.party is None:
        return problem(request, base, object_to("TokenMissing"))
    if party is None or calling.party == party:
        return calling
    if not _is_party(inboxes, calling, party):
        return problem(request, base, object_to("NotThere"))
    return problem(request, base, object_to("InboxElsewhere", limit=f"/inbox/{calling.party}"))


def _is_party(inboxes: Inboxes, calling: Calling, slug: str) -> bool:
    """Whether this caller knows of such a party."""
    current = None if "/" in slug else inboxes.admission.ledger.document(party_iri(inboxes.base, slug))
    return current is not None and may_read(current, calling)


def _form(request: Request) -> Format | Objection:
    found = choose(request.headers.get("accept"), FORMATS)
    return found or object_to("FormatUnknown", limit=", ".join(form.media_type for form in FORMATS))


async def _listing(inboxes: Inboxes, request: Request, party: str | None) -> Response:
    calling = _owner(inboxes, request, party)
    if isinstance(calling, Response):
        return calling
    slug = str(calling.party)
    form, asked = _form(request), asked_of(inboxes, request, slug)
    if isinstance(form, Objection) or isinstance(asked, Objection):
        return problem(request, inboxes.base, form if isinstance(form, Objection) else asked)  # type: ignore[arg-type]
    page, following = await asyncio.to_thread(listed, inboxes, calling, slug, asked)
    here = f"{inboxes.base}/inbox/{slug}"
    headers = {**PRIVATE, "Content-Location": f"/inbox/{slug}", "Accept-Post": ", ".join(TAKEN)}
    if following is not None:
        headers["Link"] = f'</inbox/{slug}?before={following}&limit={asked.most}>; rel="next"'
    if form is ACTIVITY:
        told = await asyncio.to_thread(_collection, inboxes, calling, here, page)
        return Response(json.dumps(told, ensure_ascii=False, indent=1), 200, headers, MEDIA_TYPE)
    tree = {
        "@context": {"ldp": LDP, "contains": {"@id": "ldp:contains", "@type": "@id"}},
        "@id": here,
        "@type": "ldp:Container",
        "contains": [f"{here}/{one.id}" for one in page],
    }
    return await _answered(inboxes, tree, here, form, headers)


def _collection(inboxes: Inboxes, calling: Calling, here: str, page: Sequence[Item | Notice]) -> Mapping[str, Any]:
    """The notifications themselves, in order."""
    teller = inboxes.teller(calling)
    items = [_activity(one, teller, f"{here}/{one.id}") for one in page]
    return {"@context": CONTEXT, "id": here, "type": "OrderedCollection", "orderedItems": items}


def _activity(one: Item | Notice, teller: Teller, address: str) -> dict[str, Any]:
    return activity_of(one, teller, address) if isinstance(one, Item) else activity_sent(one)


async def _answered(
    inboxes: Inboxes, tree: Mapping[str, Any], address: str, form: Format, headers: Mapping[str, str]
) -> Response:
    """JSON-LD as it is; other formats by a checker."""
    text = json.dumps(tree, ensure_ascii=False, indent=1).encode()
    if form.name in ("jsonld", "activity"):
        return Response(text, 200, dict(headers), form.media_type)
    body = await asyncio.to_thread(inboxes.admission.convert_notice, text, address, form.name)
    return Response(body, 200, dict(headers), content_type(form))


async def _one(inboxes: Inboxes, request: Request, party: str, id: str) -> Response:
    base = inboxes.base
    calling = inboxes.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    if not calling.is_known or calling.party is None:
        return problem(request, base, object_to("TokenMissing"))
    refused, form = refuse_unknown(names(request), ("lang",)), _form(request)
    if refused is not None:
        return problem(request, base, refused)
    found = await asyncio.to_thread(_found, inboxes, calling, party, id)
    if found is None:
        return problem(request, base, object_to("NotThere"))
    if isinstance(form, Objection):
        return problem(request, base, form)
    address = f"{base}/inbox/{party}/{id}"
    tree = await asyncio.to_thread(_activity, found, inboxes.teller(calling), address)
    return await _answered(inboxes, tree, address, form, PRIVATE)


def _found(inboxes: Inboxes, calling: Calling, party: str, id: str) -> Item | Notice | None:
    """One notification: for its party, and what was sent for its sender too."""
    ledger, news = inboxes.admission.ledger, inboxes.news
    news.follow()  # So that what names something erased is gone before it is looked for.
    sent = inboxes.notices.find(party, id)
    if sent is not None:
        return sent if calling.party in (party, sent.sender) else None
    if calling.party != party:
        return None

    def read(current: Current) -> bool:
        return may_read(current, calling)

    if id.startswith("ground-"):
        days = inboxes.admission.settings.ground_notice_days
        soon = news.grounds(ledger, party, read, inboxes.now(), days)
        return next((item for item in soon if item.id == id), None)
    return news.item(ledger, party, id, read, lambda current: may_know(current, calling))


async def _send(inboxes: Inboxes, request: Request, party: str) -> Response:
    base, admission = inboxes.base, inboxes.admission
    calling = inboxes.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    if not calling.is_known or calling.party is None:
        return problem(request, base, object_to("TokenMissing"))
    refused = refuse_unknown(names(request), ("lang",))
    if refused is None and not await asyncio.to_thread(_is_party, inboxes, calling, party):
        refused = object_to("NotThere")
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if refused is None and media not in TAKEN:
        kind = "MediaTypeOther" if media else "MediaTypeMissing"
        refused = object_to(kind, value=media[:100], limit=", ".join(TAKEN))
    body = b"" if refused is not None else await read_body(request, BODY_BYTES_MAX)
    if refused is not None or isinstance(body, Objection):
        return _refused(request, base, refused or body)  # type: ignore[arg-type]
    id, sender = inboxes.notices.new_id(), party_iri(base, calling.party)
    checked = await asyncio.to_thread(admission.notice, body, address=f"{base}/inbox/{party}/{id}", sender=sender)
    if isinstance(checked, Refused):
        return _refused(request, base, *checked.objections)
    try:
        kept = await asyncio.to_thread(
            inboxes.notices.keep, id, party, calling.party, checked[0], checked[1], inboxes.now()
        )
    except DBAPIError:  # The file is locked for too long, or full.
        return problem(request, base, object_to("NotReady", limit="1 min"))
    if isinstance(kept, Objection):
        return problem(request, base, kept, headers={"Retry-After": str(RETRY_SECONDS)})
    return Response(status_code=201, headers={"Location": f"/inbox/{party}/{id}", **PRIVATE})


def _refused(request: Request, base: str, *objections: Objection) -> Response:
    """The refusal, with where it is written what an inbox takes."""
    rules = f'<{base}/def/{RULES}>; rel="{LDP}constrainedBy"'
    return problem(request, base, *objections, headers={"Link": rules, "Accept-Post": ", ".join(TAKEN)})
