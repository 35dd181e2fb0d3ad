"""The doors of mail: a party names addresses for its news, who reads them confirms, and one click ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.admission import Admission
from kg.news import News
from kg.objection import Objection, object_to
from kg.subscriptions import Subscription, Subscriptions
from service.callers import Callers
from service.post import sender_of
from service.problems import problem
from service.reception import names, read_body, refuse_unknown
from service.rights import Calling

FORM_BYTES_MAX = 4096  # A few short fields.
FORM = "application/x-www-form-urlencoded"
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
MailPage = Callable[[Request, str, str, Subscription], Awaitable[Response]]
"""(request, what: confirm, confirmed, stop or stopped, code, subscription) → a page."""
_FIELDS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["address"],
                    "properties": {
                        "address": {"type": "string", "format": "email"},
                        "lang": {"type": "string", "enum": ["nl", "en"], "default": "nl"},
                        "frequency": {"type": "string", "enum": ["at-once", "daily", "weekly"], "default": "daily"},
                    },
                }
            }
        },
    },
    "security": [{"token": []}],
}
_CODE: dict[str, Any] = {
    "parameters": [{"name": "code", "in": "query", "required": True, "schema": {"type": "string"}}]
}


@dataclass(frozen=True)
class Mailing:
    """What the doors of mail need."""

    admission: Admission
    news: News
    subscriptions: Subscriptions
    callers: Callers
    page: MailPage

    @property
    def base(self) -> str:
        """What all names begin with."""
        return self.admission.ledger.base


def mailing_router(mailing: Mailing) -> APIRouter:
    """The router of `/mail` and of the addresses beside an inbox."""
    router = APIRouter(tags=["Inbox"])
    base, subscriptions = mailing.base, mailing.subscriptions

    @router.get(
        "/inbox/{party}/mail",
        summary="Addresses that get this party's news",
        description="For the party alone; those that nobody confirmed yet say so.",
        openapi_extra={"security": [{"token": []}]},
        responses={401: {"description": "No token"}, 403: {"description": "Another's"}},
    )
    async def addresses(request: Request, party: str) -> Response:
        calling = _owner(mailing, request, party)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        found = await asyncio.to_thread(subscriptions.all, party)
        return JSONResponse({"addresses": [_told(one) for one in found]}, headers=PRIVATE)

    @router.post(
        "/inbox/{party}/mail",
        summary="Send this party's news to an address",
        description="A form with address, lang and frequency. The address first gets a letter with a link; only who "
        "follows it gets news.",
        status_code=202,
        openapi_extra=_FIELDS,
        responses={
            401: {"description": "No token"},
            422: {"description": "No address"},
            503: {"description": "No mail"},
        },
    )
    async def add(request: Request, party: str) -> Response:
        calling = _owner(mailing, request, party)
        fields = await _fields(request) if not isinstance(calling, Objection) else calling
        if isinstance(fields, Objection):
            return problem(request, base, fields)
        unknown = refuse_unknown(list(fields), ("address", "lang", "frequency"))
        if unknown is None and sender_of(mailing.admission.settings) is None:
            unknown = object_to("MailOff")
        if unknown is not None:
            return problem(request, base, unknown)
        made = await asyncio.to_thread(
            subscriptions.add,
            party,
            fields.get("address", ""),
            fields.get("lang", "nl"),
            fields.get("frequency", "daily"),
            mailing.admission.now(),
        )
        if isinstance(made, Objection):
            return problem(request, base, made)
        return JSONResponse(_told(made), 202, PRIVATE)

    @router.delete(
        "/inbox/{party}/mail/{id}",
        summary="No more news to an address",
        description="It is forgotten.",
        status_code=204,
        openapi_extra={"security": [{"token": []}]},
        responses={404: {"description": "Not there"}},
    )
    async def remove(request: Request, party: str, id: str) -> Response:
        calling = _owner(mailing, request, party)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        if id not in {one.id for one in await asyncio.to_thread(subscriptions.all, party)}:
            return problem(request, base, object_to("NotThere"))
        await asyncio.to_thread(subscriptions.remove, id)
        return Response(status_code=204, headers=PRIVATE)

    for what in ("confirm", "stop"):
        _pages_of(router, mailing, what)
    return router


def _pages_of(router: APIRouter, mailing: Mailing, what: str) -> None:
    """The page that a link in a letter leads to, and its button. Programs open links too: only the button does it."""
    path = f"/mail/{what}"
    does = {"confirm": "wants this party's news", "stop": "wants no more mail"}[what]

    async def ask(request: Request) -> Response:
        code = request.query_params.get("code", "")
        found = await asyncio.to_thread(mailing.subscriptions.find, what, code)
        if found is None:
            return problem(request, mailing.base, object_to("CodeUnknown"))
        return await mailing.page(request, what, code, found)

    async def do(request: Request) -> Response:
        fields = await _fields(request)
        if isinstance(fields, Objection):
            return problem(request, mailing.base, fields)
        code = request.query_params.get("code") or fields.get("code", "")
        found = await asyncio.to_thread(mailing.subscriptions.find, what, code)
        if found is None:
            return problem(request, mailing.base, object_to("CodeUnknown"))
        if what == "confirm":
            await asyncio.to_thread(mailing.news.follow)
            entry = await asyncio.to_thread(mailing.news.followed)
            await asyncio.to_thread(mailing.subscriptions.confirm, found.id, entry, mailing.admission.now())
        else:
            await asyncio.to_thread(mailing.subscriptions.remove, found.id)
        return await mailing.page(request, {"confirm": "confirmed", "stop": "stopped"}[what], code, found)

    unknown: dict[int | str, dict[str, Any]] = {404: {"description": "No such code, or used up"}}
    router.get(
        path,
        summary=f"Who reads this address {does}",
        description="From the link in a letter: a page with a button.",
        openapi_extra=_CODE,
        responses=unknown,
        name=f"{what}_page",
    )(ask)
    router.post(
        path,
        summary=f"Who reads this address {does}: done",
        description="The button of that page; mail programs send it too (RFC 8058).",
        openapi_extra=_CODE,
        responses=unknown,
        name=what,
    )(do)


def _owner(mailing: Mailing, request: Request, party: str) -> Calling | Objection:
    """The caller, when this is its own inbox."""
    calling = mailing.callers.calling(request)
    if isinstance(calling, Objection):
        return calling
    if not calling.is_known or calling.party is None:
        return object_to("TokenMissing")
    if calling.party != party:
        return object_to("InboxElsewhere", limit=f"/inbox/{calling.party}/mail")
    refused = refuse_unknown(names(request), ("lang",))
    if refused is None and not calling.may_contribute:
        refused = object_to("RightMissing", limit="contribute")
    return refused or calling


async def _fields(request: Request) -> dict[str, str] | Objection:
    """The fields of a form, each once."""
    body = await read_body(request, FORM_BYTES_MAX)
    if isinstance(body, Objection):
        return body
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if body and media != FORM:
        return object_to("MediaTypeOther", value=media[:100], limit=FORM)
    try:
        found = parse_qs(body.decode(), max_num_fields=10)
    except ValueError:  # Not UTF-8, or too many fields.
        return object_to("ParameterUnclear", path="body", value="-", limit=FORM)
    twice = next((name for name, texts in found.items() if len(texts) > 1), None)
    if twice is not None:
        return object_to("ParameterUnclear", path=twice[:80], value=f"{len(found[twice])}×", limit="1×")
    return {name: texts[0] for name, texts in found.items()}


def _told(one: Subscription) -> dict[str, object]:
    """What its own party may know of an address."""
    return {
        "id": one.id,
        "address": one.address,
        "lang": one.lang,
        "frequency": one.frequency,
        "confirmed": one.confirmed,
    }
