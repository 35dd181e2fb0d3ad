"""The door that tells a holder who read what is not public, and the steward how much was read."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.noting import Notes, Read
from kg.objection import Objection, object_to
from kg.party import Right
from service.contributions import Speaking
from service.problems import problem
from service.reach import made_it
from service.reception import names, refuse_unknown
from service.rights import Calling, lacks

LINES_MAX = 1000  # The newest; what is older is asked per document.
PRIVATE = {"Cache-Control": "private, no-store"}


def readers_router(speaking: Speaking, notes: Notes) -> APIRouter:
    """The router of `/readers`."""
    router = APIRouter(tags=["Documents"])
    base = speaking.base

    @router.get(
        "/readers",
        summary="Who read what is not public",
        description="To a holder, with a token that contributes: by which party, at which door and when each of its "
        f"documents was read that is not public (`iri` for one document; the newest {LINES_MAX} lines). To the "
        "steward: counts, without names of documents. A line stands for a day, with the minute of the first time. "
        "Reading by the holder itself and by who recorded it is not noted.",
        responses={401: {"description": "No token"}, 403: {"description": "Another right"}, 404: {"description": "-"}},
        openapi_extra={
            "parameters": [
                {"name": "iri", "in": "query", "schema": {"type": "string"}, "description": "One document."}
            ],
            "security": [{"token": []}],
        },
    )
    async def readers(request: Request) -> Response:
        refused = refuse_unknown(names(request), ("iri", "lang"))
        if refused is not None:
            return problem(request, base, refused)
        calling = speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        found = await asyncio.to_thread(_told, speaking, notes, calling, request.query_params.get("iri"))
        return problem(request, base, found) if isinstance(found, Objection) else JSONResponse(found, headers=PRIVATE)

    return router


def _told(speaking: Speaking, notes: Notes, calling: Calling, iri: str | None) -> dict[str, Any] | Objection:
    base, keeps = speaking.base, {"daysKept": notes.days}
    if iri is None and calling.is_steward and not calling.operator:
        return keeps | {"counts": counts(base, notes)}
    if not calling.may_contribute or calling.party is None:
        return lacks(calling, Right.CONTRIBUTE)
    if iri is None:
        return keeps | {"reads": [_line(base, one) for one in notes.of_holder(calling.party, LINES_MAX)]}
    current = speaking.ledger.document(iri)
    if current is None or not made_it(current, calling) or current.party != calling.party:
        return object_to("NotThere", focus=iri)
    return keeps | {"reads": [_line(base, one) for one in notes.of_document(iri, LINES_MAX)]}


def _line(base: str, one: Read) -> dict[str, Any]:
    reader = f"{base}/id/{one.reader}"
    return {
        "document": one.document,
        "audience": one.audience,
        "reader": reader,
        "door": one.door,
        "first": one.first,
        "times": one.times,
    }


def counts(base: str, notes: Notes) -> list[dict[str, Any]]:
    """What the steward may know: by day, holder, audience, reader and door how many documents were read, how often."""
    return [
        {
            "day": day,
            "holder": f"{base}/id/{holder}" if holder else None,
            "audience": audience,
            "reader": f"{base}/id/{reader}",
            "door": door,
            "documents": documents if holder else None,
            "times": times,
        }
        for day, holder, audience, reader, door, documents, times in notes.counts(LINES_MAX)
    ]
